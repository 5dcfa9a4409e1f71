//! The sweep: files that no record names, and segments that are mostly dead.

use super::blobs::{EmbeddedBlobs, on_pool};
use super::log::{Entries, Log};
use super::segment::{EntryHeader, SEGMENT_HEADER, entry_bytes};
use crate::blob::{Ledger, Place};
use crate::error::{Result, StoreError};
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use std::sync::Arc;

/// Entries moved at once.
const MOVE: usize = 64;
/// Bytes moved at once.
const MOVE_BYTES: u64 = 8 << 20;
/// So many segments that were closed early (every start of the server leaves one) are merged.
const SMALL_SEGMENTS: usize = 8;

pub(super) async fn sweep(blobs: &EmbeddedBlobs, ledger: &dyn Ledger) -> Result<u64> {
    blobs.log.forget_retired();
    let files = sweep_files(blobs, ledger).await?;
    let segments = sweep_segments(&blobs.log, ledger).await?;
    Ok(files + segments)
}

async fn sweep_files(blobs: &EmbeddedBlobs, ledger: &dyn Ledger) -> Result<u64> {
    let mut freed = 0;
    for shard in 0..=255u8 {
        let files = blobs.files.clone();
        for id in on_pool(move || files.list(shard)).await? {
            // In this order: the record is there before the writer lets go, and the garbage record until
            // the file is gone.
            if ledger.pending(id) || ledger.place(id).await?.is_some() || ledger.doomed(id).await? {
                continue;
            }
            let files = blobs.files.clone();
            freed += on_pool(move || files.delete(id)).await?;
        }
    }
    Ok(freed)
}

async fn sweep_segments(log: &Arc<Log>, ledger: &dyn Ledger) -> Result<u64> {
    let mut mostly_dead = Vec::new();
    let mut small = Vec::new();
    for number in log.complete()? {
        let len = std::fs::metadata(log.path(number))?.len();
        let live = ledger.live_bytes(number).await?;
        if live.saturating_mul(2) < len {
            mostly_dead.push(number);
        } else if len < log.segment_bytes() / 4 {
            small.push(number);
        }
    }
    if small.len() >= SMALL_SEGMENTS {
        mostly_dead.append(&mut small);
    }
    let mut freed = 0;
    for number in mostly_dead {
        freed += compact(log, ledger, number).await?;
    }
    Ok(freed)
}

/// What one look at a stretch of a segment found.
struct Stretch {
    entries: Entries,
    found: Vec<(u64, EntryHeader)>,
}

/// Moves what is live out of a segment and removes it. Gives the bytes that came free.
async fn compact(log: &Arc<Log>, ledger: &dyn Ledger, number: u64) -> Result<u64> {
    let Some(file) = log.file(number)? else {
        return Ok(0);
    };
    let end = file.metadata()?.len();
    let mut moved = 0;
    let clean = match on_pool(move || Entries::new(file, number)).await? {
        Some(mut entries) => loop {
            let stretch = on_pool(move || look(entries)).await?;
            if stretch.found.is_empty() {
                break stretch.entries.at_end();
            }
            entries = stretch.entries;
            let mut live = Vec::new();
            for (offset, header) in stretch.found {
                // In this order: the record is there before the writer lets go.
                if ledger.pending(header.id) {
                    return Ok(0);
                }
                let place = Place::Segment {
                    segment: number,
                    offset,
                };
                if ledger.place(header.id).await? == Some(place) {
                    live.push((place, offset, header));
                }
            }
            moved += move_entries(log, ledger, &mut entries, live).await?;
        },
        None => end <= SEGMENT_HEADER,
    };
    if !clean && number >= log.first {
        // Entries behind the damage may belong to writers of this process; another start will tell.
        return Ok(0);
    }
    if !ledger.retire(number).await? {
        tracing::warn!(
            segment = number,
            "live entries cannot be read; the segment stays"
        );
        return Ok(0);
    }
    let log = log.clone();
    on_pool(move || log.remove(number)).await?;
    Ok(end.saturating_sub(moved))
}

fn look(mut entries: Entries) -> Result<Stretch> {
    let mut found = Vec::new();
    let mut bytes = 0;
    while found.len() < MOVE
        && bytes < MOVE_BYTES
        && let Some((offset, header)) = entries.next()?
    {
        bytes += header.len;
        found.push((offset, header));
    }
    Ok(Stretch { entries, found })
}

async fn move_entries(
    log: &Arc<Log>,
    ledger: &dyn Ledger,
    entries: &mut Entries,
    live: Vec<(Place, u64, EntryHeader)>,
) -> Result<u64> {
    let mut answers = Vec::with_capacity(live.len());
    let mut moves = Vec::with_capacity(live.len());
    for (from, offset, header) in live {
        let data: Option<Bytes> = entries.data(offset, &header)?;
        let Some(data) = data else {
            tracing::error!(id = %header.id, ?from, "a live entry is damaged and stays where it is");
            continue;
        };
        answers.push(log.append(header.id, vec![data], header.len, header.crc64)?);
        moves.push((from, header));
    }
    let mut relocations = Vec::with_capacity(moves.len());
    let mut bytes = 0;
    for (answer, (from, header)) in join_all(answers).await.into_iter().zip(moves) {
        let to = answer.unwrap_or(Err(StoreError::Closed))?;
        bytes += entry_bytes(header.len);
        relocations.push(ledger.relocate(header.id, from, to));
    }
    try_join_all(relocations).await?;
    Ok(bytes)
}
