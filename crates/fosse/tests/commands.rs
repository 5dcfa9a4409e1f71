//! The client commands against a real server: their forms, outputs and exit codes.

mod harness;

use harness::{Ran, Server, ends_with_elapsed, fosse, noise, write};

#[test]
fn a_file_goes_up_and_comes_down() {
    let server = Server::memory();
    let dir = server.dir.path();
    write(dir, "a.txt", b"hello, world");
    assert!(ends_with_elapsed(&server.ok(&["mb", "oss://first"])));

    let up = server.ok(&["cp", "a.txt", "oss://first/dir/"]);
    assert!(
        up.starts_with("Success: Total 1 file, size 12 B, Upload done:(1 objects, 12 B), avg "),
        "{up}"
    );
    assert!(ends_with_elapsed(&up));
    server.ok(&["cp", "a.txt", "oss://first"]);

    let down = server.ok(&["cp", "oss://first/dir/a.txt", "b.txt"]);
    assert!(
        down.starts_with("Success: Total 1 object, size 12 B, Download done:(1 files, 12 B), avg "),
        "{down}"
    );
    assert_eq!(std::fs::read(dir.join("b.txt")).unwrap(), b"hello, world");
    server.ok(&["cp", "oss://first/a.txt", "new/deeper/"]);
    assert_eq!(
        std::fs::read(dir.join("new/deeper/a.txt")).unwrap(),
        b"hello, world"
    );

    // The bytes alone on standard output: scripts pipe it.
    let cat = server.run(&["cat", "oss://first/a.txt"]);
    assert_eq!(cat.stdout, "hello, world");
    assert!(ends_with_elapsed(&cat.stderr), "{}", cat.stderr);
    assert_eq!(
        server.ok(&["cat", "oss://first/a.txt", "--head", "5"]),
        "hello"
    );
    assert_eq!(
        server.ok(&["cat", "oss://first/a.txt", "--tail", "5"]),
        "world"
    );
    assert_eq!(
        server.ok(&["cp", "oss://first/a.txt", "-", "--range", "7-9"]),
        "wor"
    );

    let listing = server.ok(&["ls", "oss://first"]);
    assert!(
        listing.contains("oss://first/a.txt\n") && listing.contains("oss://first/dir/a.txt\n"),
        "{listing}"
    );
    assert!(listing.contains("Object Number is: 2\n"), "{listing}");
    let level = server.ok(&["ls", "oss://first", "-d"]);
    assert!(
        level.contains("\noss://first/dir/\n") && !level.contains("dir/a.txt"),
        "{level}"
    );
    assert!(
        level.contains("Object and Directory Number is: 2"),
        "{level}"
    );
    assert_eq!(
        server.ok(&["ls", "oss://first/dir/", "-sq"]),
        "oss://first/dir/a.txt\nObject Number is: 1\n"
    );
    let buckets = server.ok(&["ls"]);
    assert!(
        buckets.contains("oss-cn-hangzhou        Standard    oss://first\nBucket Number is: 1\n"),
        "{buckets}"
    );

    let stat = server.ok(&["stat", "oss://first/a.txt"]);
    assert!(
        stat.contains("Content-Length              : 12\n"),
        "{stat}"
    );
    assert!(
        stat.contains("Content-Type                : text/plain\n"),
        "{stat}"
    );
    assert!(
        stat.contains("ACL                         : default\n"),
        "{stat}"
    );
    let mut names: Vec<&str> = stat
        .lines()
        .filter_map(|line| line.split_once(" : ").map(|(name, _)| name.trim()))
        .collect();
    let sorted = names.clone();
    names.sort_unstable();
    assert_eq!(names, sorted);
    let stat = server.ok(&["stat", "oss://first"]);
    assert!(
        stat.contains("ObjectCount                 : 2\n")
            && stat.contains("Name                        : first\n"),
        "{stat}"
    );

    server.ok(&["cp", "oss://first/a.txt", "oss://first/copy"]);
    assert_eq!(server.ok(&["cat", "oss://first/copy"]), "hello, world");
    server.ok(&["rm", "oss://first/copy", "-f"]);
    assert_eq!(server.run(&["cat", "oss://first/copy"]).code, 2);
    let removed = server.ok(&["rm", "oss://first", "-rf"]);
    assert!(
        removed.starts_with("Success: Total 2 objects, Removed 2 objects"),
        "{removed}"
    );
    server.ok(&["rb", "oss://first", "-f"]);
}

