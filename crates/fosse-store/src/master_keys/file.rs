//! The file of master keys, and the note in the data directory of which keys it was used with.
//!
//! ```text
//! fosse-master-keys 1
//! # comment
//! key <id, 16 hex digits> <key, 64 hex digits>
//! ```
//! The first key is the current one. The note, `master.keys.used`, has a line per id; a directory whose keys are not
//! all at hand is not opened, since part of it could not be read.

use super::{KeyId, Secret};
use crate::embedded::sync_dir;
use crate::error::{Result, StoreError};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Name of the file when it is in the data directory.
pub(crate) const NAME: &str = "master.keys";
const USED: &str = "master.keys.used";
const HEAD: &str = "fosse-master-keys 1";
/// A file of more bytes than this (about 700 keys) is none of ours.
const LARGEST: u64 = 64 << 10;

/// The bytes of lower-case hex digits, `N` of them.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (out, pair) in out.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        *out = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

fn read_text(path: &Path) -> Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(told(path, error)),
    };
    let mut text = String::new();
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| told(path, error))?;
    if text.len() as u64 > LARGEST {
        return Err(StoreError::Format(format!(
            "{} is too large",
            path.display()
        )));
    }
    Ok(Some(text))
}

fn told(path: &Path, error: io::Error) -> StoreError {
    StoreError::Io(io::Error::new(
        error.kind(),
        format!("{}: {error}", path.display()),
    ))
}

/// The keys of a file, the current one first; `None` when there is no file.
///
/// Errors: [`StoreError::Format`] when it is damaged; no error shows what the file holds.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<Secret>>> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    let damaged =
        |why: &str| StoreError::Format(format!("the master keys {}: {why}", path.display()));
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) {
        return Err(damaged("not a file of master keys that this version reads"));
    }
    let mut secrets: Vec<Secret> = Vec::new();
    for (number, line) in (2..).zip(lines) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let (id, secret) = match words.as_slice() {
            ["key", id, secret] => (KeyId::parse(id), unhex(secret).map(Secret)),
            _ => (None, None),
        };
        let (Some(id), Some(secret)) = (id, secret) else {
            return Err(damaged(&format!("line {number} is not a key")));
        };
        if secret.id() != id {
            return Err(damaged(&format!("key {id} in line {number} is damaged")));
        }
        if secrets.iter().any(|known| known.id() == id) {
            return Err(damaged(&format!("key {id} is there twice")));
        }
        secrets.push(secret);
    }
    if secrets.is_empty() {
        return Err(damaged("there is no key in it"));
    }
    if let Ok(found) = fs::metadata(path)
        && found.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(file = %path.display(), "others than its owner may read the master keys");
    }
    Ok(Some(secrets))
}

/// Replaces the file in one step; it is durable when this returns.
pub(crate) fn write(path: &Path, secrets: &[Secret]) -> Result<()> {
    let mut text = format!(
        "{HEAD}\n# Without these keys nothing that is encrypted can be read any more: keep a copy, apart from \
         the data.\n# The first key seals; the others open what was sealed before.\n"
    );
    for secret in secrets {
        let _ = write!(text, "key {} ", secret.id());
        for byte in secret.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    replace(path, &text)
}

fn replace(path: &Path, text: &str) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let write = || {
        // One that a crash left may have any mode.
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        match path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            Some(dir) => sync_dir(dir),
            None => sync_dir(Path::new(".")),
        }
    };
    write().map_err(|error| told(path, error))
}

/// Which keys a data directory was used with.
pub(crate) struct Witness(PathBuf);

impl Witness {
    pub(crate) fn of(dir: &Path) -> Self {
        Witness(dir.join(USED))
    }

    /// The ids, oldest first; none for a directory that never had keys.
    pub(crate) fn read(&self) -> Result<Vec<KeyId>> {
        let Some(text) = read_text(&self.0)? else {
            return Ok(Vec::new());
        };
        let parse = |line: &str| {
            KeyId::parse(line)
                .ok_or_else(|| StoreError::Format(format!("{} is damaged", self.0.display())))
        };
        text.lines().map(parse).collect()
    }

    /// Notes the ids of `now` that are not in `before`.
    pub(crate) fn write(&self, before: &[KeyId], now: &[KeyId]) -> Result<()> {
        let fresh: Vec<_> = now.iter().rev().filter(|id| !before.contains(id)).collect();
        if fresh.is_empty() && self.0.exists() {
            return Ok(());
        }
        let ids = before.iter().chain(fresh);
        let text: String = ids.map(|id| format!("{id}\n")).collect();
        replace(&self.0, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        assert!(read(&path).unwrap().is_none());
        let secrets = [Secret([1; 32]), Secret([2; 32])];
        write(&path, &secrets).unwrap();
        let ids: Vec<_> = read(&path)
            .unwrap()
            .unwrap()
            .iter()
            .map(Secret::id)
            .collect();
        assert_eq!(ids, [secrets[0].id(), secrets[1].id()]);
        // What a crash left of the next one is in nobody's way.
        fs::write(dir.path().join("master.keys.new"), "fosse-mas").unwrap();
        write(&path, &secrets[..1]).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().len(), 1);
    }

    #[test]
    fn damaged_files_are_refused_without_showing_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        write(&path, &[Secret([0xAB; 32])]).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let damaged = [
            String::new(),
            good.replace("keys 1", "keys 2"),
            good.replace("key ", "kex "),
            good.replace("abab", "abac"),
            good.replace("abab", "ABAB"),
            good.trim_end().trim_end_matches("ab").to_owned(),
            format!("{HEAD}\n"),
            format!("{good}{}", good.lines().last().unwrap()),
            format!("{good}{}", "#".repeat(70_000)),
        ];
        for text in damaged {
            fs::write(&path, &text).unwrap();
            let Err(StoreError::Format(told)) = read(&path) else {
                panic!("read: {text}")
            };
            assert!(!told.contains("abab"), "{told}");
        }
    }
}
