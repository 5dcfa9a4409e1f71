//! ETags (api-objects.md §0.5): quoted upper-case hex on the wire, compared without quotes and case-insensitively.

/// `"ABC"` for `ABC`.
pub fn quote(etag: &str) -> String { format!("\"{etag}\"") }
/// Whether one of a comma-separated `If-Match`/`If-None-Match` list names `etag`; `*` matches all.
pub fn list_matches(list: &str, etag: &str) -> bool { let _ = (list, etag); todo!() }
