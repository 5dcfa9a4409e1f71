//! Whole files and streams, up and down: in one request or in parts, with bounded memory, checked at the end.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::multipart::PartDone;
use crate::object::{Download, Stored};
use crate::payload::Payload;

/// Smallest part that is not the last (api-objects.md §9).
pub const PART_MIN: u64 = 100 * 1024;
/// Largest part, and largest body of one request.
pub const PART_MAX: u64 = 5 << 30;
/// Most parts of an upload.
pub const PARTS_MAX: u64 = 10_000;
/// Part size when nobody chooses; grows only where the file would need more than [`PARTS_MAX`] parts.
pub const PART_USUAL: u64 = 16 << 20;

/// How to upload.
#[derive(Debug, Clone)]
pub struct UploadPlan {
    /// `Content-Type`, `x-oss-*` and others.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Larger files go in parts.
    pub threshold: u64,
    /// Bytes of a part; `None` chooses by size.
    pub part_size: Option<u64>,
    /// Parts at once.
    pub parallel: usize,
}

impl Default for UploadPlan {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            threshold: 100 << 20,
            part_size: None,
            parallel: 4,
        }
    }
}

/// Remembers an unfinished upload between runs.
pub trait Checkpoint: Send + Sync {
    /// The upload id of an earlier run of the same transfer with this part size.
    fn load(&self, part_size: u64) -> Option<String>;
    /// Remembers it.
    ///
    /// # Errors
    /// What the system said.
    fn save(&self, part_size: u64, upload_id: &str) -> io::Result<()>;
    /// Forgets it.
    fn clear(&self, part_size: u64);
}

/// The part size for `size` bytes.
///
/// # Errors
/// [`Error::Setting`]: a wish outside 100 KiB to 5 GiB, or one that needs more than 10 000 parts.
pub fn part_size(size: u64, wish: Option<u64>) -> Result<u64> {
    let least = size.div_ceil(PARTS_MAX);
    match wish {
        Some(wish) if !(PART_MIN..=PART_MAX).contains(&wish) => Err(Error::Setting(format!(
            "the part size must be {PART_MIN} to {PART_MAX} bytes, not {wish}"
        ))),
        Some(wish) if wish < least => Err(Error::Setting(format!(
            "{size} bytes in parts of {wish} are more than {PARTS_MAX} parts: choose at least {least}"
        ))),
        Some(wish) => Ok(wish),
        None => Ok(PART_USUAL.max(least)),
    }
}

impl Client {
    /// Uploads a file, in parts when it is larger than the plan's threshold. Bytes are read while they are sent.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Integrity`], and those of the operations. Parts of a failed upload are removed,
    /// unless `checkpoint` keeps them for the next run.
    pub async fn upload_file(
        &self,
        path: &Path,
        bucket: &str,
        key: &[u8],
        plan: &UploadPlan,
        checkpoint: Option<&dyn Checkpoint>,
    ) -> Result<Stored> {
        let metadata = tokio::fs::metadata(path)
            .await
            .map_err(|source| Error::File {
                doing: "read",
                path: path.to_owned(),
                source,
            })?;
        let size = metadata.len();
        if size <= plan.threshold.min(PART_MAX) {
            let payload = Payload::File {
                path: path.to_owned(),
                offset: 0,
                length: size,
            };
            return self
                .put_object(bucket, key, plan.headers.clone(), payload)
                .await;
        }
        let part_size = part_size(size, plan.part_size)?;
        let (id, held) = match checkpoint.and_then(|checkpoint| checkpoint.load(part_size)) {
            Some(id) => match self.list_parts(bucket, key, &id).await {
                Ok(parts) => (id, parts),
                Err(error)
                    if error
                        .service()
                        .is_some_and(|refusal| refusal.code == "NoSuchUpload") =>
                {
                    (String::new(), Vec::new())
                }
                Err(error) => return Err(error),
            },
            None => (String::new(), Vec::new()),
        };
        let id = if id.is_empty() {
            let id = self
                .initiate_upload(bucket, key, plan.headers.clone())
                .await?;
            if let Some(checkpoint) = checkpoint {
                // Without a checkpoint the upload still works; only a later run could not go on from here.
                let _ = checkpoint.save(part_size, &id);
            }
            id
        } else {
            id
        };
        let whole = |part: &PartDone| {
            part.size == part_size.min(size - (u64::from(part.number) - 1) * part_size)
        };
        let count = u32::try_from(size.div_ceil(part_size)).unwrap_or(u32::MAX);
        let mut parts: Vec<PartDone> = held
            .into_iter()
            .filter(|part| (1..=count).contains(&part.number) && whole(part))
            .collect();
        let missing = (1..=count)
            .filter(|number| !parts.iter().any(|part| part.number == *number))
            .collect::<Vec<_>>();
        let sent = self.send_parts(
            bucket,
            key,
            &id,
            plan.parallel,
            missing.into_iter().map(|number| {
                let offset = u64::from(number - 1) * part_size;
                let length = part_size.min(size - offset);
                Ok((
                    number,
                    length,
                    Payload::File {
                        path: path.to_owned(),
                        offset,
                        length,
                    },
                ))
            }),
        );
        match sent.await {
            Ok(done) => parts.extend(done),
            Err(error) => {
                if checkpoint.is_none() {
                    let _ = self.abort_upload(bucket, key, &id).await;
                }
                return Err(error);
            }
        }
        parts.sort_by_key(|part| part.number);
        let stored = self.complete_upload(bucket, key, &id, &parts).await?;
        if let Some(checkpoint) = checkpoint {
            checkpoint.clear(part_size);
        }
        Ok(stored)
    }

