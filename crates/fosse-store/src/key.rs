//! How keys are laid out so that byte order is the order a listing needs. Part of the format: `docs/format.md`.
//!
//! Where an object key is followed by something else it is escaped (`00` → `00 FF`) and ended by `00 00`,
//! which keeps byte order for every byte string, NUL included, and keeps prefixes prefixes.

use crate::version::Order;
use bytes::Bytes;
use std::ops::Bound;

const END: [u8; 2] = [0, 0];

fn escape_into(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
}

/// `text` escaped, without the end mark.
#[cfg(test)]
pub(crate) fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    escape_into(&mut out, text);
    out
}

/// Splits an escaped, ended string from what follows; `None` when it is malformed.
pub(crate) fn unescape(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match rest {
            [0, 0, tail @ ..] => return Some((out, tail)),
            [0, 0xFF, tail @ ..] => {
                out.push(0);
                rest = tail;
            }
            [0, ..] | [] => return None,
            [byte, tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
}

/// The least byte string above every string that begins with `prefix`, if there is one.
pub(crate) fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut out = prefix.to_vec();
    while let Some(last) = out.pop() {
        if last < 0xFF {
            out.push(last + 1);
            return Some(out);
        }
    }
    None
}

/// Upper bound of a scan over `prefix`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Bound<Bytes> {
    match successor(prefix) {
        Some(next) => Bound::Excluded(Bytes::from(next)),
        None => Bound::Unbounded,
    }
}

/// Key of [`Space::BucketStates`](crate::Space), and prefix of everything within a bucket.
pub(crate) fn bucket(id: u64) -> Bytes {
    Bytes::copy_from_slice(&id.to_be_bytes())
}

fn tagged(tag: u8, bucket: u64, name: &str) -> Bytes {
    let mut out = Vec::with_capacity(9 + name.len());
    out.push(tag);
    out.extend_from_slice(&bucket.to_be_bytes());
    out.extend_from_slice(name.as_bytes());
    Bytes::from(out)
}

fn named(tag: u8, name: &str) -> Bytes {
    let mut out = Vec::with_capacity(1 + name.len());
    out.push(tag);
    out.extend_from_slice(name.as_bytes());
    Bytes::from(out)
}

/// Key of a binding in `Domains`.
pub(crate) fn domain(name: &str) -> Bytes {
    named(b'n', name)
}

/// Key of `Domains` for the name that has a certificate.
pub(crate) fn certificate(id: &str) -> Bytes {
    named(b'c', id)
}

/// Prefix of the names of a bucket in `Domains`.
pub(crate) fn bucket_domains(bucket: u64) -> Bytes {
    tagged(b'b', bucket, "")
}

/// Key of one name of a bucket in `Domains`.
pub(crate) fn bucket_domain(bucket: u64, name: &str) -> Bytes {
    tagged(b'b', bucket, name)
}

/// Prefix of the tokens of a bucket in `Domains`.
pub(crate) fn domain_tokens(bucket: u64) -> Bytes {
    tagged(b't', bucket, "")
}

/// Key of a token in `Domains`.
pub(crate) fn domain_token(bucket: u64, name: &str) -> Bytes {
    tagged(b't', bucket, name)
}

/// Key of `Current` and `Heads`: nothing follows the object key, so it needs no escape.
pub(crate) fn object(bucket: u64, key: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(8 + key.len());
    out.extend_from_slice(&bucket.to_be_bytes());
    out.extend_from_slice(key);
    Bytes::from(out)
}

/// Bucket and the beginning of an escaped key: where a range over `Uploads` or `Versions` begins.
pub(crate) fn escaped_start(bucket: u64, key: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + key.len() + 2);
    out.extend_from_slice(&bucket.to_be_bytes());
    escape_into(&mut out, key);
    out
}

/// Prefix of all versions (or uploads) of a key.
pub(crate) fn escaped(bucket: u64, key: &[u8]) -> Vec<u8> {
    let mut out = escaped_start(bucket, key);
    out.extend_from_slice(&END);
    out
}

