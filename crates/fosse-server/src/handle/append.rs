//! AppendObject and SealAppendObject (api-objects.md §6).

use crate::gate::{Authorized, missing};
use crate::handle::{capacity, encryption, fault, object_headers, put};
use crate::request::Call;
use crate::respond::{Answer, CRC64, empty, set, set_number, set_owned};
use crate::upload::RequestBody;
use fosse_oss::{ErrorCode, OssError, etag, time};
use fosse_store::{Bucket, Object, ObjectAttrs, ObjectKind, StorageClass, StoreError};
use http::header::{ETAG, HeaderName};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

const NEXT_POSITION: HeaderName = HeaderName::from_static("x-oss-next-append-position");
const SEALED_TIME: HeaderName = HeaderName::from_static("x-oss-sealed-time");

/// `POST /KEY?append&position=N`.
pub(crate) async fn append_object(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let position = position(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let store = &call.service.store;
    // Told before the body is asked for where that is possible. The store judges again when it writes.
    let present = present(call, bucket, key).await?;
    if call.service.configs.of(bucket).object_worm()?.is_some() {
        return Err(ErrorCode::ObjectNotAppendable.into());
    }
    let attrs = match &present {
        Some(object) => {
            check(object, position)?;
            object.attrs.clone()
        }
        None if position != 0 => return Err(fault::of(StoreError::WrongPosition(0))),
        None => new_attributes(call, bucket)?,
    };
    let limit = call.service.config.limits.max_upload_bytes;
    let most = limit.saturating_sub(position);
    if body.declared().is_some_and(|length| length > most) {
        return Err(too_long(position));
    }
    capacity::admit(call, bucket, body.declared().unwrap_or(0)).await?;
    let blob = put::receive(call, body, &attrs).await?;
    capacity::admit_unannounced(call, bucket, body.declared(), blob.size()).await?;
    if blob.size() > most {
        return Err(too_long(position));
    }
    let blob = blob.seal().await.map_err(fault::of)?;
    let written = store
        .append_object(bucket, key, position, blob, attrs, call.now_ms)
        .await
        .map_err(fault::of)?;
    let object = &written.object;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&object.etag));
    set_number(headers, CRC64, object.crc64);
    set_number(headers, NEXT_POSITION, object.size);
    object_headers::name_version(headers, object, bucket);
    encryption::tell(headers, &object.attrs);
    Ok(response)
}

/// `POST /KEY?seal&position=N`: the time of the first seal, however often it is asked for.
pub(crate) async fn seal_append_object(call: &Call, granted: &Authorized) -> Answer {
    let position = position(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let object = call
        .service
        .store
        .seal_object(bucket, key, position, call.now_ms)
        .await
        .map_err(|error| match error {
            StoreError::NoSuchKey | StoreError::DeleteMarker(_) => missing(call, error, key, None),
            other => fault::of(other),
        })?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    tell_sealed(headers, &object);
    object_headers::name_version(headers, &object, bucket);
    Ok(response)
}

/// What GetObject and HeadObject say about an appendable object.
pub(crate) fn tell(headers: &mut HeaderMap, object: &Object) {
    set_number(headers, NEXT_POSITION, object.size);
    tell_sealed(headers, object);
}

fn tell_sealed(headers: &mut HeaderMap, object: &Object) {
    if let Some(sealed) = object.attrs.sealed_ms {
        let date = time::format_http(sealed.div_euclid(1000));
        set_owned(headers, SEALED_TIME, date);
    }
}

/// `position`.
fn position(call: &Call) -> Result<u64, OssError> {
    let text = call.query.get("position").unwrap_or_default();
    if text.is_empty() {
        return Err(OssError::new(ErrorCode::MissingArgument).with("ArgumentName", "position"));
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let message = "The position must be a number that is not negative.";
        OssError::invalid_argument("position", text, message)
    })
}

/// The current object, `None` where there is none at all.
async fn present(call: &Call, bucket: &Bucket, key: &str) -> Result<Option<Arc<Object>>, OssError> {
    match call.service.store.object(bucket, key, None).await {
        Ok(object) => Ok(Some(object)),
        Err(StoreError::NoSuchKey) => Ok(None),
        Err(StoreError::DeleteMarker(_)) => Err(ErrorCode::ObjectNotAppendable.into()),
        Err(error) => Err(fault::of(error)),
    }
}

fn check(object: &Object, position: u64) -> Result<(), OssError> {
    if object.kind != ObjectKind::Appendable || object.attrs.sealed_ms.is_some() {
        return Err(ErrorCode::ObjectNotAppendable.into());
    }
    if object.size != position {
        return Err(fault::of(StoreError::WrongPosition(object.size)));
    }
    Ok(())
}

/// What a new object has. The classes that are read hours later are not appended to.
fn new_attributes(call: &Call, bucket: &Bucket) -> Result<ObjectAttrs, OssError> {
    let attrs = object_headers::attributes(call, bucket)?;
    match attrs.storage_class {
        StorageClass::Standard | StorageClass::IA | StorageClass::Archive => Ok(attrs),
        class => Err(OssError::invalid_argument(
            "x-oss-storage-class",
            object_headers::class_word(class),
            "The storage class does not support appending.",
        )),
    }
}

fn too_long(position: u64) -> OssError {
    let message = "The appended object would exceed the maximum allowed size.";
    OssError::invalid_argument("position", &position.to_string(), message)
}
