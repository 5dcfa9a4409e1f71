//! Makes a data directory with a bucket `aged` of many small objects that were written some days ago, under lifecycle
//! rules: what `docs/performance.md` measures a lifecycle pass on.
//!
//! `aged_bucket DIR OBJECTS DAYS RULES`, with `RULES` a `LifecycleConfiguration` document.

use fosse_store::{
    Acl, NewBucket, ObjectAttrs, OpenOptions, Redundancy, StorageClass, Store, WriteCondition,
};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Writers at once: as many share one sync.
const WRITERS: u64 = 512;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, objects, days, rules] = &arguments[..] else {
        return Err("usage: aged_bucket DIR OBJECTS DAYS RULES".into());
    };
    let (objects, days): (u64, i64) = (objects.parse()?, days.parse()?);
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let written_ms = now_ms - days * 86_400_000;
    let store = Store::open(OpenOptions::new(dir))?;
    let new = NewBucket {
        name: "aged".into(),
        owner: "1000000000000000".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: written_ms,
    };
    store.create_bucket(new, 100).await?;
    let text = rules.clone().into_bytes();
    let bucket = store
        .update_bucket("aged", move |bucket| {
            bucket.configs.insert("lifecycle".into(), text.clone());
        })
        .await?;
    let begun = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, bucket) = (store.clone(), Arc::clone(&bucket));
        writers.spawn(async move {
            for n in (writer..objects).step_by(WRITERS as usize) {
                let body = format!("object number {n:012} of the aged bucket");
                let mut blob = store.begin_blob(Some(body.len() as u64));
                blob.write(body.into()).await?;
                let blob = blob.seal().await?;
                let key = format!("logs/{:03}/{n:09}", n % 1000);
                let (attrs, condition) = (
                    ObjectAttrs::of("1000000000000000"),
                    WriteCondition::default(),
                );
                store
                    .put_object(&bucket, &key, blob, attrs, condition, written_ms)
                    .await?;
            }
            Ok::<(), fosse_store::StoreError>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    store.close().await?;
    println!(
        "{objects} objects in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
