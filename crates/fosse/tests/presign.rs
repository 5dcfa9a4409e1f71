//! Links: every worked form of the documents verifies, and works against a real server until it shall not.

mod harness;

use std::sync::Arc;

use fosse_oss::op::{Addressing, Target};
use fosse_oss::sign::{self, Client, KeyState, Keys, RequestParts, Verified, VerifyContext};
use harness::{ID, Ran, SECRET, Server, ends_with_elapsed, fosse, http, write};

/// 2024-06-01T10:00:00Z
const AT: i64 = 1_717_236_000;

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        match (access_key_id, token) {
            (ID, None) => KeyState::Active {
                secret: Arc::from(SECRET),
                expires_at: None,
            },
            ("STS.Temporary", Some("the+token/=")) => KeyState::Active {
                secret: Arc::from(SECRET),
                expires_at: None,
            },
            _ => KeyState::Unknown,
        }
    }
}

/// Whether a server whose clock says `now` would take a request for `url`; the last good second.
fn verify(method: &str, url: &str, headers: &[(&str, &str)], now: i64) -> Option<i64> {
    let (_, rest) = url.split_once("://").unwrap();
    let (host, rest) = rest.split_at(rest.find('/').unwrap());
    let (path, query) = rest.split_once('?').unwrap();
    let addressing = Addressing {
        base_domains: vec!["oss.example.com".to_owned()],
        forbid_path_style: false,
    };
    let bound = |name: &str| (name == "static.example.com").then(|| "examplebucket".to_owned());
    let target = Target::resolve(&addressing, host, path, &bound).unwrap();
    let mut all: Vec<(&str, &[u8])> = vec![("host", host.as_bytes())];
    all.extend(
        headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes())),
    );
    let parts = RequestParts {
        method,
        bucket: target.bucket.as_deref(),
        key: &target.key,
        query,
        headers: &all,
    };
    let regions = ["cn-hangzhou".to_owned()];
    let context = VerifyContext {
        now,
        regions: &regions,
        product: "oss",
    };
    // Where a link that is limited to 10.0.0.0/8 works.
    let client = Client {
        address: Some([10, 1, 2, 3].into()),
        ..Client::default()
    };
    match sign::verify_from(&parts, &context, &client, &OneKey) {
        Ok(Verified::Signed(identity)) => identity.valid_until,
        _ => None,
    }
}

fn offline(arguments: &[&str]) -> Ran {
    let mut command = fosse();
    command.args(arguments).args(["-i", ID, "-k", SECRET]);
    let has = |flag: &str| arguments.contains(&flag);
    if !has("--region") {
        command.args(["--region", "cn-hangzhou"]);
    }
    if !has("--endpoint") {
        command.args(["--endpoint", "https://oss.example.com"]);
    }
    Ran::of(&mut command)
}

