//! Passes over real stores: what goes, what stays, and what is kept from going.

use super::*;
use crate::lifecycle::rules::{DAY_MS, Due, Rule, Transition};
use fosse_store::{
    Acl, NewBucket, ObjectAttrs, Redundancy, Retention, RetentionMode, StorageClass, WriteCondition,
};
use std::sync::Arc;

struct World {
    store: Store,
    bucket: Arc<Bucket>,
    metrics: LifecycleMetrics,
}

impl World {
    async fn new(versioning: Versioning) -> Self {
        let store = Store::memory();
        let new = NewBucket {
            name: "b".into(),
            owner: "1".into(),
            acl: Acl::Private,
            storage_class: StorageClass::Standard,
            redundancy: Redundancy::Lrs,
            now_ms: 0,
        };
        store.create_bucket(new, 9).await.unwrap();
        let bucket = store
            .update_bucket("b", move |bucket| bucket.versioning = versioning)
            .await
            .unwrap();
        World {
            store,
            bucket,
            metrics: LifecycleMetrics::default(),
        }
    }

    async fn put(&self, key: &str, now_ms: i64, shape: impl FnOnce(&mut ObjectAttrs)) {
        let mut attrs = ObjectAttrs::of("1");
        shape(&mut attrs);
        let mut writer = self.store.begin_blob(Some(4));
        writer
            .write(bytes::Bytes::from_static(b"body"))
            .await
            .unwrap();
        let blob = writer.seal().await.unwrap();
        let condition = WriteCondition::default();
        self.store
            .put_object(&self.bucket, key, blob, attrs, condition, now_ms)
            .await
            .unwrap();
    }

    async fn pass(&self, rules: &[Rule], now_ms: i64) {
        assert!(self.pass_with(rules, now_ms, |_| {}).await);
    }

