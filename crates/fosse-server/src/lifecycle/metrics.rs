//! Counters of the lifecycle worker.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What was done with an object, version, marker or upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A current object was deleted, or hidden by a delete marker.
    Expired,
    /// A noncurrent version went.
    NoncurrentExpired,
    /// A delete marker went.
    MarkerRemoved,
    /// A storage class was changed.
    Transitioned,
    /// An upload was dropped.
    UploadAborted,
    /// It was due, but somebody changed it first.
    Skipped,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Expired, "expire"),
    (Kind::NoncurrentExpired, "expire_noncurrent"),
    (Kind::MarkerRemoved, "remove_marker"),
    (Kind::Transitioned, "transition"),
    (Kind::UploadAborted, "abort_upload"),
    (Kind::Skipped, "skip_changed"),
];

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct LifecycleMetrics {
    looked_at: AtomicU64,
    done: [AtomicU64; KINDS.len()],
    passes: AtomicU64,
    failures: AtomicU64,
    took_us: AtomicU64,
    finished_ms: AtomicI64,
}

impl LifecycleMetrics {
    /// Counts entries that a pass looked at.
    pub(crate) fn looked_at(&self, entries: usize) {
        self.looked_at.fetch_add(entries as u64, Relaxed);
    }

    /// Counts one thing done.
    pub(crate) fn did(&self, kind: Kind) {
        let place = KINDS.iter().position(|(known, _)| *known == kind);
        if let Some(count) = place.and_then(|place| self.done.get(place)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How often something was done so far.
    #[cfg(test)]
    pub(crate) fn count(&self, kind: Kind) -> u64 {
        let place = KINDS.iter().position(|(known, _)| *known == kind).unwrap();
        self.done[place].load(Relaxed)
    }

    /// Counts a pass over all buckets that ended by itself.
    pub(crate) fn passed(&self, now_ms: i64, took: Duration) {
        self.passes.fetch_add(1, Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.took_us.store(us, Relaxed);
        self.finished_ms.store(now_ms, Relaxed);
    }

    /// Counts a bucket that could not be finished.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// Adds the text exposition.
    pub(crate) fn render(&self, out: &mut String) {
        let mut metric = |name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        metric(
            "fosse_lifecycle_actions_total",
            "counter",
            "What lifecycle rules did, by action.",
        );
        for ((_, action), count) in KINDS.iter().zip(&self.done) {
            let n = count.load(Relaxed);
            let _ = writeln!(
                out,
                "fosse_lifecycle_actions_total{{action=\"{action}\"}} {n}"
            );
        }
        let seconds = self.took_us.load(Relaxed) as f64 / 1e6;
        let finished = self.finished_ms.load(Relaxed).div_euclid(1000);
        for (name, kind, help, value) in [
            (
                "fosse_lifecycle_scanned_total",
                "counter",
                "Objects, versions, markers and uploads that lifecycle passes looked at.",
                self.looked_at.load(Relaxed).to_string(),
            ),
            (
                "fosse_lifecycle_passes_total",
                "counter",
                "Finished passes over all buckets.",
                self.passes.load(Relaxed).to_string(),
            ),
            (
                "fosse_lifecycle_failures_total",
                "counter",
                "Buckets that a pass could not finish; the next pass tries again.",
                self.failures.load(Relaxed).to_string(),
            ),
            (
                "fosse_lifecycle_last_pass_duration_seconds",
                "gauge",
                "How long the last finished pass took.",
                seconds.to_string(),
            ),
            (
                "fosse_lifecycle_last_pass_timestamp_seconds",
                "gauge",
                "Server time of the last finished pass.",
                finished.to_string(),
            ),
        ] {
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_what_was_done() {
        let metrics = LifecycleMetrics::default();
        metrics.looked_at(7);
        metrics.did(Kind::Transitioned);
        metrics.did(Kind::Transitioned);
        metrics.did(Kind::Skipped);
        metrics.passed(1_700_000_000_999, Duration::from_millis(1500));
        let mut text = String::new();
        metrics.render(&mut text);
        for line in [
            "fosse_lifecycle_actions_total{action=\"expire\"} 0",
            "fosse_lifecycle_actions_total{action=\"transition\"} 2",
            "fosse_lifecycle_actions_total{action=\"skip_changed\"} 1",
            "fosse_lifecycle_scanned_total 7",
            "fosse_lifecycle_passes_total 1",
            "fosse_lifecycle_last_pass_duration_seconds 1.5",
            "fosse_lifecycle_last_pass_timestamp_seconds 1700000000",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} missing in\n{text}");
        }
    }
}
