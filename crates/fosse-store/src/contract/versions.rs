//! Versions, null versions and delete markers, compared with a model that keeps a plain list per key.

use super::*;
use proptest::prelude::*;

over_engines!(enabled, suspended, removing_the_newest_brings_back_the_next);

async fn expect_marker(
    store: &Store,
    b: &Bucket,
    key: &str,
    version: Option<VersionId>,
    marker: VersionId,
) {
    let got = store.object(b, key, version).await;
    assert!(
        matches!(got, Err(StoreError::DeleteMarker(id)) if id == marker),
        "{got:?}"
    );
}

async fn enabled(store: Store) {
    bucket(&store, "b").await;
    let old = store.bucket("b").await.unwrap();
    put(&store, &old, "k", &bytes(0, 10)).await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    // The caller may still hold the bucket as it was; the write follows the newest state.
    let first = put(&store, &old, "k", &bytes(1, 11)).await;
    let first = first.version.unwrap();
    let second = put(&store, &b, "k", &bytes(2, 12)).await.version.unwrap();
    assert!(second > first);
    assert_eq!(first.to_string().len(), 64);
    let null = Some(VersionId::Null);
    for (version, seed) in [(None, 2), (Some(second), 2), (Some(first), 1), (null, 0)] {
        let object = store.object(&b, "k", version).await.unwrap();
        assert_eq!(read(&store, &object).await, bytes(seed, 10 + seed as usize));
    }
    let wanted = BucketStat {
        storage: 33,
        objects: 3,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);

    let deleted = store.delete_object(&b, "k", None, 5).await.unwrap();
    let marker = deleted.version.unwrap();
    assert_eq!((deleted.existed, deleted.delete_marker), (true, true));
    expect_marker(&store, &b, "k", None, marker).await;
    expect_marker(&store, &b, "k", Some(marker), marker).await;
    assert!(store.object(&b, "k", Some(second)).await.is_ok());
    assert!(
        store
            .list_objects(
                &b,
                ListQuery {
                    max_keys: 9,
                    ..Default::default()
                }
            )
            .await
            .unwrap()
            .objects
            .is_empty()
    );
    let acl = store.set_object_acl(&b, "k", None, Acl::Private).await;
    assert!(matches!(acl, Err(StoreError::DeleteMarker(_))));
    let acl = store
        .set_object_acl(&b, "k", Some(first), Acl::Private)
        .await
        .unwrap();
    assert_eq!(store.object(&b, "k", Some(first)).await.unwrap(), acl);

    // A marker even where no key ever was.
    let deleted = store.delete_object(&b, "never", None, 5).await.unwrap();
    assert_eq!((deleted.existed, deleted.delete_marker), (false, true));
    assert_eq!(stat(&store, &b).await.delete_markers, 2);
    assert!(matches!(
        store.delete_bucket("b").await,
        Err(StoreError::BucketNotEmpty)
    ));
    let removed = store
        .delete_object(&b, "never", deleted.version, 5)
        .await
        .unwrap();
    assert_eq!((removed.existed, removed.delete_marker), (true, true));
    assert!(matches!(
        store.object(&b, "never", None).await,
        Err(StoreError::NoSuchKey)
    ));

    for version in [Some(marker), Some(first), null, Some(second)] {
        assert!(
            store
                .delete_object(&b, "k", version, 6)
                .await
                .unwrap()
                .existed
        );
    }
    assert_eq!(stat(&store, &b).await, BucketStat::default());
    store.delete_bucket("b").await.unwrap();
}

