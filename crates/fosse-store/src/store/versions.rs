//! Versions of a key. The current live object is in `Current`; everything else the key has (older versions,
//! delete markers, also a marker that is the newest) is in `Versions`, newest first; `Heads` ties them together:
//! every change of a versioned key rewrites its head and expects the one it read, so changes cannot cross.

use crate::error::Result;
use crate::key;
use crate::meta::{Expect, Scan, Space};
use crate::record::{
    BodyPlace, Bucket, Deleted, Head, Object, VersionRecord, Versioning, decode, encode,
};
use crate::store::Inner;
use crate::store::counts::Counts;
use crate::store::protection::{self, Governance};
use crate::store::state::ObjectName;
use crate::store::transaction::{After, Transaction};
use crate::version::{Order, VersionId};
use bytes::Bytes;
use std::sync::Arc;

/// Where a version is, with the stored bytes for a condition.
pub(crate) enum Located {
    Current(Bytes, Object),
    Noncurrent {
        stored: Bytes,
        record: VersionRecord,
    },
    Nowhere,
}

impl Located {
    pub(crate) fn order(&self) -> Option<Order> {
        match self {
            Located::Current(_, object) => Some(object.order),
            Located::Noncurrent { record, .. } => Some(record.order()),
            Located::Nowhere => None,
        }
    }
}

impl VersionRecord {
    pub(crate) fn order(&self) -> Order {
        match self {
            VersionRecord::Object(object) => object.order,
            VersionRecord::Marker(marker) => marker.order,
        }
    }

    fn body(&self) -> Option<BodyPlace> {
        match self {
            VersionRecord::Object(object) => Some(object.body.0),
            VersionRecord::Marker(_) => None,
        }
    }
}

impl Inner {
    /// Finds a version; the newest, marker or not, when `version` is `None`.
    pub(crate) async fn locate(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
    ) -> Result<Located> {
        let name = key::object(bucket.id, key.as_bytes());
        if let Some(stored) = self.meta.get(Space::Current, &name).await? {
            let object: Object = decode("object", &stored)?;
            if version.is_none_or(|version| version == object.version) {
                return Ok(Located::Current(stored, object));
            }
        }
        let place = match version {
            Some(VersionId::Id(id)) => Some(key::version(bucket.id, key.as_bytes(), Order(id))),
            Some(VersionId::Null) => {
                let head: Option<Head> = self.get("head", Space::Heads, &name).await?;
                let order = head.and_then(|head| head.null);
                order.map(|order| key::version(bucket.id, key.as_bytes(), order))
            }
            None => {
                let newest = self.noncurrent(bucket, key, 1).await?;
                return Ok(match newest.into_iter().next() {
                    Some((_, stored, record)) => Located::Noncurrent { stored, record },
                    None => Located::Nowhere,
                });
            }
        };
        let Some(place) = place else {
            return Ok(Located::Nowhere);
        };
        match self.meta.get(Space::Versions, &place).await? {
            Some(stored) => {
                let record = decode("version", &stored)?;
                Ok(Located::Noncurrent { stored, record })
            }
            None => Ok(Located::Nowhere),
        }
    }

    /// The newest entries of `Versions` of a key.
    async fn noncurrent(
        &self,
        bucket: &Bucket,
        key: &str,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes, VersionRecord)>> {
        if bucket.versioning == Versioning::Never {
            return Ok(Vec::new());
        }
        let scan = Scan::prefix(&key::escaped(bucket.id, key.as_bytes()), limit);
        let entries = self.meta.scan(Space::Versions, scan).await?;
        let decoded = entries.into_iter().map(|(place, stored)| {
            let record = decode("version", &stored)?;
            Ok((place, stored, record))
        });
        decoded.collect()
    }

    /// Removes the noncurrent null version (or marker), as a write in a suspended bucket does. Gives what the
    /// counters lose, and the body to release.
    pub(crate) async fn stage_drop_null(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        key: &str,
        head: &mut Head,
        now_ms: i64,
    ) -> Result<Option<(Counts, Option<BodyPlace>)>> {
        let Some(order) = head.null.take() else {
            return Ok(None);
        };
        let place = key::version(bucket.id, key.as_bytes(), order);
        let Some(stored) = self.meta.get(Space::Versions, &place).await? else {
            return Ok(None);
        };
        let record: VersionRecord = decode("version", &stored)?;
        protection::check_version(bucket, &record, Governance::Respected, now_ms)?;
        transaction.remove(Space::Versions, place, Expect::Value(stored));
        Ok(Some((Counts::version(&record, -1), record.body())))
    }

    /// Removes exactly the version, or the marker, that is named; the next newest becomes current.
    pub(crate) async fn stage_remove(
        &self,
        transaction: &mut Transaction,
        bucket: &Bucket,
        key: &str,
        version: VersionId,
        governance: Governance,
        now_ms: i64,
    ) -> Result<Deleted> {
        let name = key::object(bucket.id, key.as_bytes());
        let current = self.meta.get(Space::Current, &name).await?;
        let stored_head = self.meta.get(Space::Heads, &name).await?;
        let mut head: Head = match &stored_head {
            Some(stored) => decode("head", stored)?,
            None => Head::default(),
        };
        let located = self.locate(bucket, key, Some(version)).await?;
        let version = Some(version);
        let removed = match located {
            Located::Nowhere => {
                return Ok(Deleted {
                    existed: false,
                    version,
                    delete_marker: false,
                });
            }
            Located::Current(stored, object) => {
                transaction.remove(Space::Current, name.clone(), Expect::Value(stored));
                VersionRecord::Object(object)
            }
            Located::Noncurrent { stored, record } => {
                let place = key::version(bucket.id, key.as_bytes(), record.order());
                transaction.remove(Space::Versions, place, Expect::Value(stored));
                if head.null == Some(record.order()) {
                    head.null = None;
                }
                // The current object must still be the one that was seen, or absent as it was.
                transaction.expect(Space::Current, name.clone(), Expect::same(&current));
                record
            }
        };
        protection::check_version(bucket, &removed, governance, now_ms)?;
        let was_current = match &current {
            Some(stored) => decode::<Object>("object", stored)?.order == removed.order(),
            None => true,
        };
        let mut others = self.noncurrent(bucket, key, 2).await?;
        others.retain(|(_, _, record)| record.order() != removed.order());
        let next = others.into_iter().next();
        let none_left = next.is_none();
        let mut now_current = None;
        if was_current {
            if let Some((place, stored, VersionRecord::Object(object))) = next {
                transaction.remove(Space::Versions, place, Expect::Value(stored));
                if head.null == Some(object.order) {
                    head.null = None;
                }
                let expect = Expect::same(&current);
                transaction.put(Space::Current, name.clone(), expect, encode(&object)?);
                now_current = Some(Arc::new(object));
            }
            transaction.after(After::Object(
                ObjectName::new(bucket.id, key),
                now_current.clone(),
            ));
        }
        if stored_head.is_some() {
            let expect = Expect::same(&stored_head);
            if none_left && (was_current || current.is_none()) {
                transaction.remove(Space::Heads, name, expect);
            } else {
                transaction.put(Space::Heads, name, expect, encode(&head)?);
            }
        } else {
            transaction.expect(Space::Heads, name, Expect::Absent);
        }
        Counts::version(&removed, -1).stage(transaction, bucket.id);
        if let Some(body) = removed.body() {
            self.stage_release(transaction, &body).await?;
        }
        let delete_marker = matches!(removed, VersionRecord::Marker(_));
        Ok(Deleted {
            existed: true,
            version,
            delete_marker,
        })
    }
}
