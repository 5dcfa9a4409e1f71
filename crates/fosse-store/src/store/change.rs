//! Changes of a version in place: what its writer decided, never its bytes, time or identity.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Space};
use crate::record::{Acl, Bucket, Object, ObjectAttrs, VersionRecord, encode};
use crate::store::Store;
use crate::store::bucket::ATTEMPTS;
use crate::store::counts::Counts;
use crate::store::state::ObjectName;
use crate::store::transaction::{After, Transaction};
use crate::store::versions::Located;
use crate::version::VersionId;
use std::sync::Arc;

impl Store {
    /// Changes the attributes of a version, the current one when `version` is `None`. `change` sees the object as it
    /// is and may be called more than once; what it refuses is the inner error, and nothing changes then. The time of
    /// the object stays; the counters follow its storage class.
    ///
    /// Errors: as [`Store::object`].
    pub async fn change_object<R>(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        change: impl Fn(&Object, &mut ObjectAttrs) -> std::result::Result<(), R>,
    ) -> Result<std::result::Result<Arc<Object>, R>> {
        let inner = &self.0;
        let _turn = inner.state.queue((bucket.id, key)).await;
        for _ in 0..ATTEMPTS {
            let (stored, object, current) = match inner.locate(bucket, key, version).await? {
                Located::Current(stored, object) => (stored, object, true),
                Located::Noncurrent {
                    stored,
                    record: VersionRecord::Object(object),
                } => (stored, object, false),
                Located::Noncurrent {
                    record: VersionRecord::Marker(marker),
                    ..
                } => return Err(StoreError::DeleteMarker(marker.version)),
                Located::Nowhere if version.is_some() => return Err(StoreError::NoSuchVersion),
                Located::Nowhere => return Err(StoreError::NoSuchKey),
            };
            let mut attrs = object.attrs.clone();
            if let Err(refusal) = change(&object, &mut attrs) {
                return Ok(Err(refusal));
            }
            let mut transaction = Transaction::default();
            let before = Counts::of(&object, -1);
            let object = Object { attrs, ..object };
            Counts::of(&object, 1)
                .plus(&before)
                .stage(&mut transaction, bucket.id);
            let expect = Expect::Value(stored);
            let object = if current {
                let object = Arc::new(object);
                let name = key::object(bucket.id, key.as_bytes());
                transaction.put(Space::Current, name, expect, encode(&*object)?);
                let name = ObjectName::new(bucket.id, key);
                transaction.after(After::Object(name, Some(object.clone())));
                object
            } else {
                let place = key::version(bucket.id, key.as_bytes(), object.order);
                let record = VersionRecord::Object(object.clone());
                transaction.put(Space::Versions, place, expect, encode(&record)?);
                Arc::new(object)
            };
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(Ok(object));
            }
        }
        Err(StoreError::Conflict)
    }

    /// Changes the ACL of a version; nothing else changes, not even its time.
    ///
    /// Errors: as [`Store::object`].
    pub async fn set_object_acl(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        acl: Acl,
    ) -> Result<Arc<Object>> {
        self.set(bucket, key, version, |attrs| attrs.acl = acl)
            .await
    }

    /// Replaces the tags of a version; nothing else changes, not even its time.
    ///
    /// Errors: as [`Store::object`].
    pub async fn set_object_tags(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        tags: Vec<(String, String)>,
    ) -> Result<Arc<Object>> {
        self.set(bucket, key, version, |attrs| attrs.tags.clone_from(&tags))
            .await
    }

    /// A change that refuses nothing.
    async fn set(
        &self,
        bucket: &Bucket,
        key: &str,
        version: Option<VersionId>,
        change: impl Fn(&mut ObjectAttrs),
    ) -> Result<Arc<Object>> {
        let change = |_: &Object, attrs: &mut ObjectAttrs| {
            change(attrs);
            Ok::<(), std::convert::Infallible>(())
        };
        match self.change_object(bucket, key, version, change).await? {
            Ok(object) => Ok(object),
            Err(never) => match never {},
        }
    }
}