/// Key of `Versions`. The order is inverted so that the newest comes first.
pub(crate) fn version(bucket: u64, key: &[u8], order: Order) -> Bytes {
    let mut out = escaped(bucket, key);
    out.extend(order.0.iter().map(|byte| !byte));
    Bytes::from(out)
}

/// Key of `Uploads`.
pub(crate) fn upload(bucket: u64, key: &[u8], id: &str) -> Bytes {
    let mut out = escaped(bucket, key);
    out.extend_from_slice(id.as_bytes());
    Bytes::from(out)
}

/// Prefix of an upload's parts.
pub(crate) fn parts(id: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(id.len() + 5);
    out.extend_from_slice(id.as_bytes());
    out.push(0);
    out
}

/// Key of `Parts`.
pub(crate) fn part(id: &str, number: u32) -> Bytes {
    let mut out = parts(id);
    out.extend_from_slice(&number.to_be_bytes());
    Bytes::from(out)
}

/// Key of `Owned`.
pub(crate) fn owned(owner: &str, name: &str) -> Bytes {
    let mut out = owned_prefix(owner);
    out.extend_from_slice(name.as_bytes());
    Bytes::from(out)
}

/// Prefix of an owner's buckets.
pub(crate) fn owned_prefix(owner: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(owner.len() + 66);
    escape_into(&mut out, owner.as_bytes());
    out.extend_from_slice(&END);
    out
}

/// Counter of a bucket.
pub(crate) fn bucket_counter(id: u64) -> Bytes {
    counter(b'b', &id.to_be_bytes())
}

/// Counter of a storage class within a bucket; behind that of the bucket.
pub(crate) fn class_counter(id: u64, class: u8) -> Bytes {
    let mut suffix = id.to_be_bytes().to_vec();
    suffix.push(class);
    counter(b'b', &suffix)
}

/// Counter of an owner: buckets.
pub(crate) fn owner_counter(owner: &str) -> Bytes {
    counter(b'o', owner.as_bytes())
}

/// Counter of a storage group: live bytes, live entries.
pub(crate) fn group_counter(group: u64) -> Bytes {
    counter(b's', &group.to_be_bytes())
}

/// Counter of an upload: changes so far, parts present.
pub(crate) fn upload_counter(id: &str) -> Bytes {
    counter(b'u', id.as_bytes())
}

fn counter(kind: u8, id: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(1 + id.len());
    out.push(kind);
    out.extend_from_slice(id);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key_bytes() -> impl Strategy<Value = Vec<u8>> {
        // Few distinct bytes, so that equal beginnings and NULs are common.
        proptest::collection::vec(
            prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(0xFF)],
            0..6,
        )
    }

    proptest! {
        #[test]
        fn escape_keeps_order(a in key_bytes(), b in key_bytes(), x in key_bytes(), y in key_bytes()) {
            let mut left = escape(&a);
            left.extend_from_slice(&END);
            left.extend_from_slice(&x);
            let mut right = escape(&b);
            right.extend_from_slice(&END);
            right.extend_from_slice(&y);
            let wanted = a.cmp(&b).then_with(|| x.cmp(&y));
            prop_assert_eq!(left.cmp(&right), wanted);
            prop_assert_eq!(unescape(&left), Some((a, x.as_slice())));
        }

        #[test]
        fn escape_keeps_prefixes(a in key_bytes(), b in key_bytes()) {
            prop_assert_eq!(escape(&b).starts_with(&escape(&a)), b.starts_with(&a));
        }

        #[test]
        fn successor_is_the_least_bound(prefix in key_bytes(), other in key_bytes()) {
            match successor(&prefix) {
                Some(next) => {
                    let under = other.starts_with(&prefix);
                    prop_assert_eq!(under, other >= prefix && other < next);
                }
                None => prop_assert!(prefix.iter().all(|byte| *byte == 0xFF)),
            }
        }

        #[test]
        fn newer_versions_sort_first(a: [u8; 16], b: [u8; 16]) {
            let left = version(1, b"k", Order(a));
            let right = version(1, b"k", Order(b));
            prop_assert_eq!(left.cmp(&right), b.cmp(&a));
        }
    }
}
