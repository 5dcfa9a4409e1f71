//! A connection that notices when its client stops: a peer that takes no byte of a response for too long is cut,
//! and the start of each request head is written down for the watchdog of [`crate::conn`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What happens on one connection, as seen by its IO and its requests.
#[derive(Debug)]
pub(crate) struct Activity {
    base: Instant,
    /// Requests whose response has not ended.
    in_flight: AtomicUsize,
    /// When the connection last became idle, ms after `base`.
    idle_since: AtomicU64,
    /// When the first byte of the next head came, ms after `base` plus one; 0: not yet.
    head_since: AtomicU64,
    /// A request has come.
    used: AtomicBool,
    /// Frames of HTTP/2 come at any time and are no heads.
    multiplexed: AtomicBool,
}

/// What the watchdog should do about a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Fine,
    /// Idle for too long: close it politely.
    Idle,
    /// The head of a request takes too long.
    SlowHead,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            base: Instant::now(),
            in_flight: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            used: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A request head is complete; the guard ends with its response.
    pub(crate) fn begin(self: &Arc<Self>, multiplexed: bool) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        self.used.store(true, Relaxed);
        self.multiplexed.store(multiplexed, Relaxed);
        InFlight(self.clone())
    }

    fn bytes_came(&self) {
        if self.head_since.load(Relaxed) == 0 && self.in_flight.load(Relaxed) == 0 {
            self.head_since.store(self.now() + 1, Relaxed);
        }
    }

    /// Judges the connection at this moment.
    pub(crate) fn judge(&self, head: Duration, idle: Duration) -> Verdict {
        if self.in_flight.load(Relaxed) > 0 {
            return Verdict::Fine;
        }
        let now = self.now();
        let longer =
            |since: u64, limit: Duration| u128::from(now.saturating_sub(since)) > limit.as_millis();
        let started = self.head_since.load(Relaxed);
        if started > 0 && !self.multiplexed.load(Relaxed) && longer(started - 1, head) {
            return Verdict::SlowHead;
        }
        let limit = if self.used.load(Relaxed) { idle } else { head };
        if longer(self.idle_since.load(Relaxed), limit) {
            Verdict::Idle
        } else {
            Verdict::Fine
        }
    }
}

/// A request between its head and the end of its response.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// IO that feeds [`Activity`] and fails with `TimedOut` when a write makes no progress for `patience`.
pub(crate) struct Watched<S> {
    io: S,
    activity: Arc<Activity>,
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    stalled: bool,
}

impl<S> Watched<S> {
    pub(crate) fn new(io: S, activity: Arc<Activity>, patience: Duration) -> Self {
        Self {
            io,
            activity,
            patience,
            timer: None,
            stalled: false,
        }
    }

    /// Turns an endless `Pending` into an error.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = false;
            return progress;
        }
        let patience = self.patience;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if !self.stalled {
            self.stalled = true;
            timer.as_mut().reset(tokio::time::Instant::now() + patience);
        }
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = Pin::new(&mut this.io).poll_read(cx, buf);
        if buf.filled().len() > before {
            this.activity.bytes_came();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.io).poll_write(cx, buf);
        this.judge(cx, progress)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.judge(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.io).poll_flush(cx);
        this.judge(cx, progress)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.io).poll_shutdown(cx);
        this.judge(cx, progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_heads_requests_and_silence() {
        let (head, idle) = (Duration::from_millis(40), Duration::from_millis(400));
        let activity = Activity::new();
        assert_eq!(activity.judge(head, idle), Verdict::Fine);
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(
            activity.judge(head, idle),
            Verdict::Idle,
            "no byte since accept"
        );
        activity.bytes_came();
        let request = activity.begin(false);
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(
            activity.judge(head, idle),
            Verdict::Fine,
            "a request is in flight"
        );
        drop(request);
        assert_eq!(activity.judge(head, idle), Verdict::Fine, "kept alive");
        activity.bytes_came();
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(activity.judge(head, idle), Verdict::SlowHead);
    }
}
