//! Counters of the service and their Prometheus text. Atomics and two small maps; nothing in them names a bucket,
//! a key or a caller.

use crate::lifecycle::metrics::LifecycleMetrics;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the latency buckets in microseconds.
const BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000, 30_000_000,
];

/// The registry.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// By operation name and status.
    requests: RwLock<BTreeMap<(&'static str, u16), AtomicU64>>,
    /// Refusals with an authentication or authorization code, by code and EC.
    refusals: RwLock<BTreeMap<(&'static str, &'static str), AtomicU64>>,
    buckets: [AtomicU64; BOUNDS_US.len()],
    duration_us: AtomicU64,
    answered: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) connections_total: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) swept_bytes: AtomicU64,
    pub(crate) lifecycle: LifecycleMetrics,
}

impl Metrics {
    /// Counts one answered request.
    pub(crate) fn request(
        &self,
        operation: &'static str,
        status: u16,
        took: Duration,
        bytes_in: u64,
        bytes_out: u64,
    ) {
        bump(&self.requests, (operation, status));
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BOUNDS_US
            .iter()
            .position(|bound| us <= *bound)
            .and_then(|i| self.buckets.get(i))
        {
            bucket.fetch_add(1, Relaxed);
        }
        self.duration_us.fetch_add(us, Relaxed);
        self.answered.fetch_add(1, Relaxed);
        self.bytes_in.fetch_add(bytes_in, Relaxed);
        self.bytes_out.fetch_add(bytes_out, Relaxed);
    }

    /// Counts one refusal by the rule that made it.
    pub(crate) fn refusal(&self, code: &'static str, ec: &'static str) {
        bump(&self.refusals, (code, ec));
    }

    /// The text exposition format, version 0.0.4.
    pub(crate) fn render(&self, store_healthy: bool) -> String {
        let mut out = String::with_capacity(4096);
        metric(
            &mut out,
            "fosse_requests_total",
            "counter",
            "Requests by operation and status.",
        );
        for ((operation, status), count) in self.requests.read().iter() {
            let n = count.load(Relaxed);
            let _ = writeln!(
                out,
                "fosse_requests_total{{operation=\"{operation}\",status=\"{status}\"}} {n}"
            );
        }
        metric(
            &mut out,
            "fosse_request_duration_seconds",
            "histogram",
            "Time from the request head to the last byte of the response.",
        );
        let mut below = 0;
        for (bound, bucket) in BOUNDS_US.iter().zip(&self.buckets) {
            below += bucket.load(Relaxed);
            let le = *bound as f64 / 1e6;
            let _ = writeln!(
                out,
                "fosse_request_duration_seconds_bucket{{le=\"{le}\"}} {below}"
            );
        }
        let answered = self.answered.load(Relaxed);
        let sum = self.duration_us.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(
            out,
            "fosse_request_duration_seconds_bucket{{le=\"+Inf\"}} {answered}"
        );
        let _ = writeln!(out, "fosse_request_duration_seconds_sum {sum}");
        let _ = writeln!(out, "fosse_request_duration_seconds_count {answered}");
        metric(
            &mut out,
            "fosse_auth_refusals_total",
            "counter",
            "Requests refused by authentication or authorization, by error code and EC.",
        );
        for ((code, ec), count) in self.refusals.read().iter() {
            let n = count.load(Relaxed);
            let _ = writeln!(
                out,
                "fosse_auth_refusals_total{{code=\"{code}\",ec=\"{ec}\"}} {n}"
            );
        }
        for (name, kind, help, value) in [
            (
                "fosse_received_bytes_total",
                "counter",
                "Request body bytes.",
                &self.bytes_in,
            ),
            (
                "fosse_sent_bytes_total",
                "counter",
                "Response body bytes.",
                &self.bytes_out,
            ),
            (
                "fosse_connections",
                "gauge",
                "Open connections.",
                &self.connections,
            ),
            (
                "fosse_connections_total",
                "counter",
                "Accepted connections.",
                &self.connections_total,
            ),
            (
                "fosse_connections_refused_total",
                "counter",
                "Connections turned away because the limit was reached.",
                &self.connections_refused,
            ),
            (
                "fosse_store_swept_bytes_total",
                "counter",
                "Bytes that background sweeps gave back.",
                &self.swept_bytes,
            ),
        ] {
            metric(&mut out, name, kind, help);
            let _ = writeln!(out, "{name} {}", value.load(Relaxed));
        }
        self.lifecycle.render(&mut out);
        metric(
            &mut out,
            "fosse_store_healthy",
            "gauge",
            "1 while the store accepts writes.",
        );
        let _ = writeln!(out, "fosse_store_healthy {}", u8::from(store_healthy));
        metric(
            &mut out,
            "fosse_build_info",
            "gauge",
            "Version of the server.",
        );
        let _ = writeln!(
            out,
            "fosse_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        );
        out
    }
}

fn metric(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Adds one to `key`. The write lock is taken once per key in the life of the process.
fn bump<K: Ord + Copy>(map: &RwLock<BTreeMap<K, AtomicU64>>, key: K) {
    if let Some(count) = map.read().get(&key) {
        count.fetch_add(1, Relaxed);
        return;
    }
    map.write().entry(key).or_default().fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_counts_what_was_seen() {
        let metrics = Metrics::default();
        metrics.request("GetObject", 200, Duration::from_micros(300), 0, 4096);
        metrics.request("GetObject", 200, Duration::from_secs(60), 0, 1);
        metrics.request("PutObject", 403, Duration::from_micros(50), 7, 0);
        metrics.refusal("AccessDenied", "0003-00000001");
        let text = metrics.render(true);
        for line in [
            "fosse_requests_total{operation=\"GetObject\",status=\"200\"} 2",
            "fosse_requests_total{operation=\"PutObject\",status=\"403\"} 1",
            "fosse_request_duration_seconds_bucket{le=\"0.0001\"} 1",
            "fosse_request_duration_seconds_bucket{le=\"0.0005\"} 2",
            "fosse_request_duration_seconds_bucket{le=\"30\"} 2",
            "fosse_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "fosse_request_duration_seconds_count 3",
            "fosse_auth_refusals_total{code=\"AccessDenied\",ec=\"0003-00000001\"} 1",
            "fosse_received_bytes_total 7",
            "fosse_sent_bytes_total 4097",
            "fosse_store_healthy 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} missing in\n{text}");
        }
    }
}
