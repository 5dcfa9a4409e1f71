//! The states that `docs/compatibility.md` gives are what a server does: what is built does not answer
//! `NotImplemented`, everything else does.

mod support;

use fosse_oss::op::{Operation, Scope};
use support::*;

const PAGE: &str = include_str!("../../../docs/compatibility.md");

#[test]
fn the_page_says_what_the_server_does() {
    let server = Server::start();
    let (_, tables) = PAGE.split_once("## Operations").expect("the tables");
    let mut seen = 0;
    for line in tables.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, request, _tier, state, _notes] = cells[..] else {
            panic!("five columns: {line}")
        };
        if name == "Operation" {
            continue;
        }
        let operation = Operation::ALL
            .iter()
            .find(|operation| operation.name() == name)
            .unwrap_or_else(|| panic!("{name} is no operation"));
        server.bucket("bucket");
        server.put("bucket", "KEY", b"body");
        let reply = server.send(&as_sent(request, operation.scope()));
        well_formed(&reply);
        // A refusal of HEAD has no body to name its code.
        let named =
            request.contains("HEAD") || reply.text().contains("<Code>NotImplemented</Code>");
        let refused = reply.status == 400 && named;
        let expected = match (state, operation) {
            ("built", _) | (_, Operation::GetBucketReplication) => false,
            ("not yet" | "out of scope", _) => true,
            _ => panic!("{line}: no such state"),
        };
        assert_eq!(
            refused,
            expected,
            "{line}\n{} {}",
            reply.status,
            reply.text()
        );
        assert!(reply.status < 500, "{line}: {}", reply.status);
        seen += 1;
    }
    assert_eq!(seen, Operation::ALL.len());
}

/// A request as the page shows it.
fn as_sent(text: &str, scope: Scope) -> Request {
    let (line, header) = text.split_once(" + ").unwrap_or((text, ""));
    let (method, url) = line
        .trim_matches('`')
        .split_once(' ')
        .expect("method and path");
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let bucket = if scope == Scope::Service {
        ""
    } else {
        "bucket"
    };
    let mut request = Request::new(method, bucket, path.trim_start_matches('/'));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        request = request.query(name, value);
    }
    if !header.is_empty() {
        request = request.header(header.trim_matches('`'), "/bucket/KEY");
    }
    request
}
