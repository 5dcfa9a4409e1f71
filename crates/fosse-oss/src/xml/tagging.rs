//! `Tagging`: the tags of an object.

use super::{Element, Writer};
use crate::OssError;
use crate::header::check_object_tags;

/// Body of PutObjectTagging, answer of GetObjectTagging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tagging {
    /// Key and value of each tag, in the order sent.
    pub tags: Vec<(String, String)>,
}

impl Tagging {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("Tagging", |w| {
            w.element("TagSet", |w| {
                for (key, value) in &self.tags {
                    w.element("Tag", |w| {
                        w.text("Key", key);
                        w.text("Value", value);
                    });
                }
            });
        })
    }

    /// Reads the document; a tag without `Value` has an empty one.
    ///
    /// Errors: 400 `MalformedXML`; 400 `InvalidTag` beyond the limits of [`check_object_tags`].
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "Tagging")?;
        let read = |tag: &Element| -> Result<(String, String), OssError> {
            let key = tag.required("Key")?.text.clone();
            Ok((key, tag.text_of("Value").to_owned()))
        };
        let set = root.required("TagSet")?;
        let tags: Vec<_> = set.all("Tag").map(read).collect::<Result<_, _>>()?;
        check_object_tags(&tags)?;
        Ok(Self { tags })
    }
}
