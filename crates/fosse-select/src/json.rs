//! JSON values as they stand in an object: members keep their order, numbers their digits.

use std::fmt::Write as _;

/// Deepest nesting.
pub(crate) const MAX_DEPTH: usize = 128;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// One value with blanks around it; `None` for anything else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            rest: std::str::from_utf8(bytes).ok()?,
        };
        let value = reader.value(MAX_DEPTH)?;
        reader.blanks();
        reader.rest.is_empty().then_some(value)
    }

    /// Without blanks; a slash is escaped, as the public service does.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The member of an object.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The element of an array.
    pub(crate) fn element(&self, at: usize) -> Option<&Self> {
        match self {
            Self::Array(items) => items.get(at),
            _ => None,
        }
    }
}

/// A JSON string.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        self.blanks();
        match self.rest.as_bytes().first()? {
            b'n' => self.take("null").map(|()| Json::Null),
            b't' => self.take("true").map(|()| Json::Bool(true)),
            b'f' => self.take("false").map(|()| Json::Bool(false)),
            b'"' => self.text().map(Json::Text),
            b'[' => {
                self.take("[")?;
                let mut items = Vec::new();
                self.blanks();
                if self.take("]").is_some() {
                    return Some(Json::Array(items));
                }
                loop {
                    items.push(self.value(depth)?);
                    self.blanks();
                    if self.take(",").is_none() {
                        self.take("]")?;
                        return Some(Json::Array(items));
                    }
                }
            }
            b'{' => {
                self.take("{")?;
                let mut members = Vec::new();
                self.blanks();
                if self.take("}").is_some() {
                    return Some(Json::Object(members));
                }
                loop {
                    self.blanks();
                    let name = self.text()?;
                    self.blanks();
                    self.take(":")?;
                    members.push((name, self.value(depth)?));
                    self.blanks();
                    if self.take(",").is_none() {
                        self.take("}")?;
                        return Some(Json::Object(members));
                    }
                }
            }
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<Json> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        if !unsigned.starts_with(|c: char| c.is_ascii_digit()) || digits.parse::<f64>().is_err() {
            return None;
        }
        self.rest = rest;
        Some(Json::Number(digits.to_owned()))
    }

    fn text(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut out = String::new();
        loop {
            let end = self.rest.find(['"', '\\'])?;
            let (plain, rest) = self.rest.split_at_checked(end)?;
            if plain.bytes().any(|byte| byte < 0x20) {
                return None;
            }
            out.push_str(plain);
            self.rest = rest;
            if self.take("\"").is_some() {
                return Some(out);
            }
            self.take("\\")?;
            let mut characters = self.rest.chars();
            let escaped = characters.next()?;
            self.rest = characters.as_str();
            out.push(match escaped {
                '"' | '\\' | '/' => escaped,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => self.unicode()?,
                _ => return None,
            });
        }
    }

    fn unicode(&mut self) -> Option<char> {
        let high = self.four()?;
        if !(0xd800..0xe000).contains(&high) {
            return char::from_u32(high);
        }
        self.take("\\u")?;
        let low = self.four()?;
        if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn four(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(text: &str) -> Option<String> {
        let mut out = String::new();
        Json::parse(text.as_bytes())?.write(&mut out);
        Some(out)
    }

    #[test]
    fn values_keep_order_and_digits() {
        for (text, wanted) in [
            (
                r#" { "b" : 1.10 , "a" : [ ] , "c":{} } "#,
                r#"{"b":1.10,"a":[],"c":{}}"#,
            ),
            (
                r#"["a/b","\u00e9\ud83d\ude00\n\u0001",null,true,-1e5]"#,
                "[\"a\\/b\",\"é😀\\n\\u0001\",null,true,-1e5]",
            ),
            ("12345678901234567890", "12345678901234567890"),
        ] {
            assert_eq!(round(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "nul",
            "+1",
            ".5",
            "1-2",
            "\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\n\"",
            "1 2",
            "[1}",
        ] {
            assert_eq!(round(text), None, "{text}");
        }
        assert!(Json::parse("[".repeat(100_000).as_bytes()).is_none());
        assert!(Json::parse(b"\"\xff\"").is_none());
    }

    proptest! {
        #[test]
        fn as_serde_json_reads_it(text in "[\\[\\]{}\",:0-9a-e\\\\ ntrue.-]{0,30}") {
            let ours = Json::parse(text.as_bytes()).is_some();
            // Leading zeros are the one thing that is taken and is not JSON.
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(ours, "{}", text);
            }
        }
    }
}
