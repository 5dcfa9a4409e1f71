//! Listing of versions: the current objects and everything that is noncurrent, merged in byte order of the keys and
//! newest first within a key.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Entry, Scan, Space, is_empty_range};
use crate::record::{Bucket, Head, Marker, Object, VersionRecord, Versioning, decode};
use crate::store::list::{FIRST_FETCH, MOST_FETCH, after_all_under, common_prefix, later};
use crate::store::{Inner, Store};
use crate::version::{Order, VersionId};
use bytes::Bytes;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;

/// A listing request over all versions.
#[derive(Debug, Clone, Default)]
pub struct VersionQuery {
    /// Only keys that begin with it.
    pub prefix: String,
    /// As [`ListQuery::delimiter`](crate::ListQuery::delimiter).
    pub delimiter: String,
    /// Keys after it; with a version marker also what is older of this very key.
    pub key_marker: String,
    /// Exclusive; ignored without a key marker. It need not exist any more; the null version, which has no place of
    /// its own when it is gone, then stands before all versions of the key.
    pub version_marker: Option<VersionId>,
    /// Most versions, markers and prefixes together.
    pub max_keys: usize,
}

/// One entry of a listing of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVersion {
    /// Key.
    pub key: String,
    /// Its version.
    pub version: VersionId,
    /// Whether it is the newest of its key.
    pub is_latest: bool,
    /// When it was written, Unix milliseconds.
    pub modified_ms: i64,
    /// The object; `None`: a delete marker.
    pub object: Option<Arc<Object>>,
}

/// Page of versions, by key and then newest first.
#[derive(Debug, Clone, Default)]
pub struct VersionPage {
    /// Versions and delete markers.
    pub versions: Vec<ListedVersion>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether more follows.
    pub truncated: bool,
    /// Key (or common prefix) of the last entry, when truncated.
    pub next_key: Option<String>,
    /// Version of the last entry, when truncated and that is no common prefix.
    pub next_version: Option<VersionId>,
}

/// A version marker: its place among the versions of its key, and that of the newest.
#[derive(Clone, Copy)]
struct Marked {
    marker: Order,
    newest: Option<Order>,
}

/// Where both spaces go on.
struct Position {
    current: Bound<Bytes>,
    noncurrent: Bound<Bytes>,
}

/// Walks both spaces side by side. Whenever one of them needs more rows both are read anew from where the walk is, in one
/// moment: a version that moves from one space to the other meanwhile is seen once, neither twice nor never.
struct Merge<'a> {
    inner: &'a Inner,
    bucket: u64,
    /// Key of the current version that was given out last.
    passed: Option<Bytes>,
    /// Whether the bucket can have noncurrent versions at all.
    versioned: bool,
    at: Position,
    current_end: Bound<Bytes>,
    noncurrent_end: Bound<Bytes>,
    current: Rows,
    noncurrent: Rows,
    fetch: usize,
    seeks: usize,
}

struct Rows {
    fetched: Peekable<std::vec::IntoIter<Entry>>,
    /// Nothing follows what was fetched.
    ended: bool,
}

impl Rows {
    fn unread() -> Self {
        Rows {
            fetched: Vec::new().into_iter().peekable(),
            ended: false,
        }
    }

    fn of(entries: Vec<Entry>, limit: usize) -> Self {
        Rows {
            ended: entries.len() < limit,
            fetched: entries.into_iter().peekable(),
        }
    }

    /// Whether the next row is known, be it that there is none.
    fn knows(&mut self) -> bool {
        self.ended || self.fetched.peek().is_some()
    }

    fn skip_to(&mut self, start: &Bound<Bytes>) {
        let before = |key: &Bytes| match start {
            Bound::Included(start) => key < start,
            Bound::Excluded(start) => key <= start,
            Bound::Unbounded => false,
        };
        while self.fetched.next_if(|(key, _)| before(key)).is_some() {}
    }
}

/// A row of either space.
enum Row {
    Current(Bytes, Bytes),
    Noncurrent(Bytes, Bytes),
}

impl Row {
    /// Bucket and key.
    fn name(&self) -> Result<Vec<u8>> {
        match self {
            Row::Current(name, _) => Ok(name.to_vec()),
            Row::Noncurrent(place, _) => name_of(place),
        }
    }
}

/// Bucket and unescaped key of a row of [`Space::Versions`].
fn name_of(place: &[u8]) -> Result<Vec<u8>> {
    let corrupt = || StoreError::Corrupt("key of a version".into());
    let (bucket, rest) = place.split_at_checked(8).ok_or_else(corrupt)?;
    let (key, order) = key::unescape(rest).ok_or_else(corrupt)?;
    if order.len() != 16 {
        return Err(corrupt());
    }
    Ok([bucket, &key].concat())
}

