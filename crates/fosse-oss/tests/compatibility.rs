//! `docs/compatibility.md` has a row for every operation, and its request means that operation.

use fosse_oss::op::{Operation, Query, Scope, Style, Target, Tier};
use std::collections::HashMap;

const PAGE: &str = include_str!("../../../docs/compatibility.md");

struct Row<'a> {
    request: &'a str,
    tier: &'a str,
    state: &'a str,
}

/// Rows of the tables below `## Operations`, by operation.
fn rows() -> HashMap<&'static str, Row<'static>> {
    let (_, tables) = PAGE.split_once("## Operations").expect("the tables");
    let mut rows = HashMap::new();
    for line in tables.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, request, tier, state, _notes] = cells[..] else {
            panic!("five columns: {line}")
        };
        if name == "Operation" {
            continue;
        }
        let row = Row {
            request,
            tier,
            state,
        };
        assert!(rows.insert(name, row).is_none(), "{name} twice");
    }
    rows
}

#[test]
fn every_operation_has_its_row() {
    let rows = rows();
    let missing: Vec<_> = Operation::ALL
        .iter()
        .map(|op| op.name())
        .filter(|name| !rows.contains_key(name))
        .collect();
    assert!(
        missing.is_empty(),
        "no row in docs/compatibility.md: {missing:?}"
    );
    assert_eq!(rows.len(), Operation::ALL.len(), "a row without operation");
    for operation in Operation::ALL {
        let row = &rows[operation.name()];
        assert_eq!(
            row.tier,
            format!("{:?}", operation.tier()),
            "{}",
            operation.name()
        );
        let states: &[&str] = match operation.tier() {
            Tier::T4 => &["out of scope"],
            Tier::T1 | Tier::T2 | Tier::T3 => &["built", "not yet"],
        };
        assert!(
            states.contains(&row.state),
            "{}: {}",
            operation.name(),
            row.state
        );
    }
}

#[test]
fn every_request_means_its_operation() {
    for operation in Operation::ALL {
        let text = rows()[operation.name()].request;
        let (line, header) = text.split_once(" + ").unwrap_or((text, ""));
        let (method, url) = line
            .trim_matches('`')
            .split_once(' ')
            .expect("method and path");
        let (path, raw) = url.split_once('?').unwrap_or((url, ""));
        let key = match path {
            "/" => Vec::new(),
            _ => path.trim_start_matches('/').as_bytes().to_vec(),
        };
        let bucket = (operation.scope() != Scope::Service).then(|| "bucket".to_owned());
        let target = Target {
            bucket,
            key,
            style: Style::VirtualHosted,
        };
        let query = Query::parse(raw).expect("a query");
        let found = Operation::identify(method, &target, &query, &|name| {
            header.trim_matches('`') == name
        });
        match found {
            Ok(found) => assert_eq!(found, *operation, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}
