//! Inventory reports: lists of the objects of a bucket, written from time to time as compressed CSV files with a manifest
//! into the bucket that the owner named (api-buckets.md §6.7).
//!
//! The first report of an inventory comes a minute after the last one was put, the next ones with the days (UTC) that its frequency
//! says. When a report was last begun is kept with the bucket, so that a restart neither repeats nor skips one. A report
//! that fails is tried again within the hour; what it wrote before is not named by any manifest.

mod report;

use crate::bucket_config::name;
use crate::deposit::{self, Deposit, DepositError};
use crate::lifecycle::rules::DAY_MS;
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use fosse_oss::header::{ServerSideEncryption, SseRequest};
use fosse_oss::xml::{InventoryConfiguration, InventoryEncryption, InventoryFrequency};
use fosse_store::{Bucket, ScanPlace, VersionId, VersionQuery};
use md5::{Digest, Md5};
use report::{DataFile, Entry, Manifest, add_row, contains, folder, folder_time};
use std::fmt::Write as _;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// From the last change of an inventory to its first report: whoever configures several, or tries one and takes it back,
/// gets no report in between.
const FIRST_MS: i64 = 60_000;
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Longest time until what failed is tried again.
const AGAIN_MS: i64 = 3_600_000;
/// Buckets listed at once.
const BUCKETS: usize = 100;
/// Entries read at once.
const BATCH: usize = 500;
/// Rows of one data file.
const ROWS: usize = 1_000_000;
/// Compressed bytes that are held before they are written.
const PIECE: usize = 256 << 10;

/// Wakes the worker, and counts what it did.
#[derive(Debug, Default)]
pub(crate) struct Inventories {
    changed: Notify,
    reports: AtomicU64,
    failures: AtomicU64,
}

impl Inventories {
    /// An inventory was put.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Adds the text exposition.
    pub(crate) fn render(&self, out: &mut String) {
        for (name, help, value) in [
            (
                "fosse_inventory_reports_total",
                "Inventory reports delivered.",
                &self.reports,
            ),
            (
                "fosse_inventory_failures_total",
                "Inventory reports that could not be delivered.",
                &self.failures,
            ),
        ] {
            let value = value.load(Relaxed);
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}"
            );
        }
    }
}

/// Writes reports until the shutdown begins.
pub(crate) async fn run(service: Arc<Service>, signal: Signal) {
    let mut drain = pin!(signal.reached(Phase::Drain));
    let mut last: Option<i64> = None;
    let mut changed: Option<i64> = None;
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = service.inventories.changed.notified() => changed = Some(service.clock.now_ms()),
            () = tokio::time::sleep(LOOK) => {}
        }
        let now_ms = service.clock.now_ms();
        let same_day = |last: i64| last.div_euclid(DAY_MS) == now_ms.div_euclid(DAY_MS);
        let settled = changed.is_some_and(|changed| !(0..FIRST_MS).contains(&(now_ms - changed)));
        let looked =
            last.is_some_and(|last| same_day(last) && (0..AGAIN_MS).contains(&(now_ms - last)));
        if looked && !settled {
            continue;
        }
        if settled {
            changed = None;
        }
        let (worker, stop) = (service.clone(), signal.clone());
        let runtime = tokio::runtime::Handle::current();
        // Compressing is work for the processor: not on a thread that others wait for.
        let round = tokio::task::spawn_blocking(move || {
            runtime.block_on(look_at_all(&worker, &stop, now_ms));
        });
        if let Err(error) = round.await {
            tracing::error!(%error, "the inventory worker broke down");
            service.inventories.failures.fetch_add(1, Relaxed);
        }
        last = Some(now_ms);
    }
}

async fn look_at_all(service: &Service, signal: &Signal, now_ms: i64) {
    let stop = || signal.phase() > Phase::Run;
    let mut after = String::new();
    loop {
        let buckets = match service.store.all_buckets(&after, BUCKETS).await {
            Ok(buckets) => buckets,
            Err(error) => return tracing::warn!(%error, "inventory: listing the buckets failed"),
        };
        for bucket in &buckets {
            let configs = service.configs.of(bucket);
            let inventories = match configs.inventories() {
                Ok(inventories) => inventories,
                Err(error) => {
                    tracing::warn!(bucket = bucket.name, %error, "inventories cannot be read");
                    continue;
                }
            };
            for config in inventories.iter().filter(|config| config.enabled) {
                if stop() {
                    return;
                }
                if is_due(config, last_run(bucket, &config.id), now_ms) {
                    make(service, bucket, config, now_ms, &stop).await;
                }
            }
        }
        match buckets.last() {
            Some(bucket) if buckets.len() == BUCKETS => after.clone_from(&bucket.name),
            _ => return,
        }
    }
}

