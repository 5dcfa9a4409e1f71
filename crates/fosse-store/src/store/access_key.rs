//! Access keys. All are in memory, so that verifying a signature never waits for the disk. On disk their secrets are
//! sealed by the master keys.

use crate::error::{Result, StoreError};
use crate::master_keys::MasterKeys;
use crate::meta::{Batch, Change, Entry, Expect, Meta, Outcome, Space, Update};
use crate::record::{AccessKey, StoredAccessKey, decode, encode};
use crate::store::Store;
use crate::store::state::State;
use crate::store::transaction::{After, Transaction};
use bytes::Bytes;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Takes over what an engine found when it opened, and gives those whose secret is still in clear (format 1).
pub(crate) fn load(
    state: &State,
    entries: &[Entry],
    master_keys: &MasterKeys,
) -> Result<Vec<Arc<AccessKey>>> {
    let mut keys = state.access_keys.write();
    let mut clear = Vec::new();
    for (_, stored) in entries {
        let stored: StoredAccessKey = decode("access key", stored)?;
        let is_clear = stored.is_clear();
        let key = Arc::new(stored.open(master_keys)?);
        if is_clear {
            clear.push(key.clone());
        }
        keys.insert(key.id.clone(), key);
    }
    Ok(clear)
}

/// Seals what [`load`] found in clear. Blocks.
pub(crate) fn seal(
    meta: &dyn Meta,
    clear: &[Arc<AccessKey>],
    master_keys: &MasterKeys,
) -> Result<()> {
    if clear.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::default();
    for key in clear {
        let stored = StoredAccessKey::seal(key, master_keys)?;
        batch.changes.push(Change {
            space: Space::AccessKeys,
            key: Bytes::copy_from_slice(key.id.as_bytes()),
            expect: Expect::Any,
            update: Update::Put(encode(&stored)?),
        });
    }
    wait(meta.apply(batch))?;
    tracing::info!(
        keys = clear.len(),
        "sealed the secrets of AccessKeys that an earlier version kept in clear"
    );
    Ok(())
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The result of a future, on a thread that may block: the engine answers from a thread of its own.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        std::thread::park();
    }
}

impl Store {
    /// Adds an access key or replaces the one with this id.
    pub async fn put_access_key(&self, key: AccessKey) -> Result<()> {
        let id = Bytes::copy_from_slice(key.id.as_bytes());
        let mut transaction = Transaction::default();
        let stored = StoredAccessKey::seal(&key, self.master_keys())?;
        transaction.put(Space::AccessKeys, id, Expect::Any, encode(&stored)?);
        transaction.after(After::AccessKey(key.id.clone(), Some(Arc::new(key))));
        self.apply_unconditionally(transaction).await
    }

    /// Removes an access key; `false` when there was none.
    pub async fn delete_access_key(&self, id: &str) -> Result<bool> {
        let key = Bytes::copy_from_slice(id.as_bytes());
        let existed = self.0.meta.get(Space::AccessKeys, &key).await?.is_some();
        let mut transaction = Transaction::default();
        transaction.remove(Space::AccessKeys, key, Expect::Any);
        transaction.after(After::AccessKey(id.to_owned(), None));
        self.apply_unconditionally(transaction).await?;
        Ok(existed)
    }

    async fn apply_unconditionally(&self, transaction: Transaction) -> Result<()> {
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(()),
            Outcome::Conflict => Err(StoreError::Conflict),
        }
    }

    /// From memory: all access keys are cached, so the verifier can call it inline.
    pub fn access_key(&self, id: &str) -> Option<Arc<AccessKey>> {
        self.0.state.access_keys.read().get(id).cloned()
    }

    /// All access keys, by id.
    pub fn access_keys(&self) -> Vec<Arc<AccessKey>> {
        let mut keys: Vec<_> = self.0.state.access_keys.read().values().cloned().collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_thread_is_woken_from_another() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            sender.send(7).unwrap();
        });
        assert_eq!(wait(receiver).unwrap(), 7);
        other.join().unwrap();
    }
}
