//! Settings of the server: one table from which flags, variables, file keys, help and `--print-config` come.
//!
//! Precedence: flag, then variable, then file, then default. A setting `data-dir` is the flag `--data-dir`, the
//! variable `FOSSE_DATA_DIR` and the key `data-dir` of the TOML file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// Several texts: a repeated flag, a comma-separated variable, a TOML array.
    List,
    /// Yes or no.
    Switch,
    /// A whole number.
    Number,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Flag without dashes, and key in the file.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Placeholder in the help.
    pub(crate) value_name: &'static str,
    /// Its value when nobody says anything; empty means unset.
    pub(crate) default: &'static str,
    /// Never shown, and never a flag: a command line is visible to every user of the machine.
    pub(crate) secret: bool,
    /// One sentence of help.
    pub(crate) help: &'static str,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        let mut name = String::from("FOSSE_");
        name.extend(self.name.chars().map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_uppercase()
            }
        }));
        name
    }
}

const fn setting(
    name: &'static str,
    kind: Kind,
    value_name: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        name,
        kind,
        value_name,
        default,
        secret: false,
        help,
    }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        kind: Kind::Text,
        value_name: "TEXT",
        default: "",
        secret: true,
        help,
    }
}

/// All settings, in the order of the help.
pub(crate) static SETTINGS: &[Setting] = &[
    setting(
        "data-dir",
        Kind::Text,
        "DIR",
        "./fosse-data",
        "Where buckets, objects and AccessKeys are kept",
    ),
    setting(
        "master-keys-file",
        Kind::Text,
        "FILE",
        "",
        "The keys that seal secrets and encrypted objects, made at the first start; default: master.keys in the data directory",
    ),
    setting(
        "memory",
        Kind::Switch,
        "",
        "false",
        "Keep everything in memory and nothing on disk: for trials and tests",
    ),
    setting(
        "listen",
        Kind::List,
        "ADDR",
        "127.0.0.1:9000",
        "Address of the plain HTTP service; repeatable; port 0 picks a free one; `off` for none",
    ),
    setting(
        "listen-tls",
        Kind::List,
        "ADDR",
        "",
        "Address of the HTTPS service; repeatable; needs --tls-cert and --tls-key",
    ),
    setting(
        "tls-cert",
        Kind::Text,
        "FILE",
        "",
        "Certificate chain in PEM form",
    ),
    setting("tls-key", Kind::Text, "FILE", "", "Private key in PEM form"),
    setting(
        "callback-allow",
        Kind::List,
        "TARGET",
        "",
        "Where uploads may call back: HOST, *.DOMAIN, * (anything public) or CIDR, each with :PORT or :* if not 80 or 443; none if unset; repeatable",
    ),
    setting(
        "callback-ca-file",
        Kind::Text,
        "FILE",
        "",
        "Certificate authorities that https callbacks trust instead of the system's, in PEM form",
    ),
    setting(
        "callback-key-url",
        Kind::Text,
        "URL",
        "",
        "Where applications get the public key of callbacks; default: /-/callback_pub_key.pem at --public-url or the first listener",
    ),
    setting(
        "force-download",
        Kind::Text,
        "MODE",
        "service",
        "What links under the server's own names download instead of showing: service (all), active-content, off",
    ),
    setting(
        "https-redirect",
        Kind::Text,
        "WHICH",
        "off",
        "Which plain HTTP requests are sent on to HTTPS: off, custom-domains, all",
    ),
    setting(
        "domain-check",
        Kind::Text,
        "SERVER",
        "off",
        "Name server that is asked for proof before a custom domain is bound: off, system, or ADDR",
    ),
    setting(
        "trusted-proxy",
        Kind::List,
        "CIDR",
        "",
        "Reverse proxies whose X-Forwarded-For, X-Forwarded-Proto and PROXY headers are believed; repeatable",
    ),
    setting(
        "proxy-protocol",
        Kind::List,
        "ADDR",
        "",
        "Listener whose connections begin with a PROXY protocol header (version 2); needs --trusted-proxy; repeatable",
    ),
    setting(
        "listener-vpc",
        Kind::List,
        "ADDR=VPC",
        "",
        "VPC id of everybody who uses a listener; repeatable",
    ),
    setting(
        "client-vpc",
        Kind::List,
        "CIDR=VPC",
        "",
        "VPC id of clients by their address; repeatable",
    ),
    setting(
        "console",
        Kind::Text,
        "ADDR",
        "127.0.0.1:9001",
        "Address of health, readiness and metrics; `off` for none",
    ),
    setting(
        "domain",
        Kind::List,
        "NAME",
        "",
        "Base domain whose subdomains are buckets, besides localhost; repeatable",
    ),
    setting(
        "region",
        Kind::Text,
        "ID",
        "cn-hangzhou",
        "Region id that V4 signatures must name",
    ),
    setting(
        "public-url",
        Kind::Text,
        "URL",
        "",
        "Address that the server names to its clients, such as https://oss.example.com",
    ),
    setting(
        "extranet-endpoint",
        Kind::Text,
        "HOST",
        "",
        "ExtranetEndpoint that bucket answers name; default: from public-url or domain",
    ),
    setting(
        "intranet-endpoint",
        Kind::Text,
        "HOST",
        "",
        "IntranetEndpoint that bucket answers name; default: the extranet one",
    ),
    setting(
        "accelerate-endpoint",
        Kind::Text,
        "HOST",
        "",
        "AccelerateEndpoint that DescribeRegions names; default: the extranet one",
    ),
    setting(
        "region-endpoints",
        Kind::List,
        "ID=HOST,...",
        "",
        "Region that DescribeRegions names: ID=INTERNET[,INTERNAL[,ACCELERATE]]; repeatable",
    ),
    setting(
        "accept-region",
        Kind::List,
        "ID",
        "",
        "Further region ids that V4 signatures may name; repeatable",
    ),
    setting(
        "max-buckets",
        Kind::Number,
        "N",
        "100",
        "Most buckets of one account",
    ),
    setting(
        "assume-role-per-second",
        Kind::Number,
        "N",
        "100",
        "Most sessions (AssumeRole) that one account may begin in a second; 0: any number",
    ),
    setting(
        "admin-remote",
        Kind::Switch,
        "",
        "false",
        "Administration over the console address also from other machines; it is plain HTTP",
    ),
    setting(
        "max-connections",
        Kind::Number,
        "N",
        "10000",
        "Most connections at once; one more is answered 503",
    ),
    setting(
        "cache-bytes",
        Kind::Number,
        "BYTES",
        "134217728",
        "Memory for the caches of object records and of small bodies, half each",
    ),
    setting(
        "small-object-bytes",
        Kind::Number,
        "BYTES",
        "1048576",
        "Bodies up to this size share log segments; larger ones are files",
    ),
    setting(
        "scrub-seconds",
        Kind::Number,
        "N",
        "2592000",
        "Pause between two scrubs, which compare every byte that is kept with its digests; 0: only by `fosse fsck`",
    ),
    setting(
        "scrub-bytes-per-second",
        Kind::Number,
        "BYTES",
        "67108864",
        "How many bytes a scrub reads a second",
    ),
    setting(
        "restore-seconds",
        Kind::Number,
        "N",
        "0",
        "How long after RestoreObject an archived object becomes readable",
    ),
    setting(
        "shutdown-seconds",
        Kind::Number,
        "N",
        "30",
        "How long a shutdown waits for requests in flight",
    ),
    setting(
        "lifecycle-seconds",
        Kind::Number,
        "N",
        "86400",
        "Longest time between two lifecycle passes; one begins at midnight UTC in any case; 0: no lifecycle",
    ),
    setting(
        "forbid-path-style",
        Kind::Switch,
        "",
        "false",
        "Refuse path-style requests on names, as the public service does",
    ),
    setting(
        "new-bucket-block-public-access",
        Kind::Switch,
        "",
        "false",
        "Begin new buckets with public access blocked, as the public service does",
    ),
    setting(
        "strict-source-ip-policy",
        Kind::Switch,
        "",
        "false",
        "Refuse bucket policies that look at acs:SourceIp and not at acs:SourceVpc, as the public service does",
    ),
    setting(
        "server-header",
        Kind::Text,
        "TEXT",
        "Fosse",
        "Value of the Server response header",
    ),
    setting(
        "log",
        Kind::Text,
        "FILTER",
        "info",
        "What to log: a level, or a filter such as info,fosse_server=debug",
    ),
    setting(
        "log-format",
        Kind::Text,
        "FORM",
        "text",
        "Form of log lines on standard error: text or json",
    ),
    secret(
        "root-access-key-id",
        "AccessKey ID of the root account; generated at the first start when not given",
    ),
    secret(
        "root-access-key-secret",
        "AccessKey secret of the root account",
    ),
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line.
    Flag,
    /// The named variable.
    Variable(String),
    /// The file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("command line"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from. A text or a switch is a list of one; unset is an empty list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// The texts.
    pub(crate) texts: Vec<String>,
    /// Where they came from.
    pub(crate) origin: Origin,
}

