//! Objects in a bucket that was never versioned.

use super::*;
use md5::{Digest, Md5};

over_engines!(
    bodies_come_back_in_every_range,
    digests_are_those_of_the_bytes,
    overwrite_and_delete_keep_the_counters,
    must_not_exist,
    keys_of_any_text,
    copies_share_bytes,
    acl_changes_nothing_else,
    what_is_dropped_leaves_nothing,
    reading_survives_a_delete,
);

async fn bodies_come_back_in_every_range(store: Store) {
    let b = bucket(&store, "b").await;
    for (seed, size) in SIZES.into_iter().enumerate() {
        let body = bytes(seed as u64, size);
        let key = format!("k{size}");
        put(&store, &b, &key, &body).await;
        let object = store.object(&b, &key, None).await.unwrap();
        assert_eq!(object.size, size as u64);
        // Twice: the second time a small body is in memory.
        assert_eq!(read(&store, &object).await, body);
        assert_eq!(read(&store, &object).await, body);
        let s = size as u64;
        let cuts = [
            0,
            1,
            7,
            s / 3,
            524_287,
            524_288,
            524_289,
            s.saturating_sub(1),
            s,
            s + 5,
        ];
        for from in cuts {
            for to in cuts.into_iter().filter(|to| *to >= from) {
                let wanted = body.slice(from.min(s) as usize..to.min(s) as usize);
                let got = read_range(&store, &object, from..to).await.unwrap();
                assert_eq!(got, wanted, "{from}..{to} of {size}");
            }
        }
    }
}

async fn digests_are_those_of_the_bytes(store: Store) {
    for (seed, size) in SIZES.into_iter().enumerate() {
        let body = bytes(seed as u64, size);
        let mut writer = store.begin_blob(None);
        assert!(writer.is_empty());
        for chunk in body.chunks(65_521) {
            writer.write(body.slice_ref(chunk)).await.unwrap();
            writer.write(Bytes::new()).await.unwrap();
        }
        let finished = writer.finish().await.unwrap();
        let md5: [u8; 16] = Md5::digest(&body).into();
        let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &body);
        assert_eq!(
            (finished.size(), finished.md5(), finished.crc64()),
            (size as u64, md5, crc)
        );
        let sealed = finished.seal().await.unwrap();
        assert_eq!(
            (sealed.size(), sealed.md5(), sealed.crc64()),
            (size as u64, md5, crc)
        );
    }
}

async fn overwrite_and_delete_keep_the_counters(store: Store) {
    let b = bucket(&store, "b").await;
    for size in [10, SMALL + 10, 20, 0] {
        let body = bytes(size as u64, size);
        let written = put(&store, &b, "k", &body).await;
        assert_eq!(written.version, None);
        assert_eq!(written.object.version, VersionId::Null);
        assert_eq!(read_key(&store, &b, "k").await, body);
        let wanted = BucketStat {
            storage: size as u64,
            objects: 1,
            ..Default::default()
        };
        assert_eq!(stat(&store, &b).await, wanted);
    }
    let deleted = store.delete_object(&b, "k", None, 1).await.unwrap();
    assert_eq!(
        deleted,
        Deleted {
            existed: true,
            version: None,
            delete_marker: false
        }
    );
    let deleted = store.delete_object(&b, "k", None, 1).await.unwrap();
    assert_eq!(
        deleted,
        Deleted {
            existed: false,
            version: None,
            delete_marker: false
        }
    );
    assert!(matches!(
        store.object(&b, "k", None).await,
        Err(StoreError::NoSuchKey)
    ));
    let id = VersionId::Id([1; 16]);
    assert!(matches!(
        store.object(&b, "k", Some(id)).await,
        Err(StoreError::NoSuchVersion)
    ));
    assert_eq!(stat(&store, &b).await, BucketStat::default());

    put(&store, &b, "k", &bytes(1, 5)).await;
    assert!(store.object(&b, "k", Some(VersionId::Null)).await.is_ok());
    assert!(
        !store
            .delete_object(&b, "k", Some(id), 1)
            .await
            .unwrap()
            .existed
    );
    assert!(
        store
            .delete_object(&b, "k", Some(VersionId::Null), 1)
            .await
            .unwrap()
            .existed
    );
    assert!(matches!(
        store.object(&b, "k", None).await,
        Err(StoreError::NoSuchKey)
    ));
    assert_eq!(stat(&store, &b).await, BucketStat::default());
}

async fn must_not_exist(store: Store) {
    let b = bucket(&store, "b").await;
    let once = WriteCondition {
        must_not_exist: true,
    };
    let body = bytes(1, 10);
    let blob = sealed(&store, &body).await;
    store
        .put_object(&b, "k", blob, attrs(), once, 1)
        .await
        .unwrap();
    let blob = sealed(&store, &bytes(2, 10)).await;
    let twice = store.put_object(&b, "k", blob, attrs(), once, 1).await;
    assert!(matches!(twice, Err(StoreError::ObjectExists)));
    assert_eq!(read_key(&store, &b, "k").await, body);
    let upload = store.create_upload(&b, "k", attrs(), once, 1).await;
    assert!(matches!(upload, Err(StoreError::ObjectExists)));

    // Versioning makes the condition void.
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    let blob = sealed(&store, &bytes(2, 10)).await;
    store
        .put_object(&b, "k", blob, attrs(), once, 1)
        .await
        .unwrap();
}

