//! Multipart uploads.

use super::*;
use md5::{Digest, Md5};

over_engines!(
    parts_become_an_object,
    chosen_parts_only,
    wrong_completions_change_nothing,
    aborted_uploads_leave_nothing,
    many_parts,
    sequential_parts_give_an_md5,
    sequential_parts_keep_their_order,
);

async fn begin(store: &Store, b: &Bucket) -> Upload {
    store
        .create_upload(b, "k", attrs(), WriteCondition::default(), 5)
        .await
        .unwrap()
}

async fn part(store: &Store, b: &Bucket, id: &str, number: u32, body: &Bytes) -> Part {
    let blob = sealed(store, body).await;
    store.put_part(b, "k", id, number, blob, 6).await.unwrap()
}

fn hex(md5: &[u8]) -> String {
    crate::record::upper_hex(md5)
}

async fn complete(
    store: &Store,
    b: &Bucket,
    id: &str,
    parts: Option<Vec<(u32, String)>>,
) -> Result<Written> {
    store
        .complete_upload(b, "k", id, parts, None, WriteCondition::default(), 100, 7)
        .await
}

async fn parts_become_an_object(store: Store) {
    let b = bucket(&store, "b").await;
    for sizes in [
        vec![500],
        vec![0],
        vec![100, 0],
        vec![SMALL + 5, 1 << 20, 100, 3],
        vec![2_000_000; 3],
    ] {
        let upload = begin(&store, &b).await;
        assert_eq!(store.upload(&b, "k", &upload.id).await.unwrap(), upload);
        let mut whole = BytesMut::new();
        let mut etags = String::new();
        for (n, size) in sizes.iter().enumerate() {
            let body = bytes(n as u64, *size);
            whole.extend_from_slice(&body);
            etags += &hex(&Md5::digest(&body));
        }
        // Out of order, and one of them twice.
        part(&store, &b, &upload.id, 1, &bytes(99, 7)).await;
        for (n, size) in sizes.iter().enumerate().rev() {
            part(
                &store,
                &b,
                &upload.id,
                n as u32 + 1,
                &bytes(n as u64, *size),
            )
            .await;
        }
        let s = stat(&store, &b).await;
        assert_eq!((s.uploads, s.parts), (1, sizes.len() as u64));
        let (listed, more) = store.list_parts(&b, "k", &upload.id, 1, 1).await.unwrap();
        assert_eq!(listed.len(), usize::from(sizes.len() > 1));
        assert_eq!(more, sizes.len() > 2);

        let written = complete(&store, &b, &upload.id, None).await.unwrap();
        let object = store.object(&b, "k", None).await.unwrap();
        assert_eq!(object, written.object);
        assert_eq!(object.kind, ObjectKind::Multipart);
        assert_eq!(
            object.etag,
            format!("{}-{}", hex(&Md5::digest(etags.as_bytes())), sizes.len())
        );
        assert_eq!(
            object.crc64,
            crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &whole)
        );
        assert_eq!((object.md5, &object.attrs), (None, &attrs()));
        assert_eq!(read(&store, &object).await, whole);
        let s = whole.len() as u64;
        for from in [0, s / 4, s / 2, s.saturating_sub(1)] {
            for to in [from, (from + 70_000).min(s), s] {
                let got = read_range(&store, &object, from..to).await.unwrap();
                assert_eq!(got, whole[from as usize..to as usize], "{from}..{to}");
            }
        }
        let wanted = BucketStat {
            storage: s,
            objects: 1,
            ..Default::default()
        };
        assert_eq!(stat(&store, &b).await, wanted);
        let again = complete(&store, &b, &upload.id, None).await;
        assert!(matches!(again, Err(StoreError::NoSuchUpload)));

        // Copies share the manifest; the bytes outlive the first object.
        let no = WriteCondition::default();
        let copy = store
            .copy_object(&object, &b, "copy", attrs(), no, 8)
            .await
            .unwrap()
            .object;
        store.delete_object(&b, "k", None, 9).await.unwrap();
        store.sweep().await.unwrap();
        assert_eq!(read(&store, &copy).await, whole);
        store.delete_object(&b, "copy", None, 9).await.unwrap();
    }
    assert_eq!(stat(&store, &b).await, BucketStat::default());
}

