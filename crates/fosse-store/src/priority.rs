//! Priority of threads whose work can wait.

/// Nice value of threads in the background: a third of the share of others, so that they do not fall behind for good either.
const BACKGROUND_NICE: i32 = 5;

/// Lowers the priority of this thread, and of those that it starts from now on: a processor that is shared goes to requests
/// first. There is no way back. Where the system does not allow it everything keeps the same priority.
pub fn work_in_background() {
    let _ = rustix::process::setpriority_process(None, BACKGROUND_NICE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nice() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    /// Only the thread itself and its children: on Linux the priority is a thread's, not the process's.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_threads_of_requests_keep_their_priority() {
        let before = nice();
        let lowered = std::thread::spawn(|| {
            work_in_background();
            (nice(), std::thread::spawn(nice).join().unwrap())
        });
        let wanted = before.max(BACKGROUND_NICE);
        assert_eq!(lowered.join().unwrap(), (wanted, wanted));
        assert_eq!(nice(), before);
    }
}
