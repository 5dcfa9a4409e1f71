//! GetObject, HeadObject and GetObjectMeta (api-objects.md §2–§4).

use crate::access_monitor;
use crate::gate::{self, Authorized};
use crate::handle::conditions::{Conditions, Verdict, precondition_failed};
use crate::handle::symlink::Served;
use crate::handle::{fault, gzip, object_headers, restore, symlink};
use crate::lifecycle::announce::{announce, announce_times};
use crate::pace;
use crate::request::Call;
use crate::respond::{Answer, CRC64, Content, empty, response, set, set_number};
use fosse_oss::header::response_overrides;
use fosse_oss::op::Operation;
use fosse_oss::range::{self, Selected};
use fosse_oss::{ErrorCode, OssError, etag, time};
use fosse_store::{Bucket, Object};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, IF_RANGE, RANGE};
use http::{HeaderMap, Method, Response, StatusCode};

/// `GET /KEY`.
pub(crate) async fn get_object(call: &Call, granted: &Authorized) -> Answer {
    if call.query.has("x-oss-process") {
        return Err(OssError::new(ErrorCode::NotImplemented)
            .with_message("Processing of objects is not implemented.")
            .with("Header", "x-oss-process"));
    }
    // Under a signature every scheme covers these parameters. An anonymous request with one is refused, else anybody
    // could make a public object say anything.
    let overrides = response_overrides(&call.query, call.caller.is_anonymous())?;
    pace::limit(call)?;
    let bucket = granted.bucket()?;
    let named = granted.object(call).await?;
    let Served { object, bytes } = symlink::follow(call, bucket, named.clone()).await?;
    if let Some(unchanged) = judge(call, &object, bucket)? {
        return Ok(unchanged);
    }
    restore::check_readable(call, bucket, &bytes)?;
    let selected = select(call, &object)?;
    if granted.version().is_none() {
        // Of a link it is the target that is read.
        let key = match named.attrs.symlink_target.as_deref() {
            Some(target) => target,
            None => granted.key()?.as_str(),
        };
        access_monitor::note(call, bucket, key, &bytes)?;
    }
    let (status, bytes) = match &selected {
        Some(part) => (StatusCode::PARTIAL_CONTENT, part.clone()),
        None => (StatusCode::OK, 0..object.size),
    };
    let length = bytes.end - bytes.start;
    let mut response = response(status, Content::Empty);
    let headers = response.headers_mut();
    object_headers::describe(headers, &object, bucket);
    restore::tell(headers, &object, call.now_ms);
    hide_tagging_count(call, granted, &object, headers).await?;
    announce(call, granted, &named, headers)?;
    set_number(headers, CONTENT_LENGTH, length);
    if selected.is_some() {
        let text = format!("bytes {}-{}/{}", bytes.start, bytes.end - 1, object.size);
        set(headers, CONTENT_RANGE, &text);
    }
    for replaced in overrides {
        set(
            headers,
            HeaderName::from_static(replaced.header),
            &replaced.value,
        );
    }
    if length > 0 {
        let reader = call
            .service
            .store
            .read(&object, bytes)
            .await
            .map_err(fault::of)?;
        *response.body_mut() = if gzip::applies(call, &object, response.headers()) {
            gzip::tell(response.headers_mut());
            gzip::compressed(reader)
        } else {
            Content::of(reader, length)
        };
    }
    Ok(response)
}

/// `HEAD /KEY`.
pub(crate) async fn head_object(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let named = granted.object(call).await?;
    let Served { object, .. } = symlink::follow(call, bucket, named.clone()).await?;
    if let Some(unchanged) = judge(call, &object, bucket)? {
        return Ok(unchanged);
    }
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    object_headers::describe(headers, &object, bucket);
    restore::tell(headers, &object, call.now_ms);
    hide_tagging_count(call, granted, &object, headers).await?;
    announce(call, granted, &named, headers)?;
    set_number(headers, CONTENT_LENGTH, object.size);
    Ok(response)
}

/// `HEAD /KEY?objectMeta`, also as GET, whose answer then has no body and so no length of the object. A
/// symlink is not followed.
pub(crate) async fn get_object_meta(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let object = granted.object(call).await?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    object_headers::identify(headers, &object, bucket);
    set_number(headers, CRC64, object.crc64);
    announce_times(call, bucket, granted.key()?.as_str(), &object, headers)?;
    if call.method == Method::HEAD {
        set_number(headers, CONTENT_LENGTH, object.size);
    }
    Ok(response)
}

/// Who may not read the tags does not learn how many there are. Costs nothing without tags.
async fn hide_tagging_count(
    call: &Call,
    granted: &Authorized,
    object: &Object,
    headers: &mut HeaderMap,
) -> Result<(), OssError> {
    if object.attrs.tags.is_empty() {
        return Ok(());
    }
    let (operation, key) = (Operation::GetObjectTagging, granted.key()?.as_str());
    match gate::authorize_besides(call, operation, granted.bucket()?, key).await {
        Ok(_) => {}
        Err(error) if error.code() == ErrorCode::AccessDenied => {
            headers.remove(object_headers::TAGGING_COUNT);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// `Some` with 304 when the client has the object already.
fn judge(
    call: &Call,
    object: &Object,
    bucket: &Bucket,
) -> Result<Option<Response<Content>>, OssError> {
    match Conditions::of_request(call).judge(object) {
        Verdict::Pass => Ok(None),
        Verdict::Failed(condition) => Err(precondition_failed(condition)),
        Verdict::NotModified(_) => {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            object_headers::identify(response.headers_mut(), object, bucket);
            Ok(Some(response))
        }
    }
}

/// The part that `Range` asks for; `None`: the whole object.
fn select(call: &Call, object: &Object) -> Result<Option<std::ops::Range<u64>>, OssError> {
    let Some(header) = call.known_header(RANGE) else {
        return Ok(None);
    };
    if call
        .known_header(IF_RANGE)
        .is_some_and(|condition| !still(&condition, object))
    {
        return Ok(None);
    }
    let standard = call
        .header("x-oss-range-behavior")
        .is_some_and(|behaviour| behaviour.eq_ignore_ascii_case("standard"));
    match range::select(&header, object.size, standard) {
        Selected::Whole => Ok(None),
        Selected::Part(part) => Ok(Some(part)),
        Selected::NotSatisfiable => Err(OssError::new(ErrorCode::InvalidRange)
            .with("ActualObjectSize", object.size.to_string())
            .with("RangeHeader", header)
            .with_header("content-range", format!("bytes */{}", object.size))),
    }
}

/// `If-Range` (RFC 9110 §13.1.5): the very same ETag or the very same date.
fn still(condition: &str, object: &Object) -> bool {
    match time::parse_http(condition.trim()) {
        Some(date) => object.modified_ms.div_euclid(1000) == date,
        None => {
            !condition.trim_start().starts_with("W/") && etag::list_matches(condition, &object.etag)
        }
    }
}
