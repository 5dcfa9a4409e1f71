//! InitiateMultipartUpload, UploadPart, CompleteMultipartUpload and AbortMultipartUpload (api-objects.md §9).

use crate::callback;
use crate::gate::Authorized;
use crate::handle::{capacity, encryption, fault, list, object_headers, put, retention};
use crate::request::Call;
use crate::respond::{Answer, CRC64, empty, set, set_number, xml};
use crate::upload::{RequestBody, malformed_as};
use fosse_oss::header::{SSE, SSE_DATA, SSE_KEY_ID};
use fosse_oss::op::Style;
use fosse_oss::xml::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, InitiateMultipartUploadResult,
};
use fosse_oss::{ErrorCode, OssError, encode, etag};
use fosse_store::{StoreError, WriteCondition};
use http::StatusCode;
use http::header::ETAG;

/// `POST /KEY?uploads[&sequential]`.
pub(crate) async fn initiate(call: &Call, granted: &Authorized) -> Answer {
    let encoding = list::encoding(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let attrs = object_headers::attributes(call, bucket)?;
    let condition = put::overwrite_condition(call, bucket, key).await?;
    let (store, now_ms) = (&call.service.store, call.now_ms);
    let upload = match call.query.get("sequential") {
        None => {
            store
                .create_upload(bucket, key, attrs, condition, now_ms)
                .await
        }
        Some(_) => {
            store
                .create_sequential_upload(bucket, key, attrs, condition, now_ms)
                .await
        }
    };
    let upload = upload.map_err(fault::of)?;
    let document = InitiateMultipartUploadResult {
        encoding,
        bucket: bucket.name.clone(),
        key: key.to_owned(),
        upload_id: upload.id,
    };
    let mut response = xml(document.to_xml());
    encryption::tell(response.headers_mut(), &upload.attrs);
    Ok(response)
}

/// The two parameters that make a part.
pub(crate) fn part_of(call: &Call) -> Result<(u32, &str), OssError> {
    let number = call.query.part_number("partNumber")?.ok_or_else(|| {
        OssError::invalid_argument(
            "partNumber",
            "",
            "Part number must be an integer between 1 and 10000, inclusive.",
        )
    })?;
    Ok((number, upload_id(call)))
}

/// `uploadId`.
pub(crate) fn upload_id(call: &Call) -> &str {
    call.query.get("uploadId").unwrap_or_default()
}

/// 404 with the EC of the operation and the id.
pub(crate) fn no_such_upload(call: &Call, error: StoreError, ec: Option<&'static str>) -> OssError {
    match error {
        StoreError::NoSuchUpload => {
            let error = OssError::new(ErrorCode::NoSuchUpload).with("UploadId", upload_id(call));
            match ec {
                Some(ec) => error.with_ec(ec),
                None => error,
            }
        }
        other => fault::of(other),
    }
}

/// Encryption is chosen when an upload begins; on a part, and at the end, it is refused (api-objects.md §9.2).
pub(crate) fn refuse_encryption(call: &Call) -> Result<(), OssError> {
    for name in [SSE, SSE_DATA, SSE_KEY_ID] {
        if let Some(value) = call.header(name) {
            return Err(OssError::invalid_argument(
                name,
                &value,
                "Encryption is chosen when an upload begins.",
            ));
        }
    }
    Ok(())
}

/// `PUT /KEY?partNumber=N&uploadId=ID`.
pub(crate) async fn upload_part(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let (number, id) = part_of(call)?;
    refuse_encryption(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let store = &call.service.store;
    // Before the body is asked for: a part of an upload that is gone should not be sent at all.
    let unknown = |error| no_such_upload(call, error, Some("0042-00000104"));
    let upload = store.upload(bucket, key, id).await.map_err(unknown)?;
    capacity::admit(call, bucket, body.declared().unwrap_or(0)).await?;
    let blob = put::receive_part(call, body, &upload)
        .await?
        .seal()
        .await
        .map_err(fault::of)?;
    let part = store
        .put_part(bucket, key, id, number, blob, call.now_ms)
        .await
        .map_err(unknown)?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&hex(&part.md5)));
    object_headers::digests(headers, &part.md5, part.crc64);
    encryption::tell(headers, &upload.attrs);
    Ok(response)
}

/// Upper-case hex, the ETag text of a part.
pub(crate) fn hex(md5: &[u8; 16]) -> String {
    use std::fmt::Write as _;
    md5.iter().fold(String::with_capacity(32), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    })
}

