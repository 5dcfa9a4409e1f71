//! Walks of background work, and changes that apply only to what is unchanged.

use super::*;

over_engines!(
    walks_meet_everything_once,
    noncurrent_since_and_lonely_markers,
    only_what_is_unchanged_is_changed,
    shared_bodies_are_released_once_each,
    classes_change_in_place,
    accesses_are_recorded,
    growth_is_measured,
);

async fn walk(store: &Store, b: &Bucket, prefix: &str, limit: usize) -> (Vec<Seen>, Vec<Seen>) {
    let (mut current, mut noncurrent) = (Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let batch = store
            .scan_current(b, prefix, after.as_ref(), limit)
            .await
            .unwrap();
        assert!(batch.seen.len() <= limit);
        current.extend(batch.seen);
        after = batch.next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let batch = store
            .scan_noncurrent(b, prefix, after.as_ref(), limit)
            .await
            .unwrap();
        assert!(batch.seen.len() <= limit);
        noncurrent.extend(batch.seen);
        after = batch.next;
        if after.is_none() {
            break;
        }
    }
    (current, noncurrent)
}

async fn put_at(store: &Store, b: &Bucket, key: &str, now_ms: i64) -> VersionId {
    let blob = sealed(store, &bytes(now_ms as u64, 10)).await;
    let written = store
        .put_object(b, key, blob, attrs(), WriteCondition::default(), now_ms)
        .await
        .unwrap();
    written.object.version
}

async fn walks_meet_everything_once(store: Store) {
    bucket(&store, "a-before").await;
    let b = bucket(&store, "b").await;
    let c = bucket(&store, "c").await;
    put(&store, &c, "other", &bytes(0, 1)).await;
    let b = set_versioning(&store, &b.name, Versioning::Enabled).await;
    for n in 0..7 {
        for version in 0..=n % 3 {
            put_at(&store, &b, &format!("k{n}\0x"), 1_000 + version).await;
        }
    }
    store.delete_object(&b, "k1\0x", None, 5_000).await.unwrap();
    for limit in [1, 2, 3, 100] {
        let (current, noncurrent) = walk(&store, &b, "", limit).await;
        let keys: Vec<_> = current.iter().map(|seen| seen.key.clone()).collect();
        assert_eq!(
            keys,
            ["k0\0x", "k2\0x", "k3\0x", "k4\0x", "k5\0x", "k6\0x"],
            "{limit}"
        );
        let mut wanted = vec!["k1\0x"; 3];
        wanted.extend(["k2\0x", "k2\0x", "k4\0x", "k5\0x", "k5\0x"]);
        let keys: Vec<_> = noncurrent.iter().map(|seen| seen.key.clone()).collect();
        assert_eq!(keys, wanted, "{limit}");
        assert!(noncurrent[0].object.is_none() && !noncurrent[0].only);
        let (current, noncurrent) = walk(&store, &b, "k5", limit).await;
        assert_eq!((current.len(), noncurrent.len()), (1, 2));
    }
    let names: Vec<_> = store.all_buckets("", 10).await.unwrap();
    let names: Vec<_> = names.iter().map(|bucket| bucket.name.as_str()).collect();
    assert_eq!(names, ["a-before", "b", "c"]);
    let rest = store.all_buckets("a-before", 1).await.unwrap();
    assert_eq!((rest.len(), rest[0].name.as_str()), (1, "b"));
}

