//! How many sessions an account may begin in a second.

use parking_lot::Mutex;
use std::collections::HashMap;

/// A bucket of tokens per account.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: i64,
}

impl Throttle {
    /// Takes one of `per_second` tokens of an account (a second's worth may be saved up); `false` when there is none. 0 is no
    /// limit.
    pub(crate) fn take(&self, account: &str, per_second: u32, now_ms: i64) -> bool {
        if per_second == 0 {
            return true;
        }
        let most = f64::from(per_second);
        let mut buckets = self.0.lock();
        let full = Bucket {
            tokens: most,
            at_ms: now_ms,
        };
        let bucket = match buckets.get_mut(account) {
            Some(bucket) => bucket,
            None => buckets.entry(account.to_owned()).or_insert(full),
        };
        // A clock that was set back gives nothing and takes nothing.
        let passed = (now_ms - bucket.at_ms).clamp(0, 1000);
        bucket.tokens = (bucket.tokens + most * passed as f64 / 1000.0).min(most);
        bucket.at_ms = now_ms;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_gives_so_many() {
        let throttle = Throttle::default();
        let taken = |now_ms| (0..50).filter(|_| throttle.take("a", 10, now_ms)).count();
        assert_eq!(taken(1_000), 10);
        assert_eq!(taken(1_000), 0);
        assert_eq!(taken(1_500), 5);
        assert_eq!(taken(60_000), 10);
        assert_eq!(taken(10), 0, "a clock set back");
        assert!(throttle.take("b", 10, 1_000));
        assert!((0..1000).all(|_| throttle.take("c", 0, 1)));
    }
}
