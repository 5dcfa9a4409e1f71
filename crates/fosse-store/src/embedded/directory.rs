//! The data directory: its format version, its lock, its folders.

use crate::error::{Result, StoreError};
use crate::master_keys;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The newest format this version reads, and the one it writes.
pub(crate) const FORMAT: u32 = 2;

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_WORD: &str = "fosse-store";
const LOCK_FILE: &str = "LOCK";

/// An open data directory; the lock goes with it.
pub(crate) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Locks the directory, checks its format, makes what is missing, and clears what writers left unfinished.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            // It holds secrets: for its owner only.
            match DirBuilder::new().mode(0o700).create(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(error.into());
                }
                _ => {}
            }
            if let Some(parent) = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
            {
                sync_dir(parent)?;
            }
        }
        check_foreign(path)?;
        let lock = path.join(LOCK_FILE);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let directory = Directory {
            path: path.to_owned(),
            _lock: lock,
        };
        directory.check_format()?;
        directory.make_folders()?;
        Ok(directory)
    }

    fn check_format(&self) -> Result<()> {
        let path = self.path.join(FORMAT_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.write_format(),
            Err(error) => return Err(error.into()),
        };
        let shown = self.path.display();
        let number = text
            .trim_end()
            .strip_prefix(FORMAT_WORD)
            .and_then(|n| n.trim().parse::<u32>().ok());
        match number {
            Some(FORMAT) => Ok(()),
            // Records of format 1 are read as they are and rewritten when they change; the number keeps an older
            // version from opening what it would not understand.
            Some(1) => self.write_format(),
            Some(newer) if newer > FORMAT => Err(StoreError::Format(format!(
                "data directory {shown} has format {newer}, this version of Fosse reads up to {FORMAT}: \
                 use a newer Fosse"
            ))),
            _ => Err(StoreError::Format(format!(
                "data directory {shown}: {FORMAT_FILE} is not readable"
            ))),
        }
    }

    /// The format is the first thing in a new directory, so that a crash while it is made leaves one that opens.
    fn write_format(&self) -> Result<()> {
        let unfinished = self.path.join("FORMAT.new");
        let mut file = File::create(&unfinished)?;
        writeln!(file, "{FORMAT_WORD} {FORMAT}")?;
        file.sync_all()?;
        fs::rename(unfinished, self.path.join(FORMAT_FILE))?;
        sync_dir(&self.path)?;
        Ok(())
    }

    fn make_folders(&self) -> Result<()> {
        let _ = fs::remove_dir_all(self.unfinished());
        fs::create_dir_all(self.unfinished())?;
        fs::create_dir_all(self.segments())?;
        let files = self.files();
        if !files.join("ff").is_dir() {
            for shard in 0..=255u8 {
                fs::create_dir_all(files.join(format!("{shard:02x}")))?;
            }
            sync_dir(&files)?;
        }
        sync_dir(&self.path)?;
        Ok(())
    }

    pub(crate) fn meta(&self) -> PathBuf {
        self.path.join("meta")
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    pub(crate) fn unfinished(&self) -> PathBuf {
        self.path.join("tmp")
    }
}

/// Refuses a directory that holds something else, before anything is written into it.
fn check_foreign(path: &Path) -> Result<()> {
    if path.join(FORMAT_FILE).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        // An operator may put the keys there first.
        let ours = [
            LOCK_FILE,
            "FORMAT.new",
            "lost+found",
            master_keys::file::NAME,
        ];
        if !ours.iter().any(|ours| name == *ours) {
            return Err(StoreError::Format(format!(
                "{} is not empty and not a data directory of Fosse (it has no {FORMAT_FILE})",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Makes names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Directory::open(&dir.path().join("data")).unwrap();
        let second = Directory::open(&dir.path().join("data"));
        assert!(matches!(second, Err(StoreError::Locked)));
        drop(first);
        Directory::open(&dir.path().join("data")).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(Directory::open(dir.path()).unwrap());
        fs::write(dir.path().join("FORMAT"), "fosse-store 3\n").unwrap();
        let Err(StoreError::Format(text)) = Directory::open(dir.path()) else {
            panic!("opened")
        };
        assert!(
            text.contains("format 3") && text.contains("up to 2"),
            "{text}"
        );
        for damaged in [
            "",
            "fosse-store",
            "fosse-store x",
            "other 1",
            "fosse-store 0",
        ] {
            fs::write(dir.path().join("FORMAT"), damaged).unwrap();
            assert!(
                matches!(Directory::open(dir.path()), Err(StoreError::Format(_))),
                "{damaged}"
            );
        }
    }

    #[test]
    fn a_foreign_directory_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        assert!(matches!(
            Directory::open(dir.path()),
            Err(StoreError::Format(_))
        ));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_crash_while_it_was_made_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("LOCK"), "").unwrap();
        fs::write(dir.path().join("FORMAT.new"), "fos").unwrap();
        Directory::open(dir.path()).unwrap();
    }
}