async fn keys_of_any_text(store: Store) {
    let b = bucket(&store, "b").await;
    let long = "x".repeat(1023);
    let mut keys = vec![
        "a",
        "a\0",
        "a\0\0b",
        "a\0\u{1}",
        "\u{10FFFF}",
        "a b",
        "a+b",
        "中文/文件.txt",
        "a//b",
        &long,
    ];
    for (n, key) in keys.iter().enumerate() {
        put(&store, &b, key, &bytes(n as u64, 10)).await;
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(
            read_key(&store, &b, key).await,
            bytes(n as u64, 10),
            "{key:?}"
        );
    }
    let query = ListQuery {
        max_keys: 100,
        ..Default::default()
    };
    let page = store.list_objects(&b, query).await.unwrap();
    keys.sort_unstable();
    let listed: Vec<_> = page.objects.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(listed, keys);
}

async fn copies_share_bytes(store: Store) {
    let b = bucket(&store, "b").await;
    let no = WriteCondition::default();
    for size in SIZES {
        let body = bytes(3, size);
        let source = put(&store, &b, "source", &body).await.object;
        let mut new = attrs();
        new.meta.clear();
        let copy = store
            .copy_object(&source, &b, "copy", new.clone(), no, 9)
            .await
            .unwrap()
            .object;
        assert_eq!(
            (&copy.etag, copy.crc64, copy.size),
            (&source.etag, source.crc64, source.size)
        );
        assert!(copy.attrs.meta.is_empty());
        // Onto itself, twice: the bytes must not be counted as replaced.
        for _ in 0..2 {
            let own = store.object(&b, "copy", None).await.unwrap();
            store
                .copy_object(&own, &b, "copy", new.clone(), no, 10)
                .await
                .unwrap();
        }
        store.delete_object(&b, "source", None, 11).await.unwrap();
        store.sweep().await.unwrap();
        assert_eq!(read_key(&store, &b, "copy").await, body);
        let wanted = BucketStat {
            storage: size as u64,
            objects: 1,
            ..Default::default()
        };
        assert_eq!(stat(&store, &b).await, wanted);
        store.delete_object(&b, "copy", None, 12).await.unwrap();
        if size > 0 {
            // The last sharer is gone, so there is nothing left to share.
            let gone = store.copy_object(&source, &b, "late", new, no, 13).await;
            assert!(matches!(gone, Err(StoreError::NoSuchKey)));
        }
    }
}

async fn acl_changes_nothing_else(store: Store) {
    let b = bucket(&store, "b").await;
    let before = put(&store, &b, "k", &bytes(1, 10)).await.object;
    let after = store
        .set_object_acl(&b, "k", None, Acl::PublicRead)
        .await
        .unwrap();
    let mut wanted = (*before).clone();
    wanted.attrs.acl = Acl::PublicRead;
    assert_eq!(*after, wanted);
    assert_eq!(*store.object(&b, "k", None).await.unwrap(), wanted);
    let absent = store.set_object_acl(&b, "x", None, Acl::PublicRead).await;
    assert!(matches!(absent, Err(StoreError::NoSuchKey)));
}

async fn what_is_dropped_leaves_nothing(store: Store) {
    for size in SIZES {
        let body = bytes(1, size);
        let mut writer = store.begin_blob(None);
        writer.write(body.clone()).await.unwrap();
        drop(writer);
        let mut writer = store.begin_blob(None);
        writer.write(body.clone()).await.unwrap();
        drop(writer.finish().await.unwrap());
        drop(sealed(&store, &body).await);
    }
    store.sweep().await.unwrap();
    let b = bucket(&store, "b").await;
    assert_eq!(stat(&store, &b).await, BucketStat::default());
}

async fn reading_survives_a_delete(store: Store) {
    let b = bucket(&store, "b").await;
    for size in SIZES {
        let body = bytes(1, size);
        let object = put(&store, &b, "k", &body).await.object;
        // Looked up, then deleted before the first byte is read.
        store.delete_object(&b, "k", None, 1).await.unwrap();
        store.sweep().await.unwrap();
        assert_eq!(read(&store, &object).await, body);
        // Deleted between the first chunk and the rest.
        let object = put(&store, &b, "k", &body).await.object;
        if let BodyReader::Chunks(mut chunks) = store.read(&object, 0..object.size).await.unwrap() {
            let mut got = chunks.next().await.unwrap().unwrap().to_vec();
            store.delete_object(&b, "k", None, 1).await.unwrap();
            store.sweep().await.unwrap();
            while let Some(chunk) = chunks.next().await {
                got.extend_from_slice(&chunk.unwrap());
            }
            assert_eq!(got, body);
        }
    }
}
