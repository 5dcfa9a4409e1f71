//! What the operator sees: metrics, health, and an access log without credentials.

mod support;

use fosse_oss::sign::Scheme;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::*;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn admin(server: &Server, method: &str, path: &str) -> Reply {
    let mut connection = Connection::to(server.admin);
    connection.write(format!("{method} {path} HTTP/1.1\r\nHost: admin\r\n\r\n").as_bytes());
    connection.read_reply(method == "HEAD")
}

/// One test, because there is one subscriber in a process.
#[test]
fn requests_are_logged_and_counted_without_their_secrets() {
    let log = Log::default();
    let writer = log.clone();
    tracing::subscriber::set_global_default(
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish(),
    )
    .unwrap();
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "line\nbreak", b"123456789");
    let mut signatures = Vec::new();
    for scheme in [Scheme::V1, Scheme::V4] {
        for proof in [Proof::Header(scheme), Proof::Url(scheme, 60)] {
            let get = Request::get("bucket", "line\nbreak")
                .header("User-Agent", "test/1")
                .header("Referer", "https://page.test/?Signature=stolen")
                .proof(proof);
            let head = String::from_utf8(get.head(&server)).unwrap();
            for mark in ["Signature=", "x-oss-signature=", &format!("OSS {ID}:")] {
                if let Some((_, rest)) = head.rsplit_once(mark) {
                    let end = rest.find(['&', ' ', '\r']).unwrap();
                    signatures.push(rest[..end].to_owned());
                }
            }
            assert_eq!(server.send(&get).status, 200);
            // Refused ones are logged too, and their bodies hold the string to sign.
            let forged = head.replace("/bucket/line", "/bucket/LINE");
            let mut connection = server.connect();
            connection.write(forged.as_bytes());
            assert_eq!(connection.read_reply(false).status, 403);
        }
    }
    let token = Request::get("bucket", "k").header("x-oss-security-token", "TOKENTOKEN");
    assert_eq!(server.send(&token).status, 403);
    signatures.push("TOKENTOKEN".into());
    signatures.push("stolen".into());
    signatures.push(SECRET.into());
    assert!(signatures.len() >= 6, "{signatures:?}");

    let until = Instant::now() + Duration::from_secs(5);
    let lines = loop {
        let lines: Vec<serde_json::Value> = log
            .text()
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line["target"] == "fosse::access")
            .collect();
        if lines.len() >= 11 || Instant::now() > until {
            break lines;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(lines.len(), 11, "one line a request");
    let get = &lines[2]["fields"];
    assert_eq!(get["operation"], "GetObject");
    assert_eq!(get["bucket"], "bucket");
    assert_eq!(get["key"], "line\nbreak");
    assert_eq!(get["status"], 200);
    assert_eq!(get["bytes_out"], 9);
    assert_eq!(get["access_key_id"], ID);
    assert_eq!(get["user_agent"], "test/1");
    assert_eq!(get["remote"], "127.0.0.1");
    assert_eq!(get["host"], server.address.to_string());
    assert_eq!(get["id"].as_str().unwrap().len(), 24);
    assert_eq!(lines[1]["fields"]["bytes_in"], 9);
    let refused = &lines[3]["fields"];
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&403.into(), &"SignatureDoesNotMatch".into())
    );
    assert_eq!(refused["ec"], "0002-00000040");
    let text = log.text();
    for signature in &signatures {
        assert!(!text.contains(signature.as_str()), "{signature} was logged");
        let decoded = fosse_oss::encode::decode_query(signature).unwrap();
        assert!(
            !text.contains(std::str::from_utf8(&decoded).unwrap()),
            "{signature} was logged"
        );
    }

    let metrics = server.metrics();
    for line in [
        "fosse_requests_total{operation=\"GetObject\",status=\"200\"} 4",
        "fosse_requests_total{operation=\"PutObject\",status=\"200\"} 1",
        "fosse_auth_refusals_total{code=\"SignatureDoesNotMatch\",ec=\"0002-00000040\"} 2",
        "fosse_auth_refusals_total{code=\"SignatureDoesNotMatch\",ec=\"0002-00000201\"} 2",
        "fosse_received_bytes_total 9",
        "fosse_store_healthy 1",
    ] {
        assert!(
            metrics.lines().any(|l| l == line),
            "{line} missing in\n{metrics}"
        );
    }
    assert!(!metrics.contains("bucket\""), "no bucket is named");
    assert_eq!(admin(&server, "GET", "/healthz").status, 200);
    assert_eq!(admin(&server, "HEAD", "/readyz").status, 200);
    assert_eq!(admin(&server, "GET", "/nothing").status, 404);
    assert_eq!(admin(&server, "POST", "/metrics").status, 405);
    // The store that is closed accepts no writes: not ready, but alive.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(server.store.close()).unwrap();
    assert_eq!(admin(&server, "GET", "/healthz").status, 200);
    assert_eq!(admin(&server, "GET", "/readyz").status, 503);
}
