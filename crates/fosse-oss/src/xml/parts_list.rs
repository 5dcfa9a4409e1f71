//! `ListPartsResult`.

use super::{Element, Encoding, Label, Writer};
use crate::{OssError, etag};

/// Names of user metadata by which the encryption clients of the SDKs find an upload again, and the elements of ListParts
/// that tell them.
pub const CLIENT_ENCRYPTION: [(&str, &str); 6] = [
    ("client-side-encryption-key", "ClientEncryptionKey"),
    ("client-side-encryption-start", "ClientEncryptionStart"),
    ("client-side-encryption-cek-alg", "ClientEncryptionCekAlg"),
    ("client-side-encryption-wrap-alg", "ClientEncryptionWrapAlg"),
    (
        "client-side-encryption-data-size",
        "ClientEncryptionDataSize",
    ),
    (
        "client-side-encryption-part-size",
        "ClientEncryptionPartSize",
    ),
];

/// A page of the parts of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPartsResult {
    /// How the key stands in the document.
    pub encoding: Encoding,
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Upload id.
    pub upload_id: String,
    /// Storage class of the object to be.
    pub storage_class: Label,
    /// Asked marker.
    pub part_number_marker: u32,
    /// Last number listed, also when not truncated; 0 when there is none.
    pub next_part_number_marker: u32,
    /// Asked page size.
    pub max_parts: u64,
    /// Whether more follows.
    pub is_truncated: bool,
    /// Client-side encryption of the upload: values for elements of [`CLIENT_ENCRYPTION`].
    pub client_encryption: Vec<(&'static str, String)>,
    /// Parts in number order.
    pub parts: Vec<ListedPart>,
}

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedPart {
    /// Number.
    pub number: u32,
    /// Unix seconds.
    pub last_modified: i64,
    /// ETag without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// CRC-64 of the part, where known.
    pub crc64: Option<u64>,
}

impl ListPartsResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListPartsResult", |w| {
            self.encoding.write(w);
            w.text("Bucket", &self.bucket);
            w.encoded("Key", &self.key, self.encoding);
            w.text("UploadId", &self.upload_id);
            w.text("StorageClass", &self.storage_class);
            w.number("PartNumberMarker", u64::from(self.part_number_marker));
            w.number(
                "NextPartNumberMarker",
                u64::from(self.next_part_number_marker),
            );
            w.number("MaxParts", self.max_parts);
            w.flag("IsTruncated", self.is_truncated);
            for (element, value) in &self.client_encryption {
                w.text(element, value);
            }
            for part in &self.parts {
                w.element("Part", |w| {
                    w.number("PartNumber", u64::from(part.number));
                    w.time("LastModified", part.last_modified);
                    w.text("ETag", &etag::quote(&part.etag));
                    if let Some(crc64) = part.crc64 {
                        w.number("HashCrc64ecma", crc64);
                    }
                    w.number("Size", part.size);
                });
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListPartsResult")?;
        let encoding = Encoding::of(&root)?;
        let read = |part: &Element| -> Result<ListedPart, OssError> {
            Ok(ListedPart {
                number: part.number_of("PartNumber")?,
                last_modified: part.time_of("LastModified")?,
                etag: etag::unquote(part.text_of("ETag")).to_owned(),
                size: part.number_of("Size")?,
                crc64: part
                    .value_of("HashCrc64ecma")
                    .and_then(|text| text.parse().ok()),
            })
        };
        Ok(Self {
            encoding,
            bucket: root.text_of("Bucket").to_owned(),
            key: encoding.text_of(&root, "Key")?,
            upload_id: root.text_of("UploadId").to_owned(),
            storage_class: root.text_of("StorageClass").to_owned().into(),
            part_number_marker: root.number_or_zero("PartNumberMarker")?,
            next_part_number_marker: root.number_or_zero("NextPartNumberMarker")?,
            max_parts: root.number_or_zero("MaxParts")?,
            is_truncated: root.flag_of("IsTruncated")?,
            client_encryption: CLIENT_ENCRYPTION
                .iter()
                .filter_map(|(_, element)| Some((*element, root.child(element)?.text.clone())))
                .collect(),
            parts: root.all("Part").map(read).collect::<Result<_, _>>()?,
        })
    }
}
