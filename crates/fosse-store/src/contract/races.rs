//! What happens at the same time.

use super::*;
use std::collections::BTreeMap;

over_engines!(
    one_key_many_writers,
    readers_see_whole_objects_while_it_is_overwritten,
    parts_while_completing,
    a_bucket_is_deleted_while_it_is_written,
    writers_that_give_up,
);

async fn one_key_many_writers(store: Store) {
    let b = bucket(&store, "b").await;
    let once = WriteCondition {
        must_not_exist: true,
    };
    let mut jobs = tokio::task::JoinSet::new();
    for n in 0..32u64 {
        let (store, b) = (store.clone(), b.clone());
        jobs.spawn(async move {
            let blob = sealed(&store, &bytes(n, 100)).await;
            let first = store
                .put_object(&b, "once", blob, attrs(), once, 1)
                .await
                .is_ok();
            put(&store, &b, "k", &bytes(n, 100)).await;
            first
        });
    }
    let winners = jobs.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1);
    let wanted = BucketStat {
        storage: 200,
        objects: 2,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
}

async fn readers_see_whole_objects_while_it_is_overwritten(store: Store) {
    let b = bucket(&store, "b").await;
    let body = |n: u64| bytes(n, [50, SMALL + 50, 1_200_000][n as usize % 3]);
    put(&store, &b, "k", &body(0)).await;
    let writer = {
        let (store, b) = (store.clone(), b.clone());
        tokio::spawn(async move {
            for n in 1..40 {
                put(&store, &b, "k", &body(n)).await;
            }
        })
    };
    let mut seen = BTreeMap::new();
    let mut last = 0;
    while !writer.is_finished() {
        let object = store.object(&b, "k", None).await.unwrap();
        let got = read(&store, &object).await;
        let n = (last..40)
            .find(|n| body(*n) == got)
            .expect("whole, and not older than what was seen");
        last = n;
        *seen.entry(n).or_insert(0) += 1;
    }
    writer.await.unwrap();
    assert_eq!(read_key(&store, &b, "k").await, body(39));
    assert!(!seen.is_empty());
}

async fn parts_while_completing(store: Store) {
    let b = bucket(&store, "b").await;
    for round in 0..10 {
        let no = WriteCondition::default();
        let upload = store.create_upload(&b, "k", attrs(), no, 5).await.unwrap();
        let blob = sealed(&store, &bytes(1, 100)).await;
        store
            .put_part(&b, "k", &upload.id, 1, blob, 6)
            .await
            .unwrap();
        let mut jobs = tokio::task::JoinSet::new();
        for number in 2..6 {
            let (store, b, id) = (store.clone(), b.clone(), upload.id.clone());
            jobs.spawn(async move {
                let blob = sealed(&store, &bytes(u64::from(number), 100)).await;
                match store.put_part(&b, "k", &id, number, blob, 6).await {
                    Ok(_) => 1,
                    Err(StoreError::NoSuchUpload) => 0,
                    Err(error) => panic!("{error}"),
                }
            });
        }
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        let written = store
            .complete_upload(&b, "k", &upload.id, None, None, no, 1, 7)
            .await
            .unwrap();
        let accepted: u64 = jobs.join_all().await.into_iter().sum();
        // Whoever was told that a part is stored finds it in the object.
        assert_eq!(written.object.size, 100 * (1 + accepted));
        let wanted = BucketStat {
            storage: written.object.size,
            objects: 1,
            ..Default::default()
        };
        assert_eq!(stat(&store, &b).await, wanted);
    }
}

async fn a_bucket_is_deleted_while_it_is_written(store: Store) {
    for _ in 0..20 {
        let b = bucket(&store, "b").await;
        let write = {
            let (store, b) = (store.clone(), b.clone());
            tokio::spawn(async move {
                let blob = sealed(&store, &bytes(1, 10)).await;
                store
                    .put_object(&b, "k", blob, attrs(), WriteCondition::default(), 1)
                    .await
            })
        };
        tokio::task::yield_now().await;
        let deleted = store.delete_bucket("b").await;
        match (deleted, write.await.unwrap()) {
            (Ok(()), Err(StoreError::NoSuchBucket)) => {}
            (Err(StoreError::BucketNotEmpty), Ok(_)) => {
                store.delete_object(&b, "k", None, 1).await.unwrap();
                store.delete_bucket("b").await.unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A client may go away at any moment; what its request had begun is then either done or not, and the
/// caches know it.
async fn writers_that_give_up(store: Store) {
    let b = bucket(&store, "b").await;
    put(&store, &b, "k", &bytes(0, 100)).await;
    for n in 1..60u64 {
        let body = bytes(n, 100);
        let (s, c, sent) = (store.clone(), b.clone(), body.clone());
        let job = tokio::spawn(async move { put(&s, &c, "k", &sent).await });
        if n % 3 == 0 {
            tokio::time::sleep(std::time::Duration::from_micros(n * 20)).await;
        }
        job.abort();
        let _ = job.await;
    }
    // Whatever was under way is through once a later write of the same key is.
    put(&store, &b, "k", &bytes(100, 100)).await;
    assert_eq!(read_key(&store, &b, "k").await, bytes(100, 100));
    let wanted = BucketStat {
        storage: 100,
        objects: 1,
        ..Default::default()
    };
    assert_eq!(stat(&store, &b).await, wanted);
}
