//! CopyObject (api-objects.md §5).

use crate::gate::{self, Authorized};
use crate::handle::conditions::{Conditions, Verdict, precondition_failed};
use crate::handle::{capacity, encryption, fault, object_headers, put, restore};
use crate::pace;
use crate::request::Call;
use crate::respond::{Answer, CRC64, empty, set, set_number, xml};
use fosse_oss::header::{CopySource, Directive, parse_tagging_directive};
use fosse_oss::op::Operation;
use fosse_oss::xml::CopyObjectResult;
use fosse_oss::{ErrorCode, OssError, etag};
use fosse_store::{
    BlobWriter, BodyReader, Bucket, Object, ObjectAttrs, ObjectKind, SealedBlob, Versioning,
    WriteCondition, Written,
};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName};
use std::ops::Range;
use std::sync::Arc;

const SOURCE_VERSION: HeaderName = HeaderName::from_static("x-oss-copy-source-version-id");

/// A source that the caller may read.
pub(crate) struct Source {
    pub(crate) name: CopySource,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) object: Arc<Object>,
}

impl Source {
    /// Reads `x-oss-copy-source` and looks the object up, with the right to read it, and to copy its tags where
    /// `operation` does.
    pub(crate) async fn find(
        call: &Call,
        granted: &Authorized,
        operation: Operation,
    ) -> Result<Self, OssError> {
        let header = call.header("x-oss-copy-source").unwrap_or_default();
        let name = CopySource::parse(&header)?;
        let version = name
            .version_id
            .as_deref()
            .map(gate::parse_version)
            .transpose()?;
        let (place, key) = (name.bucket.as_str(), &name.key);
        let (bucket, object) = match operation {
            Operation::CopyObject => {
                gate::authorize_copy(call, granted, place, key, version).await?
            }
            _ => gate::authorize_read(call, place, key, version).await?,
        };
        Ok(Self {
            name,
            bucket,
            object,
        })
    }

    /// Bytes `range` of the source, written once more through `writer`.
    pub(crate) async fn read_again(
        &self,
        call: &Call,
        range: Range<u64>,
        mut writer: BlobWriter,
    ) -> Result<SealedBlob, OssError> {
        let store = &call.service.store;
        if !range.is_empty() {
            match store.read(&self.object, range).await.map_err(fault::of)? {
                BodyReader::Whole(whole) => writer.write(whole).await.map_err(fault::of)?,
                BodyReader::Chunks(mut chunks) => {
                    while let Some(chunk) = chunks.next().await {
                        let chunk = chunk.map_err(fault::of)?;
                        writer.write(chunk).await.map_err(fault::of)?;
                    }
                }
            }
        }
        writer.seal().await.map_err(fault::of)
    }

    /// Names the version that was read, in versioned buckets only.
    pub(crate) fn name_version(&self, headers: &mut http::HeaderMap) {
        if self.bucket.versioning != Versioning::Never {
            set(headers, SOURCE_VERSION, &self.object.version.to_string());
        }
    }
}

