//! ETags (api-objects.md §0.5): quoted upper-case hex on the wire, compared without quotes and case-insensitively.

/// `"ABC"` for `ABC`.
pub fn quote(etag: &str) -> String {
    // By hand: every answer about an object has one, and the formatting machinery costs several times as much.
    let mut quoted = String::with_capacity(etag.len() + 2);
    quoted.push('"');
    quoted.push_str(etag);
    quoted.push('"');
    quoted
}

/// The text inside the quotes, without spaces around and without a weak mark (`W/`). Quotes are optional.
pub fn unquote(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("W/").unwrap_or(text);
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

/// Whether one of a comma-separated `If-Match`/`If-None-Match` list names `etag`; `*` matches all.
pub fn list_matches(list: &str, etag: &str) -> bool {
    let etag = unquote(etag);
    list.split(',')
        .map(str::trim)
        .any(|one| one == "*" || unquote(one).eq_ignore_ascii_case(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_match_without_quotes_and_case() {
        let etag = "F2064A169EE92E9775EE5324D0B1682E-3";
        for list in [
            "*",
            " * ",
            "\"F2064A169EE92E9775EE5324D0B1682E-3\"",
            "f2064a169ee92e9775ee5324d0b1682e-3",
            "W/\"F2064A169EE92E9775EE5324D0B1682E-3\"",
            "\"A\", \"F2064A169EE92E9775EE5324D0B1682E-3\" ,B",
        ] {
            assert!(list_matches(list, etag), "{list}");
            assert!(list_matches(list, &quote(etag)), "{list}");
        }
        for list in [
            "",
            "\"\"",
            "\"F2064A169EE92E9775EE5324D0B1682E\"",
            "\"*\"",
            ",",
        ] {
            assert!(!list_matches(list, etag), "{list}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(quote("AB"), "\"AB\"");
        assert_eq!(unquote(" \"AB\" "), "AB");
        assert_eq!(unquote("AB"), "AB");
        assert_eq!(unquote("\""), "");
    }
}
