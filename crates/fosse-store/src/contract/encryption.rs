//! Bodies that are encrypted at rest, in every shape that bodies have.

use super::*;

over_engines!(
    bodies_read_back_in_any_range,
    uploads_have_one_key,
    copies_share_or_change_the_key,
    a_body_under_another_key_is_refused,
);

const ALGORITHMS: [EncryptionAlgorithm; 3] = [
    EncryptionAlgorithm::Aes256,
    EncryptionAlgorithm::Kms,
    EncryptionAlgorithm::Sm4,
];

pub(crate) fn encrypted(store: &Store, algorithm: EncryptionAlgorithm) -> ObjectAttrs {
    let encryption = store.new_encryption(algorithm, false, None).unwrap();
    ObjectAttrs {
        encryption: Some(Box::new(encryption)),
        ..attrs()
    }
}

pub(crate) async fn sealed_body(store: &Store, data: &Bytes, attrs: &ObjectAttrs) -> SealedBlob {
    let mut writer = store.begin_body(None, attrs).unwrap();
    for chunk in data.chunks(100_000) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    assert_eq!(writer.len(), data.len() as u64);
    writer.seal().await.unwrap()
}

async fn bodies_read_back_in_any_range(store: Store) {
    let b = bucket(&store, "b").await;
    for (at, algorithm) in ALGORITHMS.into_iter().enumerate() {
        for size in SIZES {
            let key = format!("{at}-{size}");
            let data = bytes(at as u64 + 1, size);
            let attrs = encrypted(&store, algorithm);
            let blob = sealed_body(&store, &data, &attrs).await;
            let plain = sealed(&store, &data).await;
            assert_eq!((blob.md5(), blob.crc64()), (plain.md5(), plain.crc64()));
            let no = WriteCondition::default();
            let written = store.put_object(&b, &key, blob, attrs, no, 1).await;
            let object = written.unwrap().object;
            assert_eq!(object.size, size as u64);
            // Twice: the second time what is small comes out of memory.
            for _ in 0..2 {
                assert_eq!(read(&store, &object).await, data);
            }
            for start in [0, 1, 65_535, 65_536, 65_537, 600_000] {
                for len in [1, 65_536, 70_000, 1 << 20, 2_000_000] {
                    let range = start.min(size)..(start + len).min(size);
                    let got = read_range(&store, &object, range.start as u64..range.end as u64)
                        .await
                        .unwrap();
                    assert_eq!(got, data.slice(range.clone()), "{key} {range:?}");
                }
            }
        }
    }
}

async fn uploads_have_one_key(store: Store) {
    let b = bucket(&store, "b").await;
    let attrs = encrypted(&store, EncryptionAlgorithm::Kms);
    let no = WriteCondition::default();
    let upload = store.create_upload(&b, "k", attrs, no, 1).await.unwrap();
    let mut whole = Vec::new();
    for (number, size) in [(1, 70_000), (2, 0), (3, 200_001), (7, 5)] {
        let data = bytes(u64::from(number), size);
        let upload = store.upload(&b, "k", &upload.id).await.unwrap();
        let blob = sealed_body(&store, &data, &upload.attrs).await;
        let part = store.put_part(&b, "k", &upload.id, number, blob, 1).await;
        assert_eq!(part.unwrap().size, size as u64);
        whole.extend_from_slice(&data);
    }
    let whole = Bytes::from(whole);
    let written = store
        .complete_upload(&b, "k", &upload.id, None, None, no, 0, 2)
        .await
        .unwrap();
    let object = written.object;
    assert_eq!(object.size, whole.len() as u64);
    for range in [
        0..whole.len(),
        69_990..70_010,
        69_999..270_002,
        270_001..270_006,
        3..4,
    ] {
        let got = read_range(&store, &object, range.start as u64..range.end as u64)
            .await
            .unwrap();
        assert_eq!(got, whole.slice(range));
    }
}

async fn copies_share_or_change_the_key(store: Store) {
    let b = bucket(&store, "b").await;
    let data = bytes(1, 100_000);
    let attrs = encrypted(&store, EncryptionAlgorithm::Aes256);
    let blob = sealed_body(&store, &data, &attrs).await;
    let no = WriteCondition::default();
    let source = store.put_object(&b, "a", blob, attrs.clone(), no, 1).await;
    let source = source.unwrap().object;
    // Under another master key, with the same bytes.
    let kms = encrypted(&store, EncryptionAlgorithm::Kms);
    let (from, to) = (attrs.encryption.unwrap(), kms.encryption.clone().unwrap());
    let wrapped = store.rewrap(&from, &to).unwrap().unwrap();
    let shared = ObjectAttrs {
        encryption: Some(Box::new(wrapped)),
        ..kms
    };
    let copy = store.copy_object(&source, &b, "b", shared, no, 2).await;
    let copy = copy.unwrap().object;
    // With other bytes: plain ones.
    let blob = sealed(&store, &data).await;
    let plain = store
        .copy_bytes(&source, blob, &b, "c", super::attrs(), no, 3)
        .await;
    let plain = plain.unwrap().object;
    assert_eq!(
        (plain.etag.as_str(), plain.md5),
        (source.etag.as_str(), source.md5)
    );
    store.delete_object(&b, "a", None, 4).await.unwrap();
    for object in [copy, plain] {
        assert_eq!(read(&store, &object).await, data);
    }
    let wrong = sealed(&store, &bytes(2, 100_000)).await;
    let refused = store
        .copy_bytes(&source, wrong, &b, "d", super::attrs(), no, 3)
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
}

async fn a_body_under_another_key_is_refused(store: Store) {
    let b = bucket(&store, "b").await;
    let no = WriteCondition::default();
    let attrs = encrypted(&store, EncryptionAlgorithm::Aes256);
    let other = encrypted(&store, EncryptionAlgorithm::Aes256);
    let data = bytes(1, 10);
    let wrong = [
        (sealed(&store, &data).await, attrs.clone()),
        (sealed_body(&store, &data, &other).await, attrs.clone()),
        (sealed_body(&store, &data, &other).await, super::attrs()),
    ];
    for (blob, attrs) in wrong {
        let refused = store.put_object(&b, "k", blob, attrs, no, 1).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    }
    let upload = store.create_upload(&b, "k", attrs, no, 1).await.unwrap();
    let blob = sealed(&store, &data).await;
    let refused = store.put_part(&b, "k", &upload.id, 1, blob, 1).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    store.abort_upload(&b, "k", &upload.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_plain_text_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::contract::open(dir.path());
    let b = bucket(&store, "b").await;
    let secret = b"the-quick-brown-fox-0123456789";
    let on_disk = |dir: &std::path::Path| -> bool {
        let mut folders = vec![dir.to_owned()];
        let mut found = false;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let bytes = std::fs::read(path).unwrap();
                        found |= bytes.windows(secret.len()).any(|part| part == secret);
                    }
                }
            }
        }
        found
    };
    let no = WriteCondition::default();
    // In a segment, and in a file of its own.
    for (at, size) in [1000, SMALL * 3].into_iter().enumerate() {
        let data = Bytes::from(secret.repeat(size / secret.len()));
        let attrs = encrypted(&store, EncryptionAlgorithm::Aes256);
        let blob = sealed_body(&store, &data, &attrs).await;
        let key = format!("k{at}");
        store
            .put_object(&b, &key, blob, attrs, no, 1)
            .await
            .unwrap();
    }
    assert!(!on_disk(dir.path()));
    // The test itself would see it.
    put(&store, &b, "plain", &Bytes::from(secret.repeat(30))).await;
    assert!(on_disk(dir.path()));
    store.close().await.unwrap();
}
