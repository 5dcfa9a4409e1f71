//! Callbacks over HTTP against an application that this test plays: what it is sent and signed, what its answers do to
//! the upload, and where callbacks may not go.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use rsa::pkcs8::DecodePublicKey;
use rsa::{Pkcs1v15Sign, PublicKey};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use support::*;

/// What an application got.
#[derive(Debug)]
struct Got {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether the signature is that of `path` (decoded, with its query) and the body.
    fn verifies(&self, key: &PublicKey, path: &str) -> bool {
        let signature = STANDARD.decode(self.header("authorization")).unwrap();
        let mut digest = vec![
            0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05,
            0x05, 0x00, 0x04, 0x10,
        ];
        digest.extend_from_slice(&Md5::digest(format!("{path}\n{}", self.body)));
        key.verify(Pkcs1v15Sign::new_unprefixed(), &digest, &signature)
            .is_ok()
    }
}

/// An application that answers every connection with the same bytes, or not at all.
struct App {
    address: SocketAddr,
    got: Receiver<Got>,
}

impl App {
    fn answering(answer: &[u8]) -> Self {
        Self::start(Some(answer.to_vec()))
    }

    fn json(document: &str) -> Self {
        Self::answering(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{document}",
                document.len()
            )
            .as_bytes(),
        )
    }

    fn start(answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, got) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    continue;
                }
                let mut headers = Vec::new();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    let Some((name, value)) = header.trim_end().split_once(": ") else {
                        break;
                    };
                    headers.push((name.to_ascii_lowercase(), value.to_owned()));
                }
                let mut got = Got {
                    line: line.trim_end().to_owned(),
                    headers,
                    body: String::new(),
                };
                let mut body = vec![0; got.header("content-length").parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                got.body = String::from_utf8(body).unwrap();
                if sender.send(got).is_err() {
                    return;
                }
                match &answer {
                    Some(answer) => {
                        let _ = stream.write_all(answer);
                    }
                    None => std::thread::sleep(Duration::from_secs(3)),
                }
            }
        });
        Self { address, got }
    }

    fn callback(&self, body: &str) -> String {
        self.callback_to(&format!("http://{}/done", self.address), body)
    }

    fn callback_to(&self, url: &str, body: &str) -> String {
        STANDARD.encode(serde_json::json!({"callbackUrl": url, "callbackBody": body}).to_string())
    }
}

fn start() -> Server {
    let server = Server::with(|config| {
        config.callbacks.allow = vec!["127.0.0.1:*".parse().unwrap()];
        config.callbacks.timeout = Duration::from_millis(700);
    });
    server.bucket("bucket");
    server
}

fn put(callback: &str) -> Request {
    Request::new("PUT", "bucket", "dir/a b.txt")
        .header("Content-Type", "text/plain")
        .header("x-oss-callback", callback)
        .body(b"123456789")
}

