//! `fosse fsck` on a stopped directory and through the admin listener of a running server.

mod harness;

use std::path::{Path, PathBuf};

use harness::{Ran, Server, fosse, noise, write};

/// The files of large bodies.
fn bodies(dir: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(dir.join("fosse-data/files")).unwrap();
    let mut found: Vec<_> = shards
        .flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

fn fsck(dir: &Path, flags: &[&str]) -> Ran {
    Ran::of(fosse().arg("fsck").args(flags).current_dir(dir))
}

#[test]
fn what_is_broken_is_named_and_nothing_else() {
    let server = Server::start(&["--console", "127.0.0.1:0"], true);
    // The line comes after that of the listener, for which the start waits.
    let admin = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let log = server.log();
        let mut lines = log.lines();
        lines.find_map(|line| line.strip_prefix("admin on ").map(str::to_owned))
    });
    let admin = admin.unwrap();
    server.ok(&["mb", "oss://bucket"]);
    write(server.dir.path(), "small", b"small");
    write(server.dir.path(), "large", &noise(2 << 20, 3));
    for name in ["small", "large"] {
        server.ok(&["cp", name, &format!("oss://bucket/{name}")]);
    }
    let online = server.run(&["fsck", "--admin", &admin]);
    assert_eq!(online.code, 0, "{}", online.stderr);
    assert_eq!(
        online.stdout.trim(),
        "2 object versions and parts, 2097157 bytes, 0 problems"
    );

    let files = bodies(server.dir.path());
    assert_eq!(files.len(), 1);
    let mut content = std::fs::read(&files[0]).unwrap();
    content[1_000_000] ^= 0x10;
    std::fs::write(&files[0], &content).unwrap();
    let online = server.run(&["fsck", "--admin", &admin]);
    assert_ne!(online.code, 0);
    assert!(
        online.stdout.contains("oss://bucket/large: "),
        "{}",
        online.stdout
    );
    assert!(
        online.stdout.contains("2 object versions and parts"),
        "{}",
        online.stdout
    );
    assert!(
        !online.stdout.contains("oss://bucket/small"),
        "{}",
        online.stdout
    );
    let address = admin.strip_prefix("http://").unwrap();
    let (status, body) = harness::http("GET", &format!("http://{address}/metrics"), &[], b"");
    assert_eq!(status, 200);
    let metrics = String::from_utf8_lossy(&body).into_owned();
    assert!(metrics.contains("fosse_scrub_broken 1\n"), "{metrics}");
    assert!(
        metrics.contains("fosse_scrub_passes_total 2\n"),
        "{metrics}"
    );
    let busy = fsck(server.dir.path(), &[]);
    assert!(
        busy.code != 0 && busy.stderr.contains("in use"),
        "{}",
        busy.stderr
    );
    let wrong = server.run(&["fsck", "--admin", &server.endpoint]);
    assert!(
        wrong.code != 0 && wrong.stderr.contains("admin listener"),
        "{}",
        wrong.stderr
    );

    let (_, dir) = server.stop();
    let offline = fsck(dir.path(), &[]);
    assert_ne!(offline.code, 0);
    assert!(
        offline.stdout.contains("oss://bucket/large: "),
        "{}",
        offline.stdout
    );
    assert_eq!(fsck(dir.path(), &["--records-only"]).code, 0);
    content[1_000_000] ^= 0x10;
    std::fs::write(&bodies(dir.path())[0], &content).unwrap();
    let healed = fsck(dir.path(), &["--data-dir", "fosse-data"]);
    assert_eq!(healed.code, 0, "{}", healed.stdout);
    assert_ne!(fsck(dir.path(), &["--data-dir", "nowhere"]).code, 0);
}

#[test]
fn master_keys_are_listed_and_rotated() {
    let server = Server::start(&[], true);
    server.ok(&["mb", "oss://bucket"]);
    let (_, dir) = server.stop();
    let keys = |arguments: &[&str]| {
        let mut command = fosse();
        command.args(["admin", "master-key"]).args(arguments);
        Ran::of(command.current_dir(dir.path()))
    };
    let before = keys(&["list"]).stdout;
    assert_eq!(before.lines().count(), 1);
    assert_eq!(keys(&["rotate"]).code, 0);
    let after = keys(&["list"]).stdout;
    assert_eq!(after.lines().count(), 2);
    assert!(after.contains(before.split(' ').next().unwrap()) && !after.starts_with(&before));
    // The AccessKeys that were sealed before still open.
    let server = Server::start_in(dir, &[], true);
    assert!(server.ok(&["ls"]).contains("oss://bucket"));
    let (_, dir) = server.stop();
    std::fs::remove_file(dir.path().join("fosse-data/master.keys")).unwrap();
    let lost = Ran::of(fosse().args(["fsck"]).current_dir(dir.path()));
    assert!(
        lost.code != 0 && lost.stderr.contains("master key"),
        "{}",
        lost.stderr
    );
}
