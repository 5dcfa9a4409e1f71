//! The one clock of the service: wall time for what clients see and sign, handed in at start so that tests drive it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Wall clock in Unix time. Cheap to clone; clones share an offset. Durations are measured with
/// [`std::time::Instant`] and are never affected by it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_ms: Option<Arc<AtomicI64>>,
    #[cfg(feature = "test-clock")]
    file: Option<Arc<file::OffsetFile>>,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::default()
    }

    /// The clock of the machine plus an offset in milliseconds that the caller may change at any time.
    pub fn shifted(offset_ms: Arc<AtomicI64>) -> Self {
        let mut clock = Self::system();
        clock.offset_ms = Some(offset_ms);
        clock
    }

    /// The clock of the machine plus the offset in the file that `FOSSE_TEST_CLOCK` names (a signed decimal number
    /// of seconds, read at each use). Only in builds with the `test-clock` feature; without the
    /// variable, or in other builds, this is [`Clock::system`].
    pub fn from_env() -> Self {
        #[cfg(feature = "test-clock")]
        if let Some(path) = std::env::var_os("FOSSE_TEST_CLOCK") {
            let mut clock = Self::system();
            clock.file = Some(Arc::new(file::OffsetFile::new(path.into())));
            return clock;
        }
        Self::system()
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        let offset = self
            .offset_ms
            .as_ref()
            .map_or(0, |o| o.load(Ordering::Relaxed));
        #[cfg(feature = "test-clock")]
        let offset = offset.saturating_add(self.file.as_ref().map_or(0, |f| f.offset_ms()));
        wall.saturating_add(offset)
    }

    /// Unix time in whole seconds.
    pub fn now(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }
}

#[cfg(feature = "test-clock")]
mod file {
    //! An offset that a test writes into a file.

    use std::path::PathBuf;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Debug)]
    pub(super) struct OffsetFile {
        path: PathBuf,
        last_ms: AtomicI64,
    }

    impl OffsetFile {
        pub(super) fn new(path: PathBuf) -> Self {
            Self {
                path,
                last_ms: AtomicI64::new(0),
            }
        }

        /// The offset in milliseconds; 0 while the file is absent, the last good one while it does not parse
        /// (a test may be writing it at this moment).
        ///
        /// Read every time: two numbers of one length, written within a tick of the file system's clock, leave
        /// modification time and length as they were.
        pub(super) fn offset_ms(&self) -> i64 {
            let Ok(text) = std::fs::read_to_string(&self.path) else {
                return 0;
            };
            if let Ok(seconds) = text.trim().parse::<i64>() {
                let offset = seconds.saturating_mul(1000);
                self.last_ms.store(offset, Ordering::Relaxed);
                return offset;
            }
            self.last_ms.load(Ordering::Relaxed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_moves_wall_time_for_all_clones() {
        let offset = Arc::new(AtomicI64::new(0));
        let clock = Clock::shifted(offset.clone());
        let other = clock.clone();
        let before = clock.now_ms();
        offset.store(3_600_000, Ordering::Relaxed);
        assert!(other.now_ms() - before >= 3_600_000);
        assert!(other.now() - before / 1000 >= 3600);
    }

    #[cfg(feature = "test-clock")]
    #[test]
    fn the_offset_file_is_read_at_each_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("offset");
        let file = file::OffsetFile::new(path.clone());
        assert_eq!(file.offset_ms(), 0);
        std::fs::write(&path, "-90\n").unwrap();
        assert_eq!(file.offset_ms(), -90_000);
        for seconds in 3600..3700 {
            std::fs::write(&path, seconds.to_string()).unwrap();
            assert_eq!(file.offset_ms(), seconds * 1000);
        }
        std::fs::write(&path, "not a number").unwrap();
        assert_eq!(
            file.offset_ms(),
            3_699_000,
            "a half-written file keeps the last offset"
        );
    }
}
