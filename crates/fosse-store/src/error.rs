//! Errors of the store, by meaning.

use crate::record::Bucket;
use crate::version::VersionId;
use std::sync::Arc;

/// Errors by meaning. `Display` may name internal things (paths, record names); a server must not
/// show it to a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No bucket has this name, or the bucket at hand was deleted meanwhile.
    #[error("no such bucket")]
    NoSuchBucket,
    /// The name is taken; carries the present bucket so that an owner's repeat can be told apart.
    #[error("bucket exists")]
    BucketExists(Arc<Bucket>),
    /// The bucket holds objects, versions, markers or uploads.
    #[error("bucket not empty")]
    BucketNotEmpty,
    /// The owner has as many buckets as the caller's limit allows.
    #[error("too many buckets")]
    TooManyBuckets,
    /// The key has no current object.
    #[error("no such key")]
    NoSuchKey,
    /// The current version, or the one that was named, is a delete marker.
    #[error("delete marker")]
    DeleteMarker(VersionId),
    /// The key has no such version.
    #[error("no such version")]
    NoSuchVersion,
    /// No upload has this id for this key.
    #[error("no such upload")]
    NoSuchUpload,
    /// A part of a sequential upload that does not follow the last one.
    #[error("the parts of a sequential upload come one after the other")]
    PartNotSequential,
    /// A part that a sequential upload has already.
    #[error("a sequential upload has this part already")]
    PartExists,
    /// The write was forbidden to overwrite and the key exists.
    #[error("object exists")]
    ObjectExists,
    /// A part named at completion is absent or has another ETag.
    #[error("invalid part {0}")]
    InvalidPart(u32),
    /// Part numbers at completion do not ascend.
    #[error("parts out of order")]
    InvalidPartOrder,
    /// A part other than the last is below the minimum size.
    #[error("part {0} too small")]
    PartTooSmall(u32),
    /// The length of an appendable object is this, not the position that was named.
    #[error("the object has {0} bytes")]
    WrongPosition(u64),
    /// The object is not appendable, is sealed, or is a delete marker.
    #[error("not appendable")]
    NotAppendable,
    /// A retention or a legal hold keeps the version from being deleted or replaced.
    #[error("immutable")]
    Immutable,
    /// Others changed the same record again and again; nothing was written.
    #[error("the record kept changing meanwhile")]
    Conflict,
    /// A failed write or sync: the store has stopped writing until it is opened anew.
    #[error("the store is poisoned: {0}")]
    Poisoned(String),
    /// Another process (or another `Store`) has the data directory open.
    #[error("data directory is in use")]
    Locked,
    /// The data directory is not ours, or of a format this version cannot read.
    #[error("{0}")]
    Format(String),
    /// Bytes on disk are not what was written.
    #[error("damaged data: {0}")]
    Corrupt(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Result of store calls.
pub type Result<T> = std::result::Result<T, StoreError>;
