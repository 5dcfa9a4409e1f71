//! CONTRACT (skeleton): the surface fosse-server builds on. The store owner replaces this file by real modules
//! (`meta.rs`, `blob.rs`, `record.rs`, `error.rs`, `store/*.rs`, `memory/`, `embedded/`) re-exported from the crate root
//! under these very names and signatures.

use bytes::Bytes;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Errors by meaning. `Display` may name internal things; the server never shows it to a client.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StoreError {
    #[error("no such bucket")] NoSuchBucket,
    #[error("bucket exists")] BucketExists(Arc<Bucket>),
    #[error("bucket not empty")] BucketNotEmpty,
    #[error("too many buckets")] TooManyBuckets,
    #[error("no such key")] NoSuchKey,
    /// The current version is a delete marker.
    #[error("delete marker")] DeleteMarker(VersionId),
    #[error("no such version")] NoSuchVersion,
    #[error("no such upload")] NoSuchUpload,
    #[error("object exists")] ObjectExists,
    #[error("invalid part {0}")] InvalidPart(u32),
    #[error("parts out of order")] InvalidPartOrder,
    #[error("part {0} too small")] PartTooSmall(u32),
    #[error("configuration changed meanwhile")] Conflict,
    /// A failed sync: the store has stopped writing.
    #[error("the store is poisoned: {0}")] Poisoned(String),
    #[error("data directory is in use")] Locked,
    #[error("{0}")] Format(String),
    #[error("damaged data: {0}")] Corrupt(String),
    #[error(transparent)] Io(#[from] std::io::Error),
}
/// Result of store calls.
pub type Result<T> = std::result::Result<T, StoreError>;

/// ACL as stored; `Default` only for objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum Acl { Default, Private, PublicRead, PublicReadWrite }

/// Storage class label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum StorageClass { Standard, IA, Archive, ColdArchive, DeepColdArchive }

/// Redundancy label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum Redundancy { Lrs, Zrs }

/// Versioning state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum Versioning { Never, Enabled, Suspended }

/// A bucket. Addressed by `id` inside, so that deletion and re-creation cannot alias.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub struct Bucket {
    pub id: u64, pub name: String, pub owner: String, pub acl: Acl, pub storage_class: StorageClass,
    pub redundancy: Redundancy, pub versioning: Versioning,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Grows with each change; conditional updates compare it.
    pub revision: u64,
    /// Sub-resource configurations by name (`cors`, `referer`, ...), as the protocol layer wrote them.
    pub configs: std::collections::BTreeMap<String, Vec<u8>>,
}

/// What a new bucket is made with.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewBucket { pub name: String, pub owner: String, pub acl: Acl, pub storage_class: StorageClass, pub redundancy: Redundancy, pub now_ms: i64 }

/// Version of an object. Text form: `null`, or exactly 64 URL-safe characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum VersionId { Null, Id([u8; 16]) }
impl VersionId {
    /// `None` when the text is neither `null` nor a well-formed id.
    pub fn parse(text: &str) -> Option<Self> { let _ = text; todo!() }
}
impl std::fmt::Display for VersionId { fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { todo!() } }

/// Kind of object (`x-oss-object-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum ObjectKind { Normal, Multipart, Appendable, Symlink }

/// What the writer of an object decides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub struct ObjectAttrs {
    /// Stored HTTP headers, lower-case names: content-type, cache-control, content-disposition, content-encoding, content-language, expires.
    pub headers: Vec<(String, String)>,
    /// User metadata: lower-case name without `x-oss-meta-`, value bytes as sent.
    pub meta: Vec<(String, Vec<u8>)>,
    pub acl: Acl, pub storage_class: StorageClass, pub tags: Vec<(String, String)>, pub owner: String,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub struct Object {
    pub kind: ObjectKind, pub version: VersionId, pub size: u64,
    /// Upper-case hex (`-N` for multipart), without quotes.
    pub etag: String,
    pub md5: Option<[u8; 16]>, pub crc64: u64,
    /// Unix milliseconds.
    pub modified_ms: i64,
    pub attrs: ObjectAttrs,
    /// Where the bytes are: opaque to callers. (Owner of the store decides the real type.)
    pub body: Body,
}
/// Opaque.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Body(());

/// Conditions on a write.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteCondition {
    /// `x-oss-forbid-overwrite: true` (ignored when versioning is Enabled or Suspended).
    pub must_not_exist: bool,
}

/// Result of a write that made a version current.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Written { pub object: Arc<Object>, /** `Some` when the bucket is versioned (Enabled or Suspended). */ pub version: Option<VersionId> }

/// Result of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Deleted { pub existed: bool, pub version: Option<VersionId>, pub delete_marker: bool }

