//! The admin listener: `/healthz`, `/readyz` and `/metrics`. Plain HTTP/1.1, without keys: bind it where only the
//! operator reaches it.

use crate::domain::expiry;
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Most admin connections at once; scrapers need a handful.
const MAX_CONNECTIONS: usize = 64;

/// Serves until the shutdown begins.
pub(crate) async fn serve(service: Arc<Service>, listener: TcpListener, signal: Signal) {
    let seats = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    let mut drain = pin!(signal.reached(Phase::Drain));
    loop {
        let accepted = tokio::select! {
            () = drain.as_mut() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else {
            continue;
        };
        let service = service.clone();
        let signal = signal.clone();
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(|request: Request<Incoming>| {
                std::future::ready(Ok::<_, Infallible>(answer(&service, &request)))
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
    expiry::render(&service.certificates.read(), &mut text);
    text
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
