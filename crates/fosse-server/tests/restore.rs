//! RestoreObject and CleanRestoredObject over HTTP, with the clock of the test.

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;
use support::*;

fn restore(key: &str, inner: &str) -> Request {
    let body = format!("<RestoreRequest>{inner}</RestoreRequest>");
    let body = if inner == "-" { String::new() } else { body };
    Request::new("POST", "bucket", key)
        .query("restore", "")
        .body(body.as_bytes())
}

fn clean(key: &str) -> Request {
    Request::new("POST", "bucket", key).query("cleanRestoredObject", "")
}

fn archived(server: &Server, key: &str, class: &str) {
    let put = Request::new("PUT", "bucket", key)
        .header("x-oss-storage-class", class)
        .body(b"frozen");
    assert_eq!(server.send(&put).status, 200);
}

fn state(server: &Server, key: &str) -> Option<String> {
    let head = server.send(&Request::new("HEAD", "bucket", key));
    assert_eq!(head.status, 200);
    head.header("x-oss-restore").map(str::to_owned)
}

#[test]
fn an_archived_object_is_read_while_it_is_restored() {
    let server = Server::with(|config| config.restore_delay = Duration::from_secs(60));
    server.bucket("bucket");
    archived(&server, "k", "Archive");
    let get = Request::get("bucket", "k");
    let copy = Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", "/bucket/k");
    for request in [&get, &copy] {
        let refused = server.send(request);
        well_formed(&refused);
        assert_eq!(refused.error(), (403, "InvalidObjectState".into()));
    }
    assert_eq!(state(&server, "k"), None);
    assert_eq!(
        server.send(&clean("k")).error(),
        (409, "ArchiveRestoreFileStale".into())
    );
    assert_eq!(server.send(&restore("k", "<Days>2</Days>")).status, 202);
    assert_eq!(
        state(&server, "k").as_deref(),
        Some("ongoing-request=\"true\"")
    );
    let again = server.send(&restore("k", "-"));
    assert_eq!(again.error(), (409, "RestoreAlreadyInProgress".into()));
    assert_eq!(
        server.send(&clean("k")).error(),
        (409, "ArchiveRestoreNotFinished".into())
    );
    assert_eq!(server.send(&get).status, 403);
    let listed = server.send(&Request::get("bucket", ""));
    assert_eq!(
        listed.element("RestoreInfo").as_deref(),
        Some("ongoing-request=\"true\"")
    );

    server.offset_ms.store(61_000, Ordering::Relaxed);
    assert_eq!(server.send(&get).body, b"frozen");
    assert_eq!(server.send(&copy).status, 200);
    let shown = state(&server, "k").unwrap();
    assert!(
        shown.starts_with("ongoing-request=\"false\", expiry-date=\""),
        "{shown}"
    );
    // Longer, and again not longer.
    assert_eq!(server.send(&restore("k", "<Days>7</Days>")).status, 200);
    let longer = state(&server, "k").unwrap();
    assert_ne!(shown, longer);
    assert_eq!(server.send(&restore("k", "-")).status, 200);
    assert_eq!(state(&server, "k"), Some(longer));

    let days = |days: i64| days * 24 * 3_600_000;
    server
        .offset_ms
        .store(61_000 + days(7) - 30_000, Ordering::Relaxed);
    assert_eq!(server.send(&get).status, 200);
    server
        .offset_ms
        .store(61_000 + days(7) + 30_000, Ordering::Relaxed);
    assert_eq!(server.send(&get).status, 403);
    assert_eq!(state(&server, "k"), None);
    server.send(&restore("k", "-"));
    server.offset_ms.fetch_add(61_000, Ordering::Relaxed);
    assert_eq!(server.send(&get).status, 200);
    assert_eq!(server.send(&clean("k")).status, 200);
    assert_eq!(server.send(&get).status, 403);
    assert_eq!(
        server.send(&clean("k")).error(),
        (409, "ArchiveRestoreFileStale".into())
    );
}

#[test]
fn days_and_tiers_follow_the_class() {
    let server = Server::with(|config| config.restore_delay = Duration::from_secs(60));
    server.bucket("bucket");
    for class in ["Standard", "Archive", "ColdArchive", "DeepColdArchive"] {
        archived(&server, class, class);
    }
    let tier =
        |tier: &str| format!("<Days>1</Days><JobParameters><Tier>{tier}</Tier></JobParameters>");
    for (key, inner, expected) in [
        ("Standard", "-".to_owned(), (400, "OperationNotSupported")),
        (
            "Archive",
            "<Days>8</Days>".to_owned(),
            (400, "InvalidArgument"),
        ),
        (
            "Archive",
            "<Days>0</Days>".to_owned(),
            (400, "InvalidArgument"),
        ),
        (
            "ColdArchive",
            "<Days>366</Days>".to_owned(),
            (400, "InvalidArgument"),
        ),
        ("Archive", tier("Standard"), (400, "MalformedXML")),
        ("ColdArchive", tier("Fast"), (400, "InvalidArgument")),
        ("DeepColdArchive", tier("Bulk"), (400, "MalformedXML")),
        ("absent", "-".to_owned(), (404, "NoSuchKey")),
    ] {
        let refused = server.send(&restore(key, &inner));
        well_formed(&refused);
        assert_eq!(
            refused.error(),
            (expected.0, expected.1.to_owned()),
            "{key} {inner}"
        );
    }
    assert_eq!(
        server.send(&clean("Standard")).error(),
        (400, "OperationNotSupported".into())
    );
    let begun = server.send(&restore("ColdArchive", &tier("Bulk")));
    assert_eq!(begun.status, 202);
    assert_eq!(begun.header("x-oss-object-restore-priority"), Some("Bulk"));
    let sooner = server.send(&restore("ColdArchive", &tier("Expedited")));
    assert_eq!(
        sooner.header("x-oss-object-restore-priority"),
        Some("Expedited")
    );
    let later = server.send(&restore("ColdArchive", &tier("Standard")));
    assert_eq!(later.error(), (409, "RestoreAlreadyInProgress".into()));
}

#[test]
fn a_restore_takes_no_time_unless_told_and_a_bucket_may_need_none() {
    let server = Server::start();
    server.bucket("bucket");
    archived(&server, "k", "Archive");
    assert_eq!(server.send(&restore("k", "-")).status, 202);
    assert_eq!(server.send(&Request::get("bucket", "k")).body, b"frozen");
    archived(&server, "other", "Archive");
    archived(&server, "cold", "ColdArchive");
    let direct =
        b"<ArchiveDirectReadConfiguration><Enabled>true</Enabled></ArchiveDirectReadConfiguration>";
    let put = Request::new("PUT", "bucket", "").query("bucketArchiveDirectRead", "");
    assert_eq!(server.send(&put.body(direct)).status, 200);
    assert_eq!(server.send(&Request::get("bucket", "other")).status, 200);
    assert_eq!(server.send(&Request::get("bucket", "cold")).status, 403);
}
