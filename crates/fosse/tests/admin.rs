//! `fosse admin`: the same commands over a running server and on its directory when it is stopped.

mod harness;

use harness::{ID, Ran, SECRET, Server, exported, fosse};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const CONSOLE: [&str; 2] = ["--console", "127.0.0.1:0"];

fn admin(dir: &Path, arguments: &[&str]) -> Ran {
    Ran::of(fosse().arg("admin").args(arguments).current_dir(dir))
}

fn ok(dir: &Path, arguments: &[&str]) -> String {
    let ran = admin(dir, arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    ran.stdout
}

fn refused(dir: &Path, arguments: &[&str], code: &str) {
    let ran = admin(dir, arguments);
    assert!(
        ran.code == 3 && ran.stderr.contains(code),
        "{arguments:?}: {} {}",
        ran.code,
        ran.stderr
    );
}

const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"Resource":["acs:oss:*:*:photos/*"]}]}"#;

/// Users, keys, groups, roles and policies, from making to deleting.
fn everything(dir: &Path) {
    ok(
        dir,
        &["user", "create", "app", "--comment", "photo application"],
    );
    refused(dir, &["user", "create", "APP"], "EntityAlreadyExists.User");
    assert!(ok(dir, &["user", "list"]).contains("photo application"));
    let key = ok(dir, &["access-key", "create", "--user", "app"]);
    let id = exported(&key, "OSS_ACCESS_KEY_ID").unwrap().to_owned();
    let secret = exported(&key, "OSS_ACCESS_KEY_SECRET").unwrap().to_owned();
    let list = ok(dir, &["access-key", "list", "--user", "app"]);
    assert!(list.contains(&id) && !list.contains(&secret), "{list}");
    std::fs::write(dir.join("photos.json"), POLICY).unwrap();
    ok(dir, &["policy", "create", "photos-read", "@photos.json"]);
    refused(
        dir,
        &["policy", "create", "other", "{}"],
        "MalformedPolicyDocument",
    );
    ok(dir, &["policy", "attach", "photos-read", "--user", "app"]);
    ok(
        dir,
        &[
            "policy",
            "attach",
            "AliyunSTSAssumeRoleAccess",
            "--user",
            "app",
        ],
    );
    refused(
        dir,
        &["policy", "attach", "nothing", "--user", "app"],
        "EntityNotExist.Policy",
    );
    let shown = ok(dir, &["policy", "get", "photos-read"]);
    assert!(
        shown.contains("acs:oss:*:*:photos/*") && shown.contains("Users: app"),
        "{shown}"
    );
    assert_eq!(
        ok(dir, &["policy", "update", "photos-read", POLICY]),
        "v2\n"
    );
    assert!(ok(dir, &["policy", "list"]).contains("AliyunOSSFullAccess"));
    ok(dir, &["group", "create", "editors"]);
    ok(dir, &["group", "add", "editors", "app"]);
    ok(
        dir,
        &["policy", "put-inline", "own", POLICY, "--group", "editors"],
    );
    assert!(ok(dir, &["policy", "get-inline", "--group", "editors"]).contains("own"));
    assert!(ok(dir, &["policy", "get-inline", "own", "--group", "editors"]).contains("photos/*"));
    ok(dir, &["role", "create", "reader", "--max-session", "7200"]);
    ok(
        dir,
        &[
            "policy",
            "attach",
            "AliyunOSSReadOnlyAccess",
            "--role",
            "reader",
        ],
    );
    let role = ok(dir, &["role", "get", "reader"]);
    assert!(
        role.contains("7200") && role.contains("sts:AssumeRole"),
        "{role}"
    );
    let user = ok(dir, &["user", "get", "app"]);
    for part in [
        "Groups: editors",
        "photos-read",
        "AliyunSTSAssumeRoleAccess",
        &id,
    ] {
        assert!(user.contains(part), "{part}: {user}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&ok(dir, &["user", "get", "app", "--output", "json"])).unwrap();
    assert_eq!(json["User"]["UserName"], "app");

    refused(dir, &["user", "delete", "app"], "DeleteConflict.User");
    ok(dir, &["access-key", "disable", &id]);
    assert!(ok(dir, &["access-key", "list", "--user", "app"]).contains("disabled"));
    ok(dir, &["access-key", "delete", &id]);
    for policy in ["photos-read", "AliyunSTSAssumeRoleAccess"] {
        ok(dir, &["policy", "detach", policy, "--user", "app"]);
    }
    ok(dir, &["group", "remove", "editors", "app"]);
    ok(
        dir,
        &["policy", "delete-inline", "own", "--group", "editors"],
    );
    ok(
        dir,
        &[
            "policy",
            "detach",
            "AliyunOSSReadOnlyAccess",
            "--role",
            "reader",
        ],
    );
    for delete in [
        &["user", "delete", "app"][..],
        &["group", "delete", "editors"],
        &["role", "delete", "reader"],
        &["policy", "delete", "photos-read"],
    ] {
        ok(dir, delete);
    }
    refused(dir, &["user", "get", "app"], "EntityNotExist.User");

    let made = ok(dir, &["account", "create", "partner", "--output", "json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let account = made["Account"]["AccountId"].as_str().unwrap().to_owned();
    assert!(ok(dir, &["account", "list"]).contains("partner"));
    let key = ok(dir, &["access-key", "create", "--account", &account]);
    let id = exported(&key, "OSS_ACCESS_KEY_ID").unwrap().to_owned();
    refused(
        dir,
        &["account", "delete", &account],
        "DeleteConflict.Account",
    );
    ok(dir, &["account", "disable", &account]);
    ok(dir, &["access-key", "delete", &id, "--account", &account]);
    ok(dir, &["account", "delete", &account]);
    refused(dir, &["access-key", "delete", ID], "RootAccessKey");
    let usage = admin(
        dir,
        &["policy", "attach", "x", "--user", "a", "--role", "b"],
    );
    assert_eq!(usage.code, 1, "{}", usage.stderr);
}

/// What links download, for a bucket of its own and back.
fn buckets(dir: &Path) {
    let mode = |name: &str| {
        let list = ok(dir, &["bucket", "list"]);
        let line = list.lines().find(|line| line.starts_with(name));
        line.unwrap().split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(mode("photos"), "server");
    ok(dir, &["bucket", "set", "photos", "--force-download", "off"]);
    assert_eq!(
        (mode("photos"), mode("texts")),
        ("off".into(), "server".into())
    );
    let shown = ok(dir, &["bucket", "get", "photos", "--output", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["Bucket"]["ForceDownload"], "off");
    let set = |name: &str, mode: &str| {
        admin(dir, &["bucket", "set", name, "--force-download", mode]).code
    };
    assert_eq!(set("photos", "server"), 0);
    assert_eq!(mode("photos"), "server");
    assert_eq!(set("photos", "sometimes"), 1);
    refused(
        dir,
        &["bucket", "set", "nothing", "--force-download", "off"],
        "EntityNotExist.Bucket",
    );
    refused(
        dir,
        &["bucket", "get", "photos", "--account", "6543210987654321"],
        "EntityNotExist.Bucket",
    );
}

#[test]
fn buckets_have_modes_of_downloading() {
    let server = Server::start(&CONSOLE, true);
    for bucket in ["oss://photos", "oss://texts"] {
        server.ok(&["mb", bucket]);
    }
    buckets(server.dir.path());
    let (_, dir) = server.stop();
    buckets(dir.path());
}

#[test]
fn a_running_server_is_administered() {
    let server = Server::start(&CONSOLE, true);
    everything(server.dir.path());
    let token = server.dir.path().join("fosse-data/admin.token");
    let mode = std::fs::metadata(&token).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&token).unwrap();
    let url = text.lines().next().unwrap().to_owned();

    // Without the token, and without the root key, nobody does.
    std::fs::write(&token, format!("{url}\nwrong\n")).unwrap();
    refused(server.dir.path(), &["user", "list"], "InvalidToken");
    let by_key = |id: &str, secret: &str| {
        Ran::of(
            fosse()
                .args(["admin", "user", "create", "by-key", "--admin-url", &url])
                .env("OSS_ACCESS_KEY_ID", id)
                .env("OSS_ACCESS_KEY_SECRET", secret)
                .current_dir(server.dir.path()),
        )
    };
    let wrong = by_key(ID, "wrong");
    assert!(
        wrong.code == 3 && wrong.stderr.contains("SignatureDoesNotMatch"),
        "{}",
        wrong.stderr
    );
    let right = by_key(ID, SECRET);
    assert_eq!(right.code, 0, "{}", right.stderr);
    for body in ["", "{", r#"{"Action":"ListUsers","A":[]}"#] {
        let (status, _) = harness::http("POST", &format!("{url}/admin/v1"), &[], body.as_bytes());
        assert_eq!(status, 400);
    }
    let headers = [("Origin", "http://evil.example")];
    assert_eq!(
        harness::http("POST", &format!("{url}/admin/v1"), &headers, b"{}").0,
        403
    );
    assert_eq!(
        harness::http("GET", &format!("{url}/admin/v1"), &[], b"").0,
        405
    );

    // Started anew, the server has another token.
    let (_, dir) = server.stop();
    let server = Server::start_in(dir, &CONSOLE, true);
    assert!(ok(server.dir.path(), &["user", "list"]).contains("by-key"));
    assert!(!std::fs::read_to_string(&token).unwrap().contains("wrong"));
}

#[test]
fn a_stopped_server_is_administered() {
    let (_, dir) = Server::start(&CONSOLE, true).stop();
    everything(dir.path());
    ok(dir.path(), &["user", "create", "kept"]);
    let server = Server::start_in(dir, &CONSOLE, true);
    assert!(ok(server.dir.path(), &["user", "list"]).contains("kept"));
}

#[test]
fn a_key_made_by_the_command_works_at_once() {
    let server = Server::start(&CONSOLE, true);
    let dir = server.dir.path();
    server.ok(&["mb", "oss://photos"]);
    std::fs::write(dir.join("cat.txt"), "meow").unwrap();
    server.ok(&["cp", "cat.txt", "oss://photos/cat.txt"]);
    ok(dir, &["user", "create", "app"]);
    let key = ok(dir, &["access-key", "create", "--user", "app"]);
    let cat = || {
        Ran::of(
            server
                .command()
                .args(["cat", "oss://photos/cat.txt"])
                .env(
                    "OSS_ACCESS_KEY_ID",
                    exported(&key, "OSS_ACCESS_KEY_ID").unwrap(),
                )
                .env(
                    "OSS_ACCESS_KEY_SECRET",
                    exported(&key, "OSS_ACCESS_KEY_SECRET").unwrap(),
                ),
        )
    };
    assert_eq!(cat().code, 2, "no policy yet");
    ok(dir, &["policy", "create", "read", POLICY]);
    ok(dir, &["policy", "attach", "read", "--user", "app"]);
    let ran = cat();
    assert!(
        ran.code == 0 && ran.stdout.contains("meow"),
        "{}",
        ran.stderr
    );
    let id = exported(&key, "OSS_ACCESS_KEY_ID").unwrap();
    assert!(ok(dir, &["access-key", "last-used", id]).contains('Z'));
    ok(dir, &["access-key", "disable", id]);
    assert_eq!(cat().code, 2);
}
