//! Access logs: every request for a bucket whose logging is on becomes a line, and the lines of each hour become an object
//! in the bucket that the owner named (api-buckets.md §6.4).
//!
//! Lines wait in memory, at most [`MOST`] bytes for all buckets together. They are delivered when their hour is over by
//! the server's clock, when a bucket has [`FULL`] bytes of them, and when the server stops. So a crash loses the lines of
//! the hour so far, at most [`FULL`] bytes a bucket; and lines are dropped, and counted, when the store takes them more
//! slowly than they come. What Fosse itself writes, such as the logs, is no request and makes no line.

pub(crate) mod line;

use crate::bucket_config::name;
use crate::deposit::{self, Deposit, DepositError};
use crate::request::Call;
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use fosse_oss::OssError;
use fosse_oss::op::Operation;
use fosse_store::Bucket;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, REFERER, USER_AGENT};
use http::{HeaderMap, StatusCode, Version};
use line::{Ending, Entry, custom_fields, name_time};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes of lines of one bucket that are delivered before their hour is over.
const FULL: usize = 1 << 20;
/// Bytes of lines that wait at once.
const MOST: usize = if cfg!(test) { 8 << 20 } else { 64 << 20 };
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
const HOUR: i64 = 3600;
/// Logs of one bucket and hour: four digits of a name.
const MOST_PARTS: u32 = 10_000;
/// Buckets listed at once.
const BUCKETS: usize = 100;

/// Lines of a bucket of one hour, for one target.
#[derive(Debug, Clone)]
struct Log {
    source: String,
    /// Account that owns the source.
    owner: String,
    target: String,
    prefix: String,
    /// When the hour began, Unix seconds.
    hour: i64,
    lines: Vec<u8>,
}

impl Log {
    fn continues(&self, other: &Log) -> bool {
        self.hour == other.hour
            && self.target == other.target
            && self.prefix == other.prefix
            && self.owner == other.owner
    }
}

#[derive(Debug, Default)]
struct Waiting {
    /// By the number of the source.
    open: HashMap<u64, Log>,
    ready: Vec<Log>,
    bytes: usize,
}

/// The lines that wait, and the counters of the delivery.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    /// Whether any bucket wants lines; while none does, a request costs this one look.
    wanted: AtomicBool,
    waiting: Mutex<Waiting>,
    full: Notify,
    delivered: AtomicU64,
    lines: AtomicU64,
    dropped: AtomicU64,
}

/// A line in the making, for the end of the response.
pub(crate) struct Pending {
    bucket: u64,
    log: Log,
    entry: Entry,
}

impl AccessLog {
    /// Whether requests have to be looked at.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    /// A bucket may have turned its logging on.
    pub(crate) fn want(&self) {
        self.wanted.store(true, Relaxed);
    }

    /// Takes the line of a request that ended.
    pub(crate) fn push(&self, pending: Pending, ending: Ending) {
        let Pending {
            bucket,
            mut log,
            entry,
        } = pending;
        let line = entry.line(ending);
        let mut waiting = self.waiting.lock();
        if waiting.bytes + line.len() > MOST {
            self.dropped.fetch_add(1, Relaxed);
            return;
        }
        waiting.bytes += line.len();
        self.lines.fetch_add(1, Relaxed);
        if let Some(open) = waiting.open.get_mut(&bucket)
            && open.continues(&log)
        {
            open.lines.extend_from_slice(line.as_bytes());
            if open.lines.len() >= FULL {
                let full = waiting.open.remove(&bucket);
                waiting.ready.extend(full);
                self.full.notify_one();
            }
            return;
        }
        log.lines = line.into_bytes();
        let before = waiting.open.insert(bucket, log);
        waiting.ready.extend(before);
    }

    /// Takes out what is to be delivered: full logs, those of hours that are over, and at the end all.
    fn take(&self, now: i64, all: bool) -> Vec<Log> {
        let hour = hour_of(now);
        let mut waiting = self.waiting.lock();
        let mut taken = std::mem::take(&mut waiting.ready);
        // A clock that goes back ends an hour too.
        let over = waiting
            .open
            .extract_if(|_, log| all || log.hour != hour)
            .map(|(_, log)| log);
        taken.extend(over);
        waiting.bytes -= taken.iter().map(|log| log.lines.len()).sum::<usize>();
        taken
    }

    /// Puts back what could not be delivered now.
    fn put_back(&self, log: Log) {
        let mut waiting = self.waiting.lock();
        if waiting.bytes + log.lines.len() > MOST {
            drop(waiting);
            self.lose(&log);
            return;
        }
        waiting.bytes += log.lines.len();
        waiting.ready.push(log);
    }

