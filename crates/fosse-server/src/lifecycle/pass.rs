//! One pass over one bucket: walk what its rules can concern, in bounded batches, and do what is due.
//!
//! Each batch is durable by itself, and a pass that is cut short is simply begun again: what was done is not there any
//! more. Nothing is done to what changed since it was looked at. A pass has a thread of little priority, and between batches it
//! rests for half as long as it worked, for the sake of the one thread that writes metadata, which others need as well.

use crate::lifecycle::metrics::{Kind, LifecycleMetrics};
use crate::lifecycle::rules::{Action, Facts, Rules};
use fosse_store::{
    Bucket, Object, Result, ScanBatch, ScanPlace, Seen, SeenChange, Store, StoreError, UploadQuery,
    Versioning,
};
use std::future::Future;
use std::time::{Duration, Instant};

/// Entries looked at between two rests: as many as take the writer less than half a millisecond.
const BATCH: usize = 64;
/// Shortest rest worth taking: shorter ones are added up.
const LEAST_REST: Duration = Duration::from_millis(1);

/// Longest rest: most of a batch that takes longer is waiting for the disk, which is a rest already.
const MOST_REST: Duration = Duration::from_millis(2);

/// What a pass works with.
pub(crate) struct Pass<'a> {
    pub(crate) store: &'a Store,
    pub(crate) bucket: &'a Bucket,
    pub(crate) rules: &'a Rules,
    /// The time that decides what is due, Unix milliseconds.
    pub(crate) now_ms: i64,
    /// Whether the access monitor of the bucket is on.
    pub(crate) monitored: bool,
    /// Until when the bucket's retention policy keeps what was written at a time; `None`: it does not.
    pub(crate) retained_ms: Option<i64>,
    pub(crate) metrics: &'a LifecycleMetrics,
    /// Whether to stop early.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
    /// Rest after work; tests do not.
    pub(crate) rest: bool,
}

/// Which walk.
#[derive(Clone, Copy)]
enum Walk {
    Current,
    Noncurrent,
}

/// Adds up work and rests for half as long.
struct Pacer {
    rest: bool,
    owed: Duration,
}

impl Pacer {
    async fn work<T>(&mut self, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let done = work.await;
        self.owed += started.elapsed();
        if self.rest && self.owed >= LEAST_REST {
            let owed = std::mem::take(&mut self.owed);
            tokio::time::sleep((owed / 2).min(MOST_REST)).await;
        }
        done
    }
}

