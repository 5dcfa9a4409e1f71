//! The admin listener: `/healthz`, `/readyz` and `/metrics`, plain HTTP/1.1 without keys: bind it where only the operator
//! reaches it. And `POST /admin/v1`, administration ([`crate::administration`]): for the holder of the token of this start, or
//! signed with the server's root AccessKey; from this machine only, unless a setting says otherwise. And `POST /inspect`, what the
//! server would say to a request ([`crate::inspect`]), and `/fsck` (POST begins a scrub, GET tells its state): for this
//! machine, and for the holder of the token.

use crate::administration::{AdminCall, AdminRefusal, carry_out, refuse};
use crate::domain::expiry;
use crate::inspect;
use crate::key_ring::KeyRing;
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use bytes::Bytes;
use fosse_oss::sign::sts::{STS_MAX_SKEW, StsRefusal, StsRequest, verify_sts};
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Most admin connections at once; scrapers need a handful.
const MAX_CONNECTIONS: usize = 64;

/// Where administration is.
const PATH: &str = "/admin/v1";
/// Most bytes of an administrative request: a policy is a few kilobytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest time for one to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Serves until the shutdown begins.
pub(crate) async fn serve(service: Arc<Service>, listener: TcpListener, signal: Signal) {
    let seats = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    let mut drain = pin!(signal.reached(Phase::Drain));
    loop {
        let accepted = tokio::select! {
            () = drain.as_mut() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else {
            continue;
        };
        let service = service.clone();
        let signal = signal.clone();
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(|request: Request<Incoming>| async {
                if request.uri().path() == PATH {
                    return Ok(administer(&service, peer, request).await);
                }
                if request.uri().path() == "/inspect" && may_inspect(&service, peer, &request) {
                    return Ok(Box::pin(inspect::answer(&service, request)).await);
                }
                if request.uri().path() == "/fsck" && is_operator(&service, peer, &request) {
                    return Ok(fsck(&service, &request));
                }
                Ok::<_, Infallible>(answer(&service, &request))
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(30))
                .serve_connection(TokioIo::new(stream), answer);
            tokio::select! {
                _ = connection => {}
                () = signal.reached(Phase::Drain) => {}
            }
            drop(seat);
        });
    }
}

fn metrics(service: &Service) -> String {
    let mut text = service.metrics.render(service.store.healthy());
    service.access_log.render(&mut text);
    service.inventories.render(&mut text);
    expiry::render(&service.certificates.read(), &mut text);
    service.scrubber.render(&mut text);
    text
}

/// POST begins a scrub, anything else tells the state of the last one.
fn fsck(service: &Service, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = match *request.method() {
        Method::POST if service.scrubber.ask() => (StatusCode::ACCEPTED, String::new()),
        Method::POST => (StatusCode::CONFLICT, String::new()),
        _ => (StatusCode::OK, service.scrubber.state()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn answer(service: &Service, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let text = |status: StatusCode, body: String| {
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        );
        response
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned());
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" if service.store.healthy() => text(StatusCode::OK, "ready\n".to_owned()),
        "/readyz" => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not accept writes\n".to_owned(),
        ),
        "/metrics" => text(StatusCode::OK, metrics(service)),
        _ => text(StatusCode::NOT_FOUND, "not found\n".to_owned()),
    }
}

/// Whether a request may ask what the server would say to another one.
fn may_inspect(service: &Service, peer: SocketAddr, request: &Request<Incoming>) -> bool {
    *request.method() == Method::POST && is_operator(service, peer, request)
}

/// Whether a request comes from this machine, and from no page of a browser, or from the holder of the token.
fn is_operator(service: &Service, peer: SocketAddr, request: &Request<Incoming>) -> bool {
    let bearer = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let known = bearer.is_some_and(|sent| {
        let token = service.config.admin_token.as_ref();
        token.is_some_and(|token| token.is(sent))
    });
    !request.headers().contains_key(ORIGIN) && (known || peer.ip().to_canonical().is_loopback())
}

/// One administrative request, from head to answer.
async fn administer(
    service: &Service,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (status, body) = match try_administer(service, peer, request).await {
        Ok(answer) => (200, answer),
        Err(refusal) => {
            let AdminRefusal {
                status,
                code,
                message,
            } = refusal;
            (
                status,
                serde_json::json!({"Code": code, "Message": message}),
            )
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Answers hold new secrets.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn try_administer(
    service: &Service,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Value, AdminRefusal> {
    if !service.config.admin_remote && !peer.ip().to_canonical().is_loopback() {
        return Err(refuse(
            403,
            "Forbidden.Remote",
            "Administration is for this machine only; the setting admin-remote opens it.",
        ));
    }
    if *request.method() != Method::POST {
        return Err(refuse(405, "MethodNotAllowed", "POST only."));
    }
    // No page of a browser has business here.
    if request.headers().contains_key(ORIGIN) {
        return Err(refuse(403, "Forbidden.Origin", "Not for web pages."));
    }
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect())
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| {
            refuse(
                400,
                "InvalidParameter.Body",
                "The body is too large or late.",
            )
        })?
        .to_bytes();
    let bearer = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let call = match bearer {
        Some(sent) => {
            let token = service.config.admin_token.as_ref();
            if !token.is_some_and(|token| token.is(sent)) {
                return Err(refuse(
                    401,
                    "InvalidToken",
                    "The token is not that of this start.",
                ));
            }
            AdminCall::from_json(&body)?
        }
        None => signed_call(service, &parts, &body)?,
    };
    let last_used = |id: &str| service.identities.last_uses.at(id);
    carry_out(&service.store, service.clock.now_ms(), &call, &last_used).await
}

/// A call that is signed as one of RAM, by the server's root AccessKey.
fn signed_call(
    service: &Service,
    parts: &http::request::Parts,
    body: &[u8],
) -> Result<AdminCall, AdminRefusal> {
    let headers: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let request = StsRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let refused =
        |refusal: Box<StsRefusal>| refuse(refusal.status(), &refusal.code(), &refusal.message());
    let now = service.clock.now();
    let verified = verify_sts(&request, now, &KeyRing::new(service)).map_err(refused)?;
    let window = (verified.time + STS_MAX_SKEW - now).max(0);
    if !service
        .nonces
        .take(&verified.access_key_id, &verified.nonce, now, window)
    {
        return Err(refused(StsRefusal::nonce_used()));
    }
    let root = service
        .store
        .access_key(&verified.access_key_id)
        .is_some_and(|key| key.root);
    if !root {
        return Err(refuse(
            403,
            "NoPermission",
            "Only the server's root AccessKey may administer.",
        ));
    }
    let mut params = verified.params;
    params.retain(|(name, _)| name != "Action");
    params.push(("Action".to_owned(), verified.action));
    Ok(AdminCall::of(params))
}