    fn lose(&self, log: &Log) {
        let lines = log.lines.iter().filter(|byte| **byte == b'\n').count();
        self.dropped.fetch_add(lines as u64, Relaxed);
    }

    /// Adds the text exposition of the counters.
    pub(crate) fn render(&self, out: &mut String) {
        for (name, help, value) in [
            (
                "fosse_access_log_lines_total",
                "Lines taken for the access logs of buckets.",
                &self.lines,
            ),
            (
                "fosse_access_log_objects_total",
                "Access logs delivered as objects.",
                &self.delivered,
            ),
            (
                "fosse_access_log_dropped_lines_total",
                "Lines lost: no room, or no bucket to deliver them to.",
                &self.dropped,
            ),
        ] {
            let value = value.load(Relaxed);
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}"
            );
        }
    }
}

fn hour_of(now: i64) -> i64 {
    now - now.rem_euclid(HOUR)
}

/// The line of a request, if its bucket wants one; all but how the response ends.
pub(crate) async fn pending(
    call: &Call,
    status: StatusCode,
    response: &HeaderMap,
    error: Option<&OssError>,
    growth: i64,
) -> Option<Pending> {
    let name = call.target.bucket.as_deref()?;
    let bucket = call.service.store.bucket(name).await.ok()?;
    if !bucket.configs.contains_key(name::LOGGING) {
        return None;
    }
    let configs = call.service.configs.of(&bucket);
    let target = configs.logging().ok()??;
    let header = |name| call.known_header(name).map(|text| text.into_owned());
    let uri = match call.uri.query() {
        Some(query) => format!("{}?{query}", call.path()),
        None => call.path().to_owned(),
    };
    let heads = call.headers.iter();
    let headers: usize = heads.map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
    let custom = configs.log_fields().ok()?.map(|fields| {
        let headers = fields.headers.iter().flatten();
        let parameters = fields.parameters.iter().flatten();
        custom_fields(
            headers.filter_map(|name| Some((name.as_str(), call.header(name)?))),
            parameters.filter_map(|name| Some((name.as_str(), call.query.get(name)?.into()))),
        )
    });
    let entry = Entry {
        remote: call.client.ip,
        time: call.now(),
        method: call.method.as_str().to_owned(),
        head_bytes: (call.method.as_str().len() + uri.len() + headers + 14) as u64,
        uri,
        protocol: match call.version {
            Version::HTTP_2 => "HTTP/2.0",
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
        referer: header(REFERER),
        user_agent: header(USER_AGENT),
        host: call.host().to_owned(),
        request_id: call.id.as_str().to_owned(),
        requester: call.caller.account().map(str::to_owned),
        operation: call.operation_name(),
        bucket: bucket.name.clone(),
        key: call.target.key.clone(),
        object_size: object_size(call, status, response),
        server_ms: u64::try_from(call.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: error.map(|error| error.code().as_str()),
        owner: bucket.owner.clone(),
        growth,
        custom,
    };
    let log = Log {
        source: bucket.name.clone(),
        owner: bucket.owner.clone(),
        target: target.bucket.clone(),
        prefix: target.prefix.clone(),
        hour: hour_of(call.now()),
        lines: Vec::new(),
    };
    Some(Pending {
        bucket: bucket.id,
        log,
        entry,
    })
}

/// Size of the object that a request read or wrote, where the request or the response says it.
fn object_size(call: &Call, status: StatusCode, response: &HeaderMap) -> Option<u64> {
    let number = |text: &str| text.parse().ok();
    let of_response = |name| response.get(name)?.to_str().ok();
    match call.operation? {
        Operation::GetObject | Operation::HeadObject => match status {
            StatusCode::PARTIAL_CONTENT => number(of_response(CONTENT_RANGE)?.rsplit_once('/')?.1),
            StatusCode::OK => number(of_response(CONTENT_LENGTH)?),
            _ => None,
        },
        Operation::PutObject if status == StatusCode::OK => {
            number(&call.known_header(CONTENT_LENGTH)?)
        }
        _ => None,
    }
}

/// Finds out whether any bucket wants a log. Before the first request is served.
pub(crate) async fn look(service: &Service) {
    let mut after = String::new();
    loop {
        let buckets = match service.store.all_buckets(&after, BUCKETS).await {
            Ok(buckets) => buckets,
            Err(error) => {
                tracing::warn!(%error, "access logs: listing the buckets failed");
                // Better to look at each request for nothing.
                return service.access_log.want();
            }
        };
        let wants = |bucket: &Arc<Bucket>| bucket.configs.contains_key(name::LOGGING);
        if buckets.iter().any(wants) {
            return service.access_log.want();
        }
        match buckets.last() {
            Some(bucket) if buckets.len() == BUCKETS => after.clone_from(&bucket.name),
            _ => return,
        }
    }
}

/// Delivers logs until the shutdown begins; what comes after that is delivered by [`finish`].
pub(crate) async fn run(service: Arc<Service>, signal: Signal) {
    let mut drain = pin!(signal.reached(Phase::Drain));
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = service.access_log.full.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        for log in service.access_log.take(service.clock.now(), false) {
            deliver(&service, log).await;
        }
    }
}

/// Delivers everything, after the last request.
pub(crate) async fn finish(service: &Service) {
    for log in service.access_log.take(service.clock.now(), true) {
        deliver(service, log).await;
    }
}

async fn deliver(service: &Service, log: Log) {
    match write(service, &log).await {
        Ok(key) => {
            service.access_log.delivered.fetch_add(1, Relaxed);
            tracing::debug!(bucket = log.target, key, "delivered an access log");
        }
        Err(error @ (DepositError::NoTarget | DepositError::Exists)) => {
            tracing::warn!(source = log.source, target = log.target, %error, "an access log is lost");
            service.access_log.lose(&log);
        }
        Err(error) => {
            tracing::warn!(source = log.source, %error, "delivering an access log failed");
            service.access_log.put_back(log);
        }
    }
}

/// Writes a log as an object of the next free name.
async fn write(service: &Service, log: &Log) -> Result<String, DepositError> {
    let target = deposit::target(service, &log.target, &log.owner).await?;
    let stem = format!("{}{}{}", log.prefix, log.source, name_time(log.hour));
    for part in 0..MOST_PARTS {
        let key = format!("{stem}-{part:04}");
        let length = Some(log.lines.len() as u64);
        let mut file = Deposit::begin(service, &target, "text/plain", length, None)?;
        file.write(log.lines.clone().into()).await?;
        match file.finish(&key).await {
            Ok(_) => return Ok(key),
            Err(DepositError::Exists) => {}
            Err(error) => return Err(error),
        }
    }
    Err(DepositError::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(bucket: u64, hour: i64, target: &str) -> Pending {
        Pending {
            bucket,
            log: Log {
                source: format!("source-{bucket}"),
                owner: "1".into(),
                target: target.into(),
                prefix: String::new(),
                hour,
                lines: Vec::new(),
            },
            entry: line::sample(),
        }
    }

    const ENDING: Ending = Ending {
        status: 200,
        received: 0,
        sent: 0,
        total_ms: 1,
    };

    #[test]
    fn logs_end_with_their_hour_or_target() {
        let log = AccessLog::default();
        for _ in 0..3 {
            log.push(pending(1, 7200, "t"), ENDING);
        }
        log.push(pending(2, 7200, "t"), ENDING);
        assert!(log.take(7200 + 3599, false).is_empty());
        log.push(pending(1, 7200, "other"), ENDING);
        let taken = log.take(7200, false);
        assert_eq!(taken.len(), 1, "the target changed");
        assert_eq!(taken[0].target, "t");
        assert_eq!(taken[0].lines.iter().filter(|b| **b == b'\n').count(), 3);
        assert_eq!(log.take(10_800, false).len(), 2);
        assert_eq!(log.waiting.lock().bytes, 0);
        log.push(pending(1, 10_800, "t"), ENDING);
        assert_eq!(log.take(10_800, true).len(), 1);
    }

    #[test]
    fn memory_is_bounded() {
        let log = AccessLog::default();
        let long = |bucket| {
            let mut pending = pending(bucket, 0, "t");
            pending.entry.uri = "/u".repeat(1000);
            pending.entry.user_agent = Some("u".repeat(2000));
            pending
        };
        let one = long(0).entry.line(ENDING).len();
        for n in 0..MOST / one + 100 {
            log.push(long(n as u64 % 3), ENDING);
        }
        assert!(log.waiting.lock().bytes <= MOST);
        assert_eq!(log.dropped.load(Relaxed), 100);
        let taken = log.take(0, false);
        assert!(taken.iter().all(|log| log.lines.len() < FULL + one));
        assert!(taken.len() >= MOST / (FULL + one) - 3);
        let whole = Log {
            lines: vec![b'\n'; MOST + 1],
            ..taken[0].clone()
        };
        log.put_back(whole);
        assert_eq!(log.dropped.load(Relaxed), 100 + MOST as u64 + 1);
        log.put_back(taken[0].clone());
        assert_eq!(log.take(0, false).len(), 1);
    }
}
