//! The headers that make an object what it is: stored HTTP headers, user metadata, ACL, class and tags
//! (api-objects.md §0.8, §0.9), in from a request and out into an answer.

use crate::handle::{append, encryption, retention};
use crate::request::Call;
use crate::respond::{CRC64, VERSION_ID, set, set_bytes, set_number, set_owned};
use fosse_oss::header::{self, META_PREFIX};
use fosse_oss::op::Operation;
use fosse_oss::{ErrorCode, OssError, etag, time};
use fosse_store::{Acl, Bucket, Object, ObjectAttrs, ObjectKind, StorageClass, Versioning};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_TYPE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue};

/// Headers stored and given back verbatim.
const STORED: [HeaderName; 6] = [
    CONTENT_TYPE,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    EXPIRES,
];
const OBJECT_TYPE: HeaderName = HeaderName::from_static("x-oss-object-type");
const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-oss-storage-class");
pub(crate) const TAGGING_COUNT: HeaderName = HeaderName::from_static("x-oss-tagging-count");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Everything of §0.9 that a request says about the object it creates.
pub(crate) fn attributes(call: &Call, bucket: &Bucket) -> Result<ObjectAttrs, OssError> {
    Ok(ObjectAttrs {
        headers: stored_headers(call)?,
        meta: user_metadata(call)?,
        acl: object_acl(call)?.unwrap_or(Acl::Default),
        storage_class: storage_class(call)?.unwrap_or(bucket.storage_class),
        tags: tags(call)?,
        encryption: encryption::chosen(call, bucket)?,
        retention: match retention::by_headers(call)? {
            // An upload becomes an object, and its period begins, when it is completed.
            None if call.operation != Some(Operation::InitiateMultipartUpload) => {
                retention::by_default(call, bucket)?
            }
            asked => asked,
        },
        legal_hold: retention::held(call)?,
        ..ObjectAttrs::of(call.caller.account().unwrap_or(&bucket.owner))
    })
}

/// 400 `NotImplemented` that names a header.
pub(crate) fn not_implemented(name: &str) -> OssError {
    OssError::new(ErrorCode::NotImplemented).with("Header", name)
}

/// The headers that are stored verbatim: the registered ones, and those that the request makes persistent.
fn stored_headers(call: &Call) -> Result<Vec<(String, String)>, OssError> {
    let mut stored = Vec::new();
    for name in STORED {
        if let Some(value) = call.known_header(name.clone())
            && !value.is_empty()
        {
            stored.push((name.as_str().to_owned(), value.into_owned()));
        }
    }
    if let Some(value) = call.header(header::PERSISTENT_HEADERS) {
        stored.extend(header::parse_persistent(&value)?);
    }
    Ok(stored)
}

/// The `x-oss-meta-*` headers. A repeated one is one header with a joined value, as it was signed.
pub(crate) fn user_metadata(call: &Call) -> Result<Vec<(String, Vec<u8>)>, OssError> {
    let headers = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let mut meta: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in header::user_meta(headers)? {
        match meta.iter_mut().find(|(known, _)| *known == name) {
            Some((_, joined)) => {
                joined.push(b',');
                joined.extend_from_slice(&value);
            }
            None => meta.push((name, value)),
        }
    }
    Ok(meta)
}

/// `x-oss-object-acl`.
pub(crate) fn object_acl(call: &Call) -> Result<Option<Acl>, OssError> {
    let Some(value) = call.header("x-oss-object-acl") else {
        return Ok(None);
    };
    Ok(Some(match header::ObjectAcl::parse(&value)? {
        header::ObjectAcl::Default => Acl::Default,
        header::ObjectAcl::Private => Acl::Private,
        header::ObjectAcl::PublicRead => Acl::PublicRead,
        header::ObjectAcl::PublicReadWrite => Acl::PublicReadWrite,
    }))
}

/// `x-oss-storage-class`.
fn storage_class(call: &Call) -> Result<Option<StorageClass>, OssError> {
    let Some(value) = call.header("x-oss-storage-class") else {
        return Ok(None);
    };
    Ok(Some(class_of(header::StorageClass::parse(&value)?)))
}

/// `x-oss-tagging`.
pub(crate) fn tags(call: &Call) -> Result<Vec<(String, String)>, OssError> {
    call.header("x-oss-tagging")
        .map_or(Ok(Vec::new()), |value| header::parse_tagging(&value))
}