async fn chosen_parts_only(store: Store) {
    let b = bucket(&store, "b").await;
    let upload = begin(&store, &b).await;
    for number in [1, 3, 7, 10_000] {
        part(
            &store,
            &b,
            &upload.id,
            number,
            &bytes(u64::from(number), 100),
        )
        .await;
    }
    let etag = |number: u32| hex(&Md5::digest(bytes(u64::from(number), 100)));
    let chosen = vec![(3, etag(3).to_lowercase()), (10_000, etag(10_000))];
    let written = store
        .complete_upload(
            &b,
            "k",
            &upload.id,
            Some(chosen),
            Some(Acl::PublicRead),
            WriteCondition::default(),
            100,
            7,
        )
        .await
        .unwrap();
    assert_eq!(written.object.attrs.acl, Acl::PublicRead);
    let wanted = [bytes(3, 100), bytes(10_000, 100)].concat();
    assert_eq!(read(&store, &written.object).await, wanted);
    let after = BucketStat {
        storage: 200,
        objects: 1,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, after);
    store.sweep().await.unwrap();
    assert_eq!(read_key(&store, &b, "k").await, wanted);
}

async fn wrong_completions_change_nothing(store: Store) {
    let b = bucket(&store, "b").await;
    let upload = begin(&store, &b).await;
    let id = upload.id.as_str();
    let etag = |number: u32| hex(&part_body(number));
    fn part_body(number: u32) -> Vec<u8> {
        Md5::digest(bytes(u64::from(number), if number == 2 { 99 } else { 100 })).to_vec()
    }
    for number in [1, 2, 3] {
        part(
            &store,
            &b,
            id,
            number,
            &bytes(u64::from(number), if number == 2 { 99 } else { 100 }),
        )
        .await;
    }
    let try_parts =
        async |parts: Vec<(u32, String)>| complete(&store, &b, id, Some(parts)).await.unwrap_err();
    assert!(matches!(
        try_parts(vec![]).await,
        StoreError::InvalidPart(1)
    ));
    assert!(matches!(
        try_parts(vec![(3, etag(3)), (1, etag(1))]).await,
        StoreError::InvalidPartOrder
    ));
    assert!(matches!(
        try_parts(vec![(1, etag(1)), (1, etag(1))]).await,
        StoreError::InvalidPartOrder
    ));
    assert!(matches!(
        try_parts(vec![(1, etag(1)), (4, etag(1))]).await,
        StoreError::InvalidPart(4)
    ));
    assert!(matches!(
        try_parts(vec![(1, etag(3))]).await,
        StoreError::InvalidPart(1)
    ));
    assert!(matches!(
        try_parts(vec![]).await,
        StoreError::InvalidPart(1)
    ));
    assert!(matches!(
        try_parts(vec![(2, etag(2)), (3, etag(3))]).await,
        StoreError::PartTooSmall(2)
    ));
    assert!(matches!(
        store.object(&b, "k", None).await,
        Err(StoreError::NoSuchKey)
    ));

    // Begun before the key was there, with a ban on overwriting.
    let once = WriteCondition {
        must_not_exist: true,
    };
    let late = store
        .create_upload(&b, "k", attrs(), once, 5)
        .await
        .unwrap();
    part(&store, &b, &late.id, 1, &bytes(1, 100)).await;
    put(&store, &b, "k", &bytes(8, 8)).await;
    let exists = complete(&store, &b, &late.id, None).await;
    assert!(matches!(exists, Err(StoreError::ObjectExists)));

    // The last one may be small; other keys' ids and unknown ids are no uploads.
    complete(&store, &b, id, Some(vec![(1, etag(1)), (2, etag(2))]))
        .await
        .unwrap();
    let other = store.upload(&b, "other", &late.id).await;
    assert!(matches!(other, Err(StoreError::NoSuchUpload)));
    let unknown = store.list_parts(&b, "k", "nothing", 0, 10).await;
    assert!(matches!(unknown, Err(StoreError::NoSuchUpload)));
    let blob = sealed(&store, &bytes(1, 10)).await;
    let unknown = store.put_part(&b, "k", id, 1, blob, 5).await;
    assert!(matches!(unknown, Err(StoreError::NoSuchUpload)));
}

async fn aborted_uploads_leave_nothing(store: Store) {
    let b = bucket(&store, "b").await;
    let upload = begin(&store, &b).await;
    for number in 1..4 {
        part(
            &store,
            &b,
            &upload.id,
            number,
            &bytes(u64::from(number), SMALL * number as usize),
        )
        .await;
    }
    store.abort_upload(&b, "k", &upload.id).await.unwrap();
    let again = store.abort_upload(&b, "k", &upload.id).await;
    assert!(matches!(again, Err(StoreError::NoSuchUpload)));
    assert_eq!(stat(&store, &b).await, BucketStat::default());
    store.delete_bucket("b").await.unwrap();
}

