//! PostObject over HTTP: what fields do, who may post, what is refused, and that a broken form leaves nothing.

mod support;

use base64::Engine as _;
use fosse_oss::sign::{Credentials, Scheme, SignOptions, form_credential, sign_form};
use std::time::Duration;
use support::*;

/// A form in the making.
#[derive(Clone)]
struct Form {
    fields: Vec<(String, Vec<u8>)>,
    file: Option<(String, Option<String>, Vec<u8>)>,
    after: Vec<(String, Vec<u8>)>,
}

impl Form {
    fn new(key: &str, data: &[u8]) -> Self {
        Self {
            fields: vec![("key".into(), key.into())],
            file: Some(("up.txt".into(), Some("text/plain".into()), data.to_vec())),
            after: Vec::new(),
        }
    }

    fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.into(), value.as_ref().to_vec()));
        self
    }

    fn file_named(mut self, filename: &str, content_type: Option<&str>) -> Self {
        if let Some((name, kind, _)) = &mut self.file {
            *name = filename.into();
            *kind = content_type.map(str::to_owned);
        }
        self
    }

    /// Signs with a policy of these conditions that is valid for a minute.
    fn signed(self, server: &Server, scheme: Scheme, conditions: &str) -> Self {
        let expiration = fosse_oss::time::format_iso_millis(server.now() + 60);
        let policy = format!(r#"{{"expiration":"{expiration}","conditions":[{conditions}]}}"#);
        self.with_policy(server, scheme, &policy)
    }

    fn with_policy(mut self, server: &Server, scheme: Scheme, policy: &str) -> Self {
        let (credentials, options) = signer(server, scheme);
        for (name, value) in sign_form(policy, &credentials, &options).unwrap() {
            self = self.field(name, value);
        }
        self
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let part = |name: &str, rest: &str, value: &[u8], out: &mut Vec<u8>| {
            let head =
                format!("--BOUND\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n");
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.fields {
            part(name, "", value, &mut out);
        }
        if let Some((filename, kind, data)) = &self.file {
            let mut rest = format!("; filename=\"{filename}\"");
            if let Some(kind) = kind {
                rest.push_str(&format!("\r\nContent-Type: {kind}"));
            }
            part("file", &rest, data, &mut out);
        }
        for (name, value) in &self.after {
            part(name, "", value, &mut out);
        }
        out.extend_from_slice(b"--BOUND--\r\n");
        out
    }

    fn request(&self) -> Request {
        Request::new("POST", "bucket", "")
            .anonymous()
            .header("Content-Type", "multipart/form-data; boundary=BOUND")
            .body(&self.body())
    }
}

fn signer(server: &Server, scheme: Scheme) -> (Credentials, SignOptions<'static>) {
    let credentials = Credentials {
        access_key_id: ID.into(),
        access_key_secret: SECRET.into(),
        security_token: None,
    };
    let options = SignOptions {
        scheme,
        now: server.now(),
        region: "cn-hangzhou",
        product: "oss",
    };
    (credentials, options)
}

fn start() -> Server {
    let server = Server::start();
    server.bucket("bucket");
    server
}

fn absent(server: &Server, key: &str) {
    let reply = server.send(&Request::get("bucket", key));
    assert_eq!(reply.error(), (404, "NoSuchKey".into()), "{key}");
}

#[test]
fn a_signed_form_stores_an_object() {
    let server = start();
    for scheme in [Scheme::V1, Scheme::V4] {
        let key = format!("user/{scheme:?}/a b+中.txt");
        let form = Form::new(&key, b"123456789")
            .field("x-oss-meta-Name", "Jürgen")
            .field("Cache-Control", "max-age=7")
            .field("Content-Disposition", "inline")
            .field("Content-Encoding", "identity")
            .field("Expires", "Fri, 28 Feb 2042 05:38:42 GMT")
            .field("x-oss-object-acl", "public-read")
            .field("x-oss-storage-class", "IA")
            .field("x-oss-tagging", "a=1&b=2")
            .field("submit", "go")
            .signed(
                &server,
                scheme,
                r#"{"bucket":"bucket"},["starts-with","$key","user/"]"#,
            );
        for host in [None, Some("bucket.localhost")] {
            let mut request = form.request();
            request.virtual_host = host.map(str::to_owned);
            let reply = server.send(&request);
            well_formed(&reply);
            assert_eq!((reply.status, reply.body.len()), (204, 0), "{reply:?}");
            let etag = Some("\"25F9E794323B453885F5181F1B624D0B\"");
            assert_eq!(reply.header("etag"), etag);
            assert_eq!(
                reply.header("x-oss-hash-crc64ecma"),
                Some("11051210869376104954")
            );
            let read = server.send(&Request::get("bucket", &key).anonymous());
            assert_eq!(read.body, b"123456789");
            // A link would download; a program sees what is stored.
            let read = server.send(&Request::get("bucket", &key));
            for (name, value) in [
                ("etag", "\"25F9E794323B453885F5181F1B624D0B\""),
                ("content-type", "text/plain"),
                ("cache-control", "max-age=7"),
                ("content-disposition", "inline"),
                ("content-encoding", "identity"),
                ("expires", "Fri, 28 Feb 2042 05:38:42 GMT"),
                ("x-oss-meta-name", "Jürgen"),
                ("x-oss-storage-class", "IA"),
                ("x-oss-tagging-count", "2"),
                ("x-oss-object-type", "Normal"),
            ] {
                assert_eq!(read.header(name), Some(value), "{name}");
            }
        }
    }
}

#[test]
fn the_path_style_needs_no_slash_and_chunks_are_fine() {
    let server = start();
    let form = Form::new("k", &[7; 5000]).signed(&server, Scheme::V4, "");
    let reply = server.send(&form.request().chunked());
    assert_eq!(reply.status, 204, "{reply:?}");
    let mut bytes = form.request().bytes(&server);
    let text = b"POST /bucket/ HTTP";
    assert!(bytes.starts_with(text));
    bytes.splice(0..text.len(), b"POST /bucket HTTP".iter().copied());
    let mut connection = server.connect();
    connection.write(&bytes);
    assert_eq!(connection.read_reply(false).status, 204);
    assert_eq!(server.send(&Request::get("bucket", "k")).body, [7; 5000]);
}

#[test]
fn filename_and_content_type() {
    let server = start();
    let send = |form: Form| {
        let form = form.signed(&server, Scheme::V4, r#"["eq","$key","dir/${filename}"]"#);
        let reply = server.send(&form.request());
        assert_eq!(reply.status, 204, "{reply:?}");
    };
    let kind = |key: &str| {
        let reply = server.send(&Request::new("HEAD", "bucket", key));
        assert_eq!(reply.status, 200, "{key}");
        reply.header("content-type").unwrap().to_owned()
    };
    let form = || Form::new("dir/${filename}", b"x");
    send(form().file_named(r"C:\dir\a.png", Some("image/png")));
    assert_eq!(kind("dir/a.png"), "image/png");
    send(
        form()
            .file_named("b", Some("image/png"))
            .field("content-type", "text/css"),
    );
    assert_eq!(kind("dir/b"), "text/css");
    let both = form()
        .file_named("c", Some("image/png"))
        .field("Content-Type", "text/css")
        .field("x-oss-content-type", "text/html");
    send(both);
    assert_eq!(kind("dir/c"), "text/html");
    send(form().file_named("d", None));
    assert_eq!(kind("dir/d"), "application/octet-stream");
}

#[test]
fn success_is_answered_as_asked() {
    let server = start();
    let send = |fields: &[(&str, &str)]| {
        let mut form = Form::new("a&b/中", b"123456789");
        for (name, value) in fields {
            form = form.field(name, value);
        }
        server.send(&form.signed(&server, Scheme::V4, "").request())
    };
    for (status, code) in [("200", 200), ("204", 204), ("404", 204), ("", 204)] {
        let reply = send(&[("success_action_status", status)]);
        assert_eq!((reply.status, reply.body.len()), (code, 0));
    }
    let created = send(&[("success_action_status", "201")]);
    well_formed(&created);
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), Some("application/xml"));
    let document = fosse_oss::xml::PostResponse::from_xml(&created.body).unwrap();
    assert_eq!(
        (document.bucket.as_str(), document.key.as_str()),
        ("bucket", "a&b/中")
    );
    assert_eq!(document.etag, "25F9E794323B453885F5181F1B624D0B");
    let location = format!("http://{}/bucket/a%26b/%E4%B8%AD", server.address);
    assert_eq!(document.location, location);
    let redirect = send(&[
        ("success_action_status", "201"),
        ("success_action_redirect", "http://app.example/done?x=1"),
    ]);
    assert_eq!((redirect.status, redirect.body.len()), (303, 0));
    assert_eq!(
        redirect.header("location"),
        Some(
            "http://app.example/done?x=1&bucket=bucket&key=a%26b%2F%E4%B8%AD&etag=%2225F9E794323B453885F5181F1B624D0B%22"
        )
    );
    let bad = send(&[("success_action_redirect", "javascript:alert(1)")]);
    assert_eq!(bad.error(), (400, "InvalidArgument".into()));
}

