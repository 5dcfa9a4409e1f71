//! `config`: the configuration file (cli.md §6.9, §2).

use clap::Args;

use crate::args::client_options::{AddressingStyle, ClientOptions};
use crate::config::file::{ConfigFile, locate};
use crate::config::ini::key_name;
use crate::failure::{Failure, Result};
use crate::out::Out;
use crate::prompt;

/// `config`
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// Nothing (asks), set NAME VALUE, get NAME, or list-profiles
    #[arg(value_name = "ACTION", num_args = 0..)]
    words: Vec<String>,
    #[command(flatten)]
    options: ClientOptions,
}

/// Keys whose values `get` still shows, but no listing does.
const KNOWN: [&str; 24] = [
    "mode",
    "access-key-id",
    "access-key-secret",
    "sts-token",
    "region",
    "endpoint",
    "addressing-style",
    "sign-version",
    "read-timeout",
    "connect-timeout",
    "retry-times",
    "skip-verify-cert",
    "ca-file",
    "output-format",
    "loglevel",
    "language",
    "source-profile",
    "buckets",
    "role-arn",
    "role-session-name",
    "sts-endpoint",
    "credential-process",
    "credential-uri",
    "ecs-role-name",
];

/// Runs `config`.
pub(crate) fn run(args: &ConfigArgs) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (path, _) = locate(&args.options, &variable);
    let profile = args
        .options
        .profile
        .clone()
        .or_else(|| variable("OSSUTIL_PROFILE"))
        .unwrap_or_else(|| "default".to_owned());
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let out = Out::new(args.options.quiet);
    match words.as_slice() {
        [] => {
            let given = given(&args.options);
            // A file that is not there yet is made, also one that was named.
            let mut file = ConfigFile::read(path, false)?;
            if given.is_empty() {
                return ask(args, &profile, file, &out);
            }
            for (key, value) in given {
                set(&mut file, &profile, key, &value);
            }
            file.write()
        }
        ["set", key, value] => {
            if !KNOWN.iter().any(|known| key_name(known) == key_name(key)) {
                out.note(&format!(
                    "`{key}` is not a key that this program reads; it is kept for others"
                ));
            }
            let mut file = ConfigFile::read(path, false)?;
            set(&mut file, &profile, key, value);
            file.write()
        }
        ["get", key] => {
            let file = ConfigFile::read(path, true)?;
            let section = section(&file, &profile)?;
            match file.ini.get(&section, key) {
                Some(value) => out.line(value),
                None => Err(Failure::Declined(format!(
                    "`{key}` is not set in the profile `{profile}` of {}",
                    file.path.display()
                ))),
            }
        }
        ["list-profiles"] => {
            let file = ConfigFile::read(path, true)?;
            file.profiles()
                .iter()
                .try_for_each(|profile| out.line(profile))
        }
        ["set", ..] => Err(Failure::usage(
            "write: config set NAME VALUE; an empty VALUE (\"\") removes it",
        )),
        ["get", ..] => Err(Failure::usage("write: config get NAME")),
        [word, ..] => Err(Failure::usage(format!(
            "there is no `config {word}`: there are set, get and list-profiles"
        ))),
    }
}

fn section(file: &ConfigFile, profile: &str) -> Result<String> {
    file.section_of(profile).ok_or_else(|| {
        Failure::usage(format!(
            "there is no profile `{profile}` in {}; it has {}",
            file.path.display(),
            file.profiles().join(", ")
        ))
    })
}

/// Sets a key where the profile is, or in a new profile.
fn set(file: &mut ConfigFile, profile: &str, key: &str, value: &str) {
    let section = file.section_of(profile).unwrap_or_else(|| {
        if profile.eq_ignore_ascii_case("default") {
            "default".to_owned()
        } else {
            format!("profile {profile}")
        }
    });
    file.ini.set(&section, key, value);
}

/// Values on the command line: the non-interactive form of ossutil 1.0.
fn given(options: &ClientOptions) -> Vec<(&'static str, String)> {
    let style = options.addressing_style.map(|style| match style {
        AddressingStyle::Virtual => "virtual".to_owned(),
        AddressingStyle::Path => "path".to_owned(),
        AddressingStyle::Cname => "cname".to_owned(),
    });
    let values = [
        ("access-key-id", options.access_key_id.clone()),
        ("access-key-secret", options.access_key_secret.clone()),
        ("sts-token", options.sts_token.clone()),
        ("endpoint", options.endpoint.clone()),
        ("region", options.region.clone()),
        ("addressing-style", style),
        ("sign-version", options.sign_version.clone()),
        ("mode", options.mode.clone()),
    ];
    values
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
        .collect()
}

/// The interactive form: what is left empty stays as it was.
fn ask(args: &ConfigArgs, profile: &str, file: ConfigFile, out: &Out) -> Result<()> {
    out.note("The command creates a configuration file and stores credentials. An empty answer keeps what is in brackets.");
    let mut file = file;
    if args.options.config_file.is_none() {
        let answer = prompt::line(&format!("Config file [{}]: ", file.path.display()))?;
        if !answer.trim().is_empty() {
            let options = ClientOptions {
                config_file: Some(answer.trim().into()),
                ..ClientOptions::default()
            };
            let (path, _) = locate(&options, &|name| std::env::var(name).ok());
            file = ConfigFile::read(path, false)?;
        }
    }
    let known = |file: &ConfigFile, key: &str| {
        file.section_of(profile)
            .and_then(|section| file.ini.get(&section, key).map(str::to_owned))
    };
    for (key, question, usual) in [
        ("access-key-id", "AccessKey ID", ""),
        ("access-key-secret", "AccessKey secret", ""),
        ("region", "Region", "cn-hangzhou"),
        ("endpoint", "Endpoint", "http://127.0.0.1:9000"),
    ] {
        let present = known(&file, key);
        let hidden = key == "access-key-secret";
        let shown = match &present {
            Some(_) if hidden => "****".to_owned(),
            Some(value) => value.clone(),
            None => usual.to_owned(),
        };
        let question = if shown.is_empty() {
            question.to_owned()
        } else {
            format!("{question} [{shown}]")
        };
        let answer = if hidden {
            prompt::secret(&question)?
        } else {
            prompt::line(&format!("{question}: "))?
        };
        match (answer.trim(), present) {
            ("", Some(_)) => {}
            ("", None) if usual.is_empty() => {}
            ("", None) => set(&mut file, profile, key, usual),
            (answer, _) => set(&mut file, profile, key, answer),
        }
    }
    file.write()?;
    out.note(&format!("written to {}", file.path.display()));
    Ok(())
}
