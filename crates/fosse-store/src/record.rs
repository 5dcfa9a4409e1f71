//! What the store keeps: buckets, objects, parts, access keys, and how they are written down.
//!
//! A record is a version byte followed by the postcard form of the struct. The fields and their order are
//! the format: a change of either makes a new version byte and a reader for the old one (`docs/format.md`).

use crate::blob::{BlobId, Extent, Place};
use crate::error::{Result, StoreError};
use crate::version::{Order, VersionId};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

mod domain;
mod format_1;
mod identity;
mod running_md5;

pub(crate) use domain::StoredDomain;
pub use domain::{Certificate, Domain, DomainToken};
pub(crate) use identity::StoredAccessKey;
pub use identity::{
    Account, Attachment, Group, Permissions, Policy, PolicyType, PolicyVersion, Role, User,
};
pub(crate) use running_md5::RunningMd5;

/// A record: how a value is written down, and how the forms of older versions are read.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Version byte that this version of Fosse writes.
    const VERSION: u8 = 1;

    /// The value from the body of another version; `None` for a version that never was.
    fn other(_version: u8, _body: &[u8]) -> Option<postcard::Result<Self>> {
        None
    }
}

impl Record for u64 {}
impl Record for Vec<Extent> {}
impl Record for Bucket {
    const VERSION: u8 = 2;

    fn other(version: u8, body: &[u8]) -> Option<postcard::Result<Self>> {
        (version == 1).then(|| whole::<format_1::Bucket>(body).map(Into::into))
    }
}

impl Record for BucketState {}
impl Record for RetainedBucketState {
    const VERSION: u8 = 2;
}
impl Record for BlobRecord {}
impl Record for ManifestHeader {}
impl Record for Head {}
impl Record for PartRecord {}
impl Record for Sealed {}

impl Record for Object {
    const VERSION: u8 = 2;

    fn other(version: u8, body: &[u8]) -> Option<postcard::Result<Self>> {
        (version == 1).then(|| whole::<format_1::Object>(body).map(Into::into))
    }
}

impl Record for VersionRecord {
    const VERSION: u8 = 2;

    fn other(version: u8, body: &[u8]) -> Option<postcard::Result<Self>> {
        (version == 1).then(|| whole::<format_1::VersionRecord>(body).map(Into::into))
    }
}

impl Record for Upload {
    const VERSION: u8 = 2;

    fn other(version: u8, body: &[u8]) -> Option<postcard::Result<Self>> {
        match version {
            1 => Some(whole::<format_1::Upload>(body).map(Into::into)),
            SequentialUpload::VERSION => Some(whole::<SequentialUpload>(body).map(Into::into)),
            _ => None,
        }
    }
}

impl Record for SequentialUpload {
    const VERSION: u8 = 3;
}

/// A value that takes up the whole of `body`.
pub(crate) fn whole<T: DeserializeOwned>(body: &[u8]) -> postcard::Result<T> {
    match postcard::take_from_bytes(body)? {
        (value, []) => Ok(value),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

/// The stored form of a record.
pub(crate) fn encode<T: Record>(record: &T) -> Result<Bytes> {
    postcard::to_extend(record, vec![T::VERSION])
        .map(Bytes::from)
        .map_err(|error| StoreError::Corrupt(format!("record cannot be encoded: {error}")))
}

/// A record from its stored form; `what` names it in the error.
pub(crate) fn decode<T: Record>(what: &str, stored: &[u8]) -> Result<T> {
    let Some((&version, body)) = stored.split_first() else {
        return Err(StoreError::Corrupt(format!("{what} record is empty")));
    };
    let read = if version == T::VERSION {
        Some(whole(body))
    } else {
        T::other(version, body)
    };
    match read {
        Some(Ok(record)) => Ok(record),
        Some(Err(error)) => Err(StoreError::Corrupt(format!("{what} record: {error}"))),
        None => Err(StoreError::Corrupt(format!(
            "{what} record of unknown version {version}"
        ))),
    }
}

/// A secret of the server, sealed by the master keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed(pub(crate) Vec<u8>);

/// ACL as stored; `Default` (inherit the bucket's) only for objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Acl {
    /// As the bucket.
    Default,
    /// The owner only.
    Private,
    /// Everybody reads.
    PublicRead,
    /// Everybody reads and writes.
    PublicReadWrite,
}

/// Storage class label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum StorageClass {
    Standard,
    IA,
    Archive,
    ColdArchive,
    DeepColdArchive,
}

/// Redundancy label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Redundancy {
    /// Locally redundant.
    Lrs,
    /// Zone redundant.
    Zrs,
}

/// Versioning state of a bucket. A bucket that left `Never` does not return to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Versioning {
    /// A write replaces.
    Never,
    /// A write adds a version.
    Enabled,
    /// A write replaces the null version only.
    Suspended,
}

