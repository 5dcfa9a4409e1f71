//! `encoding-type=url` (api-buckets.md §0.6).

use super::Element;
use crate::OssError;
use crate::encode::{decode_path, encode_component};
use std::borrow::Cow;

/// How keys, prefixes, markers and delimiters stand in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// As they are.
    #[default]
    Plain,
    /// Percent-encoded (space as `%20`, `+` as `%2B`), so that XML can carry any key.
    Url,
}

impl Encoding {
    /// Reads the `encoding-type` parameter; absent or empty means plain. Errors: 400 `InvalidArgument`.
    pub fn parse(parameter: Option<&str>) -> Result<Self, OssError> {
        match parameter {
            None | Some("") => Ok(Encoding::Plain),
            Some(text) if text.eq_ignore_ascii_case("url") => Ok(Encoding::Url),
            Some(text) => {
                let message = "Invalid Encoding Method specified in Request.";
                Err(OssError::invalid_argument("encoding-type", text, message))
            }
        }
    }

    /// A value as it stands in the document.
    pub fn encode(self, value: &str) -> Cow<'_, str> {
        match self {
            Encoding::Plain => Cow::Borrowed(value),
            Encoding::Url => {
                let mut out = String::with_capacity(value.len());
                encode_component(value.as_bytes(), &mut out);
                Cow::Owned(out)
            }
        }
    }

    /// The value of a text in a document. Errors: 400 `MalformedXML` for a broken escape.
    pub fn decode(self, text: &str) -> Result<String, OssError> {
        match self {
            Encoding::Plain => Ok(text.to_owned()),
            Encoding::Url => decode_path(text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes.into_owned()).ok())
                .ok_or_else(super::read::malformed),
        }
    }

    /// What a document says of itself in `EncodingType`.
    pub(super) fn of(document: &Element) -> Result<Self, OssError> {
        Self::parse(document.value_of("EncodingType")).map_err(|_| super::read::malformed())
    }

    /// Writes `EncodingType` where values are encoded.
    pub(super) fn write(self, w: &mut super::Writer) {
        if self == Encoding::Url {
            w.text("EncodingType", "url");
        }
    }

    /// The decoded text of a child, empty when there is none.
    pub(super) fn text_of(self, element: &Element, name: &str) -> Result<String, OssError> {
        self.decode(element.text_of(name))
    }
}
