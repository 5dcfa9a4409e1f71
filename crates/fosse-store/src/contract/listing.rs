//! Listings, compared with a sorted map.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

over_engines!(
    pages_by_delimiter,
    uploads_by_key_and_id,
    many_under_one_prefix
);

/// The rule of the protocol, on a sorted map.
fn model(
    keys: &BTreeSet<String>,
    query: &ListQuery,
) -> (Vec<String>, Vec<String>, bool, Option<String>) {
    let (mut objects, mut prefixes): (Vec<String>, Vec<String>) = Default::default();
    let mut last = None;
    for key in keys
        .iter()
        .filter(|key| key.starts_with(&query.prefix) && **key > query.start_after)
    {
        let group = |key: &str| {
            let rest = key.strip_prefix(query.prefix.as_str())?;
            let at = if query.delimiter.is_empty() {
                None
            } else {
                rest.find(&query.delimiter)
            };
            at.map(|at| key[..query.prefix.len() + at + query.delimiter.len()].to_owned())
        };
        let common = group(key);
        if let Some(common) = &common {
            let marker_is_it = group(&query.start_after).as_ref() == Some(&query.start_after);
            if prefixes.last() == Some(common) || (marker_is_it && *common == query.start_after) {
                continue;
            }
        }
        if objects.len() + prefixes.len() == query.max_keys {
            return (objects, prefixes, true, last);
        }
        last = Some(common.clone().unwrap_or_else(|| key.clone()));
        match common {
            Some(common) => prefixes.push(common),
            None => objects.push(key.clone()),
        }
    }
    (objects, prefixes, false, None)
}

async fn compare(store: &Store, b: &Bucket, keys: &BTreeSet<String>, query: ListQuery) -> ListPage {
    let page = store.list_objects(b, query.clone()).await.unwrap();
    let names: Vec<_> = page.objects.iter().map(|(key, _)| key.clone()).collect();
    let got = (
        names,
        page.common_prefixes.clone(),
        page.truncated,
        page.next.clone(),
    );
    assert_eq!(got, model(keys, &query), "{query:?} of {keys:?}");
    page
}

async fn compare_all_pages(
    store: &Store,
    b: &Bucket,
    keys: &BTreeSet<String>,
    mut query: ListQuery,
) {
    for _ in 0..=keys.len() {
        let page = compare(store, b, keys, query.clone()).await;
        match page.next {
            Some(next) => query.start_after = next,
            None => return,
        }
    }
    panic!("the listing does not end: {query:?}");
}

async fn fill(store: &Store, b: &Bucket, keys: &BTreeSet<String>) {
    for key in keys {
        put(store, b, key, &Bytes::new()).await;
    }
}

async fn pages_by_delimiter(store: Store) {
    let b = bucket(&store, "b").await;
    let names = [
        "a", "a/", "a/b", "a/c/d", "a0", "b/1", "b/2", "b\0", "c//d", "c/d", "中/文", "中",
    ];
    let keys: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    fill(&store, &b, &keys).await;
    // A neighbour whose keys must not show.
    let neighbour = bucket(&store, "b2").await;
    fill(&store, &neighbour, &keys).await;
    for max_keys in [1, 2, 3, 1000] {
        for delimiter in ["", "/", "//", "文"] {
            for prefix in ["", "a", "a/", "b", "c/", "x", "中"] {
                let (prefix, delimiter) = (prefix.to_owned(), delimiter.to_owned());
                let query = ListQuery {
                    prefix,
                    delimiter,
                    max_keys,
                    ..Default::default()
                };
                compare_all_pages(&store, &b, &keys, query.clone()).await;
                for marker in ["a", "a/", "a/b", "a/zzz", "b/", "zz", "\0"] {
                    let start_after = marker.to_owned();
                    compare(
                        &store,
                        &b,
                        &keys,
                        ListQuery {
                            start_after,
                            ..query.clone()
                        },
                    )
                    .await;
                }
            }
        }
    }
    let none = ListQuery::default();
    let page = store.list_objects(&b, none).await.unwrap();
    assert!(page.objects.is_empty() && !page.truncated);
}

async fn many_under_one_prefix(store: Store) {
    let b = bucket(&store, "b").await;
    let mut keys: BTreeSet<String> = (0..60).map(|n| format!("big/{n:05}")).collect();
    keys.extend((0..40).map(|n| format!("many/{n:03}/x")));
    keys.extend(["a".to_owned(), "z".to_owned()]);
    fill(&store, &b, &keys).await;
    for max_keys in [1, 3, 1000] {
        for prefix in ["", "many/"] {
            let (prefix, delimiter) = (prefix.to_owned(), "/".to_owned());
            let query = ListQuery {
                prefix,
                delimiter,
                max_keys,
                ..Default::default()
            };
            compare_all_pages(&store, &b, &keys, query).await;
        }
    }
}

async fn uploads_by_key_and_id(store: Store) {
    let b = bucket(&store, "b").await;
    let no = WriteCondition::default();
    let mut begun = BTreeMap::new();
    for key in ["a", "a\0b", "d/1", "d/1", "d/2", "e", "e", "e"] {
        let upload = store.create_upload(&b, key, attrs(), no, 7).await.unwrap();
        assert_eq!(upload.id.len(), 32);
        begun.insert((key.to_owned(), upload.id.clone()), upload);
    }
    for max_uploads in 1..9 {
        let mut query = UploadQuery {
            max_uploads,
            ..Default::default()
        };
        let mut got = Vec::new();
        loop {
            let page = store.list_uploads(&b, query.clone()).await.unwrap();
            assert!(page.uploads.len() <= max_uploads);
            got.extend(page.uploads);
            if !page.truncated {
                break;
            }
            query.key_marker = page.next_key;
            query.upload_id_marker = page.next_upload_id;
        }
        assert_eq!(got, begun.values().cloned().collect::<Vec<_>>());
    }
    let mut query = UploadQuery {
        delimiter: "/".into(),
        max_uploads: 3,
        ..Default::default()
    };
    let page = store.list_uploads(&b, query.clone()).await.unwrap();
    assert_eq!(
        (page.uploads.len(), page.common_prefixes),
        (2, vec!["d/".to_owned()])
    );
    assert_eq!(
        (
            page.truncated,
            page.next_key.as_str(),
            page.next_upload_id.as_str()
        ),
        (true, "d/", "")
    );
    query.key_marker = page.next_key;
    let page = store.list_uploads(&b, query).await.unwrap();
    assert_eq!(
        (
            page.uploads.len(),
            page.common_prefixes.len(),
            page.truncated
        ),
        (3, 0, false)
    );
    let after_key = UploadQuery {
        key_marker: "d/1".into(),
        max_uploads: 9,
        ..Default::default()
    };
    let page = store.list_uploads(&b, after_key).await.unwrap();
    let keys: Vec<_> = page
        .uploads
        .iter()
        .map(|upload| upload.key.as_str())
        .collect();
    assert_eq!(keys, ["d/2", "e", "e", "e"]);
}

fn text() -> impl Strategy<Value = String> {
    "[ab/\0é]{0,5}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_page_equals_the_sorted_map(
        keys in proptest::collection::btree_set("[ab/\0é]{1,6}", 0..30),
        prefix in text(),
        delimiter in "[/aé]{0,2}",
        start_after in text(),
        max_keys in 1usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::memory();
            let b = bucket(&store, "b").await;
            fill(&store, &b, &keys).await;
            let query = ListQuery { prefix, delimiter, start_after, max_keys };
            compare_all_pages(&store, &b, &keys, query).await;
        });
    }
}
