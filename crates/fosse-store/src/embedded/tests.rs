//! What only the embedded engine can do wrong: syncs that fail, segments that are rewritten, tails that are torn,
//! directories of another time.

use super::{Sync, open_with};
use crate::contract::{SMALL, all_agrees, attrs, bucket, bytes, put, read, read_key, sealed};
use crate::store::garbage::GRACE;
use crate::store::state::State;
use crate::*;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn options(dir: &Path) -> OpenOptions {
    OpenOptions {
        small_limit: SMALL as u64,
        ..OpenOptions::new(dir)
    }
}

/// A store with another way to sync, and segments of another size.
fn start(dir: &Path, sync: Sync, segment_bytes: u64) -> Store {
    let engine = open_with(&options(dir), sync, segment_bytes).unwrap();
    // No cache: what is read is what is on disk.
    let state = Arc::new(State::new(0, engine.health, GRACE, MasterKeys::in_memory()));
    Store::start(
        engine.meta,
        engine.blobs,
        state,
        engine.boot,
        engine.recovered,
    )
    .unwrap()
}

fn sync() -> Sync {
    Arc::new(fs::File::sync_data)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("segments")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn files(dir: &Path) -> usize {
    let shards = fs::read_dir(dir.join("files")).unwrap();
    shards
        .map(|shard| fs::read_dir(shard.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_stops_all_writing() {
    for size in [100, SMALL + 100] {
        let dir = tempfile::tempdir().unwrap();
        let broken = Arc::new(AtomicBool::new(false));
        let disk = broken.clone();
        let sync: Sync = Arc::new(move |file: &fs::File| match disk.load(Ordering::Acquire) {
            true => Err(io::Error::other("no room on the platter")),
            false => file.sync_data(),
        });
        let store = start(dir.path(), sync, 1 << 20);
        let b = bucket(&store, "b").await;
        put(&store, &b, "before", &bytes(1, size)).await;
        assert!(store.healthy());

        broken.store(true, Ordering::Release);
        let mut writer = store.begin_blob(None);
        writer.write(bytes(2, size)).await.unwrap();
        let sealed = writer.seal().await;
        assert!(
            matches!(sealed, Err(StoreError::Poisoned(_))),
            "{:?}",
            sealed.err()
        );
        assert!(!store.healthy());

        // The disk may say it is well again: what it lost it does not give back.
        broken.store(false, Ordering::Release);
        let mut writer = store.begin_blob(None);
        writer.write(bytes(3, size)).await.unwrap();
        assert!(matches!(writer.seal().await, Err(StoreError::Poisoned(_))));
        let update = store.update_bucket("b", |b| b.acl = Acl::PublicRead).await;
        assert!(matches!(update, Err(StoreError::Poisoned(_))));
        let deleted = store.delete_object(&b, "before", None, 1).await;
        assert!(matches!(deleted, Err(StoreError::Poisoned(_))));
        assert!(matches!(store.sweep().await, Err(StoreError::Poisoned(_))));
        // Reading goes on.
        assert_eq!(read_key(&store, &b, "before").await, bytes(1, size));
        assert!(matches!(store.close().await, Err(StoreError::Poisoned(_))));

        let store = start(dir.path(), Arc::new(fs::File::sync_data), 1 << 20);
        assert!(store.healthy());
        assert_eq!(read_key(&store, &b, "before").await, bytes(1, size));
        put(&store, &b, "after", &bytes(4, size)).await;
        all_agrees(&store).await;
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_space_is_taken_back_and_what_lives_is_moved() {
    let dir = tempfile::tempdir().unwrap();
    let store = start(dir.path(), sync(), 100_000);
    let b = bucket(&store, "b").await;
    let body = |n: u64| bytes(n, 3000 + n as usize);
    for n in 0..200 {
        put(&store, &b, &format!("{n:03}"), &body(n)).await;
    }
    let before = segments(dir.path());
    assert!(before.len() >= 5, "{before:?}");
    assert_eq!(store.sweep().await.unwrap(), 0, "nothing is dead yet");
    let old: Vec<_> = {
        let mut old = Vec::new();
        for n in (0..200).step_by(5) {
            old.push((n, store.object(&b, &format!("{n:03}"), None).await.unwrap()));
        }
        old
    };
    for n in (0..200).filter(|n| n % 5 != 0) {
        store
            .delete_object(&b, &format!("{n:03}"), None, 1)
            .await
            .unwrap();
    }
    // Writers, readers and deleters go on while segments are rewritten.
    let busy = {
        let (store, b) = (store.clone(), b.clone());
        tokio::spawn(async move {
            for n in 0..60 {
                put(&store, &b, "busy", &body(n)).await;
                assert_eq!(read_key(&store, &b, "005").await, body(5));
                if n == 30 {
                    store.delete_object(&b, "195", None, 1).await.unwrap();
                }
            }
        })
    };
    let freed = store.sweep().await.unwrap();
    busy.await.unwrap();
    assert!(freed > 300_000, "{freed}");
    assert!(before.iter().filter(|path| path.exists()).count() <= 1);
    // Records that were read before the move still lead to their bytes.
    for (n, object) in &old {
        assert_eq!(read(&store, object).await, body(*n));
    }
    all_agrees(&store).await;
    store.close().await.unwrap();

    let store = start(dir.path(), sync(), 100_000);
    for n in (0..195).step_by(5) {
        assert_eq!(read_key(&store, &b, &format!("{n:03}")).await, body(n));
    }
    all_agrees(&store).await;
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_of_many_short_runs_are_merged() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..12u64 {
        let store = start(dir.path(), sync(), 100_000);
        let b = match n {
            0 => bucket(&store, "b").await,
            _ => store.bucket("b").await.unwrap(),
        };
        put(&store, &b, &format!("{n}"), &bytes(n, 1000)).await;
        store.close().await.unwrap();
    }
    assert_eq!(segments(dir.path()).len(), 12);
    let store = start(dir.path(), sync(), 100_000);
    store.sweep().await.unwrap();
    assert_eq!(segments(dir.path()).len(), 1);
    let b = store.bucket("b").await.unwrap();
    for n in 0..12 {
        assert_eq!(read_key(&store, &b, &format!("{n}")).await, bytes(n, 1000));
    }
    all_agrees(&store).await;
    store.close().await.unwrap();
}

/// A crash leaves a segment that ends anywhere. Everything acknowledged lies before that end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn torn_tails_are_dead_space() {
    let dir = tempfile::tempdir().unwrap();
    for tail in [
        &b"FsEn\x01"[..],
        &[0; 100],
        &[0xFF; 7],
        b"FsEn\x01\0\0\0 and then something else entirely, long enough",
    ] {
        let store = start(dir.path(), sync(), 100_000);
        let b = match store.bucket("b").await {
            Ok(b) => b,
            Err(_) => bucket(&store, "b").await,
        };
        put(&store, &b, "k", &bytes(7, 1000)).await;
        store.close().await.unwrap();
        let last = segments(dir.path()).pop().unwrap();
        let mut whole = fs::read(&last).unwrap();
        whole.extend_from_slice(tail);
        fs::write(&last, whole).unwrap();
        let store = start(dir.path(), sync(), 100_000);
        assert_eq!(read_key(&store, &b, "k").await, bytes(7, 1000));
        store.delete_object(&b, "k", None, 1).await.unwrap();
        store.sweep().await.unwrap();
        assert_eq!(segments(dir.path()), Vec::<PathBuf>::new());
        all_agrees(&store).await;
        store.close().await.unwrap();
    }
}

/// Whatever happens to the bytes of a segment: reads tell damage, the sweep removes nothing that lives, nothing panics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_segments_lose_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = start(dir.path(), sync(), 1 << 20);
    let b = bucket(&store, "b").await;
    for n in 0..10 {
        put(&store, &b, &format!("{n}"), &bytes(n, 500)).await;
    }
    for n in 3..10 {
        store
            .delete_object(&b, &format!("{n}"), None, 1)
            .await
            .unwrap();
    }
    store.close().await.unwrap();
    let path = segments(dir.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let mut random = 1u32;
    for round in 0..24 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = (random >> 8) as usize % whole.len();
        let mut damaged = whole.clone();
        if round % 4 == 3 {
            damaged.truncate(at);
        } else {
            damaged[at] ^= 1 << (round % 8);
        }
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        fs::write(segments(copy.path()).pop().unwrap(), &damaged).unwrap();
        let store = start(copy.path(), sync(), 1 << 20);
        let hurt = |n: u64| {
            let begin = 32 + n as usize * 552;
            let end = begin + 548;
            if round % 4 == 3 {
                at < end
            } else {
                (begin..end).contains(&at)
            }
        };
        for swept in [false, true] {
            for n in 0..3u64 {
                let object = store.object(&b, &format!("{n}"), None).await.unwrap();
                match store.read(&object, 0..500).await {
                    Ok(BodyReader::Whole(got)) => {
                        assert_eq!(got, bytes(n, 500));
                        assert!(
                            !hurt(n),
                            "round {round}: damage at {at} was not noticed in {n}"
                        );
                    }
                    Err(StoreError::Corrupt(_)) => {
                        assert!(hurt(n), "round {round}: {n}, damage at {at}")
                    }
                    other => panic!("round {round}: {n}: {:?}", other.err()),
                }
            }
            if !swept {
                store.sweep().await.unwrap();
            }
        }
        store.close().await.unwrap();
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => _ = fs::copy(entry.path(), target).unwrap(),
        }
    }
}

/// A file that a crash left without a record goes with the next sweep, and so does a finished upload's leftover.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_without_records_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = start(dir.path(), sync(), 1 << 20);
    let b = bucket(&store, "b").await;
    let body = bytes(1, SMALL + 1);
    put(&store, &b, "k", &body).await;
    let held = sealed(&store, &body).await;
    let id = BlobId {
        boot: 77,
        sequence: 0x1FF,
    };
    fs::write(
        dir.path().join("files/ff").join(id.to_string()),
        "left behind",
    )
    .unwrap();
    assert_eq!(files(dir.path()), 3);
    assert_eq!(store.verify(true).await.unwrap().orphans, 2);
    assert_eq!(store.sweep().await.unwrap(), 11);
    // A sealed body that its writer still holds is not an orphan.
    assert_eq!(files(dir.path()), 2);
    let no = WriteCondition::default();
    store
        .put_object(&b, "held", held, attrs(), no, 1)
        .await
        .unwrap();
    store.sweep().await.unwrap();
    assert_eq!(read_key(&store, &b, "held").await, body);
    store.delete_object(&b, "k", None, 1).await.unwrap();
    store.close().await.unwrap();
    fs::write(dir.path().join("tmp/unfinished"), "half").unwrap();
    let store = start(dir.path(), sync(), 1 << 20);
    store.sweep().await.unwrap();
    assert_eq!(files(dir.path()), 1);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    all_agrees(&store).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_directory_is_open_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(options(dir.path())).unwrap();
    assert!(matches!(
        Store::open(options(dir.path())),
        Err(StoreError::Locked)
    ));
    let clone = first.clone();
    drop(first);
    assert!(matches!(
        Store::open(options(dir.path())),
        Err(StoreError::Locked)
    ));
    drop(clone);
    let again = Store::open(options(dir.path())).unwrap();
    again.close().await.unwrap();
    // Closing lets go even while clones are held.
    Store::open(options(dir.path())).unwrap();
}

/// Large bodies go through in pieces: what is held at once does not grow with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_needs_little_memory() {
    let resident = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap()
            .to_owned();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    // Other tests of this process move the mark too, so the bound is generous; the body is far above it.
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(OpenOptions::new(dir.path())).unwrap();
    let b = bucket(&store, "b").await;
    let before = resident();
    let piece = bytes(1, 1 << 20);
    let mut writer = store.begin_blob(None);
    for _ in 0..512 {
        writer.write(piece.clone()).await.unwrap();
    }
    let blob = writer.seal().await.unwrap();
    let written = store
        .put_object(&b, "k", blob, attrs(), WriteCondition::default(), 1)
        .await
        .unwrap();
    let size = written.object.size;
    let BodyReader::Chunks(mut chunks) = store.read(&written.object, 0..size).await.unwrap() else {
        panic!("in one piece");
    };
    let mut read = 0;
    while let Some(chunk) = chunks.next().await {
        read += chunk.unwrap().len() as u64;
    }
    assert_eq!(read, 512 << 20);
    let grown = resident() - before;
    assert!(grown < 200 << 10, "{grown} KiB more");
    store.close().await.unwrap();
}

/// Without a sweep: the collector removes what was deleted, aborted, replaced or never named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_goes_after_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_with(&options(dir.path()), sync(), 1 << 20).unwrap();
    let state = Arc::new(State::new(
        0,
        engine.health,
        Duration::from_millis(300),
        MasterKeys::in_memory(),
    ));
    let store = Store::start(
        engine.meta,
        engine.blobs,
        state,
        engine.boot,
        engine.recovered,
    )
    .unwrap();
    let b = bucket(&store, "b").await;
    let body = bytes(1, SMALL + 1);
    let no = WriteCondition::default();
    let kept = put(&store, &b, "replaced", &body).await.object;
    put(&store, &b, "replaced", &body).await;
    put(&store, &b, "deleted", &body).await;
    store.delete_object(&b, "deleted", None, 1).await.unwrap();
    for (key, complete) in [("aborted", false), ("completed", true)] {
        let upload = store
            .create_upload(&b, key, attrs(), no, 1)
            .await
            .unwrap()
            .id;
        for number in 1..4 {
            let blob = sealed(&store, &body).await;
            store
                .put_part(&b, key, &upload, number, blob, 1)
                .await
                .unwrap();
        }
        match complete {
            true => {
                store
                    .complete_upload(&b, key, &upload, None, None, no, 1, 1)
                    .await
                    .unwrap();
                store.delete_object(&b, key, None, 1).await.unwrap();
            }
            false => store.abort_upload(&b, key, &upload).await.unwrap(),
        }
    }
    drop(sealed(&store, &body).await);
    assert_eq!(read(&store, &kept).await, body, "within its grace");
    let began = std::time::Instant::now();
    while files(dir.path()) > 1 || store.verify(true).await.unwrap().garbage > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} files are still there",
            files(dir.path())
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(read_key(&store, &b, "replaced").await, body);
    assert!(matches!(
        store.read(&kept, 0..1).await,
        Err(StoreError::NoSuchKey)
    ));
    all_agrees(&store).await;
    store.close().await.unwrap();
}
