//! The configuration file of the client and the precedence of what it holds.

mod harness;

use harness::{ID, Ran, SECRET, Server, fosse};

/// The program with a home of its own and nothing in the environment.
fn at_home(home: &std::path::Path, arguments: &[&str]) -> Ran {
    Ran::of(fosse().args(arguments).env("HOME", home).current_dir(home))
}

#[test]
fn set_get_and_profiles() {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| at_home(home.path(), arguments);
    assert_eq!(run(&["config", "set", "region", "cn-hangzhou"]).code, 0);
    assert_eq!(
        run(&[
            "config",
            "set",
            "endpoint",
            "http://office:9000",
            "--profile",
            "office"
        ])
        .code,
        0
    );
    assert_eq!(
        run(&[
            "config",
            "set",
            "source-profile",
            "default",
            "--profile",
            "office"
        ])
        .code,
        0
    );
    assert_eq!(run(&["config", "get", "region"]).stdout, "cn-hangzhou\n");
    assert_eq!(
        run(&["config", "get", "endpoint", "--profile", "office"]).stdout,
        "http://office:9000\n"
    );
    assert_eq!(run(&["config", "get", "endpoint"]).code, 1);
    assert_eq!(
        run(&["config", "list-profiles"]).stdout,
        "default\noffice\n"
    );
    assert_eq!(run(&["config", "set", "region", ""]).code, 0);
    assert_eq!(run(&["config", "get", "region"]).code, 1);
    let file = std::fs::read_to_string(home.path().join(".ossutilconfig")).unwrap();
    assert!(
        file.contains(
            "[profile office]\nendpoint = http://office:9000\nsource-profile = default\n"
        ),
        "{file}"
    );
    let missing = run(&["ls", "--profile", "nobody"]);
    assert!(
        missing.code == 1 && missing.stderr.contains("it has default, office"),
        "{}",
        missing.stderr
    );
    for wrong in [
        &["config", "set", "region"][..],
        &["config", "get"],
        &["config", "frobnicate"],
        &["config", "get", "x", "-c", "nowhere"],
    ] {
        assert_eq!(run(wrong).code, 1, "{wrong:?}");
    }
}

