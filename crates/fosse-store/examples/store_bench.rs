//! Rates of the store alone, without HTTP: `cargo run --release -p fosse-store --example store_bench [DIR [GIB]]`.
//! With GIB only one body of that many gibibytes, and the memory it took.
//!
//! One line per figure. Reads are warm; writes are durable. Beside them the plain cost of a sync on the same disk.

use bytes::Bytes;
use fosse_store::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CLIENTS: usize = 64;

fn main() {
    let dir = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(dir).expect("a directory to measure in");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(dir.path()));
}

async fn measure(dir: &Path) {
    sync_cost(dir);
    let began = Instant::now();
    let store = Store::open(OpenOptions::new(dir.join("data"))).expect("open");
    println!(
        "open new            {:>10.1} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    let new = NewBucket {
        name: "b".into(),
        owner: "1".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: 1,
    };
    let bucket = store.create_bucket(new, 1).await.expect("bucket");
    if let Some(gibibytes) = std::env::args().nth(2).and_then(|text| text.parse().ok()) {
        large(&store, &bucket, gibibytes).await;
        return;
    }
    for (name, size, seconds) in [
        ("4 KiB", 4 << 10, 4),
        ("64 KiB", 64 << 10, 2),
        ("1 MiB", 1 << 20, 3),
        ("8 MiB", 8 << 20, 3),
    ] {
        let body = Bytes::from(
            (0..size as u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect::<Vec<_>>(),
        );
        let puts = puts(
            &store,
            &bucket,
            name,
            &body,
            CLIENTS,
            Duration::from_secs(seconds),
        )
        .await;
        gets(
            &store,
            &bucket,
            name,
            size as u64,
            puts.min(1000),
            Duration::from_secs(2),
        )
        .await;
    }
    let body = Bytes::from(vec![7; 4 << 10]);
    puts(
        &store,
        &bucket,
        "4 KiB, one client",
        &body,
        1,
        Duration::from_secs(2),
    )
    .await;
    list(&store, &bucket).await;
    let began = Instant::now();
    store.close().await.expect("close");
    println!(
        "close               {:>10.1} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    let began = Instant::now();
    let store = Store::open(OpenOptions::new(dir.join("data"))).expect("open");
    println!(
        "open again          {:>10.1} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    store.close().await.expect("close");
}

fn sync_cost(dir: &Path) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::create(dir.join("sync")).expect("file");
    let mut times: Vec<_> = (0..300u64)
        .map(|n| {
            file.write_all_at(&[1; 4096], n * 4096).expect("write");
            let began = Instant::now();
            file.sync_data().expect("sync");
            began.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "fdatasync           {:>10.1} us p50, {:.1} us p99",
        micros(times[150]),
        micros(times[297])
    );
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn report(what: &str, mut times: Vec<Duration>, took: Duration, size: u64) {
    times.sort();
    let rate = times.len() as f64 / took.as_secs_f64();
    let at = |part: f64| micros(times[((times.len() - 1) as f64 * part) as usize]);
    println!(
        "{what:<32} {rate:>10.0} /s {:>9.1} MiB/s   p50 {:>8.1} us  p99 {:>8.1} us",
        rate * size as f64 / f64::from(1 << 20),
        at(0.5),
        at(0.99)
    );
}

fn attrs() -> ObjectAttrs {
    ObjectAttrs {
        headers: vec![("content-type".into(), "application/octet-stream".into())],
        ..ObjectAttrs::of("1")
    }
}

async fn puts(
    store: &Store,
    bucket: &Arc<Bucket>,
    name: &str,
    body: &Bytes,
    clients: usize,
    length: Duration,
) -> usize {
    let began = Instant::now();
    let mut jobs = tokio::task::JoinSet::new();
    for client in 0..clients {
        let (store, bucket, body, name) =
            (store.clone(), bucket.clone(), body.clone(), name.to_owned());
        jobs.spawn(async move {
            let mut times = Vec::new();
            while began.elapsed() < length {
                let start = Instant::now();
                let mut writer = store.begin_blob(Some(body.len() as u64));
                for chunk in body.chunks(64 << 10) {
                    writer.write(body.slice_ref(chunk)).await.expect("write");
                }
                let blob = writer.seal().await.expect("seal");
                // Dense numbers across clients, so that readers find them.
                let key = format!("{name}/{:08}", times.len() * clients + client);
                let no = WriteCondition::default();
                store
                    .put_object(&bucket, &key, blob, attrs(), no, 1)
                    .await
                    .expect("put");
                times.push(start.elapsed());
            }
            times
        });
    }
    let each = jobs.join_all().await;
    let took = began.elapsed();
    let complete = each.iter().map(Vec::len).min().unwrap_or(0) * clients;
    report(
        &format!("put {name} x{clients}"),
        each.into_iter().flatten().collect(),
        took,
        body.len() as u64,
    );
    complete
}

async fn gets(
    store: &Store,
    bucket: &Arc<Bucket>,
    name: &str,
    size: u64,
    keys: usize,
    length: Duration,
) {
    for clients in [1, 2] {
        let began = Instant::now();
        let mut jobs = tokio::task::JoinSet::new();
        for client in 0..clients {
            let (store, bucket, name) = (store.clone(), bucket.clone(), name.to_owned());
            jobs.spawn(async move {
                let names: Vec<_> = (0..keys).map(|n| format!("{name}/{n:08}")).collect();
                let (mut times, mut at) = (Vec::new(), client * 7919);
                while began.elapsed() < length {
                    at = (at + 104_729) % keys;
                    let start = Instant::now();
                    let object = store
                        .object(&bucket, &names[at], None)
                        .await
                        .expect("object");
                    let mut read = 0;
                    match store.read(&object, 0..object.size).await.expect("read") {
                        BodyReader::Whole(bytes) => read += bytes.len() as u64,
                        BodyReader::Chunks(mut chunks) => {
                            while let Some(chunk) = chunks.next().await {
                                read += chunk.expect("chunk").len() as u64;
                            }
                        }
                    }
                    assert_eq!(read, size);
                    times.push(start.elapsed());
                    tokio::task::consume_budget().await;
                }
                times
            });
        }
        let times = jobs.join_all().await.into_iter().flatten().collect();
        report(
            &format!("get {name} of {keys} x{clients}"),
            times,
            began.elapsed(),
            size,
        );
    }
}

async fn list(store: &Store, bucket: &Arc<Bucket>) {
    for (delimiter, max_keys) in [("", 1000), ("", 100), ("/", 1000)] {
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(1) {
            let start = Instant::now();
            let query = ListQuery {
                delimiter: delimiter.into(),
                max_keys,
                ..Default::default()
            };
            store.list_objects(bucket, query).await.expect("list");
            times.push(start.elapsed());
        }
        report(
            &format!("list {max_keys} by {delimiter:?}"),
            times,
            began.elapsed(),
            0,
        );
    }
}

/// One body of some gigabytes in and out, and what memory that took.
async fn large(store: &Store, bucket: &Arc<Bucket>, gibibytes: u64) {
    let chunk = Bytes::from(
        (0..256 << 10u32)
            .map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect::<Vec<_>>(),
    );
    let size = gibibytes << 30;
    let (idle, began) = (resident(), Instant::now());
    let mut writer = store.begin_blob(Some(size));
    while writer.len() < size {
        // Each chunk its own memory, as it comes from a socket.
        writer
            .write(Bytes::copy_from_slice(&chunk))
            .await
            .expect("write");
    }
    let blob = writer.seal().await.expect("seal");
    let no = WriteCondition::default();
    let object = store
        .put_object(bucket, "large", blob, attrs(), no, 1)
        .await
        .expect("put")
        .object;
    let (stored, after_put) = (began.elapsed(), resident());
    let began = Instant::now();
    let BodyReader::Chunks(mut chunks) = store.read(&object, 0..size).await.expect("read") else {
        panic!("in one piece");
    };
    let mut read = 0;
    while let Some(chunk) = chunks.next().await {
        read += chunk.expect("chunk").len() as u64;
    }
    assert_eq!(read, size);
    println!(
        "{gibibytes} GiB in {stored:.1?}, out {:.1?}; peak memory {idle} KiB before, {after_put} after the put, {} after the get",
        began.elapsed(),
        resident()
    );
}

/// The most memory that was resident so far, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}
