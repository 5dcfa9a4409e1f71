//! Versions over HTTP: the states of a bucket, reading and deleting by version, and the listing of versions.

mod support;

use support::*;

fn set(server: &Server, bucket: &str, status: &str) {
    let body =
        format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    let request = Request::new("PUT", bucket, "")
        .query("versioning", "")
        .body(body.as_bytes());
    let reply = server.send(&request);
    well_formed(&reply);
    assert_eq!((reply.status, reply.body.len()), (200, 0), "{reply:?}");
}

fn enabled(server: &Server, bucket: &str) {
    server.bucket(bucket);
    set(server, bucket, "Enabled");
}

/// Puts an object and gives the version that the reply names.
fn put(server: &Server, bucket: &str, key: &str, body: &[u8]) -> String {
    let reply = server.put(bucket, key, body);
    reply.header("x-oss-version-id").unwrap().to_owned()
}

fn by_version(method: &str, key: &str, version: &str) -> Request {
    Request::new(method, "bucket", key).query("versionId", version)
}

#[test]
fn the_state_of_a_bucket() {
    let server = Server::start();
    server.bucket("bucket");
    let get = || server.send(&Request::get("bucket", "").query("versioning", ""));
    let reply = get();
    well_formed(&reply);
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .text()
            .ends_with("<VersioningConfiguration></VersioningConfiguration>")
    );
    for status in ["Enabled", "Suspended", "Enabled"] {
        set(&server, "bucket", status);
        assert_eq!(get().element("Status").as_deref(), Some(status));
        let info = server.send(&Request::get("bucket", "").query("bucketInfo", ""));
        assert_eq!(info.element("Versioning").as_deref(), Some(status));
    }
    let root = "VersioningConfiguration";
    for (body, code) in [
        (format!("<{root}></{root}>"), "InvalidArgument"),
        (format!("<{root}><Status/></{root}>"), "InvalidArgument"),
        (
            format!("<{root}><Status>enabled</Status></{root}>"),
            "MalformedXML",
        ),
        (
            format!("<{root}><Status>Disabled</Status></{root}>"),
            "MalformedXML",
        ),
        (format!("<{root}><Status>Enabled</Status>"), "MalformedXML"),
        (
            "<Versioning><Status>Enabled</Status></Versioning>".into(),
            "MalformedXML",
        ),
        (
            format!("<!DOCTYPE x [<!ENTITY e 'Enabled'>]><{root}><Status>&e;</Status></{root}>"),
            "MalformedXML",
        ),
        (String::new(), "MalformedXML"),
        (
            format!("<{root}>{}</{root}>", "<a>".repeat(100_000)),
            "MalformedXML",
        ),
    ] {
        let request = Request::new("PUT", "bucket", "")
            .query("versioning", "")
            .body(body.as_bytes());
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.error(), (400, code.into()), "{body:.80}");
    }
    let wrong = Request::new("PUT", "bucket", "")
        .query("versioning", "")
        .header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        .body(format!("<{root}><Status>Suspended</Status></{root}>").as_bytes());
    assert_eq!(server.send(&wrong).error(), (400, "InvalidDigest".into()));
    assert_eq!(get().element("Status").as_deref(), Some("Enabled"));
    for method in ["GET", "PUT"] {
        let absent = Request::new(method, "no-such-bucket", "").query("versioning", "");
        assert_eq!(server.send(&absent).error(), (404, "NoSuchBucket".into()));
        let request = Request::new(method, "bucket", "").query("versioning", "");
        for denied in [
            request.clone().anonymous(),
            request.by(OTHER_ID, OTHER_SECRET),
        ] {
            assert_eq!(server.send(&denied).error(), (403, "AccessDenied".into()));
        }
    }
    let delete = Request::new("DELETE", "bucket", "").query("versioning", "");
    assert_eq!(
        server.send(&delete).error(),
        (405, "MethodNotAllowed".into())
    );
}