/// A body being written: one hashing pass, bounded memory, nothing visible before a `put_*` call takes the [`SealedBlob`].
/// Dropping it discards what was written.
pub struct BlobWriter(());
impl BlobWriter {
    /// Writes a chunk; waits for the disk when it is behind.
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> { let _ = chunk; todo!() }
    /// Bytes so far.
    pub fn len(&self) -> u64 { todo!() }
    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool { self.len() == 0 }
    /// Makes the bytes durable and gives their digests.
    pub async fn seal(self) -> Result<SealedBlob> { todo!() }
    /// Ends hashing without making anything durable, so that digests can be compared before paying for the sync. `seal` afterwards is on the returned value.
    pub async fn finish(self) -> Result<FinishedBlob> { todo!() }
}
/// All bytes written, digests known, not yet durable. Dropping discards.
pub struct FinishedBlob(());
impl FinishedBlob {
    #[allow(missing_docs)] pub fn size(&self) -> u64 { todo!() }
    #[allow(missing_docs)] pub fn md5(&self) -> [u8; 16] { todo!() }
    #[allow(missing_docs)] pub fn crc64(&self) -> u64 { todo!() }
    /// Makes the bytes durable (group fdatasync for small ones).
    pub async fn seal(self) -> Result<SealedBlob> { todo!() }
}
/// Durable bytes that no record names yet. Dropping leaves garbage for the sweep.
pub struct SealedBlob(());
impl SealedBlob {
    #[allow(missing_docs)] pub fn size(&self) -> u64 { todo!() }
    #[allow(missing_docs)] pub fn md5(&self) -> [u8; 16] { todo!() }
    #[allow(missing_docs)] pub fn crc64(&self) -> u64 { todo!() }
}

/// Bytes of an object on their way out, in order, bounded read-ahead.
pub enum BodyReader {
    /// Small and already in memory.
    Whole(Bytes),
    /// A stream of chunks (poll with `next().await`).
    Chunks(ChunkReader),
}
/// See [`BodyReader::Chunks`].
pub struct ChunkReader(());
impl ChunkReader {
    /// The next chunk, `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> { todo!() }
}

/// A listing request over current versions (V1 and V2 share it).
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct ListQuery { pub prefix: String, pub delimiter: String, /** exclusive */ pub start_after: String, pub max_keys: usize }
/// One page. Entries and prefixes together at most `max_keys`, each in byte order.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct ListPage { pub objects: Vec<(String, Arc<Object>)>, pub common_prefixes: Vec<String>, pub truncated: bool, /** last key or common prefix returned, when truncated */ pub next: Option<String> }

/// A multipart upload.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Upload { pub key: String, pub id: String, pub initiated_ms: i64, pub attrs: ObjectAttrs, pub must_not_exist: bool }
/// A part.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Part { pub number: u32, pub size: u64, pub md5: [u8; 16], pub crc64: u64, pub modified_ms: i64 }
/// Page request of uploads.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct UploadQuery { pub prefix: String, pub delimiter: String, pub key_marker: String, pub upload_id_marker: String, pub max_uploads: usize }
/// Page of uploads.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct UploadPage { pub uploads: Vec<Upload>, pub common_prefixes: Vec<String>, pub truncated: bool, pub next_key: String, pub next_upload_id: String }

/// An AccessKey of an account. The secret is readable by the server only; `Debug` hides it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub struct AccessKey { pub id: String, pub secret: String, pub owner: String, pub enabled: bool, pub root: bool, pub created_ms: i64, pub comment: String }

/// Counters of a bucket, kept transactionally.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub struct BucketStat { pub storage: u64, pub objects: u64, pub uploads: u64, pub parts: u64, pub delete_markers: u64 }

/// How to open the embedded engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct OpenOptions { pub dir: PathBuf, /** Bodies up to this size go to log segments. */ pub small_limit: u64, /** Bytes of the hot-record cache. */ pub cache_bytes: u64 }

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store(());

#[allow(missing_docs)]
impl Store {
    /// Opens or creates a data directory: format version, exclusive lock, recovery.
    pub fn open(options: OpenOptions) -> Result<Self> { let _ = options; todo!() }
    /// In memory, for tests and `--memory`.
    pub fn memory() -> Self { todo!() }
    /// Finishes what is queued, then closes. Reads and writes afterwards fail.
    pub async fn close(&self) -> Result<()> { todo!() }
    /// Whether writes still work (readiness).
    pub fn healthy(&self) -> bool { todo!() }

    pub async fn put_access_key(&self, key: AccessKey) -> Result<()> { let _ = key; todo!() }
    pub async fn delete_access_key(&self, id: &str) -> Result<bool> { let _ = id; todo!() }
    /// From memory: all access keys are cached, so the verifier can call it inline.
    pub fn access_key(&self, id: &str) -> Option<Arc<AccessKey>> { let _ = id; todo!() }
    pub fn access_keys(&self) -> Vec<Arc<AccessKey>> { todo!() }

