//! The INI form of the configuration file (cli.md §2.2), edited line by line so that nothing unknown is lost.

use std::fmt;

/// A configuration file as lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ini {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Section {
        name: String,
        raw: String,
    },
    /// `group`: key of the entry that this indented one belongs to (`[buckets NAME]`).
    Entry {
        key: String,
        value: String,
        group: Option<String>,
        raw: String,
    },
    Other(String),
}

impl Ini {
    /// Parses. Errors: the number of a line that is neither section, entry, comment nor blank.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        let mut group: Option<String> = None;
        for (index, raw) in text.lines().enumerate() {
            let trimmed = raw.trim().trim_start_matches('\u{feff}');
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                lines.push(Line::Other(raw.to_owned()));
            } else if let Some(name) = trimmed.strip_prefix('[') {
                let Some(name) = name.strip_suffix(']') else {
                    return Err(format!(
                        "line {}: `{trimmed}` has no closing bracket",
                        index + 1
                    ));
                };
                group = None;
                lines.push(Line::Section {
                    name: section_name(name),
                    raw: raw.to_owned(),
                });
            } else if let Some((key, value)) = trimmed.split_once('=') {
                let indented = raw.starts_with([' ', '\t']);
                let value = unquoted(value.trim());
                let belongs = group.clone().filter(|_| indented);
                if !indented {
                    group = value.is_empty().then(|| key.trim().to_owned());
                }
                lines.push(Line::Entry {
                    key: key_name(key),
                    value: value.to_owned(),
                    group: belongs,
                    raw: raw.to_owned(),
                });
            } else {
                return Err(format!(
                    "line {}: `{trimmed}` is neither [section] nor key = value",
                    index + 1
                ));
            }
        }
        Ok(Self { lines })
    }

    /// Names of the sections in order, lower-case; `[profile default]` is `default`.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Section { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether there is such a section.
    pub(crate) fn has(&self, section: &str) -> bool {
        let wanted = section_name(section);
        self.sections().any(|name| name == wanted)
    }

    /// The last value of a key in a section; `None` when absent or empty.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.find(section, None, key)
    }

    /// The value of an indented key below the entry `group` of a section.
    pub(crate) fn get_nested(&self, section: &str, group: &str, key: &str) -> Option<&str> {
        self.find(section, Some(group), key)
    }

    fn find(&self, section: &str, wanted_group: Option<&str>, key: &str) -> Option<&str> {
        let (section, key) = (section_name(section), key_name(key));
        let mut inside = false;
        let mut found = None;
        for line in &self.lines {
            match line {
                Line::Section { name, .. } => inside = *name == section,
                Line::Entry {
                    key: k,
                    value,
                    group,
                    ..
                } if inside && *k == key && group.as_deref() == wanted_group => {
                    found = Some(value.as_str()).filter(|value| !value.is_empty());
                }
                _ => {}
            }
        }
        found
    }

    /// Sets a key of a section, in place when it is there; an empty value removes it. The section is made if needed.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: &str) {
        let (section, wanted) = (section_name(section), key_name(key));
        let mut inside = false;
        let mut at = None;
        let mut end = None;
        for (index, line) in self.lines.iter().enumerate() {
            match line {
                Line::Section { name, .. } => {
                    inside = *name == section;
                    if inside {
                        end = Some(index + 1);
                    }
                }
                Line::Entry {
                    key: k,
                    group: None,
                    ..
                } if inside => {
                    end = Some(index + 1);
                    if *k == wanted {
                        at = Some(index);
                    }
                }
                Line::Entry { .. } if inside => end = Some(index + 1),
                _ => {}
            }
        }
        let entry = |key: &str| Line::Entry {
            key: key_name(key),
            value: value.to_owned(),
            group: None,
            raw: format!("{} = {}", key.trim(), quoted(value)),
        };
        match (at, end) {
            (Some(at), _) if value.is_empty() => {
                self.lines.remove(at);
            }
            (Some(at), _) => {
                // The spelling that the user chose stays.
                let spelling = match &self.lines[at] {
                    Line::Entry { raw, .. } => {
                        raw.split('=').next().unwrap_or(key).trim().to_owned()
                    }
                    _ => key.to_owned(),
                };
                self.lines[at] = entry(&spelling);
            }
            (None, _) if value.is_empty() => {}
            (None, Some(end)) => self.lines.insert(end, entry(key)),
            (None, None) => {
                if !self.lines.is_empty() {
                    self.lines.push(Line::Other(String::new()));
                }
                let name = if section == "default" || section.contains(' ') {
                    section
                } else {
                    format!("profile {section}")
                };
                self.lines.push(Line::Section {
                    raw: format!("[{name}]"),
                    name,
                });
                self.lines.push(entry(key));
            }
        }
    }
}

