//! Static websites: what an anonymous GET or HEAD gets from a bucket with a website configuration (delivery.md §6).
//!
//! Everything is read through the gate as the anonymous caller: an index page, an error page or the target of an internal
//! redirect is served to nobody who could not read it under its own name.

mod routing;

use crate::gate::{self, Authorized, Caller};
use crate::handle;
use crate::request::Call;
use crate::respond::{Answer, empty, set};
use fosse_oss::op::{Operation, Style};
use fosse_oss::xml::{RedirectKind, RoutingRule, WebsiteConfiguration, WebsiteIndexKind};
use fosse_oss::{ErrorCode, OssError};
use http::header::{
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LOCATION, RANGE,
};
use http::{Method, StatusCode};
use routing::{Asked, Here};

/// Parameters that ask for a listing even of a website.
const LISTING: [&str; 6] = [
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "encoding-type",
    "list-type",
];

/// Whether a request could be one for a page of a website; costs nothing for signed ones.
pub(crate) fn concerns(call: &Call, operation: Operation) -> bool {
    matches!(call.caller, Caller::Anonymous)
        && matches!(call.method, Method::GET | Method::HEAD)
        && match operation {
            Operation::GetObject | Operation::HeadObject => !call.query.has("versionId"),
            Operation::ListObjects | Operation::HeadBucket => {
                !LISTING.iter().any(|name| call.query.has(name))
            }
            _ => false,
        }
}

/// Answers a request for a page; `None` when its bucket is no website.
///
/// Errors: those of reading the page.
pub(crate) async fn serve(call: &mut Call) -> Option<Answer> {
    let name = call.target.bucket.clone()?;
    // Whether there is such a bucket is the gate's to say.
    let bucket = call.service.store.bucket(&name).await.ok()?;
    if !bucket
        .configs
        .contains_key(crate::bucket_config::name::WEBSITE)
    {
        return None;
    }
    let configs = call.service.configs.of(&bucket);
    let site = match configs.website() {
        Ok(site) => site?,
        Err(error) => return Some(Err(error)),
    };
    let key = std::mem::take(&mut call.target.key);
    let answer = match std::str::from_utf8(&key) {
        Ok(text) => page(call, site, text).await,
        Err(_) => {
            call.target.key.clone_from(&key);
            fetch(call, None).await
        }
    };
    // The log tells what was asked for.
    call.target.key = key;
    Some(answer)
}

/// Answers a signed request for `directory/` where there is no such object: with the index page of a website, if the caller may
/// read it. The suite of oss2 expects it, beside what the documentation says of anonymous requests.
///
/// Errors: `refusal` where the bucket is no website; those of reading the page.
pub(crate) async fn instead_of_directory(
    call: &mut Call,
    operation: Operation,
    granted: &Authorized,
    refusal: OssError,
) -> Answer {
    let reads = matches!(operation, Operation::GetObject | Operation::HeadObject);
    if !reads || !call.target.key.ends_with(b"/") || call.query.has("versionId") {
        return Err(refusal);
    }
    let configs = call.service.configs.of(granted.bucket()?);
    let Some(site) = configs.website()? else {
        return Err(refusal);
    };
    let key = call.target.key.clone();
    let index = String::from_utf8_lossy(&key);
    let index = routing::indexed(site, &index);
    let answer = match index.ends_with('/') {
        // No index page is configured.
        true => Err(refusal),
        false => fetch(call, Some(&index)).await,
    };
    // The log tells what was asked for.
    call.target.key = key;
    answer
}

