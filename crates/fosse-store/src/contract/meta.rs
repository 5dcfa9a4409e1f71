//! The metadata trait itself.

use crate::meta::{Batch, Change, Expect, Meta, Outcome, Scan, Space, Tally, Update};
use crate::{MemoryMeta, StoreError};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

fn engines() -> (tempfile::TempDir, Vec<Arc<dyn Meta>>) {
    let dir = tempfile::tempdir().unwrap();
    let opened = crate::embedded::open(&crate::OpenOptions::new(dir.path())).unwrap();
    (dir, vec![Arc::new(MemoryMeta::default()), opened.meta])
}

fn change(key: &'static str, expect: Expect, update: Update) -> Change {
    Change {
        space: Space::Current,
        key: Bytes::from_static(key.as_bytes()),
        expect,
        update,
    }
}

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

async fn apply(meta: &dyn Meta, changes: Vec<Change>) -> Outcome {
    meta.apply(Batch {
        changes,
        after: None,
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn batches_apply_whole_or_not_at_all() {
    let (_dir, engines) = engines();
    for meta in engines {
        let get = async |key: &str| meta.get(Space::Current, key.as_bytes()).await.unwrap();
        let put = |text| Update::Put(value(text));
        let first = vec![
            change("a", Expect::Absent, put("1")),
            change("b", Expect::Any, put("2")),
        ];
        assert_eq!(apply(&*meta, first.clone()).await, Outcome::Applied);
        assert_eq!(apply(&*meta, first).await, Outcome::Conflict);
        let wrong = vec![
            change("c", Expect::Any, put("3")),
            change("a", Expect::Value(value("2")), Update::Remove),
        ];
        assert_eq!(apply(&*meta, wrong).await, Outcome::Conflict);
        assert_eq!(get("c").await, None);
        let right = vec![
            change("b", Expect::Value(value("2")), Update::Keep),
            change("a", Expect::Value(value("1")), Update::Remove),
            change("c", Expect::Absent, Update::Keep),
        ];
        assert_eq!(apply(&*meta, right).await, Outcome::Applied);
        assert_eq!((get("a").await, get("b").await), (None, Some(value("2"))));
        // Conditions are about the state before the batch, effects come in order.
        let twice = vec![
            change("d", Expect::Absent, put("1")),
            change("d", Expect::Absent, put("2")),
        ];
        assert_eq!(apply(&*meta, twice).await, Outcome::Applied);
        assert_eq!(get("d").await, Some(value("2")));
        assert_eq!(apply(&*meta, vec![]).await, Outcome::Applied);
        // What no engine could take is refused, also behind something that it could.
        for len in [0, Change::MAX_KEY + 1] {
            let mut odd = change("e", Expect::Any, put("1"));
            let fine = odd.clone();
            odd.key = Bytes::from(vec![1; len]);
            let got = meta
                .apply(Batch {
                    changes: vec![fine, odd],
                    after: None,
                })
                .await;
            assert!(matches!(got, Err(StoreError::Corrupt(_))));
            assert_eq!(get("e").await, None);
        }
        assert_eq!(get("").await, None);
        assert_eq!(meta.get(Space::Heads, b"d").await.unwrap(), None);

        meta.close();
        let closed = meta.get(Space::Current, b"b").await;
        assert!(matches!(closed, Err(StoreError::Closed)));
        let closed = meta.apply(Batch::default()).await;
        assert!(matches!(closed, Err(StoreError::Closed)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn additions_do_not_conflict() {
    let (_dir, engines) = engines();
    for meta in engines {
        let mut jobs = tokio::task::JoinSet::new();
        for n in 0..100 {
            let meta = meta.clone();
            jobs.spawn(async move {
                let more = Update::Add(Tally([n, -1, 0, 0, 1]));
                let changes = vec![
                    change("n", Expect::Any, more.clone()),
                    change("n", Expect::Any, more),
                ];
                assert_eq!(apply(&*meta, changes).await, Outcome::Applied);
            });
        }
        jobs.join_all().await;
        let stored = meta.get(Space::Current, b"n").await.unwrap();
        assert_eq!(
            Tally::decode(stored.as_deref()).unwrap(),
            Tally([9900, -200, 0, 0, 200])
        );
        // What is no counter is told, and the batch has no effect.
        let damaged = change("bad", Expect::Any, Update::Put(value("?")));
        apply(&*meta, vec![damaged]).await;
        let add = Update::Add(Tally([1; 5]));
        let changes = vec![
            change("x", Expect::Any, Update::Put(value("1"))),
            change("bad", Expect::Any, add),
        ];
        let got = meta
            .apply(Batch {
                changes,
                after: None,
            })
            .await;
        assert!(matches!(got, Err(StoreError::Corrupt(_))));
        assert_eq!(meta.get(Space::Current, b"x").await.unwrap(), None);
    }
}

/// Of all that race for one value, one wins each round; effects run in the order of the batches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effects_follow_the_order_of_batches() {
    let (_dir, engines) = engines();
    for meta in engines {
        let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let mut jobs = tokio::task::JoinSet::new();
        for n in 0..16u8 {
            let (meta, seen) = (meta.clone(), seen.clone());
            jobs.spawn(async move {
                for _ in 0..20 {
                    let before = meta.get(Space::Current, b"k").await.unwrap();
                    let mut next = before.clone().unwrap_or_default().to_vec();
                    next.push(n);
                    let next = Bytes::from(next);
                    let (seen, effect) = (seen.clone(), next.clone());
                    let changes = vec![change("k", Expect::same(&before), Update::Put(next))];
                    let after: Box<dyn FnOnce() + Send> =
                        Box::new(move || seen.lock().push(effect));
                    meta.apply(Batch {
                        changes,
                        after: Some(after),
                    })
                    .await
                    .unwrap();
                }
            });
        }
        jobs.join_all().await;
        let last = meta.get(Space::Current, b"k").await.unwrap().unwrap();
        let seen = seen.lock();
        assert_eq!(seen.last(), Some(&last));
        assert_eq!(seen.len(), last.len());
        assert!(seen.windows(2).all(|pair| pair[1].starts_with(&pair[0])));
    }
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    let key = proptest::collection::vec(0u8..3, 0..3);
    prop_oneof![
        Just(Bound::Unbounded),
        key.clone().prop_map(Bound::Included),
        key.prop_map(Bound::Excluded),
    ]
}

#[test]
fn scans_equal_a_sorted_map() {
    let (_dir, engines) = engines();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut map = BTreeMap::new();
    let mut changes = Vec::new();
    for n in 0..27u8 {
        let key = Bytes::from(vec![n % 3, n / 3 % 3, n / 9][..(n % 4) as usize].to_vec());
        let update = Update::Put(Bytes::from(vec![n]));
        changes.push(Change {
            space: Space::Parts,
            key: key.clone(),
            expect: Expect::Any,
            update,
        });
        map.insert(key, Bytes::from(vec![n]));
    }
    for meta in &engines {
        // fjall refuses an empty key, as the trait allows.
        let changes = changes
            .iter()
            .filter(|change| !change.key.is_empty())
            .cloned()
            .collect();
        runtime.block_on(apply(&**meta, changes));
    }
    map.remove(&Bytes::new());
    let strategy = (bound(), bound(), any::<bool>(), 0usize..30);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let wanted = |lower: &Bound<Bytes>, upper: &Bound<Bytes>, reverse: bool, limit: usize| {
        let above = |key: &Bytes| match lower {
            Bound::Included(bound) => key >= bound,
            Bound::Excluded(bound) => key > bound,
            Bound::Unbounded => true,
        };
        let below = |key: &Bytes| match upper {
            Bound::Included(bound) => key <= bound,
            Bound::Excluded(bound) => key < bound,
            Bound::Unbounded => true,
        };
        let mut all: Vec<_> = map
            .clone()
            .into_iter()
            .filter(|(key, _)| above(key) && below(key))
            .collect();
        if reverse {
            all.reverse();
        }
        all.truncate(limit);
        all
    };
    let check = |(lower, upper, reverse, limit): (Bound<Vec<u8>>, Bound<Vec<u8>>, bool, usize)| {
        let (lower, upper) = (lower.map(Bytes::from), upper.map(Bytes::from));
        for meta in &engines {
            let scan = Scan {
                lower: lower.clone(),
                upper: upper.clone(),
                reverse,
                limit,
            };
            let got = runtime.block_on(meta.scan(Space::Parts, scan)).unwrap();
            prop_assert_eq!(got, wanted(&lower, &upper, reverse, limit));
        }
        Ok(())
    };
    runner.run(&strategy, check).unwrap();
}