/// A bucket. Addressed by `id` inside, so that deletion and re-creation cannot alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Number, never used again.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Account that owns it.
    pub owner: String,
    /// ACL; never `Default`.
    pub acl: Acl,
    /// Default class of its objects.
    pub storage_class: StorageClass,
    /// Redundancy label.
    pub redundancy: Redundancy,
    /// Versioning state.
    pub versioning: Versioning,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// Grows with each change; conditional updates compare it.
    pub revision: u64,
    /// Sub-resource configurations by name (`cors`, `referer`, ...), as the protocol layer wrote them.
    pub configs: BTreeMap<String, Vec<u8>>,
    /// Retention of everything in it.
    pub worm: Option<Worm>,
}

/// The retention of a bucket (`?worm`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worm {
    /// `x-oss-worm-id`.
    pub id: String,
    /// When it was begun, Unix milliseconds. Unless it is locked within 24 hours it lapses.
    pub created_ms: i64,
    /// How long an object is kept from the time it was written, in days.
    pub days: u32,
    /// Whether it is locked, for good.
    pub locked: bool,
}

/// What a write into a bucket depends on. Kept apart from [`Bucket`] so that a change of a configuration
/// does not conflict with writes in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct BucketState {
    versioning: Versioning,
}

/// The same of a bucket with a retention. The other form is kept for buckets without one, as writes compare bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RetainedBucketState {
    versioning: Versioning,
    worm: Worm,
}

impl Bucket {
    /// The stored form of what a write into the bucket depends on.
    pub(crate) fn state(&self) -> Result<Bytes> {
        let versioning = self.versioning;
        match &self.worm {
            None => encode(&BucketState { versioning }),
            Some(worm) => encode(&RetainedBucketState {
                versioning,
                worm: worm.clone(),
            }),
        }
    }
}

/// What a new bucket is made with.
#[derive(Debug, Clone)]
pub struct NewBucket {
    /// Name, already validated.
    pub name: String,
    /// Account that owns it.
    pub owner: String,
    /// ACL.
    pub acl: Acl,
    /// Default class.
    pub storage_class: StorageClass,
    /// Redundancy label.
    pub redundancy: Redundancy,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
}

/// Kind of object (`x-oss-object-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum ObjectKind {
    Normal,
    Multipart,
    Appendable,
    Symlink,
}

/// What the writer of an object decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectAttrs {
    /// Stored HTTP headers, lower-case names: content-type, cache-control, content-disposition,
    /// content-encoding, content-language, expires.
    pub headers: Vec<(String, String)>,
    /// User metadata: lower-case name without `x-oss-meta-`, value bytes as sent.
    pub meta: Vec<(String, Vec<u8>)>,
    /// ACL.
    pub acl: Acl,
    /// Storage class.
    pub storage_class: StorageClass,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Account that owns it.
    pub owner: String,
    /// How the bytes are encrypted at rest; `None`: they are not.
    pub encryption: Option<Box<Encryption>>,
    /// Of a symlink: the key it points to, in the same bucket.
    pub symlink_target: Option<String>,
    /// Of an archive class: the restore that was asked for last.
    pub restore: Option<Restore>,
    /// Retention of this version.
    pub retention: Option<Retention>,
    /// Legal hold on this version.
    pub legal_hold: bool,
    /// Of an appendable object: when it was sealed, Unix milliseconds.
    pub sealed_ms: Option<i64>,
    /// When a lifecycle rule last changed the storage class, Unix milliseconds.
    pub class_changed_ms: Option<i64>,
}

impl ObjectAttrs {
    /// What an object has whose writer says nothing: no headers, no metadata, the bucket's ACL, class `Standard`.
    pub fn of(owner: impl Into<String>) -> Self {
        ObjectAttrs {
            headers: Vec::new(),
            meta: Vec::new(),
            acl: Acl::Default,
            storage_class: StorageClass::Standard,
            tags: Vec::new(),
            owner: owner.into(),
            encryption: None,
            symlink_target: None,
            restore: None,
            retention: None,
            legal_hold: false,
            sealed_ms: None,
            class_changed_ms: None,
        }
    }
}

/// Server-side encryption of an object, as its replies name it (`x-oss-server-side-encryption` and the headers
/// beside it), and the key of its bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `x-oss-server-side-encryption`.
    pub algorithm: EncryptionAlgorithm,
    /// `x-oss-server-side-data-encryption: SM4`; only with `Kms`.
    pub data_sm4: bool,
    /// `x-oss-server-side-encryption-key-id`; only with `Kms`.
    pub key_id: Option<String>,
    /// The data key, sealed by the master keys; opaque here.
    pub sealed_key: Vec<u8>,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("algorithm", &self.algorithm)
            .field("data_sm4", &self.data_sm4)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// `x-oss-server-side-encryption`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum EncryptionAlgorithm {
    Aes256,
    Kms,
    Sm4,
}