/// `PUT /KEY` with `x-oss-copy-source`.
pub(crate) async fn copy_object(call: &Call, granted: &Authorized) -> Answer {
    pace::limit(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let onto_itself =
        |source: &Source| source.bucket.id == bucket.id && source.name.key.as_str() == key;
    let source = Source::find(call, granted, Operation::CopyObject).await?;
    match Conditions::of_source(call).judge(&source.object) {
        Verdict::Pass => {}
        Verdict::NotModified(_) => return Ok(empty(StatusCode::NOT_MODIFIED)),
        Verdict::Failed(condition) => return Err(precondition_failed(condition)),
    }
    restore::check_readable(call, &source.bucket, &source.object)?;
    let limit = call.service.config.limits.max_upload_bytes;
    if source.bucket.id != bucket.id && source.object.size > limit {
        return Err(OssError::new(ErrorCode::EntityTooLarge)
            .with_message("Source object Length exceeds the maximum allowed size."));
    }
    let attrs = attributes(call, bucket, &source, onto_itself(&source))?;
    let condition = put::overwrite_condition(call, bucket, key).await?;
    if !onto_itself(&source) {
        capacity::admit(call, bucket, source.object.size).await?;
    }
    let written = write(call, &source, bucket, key, attrs, condition).await?;
    let object = &written.object;
    let document = CopyObjectResult {
        etag: object.etag.clone(),
        last_modified: object.modified_ms.div_euclid(1000),
    };
    let mut response = xml(document.to_xml());
    let headers = response.headers_mut();
    set(headers, http::header::ETAG, &etag::quote(&object.etag));
    set_number(headers, CRC64, object.crc64);
    object_headers::name_version(headers, object, bucket);
    source.name_version(headers);
    encryption::tell(headers, &object.attrs);
    Ok(response)
}

/// Shares the bytes of the source where that can be: both plain, or both encrypted with the same cipher, and then only
/// the data key is sealed anew. Encryption is never inherited, so otherwise the bytes are read and written again.
async fn write(
    call: &Call,
    source: &Source,
    bucket: &Bucket,
    key: &str,
    mut attrs: ObjectAttrs,
    condition: WriteCondition,
) -> Result<Written, OssError> {
    let store = &call.service.store;
    let object = &source.object;
    if object.kind == ObjectKind::Symlink {
        // A link has no bytes to encrypt.
        attrs.encryption = None;
    }
    let shares = match (&object.attrs.encryption, &attrs.encryption) {
        _ if object.size == 0 => true,
        (None, None) => true,
        (Some(from), Some(to)) => match store.rewrap(from, to).map_err(fault::of)? {
            Some(wrapped) => {
                attrs.encryption = Some(Box::new(wrapped));
                true
            }
            None => false,
        },
        _ => false,
    };
    let written = if shares {
        store
            .copy_object(object, bucket, key, attrs, condition, call.now_ms)
            .await
    } else {
        let writer = store.begin_body(Some(object.size), &attrs);
        let writer = writer.map_err(fault::of)?;
        let blob = source.read_again(call, 0..object.size, writer).await?;
        store
            .copy_bytes(object, blob, bucket, key, attrs, condition, call.now_ms)
            .await
    };
    written.map_err(fault::of)
}

/// Metadata that is replaced keeps the type of the bytes and the keys that a client encrypted them with, unless the request
/// names others: the suite of the Python SDK v2 expects it.
fn keep_what_reads_the_bytes(attrs: &mut ObjectAttrs, source: &ObjectAttrs) {
    let content_type = |(name, _): &&(String, String)| name == CONTENT_TYPE.as_str();
    if !attrs.headers.iter().any(|header| content_type(&header)) {
        let kept = source.headers.iter().find(content_type);
        attrs.headers.extend(kept.cloned());
    }
    for (name, value) in &source.meta {
        let named = attrs.meta.iter().any(|(asked, _)| asked == name);
        if name.starts_with("client-side-encryption-") && !named {
            attrs.meta.push((name.clone(), value.clone()));
        }
    }
}

/// What the copy carries over and what the request says anew. Copying an object onto itself in an unversioned bucket
/// is how metadata is edited, so there the request's always replaces the old.
fn attributes(
    call: &Call,
    bucket: &Bucket,
    source: &Source,
    onto_itself: bool,
) -> Result<ObjectAttrs, OssError> {
    let mut attrs = object_headers::attributes(call, bucket)?;
    let directive = match call.header("x-oss-metadata-directive") {
        Some(word) => Directive::parse(&word)?,
        None => Directive::Copy,
    };
    let edits = onto_itself && bucket.versioning == Versioning::Never;
    if directive == Directive::Copy && !edits {
        attrs.headers.clone_from(&source.object.attrs.headers);
        attrs.meta.clone_from(&source.object.attrs.meta);
    } else {
        keep_what_reads_the_bytes(&mut attrs, &source.object.attrs);
    }
    // A link is copied as a link.
    attrs
        .symlink_target
        .clone_from(&source.object.attrs.symlink_target);
    let tagging = match call.header("x-oss-tagging-directive") {
        Some(word) => parse_tagging_directive(&word)?,
        None => Directive::Copy,
    };
    if tagging == Directive::Copy {
        attrs.tags.clone_from(&source.object.attrs.tags);
    }
    Ok(attrs)
}
