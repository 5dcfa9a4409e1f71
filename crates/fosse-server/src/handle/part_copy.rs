//! UploadPartCopy (api-objects.md §9.3).

use crate::gate::Authorized;
use crate::handle::conditions::{Conditions, Verdict, precondition_failed};
use crate::handle::copy::Source;
use crate::handle::{capacity, encryption, multipart, restore, symlink};
use crate::pace;
use crate::request::Call;
use crate::respond::{Answer, set, xml};
use crate::upload::too_large;
use fosse_oss::etag;
use fosse_oss::op::Operation;
use fosse_oss::range::{self, Selected};
use fosse_oss::xml::CopyPartResult;
use http::header::{CONTENT_RANGE, ETAG};
use std::ops::Range;

/// `PUT /KEY?partNumber=N&uploadId=ID` with `x-oss-copy-source`. Every failed condition is 412 here, where CopyObject
/// answers 304 for two of them.
pub(crate) async fn upload_part_copy(call: &Call, granted: &Authorized) -> Answer {
    let (number, id) = multipart::part_of(call)?;
    multipart::refuse_encryption(call)?;
    pace::limit(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let store = &call.service.store;
    let unknown = |error| multipart::no_such_upload(call, error, Some("0042-00000311"));
    let upload = store.upload(bucket, key, id).await.map_err(unknown)?;
    let mut source = Source::find(call, granted, Operation::UploadPartCopy).await?;
    let followed = symlink::follow(call, &source.bucket, source.object.clone()).await?;
    restore::check_readable(call, &source.bucket, &followed.bytes)?;
    source.object = followed.object;
    match Conditions::of_source(call).judge(&source.object) {
        Verdict::Pass => {}
        Verdict::NotModified(condition) | Verdict::Failed(condition) => {
            return Err(precondition_failed(condition));
        }
    }
    let size = source.object.size;
    let selected = selected(call, size);
    let bytes = selected.clone().unwrap_or(0..size);
    let length = bytes.end - bytes.start;
    if length > call.service.config.limits.max_upload_bytes {
        return Err(too_large(length));
    }
    capacity::admit(call, bucket, length).await?;
    let writer = store.begin_part(Some(length), &upload).map_err(unknown)?;
    let blob = source.read_again(call, bytes, writer).await?;
    let part = store
        .put_part(bucket, key, id, number, blob, call.now_ms)
        .await
        .map_err(unknown)?;
    let hex = multipart::hex(&part.md5);
    let quoted = etag::quote(&hex);
    let document = CopyPartResult {
        etag: hex,
        last_modified: part.modified_ms.div_euclid(1000),
    };
    let mut response = xml(document.to_xml());
    let headers = response.headers_mut();
    // Two SDKs (oss2, ali-oss) read it here, not from the body.
    set(headers, ETAG, &quoted);
    source.name_version(headers);
    encryption::tell(headers, &upload.attrs);
    if let Some(bytes) = selected {
        let text = format!(
            "bytes {}-{}/{size}",
            bytes.start,
            bytes.end.saturating_sub(1)
        );
        set(headers, CONTENT_RANGE, &text);
    }
    Ok(response)
}

/// `x-oss-copy-source-range`; `None`, the whole source, when it is absent, broken or beyond the end.
fn selected(call: &Call, size: u64) -> Option<Range<u64>> {
    let header = call.header("x-oss-copy-source-range")?;
    match range::select(&header, size, false) {
        Selected::Part(part) => Some(part),
        Selected::Whole | Selected::NotSatisfiable => None,
    }
}