/// `POST /KEY?uploadId=ID`.
pub(crate) async fn complete(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let encoding = list::encoding(call)?;
    refuse_encryption(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let id = upload_id(call);
    let store = &call.service.store;
    let acl = object_headers::object_acl(call)?;
    let callback = callback::asked(call, bucket).await?;
    let document = body
        .document(&call.headers, call.service.config.limits.max_xml_bytes)
        .await
        .map_err(|error| malformed_as(error, "0042-00000205"))?;
    let parts = listed_parts(call, &document)?;
    let unknown = |error| no_such_upload(call, error, None);
    let upload = store.upload(bucket, key, id).await.map_err(unknown)?;
    if parts.as_ref().is_some_and(Vec::is_empty) {
        refuse_forgotten_parts(call, bucket, key).await?;
    }
    let asked = put::overwrite_condition(call, bucket, key).await?;
    capacity::admit_parts(call, bucket, key, id).await?;
    let condition = WriteCondition {
        must_not_exist: asked.must_not_exist || upload.must_not_exist,
    };
    let smallest = call.service.config.min_part_bytes;
    let written = store
        .complete_retained(
            bucket,
            key,
            id,
            parts,
            acl,
            retention::by_default(call, bucket)?,
            condition,
            smallest,
            call.now_ms,
        )
        .await
        .map_err(unknown)?;
    let object = &written.object;
    let document = CompleteMultipartUploadResult {
        encoding,
        location: location(call, &bucket.name, key),
        bucket: bucket.name.clone(),
        key: key.to_owned(),
        etag: object.etag.clone(),
    };
    let mut response = xml(document.to_xml());
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&object.etag));
    set_number(headers, CRC64, object.crc64);
    object_headers::name_version(headers, object, bucket);
    encryption::tell(headers, &object.attrs);
    match callback {
        Some(callback) => callback.answer(call, bucket, key, object, response).await,
        None => Ok(response),
    }
}

/// An empty list is for an upload without parts, which becomes an empty object: the uploader of the Go SDK v2 ends an
/// upload from an empty reader so. It never drops parts.
async fn refuse_forgotten_parts(
    call: &Call,
    bucket: &fosse_store::Bucket,
    key: &str,
) -> Result<(), OssError> {
    let (stored, _) = call
        .service
        .store
        .list_parts(bucket, key, upload_id(call), 0, 1)
        .await
        .map_err(|error| no_such_upload(call, error, None))?;
    if stored.is_empty() {
        return Ok(());
    }
    Err(OssError::new(ErrorCode::MalformedXml).with_ec("0042-00000205"))
}

/// The parts that the body lists, or `None` for all with `x-oss-complete-all: yes`.
fn listed_parts(call: &Call, document: &[u8]) -> Result<Option<Vec<(u32, String)>>, OssError> {
    if let Some(value) = call.header("x-oss-complete-all") {
        let refuse = |message: &'static str| {
            OssError::invalid_argument("x-oss-complete-all", &value, message)
        };
        if !value.eq_ignore_ascii_case("yes") {
            return Err(refuse("The value of x-oss-complete-all must be yes."));
        }
        if !document.is_empty() {
            return Err(
                refuse("Should not speficy both complete all header and http body.")
                    .with_ec("0042-00000216"),
            );
        }
        return Ok(None);
    }
    let parts = CompleteMultipartUpload::from_xml(document)?.parts;
    // In ascending order, gaps allowed; told before the store is asked.
    if parts
        .iter()
        .zip(parts.iter().skip(1))
        .any(|(one, next)| one.0 >= next.0)
    {
        return Err(ErrorCode::InvalidPartOrder.into());
    }
    Ok(Some(parts))
}

/// Where the object is, in the words of the request: same scheme, same host, same address form.
pub(crate) fn location(call: &Call, bucket: &str, key: &str) -> String {
    let scheme = if call.client.secure { "https" } else { "http" };
    let host = match call.host() {
        "" => &call.service.extranet_endpoint,
        host => host,
    };
    let mut out = format!("{scheme}://{host}/");
    if call.target.style == Style::Path {
        out.push_str(bucket);
        out.push('/');
    }
    encode::encode_path(key.as_bytes(), &mut out);
    out
}

/// `DELETE /KEY?uploadId=ID`.
pub(crate) async fn abort(call: &Call, granted: &Authorized) -> Answer {
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    call.service
        .store
        .abort_upload(bucket, key, upload_id(call))
        .await
        .map_err(|error| no_such_upload(call, error, Some("0042-00000002")))?;
    Ok(empty(StatusCode::NO_CONTENT))
}