#[test]
fn versions_are_read_one_by_one() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"before");
    set(&server, "bucket", "Enabled");
    let one = put(&server, "bucket", "k", b"one");
    let two = put(&server, "bucket", "k", b"two!");
    assert_ne!(one, two);
    assert_eq!((one.len(), two.len()), (64, 64));
    for (version, body) in [("null", "before"), (&one, "one"), (&two, "two!")] {
        let got = server.send(&by_version("GET", "k", version));
        well_formed(&got);
        assert_eq!((got.status, got.text().as_str()), (200, body));
        assert_eq!(got.header("x-oss-version-id"), Some(version));
        let head = server.send(&by_version("HEAD", "k", version));
        let meta = server.send(&by_version("HEAD", "k", version).query("objectMeta", ""));
        for reply in [head, meta] {
            let length = body.len().to_string();
            assert_eq!(reply.header("content-length"), Some(length.as_str()));
            assert_eq!(reply.header("x-oss-version-id"), Some(version));
        }
    }
    let current = server.send(&Request::get("bucket", "k"));
    assert_eq!(current.header("x-oss-version-id"), Some(two.as_str()));
    let unchanged = Request::get("bucket", "k").header("If-None-Match", "*");
    let unchanged = server.send(&unchanged);
    assert_eq!(unchanged.status, 304);
    assert_eq!(unchanged.header("x-oss-version-id"), Some(two.as_str()));

    // A copy of a version, onto the key itself as well.
    let source = format!("/bucket/k?versionId={one}");
    let copy = Request::new("PUT", "bucket", "k").header("x-oss-copy-source", &source);
    let reply = server.send(&copy);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.header("x-oss-copy-source-version-id"),
        Some(one.as_str())
    );
    let three = reply.header("x-oss-version-id").unwrap().to_owned();
    assert!(three != one && three.len() == 64);
    assert_eq!(server.send(&Request::get("bucket", "k")).body, b"one");

    // ACLs are those of a version.
    let acl = by_version("PUT", "k", &one)
        .query("acl", "")
        .header("x-oss-object-acl", "public-read");
    let reply = server.send(&acl);
    assert_eq!(
        (reply.status, reply.header("x-oss-version-id")),
        (200, Some(one.as_str()))
    );
    for (version, grant) in [
        (&one, "public-read"),
        (&two, "default"),
        (&three, "default"),
    ] {
        let reply = server.send(&by_version("GET", "k", version).query("acl", ""));
        assert_eq!(reply.element("Grant").as_deref(), Some(grant));
        assert_eq!(reply.header("x-oss-version-id"), Some(version.as_str()));
        let anonymous = server.send(&by_version("GET", "k", version).anonymous());
        let wanted = if *version == one { 200 } else { 403 };
        assert_eq!(anonymous.status, wanted);
    }

    // Deleted by version: exactly that one goes.
    let reply = server.send(&by_version("DELETE", "k", &three));
    assert_eq!(
        (reply.status, reply.header("x-oss-version-id")),
        (204, Some(three.as_str()))
    );
    assert_eq!(reply.header("x-oss-delete-marker"), None);
    assert_eq!(server.send(&Request::get("bucket", "k")).body, b"two!");
    let reply = server.send(&by_version("DELETE", "k", &three));
    assert_eq!(reply.status, 204);
    let gone = server.send(&by_version("GET", "k", &three));
    assert_eq!(gone.error(), (404, "NoSuchVersion".into()));
    assert_eq!(
        gone.element("Message").as_deref(),
        Some("The specified version does not exist.")
    );
}

