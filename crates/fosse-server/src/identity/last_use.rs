//! When AccessKeys were last used. A request writes one number in memory; what changed goes to the store once a minute and at
//! shutdown.

use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

/// Pause between two writes.
const PAUSE: Duration = Duration::from_secs(60);

/// One key's last use.
#[derive(Debug, Default)]
pub(crate) struct LastUse {
    /// Unix milliseconds; 0: not since the start.
    at_ms: AtomicI64,
    /// What was written down.
    written_ms: AtomicI64,
}

impl LastUse {
    pub(crate) fn touch(&self, now_ms: i64) {
        // A load first: a busy key is then not written by every processor at once.
        if self.at_ms.load(Relaxed) / 1000 != now_ms / 1000 {
            self.at_ms.store(now_ms, Relaxed);
        }
    }
}

/// Those of all keys that were used since the start.
#[derive(Default)]
pub(crate) struct LastUses(RwLock<HashMap<String, Arc<LastUse>>>);

impl LastUses {
    /// The place of one key.
    pub(crate) fn of(&self, access_key_id: &str) -> Arc<LastUse> {
        if let Some(found) = self.0.read().get(access_key_id) {
            return found.clone();
        }
        self.0
            .write()
            .entry(access_key_id.to_owned())
            .or_default()
            .clone()
    }

    /// When a key was last used since the start, Unix milliseconds.
    pub(crate) fn at(&self, access_key_id: &str) -> Option<i64> {
        let uses = self.0.read();
        let at = uses.get(access_key_id)?.at_ms.load(Relaxed);
        (at != 0).then_some(at)
    }

    /// What was not written down yet; counts as written from here on.
    fn take(&self) -> Vec<(String, i64)> {
        let uses = self.0.read();
        uses.iter()
            .filter_map(|(id, last)| {
                let at = last.at_ms.load(Relaxed);
                (last.written_ms.swap(at, Relaxed) != at).then(|| (id.clone(), at))
            })
            .collect()
    }
}

/// Writes last uses down until the shutdown begins, and once more then.
pub(crate) async fn keep(service: Arc<Service>, signal: Signal) {
    let mut drain = pin!(signal.reached(Phase::Drain));
    loop {
        let last = tokio::select! {
            () = drain.as_mut() => true,
            () = tokio::time::sleep(PAUSE) => false,
        };
        write_down(&service).await;
        if last {
            return;
        }
    }
}

/// Writes down what was not yet.
pub(crate) async fn write_down(service: &Service) {
    let uses = service.identities.last_uses.take();
    if !uses.is_empty()
        && let Err(error) = service.store.record_last_used(uses).await
    {
        tracing::warn!(%error, "the last use of AccessKeys could not be recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_taken_once() {
        let uses = LastUses::default();
        assert_eq!(uses.at("a"), None);
        let last = uses.of("a");
        assert_eq!(uses.at("a"), None);
        last.touch(5_000);
        last.touch(5_999);
        assert_eq!(uses.at("a"), Some(5_000));
        assert_eq!(uses.take(), [("a".to_owned(), 5_000)]);
        assert!(uses.take().is_empty());
        uses.of("a").touch(6_000);
        assert_eq!(uses.take(), [("a".to_owned(), 6_000)]);
    }
}
