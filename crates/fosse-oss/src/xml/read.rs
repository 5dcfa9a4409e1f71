//! Reading XML within limits.

use crate::{ErrorCode, OssError};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::str::FromStr;

/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 16;
/// Most elements of a document.
pub const MAX_NODES: usize = 64 * 1024;

/// An element tree of a request body; attributes and namespaces ignored.
/// Built only within limits (size is the caller's, [`MAX_DEPTH`], [`MAX_NODES`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Name without namespace prefix.
    pub name: String,
    /// The text of an element without children, spaces kept; else empty.
    pub text: String,
    /// Child elements in order.
    pub children: Vec<Element>,
}

impl Element {
    /// Parses; the root must be `root`. UTF-8 only, with or without a byte order mark and a declaration.
    ///
    /// Refused beside what is not well-formed: document types, processing instructions, entities other than the
    /// five of XML, nesting and numbers of elements beyond the limits. Numeric references may name any character but
    /// NUL, also one that XML 1.0 leaves out: object keys hold such, and SDKs send them so.
    ///
    /// Errors: 400 `MalformedXML`.
    pub fn parse(bytes: &[u8], root: &str) -> Result<Self, OssError> {
        let element = parse_tree(bytes).ok_or_else(malformed)?;
        if element.name == root {
            Ok(element)
        } else {
            Err(malformed())
        }
    }

    /// Like [`parse`](Self::parse), and refuses characters that XML 1.0 cannot carry: for documents that are kept, which
    /// have to be read again as they were.
    ///
    /// Errors: 400 `MalformedXML`.
    pub fn parse_kept(bytes: &[u8], root: &str) -> Result<Self, OssError> {
        let element = Self::parse(bytes, root)?;
        if element.is_legal() {
            Ok(element)
        } else {
            Err(malformed())
        }
    }

    /// Nesting is bounded by [`MAX_DEPTH`].
    fn is_legal(&self) -> bool {
        self.text.chars().all(super::is_legal) && self.children.iter().all(Self::is_legal)
    }

    /// First child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// First child of that name. Errors: 400 `MalformedXML` when there is none.
    pub fn required(&self, name: &str) -> Result<&Element, OssError> {
        self.child(name).ok_or_else(malformed)
    }

    /// Children of that name, in order.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Text of the first child of that name, empty when there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// Text of the first child of that name without spaces around; `None` when there is none or it is empty.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// Number in the first child of that name. Errors: 400 `MalformedXML` when it is missing or no number.
    pub fn number_of<N: FromStr>(&self, name: &str) -> Result<N, OssError> {
        let digits = self
            .value_of(name)
            .filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        digits
            .and_then(|text| text.parse().ok())
            .ok_or_else(malformed)
    }

    /// Like [`number_of`](Self::number_of), 0 when the child is missing or empty.
    pub fn number_or_zero<N: FromStr + Default>(&self, name: &str) -> Result<N, OssError> {
        match self.value_of(name) {
            Some(_) => self.number_of(name),
            None => Ok(N::default()),
        }
    }

    /// `true` or `false` (any case) in the first child of that name; `false` when it is missing or empty.
    /// Errors: 400 `MalformedXML` for anything else.
    pub fn flag_of(&self, name: &str) -> Result<bool, OssError> {
        match self.value_of(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(malformed()),
        }
    }

    /// Like [`flag_of`](Self::flag_of), `None` when the child is missing or empty.
    pub fn optional_flag(&self, name: &str) -> Result<Option<bool>, OssError> {
        self.value_of(name).map(|_| self.flag_of(name)).transpose()
    }

    /// Like [`number_of`](Self::number_of), `None` when the child is missing or empty.
    pub fn optional_number<N: FromStr>(&self, name: &str) -> Result<Option<N>, OssError> {
        self.value_of(name)
            .map(|_| self.number_of(name))
            .transpose()
    }

    /// Time in the first child of that name, Unix seconds. Errors: 400 `MalformedXML` when it is missing or no time.
    pub fn time_of(&self, name: &str) -> Result<i64, OssError> {
        self.value_of(name)
            .and_then(crate::time::parse_iso)
            .ok_or_else(malformed)
    }
}

/// 400 `MalformedXML`.
pub(super) fn malformed() -> OssError {
    ErrorCode::MalformedXml.into()
}

/// `None`: not well-formed, or refused.
fn parse_tree(bytes: &[u8]) -> Option<Element> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    if text.contains('\0') {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut root = None;
    let mut nodes = 0usize;
    let mut first = true;
    loop {
        match reader.read_event().ok()? {
            Event::Eof => break,
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().ok()?;
                if !first || encoding.is_some_and(|name| !name.eq_ignore_ascii_case("utf-8")) {
                    return None;
                }
            }
            Event::DocType(_) | Event::PI(_) => return None,
            Event::Comment(_) => {}
            Event::Start(start) => {
                stack.push(open(&start, stack.len(), root.is_some(), &mut nodes)?);
            }
            Event::Empty(start) => {
                let element = open(&start, stack.len(), root.is_some(), &mut nodes)?;
                close(element, &mut stack, &mut root);
            }
            Event::End(_) => {
                let element = stack.pop()?;
                close(element, &mut stack, &mut root);
            }
            Event::Text(text) => append(&mut stack, &text.xml10_content())?,
            Event::CData(text) => append(&mut stack, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let mut buffer = [0u8; 4];
                let character = resolve(&reference)?;
                stack
                    .last_mut()?
                    .text
                    .push_str(character.encode_utf8(&mut buffer));
            }
        }
        first = false;
    }
    if stack.is_empty() { root } else { None }
}

fn open(start: &BytesStart<'_>, depth: usize, done: bool, nodes: &mut usize) -> Option<Element> {
    *nodes += 1;
    if depth >= MAX_DEPTH || *nodes > MAX_NODES || done {
        return None;
    }
    // Without the check for repeated names, which would cost the square of their number.
    if start
        .attributes()
        .with_checks(false)
        .any(|attribute| attribute.is_err())
    {
        return None;
    }
    let local = start.local_name();
    let name: &str = local.as_ref();
    if name.is_empty() {
        return None;
    }
    Some(Element {
        name: name.to_owned(),
        ..Element::default()
    })
}

fn close(mut element: Element, stack: &mut [Element], root: &mut Option<Element>) {
    if !element.children.is_empty() {
        element.text = String::new();
    }
    match stack.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

/// Text outside the root may only be space.
fn append(stack: &mut [Element], text: &str) -> Option<()> {
    match stack.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.bytes().all(|byte| byte.is_ascii_whitespace()) => {}
        None => return None,
    }
    Some(())
}

fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    let name: &str = reference;
    let Some(number) = name.strip_prefix('#') else {
        return match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| *c != '\0')
}