#[test]
fn the_non_interactive_form_and_old_files() {
    let server = Server::memory();
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| at_home(home.path(), arguments);
    let made = run(&[
        "config",
        "-e",
        &server.endpoint,
        "-i",
        ID,
        "-k",
        SECRET,
        "-c",
        "my.conf",
    ]);
    assert_eq!(
        (made.code, made.stdout.as_str()),
        (0, ""),
        "{}",
        made.stderr
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(home.path().join("my.conf"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // No region: V4 says what is missing, V1 does not need it.
    let missing = run(&["-c", "my.conf", "ls"]);
    assert!(
        missing.code == 3
            && missing
                .stderr
                .contains("region must be set in sign version 4"),
        "{}",
        missing.stderr
    );
    assert!(
        missing.stderr.contains("my.conf") && missing.stderr.contains("OSS_REGION"),
        "{}",
        missing.stderr
    );
    assert_eq!(
        run(&["-c", "my.conf", "ls", "--sign-version", "v1"]).code,
        0
    );
    assert_eq!(
        run(&["-c", "my.conf", "config", "set", "region", "cn-hangzhou"]).code,
        0
    );
    assert_eq!(run(&["ls", "-c", "my.conf"]).code, 0);

    let old = format!(
        "[Credentials]\nlanguage=EN\nendpoint={}\naccessKeyID={ID}\naccessKeySecret={SECRET}\nregion=cn-hangzhou\n",
        server.endpoint
    );
    std::fs::write(home.path().join(".ossutilconfig"), &old).unwrap();
    assert_eq!(run(&["mb", "oss://old-file"]).code, 0);
    assert_eq!(run(&["config", "set", "sign-version", "v1"]).code, 0);
    let file = std::fs::read_to_string(home.path().join(".ossutilconfig")).unwrap();
    assert!(
        file.starts_with(&old) && file.contains("sign-version = v1"),
        "{file}"
    );
    assert!(
        run(&["presign", "oss://old-file/a"])
            .stdout
            .contains("OSSAccessKeyId=")
    );
}

#[test]
fn flag_then_variable_then_profile() {
    let home = tempfile::tempdir().unwrap();
    let file = "[default]\naccess-key-id = FileId\naccess-key-secret = s\nregion = file-region\nendpoint = http://file-host\n\
        [profile other]\nsource-profile=default\nregion = other-region\nbuckets = mine\n\
        [buckets mine]\nphotos =\n  endpoint = http://photos.example.com\n  addressing-style = cname\n";
    std::fs::write(home.path().join(".ossutilconfig"), file).unwrap();
    let url = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = fosse();
        command
            .env("HOME", home.path())
            .args(["presign", "-q"])
            .args(arguments)
            .envs(variables.iter().copied());
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let variables = [
        ("OSS_ACCESS_KEY_ID", "EnvId"),
        ("OSS_REGION", "env-region"),
        ("OSS_ENDPOINT", "http://env-host"),
    ];
    let plain = url(&["oss://bkt/k"], &[]);
    assert!(
        plain.starts_with("http://bkt.file-host/k?")
            && plain.contains("FileId%2F")
            && plain.contains("%2Ffile-region%2F"),
        "{plain}"
    );
    let env = url(&["oss://bkt/k"], &variables);
    assert!(
        env.starts_with("http://bkt.env-host/")
            && env.contains("EnvId%2F")
            && env.contains("%2Fenv-region%2F"),
        "{env}"
    );
    let flag = url(
        &["oss://bkt/k", "--region", "flag-region", "-e", "flag-host"],
        &variables,
    );
    assert!(
        flag.starts_with("https://bkt.flag-host/")
            && flag.contains("%2Fflag-region%2F")
            && flag.contains("EnvId%2F"),
        "{flag}"
    );
    assert!(url(&["oss://bkt/k", "--ignore-env-var"], &variables).contains("FileId%2F"));
    let other = url(&["oss://bkt/k"], &[("OSSUTIL_PROFILE", "other")]);
    assert!(
        other.starts_with("http://bkt.file-host/") && other.contains("%2Fother-region%2F"),
        "{other}"
    );
    assert!(
        url(&["oss://photos/k", "--profile", "other"], &[])
            .starts_with("http://photos.example.com/k?")
    );
    // A token further away than its AccessKey ID belongs to another one.
    assert!(
        !url(
            &["oss://bkt/k", "-i", "Mine", "-k", "s"],
            &[("OSS_SESSION_TOKEN", "stale")]
        )
        .contains("security-token")
    );
    assert!(
        url(
            &["oss://bkt/k"],
            &[("OSS_ACCESS_KEY_ID", "STS.x"), ("OSS_SESSION_TOKEN", "t")]
        )
        .contains("x-oss-security-token=t")
    );
}

#[test]
fn what_is_missing_is_said() {
    let home = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let ran = at_home(home.path(), arguments);
        assert_eq!(ran.code, 3, "{arguments:?}: {}", ran.stderr);
        ran.stderr
    };
    let no_endpoint = said(&["ls"]);
    assert!(
        no_endpoint.contains("OSS_ENDPOINT")
            && no_endpoint.contains(".ossutilconfig")
            && no_endpoint.contains("fosse config"),
        "{no_endpoint}"
    );
    assert!(said(&["ls", "-e", "h"]).contains("OSS_ACCESS_KEY_ID"));
    assert!(said(&["ls", "-e", "h", "-i", "x"]).contains("OSS_ACCESS_KEY_SECRET"));
    assert!(
        said(&["ls", "-e", "h", "-i", "x", "-k", "y", "--mode", "StsToken"])
            .contains("--sts-token")
    );
    assert_eq!(
        at_home(home.path(), &["ls", "-e", "h", "--mode", "Telepathy"]).code,
        1
    );
}

#[test]
fn asking() {
    let home = tempfile::tempdir().unwrap();
    let mut command = fosse();
    command.env("HOME", home.path()).arg("config");
    // File, ID, secret, region, endpoint; an empty answer takes what is in brackets.
    let ran = Ran::with_input(&mut command, b"\nMyId\nMySecret\n\nhttp://h:9000\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let file = std::fs::read_to_string(home.path().join(".ossutilconfig")).unwrap();
    for line in [
        "access-key-id = MyId",
        "access-key-secret = MySecret",
        "region = cn-hangzhou",
        "endpoint = http://h:9000",
    ] {
        assert!(file.contains(line), "{line} in {file}");
    }
    let again = Ran::with_input(
        fosse().env("HOME", home.path()).arg("config"),
        b"\n\n\n\nhttp://other\n",
    );
    assert!(
        again.code == 0 && !again.stderr.contains("MySecret"),
        "{}",
        again.stderr
    );
    let file = std::fs::read_to_string(home.path().join(".ossutilconfig")).unwrap();
    assert!(
        file.contains("access-key-secret = MySecret") && file.contains("endpoint = http://other"),
        "{file}"
    );
    let cut = Ran::with_input(fosse().env("HOME", home.path()).arg("config"), b"\nNew");
    assert_eq!(cut.code, 1);
    assert!(
        !std::fs::read_to_string(home.path().join(".ossutilconfig"))
            .unwrap()
            .contains("New")
    );
}
