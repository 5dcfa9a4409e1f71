//! The access monitor: when objects were last read, kept without a write for each read (api-buckets.md §6.8).
//!
//! As in the public service one access a day is enough: an object that was noted within the last 24 hours is not noted
//! again, which costs a comparison with its record. What is noted waits in memory and is written in batches. A crash
//! loses at most the accesses of the last few seconds; when more objects are read between two batches than fit in
//! memory, the rest is noted at their next reading.

use crate::bucket_config::name;
use crate::request::Call;
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use fosse_oss::OssError;
use fosse_store::{Bucket, Object, Store};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Accesses that may wait.
const MOST: usize = 100_000;
/// How long they wait.
const PAUSE: Duration = Duration::from_secs(5);
/// An access within this time of the one before is not noted.
const AGAIN_MS: i64 = 86_400_000;

/// Accesses that are not written yet: bucket number and key, and when.
#[derive(Default)]
pub(crate) struct Accesses(Mutex<HashMap<(u64, String), i64>>);

impl Accesses {
    fn note(&self, bucket: u64, key: &str, at_ms: i64) {
        let mut waiting = self.0.lock();
        let name = (bucket, key.to_owned());
        if waiting.len() < MOST || waiting.contains_key(&name) {
            waiting.insert(name, at_ms);
        }
    }

    /// The access of an object that is not written yet.
    pub(crate) fn pending(&self, bucket: u64, key: &str) -> Option<i64> {
        self.0.lock().get(&(bucket, key.to_owned())).copied()
    }

    /// Writes down what waits.
    pub(crate) async fn flush(&self, store: &Store) {
        let waiting = std::mem::take(&mut *self.0.lock());
        if waiting.is_empty() {
            return;
        }
        let accesses: Vec<(u64, String, i64)> = waiting
            .into_iter()
            .map(|((bucket, key), at_ms)| (bucket, key, at_ms))
            .collect();
        if let Err(error) = store.record_accesses(&accesses).await {
            tracing::warn!(%error, "noting the last accesses of objects failed");
        }
    }
}

/// Notes that the current object of a key was read, if its bucket wants to know.
///
/// Errors: 500 when the bucket's setting cannot be read.
pub(crate) fn note(
    call: &Call,
    bucket: &Bucket,
    key: &str,
    object: &Object,
) -> Result<(), OssError> {
    if !bucket.configs.contains_key(name::ACCESS_MONITOR) {
        return Ok(());
    }
    let known = object
        .accessed_ms
        .is_some_and(|at_ms| (at_ms..at_ms.saturating_add(AGAIN_MS)).contains(&call.now_ms));
    if !known && call.service.configs.of(bucket).monitors_access()? {
        call.service.accesses.note(bucket.id, key, call.now_ms);
    }
    Ok(())
}

/// Writes accesses down from time to time. What comes after the shutdown began is written at its end.
pub(crate) async fn run(service: Arc<Service>, signal: Signal) {
    let mut drain = pin!(signal.reached(Phase::Drain));
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = tokio::time::sleep(PAUSE) => service.accesses.flush(&service.store).await,
        }
    }
}