/// A restore of an archived object (RestoreObject).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// When it was asked for first, Unix milliseconds.
    pub requested_ms: i64,
    /// From when on the object is readable, Unix milliseconds.
    pub ready_ms: i64,
    /// Until when it is readable, Unix milliseconds.
    pub until_ms: i64,
    /// Priority, for the classes that know one.
    pub tier: RestoreTier,
}

/// Priority of a restore (`JobParameters/Tier`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum RestoreTier {
    Bulk,
    Standard,
    Expedited,
}

/// Retention of one object version (`?retention`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// Until when the version may be neither deleted nor replaced, Unix milliseconds.
    pub until_ms: i64,
}

/// Mode of a retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the protocol's")]
pub enum RetentionMode {
    Governance,
    Compliance,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Kind.
    pub kind: ObjectKind,
    /// Version; `Null` in a bucket that was never versioned.
    pub version: VersionId,
    /// Bytes.
    pub size: u64,
    /// Upper-case hex (`-N` for multipart), without quotes.
    pub etag: String,
    /// MD5 of the bytes where it is known (not of multipart objects).
    pub md5: Option<[u8; 16]>,
    /// CRC-64/XZ of the bytes.
    pub crc64: u64,
    /// When it was written, Unix milliseconds.
    pub modified_ms: i64,
    /// What its writer decided.
    pub attrs: ObjectAttrs,
    /// Where the bytes are: opaque to callers.
    pub body: Body,
    /// When it was last read, Unix milliseconds, where the bucket's access monitor keeps it; coarse, see
    /// [`Store::record_accesses`](crate::Store::record_accesses).
    pub accessed_ms: Option<i64>,
    /// Place among the versions of its key.
    pub(crate) order: Order,
}

/// Where the bytes of an object are. Opaque; the store reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body(pub(crate) BodyPlace);

/// See [`Body`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BodyPlace {
    /// No bytes.
    Empty,
    /// One blob.
    Blob(Extent),
    /// Several blobs one after the other, listed in a manifest of their own so that this record stays small
    /// and copies share the list.
    Manifest(BlobId),
}

/// How many bodies share a blob, and where it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobRecord {
    pub(crate) shares: u32,
    pub(crate) place: Place,
    pub(crate) len: u64,
    pub(crate) crc64: u64,
}

/// How many bodies share a manifest, and how many extents its slices hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestHeader {
    pub(crate) shares: u32,
    pub(crate) extents: u32,
}

/// What orders the versions of a key that has, or had, noncurrent versions or markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    /// No version of the key is newer than this.
    pub(crate) latest: Order,
    /// Where the null version is among the noncurrent versions and markers, if it is there.
    pub(crate) null: Option<Order>,
}

/// A noncurrent version, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and mostly objects")]
pub(crate) enum VersionRecord {
    Object(Object),
    Marker(Marker),
}

/// A delete marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub(crate) version: VersionId,
    pub(crate) order: Order,
    pub(crate) modified_ms: i64,
}

/// Conditions on a write.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteCondition {
    /// `x-oss-forbid-overwrite: true` (ignored when versioning is Enabled or Suspended).
    pub must_not_exist: bool,
}

/// Result of a write that made a version current.
#[derive(Debug, Clone)]
pub struct Written {
    /// The version that is now current.
    pub object: Arc<Object>,
    /// `Some` when the bucket is versioned (Enabled or Suspended).
    pub version: Option<VersionId>,
}

/// Result of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Whether there was something to delete.
    pub existed: bool,
    /// The marker that was made, or the version that was removed by name.
    pub version: Option<VersionId>,
    /// A marker was made, or the removed version was one.
    pub delete_marker: bool,
}

/// A multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Key it will write.
    pub key: String,
    /// Id: 32 upper-case hex digits.
    pub id: String,
    /// When it began, Unix milliseconds.
    pub initiated_ms: i64,
    /// What the object will have.
    pub attrs: ObjectAttrs,
    /// Whether it was begun with a ban on overwriting.
    pub must_not_exist: bool,
    /// Where a sequential upload has got to; `None` for one whose parts come in any order.
    #[serde(skip)]
    pub sequence: Option<Sequence>,
}

impl Upload {
    /// The stored form.
    pub(crate) fn stored(&self) -> Result<Bytes> {
        match &self.sequence {
            None => encode(self),
            Some(sequence) => encode(&SequentialUpload {
                upload: self.clone(),
                sequence: *sequence,
            }),
        }
    }
}

/// An upload begun with `?sequential`: its parts come one after the other, so the MD5 of the whole is known at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sequence {
    /// Parts that are there, numbered from 1 without a gap.
    pub parts: u32,
    /// Digest of their bytes; opaque to callers.
    pub(crate) digest: RunningMd5,
}

