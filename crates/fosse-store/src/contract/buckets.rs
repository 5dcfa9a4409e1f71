//! Buckets and access keys.

use super::*;

over_engines!(
    create_look_up_delete,
    owners_have_their_own_limit_and_listing,
    updates_apply_to_the_newest_record,
    a_refused_update_changes_nothing,
    access_keys,
);

async fn create_look_up_delete(store: Store) {
    let first = bucket(&store, "one").await;
    assert_eq!(store.bucket("one").await.unwrap(), first);
    assert!(matches!(
        store.bucket("two").await,
        Err(StoreError::NoSuchBucket)
    ));
    let again = store.create_bucket(new_bucket("one", "2"), 100).await;
    assert!(matches!(again, Err(StoreError::BucketExists(present)) if present == first));

    put(&store, &first, "k", &bytes(1, 10)).await;
    assert!(matches!(
        store.delete_bucket("one").await,
        Err(StoreError::BucketNotEmpty)
    ));
    store.delete_object(&first, "k", None, 1).await.unwrap();
    let upload = store
        .create_upload(&first, "k", attrs(), WriteCondition::default(), 1)
        .await
        .unwrap();
    assert!(matches!(
        store.delete_bucket("one").await,
        Err(StoreError::BucketNotEmpty)
    ));
    store.abort_upload(&first, "k", &upload.id).await.unwrap();
    store.delete_bucket("one").await.unwrap();
    assert!(matches!(
        store.bucket("one").await,
        Err(StoreError::NoSuchBucket)
    ));
    assert!(matches!(
        store.delete_bucket("one").await,
        Err(StoreError::NoSuchBucket)
    ));

    // A bucket of the same name is another bucket: who holds the old one writes nowhere.
    let second = bucket(&store, "one").await;
    assert_ne!(first.id, second.id);
    let blob = sealed(&store, &bytes(2, 10)).await;
    let stale = store
        .put_object(&first, "k", blob, attrs(), WriteCondition::default(), 1)
        .await;
    assert!(matches!(stale, Err(StoreError::NoSuchBucket)));
    let stale = store
        .create_upload(&first, "k", attrs(), WriteCondition::default(), 1)
        .await;
    assert!(matches!(stale, Err(StoreError::NoSuchBucket)));
    assert_eq!(stat(&store, &second).await, BucketStat::default());
}

async fn owners_have_their_own_limit_and_listing(store: Store) {
    for name in ["b3", "a1", "b1", "b2"] {
        store.create_bucket(new_bucket(name, "1"), 4).await.unwrap();
    }
    let fifth = store.create_bucket(new_bucket("b4", "1"), 4).await;
    assert!(matches!(fifth, Err(StoreError::TooManyBuckets)));
    store
        .create_bucket(new_bucket("b4", "12"), 4)
        .await
        .unwrap();

    let list = async |owner: &str, prefix: &str, marker: &str, max: usize| {
        let (buckets, more) = store
            .list_buckets(owner, prefix, marker, max)
            .await
            .unwrap();
        let names: Vec<_> = buckets.iter().map(|bucket| bucket.name.clone()).collect();
        (names.join(" "), more)
    };
    let wanted = |names: &str, more| (names.to_owned(), more);
    assert_eq!(list("1", "", "", 100).await, wanted("a1 b1 b2 b3", false));
    assert_eq!(list("1", "", "", 4).await, wanted("a1 b1 b2 b3", false));
    assert_eq!(list("1", "", "", 3).await, wanted("a1 b1 b2", true));
    assert_eq!(list("1", "b", "", 100).await, wanted("b1 b2 b3", false));
    assert_eq!(list("1", "b", "a9", 100).await, wanted("b1 b2 b3", false));
    assert_eq!(list("1", "b", "b1", 1).await, wanted("b2", true));
    assert_eq!(list("1", "b", "c", 100).await, wanted("", false));
    assert_eq!(list("1", "", "", 0).await, wanted("", false));
    assert_eq!(list("12", "", "", 100).await, wanted("b4", false));
    assert_eq!(list("2", "", "", 100).await, wanted("", false));

    store.delete_bucket("a1").await.unwrap();
    store.create_bucket(new_bucket("b5", "1"), 4).await.unwrap();
    assert_eq!(list("1", "", "", 100).await, wanted("b1 b2 b3 b5", false));
}

async fn a_refused_update_changes_nothing(store: Store) {
    let before = bucket(&store, "b").await;
    let refused = store
        .try_update_bucket("b", |b| {
            b.configs.insert("c".into(), vec![1]);
            Err("no")
        })
        .await
        .unwrap();
    assert_eq!(refused, Err("no"));
    assert_eq!(store.bucket("b").await.unwrap(), before);
    // Only one of many that each want to be the first may be.
    let mut firsts = Vec::new();
    for n in 0..20 {
        let store = store.clone();
        firsts.push(tokio::spawn(async move {
            let change = move |b: &mut Bucket| match b.configs.contains_key("first") {
                true => Err(()),
                false => {
                    b.configs.insert("first".into(), vec![n]);
                    Ok(())
                }
            };
            store.try_update_bucket("b", change).await.unwrap().is_ok()
        }));
    }
    let mut won = 0;
    for first in firsts {
        won += u32::from(first.await.unwrap());
    }
    assert_eq!(won, 1);
    let after = store.bucket("b").await.unwrap();
    assert_eq!(after.revision, before.revision + 1);
}

async fn updates_apply_to_the_newest_record(store: Store) {
    let before = bucket(&store, "b").await;
    let mut changes = Vec::new();
    for n in 0..20 {
        let store = store.clone();
        changes.push(tokio::spawn(async move {
            store
                .update_bucket("b", move |b| _ = b.configs.insert(format!("c{n}"), vec![n]))
                .await
                .unwrap()
        }));
    }
    for change in changes {
        change.await.unwrap();
    }
    let after = store.bucket("b").await.unwrap();
    assert_eq!(after.configs.len(), 20);
    assert_eq!(after.revision, before.revision + 20);

    let forged = |b: &mut Bucket| {
        b.id = 0;
        b.name = "x".into();
        b.owner = "x".into();
        b.acl = Acl::PublicRead;
    };
    let after = store.update_bucket("b", forged).await.unwrap();
    assert_eq!(
        (after.id, &after.name, &after.owner),
        (before.id, &before.name, &before.owner)
    );
    assert_eq!(after.acl, Acl::PublicRead);
    let absent = store.update_bucket("x", |_| {}).await;
    assert!(matches!(absent, Err(StoreError::NoSuchBucket)));

    set_versioning(&store, "b", Versioning::Enabled).await;
    assert_eq!(
        set_versioning(&store, "b", Versioning::Never)
            .await
            .versioning,
        Versioning::Enabled
    );
}

async fn access_keys(store: Store) {
    let key = |id: &str, secret: &str| AccessKey {
        id: id.into(),
        secret: secret.into(),
        owner: "1".into(),
        user: None,
        enabled: true,
        root: false,
        created_ms: 5,
        comment: String::new(),
    };
    assert!(store.access_key("a").is_none());
    store.put_access_key(key("b", "s1")).await.unwrap();
    store.put_access_key(key("a", "s2")).await.unwrap();
    store.put_access_key(key("b", "s3")).await.unwrap();
    assert_eq!(store.access_key("b").unwrap().secret, "s3");
    let ids: Vec<_> = store
        .access_keys()
        .iter()
        .map(|key| key.id.clone())
        .collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(store.delete_access_key("b").await.unwrap());
    assert!(!store.delete_access_key("b").await.unwrap());
    assert!(store.access_key("b").is_none());
}
