//! `ListVersionsResult`: the answer of ListObjectVersions.

use super::object_list::read_prefixes;
use super::{Element, Encoding, Label, Owner, Writer};
use crate::{OssError, etag};

/// A page of versions and delete markers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListVersionsResult {
    /// Bucket.
    pub name: String,
    /// Asked prefix.
    pub prefix: String,
    /// Asked key marker.
    pub key_marker: String,
    /// Asked version marker.
    pub version_id_marker: String,
    /// Asked page size.
    pub max_keys: u64,
    /// Asked delimiter.
    pub delimiter: String,
    /// How keys and markers stand in the document.
    pub encoding: Encoding,
    /// Key marker of the next page, the last key or common prefix; `None`: nothing follows.
    pub next_key_marker: Option<String>,
    /// Version marker of the next page; empty behind a common prefix. Old clients need the element.
    pub next_version_id_marker: String,
    /// Versions and delete markers, by key and newest first.
    pub entries: Vec<VersionEntry>,
    /// Common prefixes in byte order.
    pub common_prefixes: Vec<String>,
}

/// An entry of a listing of versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionEntry {
    /// Key.
    pub key: String,
    /// Version id, or `null`.
    pub version_id: String,
    /// Whether it is the newest of its key.
    pub is_latest: bool,
    /// Unix seconds.
    pub last_modified: i64,
    /// Owner.
    pub owner: Owner,
    /// The object; `None`: a delete marker.
    pub object: Option<VersionFacts>,
}

/// What a listing says of a version that is no delete marker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionFacts {
    /// ETag without quotes.
    pub etag: String,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub kind: Label,
    /// Bytes.
    pub size: u64,
    /// Storage class.
    pub storage_class: Label,
    /// State of a restore, as in `x-oss-restore`.
    pub restore_info: Option<String>,
}

impl ListVersionsResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let encoding = self.encoding;
        Writer::document("ListVersionsResult", |w| {
            w.text("Name", &self.name);
            w.encoded("Prefix", &self.prefix, encoding);
            w.encoded("KeyMarker", &self.key_marker, encoding);
            w.text("VersionIdMarker", &self.version_id_marker);
            w.number("MaxKeys", self.max_keys);
            w.encoded("Delimiter", &self.delimiter, encoding);
            encoding.write(w);
            w.flag("IsTruncated", self.next_key_marker.is_some());
            if let Some(next) = &self.next_key_marker {
                w.encoded("NextKeyMarker", next, encoding);
                w.text("NextVersionIdMarker", &self.next_version_id_marker);
            }
            for entry in &self.entries {
                entry.write(w, encoding);
            }
            for prefix in &self.common_prefixes {
                w.element("CommonPrefixes", |w| w.encoded("Prefix", prefix, encoding));
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListVersionsResult")?;
        let encoding = Encoding::of(&root)?;
        let next_key_marker = match root.flag_of("IsTruncated")? {
            true => Some(encoding.text_of(&root, "NextKeyMarker")?),
            false => None,
        };
        let entries = root
            .children
            .iter()
            .filter(|child| matches!(child.name.as_str(), "Version" | "DeleteMarker"))
            .map(|child| VersionEntry::read(child, encoding))
            .collect::<Result<_, _>>()?;
        let next_version_id_marker = match next_key_marker {
            Some(_) => root.text_of("NextVersionIdMarker").to_owned(),
            None => String::new(),
        };
        Ok(Self {
            name: root.text_of("Name").to_owned(),
            prefix: encoding.text_of(&root, "Prefix")?,
            key_marker: encoding.text_of(&root, "KeyMarker")?,
            version_id_marker: root.text_of("VersionIdMarker").to_owned(),
            max_keys: root.number_or_zero("MaxKeys")?,
            delimiter: encoding.text_of(&root, "Delimiter")?,
            encoding,
            next_key_marker,
            next_version_id_marker,
            entries,
            common_prefixes: read_prefixes(&root, encoding)?,
        })
    }
}

impl VersionEntry {
    fn write(&self, w: &mut Writer, encoding: Encoding) {
        let name = match self.object {
            Some(_) => "Version",
            None => "DeleteMarker",
        };
        w.element(name, |w| {
            w.encoded("Key", &self.key, encoding);
            w.text("VersionId", &self.version_id);
            w.flag("IsLatest", self.is_latest);
            w.time("LastModified", self.last_modified);
            if let Some(object) = &self.object {
                w.text("ETag", &etag::quote(&object.etag));
                w.text("Type", &object.kind);
                w.number("Size", object.size);
                w.text("StorageClass", &object.storage_class);
                if let Some(state) = &object.restore_info {
                    w.text("RestoreInfo", state);
                }
            }
            self.owner.write(w);
        });
    }

    fn read(element: &Element, encoding: Encoding) -> Result<Self, OssError> {
        let object = match element.name.as_str() {
            "Version" => Some(VersionFacts {
                etag: etag::unquote(element.text_of("ETag")).to_owned(),
                kind: element.text_of("Type").to_owned().into(),
                size: element.number_of("Size")?,
                storage_class: element.text_of("StorageClass").to_owned().into(),
                restore_info: element.value_of("RestoreInfo").map(str::to_owned),
            }),
            _ => None,
        };
        Ok(Self {
            key: encoding.decode(&element.required("Key")?.text)?,
            version_id: element.text_of("VersionId").to_owned(),
            is_latest: element.flag_of("IsLatest")?,
            last_modified: element.time_of("LastModified")?,
            owner: Owner::read(element).unwrap_or_default(),
            object,
        })
    }
}