#[test]
fn delete_markers_hide_and_are_told_apart() {
    let server = Server::start();
    enabled(&server, "bucket");
    let one = put(&server, "bucket", "k", b"one");
    let reply = server.send(&Request::new("DELETE", "bucket", "k"));
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("x-oss-delete-marker"), Some("true"));
    let marker = reply.header("x-oss-version-id").unwrap().to_owned();
    assert_eq!(marker.len(), 64);
    let reads = [
        ("GET", ""),
        ("HEAD", ""),
        ("HEAD", "objectMeta"),
        ("GET", "acl"),
        ("GET", "tagging"),
        ("GET", "symlink"),
    ];
    for (method, sub) in reads {
        let ask = |version: Option<&str>| {
            let mut request = Request::new(method, "bucket", "k");
            if !sub.is_empty() {
                request = request.query(sub, "");
            }
            if let Some(version) = version {
                request = request.query("versionId", version);
            }
            server.send(&request)
        };
        let shown = format!("{method} {sub}");
        let hidden = ask(None);
        assert_eq!(hidden.status, 404, "{shown}");
        if method == "GET" {
            assert_eq!(hidden.error().1, "NoSuchKey", "{shown}");
        }
        assert_eq!(
            hidden.header("x-oss-delete-marker"),
            Some("true"),
            "{shown}"
        );
        assert_eq!(
            hidden.header("x-oss-version-id"),
            Some(marker.as_str()),
            "{shown}"
        );
        let named = ask(Some(&marker));
        if matches!(sub, "" | "objectMeta") {
            assert_eq!(named.status, 405, "{shown}");
            assert_eq!(named.header("allow"), Some("DELETE"), "{shown}");
            assert_eq!(named.header("x-oss-delete-marker"), Some("true"), "{shown}");
            if method == "GET" {
                assert_eq!(named.error().1, "MethodNotAllowed");
                assert_eq!(named.element("Method").as_deref(), Some("GET"));
                assert_eq!(
                    named.element("ResourceType").as_deref(),
                    Some("DeleteMarker")
                );
            }
        } else {
            assert_eq!(named.status, 404, "{shown}");
        }
        let absent = "0".repeat(64);
        for (version, status, code) in [
            ("", 400, "InvalidArgument"),
            ("x", 400, "InvalidArgument"),
            ("NULL", 400, "InvalidArgument"),
            (absent.as_str(), 400, "InvalidArgument"),
            ("null", 404, "NoSuchVersion"),
        ] {
            let reply = ask(Some(version));
            well_formed(&reply);
            assert_eq!(reply.status, status, "{shown} {version}");
            if method == "GET" {
                assert_eq!(reply.error().1, code, "{shown} {version}");
            }
        }
        let empty = ask(Some(""));
        if method == "GET" {
            let message = "Version id can not be the empty string.";
            assert_eq!(empty.element("Message").as_deref(), Some(message));
            let message = "Invalid version id specified.";
            assert_eq!(ask(Some("x")).element("Message").as_deref(), Some(message));
        }
        let old = ask(Some(&one)).status;
        assert_eq!(old, if sub == "symlink" { 400 } else { 200 }, "{shown}");
    }
    for sub in ["acl", "tagging"] {
        for (version, status) in [(None, 404), (Some(marker.as_str()), 404), (Some("x"), 400)] {
            let mut request = Request::new("PUT", "bucket", "k")
                .query(sub, "")
                .body(b"<Tagging><TagSet/></Tagging>");
            if let Some(version) = version {
                request = request.query("versionId", version);
            }
            assert_eq!(server.send(&request).status, status, "{sub} {version:?}");
        }
    }
    let source = format!("/bucket/k?versionId={marker}");
    for source in ["/bucket/k", source.as_str()] {
        let copy = Request::new("PUT", "bucket", "copy").header("x-oss-copy-source", source);
        assert_eq!(server.send(&copy).error(), (404, "NoSuchKey".into()));
    }

    // A marker where no key was, and the marker's own end.
    let reply = server.send(&Request::new("DELETE", "bucket", "never"));
    assert_eq!(reply.header("x-oss-delete-marker"), Some("true"));
    let reply = server.send(&by_version("DELETE", "k", &marker));
    assert_eq!(reply.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(reply.header("x-oss-version-id"), Some(marker.as_str()));
    assert_eq!(server.send(&Request::get("bucket", "k")).body, b"one");
    let refused = server.send(&Request::new("DELETE", "bucket", ""));
    assert_eq!(refused.error(), (409, "BucketNotEmpty".into()));
}

