//! Listings of versions, compared with a sorted map of plain lists.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

over_engines!(
    pages_of_versions,
    a_bucket_that_was_never_versioned,
    markers_that_are_gone,
    many_versions_under_one_prefix,
    writers_while_listing,
);

/// Newest first: version, and whether it is a delete marker.
type Model = BTreeMap<String, Vec<(VersionId, bool)>>;

/// An entry of a page: key, version, delete marker, newest of its key.
type Line = (String, VersionId, bool, bool);

#[derive(Debug, PartialEq, Eq)]
struct Page {
    lines: Vec<Line>,
    prefixes: Vec<String>,
    truncated: bool,
    next: (Option<String>, Option<VersionId>),
}

fn group(key: &str, query: &VersionQuery) -> Option<String> {
    let rest = key.strip_prefix(query.prefix.as_str())?;
    if query.delimiter.is_empty() {
        return None;
    }
    let at = rest.find(&query.delimiter)?;
    Some(key[..query.prefix.len() + at + query.delimiter.len()].to_owned())
}

/// The rule of the protocol.
fn model(all: &Model, query: &VersionQuery) -> Page {
    let mut page = Page {
        lines: vec![],
        prefixes: vec![],
        truncated: false,
        next: (None, None),
    };
    let mut last = (None, None);
    let marker_group = group(&query.key_marker, query);
    for (key, versions) in all.iter().filter(|(key, _)| key.starts_with(&query.prefix)) {
        let common = group(key, query);
        for (at, (version, marker)) in versions.iter().enumerate() {
            let after = match key.cmp(&query.key_marker) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => match query.version_marker {
                    None => query.key_marker.is_empty(),
                    Some(wanted) => match versions.iter().position(|(v, _)| *v == wanted) {
                        Some(place) => at > place,
                        // An id that is gone still has its place; a null version has none.
                        None => wanted == VersionId::Null || *version < wanted,
                    },
                },
            };
            if !after {
                continue;
            }
            if let Some(common) = &common {
                let marker_is_it = marker_group.as_deref() == Some(&query.key_marker);
                if page.prefixes.last() == Some(common)
                    || (marker_is_it && *common == query.key_marker)
                {
                    continue;
                }
            }
            if page.lines.len() + page.prefixes.len() == query.max_keys {
                page.truncated = true;
                page.next = last;
                return page;
            }
            match &common {
                Some(common) => {
                    last = (Some(common.clone()), None);
                    page.prefixes.push(common.clone());
                }
                None => {
                    last = (Some(key.clone()), Some(*version));
                    page.lines.push((key.clone(), *version, *marker, at == 0));
                }
            }
        }
    }
    page
}

async fn listed(store: &Store, b: &Bucket, query: &VersionQuery) -> Page {
    let page = store.list_versions(b, query.clone()).await.unwrap();
    let line = |entry: ListedVersion| {
        if let Some(object) = &entry.object {
            assert_eq!(
                (object.version, object.modified_ms),
                (entry.version, entry.modified_ms)
            );
        }
        (
            entry.key,
            entry.version,
            entry.object.is_none(),
            entry.is_latest,
        )
    };
    Page {
        lines: page.versions.into_iter().map(line).collect(),
        prefixes: page.common_prefixes,
        truncated: page.truncated,
        next: (page.next_key, page.next_version),
    }
}

/// Follows a listing to its end, comparing every page.
async fn compare(store: &Store, b: &Bucket, all: &Model, mut query: VersionQuery) {
    let entries: usize = all.values().map(Vec::len).sum();
    for _ in 0..=entries {
        let got = listed(store, b, &query).await;
        assert_eq!(got, model(all, &query), "{query:?} of {all:?}");
        if !got.truncated {
            return;
        }
        let (key, version) = got.next;
        query.key_marker = key.unwrap();
        query.version_marker = version;
    }
    panic!("the listing does not end: {query:?}");
}

/// What happens to a key.
#[derive(Debug, Clone, Copy)]
enum Step {
    Put,
    Delete,
    /// Removes the version that is this far down the list.
    Remove(usize),
    Set(Versioning),
}

