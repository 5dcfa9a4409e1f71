//! The bucket that a request is about, with what its owner has configured that the gate has to know.

use super::missing::no_such_bucket;
use crate::bucket_config::BucketConfigs;
use crate::request::Call;
use fosse_oss::OssError;
use fosse_policy::{self as policy, BucketFacts};
use fosse_store::{Acl, Bucket, StoreError};
use std::sync::Arc;

/// A bucket with its configurations.
pub(super) struct Place {
    pub(super) bucket: Arc<Bucket>,
    pub(super) configs: Arc<BucketConfigs>,
}

impl Place {
    pub(super) async fn find(call: &Call, name: &str) -> Result<Self, OssError> {
        match call.service.store.bucket(name).await {
            Ok(bucket) => Ok(Self::of(call, bucket)),
            Err(StoreError::NoSuchBucket) => Err(no_such_bucket(name)),
            Err(error) => Err(Call::internal(error)),
        }
    }

    pub(super) fn of(call: &Call, bucket: Arc<Bucket>) -> Self {
        Self {
            configs: call.service.configs.of(&bucket),
            bucket,
        }
    }

    /// Whether the caller is the account that owns the bucket, and no policy of the bucket could object.
    pub(super) fn is_simply_the_callers(&self, call: &Call) -> bool {
        self.bucket.configs.is_empty() && call.caller.asker().is_root_of(&self.bucket.owner)
    }

    /// Whether public access is blocked, for the bucket or for its owner's account.
    pub(super) fn blocks_public(&self, call: &Call) -> Result<bool, OssError> {
        Ok(account_blocks_public(call, &self.bucket.owner)
            || self.configs.blocks_public_access()?)
    }

    /// What a decision has to know of the bucket.
    pub(super) fn facts(&self, call: &Call) -> Result<BucketFacts<'_>, OssError> {
        let acl = acl_of(self.bucket.acl).unwrap_or_default();
        Ok(BucketFacts {
            policy: self.configs.policy()?,
            block_public: self.blocks_public(call)?,
            ..BucketFacts::new(&self.bucket.name, &self.bucket.owner, acl)
        })
    }
}

/// Whether an account blocks public access to all of its buckets.
pub(super) fn account_blocks_public(call: &Call, account: &str) -> bool {
    call.service
        .store
        .read_account(account, |records| records.account.block_public_access)
        .unwrap_or(false)
}

/// `None`: `default`.
pub(super) fn acl_of(acl: Acl) -> Option<policy::Acl> {
    match acl {
        Acl::Default => None,
        Acl::Private => Some(policy::Acl::Private),
        Acl::PublicRead => Some(policy::Acl::PublicRead),
        Acl::PublicReadWrite => Some(policy::Acl::PublicReadWrite),
    }
}
