//! Writing XML.

use super::Encoding;
use std::fmt::Write as _;

/// Escaping XML builder: `Writer::document("Root", |w| { w.text("Name", v); w.element("Owner", |w| ..) })`.
/// Element names are the caller's own; characters that XML 1.0 cannot carry are dropped from values other than keys.
pub struct Writer {
    out: String,
}

impl Writer {
    /// A whole document with declaration.
    pub fn document(root: &str, body: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer {
            out: String::with_capacity(512),
        };
        writer
            .out
            .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        writer.element(root, body);
        writer.out
    }

    /// A whole document whose root holds nothing but a text.
    pub fn root_text(root: &str, value: &str) -> String {
        Self::document(root, |w| escape(value, false, &mut w.out))
    }

    /// `<name>…</name>`.
    pub fn element(&mut self, name: &str, body: impl FnOnce(&mut Writer)) {
        self.open(name);
        body(self);
        self.close(name);
    }

    /// `<name>escaped</name>`.
    pub fn text(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(value, false, &mut self.out);
        self.close(name);
    }

    /// Like [`text`](Self::text), but characters that XML 1.0 cannot carry become numeric references, as SDKs send
    /// control characters of keys.
    pub fn text_with_references(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(value, true, &mut self.out);
        self.close(name);
    }

    /// A key, or a part of one: percent-encoded when the encoding says so, otherwise with numeric references for what
    /// XML 1.0 cannot carry. ali-oss does not ask for an encoding and expects control characters to come back.
    pub fn encoded(&mut self, name: &str, value: &str, encoding: Encoding) {
        self.text_with_references(name, &encoding.encode(value));
    }

    /// `<name>number</name>`.
    pub fn number(&mut self, name: &str, value: u64) {
        self.open(name);
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
        self.close(name);
    }

    /// `<name>true</name>` or `false`.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// `<name>2026-10-21T07:28:00.000Z</name>` of Unix seconds.
    pub fn time(&mut self, name: &str, unix: i64) {
        self.text(name, &crate::time::format_iso_millis(unix));
    }

    /// An element as it was read.
    pub fn tree(&mut self, element: &super::Element) {
        if element.children.is_empty() {
            self.text(&element.name, &element.text);
        } else {
            self.element(&element.name, |w| {
                element.children.iter().for_each(|child| w.tree(child));
            });
        }
    }

    fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

/// Whether XML 1.0 can carry a character.
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn escape(value: &str, references: bool, out: &mut String) {
    // Nearly every value of a listing.
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>');
    if value.bytes().all(plain) {
        out.push_str(value);
        return;
    }
    out.reserve(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A bare carriage return would be read back as a line feed.
            '\r' => out.push_str("&#13;"),
            c if is_legal(c) => out.push(c),
            c if references => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => {}
        }
    }
}
