//! Address forms and raw paths (sdk-reach.md §1): nothing is normalised on the way.

mod support;

use fosse_oss::sign::Scheme;
use support::*;

#[test]
fn every_address_form_reaches_the_bucket() {
    let server = Server::with(|config| {
        config.domains = vec!["oss.example.com".into(), "example.com".into()];
    });
    server.bucket("bucket");
    server.put("bucket", "dir/k", b"body");
    for host in [
        "bucket.localhost",
        "bucket.localhost:9000",
        "BUCKET.LocalHost:80",
        "bucket.oss-cn-hangzhou.localhost:9000",
        "bucket.oss.example.com",
        "bucket.example.com:443",
        "bucket.oss-cn-hangzhou.aliyuncs.com",
        "bucket.oss-cn-hangzhou-internal.aliyuncs.com",
    ] {
        for scheme in [Scheme::V1, Scheme::V4] {
            for proof in [Proof::Header(scheme), Proof::Url(scheme, 60)] {
                let get = Request::get("bucket", "dir/k").host(host).proof(proof);
                let reply = server.send(&get);
                assert_eq!(
                    (reply.status, reply.body.as_slice()),
                    (200, &b"body"[..]),
                    "{host} {reply:?}"
                );
            }
        }
        let missing = server.send(&Request::get("bucket", "none").host(host));
        let id = host.split(':').next().unwrap().to_ascii_lowercase();
        assert_eq!(missing.element("HostId"), Some(id));
    }
    // Path-style on an address, on IPv6, on a name, on a name that the server does not know.
    for host in [
        "127.0.0.1:9000",
        "[::1]:9000",
        "[::1]",
        "localhost",
        "oss.example.com",
        "unknown.test",
    ] {
        let get = Request::get("bucket", "dir/k");
        let head = String::from_utf8(get.head(&server)).unwrap();
        let mut connection = server.connect();
        connection.write(head.replace(&server.address.to_string(), host).as_bytes());
        let reply = connection.read_reply(false);
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, &b"body"[..]),
            "{host} {reply:?}"
        );
    }
    // The service itself, also behind an empty first label.
    for host in [
        "localhost",
        "oss-cn-hangzhou.localhost",
        ".oss-cn-hangzhou.aliyuncs.com",
        "example.com",
    ] {
        let reply = server.send(&Request::get("", "").host(host));
        assert_eq!(
            reply.element("Name").as_deref(),
            Some("bucket"),
            "{host} {reply:?}"
        );
    }
    // The bucket with and without its slash.
    for path in ["/bucket", "/bucket/"] {
        let get = Request::get("bucket", "")
            .query("location", "")
            .proof(Proof::Url(Scheme::V4, 60));
        let head = String::from_utf8(get.head(&server))
            .unwrap()
            .replace("/bucket/?", &format!("{path}?"));
        let mut connection = server.connect();
        connection.write(head.as_bytes());
        assert_eq!(connection.read_reply(false).status, 200, "{path}");
    }
}

#[test]
fn path_style_on_names_can_be_forbidden() {
    let server = Server::with(|config| config.forbid_path_style = true);
    let head = String::from_utf8(Request::new("PUT", "bucket", "").head(&server)).unwrap();
    let mut connection = server.connect();
    connection.write(
        head.replace(&server.address.to_string(), "oss-cn-hangzhou.localhost")
            .as_bytes(),
    );
    assert_eq!(
        connection.read_reply(false).error(),
        (403, "SecondLevelDomainForbidden".into())
    );
    server.bucket("bucket");
}

#[test]
fn keys_survive_as_they_are() {
    let server = Server::start();
    server.bucket("bucket");
    let long = "k".repeat(1023);
    let keys = [
        "a b",
        "a+b",
        "a%20b",
        "中文/文件.txt",
        "a//b",
        "./a",
        "../b",
        "a/../b",
        "a/./b",
        "a?b#c",
        "~'()*!",
        "a&b=c",
        "%2F",
        "trailing/",
        "a\"<>\\^`{|}",
        ".",
        "..",
        "é",
        "e\u{301}",
        "\u{1}\u{7f}",
        long.as_str(),
    ];
    for key in keys {
        for host in [None, Some("bucket.localhost")] {
            let on = |request: Request| match host {
                Some(host) => request.host(host),
                None => request,
            };
            let put = on(Request::new("PUT", "bucket", key).body(key.as_bytes()));
            assert_eq!(server.send(&put).status, 200, "{key}");
            for scheme in [Scheme::V1, Scheme::V4] {
                let get = on(Request::get("bucket", key).proof(Proof::Url(scheme, 60)));
                let reply = server.send(&get);
                assert_eq!(
                    (reply.status, reply.body.as_slice()),
                    (200, key.as_bytes()),
                    "{key}"
                );
            }
        }
    }
    let listed = server.send(
        &Request::get("bucket", "")
            .query("encoding-type", "url")
            .query("max-keys", "1000"),
    );
    for key in keys {
        let mut encoded = String::new();
        fosse_oss::encode::encode_component(key.as_bytes(), &mut encoded);
        assert!(
            listed.text().contains(&format!("<Key>{encoded}</Key>")),
            "{key}"
        );
    }
    assert_eq!(
        listed.text().matches("<Key>").count(),
        keys.len(),
        "no two keys were taken for one"
    );
    for bad in ["/leading", "\\leading", &"k".repeat(1024)] {
        let reply = server.send(&Request::new("PUT", "bucket", bad).body(b"x"));
        assert_eq!(reply.error(), (400, "InvalidObjectName".into()), "{bad}");
    }
}

#[test]
fn slashes_may_be_escaped_and_targets_absolute() {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "dir/a b", b"body");
    let get = Request::get("bucket", "dir/a b").proof(Proof::Url(Scheme::V1, 60));
    let head = String::from_utf8(get.head(&server)).unwrap();
    for (from, to) in [
        (
            "GET /bucket/dir/a%20b?".to_owned(),
            "GET /bucket/dir%2Fa%20b?".to_owned(),
        ),
        (
            "GET /bucket/dir/a%20b?".to_owned(),
            "GET /bucket/dir%2fa%20b?".to_owned(),
        ),
        (
            "GET /bucket/dir/a%20b?".to_owned(),
            "GET /bucket/d%69r/a%20b?".to_owned(),
        ),
        (
            "GET /".to_owned(),
            format!("GET http://{}/", server.address),
        ),
        (
            "GET /bucket/".to_owned(),
            "GET http://bucket.localhost:1234/".to_owned(),
        ),
    ] {
        assert!(head.contains(&from));
        let mut connection = server.connect();
        connection.write(head.replace(&from, &to).as_bytes());
        let reply = connection.read_reply(false);
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, &b"body"[..]),
            "{to} {reply:?}"
        );
    }
}