fn run_name(id: &str) -> String {
    format!("{}{id}", name::INVENTORY_RUN)
}

/// When the last report was begun, Unix milliseconds.
fn last_run(bucket: &Bucket, id: &str) -> Option<i64> {
    let text = bucket.configs.get(&run_name(id))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Whether the next report is to be made.
fn is_due(config: &InventoryConfiguration, last: Option<i64>, now_ms: i64) -> bool {
    let Some(last) = last else {
        return true;
    };
    let (last, today) = (last.div_euclid(DAY_MS), now_ms.div_euclid(DAY_MS));
    match config.frequency {
        InventoryFrequency::Once => false,
        InventoryFrequency::Daily => today > last,
        InventoryFrequency::Weekly => today >= last + 7,
        InventoryFrequency::Monthly => {
            let wanted = config.day_of_month.unwrap_or(1);
            // A month has at most 31 days, so what lies further back is in reach in any case.
            (last.max(today - 31) + 1..=today).any(|day| is_day_of_month(day, wanted))
        }
    }
}

/// Whether a day (since 1970) is the `wanted` one of its month, or the last one of a shorter month.
fn is_day_of_month(day: i64, wanted: u8) -> bool {
    let of = |day: i64| -> u8 {
        let date = fosse_oss::time::format_iso_millis(day * (DAY_MS / 1000));
        date.get(8..10)
            .and_then(|text| text.parse().ok())
            .unwrap_or(1)
    };
    let (this, next) = (of(day), of(day + 1));
    this == wanted || (next == 1 && this < wanted)
}

/// Makes one report and notes that it was made.
async fn make(
    service: &Service,
    bucket: &Bucket,
    config: &InventoryConfiguration,
    now_ms: i64,
    stop: &(dyn Fn() -> bool + Sync),
) {
    let source = bucket.name.as_str();
    match write(service, bucket, config, now_ms.div_euclid(1000), stop).await {
        Ok(true) => {
            service.inventories.reports.fetch_add(1, Relaxed);
            tracing::info!(bucket = source, inventory = config.id, "wrote an inventory");
        }
        // The server stops; the next start begins anew.
        Ok(false) => return,
        Err(error) => {
            service.inventories.failures.fetch_add(1, Relaxed);
            tracing::warn!(bucket = source, inventory = config.id, %error, "an inventory failed");
            return;
        }
    }
    let (run, id) = (run_name(&config.id), bucket.id);
    let inventory = format!("{}{}", name::INVENTORY, config.id);
    let noted = service
        .store
        .update_bucket(source, move |bucket| {
            // Not of an inventory, or a bucket, that was deleted meanwhile.
            if bucket.id == id && bucket.configs.contains_key(&inventory) {
                let text = now_ms.to_string().into_bytes();
                bucket.configs.insert(run.clone(), text);
            }
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(bucket = source, %error, "noting the time of an inventory failed");
    }
}

/// Writes the data files, then the checksum, and last the manifest, by which readers know that all is there. `false`
/// when the server stops before that.
async fn write(
    service: &Service,
    source: &Bucket,
    config: &InventoryConfiguration,
    began: i64,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<bool, DepositError> {
    let target = deposit::target(service, &config.destination.bucket, &source.owner).await?;
    let encryption = config.destination.encryption.as_ref().map(requested);
    let folder = folder(config, source);
    let mut files = Files {
        service,
        target: &target,
        encryption: encryption.as_ref(),
        stem: format!("{folder}data/{}", fresh_name(service, &folder, began)),
        open: None,
        done: Vec::new(),
    };
    let mut rows = Rows::of(config);
    let mut text = String::new();
    loop {
        if stop() {
            return Ok(false);
        }
        let started = Instant::now();
        text.clear();
        let (count, more) = rows.next(service, source, config, &mut text).await?;
        files.add(&text, count).await?;
        if !more {
            break;
        }
        tokio::time::sleep(started.elapsed()).await;
    }
    let done = files.finish().await?;
    let manifest = Manifest::new(config, source, &done, began);
    let manifest = serde_json::to_vec(&manifest).unwrap_or_default();
    let checksum = upper_hex(&Md5::digest(&manifest));
    let place = format!("{folder}{}/", folder_time(began));
    for (name, content_type, bytes) in [
        ("manifest.checksum", "text/plain", checksum.into_bytes()),
        ("manifest.json", "application/json", manifest),
    ] {
        let length = Some(bytes.len() as u64);
        let encryption = encryption.as_ref();
        let mut file = Deposit::begin(service, &target, content_type, length, encryption)?;
        file.write(Bytes::from(bytes)).await?;
        match file.finish(&format!("{place}{name}")).await {
            // A report of the same minute that did not get to the end.
            Ok(_) | Err(DepositError::Exists) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The encryption that a destination asks for.
fn requested(encryption: &InventoryEncryption) -> SseRequest {
    match encryption {
        InventoryEncryption::Oss => SseRequest {
            algorithm: ServerSideEncryption::Aes256,
            data_sm4: false,
            key_id: None,
        },
        InventoryEncryption::Kms(key) => SseRequest {
            algorithm: ServerSideEncryption::Kms,
            data_sm4: false,
            key_id: Some(key.clone()),
        },
    }
}

/// A name in the form of a UUID that no other report has.
fn fresh_name(service: &Service, folder: &str, began: i64) -> String {
    let mut hash = Md5::new();
    hash.update(service.ids.next(began).as_str());
    hash.update(folder);
    let hex = upper_hex(&hash.finalize()).to_ascii_lowercase();
    let piece = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [
        piece(0..8),
        piece(8..12),
        piece(12..16),
        piece(16..20),
        piece(20..32),
    ]
    .join("-")
}

fn upper_hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02X}");
    }
    out
}

/// The data files of a report, one after the other.
struct Files<'a> {
    service: &'a Service,
    target: &'a Bucket,
    encryption: Option<&'a SseRequest>,
    /// Name without number and ending.
    stem: String,
    open: Option<(Deposit<'a>, GzEncoder<Vec<u8>>, usize)>,
    done: Vec<DataFile>,
}

impl<'a> Files<'a> {
    /// Adds lines, which belong to one file.
    async fn add(&mut self, lines: &str, count: usize) -> Result<(), DepositError> {
        if count == 0 {
            return Ok(());
        }
        let (mut file, mut packer, rows) = match self.open.take() {
            Some(open) => open,
            None => (
                self.begin()?,
                GzEncoder::new(Vec::new(), Compression::fast()),
                0,
            ),
        };
        packer
            .write_all(lines.as_bytes())
            .map_err(fosse_store::StoreError::Io)?;
        if packer.get_ref().len() >= PIECE {
            let piece = std::mem::take(packer.get_mut());
            file.write(Bytes::from(piece)).await?;
        }
        self.open = Some((file, packer, rows + count));
        if rows + count >= ROWS {
            self.close().await?;
        }
        Ok(())
    }

    fn begin(&self) -> Result<Deposit<'a>, DepositError> {
        Deposit::begin(
            self.service,
            self.target,
            "application/gzip",
            None,
            self.encryption,
        )
    }

    async fn close(&mut self) -> Result<(), DepositError> {
        let Some((mut file, packer, _)) = self.open.take() else {
            return Ok(());
        };
        let rest = packer.finish().map_err(fosse_store::StoreError::Io)?;
        file.write(Bytes::from(rest)).await?;
        let key = match self.done.len() {
            0 => format!("{}.csv.gz", self.stem),
            n => format!("{}-{n}.csv.gz", self.stem),
        };
        let (size, md5) = file.finish(&key).await?;
        self.done.push(DataFile {
            md5: upper_hex(&md5),
            key,
            size,
        });
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<DataFile>, DepositError> {
        self.close().await?;
        Ok(self.done)
    }
}

/// The entries of a report, batch by batch.
enum Rows {
    Current(Option<ScanPlace>),
    All(String, Option<VersionId>),
}

impl Rows {
    fn of(config: &InventoryConfiguration) -> Self {
        if config.all_versions {
            Rows::All(String::new(), None)
        } else {
            Rows::Current(None)
        }
    }

    /// Adds the lines of the next batch; gives their number and whether more follows.
    async fn next(
        &mut self,
        service: &Service,
        source: &Bucket,
        config: &InventoryConfiguration,
        text: &mut String,
    ) -> Result<(usize, bool), DepositError> {
        let filter = config.filter.as_ref();
        let prefix = filter.and_then(|filter| filter.prefix.as_deref());
        let prefix = prefix.unwrap_or_default();
        let mut count = 0;
        let mut add = |entry: Entry<'_>| {
            if contains(filter, &entry) {
                add_row(text, config, source, &entry);
                count += 1;
            }
        };
        let more = match self {
            Rows::Current(place) => {
                let scan = service
                    .store
                    .scan_current(source, prefix, place.as_ref(), BATCH);
                let batch = scan.await?;
                for seen in &batch.seen {
                    add(Entry {
                        key: &seen.key,
                        version: seen.version,
                        is_latest: true,
                        modified_ms: seen.modified_ms,
                        object: seen.object.as_deref(),
                    });
                }
                *place = batch.next;
                place.is_some()
            }
            Rows::All(key, version) => {
                let query = VersionQuery {
                    prefix: prefix.to_owned(),
                    key_marker: key.clone(),
                    version_marker: *version,
                    max_keys: BATCH,
                    ..VersionQuery::default()
                };
                let page = service.store.list_versions(source, query).await?;
                for listed in &page.versions {
                    add(Entry {
                        key: &listed.key,
                        version: listed.version,
                        is_latest: listed.is_latest,
                        modified_ms: listed.modified_ms,
                        object: listed.object.as_deref(),
                    });
                }
                *key = page.next_key.unwrap_or_default();
                *version = page.next_version;
                page.truncated
            }
        };
        Ok((count, more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(schedule: &str) -> InventoryConfiguration {
        let text = format!(
            "<InventoryConfiguration><Id>r</Id><IsEnabled>true</IsEnabled>\
             <Destination><OSSBucketDestination><Format>CSV</Format><AccountId>1000000000000000</AccountId>\
             <RoleArn>acs:ram::1000000000000000:role/r</RoleArn><Bucket>acs:oss:::dest</Bucket>\
             </OSSBucketDestination></Destination><Schedule>{schedule}</Schedule>\
             <IncludedObjectVersions>All</IncludedObjectVersions></InventoryConfiguration>"
        );
        InventoryConfiguration::from_xml(text.as_bytes()).unwrap()
    }

    #[test]
    fn reports_come_with_the_days_of_their_frequency() {
        // 1 January 2024, noon.
        let begin = 19_723 * DAY_MS + DAY_MS / 2;
        let day = |n: i64| begin + n * DAY_MS;
        for (schedule, last, now, due) in [
            ("<Frequency>Daily</Frequency>", 0, 0, false),
            ("<Frequency>Daily</Frequency>", 0, 1, true),
            ("<Frequency>Daily</Frequency>", 5, 1, false),
            ("<Frequency>Weekly</Frequency>", 0, 6, false),
            ("<Frequency>Weekly</Frequency>", 0, 7, true),
            ("<Frequency>Weekly</Frequency>", 0, 400, true),
            ("<Frequency>Once</Frequency>", 0, 400, false),
        ] {
            let config = config(schedule);
            assert!(is_due(&config, None, day(now)));
            assert_eq!(
                is_due(&config, Some(day(last)), day(now)),
                due,
                "{schedule} {now}"
            );
        }
        let monthly = InventoryConfiguration {
            frequency: InventoryFrequency::Monthly,
            day_of_month: Some(31),
            ..config("<Frequency>Daily</Frequency>")
        };
        for (last, now, due) in [
            (0, 29, false),
            (0, 30, true),
            (30, 31, false),
            (30, 58, false),
            // 29 February: the last day of a shorter month.
            (30, 59, true),
            (30, 500, true),
            (59, 60, false),
        ] {
            assert_eq!(
                is_due(&monthly, Some(day(last)), day(now)),
                due,
                "{last} {now}"
            );
        }
    }
}