async fn noncurrent_since_and_lonely_markers(store: Store) {
    bucket(&store, "b").await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    put_at(&store, &b, "k", 1_000).await;
    put_at(&store, &b, "k", 2_000).await;
    let marker = store.delete_object(&b, "k", None, 3_000).await.unwrap();
    store
        .delete_object(&b, "lonely", None, 4_000)
        .await
        .unwrap();
    put_at(&store, &b, "m", 1_000).await;
    store.delete_object(&b, "m", None, 5_000).await.unwrap();
    put_at(&store, &b, "m", 6_000).await;
    for limit in [1, 2, 9] {
        let (_, seen) = walk(&store, &b, "", limit).await;
        let facts: Vec<_> = seen
            .iter()
            .map(|seen| {
                (
                    seen.key.as_str(),
                    seen.modified_ms,
                    seen.noncurrent_since_ms,
                    seen.only,
                )
            })
            .collect();
        assert_eq!(
            facts,
            [
                ("k", 3_000, None, false),
                ("k", 2_000, Some(3_000), false),
                ("k", 1_000, Some(2_000), false),
                ("lonely", 4_000, None, true),
                ("m", 5_000, Some(6_000), false),
                ("m", 1_000, Some(5_000), false),
            ],
            "{limit}"
        );
    }
    // Once the versions under it are gone, a marker is alone.
    let (_, seen) = walk(&store, &b, "k", 9).await;
    let old: Vec<_> = seen[1..]
        .iter()
        .map(|seen| (seen.clone(), SeenChange::Remove))
        .collect();
    assert_eq!(
        store.change_seen(&b, &old, 9_000).await.unwrap(),
        [true, true]
    );
    let (_, seen) = walk(&store, &b, "k", 9).await;
    assert_eq!((seen.len(), seen[0].only), (1, true));
    assert_eq!(Some(seen[0].version), marker.version);
    let change = [(seen[0].clone(), SeenChange::Remove)];
    assert_eq!(store.change_seen(&b, &change, 9_000).await.unwrap(), [true]);
    assert!(walk(&store, &b, "k", 9).await.1.is_empty());
}

async fn only_what_is_unchanged_is_changed(store: Store) {
    let b = bucket(&store, "b").await;
    for n in 0..300 {
        put_at(&store, &b, &format!("k{n:03}"), 1_000).await;
    }
    let (seen, _) = walk(&store, &b, "", 1_000).await;
    put_at(&store, &b, "k007", 2_000).await;
    store.delete_object(&b, "k200", None, 2_000).await.unwrap();
    let changes: Vec<_> = seen
        .into_iter()
        .map(|seen| (seen, SeenChange::Delete))
        .collect();
    let done = store.change_seen(&b, &changes, 3_000).await.unwrap();
    for (n, done) in done.iter().enumerate() {
        assert_eq!(*done, n != 7 && n != 200, "{n}");
    }
    let (left, _) = walk(&store, &b, "", 1_000).await;
    assert_eq!((left.len(), left[0].key.as_str()), (1, "k007"));
    assert_eq!(
        read(&store, left[0].object.as_ref().unwrap()).await,
        bytes(2_000, 10)
    );
    assert_eq!(stat(&store, &b).await.objects, 1);

    // In a versioned bucket a delete adds a marker, and only above what was seen.
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    put_at(&store, &b, "v", 3_000).await;
    put_at(&store, &b, "w", 3_000).await;
    let (seen, _) = walk(&store, &b, "", 9).await;
    let newer = put_at(&store, &b, "w", 4_000).await;
    let changes: Vec<_> = seen
        .into_iter()
        .map(|seen| (seen, SeenChange::Delete))
        .collect();
    let done = store.change_seen(&b, &changes, 5_000).await.unwrap();
    assert_eq!(done, [true, true, false]);
    assert!(matches!(
        store.object(&b, "v", None).await,
        Err(StoreError::DeleteMarker(_))
    ));
    let kept = store.object(&b, "w", None).await.unwrap();
    assert_eq!(kept.version, newer);
}

async fn shared_bodies_are_released_once_each(store: Store) {
    let b = bucket(&store, "b").await;
    let first = put(&store, &b, "first", &bytes(1, SMALL + 9)).await.object;
    for n in 0..5 {
        let once = WriteCondition::default();
        store
            .copy_object(&first, &b, &format!("copy{n}"), attrs(), once, 1_000)
            .await
            .unwrap();
    }
    let (seen, _) = walk(&store, &b, "", 9).await;
    let changes: Vec<_> = seen
        .into_iter()
        .map(|seen| (seen, SeenChange::Delete))
        .collect();
    let done = store.change_seen(&b, &changes, 2_000).await.unwrap();
    assert_eq!(done, [true; 6]);
    assert_eq!(stat(&store, &b).await, BucketStat::default());
    // That no share is left is what `all_agrees` finds out.
}

