//! Lifecycle rules at work: objects that expire, change their class, noncurrent versions, lonely delete markers and
//! forgotten uploads (api-buckets.md §6.1).
//!
//! A pass over all buckets begins after each start, with each day (UTC), and at the latest when
//! [`Config::lifecycle_interval`](crate::Config::lifecycle_interval) has passed by the server's clock. It runs on a
//! thread of its own and rests as much as it works, so that those who are served hardly notice.

pub(crate) mod announce;
mod compile;
pub(crate) mod metrics;
pub(crate) mod pass;
pub(crate) mod rules;

pub(crate) use compile::compile;

use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use fosse_store::Bucket;
use pass::Pass;
use rules::DAY_MS;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Buckets listed at once.
const BUCKETS: usize = 100;

/// Carries out lifecycle rules until the shutdown begins.
pub(crate) async fn run(service: Arc<Service>, signal: Signal) {
    let interval = service.config.lifecycle_interval;
    if interval.is_zero() {
        return;
    }
    let mut drain = pin!(signal.reached(Phase::Drain));
    let mut last: Option<i64> = None;
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now_ms = service.clock.now_ms();
        if !is_due(last, now_ms, interval) {
            continue;
        }
        let (worker, stop) = (service.clone(), signal.clone());
        let runtime = tokio::runtime::Handle::current();
        let (finished, end) = oneshot::channel();
        // A batch of records is read and judged in one go: not on a thread that others wait for, nor before what they ask for.
        let pass = std::thread::Builder::new().name("fosse-lifecycle".into());
        let begun = pass.spawn(move || {
            fosse_store::work_in_background();
            runtime.block_on(pass_over_all(&worker, &stop, now_ms));
            let _ = finished.send(());
        });
        // Dropped without a word by a thread that panicked or that there is not.
        if begun.is_err() || end.await.is_err() {
            tracing::error!("a lifecycle pass broke down");
            service.metrics.lifecycle.failed();
        }
        last = Some(now_ms);
    }
}

/// Whether the next pass is to begin.
fn is_due(last: Option<i64>, now_ms: i64, interval: Duration) -> bool {
    let Some(last) = last else {
        return true;
    };
    let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
    last.div_euclid(DAY_MS) != now_ms.div_euclid(DAY_MS)
        || now_ms.saturating_sub(last) >= interval
        || now_ms < last
}

async fn pass_over_all(service: &Service, signal: &Signal, now_ms: i64) {
    let started = Instant::now();
    let stop = || signal.phase() > Phase::Run;
    // Rules by access time look at what is written down.
    service.accesses.flush(&service.store).await;
    let mut after = String::new();
    loop {
        let buckets = match service.store.all_buckets(&after, BUCKETS).await {
            Ok(buckets) => buckets,
            Err(error) => {
                tracing::warn!(%error, "lifecycle: listing the buckets failed");
                service.metrics.lifecycle.failed();
                return;
            }
        };
        for bucket in &buckets {
            pass_over(service, bucket, now_ms, &stop).await;
            if stop() {
                return;
            }
        }
        match buckets.last() {
            Some(bucket) if buckets.len() == BUCKETS => after.clone_from(&bucket.name),
            _ => break,
        }
    }
    service.metrics.lifecycle.passed(now_ms, started.elapsed());
}

/// One bucket. What goes wrong with it is told to the log and does not stop the others.
async fn pass_over(
    service: &Service,
    bucket: &Bucket,
    now_ms: i64,
    stop: &(dyn Fn() -> bool + Sync),
) {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::warn!(bucket = bucket.name, %error, "a lifecycle pass failed");
        service.metrics.lifecycle.failed();
    };
    let configs = service.configs.of(bucket);
    let (rules, monitored) = match (configs.lifecycle_rules(), configs.monitors_access()) {
        (Ok(Some(rules)), Ok(monitored)) if !rules.is_empty() => (rules, monitored),
        (Err(error), _) | (_, Err(error)) => return failed(&error),
        _ => return,
    };
    let pass = Pass {
        store: &service.store,
        bucket,
        rules,
        now_ms,
        monitored,
        retained_ms: None,
        metrics: &service.metrics.lifecycle,
        stop,
        rest: true,
    };
    if let Err(error) = pass.run().await {
        failed(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_begin_with_each_day_and_each_interval() {
        let hour = Duration::from_secs(3600);
        let noon = 100 * DAY_MS + DAY_MS / 2;
        for (last, now, interval, due) in [
            (None, noon, hour, true),
            (Some(noon), noon, hour, false),
            (Some(noon), noon + 3_599_999, hour, false),
            (Some(noon), noon + 3_600_000, hour, true),
            (Some(noon), noon + DAY_MS / 2 - 1, 48 * hour, false),
            (Some(noon), noon + DAY_MS / 2, 48 * hour, true),
            (Some(noon), noon + 365 * DAY_MS, 48 * hour, true),
            (Some(noon), noon - 1, hour, true),
        ] {
            assert_eq!(is_due(last, now, interval), due, "{last:?} {now}");
        }
    }
}
