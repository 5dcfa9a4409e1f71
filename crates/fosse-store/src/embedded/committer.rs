//! The one thread that writes metadata. It takes all batches that wait, checks their conditions one after the other
//! (each sees what those before it did), and makes those that hold durable with one sync.

use super::kv::{Tables, fault};
use crate::error::{Result, StoreError};
use crate::meta::{Batch, Expect, Outcome, Space, Update, updated};
use crate::store::state::Health;
use bytes::Bytes;
use fjall::PersistMode;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Most batches behind one sync: bounds how long the first of them waits.
const GROUP: usize = 512;

/// A batch and who waits for it.
pub(crate) struct Request {
    pub(crate) batch: Batch,
    pub(crate) reply: oneshot::Sender<Result<Outcome>>,
}

/// Runs until every sender is gone and the queue is empty.
pub(crate) fn commit_until_closed(
    tables: &Tables,
    health: &Health,
    queue: &mpsc::Receiver<Request>,
) {
    let mut group = Vec::new();
    while let Ok(first) = queue.recv() {
        group.push(first);
        while group.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        commit_group(tables, health, &mut group);
    }
}

/// A value as it will be after the group, and whether that differs from the database.
struct Slot {
    value: Option<Bytes>,
    dirty: bool,
}

struct Overlay<'a> {
    tables: &'a Tables,
    slots: HashMap<(Space, Bytes), Slot>,
}

impl Overlay<'_> {
    fn look(&mut self, space: Space, key: &Bytes) -> Result<Option<&Bytes>> {
        let slot = match self.slots.entry((space, key.clone())) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(vacant) => {
                let value = self.tables.get(space, key)?;
                vacant.insert(Slot {
                    value,
                    dirty: false,
                })
            }
        };
        Ok(slot.value.as_ref())
    }

    fn write(&mut self, space: Space, key: Bytes, value: Option<Bytes>) {
        match self.slots.entry((space, key)) {
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                // Removing what is known to be absent needs no tombstone.
                slot.dirty |= slot.value.is_some() || value.is_some();
                slot.value = value;
            }
            Entry::Vacant(vacant) => {
                vacant.insert(Slot { value, dirty: true });
            }
        }
    }

    /// Checks one batch and, when all its conditions hold, lets it take effect for those after it.
    fn take(&mut self, batch: &Batch) -> Result<Outcome> {
        for change in &batch.changes {
            change.check()?;
            if change.expect != Expect::Any {
                let value = self.look(change.space, &change.key)?;
                if !change.expect.holds(value) {
                    return Ok(Outcome::Conflict);
                }
            }
            if let Update::Add(_) = change.update {
                // A damaged counter is found here, before anything of the batch took effect.
                let value = self.look(change.space, &change.key)?.cloned();
                updated(&change.update, value)?;
            }
        }
        for change in &batch.changes {
            let (space, key) = (change.space, change.key.clone());
            match &change.update {
                Update::Keep => {}
                Update::Put(value) => self.write(space, key, Some(value.clone())),
                Update::Remove => self.write(space, key, None),
                Update::Add(_) => {
                    let before = self.look(space, &key)?.cloned();
                    let after = updated(&change.update, before)?;
                    self.write(space, key, after);
                }
            }
        }
        Ok(Outcome::Applied)
    }

    fn make_durable(self) -> Result<()> {
        let mut batch = self
            .tables
            .database
            .batch()
            .durability(Some(PersistMode::SyncData));
        let mut empty = true;
        for ((space, key), Slot { value, dirty }) in self.slots {
            if dirty {
                empty = false;
                let keyspace = self.tables.space(space)?;
                match value {
                    Some(value) => batch.insert(keyspace, key, value),
                    None => batch.remove(keyspace, key),
                }
            }
        }
        if empty {
            Ok(())
        } else {
            batch.commit().map_err(fault)
        }
    }
}

fn commit_group(tables: &Tables, health: &Health, group: &mut Vec<Request>) {
    if let Err(error) = health.check() {
        let reason = error.to_string();
        for Request { reply, .. } in group.drain(..) {
            let _ = reply.send(Err(StoreError::Poisoned(reason.clone())));
        }
        return;
    }
    let mut overlay = Overlay {
        tables,
        slots: HashMap::with_capacity(group.len() * 4),
    };
    let outcomes: Vec<_> = group
        .iter()
        .map(|request| overlay.take(&request.batch))
        .collect();
    let durable = overlay.make_durable();
    if let Err(error) = &durable {
        health.poison(format_args!("metadata could not be made durable: {error}"));
    }
    for (Request { batch, reply }, outcome) in group.drain(..).zip(outcomes) {
        // A conflict may be with a batch of this very group, so it too is told only now, when a reader
        // sees what it was in conflict with.
        let answer = match (&durable, outcome) {
            (Ok(()), Ok(Outcome::Applied)) => {
                if let Some(after) = batch.after {
                    after();
                }
                Ok(Outcome::Applied)
            }
            (Ok(()), other) => other,
            (Err(_), _) => Err(health.check().err().unwrap_or(StoreError::Closed)),
        };
        let _ = reply.send(answer);
    }
}
