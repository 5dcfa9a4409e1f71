//! The raw command line, before and after the parser.

use std::ffi::OsString;

use clap::Args as _;

use super::client_options::ClientOptions;

/// Moves global flags that stand before the command behind it, where the parser of the command finds them
/// (`ossutil -c file ls oss://b` is common). Everything else stays as it is.
pub(crate) fn globals_behind_command(arguments: Vec<OsString>) -> Vec<OsString> {
    let globals = ClientOptions::augment_args(clap::Command::new("globals"));
    let mut rest = arguments.into_iter();
    let mut moved = Vec::new();
    let mut ordered: Vec<OsString> = rest.next().into_iter().collect();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy().into_owned();
        let (name, attached) = match text.split_once('=') {
            Some((name, _)) => (name.to_owned(), true),
            None => (text.clone(), false),
        };
        let known = globals.get_arguments().find(|arg| {
            arg.get_long()
                .is_some_and(|long| name.strip_prefix("--") == Some(long))
                || arg.get_short().is_some_and(|short| {
                    name.strip_prefix('-')
                        .is_some_and(|n| !n.starts_with('-') && n.starts_with(short))
                })
        });
        let Some(known) = known else {
            // The command, or a flag that is no global one: from here on nothing moves.
            ordered.push(argument);
            if !text.starts_with('-') {
                ordered.append(&mut moved);
            }
            break;
        };
        let takes_value = known.get_action().takes_values();
        let value_in_argument = attached || (!name.starts_with("--") && name.len() > 2);
        moved.push(argument);
        if takes_value && !value_in_argument {
            moved.extend(rest.next());
        }
    }
    ordered.append(&mut moved);
    ordered.extend(rest);
    ordered
}

/// What the parser complains about, as one sentence with the usage behind it.
pub(crate) fn complaint(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::globals_behind_command;
    use clap::CommandFactory as _;

    fn moved(text: &str) -> String {
        let arguments = text.split(' ').map(Into::into).collect();
        let words: Vec<String> = globals_behind_command(arguments)
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.join(" ")
    }

    #[test]
    fn global_flags_move_behind_the_command() {
        assert_eq!(
            moved("ossutil -c file ls oss://b"),
            "ossutil ls -c file oss://b"
        );
        assert_eq!(
            moved("ossutil -c=file -e http://h ls oss://b -r"),
            "ossutil ls -c=file -e http://h oss://b -r"
        );
        assert_eq!(
            moved("ossutil --region=x -q -cfile ls"),
            "ossutil ls --region=x -q -cfile"
        );
        assert_eq!(moved("ossutil ls -c file"), "ossutil ls -c file");
        assert_eq!(moved("ossutil --nonsense ls"), "ossutil --nonsense ls");
        assert_eq!(moved("ossutil --help"), "ossutil --help");
        assert_eq!(moved("ossutil"), "ossutil");
    }

    #[test]
    fn the_parser_is_well_formed() {
        crate::args::Cli::command().debug_assert();
    }
}
