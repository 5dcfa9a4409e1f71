//! Lifecycle rules over HTTP, with the clock of the test: what they do, and what answers tell of it.

mod support;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::*;

const DAY_MS: i64 = 86_400_000;

fn put_rules(server: &Server, bucket: &str, rules: &str) {
    let body = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    let request = Request::new("PUT", bucket, "")
        .query("lifecycle", "")
        .header("x-oss-allow-same-action-overlap", "true")
        .body(body.as_bytes());
    let reply = server.send(&request);
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn rule(id: &str, prefix: &str, actions: &str) -> String {
    format!("<Rule><ID>{id}</ID><Prefix>{prefix}</Prefix><Status>Enabled</Status>{actions}</Rule>")
}

fn advance(server: &Server, days: i64) {
    server.offset_ms.fetch_add(days * DAY_MS, Ordering::Relaxed);
}

/// Waits for the worker, which looks at the clock once a second.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_year_passes() {
    let mut server = Server::start();
    server.bucket("ageing-bucket");
    put_rules(
        &server,
        "ageing-bucket",
        &[
            rule("logs", "logs/", "<Expiration><Days>30</Days></Expiration>"),
            rule(
                "cold",
                "data/",
                "<Transition><Days>60</Days><StorageClass>IA</StorageClass></Transition>\
                 <Transition><Days>180</Days><StorageClass>ColdArchive</StorageClass></Transition>",
            ),
            rule(
                "parts",
                "",
                "<AbortMultipartUpload><Days>7</Days></AbortMultipartUpload>",
            ),
        ]
        .concat(),
    );
    let put = server.put("ageing-bucket", "logs/1", b"line");
    let announced = put.header("x-oss-expiration").unwrap().to_owned();
    server.put("ageing-bucket", "data/1", b"row");
    server.put("ageing-bucket", "other", b"stays");
    let begin = Request::new("POST", "ageing-bucket", "data/2").query("uploads", "");
    assert_eq!(server.send(&begin).status, 200);

    let midnight = (server.now().div_euclid(86_400) + 1) * 86_400 + 30 * 86_400;
    let date = fosse_oss::time::format_http(midnight);
    let wanted = format!("expiry-date=\"{date}\", rule-id=\"logs\"");
    assert_eq!(announced, wanted);
    for method in ["GET", "HEAD"] {
        let reply = server.send(&Request::new(method, "ageing-bucket", "logs/1"));
        assert_eq!(reply.header("x-oss-expiration"), Some(wanted.as_str()));
        let reply = server.send(&Request::new(method, "ageing-bucket", "data/1"));
        assert_eq!(reply.header("x-oss-expiration"), None);
    }

    let status = |server: &Server, key: &str| {
        server
            .send(&Request::new("HEAD", "ageing-bucket", key))
            .status
    };
    let class = |server: &Server| {
        let reply = server.send(&Request::new("HEAD", "ageing-bucket", "data/1"));
        reply.header("x-oss-storage-class").unwrap_or("").to_owned()
    };
    let uploads = |server: &Server| {
        let reply = server.send(&Request::get("ageing-bucket", "").query("uploads", ""));
        reply.text().contains("<UploadId>")
    };
    advance(&server, 29);
    until("the upload is dropped", || !uploads(&server));
    assert_eq!(status(&server, "logs/1"), 200);
    advance(&server, 2);
    until("the log expires", || status(&server, "logs/1") == 404);
    assert_eq!(class(&server), "Standard");
    advance(&server, 60);
    until("the data cools down", || class(&server) == "IA");
    advance(&server, 365 - 91);
    until("the data freezes", || class(&server) == "ColdArchive");
    let reply = server.send(&Request::new("HEAD", "ageing-bucket", "data/1"));
    let changed = reply.header("x-oss-transition-time").unwrap();
    assert!(fosse_oss::time::parse_http(changed).unwrap() >= server.now() - 60);
    assert_eq!(status(&server, "other"), 200);
    let metrics = server.metrics();
    for line in [
        "fosse_lifecycle_actions_total{action=\"expire\"} 1",
        "fosse_lifecycle_actions_total{action=\"transition\"} 2",
        "fosse_lifecycle_actions_total{action=\"abort_upload\"} 1",
        "fosse_lifecycle_failures_total 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}: {metrics}");
    }
    server.stop();
}

#[test]
fn disabled_rules_and_turned_off_workers_do_nothing() {
    let mut server = Server::with(|config| config.lifecycle_interval = Duration::ZERO);
    server.bucket("idle-bucket");
    put_rules(
        &server,
        "idle-bucket",
        &rule("all", "", "<Expiration><Days>1</Days></Expiration>"),
    );
    server.put("idle-bucket", "k", b"");
    advance(&server, 100);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(server.send(&Request::get("idle-bucket", "k")).status, 200);
    server.stop();
}

#[test]
fn access_times_are_kept() {
    let mut server = Server::start();
    server.bucket("watched-bucket");
    let meta = |server: &Server, key: &str| {
        let request = Request::new("HEAD", "watched-bucket", key).query("objectMeta", "");
        let reply = server.send(&request);
        assert_eq!(reply.status, 200);
        let time = reply.header("x-oss-last-access-time");
        time.map(|text| fosse_oss::time::parse_http(text).unwrap())
    };
    server.put("watched-bucket", "read", b"x");
    server.put("watched-bucket", "idle", b"x");
    assert_eq!(meta(&server, "read"), None, "nobody keeps it");
    let on = b"<AccessMonitorConfiguration><Status>Enabled</Status></AccessMonitorConfiguration>";
    let request = Request::new("PUT", "watched-bucket", "")
        .query("accessmonitor", "")
        .body(on);
    assert_eq!(server.send(&request).status, 200);
    put_rules(
        &server,
        "watched-bucket",
        &rule(
            "idle",
            "",
            "<Transition><Days>30</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime>\
             <ReturnToStdWhenVisit>true</ReturnToStdWhenVisit></Transition>",
        ),
    );
    let written = server.now();
    assert!((meta(&server, "read").unwrap() - written).abs() < 60);
    advance(&server, 20);
    let read = server.now();
    assert_eq!(
        server.send(&Request::get("watched-bucket", "read")).status,
        200
    );
    assert!((meta(&server, "read").unwrap() - read).abs() < 60);
    assert!(
        (meta(&server, "idle").unwrap() - written).abs() < 60,
        "HEAD is no access"
    );
    advance(&server, 15);
    let class = |server: &Server, key: &str| {
        let reply = server.send(&Request::new("HEAD", "watched-bucket", key));
        reply.header("x-oss-storage-class").unwrap_or("").to_owned()
    };
    until("what nobody read moves", || class(&server, "idle") == "IA");
    assert_eq!(class(&server, "read"), "Standard");
    advance(&server, 1);
    assert_eq!(
        server.send(&Request::get("watched-bucket", "idle")).status,
        200
    );
    advance(&server, 1);
    until("it comes back", || class(&server, "idle") == "Standard");
    server.stop();
}
