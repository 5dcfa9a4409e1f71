//! Metadata in fjall. Reads go straight to it; writes go through the committer.

use super::committer::{Request, commit_until_closed};
use super::directory::Directory;
use crate::error::{Result, StoreError};
use crate::meta::{Answer, Batch, Entry, Meta, Outcome, Scan, Space, is_empty_range};
use crate::priority::work_in_background;
use crate::record::{decode, encode};
use crate::store::counts;
use crate::store::state::Health;
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Memory for blocks of metadata read from disk.
const BLOCK_CACHE_BYTES: u64 = 32 << 20;
const BOOT: &[u8] = b"boot";
/// There since the counters of storage classes are kept.
const CLASSES_COUNTED: &[u8] = b"classes-counted";

/// What was found at opening and is needed in memory.
#[derive(Default)]
pub(crate) struct Recovered {
    pub(crate) access_keys: Vec<Entry>,
    pub(crate) identities: Vec<Entry>,
    pub(crate) garbage: Vec<Entry>,
}

/// The database and its spaces, in the order of [`Space::ALL`].
pub(crate) struct Tables {
    pub(crate) database: Database,
    spaces: Vec<Keyspace>,
}

impl Tables {
    pub(crate) fn space(&self, space: Space) -> Result<&Keyspace> {
        let missing = || StoreError::Corrupt(format!("no space {}", space.name()));
        self.spaces.get(space as usize).ok_or_else(missing)
    }

    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let found = self.space(space)?.get(key).map_err(fault)?;
        Ok(found.map(Bytes::from))
    }

    fn scan(&self, space: Space, scan: Scan) -> Result<Vec<Entry>> {
        if is_empty_range(&scan.lower, &scan.upper) {
            return Ok(Vec::new());
        }
        let range = self
            .space(space)?
            .range::<Bytes, _>((scan.lower, scan.upper));
        match scan.reverse {
            false => range.take(scan.limit).map(owned).collect(),
            true => range.rev().take(scan.limit).map(owned).collect(),
        }
    }

    fn scans(&self, scans: Vec<(Space, Scan)>) -> Result<Vec<Vec<Entry>>> {
        let moment = self.database.snapshot();
        let each = |(space, scan): (Space, Scan)| {
            if is_empty_range(&scan.lower, &scan.upper) {
                return Ok(Vec::new());
            }
            let range = moment.range::<Bytes, _>(self.space(space)?, (scan.lower, scan.upper));
            match scan.reverse {
                false => range.take(scan.limit).map(owned).collect(),
                true => range.rev().take(scan.limit).map(owned).collect(),
            }
        };
        scans.into_iter().map(each).collect()
    }

    /// Everything in a space, read as it is taken.
    pub(super) fn all(&self, space: Space) -> Result<impl Iterator<Item = Result<Entry>>> {
        Ok(self.space(space)?.iter().map(owned))
    }
}

fn owned(guard: fjall::Guard) -> Result<Entry> {
    let (key, value) = guard.into_inner().map_err(fault)?;
    Ok((Bytes::from(key), Bytes::from(value)))
}

/// An error of fjall in our words.
pub(crate) fn fault(error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(error) => StoreError::Io(error),
        fjall::Error::Locked => StoreError::Locked,
        fjall::Error::Poisoned => StoreError::Poisoned("metadata".into()),
        other => StoreError::Corrupt(format!("metadata: {other}")),
    }
}

/// Adds the counters of storage classes to a database that was written before there were any (format 1).
fn count_classes(tables: &Tables, batch: &mut OwnedWriteBatch) -> Result<()> {
    let system = tables.space(Space::System)?;
    if tables.get(Space::System, CLASSES_COUNTED)?.is_some() {
        return Ok(());
    }
    let (current, versions) = (tables.all(Space::Current)?, tables.all(Space::Versions)?);
    let counters = tables.space(Space::Counters)?;
    for (key, tally) in counts::recount(current, versions)? {
        batch.insert(counters, key, tally.encode());
    }
    batch.insert(system, CLASSES_COUNTED, encode(&1u64)?);
    Ok(())
}

/// Runs `open` on a thread of less priority, which the threads that it starts inherit: flushing and compacting can wait, and
/// a processor that is shared goes to requests first.
fn in_background<T: Send>(open: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    let lowered = move || {
        work_in_background();
        open()
    };
    std::thread::scope(|scope| {
        let opened = std::thread::Builder::new().spawn_scoped(scope, lowered)?;
        let panicked = |_| std::io::Error::other("opening the metadata panicked");
        opened.join().map_err(panicked)
    })
}

