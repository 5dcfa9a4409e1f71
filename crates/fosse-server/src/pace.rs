//! `x-oss-traffic-limit`: the speed that a request asks for itself (access-control.md §8.2).

use crate::request::Call;
use fosse_oss::OssError;
use fosse_oss::header::traffic_limit;
use http::header::HeaderName;
use std::future::{Future, poll_fn};
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

const TRAFFIC_LIMIT: HeaderName = HeaderName::from_static("x-oss-traffic-limit");
/// What may be sent at once when the request was slower than it may for a while.
const BURST: Duration = Duration::from_millis(100);
/// Time between two looks at the clock, as a part of a second: how much may go at once.
const PIECES_A_SECOND: usize = 20;
/// Fewest and most bytes that go at once.
const PIECE: RangeInclusive<usize> = 4 * 1024..=64 * 1024;

/// The limit of a request in bits a second, read once. Errors: 400 `InvalidArgument`.
pub(crate) fn limit(call: &Call) -> Result<Option<u64>, OssError> {
    if let Some(known) = call.traffic_limit.get() {
        return Ok(*known);
    }
    let header = call.known_header(TRAFFIC_LIMIT);
    let limit = traffic_limit(header.as_deref(), call.query.get("x-oss-traffic-limit"))?;
    Ok(*call.traffic_limit.get_or_init(|| limit))
}

/// Spreads bytes over time. Only body bytes count.
pub(crate) struct Pace {
    bytes_per_second: f64,
    piece: usize,
    /// When the next piece may go.
    next: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// `bits` a second.
    pub(crate) fn new(bits: u64) -> Self {
        let bytes_per_second = (bits.max(8) / 8) as f64;
        let piece =
            (bytes_per_second as usize / PIECES_A_SECOND).clamp(*PIECE.start(), *PIECE.end());
        Self {
            bytes_per_second,
            piece,
            // A piece goes when its time has passed, the first one too: so the last one ends the time that all of them take.
            next: Instant::now() + Duration::from_secs_f64(piece as f64 / bytes_per_second),
            timer: None,
        }
    }

    /// Most bytes that may go in one turn.
    pub(crate) fn piece(&self) -> usize {
        self.piece
    }

    /// Ready when the next piece may go.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.next {
            return Poll::Ready(());
        }
        let next = self.next;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        timer.as_mut().poll(cx)
    }

    /// Waits until the next piece may go.
    pub(crate) async fn turn(&mut self) {
        poll_fn(|cx| self.poll_turn(cx)).await;
    }

    /// Counts bytes that went.
    pub(crate) fn spent(&mut self, bytes: usize) {
        let now = Instant::now();
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        self.next =
            self.next.max(earliest) + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_average_is_the_limit_and_idleness_saves_up_no_more_than_the_burst() {
        let mut pace = Pace::new(8_000_000);
        let started = Instant::now();
        for _ in 0..50 {
            pace.turn().await;
            pace.spent(10_000);
        }
        pace.turn().await;
        let took = started.elapsed();
        assert!(
            took >= Duration::from_millis(495),
            "500,000 bytes at 1,000,000 a second: {took:?}"
        );
        tokio::time::sleep(Duration::from_millis(400)).await;
        let started = Instant::now();
        for _ in 0..20 {
            pace.turn().await;
            pace.spent(10_000);
        }
        pace.turn().await;
        let took = started.elapsed();
        assert!(
            took >= Duration::from_millis(95),
            "200,000 bytes, 100,000 of them saved up: {took:?}"
        );
    }
}