/// `x-oss-forbid-overwrite`.
pub(crate) fn forbid_overwrite(call: &Call) -> Result<bool, OssError> {
    let name = "x-oss-forbid-overwrite";
    call.header(name)
        .map_or(Ok(false), |value| header::parse_flag(name, &value))
}

/// The stored form of a class.
pub(crate) fn class_of(class: header::StorageClass) -> StorageClass {
    match class {
        header::StorageClass::Standard => StorageClass::Standard,
        header::StorageClass::IA => StorageClass::IA,
        header::StorageClass::Archive => StorageClass::Archive,
        header::StorageClass::ColdArchive => StorageClass::ColdArchive,
        header::StorageClass::DeepColdArchive => StorageClass::DeepColdArchive,
    }
}

/// The word of an ACL.
pub(crate) fn acl_word(acl: Acl) -> &'static str {
    match acl {
        Acl::Default => "default",
        Acl::Private => "private",
        Acl::PublicRead => "public-read",
        Acl::PublicReadWrite => "public-read-write",
    }
}

/// The word of a class.
pub(crate) fn class_word(class: StorageClass) -> &'static str {
    match class {
        StorageClass::Standard => "Standard",
        StorageClass::IA => "IA",
        StorageClass::Archive => "Archive",
        StorageClass::ColdArchive => "ColdArchive",
        StorageClass::DeepColdArchive => "DeepColdArchive",
    }
}

/// The word of a kind of object.
pub(crate) fn kind_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Normal => "Normal",
        ObjectKind::Multipart => "Multipart",
        ObjectKind::Appendable => "Appendable",
        ObjectKind::Symlink => "Symlink",
    }
}

/// What GetObject and HeadObject say about an object, without length and range.
pub(crate) fn describe(headers: &mut HeaderMap, object: &Object, bucket: &Bucket) {
    for (name, value) in &object.attrs.headers {
        if let Some(name) = STORED.iter().find(|known| known.as_str() == name) {
            set(headers, name.clone(), value);
        } else if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            set(headers, name, value);
        }
    }
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/octet-stream"));
    user_metadata_of(headers, object);
    identify(headers, object, bucket);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        OBJECT_TYPE,
        HeaderValue::from_static(kind_word(object.kind)),
    );
    headers.insert(
        STORAGE_CLASS,
        HeaderValue::from_static(class_word(object.attrs.storage_class)),
    );
    set_number(headers, CRC64, object.crc64);
    if let Some(md5) = &object.md5 {
        set_bytes(headers, CONTENT_MD5, &header::encode_md5(md5));
    }
    encryption::tell(headers, &object.attrs);
    retention::tell(headers, &object.attrs);
    if object.kind == ObjectKind::Appendable {
        append::tell(headers, object);
    }
    if !object.attrs.tags.is_empty() {
        set_number(headers, TAGGING_COUNT, object.attrs.tags.len() as u64);
    }
}

/// The `x-oss-meta-*` headers of an object.
pub(crate) fn user_metadata_of(headers: &mut HeaderMap, object: &Object) {
    for (name, value) in &object.attrs.meta {
        let name = HeaderName::from_bytes(format!("{META_PREFIX}{name}").as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.insert(name, value);
        }
    }
}

/// ETag, time and, in a versioned bucket, version: also what 304 carries.
pub(crate) fn identify(headers: &mut HeaderMap, object: &Object, bucket: &Bucket) {
    set_owned(headers, ETAG, etag::quote(&object.etag));
    set_owned(
        headers,
        LAST_MODIFIED,
        time::format_http(object.modified_ms.div_euclid(1000)),
    );
    name_version(headers, object, bucket);
}

/// `x-oss-version-id`, in versioned buckets only.
pub(crate) fn name_version(headers: &mut HeaderMap, object: &Object, bucket: &Bucket) {
    if bucket.versioning != Versioning::Never {
        set_owned(headers, VERSION_ID, object.version.to_string());
    }
}

/// What PutObject and UploadPart say about the bytes they took.
pub(crate) fn digests(headers: &mut HeaderMap, md5: &[u8; 16], crc64: u64) {
    set_bytes(headers, CONTENT_MD5, &header::encode_md5(md5));
    set_number(headers, CRC64, crc64);
}
