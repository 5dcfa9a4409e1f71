//! `RefererConfiguration`: which sites may link to a bucket (hotlink.md §2). Matching is the policy crate's.

use crate::xml::read::malformed;
use crate::xml::{Element, Writer};
use crate::{ErrorCode, OssError};

/// Most bytes of all patterns together.
const MAX_PATTERNS: usize = 20 * 1024;

/// The referer rules of a bucket. The default lets everybody in, as a bucket without rules does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefererConfiguration {
    /// `AllowEmptyReferer`: whether a request without `Referer` passes.
    pub allow_empty_referer: bool,
    /// `AllowTruncateQueryString`: `?` and what follows is cut off before matching.
    pub allow_truncate_query_string: bool,
    /// `TruncatePath`: the path and what follows is cut off before matching.
    pub truncate_path: bool,
    /// `RefererList`: patterns that are let in, with `*` and `?`; empty admits all.
    pub referers: Vec<String>,
    /// `RefererBlacklist`: patterns that are kept out.
    pub blacklist: Vec<String>,
}

impl Default for RefererConfiguration {
    fn default() -> Self {
        Self {
            allow_empty_referer: true,
            allow_truncate_query_string: true,
            truncate_path: false,
            referers: Vec::new(),
            blacklist: Vec::new(),
        }
    }
}

impl RefererConfiguration {
    /// Writes the document; an empty blacklist is left out.
    pub fn to_xml(&self) -> String {
        Writer::document("RefererConfiguration", |w| {
            w.flag("AllowEmptyReferer", self.allow_empty_referer);
            w.flag("AllowTruncateQueryString", self.allow_truncate_query_string);
            w.flag("TruncatePath", self.truncate_path);
            w.element("RefererList", |w| write_patterns(w, &self.referers));
            if !self.blacklist.is_empty() {
                w.element("RefererBlacklist", |w| write_patterns(w, &self.blacklist));
            }
        })
    }

    /// Reads and validates the document. Patterns lose space around them, empty ones are dropped.
    ///
    /// Errors: 400 `MalformedXML`, also when `AllowEmptyReferer` or `RefererList` is missing; 400 `InvalidArgument`
    /// when the path is to be cut off and the query is not; 400 `InlineDataTooLarge` above 20 KiB of patterns.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "RefererConfiguration")?;
        let truncate_query = root.optional_flag("AllowTruncateQueryString")?;
        let truncate_path = root.flag_of("TruncatePath")?;
        if truncate_path && truncate_query == Some(false) {
            return Err(OssError::invalid_argument(
                "TruncatePath",
                "true",
                "TruncatePath requires AllowTruncateQueryString.",
            ));
        }
        let read = Self {
            allow_empty_referer: root
                .optional_flag("AllowEmptyReferer")?
                .ok_or_else(malformed)?,
            allow_truncate_query_string: truncate_query.unwrap_or(true),
            truncate_path,
            referers: read_patterns(root.required("RefererList")?),
            blacklist: root
                .child("RefererBlacklist")
                .map(read_patterns)
                .unwrap_or_default(),
        };
        let size: usize = read
            .referers
            .iter()
            .chain(&read.blacklist)
            .map(String::len)
            .sum();
        if size > MAX_PATTERNS {
            return Err(ErrorCode::InlineDataTooLarge.into());
        }
        Ok(read)
    }
}

fn write_patterns(w: &mut Writer, patterns: &[String]) {
    for pattern in patterns {
        w.text("Referer", pattern);
    }
}

fn read_patterns(list: &Element) -> Vec<String> {
    list.all("Referer")
        .map(|element| element.text.trim())
        .filter(|pattern| !pattern.is_empty())
        .map(str::to_owned)
        .collect()
}
