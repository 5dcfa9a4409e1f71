//! The embedded engine: one data directory, metadata in fjall, small bodies in log segments, large ones in files.
//! The layout is described in `docs/format.md`.

mod blobs;
mod buffer;
mod committer;
mod directory;
mod file;
mod gc;
mod kv;
mod log;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use directory::sync_dir;
pub(crate) use kv::Recovered;

use crate::blob::Blobs;
use crate::error::Result;
use crate::meta::Meta;
use crate::store::OpenOptions;
use crate::store::state::Health;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// An opened data directory.
pub(crate) struct Engine {
    pub(crate) meta: Arc<dyn Meta>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) health: Health,
    /// Which opening this is: part of the ids of its blobs.
    pub(crate) boot: u64,
    pub(crate) recovered: Recovered,
}

/// How bytes are made durable. A parameter only so that tests can see what a failure does.
pub(crate) type Sync = Arc<dyn Fn(&File) -> io::Result<()> + Send + std::marker::Sync>;

/// Opens or creates a data directory.
pub(crate) fn open(options: &OpenOptions) -> Result<Engine> {
    open_with(options, Arc::new(File::sync_data), log::SEGMENT_BYTES)
}

/// The same with another way to sync, and another size of segments.
pub(crate) fn open_with(options: &OpenOptions, sync: Sync, segment_bytes: u64) -> Result<Engine> {
    let directory = directory::Directory::open(&options.dir)?;
    let health = Health::default();
    let small_limit = options.small_limit.min(OpenOptions::MAX_SMALL_LIMIT);
    let log = log::Log::open(
        directory.segments(),
        health.clone(),
        sync.clone(),
        segment_bytes,
    )?;
    let files = file::Files::new(
        directory.files(),
        directory.unfinished(),
        health.clone(),
        sync,
    );
    let blobs = blobs::EmbeddedBlobs::new(log, files, small_limit);
    let opened = kv::FjallMeta::open(directory, health.clone())?;
    let kv::Opened {
        meta,
        boot,
        recovered,
    } = opened;
    Ok(Engine {
        meta: Arc::new(meta),
        blobs: Arc::new(blobs),
        health,
        boot,
        recovered,
    })
}