#[test]
fn exit_codes() {
    let server = Server::memory();
    server.ok(&["mb", "oss://codes"]);
    write(server.dir.path(), "a", b"a");
    server.ok(&["cp", "a", "oss://codes/a"]);
    let code = |arguments: &[&str]| server.run(arguments).code;
    for wrong in [
        &["nonsense"][..],
        &["ls", "--nonsense"],
        &["presign"],
        &["presign", "oss://codes"],
        &["presign", "oss://codes/a", "--expires-duration", "soon"],
        &["presign", "oss://codes/a", "--traffic-limit", "1"],
        &["presign", "codes/a"],
        &["cp", "a", "b"],
        &["cp", "-r", ".", "oss://codes/"],
        &["cp", ".", "oss://codes/dot"],
        &["ls", "oss://Bad_Name"],
        &["ls", "--sign-version", "v3"],
        &["ls", "-c", "no-such-file"],
        &["sign", "oss://codes/a", "--payer", "me"],
        // Nobody can answer the question.
        &["rm", "oss://codes/a"],
        &["rb", "oss://codes"],
    ] {
        assert_eq!(code(wrong), 1, "{wrong:?}");
    }
    assert!(
        server
            .run(&["rm", "oss://codes/a"])
            .stderr
            .contains("add -f")
    );
    for refused in [
        &["cat", "oss://codes/none"][..],
        &["ls", "oss://no-such-bucket"],
        &["rb", "oss://codes", "-f"],
        &["ls", "-k", "wrong"],
    ] {
        assert_eq!(code(refused), 2, "{refused:?}");
    }
    for local in [
        &["cp", "no-such-file", "oss://codes/x"][..],
        &["cp", "oss://codes/a", "a/b"],
        &["ls", "-e", "http://127.0.0.1:1", "--retry-times", "0"],
        &["presign", "oss://codes/a", "--expires-duration", "8d"],
    ] {
        assert_eq!(code(local), 3, "{local:?}");
    }
    assert_eq!(code(&["cat", "oss://codes/a"]), 0);
    assert_eq!(code(&[]), 0);
}

