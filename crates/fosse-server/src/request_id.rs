//! Request ids: 24 upper-case hex digits, the first 8 the Unix time (errors.md §1).

use http::HeaderValue;
use std::sync::atomic::{AtomicU64, Ordering};

/// An id of one request, also written into error bodies and the access log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestId([u8; 24]);

impl RequestId {
    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits as a header value.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Source of ids. Within one process no id repeats: a counter goes through a bijection, so the last 16 digits are
/// distinct for 2^64 requests; between processes the random start and the time keep them apart.
#[derive(Debug)]
pub(crate) struct RequestIds {
    next: AtomicU64,
}

impl RequestIds {
    /// Starts at a random point.
    pub(crate) fn new() -> Self {
        let mut seed = [0; 8];
        if getrandom::fill(&mut seed).is_err() {
            // Ids need to be distinct, not secret: the clock will do.
            let nanos = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_nanos());
            seed = (nanos as u64).to_le_bytes();
        }
        Self {
            next: AtomicU64::new(u64::from_le_bytes(seed)),
        }
    }

    /// The next id at `now` (Unix seconds).
    pub(crate) fn next(&self, now: i64) -> RequestId {
        let tail = mix(self.next.fetch_add(1, Ordering::Relaxed));
        let mut digits = [0; 24];
        let (head, rest) = digits.split_at_mut(8);
        hex(now as u32 as u64, head);
        hex(tail, rest);
        RequestId(digits)
    }
}

/// Fills `out` with the low digits of `value`, most significant first.
fn hex(value: u64, out: &mut [u8]) {
    let count = out.len();
    for (i, digit) in out.iter_mut().enumerate() {
        let nibble = (value >> (4 * (count - 1 - i))) & 15;
        *digit = b"0123456789ABCDEF"
            .get(nibble as usize)
            .copied()
            .unwrap_or(b'0');
    }
}

/// A bijection on 64 bits that makes neighbours look unrelated (the finalizer of SplitMix64).
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_24_digits_with_the_time_in_front() {
        let id = RequestIds::new().next(0x5CAC_0FEA);
        assert_eq!(id.as_str().len(), 24);
        assert!(id.as_str().starts_with("5CAC0FEA"));
        assert!(
            id.as_str()
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
        );
        assert_eq!(id.header().as_bytes(), id.as_str().as_bytes());
    }

    #[test]
    fn a_million_ids_are_distinct() {
        let ids = RequestIds::new();
        let mut seen = HashSet::with_capacity(1_000_000);
        assert!((0..1_000_000).all(|_| seen.insert(ids.next(1_700_000_000))));
    }
}
