//! The scrub meets everything once, and finds every byte that was changed on disk.

use super::encryption::{encrypted, sealed_body};
use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

over_engines!(everything_is_read_once);

/// Objects of every shape: small and large, plain and encrypted, of parts, appended, former, and parts on their own.
async fn fill(store: &Store) -> BTreeMap<String, u64> {
    let mut expected = BTreeMap::new();
    bucket(store, "a").await;
    let b = set_versioning(store, "a", Versioning::Enabled).await;
    let no = WriteCondition::default();
    for (at, size) in [0, 1000, SMALL + 1000, (1 << 20) + 1]
        .into_iter()
        .enumerate()
    {
        let key = format!("plain-{at}");
        put(store, &b, &key, &bytes(at as u64 + 1, size)).await;
        expected.insert(key, 1);
        let key = format!("sealed-{at}");
        let attrs = encrypted(store, EncryptionAlgorithm::Aes256);
        let blob = sealed_body(store, &bytes(at as u64 + 1, size), &attrs).await;
        store
            .put_object(&b, &key, blob, attrs, no, 1)
            .await
            .unwrap();
        expected.insert(key, 1);
    }
    for round in 0..3 {
        put(store, &b, "former", &bytes(round + 50, 500)).await;
    }
    store.delete_object(&b, "former", None, 5).await.unwrap();
    expected.insert("former".into(), 3);
    let other = bucket(store, "b").await;
    for position in 0..40 {
        let blob = sealed(store, &bytes(position + 1, 100)).await;
        let done = store
            .append_object(&other, "log", position * 100, blob, attrs(), 1)
            .await;
        done.unwrap();
    }
    expected.insert("log".into(), 1);
    for (key, complete) in [("parts", true), ("open", false)] {
        let attrs = encrypted(store, EncryptionAlgorithm::Kms);
        let upload = store
            .create_upload(&other, key, attrs.clone(), no, 1)
            .await
            .unwrap();
        let id = &upload.id;
        for number in 1..=3 {
            let blob = sealed_body(store, &bytes(u64::from(number) + 70, 70_000), &attrs).await;
            store
                .put_part(&other, key, id, number, blob, 1)
                .await
                .unwrap();
        }
        if complete {
            let done = store
                .complete_upload(&other, key, id, None, None, no, 0, 2)
                .await;
            done.unwrap();
        }
        expected.insert(key.into(), if complete { 1 } else { 3 });
    }
    expected
}

async fn walk(store: &Store) -> Vec<Scrubbed> {
    let mut scrub = store.scrub();
    let mut all = Vec::new();
    while let Some(one) = scrub.next().await.unwrap() {
        all.push(one);
    }
    all
}

async fn everything_is_read_once(store: Store) {
    assert_eq!(walk(&store).await, []);
    let expected = fill(&store).await;
    let mut counts = BTreeMap::new();
    for one in walk(&store).await {
        assert_eq!(one.problem, None, "{one:?}");
        let second = ["log", "parts", "open"].contains(&&*one.key);
        assert_eq!(one.bucket, if second { "b" } else { "a" });
        *counts.entry(one.key).or_insert(0) += 1;
    }
    assert_eq!(counts, expected);
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.join("segments"), dir.join("files")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_bytes_are_found_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::contract::open(dir.path());
    fill(&store).await;
    store.close().await.unwrap();
    drop(store);
    // One byte in the middle of each file of a large body.
    let mut flipped = 0;
    for path in files(dir.path()) {
        let mut content = std::fs::read(&path).unwrap();
        let at = content.len() / 2;
        if path.extension().is_none() && content.len() > SMALL {
            content[at] ^= 1;
            std::fs::write(&path, content).unwrap();
            flipped += 1;
        }
    }
    assert!(flipped >= 5, "{flipped}");
    let store = crate::contract::open(dir.path());
    let all = walk(&store).await;
    let broken: Vec<_> = all.iter().filter(|one| one.problem.is_some()).collect();
    // Everything was looked at, and only what was damaged is told; a broken part breaks what it is part of.
    assert_eq!(all.len(), 16, "{all:?}");
    for key in [
        "plain-2", "plain-3", "sealed-2", "sealed-3", "parts", "open",
    ] {
        assert!(
            broken.iter().any(|one| one.key == key),
            "{key} of {broken:?}"
        );
    }
    assert_eq!(broken.len(), 8, "{broken:?}");
    store.close().await.unwrap();
}