    /// `BucketExists` carries the present bucket, so that the caller can tell an owner's repeat. `limit`: most buckets per owner.
    pub async fn create_bucket(&self, new: NewBucket, limit: usize) -> Result<Arc<Bucket>> { let _ = (new, limit); todo!() }
    pub async fn bucket(&self, name: &str) -> Result<Arc<Bucket>> { let _ = name; todo!() }
    /// Applies `change` to the newest record atomically (inside the committer); returns the new one.
    pub async fn update_bucket(&self, name: &str, change: impl Fn(&mut Bucket) + Send + 'static) -> Result<Arc<Bucket>> { let _ = (name, change); todo!() }
    pub async fn delete_bucket(&self, name: &str) -> Result<()> { let _ = name; todo!() }
    /// Buckets of `owner` in name order after `marker` with `prefix`; at most `max`; `true` when more follow.
    pub async fn list_buckets(&self, owner: &str, prefix: &str, marker: &str, max: usize) -> Result<(Vec<Arc<Bucket>>, bool)> { let _ = (owner, prefix, marker, max); todo!() }
    pub async fn bucket_stat(&self, bucket: &Bucket) -> Result<BucketStat> { let _ = bucket; todo!() }

    /// `size_hint`: Content-Length when known; decides segment or file.
    pub fn begin_blob(&self, size_hint: Option<u64>) -> BlobWriter { let _ = size_hint; todo!() }
    pub async fn put_object(&self, bucket: &Bucket, key: &str, blob: SealedBlob, attrs: ObjectAttrs, condition: WriteCondition, now_ms: i64) -> Result<Written> { let _ = (bucket, key, blob, attrs, condition, now_ms); todo!() }
    /// Metadata copy or edit without moving bytes (CopyObject): the new version shares or re-references the source's bytes.
    pub async fn copy_object(&self, source: &Object, bucket: &Bucket, key: &str, attrs: ObjectAttrs, condition: WriteCondition, now_ms: i64) -> Result<Written> { let _ = (source, bucket, key, attrs, condition, now_ms); todo!() }
    /// Current version when `version` is `None`. Errors: NoSuchKey, DeleteMarker (current, or the named one), NoSuchVersion.
    pub async fn object(&self, bucket: &Bucket, key: &str, version: Option<VersionId>) -> Result<Arc<Object>> { let _ = (bucket, key, version); todo!() }
    /// Bytes `range` (within `0..size`) of an object. A delete of the object while reading must not break the read.
    pub async fn read(&self, object: &Object, range: Range<u64>) -> Result<BodyReader> { let _ = (object, range); todo!() }
    pub async fn set_object_acl(&self, bucket: &Bucket, key: &str, version: Option<VersionId>, acl: Acl) -> Result<Arc<Object>> { let _ = (bucket, key, version, acl); todo!() }
    pub async fn delete_object(&self, bucket: &Bucket, key: &str, version: Option<VersionId>, now_ms: i64) -> Result<Deleted> { let _ = (bucket, key, version, now_ms); todo!() }
    pub async fn list_objects(&self, bucket: &Bucket, query: ListQuery) -> Result<ListPage> { let _ = (bucket, query); todo!() }

    pub async fn create_upload(&self, bucket: &Bucket, key: &str, attrs: ObjectAttrs, condition: WriteCondition, now_ms: i64) -> Result<Upload> { let _ = (bucket, key, attrs, condition, now_ms); todo!() }
    pub async fn upload(&self, bucket: &Bucket, key: &str, id: &str) -> Result<Upload> { let _ = (bucket, key, id); todo!() }
    pub async fn put_part(&self, bucket: &Bucket, key: &str, id: &str, number: u32, blob: SealedBlob, now_ms: i64) -> Result<Part> { let _ = (bucket, key, id, number, blob, now_ms); todo!() }
    /// Parts after `marker`, at most `max`; `true` when more follow.
    pub async fn list_parts(&self, bucket: &Bucket, key: &str, id: &str, marker: u32, max: usize) -> Result<(Vec<Part>, bool)> { let _ = (bucket, key, id, marker, max); todo!() }
    pub async fn list_uploads(&self, bucket: &Bucket, query: UploadQuery) -> Result<UploadPage> { let _ = (bucket, query); todo!() }
    /// `parts`: (number, ETag as sent, quotes stripped) ascending, or `None` for all. Copies no data. `acl`: overrides the one given at initiate.
    /// ETag: UPPERHEX(MD5(concat of upper-case hex part ETags))-N; CRC combined from the parts. Parts but the last must be >= `min_part` bytes.
    pub async fn complete_upload(&self, bucket: &Bucket, key: &str, id: &str, parts: Option<Vec<(u32, String)>>, acl: Option<Acl>, condition: WriteCondition, min_part: u64, now_ms: i64) -> Result<Written> { let _ = (bucket, key, id, parts, acl, condition, min_part, now_ms); todo!() }
    pub async fn abort_upload(&self, bucket: &Bucket, key: &str, id: &str) -> Result<()> { let _ = (bucket, key, id); todo!() }

    /// Compacts dead space and removes files that no record names; run in the background by the server. Returns bytes reclaimed.
    pub async fn sweep(&self) -> Result<u64> { todo!() }
}