#[test]
fn a_suspended_bucket_keeps_one_null_version() {
    let server = Server::start();
    enabled(&server, "bucket");
    let one = put(&server, "bucket", "k", b"one");
    set(&server, "bucket", "Suspended");
    assert_eq!(put(&server, "bucket", "k", b"null 1"), "null");
    assert_eq!(put(&server, "bucket", "k", b"null 2"), "null");
    assert_eq!(server.send(&by_version("GET", "k", "null")).body, b"null 2");
    assert_eq!(server.send(&by_version("GET", "k", &one)).body, b"one");
    let reply = server.send(&Request::new("DELETE", "bucket", "k"));
    assert_eq!(reply.header("x-oss-version-id"), Some("null"));
    assert_eq!(reply.header("x-oss-delete-marker"), Some("true"));
    let named = server.send(&by_version("GET", "k", "null"));
    assert_eq!(named.error(), (405, "MethodNotAllowed".into()));
    let stat = server.send(&Request::get("bucket", "").query("stat", ""));
    assert_eq!(stat.element("ObjectCount").as_deref(), Some("1"));
    assert_eq!(stat.element("DeleteMarkerCount").as_deref(), Some("1"));
    assert_eq!(stat.element("Storage").as_deref(), Some("3"));
    let reply = server.send(&by_version("DELETE", "k", "null"));
    assert_eq!(reply.header("x-oss-version-id"), Some("null"));
    assert_eq!(reply.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(server.send(&Request::get("bucket", "k")).body, b"one");
}

#[test]
fn forbidding_to_overwrite_means_nothing_among_versions() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "k", b"first");
    let again = || {
        let request = Request::new("PUT", "bucket", "k")
            .header("x-oss-forbid-overwrite", "true")
            .body(b"again");
        server.send(&request)
    };
    assert_eq!(again().error(), (409, "FileAlreadyExists".into()));
    for status in ["Enabled", "Suspended"] {
        set(&server, "bucket", status);
        let reply = again();
        assert_eq!(reply.status, 200, "{status} {reply:?}");
        let link = Request::new("PUT", "bucket", "k")
            .query("symlink", "")
            .header("x-oss-symlink-target", "t")
            .header("x-oss-forbid-overwrite", "true");
        assert_eq!(server.send(&link).status, 200, "{status}");
        let copy = Request::new("PUT", "bucket", "copy")
            .header("x-oss-copy-source", "/bucket/k?versionId=null")
            .header("x-oss-forbid-overwrite", "true");
        assert_eq!(server.send(&copy).status, 200, "{status}");
    }
}

#[test]
fn uploads_make_versions() {
    let server = Server::start();
    enabled(&server, "bucket");
    put(&server, "bucket", "k", b"old");
    let begun = server.send(&Request::new("POST", "bucket", "k").query("uploads", ""));
    let upload = begun.element("UploadId").unwrap();
    let part = Request::new("PUT", "bucket", "k")
        .query("partNumber", "1")
        .query("uploadId", &upload)
        .body(b"new");
    assert_eq!(server.send(&part).status, 200);
    let complete = Request::new("POST", "bucket", "k")
        .query("uploadId", &upload)
        .header("x-oss-complete-all", "yes");
    let reply = server.send(&complete);
    assert_eq!(reply.status, 200, "{reply:?}");
    let version = reply.header("x-oss-version-id").unwrap().to_owned();
    assert_eq!(version.len(), 64);
    assert_eq!(server.send(&by_version("GET", "k", &version)).body, b"new");
}

#[test]
fn many_are_deleted_by_version() {
    let server = Server::start();
    enabled(&server, "bucket");
    let one = put(&server, "bucket", "a", b"1");
    let two = put(&server, "bucket", "a", b"2");
    put(&server, "bucket", "b", b"3");
    let marker = server.send(&Request::new("DELETE", "bucket", "c"));
    let marker = marker.header("x-oss-version-id").unwrap().to_owned();
    let delete = |body: String| {
        let request = Request::new("POST", "bucket", "")
            .query("delete", "")
            .body(body.as_bytes());
        server.send(&request)
    };
    let object = |key: &str, version: &str| {
        format!("<Object><Key>{key}</Key><VersionId>{version}</VersionId></Object>")
    };
    let body = format!(
        "<Delete>{}<Object><Key>b</Key></Object>{}{}</Delete>",
        object("a", &one),
        object("c", &marker),
        object("never", "null"),
    );
    let reply = delete(body);
    assert_eq!(reply.status, 200, "{reply:?}");
    let text = reply.text();
    let deleted: Vec<&str> = text.split("<Deleted>").skip(1).collect();
    assert_eq!(deleted.len(), 4, "{text}");
    assert!(deleted[0].starts_with(&format!(
        "<Key>a</Key><VersionId>{one}</VersionId></Deleted>"
    )));
    assert!(
        deleted[1]
            .starts_with("<Key>b</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>")
    );
    assert!(deleted[2].starts_with(&format!(
        "<Key>c</Key><VersionId>{marker}</VersionId><DeleteMarker>true</DeleteMarker>\
        <DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId>"
    )));
    assert!(deleted[3].starts_with("<Key>never</Key><VersionId>null</VersionId></Deleted>"));
    assert_eq!(server.send(&by_version("GET", "a", &two)).status, 200);
    assert_eq!(server.send(&by_version("GET", "a", &one)).status, 404);
    assert_eq!(server.send(&Request::get("bucket", "b")).status, 404);
    // A broken id refuses all, and nothing goes.
    let reply = delete(format!(
        "<Delete>{}{}</Delete>",
        object("a", &two),
        object("b", "x")
    ));
    assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    assert_eq!(server.send(&by_version("GET", "a", &two)).status, 200);
    let reply = delete(format!(
        "<Delete><Quiet>true</Quiet>{}</Delete>",
        object("a", &two)
    ));
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert_eq!(server.send(&by_version("GET", "a", &two)).status, 404);
}

