//! `fosse inspect`: what a link says about itself, and every usual reason why it is refused, found with the secret and by asking the
//! server.

mod harness;

use harness::{ID, Ran, SECRET, Server, fosse, write};

/// 2024-06-01T10:00:00Z
const AT: &str = "2024-06-01T10:00:00Z";

fn inspect(arguments: &[&str]) -> String {
    let ran = Ran::of(fosse().arg("inspect").args(arguments));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains(SECRET));
    ran.stdout
}

/// With the secret of the link.
fn with_secret(arguments: &[&str]) -> String {
    let ran = Ran::of(
        fosse()
            .env("OSS_ACCESS_KEY_ID", ID)
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .arg("inspect")
            .args(arguments),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains(SECRET));
    ran.stdout
}

fn presigned(arguments: &[&str]) -> String {
    let ran = Ran::of(
        fosse()
            .env("OSS_ACCESS_KEY_ID", ID)
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ENDPOINT", "http://oss-cn-hangzhou.aliyuncs.com")
            .args(["presign", "oss://photos/dir/a b+c.jpg", "--at", AT])
            .args(arguments),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_link_tells_what_it_can() {
    let link = presigned(&[
        "--expires-duration",
        "1h",
        "--query-param",
        "response-content-type=text/plain",
    ]);
    let told = inspect(&[&link, "--at", "2024-06-01T10:30:00Z"]);
    for text in [
        "version 4, in the URL",
        "photos",
        "dir/a b+c.jpg",
        &format!("{ID} (AccessKey)"),
        "2024-06-01 10:00:00 +0000 UTC = 2024-06-01T10:00:00Z (30 min ago)",
        "2024-06-01 11:00:00 +0000 UTC = 2024-06-01T11:00:00Z (in 30 min)",
        "region cn-hangzhou, product oss",
        "response-content-type = text/plain",
        "it has not ended",
    ] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let told = inspect(&[&link, "--at", "2024-06-01T11:00:01Z"]);
    assert!(told.contains("Verdict: it has ended"), "{told}");
    let ran = Ran::of(
        fosse()
            .env("TZ", "Asia/Shanghai")
            .args(["inspect", &link, "--at", AT]),
    );
    assert!(
        ran.stdout
            .contains("2024-06-01 18:00:00 +0800 CST = 2024-06-01T10:00:00Z"),
        "{}",
        ran.stdout
    );

    let link = presigned(&["--sign-version", "v1"]);
    let told = inspect(&[&link, "--at", AT]);
    assert!(told.contains("version 1, in the URL"), "{told}");
    assert!(told.contains("does not tell"), "{told}");
    assert!(inspect(&["http://h/k"]).contains("anonymous"));
    assert_eq!(Ran::of(fosse().args(["inspect", "ftp://h/k"])).code, 1);
    assert_ne!(Ran::of(fosse().arg("inspect")).code, 0);
}

#[test]
fn the_secret_tells_why() {
    for version in ["v1", "v4"] {
        let link = presigned(&[
            "--sign-version",
            version,
            "--query-param",
            "response-content-disposition=a+b",
        ]);
        let why = |link: &str, more: &[&str]| {
            let mut arguments = vec![link, "--at", AT];
            arguments.extend(more);
            with_secret(&arguments)
        };
        assert!(
            why(&link, &[]).contains("the signature fits, for bucket `photos`"),
            "{}",
            why(&link, &[])
        );
        let (base, query) = link.split_once('?').unwrap();
        for (case, told, text) in [
            ("HEAD", why(&link, &["--method", "HEAD"]), "signed for GET"),
            (
                "plus",
                why(&link.replace("a%2Bb", "a+b"), &[]),
                "left unescaped",
            ),
            (
                "path",
                why(&link.replace("/dir/", "/files/dir/"), &[]),
                "rewrote the path",
            ),
            (
                "escapes",
                why(&format!("{}?{query}", base.replace('%', "%25")), &[]),
                "once too often",
            ),
            (
                "header",
                why(&link, &["--header", "Content-Type:image/png"]),
                "`content-type` is sent and was not signed",
            ),
            (
                "twice",
                why(&format!("{base}?{}", query.replace('%', "%25")), &[]),
                "escaped twice",
            ),
            (
                "parameter",
                why(&format!("{link}&x-oss-process=x"), &[]),
                "added after signing",
            ),
            (
                "late",
                with_secret(&[&link, "--at", "2024-06-01T12:00:00Z"]),
                "The link has ended",
            ),
        ] {
            assert!(
                told.contains("Verdict: refused"),
                "{case} {version}\n{told}"
            );
            assert!(told.contains(text), "{case} {version}\n{told}");
        }
        let told = why(&link, &["--method", "HEAD"]);
        assert!(
            told.contains("Line 1 is the first that differs:\n  signed:   GET\n  received: HEAD"),
            "{told}"
        );
        let part = link.rsplit_once('&').unwrap().0;
        assert!(
            why(part, &[]).contains("put it in quotes"),
            "{}",
            why(part, &[])
        );
    }
}

#[test]
fn a_token_is_never_shown() {
    let ran = Ran::of(
        fosse()
            .env("OSS_ACCESS_KEY_ID", "STS.Temporary")
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .env("OSS_SESSION_TOKEN", "TheTokenItself")
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ENDPOINT", "http://oss-cn-hangzhou.aliyuncs.com")
            .args(["presign", "oss://photos/k", "--at", AT]),
    );
    let link = ran.stdout.lines().next().unwrap().to_owned();
    assert!(link.contains("TheTokenItself"));
    let ran = Ran::of(
        fosse()
            .env("OSS_ACCESS_KEY_ID", "STS.Temporary")
            .env("OSS_ACCESS_KEY_SECRET", "another")
            .env("OSS_SESSION_TOKEN", "TheTokenItself")
            .args(["inspect", &link, "--at", AT]),
    );
    assert!(
        ran.stdout.contains("temporary credentials"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("Canonical request"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("x-oss-security-token=****"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("TheTokenItself"));
}

#[test]
fn the_server_tells_what_it_sees() {
    let server = Server::start(&["--memory", "--console", "127.0.0.1:0"], true);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let admin = loop {
        let log = server.log();
        if let Some(admin) = log.lines().find_map(|line| line.strip_prefix("admin on ")) {
            break admin.to_owned();
        }
        assert!(std::time::Instant::now() < deadline, "{log}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    server.ok(&["mb", "oss://photos"]);
    server.ok(&["mb", "oss://other"]);
    write(server.dir.path(), "f", b"body");
    server.ok(&["cp", "f", "oss://photos/cat.jpg"]);
    let link = server.link(&["presign", "oss://photos/cat.jpg"]);
    let ask = |link: &str, more: &[&str]| {
        let mut arguments = vec![link, "--admin", admin.as_str()];
        arguments.extend(more);
        inspect(&arguments)
    };
    let told = ask(&link, &[]);
    for text in [
        "Verdict: it would be let in",
        "photos (named by path)",
        "GetObject",
        "oss:GetObject",
        "Time left",
    ] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let (base, query) = link.split_once('?').unwrap();
    let put = server.link(&[
        "presign",
        "oss://photos/cat.jpg",
        "--method",
        "PUT",
        "--header",
        "Content-Type:image/png",
    ]);
    let expired = server.link(&["presign", "oss://photos/cat.jpg", "--at", AT]);
    let region = server.link(&["presign", "oss://photos/cat.jpg", "--region", "cn-beijing"]);
    let early = server.link(&["presign", "oss://photos/cat.jpg", "--at", "2099-01-01"]);
    let limited = server.link(&[
        "presign",
        "oss://photos/cat.jpg",
        "--source-ip",
        "192.0.2.0/24",
    ]);
    for (case, told, texts) in [
        (
            "HEAD",
            ask(&link, &["--method", "HEAD"]),
            ["SignatureDoesNotMatch", "signed for GET"],
        ),
        (
            "bucket",
            ask(&link.replace("/photos/", "/other/"), &[]),
            ["SignatureDoesNotMatch", "signed for the bucket `photos`"],
        ),
        (
            "path",
            ask(&link.replace("/cat.jpg", "/x/cat.jpg"), &[]),
            ["SignatureDoesNotMatch", "signed for the key `cat.jpg`"],
        ),
        (
            "header",
            ask(&put, &["--method", "PUT"]),
            [
                "SignatureDoesNotMatch",
                "`content-type: image/png` was signed and is not sent",
            ],
        ),
        (
            "expired",
            ask(&expired, &[]),
            ["Request has expired", "The link has ended"],
        ),
        (
            "early",
            ask(&early, &[]),
            ["not valid yet", "clock of the signer is ahead"],
        ),
        (
            "region",
            ask(&region, &[]),
            [
                "The signing region in credential is invalid.",
                "another region",
            ],
        ),
        (
            "key",
            ask(&link.replace(ID, "Nobody"), &[]),
            ["InvalidAccessKeyId", "no such AccessKey"],
        ),
        (
            "token",
            ask(&format!("{link}&x-oss-security-token=x"), &[]),
            ["InvalidAccessKeyId", "not temporary"],
        ),
        (
            "source",
            ask(&limited, &[]),
            ["SignatureDoesNotMatch", "limited to addresses"],
        ),
        (
            "anonymous",
            ask(base, &[]),
            ["AccessDenied", "the caller is anonymous"],
        ),
        (
            "quotes",
            ask(&format!("{base}?{}", query.split('&').next().unwrap()), &[]),
            ["refused", "put it in quotes"],
        ),
    ] {
        assert!(told.contains("Verdict: refused"), "{case}\n{told}");
        for text in texts {
            assert!(told.contains(text), "{case}: {text}\n{told}");
        }
        assert!(!told.contains(SECRET));
    }
    assert!(ask(&limited, &["--client", "192.0.2.9"]).contains("it would be let in"));

    // A request from a file, as curl shows it.
    let host = server.endpoint.strip_prefix("http://").unwrap();
    let path = link.strip_prefix(&server.endpoint).unwrap();
    let head = format!("> GET {path} HTTP/1.1\n> Host: {host}\n> Authorization: OSS a:b\n>\n");
    write(server.dir.path(), "head", head.as_bytes());
    let file = server.dir.path().join("head");
    let told = inspect(&["--request", file.to_str().unwrap(), "--admin", &admin]);
    assert!(
        told.contains("a client that is logged in followed a link"),
        "{told}"
    );

    // What is no admin listener.
    let ran = Ran::of(fosse().args(["inspect", &link, "--admin", &server.endpoint]));
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("admin listener"), "{}", ran.stderr);
}
