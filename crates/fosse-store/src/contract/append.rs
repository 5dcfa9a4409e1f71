//! Appendable objects.

use super::encryption::{encrypted, sealed_body};
use super::*;

over_engines!(
    appends_add_up,
    wrong_positions_and_kinds_are_refused,
    one_of_many_appends_wins,
    many_small_appends_are_few_blobs,
    a_slow_reader_sees_what_it_began_with,
    encrypted_appends_share_one_key,
    appends_in_versioned_buckets,
    copies_do_not_append,
    a_sealed_object_stays_as_it_is,
);

async fn append(
    store: &Store,
    b: &Bucket,
    key: &str,
    position: u64,
    data: &Bytes,
) -> Result<Written> {
    let blob = sealed(store, data).await;
    store
        .append_object(b, key, position, blob, attrs(), 7)
        .await
}

fn crc(data: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, data)
}

async fn appends_add_up(store: Store) {
    let b = bucket(&store, "b").await;
    let mut whole = Vec::new();
    let mut tags = Vec::new();
    for (at, size) in [0, 5, 0, SMALL + 1, 70_000, 1, (1 << 20) + 1]
        .into_iter()
        .enumerate()
    {
        let data = bytes(at as u64 + 1, size);
        let written = append(&store, &b, "k", whole.len() as u64, &data)
            .await
            .unwrap();
        whole.extend_from_slice(&data);
        let object = written.object;
        assert_eq!(
            (object.kind, object.size),
            (ObjectKind::Appendable, whole.len() as u64)
        );
        assert_eq!((object.crc64, object.md5), (crc(&whole), None));
        assert!(object.etag.len() == 32 && object.etag.ends_with("0000"));
        assert_eq!(tags.contains(&object.etag), size == 0 && at > 0);
        tags.push(object.etag.clone());
        assert_eq!(read_key(&store, &b, "k").await, whole);
        all_agrees(&store).await;
    }
    assert_eq!(stat(&store, &b).await.storage, whole.len() as u64);
    let object = store.object(&b, "k", None).await.unwrap();
    let part = read_range(&store, &object, 4..SMALL as u64 + 10)
        .await
        .unwrap();
    assert_eq!(part, whole[4..SMALL + 10]);
    // Overwritten, it is an object like any other; deleted, it is gone.
    put(&store, &b, "k", &bytes(9, 9)).await;
    assert!(matches!(
        append(&store, &b, "k", 9, &bytes(1, 1)).await,
        Err(StoreError::NotAppendable)
    ));
    store.delete_object(&b, "k", None, 1).await.unwrap();
    append(&store, &b, "k", 0, &bytes(1, 1)).await.unwrap();
}

async fn wrong_positions_and_kinds_are_refused(store: Store) {
    let b = bucket(&store, "b").await;
    let at = |result: Result<Written>| match result {
        Err(StoreError::WrongPosition(length)) => length,
        other => panic!("{other:?}"),
    };
    assert_eq!(at(append(&store, &b, "k", 1, &bytes(1, 1)).await), 0);
    append(&store, &b, "k", 0, &bytes(1, 10)).await.unwrap();
    for position in [0, 9, 11] {
        assert_eq!(
            at(append(&store, &b, "k", position, &bytes(1, 1)).await),
            10
        );
        assert_eq!(
            at(append(&store, &b, "k", position, &Bytes::new()).await),
            10
        );
    }
    put(&store, &b, "normal", &bytes(1, 0)).await;
    let refused = append(&store, &b, "normal", 0, &bytes(1, 1)).await;
    assert!(matches!(refused, Err(StoreError::NotAppendable)));
    let gone = bucket(&store, "gone").await;
    store.delete_bucket("gone").await.unwrap();
    let refused = append(&store, &gone, "k", 0, &bytes(1, 1)).await;
    assert!(matches!(refused, Err(StoreError::NoSuchBucket)));
    assert_eq!(read_key(&store, &b, "k").await, bytes(1, 10));
}