#[test]
fn an_anonymous_form_needs_a_bucket_that_all_may_write() {
    let server = start();
    let form = Form::new("anonymous", b"x");
    assert_eq!(
        server.send(&form.request()).error(),
        (403, "AccessDenied".into())
    );
    for (acl, status) in [("public-read", 403), ("public-read-write", 204)] {
        let put = Request::new("PUT", "bucket", "")
            .query("acl", "")
            .header("x-oss-acl", acl);
        assert_eq!(server.send(&put).status, 200);
        // A signature in the header counts for nothing.
        assert_eq!(server.send(&form.request()).status, status, "{acl}");
        let mut signed = form.request();
        signed.proof = Proof::Header(Scheme::V4);
        assert_eq!(server.send(&signed).status, status, "{acl}");
    }
}

#[test]
fn a_form_of_another_account_is_judged_as_its_request_would_be() {
    let server = start();
    let (mut credentials, options) = signer(&server, Scheme::V4);
    credentials.access_key_id = OTHER_ID.into();
    credentials.access_key_secret = OTHER_SECRET.into();
    let expiration = fosse_oss::time::format_iso_millis(server.now() + 60);
    let policy = format!(r#"{{"expiration":"{expiration}","conditions":[]}}"#);
    let mut form = Form::new("k", b"x");
    for (name, value) in sign_form(&policy, &credentials, &options).unwrap() {
        form = form.field(name, value);
    }
    assert_eq!(
        server.send(&form.request()).error(),
        (403, "AccessDenied".into())
    );
    absent(&server, "k");
}

#[test]
fn the_policy_decides() {
    let server = start();
    let send = |conditions: &str| {
        let form = Form::new("user/k", b"12345")
            .field("x-oss-meta-a", "1")
            .signed(&server, Scheme::V4, conditions);
        server.send(&form.request())
    };
    for (conditions, status, code, message) in [
        (
            r#"["eq","$key","user/k"],{"x-oss-meta-a":"1"},["content-length-range",5,5],["in","$content-type",["text/plain"]]"#,
            204,
            "",
            "",
        ),
        (
            r#"{"bucket":"other"}"#,
            403,
            "AccessDenied",
            r#"Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "other"]"#,
        ),
        (
            r#"["starts-with","$key","admin/"]"#,
            403,
            "AccessDenied",
            r#"Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "admin/"]"#,
        ),
        (
            r#"["not-in","$content-type",["text/plain"]]"#,
            403,
            "AccessDenied",
            r#"Invalid according to Policy: Policy Condition failed: ["not-in", "$content-type", ["text/plain"]]"#,
        ),
        (
            r#"{"a":"1","b":"2"}"#,
            400,
            "InvalidPolicyDocument",
            "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        (
            r#"["content-length-range",6,10]"#,
            400,
            "EntityTooSmall",
            "Your proposed upload smaller than the minimum allowed size.",
        ),
        (
            r#"["content-length-range",0,4]"#,
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size.",
        ),
    ] {
        let reply = send(conditions);
        assert_eq!(reply.status, status, "{conditions} {reply:?}");
        if status == 204 {
            assert_eq!(
                server
                    .send(&Request::new("DELETE", "bucket", "user/k"))
                    .status,
                204
            );
            continue;
        }
        well_formed(&reply);
        assert_eq!(reply.element("Code").as_deref(), Some(code));
        let shown = reply.element("Message").unwrap().replace("&quot;", "\"");
        assert_eq!(shown, message);
        absent(&server, "user/k");
    }
    let expired = Form::new("user/k", b"1").with_policy(
        &server,
        Scheme::V1,
        r#"{"expiration":"2020-01-01T00:00:00.000Z","conditions":[]}"#,
    );
    let reply = server.send(&expired.request());
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("Invalid according to Policy: Policy expired.")
    );
    let broken = Form::new("user/k", b"1").with_policy(&server, Scheme::V1, "{");
    assert_eq!(
        server.send(&broken.request()).error(),
        (400, "InvalidPolicyDocument".into())
    );
}