/// Kind, key, version, and whether it is the newest, of every entry in the order of the document.
fn entries(reply: &Reply) -> Vec<(bool, String, String, bool)> {
    let list = fosse_oss::xml::ListVersionsResult::from_xml(&reply.body).unwrap();
    let entry =
        |e: fosse_oss::xml::VersionEntry| (e.object.is_none(), e.key, e.version_id, e.is_latest);
    list.entries.into_iter().map(entry).collect()
}

#[test]
fn versions_are_listed() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "dir/x", b"x");
    server.put("bucket", "k", b"before");
    let list = |query: &[(&str, &str)]| {
        let mut request = Request::get("bucket", "").query("versions", "");
        for (name, value) in query {
            request = request.query(name, value);
        }
        server.send(&request)
    };
    let plain = list(&[]);
    well_formed(&plain);
    let row = |marker: bool, key: &str, version: &str, latest: bool| {
        (marker, key.to_owned(), version.to_owned(), latest)
    };
    assert_eq!(
        entries(&plain),
        [
            row(false, "dir/x", "null", true),
            row(false, "k", "null", true)
        ]
    );
    set(&server, "bucket", "Enabled");
    let one = put(&server, "bucket", "k", b"one");
    let marker = server.send(&Request::new("DELETE", "bucket", "k"));
    let marker = marker.header("x-oss-version-id").unwrap().to_owned();
    let special = put(&server, "bucket", "é \u{1}+", b"");
    let all = [
        row(false, "dir/x", "null", true),
        row(true, "k", &marker, true),
        row(false, "k", &one, false),
        row(false, "k", "null", false),
        row(false, "é \u{1}+", &special, true),
    ];
    assert_eq!(entries(&list(&[("encoding-type", "url")])), all);

    let full = list(&[("prefix", "k")]);
    assert_eq!(entries(&full), all[1..4]);
    for (element, value) in [
        ("Name", "bucket"),
        ("Prefix", "k"),
        ("KeyMarker", ""),
        ("VersionIdMarker", ""),
        ("MaxKeys", "100"),
        ("Delimiter", ""),
        ("IsTruncated", "false"),
        ("Size", "3"),
        ("Type", "Normal"),
        ("StorageClass", "Standard"),
        ("ETag", "\"F97C5D29941BFB1B2FDAB0874906AB82\""),
        ("ID", OWNER),
    ] {
        assert_eq!(full.element(element).as_deref(), Some(value), "{element}");
    }
    assert_eq!(full.element("NextKeyMarker"), None);

    // Page by page, over every size of page.
    for max in 1..=6 {
        let max = max.to_string();
        let (mut key, mut version, mut seen) = (String::new(), String::new(), Vec::new());
        loop {
            let reply = list(&[
                ("max-keys", &max),
                ("encoding-type", "url"),
                ("key-marker", &key),
                ("version-id-marker", &version),
            ]);
            assert_eq!(reply.status, 200, "{reply:?}");
            seen.extend(entries(&reply));
            let page = fosse_oss::xml::ListVersionsResult::from_xml(&reply.body).unwrap();
            assert_eq!((page.key_marker, page.version_id_marker), (key, version));
            let Some(next) = page.next_key_marker else {
                break;
            };
            (key, version) = (next, page.next_version_id_marker);
        }
        assert_eq!(seen, all, "{max}");
    }
    assert_eq!(
        entries(&list(&[("key-marker", "k"), ("encoding-type", "url")])),
        all[4..]
    );

    // Common prefixes, and a page that ends with one.
    let first = list(&[("delimiter", "/"), ("max-keys", "1")]);
    assert_eq!(first.element("NextKeyMarker").as_deref(), Some("dir/"));
    assert_eq!(first.element("NextVersionIdMarker").as_deref(), Some(""));
    assert!(
        first
            .text()
            .contains("<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>")
    );
    let second = list(&[
        ("delimiter", "/"),
        ("max-keys", "1"),
        ("key-marker", "dir/"),
        ("version-id-marker", ""),
    ]);
    assert_eq!(entries(&second), all[1..2]);

    let long = "a".repeat(1024);
    for (name, value) in [
        ("max-keys", "0"),
        ("max-keys", "1001"),
        ("max-keys", "x"),
        ("encoding-type", "base64"),
        ("prefix", long.as_str()),
        ("key-marker", long.as_str()),
        ("delimiter", long.as_str()),
        ("version-id-marker", one.as_str()),
    ] {
        let reply = list(&[(name, value)]);
        well_formed(&reply);
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{name}");
        assert_eq!(reply.element("ArgumentName").as_deref(), Some(name));
    }
    let reply = list(&[("key-marker", "k"), ("version-id-marker", "x")]);
    assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    let request = Request::get("bucket", "").query("versions", "");
    for denied in [
        request.clone().anonymous(),
        request.by(OTHER_ID, OTHER_SECRET),
    ] {
        assert_eq!(server.send(&denied).error(), (403, "AccessDenied".into()));
    }
    let absent = Request::get("no-such-bucket", "").query("versions", "");
    assert_eq!(server.send(&absent).error(), (404, "NoSuchBucket".into()));
}

