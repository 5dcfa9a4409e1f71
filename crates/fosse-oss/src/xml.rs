//! XML bodies. A writer that escapes, and bounded readers that refuse DTDs, entities, depth and size (`MalformedXML`).
//! The protocol owner splits this into `xml/{read,write}.rs` and one file per document.

use crate::OssError;

/// Escaping XML builder: `Writer::document("Root", |w| { w.text("Name", v); w.element("Owner", |w| ..) })`.
/// Characters not legal in XML 1.0 are dropped.
pub struct Writer { out: String }
impl Writer {
    /// A whole document with declaration.
    pub fn document(root: &str, body: impl FnOnce(&mut Writer)) -> String { let mut w = Writer { out: String::new() }; w.element(root, body); w.out }
    /// `<name>…</name>`.
    pub fn element(&mut self, name: &str, body: impl FnOnce(&mut Writer)) { let _ = name; body(self); todo!() }
    /// `<name>escaped</name>`.
    pub fn text(&mut self, name: &str, value: &str) { let _ = (name, value, &mut self.out); todo!() }
    /// `<name>number</name>`.
    pub fn number(&mut self, name: &str, value: u64) { let _ = (name, value); todo!() }
}

/// An element tree of a request body; namespaces ignored. Built only within limits (size is the caller's, depth 16, 64 Ki nodes).
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Element { pub name: String, pub text: String, pub children: Vec<Element> }
impl Element {
    /// Parses; the root must be `root`. Errors: 400 `MalformedXML`.
    pub fn parse(bytes: &[u8], root: &str) -> Result<Self, OssError> { let _ = (bytes, root); todo!() }
    /// First child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> { self.children.iter().find(|c| c.name == name) }
}
