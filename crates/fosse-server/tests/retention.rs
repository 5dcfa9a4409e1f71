//! Retention of objects and of buckets, and legal holds, over HTTP, with the clock of the test.

mod support;

use std::sync::atomic::Ordering;
use support::*;

const DAY: i64 = 24 * 3_600_000;

fn worm(method: &str, query: &[(&str, &str)], body: &str) -> Request {
    let request = Request::new(method, "bucket", "").body(body.as_bytes());
    query
        .iter()
        .fold(request, |request, (name, value)| request.query(name, value))
}

fn initiate(days: &str) -> Request {
    let body = format!(
        "<InitiateWormConfiguration><RetentionPeriodInDays>{days}</RetentionPeriodInDays></InitiateWormConfiguration>"
    );
    worm("POST", &[("worm", "")], &body)
}

fn extend(id: &str, days: &str) -> Request {
    let body = format!(
        "<ExtendWormConfiguration><RetentionPeriodInDays>{days}</RetentionPeriodInDays></ExtendWormConfiguration>"
    );
    worm("POST", &[("wormExtend", ""), ("wormId", id)], &body)
}

fn get() -> Request {
    worm("GET", &[("worm", "")], "")
}

fn abort() -> Request {
    worm("DELETE", &[("worm", "")], "")
}

fn complete(id: &str) -> Request {
    worm("POST", &[("wormId", id)], "")
}

fn immutable(reply: &Reply) {
    well_formed(reply);
    assert_eq!(reply.error(), (409, "FileImmutable".into()));
}

/// A time `ms` from the server's now, as documents write it.
fn date(server: &Server, ms: i64) -> String {
    fosse_oss::time::format_iso_millis(server.now() + ms / 1000)
}

fn retain(server: &Server, key: &str, mode: &str, ms: i64) -> Request {
    let until = date(server, ms);
    let body = format!(
        "<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
    );
    Request::new("PUT", "bucket", key)
        .query("retention", "")
        .body(body.as_bytes())
}

#[test]
fn the_retention_of_a_bucket_is_locked_or_lapses() {
    let server = Server::start();
    server.bucket("bucket");
    assert_eq!(
        server.send(&get()).error(),
        (404, "NoSuchWORMConfiguration".into())
    );
    assert_eq!(
        server.send(&abort()).error(),
        (404, "NoSuchWORMConfiguration".into())
    );
    for bad in ["0", "25551"] {
        assert_eq!(
            server.send(&initiate(bad)).error(),
            (400, "InvalidWORMConfiguration".into())
        );
    }
    assert_eq!(
        server.send(&initiate("x")).error(),
        (400, "MalformedXML".into())
    );
    let begun = server.send(&initiate("1"));
    let id = begun.header("x-oss-worm-id").unwrap().to_owned();
    assert_eq!(
        server.send(&initiate("1")).error(),
        (409, "WORMConfigurationAlreadyExists".into())
    );
    let shown = server.send(&get());
    assert_eq!(shown.element("State").as_deref(), Some("InProgress"));
    assert_eq!(shown.element("WormId").as_deref(), Some(&*id));
    assert_eq!(
        server.send(&extend(&id, "2")).error(),
        (400, "InvalidWORMConfiguration".into())
    );
    assert_eq!(server.send(&abort()).status, 204);
    assert_eq!(
        server.send(&complete(&id)).error(),
        (404, "NoSuchWORMConfiguration".into())
    );

    // Not locked within 24 hours, it was never there.
    let lapsed = server.send(&initiate("1"));
    let lapsed = lapsed.header("x-oss-worm-id").unwrap().to_owned();
    server.offset_ms.store(DAY - 10_000, Ordering::Relaxed);
    assert_eq!(server.send(&get()).status, 200);
    server.offset_ms.store(DAY + 10_000, Ordering::Relaxed);
    assert_eq!(server.send(&get()).status, 404);
    assert_eq!(server.send(&complete(&lapsed)).status, 404);

    let begun = server.send(&initiate("1"));
    let id = begun.header("x-oss-worm-id").unwrap().to_owned();
    assert_eq!(server.send(&complete("other")).status, 404);
    assert_eq!(server.send(&complete(&id)).status, 200);
    assert_eq!(
        server.send(&get()).element("State").as_deref(),
        Some("Locked")
    );
    assert_eq!(
        server.send(&abort()).error(),
        (403, "WORMConfigurationLocked".into())
    );
    assert_eq!(
        server.send(&complete(&id)).error(),
        (403, "WORMConfigurationLocked".into())
    );
    assert_eq!(
        server.send(&extend(&id, "1")).error(),
        (400, "InvalidWORMConfiguration".into())
    );
    assert_eq!(server.send(&extend(&id, "3")).status, 200);
    assert_eq!(
        server
            .send(&get())
            .element("RetentionPeriodInDays")
            .as_deref(),
        Some("3")
    );

    server.put("bucket", "k", b"x");
    let delete = Request::new("DELETE", "bucket", "k");
    immutable(&server.send(&delete));
    immutable(&server.send(&Request::new("PUT", "bucket", "k").body(b"y")));
    let many = b"<Delete><Object><Key>k</Key></Object></Delete>";
    immutable(
        &server.send(
            &Request::new("POST", "bucket", "")
                .query("delete", "")
                .body(many),
        ),
    );
    let copy = Request::new("PUT", "bucket", "k").header("x-oss-copy-source", "/bucket/k");
    immutable(&server.send(&copy));
    let bypass = delete.header("x-oss-bypass-governance-retention", "true");
    immutable(&server.send(&bypass));
    server
        .offset_ms
        .fetch_add(3 * DAY + 10_000, Ordering::Relaxed);
    let delete = Request::new("DELETE", "bucket", "k");
    assert_eq!(server.send(&delete).status, 204);
    assert_eq!(server.send(&Request::get("bucket", "k")).status, 404);
}