async fn follow(store: &Store, name: &str, steps: &[(String, Step)]) -> (Arc<Bucket>, Model) {
    let mut b = bucket(store, name).await;
    let mut all = Model::new();
    for (key, step) in steps {
        let versions = all.entry(key.clone()).or_default();
        match step {
            Step::Put => {
                let version = put(store, &b, key, &Bytes::new()).await.object.version;
                versions.retain(|(present, _)| *present != version);
                versions.insert(0, (version, false));
            }
            Step::Delete => {
                let deleted = store.delete_object(&b, key, None, 1).await.unwrap();
                match deleted.version {
                    None => versions.clear(),
                    Some(version) => {
                        versions.retain(|(present, _)| *present != version);
                        versions.insert(0, (version, true));
                    }
                }
            }
            Step::Remove(at) if !versions.is_empty() => {
                let (version, _) = versions.remove(at % versions.len());
                store
                    .delete_object(&b, key, Some(version), 1)
                    .await
                    .unwrap();
            }
            Step::Remove(_) => {}
            Step::Set(versioning) => b = set_versioning(store, name, *versioning).await,
        }
    }
    all.retain(|_, versions| !versions.is_empty());
    (b, all)
}

fn sample() -> Vec<(String, Step)> {
    let mut steps = Vec::new();
    let mut step = |key: &str, step| steps.push((key.to_owned(), step));
    for key in ["a", "a/", "a/b", "a/c", "b\0", "b", "中/文"] {
        step(key, Step::Put);
    }
    step("", Step::Set(Versioning::Enabled));
    for key in ["a", "a/b", "a0", "b", "b", "b\0", "c/d", "c/d", "中/文"] {
        step(key, Step::Put);
    }
    for key in ["a", "a0", "never", "a/c"] {
        step(key, Step::Delete);
    }
    step("", Step::Set(Versioning::Suspended));
    for key in ["a", "b", "c/d", "c/e"] {
        step(key, Step::Put);
    }
    step("a/b", Step::Delete);
    steps.retain(|(key, step)| !key.is_empty() || matches!(step, Step::Set(_)));
    steps
}

async fn pages_of_versions(store: Store) {
    let (b, all) = follow(&store, "b", &sample()).await;
    // A neighbour whose versions must not show.
    follow(&store, "b2", &sample()).await;
    for max_keys in [1, 2, 3, 1000] {
        for delimiter in ["", "/", "文"] {
            for prefix in ["", "a", "a/", "b", "c/", "x", "中"] {
                let query = VersionQuery {
                    prefix: prefix.into(),
                    delimiter: delimiter.into(),
                    max_keys,
                    ..Default::default()
                };
                compare(&store, &b, &all, query.clone()).await;
                for marker in ["a", "a/", "a/b", "a/zzz", "b", "zz", "\0"] {
                    let key_marker = marker.to_owned();
                    let mut query = VersionQuery {
                        key_marker,
                        ..query.clone()
                    };
                    compare(&store, &b, &all, query.clone()).await;
                    for (version, _) in all.get(marker).into_iter().flatten() {
                        query.version_marker = Some(*version);
                        compare(&store, &b, &all, query.clone()).await;
                    }
                }
            }
        }
    }
    let none = VersionQuery::default();
    let page = store.list_versions(&b, none).await.unwrap();
    assert!(page.versions.is_empty() && !page.truncated);
}

async fn a_bucket_that_was_never_versioned(store: Store) {
    let steps: Vec<_> = ["a", "b/1", "b/2", "c"]
        .map(|key| (key.to_owned(), Step::Put))
        .into();
    let (b, all) = follow(&store, "b", &steps).await;
    for max_keys in [1, 2, 1000] {
        for delimiter in ["", "/"] {
            let query = VersionQuery {
                delimiter: delimiter.into(),
                max_keys,
                ..Default::default()
            };
            compare(&store, &b, &all, query).await;
        }
    }
}

/// A client that lists a page, removes what it got, and goes on from its last entry.
async fn markers_that_are_gone(store: Store) {
    let (b, mut all) = follow(&store, "b", &sample()).await;
    let mut query = VersionQuery {
        max_keys: 2,
        ..Default::default()
    };
    let mut pages = 0;
    while !all.is_empty() {
        let got = listed(&store, &b, &query).await;
        assert_eq!(got, model(&all, &query), "{query:?}");
        for (key, version, _, _) in &got.lines {
            let deleted = store.delete_object(&b, key, Some(*version), 1).await;
            assert!(deleted.unwrap().existed);
            all.get_mut(key)
                .unwrap()
                .retain(|(present, _)| present != version);
        }
        all.retain(|_, versions| !versions.is_empty());
        (query.key_marker, query.version_marker) = (got.next.0.unwrap_or_default(), got.next.1);
        pages += 1;
        assert!(pages < 100);
    }
    assert_eq!(stat(&store, &b).await, BucketStat::default());
}