/// Every setting with its value.
pub(crate) struct Settings {
    values: BTreeMap<&'static str, Value>,
}

impl Settings {
    /// Merges the sources. `flags` gives the texts of a flag that was on the command line; `variable` reads the
    /// environment; `file` is the configuration file, path and text.
    ///
    /// Errors: a sentence that names the setting and the place, for a key that does not exist, a value of the wrong
    /// kind, or half a pair.
    pub(crate) fn merge(
        flags: &dyn Fn(&str) -> Option<Vec<String>>,
        variable: &dyn Fn(&str) -> Option<String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self, String> {
        let mut table = match file {
            Some((path, text)) => text
                .parse::<toml::Table>()
                .map_err(|error| format!("{}: {error}", path.display()))?,
            None => toml::Table::new(),
        };
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let in_file = table.remove(setting.name);
            let variable_name = setting.variable();
            let value = if let Some(texts) = flags(setting.name) {
                Value {
                    texts,
                    origin: Origin::Flag,
                }
            } else if let Some(text) = variable(&variable_name) {
                Value {
                    texts: split(setting, &text),
                    origin: Origin::Variable(variable_name),
                }
            } else if let (Some(found), Some((path, _))) = (in_file, file) {
                let texts = from_toml(setting, &found)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                Value {
                    texts,
                    origin: Origin::File(path.to_owned()),
                }
            } else {
                Value {
                    texts: split(setting, setting.default),
                    origin: Origin::Default,
                }
            };
            check(setting, &value)?;
            values.insert(setting.name, value);
        }
        if let (Some(key), Some((path, _))) = (table.keys().next(), file) {
            let known: Vec<&str> = SETTINGS.iter().map(|s| s.name).collect();
            return Err(format!(
                "{}: there is no setting `{key}`; there are {}",
                path.display(),
                known.join(", ")
            ));
        }
        Ok(Self { values })
    }