fn public_key(server: &Server) -> PublicKey {
    let mut connection = server.connect();
    connection.write(b"GET /-/callback_pub_key.pem HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let reply = connection.read_reply(false);
    assert_eq!(reply.status, 200, "{reply:?}");
    PublicKey::from_public_key_pem(&reply.text()).unwrap()
}

#[test]
fn an_application_is_told_and_answers_the_client() {
    let server = start();
    let key = public_key(&server);
    let app = App::json(r#"{"ok":true}"#);
    let body = "b=${bucket}&o=${object}&e=${etag}&s=${size}&m=${mimeType}&c=${crc64}&d=${contentMd5}&i=${clientIp}&op=${operation}&r=${reqId}&v=${x:v}";
    let callback = app.callback_to(&format!("http://{}/a%20b?c=%E4%B8%AD", app.address), body);
    let variables = STANDARD.encode(r#"{"x:v":"1&2"}"#);
    let by_header = put(&callback).header("x-oss-callback-var", &variables);
    let by_query = Request::new("PUT", "bucket", "dir/a b.txt")
        .header("Content-Type", "text/plain")
        .query("callback", &callback)
        .query("callback-var", &variables)
        .body(b"123456789");
    let by_url = by_query
        .clone()
        .proof(Proof::Url(fosse_oss::sign::Scheme::V1, 60));
    for request in [by_header, by_query, by_url] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, r#"{"ok":true}"#),
            "{reply:?}"
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(
            reply.header("etag"),
            Some("\"25F9E794323B453885F5181F1B624D0B\"")
        );
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma"),
            Some("11051210869376104954")
        );
        let got = app.got.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(got.line, "POST /a%20b?c=%E4%B8%AD HTTP/1.0");
        assert_eq!(got.header("host"), app.address.to_string());
        assert_eq!(
            got.header("content-type"),
            "application/x-www-form-urlencoded"
        );
        assert_eq!(got.header("x-oss-bucket"), "bucket");
        let id = reply.header("x-oss-request-id").unwrap();
        assert_eq!(
            got.body,
            format!(
                "b=bucket&o=dir%2Fa%20b.txt&e=25F9E794323B453885F5181F1B624D0B&s=9&m=text%2Fplain&c=11051210869376104954&d=JfnnlDI7RTiF9RgfG2JNCw%3D%3D&i=127.0.0.1&op=PutObject&r={id}&v=1%262"
            )
        );
        assert!(got.verifies(&key, "/a b?c=%E4%B8%AD"), "{got:?}");
        assert!(!got.verifies(&key, "/a b"));
        let url =
            String::from_utf8(STANDARD.decode(got.header("x-oss-pub-key-url")).unwrap()).unwrap();
        assert_eq!(
            url,
            format!("http://{}/-/callback_pub_key.pem", server.address)
        );
    }
}

#[test]
fn complete_and_post_call_back_too() {
    let server = start();
    let key = public_key(&server);
    let app = App::json("[1]");
    let json = STANDARD.encode(
        serde_json::json!({
            "callbackUrl": format!("http://{}/", app.address),
            "callbackHost": "app.example",
            "callbackBody": r#"{"o":${object},"s":${size},"op":"${operation}","v":${x:v},"w":${imageInfo.width}}"#,
            "callbackBodyType": "application/json",
        })
        .to_string(),
    );
    let got = || {
        let got = app.got.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(got.verifies(&key, "/"));
        assert_eq!(got.header("host"), "app.example");
        assert_eq!(got.header("content-type"), "application/json");
        serde_json::from_str::<serde_json::Value>(&got.body).unwrap()
    };
    let begun = server.send(&Request::new("POST", "bucket", "big").query("uploads", ""));
    let id = begun.element("UploadId").unwrap();
    let part = Request::new("PUT", "bucket", "big")
        .query("partNumber", "1")
        .query("uploadId", &id)
        .body(b"part");
    assert_eq!(server.send(&part).status, 200);
    let complete = Request::new("POST", "bucket", "big")
        .query("uploadId", &id)
        .header("x-oss-complete-all", "yes")
        .header("x-oss-callback", &json);
    let reply = server.send(&complete);
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, "[1]"),
        "{reply:?}"
    );
    assert!(reply.header("etag").unwrap().ends_with("-1\""));
    assert_eq!(
        got(),
        serde_json::json!({"o": "big", "s": 4, "op": "CompleteMultipartUpload", "v": "", "w": ""})
    );

    // A form, of a small picture this time: the answer of the application replaces the one that the form asks for.
    server.send(
        &Request::new("PUT", "bucket", "")
            .query("acl", "")
            .header("x-oss-acl", "public-read-write"),
    );
    let picture = b"GIF89a\x03\0\x07\0\0\0\0";
    let mut form = Vec::new();
    for (name, value) in [
        ("key", "pic"),
        ("callback", json.as_str()),
        ("x:v", "é"),
        ("success_action_status", "201"),
    ] {
        form.extend_from_slice(
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .as_bytes(),
        );
    }
    form.extend_from_slice(
        b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n",
    );
    form.extend_from_slice(picture);
    form.extend_from_slice(b"\r\n--B--\r\n");
    let post = Request::new("POST", "bucket", "")
        .anonymous()
        .header("Content-Type", "multipart/form-data; boundary=B")
        .body(&form);
    let reply = server.send(&post);
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, "[1]"),
        "{reply:?}"
    );
    assert_eq!(
        got(),
        serde_json::json!({"o": "pic", "s": 13, "op": "PostObject", "v": "é", "w": 3})
    );
}