async fn many_parts(store: Store) {
    let b = bucket(&store, "b").await;
    let upload = begin(&store, &b).await;
    let body = |number: u32| bytes(u64::from(number), 100);
    let mut jobs = tokio::task::JoinSet::new();
    for number in 1..=1300u32 {
        let (store, b, id) = (store.clone(), b.clone(), upload.id.clone());
        jobs.spawn(async move { part(&store, &b, &id, number, &body(number)).await });
    }
    while let Some(job) = jobs.join_next().await {
        job.unwrap();
    }
    assert_eq!(stat(&store, &b).await.parts, 1300);
    let written = complete(&store, &b, &upload.id, None).await.unwrap();
    let whole: Vec<u8> = (1..=1300)
        .flat_map(|number| body(number).to_vec())
        .collect();
    assert_eq!(read(&store, &written.object).await, whole);
    // The object's own record does not grow with its parts.
    assert!(crate::record::encode(&*written.object).unwrap().len() < 300);
}

async fn begin_sequential(store: &Store, b: &Bucket) -> Upload {
    store
        .create_sequential_upload(b, "k", attrs(), WriteCondition::default(), 5)
        .await
        .unwrap()
}

/// Writes the bytes of a part in the place where the upload is now.
async fn next_blob(store: &Store, b: &Bucket, id: &str, body: &Bytes) -> SealedBlob {
    let upload = store.upload(b, "k", id).await.unwrap();
    let mut writer = store.begin_part(None, &upload).unwrap();
    for piece in body.chunks(300_000) {
        writer.write(body.slice_ref(piece)).await.unwrap();
    }
    writer.seal().await.unwrap()
}

async fn sequential_parts_give_an_md5(store: Store) {
    let b = bucket(&store, "b").await;
    for sizes in [vec![], vec![0], vec![777], vec![1_500_000, 100, 163, 0]] {
        let upload = begin_sequential(&store, &b).await;
        let mut whole = BytesMut::new();
        for (at, size) in sizes.iter().enumerate() {
            let body = bytes(at as u64, *size);
            whole.extend_from_slice(&body);
            let blob = next_blob(&store, &b, &upload.id, &body).await;
            let number = at as u32 + 1;
            let put = store.put_part(&b, "k", &upload.id, number, blob, 6).await;
            assert_eq!(put.unwrap().md5, <[u8; 16]>::from(Md5::digest(&body)));
        }
        let page = UploadQuery {
            max_uploads: 10,
            ..UploadQuery::default()
        };
        let listed = store.list_uploads(&b, page).await.unwrap();
        assert_eq!(listed.uploads.len(), 1, "{sizes:?}");
        let object = complete(&store, &b, &upload.id, None).await.unwrap().object;
        let md5: [u8; 16] = Md5::digest(&whole).into();
        assert_eq!(
            (object.kind, object.md5),
            (ObjectKind::Multipart, Some(md5)),
            "{sizes:?}"
        );
        assert!(object.etag.ends_with(&format!("-{}", sizes.len())));
        assert_eq!(read(&store, &object).await, whole);
    }
}

async fn sequential_parts_keep_their_order(store: Store) {
    let b = bucket(&store, "b").await;
    let id = begin_sequential(&store, &b).await.id;
    let body = bytes(1, 200);
    let put = async |number, blob| store.put_part(&b, "k", &id, number, blob, 6).await;

    let early = put(2, next_blob(&store, &b, &id, &body).await).await;
    assert!(matches!(early, Err(StoreError::PartNotSequential)));
    let (one, other) = (
        next_blob(&store, &b, &id, &body).await,
        next_blob(&store, &b, &id, &body).await,
    );
    let etag = hex(&put(1, one).await.unwrap().md5);
    // Written for the first place, which is taken now: its digest is not that of the second.
    let late = put(2, other).await;
    assert!(matches!(late, Err(StoreError::PartNotSequential)));
    let unasked = put(2, sealed(&store, &body).await).await;
    assert!(matches!(unasked, Err(StoreError::PartNotSequential)));
    let again = put(1, next_blob(&store, &b, &id, &body).await).await;
    assert!(matches!(again, Err(StoreError::PartExists)));
    put(2, next_blob(&store, &b, &id, &body).await)
        .await
        .unwrap();

    let some = complete(&store, &b, &id, Some(vec![(1, etag.clone())])).await;
    assert!(matches!(some, Err(StoreError::PartNotSequential)));
    let both = Some(vec![(1, etag.clone()), (2, etag)]);
    let object = complete(&store, &b, &id, both).await.unwrap().object;
    let whole = [body.clone(), body].concat();
    assert_eq!(object.md5, Some(Md5::digest(&whole).into()));
}
