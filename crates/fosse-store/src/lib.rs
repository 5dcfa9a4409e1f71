//! What an object store means: buckets, objects, versions, multipart uploads and listings, written once
//! over two small traits: [`Meta`] (ordered, conditional, durable batches) and [`Blobs`] (immutable).
//!
//! It knows no HTTP, no XML and no meaning of an ACL. Two engines: embedded (a data directory) and memory.
//!
//! The rule between the traits: a blob is sealed before a record names it, and the record goes before the blob.
//! A crash then leaves only garbage, never a name without bytes.

pub mod blob;
mod cache;
#[cfg(test)]
mod contract;
mod embedded;
mod error;
mod key;
mod master_keys;
mod memory;
pub mod meta;
mod priority;
mod record;
mod store;
mod version;

pub use blob::{BlobId, Blobs, Extent, Place};
pub use error::{Result, StoreError};
pub use master_keys::MasterKeys;
pub use memory::{MemoryBlobs, MemoryMeta};
pub use meta::{Meta, Space};
pub use priority::work_in_background;
pub use record::{
    AccessKey, Acl, Body, Bucket, BucketStat, Certificate, ClassStat, Deleted, Domain, DomainToken,
    Encryption, EncryptionAlgorithm, NewBucket, Object, ObjectAttrs, ObjectKind, Part, Redundancy,
    Restore, RestoreTier, Retention, RetentionMode, Sequence, StorageClass, Upload, Versioning,
    Worm, WriteCondition, Written,
};
pub use store::{
    BindError, BlobWriter, BodyReader, ChunkReader, FinishedBlob, Governance, ListPage, ListQuery,
    ListedVersion, OpenOptions, Report, ScanBatch, ScanPlace, Scrub, Scrubbed, SealedBlob, Seen,
    SeenChange, Store, UploadPage, UploadQuery, VersionPage, VersionQuery, measure_growth,
};
pub use version::VersionId;

/// Accounts and what belongs to them: users, groups, roles, policies.
pub mod identity {
    pub use crate::record::{
        Account, Attachment, Group, Permissions, Policy, PolicyType, PolicyVersion, Role, User,
    };
    pub use crate::store::{AccountChange, AccountRecords, ByName, ChangeError, Named};
}
