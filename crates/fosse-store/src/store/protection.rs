//! What keeps a version from being deleted or replaced: the retention of its bucket, a retention of its own, a legal
//! hold. Asked where a batch is staged that would do it, so no way around leads past it.

use crate::error::{Result, StoreError};
use crate::record::{Bucket, Object, RetentionMode, VersionRecord, Worm};

/// How long a bucket's retention may stay unlocked before it lapses.
const LAPSE_MS: i64 = 24 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;

impl Worm {
    /// Whether it is in force at `now_ms`: locked, or begun less than 24 hours ago.
    pub fn in_force(&self, now_ms: i64) -> bool {
        self.locked || now_ms < self.created_ms.saturating_add(LAPSE_MS)
    }

    /// Whether an object written at `modified_ms` may not be changed at `now_ms`.
    pub fn protects(&self, modified_ms: i64, now_ms: i64) -> bool {
        let period = i64::from(self.days).saturating_mul(DAY_MS);
        self.in_force(now_ms) && now_ms < modified_ms.saturating_add(period)
    }
}

/// Whether a delete may pass a retention of mode `Governance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governance {
    /// No: the usual case.
    Respected,
    /// Yes: the caller has the right to, and says that it means to.
    Bypassed,
}

/// Fails with [`StoreError::Immutable`] when the version may be neither deleted nor replaced.
pub(crate) fn check(
    bucket: &Bucket,
    object: &Object,
    governance: Governance,
    now_ms: i64,
) -> Result<()> {
    let worm = bucket.worm.as_ref();
    let by_bucket = worm.is_some_and(|worm| worm.protects(object.modified_ms, now_ms));
    let retained = object.attrs.retention.is_some_and(|retention| {
        let bypassed =
            retention.mode == RetentionMode::Governance && governance == Governance::Bypassed;
        now_ms < retention.until_ms && !bypassed
    });
    match by_bucket || retained || object.attrs.legal_hold {
        true => Err(StoreError::Immutable),
        false => Ok(()),
    }
}

/// The same of a version that may be a delete marker, which nothing protects.
pub(crate) fn check_version(
    bucket: &Bucket,
    record: &VersionRecord,
    governance: Governance,
    now_ms: i64,
) -> Result<()> {
    match record {
        VersionRecord::Object(object) => check(bucket, object, governance, now_ms),
        VersionRecord::Marker(_) => Ok(()),
    }
}