    /// The value of a setting.
    pub(crate) fn value(&self, name: &str) -> &Value {
        // Names come from this crate's own code; a wrong one fails the first test that runs.
        self.values
            .get(name)
            .unwrap_or_else(|| unreachable!("no setting {name}"))
    }

    /// The text, `None` when unset.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).texts.first().map(String::as_str)
    }

    /// The texts of a list.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        &self.value(name).texts
    }

    /// A yes or no.
    pub(crate) fn switch(&self, name: &str) -> bool {
        self.text(name).and_then(parse_switch).unwrap_or(false)
    }

    /// A number; `None` when unset.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The settings as a configuration file that would give the same, each with its origin; secrets masked.
    pub(crate) fn print(&self) -> String {
        let rows: Vec<(String, &Origin)> = SETTINGS
            .iter()
            .map(|setting| {
                let value = self.value(setting.name);
                let text = |text: &String| toml::Value::String(text.clone()).to_string();
                let shown = match setting.kind {
                    _ if value.texts.is_empty() && setting.kind != Kind::List => {
                        return (format!("# {} is not set", setting.name), &value.origin);
                    }
                    _ if setting.secret => "\"****\"".to_owned(),
                    Kind::List => format!(
                        "[{}]",
                        value.texts.iter().map(text).collect::<Vec<_>>().join(", ")
                    ),
                    Kind::Switch => self.switch(setting.name).to_string(),
                    Kind::Number => value.texts.concat(),
                    Kind::Text => value.texts.iter().map(text).collect(),
                };
                (format!("{} = {shown}", setting.name), &value.origin)
            })
            .collect();
        let width = rows
            .iter()
            .map(|(row, _)| row.chars().count())
            .max()
            .unwrap_or(0);
        let mut out = String::new();
        for (row, origin) in rows {
            let _ = writeln!(out, "{row:width$}  # {origin}");
        }
        out
    }
}

fn split(setting: &Setting, text: &str) -> Vec<String> {
    match setting.kind {
        Kind::List => text
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        _ if text.is_empty() => Vec::new(),
        _ => vec![text.to_owned()],
    }
}