async fn many_versions_under_one_prefix(store: Store) {
    let mut steps = vec![(String::new(), Step::Set(Versioning::Enabled))];
    for n in 0..70 {
        for step in [Step::Put, Step::Put, Step::Delete] {
            steps.push((format!("big/{n:03}"), step));
        }
        steps.push((format!("many/{n:03}/x"), Step::Put));
        steps.push(("one".to_owned(), Step::Put));
    }
    steps.retain(|(key, step)| !key.is_empty() || matches!(step, Step::Set(_)));
    let (b, all) = follow(&store, "b", &steps).await;
    for max_keys in [1, 7, 1000] {
        for (prefix, delimiter) in [("", "/"), ("many/", "/"), ("", ""), ("big", "0")] {
            let query = VersionQuery {
                prefix: prefix.into(),
                delimiter: delimiter.into(),
                max_keys,
                ..Default::default()
            };
            compare(&store, &b, &all, query).await;
        }
    }
}

/// Keys that always have versions are listed in every page, each version once, in order, whatever moves meanwhile.
async fn writers_while_listing(store: Store) {
    let (b, _) = follow(
        &store,
        "b",
        &[(String::new(), Step::Set(Versioning::Enabled))],
    )
    .await;
    let keys: Vec<String> = (0..20).map(|n| format!("k{n:02}")).collect();
    let mut kept = BTreeMap::new();
    for key in &keys {
        let version = put(&store, &b, key, &Bytes::new()).await.object.version;
        kept.insert(key.clone(), version);
        put(&store, &b, key, &Bytes::new()).await;
    }
    let writer = {
        let (store, b, keys) = (store.clone(), b.clone(), keys.clone());
        tokio::spawn(async move {
            for round in 0..40 {
                for key in keys.iter().skip(round % 3).step_by(3) {
                    let added = match round % 4 {
                        0 => store.delete_object(&b, key, None, 1).await.unwrap().version,
                        _ => put(&store, &b, key, &Bytes::new()).await.version,
                    };
                    store.delete_object(&b, key, added, 1).await.unwrap();
                }
            }
        })
    };
    let mut rounds = 0;
    while !writer.is_finished() || rounds < 3 {
        rounds += 1;
        let mut query = VersionQuery {
            max_keys: 1 + rounds % 50,
            ..Default::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = store.list_versions(&b, query.clone()).await.unwrap();
            seen.extend(page.versions.into_iter().map(|v| (v.key, v.version)));
            if !page.truncated {
                break;
            }
            query.key_marker = page.next_key.unwrap();
            query.version_marker = page.next_version;
        }
        let mut ordered = seen.clone();
        ordered.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        ordered.dedup();
        assert_eq!(seen, ordered);
        for (key, version) in &kept {
            assert!(seen.contains(&(key.clone(), *version)), "{key} is missing");
        }
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

fn steps() -> impl Strategy<Value = Vec<(String, Step)>> {
    let step = prop_oneof![
        5 => Just(Step::Put),
        2 => Just(Step::Delete),
        2 => (0usize..4).prop_map(Step::Remove),
        1 => Just(Step::Set(Versioning::Enabled)),
        1 => Just(Step::Set(Versioning::Suspended)),
    ];
    proptest::collection::vec(("[ab/\0é]{1,3}", step), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_page_equals_the_model(
        steps in steps(),
        prefix in "[ab/\0é]{0,2}",
        delimiter in "[/aé]{0,2}",
        key_marker in "[ab/\0é]{0,3}",
        max_keys in 1usize..8,
        pick in 0usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::memory();
            let (b, all) = follow(&store, "b", &steps).await;
            let present = all.get(&key_marker).and_then(|versions| versions.get(pick));
            let version_marker = match pick {
                5 if !key_marker.is_empty() => Some(VersionId::Null),
                _ => present.map(|(version, _)| *version),
            };
            let query = VersionQuery { prefix, delimiter, key_marker, version_marker, max_keys };
            compare(&store, &b, &all, query).await;
            all_agrees(&store).await;
        });
    }
}
