//! `fosse serve`: what an operator meets when starting, stopping and starting again.

mod harness;

use harness::{ID, Ran, Server, exported, fosse, write};

#[test]
fn the_first_start_prints_a_key_once_and_it_stays() {
    let server = Server::start(&[], false);
    let endpoint = server.endpoint.clone();
    let (printed, dir) = server.stop();
    let id = exported(&printed, "OSS_ACCESS_KEY_ID")
        .unwrap_or_else(|| panic!("{printed}"))
        .to_owned();
    let secret = exported(&printed, "OSS_ACCESS_KEY_SECRET")
        .unwrap()
        .to_owned();
    assert!(id.len() == 24 && secret.len() == 40, "{printed}");
    assert_eq!(exported(&printed, "OSS_REGION"), Some("cn-hangzhou"));
    assert_eq!(exported(&printed, "OSS_ENDPOINT"), Some(endpoint.as_str()));
    assert!(
        printed.contains("\nfosse mb ") && printed.contains("\npython3 -c "),
        "{printed}"
    );
    assert!(dir.path().join("fosse-data").is_dir());

    let server = Server::start_in(dir, &[], false);
    let with_key = |arguments: &[&str]| {
        Ran::of(
            server
                .command()
                .args(arguments)
                .env("OSS_ACCESS_KEY_ID", &id)
                .env("OSS_ACCESS_KEY_SECRET", &secret),
        )
    };
    assert_eq!(with_key(&["mb", "oss://kept"]).code, 0);
    write(server.dir.path(), "a", b"kept bytes");
    assert_eq!(with_key(&["cp", "a", "oss://kept/a"]).code, 0);
    let owner = with_key(&["stat", "oss://kept"])
        .stdout
        .lines()
        .find(|line| line.starts_with("Owner"))
        .unwrap()
        .to_owned();
    assert!(!server.log().contains(&secret));
    let (printed, dir) = server.stop();
    assert_eq!(printed, "", "the key is printed at the first start only");

    // Another root key takes the place of the first; account and buckets stay.
    let server = Server::start_in(dir, &[], true);
    assert_eq!(server.ok(&["cat", "oss://kept/a"]), "kept bytes");
    assert!(server.ok(&["stat", "oss://kept"]).contains(&owner));
    let old = Ran::of(
        server
            .command()
            .arg("ls")
            .env("OSS_ACCESS_KEY_ID", &id)
            .env("OSS_ACCESS_KEY_SECRET", &secret),
    );
    assert!(
        old.code == 2 && old.stderr.contains("InvalidAccessKeyId"),
        "{}",
        old.stderr
    );
    assert_eq!(server.stop().0, "");
}