async fn classes_change_in_place(store: Store) {
    bucket(&store, "b").await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    let old = put_at(&store, &b, "k", 1_000).await;
    let new = put_at(&store, &b, "k", 2_000).await;
    // So that the cache holds it.
    store.object(&b, "k", None).await.unwrap();
    let (current, noncurrent) = walk(&store, &b, "", 9).await;
    let changes = [
        (current[0].clone(), SeenChange::Class(StorageClass::IA)),
        (
            noncurrent[0].clone(),
            SeenChange::Class(StorageClass::Archive),
        ),
    ];
    // Two versions of a key cannot share a transaction; both are done all the same.
    let done = store.change_seen(&b, &changes, 3_000).await.unwrap();
    assert_eq!(done, [true, true]);
    for (version, class, modified) in [
        (new, StorageClass::IA, 2_000),
        (old, StorageClass::Archive, 1_000),
    ] {
        let object = store.object(&b, "k", Some(version)).await.unwrap();
        assert_eq!(object.attrs.storage_class, class);
        assert_eq!(object.attrs.class_changed_ms, Some(3_000));
        assert_eq!(object.modified_ms, modified);
        assert_eq!(read(&store, &object).await, bytes(modified as u64, 10));
    }
    let done = store.change_seen(&b, &changes, 4_000).await.unwrap();
    assert_eq!(done, [false, false], "what was seen is no longer there");
}

async fn accesses_are_recorded(store: Store) {
    let b = bucket(&store, "b").await;
    put_at(&store, &b, "k", 1_000).await;
    let access = |key: &str, at| (b.id, key.to_owned(), at);
    let all = [access("gone", 5_000), access("k", 5_000)];
    store.record_accesses(&all).await.unwrap();
    let object = store.object(&b, "k", None).await.unwrap();
    assert_eq!(
        (object.accessed_ms, object.modified_ms),
        (Some(5_000), 1_000)
    );
    store.record_accesses(&[access("k", 4_000)]).await.unwrap();
    let object = store.object(&b, "k", None).await.unwrap();
    assert_eq!(object.accessed_ms, Some(5_000), "never backwards");
    put_at(&store, &b, "k", 6_000).await;
    let object = store.object(&b, "k", None).await.unwrap();
    assert_eq!(object.accessed_ms, None, "another object");
}

async fn growth_is_measured(store: Store) {
    let b = bucket(&store, "b").await;
    let (_, grown) = measure_growth(put(&store, &b, "k", &bytes(1, 100))).await;
    assert_eq!(grown, 100);
    let (_, grown) = measure_growth(put(&store, &b, "k", &bytes(1, 30))).await;
    assert_eq!(grown, -70, "it replaces");
    let ia = ObjectAttrs {
        storage_class: StorageClass::IA,
        ..attrs()
    };
    let source = store.object(&b, "k", None).await.unwrap();
    let copy = store.copy_object(&source, &b, "c", ia, WriteCondition::default(), 9);
    let (_, grown) = measure_growth(copy).await;
    assert_eq!(grown, 30, "a class that is counted apart counts once");
    let (_, grown) = measure_growth(async {
        store.delete_object(&b, "k", None, 9).await.unwrap();
        store.delete_object(&b, "absent", None, 9).await.unwrap();
        store.delete_object(&b, "c", None, 9).await.unwrap();
    })
    .await;
    assert_eq!(grown, -60);
    put(&store, &b, "k", &bytes(1, 5)).await;
    let (_, grown) = measure_growth(store.object(&b, "k", None)).await;
    assert_eq!(grown, 0);
}
