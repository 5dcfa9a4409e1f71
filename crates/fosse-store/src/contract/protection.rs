//! Retentions and legal holds: no way of deleting or replacing leads past them.

use super::*;

over_engines!(
    a_retention_ends_by_the_clock,
    a_legal_hold_ends_when_it_is_lifted,
    a_retention_of_the_bucket_counts_from_the_write,
    versions_are_protected_one_by_one,
    background_work_leaves_out_what_is_protected,
);

const DAY: i64 = 24 * 3_600_000;

async fn keep(store: &Store, b: &Bucket, key: &str, retention: Option<Retention>, hold: bool) {
    let change = |_: &Object, attrs: &mut ObjectAttrs| {
        (attrs.retention, attrs.legal_hold) = (retention, hold);
        Ok::<(), ()>(())
    };
    let changed = store.change_object(b, key, None, change).await;
    changed.unwrap().unwrap();
}

fn until(mode: RetentionMode, until_ms: i64) -> Option<Retention> {
    Some(Retention { mode, until_ms })
}

fn refused<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(StoreError::Immutable)), "{result:?}");
}

/// Every way of replacing or deleting a current object of an unversioned bucket.
async fn all_refused(store: &Store, b: &Bucket, key: &str, now: i64) {
    let no = WriteCondition::default();
    let blob = sealed(store, &bytes(1, 3)).await;
    refused(store.put_object(b, key, blob, attrs(), no, now).await);
    let object = store.object(b, key, None).await.unwrap();
    refused(store.copy_object(&object, b, key, attrs(), no, now).await);
    refused(store.put_symlink(b, key, "t", attrs(), no, now).await);
    let upload = store.create_upload(b, key, attrs(), no, now).await.unwrap();
    let blob = sealed(store, &bytes(1, 3)).await;
    store
        .put_part(b, key, &upload.id, 1, blob, now)
        .await
        .unwrap();
    refused(
        store
            .complete_upload(b, key, &upload.id, None, None, no, 0, now)
            .await,
    );
    store.abort_upload(b, key, &upload.id).await.unwrap();
    refused(store.delete_object(b, key, None, now).await);
    let null = Some(VersionId::Null);
    refused(store.delete_object(b, key, null, now).await);
    if object.kind == ObjectKind::Appendable {
        let blob = sealed(store, &bytes(1, 3)).await;
        refused(
            store
                .append_object(b, key, object.size, blob, attrs(), now)
                .await,
        );
    }
    let again = store.object(b, key, None).await.unwrap();
    assert_eq!(again.etag, object.etag);
}

async fn a_retention_ends_by_the_clock(store: Store) {
    let b = bucket(&store, "b").await;
    for mode in [RetentionMode::Governance, RetentionMode::Compliance] {
        put(&store, &b, "k", &bytes(1, 1)).await;
        keep(&store, &b, "k", until(mode, 1000), false).await;
        all_refused(&store, &b, "k", 999).await;
        let bypassed = store
            .delete_retained(&b, "k", None, Governance::Bypassed, 999)
            .await;
        match mode {
            RetentionMode::Governance => assert!(bypassed.unwrap().existed),
            RetentionMode::Compliance => {
                refused(bypassed);
                assert!(
                    store
                        .delete_object(&b, "k", None, 1000)
                        .await
                        .unwrap()
                        .existed
                );
            }
        }
    }
    let blob = sealed(&store, &bytes(1, 3)).await;
    store
        .append_object(&b, "log", 0, blob, attrs(), 1)
        .await
        .unwrap();
    keep(
        &store,
        &b,
        "log",
        until(RetentionMode::Compliance, 1000),
        false,
    )
    .await;
    all_refused(&store, &b, "log", 999).await;
    put(&store, &b, "other", &bytes(1, 1)).await;
    store.delete_object(&b, "other", None, 1).await.unwrap();
}

