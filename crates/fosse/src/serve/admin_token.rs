//! The file that lets commands on this machine administer a running server: where it listens, and the token of this start.
//!
//! `DIR/admin.token`, for its owner only: the URL in the first line, the token in the second.

use anyhow::{Context as _, Result};
use fosse_server::AdminToken;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

fn path(dir: &Path) -> PathBuf {
    dir.join("admin.token")
}

/// Writes the file in one step.
///
/// Errors: the directory cannot be written.
pub(crate) fn write(dir: &Path, mut address: SocketAddr, token: &AdminToken) -> Result<()> {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let fresh = dir.join("admin.token.new");
    let write = || {
        // One that a crash left may have any mode.
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        writeln!(file, "http://{address}\n{}", token.secret())?;
        fs::rename(&fresh, path(dir))
    };
    write().with_context(|| format!("cannot write {}", path(dir).display()))
}

/// Removes the file of an earlier start.
///
/// Errors: the directory cannot be written.
pub(crate) fn remove(dir: &Path) -> Result<()> {
    let path = path(dir);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// URL and token of the server that uses the directory.
///
/// Errors: there is no such file, or it cannot be read.
pub(crate) fn read(dir: &Path) -> Result<(String, String)> {
    let path = path(dir);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(url), Some(token)) if !token.is_empty() => Ok((url.to_owned(), token.to_owned())),
        _ => anyhow::bail!(
            "{} is damaged; it is made anew when the server starts",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_file_is_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).is_err());
        let token = AdminToken::random().unwrap();
        fs::write(dir.path().join("admin.token.new"), "left").unwrap();
        write(dir.path(), "0.0.0.0:9001".parse().unwrap(), &token).unwrap();
        let mode = fs::metadata(path(dir.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = read(dir.path()).unwrap();
        assert_eq!(
            read,
            (
                "http://127.0.0.1:9001".to_owned(),
                token.secret().to_owned()
            )
        );
    }
}
