//! The sweep: what the blob engine may remove or move, answered from the metadata.

use crate::blob::{BlobId, Ledger, Place};
use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Answer, Expect, Outcome, Space, Tally};
use crate::record::{BlobRecord, decode, encode};
use crate::store::garbage::Garbage;
use crate::store::transaction::{After, Transaction};
use crate::store::{Inner, Store};
use bytes::Bytes;

impl Ledger for Inner {
    fn pending(&self, id: BlobId) -> bool {
        self.state.at_work.is_writing(id)
    }

    fn place(&self, id: BlobId) -> Answer<'_, Result<Option<Place>>> {
        Answer::later(async move {
            let record: Option<BlobRecord> = self.get("blob", Space::Blobs, &id.to_bytes()).await?;
            Ok(record.map(|record| record.place))
        })
    }

    fn doomed(&self, id: BlobId) -> Answer<'_, Result<bool>> {
        Answer::later(async move {
            let key = Garbage::Blob(id).key();
            Ok(self.meta.get(Space::Garbage, &key).await?.is_some())
        })
    }

    fn live_bytes(&self, segment: u64) -> Answer<'_, Result<u64>> {
        Answer::later(async move {
            let stored = self
                .meta
                .get(Space::Counters, &key::group_counter(segment))
                .await?;
            Ok(u64::try_from(Tally::decode(stored.as_deref())?.0[0]).unwrap_or(0))
        })
    }

    fn relocate(&self, id: BlobId, from: Place, to: Place) -> Answer<'_, Result<bool>> {
        Answer::later(async move {
            // A copy or a delete of one sharer may come between; then look again.
            for _ in 0..8 {
                let key = Bytes::copy_from_slice(&id.to_bytes());
                let Some(stored) = self.meta.get(Space::Blobs, &key).await? else {
                    return Ok(false);
                };
                let mut record: BlobRecord = decode("blob", &stored)?;
                if record.place != from {
                    return Ok(false);
                }
                let mut transaction = Transaction::default();
                self.count(&mut transaction, from, record.len, -1);
                self.count(&mut transaction, to, record.len, 1);
                record.place = to;
                transaction.put(Space::Blobs, key, Expect::Value(stored), encode(&record)?);
                transaction.after(After::Moved(id, to));
                if self.commit(transaction).await? == Outcome::Applied {
                    return Ok(true);
                }
            }
            Err(StoreError::Conflict)
        })
    }

    fn retire(&self, segment: u64) -> Answer<'_, Result<bool>> {
        Answer::later(async move {
            let key = key::group_counter(segment);
            let stored = self.meta.get(Space::Counters, &key).await?;
            if !Tally::decode(stored.as_deref())?.is_zero() {
                return Ok(false);
            }
            let mut transaction = Transaction::default();
            transaction.remove(Space::Counters, key, Expect::same(&stored));
            Ok(self.commit(transaction).await? == Outcome::Applied)
        })
    }
}

impl Store {
    /// Removes what is due, files that no record names, and dead space of segments; run in the background by
    /// the server; a second call waits for the first. Bytes of objects deleted in the last ten seconds stay for readers
    /// that have just looked them up. Returns bytes reclaimed.
    pub async fn sweep(&self) -> Result<u64> {
        let _turn = self.0.state.sweeping.lock().await;
        self.0.state.health.check()?;
        let collected = self.0.collect().await;
        let swept = self.0.blobs.sweep(&*self.0).await?;
        Ok(collected + swept)
    }
}