async fn one_of_many_appends_wins(store: Store) {
    let b = bucket(&store, "b").await;
    let mut whole = Bytes::new();
    for round in 0..6u64 {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8u64 {
            let (store, b) = (store.clone(), b.clone());
            let (position, data) = (whole.len() as u64, bytes(round * 8 + writer + 1, 100));
            writers.spawn(async move {
                let done = append(&store, &b, "k", position, &data).await;
                (done, position, data)
            });
        }
        let mut winner = None;
        while let Some(done) = writers.join_next().await {
            match done.unwrap() {
                (Ok(_), _, data) => assert!(winner.replace(data).is_none()),
                (Err(StoreError::WrongPosition(now)), position, _) => {
                    assert_eq!(now, position + 100)
                }
                (Err(error), ..) => panic!("{error}"),
            }
        }
        whole = [whole, winner.unwrap()].concat().into();
        assert_eq!(read_key(&store, &b, "k").await, whole);
    }
}

async fn many_small_appends_are_few_blobs(store: Store) {
    let b = bucket(&store, "b").await;
    let piece = bytes(1, 300);
    let mut whole = Vec::new();
    for round in 0..400u64 {
        let data = piece.slice(0..(round * 7 % 300) as usize + 1);
        append(&store, &b, "k", whole.len() as u64, &data)
            .await
            .unwrap();
        whole.extend_from_slice(&data);
    }
    assert_eq!(read_key(&store, &b, "k").await, whole);
    let report = store.verify(true).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(report.blobs < 80, "{} blobs", report.blobs);
    store.delete_object(&b, "k", None, 1).await.unwrap();
}

