//! When each request should start.
//!
//! A closed loop alone hides a stall: while the server stands still, no request is sent, so none is
//! late. With a target rate every request has an intended start, fixed beforehand, and its latency
//! counts from there: the requests that a stall held back are all recorded as late
//! ("coordinated omission", corrected by construction and not by estimate).

use std::time::Duration;

/// The schedule of one run, shared by its connections: whichever is free takes the next start.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Nanoseconds between starts; `None`: as soon as a connection is free.
    interval: Option<f64>,
    taken: u64,
}

impl Pace {
    /// `rate`: requests a second over all connections; `None` for a plain closed loop.
    ///
    /// A rate that is not a positive number counts as `None`.
    pub fn new(rate: Option<f64>) -> Self {
        let interval = rate.filter(|r| r.is_finite() && *r > 0.0).map(|r| 1e9 / r);
        Self { interval, taken: 0 }
    }

    /// The intended start of the next request, counted from the start of the run; `None` when it has
    /// no intended start of its own and latency counts from the sending.
    pub fn next_start(&mut self) -> Option<Duration> {
        let at = self.interval? * self.taken as f64;
        self.taken += 1;
        Some(Duration::from_nanos(at as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_evenly_spaced_and_do_not_drift() {
        let mut pace = Pace::new(Some(3.0));
        let starts: Vec<_> = (0..4).map(|_| pace.next_start().unwrap()).collect();
        assert_eq!(starts[0], Duration::ZERO);
        assert_eq!(starts[3], Duration::from_secs(1));
        assert!(starts[1] > Duration::from_millis(333) && starts[1] < Duration::from_millis(334));
        for _ in 4..3_000_000 {
            pace.next_start();
        }
        assert_eq!(pace.next_start(), Some(Duration::from_secs(1_000_000)));
    }

    #[test]
    fn without_a_rate_there_is_no_schedule() {
        for rate in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
            assert_eq!(Pace::new(rate).next_start(), None);
        }
    }
}
