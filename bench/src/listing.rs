//! What a page of a listing costs, in a bucket of ten thousand keys and in one of millions, and how long completing an
//! upload of 10,000 parts takes. The store alone, so that nothing hides what grows.

use crate::table::median;
use anyhow::Context;
use clap::Args;
use fosse_store::{
    Acl, Bucket, ListQuery, NewBucket, ObjectAttrs, OpenOptions, Redundancy, StorageClass, Store,
    VersionQuery, Versioning, WriteCondition,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Keys beside the millions, each below a prefix of its own.
const SIBLINGS: u64 = 100;
/// Parts of the upload that is completed.
const PARTS: u32 = 10_000;

/// What `fosse-bench listing` takes.
#[derive(Args)]
pub struct Options {
    /// Directory for the two stores; removed afterwards.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Keys of the large bucket.
    #[arg(long, default_value_t = 10_000_000)]
    keys: u64,
    /// Keys of the small bucket.
    #[arg(long, default_value_t = 10_000)]
    small: u64,
    /// Writers at once while the buckets are filled: they share syncs.
    #[arg(long, default_value_t = 2048)]
    writers: u64,
    /// Pages measured of each kind.
    #[arg(long, default_value_t = 200)]
    pages: usize,
}

/// A kind of page.
#[derive(Clone, Copy)]
enum Page {
    First,
    Middle(usize),
    Delimiter,
    Within,
    Versions,
}

const KINDS: [(&str, Page); 6] = [
    ("first page of 1000", Page::First),
    ("1000 after a random key", Page::Middle(1000)),
    ("100 after a random key", Page::Middle(100)),
    ("delimiter over all keys", Page::Delimiter),
    ("100 within the prefix, delimiter", Page::Within),
    ("1000 versions after a random key", Page::Versions),
];

/// Fills both buckets, measures, prints a table. `false` when a page of the large bucket costs more than twice one of
/// the small, or completing takes more than two seconds.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> anyhow::Result<bool> {
    let dir = tempfile::tempdir_in(&options.dir).context("a directory to measure in")?;
    let mut columns = Vec::new();
    for (name, keys) in [("small", options.small), ("large", options.keys)] {
        let store = Store::open(OpenOptions::new(dir.path().join(name)))?;
        let began = Instant::now();
        let bucket = fill(&store, keys, options.writers).await?;
        let took = began.elapsed().as_secs_f64();
        println!(
            "{keys} keys written in {took:.0} s, {:.0} a second",
            keys as f64 / took
        );
        columns.push(times(&store, &bucket, keys, options.pages).await?);
        if name == "small" {
            let took = complete(&store, &bucket).await?;
            println!(
                "{PARTS} parts completed in {:.0} ms",
                took.as_secs_f64() * 1e3
            );
            anyhow::ensure!(took < Duration::from_secs(2), "that is too long");
        }
        store.close().await?;
    }
    println!(
        "\n| page | {} keys, µs | {} keys, µs | ratio | first touch, µs |\n|---|---|---|---|---|",
        options.small, options.keys
    );
    let mut flat = true;
    for (at, (name, _)) in KINDS.iter().enumerate() {
        let ([_, small], [touched, large]) = (columns[0][at], columns[1][at]);
        flat &= large < small * 2.0;
        println!(
            "| {name} | {small:.0} | {large:.0} | {:.2} | {touched:.0} |",
            large / small
        );
    }
    Ok(flat)
}

fn key(number: u64) -> String {
    format!("big/{number:012}")
}

async fn fill(store: &Store, keys: u64, writers: u64) -> anyhow::Result<Arc<Bucket>> {
    let new = NewBucket {
        name: "b".into(),
        owner: "1".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: 1,
    };
    let bucket = store.create_bucket(new, 1).await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut jobs = tokio::task::JoinSet::new();
    for _ in 0..writers {
        let (store, bucket, next) = (store.clone(), bucket.clone(), next.clone());
        jobs.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let name = match number.checked_sub(keys) {
                    None => key(number),
                    Some(sibling) if sibling < SIBLINGS => format!("other-{sibling:03}/x"),
                    Some(_) => return Ok::<(), fosse_store::StoreError>(()),
                };
                let body = store.begin_blob(Some(0)).seal().await?;
                let (attrs, no) = (ObjectAttrs::of("1"), WriteCondition::default());
                store.put_object(&bucket, &name, body, attrs, no, 1).await?;
            }
        });
    }
    while let Some(job) = jobs.join_next().await {
        job??;
    }
    let versioned = |bucket: &mut Bucket| bucket.versioning = Versioning::Enabled;
    Ok(store.update_bucket("b", versioned).await?)
}

