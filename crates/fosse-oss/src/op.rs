//! Addresses and operations: host and raw path to bucket and key, then method and query to one [`Operation`].

use crate::OssError;

/// The server's own names, from configuration. Compared case-insensitively, without port, longest first.
#[derive(Debug, Clone, Default)]
pub struct Addressing {
    /// Base domains such as `localhost`, `oss-cn-hangzhou.localhost`, `--domain` values.
    /// The service's own names (`oss-REGION[-internal].aliyuncs.com`, `REGION.oss.aliyuncs.com`, `oss-accelerate[-overseas].aliyuncs.com`) are always understood.
    pub base_domains: Vec<String>,
    /// Path-style on a name answers 403 `SecondLevelDomainForbidden` as the real service does. Default false.
    pub forbid_path_style: bool,
}

/// How the request named its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Style { VirtualHosted, Path, Cname }

/// What a request addresses. Nothing is normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Bucket text as addressed (not yet validated); `None` for a service request.
    pub bucket: Option<String>,
    /// Decoded key bytes; empty for a bucket or service request.
    pub key: Vec<u8>,
    /// Address form.
    pub style: Style,
}

impl Target {
    /// Resolves `host` (as in the Host header, port allowed, may be empty) and the raw `path`. `cname`: bound custom domain (lower-case, no port) to bucket.
    /// A host that is no own domain, no IP and not bound: path-style too (a reverse proxy may forward any name).
    /// Errors: 400 `InvalidURI` for a broken escape; 403 `SecondLevelDomainForbidden`.
    pub fn resolve(addressing: &Addressing, host: &str, path: &str, cname: &dyn Fn(&str) -> Option<String>) -> Result<Self, OssError> {
        let _ = (addressing, host, path, cname);
        todo!()
    }
}

/// Decoded query parameters in the order sent. `name` and `name=` are the same: an empty value.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Vec<(String, String)>);
impl Query {
    /// Errors: 400 `InvalidArgument` for a broken escape or bytes that are not UTF-8.
    pub fn parse(raw: &str) -> Result<Self, OssError> { let _ = raw; todo!() }
    /// First value of `name` (case-sensitive).
    pub fn get(&self, name: &str) -> Option<&str> { let _ = name; todo!() }
    /// Whether `name` occurs.
    pub fn has(&self, name: &str) -> bool { self.get(name).is_some() }
}

/// Every operation that Fosse knows, named as in OSS. The protocol owner completes it to all tiers (T1-T4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Operation {
    ListBuckets, PutBucket, DeleteBucket, GetBucketInfo, GetBucketLocation, GetBucketAcl, PutBucketAcl, GetBucketStat,
    ListObjects, ListObjectsV2, ListMultipartUploads, DeleteMultipleObjects, GetBucketCors, PutBucketCors, DeleteBucketCors,
    PutObject, GetObject, HeadObject, GetObjectMeta, DeleteObject, CopyObject, GetObjectAcl, PutObjectAcl, OptionObject,
    InitiateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload, ListParts,
    PostObject,
}

/// Management (service and bucket) or data (object) operation: access-control.md §2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum OperationClass { Management, Data }

impl Operation {
    /// Names the operation of a request. Total: what is unknown gets its documented refusal
    /// (400 `InvalidArgument`, 405 `MethodNotAllowed`, 400 `NotImplemented` for T4).
    /// `header` looks a request header up by lower-case name (`x-oss-copy-source` decides CopyObject).
    pub fn parse(method: &str, target: &Target, query: &Query, header: &dyn Fn(&str) -> bool) -> Result<Self, OssError> {
        let _ = (method, target, query, header);
        todo!()
    }
    /// The OSS name, e.g. `GetObject`.
    pub fn name(self) -> &'static str { todo!() }
    /// The RAM action, e.g. `oss:GetObject` (`versioned`: the `...Version` form where one exists).
    pub fn action(self, versioned: bool) -> &'static str { let _ = versioned; todo!() }
    /// Management or data.
    pub fn class(self) -> OperationClass { todo!() }
}