#[test]
fn memory_leaves_nothing_and_prints_unless_told() {
    let server = Server::start(&["--memory"], false);
    let (printed, dir) = server.stop();
    assert!(
        exported(&printed, "OSS_ACCESS_KEY_ID").is_some() && printed.contains("in memory"),
        "{printed}"
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert_eq!(Server::memory().stop().0, "");
}

#[test]
fn what_prevents_a_start_is_said() {
    let server = Server::start(&[], true);
    let refused = |arguments: &[&str]| {
        let ran = Ran::of(
            fosse()
                .arg("serve")
                .args(arguments)
                .current_dir(server.dir.path()),
        );
        assert_eq!(ran.stdout, "");
        (ran.code, ran.stderr)
    };
    let port = server.endpoint.rsplit(':').next().unwrap();
    let (code, said) = refused(&[
        "--memory",
        "--console",
        "off",
        "--listen",
        &format!("127.0.0.1:{port}"),
    ]);
    assert!(
        code == 3 && said.contains(&format!("port {port}")) && said.contains("in use"),
        "{said}"
    );
    let (code, said) = refused(&["--console", "off", "--listen", "127.0.0.1:0"]);
    assert!(
        code == 3 && said.contains("fosse-data") && said.contains("another fosse process"),
        "{said}"
    );
    for (arguments, expected) in [
        (&["--listen", "nowhere"][..], "IP:PORT"),
        (&["--listen-tls", "127.0.0.1:0"], "certificate"),
        (&["--tls-cert", "x"], "tls-key"),
        (&["--config", "nowhere.toml"], "nowhere.toml"),
        (&["--log", "info=info=info"], "filter"),
        (&["--log-format", "xml"], "text or json"),
        (&["--public-url", "oss.example.com"], "http://"),
        (&["--listen", "off"], "listener"),
    ] {
        let (code, said) = refused(&[arguments, &["--memory", "--console", "off"]].concat());
        assert!(
            matches!(code, 1 | 3) && said.contains(expected),
            "{arguments:?}: {code} {said}"
        );
    }
    let half = Ran::of(
        fosse()
            .args(["serve", "--memory"])
            .env("FOSSE_ROOT_ACCESS_KEY_ID", "x"),
    );
    assert!(
        half.code == 1 && half.stderr.contains("FOSSE_ROOT_ACCESS_KEY_SECRET"),
        "{}",
        half.stderr
    );
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let (_, dir) = Server::start(&[], true).stop();
    let data = dir.path().join("fosse-data");
    // Whatever file holds the version: every digit in it becomes a larger one.
    let file = std::fs::read_dir(&data)
        .unwrap()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().to_lowercase().contains("format"))
        })
        .expect("a file that says the format");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(|c: char| c.is_ascii_digit(), "9")).unwrap();
    let ran = Ran::of(
        fosse()
            .args(["serve", "--listen", "127.0.0.1:0", "--console", "off"])
            .current_dir(dir.path()),
    );
    assert!(
        ran.code == 3 && ran.stderr.contains("cannot be opened"),
        "{} {}",
        ran.code,
        ran.stderr
    );
    assert!(ran.stderr.contains("newer"), "{}", ran.stderr);
}