#[test]
fn a_refusal_is_told_in_full_with_a_hint() {
    let server = Server::memory();
    let ran = server.run(&["-k", "wrong", "ls"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines[0],
        "Error: operation error ListBuckets: Error returned by Service."
    );
    let names: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Http Status Code",
            "Error Code",
            "Request Id",
            "Message",
            "EC",
            "Timestamp",
            "Request Endpoint",
            "Hint"
        ]
    );
    assert!(
        lines[2] == "Error Code: SignatureDoesNotMatch" && lines[8].contains("secret"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("wrong") && !server.log().contains(harness::SECRET));
    // Without a scheme an endpoint is https; this server is not.
    let plain = server.run(&[
        "ls",
        "-e",
        server.endpoint.strip_prefix("http://").unwrap(),
        "--retry-times",
        "0",
        "--skip-verify-cert",
    ]);
    assert!(
        plain.code == 3 && plain.stderr.contains("Hint: the server speaks plain HTTP"),
        "{}",
        plain.stderr
    );
    let nobody = server.run(&["ls", "-e", "http://127.0.0.1:1", "--retry-times", "0"]);
    assert!(
        nobody.code == 3 && nobody.stderr.contains("Hint: nothing listens there"),
        "{}",
        nobody.stderr
    );
    // HEAD has no body: the code comes from a header.
    server.ok(&["mb", "oss://hints"]);
    let ran = server.run(&["stat", "oss://hints/none"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("Error Code: NoSuchKey"),
        "{}",
        ran.stderr
    );
}

#[test]
fn streams_of_unknown_length() {
    let server = Server::memory();
    server.ok(&["mb", "oss://streams"]);
    let up = Ran::with_input(
        server.command().args(["cp", "-", "oss://streams/small"]),
        b"from a pipe",
    );
    assert_eq!(up.code, 0, "{}", up.stderr);
    let down = server.run(&["cp", "oss://streams/small", "-"]);
    assert_eq!(down.stdout, "from a pipe");
    assert!(
        down.stderr.starts_with("Success: Total 1 object") && ends_with_elapsed(&down.stderr),
        "{}",
        down.stderr
    );
    let empty = Ran::with_input(
        server.command().args(["cp", "-", "oss://streams/empty"]),
        b"",
    );
    assert_eq!(
        (
            empty.code,
            server.ok(&["cat", "oss://streams/empty"]).as_str()
        ),
        (0, "")
    );
    // Longer than a part: goes up in parts and is one object.
    let long = noise(700_000, 3);
    let up = Ran::with_input(
        server
            .command()
            .args(["cp", "-", "oss://streams/long", "--part-size", "200K"]),
        &long,
    );
    assert_eq!(up.code, 0, "{}", up.stderr);
    server.ok(&["cp", "oss://streams/long", "long.back"]);
    assert!(std::fs::read(server.dir.path().join("long.back")).unwrap() == long);
    assert!(
        server
            .ok(&["stat", "oss://streams/long"])
            .contains("X-Oss-Object-Type           : Multipart")
    );
    let nameless = Ran::with_input(
        server.command().args(["cp", "-", "oss://streams/dir/"]),
        b"x",
    );
    assert_eq!(nameless.code, 1);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let server = Server::memory();
    server.ok(&["mb", "oss://pipes"]);
    write(server.dir.path(), "big", &noise(4 << 20, 5));
    server.ok(&["cp", "big", "oss://pipes/big"]);
    let mut child = server
        .command()
        .args(["cat", "oss://pipes/big"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn big_files_go_in_parts_and_go_on_where_they_stopped() {
    let server = Server::memory();
    server.ok(&["mb", "oss://parts"]);
    let content = noise(1_000_000, 7);
    write(server.dir.path(), "big.bin", &content);
    let flags = [
        "--bigfile-threshold",
        "300K",
        "--part-size",
        "150K",
        "--parallel",
        "3",
    ];
    let mut arguments = vec!["cp", "big.bin", "oss://parts/big.bin"];
    arguments.extend(flags);
    server.ok(&arguments);
    assert!(
        !server.dir.path().join(".ossutil_checkpoint").exists(),
        "the checkpoint of a finished upload is removed"
    );
    server.ok(&["cp", "oss://parts/big.bin", "back.bin"]);
    assert!(std::fs::read(server.dir.path().join("back.bin")).unwrap() == content);
    let stat = server.ok(&["stat", "oss://parts/big.bin"]);
    assert!(
        stat.contains("-7\n") && stat.contains(&format!(": {}\n", fosse_client::crc64(&content))),
        "{stat}"
    );

    // A source that shrinks while it is sent stops the upload; what was sent waits for the next run.
    let path = server.dir.path().join("big.bin");
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let mut slow = server.command();
    slow.args([
        "cp",
        "big.bin",
        "oss://parts/again.bin",
        "--retry-times",
        "0",
    ])
    .args(flags)
    .env("OSS_ENDPOINT", stopping_proxy(&server.endpoint));
    let stopped = Ran::of(&mut slow);
    assert_eq!(stopped.code, 3, "{}", stopped.stderr);
    assert_eq!(
        std::fs::metadata(&path).unwrap().modified().unwrap(),
        modified
    );
    let uploads = server.ok(&["ls", "oss://parts", "-m"]);
    assert!(uploads.contains("UploadID Number is: 1"), "{uploads}");
    let mut again = vec!["cp", "big.bin", "oss://parts/again.bin"];
    again.extend(flags);
    again.extend(["--loglevel", "info", "--log-file", "-"]);
    let ran = server.run(&again);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let sent = ran.stderr.matches(" UploadPart ").count();
    assert!(
        (1..7).contains(&sent) && !ran.stderr.contains("InitiateMultipartUpload"),
        "of 7 parts, those that the server held are not sent again: {}",
        ran.stderr
    );
    assert!(
        server
            .ok(&["ls", "oss://parts", "-m"])
            .contains("UploadID Number is: 0")
    );
    server.ok(&["cp", "oss://parts/again.bin", "back.bin"]);
    assert!(std::fs::read(server.dir.path().join("back.bin")).unwrap() == content);
}

/// A proxy that passes requests on and breaks off for good in the fourth part.
fn stopping_proxy(endpoint: &str) -> String {
    use std::io::{Read as _, Write as _};
    let target = endpoint.strip_prefix("http://").unwrap().to_owned();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let left = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(500_000));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(mut server) = std::net::TcpStream::connect(&target) else {
                return;
            };
            let (mut client_in, mut server_back) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            let mut client = client;
            std::thread::spawn(move || std::io::copy(&mut server_back, &mut client));
            let left = left.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(length @ 1..) = client_in.read(&mut buffer) {
                    if left.fetch_sub(length as i64, std::sync::atomic::Ordering::Relaxed) < 0 {
                        break;
                    }
                    if server.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                let _ = server.shutdown(std::net::Shutdown::Both);
                let _ = client_in.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn keys_that_are_hard_on_paths_and_shells() {
    let server = Server::memory();
    server.ok(&["mb", "oss://hard-keys"]);
    let long = "k".repeat(1023);
    for key in [
        "a b",
        "a+b",
        "a%20b",
        "中文/文件.txt",
        "a//b",
        "./a",
        "../b",
        "a?b#c",
        "~'()*!",
        "a&b=c;d",
        "trailing/",
        &long,
    ] {
        write(server.dir.path(), "body", key.as_bytes());
        let url = format!("oss://hard-keys/{key}");
        if key.ends_with('/') {
            // A name that ends in a slash takes the base name of the file; standard input has none.
            let up = Ran::with_input(
                server
                    .command()
                    .args(["cp", "-", "oss://hard-keys/trailing"]),
                b"x",
            );
            assert_eq!(up.code, 0);
            continue;
        }
        server.ok(&["cp", "body", &url]);
        assert_eq!(server.ok(&["cat", &url]), key);
        assert!(
            server.ok(&["ls", &url, "-s"]).contains(&format!("{url}\n")),
            "{key}"
        );
        let link = server.link(&["presign", &url]);
        assert_eq!(
            harness::http("GET", &link, &[], b""),
            (200, key.as_bytes().to_vec()),
            "{link}"
        );
        server.ok(&["cp", &url, "back"]);
        assert_eq!(
            std::fs::read(server.dir.path().join("back")).unwrap(),
            key.as_bytes()
        );
        server.ok(&["rm", &url, "-f"]);
        assert_eq!(server.run(&["stat", &url]).code, 2, "{key}");
    }
    server.ok(&["rm", "oss://hard-keys", "-r", "-f"]);
}

#[test]
fn what_an_upload_says_about_its_object() {
    let server = Server::memory();
    server.ok(&[
        "mb",
        "oss://meta",
        "--acl",
        "private",
        "--storage-class",
        "IA",
    ]);
    write(server.dir.path(), "page.html", b"<p>");
    server.ok(&[
        "cp",
        "page.html",
        "oss://meta/page",
        "--metadata",
        "one=1,two=2",
        "--metadata",
        "three=3",
        "--acl",
        "public-read",
        "--cache-control",
        "no-cache",
        "--content-disposition",
        "inline",
    ]);
    let stat = server.ok(&["stat", "oss://meta/page"]);
    for row in [
        "X-Oss-Meta-One              : 1",
        "X-Oss-Meta-Two              : 2",
        "X-Oss-Meta-Three            : 3",
        "ACL                         : public-read",
        "Cache-Control               : no-cache",
        "Content-Disposition         : inline",
        "Content-Type                : text/html",
        "X-Oss-Storage-Class         : IA",
    ] {
        assert!(stat.contains(row), "{row} in {stat}");
    }
    assert_eq!(
        harness::http("GET", &format!("{}/meta/page", server.endpoint), &[], b"").0,
        200
    );
    // A copy keeps what the command line does not replace.
    server.ok(&["cp", "oss://meta/page", "oss://meta/copy"]);
    assert!(
        server
            .ok(&["stat", "oss://meta/copy"])
            .contains("X-Oss-Meta-Two              : 2")
    );
    server.ok(&[
        "cp",
        "oss://meta/page",
        "oss://meta/copy",
        "--metadata",
        "four=4",
    ]);
    let stat = server.ok(&["stat", "oss://meta/copy"]);
    assert!(
        stat.contains("X-Oss-Meta-Four") && !stat.contains("X-Oss-Meta-Two"),
        "{stat}"
    );
    assert_eq!(
        harness::http("GET", &format!("{}/meta/copy", server.endpoint), &[], b"").0,
        403
    );
    // What is there already stays when a flag says so.
    write(server.dir.path(), "other.html", b"<p>other");
    assert!(
        server
            .ok(&["cp", "other.html", "oss://meta/page", "--ignore-existing"])
            .contains("Skip done")
    );
    assert_eq!(
        server
            .run(&["cp", "other.html", "oss://meta/page", "--forbid-overwrite"])
            .code,
        2
    );
    assert_eq!(server.ok(&["cat", "oss://meta/page"]), "<p>");
}

#[test]
fn nothing_happens_in_a_dry_run() {
    let server = Server::memory();
    let said = server.ok(&["mb", "oss://dry", "-n"]);
    assert!(said.starts_with("(dry-run) "), "{said}");
    assert!(server.ok(&["ls"]).contains("Bucket Number is: 0"));
    server.ok(&["mb", "oss://dry"]);
    write(server.dir.path(), "a", b"a");
    server.ok(&["cp", "a", "oss://dry/a", "--dry-run"]);
    assert!(
        server
            .ok(&["ls", "oss://dry"])
            .contains("Object Number is: 0")
    );
    server.ok(&["cp", "a", "oss://dry/a"]);
    assert!(
        server
            .ok(&["rm", "oss://dry", "-r", "-n"])
            .contains("(dry-run) remove oss://dry/a\n")
    );
    server.ok(&["cp", "oss://dry/a", "b", "-n"]);
    assert!(!server.dir.path().join("b").exists());
    assert_eq!(server.ok(&["cat", "oss://dry/a"]), "a");
}

#[test]
fn flags_stand_where_people_put_them() {
    let server = Server::memory();
    server.ok(&["mb", "oss://flags"]);
    let (endpoint, region) = (server.endpoint.clone(), "cn-hangzhou");
    let run = |arguments: &[&str]| {
        let mut command = fosse();
        command
            .args(arguments)
            .current_dir(server.dir.path())
            .env("HOME", server.dir.path());
        Ran::of(&mut command)
    };
    let (id, secret) = (harness::ID, harness::SECRET);
    let joined = format!("-e={endpoint}");
    for arguments in [
        &[
            "-i",
            id,
            "-k",
            secret,
            "-e",
            &endpoint,
            "--region",
            region,
            "ls",
            "oss://flags",
        ][..],
        &[
            "ls",
            "oss://flags",
            "-i",
            id,
            "-k",
            secret,
            "-e",
            &endpoint,
            "--region",
            region,
        ],
        &[
            "ls",
            "-i",
            id,
            "oss://flags",
            "-k",
            secret,
            &joined,
            "--region=cn-hangzhou",
            "-sq",
        ],
        // The last of two counts.
        &[
            "ls",
            "-e",
            "http://127.0.0.1:1",
            "-i",
            "x",
            "oss://flags",
            "-i",
            id,
            "-k",
            secret,
            "-e",
            &endpoint,
            "--region",
            "x",
            "--region",
            region,
        ],
        &[
            "ls",
            "oss://flags",
            "-i",
            id,
            "-k",
            secret,
            "-e",
            &endpoint,
            "--sign-version",
            "V1",
        ],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.contains("Object Number is: 0"), "{}", ran.stdout);
    }
}

#[test]
fn help_and_version() {
    let help = Ran::of(fosse().arg("--help"));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in [
        "serve", "presign", "sign", "mb", "rb", "ls", "cp", "cat", "stat", "rm", "config", "hash",
        "version",
    ] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{command} in {}",
            help.stdout
        );
        let own = Ran::of(fosse().args([command, "--help"]));
        assert!(
            own.code == 0 && own.stdout.contains("Usage: fosse"),
            "{command}: {}",
            own.stderr
        );
        assert_eq!(
            Ran::of(fosse().args(["help", command])).code,
            0,
            "{command}"
        );
    }
    assert_eq!(
        Ran::of(fosse().arg("version")).stdout,
        format!("fosse version: v{}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[cfg(unix)]
#[test]
fn under_the_name_ossutil() {
    let server = Server::memory();
    let link = server.dir.path().join("ossutil");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_fosse"), &link).unwrap();
    let ran = |arguments: &[&str]| {
        let mut command = std::process::Command::new(&link);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", server.dir.path());
        Ran::of(&mut command)
    };
    let keys = ["-i", harness::ID, "-k", harness::SECRET];
    let common = [
        &keys[..],
        &["-e", &server.endpoint, "--region", "cn-hangzhou"],
    ]
    .concat();
    assert_eq!(ran(&[&["mb", "oss://named"][..], &common].concat()).code, 0);
    assert!(ran(&["version"]).stdout.starts_with("ossutil version: v"));
    // Without an endpoint this name means the public service, in the region that was given.
    let url = ran(&[
        &["presign", "oss://named/a", "--region", "cn-beijing"][..],
        &keys,
    ]
    .concat());
    assert!(
        url.stdout
            .starts_with("https://named.oss-cn-beijing.aliyuncs.com/a?"),
        "{}",
        url.stdout
    );
}

#[test]
fn hashes() {
    let server = Server::memory();
    write(server.dir.path(), "digits", b"123456789");
    assert!(
        server
            .ok(&["hash", "crc64", "digits"])
            .starts_with("crc64-ecma  : 11051210869376104954\n")
    );
    assert!(
        server
            .ok(&["hash", "digits", "--type=md5"])
            .contains("25F9E794323B453885F5181F1B624D0B\ncontent-md5 : JfnnlDI7RTiF9RgfG2JNCw==\n")
    );
    server.ok(&["mb", "oss://hashes"]);
    server.ok(&["cp", "digits", "oss://hashes/digits"]);
    for extra in [&[][..], &["--download"]] {
        let crc = server.ok(&[&["hash", "crc64", "oss://hashes/digits"][..], extra].concat());
        assert!(
            crc.starts_with("crc64-ecma  : 11051210869376104954\n"),
            "{crc}"
        );
        let md5 = server.ok(&[&["hash", "md5", "oss://hashes/digits"][..], extra].concat());
        assert!(md5.contains("25F9E794323B453885F5181F1B624D0B"), "{md5}");
    }
    assert_eq!(server.run(&["hash", "sha1", "digits"]).code, 1);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_transfer() {
    // A server that never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "file", b"x");
    let mut command = fosse();
    command.args([
        "cp",
        "oss://some-bucket/k",
        "target",
        "-i",
        "x",
        "-k",
        "y",
        "--region",
        "r",
    ]);
    command
        .args(["-e", &format!("http://{}", listener.local_addr().unwrap())])
        .current_dir(dir.path())
        .env("HOME", dir.path());
    let child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Its request is there: it waits for the answer.
    let (mut stream, _) = listener.accept().unwrap();
    std::io::Read::read_exact(&mut stream, &mut [0; 16]).unwrap();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(
        ran.code == 5 && ran.stderr.contains("interrupted"),
        "{ran:?}"
    );
    assert!(!dir.path().join("target").exists());
}

#[test]
fn the_log_file_names_requests_and_no_secrets() {
    let server = Server::memory();
    server.ok(&["mb", "oss://log-file", "--loglevel", "info"]);
    assert_eq!(
        server
            .run(&["cat", "oss://log-file/none", "--loglevel", "debug"])
            .code,
        2
    );
    let log = std::fs::read_to_string(server.dir.path().join("ossutil.log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(
        lines.len() == 2
            && lines[0].contains(" PutBucket PUT http://127.0.0.1:")
            && lines[0].contains(" 200 "),
        "{log}"
    );
    assert!(
        lines[1].contains("GetObject")
            && lines[1].contains("failed: operation error GetObject: 404 NoSuchKey"),
        "{log}"
    );
    assert!(
        !log.contains(harness::SECRET) && !log.to_lowercase().contains("signature="),
        "{log}"
    );
    let ran = server.run(&["ls", "--loglevel", "info", "--log-file", "-"]);
    assert!(ran.stderr.contains(" ListBuckets GET "), "{}", ran.stderr);
}

#[test]
fn output_for_machines() {
    let server = Server::memory();
    server.ok(&["mb", "oss://machines", "--output-format", "json"]);
    write(server.dir.path(), "a,b.txt", b"abc");
    assert_eq!(
        server.ok(&["cp", "a,b.txt", "oss://machines", "--output-format", "json"]),
        ""
    );
    let json = |arguments: &[&str]| -> serde_json::Value {
        let text = server.ok(&[arguments, &["--output-format", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    assert_eq!(json(&["ls"])[0]["Name"], "machines");
    assert_eq!(json(&["ls", "oss://machines"])[0]["Key"], "a,b.txt");
    assert_eq!(json(&["ls", "oss://machines"])[0]["Size"], 3);
    assert_eq!(json(&["ls", "oss://machines", "-m"]), serde_json::json!([]));
    assert_eq!(
        json(&["stat", "oss://machines/a,b.txt"])["Content-Length"],
        "3"
    );
    // The profile may choose it as well.
    server.ok(&["config", "set", "output-format", "json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&server.ok(&["ls"])).is_ok());
    assert!(
        server
            .ok(&[
                "presign",
                "oss://machines/a,b.txt",
                "--output-format",
                "csv"
            ])
            .contains("\n\"a,b.txt\",,GET,")
    );
}
