//! Which bucket a request addresses: the server's own names at once, other names by the index of custom domains. And what depends
//! on the name: the way to HTTPS, and transfer acceleration.

use crate::config::HttpsRedirect;
use crate::request::Call;
use crate::respond::{Content, empty, set};
use crate::service::without_port;
use fosse_oss::op::{Operation, Style, Target};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::Bucket;
use http::header::LOCATION;
use http::{Method, Response, StatusCode};
use std::cell::RefCell;

/// Fills `call.target`.
///
/// Errors: those of [`Target::resolve`]; 500 when the index cannot be read.
pub(crate) async fn resolve(call: &mut Call) -> Result<(), OssError> {
    let asked = RefCell::new(None);
    let target = Target::resolve(
        &call.service.addressing,
        call.host(),
        call.path(),
        &|name| {
            *asked.borrow_mut() = Some(name.to_owned());
            None
        },
    );
    call.target = match asked.into_inner() {
        None => target?,
        Some(name) => Box::pin(by_domain(call, name, target)).await?,
    };
    Ok(())
}

/// The target under a name that is not the server's own; `unbound` is what it addresses when it is bound to no bucket.
async fn by_domain(
    call: &mut Call,
    name: String,
    unbound: Result<Target, OssError>,
) -> Result<Target, OssError> {
    let found = call
        .service
        .store
        .domain(&name)
        .await
        .map_err(Call::internal)?;
    match found {
        Some(domain) => {
            Target::resolve(&call.service.addressing, call.host(), call.path(), &|_| {
                Some(domain.bucket.clone())
            })
        }
        None => {
            call.foreign_host = true;
            unbound
        }
    }
}

/// The same address over HTTPS, for a request that the settings want to come over HTTPS and that did not.
pub(crate) fn https_redirect(call: &Call) -> Option<Response<Content>> {
    let wanted = match call.service.config.https_redirect {
        HttpsRedirect::Off => false,
        HttpsRedirect::CustomDomains => call.target.style == Style::Cname,
        HttpsRedirect::All => true,
    };
    if !wanted || call.client.secure {
        return None;
    }
    let status = match call.method {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        // With the method and the body as they are.
        _ => StatusCode::TEMPORARY_REDIRECT,
    };
    let port = match call.service.https_port {
        None | Some(443) => String::new(),
        Some(port) => format!(":{port}"),
    };
    let target = call.uri.path_and_query().map_or("/", |text| text.as_str());
    let mut response = empty(status);
    set(
        response.headers_mut(),
        LOCATION,
        &format!("https://{}{port}{target}", without_port(call.host())),
    );
    Some(response)
}

/// Whether the host name is one of transfer acceleration. Looks at the labels only where the word occurs at all.
fn is_accelerated(call: &Call) -> bool {
    const WORD: &str = "oss-accelerate";
    let host = call.host();
    let there = host
        .as_bytes()
        .windows(WORD.len())
        .any(|piece| piece.eq_ignore_ascii_case(WORD.as_bytes()));
    there
        && call.target.style != Style::Cname
        && without_port(host).split('.').any(|label| {
            label.eq_ignore_ascii_case(WORD)
                || label.eq_ignore_ascii_case("oss-accelerate-overseas")
        })
}

/// What cannot be done under the name of the request. Buckets are not made under a custom domain; under an accelerated name
/// everything can be done but what concerns buckets as such, where acceleration is on.
///
/// Errors: 400 `InvalidHostPutBucket`, 403 `TransferAccelerationDisabled`, 403 `AccessDenied`.
pub(crate) fn check_name(
    call: &Call,
    operation: Operation,
    bucket: Option<&Bucket>,
) -> Result<(), OssError> {
    if operation == Operation::PutBucket && call.target.style == Style::Cname {
        return Err(ErrorCode::InvalidHostPutBucket.into());
    }
    if !is_accelerated(call) {
        return Ok(());
    }
    let Some(bucket) = bucket.filter(|_| operation != Operation::DeleteBucket) else {
        return Err(OssError::new(ErrorCode::AccessDenied)
            .with_message("This operation cannot be used with a transfer acceleration endpoint."));
    };
    match call.service.configs.of(bucket).transfer_acceleration() {
        Ok(Some(true)) => Ok(()),
        _ => Err(ErrorCode::TransferAccelerationDisabled.into()),
    }
}