impl Pass<'_> {
    /// Does everything that is due. `false` when it was stopped before the end.
    ///
    /// Errors: those of the store; what was done before stays done.
    pub(crate) async fn run(&self) -> Result<bool> {
        let mut pacer = Pacer {
            rest: self.rest,
            owed: Duration::ZERO,
        };
        for prefix in self.rules.current_prefixes() {
            if !self.walk(Walk::Current, prefix, &mut pacer).await? {
                return Ok(false);
            }
        }
        if self.bucket.versioning != Versioning::Never {
            for prefix in self.rules.noncurrent_prefixes() {
                if !self.walk(Walk::Noncurrent, prefix, &mut pacer).await? {
                    return Ok(false);
                }
            }
        }
        for prefix in self.rules.upload_prefixes() {
            if !self.uploads(prefix, &mut pacer).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn walk(&self, walk: Walk, prefix: &str, pacer: &mut Pacer) -> Result<bool> {
        let mut place: Option<ScanPlace> = None;
        loop {
            if (self.stop)() {
                return Ok(false);
            }
            place = pacer.work(self.batch(walk, prefix, place.as_ref())).await?;
            if place.is_none() {
                return Ok(true);
            }
        }
    }

    async fn batch(
        &self,
        walk: Walk,
        prefix: &str,
        place: Option<&ScanPlace>,
    ) -> Result<Option<ScanPlace>> {
        let (store, bucket) = (self.store, self.bucket);
        let ScanBatch { seen, next } = match walk {
            Walk::Current => store.scan_current(bucket, prefix, place, BATCH).await?,
            Walk::Noncurrent => store.scan_noncurrent(bucket, prefix, place, BATCH).await?,
        };
        self.metrics.looked_at(seen.len());
        let due: Vec<(Seen, SeenChange)> = seen
            .into_iter()
            .filter_map(|seen| self.due(&seen).map(|change| (seen, change)))
            .collect();
        if due.is_empty() {
            return Ok(next);
        }
        let done = self.store.change_seen(bucket, &due, self.now_ms).await?;
        for ((seen, change), done) in due.iter().zip(done) {
            let kind = match (change, &seen.object) {
                _ if !done => Kind::Skipped,
                (SeenChange::Delete, _) => Kind::Expired,
                (SeenChange::Remove, Some(_)) => Kind::NoncurrentExpired,
                (SeenChange::Remove, None) => Kind::MarkerRemoved,
                (SeenChange::Class(_), _) => Kind::Transitioned,
            };
            self.metrics.did(kind);
        }
        Ok(next)
    }

    /// What is to be done with an entry.
    fn due(&self, seen: &Seen) -> Option<SeenChange> {
        let Some(object) = &seen.object else {
            let go = self
                .rules
                .marker(&seen.key, seen.noncurrent_since_ms, seen.only, self.now_ms);
            return go.then_some(SeenChange::Remove);
        };
        let facts = facts(&seen.key, object, self.monitored);
        let action = match seen.noncurrent_since_ms {
            None => self.rules.current(&facts, self.now_ms)?,
            Some(since) => self.rules.noncurrent(&facts, since, self.now_ms)?,
        };
        let change = match action {
            Action::Class(class) => SeenChange::Class(class),
            Action::Delete if seen.noncurrent_since_ms.is_some() => SeenChange::Remove,
            Action::Delete => SeenChange::Delete,
        };
        // Above a marker the bytes stay; only what takes them away is up to retention.
        let destroys = match change {
            SeenChange::Class(_) => false,
            SeenChange::Remove => true,
            SeenChange::Delete => self.bucket.versioning != Versioning::Enabled,
        };
        (!destroys || !self.retained(object)).then_some(change)
    }

    fn retained(&self, object: &Object) -> bool {
        let attrs = &object.attrs;
        let by_version = attrs.legal_hold
            || attrs
                .retention
                .is_some_and(|retention| retention.until_ms > self.now_ms);
        let by_bucket = self
            .retained_ms
            .is_some_and(|kept| object.modified_ms.saturating_add(kept) > self.now_ms);
        by_version || by_bucket
    }

    async fn uploads(&self, prefix: &str, pacer: &mut Pacer) -> Result<bool> {
        let mut query = UploadQuery {
            prefix: prefix.to_owned(),
            max_uploads: BATCH,
            ..UploadQuery::default()
        };
        loop {
            if (self.stop)() {
                return Ok(false);
            }
            let page = pacer
                .work(self.store.list_uploads(self.bucket, query.clone()))
                .await?;
            self.metrics.looked_at(page.uploads.len());
            for upload in &page.uploads {
                if !self
                    .rules
                    .upload(&upload.key, upload.initiated_ms, self.now_ms)
                {
                    continue;
                }
                let abort = self
                    .store
                    .abort_upload(self.bucket, &upload.key, &upload.id);
                match pacer.work(abort).await {
                    Ok(()) => self.metrics.did(Kind::UploadAborted),
                    // Completed or aborted by somebody else since.
                    Err(StoreError::NoSuchUpload | StoreError::Conflict) => {
                        self.metrics.did(Kind::Skipped);
                    }
                    Err(error) => return Err(error),
                }
            }
            if !page.truncated {
                return Ok(true);
            }
            query.key_marker = page.next_key;
            query.upload_id_marker = page.next_upload_id;
        }
    }
}

/// What rules see of an object. While the access monitor is on, what was never read counts as read when it was written.
pub(crate) fn facts<'a>(key: &'a str, object: &'a Object, monitored: bool) -> Facts<'a> {
    let attrs = &object.attrs;
    Facts {
        key,
        size: object.size,
        tags: &attrs.tags,
        modified_ms: object.modified_ms,
        accessed_ms: monitored.then(|| accessed_ms(object)),
        class: attrs.storage_class,
        kind: object.kind,
        sealed: attrs.sealed_ms.is_some(),
        class_changed_ms: attrs.class_changed_ms,
    }
}

/// The time of the last access as far as it is known.
pub(crate) fn accessed_ms(object: &Object) -> i64 {
    object
        .accessed_ms
        .unwrap_or(i64::MIN)
        .max(object.modified_ms)
}

#[cfg(test)]
#[path = "pass/tests.rs"]
mod tests;
