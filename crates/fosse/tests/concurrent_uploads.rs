//! Memory of the server while many uploads come in at once: 200 of them stay under 512 MiB of resident memory.
//!
//! `FOSSE_UPLOADS_TEST_MIB` sets the size of each (default 3); `FOSSE_UPLOADS_TEST_MIB=100` is the full case and writes
//! 20 GB.
#![cfg(target_os = "linux")]

mod harness;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use harness::{Server, noise};

const UPLOADS: usize = 200;
const CHUNK: usize = 1 << 20;
const ALLOWED: u64 = 512 << 20;

/// Resident memory in bytes.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

fn upload(url: &str, pattern: &[u8], mib: usize) -> u16 {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(600)))
        .unwrap();
    let length = mib * CHUNK;
    write!(
        stream,
        "PUT {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    for _ in 0..mib {
        stream.write_all(pattern).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn many_uploads_at_once_need_little_memory() {
    let mib = std::env::var("FOSSE_UPLOADS_TEST_MIB").map_or(3, |text| text.parse().unwrap());
    let server = Server::start(&["--log", "warn"], true);
    server.ok(&["mb", "oss://many"]);
    let links: Vec<String> = (0..UPLOADS)
        .map(|at| {
            let object = format!("oss://many/{at}");
            let link = [
                "presign",
                &object,
                "--method",
                "PUT",
                "--expires-duration",
                "2h",
            ];
            server.link(&link)
        })
        .collect();
    let peak = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (peak, stop, pid) = (peak.clone(), stop.clone(), server.pid());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                peak.fetch_max(resident(pid), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(10));
            }
        })
    };
    let pattern = noise(CHUNK, 17);
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        let uploads: Vec<_> = links
            .iter()
            .map(|link| {
                let pattern = &pattern;
                scope.spawn(move || upload(link, pattern, mib))
            })
            .collect();
        for upload in uploads {
            assert_eq!(upload.join().unwrap(), 200);
        }
    });
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    let peak = peak.load(Ordering::Relaxed);
    println!(
        "{UPLOADS} uploads of {mib} MiB at once: peak {} MiB, {:.0} s",
        peak >> 20,
        started.elapsed().as_secs_f64()
    );
    assert!(peak <= ALLOWED, "{} MiB", peak >> 20);
    let listed = server.ok(&["ls", "oss://many", "-s"]);
    assert!(
        listed.lines().any(|line| line == "oss://many/199"),
        "{listed}"
    );
}
