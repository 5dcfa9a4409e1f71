//! Secrets of the server itself, such as the key that signs callbacks: few, small, and sealed by the master keys.

use crate::error::{Result, StoreError};
use crate::meta::{Expect, Outcome, Space};
use crate::record::{Sealed, decode, encode};
use crate::store::Store;
use crate::store::transaction::Transaction;
use bytes::Bytes;

/// What the master keys seal secrets for.
const PURPOSE: &str = "server-secret";

fn key(name: &str) -> Bytes {
    Bytes::from(format!("secret:{name}"))
}

impl Store {
    /// The secret of this name; `None` when none was kept.
    ///
    /// Errors: [`StoreError::Corrupt`] when it cannot be opened, also when its master key is gone; those of the engine.
    pub async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(stored) = self.0.meta.get(Space::System, &key(name)).await? else {
            return Ok(None);
        };
        let Sealed(sealed) = decode("secret", &stored)?;
        let plain = self.master_keys().open(PURPOSE, name.as_bytes(), &sealed)?;
        Ok(Some(plain))
    }

    /// Keeps a secret unless one of this name is kept already; gives the one that is.
    ///
    /// Errors: those of [`Store::secret`], and [`StoreError::Conflict`] when it disappears meanwhile.
    pub async fn keep_secret(&self, name: &str, plain: Vec<u8>) -> Result<Vec<u8>> {
        let sealed = self.master_keys().seal(PURPOSE, name.as_bytes(), &plain)?;
        let mut transaction = Transaction::default();
        transaction.put(
            Space::System,
            key(name),
            Expect::Absent,
            encode(&Sealed(sealed))?,
        );
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(plain),
            Outcome::Conflict => self.secret(name).await?.ok_or(StoreError::Conflict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpenOptions;

    #[tokio::test]
    async fn the_first_secret_stays_over_a_restart_and_is_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Store::open(OpenOptions::new(dir.path())).unwrap();
        let store = open();
        assert_eq!(store.secret("one").await.unwrap(), None);
        assert_eq!(
            store.keep_secret("one", b"first".to_vec()).await.unwrap(),
            b"first"
        );
        assert_eq!(
            store.keep_secret("one", b"second".to_vec()).await.unwrap(),
            b"first"
        );
        assert_eq!(store.secret("two").await.unwrap(), None);
        let stored = store
            .0
            .meta
            .get(Space::System, &key("one"))
            .await
            .unwrap()
            .unwrap();
        assert!(!stored.windows(5).any(|window| window == b"first"));
        store.close().await.unwrap();
        let store = open();
        assert_eq!(
            store.secret("one").await.unwrap().as_deref(),
            Some(&b"first"[..])
        );
    }
}