#[test]
fn counters_go_by_class() {
    let server = Server::start();
    enabled(&server, "bucket");
    let put_as = |key: &str, class: &str, body: &[u8]| {
        let request = Request::new("PUT", "bucket", key)
            .header("x-oss-storage-class", class)
            .body(body);
        assert_eq!(server.send(&request).status, 200);
    };
    put_as("a", "Standard", b"1");
    put_as("a", "IA", b"22");
    put_as("b", "Archive", b"333");
    put_as("c", "ColdArchive", b"4444");
    put_as("d", "DeepColdArchive", b"55555");
    server.send(&Request::new("DELETE", "bucket", "a"));
    server.send(&Request::new("POST", "bucket", "u").query("uploads", ""));
    let stat = server.send(&Request::get("bucket", "").query("stat", ""));
    for (element, value) in [
        ("Storage", "15"),
        ("ObjectCount", "5"),
        ("MultipartUploadCount", "1"),
        ("MultipartPartCount", "0"),
        ("LiveChannelCount", "0"),
        ("DeleteMarkerCount", "1"),
        ("StandardStorage", "1"),
        ("StandardObjectCount", "1"),
        ("InfrequentAccessStorage", "2"),
        ("InfrequentAccessRealStorage", "2"),
        ("InfrequentAccessObjectCount", "1"),
        ("ArchiveStorage", "3"),
        ("ArchiveRealStorage", "3"),
        ("ArchiveObjectCount", "1"),
        ("ColdArchiveStorage", "4"),
        ("ColdArchiveRealStorage", "4"),
        ("ColdArchiveObjectCount", "1"),
        ("DeepColdArchiveStorage", "5"),
        ("DeepColdArchiveRealStorage", "5"),
        ("DeepColdArchiveObjectCount", "1"),
    ] {
        assert_eq!(stat.element(element).as_deref(), Some(value), "{element}");
    }
    let taken: i64 = stat.element("LastModifiedTime").unwrap().parse().unwrap();
    assert!((taken - server.now()).abs() <= 1);
}
