//! The configuration file on disk: found, read, and replaced in one step with mode 0600.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::ini::Ini;
use crate::args::client_options::ClientOptions;
use crate::failure::{Failure, Result};

/// A configuration file, which may not exist yet.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// Where it is, or would be.
    pub(crate) path: PathBuf,
    /// Whether it exists.
    pub(crate) present: bool,
    /// Its content.
    pub(crate) ini: Ini,
}

/// Where the file is, and whether the user named it: flag, then `OSSUTIL_CONFIG_FILE`, then `~/.ossutilconfig`.
pub(crate) fn locate(
    options: &ClientOptions,
    variable: &dyn Fn(&str) -> Option<String>,
) -> (PathBuf, bool) {
    if let Some(path) = &options.config_file {
        return (from_home(path, variable), true);
    }
    if let Some(path) = variable("OSSUTIL_CONFIG_FILE") {
        return (from_home(Path::new(&path), variable), true);
    }
    (from_home(Path::new("~/.ossutilconfig"), variable), false)
}

fn from_home(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => variable("HOME")
            .or_else(|| variable("USERPROFILE"))
            .map_or_else(|| rest.to_owned(), |home| Path::new(&home).join(rest)),
        Err(_) => path.to_owned(),
    }
}

impl ConfigFile {
    /// Reads the file. `named`: the user asked for this one, so it must exist.
    pub(crate) fn read(path: PathBuf, named: bool) -> Result<Self> {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let ini = Ini::parse(&text)
                    .map_err(|error| Failure::local(format_args!("{}: {error}", path.display())))?;
                Ok(Self {
                    path,
                    present: true,
                    ini,
                })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Ok(Self {
                path,
                present: false,
                ini: Ini::default(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Failure::usage(format!(
                    "there is no configuration file {}; make it with `fosse config -c FILE`",
                    path.display()
                )))
            }
            Err(error) => Err(Failure::file("read the configuration file", &path, error)),
        }
    }

    /// Names of the profiles, `default` first when it is there.
    pub(crate) fn profiles(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .ini
            .sections()
            .filter_map(|section| match section {
                "default" => Some("default".to_owned()),
                section => section.strip_prefix("profile ").map(str::to_owned),
            })
            .collect();
        if !names.iter().any(|name| name == "default") && self.ini.has("credentials") {
            names.insert(0, "default".to_owned());
        }
        names.dedup();
        names
    }

    /// The section that holds a profile: `[Credentials]` of ossutil 1.0 stands in for a missing `[default]`.
    pub(crate) fn section_of(&self, profile: &str) -> Option<String> {
        let name = if profile.eq_ignore_ascii_case("default") {
            "default".to_owned()
        } else {
            format!("profile {profile}")
        };
        if self.ini.has(&name) {
            return Some(name);
        }
        (name == "default" && self.ini.has("credentials")).then(|| "credentials".to_owned())
    }

    /// Replaces the file in one step; only its owner may read it.
    pub(crate) fn write(&self) -> Result<()> {
        let fail = |error| Failure::file("write the configuration file", &self.path, error);
        // A link stays a link: what it points to is replaced.
        let target = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = target.with_file_name(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&temporary)
            .and_then(|mut file| {
                file.write_all(self.ini.to_string().as_bytes())
                    .and_then(|()| file.sync_all())
            })
            .and_then(|()| std::fs::rename(&temporary, &target));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written.map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::ConfigFile;

    #[test]
    fn written_for_the_owner_only_and_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let mut file = ConfigFile::read(path.clone(), false).unwrap();
        assert!(!file.present);
        file.ini.set("default", "region", "r");
        file.write().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let again = ConfigFile::read(path, true).unwrap();
        assert_eq!(again.ini.get("default", "region"), Some("r"));
        assert_eq!(again.profiles(), ["default"]);
    }

    #[test]
    fn a_named_file_must_exist() {
        let dir = tempfile::tempdir().unwrap();
        let failure = ConfigFile::read(dir.path().join("no"), true).unwrap_err();
        assert_eq!(failure.exit_code(), 1);
    }

    #[test]
    fn files_of_ossutil_1_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, "[Credentials]\nlanguage=EN\nendpoint=oss.example.com\naccessKeyID=AK\naccessKeySecret=SK\n").unwrap();
        let file = ConfigFile::read(path, true).unwrap();
        let section = file.section_of("default").unwrap();
        assert_eq!(file.ini.get(&section, "access-key-id"), Some("AK"));
        assert_eq!(file.profiles(), ["default"]);
    }
}
