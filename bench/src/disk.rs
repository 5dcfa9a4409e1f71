//! How fast the disk makes things durable: the yardstick for durable writes.

use anyhow::Context;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Syncs a second: one thread appends 4 KiB to a new file in `dir` and calls `fdatasync`, over and
/// over for `time`.
pub fn syncs_per_second(dir: &Path, time: Duration) -> anyhow::Result<f64> {
    let path = dir.join("fdatasync");
    let measure = || -> std::io::Result<f64> {
        let mut file = std::fs::File::create(&path)?;
        let block = [0xa5; 4096];
        let begin = Instant::now();
        let mut count = 0u32;
        while begin.elapsed() < time {
            file.write_all(&block)?;
            file.sync_data()?;
            count += 1;
        }
        Ok(f64::from(count) / begin.elapsed().as_secs_f64())
    };
    let rate = measure().with_context(|| format!("measuring fdatasync in {}", dir.display()));
    let _ = std::fs::remove_file(&path);
    rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let rate = syncs_per_second(dir.path(), Duration::from_millis(50)).unwrap();
        assert!(rate > 0.0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(syncs_per_second(&dir.path().join("missing"), Duration::ZERO).is_err());
    }
}