async fn suspended(store: Store) {
    bucket(&store, "b").await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    let kept = put(&store, &b, "k", &bytes(1, 10)).await.version.unwrap();
    let b = set_versioning(&store, "b", Versioning::Suspended).await;
    for seed in 2..4 {
        let written = put(&store, &b, "k", &bytes(seed, 10)).await;
        assert_eq!(written.version, Some(VersionId::Null));
    }
    let wanted = BucketStat {
        storage: 20,
        objects: 2,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
    let deleted = store.delete_object(&b, "k", None, 5).await.unwrap();
    assert_eq!(deleted.version, Some(VersionId::Null));
    expect_marker(&store, &b, "k", None, VersionId::Null).await;
    let wanted = BucketStat {
        storage: 10,
        objects: 1,
        delete_markers: 1,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
    // The null marker is what a write replaces now.
    put(&store, &b, "k", &bytes(4, 10)).await;
    let wanted = BucketStat {
        storage: 20,
        objects: 2,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
    let object = store.object(&b, "k", Some(kept)).await.unwrap();
    assert_eq!(read(&store, &object).await, bytes(1, 10));
}

async fn removing_the_newest_brings_back_the_next(store: Store) {
    bucket(&store, "b").await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    let first = put(&store, &b, "k", &bytes(1, 10)).await.version;
    let marker = store.delete_object(&b, "k", None, 5).await.unwrap().version;
    let second = put(&store, &b, "k", &bytes(2, 10)).await.version;
    store.delete_object(&b, "k", second, 6).await.unwrap();
    expect_marker(&store, &b, "k", None, marker.unwrap()).await;
    store.delete_object(&b, "k", marker, 6).await.unwrap();
    assert_eq!(read_key(&store, &b, "k").await, bytes(1, 10));
    assert!(
        !store
            .delete_object(&b, "k", marker, 6)
            .await
            .unwrap()
            .existed
    );
    store.delete_object(&b, "k", first, 6).await.unwrap();
    assert!(matches!(
        store.object(&b, "k", None).await,
        Err(StoreError::NoSuchKey)
    ));
    assert!(matches!(
        store.object(&b, "k", first).await,
        Err(StoreError::NoSuchVersion)
    ));
}

#[derive(Debug, Clone)]
enum Step {
    Put,
    Delete,
    /// Remove the version that is this far down the list (modulo its length), or the null version.
    Remove(usize),
    RemoveNull,
    Set(Versioning),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Put),
        2 => Just(Step::Delete),
        2 => (0usize..8).prop_map(Step::Remove),
        1 => Just(Step::RemoveNull),
        1 => Just(Step::Set(Versioning::Enabled)),
        1 => Just(Step::Set(Versioning::Suspended)),
    ];
    proptest::collection::vec(step, 0..40)
}

/// Newest first: version, and the body's seed or nothing for a marker.
type Model = Vec<(VersionId, Option<u64>)>;

async fn follow(steps: Vec<Step>) {
    let store = Store::memory();
    let mut b = bucket(&store, "b").await;
    let mut model = Model::new();
    let mut removed: Vec<VersionId> = Vec::new();
    for (n, step) in steps.into_iter().enumerate() {
        let seed = n as u64;
        match step {
            Step::Put => {
                let written = put(&store, &b, "k", &bytes(seed, 10)).await;
                let version = written.object.version;
                if b.versioning != Versioning::Enabled {
                    assert_eq!(version, VersionId::Null);
                    model.retain(|(version, _)| *version != VersionId::Null);
                }
                model.insert(0, (version, Some(seed)));
            }
            Step::Delete => {
                let deleted = store.delete_object(&b, "k", None, 1).await.unwrap();
                let live = model.first().is_some_and(|(_, body)| body.is_some());
                assert_eq!(deleted.existed, live);
                match b.versioning {
                    Versioning::Never => model.clear(),
                    Versioning::Suspended => {
                        model.retain(|(version, _)| *version != VersionId::Null)
                    }
                    Versioning::Enabled => {}
                }
                assert_eq!(deleted.delete_marker, b.versioning != Versioning::Never);
                if let Some(version) = deleted.version {
                    model.insert(0, (version, None));
                }
            }
            Step::Remove(at) if !model.is_empty() => {
                let (version, body) = model.remove(at % model.len());
                let deleted = store
                    .delete_object(&b, "k", Some(version), 1)
                    .await
                    .unwrap();
                let wanted = Deleted {
                    existed: true,
                    version: Some(version),
                    delete_marker: body.is_none(),
                };
                assert_eq!(deleted, wanted);
                removed.push(version);
            }
            Step::Remove(_) => {}
            Step::RemoveNull => {
                let had = model.iter().any(|(version, _)| *version == VersionId::Null);
                model.retain(|(version, _)| *version != VersionId::Null);
                let null = Some(VersionId::Null);
                assert_eq!(
                    store.delete_object(&b, "k", null, 1).await.unwrap().existed,
                    had
                );
            }
            Step::Set(versioning) => b = set_versioning(&store, "b", versioning).await,
        }
        check(&store, &b, &model, &removed).await;
    }
    all_agrees(&store).await;
}

async fn check(store: &Store, b: &Bucket, model: &Model, removed: &[VersionId]) {
    match (model.first(), store.object(b, "k", None).await) {
        (None, Err(StoreError::NoSuchKey)) => {}
        (Some((version, None)), Err(StoreError::DeleteMarker(marker))) => {
            assert_eq!(*version, marker)
        }
        (Some((version, Some(seed))), Ok(object)) => {
            assert_eq!(object.version, *version);
            assert_eq!(read(store, &object).await, bytes(*seed, 10));
        }
        (wanted, got) => panic!("{wanted:?} but {got:?}"),
    }
    for (version, body) in model {
        match (body, store.object(b, "k", Some(*version)).await) {
            (Some(seed), Ok(object)) => assert_eq!(read(store, &object).await, bytes(*seed, 10)),
            (None, Err(StoreError::DeleteMarker(marker))) => assert_eq!(marker, *version),
            (wanted, got) => panic!("{version}: {wanted:?} but {got:?}"),
        }
    }
    for version in removed
        .iter()
        .filter(|version| model.iter().all(|(present, _)| present != *version))
    {
        let got = store.object(b, "k", Some(*version)).await;
        assert!(matches!(got, Err(StoreError::NoSuchVersion)), "{got:?}");
    }
    let objects = model.iter().filter(|(_, body)| body.is_some()).count() as u64;
    let delete_markers = model.len() as u64 - objects;
    let wanted = BucketStat {
        storage: objects * 10,
        objects,
        delete_markers,
        ..Default::default()
    };
    assert_eq!(stat(store, b).await, wanted);
    let listed = store
        .list_objects(
            b,
            ListQuery {
                max_keys: 2,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let live = model.first().is_some_and(|(_, body)| body.is_some());
    assert_eq!(listed.objects.len(), usize::from(live));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn versions_follow_a_plain_list(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(steps));
    }
}
