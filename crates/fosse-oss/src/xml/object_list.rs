//! `ListBucketResult`: the answer of ListObjects.

use super::{Element, Encoding, Label, Owner, Writer};
use crate::{OssError, etag};

/// A page of current objects (ListObjects, the first version).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListBucketResult {
    /// Bucket.
    pub name: String,
    /// Asked prefix.
    pub prefix: String,
    /// Asked marker.
    pub marker: String,
    /// Asked page size.
    pub max_keys: u64,
    /// Asked delimiter.
    pub delimiter: String,
    /// How keys and markers stand in the document.
    pub encoding: Encoding,
    /// Whether more follows.
    pub is_truncated: bool,
    /// Marker of the next page: the last key or common prefix; `None` when not truncated.
    pub next_marker: Option<String>,
    /// Objects in byte order. Each must have an owner here: old clients need it.
    pub contents: Vec<ListedObject>,
    /// Common prefixes in byte order.
    pub common_prefixes: Vec<String>,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedObject {
    /// Key.
    pub key: String,
    /// Unix seconds.
    pub last_modified: i64,
    /// ETag without quotes.
    pub etag: String,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub kind: Label,
    /// Bytes.
    pub size: u64,
    /// Storage class.
    pub storage_class: Label,
    /// Owner, where the listing shows it.
    pub owner: Option<Owner>,
    /// State of a restore, as in `x-oss-restore`.
    pub restore_info: Option<String>,
}

impl ListBucketResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let encoding = self.encoding;
        Writer::document("ListBucketResult", |w| {
            w.text("Name", &self.name);
            w.encoded("Prefix", &self.prefix, encoding);
            w.encoded("Marker", &self.marker, encoding);
            w.number("MaxKeys", self.max_keys);
            w.encoded("Delimiter", &self.delimiter, encoding);
            encoding.write(w);
            w.flag("IsTruncated", self.is_truncated);
            if let Some(next) = &self.next_marker {
                w.encoded("NextMarker", next, encoding);
            }
            write_entries(w, &self.contents, &self.common_prefixes, encoding);
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListBucketResult")?;
        let encoding = Encoding::of(&root)?;
        let (contents, common_prefixes) = read_entries(&root, encoding)?;
        Ok(Self {
            name: root.text_of("Name").to_owned(),
            prefix: encoding.text_of(&root, "Prefix")?,
            marker: encoding.text_of(&root, "Marker")?,
            max_keys: root.number_or_zero("MaxKeys")?,
            delimiter: encoding.text_of(&root, "Delimiter")?,
            encoding,
            is_truncated: root.flag_of("IsTruncated")?,
            next_marker: match root.child("NextMarker") {
                Some(next) if !next.text.is_empty() => Some(encoding.decode(&next.text)?),
                _ => None,
            },
            contents,
            common_prefixes,
        })
    }
}

/// `Contents` and `CommonPrefixes`, the same in both versions of the listing.
pub(super) fn write_entries(
    w: &mut Writer,
    contents: &[ListedObject],
    prefixes: &[String],
    encoding: Encoding,
) {
    for object in contents {
        w.element("Contents", |w| {
            w.encoded("Key", &object.key, encoding);
            w.time("LastModified", object.last_modified);
            w.text("ETag", &etag::quote(&object.etag));
            w.text("Type", &object.kind);
            w.number("Size", object.size);
            w.text("StorageClass", &object.storage_class);
            if let Some(owner) = &object.owner {
                owner.write(w);
            }
            if let Some(restore) = &object.restore_info {
                w.text("RestoreInfo", restore);
            }
        });
    }
    write_prefixes(w, prefixes, encoding);
}

pub(super) fn write_prefixes(w: &mut Writer, prefixes: &[String], encoding: Encoding) {
    for prefix in prefixes {
        w.element("CommonPrefixes", |w| w.encoded("Prefix", prefix, encoding));
    }
}

pub(super) fn read_entries(
    root: &Element,
    encoding: Encoding,
) -> Result<(Vec<ListedObject>, Vec<String>), OssError> {
    let read = |element: &Element| -> Result<ListedObject, OssError> {
        Ok(ListedObject {
            key: encoding.decode(&element.required("Key")?.text)?,
            last_modified: element.time_of("LastModified")?,
            etag: etag::unquote(element.text_of("ETag")).to_owned(),
            kind: element.text_of("Type").to_owned().into(),
            size: element.number_of("Size")?,
            storage_class: element.text_of("StorageClass").to_owned().into(),
            owner: Owner::read(element),
            restore_info: element.value_of("RestoreInfo").map(str::to_owned),
        })
    };
    let contents = root.all("Contents").map(read).collect::<Result<_, _>>()?;
    Ok((contents, read_prefixes(root, encoding)?))
}

/// One `CommonPrefixes` may hold several `Prefix`: some servers write it so.
pub(super) fn read_prefixes(root: &Element, encoding: Encoding) -> Result<Vec<String>, OssError> {
    root.all("CommonPrefixes")
        .flat_map(|group| group.all("Prefix"))
        .map(|prefix| encoding.decode(&prefix.text))
        .collect()
}