/// Median microseconds of each kind of page, when it is read for the first time and when it is read again: a large
/// bucket does not fit into the cache of blocks, a small one does.
async fn times(
    store: &Store,
    bucket: &Bucket,
    keys: u64,
    pages: usize,
) -> anyhow::Result<Vec<[f64; 2]>> {
    let mut column = Vec::new();
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    for (name, kind) in KINDS {
        let mut samples = [Vec::with_capacity(pages), Vec::with_capacity(pages)];
        for _ in 0..pages {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let after = key((random >> 16) % (keys - 2000));
            for samples in &mut samples {
                let began = Instant::now();
                let (found, wanted) = page(store, bucket, kind, after.clone()).await?;
                samples.push(began.elapsed().as_secs_f64() * 1e6);
                anyhow::ensure!(found == wanted, "{name}: {found} entries, not {wanted}");
            }
        }
        column.push(samples.map(|samples| median(&samples)));
    }
    Ok(column)
}

/// Reads a page; how many entries it has and should have.
async fn page(
    store: &Store,
    bucket: &Bucket,
    kind: Page,
    after: String,
) -> anyhow::Result<(usize, usize)> {
    let mut query = ListQuery {
        max_keys: 1000,
        ..ListQuery::default()
    };
    let mut wanted = 1000;
    match kind {
        Page::First => {}
        Page::Middle(max_keys) => {
            (query.start_after, query.max_keys, wanted) = (after, max_keys, max_keys);
        }
        Page::Delimiter => {
            query.delimiter = "/".into();
            wanted = 1 + SIBLINGS as usize;
        }
        Page::Within => {
            (query.prefix, query.delimiter) = ("big/".into(), "/".into());
            (query.start_after, query.max_keys, wanted) = (after, 100, 100);
        }
        Page::Versions => {
            let query = VersionQuery {
                key_marker: after,
                max_keys: 1000,
                ..VersionQuery::default()
            };
            let page = store.list_versions(bucket, query).await?;
            return Ok((page.versions.len(), 1000));
        }
    }
    let page = store.list_objects(bucket, query).await?;
    Ok((page.objects.len() + page.common_prefixes.len(), wanted))
}

/// Uploads small parts and completes them. What a part holds plays no role: no byte of it is read.
async fn complete(store: &Store, bucket: &Arc<Bucket>) -> anyhow::Result<Duration> {
    let (attrs, no) = (ObjectAttrs::of("1"), WriteCondition::default());
    let upload = store.create_upload(bucket, "parts", attrs, no, 1).await?;
    let mut jobs = tokio::task::JoinSet::new();
    for worker in 0..250 {
        let (store, bucket, id) = (store.clone(), bucket.clone(), upload.id.clone());
        jobs.spawn(async move {
            for number in (worker + 1..=PARTS).step_by(250) {
                let mut body = store.begin_blob(Some(4));
                body.write(number.to_be_bytes().to_vec().into()).await?;
                let body = body.seal().await?;
                store
                    .put_part(&bucket, "parts", &id, number, body, 1)
                    .await?;
            }
            Ok::<(), fosse_store::StoreError>(())
        });
    }
    while let Some(job) = jobs.join_next().await {
        job??;
    }
    let began = Instant::now();
    store
        .complete_upload(bucket, "parts", &upload.id, None, None, no, 0, 2)
        .await?;
    Ok(began.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_as_long_as_they_should_be() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            dir: dir.path().into(),
            keys: 2500,
            small: 2100,
            writers: 200,
            pages: 3,
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = Store::memory();
            let bucket = fill(&store, options.keys, options.writers).await.unwrap();
            let column = times(&store, &bucket, options.keys, options.pages).await;
            assert_eq!(column.unwrap().len(), KINDS.len());
        });
    }
}
