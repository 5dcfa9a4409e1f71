//! The scrubber: now and then, and when the operator asks for it, every byte that is kept is read and compared with the
//! digests of its object. What is broken is told in the log, in the metrics and to `fosse fsck`; nothing is changed.

use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use fosse_store::Scrubbed;
use parking_lot::Mutex;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Most broken things that are kept by name.
const KEPT: usize = 1000;

/// What is known about scrubs.
#[derive(Default)]
pub(crate) struct Scrubber {
    asked: Notify,
    /// A scrub was asked for or is under way.
    busy: AtomicBool,
    objects: AtomicU64,
    bytes: AtomicU64,
    broken: AtomicU64,
    passes: AtomicU64,
    failures: AtomicU64,
    finished_ms: AtomicI64,
    /// Of the scrub that is under way, else of the last one.
    pass: Mutex<Pass>,
}

#[derive(Default)]
struct Pass {
    objects: u64,
    bytes: u64,
    broken: u64,
    named: Vec<Scrubbed>,
    failure: Option<String>,
}

impl Scrubber {
    /// Begins a scrub, unless one is under way; whether it was begun.
    pub(crate) fn ask(&self) -> bool {
        let begun = !self.busy.swap(true, Relaxed);
        if begun {
            self.asked.notify_one();
        }
        begun
    }

    /// The state as JSON, for `fosse fsck`.
    pub(crate) fn state(&self) -> String {
        let pass = self.pass.lock();
        let name = |one: &Scrubbed| {
            serde_json::json!({
                "bucket": one.bucket,
                "key": one.key,
                "version": one.version.map(|version| version.to_string()),
                "problem": one.problem,
            })
        };
        let named: Vec<_> = pass.named.iter().map(name).collect();
        let state = serde_json::json!({
            "running": self.busy.load(Relaxed),
            "passes": self.passes.load(Relaxed),
            "objects": pass.objects,
            "bytes": pass.bytes,
            "broken": pass.broken,
            "named": named,
            "failure": pass.failure,
        });
        state.to_string()
    }

    /// The counters in the text exposition format.
    pub(crate) fn render(&self, out: &mut String) {
        let finished = u64::try_from(self.finished_ms.load(Relaxed) / 1000).unwrap_or(0);
        for (name, kind, help, value) in [
            (
                "objects_total",
                "counter",
                "Object versions and parts that scrubs have read.",
                self.objects.load(Relaxed),
            ),
            (
                "bytes_total",
                "counter",
                "Bytes that scrubs have read.",
                self.bytes.load(Relaxed),
            ),
            (
                "broken_total",
                "counter",
                "Object versions and parts whose bytes were not those that were written.",
                self.broken.load(Relaxed),
            ),
            (
                "passes_total",
                "counter",
                "Scrubs that came to their end.",
                self.passes.load(Relaxed),
            ),
            (
                "failures_total",
                "counter",
                "Scrubs that broke off.",
                self.failures.load(Relaxed),
            ),
            (
                "broken",
                "gauge",
                "What the last scrub, or the one under way, found broken.",
                self.pass.lock().broken,
            ),
            (
                "finished_timestamp_seconds",
                "gauge",
                "When the last scrub ended, Unix time; 0 before the first.",
                finished,
            ),
        ] {
            let _ = writeln!(out, "# HELP fosse_scrub_{name} {help}");
            let _ = writeln!(out, "# TYPE fosse_scrub_{name} {kind}");
            let _ = writeln!(out, "fosse_scrub_{name} {value}");
        }
    }

    fn count(&self, one: Scrubbed) {
        self.objects.fetch_add(1, Relaxed);
        self.bytes.fetch_add(one.bytes, Relaxed);
        let mut pass = self.pass.lock();
        pass.objects += 1;
        pass.bytes += one.bytes;
        let Some(problem) = &one.problem else { return };
        self.broken.fetch_add(1, Relaxed);
        let version = one.version.map(|version| version.to_string());
        let version = version.unwrap_or_default();
        tracing::error!(
            bucket = one.bucket,
            key = one.key,
            version,
            problem,
            "broken object"
        );
        pass.broken += 1;
        if pass.named.len() < KEPT {
            pass.named.push(one);
        }
    }
}

/// Scrubs until the shutdown begins.
pub(crate) async fn run(service: Arc<Service>, signal: Signal) {
    let interval = i64::try_from(service.config.scrub_interval.as_millis()).unwrap_or(i64::MAX);
    let mut drain = pin!(signal.reached(Phase::Drain));
    let mut last = service.clock.now_ms();
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = service.scrubber.asked.notified() => {}
            () = tokio::time::sleep(LOOK) => {
                let due = interval > 0 && service.clock.now_ms().saturating_sub(last) >= interval;
                if !due || service.scrubber.busy.swap(true, Relaxed) {
                    continue;
                }
            }
        }
        tokio::select! {
            () = drain.as_mut() => return,
            () = pass(&service) => {}
        }
        last = service.clock.now_ms();
    }
}

async fn pass(service: &Service) {
    let scrubber = &service.scrubber;
    *scrubber.pass.lock() = Pass::default();
    let pace = service.config.scrub_bytes_per_second.max(1);
    let (started, mut read) = (Instant::now(), 0u64);
    let mut scrub = service.store.scrub();
    let failure = loop {
        match scrub.next().await {
            Ok(Some(one)) => {
                read += one.bytes;
                scrubber.count(one);
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
        // Not more than so many bytes a second, so that those who are served hardly notice.
        let due = Duration::from_secs_f64(read as f64 / pace as f64);
        let ahead = due.saturating_sub(started.elapsed());
        if ahead > Duration::from_millis(5) {
            tokio::time::sleep(ahead).await;
        }
    };
    match &failure {
        None => {
            scrubber.passes.fetch_add(1, Relaxed);
            scrubber.finished_ms.store(service.clock.now_ms(), Relaxed);
        }
        Some(reason) => {
            tracing::warn!(reason, "a scrub broke off");
            scrubber.failures.fetch_add(1, Relaxed);
        }
    }
    scrubber.pass.lock().failure = failure;
    scrubber.busy.store(false, Relaxed);
}