impl Merge<'_> {
    async fn next(&mut self) -> Result<Option<Row>> {
        if !(self.current.knows() && self.noncurrent.knows()) {
            self.fetch_both().await?;
        }
        let current_first = match (self.current.fetched.peek(), self.noncurrent.fetched.peek()) {
            (None, None) => return Ok(None),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            // The current version is the newest of its key.
            (Some((name, _)), Some((place, _))) => name.as_ref() <= name_of(place)?.as_slice(),
        };
        if current_first {
            let Some((name, stored)) = self.current.fetched.next() else {
                return Ok(None);
            };
            self.at.current = Bound::Excluded(name.clone());
            self.passed = Some(name.clone());
            return Ok(Some(Row::Current(name, stored)));
        }
        let Some((place, stored)) = self.noncurrent.fetched.next() else {
            return Ok(None);
        };
        self.at.noncurrent = Bound::Excluded(place.clone());
        // A version that becomes current while the page is read must not come again.
        let name = Bound::Excluded(Bytes::from(name_of(&place)?));
        self.at.current = later(
            std::mem::replace(&mut self.at.current, Bound::Unbounded),
            name,
        );
        Ok(Some(Row::Noncurrent(place, stored)))
    }

    async fn fetch_both(&mut self) -> Result<()> {
        if let Some(name) = self.passed.take() {
            // What was added meanwhile before the key that was given out last would be out of order.
            let own = key::escaped(self.bucket, name.get(8..).unwrap_or_default());
            let own = Bound::Included(Bytes::from(own));
            self.at.noncurrent = later(
                std::mem::replace(&mut self.at.noncurrent, Bound::Unbounded),
                own,
            );
        }
        self.seeks += 1;
        if self.seeks.is_multiple_of(64) {
            // As for a listing of current objects: others get their turn in between.
            tokio::task::yield_now().await;
        }
        let limit = self.fetch;
        self.fetch = (self.fetch * 2).min(MOST_FETCH);
        let scan = |space, lower: &Bound<Bytes>, upper: &Bound<Bytes>| {
            let (lower, upper) = (lower.clone(), upper.clone());
            let scan = Scan {
                lower,
                upper,
                reverse: false,
                limit,
            };
            (space, scan)
        };
        let mut scans = Vec::with_capacity(2);
        let wanted = [
            (Space::Current, &self.at.current, &self.current_end, true),
            (
                Space::Versions,
                &self.at.noncurrent,
                &self.noncurrent_end,
                self.versioned,
            ),
        ];
        for (space, lower, upper, there) in wanted {
            // A range that is over is empty, and an engine need not see it.
            if there && !is_empty_range(lower, upper) {
                scans.push(scan(space, lower, upper));
            }
        }
        let spaces: Vec<Space> = scans.iter().map(|(space, _)| *space).collect();
        let (mut current, mut noncurrent) = (Vec::new(), Vec::new());
        for (space, entries) in spaces.into_iter().zip(self.inner.meta.scans(scans).await?) {
            match space {
                Space::Current => current = entries,
                _ => noncurrent = entries,
            }
        }
        self.current = Rows::of(current, limit);
        self.noncurrent = Rows::of(noncurrent, limit);
        Ok(())
    }

    /// Continues behind everything that begins with a common prefix.
    fn skip_prefix(&mut self, common: &str) {
        let current = after_all_under(&key::object(self.bucket, common.as_bytes()));
        let noncurrent = after_all_under(&key::escaped_start(self.bucket, common.as_bytes()));
        self.current.skip_to(&current);
        self.noncurrent.skip_to(&noncurrent);
        if !(self.current.knows() && self.noncurrent.knows()) {
            self.fetch = FIRST_FETCH;
        }
        self.at = Position {
            current,
            noncurrent,
        };
        self.passed = None;
    }
}

impl Inner {
    /// Where a page begins, and the place of the version marker if there is one.
    async fn start_of_versions(
        &self,
        bucket: &Bucket,
        query: &VersionQuery,
    ) -> Result<(Position, Option<Marked>)> {
        let start = Position {
            current: Bound::Included(key::object(bucket.id, query.prefix.as_bytes())),
            noncurrent: Bound::Included(Bytes::from(key::escaped_start(
                bucket.id,
                query.prefix.as_bytes(),
            ))),
        };
        let marker = query.key_marker.as_bytes();
        if marker.is_empty() {
            return Ok((start, None));
        }
        let name = key::object(bucket.id, marker);
        let common = common_prefix(&query.key_marker, &query.prefix, &query.delimiter);
        let is_common =
            common == Some(&query.key_marker) && query.key_marker.starts_with(&query.prefix);
        let (after, marked) = if is_common {
            let after = Position {
                current: after_all_under(&name),
                noncurrent: after_all_under(&key::escaped_start(bucket.id, marker)),
            };
            (after, None)
        } else if let Some(version) = query.version_marker {
            let order = self.order_of_marker(bucket, &name, version).await?;
            let noncurrent = match order {
                Some(order) => Bound::Excluded(key::version(bucket.id, marker, order)),
                None => Bound::Included(Bytes::from(key::escaped(bucket.id, marker))),
            };
            let current = Bound::Included(name);
            let after = Position {
                current,
                noncurrent,
            };
            let newest = match order {
                Some(_) => self.locate(bucket, &query.key_marker, None).await?.order(),
                None => None,
            };
            (after, order.map(|marker| Marked { marker, newest }))
        } else {
            let after = Position {
                current: Bound::Excluded(name),
                noncurrent: after_all_under(&key::escaped(bucket.id, marker)),
            };
            (after, None)
        };
        let at = Position {
            current: later(start.current, after.current),
            noncurrent: later(start.noncurrent, after.noncurrent),
        };
        Ok((at, marked))
    }