#[test]
fn a_failed_callback_is_203_and_the_object_stays() {
    let server = start();
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 << 20);
    for (answer, message) in [
        (
            &b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"[..],
            "Error status : 301.",
        ),
        (
            b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n",
            "Error status : 502.",
        ),
        (
            b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
            "Error status : 201.",
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\n{}",
            "Error Status : 400.User server missing content-length.",
        ),
        (
            long.as_bytes(),
            "Error Status : 400.User server return too long content-length value.",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope",
            "Response body is not valid json format.",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "Response body is not valid json format.",
        ),
        (
            b"nonsense\r\n\r\n",
            "Error Status : -1.OSS can not connect to your callbackUrl, please check it.",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
            "Error Status : 400.User server return invalid conent-length value.",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
            "Error Status : -1.OSS can not connect to your callbackUrl, please check it.",
        ),
    ] {
        let app = App::answering(answer);
        let reply = server.send(&put(&app.callback("a=1")));
        well_formed(&reply);
        assert_eq!(reply.error(), (203, "CallbackFailed".into()), "{message}");
        assert_eq!(reply.element("Message").as_deref(), Some(message));
        // It is known for statuses only.
        let ec = message
            .starts_with("Error status")
            .then_some("0007-00000203");
        assert_eq!(reply.element("EC").as_deref(), ec);
        assert_eq!(
            reply.header("etag"),
            Some("\"25F9E794323B453885F5181F1B624D0B\"")
        );
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma"),
            Some("11051210869376104954")
        );
        assert_eq!(
            server.send(&Request::get("bucket", "dir/a b.txt")).body,
            b"123456789"
        );
        server.send(&Request::new("DELETE", "bucket", "dir/a b.txt"));
    }
}

