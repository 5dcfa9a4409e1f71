//! CPU time of a process tree and pinning, from `/proc` and util-linux's `taskset`.
//!
//! CPU time per request stays meaningful when something else uses the machine, which a rate does not.

use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// CPU time used so far by `pid` and its living descendants.
///
/// Reads the scheduler's own accounting, in nanoseconds, of every living thread. A process that is
/// gone counts as zero.
pub fn used(pid: u32) -> Duration {
    let mut total = 0u64;
    let mut pending = vec![pid];
    while let Some(pid) = pending.pop() {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let path = thread.path();
            total += first_number(&path.join("schedstat"));
            let children = std::fs::read_to_string(path.join("children")).unwrap_or_default();
            pending.extend(
                children
                    .split_ascii_whitespace()
                    .filter_map(|p| p.parse::<u32>().ok()),
            );
        }
    }
    Duration::from_nanos(total)
}

fn first_number(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_ascii_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

/// Resident memory of `pid` in bytes; 0 when it is gone.
pub fn resident(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    line.split_ascii_whitespace()
        .next()
        .and_then(|n| n.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// Binds this process, with all its threads, to the CPUs of `list` (`taskset` syntax, e.g. `1` or `0-3`).
pub fn pin_self(list: &str) -> anyhow::Result<()> {
    let done = Command::new("taskset")
        .args(["-a", "-c", "-p", list, &std::process::id().to_string()])
        .output()
        .context("cannot run taskset (Debian package util-linux)")?;
    ensure!(
        done.status.success(),
        "taskset -c {list}: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}

/// `program`, to be started on the CPUs of `list`; anywhere when `None`.
pub fn pinned(list: Option<&str>, program: &Path) -> Command {
    match list {
        None => Command::new(program),
        Some(list) => {
            let mut command = Command::new("taskset");
            command.arg("-c").arg(list).arg(program);
            command
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_as_cpu_time() {
        let me = std::process::id();
        let before = used(me);
        let end = std::time::Instant::now() + Duration::from_millis(50);
        let mut n = 0u64;
        while std::time::Instant::now() < end {
            n = std::hint::black_box(n.wrapping_mul(31).wrapping_add(1));
        }
        assert!(used(me) > before, "50 ms of work and no CPU time");
        assert!(resident(me) > 100_000);
    }

    #[test]
    fn a_process_that_is_gone_counts_as_nothing() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!((used(pid), resident(pid)), (Duration::ZERO, 0));
    }
}
