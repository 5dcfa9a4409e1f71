//! `ListMultipartUploadsResult`.

use super::object_list::{read_prefixes, write_prefixes};
use super::{Element, Encoding, Label, Writer};
use crate::OssError;

/// A page of the uploads of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListMultipartUploadsResult {
    /// How keys and markers stand in the document.
    pub encoding: Encoding,
    /// Bucket.
    pub bucket: String,
    /// Asked key marker.
    pub key_marker: String,
    /// Asked upload id marker.
    pub upload_id_marker: String,
    /// Key marker of the next page; empty when not truncated.
    pub next_key_marker: String,
    /// Upload id marker of the next page; empty when not truncated.
    pub next_upload_id_marker: String,
    /// Asked delimiter.
    pub delimiter: String,
    /// Asked prefix.
    pub prefix: String,
    /// Asked page size.
    pub max_uploads: u64,
    /// Whether more follows.
    pub is_truncated: bool,
    /// Uploads by key, then by upload id.
    pub uploads: Vec<ListedUpload>,
    /// Common prefixes in byte order.
    pub common_prefixes: Vec<String>,
}

/// An upload of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedUpload {
    /// Key.
    pub key: String,
    /// Upload id.
    pub upload_id: String,
    /// Storage class of the object to be.
    pub storage_class: Label,
    /// Unix seconds.
    pub initiated: i64,
}

impl ListMultipartUploadsResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let encoding = self.encoding;
        Writer::document("ListMultipartUploadsResult", |w| {
            encoding.write(w);
            w.text("Bucket", &self.bucket);
            w.encoded("KeyMarker", &self.key_marker, encoding);
            w.text("UploadIdMarker", &self.upload_id_marker);
            w.encoded("NextKeyMarker", &self.next_key_marker, encoding);
            w.text("NextUploadIdMarker", &self.next_upload_id_marker);
            w.encoded("Delimiter", &self.delimiter, encoding);
            w.encoded("Prefix", &self.prefix, encoding);
            w.number("MaxUploads", self.max_uploads);
            w.flag("IsTruncated", self.is_truncated);
            for upload in &self.uploads {
                w.element("Upload", |w| {
                    w.encoded("Key", &upload.key, encoding);
                    w.text("UploadId", &upload.upload_id);
                    w.text("StorageClass", &upload.storage_class);
                    w.time("Initiated", upload.initiated);
                });
            }
            write_prefixes(w, &self.common_prefixes, encoding);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListMultipartUploadsResult")?;
        let encoding = Encoding::of(&root)?;
        let read = |upload: &Element| -> Result<ListedUpload, OssError> {
            Ok(ListedUpload {
                key: encoding.decode(&upload.required("Key")?.text)?,
                upload_id: upload.required("UploadId")?.text.clone(),
                storage_class: upload.text_of("StorageClass").to_owned().into(),
                initiated: upload.time_of("Initiated")?,
            })
        };
        Ok(Self {
            encoding,
            bucket: root.text_of("Bucket").to_owned(),
            key_marker: encoding.text_of(&root, "KeyMarker")?,
            upload_id_marker: root.text_of("UploadIdMarker").to_owned(),
            next_key_marker: encoding.text_of(&root, "NextKeyMarker")?,
            next_upload_id_marker: root.text_of("NextUploadIdMarker").to_owned(),
            delimiter: encoding.text_of(&root, "Delimiter")?,
            prefix: encoding.text_of(&root, "Prefix")?,
            max_uploads: root.number_or_zero("MaxUploads")?,
            is_truncated: root.flag_of("IsTruncated")?,
            uploads: root.all("Upload").map(read).collect::<Result<_, _>>()?,
            common_prefixes: read_prefixes(&root, encoding)?,
        })
    }
}
