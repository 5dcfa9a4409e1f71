//! HTTPS and HTTP/2 with a certificate made for the test.

mod support;

use bytes::Bytes;
use fosse_oss::sign::{self, Credentials, Scheme, SignOptions, SignRequest};
use fosse_server::TlsFiles;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use support::*;
use tokio_rustls::TlsConnector;

struct Tls {
    server: Server,
    roots: rustls::RootCertStore,
    _dir: tempfile::TempDir,
}

fn start() -> Tls {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        cert: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let server = Server::with(|config| {
        config.listen_tls = vec!["127.0.0.1:0".parse().unwrap()];
        config.tls = Some(files);
    });
    Tls {
        server,
        roots,
        _dir: dir,
    }
}

async fn connect(
    tls: &Tls,
    alpn: &[&[u8]],
) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(tls.roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    let stream = tokio::net::TcpStream::connect(tls.server.tls_address.unwrap())
        .await
        .unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

/// A presigned request to `key` in bucket `bucket`.
fn presigned(server: &Server, method: &str, body: &'static [u8]) -> http::Request<Full<Bytes>> {
    let credentials = Credentials {
        access_key_id: ID.into(),
        access_key_secret: SECRET.into(),
        security_token: None,
    };
    let options = SignOptions {
        scheme: Scheme::V4,
        now: server.now(),
        region: "cn-hangzhou",
        product: "oss",
    };
    let request = SignRequest {
        method,
        bucket: Some("bucket"),
        key: b"key",
        query: &[],
        headers: &[],
        additional_headers: &[],
    };
    let query = sign::presign_query(&request, &credentials, &options, 60, None).unwrap();
    http::Request::builder()
        .method(method)
        .uri(format!("https://bucket.localhost/key?{query}"))
        .body(Full::new(Bytes::from_static(body)))
        .unwrap()
}

#[test]
fn http2_over_tls() {
    let tls = start();
    tls.server.bucket("bucket");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = connect(&tls, &[b"h2", b"http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let put = presigned(&tls.server, "PUT", b"over http/2");
        let reply = sender.send_request(put).await.unwrap();
        assert_eq!(reply.status(), 200);
        assert!(
            reply.headers().get("connection").is_none(),
            "HTTP/2 knows no Connection header"
        );
        let many = (0..20).map(|_| {
            sender
                .clone()
                .send_request(presigned(&tls.server, "GET", b""))
        });
        for reply in futures_util::future::join_all(many).await {
            let reply = reply.unwrap();
            assert_eq!(
                (reply.status().as_u16(), reply.version()),
                (200, http::Version::HTTP_2)
            );
            assert_eq!(reply.headers()["x-oss-request-id"].len(), 24);
            assert_eq!(
                reply.into_body().collect().await.unwrap().to_bytes(),
                "over http/2"
            );
        }
        let wrong = presigned(&tls.server, "GET", b"");
        let (mut parts, body) = wrong.into_parts();
        parts.method = http::Method::DELETE;
        let reply = sender
            .send_request(http::Request::from_parts(parts, body))
            .await
            .unwrap();
        assert_eq!(reply.status(), 403, "another method is not covered");
    });
}

#[test]
fn http1_over_tls() {
    let tls = start();
    tls.server.bucket("bucket");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = connect(&tls, &[b"http/1.1"]).await;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        for (method, body) in [("PUT", &b"over tls"[..]), ("GET", b"")] {
            let mut request = presigned(&tls.server, method, body);
            *request.uri_mut() = request
                .uri()
                .path_and_query()
                .unwrap()
                .as_str()
                .parse()
                .unwrap();
            request
                .headers_mut()
                .insert("host", "bucket.localhost".parse().unwrap());
            let reply = sender.send_request(request).await.unwrap();
            assert_eq!(reply.status(), 200);
            let bytes = reply.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(
                bytes,
                if method == "GET" {
                    &b"over tls"[..]
                } else {
                    b""
                }
            );
        }
    });
}

#[test]
fn http2_with_prior_knowledge() {
    let server = Server::start();
    server.bucket("bucket");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let reply = sender
            .send_request(presigned(&server, "PUT", b"clear"))
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
        let reply = sender
            .send_request(presigned(&server, "GET", b""))
            .await
            .unwrap();
        assert_eq!(
            reply.into_body().collect().await.unwrap().to_bytes(),
            "clear"
        );
    });
}

#[test]
fn a_listener_without_certificate_is_refused_at_start() {
    let any = "127.0.0.1:0".parse().unwrap();
    let config = fosse_server::Config {
        listen_tls: vec![any],
        ..fosse_server::Config::default()
    };
    assert!(fosse_server::Listeners::bind(&config).is_err());
    let files = TlsFiles {
        cert: "/nonexistent/cert".into(),
        key: "/nonexistent/key".into(),
    };
    let config = fosse_server::Config {
        listen: vec![any],
        tls: Some(files),
        ..config
    };
    let error = fosse_server::Listeners::bind(&config)
        .unwrap_err()
        .to_string();
    assert!(error.contains("/nonexistent/cert"), "{error}");
}
