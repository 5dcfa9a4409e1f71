//! Listings: one page is one range scan, and a common prefix is skipped by seeking past it.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Entry, Scan, Space, is_empty_range};
use crate::record::{Bucket, Object, Upload, decode};
use crate::store::{Inner, Store};
use bytes::Bytes;
use std::ops::Bound;
use std::sync::Arc;

/// A listing request over current versions (V1 and V2 share it).
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only keys that begin with it.
    pub prefix: String,
    /// Non-empty: keys that contain it after the prefix collapse into common prefixes.
    pub delimiter: String,
    /// Exclusive. A common prefix that an earlier page returned skips all keys under it.
    pub start_after: String,
    /// Most entries and prefixes together.
    pub max_keys: usize,
}

/// One page. Entries and prefixes together at most `max_keys`, each in byte order.
#[derive(Debug, Clone, Default)]
pub struct ListPage {
    /// Current objects.
    pub objects: Vec<(String, Arc<Object>)>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether more follows.
    pub truncated: bool,
    /// Last key or common prefix returned, when truncated.
    pub next: Option<String>,
}

/// Page request of uploads.
#[derive(Debug, Clone, Default)]
pub struct UploadQuery {
    /// Only keys that begin with it.
    pub prefix: String,
    /// As [`ListQuery::delimiter`].
    pub delimiter: String,
    /// Keys after it; with an id marker also the uploads of this key after that id.
    pub key_marker: String,
    /// Exclusive; ignored without a key marker.
    pub upload_id_marker: String,
    /// Most uploads and prefixes together.
    pub max_uploads: usize,
}

/// Page of uploads, by key and then by id.
#[derive(Debug, Clone, Default)]
pub struct UploadPage {
    /// Uploads.
    pub uploads: Vec<Upload>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether more follows.
    pub truncated: bool,
    /// Key (or common prefix) of the last entry, empty when there is none.
    pub next_key: String,
    /// Id of the last entry, empty when that is a common prefix.
    pub next_upload_id: String,
}

/// The common prefix a key collapses into.
pub(super) fn common_prefix<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let at = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}

/// Rows fetched at once. With a delimiter little at first, since the next row may be a prefix to skip.
pub(super) const FIRST_FETCH: usize = 16;
pub(super) const MOST_FETCH: usize = 1001;

/// Walks the keys of a listing, fetching rows as they are needed.
struct Walk<'a> {
    inner: &'a Inner,
    space: Space,
    lower: Bound<Bytes>,
    upper: Bound<Bytes>,
    fetched: std::vec::IntoIter<Entry>,
    fetch: usize,
    exhausted: bool,
    seeks: usize,
}

impl<'a> Walk<'a> {
    fn new(
        inner: &'a Inner,
        space: Space,
        lower: Bound<Bytes>,
        upper: Bound<Bytes>,
        fetch: usize,
    ) -> Self {
        let fetched = Vec::new().into_iter();
        let fetch = fetch.clamp(1, MOST_FETCH);
        Walk {
            inner,
            space,
            lower,
            upper,
            fetched,
            fetch,
            exhausted: false,
            seeks: 0,
        }
    }

    async fn next(&mut self) -> Result<Option<Entry>> {
        if let Some(entry) = self.fetched.next() {
            return Ok(Some(entry));
        }
        if self.exhausted || is_empty_range(&self.lower, &self.upper) {
            return Ok(None);
        }
        self.seeks += 1;
        if self.seeks.is_multiple_of(64) {
            // A page of many common prefixes is many seeks; others get their turn in between.
            tokio::task::yield_now().await;
        }
        let limit = self.fetch;
        self.fetch = (self.fetch * 2).min(MOST_FETCH);
        let (lower, upper) = (self.lower.clone(), self.upper.clone());
        let scan = Scan {
            lower,
            upper,
            reverse: false,
            limit,
        };
        let entries = self.inner.meta.scan(self.space, scan).await?;
        self.exhausted = entries.len() < limit;
        if let Some((last, _)) = entries.last() {
            self.lower = Bound::Excluded(last.clone());
        }
        self.fetched = entries.into_iter();
        Ok(self.fetched.next())
    }

    /// Continues at `start`, which is not before the row that was given out last.
    fn skip_to(&mut self, start: Bound<Bytes>) {
        let before = |key: &Bytes| match &start {
            Bound::Included(start) => key < start,
            Bound::Excluded(start) => key <= start,
            Bound::Unbounded => false,
        };
        let skipped = self
            .fetched
            .as_slice()
            .partition_point(|(key, _)| before(key));
        if skipped == self.fetched.len() {
            self.fetched = Vec::new().into_iter();
            self.lower = start;
            self.fetch = FIRST_FETCH;
        } else if skipped > 0 {
            self.fetched.nth(skipped - 1);
        }
    }
}