fn link(arguments: &[&str]) -> String {
    let ran = offline(arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    ran.stdout.lines().next().unwrap().to_owned()
}

#[test]
fn worked_forms_of_one_object_verify() {
    let at = ["--at", "2024-06-01T10:00:00"];
    for (arguments, life, beginning) in [
        (
            &["oss://examplebucket/example.txt"][..],
            900,
            "https://examplebucket.oss.example.com/example.txt?",
        ),
        (
            &[
                "oss://examplebucket/example.txt",
                "--expires-duration",
                "1h",
            ],
            3600,
            "https://",
        ),
        (
            &[
                "oss://examplebucket/example.txt",
                "--expires-date",
                "2024-06-01T12:00:00",
            ],
            7200,
            "https://",
        ),
        (
            &["oss://examplebucket/example.txt", "--version-id", "123"],
            900,
            "https://",
        ),
        (
            &[
                "oss://examplebucket/example.jpg",
                "--query-param",
                "x-oss-process=image/resize,m_fixed,w_100,h_100/rotate,90",
            ],
            900,
            "https://",
        ),
        (
            &[
                "oss://examplebucket/exampleobject.txt",
                "--endpoint",
                "http://static.example.com",
                "--addressing-style",
                "cname",
            ],
            900,
            "http://static.example.com/exampleobject.txt?",
        ),
        (
            &[
                "oss://examplebucket/a/b c+d~'()*!.txt",
                "--addressing-style",
                "path",
            ],
            900,
            "https://oss.example.com/examplebucket/a/b%20c%2Bd~%27%28%29%2A%21.txt?",
        ),
        (
            &["oss://examplebucket/folder/"],
            900,
            "https://examplebucket.oss.example.com/folder/?",
        ),
        (
            &["oss://examplebucket/../x//y"],
            900,
            "https://examplebucket.oss.example.com/../x//y?",
        ),
        (
            &["oss://examplebucket/a%2Bb", "--encoding-type", "url"],
            900,
            "https://examplebucket.oss.example.com/a%2Bb?",
        ),
        (
            &[
                "oss://examplebucket/x",
                "--traffic-limit",
                "819200",
                "--request-payer",
                "requester",
                "--source-ip",
                "10.0.0.0/8",
            ],
            900,
            "https://",
        ),
        (
            &["oss://examplebucket/x", "--timeout", "60"],
            60,
            "https://",
        ),
        (
            &["oss://examplebucket/x", "--expires-in", "60"],
            60,
            "https://",
        ),
        (
            &["oss://examplebucket/x", "--expires-duration", "1w"],
            604_800,
            "https://",
        ),
    ] {
        for version in ["v1", "v4"] {
            let all = [&["presign"], arguments, &at, &["--sign-version", version]].concat();
            let url = link(&all);
            assert!(url.starts_with(beginning), "{url}");
            assert!(
                !url.split_once('?').unwrap().1.contains(['+', ' ', '/']),
                "{url}"
            );
            assert_eq!(
                verify("GET", &url, &[], AT),
                Some(AT + life),
                "{all:?}: {url}"
            );
            assert_eq!(
                verify("GET", &url, &[], AT + life),
                Some(AT + life),
                "the last second counts"
            );
            for altered in [
                verify("GET", &url, &[], AT + life + 1),
                verify("HEAD", &url, &[], AT),
                verify("GET", &url.replacen(".com/", ".com/x", 1), &[], AT),
            ] {
                assert_eq!(altered, None, "{url}");
            }
        }
    }
}

#[test]
fn methods_headers_and_tokens_verify() {
    let at = ["--at", "2024-06-01T10:00:00", "oss://examplebucket/k"];
    let put = link(
        &[
            &[
                "presign",
                "--method",
                "put",
                "--header",
                "Content-Type:image/png",
                "--header",
                "x-oss-meta-a: b",
            ],
            &at[..],
        ]
        .concat(),
    );
    let headers = [("content-type", "image/png"), ("x-oss-meta-a", "b")];
    assert!(verify("PUT", &put, &headers, AT).is_some());
    assert!(
        verify("PUT", &put, &headers[..1], AT).is_none()
            && verify("GET", &put, &headers, AT).is_none()
    );
    let free = link(&[&["presign", "--header", "Cache-Control:no-cache"], &at[..]].concat());
    assert!(
        free.contains("x-oss-additional-headers=cache-control"),
        "{free}"
    );
    assert!(
        verify("GET", &free, &[("cache-control", "no-cache")], AT).is_some()
            && verify("GET", &free, &[], AT).is_none()
    );
    assert_eq!(
        offline(&[
            "presign",
            "oss://examplebucket/k",
            "--sign-version",
            "v1",
            "--header",
            "Cache-Control:x"
        ])
        .code,
        1
    );

    for version in ["v1", "v4"] {
        let mut command = fosse();
        command.args([
            "presign",
            "oss://examplebucket/k",
            "--at",
            "2024-06-01T10:00:00",
            "-i",
            "STS.Temporary",
            "-k",
            SECRET,
            "-t",
            "the+token/=",
        ]);
        command.args([
            "--region",
            "cn-hangzhou",
            "-e",
            "oss.example.com",
            "--sign-version",
            version,
        ]);
        let ran = Ran::of(&mut command);
        assert!(
            verify("GET", ran.stdout.lines().next().unwrap(), &[], AT).is_some(),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn what_the_visitor_gets_told() {
    let server = Server::memory();
    server.ok(&["mb", "oss://told"]);
    write(server.dir.path(), "a.txt", b"a");
    server.ok(&["cp", "a.txt", "oss://told/报告.txt"]);
    let url = server.link(&["presign", "oss://told/报告.txt", "--download"]);
    assert!(url.contains("response-content-disposition=attachment%3B%20filename%3D%22__.txt%22%3B%20filename%2A%3DUTF-8%27%27%25E6%258A%25A5"), "{url}");
    assert_eq!(http("GET", &url, &[], b"").0, 200);
    assert!(
        server
            .link(&["presign", "oss://told/x", "--download=my name.txt"])
            .contains("my%20name.txt")
    );
    assert!(
        server
            .link(&["presign", "oss://told/x", "--inline"])
            .contains("response-content-disposition=inline")
    );
}

#[test]
fn limits_of_a_life() {
    let ran = offline(&[
        "presign",
        "oss://examplebucket/k",
        "--expires-duration",
        "604801",
    ]);
    assert!(ran.code == 3 && ran.stdout.is_empty(), "{ran:?}");
    assert!(
        ran.stderr
            .contains("expires should be not greater than 604800(seven days)")
            && ran.stderr.contains("--sign-version v1"),
        "{}",
        ran.stderr
    );
    let far = [
        "presign",
        "oss://examplebucket/k",
        "--at",
        "2024-06-01",
        "--expires-date",
        "2024-06-08T00:00:01",
    ];
    assert_eq!(offline(&far).code, 3);
    assert_eq!(
        offline(&[
            "presign",
            "oss://examplebucket/k",
            "--expires-date",
            "2024-06-01"
        ])
        .code,
        1
    );
    assert_eq!(
        offline(&[
            "presign",
            "oss://examplebucket/k",
            "--expires-date",
            "2034-06-01",
            "--expires-duration",
            "1h"
        ])
        .code,
        1
    );
    assert_eq!(
        offline(&[
            "presign",
            "oss://examplebucket/k",
            "--expires-duration",
            "0"
        ])
        .code,
        3
    );
    let url = link(&[
        "presign",
        "oss://examplebucket/k",
        "--sign-version",
        "v1",
        "--expires-duration",
        "10y",
        "--at",
        "2024-06-01T10:00:00",
    ]);
    assert_eq!(
        verify("GET", &url, &[], AT + 315_359_999),
        Some(AT + 315_360_000)
    );

    let mut command = fosse();
    let ran = Ran::of(command.args([
        "presign",
        "oss://examplebucket/k",
        "-i",
        ID,
        "-k",
        SECRET,
        "-e",
        "h",
        "-c",
        "/dev/null",
    ]));
    assert!(
        ran.code == 3
            && ran.stderr.contains("region must be set in sign version 4")
            && ran.stderr.contains("OSS_REGION"),
        "{}",
        ran.stderr
    );
    let hinted = Ran::of(fosse().args([
        "presign",
        "oss://examplebucket/k",
        "-i",
        ID,
        "-k",
        SECRET,
        "-e",
        "oss-cn-hangzhou-internal.aliyuncs.com",
    ]));
    assert!(
        hinted.stdout.contains("%2Fcn-hangzhou%2Foss")
            && hinted.stderr.contains("taking cn-hangzhou"),
        "{hinted:?}"
    );
    let curly = offline(&[
        "presign",
        "oss://examplebucket/k",
        "--endpoint",
        "http://static.example.com”",
        "--addressing-style",
        "cname",
    ]);
    assert!(
        curly.code == 1 && curly.stderr.contains("U+201D"),
        "{}",
        curly.stderr
    );
}

#[test]
fn output_is_what_scripts_expect() {
    let ran = offline(&["presign", "oss://examplebucket/k"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines.len() == 3 && lines[0].starts_with("https://") && ends_with_elapsed(&ran.stdout),
        "{}",
        ran.stdout
    );
    let order: Vec<&str> = lines[0]
        .split_once('?')
        .unwrap()
        .1
        .split('&')
        .map(|pair| pair.split('=').next().unwrap())
        .collect();
    assert_eq!(
        order,
        [
            "x-oss-credential",
            "x-oss-date",
            "x-oss-expires",
            "x-oss-signature-version",
            "x-oss-signature"
        ]
    );
    assert_eq!(
        offline(&["presign", "oss://examplebucket/k", "-q"])
            .stdout
            .lines()
            .count(),
        1
    );
}

#[test]
fn one_link_for_every_key() {
    let server = Server::memory();
    server.ok(&["mb", "oss://many"]);
    for name in ["a.txt", "folder/b.txt", "folder/c.jpg", "folder/sub/d.txt"] {
        write(server.dir.path(), "body", name.as_bytes());
        server.ok(&["cp", "body", &format!("oss://many/{name}")]);
    }
    let links = |arguments: &[&str]| -> Vec<String> {
        let text = server.ok(&[&["presign"], arguments, &["-q"]].concat());
        text.lines().map(str::to_owned).collect()
    };
    let all = links(&["oss://many/", "-r", "--page-size", "1"]);
    assert_eq!(all.len(), 4);
    assert_eq!(links(&["oss://many", "-r"]).len(), 4);
    for (url, name) in all
        .iter()
        .zip(["a.txt", "folder/b.txt", "folder/c.jpg", "folder/sub/d.txt"])
    {
        assert_eq!(
            http("GET", url, &[], b""),
            (200, name.as_bytes().to_vec()),
            "{url}"
        );
    }
    let dates: std::collections::BTreeSet<&str> = all
        .iter()
        .map(|url| {
            url.split("x-oss-date=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(dates.len(), 1, "one date for all links of a run");
    assert_eq!(links(&["oss://many/folder/", "-r"]).len(), 3);
    assert_eq!(
        links(&["oss://many/folder/", "-r", "--include", "*.txt"]).len(),
        2
    );
    assert_eq!(
        links(&[
            "oss://many/folder/",
            "-r",
            "--exclude",
            "sub/*",
            "--sign-version",
            "v1"
        ])
        .len(),
        2
    );
    assert_eq!(
        links(&[
            "oss://many",
            "-r",
            "--limited-num",
            "2",
            "--start-after",
            "a.txt"
        ])
        .len(),
        2
    );
    assert_eq!(
        links(&[
            "oss://many",
            "-r",
            "--end-with",
            "folder/b.txt",
            "--list-objects"
        ])
        .len(),
        2
    );
    let none = server.run(&["presign", "oss://many/none/", "-r"]);
    assert!(
        none.code == 0 && !none.stdout.contains("http") && none.stderr.contains("no link was made"),
        "{none:?}"
    );

    let csv = server.ok(&["presign", "oss://many", "-r", "--output-format", "csv"]);
    assert!(
        csv.starts_with("key,versionId,method,expires,url\na.txt,,GET,20")
            && csv.lines().count() == 5,
        "{csv}"
    );
    let json: serde_json::Value = serde_json::from_str(&server.ok(&[
        "presign",
        "oss://many",
        "-r",
        "--output-format",
        "json",
    ]))
    .unwrap();
    assert_eq!(json.as_array().unwrap().len(), 4);
    assert_eq!(json[1]["key"], "folder/b.txt");
    assert_eq!(
        http("GET", json[1]["url"].as_str().unwrap(), &[], b"").1,
        b"folder/b.txt"
    );
    assert_eq!(
        server
            .ok(&[
                "presign",
                "oss://many/none/",
                "-r",
                "--output-format",
                "json",
                "-q"
            ])
            .trim(),
        "[]"
    );
}

#[test]
fn links_against_a_server() {
    let server = Server::memory();
    server.ok(&["mb", "oss://live"]);
    write(server.dir.path(), "a", b"private");
    server.ok(&["cp", "a", "oss://live/a"]);
    assert_eq!(
        http("GET", &format!("{}/live/a", server.endpoint), &[], b"").0,
        403
    );
    for version in ["v1", "v4"] {
        let url = server.link(&["presign", "oss://live/a", "--sign-version", version]);
        assert_eq!(http("GET", &url, &[], b""), (200, b"private".to_vec()));
        assert_eq!(
            http("GET", &url, &[("Range", "bytes=0-3")], b""),
            (206, b"priv".to_vec())
        );
        assert_eq!(http("DELETE", &url, &[], b"").0, 403);
        let old = server.link(&[
            "presign",
            "oss://live/a",
            "--sign-version",
            version,
            "--at",
            "2024-06-01",
            "--expires-duration",
            "1h",
        ]);
        let (status, body) = http("GET", &old, &[], b"");
        assert!(
            status == 403 && String::from_utf8_lossy(&body).contains("Request has expired."),
            "{status}"
        );
        let put = server.link(&[
            "presign",
            "oss://live/new",
            "--method",
            "PUT",
            "--header",
            "Content-Type:text/plain",
            "--sign-version",
            version,
        ]);
        assert_eq!(
            http("PUT", &put, &[("Content-Type", "text/html")], b"x").0,
            403
        );
        assert_eq!(
            http(
                "PUT",
                &put,
                &[("Content-Type", "text/plain")],
                version.as_bytes()
            )
            .0,
            200
        );
        assert_eq!(server.ok(&["cat", "oss://live/new"]), version);
    }
}

#[test]
fn the_form_of_ossutil_1() {
    let server = Server::memory();
    server.ok(&["mb", "oss://signed"]);
    write(server.dir.path(), "a", b"private");
    server.ok(&["cp", "a", "oss://signed/dir/a b"]);
    let url = server.link(&["sign", "oss://signed/dir/a b"]);
    assert!(
        url.contains("/signed/dir%2Fa%20b?Expires=")
            && url.contains("&OSSAccessKeyId=")
            && url.contains("&Signature="),
        "{url}"
    );
    assert_eq!(http("GET", &url, &[], b""), (200, b"private".to_vec()));
    let plain = server.link(&[
        "sign",
        "oss://signed/dir/a b",
        "--disable-encode-slash",
        "--timeout",
        "2592000",
    ]);
    assert!(plain.contains("/signed/dir/a%20b?"), "{plain}");
    assert_eq!(http("GET", &plain, &[], b"").0, 200);
    for extra in [
        &["--trafic-limit", "819200"][..],
        &["--payer", "requester"],
        &[
            "--query-param",
            "response-content-type:text/plain;charset=utf-8",
        ],
        &["--sign-version", "v4"],
        &["--force-path-style"],
    ] {
        let url = server.link(&[&["sign", "oss://signed/dir/a b"][..], extra].concat());
        assert_eq!(http("GET", &url, &[], b"").0, 200, "{extra:?}: {url}");
    }
    assert_eq!(
        server
            .link(&["sign", "oss://signed/dir%2Fa+b", "--encoding-type", "url"])
            .split('?')
            .next(),
        url.split('?').next()
    );
    for wrong in [
        &["sign", "oss://signed"][..],
        &["sign", "oss://signed/a", "--trafic-limit", "-1"],
        &["sign", "oss://signed/a", "--timeout", "-1"],
        &["sign", "oss://signed/a", "--timeout", "9223372036854775807"],
        &["sign", "oss://signed/a", "--query-param", "no-colon"],
    ] {
        assert_eq!(server.run(wrong).code, 1, "{wrong:?}");
    }
    let payer = server.run(&["sign", "oss://signed/a", "--payer", "me"]);
    assert!(
        payer
            .stderr
            .contains("invalid request payer: me, please check"),
        "{}",
        payer.stderr
    );
    // With V4 the signer warns and the server refuses.
    let long = server.run(&[
        "sign",
        "oss://signed/dir/a b",
        "--timeout",
        "604801",
        "--sign-version",
        "v4",
    ]);
    assert!(
        long.code == 0 && long.stderr.contains("Warning"),
        "{long:?}"
    );
    assert_eq!(
        http("GET", long.stdout.lines().next().unwrap(), &[], b"").0,
        400
    );
}