pub(crate) struct FjallMeta {
    health: Health,
    queue: RwLock<Option<mpsc::Sender<Request>>>,
    committer: Mutex<Option<JoinHandle<()>>>,
    /// The directory goes last: its lock is let go when everything else is closed.
    opened: RwLock<Option<(Arc<Tables>, Directory)>>,
}

pub(crate) struct Opened {
    pub(crate) meta: FjallMeta,
    pub(crate) boot: u64,
    pub(crate) recovered: Recovered,
}

impl FjallMeta {
    pub(crate) fn open(directory: Directory, health: Health) -> Result<Opened> {
        let database = in_background(|| {
            Database::builder(directory.meta())
                .cache_size(BLOCK_CACHE_BYTES)
                .manual_journal_persist(true)
                .open()
        })?
        .map_err(fault)?;
        let mut spaces = Vec::with_capacity(Space::ALL.len());
        for space in Space::ALL {
            let keyspace = database.keyspace(space.name(), KeyspaceCreateOptions::default);
            spaces.push(keyspace.map_err(fault)?);
        }
        let tables = Arc::new(Tables { database, spaces });
        let boot = match tables.get(Space::System, BOOT)? {
            Some(stored) => decode::<u64>("boot", &stored)? + 1,
            None => 1,
        };
        let mut batch = tables
            .database
            .batch()
            .durability(Some(PersistMode::SyncAll));
        batch.insert(tables.space(Space::System)?, BOOT, encode(&boot)?);
        count_classes(&tables, &mut batch)?;
        batch.commit().map_err(fault)?;
        let recovered = Recovered {
            access_keys: tables.scan(Space::AccessKeys, Scan::prefix(b"", usize::MAX))?,
            identities: tables.scan(Space::Identities, Scan::prefix(b"", usize::MAX))?,
            garbage: tables.scan(Space::Garbage, Scan::prefix(b"", usize::MAX))?,
        };
        let (sender, receiver) = mpsc::channel();
        let committer = {
            let (tables, health) = (tables.clone(), health.clone());
            std::thread::Builder::new()
                .name("fosse-commit".into())
                .spawn(move || commit_until_closed(&tables, &health, &receiver))?
        };
        let meta = FjallMeta {
            health,
            queue: RwLock::new(Some(sender)),
            committer: Mutex::new(Some(committer)),
            opened: RwLock::new(Some((tables, directory))),
        };
        Ok(Opened {
            meta,
            boot,
            recovered,
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Tables) -> Result<T>) -> Result<T> {
        match &*self.opened.read() {
            Some((tables, _)) => read(tables),
            None => Err(StoreError::Closed),
        }
    }

    fn send(&self, batch: Batch) -> Result<oneshot::Receiver<Result<Outcome>>> {
        self.health.check()?;
        let (reply, answer) = oneshot::channel();
        match &*self.queue.read() {
            Some(queue) => {
                queue
                    .send(Request { batch, reply })
                    .map_err(|_| StoreError::Closed)?;
                Ok(answer)
            }
            None => Err(StoreError::Closed),
        }
    }
}

impl Meta for FjallMeta {
    fn get(&self, space: Space, key: &[u8]) -> Answer<'_, Result<Option<Bytes>>> {
        Answer::now(self.read(|tables| tables.get(space, key)))
    }

    fn scan(&self, space: Space, scan: Scan) -> Answer<'_, Result<Vec<Entry>>> {
        Answer::now(self.read(|tables| tables.scan(space, scan)))
    }

    fn scans(&self, scans: Vec<(Space, Scan)>) -> Answer<'_, Result<Vec<Vec<Entry>>>> {
        Answer::now(self.read(|tables| tables.scans(scans)))
    }

    fn apply(&self, batch: Batch) -> Answer<'static, Result<Outcome>> {
        match self.send(batch) {
            Ok(answer) => {
                Answer::later(async move { answer.await.unwrap_or(Err(StoreError::Closed)) })
            }
            Err(error) => Answer::now(Err(error)),
        }
    }

    fn close(&self) {
        self.queue.write().take();
        if let Some(committer) = self.committer.lock().take() {
            let _ = committer.join();
        }
        self.opened.write().take();
    }
}

impl Drop for FjallMeta {
    fn drop(&mut self) {
        self.close();
    }
}