async fn page(call: &mut Call, site: &WebsiteConfiguration, key: &str) -> Answer {
    if let Some(rule) = matching(call, site, key, None) {
        return follow(call, rule, key).await;
    }
    let refusal = match fetch(call, Some(&routing::indexed(site, key))).await {
        Err(refusal) => refusal,
        found => return found,
    };
    if let Some(rule) = matching(call, site, key, Some(refusal.status())) {
        return follow(call, rule, key).await;
    }
    if refusal.code() != ErrorCode::NoSuchKey {
        return Err(refusal);
    }
    match routing::sub_directory(site, key) {
        Some((index, WebsiteIndexKind::Redirect)) if readable(call, &index).await => {
            let there = here(call, |here| routing::directory(key, here));
            return Ok(redirect(302, &there));
        }
        Some((index, WebsiteIndexKind::Index)) => {
            if let Ok(found) = fetch(call, Some(&index)).await {
                return Ok(found);
            }
        }
        _ => {}
    }
    error_page(call, site, refusal).await
}

fn matching<'r>(
    call: &Call,
    site: &'r WebsiteConfiguration,
    key: &str,
    status: Option<u16>,
) -> Option<&'r RoutingRule> {
    if site.rules.is_empty() {
        return None;
    }
    let header = |name: &str| match name.eq_ignore_ascii_case("host") {
        // HTTP/2 carries it in the target.
        true => Some(call.host().into()),
        false => call.header(name),
    };
    let asked = Asked {
        key,
        header: &header,
    };
    routing::matching(&site.rules, &asked, status)
}

async fn follow(call: &mut Call, rule: &RoutingRule, key: &str) -> Answer {
    if rule.redirect.kind == RedirectKind::Internal {
        return fetch(call, Some(&routing::replaced(rule, key))).await;
    }
    let (status, there) = here(call, |here| routing::location(rule, key, here));
    Ok(redirect(status, &there))
}

fn here<T>(call: &Call, make: impl FnOnce(&Here<'_>) -> T) -> T {
    let base = match (&call.target.style, &call.target.bucket) {
        (Style::Path, Some(bucket)) => format!("{bucket}/"),
        _ => String::new(),
    };
    make(&Here {
        scheme: if call.client.secure { "https" } else { "http" },
        host: call.host(),
        base: &base,
        query: call.raw_query(),
    })
}

fn redirect(status: u16, there: &str) -> http::Response<crate::respond::Content> {
    let mut response = empty(StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND));
    set(response.headers_mut(), LOCATION, there);
    response
}

/// Reads an object as the caller; `None`: the one that the call names.
async fn fetch(call: &mut Call, key: Option<&str>) -> Answer {
    if let Some(key) = key {
        call.target.key = key.as_bytes().to_vec();
    }
    let operation = match call.method {
        Method::HEAD => Operation::HeadObject,
        _ => Operation::GetObject,
    };
    if call.target.key.is_empty() {
        // No index page is configured: as without a website.
        let operation = call.operation.unwrap_or(operation);
        gate::authorize(call, operation).await?;
        return Err(ErrorCode::AccessDenied.into());
    }
    call.operation = Some(operation);
    let granted = gate::authorize(call, operation).await?;
    match operation {
        Operation::HeadObject => handle::get::head_object(call, &granted).await,
        _ => handle::get::get_object(call, &granted).await,
    }
}

/// Whether the anonymous caller can read an object.
async fn readable(call: &mut Call, key: &str) -> bool {
    call.target.key = key.as_bytes().to_vec();
    match gate::authorize(call, Operation::GetObject).await {
        Ok(granted) => granted.object(call).await.is_ok(),
        Err(_) => false,
    }
}

/// The error page, whole and without conditions; the refusal itself where there is none or it cannot be read.
async fn error_page(call: &mut Call, site: &WebsiteConfiguration, refusal: OssError) -> Answer {
    let Some(page) = &site.error else {
        return Err(refusal);
    };
    for condition in [
        RANGE,
        IF_RANGE,
        IF_MATCH,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
    ] {
        call.headers.remove(condition);
    }
    let Ok(mut found) = fetch(call, Some(&page.key)).await else {
        return Err(refusal);
    };
    if let Ok(status) = StatusCode::from_u16(page.http_status) {
        *found.status_mut() = status;
    }
    Ok(found)
}
