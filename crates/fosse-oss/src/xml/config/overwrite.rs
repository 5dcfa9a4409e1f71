//! `OverwriteConfiguration`: which objects may not be overwritten (api-buckets.md §6.8).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};
use std::collections::HashSet;

const MAX_RULES: usize = 100;
const MAX_TEXT: usize = 1023;
const MAX_PRINCIPALS: usize = 100;

/// The rules of a bucket against overwriting. An object that matches one rule cannot be overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverwriteConfiguration {
    /// At least one.
    pub rules: Vec<OverwriteRule>,
}

/// A rule: everything that is given has to match. Its action is always `forbid`, the only one there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverwriteRule {
    /// `ID`, unique; empty when the client gave none.
    pub id: String,
    /// What the key begins with; empty: anything.
    pub prefix: String,
    /// What the key ends with; empty: anything.
    pub suffix: String,
    /// `Principals/Principal`: account ids, or `*`; empty: everybody.
    pub principals: Vec<String>,
}

impl OverwriteConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("OverwriteConfiguration", |w| {
            for rule in &self.rules {
                w.element("Rule", |w| rule.write(w));
            }
        })
    }

    /// Reads and validates the document.
    ///
    /// Errors: 400 `MalformedXML`, also for an action other than `forbid` and for no rule; 400 `InvalidArgument` for
    /// more than 100 rules, ids that repeat and texts that are too long.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "OverwriteConfiguration")?;
        let rules: Vec<OverwriteRule> = root
            .all("Rule")
            .take(MAX_RULES + 1)
            .map(OverwriteRule::read)
            .collect::<Result<_, _>>()?;
        if rules.is_empty() {
            return Err(malformed());
        }
        if rules.len() > MAX_RULES {
            let message = "The number of overwrite rules must not exceed 100.";
            return Err(OssError::invalid_argument("Rule", "", message));
        }
        let mut ids = HashSet::new();
        for rule in &rules {
            if !rule.id.is_empty() && !ids.insert(rule.id.as_str()) {
                let message = "The ID of an overwrite rule must be unique.";
                return Err(OssError::invalid_argument("ID", &rule.id, message));
            }
        }
        Ok(Self { rules })
    }

    /// Whether somebody of `account` may not overwrite `key`. `account`: `None` for anonymous callers.
    pub fn forbids(&self, key: &str, account: Option<&str>) -> bool {
        self.rules.iter().any(|rule| {
            key.starts_with(&rule.prefix)
                && key.ends_with(&rule.suffix)
                && (rule.principals.is_empty()
                    || rule
                        .principals
                        .iter()
                        .any(|principal| principal == "*" || Some(principal.as_str()) == account))
        })
    }
}

impl OverwriteRule {
    fn write(&self, w: &mut Writer) {
        w.text("ID", &self.id);
        w.text("Action", "forbid");
        w.text("Prefix", &self.prefix);
        w.text("Suffix", &self.suffix);
        if !self.principals.is_empty() {
            w.element("Principals", |w| {
                for principal in &self.principals {
                    w.text("Principal", principal);
                }
            });
        }
    }

    fn read(element: &Element) -> Result<Self, OssError> {
        if element.value_of("Action") != Some("forbid") {
            return Err(malformed());
        }
        let text = |name: &str| {
            let text = element.text_of(name);
            if text.chars().count() > MAX_TEXT {
                let message = format!("The {name} of an overwrite rule is too long.");
                return Err(OssError::invalid_argument(name, text, message));
            }
            Ok(text.to_owned())
        };
        let principals: Vec<String> = element
            .all("Principals")
            .flat_map(|list| list.all("Principal"))
            .take(MAX_PRINCIPALS + 1)
            .map(|principal| principal.text.trim().to_owned())
            .collect();
        if principals.len() > MAX_PRINCIPALS || principals.iter().any(String::is_empty) {
            let message = "The Principals of an overwrite rule are not valid.";
            return Err(OssError::invalid_argument("Principals", "", message));
        }
        Ok(Self {
            id: text("ID")?,
            prefix: text("Prefix")?,
            suffix: text("Suffix")?,
            principals,
        })
    }
}