#[test]
fn an_expiry_is_to_the_second() {
    let server = start();
    let end = server.now() + 100;
    let policy = format!(
        r#"{{"expiration":"{}","conditions":[]}}"#,
        fosse_oss::time::format_iso_millis(end)
    );
    let form = Form::new("k", b"x").with_policy(&server, Scheme::V1, &policy);
    for (ahead, status) in [(98, 204), (100, 403)] {
        server
            .offset_ms
            .store(ahead * 1000, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(server.send(&form.request()).status, status, "{ahead}");
    }
}

#[test]
fn signatures_are_checked() {
    let server = start();
    let (credentials, options) = signer(&server, Scheme::V4);
    let credential = form_credential(&credentials, &options);
    let good = |scheme| Form::new("k", b"x").signed(&server, scheme, "");
    let without = |mut form: Form, name: &str| {
        let before = form.fields.len();
        form.fields.retain(|(n, _)| n != name);
        assert_eq!(form.fields.len() + 1, before, "{name}");
        form
    };
    let altered = |form: Form, name: &str, value: &str| without(form, name).field(name, value);
    let (v1, v4) = (good(Scheme::V1), good(Scheme::V4));
    let other = base64::engine::general_purpose::STANDARD.encode("{}");
    for (form, status, code) in [
        (without(v1.clone(), "Signature"), 400, "InvalidArgument"),
        (
            without(v1.clone(), "OSSAccessKeyId"),
            400,
            "InvalidArgument",
        ),
        (without(v1.clone(), "policy"), 400, "InvalidArgument"),
        (altered(v1.clone(), "Signature", ""), 400, "InvalidArgument"),
        (
            altered(v1.clone(), "OSSAccessKeyId", ""),
            400,
            "InvalidArgument",
        ),
        (
            altered(v1.clone(), "OSSAccessKeyId", "LTAInobody"),
            403,
            "InvalidAccessKeyId",
        ),
        (
            altered(v1.clone(), "Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            altered(v1.clone(), "policy", &other),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            v1.clone().field("x-oss-security-token", "token"),
            403,
            "InvalidAccessKeyId",
        ),
        (v1.clone().field("Policy", "again"), 400, "InvalidArgument"),
        (
            without(v4.clone(), "x-oss-signature"),
            400,
            "InvalidArgument",
        ),
        (
            without(v4.clone(), "x-oss-credential"),
            400,
            "InvalidArgument",
        ),
        (without(v4.clone(), "policy"), 400, "InvalidArgument"),
        (
            altered(v4.clone(), "x-oss-signature", &"0".repeat(64)),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            altered(v4.clone(), "x-oss-credential", "LTAI/x"),
            400,
            "InvalidArgument",
        ),
        (
            altered(
                v4.clone(),
                "x-oss-credential",
                &credential.replace("cn-hangzhou", "us-east-1"),
            ),
            400,
            "InvalidArgument",
        ),
        (
            altered(v4.clone(), "x-oss-date", "20200101T000000Z"),
            400,
            "InvalidArgument",
        ),
        (
            altered(v4.clone(), "x-oss-signature-version", "OSS9"),
            400,
            "InvalidArgument",
        ),
        (
            altered(v4, "x-oss-signature-version", "OSS2"),
            400,
            "InvalidArgument",
        ),
    ] {
        let reply = server.send(&form.request());
        well_formed(&reply);
        let shown: Vec<&str> = form.fields.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(
            (reply.status, reply.element("Code").as_deref()),
            (status, Some(code)),
            "{shown:?} {reply:?}"
        );
        absent(&server, "k");
    }
}

#[test]
fn broken_forms_are_refused_and_leave_nothing() {
    let server = start();
    let form = Form::new("k", b"12345").signed(&server, Scheme::V4, "");
    let whole = form.body();
    let with = |change: &dyn Fn(&mut Form)| {
        let mut form = form.clone();
        change(&mut form);
        form.body()
    };
    let cut = |from_end: usize| whole[..whole.len() - from_end].to_vec();
    let second = {
        let mut body = cut("--BOUND--\r\n".len());
        body.extend_from_slice(b"--BOUND\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\nx\r\n--BOUND--\r\n");
        body
    };
    for (body, code) in [
        (
            with(&|form| form.file = None),
            "IncorrectNumberOfFilesInPOSTRequest",
        ),
        (second, "IncorrectNumberOfFilesInPOSTRequest"),
        (
            with(&|form| {
                form.fields.remove(0);
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| form.fields.push(("key".into(), b"k".to_vec()))),
            "InvalidArgument",
        ),
        (
            with(&|form| form.fields.push(("n".repeat(9000), b"v".to_vec()))),
            "FieldItemTooLong",
        ),
        (
            with(&|form| form.fields.push(("v".into(), vec![b'v'; (2 << 20) + 1]))),
            "FieldItemTooLong",
        ),
        (
            with(&|form| {
                form.fields.extend(std::iter::repeat_n(
                    ("v".to_owned(), vec![b'v'; 2 << 20]),
                    2,
                ))
            }),
            "MaxPOSTPreDataLengthExceededError",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-meta-a".into(), b"a\r\nb".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-object-acl".into(), b"none".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-storage-class".into(), b"Cheap".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-server-side-encryption".into(), b"ROT13".to_vec()))
            }),
            "InvalidEncryptionAlgorithmError",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-tagging".into(), b"a=1&a=2".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-traffic-limit".into(), b"1".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("x-oss-forbid-overwrite".into(), b"maybe".to_vec()))
            }),
            "InvalidArgument",
        ),
        (
            with(&|form| {
                form.fields
                    .push(("Content-MD5".into(), b"JfnnlDI7RTiF9RgfG2JNCw==".to_vec()))
            }),
            "InvalidDigest",
        ),
        (
            with(&|form| form.fields[0].1 = vec![b'k'; 1024]),
            "InvalidObjectName",
        ),
        (
            with(&|form| form.fields[0].1 = b"/k".to_vec()),
            "InvalidObjectName",
        ),
        (
            with(&|form| form.fields[0].1 = b"\xff".to_vec()),
            "InvalidObjectName",
        ),
        (cut(4), "MalformedPOSTRequest"),
        (cut("\r\n--BOUND--\r\n".len()), "MalformedPOSTRequest"),
        (cut(whole.len()), "MalformedPOSTRequest"),
        (b"no form at all".to_vec(), "MalformedPOSTRequest"),
    ] {
        let reply = server.send(&form.request().body(&body));
        well_formed(&reply);
        assert_eq!(reply.error(), (400, code.into()), "{reply:?}");
        absent(&server, "k");
    }
    for (content_type, code) in [
        (
            "application/x-www-form-urlencoded",
            "RequestIsNotMultiPartContent",
        ),
        ("multipart/form-data", "MalformedPOSTRequest"),
    ] {
        let mut request = form.request();
        request.headers = vec![("Content-Type".into(), content_type.into())];
        assert_eq!(server.send(&request).error(), (400, code.into()));
    }
    let mut unframed = form.request();
    unframed.unframed = true;
    unframed.body.clear();
    assert_eq!(
        server.send(&unframed).error(),
        (411, "MissingContentLength".into())
    );
    let missing = Request {
        bucket: "nobucket".into(),
        ..form.request()
    };
    assert_eq!(server.send(&missing).error(), (404, "NoSuchBucket".into()));
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let server =
        Server::with(|config| config.limits.body_idle_timeout = Duration::from_millis(300));
    server.bucket("bucket");
    let form = Form::new("k", &[1; 100_000]).signed(&server, Scheme::V4, "");
    let bytes = form.request().bytes(&server);
    let mut connection = server.connect();
    connection.write(&bytes[..bytes.len() - 20]);
    let reply = connection.read_reply(false);
    assert_eq!(reply.error(), (400, "RequestTimeout".into()));
    absent(&server, "k");
}