pub(super) fn later(a: Bound<Bytes>, b: Bound<Bytes>) -> Bound<Bytes> {
    match (&a, &b) {
        (Bound::Unbounded, _) => b,
        (_, Bound::Unbounded) => a,
        (Bound::Included(x) | Bound::Excluded(x), Bound::Included(y) | Bound::Excluded(y)) => {
            match x.cmp(y) {
                std::cmp::Ordering::Less => b,
                std::cmp::Ordering::Greater => a,
                std::cmp::Ordering::Equal if matches!(a, Bound::Excluded(_)) => a,
                std::cmp::Ordering::Equal => b,
            }
        }
    }
}

pub(super) fn after_all_under(start: &[u8]) -> Bound<Bytes> {
    match key::successor(start) {
        Some(next) => Bound::Included(Bytes::from(next)),
        // Only for a bucket number of all ones, and then there is nothing behind.
        None => Bound::Excluded(Bytes::from(vec![0xFF; 16 << 10])),
    }
}

impl Store {
    /// A page of current objects in byte order of their keys.
    pub async fn list_objects(&self, bucket: &Bucket, query: ListQuery) -> Result<ListPage> {
        let ListQuery {
            prefix,
            delimiter,
            start_after,
            max_keys,
        } = query;
        let mut page = ListPage::default();
        if max_keys == 0 {
            return Ok(page);
        }
        let start = key::object(bucket.id, prefix.as_bytes());
        let upper = key::after_prefix(&start);
        let mut lower = Bound::Included(start);
        if !start_after.is_empty() {
            let marker = key::object(bucket.id, start_after.as_bytes());
            let marker = match common_prefix(&start_after, &prefix, &delimiter) {
                Some(common) if common == start_after && start_after.starts_with(&prefix) => {
                    after_all_under(&marker)
                }
                _ => Bound::Excluded(marker),
            };
            lower = later(lower, marker);
        }
        let fetch = if delimiter.is_empty() {
            max_keys.saturating_add(1)
        } else {
            FIRST_FETCH
        };
        let mut walk = Walk::new(&self.0, Space::Current, lower, upper, fetch);
        let mut last = None;
        while let Some((name, stored)) = walk.next().await? {
            if page.objects.len() + page.common_prefixes.len() == max_keys {
                page.truncated = true;
                page.next = last;
                break;
            }
            let key = name.get(8..).and_then(|key| std::str::from_utf8(key).ok());
            let key = key.ok_or_else(|| StoreError::Corrupt("key of an object".into()))?;
            if let Some(common) = common_prefix(key, &prefix, &delimiter) {
                walk.skip_to(after_all_under(&key::object(bucket.id, common.as_bytes())));
                last = Some(common.to_owned());
                page.common_prefixes.push(common.to_owned());
            } else {
                last = Some(key.to_owned());
                page.objects
                    .push((key.to_owned(), Arc::new(decode("object", &stored)?)));
            }
        }
        Ok(page)
    }

    /// A page of unfinished uploads.
    pub async fn list_uploads(&self, bucket: &Bucket, query: UploadQuery) -> Result<UploadPage> {
        let UploadQuery {
            prefix,
            delimiter,
            key_marker,
            upload_id_marker,
            max_uploads,
        } = query;
        let mut page = UploadPage::default();
        if max_uploads == 0 {
            return Ok(page);
        }
        let start = key::escaped_start(bucket.id, prefix.as_bytes());
        let upper = key::after_prefix(&start);
        let mut lower = Bound::Included(Bytes::from(start));
        if !key_marker.is_empty() {
            let common = common_prefix(&key_marker, &prefix, &delimiter);
            let marker = if common == Some(&key_marker) && key_marker.starts_with(&prefix) {
                after_all_under(&key::escaped_start(bucket.id, key_marker.as_bytes()))
            } else if upload_id_marker.is_empty() {
                after_all_under(&key::escaped(bucket.id, key_marker.as_bytes()))
            } else {
                Bound::Excluded(key::upload(
                    bucket.id,
                    key_marker.as_bytes(),
                    &upload_id_marker,
                ))
            };
            lower = later(lower, marker);
        }
        let fetch = if delimiter.is_empty() {
            max_uploads.saturating_add(1)
        } else {
            FIRST_FETCH
        };
        let mut walk = Walk::new(&self.0, Space::Uploads, lower, upper, fetch);
        while let Some((_, stored)) = walk.next().await? {
            if page.uploads.len() + page.common_prefixes.len() == max_uploads {
                page.truncated = true;
                break;
            }
            let upload: Upload = decode("upload", &stored)?;
            if let Some(common) = common_prefix(&upload.key, &prefix, &delimiter) {
                walk.skip_to(after_all_under(&key::escaped_start(
                    bucket.id,
                    common.as_bytes(),
                )));
                page.next_key = common.to_owned();
                page.next_upload_id = String::new();
                page.common_prefixes.push(common.to_owned());
            } else {
                page.next_key.clone_from(&upload.key);
                page.next_upload_id.clone_from(&upload.id);
                page.uploads.push(upload);
            }
        }
        Ok(page)
    }
}
