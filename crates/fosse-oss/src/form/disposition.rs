//! Parameters of `Content-Disposition` and `Content-Type` (RFC 7578 §4.2, RFC 2045 §5.1).

use crate::encode;
use std::borrow::Cow;

/// The parameters after the first `;`, names in lower case, in order. A parameter without `=` is left out.
///
/// In quoted text `\"` and `\\` stand for the second character, and any other backslash for itself, as some browsers
/// send whole Windows paths.
pub(super) fn parameters(value: &str) -> Vec<(String, Cow<'_, str>)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        // A parameter that has no value: what counts begins after it.
        let name = name.rsplit(';').next().unwrap_or(name).trim();
        let after = after.trim_start();
        let (text, left) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (text, left) = after.split_once(';').unwrap_or((after, ""));
                (Cow::Borrowed(text.trim()), left)
            }
        };
        found.push((name.to_ascii_lowercase(), text));
        rest = left;
    }
    found
}

/// The text up to the closing quote, and what follows the next `;`. Without a closing quote everything is text.
fn unquote(quoted: &str) -> (Cow<'_, str>, &str) {
    let mut escaped = false;
    let mut plain = true;
    let end = quoted.char_indices().find(|&(_, c)| {
        let closing = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        plain &= c != '\\';
        closing
    });
    let (text, after) = match end {
        Some((at, _)) => (
            quoted.get(..at).unwrap_or_default(),
            quoted.get(at + 1..).unwrap_or_default(),
        ),
        None => (quoted, ""),
    };
    let left = after.split_once(';').map_or("", |(_, left)| left);
    if plain {
        return (Cow::Borrowed(text), left);
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\'
            && let Some(next) = characters.next_if(|next| matches!(next, '"' | '\\'))
        {
            out.push(next);
        } else {
            out.push(character);
        }
    }
    (Cow::Owned(out), left)
}

/// The value of `filename*`: `UTF-8''` and percent-encoded text (RFC 8187). `None` for anything else.
pub(super) fn extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let (charset, _, text) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let bytes = encode::decode_path(text).ok()?;
    String::from_utf8(bytes.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, String)> {
        parameters(value)
            .into_iter()
            .map(|(name, text)| (name, text.into_owned()))
            .collect()
    }

    #[test]
    fn parameters_are_read_as_browsers_and_libraries_write_them() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        };
        for (value, wanted) in [
            ("form-data", &[][..]),
            (r#"form-data; name="key""#, &[("name", "key")]),
            ("form-data; name=key", &[("name", "key")]),
            (
                r#"form-data; NAME = "a;b=c" ; filename="x\"y.txt""#,
                &[("name", "a;b=c"), ("filename", "x\"y.txt")],
            ),
            (
                r#"form-data; name="file"; filename="C:\dir\new.txt""#,
                &[("name", "file"), ("filename", r"C:\dir\new.txt")],
            ),
            (r#"form-data; name="a\\b""#, &[("name", r"a\b")]),
            (r#"form-data; name="open"#, &[("name", "open")]),
            (r#"form-data; flag; name="a""#, &[("name", "a")]),
            (
                "form-data; name=\"中\"; filename*=UTF-8''%E4%B8%AD",
                &[("name", "中"), ("filename*", "UTF-8''%E4%B8%AD")],
            ),
        ] {
            assert_eq!(read(value), pairs(wanted), "{value}");
        }
    }

    #[test]
    fn extended_values_are_utf_8_only() {
        assert_eq!(
            extended("utf-8'en'%E4%B8%AD.txt").as_deref(),
            Some("中.txt")
        );
        for other in ["ISO-8859-1''a", "UTF-8'a", "a", "UTF-8''%FF", "UTF-8''%"] {
            assert_eq!(extended(other), None, "{other}");
        }
    }
}