#[test]
fn overwriting_can_be_forbidden_and_versions_are_named() {
    let server = start();
    let form = Form::new("k", b"one")
        .field("x-oss-forbid-overwrite", "true")
        .signed(&server, Scheme::V4, "");
    assert_eq!(server.send(&form.request()).status, 204);
    assert_eq!(
        server.send(&form.request()).error(),
        (409, "FileAlreadyExists".into())
    );
    let over = Form::new("k", b"two").signed(&server, Scheme::V4, "");
    let mut request = over.request();
    // Of the headers only the ACL is looked at.
    request
        .headers
        .push(("x-oss-object-acl".into(), b"public-read".to_vec()));
    request.headers.push(("x-oss-meta-a".into(), b"1".to_vec()));
    request
        .headers
        .push(("Content-MD5".into(), b"JfnnlDI7RTiF9RgfG2JNCw==".to_vec()));
    assert_eq!(server.send(&request).status, 204);
    let read = server.send(&Request::get("bucket", "k").anonymous());
    assert_eq!((read.status, read.body.as_slice()), (200, &b"two"[..]));
    assert_eq!(read.header("x-oss-meta-a"), None);
}

#[test]
fn an_upload_beyond_the_limit_is_too_large() {
    let server = Server::with(|config| config.limits.max_upload_bytes = 1000);
    server.bucket("bucket");
    for (size, status) in [(1000, 204), (1001, 400)] {
        let form = Form::new("k", &vec![1; size]).signed(&server, Scheme::V4, "");
        let reply = server.send(&form.request());
        assert_eq!(reply.status, status, "{reply:?}");
        if status == 400 {
            assert_eq!(reply.error(), (400, "EntityTooLarge".into()));
        }
    }
    let mut huge = Form::new("k", b"").request();
    huge.headers
        .push(("Content-Length".into(), (1u64 << 40).to_string().into()));
    assert_eq!(server.send(&huge).error(), (400, "EntityTooLarge".into()));
}
