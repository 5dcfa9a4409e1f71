//! Counters by storage class, recounted after every change.

use super::*;
use crate::key;
use crate::meta::{Batch, Change, Expect, Tally, Update};
use proptest::prelude::*;

over_engines!(classes_are_counted_apart, wrong_counters_are_found);

const CLASSES: [StorageClass; 5] = [
    StorageClass::Standard,
    StorageClass::IA,
    StorageClass::Archive,
    StorageClass::ColdArchive,
    StorageClass::DeepColdArchive,
];

async fn by_class(store: &Store, b: &Bucket) -> [(u64, u64); 5] {
    let (all, classes) = store.bucket_stat_by_class(b).await.unwrap();
    assert_eq!(all, stat(store, b).await);
    assert_eq!(classes.map(|(class, _)| class), CLASSES);
    let sums = classes.map(|(_, stat)| (stat.objects, stat.storage));
    assert_eq!(
        sums.iter().map(|(objects, _)| objects).sum::<u64>(),
        all.objects
    );
    assert_eq!(
        sums.iter().map(|(_, bytes)| bytes).sum::<u64>(),
        all.storage
    );
    sums
}

async fn put_as(store: &Store, b: &Bucket, key: &str, len: usize, class: StorageClass) -> Written {
    let blob = sealed(store, &bytes(1, len)).await;
    let attrs = ObjectAttrs {
        storage_class: class,
        ..attrs()
    };
    let no = WriteCondition::default();
    store.put_object(b, key, blob, attrs, no, 1).await.unwrap()
}

async fn change_class(store: &Store, b: &Bucket, key: &str, class: StorageClass) {
    let change = |_: &Object, attrs: &mut ObjectAttrs| {
        attrs.storage_class = class;
        Ok::<(), ()>(())
    };
    let changed = store.change_object(b, key, None, change).await.unwrap();
    assert_eq!(changed.unwrap().attrs.storage_class, class);
}

async fn classes_are_counted_apart(store: Store) {
    let b = bucket(&store, "b").await;
    let none = (0, 0);
    assert_eq!(by_class(&store, &b).await, [none; 5]);
    let source = put_as(&store, &b, "standard", 10, StorageClass::Standard).await;
    put_as(&store, &b, "ia", 100, StorageClass::IA).await;
    put_as(&store, &b, "cold", 1000, StorageClass::ColdArchive).await;
    assert_eq!(
        by_class(&store, &b).await,
        [(1, 10), (1, 100), none, (1, 1000), none]
    );
    // Overwritten in another class, copied into another class, made of parts in another class.
    put_as(&store, &b, "ia", 7, StorageClass::Archive).await;
    let deep = ObjectAttrs {
        storage_class: StorageClass::DeepColdArchive,
        ..attrs()
    };
    let no = WriteCondition::default();
    store
        .copy_object(&source.object, &b, "copy", deep.clone(), no, 1)
        .await
        .unwrap();
    let upload = store.create_upload(&b, "parts", deep, no, 1).await.unwrap();
    for number in 1..=2 {
        let blob = sealed(&store, &bytes(2, 300)).await;
        store
            .put_part(&b, "parts", &upload.id, number, blob, 1)
            .await
            .unwrap();
    }
    let before = [(1, 10), none, (1, 7), (1, 1000), (1, 10)];
    assert_eq!(by_class(&store, &b).await, before);
    store
        .complete_upload(&b, "parts", &upload.id, None, None, no, 0, 1)
        .await
        .unwrap();
    let after = [(1, 10), none, (1, 7), (1, 1000), (2, 610)];
    assert_eq!(by_class(&store, &b).await, after);
    change_class(&store, &b, "parts", StorageClass::IA).await;
    change_class(&store, &b, "cold", StorageClass::Standard).await;
    let after = [(2, 1010), (1, 600), (1, 7), none, (1, 10)];
    assert_eq!(by_class(&store, &b).await, after);
    // What is refused changes nothing, and a marker has no class.
    let refused = store
        .change_object(&b, "ia", None, |_, attrs| {
            attrs.storage_class = StorageClass::Standard;
            Err("no")
        })
        .await
        .unwrap();
    assert_eq!(refused.unwrap_err(), "no");
    assert_eq!(by_class(&store, &b).await, after);
    let b = set_versioning(&store, "b", Versioning::Enabled).await;
    store.delete_object(&b, "ia", None, 2).await.unwrap();
    let newest = put_as(&store, &b, "ia", 5, StorageClass::ColdArchive).await;
    let after = [(2, 1010), (1, 600), (1, 7), (1, 5), (1, 10)];
    assert_eq!(by_class(&store, &b).await, after);
    assert_eq!(stat(&store, &b).await.delete_markers, 1);
    for key in ["standard", "ia", "cold", "parts", "copy"] {
        let null = Some(VersionId::Null);
        store.delete_object(&b, key, null, 3).await.unwrap();
    }
    assert_eq!(by_class(&store, &b).await, [none, none, none, (1, 5), none]);
    let page = store
        .list_versions(
            &b,
            VersionQuery {
                max_keys: 9,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(page.versions.len(), 2);
    for entry in page.versions {
        let version = Some(entry.version);
        store
            .delete_object(&b, &entry.key, version, 3)
            .await
            .unwrap();
    }
    assert_eq!(newest.object.attrs.storage_class, StorageClass::ColdArchive);
    assert_eq!(by_class(&store, &b).await, [none; 5]);
    store.delete_bucket("b").await.unwrap();
}

async fn wrong_counters_are_found(store: Store) {
    let b = bucket(&store, "b").await;
    put_as(&store, &b, "ia", 100, StorageClass::IA).await;
    put_as(&store, &b, "standard", 100, StorageClass::Standard).await;
    all_agrees(&store).await;
    let keys = [
        key::bucket_counter(b.id),
        key::class_counter(b.id, 0),
        key::class_counter(b.id, 3),
    ];
    for key in keys {
        for tally in [Tally([1, 0, 0, 0, 0]), Tally([0, 1, 0, 0, 0])] {
            let add = async |tally| {
                let change = Change {
                    space: Space::Counters,
                    key: key.clone(),
                    expect: Expect::Any,
                    update: Update::Add(tally),
                };
                let batch = Batch {
                    changes: vec![change],
                    after: None,
                };
                store.0.meta.apply(batch).await.unwrap();
            };
            add(tally).await;
            let problems = store.verify(false).await.unwrap().problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            add(Tally(tally.0.map(|value| -value))).await;
            all_agrees(&store).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_of_writes_is_counted(
        steps in proptest::collection::vec((0u8..6, 0usize..3, 0usize..5, 0usize..40), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::memory();
            let mut b = bucket(&store, "b").await;
            for (step, key, class, len) in steps {
                let (key, class) = (["x", "y", "z"][key], CLASSES[class]);
                match step {
                    0 | 1 => _ = put_as(&store, &b, key, len, class).await,
                    2 => _ = store.delete_object(&b, key, None, 1).await.unwrap(),
                    3 => _ = store.delete_object(&b, key, Some(VersionId::Null), 1).await.unwrap(),
                    4 => {
                        let set = |_: &Object, attrs: &mut ObjectAttrs| {
                            attrs.storage_class = class;
                            Ok::<(), ()>(())
                        };
                        let _ = store.change_object(&b, key, None, set).await;
                    }
                    _ => {
                        let states = [Versioning::Enabled, Versioning::Suspended];
                        b = set_versioning(&store, "b", states[len % 2]).await;
                    }
                }
                by_class(&store, &b).await;
            }
            all_agrees(&store).await;
        });
    }
}
