//! Where a value comes from: flag, then variable, then profile and its source profiles (cli.md §2.1).

use super::file::{ConfigFile, locate};
use crate::args::client_options::ClientOptions;
use crate::failure::{Failure, Result};

/// How near to the user a value was given; smaller is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// The command line.
    Flag,
    /// A variable.
    Variable,
    /// The configuration file.
    Profile,
}

/// A value and how it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The value.
    pub(crate) value: String,
    /// How it was given.
    pub(crate) rank: Rank,
}

/// Reads the environment.
type Variables = Box<dyn Fn(&str) -> Option<String>>;

/// Everything that values can come from.
pub(crate) struct Sources {
    variable: Variables,
    ignore_oss_variables: bool,
    file: ConfigFile,
    profile: String,
    /// Sections of the profile and of its source profiles, nearest first.
    sections: Vec<String>,
}

impl Sources {
    /// Reads the configuration file and finds the profile. `variable` reads the environment.
    ///
    /// Errors: a named file that is not there, a profile that is not in it, profiles that refer to each other in a ring.
    pub(crate) fn open(
        options: &ClientOptions,
        variable: impl Fn(&str) -> Option<String> + 'static,
    ) -> Result<Self> {
        let variable = move |name: &str| variable(name).filter(|value| !value.is_empty());
        let (path, named) = locate(options, &variable);
        let file = ConfigFile::read(path, named)?;
        let chosen = options
            .profile
            .clone()
            .or_else(|| variable("OSSUTIL_PROFILE"));
        let profile = chosen.clone().unwrap_or_else(|| "default".to_owned());
        let mut sections = Vec::new();
        let mut next = Some(profile.clone());
        while let Some(name) = next {
            let Some(section) = file.section_of(&name) else {
                if sections.is_empty() && chosen.is_none() {
                    break;
                }
                return Err(unknown_profile(&name, &file));
            };
            if sections.contains(&section) {
                return Err(Failure::local(format_args!(
                    "{}: the profile `{name}` is its own source profile",
                    file.path.display()
                )));
            }
            next = file.ini.get(&section, "source-profile").map(str::to_owned);
            sections.push(section);
        }
        Ok(Self {
            variable: Box::new(variable),
            ignore_oss_variables: options.ignore_env_var,
            file,
            profile,
            sections,
        })
    }

    /// The nearest value. `variable` may be empty for values that have none; `keys` are spellings in the profile.
    pub(crate) fn find(&self, flag: Option<&str>, variable: &str, keys: &[&str]) -> Option<Found> {
        if let Some(value) = flag {
            return Some(Found {
                value: value.to_owned(),
                rank: Rank::Flag,
            });
        }
        let ignored =
            variable.is_empty() || self.ignore_oss_variables && variable.starts_with("OSS_");
        if let Some(value) = (!ignored).then(|| (self.variable)(variable)).flatten() {
            return Some(Found {
                value,
                rank: Rank::Variable,
            });
        }
        let in_profile = self
            .sections
            .iter()
            .find_map(|section| keys.iter().find_map(|key| self.file.ini.get(section, key)));
        in_profile.map(|value| Found {
            value: value.to_owned(),
            rank: Rank::Profile,
        })
    }

    /// As [`Self::find`], the value only.
    pub(crate) fn value(
        &self,
        flag: Option<&str>,
        variable: &str,
        keys: &[&str],
    ) -> Option<String> {
        self.find(flag, variable, keys).map(|found| found.value)
    }

    /// What the profile's `buckets` section says about one bucket; flags still go before it.
    pub(crate) fn for_bucket(&self, bucket: &str, key: &str) -> Option<String> {
        let section = self
            .sections
            .iter()
            .find_map(|section| self.file.ini.get(section, "buckets"))?;
        self.file
            .ini
            .get_nested(&format!("buckets {section}"), bucket, key)
            .map(str::to_owned)
    }

    /// A sentence that says where a value was looked for.
    pub(crate) fn looked_at(&self, flag: &str, variable: &str) -> String {
        let file = self.file.path.display();
        let profile = if self.file.present {
            format!("the profile `{}` of {file}", self.profile)
        } else {
            format!("{file}, which does not exist")
        };
        let ignored = if self.ignore_oss_variables {
            " (ignored)"
        } else {
            ""
        };
        format!("looked at {flag}, at the variable {variable}{ignored} and at {profile}")
    }
}

fn unknown_profile(name: &str, file: &ConfigFile) -> Failure {
    let known = file.profiles();
    let path = file.path.display();
    Failure::usage(match (file.present, known.is_empty()) {
        (false, _) => {
            format!("there is no profile `{name}`: the configuration file {path} does not exist")
        }
        (true, true) => format!("there is no profile `{name}` in {path}, which has no profiles"),
        (true, false) => format!(
            "there is no profile `{name}` in {path}; it has {}",
            known.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{Rank, Sources};
    use crate::args::client_options::ClientOptions;

    const FILE: &str = "[default]\nregion = file-region\naccess-key-id = file-id\n[profile p]\nsource-profile = default\naccess-key-id = p-id\n\
        buckets = mine\n[buckets mine]\nphotos =\n  endpoint = https://p\n[profile ring]\nsource-profile = ring2\n[profile ring2]\nsource-profile = ring\n";

    fn open(
        profile: Option<&str>,
        env: &'static [(&str, &str)],
        ignore: bool,
    ) -> crate::failure::Result<Sources> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, FILE).unwrap();
        let options = ClientOptions {
            config_file: Some(path),
            profile: profile.map(str::to_owned),
            ignore_env_var: ignore,
            ..ClientOptions::default()
        };
        Sources::open(&options, move |name| {
            env.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flag_then_variable_then_profile_then_source_profile() {
        let env: &[(&str, &str)] = &[("OSS_REGION", "env-region")];
        let sources = open(Some("p"), env, false).unwrap();
        let region = |sources: &Sources, flag| {
            sources
                .find(flag, "OSS_REGION", &["region"])
                .map(|f| (f.value, f.rank))
        };
        assert_eq!(
            region(&sources, Some("flag")),
            Some(("flag".to_owned(), Rank::Flag))
        );
        assert_eq!(
            region(&sources, None),
            Some(("env-region".to_owned(), Rank::Variable))
        );
        let ignoring = open(Some("p"), env, true).unwrap();
        assert_eq!(
            region(&ignoring, None),
            Some(("file-region".to_owned(), Rank::Profile))
        );
        assert_eq!(
            ignoring.value(None, "", &["access-key-id"]).as_deref(),
            Some("p-id")
        );
        assert_eq!(
            ignoring.for_bucket("photos", "endpoint").as_deref(),
            Some("https://p")
        );
        assert_eq!(ignoring.for_bucket("other", "endpoint"), None);
    }

    #[test]
    fn profiles_by_variable_and_what_is_wrong_with_them() {
        let sources = open(None, &[("OSSUTIL_PROFILE", "p")], true).unwrap();
        assert_eq!(
            sources.value(None, "", &["access-key-id"]).as_deref(),
            Some("p-id")
        );
        let text = |profile| match open(Some(profile), &[], false).err().unwrap() {
            crate::failure::Failure::Usage(text) => text,
            other => format!("{other:?}"),
        };
        assert!(
            text("nobody").contains("it has default, p, ring, ring2"),
            "{}",
            text("nobody")
        );
        assert!(text("ring").contains("its own source profile"));
    }
}
