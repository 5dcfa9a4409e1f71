//! Copies that have bytes of their own, because they are encrypted otherwise than their source.

use crate::error::{Result, StoreError};
use crate::record::{Bucket, Object, ObjectAttrs, ObjectKind, WriteCondition, Written};
use crate::store::Store;
use crate::store::body::SealedBlob;
use crate::store::object::Draft;

impl Store {
    /// As [`Store::copy_object`], with bytes of its own: `blob` holds the source's bytes, encrypted as `attrs` say.
    ///
    /// Errors: as [`Store::put_object`], and [`StoreError::Corrupt`] when the bytes are not the source's.
    #[allow(
        clippy::too_many_arguments,
        reason = "one per element of the operation"
    )]
    pub async fn copy_bytes(
        &self,
        source: &Object,
        blob: SealedBlob,
        bucket: &Bucket,
        key: &str,
        attrs: ObjectAttrs,
        condition: WriteCondition,
        now_ms: i64,
    ) -> Result<Written> {
        let sealed = blob.0;
        sealed.check_key(&attrs)?;
        if (sealed.size, sealed.crc64) != (source.size, source.crc64) {
            return Err(StoreError::Corrupt(
                "the bytes of a copy are not those of its source".into(),
            ));
        }
        let draft = Draft {
            // Only an object that keeps its bytes goes on being appendable.
            kind: match source.kind {
                ObjectKind::Appendable => ObjectKind::Normal,
                kind => kind,
            },
            size: source.size,
            etag: source.etag.clone(),
            md5: source.md5,
            crc64: source.crc64,
            attrs,
            body: sealed.body(),
            shared: false,
        };
        self.write(bucket, key, &draft, Some(&sealed), condition, now_ms)
            .await
    }
}