impl fmt::Display for Ini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let raw = match line {
                Line::Section { raw, .. } | Line::Entry { raw, .. } | Line::Other(raw) => raw,
            };
            writeln!(f, "{raw}")?;
        }
        Ok(())
    }
}

/// Lower-case, single spaces; `profile default` is `default`.
fn section_name(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    match words.join(" ") {
        name if name == "profile default" => "default".to_owned(),
        name => name,
    }
}

/// `accessKeyID`, `access-key-id`, `access_key_id` and `accesskeyid` are one key.
pub(crate) fn key_name(key: &str) -> String {
    key.trim()
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value)
}

fn quoted(value: &str) -> String {
    if value != value.trim() || value != unquoted(value) {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Ini;

    const FILE: &str = "# mine\n[default]\naccessKeyID = AK\naccess_key_secret=\"s p \"\nregion = cn-hangzhou\nstrange = kept\n\n\
        [Profile Preview]\nsource-profile = default\nendpoint=https://x\nbuckets = mine\n; note\n\n[buckets mine]\nphotos =\n  endpoint = https://p\n  addressing-style = cname\nlogs =\n  region = cn-beijing\n";

    #[test]
    fn keys_have_many_spellings() {
        let ini = Ini::parse(FILE).unwrap();
        assert_eq!(ini.get("default", "access-key-id"), Some("AK"));
        assert_eq!(ini.get("profile default", "accesskeysecret"), Some("s p "));
        assert_eq!(ini.get("profile preview", "sourceProfile"), Some("default"));
        assert_eq!(ini.get("default", "endpoint"), None);
        assert_eq!(
            ini.get_nested("buckets mine", "photos", "endpoint"),
            Some("https://p")
        );
        assert_eq!(
            ini.get_nested("buckets mine", "logs", "region"),
            Some("cn-beijing")
        );
        assert_eq!(ini.get_nested("buckets mine", "logs", "endpoint"), None);
        assert_eq!(ini.get("buckets mine", "region"), None);
    }

    #[test]
    fn what_is_not_changed_stays() {
        let mut ini = Ini::parse(FILE).unwrap();
        assert_eq!(ini.to_string(), FILE);
        ini.set("default", "region", "cn-beijing");
        ini.set("default", "access-key-id", "");
        ini.set("default", "endpoint", "http://e");
        ini.set("new", "region", "r");
        let text = ini.to_string();
        assert!(
            text.contains("region = cn-beijing\nstrange = kept\nendpoint = http://e\n"),
            "{text}"
        );
        assert!(!text.contains("accessKeyID"), "{text}");
        assert!(text.ends_with("\n[profile new]\nregion = r\n"), "{text}");
        assert!(
            text.starts_with("# mine\n") && text.contains("; note\n"),
            "{text}"
        );
        let again = Ini::parse(&text).unwrap();
        assert_eq!(again.get("profile new", "region"), Some("r"));
        ini.set("default", "access_key_secret", " x ");
        assert_eq!(
            Ini::parse(&ini.to_string())
                .unwrap()
                .get("default", "accessKeySecret"),
            Some(" x ")
        );
    }

    #[test]
    fn broken_lines_are_numbered() {
        assert!(
            Ini::parse("[default]\nnonsense\n")
                .unwrap_err()
                .contains("line 2")
        );
        assert!(Ini::parse("[default\n").unwrap_err().contains("line 1"));
    }
}