async fn a_slow_reader_sees_what_it_began_with(store: Store) {
    let b = bucket(&store, "b").await;
    let mut whole = Vec::new();
    let data = bytes(1, 3000);
    for _ in 0..3 {
        append(&store, &b, "k", whole.len() as u64, &data)
            .await
            .unwrap();
        whole.extend_from_slice(&data);
    }
    let object = store.object(&b, "k", None).await.unwrap();
    let BodyReader::Chunks(mut chunks) = store.read(&object, 0..9000).await.unwrap() else {
        panic!("several blobs are several chunks")
    };
    let mut seen = chunks.next().await.unwrap().unwrap().to_vec();
    for round in 0..40u64 {
        append(&store, &b, "k", 9000 + round * 3000, &data)
            .await
            .unwrap();
    }
    while let Some(chunk) = chunks.next().await {
        seen.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(seen, whole);
    // One that looked the object up before and reads only now.
    assert_eq!(read(&store, &object).await, whole);
}

async fn encrypted_appends_share_one_key(store: Store) {
    let b = bucket(&store, "b").await;
    let attrs = encrypted(&store, EncryptionAlgorithm::Kms);
    let mut whole = Vec::new();
    for round in 0..80u64 {
        let data = bytes(round + 1, 1000);
        let now = match store.object(&b, "k", None).await {
            Ok(object) => object.attrs.clone(),
            Err(_) => attrs.clone(),
        };
        let blob = sealed_body(&store, &data, &now).await;
        let position = whole.len() as u64;
        store
            .append_object(&b, "k", position, blob, now, 1)
            .await
            .unwrap();
        whole.extend_from_slice(&data);
    }
    assert_eq!(read_key(&store, &b, "k").await, whole);
    // Bytes under a key that the object does not have are as if they came too late.
    let other = encrypted(&store, EncryptionAlgorithm::Kms);
    let blob = sealed_body(&store, &bytes(1, 10), &other).await;
    let refused = store.append_object(&b, "k", 80_000, blob, other, 1).await;
    assert!(matches!(refused, Err(StoreError::WrongPosition(80_000))));
}

async fn appends_in_versioned_buckets(store: Store) {
    bucket(&store, "b").await;
    for state in [Versioning::Enabled, Versioning::Suspended] {
        let b = set_versioning(&store, "b", state).await;
        let key = &format!("{state:?}");
        for position in 0..3 {
            let written = append(&store, &b, key, position, &bytes(1, 1))
                .await
                .unwrap();
            assert_eq!(written.version, Some(VersionId::Null));
        }
        assert_eq!(
            stat(&store, &b).await.objects,
            if state == Versioning::Enabled { 1 } else { 2 }
        );
        all_agrees(&store).await;
    }
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    // A put makes it a former version, which is appended to no more.
    let put = put(&store, &b, "Enabled", &bytes(2, 2)).await;
    assert!(matches!(
        append(&store, &b, "Enabled", 3, &bytes(1, 1)).await,
        Err(StoreError::NotAppendable)
    ));
    let former = store
        .object(&b, "Enabled", Some(VersionId::Null))
        .await
        .unwrap();
    assert_eq!((former.kind, former.size), (ObjectKind::Appendable, 3));
    assert_ne!(put.object.version, VersionId::Null);
    // So does a delete.
    store.delete_object(&b, "Suspended", None, 1).await.unwrap();
    assert!(matches!(
        append(&store, &b, "Suspended", 0, &bytes(1, 1)).await,
        Err(StoreError::NotAppendable)
    ));
}

async fn copies_do_not_append(store: Store) {
    let b = bucket(&store, "b").await;
    for position in 0..3 {
        append(&store, &b, "k", position * 10, &bytes(position + 1, 10))
            .await
            .unwrap();
    }
    let source = store.object(&b, "k", None).await.unwrap();
    let no = WriteCondition::default();
    let copy = store
        .copy_object(&source, &b, "copy", attrs(), no, 1)
        .await
        .unwrap();
    assert_eq!(
        (copy.object.kind, &copy.object.etag),
        (ObjectKind::Normal, &source.etag)
    );
    let before = read_key(&store, &b, "k").await;
    for position in 3..50 {
        append(&store, &b, "k", position * 10, &bytes(position + 1, 10))
            .await
            .unwrap();
    }
    // The copy ends where it ended, though both share the list of their bytes.
    assert_eq!(read_key(&store, &b, "copy").await, before);
    let edited = store.object(&b, "k", None).await.unwrap();
    let edited = store
        .copy_object(&edited, &b, "k", attrs(), no, 1)
        .await
        .unwrap();
    assert_eq!(edited.object.kind, ObjectKind::Appendable);
    append(&store, &b, "k", 500, &bytes(1, 10)).await.unwrap();
    all_agrees(&store).await;
    store.delete_object(&b, "k", None, 1).await.unwrap();
    assert_eq!(read_key(&store, &b, "copy").await, before);
}

async fn a_sealed_object_stays_as_it_is(store: Store) {
    let b = bucket(&store, "b").await;
    assert!(matches!(
        store.seal_object(&b, "k", 0, 1).await,
        Err(StoreError::NoSuchKey)
    ));
    append(&store, &b, "k", 0, &bytes(1, 5)).await.unwrap();
    assert!(matches!(
        store.seal_object(&b, "k", 4, 1).await,
        Err(StoreError::WrongPosition(5))
    ));
    let first = store.seal_object(&b, "k", 5, 10).await.unwrap();
    let again = store.seal_object(&b, "k", 5, 20).await.unwrap();
    assert_eq!(
        (first.attrs.sealed_ms, again.attrs.sealed_ms),
        (Some(10), Some(10))
    );
    assert!(matches!(
        append(&store, &b, "k", 5, &bytes(1, 1)).await,
        Err(StoreError::NotAppendable)
    ));
    put(&store, &b, "normal", &bytes(1, 1)).await;
    assert!(matches!(
        store.seal_object(&b, "normal", 1, 1).await,
        Err(StoreError::NotAppendable)
    ));
}
