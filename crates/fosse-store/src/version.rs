//! Version ids: unique, ordered by time, 64 characters of text.

use crate::error::{Result, StoreError};
use md5::{Digest, Md5};
use std::fmt;

/// Version of an object. Text form: `null`, or exactly 64 URL-safe characters whose order is the order of
/// the versions. `Null` is what objects have that were written while versioning was off or suspended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum VersionId {
    /// The version without an id.
    Null,
    /// An id; bytes in order of time.
    Id([u8; 16]),
}

impl VersionId {
    /// Reads the text form. `None` when the text is neither `null` nor a well-formed id (whose second half
    /// is a checksum of the first, so that a mistyped id is told apart from an unknown one).
    pub fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(VersionId::Null);
        }
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0u8; 32];
        for (out, pair) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
            *out = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
        }
        let (id, check) = bytes.split_first_chunk::<16>()?;
        (check == checksum(id)).then_some(VersionId::Id(*id))
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionId::Null => f.write_str("null"),
            VersionId::Id(id) => id
                .iter()
                .chain(&checksum(id))
                .try_for_each(|byte| write!(f, "{byte:02X}")),
        }
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn checksum(id: &[u8; 16]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update(b"fosse version");
    hash.update(id);
    hash.finalize().into()
}

/// Place of a version among those of its key: milliseconds (6 bytes), tie-breaker (2), random (8).
/// Null versions have one too, though no id shows it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub(crate) struct Order(pub(crate) [u8; 16]);

impl Order {
    /// A place after `latest`, by the clock when that is later.
    pub(crate) fn after(now_ms: i64, latest: Option<Order>) -> Result<Order> {
        let mut random = [0u8; 8];
        fill_random(&mut random)?;
        let clock = u64::try_from(now_ms).unwrap_or(0) << 16;
        let floor = match latest {
            Some(Order([a, b, c, d, e, f, g, h, ..])) => {
                u64::from_be_bytes([a, b, c, d, e, f, g, h]).saturating_add(1)
            }
            None => 0,
        };
        let head = clock.max(floor).to_be_bytes();
        let mut order = [0u8; 16];
        order[..8].copy_from_slice(&head);
        order[8..].copy_from_slice(&random);
        Ok(Order(order))
    }
}

/// Fills `out` from the operating system's source.
pub(crate) fn fill_random(out: &mut [u8]) -> Result<()> {
    getrandom::fill(out)
        .map_err(|error| StoreError::Io(std::io::Error::other(format!("random source: {error}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_null_or_64_characters() {
        assert_eq!(VersionId::Null.to_string(), "null");
        let text = VersionId::Id([7; 16]).to_string();
        assert_eq!(text.len(), 64);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        for bad in [
            "",
            "Null",
            "NULL",
            &text[1..],
            &format!("{text}0"),
            &text.to_lowercase(),
        ] {
            assert_eq!(VersionId::parse(bad), None, "{bad}");
        }
        // 64 bytes that are not 64 characters must not be cut in the middle of one.
        assert_eq!(VersionId::parse(&"é".repeat(32)), None);
    }

    proptest! {
        #[test]
        fn text_reads_back_and_keeps_order(a: [u8; 16], b: [u8; 16]) {
            let (x, y) = (VersionId::Id(a), VersionId::Id(b));
            prop_assert_eq!(VersionId::parse(&x.to_string()), Some(x));
            prop_assert_eq!(x.to_string().cmp(&y.to_string()), a.cmp(&b));
        }

        #[test]
        fn an_altered_id_is_malformed(id: [u8; 16], at in 0usize..64, digit in "[0-9A-F]") {
            let mut text = VersionId::Id(id).to_string();
            prop_assume!(text[at..=at] != digit);
            text.replace_range(at..=at, &digit);
            prop_assert_eq!(VersionId::parse(&text), None);
        }

        #[test]
        fn orders_ascend_even_when_the_clock_goes_back(clocks in proptest::collection::vec(-5i64..5, 1..20)) {
            let mut latest = None;
            for now in clocks {
                let next = Order::after(now, latest).unwrap();
                prop_assert!(Some(next) > latest);
                latest = Some(next);
            }
        }
    }
}
