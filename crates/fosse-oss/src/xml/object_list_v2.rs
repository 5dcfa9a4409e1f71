//! `ListBucketResult` of ListObjectsV2.

use super::object_list::{read_entries, write_entries};
use super::{Element, Encoding, ListedObject, Writer};
use crate::OssError;

/// A page of current objects (ListObjectsV2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListBucketResultV2 {
    /// Bucket.
    pub name: String,
    /// Asked prefix.
    pub prefix: String,
    /// Asked start; echoed only when sent.
    pub start_after: Option<String>,
    /// Asked token; echoed only when sent.
    pub continuation_token: Option<String>,
    /// Asked page size.
    pub max_keys: u64,
    /// Asked delimiter.
    pub delimiter: String,
    /// How keys and tokens stand in the document.
    pub encoding: Encoding,
    /// Whether more follows.
    pub is_truncated: bool,
    /// Token of the next page; `None` when not truncated.
    pub next_continuation_token: Option<String>,
    /// Objects in byte order; with owners only when `fetch-owner=true` asked for them.
    pub contents: Vec<ListedObject>,
    /// Common prefixes in byte order.
    pub common_prefixes: Vec<String>,
}

impl ListBucketResultV2 {
    /// Objects and common prefixes of this page.
    pub fn key_count(&self) -> u64 {
        (self.contents.len() + self.common_prefixes.len()) as u64
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let encoding = self.encoding;
        Writer::document("ListBucketResult", |w| {
            w.text("Name", &self.name);
            w.encoded("Prefix", &self.prefix, encoding);
            if let Some(start) = &self.start_after {
                w.encoded("StartAfter", start, encoding);
            }
            if let Some(token) = &self.continuation_token {
                w.encoded("ContinuationToken", token, encoding);
            }
            w.number("MaxKeys", self.max_keys);
            w.encoded("Delimiter", &self.delimiter, encoding);
            encoding.write(w);
            w.flag("IsTruncated", self.is_truncated);
            if let Some(next) = &self.next_continuation_token {
                w.encoded("NextContinuationToken", next, encoding);
            }
            write_entries(w, &self.contents, &self.common_prefixes, encoding);
            w.number("KeyCount", self.key_count());
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListBucketResult")?;
        let encoding = Encoding::of(&root)?;
        let optional = |name: &str| match root.child(name) {
            Some(child) => encoding.decode(&child.text).map(Some),
            None => Ok(None),
        };
        let (contents, common_prefixes) = read_entries(&root, encoding)?;
        Ok(Self {
            name: root.text_of("Name").to_owned(),
            prefix: encoding.text_of(&root, "Prefix")?,
            start_after: optional("StartAfter")?,
            continuation_token: optional("ContinuationToken")?,
            max_keys: root.number_or_zero("MaxKeys")?,
            delimiter: encoding.text_of(&root, "Delimiter")?,
            encoding,
            is_truncated: root.flag_of("IsTruncated")?,
            next_continuation_token: optional("NextContinuationToken")?.filter(|t| !t.is_empty()),
            contents,
            common_prefixes,
        })
    }
}