    async fn pass_with(
        &self,
        rules: &[Rule],
        now_ms: i64,
        shape: impl FnOnce(&mut Pass<'_>),
    ) -> bool {
        let rules = Rules::new(rules.to_vec());
        let mut pass = Pass {
            store: &self.store,
            bucket: &self.bucket,
            rules: &rules,
            now_ms,
            monitored: false,
            retained_ms: None,
            metrics: &self.metrics,
            stop: &|| false,
            rest: false,
        };
        shape(&mut pass);
        pass.run().await.unwrap()
    }

    async fn has(&self, key: &str) -> bool {
        self.store.object(&self.bucket, key, None).await.is_ok()
    }

    /// Object versions and delete markers.
    async fn versions(&self) -> (u64, u64) {
        let stat = self.store.bucket_stat(&self.bucket).await.unwrap();
        (stat.objects, stat.delete_markers)
    }
}

fn expire(prefix: &str, days: u32) -> Rule {
    Rule {
        prefix: prefix.into(),
        expiration: Some(Due::Days(days)),
        ..Rule::default()
    }
}

#[tokio::test]
async fn unversioned_objects_go() {
    let world = World::new(Versioning::Never).await;
    for n in 0..600 {
        world.put(&format!("logs/{n:04}"), n, |_| {}).await;
    }
    world.put("logs/new", 3 * DAY_MS, |_| {}).await;
    world.put("other", 0, |_| {}).await;
    world.pass(&[expire("logs/", 2)], 3 * DAY_MS - 1).await;
    // Only what was written exactly at midnight is due two days later.
    assert_eq!(world.versions().await, (601, 0));
    world.pass(&[expire("logs/", 2)], 3 * DAY_MS).await;
    assert_eq!(world.versions().await, (2, 0));
    assert!(world.has("logs/new").await && world.has("other").await);
    assert_eq!(world.metrics.count(Kind::Expired), 600);
    assert_eq!(world.store.verify(true).await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn versioned_objects_are_hidden_then_gone() {
    let world = World::new(Versioning::Enabled).await;
    world.put("k", 0, |_| {}).await;
    world.put("k", DAY_MS, |_| {}).await;
    let rule = Rule {
        noncurrent_expiration: Some(5),
        lone_markers: true,
        ..expire("", 10)
    };
    let rules = [rule];
    world.pass(&rules, 5 * DAY_MS).await;
    assert_eq!(world.versions().await, (2, 0), "hidden since day 1");
    world.pass(&rules, 6 * DAY_MS).await;
    assert_eq!(world.versions().await, (1, 0));
    world.pass(&rules, 11 * DAY_MS).await;
    assert_eq!(world.versions().await, (1, 1));
    assert!(!world.has("k").await);
    world.pass(&rules, 11 * DAY_MS).await;
    assert_eq!(world.versions().await, (1, 1), "no second marker");
    world.pass(&rules, 16 * DAY_MS).await;
    // The version goes; in the same walk its marker was not alone yet.
    assert_eq!(world.versions().await, (0, 1));
    world.pass(&rules, 17 * DAY_MS).await;
    assert_eq!(world.versions().await, (0, 0));
    assert_eq!(world.metrics.count(Kind::MarkerRemoved), 1);
    assert_eq!(world.store.verify(true).await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn suspended_buckets_replace_the_null_version() {
    let world = World::new(Versioning::Suspended).await;
    world.put("k", 0, |_| {}).await;
    world.pass(&[expire("", 1)], DAY_MS).await;
    assert_eq!(world.versions().await, (0, 1));
    assert!(!world.has("k").await);
}

#[tokio::test]
async fn retention_and_holds_keep() {
    let until = Retention {
        mode: RetentionMode::Governance,
        until_ms: 100 * DAY_MS,
    };
    for versioning in [Versioning::Never, Versioning::Suspended] {
        let world = World::new(versioning).await;
        world
            .put("kept", 0, |attrs| attrs.retention = Some(until))
            .await;
        world.put("held", 0, |attrs| attrs.legal_hold = true).await;
        world.pass(&[expire("", 1)], 99 * DAY_MS).await;
        assert!(world.has("kept").await && world.has("held").await);
        world.pass(&[expire("", 1)], 100 * DAY_MS).await;
        assert!(!world.has("kept").await && world.has("held").await);
    }
    let world = World::new(Versioning::Enabled).await;
    world
        .put("kept", 0, |attrs| attrs.retention = Some(until))
        .await;
    let rule = Rule {
        noncurrent_expiration: Some(1),
        ..expire("", 1)
    };
    world.pass(std::slice::from_ref(&rule), 50 * DAY_MS).await;
    world.pass(std::slice::from_ref(&rule), 60 * DAY_MS).await;
    assert_eq!(world.versions().await, (1, 1), "hidden, and kept");
    world.pass(&[rule], 100 * DAY_MS).await;
    assert_eq!(world.versions().await, (0, 1));
    // The bucket's own retention policy.
    let world = World::new(Versioning::Never).await;
    world.put("k", 0, |_| {}).await;
    let keep = |pass: &mut Pass<'_>| pass.retained_ms = Some(30 * DAY_MS);
    assert!(
        world
            .pass_with(&[expire("", 1)], 30 * DAY_MS - 1, keep)
            .await
    );
    assert!(world.has("k").await);
    let keep = |pass: &mut Pass<'_>| pass.retained_ms = Some(30 * DAY_MS);
    assert!(world.pass_with(&[expire("", 1)], 30 * DAY_MS, keep).await);
    assert!(!world.has("k").await);
}

#[tokio::test]
async fn classes_change_and_access_counts() {
    let world = World::new(Versioning::Never).await;
    for key in ["read", "idle"] {
        world.put(key, 0, |_| {}).await;
    }
    let accesses = [(world.bucket.id, "read".to_owned(), 20 * DAY_MS)];
    world.store.record_accesses(&accesses).await.unwrap();
    let rules = [Rule {
        transitions: vec![Transition {
            due: Due::Days(10),
            class: StorageClass::IA,
            by_access: true,
            since_ms: 5 * DAY_MS,
            return_to_standard: false,
            small_files: true,
        }],
        ..Rule::default()
    }];
    world.pass(&rules, 25 * DAY_MS).await;
    assert_eq!(world.metrics.count(Kind::Transitioned), 0, "not monitored");
    let monitored = |pass: &mut Pass<'_>| pass.monitored = true;
    assert!(world.pass_with(&rules, 14 * DAY_MS, monitored).await);
    assert_eq!(world.metrics.count(Kind::Transitioned), 0);
    let monitored = |pass: &mut Pass<'_>| pass.monitored = true;
    assert!(world.pass_with(&rules, 25 * DAY_MS, monitored).await);
    let class = async |key| {
        let object = world.store.object(&world.bucket, key, None).await.unwrap();
        (object.attrs.storage_class, object.attrs.class_changed_ms)
    };
    assert_eq!(class("read").await, (StorageClass::Standard, None));
    assert_eq!(class("idle").await, (StorageClass::IA, Some(25 * DAY_MS)));
}

#[tokio::test]
async fn uploads_are_dropped() {
    let world = World::new(Versioning::Never).await;
    for (key, at) in [("a/old", 0), ("a/new", 2 * DAY_MS), ("b/old", 0)] {
        world
            .store
            .create_upload(
                &world.bucket,
                key,
                ObjectAttrs::of("1"),
                WriteCondition::default(),
                at,
            )
            .await
            .unwrap();
    }
    let rule = Rule {
        prefix: "a/".into(),
        abort_uploads: Some(Due::Days(1)),
        ..Rule::default()
    };
    world.pass(&[rule], 2 * DAY_MS).await;
    let query = UploadQuery {
        max_uploads: 9,
        ..UploadQuery::default()
    };
    let left = world
        .store
        .list_uploads(&world.bucket, query)
        .await
        .unwrap();
    let left: Vec<_> = left.uploads.iter().map(|upload| &upload.key[..]).collect();
    assert_eq!(left, ["a/new", "b/old"]);
    assert_eq!(world.metrics.count(Kind::UploadAborted), 1);
}

#[tokio::test]
async fn a_stopped_pass_goes_on_next_time() {
    let world = World::new(Versioning::Never).await;
    for n in 0..600 {
        world.put(&format!("{n:04}"), 0, |_| {}).await;
    }
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1;
    let rules = Rules::new(vec![expire("", 1)]);
    let pass = Pass {
        store: &world.store,
        bucket: &world.bucket,
        rules: &rules,
        now_ms: DAY_MS,
        monitored: false,
        retained_ms: None,
        metrics: &world.metrics,
        stop: &stop,
        rest: true,
    };
    assert!(!pass.run().await.unwrap());
    assert_eq!(world.versions().await, (600 - BATCH as u64, 0));
    world.pass(&[expire("", 1)], DAY_MS).await;
    assert_eq!(world.versions().await, (0, 0));
}
