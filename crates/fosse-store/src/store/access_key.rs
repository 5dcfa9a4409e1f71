//! Access keys. All are in memory, so that verifying a signature never waits for the disk.

use crate::error::{Result, StoreError};
use crate::meta::{Entry, Expect, Outcome, Space};
use crate::record::{AccessKey, decode, encode};
use crate::store::Store;
use crate::store::state::State;
use crate::store::transaction::{After, Transaction};
use bytes::Bytes;
use std::sync::Arc;

/// Takes over what an engine found when it opened.
pub(crate) fn load(state: &State, entries: &[Entry]) -> Result<()> {
    let mut keys = state.access_keys.write();
    for (_, stored) in entries {
        let key: AccessKey = decode("access key", stored)?;
        keys.insert(key.id.clone(), Arc::new(key));
    }
    Ok(())
}

impl Store {
    /// Adds an access key or replaces the one with this id.
    pub async fn put_access_key(&self, key: AccessKey) -> Result<()> {
        let id = Bytes::copy_from_slice(key.id.as_bytes());
        let mut transaction = Transaction::default();
        transaction.put(Space::AccessKeys, id, Expect::Any, encode(&key)?);
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
