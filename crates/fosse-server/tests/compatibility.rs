//! Every request of `docs/compatibility.md` against a server: the states that it gives are what the server does, and
//! nobody gets further than the ACLs allow, whatever the operation.

mod support;

use fosse_oss::op::{Access, Operation, Scope};
use support::*;

const PAGE: &str = include_str!("../../../docs/compatibility.md");

/// Rows of the page: operation, request, state.
fn rows() -> Vec<(Operation, &'static str, &'static str)> {
    let (_, tables) = PAGE.split_once("## Operations").expect("the tables");
    let mut rows = Vec::new();
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
        rows.push((*operation, request, state));
    }
    assert_eq!(rows.len(), Operation::ALL.len());
    rows
}

#[test]
fn the_page_says_what_the_server_does() {
    let server = Server::start();
    for (operation, request, state) in rows() {
        server.bucket("bucket");
        server.put("bucket", "KEY", b"body");
        let reply = server.send(&as_sent(request, operation.scope()));
        well_formed(&reply);
        // A refusal of HEAD has no body to name its code.
        let named =
            request.contains("HEAD") || reply.text().contains("<Code>NotImplemented</Code>");
        let refused = reply.status == 400 && named;
        // Out of scope with an answer of its own, which the page tells.
        let other = operation
            .refusal()
            .is_some_and(|refusal| refusal.status() != 400);
        let expected = match (state, operation) {
            ("built", _) => false,
            (_, operation) if other => {
                let told = operation
                    .refusal()
                    .map(|r| (r.status(), r.code().to_string()));
                assert_eq!(Some(reply.error()), told, "{request}");
                false
            }
            ("not yet" | "out of scope", _) => true,
            _ => panic!("{request}: no such state"),
        };
        assert_eq!(
            refused,
            expected,
            "{request}\n{} {}",
            reply.status,
            reply.text()
        );
        assert!(reply.status < 500, "{request}: {}", reply.status);
    }
}

#[test]
fn acls_open_reading_and_writing_of_objects_and_nothing_else() {
    let server = Server::start();
    for acl in ["private", "public-read", "public-read-write"] {
        for (operation, request, state) in rows() {
            if state == "out of scope" || operation.access() == Access::Preflight {
                continue;
            }
            server.bucket("bucket");
            let reply = server.send(
                &Request::new("PUT", "bucket", "")
                    .query("acl", "")
                    .header("x-oss-acl", acl),
            );
            assert_eq!(reply.status, 200);
            server.put("bucket", "KEY", b"body");
            let open = match operation.access() {
                Access::Read => acl != "private",
                Access::Write => acl == "public-read-write",
                _ => false,
            };
            let sent = || as_sent(request, operation.scope());
            for (who, asked) in [
                ("anonymous", sent().anonymous()),
                ("stranger", sent().by(OTHER_ID, OTHER_SECRET)),
            ] {
                let shown = format!("{} by {who}, {acl}", operation.name());
                let reply = server.send(&asked);
                match (who, operation) {
                    // Another account has buckets of its own.
                    ("stranger", _) if operation.scope() == Scope::Service => {
                        assert_ne!(reply.status, 403, "{shown}");
                    }
                    ("stranger", Operation::PutBucket) => assert_eq!(reply.status, 409, "{shown}"),
                    // The signature is in the form, and this is none.
                    (_, Operation::PostObject) => assert_eq!(reply.status, 400, "{shown}"),
                    // Each key is judged by itself; without a list of keys there is nothing to judge.
                    (_, Operation::DeleteMultipleObjects) if open => {
                        assert_eq!(reply.status, 400, "{shown}");
                    }
                    _ => assert_eq!(
                        reply.status != 403,
                        open,
                        "{shown}: {} {}",
                        reply.status,
                        reply.text()
                    ),
                }
                let kept = server.send(&Request::get("bucket", "KEY"));
                if !(open && operation.access() == Access::Write) {
                    assert_eq!(
                        (kept.status, kept.body.as_slice()),
                        (200, b"body".as_slice()),
                        "{shown}"
                    );
                }
                server.put("bucket", "KEY", b"body");
            }
        }
    }
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
