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
    let (mut total, mut pending) = used_alone(pid);
    while let Some(pid) = pending.pop() {
        let (used, children) = used_alone(pid);
        total += used;
        pending.extend(children);
    }
    total
}

/// CPU time of this process, without the servers that it started.
pub fn used_here() -> Duration {
    used_alone(std::process::id()).0
}

/// CPU time of one process, and its children.
fn used_alone(pid: u32) -> (Duration, Vec<u32>) {
    let mut total = 0u64;
    let mut children = Vec::new();
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    for thread in threads {
        let path = thread.path();
        total += first_number(&path.join("schedstat"));
        let text = std::fs::read_to_string(path.join("children")).unwrap_or_default();
        children.extend(
            text.split_ascii_whitespace()
                .filter_map(|p| p.parse::<u32>().ok()),
        );
    }
    (Duration::from_nanos(total), children)
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

/// `program`, to be started on the CPUs of `list`, or anywhere when `None`, and to end when this process
/// does, however that ends: a server left behind would disturb every later measurement.
pub fn pinned(list: Option<&str>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    if let Some(list) = list {
        command.args(["taskset", "-c", list]);
    }
    command.arg(program);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(time: Duration) {
        let end = std::time::Instant::now() + time;
        let mut n = 0u64;
        while std::time::Instant::now() < end {
            n = std::hint::black_box(n.wrapping_mul(31).wrapping_add(1));
        }
    }

    #[test]
    fn work_shows_as_cpu_time() {
        let before = used_here();
        work(Duration::from_millis(50));
        assert!(used_here() > before, "50 ms of work and no CPU time");
        assert!(resident(std::process::id()) > 100_000);
    }

    #[test]
    fn the_work_of_a_child_belongs_to_its_parent() {
        let busy = "setpriv --pdeathsig KILL sh -c 'while :; do :; done' & wait";
        let mut child = Command::new("sh").args(["-c", busy]).spawn().unwrap();
        let enough = Duration::from_millis(100);
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while used(child.id()) < enough && std::time::Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        let (all, alone) = (used(child.id()), used_alone(child.id()).0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            all >= enough && alone < all / 2,
            "all {all:?}, alone {alone:?}"
        );
    }

    #[test]
    fn a_process_that_is_gone_counts_as_nothing() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!((used(pid), resident(pid)), (Duration::ZERO, 0));
    }
}