async fn a_legal_hold_ends_when_it_is_lifted(store: Store) {
    let b = bucket(&store, "b").await;
    put(&store, &b, "k", &bytes(1, 1)).await;
    keep(&store, &b, "k", None, true).await;
    all_refused(&store, &b, "k", i64::MAX / 2).await;
    refused(
        store
            .delete_retained(&b, "k", None, Governance::Bypassed, 1)
            .await,
    );
    keep(&store, &b, "k", None, false).await;
    put(&store, &b, "k", &bytes(2, 2)).await;
}

async fn a_retention_of_the_bucket_counts_from_the_write(store: Store) {
    let before = bucket(&store, "b").await;
    put(&store, &before, "k", &bytes(1, 1)).await;
    let written = store.object(&before, "k", None).await.unwrap().modified_ms;
    let set = |locked: bool, created_ms: i64| {
        store.update_bucket("b", move |bucket| {
            bucket.worm = Some(Worm {
                id: "W".into(),
                created_ms,
                days: 3,
                locked,
            });
        })
    };
    // Begun and not locked: for 24 hours.
    let b = set(false, written).await.unwrap();
    all_refused(&store, &b, "k", written + DAY - 1).await;
    // A request that looked the bucket up before the retention began meets it all the same.
    refused(store.delete_object(&before, "k", None, written + 1).await);
    let other = put(&store, &b, "lapsed", &bytes(1, 1)).await.object;
    store
        .delete_object(&b, "lapsed", None, other.modified_ms.max(written) + DAY)
        .await
        .unwrap();
    let b = set(true, written).await.unwrap();
    all_refused(&store, &b, "k", written + 3 * DAY - 1).await;
    refused(
        store
            .delete_retained(&b, "k", None, Governance::Bypassed, written + DAY)
            .await,
    );
    assert!(
        store
            .delete_object(&b, "k", None, written + 3 * DAY)
            .await
            .unwrap()
            .existed
    );
    all_agrees(&store).await;
}

async fn versions_are_protected_one_by_one(store: Store) {
    bucket(&store, "b").await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    let first = put(&store, &b, "k", &bytes(1, 1)).await.version;
    keep(
        &store,
        &b,
        "k",
        until(RetentionMode::Compliance, 1000),
        false,
    )
    .await;
    // A new version and a marker leave it where it is.
    let second = put(&store, &b, "k", &bytes(2, 2)).await.version;
    assert!(
        store
            .delete_object(&b, "k", None, 10)
            .await
            .unwrap()
            .delete_marker
    );
    refused(store.delete_object(&b, "k", first, 999).await);
    assert!(
        store
            .delete_object(&b, "k", second, 999)
            .await
            .unwrap()
            .existed
    );
    assert!(
        store
            .delete_object(&b, "k", first, 1000)
            .await
            .unwrap()
            .existed
    );
    // In a suspended bucket the null version would go.
    let b = set_versioning(&store, "b", Versioning::Suspended).await;
    put(&store, &b, "n", &bytes(1, 1)).await;
    keep(&store, &b, "n", None, true).await;
    all_refused(&store, &b, "n", 10).await;
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    put(&store, &b, "n", &bytes(2, 1)).await;
    let b = set_versioning(&store, "b", Versioning::Suspended).await;
    let blob = sealed(&store, &bytes(1, 3)).await;
    let no = WriteCondition::default();
    refused(store.put_object(&b, "n", blob, attrs(), no, 1).await);
    refused(store.delete_object(&b, "n", None, 1).await);
    all_agrees(&store).await;
}

async fn background_work_leaves_out_what_is_protected(store: Store) {
    let b = bucket(&store, "b").await;
    for key in ["a", "b", "c"] {
        put(&store, &b, key, &bytes(1, 1)).await;
    }
    keep(&store, &b, "b", None, true).await;
    let seen = store.scan_current(&b, "", None, 10).await.unwrap().seen;
    let changes: Vec<_> = seen
        .into_iter()
        .map(|seen| (seen, SeenChange::Delete))
        .collect();
    let done = store.change_seen(&b, &changes, 1).await.unwrap();
    assert_eq!(done, [true, false, true]);
    assert_eq!(stat(&store, &b).await.objects, 1);
}
