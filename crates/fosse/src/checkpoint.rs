//! Unfinished uploads remembered between runs, so that `cp` goes on where it stopped (cli.md §6.3).

use std::io;
use std::path::{Path, PathBuf};

use fosse_client::Checkpoint;
use md5::{Digest as _, Md5};

/// One remembered upload: a file named after source, target, size, time and part size, holding the upload id.
pub(crate) struct CheckpointFile {
    dir: PathBuf,
    transfer: String,
}

impl CheckpointFile {
    /// The checkpoint of one transfer. `modified`: Unix seconds of the source file.
    pub(crate) fn new(dir: &Path, source: &Path, target: &str, size: u64, modified: i64) -> Self {
        Self {
            dir: dir.to_owned(),
            transfer: format!("{}\n{target}\n{size}\n{modified}", source.display()),
        }
    }

    fn path(&self, part_size: u64) -> PathBuf {
        let digest = Md5::digest(format!("{}\n{part_size}", self.transfer));
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(format!("{name}.upload"))
    }

    /// Every part size that was used leaves its own file; they all begin with the transfer.
    fn first_line(&self) -> String {
        self.transfer.replace('\n', " ")
    }
}

impl Checkpoint for CheckpointFile {
    fn load(&self, part_size: u64) -> Option<String> {
        let text = std::fs::read_to_string(self.path(part_size)).ok()?;
        let (transfer, id) = text.split_once('\n')?;
        (transfer == self.first_line())
            .then(|| id.trim().to_owned())
            .filter(|id| !id.is_empty())
    }

    fn save(&self, part_size: u64, upload_id: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        std::fs::write(
            self.path(part_size),
            format!("{}\n{upload_id}\n", self.first_line()),
        )
    }

    fn clear(&self, part_size: u64) {
        let _ = std::fs::remove_file(self.path(part_size));
        // Goes only when it is empty.
        let _ = std::fs::remove_dir(&self.dir);
    }
}

#[cfg(test)]
mod tests {
    use super::CheckpointFile;
    use fosse_client::Checkpoint as _;
    use std::path::Path;

    #[test]
    fn remembers_one_transfer() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("checkpoints");
        let one = CheckpointFile::new(&dir, Path::new("/a"), "oss://b/k", 5, 1);
        assert_eq!(one.load(100), None);
        one.save(100, "ID").unwrap();
        assert_eq!(one.load(100).as_deref(), Some("ID"));
        assert_eq!(one.load(200), None);
        assert_eq!(
            CheckpointFile::new(&dir, Path::new("/a"), "oss://b/k", 5, 2).load(100),
            None
        );
        one.clear(100);
        assert_eq!(one.load(100), None);
        assert!(!dir.exists());
    }
}
