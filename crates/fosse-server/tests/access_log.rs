//! Access logs as objects: what is in them, when they come, and where they do not go.

mod support;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::*;

const HOUR_MS: i64 = 3_600_000;

fn log_to(server: &Server, source: &str, target: &str, prefix: &str) -> Reply {
    let body = format!(
        "<BucketLoggingStatus><LoggingEnabled><TargetBucket>{target}</TargetBucket>\
         <TargetPrefix>{prefix}</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"
    );
    let request = Request::new("PUT", source, "").query("logging", "");
    server.send(&request.body(body.as_bytes()))
}

/// Puts the clock into the middle of an hour, so that no hour ends by itself.
fn half_past(server: &Server) {
    let into = server.now().rem_euclid(3600);
    server
        .offset_ms
        .fetch_add((1800 - into) * 1000, Ordering::Relaxed);
}

fn keys(server: &Server, bucket: &str) -> Vec<String> {
    let text = server.send(&Request::get(bucket, "")).text();
    text.split("<Key>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

fn wait_for_keys(server: &Server, bucket: &str, count: usize) -> Vec<String> {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let keys = keys(server, bucket);
        if keys.len() >= count {
            return keys;
        }
        assert!(Instant::now() < limit, "{keys:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Fields of a line: words, quoted texts, and the time in brackets.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (field, end) = match rest.as_bytes()[0] {
            b'"' => {
                let end = rest[1..].find('"').unwrap() + 1;
                (&rest[1..end], end + 1)
            }
            b'[' => {
                let end = rest.find(']').unwrap();
                (&rest[1..end], end + 1)
            }
            _ => {
                let end = rest.find(' ').unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        fields.push(field.to_owned());
        rest = rest[end..].strip_prefix(' ').unwrap_or("");
    }
    fields
}

#[test]
fn an_hour_becomes_an_object() {
    let mut server = Server::start();
    half_past(&server);
    server.bucket("logged-bucket");
    server.bucket("target-bucket");
    assert_eq!(
        log_to(&server, "logged-bucket", "target-bucket", "MyLog-").status,
        200
    );
    let put = Request::new("PUT", "logged-bucket", "dir/a b.txt")
        .header("Referer", "http://from.example/\"x\"")
        .header("User-Agent", "test/1 (unit)")
        .body(b"hello");
    let put = server.send(&put);
    assert_eq!(put.status, 200);
    server.send(&Request::get("logged-bucket", "dir/a b.txt").header("Range", "bytes=1-3"));
    let url = Proof::Url(fosse_oss::sign::Scheme::V4, 60);
    server.send(&Request::get("logged-bucket", "dir/a b.txt").proof(url));
    server.send(&Request::get("logged-bucket", "dir/a b.txt").anonymous());
    server.send(&Request::new("DELETE", "logged-bucket", "dir/a b.txt"));
    server.send(&Request::get("target-bucket", "unlogged"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(
        keys(&server, "target-bucket").is_empty(),
        "the hour is not over"
    );
    server.offset_ms.fetch_add(HOUR_MS, Ordering::Relaxed);
    let keys = wait_for_keys(&server, "target-bucket", 1);
    let key = &keys[0];
    let time = key.strip_prefix("MyLog-logged-bucket").unwrap();
    assert!(time.ends_with("-00-00-0000"), "{key}");
    assert_eq!(time.len(), "2012-09-10-04-00-00-0000".len());
    let log = server.send(&Request::get("target-bucket", key)).text();
    let lines: Vec<Vec<String>> = log.lines().map(fields).collect();
    // The request that turned the log on is the first.
    let operations: Vec<_> = lines.iter().map(|line| line[14].as_str()).collect();
    assert_eq!(
        operations,
        [
            "PutBucketLogging",
            "PutObject",
            "GetObject",
            "GetObject",
            "GetObject",
            "DeleteObject"
        ]
    );
    let put_line = &lines[1];
    assert_eq!(put_line[0], "127.0.0.1");
    assert!(put_line[3].ends_with(" +0800"));
    assert_eq!(
        put_line[4],
        "PUT /logged-bucket/dir/a%20b.txt HTTP/1.1".to_owned()
    );
    assert_eq!(put_line[5..7], ["200", "0"]);
    assert_eq!(put_line[8], "http://from.example/%22x%22");
    assert_eq!(put_line[9], "test/1 (unit)");
    assert_eq!(put_line[10], server.address.to_string());
    assert_eq!(Some(put_line[11].as_str()), put.header("x-oss-request-id"));
    assert_eq!(
        put_line[12..16],
        ["true", OWNER, "PutObject", "logged-bucket"][..]
    );
    assert_eq!(put_line[16..18], ["dir%2Fa%20b.txt", "5"]);
    assert_eq!(put_line[21..], [OWNER, "5", "-", "-"]);
    let part = &lines[2];
    assert_eq!(part[5..7], ["206", "3"]);
    assert_eq!(part[17], "5", "the size of the object, not of the part");
    let signed = &lines[3];
    assert!(signed[4].contains("x-oss-signature=-"), "{signed:?}");
    assert!(!log.contains("x-oss-signature=%") && signed[4].contains("x-oss-credential="));
    let refused = &lines[4];
    assert_eq!((refused[5].as_str(), refused[13].as_str()), ("403", "-"));
    assert_eq!(refused[19], "AccessDenied");
    assert_eq!(lines[5][22], "-5", "the bucket shrank");
    server.stop();
}

#[test]
fn the_last_hour_comes_when_the_server_stops() {
    let mut server = Server::start();
    half_past(&server);
    server.bucket("own-logs");
    assert_eq!(log_to(&server, "own-logs", "own-logs", "logs").status, 200);
    server.put("own-logs", "k", b"x");
    let store = server.store.clone();
    server.stop();
    let mut server = Server::over(store, |_| {});
    let first = keys(&server, "own-logs");
    assert_eq!(first.len(), 2, "{first:?}");
    // After a restart lines are taken as before, and names go on.
    server.put("own-logs", "k2", b"x");
    let store = server.store.clone();
    server.stop();
    let mut server = Server::over(store, |_| {});
    let second = keys(&server, "own-logs");
    let logs: Vec<_> = second
        .iter()
        .filter(|key| key.starts_with("logs"))
        .collect();
    assert_eq!(logs.len(), 2, "writing logs makes no lines: {second:?}");
    assert!(
        logs[0].ends_with("-0000") && logs[1].ends_with("-0001") || logs[0][..30] != logs[1][..30]
    );
    // Turned off, nothing more comes but what belongs to the time before.
    let off = Request::new("DELETE", "own-logs", "").query("logging", "");
    assert_eq!(server.send(&off).status, 204);
    server.put("own-logs", "k3", b"x");
    server.stop();
}

#[test]
fn logs_without_a_target_are_dropped_and_counted() {
    let mut server = Server::start();
    half_past(&server);
    server.bucket("logged-bucket");
    assert_eq!(
        log_to(&server, "logged-bucket", "no-such-bucket", "").error(),
        (400, "InvalidTargetBucketForLogging".into())
    );
    server.bucket("short-lived");
    assert_eq!(
        log_to(&server, "logged-bucket", "short-lived", "").status,
        200
    );
    server.put("logged-bucket", "k", b"x");
    // The target goes to another account behind the server's back.
    let store = server.store.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { store.delete_bucket("short-lived").await.unwrap() });
    let other = Request::new("PUT", "short-lived", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&other).status, 200);
    server.offset_ms.fetch_add(HOUR_MS, Ordering::Relaxed);
    let limit = Instant::now() + Duration::from_secs(20);
    let dropped = |server: &Server| {
        let wanted = "fosse_access_log_dropped_lines_total 2";
        server.metrics().lines().any(|line| line == wanted)
    };
    while !dropped(&server) {
        assert!(Instant::now() < limit, "{}", server.metrics());
        std::thread::sleep(Duration::from_millis(100));
    }
    let list = Request::get("short-lived", "").by(OTHER_ID, OTHER_SECRET);
    assert!(!server.send(&list).text().contains("<Key>"));
    server.stop();
}