#[test]
fn settings_say_where_they_came_from() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "fosse.toml",
        b"region = \"from-file\"\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n",
    );
    let mut command = fosse();
    command.args([
        "serve",
        "--print-config",
        "--config",
        "fosse.toml",
        "--domain",
        "a.example",
        "--domain",
        "b.example",
    ]);
    command
        .env("FOSSE_DATA_DIR", "/from/variable")
        .env("FOSSE_REGION", "from-variable")
        .env("FOSSE_ROOT_ACCESS_KEY_SECRET", "hidden");
    let ran = Ran::of(command.current_dir(dir.path()));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let has = |start: &str, end: &str| {
        ran.stdout
            .lines()
            .any(|line| line.starts_with(start) && line.ends_with(end))
    };
    assert!(
        has("region = \"from-variable\" ", "# variable FOSSE_REGION"),
        "{}",
        ran.stdout
    );
    assert!(
        has(
            "listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"] ",
            "# file fosse.toml"
        ),
        "{}",
        ran.stdout
    );
    assert!(
        has("domain = [\"a.example\", \"b.example\"] ", "# command line"),
        "{}",
        ran.stdout
    );
    assert!(
        has("console = \"127.0.0.1:9001\" ", "# default"),
        "{}",
        ran.stdout
    );
    assert!(
        has(
            "data-dir = \"/from/variable\" ",
            "# variable FOSSE_DATA_DIR"
        ),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("hidden") && !dir.path().join("fosse-data").exists());
    write(dir.path(), "fosse.toml", b"regoin = \"x\"\n");
    let ran = Ran::of(
        fosse()
            .args(["serve", "--config", "fosse.toml"])
            .current_dir(dir.path()),
    );
    assert!(
        ran.code == 1 && ran.stderr.contains("regoin") && ran.stderr.contains("fosse.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_console_listener_and_json_logs() {
    let server = Server::start(
        &[
            "--memory",
            "--console",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--log",
            "info",
        ],
        true,
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let admin = loop {
        if let Some(admin) = server
            .log()
            .lines()
            .find_map(|line| line.strip_prefix("admin on ").map(str::to_owned))
        {
            break admin;
        }
        assert!(std::time::Instant::now() < deadline, "{}", server.log());
    };
    assert_eq!(
        harness::http("GET", &format!("{admin}/healthz"), &[], b"").0,
        200
    );
    server.ok(&["mb", "oss://logged"]);
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.contains("PutBucket"))
        .unwrap_or_else(|| panic!("{log}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].is_string(), "{line}");
}

#[test]
fn additional_access_keys() {
    let server = Server::start(&[], true);
    server.ok(&["mb", "oss://shared"]);
    let admin_in = |dir: &std::path::Path, arguments: &[&str]| {
        Ran::of(
            fosse()
                .args(["admin", "access-key"])
                .args(arguments)
                .current_dir(dir),
        )
    };
    let busy = admin_in(server.dir.path(), &["list"]);
    assert!(
        busy.code == 3 && busy.stderr.contains("another fosse process"),
        "{}",
        busy.stderr
    );
    let (_, dir) = server.stop();
    let admin = |arguments: &[&str]| admin_in(dir.path(), arguments);

    let made = admin(&["create", "--comment", "backup job"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let id = exported(&made.stdout, "OSS_ACCESS_KEY_ID")
        .unwrap()
        .to_owned();
    let secret = exported(&made.stdout, "OSS_ACCESS_KEY_SECRET")
        .unwrap()
        .to_owned();
    let list = admin(&["list"]).stdout;
    assert!(
        list.contains(&format!("{id}  added  enabled "))
            && list.contains("backup job")
            && list.contains("root   enabled"),
        "{list}"
    );
    assert!(!list.contains(&secret), "{list}");
    assert_eq!(admin(&["disable", ID]).code, 3, "the root key stays");
    assert_eq!(admin(&["delete", "nobody"]).code, 3);

    let with_key = |server: &Server| {
        Ran::of(
            server
                .command()
                .args(["ls"])
                .env("OSS_ACCESS_KEY_ID", &id)
                .env("OSS_ACCESS_KEY_SECRET", &secret),
        )
    };
    let server = Server::start_in(dir, &[], true);
    let listed = with_key(&server);
    assert!(
        listed.code == 0 && listed.stdout.contains("oss://shared"),
        "{}",
        listed.stderr
    );
    let (_, dir) = server.stop();

    assert_eq!(admin_in(dir.path(), &["disable", &id]).code, 0);
    let server = Server::start_in(dir, &[], true);
    let refused = with_key(&server);
    assert!(
        refused.code == 2 && refused.stderr.contains("disabled"),
        "{}",
        refused.stderr
    );
    let (_, dir) = server.stop();

    assert_eq!(admin_in(dir.path(), &["enable", &id]).code, 0);
    let server = Server::start_in(dir, &[], true);
    assert_eq!(with_key(&server).code, 0);
    let (_, dir) = server.stop();

    assert_eq!(admin_in(dir.path(), &["delete", &id]).code, 0);
    assert!(!admin_in(dir.path(), &["list"]).stdout.contains(&id));
    let nowhere = admin_in(dir.path(), &["list", "--data-dir", "nowhere"]);
    assert!(
        nowhere.code == 3 && !dir.path().join("nowhere").exists(),
        "{}",
        nowhere.stderr
    );
}

#[test]
fn a_key_that_cannot_be_shown_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = fosse();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--console", "off"])
        .current_dir(dir.path());
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = Ran::from(
        command
            .stdout(full)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap(),
    );
    assert!(
        ran.code == 3 && ran.stderr.contains("cannot be printed"),
        "{}",
        ran.stderr
    );
    let (printed, _) = Server::start_in(dir, &[], false).stop();
    assert!(
        exported(&printed, "OSS_ACCESS_KEY_SECRET").is_some(),
        "the next start prints a key that works"
    );
}
