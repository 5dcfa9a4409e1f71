//! `CompleteMultipartUpload` and its result.

use super::read::malformed;
use super::{Element, Encoding, Writer};
use crate::{ErrorCode, OssError, etag};

/// Most parts of an upload.
const MAX_PARTS: usize = 10_000;

/// The parts that make the object, in the order sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompleteMultipartUpload {
    /// Part number (1–10000) and ETag without quotes. Whether they ascend is for the store to say.
    pub parts: Vec<(u32, String)>,
}

impl CompleteMultipartUpload {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("CompleteMultipartUpload", |w| {
            for (number, tag) in &self.parts {
                w.element("Part", |w| {
                    w.number("PartNumber", u64::from(*number));
                    w.text("ETag", &etag::quote(tag));
                });
            }
        })
    }

    /// Reads the document.
    ///
    /// Errors: 400 `MalformedXML` (EC 0042-00000205), also for no part or more than 10000; 400 `InvalidArgument` for a
    /// part number outside 1–10000.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        Self::read(bytes).map_err(|error| match error.code() {
            ErrorCode::MalformedXml => error.with_ec("0042-00000205"),
            _ => error,
        })
    }

    fn read(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "CompleteMultipartUpload")?;
        let count = root.all("Part").count();
        if count > MAX_PARTS {
            return Err(malformed());
        }
        let read = |part: &Element| -> Result<(u32, String), OssError> {
            let number: u64 = part.number_of("PartNumber")?;
            let number = u32::try_from(number)
                .ok()
                .filter(|n| (1..=MAX_PARTS as u32).contains(n));
            let Some(number) = number else {
                return Err(OssError::invalid_argument(
                    "PartNumber",
                    part.text_of("PartNumber"),
                    "Part number must be an integer between 1 and 10000, inclusive.",
                ));
            };
            Ok((
                number,
                etag::unquote(&part.required("ETag")?.text).to_owned(),
            ))
        };
        Ok(Self {
            parts: root.all("Part").map(read).collect::<Result<_, _>>()?,
        })
    }
}

/// The answer of CompleteMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompleteMultipartUploadResult {
    /// How the key stands in the document.
    pub encoding: Encoding,
    /// URL of the object.
    pub location: String,
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// ETag without quotes.
    pub etag: String,
}

impl CompleteMultipartUploadResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("CompleteMultipartUploadResult", |w| {
            self.encoding.write(w);
            w.text("Location", &self.location);
            w.text("Bucket", &self.bucket);
            w.encoded("Key", &self.key, self.encoding);
            w.text("ETag", &etag::quote(&self.etag));
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "CompleteMultipartUploadResult")?;
        let encoding = Encoding::of(&root)?;
        Ok(Self {
            encoding,
            location: root.text_of("Location").to_owned(),
            bucket: root.text_of("Bucket").to_owned(),
            key: encoding.text_of(&root, "Key")?,
            etag: etag::unquote(&root.required("ETag")?.text).to_owned(),
        })
    }
}
