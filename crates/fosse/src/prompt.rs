//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::{Failure, Result};

/// Asks `question(y or N)?`. Where nobody can answer, the answer is no.
pub(crate) fn confirm(question: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Declined(format!(
            "{question}? There is nobody to ask: add -f"
        )));
    }
    match line(&format!("{question}(y or N)? "))?.trim() {
        "y" | "Y" | "yes" | "YES" => Ok(()),
        _ => Err(Failure::Declined(
            "cancelled, nothing was changed".to_owned(),
        )),
    }
}

/// Asks for a line of text.
pub(crate) fn line(question: &str) -> Result<String> {
    let ended = || Failure::Declined("the input ended before the answer".to_owned());
    let _ = io::stderr().write_all(question.as_bytes());
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(0) => Err(ended()),
        Ok(_) => Ok(answer.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => Err(Failure::local(format_args!(
            "cannot read the answer: {error}"
        ))),
    }
}

/// Asks for a secret, without showing what is typed.
pub(crate) fn secret(question: &str) -> Result<String> {
    let hidden = Hidden::new();
    let answer = line(&format!("{question}: "));
    if hidden.0.is_some() {
        let _ = io::stderr().write_all(b"\n");
    }
    answer
}

/// The terminal does not show what is typed while this lives.
struct Hidden(Option<rustix::termios::Termios>);

impl Hidden {
    fn new() -> Self {
        let before = rustix::termios::tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(rustix::termios::LocalModes::ECHO);
            let _ = rustix::termios::tcsetattr(
                io::stdin(),
                rustix::termios::OptionalActions::Now,
                &quiet,
            );
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = rustix::termios::tcsetattr(
                io::stdin(),
                rustix::termios::OptionalActions::Now,
                before,
            );
        }
    }
}