#[test]
fn a_retention_of_an_object_holds_until_its_date() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    let get = Request::get("bucket", "k").query("retention", "");
    assert_eq!(
        server.send(&get).error(),
        (404, "NoSuchObjectWormConfiguration".into())
    );
    assert_eq!(
        server
            .send(&retain(&server, "k", "GOVERNANCE", -10_000))
            .error(),
        (400, "InvalidArgument".into())
    );
    assert_eq!(
        server.send(&retain(&server, "k", "HARD", DAY)).error(),
        (400, "MalformedXML".into())
    );
    assert_eq!(
        server
            .send(&retain(&server, "absent", "GOVERNANCE", DAY))
            .error(),
        (404, "NoSuchKey".into())
    );
    assert_eq!(
        server.send(&retain(&server, "k", "GOVERNANCE", DAY)).status,
        200
    );
    assert_eq!(
        server.send(&get).element("Mode").as_deref(),
        Some("GOVERNANCE")
    );
    let head = server.send(&Request::new("HEAD", "bucket", "k"));
    assert_eq!(head.header("x-oss-object-worm-mode"), Some("GOVERNANCE"));
    assert!(head.header("x-oss-object-worm-retain-until-date").is_some());
    let delete = || Request::new("DELETE", "bucket", "k");
    let bypass = |request: Request| request.header("x-oss-bypass-governance-retention", "true");
    immutable(&server.send(&delete()));
    immutable(&server.send(&Request::new("PUT", "bucket", "k").body(b"y")));
    immutable(&server.send(&retain(&server, "k", "GOVERNANCE", DAY / 2)));
    assert_eq!(
        server
            .send(&bypass(retain(&server, "k", "GOVERNANCE", DAY / 2)))
            .status,
        200
    );
    assert_eq!(server.send(&bypass(delete())).status, 204);

    server.put("bucket", "k", b"x");
    assert_eq!(
        server.send(&retain(&server, "k", "COMPLIANCE", DAY)).status,
        200
    );
    immutable(&server.send(&bypass(delete())));
    immutable(&server.send(&bypass(retain(&server, "k", "COMPLIANCE", DAY / 2))));
    immutable(&server.send(&bypass(retain(&server, "k", "GOVERNANCE", 2 * DAY))));
    assert_eq!(
        server
            .send(&retain(&server, "k", "COMPLIANCE", 2 * DAY))
            .status,
        200
    );
    server.offset_ms.store(2 * DAY - 10_000, Ordering::Relaxed);
    immutable(&server.send(&delete()));
    server.offset_ms.store(2 * DAY + 10_000, Ordering::Relaxed);
    assert_eq!(server.send(&delete()).status, 204);
    // By the headers of the write.
    let put = Request::new("PUT", "bucket", "k").body(b"x");
    let until = date(&server, DAY);
    let half = put.header("x-oss-object-worm-mode", "COMPLIANCE");
    assert_eq!(server.send(&half).error(), (400, "InvalidArgument".into()));
    let put = Request::new("PUT", "bucket", "k")
        .header("x-oss-object-worm-mode", "COMPLIANCE")
        .header("x-oss-object-worm-retain-until-date", until)
        .body(b"x");
    assert_eq!(server.send(&put).status, 200);
    immutable(&server.send(&delete()));
}

