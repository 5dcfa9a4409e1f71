//! Memory of the server while a large object goes in and out: no more than 64 MiB above idle, whatever its size.
//!
//! `FOSSE_MEMORY_TEST_MIB` sets the size (default 256); `FOSSE_MEMORY_TEST_MIB=5120` is the full case of one PutObject.
//! The object never touches a disk on the client's side: it is made and checked as it streams.
#![cfg(target_os = "linux")]

mod harness;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use harness::{Server, noise};

const CHUNK: usize = 1 << 20;
const ALLOWED: u64 = 64 << 20;

/// Resident memory that is the process's own, in bytes: pages of mapped files are the system's cache.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

#[test]
fn a_large_object_needs_little_memory() {
    let mib: u64 = std::env::var("FOSSE_MEMORY_TEST_MIB").map_or(256, |text| text.parse().unwrap());
    let size = mib * CHUNK as u64;
    let server = Server::start(&["--log", "warn"], true);
    server.ok(&["mb", "oss://large"]);
    // A small round trip first: what every request needs once is part of idle.
    harness::write(server.dir.path(), "small", b"small");
    server.ok(&["cp", "small", "oss://large/small"]);
    server.ok(&["cat", "oss://large/small"]);
    let idle = resident(server.pid());

    let peak = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (peak, stop, pid) = (peak.clone(), stop.clone(), server.pid());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                peak.fetch_max(resident(pid), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        })
    };

    let pattern = noise(CHUNK, 11);
    let put = server.link(&[
        "presign",
        "oss://large/object",
        "--method",
        "PUT",
        "--expires-duration",
        "1h",
    ]);
    let mut stream = request("PUT", &put, size);
    for _ in 0..mib {
        stream.write_all(&pattern).unwrap();
    }
    let (status, _) = head(&mut stream);
    assert_eq!(status, 200);
    let after_put = peak.load(Ordering::Relaxed);

    let get = server.link(&["presign", "oss://large/object", "--expires-duration", "1h"]);
    let mut stream = request("GET", &get, 0);
    let (status, rest) = head(&mut stream);
    assert_eq!(status, 200);
    let mut received = rest.len() as u64;
    assert_eq!(rest, pattern[..rest.len()]);
    let mut buffer = vec![0; CHUNK];
    while received < size {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the body ended after {received} bytes");
        let at = (received % CHUNK as u64) as usize;
        let first = length.min(CHUNK - at);
        assert!(
            buffer[..first] == pattern[at..at + first]
                && buffer[first..length] == pattern[..length - first],
            "other bytes at {received}"
        );
        received += length as u64;
    }
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    let peak = peak.load(Ordering::Relaxed);
    let above = peak.saturating_sub(idle);
    println!(
        "{mib} MiB: idle {} MiB, peak of the upload +{} MiB, of both +{} MiB",
        idle >> 20,
        after_put.saturating_sub(idle) >> 20,
        above >> 20
    );
    assert!(
        above <= ALLOWED,
        "{} MiB above idle ({} MiB)",
        above >> 20,
        idle >> 20
    );
}

fn request(method: &str, url: &str, length: u64) -> TcpStream {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

/// Status of the answer, and the bytes of the body that came with its head.
fn head(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
        bytes.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), Vec::new())
}
