//! Who may depend on whom, checked over `cargo metadata`.

use crate::process;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What one crate may and must not use. Only normal dependencies count: tests may use anything.
struct Rule {
    name: &'static str,
    /// Crates of this workspace that it may depend on.
    internal: &'static [&'static str],
    /// Crates that must not appear among its dependencies, at any depth.
    never: &'static [&'static str],
    /// Crates that must not be direct dependencies (others may bring them in).
    never_direct: &'static [&'static str],
}

/// Every crate of the workspace has a line here; one without is an error.
const RULES: &[Rule] = &[
    Rule {
        name: "fosse-oss",
        internal: &[],
        never: &[
            "tokio",
            "hyper",
            "getrandom",
            "rand",
            "fjall",
            "rustix",
            "socket2",
        ],
        never_direct: &[],
    },
    Rule {
        name: "fosse-policy",
        internal: &[],
        never: &[
            "http",
            "tokio",
            "hyper",
            "getrandom",
            "rand",
            "fjall",
            "rustix",
            "socket2",
        ],
        never_direct: &[],
    },
    Rule {
        name: "fosse-select",
        internal: &[],
        never: &["tokio", "hyper", "getrandom", "rand", "socket2"],
        never_direct: &[],
    },
    Rule {
        name: "fosse-image",
        internal: &[],
        never: &["tokio", "hyper", "socket2"],
        never_direct: &[],
    },
    Rule {
        name: "fosse-store",
        internal: &[],
        never: &["http", "hyper", "quick-xml"],
        never_direct: &[],
    },
    Rule {
        name: "fosse-server",
        internal: &[
            "fosse-oss",
            "fosse-policy",
            "fosse-image",
            "fosse-select",
            "fosse-store",
        ],
        never: &["fosse-client"],
        never_direct: &[],
    },
    Rule {
        name: "fosse-client",
        internal: &["fosse-oss"],
        never: &["fosse-store", "fosse-server", "fosse-policy"],
        never_direct: &[],
    },
    Rule {
        name: "fosse",
        internal: &[
            "fosse-oss",
            "fosse-policy",
            "fosse-image",
            "fosse-select",
            "fosse-store",
            "fosse-server",
            "fosse-client",
        ],
        never: &[],
        never_direct: &["hyper", "fjall", "quick-xml"],
    },
    Rule {
        name: "fosse-bench",
        // The store for what cannot be filled over HTTP in reasonable time: a bucket of millions of keys.
        internal: &["fosse-oss", "fosse-client", "fosse-store"],
        never: &[],
        never_direct: &[],
    },
    Rule {
        name: "xtask",
        internal: &[],
        never: &[],
        never_direct: &[],
    },
];

/// Checks the workspace and prints each broken rule.
pub(super) fn run() -> Result<bool> {
    let text = process::output(process::cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--features",
        "fosse/test-clock",
    ]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let faults = faults(&metadata)?;
    for fault in &faults {
        println!("layers: {fault}");
    }
    Ok(faults.is_empty())
}

/// Each broken rule, in words.
fn faults(metadata: &Value) -> Result<Vec<String>> {
    let graph = Graph::read(metadata)?;
    let mut faults = Vec::new();
    for member in &graph.members {
        let name = graph.name(member);
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            faults.push(format!(
                "{name} has no rule; add one in xtask/src/check/layers.rs"
            ));
            continue;
        };
        for dependency in graph.direct(member) {
            let to = graph.name(dependency);
            if graph.members.contains(dependency) && !rule.internal.contains(&to) {
                faults.push(format!("{name} must not depend on {to}"));
            }
            if rule.never_direct.contains(&to) {
                faults.push(format!("{name} must not use {to} itself"));
            }
        }
        for (reached, path) in graph.reachable(member) {
            let to = graph.name(reached);
            if rule.never.contains(&to) {
                let path: Vec<&str> = path.iter().map(|id| graph.name(id)).collect();
                faults.push(format!("{name} must not use {to} ({})", path.join(" -> ")));
            }
        }
    }
    Ok(faults)
}

