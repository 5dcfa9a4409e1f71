//! The counters of a bucket: totals, and bytes and objects of each storage class, changed in the batch that changes
//! what they count.
//!
//! Only classes other than Standard have counters of their own; Standard is what is left of the totals. So the usual
//! write changes one counter.

use crate::error::Result;
use crate::key;
use crate::meta::{Entry, Scan, Space, Tally};
use crate::record::{Bucket, BucketStat, ClassStat, Object, StorageClass, VersionRecord};
use crate::store::Store;
use crate::store::transaction::Transaction;
use bytes::Bytes;
use std::collections::HashMap;

/// The classes with counters of their own; the place is the last byte of a counter's key and part of the format.
const COUNTED: [StorageClass; 4] = [
    StorageClass::IA,
    StorageClass::Archive,
    StorageClass::ColdArchive,
    StorageClass::DeepColdArchive,
];

/// How many counters a bucket has beside its own.
pub(crate) const CLASS_COUNTERS: u8 = COUNTED.len() as u8;

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// What a batch changes about the counters of a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    all: Tally,
    /// Bytes and objects, in the order of [`COUNTED`].
    classes: [[i64; 2]; 4],
}

impl Counts {
    /// `sign` times one version of an object.
    pub(crate) fn object(size: u64, class: StorageClass, sign: i64) -> Self {
        let bytes = sign * signed(size);
        let mut counts = Counts {
            all: Tally([bytes, sign, 0, 0, 0]),
            ..Self::default()
        };
        for (sums, counted) in counts.classes.iter_mut().zip(COUNTED) {
            if counted == class {
                *sums = [bytes, sign];
            }
        }
        counts
    }

    /// `sign` times a version as it is stored.
    pub(crate) fn of(object: &Object, sign: i64) -> Self {
        Self::object(object.size, object.attrs.storage_class, sign)
    }

    /// `sign` times a version or a delete marker.
    pub(crate) fn version(record: &VersionRecord, sign: i64) -> Self {
        match record {
            VersionRecord::Object(object) => Self::of(object, sign),
            VersionRecord::Marker(_) => Self::marker(sign),
        }
    }

    /// `sign` times a delete marker.
    pub(crate) fn marker(sign: i64) -> Self {
        Self::totals(Tally([0, 0, 0, 0, sign]))
    }

    /// Unfinished uploads and their parts.
    pub(crate) fn uploads(uploads: i64, parts: i64) -> Self {
        Self::totals(Tally([0, 0, uploads, parts, 0]))
    }

    fn totals(all: Tally) -> Self {
        Counts {
            all,
            ..Self::default()
        }
    }

    /// Both changes.
    #[must_use]
    pub(crate) fn plus(&self, more: &Self) -> Self {
        let mut sum = *self;
        sum.all = sum.all.plus(&more.all);
        for (sums, more) in sum.classes.iter_mut().zip(more.classes) {
            for (value, more) in sums.iter_mut().zip(more) {
                *value = value.wrapping_add(more);
            }
        }
        sum
    }

    /// The counters that change, by key.
    pub(crate) fn counters(&self, bucket: u64) -> impl Iterator<Item = (Bytes, Tally)> {
        let classes = (0u8..)
            .zip(self.classes)
            .map(move |(place, [bytes, objects])| {
                let tally = Tally([bytes, objects, 0, 0, 0]);
                (key::class_counter(bucket, place), tally)
            });
        std::iter::once((key::bucket_counter(bucket), self.all))
            .chain(classes)
            .filter(|(_, tally)| !tally.is_zero())
    }

    /// Adds the change to the counters of a bucket.
    pub(crate) fn stage(&self, transaction: &mut Transaction, bucket: u64) {
        transaction.add(key::bucket_counter(bucket), self.all);
        // Most writes are Standard.
        if self.classes != [[0; 2]; 4] {
            for (counter, tally) in self.counters(bucket).filter(|(key, _)| key.len() > 9) {
                transaction.add(counter, tally);
            }
        }
    }
}

/// The counters by class of records that an older version wrote, which kept none. `current` and `versions` are all
/// entries of their spaces.
pub(crate) fn recount(
    current: impl Iterator<Item = Result<Entry>>,
    versions: impl Iterator<Item = Result<Entry>>,
) -> Result<HashMap<Bytes, Tally>> {
    let mut sums = HashMap::<Bytes, Tally>::new();
    let mut count = |key: &[u8], counts: Counts| {
        let bucket = key
            .first_chunk::<8>()
            .map_or(0, |id| u64::from_be_bytes(*id));
        for (counter, tally) in counts.counters(bucket).filter(|(key, _)| key.len() > 9) {
            let sum = sums.entry(counter).or_default();
            *sum = sum.plus(&tally);
        }
    };
    for entry in current {
        let (key, stored) = entry?;
        count(
            &key,
            Counts::of(&crate::record::decode("object", &stored)?, 1),
        );
    }
    for entry in versions {
        let (key, stored) = entry?;
        count(
            &key,
            Counts::version(&crate::record::decode("version", &stored)?, 1),
        );
    }
    Ok(sums)
}

impl Store {
    /// Counters of a bucket, and bytes and objects of each storage class, all of one moment. Versions that are not
    /// current count like others.
    pub async fn bucket_stat_by_class(
        &self,
        bucket: &Bucket,
    ) -> Result<(BucketStat, [(StorageClass, ClassStat); 5])> {
        let total = key::bucket_counter(bucket.id);
        let scan = Scan::prefix(&total, 1 + COUNTED.len());
        let entries = self.0.meta.scan(Space::Counters, scan).await?;
        let mut all = Tally::default();
        let mut by_class = [
            (StorageClass::Standard, ClassStat::default()),
            (StorageClass::IA, ClassStat::default()),
            (StorageClass::Archive, ClassStat::default()),
            (StorageClass::ColdArchive, ClassStat::default()),
            (StorageClass::DeepColdArchive, ClassStat::default()),
        ];
        let mut rest = [0i64; 2];
        for (key, stored) in entries {
            let tally = Tally::decode(Some(&stored))?;
            let [bytes, objects, ..] = tally.0;
            let class = key
                .get(total.len())
                .and_then(|place| COUNTED.get(usize::from(*place)));
            match class {
                None => {
                    all = tally;
                    rest = [rest[0] + bytes, rest[1] + objects];
                }
                Some(class) => {
                    rest = [rest[0] - bytes, rest[1] - objects];
                    for (_, stat) in by_class.iter_mut().filter(|(known, _)| known == class) {
                        *stat = ClassStat::of(bytes, objects);
                    }
                }
            }
        }
        by_class[0].1 = ClassStat::of(rest[0], rest[1]);
        Ok((BucketStat::from_tally(all), by_class))
    }
}

impl ClassStat {
    fn of(bytes: i64, objects: i64) -> Self {
        ClassStat {
            storage: u64::try_from(bytes).unwrap_or(0),
            objects: u64::try_from(objects).unwrap_or(0),
        }
    }
}