fn from_toml(setting: &Setting, value: &toml::Value) -> Result<Vec<String>, String> {
    match (setting.kind, value) {
        (Kind::List, toml::Value::Array(items)) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| format!("`{}` must be a list of texts", setting.name))
            })
            .collect(),
        (Kind::List, toml::Value::String(text)) => Ok(vec![text.clone()]),
        (Kind::Text, toml::Value::String(text)) => Ok(split(setting, text)),
        (Kind::Switch, toml::Value::Boolean(on)) => Ok(vec![on.to_string()]),
        (Kind::Number, toml::Value::Integer(number)) => Ok(vec![number.to_string()]),
        (kind, _) => Err(format!(
            "`{}` must be {}",
            setting.name,
            match kind {
                Kind::Text => "a text in quotes",
                Kind::List => "a list of texts, such as [\"127.0.0.1:9000\"]",
                Kind::Switch => "true or false",
                Kind::Number => "a whole number",
            }
        )),
    }
}

fn check(setting: &Setting, value: &Value) -> Result<(), String> {
    for text in &value.texts {
        let good = match setting.kind {
            Kind::Switch => parse_switch(text).is_some(),
            Kind::Number => text.parse::<u64>().is_ok(),
            Kind::Text | Kind::List => true,
        };
        if !good {
            return Err(format!(
                "`{}` ({}) cannot be `{text}`",
                setting.name, value.origin
            ));
        }
    }
    Ok(())
}

fn parse_switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Origin, SETTINGS, Settings};

    fn none(_: &str) -> Option<String> {
        None
    }

    fn no_flags(_: &str) -> Option<Vec<String>> {
        None
    }

    #[test]
    fn flag_beats_variable_beats_file_beats_default() {
        let file = "region = \"from-file\"\nlisten = [\"1.1.1.1:1\"]\nserver-header = \"x\"\nmemory = true";
        let variable = |name: &str| match name {
            "FOSSE_REGION" => Some("from-variable".to_owned()),
            "FOSSE_LISTEN" => Some("2.2.2.2:2, 3.3.3.3:3".to_owned()),
            _ => None,
        };
        let flags = |name: &str| (name == "region").then(|| vec!["from-flag".to_owned()]);
        let settings =
            Settings::merge(&flags, &variable, Some((Path::new("f.toml"), file))).unwrap();
        assert_eq!(settings.text("region"), Some("from-flag"));
        assert_eq!(settings.value("region").origin, Origin::Flag);
        assert_eq!(settings.list("listen"), ["2.2.2.2:2", "3.3.3.3:3"]);
        assert_eq!(
            settings.value("listen").origin,
            Origin::Variable("FOSSE_LISTEN".to_owned())
        );
        assert_eq!(settings.text("server-header"), Some("x"));
        assert!(settings.switch("memory"));
        assert_eq!(settings.text("data-dir"), Some("./fosse-data"));
        assert_eq!(settings.value("data-dir").origin, Origin::Default);
    }

    #[test]
    fn secrets_are_masked_and_the_print_is_a_file() {
        let variable =
            |name: &str| (name == "FOSSE_ROOT_ACCESS_KEY_SECRET").then(|| "topsecret".to_owned());
        let settings = Settings::merge(&no_flags, &variable, None).unwrap();
        let print = settings.print();
        assert!(!print.contains("topsecret"), "{print}");
        assert!(
            print.contains("# variable FOSSE_ROOT_ACCESS_KEY_SECRET"),
            "{print}"
        );
        let again =
            Settings::merge(&no_flags, &none, Some((Path::new("again.toml"), &print))).unwrap();
        assert_eq!(again.list("listen"), settings.list("listen"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |file: &str| {
            Settings::merge(&no_flags, &none, Some((Path::new("f.toml"), file)))
                .err()
                .unwrap()
        };
        assert!(error("regoin = \"x\"").contains("`regoin`"));
        assert!(error("region = 5").contains("`region` must be a text"));
        assert!(error("memory = \"perhaps\"").contains("true or false"));
        assert!(error("region = ").contains("f.toml"));
        let variable = |name: &str| (name == "FOSSE_MEMORY").then(|| "maybe".to_owned());
        assert!(
            Settings::merge(&no_flags, &variable, None)
                .err()
                .unwrap()
                .contains("FOSSE_MEMORY")
        );
    }

    #[test]
    fn every_setting_has_its_own_name() {
        let mut names: Vec<_> = SETTINGS.iter().map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SETTINGS.len());
    }
}