/// Normal dependencies of the resolved workspace, by package id.
struct Graph<'a> {
    names: BTreeMap<&'a str, &'a str>,
    edges: BTreeMap<&'a str, Vec<&'a str>>,
    members: BTreeSet<&'a str>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Result<Self> {
        let list = |value: &'a Value, name: &str| -> Result<&'a Vec<Value>> {
            value[name]
                .as_array()
                .with_context(|| format!("cargo metadata without {name}"))
        };
        let text = |value: &'a Value| value.as_str().context("a name in cargo metadata");
        let mut names = BTreeMap::new();
        for package in list(metadata, "packages")? {
            names.insert(text(&package["id"])?, text(&package["name"])?);
        }
        let mut edges = BTreeMap::new();
        for node in list(&metadata["resolve"], "nodes")? {
            let mut to = Vec::new();
            for dependency in list(node, "deps")? {
                let kinds = list(dependency, "dep_kinds")?;
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    to.push(text(&dependency["pkg"])?);
                }
            }
            edges.insert(text(&node["id"])?, to);
        }
        let members = list(metadata, "workspace_members")?
            .iter()
            .map(text)
            .collect::<Result<_>>()?;
        Ok(Self {
            names,
            edges,
            members,
        })
    }

    fn name(&self, id: &str) -> &'a str {
        self.names.get(id).copied().unwrap_or("?")
    }

    fn direct(&self, id: &str) -> &[&'a str] {
        self.edges.get(id).map_or(&[], Vec::as_slice)
    }

    /// Everything below a package, each with one path to it.
    fn reachable(&self, from: &'a str) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut waiting = vec![vec![from]];
        while let Some(path) = waiting.pop() {
            let Some(last) = path.last() else { continue };
            for next in self.direct(last) {
                if !found.contains_key(next) {
                    let mut longer = path.clone();
                    longer.push(next);
                    found.insert(next, longer.clone());
                    waiting.push(longer);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::faults;
    use serde_json::{Value, json};

    /// A workspace of packages with edges (from, to, kind).
    fn metadata(members: &[&str], edges: &[(&str, &str, Value)]) -> Value {
        let mut ids: Vec<&str> = members.to_vec();
        ids.extend(edges.iter().flat_map(|(from, to, _)| [*from, *to]));
        ids.sort_unstable();
        ids.dedup();
        let nodes: Vec<Value> = ids
            .iter()
            .map(|id| {
                let deps: Vec<Value> = edges
                    .iter()
                    .filter(|(from, _, _)| from == id)
                    .map(|(_, to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                json!({"id": id, "deps": deps})
            })
            .collect();
        let packages: Vec<Value> = ids.iter().map(|id| json!({"id": id, "name": id})).collect();
        json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}})
    }

    #[test]
    fn a_server_that_uses_the_client_is_found() {
        let found = faults(&metadata(
            &["fosse-server", "fosse-client"],
            &[("fosse-server", "fosse-client", Value::Null)],
        ));
        assert!(
            found
                .unwrap()
                .iter()
                .any(|fault| fault == "fosse-server must not depend on fosse-client")
        );
    }

    #[test]
    fn a_forbidden_crate_is_found_below_another() {
        let found = faults(&metadata(
            &["fosse-oss"],
            &[
                ("fosse-oss", "middle", Value::Null),
                ("middle", "tokio", Value::Null),
            ],
        ))
        .unwrap();
        assert_eq!(
            found,
            ["fosse-oss must not use tokio (fosse-oss -> middle -> tokio)"]
        );
    }

    #[test]
    fn tests_may_use_anything() {
        let found = faults(&metadata(
            &["fosse-oss"],
            &[("fosse-oss", "tokio", json!("dev"))],
        ))
        .unwrap();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_new_crate_needs_a_rule() {
        let found = faults(&metadata(&["fosse-extra"], &[])).unwrap();
        assert_eq!(found.len(), 1);
    }
}