#[test]
fn a_legal_hold_holds_until_it_is_lifted() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"x");
    let hold = |status: &str| {
        let body = format!("<LegalHold><Status>{status}</Status></LegalHold>");
        Request::new("PUT", "bucket", "k")
            .query("legalHold", "")
            .body(body.as_bytes())
    };
    let get = Request::get("bucket", "k").query("legalHold", "");
    assert_eq!(server.send(&get).element("Status").as_deref(), Some("OFF"));
    assert_eq!(
        server.send(&hold("MAYBE")).error(),
        (400, "MalformedXML".into())
    );
    assert_eq!(server.send(&hold("ON")).status, 200);
    assert_eq!(server.send(&get).element("Status").as_deref(), Some("ON"));
    server.offset_ms.store(10_000 * DAY, Ordering::Relaxed);
    immutable(&server.send(&Request::new("DELETE", "bucket", "k")));
    server.offset_ms.store(0, Ordering::Relaxed);
    assert_eq!(server.send(&hold("OFF")).status, 200);
    assert_eq!(
        server.send(&Request::new("DELETE", "bucket", "k")).status,
        204
    );
    assert_eq!(server.send(&hold("ON").anonymous()).status, 403);
}

#[test]
fn a_bucket_retains_new_versions_by_default() {
    let server = Server::start();
    server.bucket("bucket");
    let rule = "<ObjectWormConfiguration><ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule><DefaultRetention>\
        <Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectWormConfiguration>";
    let put = worm("PUT", &[("objectWorm", "")], rule);
    let get = worm("GET", &[("objectWorm", "")], "");
    assert_eq!(
        server.send(&get).error(),
        (404, "NoSuchObjectWormConfiguration".into())
    );
    assert_eq!(server.send(&put).error(), (400, "InvalidRequest".into()));
    let enable = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    server.send(&worm("PUT", &[("versioning", "")], enable));
    assert_eq!(server.send(&put).status, 200);
    assert_eq!(server.send(&get).element("Days").as_deref(), Some("1"));
    assert_eq!(
        server.send(&initiate("1")).error(),
        (409, "WORMConfigurationAlreadyExists".into())
    );
    let suspend = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    let suspend = server.send(&worm("PUT", &[("versioning", "")], suspend));
    assert_eq!(suspend.status, 400, "{suspend:?}");
    let written = server.put("bucket", "k", b"x");
    let version = written.header("x-oss-version-id").unwrap().to_owned();
    let remove = Request::new("DELETE", "bucket", "k").query("versionId", &version);
    immutable(&server.send(&remove));
    // A marker loses nothing.
    assert_eq!(
        server.send(&Request::new("DELETE", "bucket", "k")).status,
        204
    );
    let begin = Request::new("POST", "bucket", "parts").query("uploads", "");
    let id = server.send(&begin).element("UploadId").unwrap();
    server.offset_ms.store(DAY + 10_000, Ordering::Relaxed);
    assert_eq!(server.send(&remove).status, 204);
    let part = Request::new("PUT", "bucket", "parts")
        .query("partNumber", "1")
        .query("uploadId", &id);
    server.send(&part.body(b"x"));
    let complete = Request::new("POST", "bucket", "parts").query("uploadId", &id);
    let done = server.send(&complete.header("x-oss-complete-all", "yes"));
    let version = done.header("x-oss-version-id").unwrap().to_owned();
    // The period begins when the upload becomes an object.
    let remove = Request::new("DELETE", "bucket", "parts").query("versionId", &version);
    immutable(&server.send(&remove));
    let append = Request::new("POST", "bucket", "log")
        .query("append", "")
        .query("position", "0");
    assert_eq!(
        server.send(&append.body(b"x")).error(),
        (409, "ObjectNotAppendable".into())
    );
}
