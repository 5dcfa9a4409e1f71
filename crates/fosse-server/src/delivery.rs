//! How objects are delivered to browsers (delivery.md §3): on the server's own names a link opens nothing, it downloads; a
//! custom domain shows what it holds. So a page that somebody uploaded never runs under a name that others trust.

use crate::bucket_config::BucketConfigs;
use crate::config::ForceDownload;
use crate::gate::Caller;
use crate::handle::fault;
use crate::request::Call;
use fosse_oss::op::{Operation, Style};
use fosse_oss::sign::Carrier;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::StoreError;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

const FORCED: HeaderName = HeaderName::from_static("x-oss-force-download");
const EC: HeaderName = HeaderName::from_static("x-oss-ec");
const OBJECT_TYPE: HeaderName = HeaderName::from_static("x-oss-object-type");

/// Whether the request is one that a browser can have made by itself, to a name that is not the owner's own: a link, signed or
/// not. What is signed in a header comes from a program.
fn is_link_to_default_domain(call: &Call) -> bool {
    call.target.style != Style::Cname
        && match &call.caller {
            Caller::Anonymous => true,
            Caller::Signed(signed) => signed.carrier == Carrier::Url,
        }
}

/// Keeps what the bucket of the request says, for [`force_download`].
pub(crate) fn learn(call: &Call, configs: &BucketConfigs) -> Result<(), OssError> {
    let _ = call.force_download.set(configs.force_download()?);
    Ok(())
}

/// Whether a link to the default domain asks for an application package.
pub(crate) fn is_link_to_package(call: &Call, operation: Operation) -> bool {
    let key = &call.target.key;
    let is_package = key
        .len()
        .checked_sub(4)
        .and_then(|start| key.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(b".apk") || end.eq_ignore_ascii_case(b".ipa"));
    is_package && operation == Operation::GetObject && is_link_to_default_domain(call)
}

/// Application packages are not handed out to links to the default domain ([`is_link_to_package`]). Errors: 400
/// `ApkDownloadForbidden`.
pub(crate) async fn refuse_package(call: &Call) -> Result<(), OssError> {
    let mut mode = call.service.config.force_download;
    if let Some(name) = &call.target.bucket {
        match call.service.store.bucket(name).await {
            Ok(bucket) => {
                let own = call.service.configs.of(&bucket).force_download()?;
                mode = own.unwrap_or(mode);
            }
            // The gate says so.
            Err(StoreError::NoSuchBucket) => {}
            Err(error) => return Err(fault::of(error)),
        }
    }
    if mode == ForceDownload::Service {
        return Err(ErrorCode::ApkDownloadForbidden.into());
    }
    Ok(())
}

/// Makes a download of an object that is on its way, where the rules ask for it. The type that counts is the one that is sent, so
/// that `response-content-type` is no way around. A disposition that downloads already stays: `attachment` with its file name,
/// and every type but `inline` that is not known, which means the same (RFC 6266 §4.2) and which ali-oss sends in its suite.
pub(crate) fn force_download(call: &Call, status: StatusCode, headers: &mut HeaderMap) {
    let own = call.force_download.get().copied().flatten();
    let mode = own.unwrap_or(call.service.config.force_download);
    let object = matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
        && matches!(call.method, Method::GET | Method::HEAD)
        && (headers.contains_key(OBJECT_TYPE) || call.operation == Some(Operation::GetObject));
    if mode == ForceDownload::Off || !object || !is_link_to_default_domain(call) {
        return;
    }
    let ec = match mode {
        ForceDownload::Off => return,
        ForceDownload::Service => Some("0048-00000113"),
        ForceDownload::ActiveContent => match active(call, headers) {
            Some(ec) => ec,
            None => return,
        },
    };
    let downloads = headers.get(CONTENT_DISPOSITION).is_some_and(|value| {
        let kind = value.as_bytes().split(|byte| *byte == b';').next();
        let kind = kind.unwrap_or_default().trim_ascii();
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
        !kind.is_empty() && kind.iter().all(token) && !kind.eq_ignore_ascii_case(b"inline")
    });
    if !downloads {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    headers.insert(FORCED, HeaderValue::from_static("true"));
    if let Some(ec) = ec {
        headers.insert(EC, HeaderValue::from_static(ec));
    }
}

/// Whether a browser would run what it is given: pages, and images and documents that can carry scripts. With the rule of OSS
/// that names the type.
fn active(call: &Call, headers: &HeaderMap) -> Option<Option<&'static str>> {
    let sent = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = sent
        .and_then(|value| value.split(|byte| *byte == b';').next())
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase();
    match kind.as_slice() {
        b"text/html" | b"application/xhtml+xml" => Some(Some("0048-00000001")),
        b"image/svg+xml" => Some(Some("0048-00000105")),
        b"text/xml"
        | b"application/xml"
        | b"text/xsl"
        | b"application/xslt+xml"
        | b"text/javascript"
        | b"application/javascript"
        | b"application/x-javascript"
        | b"application/pdf"
        | b"application/x-shockwave-flash"
        | b"multipart/x-mixed-replace" => Some(None),
        // Other vocabularies of XML, which browsers run as well.
        other if other.ends_with(b"+xml") => Some(None),
        // Without a type a browser guesses.
        b"" => Some(None),
        _ if call.target.key.to_ascii_lowercase().ends_with(b".xml") => Some(None),
        _ => None,
    }
}
