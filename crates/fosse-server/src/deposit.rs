//! Objects that the server itself writes for the owner of a bucket: access logs and inventory reports. They are written as
//! the owner's, with the class and the encryption that the bucket gives to objects whose writer says nothing.

use crate::handle::encryption;
use crate::service::Service;
use bytes::Bytes;
use fosse_oss::OssError;
use fosse_oss::header::SseRequest;
use fosse_store::{BlobWriter, Bucket, ObjectAttrs, StoreError, WriteCondition};
use std::sync::Arc;

/// Why something could not be delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DepositError {
    /// The target is gone, or belongs to somebody else: there is no use in trying again.
    #[error("the target bucket is gone or belongs to another account")]
    NoTarget,
    /// An object of this name is there already.
    #[error("an object of this name exists")]
    Exists,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Setting(OssError),
}

/// The bucket to deliver to, if it is there and belongs to `owner`.
pub(crate) async fn target(
    service: &Service,
    name: &str,
    owner: &str,
) -> Result<Arc<Bucket>, DepositError> {
    match service.store.bucket(name).await {
        Ok(bucket) if bucket.owner == owner => Ok(bucket),
        Ok(_) | Err(StoreError::NoSuchBucket) => Err(DepositError::NoTarget),
        Err(error) => Err(error.into()),
    }
}

/// An object on its way into a bucket; nothing is visible before [`Deposit::finish`].
pub(crate) struct Deposit<'a> {
    service: &'a Service,
    target: &'a Bucket,
    attrs: ObjectAttrs,
    writer: BlobWriter,
    written: u64,
}

impl<'a> Deposit<'a> {
    /// Begins an object of `content_type`; `length`: its size if that is known. Encrypted as `asked`, else as the
    /// bucket says.
    pub(crate) fn begin(
        service: &'a Service,
        target: &'a Bucket,
        content_type: &str,
        length: Option<u64>,
        asked: Option<&SseRequest>,
    ) -> Result<Self, DepositError> {
        let encryption = match asked {
            Some(request) => encryption::made(service, request).map(Some),
            None => encryption::by_default(service, target),
        };
        let attrs = ObjectAttrs {
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            storage_class: target.storage_class,
            encryption: encryption.map_err(DepositError::Setting)?,
            ..ObjectAttrs::of(&target.owner)
        };
        let writer = service.store.begin_body(length, &attrs)?;
        Ok(Self {
            service,
            target,
            attrs,
            writer,
            written: 0,
        })
    }

    /// More bytes.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), DepositError> {
        self.written += bytes.len() as u64;
        Ok(self.writer.write(bytes).await?)
    }

    /// Makes the object visible under `key`; gives its size and the MD5 of its bytes.
    ///
    /// Errors: [`DepositError::Exists`] when the key is taken, and then nothing is written.
    pub(crate) async fn finish(self, key: &str) -> Result<(u64, [u8; 16]), DepositError> {
        let store = &self.service.store;
        match store.object(self.target, key, None).await {
            Err(StoreError::NoSuchKey) => {}
            Ok(_) | Err(StoreError::DeleteMarker(_)) => return Err(DepositError::Exists),
            Err(error) => return Err(error.into()),
        }
        let blob = self.writer.finish().await?;
        let md5 = blob.md5();
        let blob = blob.seal().await?;
        let once = WriteCondition {
            must_not_exist: true,
        };
        let now_ms = self.service.clock.now_ms();
        let put = store.put_object(self.target, key, blob, self.attrs, once, now_ms);
        match put.await {
            Ok(_) => Ok((self.written, md5)),
            Err(StoreError::ObjectExists) => Err(DepositError::Exists),
            Err(StoreError::NoSuchBucket) => Err(DepositError::NoTarget),
            Err(error) => Err(error.into()),
        }
    }
}
