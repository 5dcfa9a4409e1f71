//! By how many bytes buckets grew during some work, for those who have to tell (access logs).

use crate::meta::{Change, Space, Update};
use std::cell::Cell;
use std::future::Future;

tokio::task_local! {
    static GROWTH: Cell<i64>;
}

/// Runs `work` and adds up by how many bytes the objects of all buckets grew through what it applied itself; less than
/// zero when they shrank. What it hands to other tasks is not counted.
pub async fn measure_growth<F: Future>(work: F) -> (F::Output, i64) {
    GROWTH
        .scope(Cell::new(0), async move {
            let output = work.await;
            (output, GROWTH.with(Cell::get))
        })
        .await
}

/// What the changes of a batch do to the totals of buckets; `None` while nobody measures.
pub(crate) fn of(changes: &[Change]) -> Option<i64> {
    GROWTH.try_with(|_| ()).ok()?;
    let bytes = changes
        .iter()
        .filter(|change| change.space == Space::Counters && is_bucket_total(&change.key))
        .filter_map(|change| match change.update {
            Update::Add(tally) => Some(tally.0[0]),
            _ => None,
        });
    Some(bytes.fold(0, i64::saturating_add))
}

/// Adds what was applied.
pub(crate) fn add(bytes: i64) {
    let _ = GROWTH.try_with(|sum| sum.set(sum.get().saturating_add(bytes)));
}

/// The counters of storage classes repeat what the totals say and have longer keys.
fn is_bucket_total(key: &[u8]) -> bool {
    key.len() == 9 && key.first() == Some(&b'b')
}
