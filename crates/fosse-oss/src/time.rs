//! The date forms of the protocol, to and from Unix seconds. Pure calendar arithmetic.

/// `Wed, 21 Oct 2026 07:28:00 GMT`.
pub fn format_http(unix: i64) -> String { let _ = unix; todo!() }
/// RFC 1123 GMT (also accepts RFC 850 and asctime forms as RFC 9110 asks); `None` when not a date.
pub fn parse_http(text: &str) -> Option<i64> { let _ = text; todo!() }
/// `20240115T083045Z`.
pub fn format_compact(unix: i64) -> String { let _ = unix; todo!() }
/// Exactly `YYYYMMDDTHHMMSSZ`.
pub fn parse_compact(text: &str) -> Option<i64> { let _ = text; todo!() }
/// `2026-10-21T07:28:00.000Z`: literal three zeros, as the SDKs parse it.
pub fn format_iso_millis(unix: i64) -> String { let _ = unix; todo!() }
/// ISO 8601 UTC, with or without fraction, `Z` required; whole seconds.
pub fn parse_iso(text: &str) -> Option<i64> { let _ = text; todo!() }