    /// Place of a marker among the versions of its key; `None` for a null version that is gone.
    async fn order_of_marker(
        &self,
        bucket: &Bucket,
        name: &Bytes,
        version: VersionId,
    ) -> Result<Option<Order>> {
        if let VersionId::Id(id) = version {
            return Ok(Some(Order(id)));
        }
        let current: Option<Object> = self.get("object", Space::Current, name).await?;
        if let Some(object) = current.filter(|object| object.version == VersionId::Null) {
            return Ok(Some(object.order));
        }
        if bucket.versioning == Versioning::Never {
            return Ok(None);
        }
        let head: Option<Head> = self.get("head", Space::Heads, name).await?;
        Ok(head.and_then(|head| head.null))
    }
}

impl Store {
    /// A page of versions and delete markers: keys in byte order, the versions of a key newest first. In a bucket
    /// that was never versioned each object is its only version, `null`.
    ///
    /// Costs one range of each of two spaces, and two more for every common prefix that is skipped.
    pub async fn list_versions(&self, bucket: &Bucket, query: VersionQuery) -> Result<VersionPage> {
        let mut page = VersionPage::default();
        if query.max_keys == 0 {
            return Ok(page);
        }
        let (at, marked) = self.0.start_of_versions(bucket, &query).await?;
        let mut merge = Merge {
            inner: &self.0,
            bucket: bucket.id,
            passed: None,
            versioned: bucket.versioning != Versioning::Never,
            at,
            current_end: key::after_prefix(&key::object(bucket.id, query.prefix.as_bytes())),
            noncurrent_end: key::after_prefix(&key::escaped_start(
                bucket.id,
                query.prefix.as_bytes(),
            )),
            current: Rows::unread(),
            noncurrent: Rows::unread(),
            fetch: if query.delimiter.is_empty() {
                query.max_keys.saturating_add(1).min(MOST_FETCH)
            } else {
                FIRST_FETCH
            },
            seeks: 0,
        };
        let mut newest_of = None;
        let mut last = (None, None);
        while let Some(row) = merge.next().await? {
            let name = row.name()?;
            let text = name.get(8..).and_then(|key| std::str::from_utf8(key).ok());
            let name = text.ok_or_else(|| StoreError::Corrupt("key of a version".into()))?;
            let at_marker = marked.filter(|_| name == query.key_marker);
            let common = common_prefix(name, &query.prefix, &query.delimiter);
            let mut entry = None;
            if common.is_none() || at_marker.is_some() {
                let (order, mut listed) = listed(&row, name)?;
                listed.is_latest = match at_marker {
                    Some(Marked { marker, .. }) if order >= marker => continue,
                    Some(Marked { newest, .. }) => newest == Some(order),
                    None => newest_of.as_deref() != Some(name),
                };
                entry = Some(listed);
            }
            if page.versions.len() + page.common_prefixes.len() == query.max_keys {
                page.truncated = true;
                (page.next_key, page.next_version) = last;
                break;
            }
            if let Some(common) = common {
                merge.skip_prefix(common);
                last = (Some(common.to_owned()), None);
                page.common_prefixes.push(common.to_owned());
            } else if let Some(listed) = entry {
                newest_of = Some(name.to_owned());
                last = (Some(name.to_owned()), Some(listed.version));
                page.versions.push(listed);
            }
        }
        Ok(page)
    }
}

/// The entry of a row, and its place among the versions of its key.
fn listed(row: &Row, key: &str) -> Result<(Order, ListedVersion)> {
    let (object, marker) = match row {
        Row::Current(_, stored) => (Some(decode::<Object>("object", stored)?), None),
        Row::Noncurrent(_, stored) => match decode("version", stored)? {
            VersionRecord::Object(object) => (Some(object), None),
            VersionRecord::Marker(marker) => (None, Some(marker)),
        },
    };
    let (order, version, modified_ms) = match (&object, &marker) {
        (Some(object), _) => (object.order, object.version, object.modified_ms),
        (
            None,
            Some(Marker {
                order,
                version,
                modified_ms,
            }),
        ) => (*order, *version, *modified_ms),
        (None, None) => return Err(StoreError::Corrupt("version record".into())),
    };
    let listed = ListedVersion {
        key: key.to_owned(),
        version,
        is_latest: false,
        modified_ms,
        object: object.map(Arc::new),
    };
    Ok((order, listed))
}