#[test]
fn an_application_has_only_so_much_time() {
    let server = start();
    let app = App::start(None);
    let started = Instant::now();
    let reply = server.send(&put(&app.callback("a=1")));
    assert_eq!(reply.error(), (203, "CallbackFailed".into()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("Cost too long time.")
    );
    assert!(
        started.elapsed() < Duration::from_millis(2500),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        server.send(&Request::get("bucket", "dir/a b.txt")).status,
        200
    );
}

#[test]
fn the_first_url_that_works_counts() {
    let server = start();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (bad, good) = (
        App::answering(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        App::json("{}"),
    );
    let never = App::json(r#"{"never":1}"#);
    let urls = format!(
        "http://{closed}/;{};http://{}/x;http://{}/",
        bad.address, good.address, never.address
    );
    let reply = server.send(&put(&good.callback_to(&urls, "a=1")));
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, "{}"),
        "{reply:?}"
    );
    assert_eq!(good.got.recv().unwrap().line, "POST /x HTTP/1.0");
    assert!(bad.got.try_recv().is_ok() && never.got.try_recv().is_err());
}

#[test]
fn what_is_not_allowed_is_not_called_and_nothing_is_stored() {
    let server = Server::with(|config| {
        config.callbacks.allow = vec![
            "app.invalid".parse().unwrap(),
            "localhost:*".parse().unwrap(),
        ];
    });
    server.bucket("bucket");
    let app = App::json("{}");
    let port = app.address.port();
    for (url, message) in [
        (
            format!("http://127.0.0.1:{port}/"),
            "Private address is forbidden to callback.",
        ),
        (
            format!("http://[::1]:{port}/"),
            "Private address is forbidden to callback.",
        ),
        (
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "Private address is forbidden to callback.",
        ),
        // The name is allowed, what it resolves to is not.
        (
            format!("http://localhost:{port}/"),
            "Private address is forbidden to callback.",
        ),
        (
            "http://2130706433/".to_owned(),
            "The callback url configuration is invalid.",
        ),
        (
            "http://other.invalid/".to_owned(),
            "The callback url configuration is invalid.",
        ),
        (
            "http://app.invalid:8080/".to_owned(),
            "The callback url configuration is invalid.",
        ),
        (
            "http://app.invalid/".to_owned(),
            "Can not get ip by this host.",
        ),
        (
            format!("http://app.invalid/;http://127.0.0.1:{port}/"),
            "Private address is forbidden to callback.",
        ),
    ] {
        let reply = server.send(&put(&app.callback_to(&url, "a=1")));
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{url}");
        assert_eq!(reply.element("Message").as_deref(), Some(message), "{url}");
    }
    assert!(app.got.try_recv().is_err());
    assert_eq!(
        server.send(&Request::get("bucket", "dir/a b.txt")).status,
        404
    );
}

#[test]
fn a_bad_callback_is_refused_before_anything_is_stored() {
    let server = start();
    let app = App::json("{}");
    let callback = app.callback("a=1");
    let long = "A".repeat(6000);
    for (request, message) in [
        (
            put("***"),
            "The callback configuration is not base64 encoded.",
        ),
        (
            put(&STANDARD.encode("{")),
            "The callback configuration is not json format.",
        ),
        (
            put(&STANDARD.encode(r#"{"callbackUrl":"http://127.0.0.1/"}"#)),
            "The callback body is empty.",
        ),
        (put(&long), "The length of callback exceed max value."),
        (
            put(&callback).header("x-oss-callback-var", STANDARD.encode("[]")),
            "The callback var is not expecten json.",
        ),
        (
            put(&callback).query("callback", &callback),
            "Either the callback query string parameter or the x-oss-callback header should be specified, not both.",
        ),
    ] {
        let reply = server.send(&request);
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{message}");
        assert_eq!(reply.element("Message").as_deref(), Some(message));
    }
    assert_eq!(
        server.send(&Request::get("bucket", "dir/a b.txt")).status,
        404
    );
    assert!(app.got.try_recv().is_err());
    // No callback is asked for: blank, and an operation that has none.
    assert_eq!(server.send(&put("")).status, 200);
}

#[test]
fn callbacks_are_off_unless_something_is_allowed() {
    let server = Server::start();
    server.bucket("bucket");
    let app = App::json("{}");
    let reply = server.send(&put(&app.callback("a=1")));
    assert_eq!(reply.error(), (400, "NotImplemented".into()));
    let mut connection = server.connect();
    connection.write(b"GET /-/callback_pub_key.pem HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(connection.read_reply(false).status, 400);
    assert!(app.got.try_recv().is_err());
}

/// A request may name a callback that the bucket keeps (suite of oss2).
#[test]
fn callbacks_by_name() {
    let server = start();
    let app = App::json("{}");
    let named =
        |name: &str| STANDARD.encode(serde_json::json!({"callbackPolicy": name}).to_string());
    let missing = server.send(&put(&named("after")));
    assert_eq!(missing.error(), (400, "InvalidArgument".into()));

    let callback = app.callback("key=${object}&one=${x:one}&two=${x:two}");
    let variables = STANDARD.encode(r#"{"x:one":"kept","x:two":"kept"}"#);
    let policy = format!(
        "<BucketCallbackPolicy><PolicyItem><PolicyName>after</PolicyName><Callback>{callback}</Callback>\
         <CallbackVar>{variables}</CallbackVar></PolicyItem></BucketCallbackPolicy>"
    );
    let set = Request::new("PUT", "bucket", "")
        .query("policy", "")
        .query("comp", "callback")
        .body(policy.as_bytes());
    assert_eq!(server.send(&set).status, 200);
    let own = STANDARD.encode(r#"{"x:two":"own"}"#);
    let stored = server.send(&put(&named("after")).header("x-oss-callback-var", &own));
    assert_eq!((stored.status, stored.body.as_slice()), (200, &b"{}"[..]));
    let got = app.got.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(got.body, "key=dir%2Fa%20b.txt&one=kept&two=own");
    let missing = server.send(&put(&named("before")));
    assert_eq!(missing.error(), (400, "InvalidArgument".into()));
}