    /// Sends parts, at most `parallel` at once; the first failure ends it.
    async fn send_parts(
        &self,
        bucket: &str,
        key: &[u8],
        id: &str,
        parallel: usize,
        parts: impl Iterator<Item = Result<(u32, u64, Payload)>>,
    ) -> Result<Vec<PartDone>> {
        let mut parts = parts;
        let mut running = FuturesUnordered::new();
        let mut done = Vec::new();
        loop {
            while running.len() < parallel.max(1) {
                match parts.next() {
                    Some(part) => {
                        let (number, size, payload) = part?;
                        running.push(self.upload_part(bucket, key, id, number, size, payload));
                    }
                    None => break,
                }
            }
            match running.next().await {
                Some(part) => done.push(part?),
                None => return Ok(done),
            }
        }
    }

    /// Uploads what a reader gives until it ends. Up to one part is sent in one request, more in parts; memory is
    /// the part size times `plan.parallel`.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Integrity`], and those of the operations. Parts of a failed upload are removed.
    pub async fn upload_reader(
        &self,
        mut reader: impl AsyncRead + Send + Unpin,
        bucket: &str,
        key: &[u8],
        plan: &UploadPlan,
    ) -> Result<(Stored, u64)> {
        let part_size = part_size(0, plan.part_size)?;
        let first = read_part(&mut reader, part_size).await?;
        let mut total = first.len() as u64;
        if total < part_size {
            let stored = self
                .put_object(bucket, key, plan.headers.clone(), Payload::Bytes(first))
                .await?;
            return Ok((stored, total));
        }
        let id = self
            .initiate_upload(bucket, key, plan.headers.clone())
            .await?;
        let work = async {
            // Tasks of their own: parts go out while the next one is still being read.
            let mut running: JoinSet<Result<PartDone>> = JoinSet::new();
            let mut parts = Vec::new();
            let mut bytes = first;
            for number in 1_u32.. {
                if u64::from(number) > PARTS_MAX {
                    return Err(Error::Setting(format!(
                        "the input is longer than {PARTS_MAX} parts of {part_size} bytes: choose a larger part size"
                    )));
                }
                if running.len() >= plan.parallel.max(1)
                    && let Some(done) = running.join_next().await
                {
                    parts.push(finished(done)?);
                }
                let (client, bucket, key, id) =
                    (self.clone(), bucket.to_owned(), key.to_vec(), id.clone());
                running.spawn(async move {
                    let size = bytes.len() as u64;
                    client
                        .upload_part(&bucket, &key, &id, number, size, Payload::Bytes(bytes))
                        .await
                });
                bytes = read_part(&mut reader, part_size).await?;
                total += bytes.len() as u64;
                if bytes.is_empty() {
                    break;
                }
            }
            while let Some(done) = running.join_next().await {
                parts.push(finished(done)?);
            }
            parts.sort_by_key(|part| part.number);
            self.complete_upload(bucket, key, &id, &parts).await
        };
        match work.await {
            Ok(stored) => Ok((stored, total)),
            Err(error) => {
                let _ = self.abort_upload(bucket, key, &id).await;
                Err(error)
            }
        }
    }
}

/// The outcome of a task; one that panicked is a fault of the source of its bytes.
fn finished(
    task: std::result::Result<Result<PartDone>, tokio::task::JoinError>,
) -> Result<PartDone> {
    task.unwrap_or_else(|error| Err(Error::Input(io::Error::other(error))))
}

/// Reads a part, short only at the end.
async fn read_part(reader: &mut (impl AsyncRead + Unpin), size: u64) -> Result<Bytes> {
    let mut part = Vec::new();
    reader
        .take(size)
        .read_to_end(&mut part)
        .await
        .map_err(Error::Input)?;
    Ok(part.into())
}

/// Writes a download into a file that appears under its name only when all of it is there and its CRC-64 is right.
/// Returns the number of bytes.
///
/// # Errors
/// [`Error::File`], and those of [`Download::next`]; the unfinished file is removed, also when the future is dropped.
pub async fn save(mut download: Download, path: &Path) -> Result<u64> {
    let partial = Partial(partial_name(path));
    let fail = |source| Error::File {
        doing: "write",
        path: path.to_owned(),
        source,
    };
    let mut file = tokio::fs::File::create(&partial.0).await.map_err(fail)?;
    let mut total = 0;
    while let Some(chunk) = download.next().await? {
        file.write_all(&chunk).await.map_err(fail)?;
        total += chunk.len() as u64;
    }
    file.flush().await.map_err(fail)?;
    drop(file);
    tokio::fs::rename(&partial.0, path).await.map_err(fail)?;
    Ok(total)
}

/// A file that is removed when it is let go; after its renaming there is nothing left to remove.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn partial_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::{PART_USUAL, part_size};

    #[test]
    fn part_sizes() {
        assert_eq!(part_size(200 << 20, None).unwrap(), PART_USUAL);
        assert_eq!(
            part_size(1 << 40, None).unwrap(),
            (1_u64 << 40).div_ceil(10_000)
        );
        assert_eq!(part_size(1 << 20, Some(200_000)).unwrap(), 200_000);
        assert!(part_size(1 << 20, Some(100)).is_err());
        assert!(part_size(1 << 20, Some(6 << 30)).is_err());
        assert!(
            part_size(1 << 40, Some(1 << 20))
                .unwrap_err()
                .to_string()
                .contains("10000 parts")
        );
    }
}