/// The stored form of an [`Upload`] with a sequence.
#[derive(Serialize, Deserialize)]
struct SequentialUpload {
    upload: Upload,
    sequence: Sequence,
}

impl From<SequentialUpload> for Upload {
    fn from(stored: SequentialUpload) -> Self {
        Upload {
            sequence: Some(stored.sequence),
            ..stored.upload
        }
    }
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Number, 1 to 10000.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// MD5 of the bytes; its upper-case hex is the part's ETag.
    pub md5: [u8; 16],
    /// CRC-64/XZ of the bytes.
    pub crc64: u64,
    /// When it was written, Unix milliseconds.
    pub modified_ms: i64,
}

/// A part as stored; its number is in its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
    pub(crate) modified_ms: i64,
    pub(crate) extent: Option<Extent>,
}

impl PartRecord {
    pub(crate) fn part(&self, number: u32) -> Part {
        let PartRecord {
            size,
            md5,
            crc64,
            modified_ms,
            ..
        } = *self;
        Part {
            number,
            size,
            md5,
            crc64,
            modified_ms,
        }
    }
}

/// An AccessKey of an account, or of a user of it. The secret is for the server only; `Debug` hides it, and it is
/// sealed where it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// AccessKey id.
    pub id: String,
    /// AccessKey secret.
    pub secret: String,
    /// Account it belongs to.
    pub owner: String,
    /// Number of the user it belongs to; `None`: the account itself.
    pub user: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it is the root key.
    pub root: bool,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// Operator's remark.
    pub comment: String,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("user", &self.user)
            .field("enabled", &self.enabled)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// Counters of a bucket, kept in the same batch as what they count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketStat {
    /// Bytes of all object versions; parts of unfinished uploads do not count.
    pub storage: u64,
    /// Object versions, without delete markers.
    pub objects: u64,
    /// Unfinished multipart uploads.
    pub uploads: u64,
    /// Parts of unfinished uploads.
    pub parts: u64,
    /// Delete markers.
    pub delete_markers: u64,
}

/// Counters of a storage class within a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassStat {
    /// Bytes of all object versions of the class.
    pub storage: u64,
    /// Object versions of the class.
    pub objects: u64,
}

/// Upper-case hex, as ETags are written.
pub(crate) fn upper_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Object {
        let extent = Extent {
            id: BlobId {
                boot: 3,
                sequence: 9,
            },
            place: Place::Segment {
                segment: 2,
                offset: 4096,
            },
            len: 5,
            crc64: 77,
        };
        Object {
            kind: ObjectKind::Normal,
            version: VersionId::Id([1; 16]),
            size: 5,
            etag: upper_hex(&[0xAB; 16]),
            md5: Some([0xAB; 16]),
            crc64: 77,
            modified_ms: 1_700_000_000_000,
            attrs: ObjectAttrs {
                headers: vec![("content-type".into(), "text/plain".into())],
                meta: vec![("k".into(), vec![0xFF, 0])],
                ..ObjectAttrs::of("1")
            },
            body: Body(BodyPlace::Blob(extent)),
            accessed_ms: None,
            order: Order([1; 16]),
        }
    }

    #[test]
    fn records_read_back() {
        let object = sample();
        let stored = encode(&object).unwrap();
        assert_eq!(stored[0], Object::VERSION);
        assert_eq!(decode::<Object>("object", &stored).unwrap(), object);
    }

    #[test]
    fn foreign_records_are_refused() {
        let mut stored = encode(&sample()).unwrap().to_vec();
        for cut in 0..stored.len() {
            assert!(matches!(
                decode::<Object>("object", &stored[..cut]),
                Err(StoreError::Corrupt(_))
            ));
        }
        stored.push(0);
        assert!(matches!(
            decode::<Object>("object", &stored),
            Err(StoreError::Corrupt(_))
        ));
        stored.pop();
        stored[0] = Object::VERSION + 1;
        let Err(StoreError::Corrupt(text)) = decode::<Object>("object", &stored) else {
            panic!()
        };
        assert!(text.contains("version 3"), "{text}");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let key = AccessKey {
            id: "id".into(),
            secret: "hidden".into(),
            owner: "1".into(),
            user: None,
            enabled: true,
            root: false,
            created_ms: 0,
            comment: String::new(),
        };
        assert!(!format!("{key:?}").contains("hidden"));
    }

    proptest! {
        #[test]
        fn damaged_records_do_not_panic(at in 0usize..60, byte: u8) {
            let mut stored = encode(&sample()).unwrap().to_vec();
            let at = at % stored.len();
            stored[at] = byte;
            let _ = decode::<Object>("object", &stored);
        }
    }
}
