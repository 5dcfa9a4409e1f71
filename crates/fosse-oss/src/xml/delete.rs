//! `Delete` and `DeleteResult` of DeleteMultipleObjects.

use super::{Element, Encoding, Writer};
use crate::name::ObjectKey;
use crate::{ErrorCode, OssError};

/// Most objects of one request.
pub const MAX_DELETE_OBJECTS: usize = 1000;

/// What to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delete {
    /// Answer only what failed.
    pub quiet: bool,
    /// Objects in the order sent.
    pub objects: Vec<DeleteEntry>,
}

/// An object to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteEntry {
    /// Key.
    pub key: ObjectKey,
    /// Version as sent, not yet checked; `None` for the current one.
    pub version_id: Option<String>,
}

impl Delete {
    /// Writes the document. Control characters of keys become numeric references.
    pub fn to_xml(&self) -> String {
        Writer::document("Delete", |w| {
            w.flag("Quiet", self.quiet);
            for object in &self.objects {
                w.element("Object", |w| {
                    w.text_with_references("Key", object.key.as_str());
                    if let Some(version) = &object.version_id {
                        w.text("VersionId", version);
                    }
                });
            }
        })
    }

    /// Reads the document. Keys are never percent-encoded in it.
    ///
    /// Errors: 400 `MalformedXML` (EC 0016-00000608), also for no object or more than [`MAX_DELETE_OBJECTS`];
    /// 400 `InvalidObjectName`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        Self::read(bytes).map_err(|error| match error.code() {
            ErrorCode::MalformedXml => error.with_ec("0016-00000608"),
            _ => error,
        })
    }

    fn read(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "Delete")?;
        let count = root.all("Object").count();
        if count == 0 || count > MAX_DELETE_OBJECTS {
            return Err(ErrorCode::MalformedXml.into());
        }
        let read = |object: &Element| -> Result<DeleteEntry, OssError> {
            Ok(DeleteEntry {
                key: ObjectKey::parse(object.required("Key")?.text.as_bytes())?,
                version_id: object.value_of("VersionId").map(str::to_owned),
            })
        };
        let objects = root.all("Object").map(read).collect::<Result<_, _>>()?;
        Ok(Self {
            quiet: root.flag_of("Quiet")?,
            objects,
        })
    }
}

/// What was deleted. A quiet request is answered with an empty body instead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeleteResult {
    /// How keys stand in the document.
    pub encoding: Encoding,
    /// One entry per key, also for keys that did not exist.
    pub deleted: Vec<Deleted>,
}

/// A key that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Key.
    pub key: String,
    /// The version asked for.
    pub version_id: Option<String>,
    /// The delete marker that was made or removed.
    pub delete_marker_version_id: Option<String>,
}

impl DeleteResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("DeleteResult", |w| {
            self.encoding.write(w);
            for deleted in &self.deleted {
                w.element("Deleted", |w| {
                    w.encoded("Key", &deleted.key, self.encoding);
                    if let Some(version) = &deleted.version_id {
                        w.text("VersionId", version);
                    }
                    if let Some(marker) = &deleted.delete_marker_version_id {
                        w.flag("DeleteMarker", true);
                        w.text("DeleteMarkerVersionId", marker);
                    }
                });
            }
        })
    }

    /// Reads the document; the empty body of a quiet answer names nothing. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let root = Element::parse(bytes, "DeleteResult")?;
        let encoding = Encoding::of(&root)?;
        let read = |element: &Element| -> Result<Deleted, OssError> {
            Ok(Deleted {
                key: encoding.decode(&element.required("Key")?.text)?,
                version_id: element.value_of("VersionId").map(str::to_owned),
                delete_marker_version_id: element
                    .value_of("DeleteMarkerVersionId")
                    .map(str::to_owned),
            })
        };
        Ok(Self {
            encoding,
            deleted: root.all("Deleted").map(read).collect::<Result<_, _>>()?,
        })
    }
}
