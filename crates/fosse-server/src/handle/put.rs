//! PutObject (api-objects.md §1).

use crate::callback;
use crate::gate::Authorized;
use crate::handle::{capacity, encryption, fault, object_headers};
use crate::lifecycle::announce::expiration;
use crate::pace::{self, Pace};
use crate::request::Call;
use crate::respond::{Answer, empty, set};
use crate::upload::{Announced, RequestBody, too_large};
use bytes::Bytes;
use fosse_oss::{ErrorCode, OssError, etag};
use fosse_store::{
    BlobWriter, Bucket, FinishedBlob, ObjectAttrs, Upload, Versioning, WriteCondition,
};
use http::StatusCode;
use http::header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use std::future::Future;

/// `PUT /KEY`.
pub(crate) async fn put_object(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    refuse_conditions(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let callback = callback::asked(call, bucket).await?;
    let attrs = object_headers::attributes(call, bucket)?;
    let condition = overwrite_condition(call, bucket, key).await?;
    capacity::admit(call, bucket, body.declared().unwrap_or(0)).await?;
    let blob = receive(call, body, &attrs).await?;
    capacity::admit_unannounced(call, bucket, body.declared(), blob.size()).await?;
    let (md5, crc64) = (blob.md5(), blob.crc64());
    let blob = blob.seal().await.map_err(fault::of)?;
    let store = &call.service.store;
    let written = store
        .put_object(bucket, key, blob, attrs, condition, call.now_ms)
        .await
        .map_err(fault::of)?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&written.object.etag));
    object_headers::digests(headers, &md5, crc64);
    object_headers::name_version(headers, &written.object, bucket);
    expiration(call, bucket, key, &written.object, headers)?;
    encryption::tell(headers, &written.object.attrs);
    match callback {
        Some(callback) => {
            let object = &written.object;
            callback.answer(call, bucket, key, object, response).await
        }
        None => Ok(response),
    }
}

/// OSS has no conditional write but `x-oss-forbid-overwrite`, and says so (api-objects.md §0.7).
pub(crate) fn refuse_conditions(call: &Call) -> Result<(), OssError> {
    for (name, spelling) in [
        (IF_MODIFIED_SINCE, "If-Modified-Since"),
        (IF_UNMODIFIED_SINCE, "If-Unmodified-Since"),
        (IF_MATCH, "If-Match"),
        (IF_NONE_MATCH, "If-None-Match"),
    ] {
        if call.headers.contains_key(name) {
            return Err(object_headers::not_implemented(spelling));
        }
    }
    Ok(())
}

/// `x-oss-forbid-overwrite`, or a rule of the bucket that says the same; told before the body is asked for where that is possible. The store checks again when it
/// writes.
pub(crate) async fn overwrite_condition(
    call: &Call,
    bucket: &Bucket,
    key: &str,
) -> Result<WriteCondition, OssError> {
    let forbidden = object_headers::forbid_overwrite(call)?
        || call
            .service
            .configs
            .of(bucket)
            .overwrite()?
            .is_some_and(|rules| rules.forbids(key, call.caller.account()));
    let must_not_exist = forbidden && bucket.versioning == Versioning::Never;
    if must_not_exist && call.service.store.object(bucket, key, None).await.is_ok() {
        return Err(ErrorCode::FileAlreadyExists.into());
    }
    Ok(WriteCondition { must_not_exist })
}

/// Where the bytes of an object come from: a request body, or the file of a form.
pub(crate) trait Pieces: Send {
    /// How many bytes there will be, as far as known.
    fn expected(&self) -> Option<u64>;

    /// The next piece; `None` at the end. An error is the client's fault and ends the upload.
    fn next_piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, OssError>> + Send;
}

impl Pieces for RequestBody {
    fn expected(&self) -> Option<u64> {
        self.declared()
    }

    fn next_piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, OssError>> + Send {
        self.next()
    }
}

/// Streams a body into the store, encrypted as `attrs` say, and compares it with what was announced; nothing is durable
/// yet.
pub(crate) async fn receive(
    call: &Call,
    body: &mut RequestBody,
    attrs: &ObjectAttrs,
) -> Result<FinishedBlob, OssError> {
    let limit = call.service.config.limits.max_upload_bytes;
    body.check_upload(limit)?;
    receive_pieces(call, body, attrs, limit, too_large).await
}

/// As [`receive`], for a part of an upload.
pub(crate) async fn receive_part(
    call: &Call,
    body: &mut RequestBody,
    upload: &Upload,
) -> Result<FinishedBlob, OssError> {
    let limit = call.service.config.limits.max_upload_bytes;
    body.check_upload(limit)?;
    let writer = call.service.store.begin_part(body.declared(), upload);
    stream(call, body, writer.map_err(fault::of)?, limit, too_large).await
}

/// As [`receive`], from any source of at most `limit` bytes; `refuse` makes the error of a longer one.
pub(crate) async fn receive_pieces(
    call: &Call,
    pieces: &mut impl Pieces,
    attrs: &ObjectAttrs,
    limit: u64,
    refuse: fn(u64) -> OssError,
) -> Result<FinishedBlob, OssError> {
    let writer = call.service.store.begin_body(pieces.expected(), attrs);
    stream(call, pieces, writer.map_err(fault::of)?, limit, refuse).await
}

async fn stream(
    call: &Call,
    pieces: &mut impl Pieces,
    mut writer: BlobWriter,
    limit: u64,
    refuse: fn(u64) -> OssError,
) -> Result<FinishedBlob, OssError> {
    let announced = Announced::parse(&call.headers)?;
    let mut pace = pace::limit(call)?.map(Pace::new);
    let mut received = 0;
    while let Some(piece) = pieces.next_piece().await? {
        received += piece.len() as u64;
        if received > limit {
            return Err(refuse(received));
        }
        if let Some(pace) = &mut pace {
            pace.spent(piece.len());
            pace.turn().await;
        }
        writer.write(piece).await.map_err(fault::of)?;
    }
    let blob = writer.finish().await.map_err(fault::of)?;
    announced.check(blob.md5(), blob.crc64())?;
    Ok(blob)
}
