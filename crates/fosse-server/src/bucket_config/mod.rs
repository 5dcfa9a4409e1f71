//! What a bucket is configured to be: each document is parsed when somebody first asks for it and kept as long as the
//! bucket's record does not change. Asking costs one look into a map of buckets, and nothing at all for a bucket
//! without configurations.
//!
//! The text itself stays in [`Bucket::configs`] under a [`name`]; handlers in `handle/config/` write it.

pub(crate) mod name;
#[cfg(test)]
mod tests;

use crate::lifecycle::{self, rules::Rules};
use crate::request::Call;
use fosse_oss::xml::{
    AccessMonitorConfiguration, BucketLoggingStatus, CorsConfiguration, LifecycleConfiguration,
    LoggingTarget, ObjectWormConfiguration, Payer, PublicAccessBlockConfiguration,
    RefererConfiguration, RequestPaymentConfiguration, ServerSideEncryptionRule,
    WebsiteConfiguration,
};
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::{Policy, RefererRules};
use fosse_store::Bucket;
use quick_cache::sync::Cache;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Buckets whose parsed configurations are kept.
const BUCKETS: usize = 4096;

/// The parsed configurations of the buckets in use. One per service.
pub(crate) struct ConfigCache {
    /// By bucket number; the newest revision that was asked for.
    buckets: Cache<u64, Arc<BucketConfigs>>,
    unconfigured: Arc<BucketConfigs>,
}

impl ConfigCache {
    pub(crate) fn new() -> Self {
        Self {
            buckets: Cache::new(BUCKETS),
            unconfigured: Arc::new(BucketConfigs::new(0, BTreeMap::new())),
        }
    }

    /// The configurations of a bucket as its record says: never older, never newer.
    pub(crate) fn of(&self, bucket: &Bucket) -> Arc<BucketConfigs> {
        if bucket.configs.is_empty() {
            return self.unconfigured.clone();
        }
        let cached = self.buckets.get(&bucket.id);
        if let Some(cached) = &cached
            && cached.revision == bucket.revision
        {
            return cached.clone();
        }
        let fresh = Arc::new(BucketConfigs::new(bucket.revision, bucket.configs.clone()));
        // A request that began before a change must not push out what came after it.
        if cached.is_none_or(|cached| cached.revision < bucket.revision) {
            self.buckets.insert(bucket.id, fresh.clone());
        }
        fresh
    }
}

#[allow(
    dead_code,
    reason = "the gate and background work read them as they come"
)]
/// The configurations of one revision of a bucket. `None`: not configured.
///
/// Errors of every getter: 500 when the stored document cannot be read, which no request can bring about.
pub(crate) struct BucketConfigs {
    revision: u64,
    texts: BTreeMap<String, Vec<u8>>,
    access_monitor: Slot<AccessMonitorConfiguration>,
    cors: Slot<CorsConfiguration>,
    encryption: Slot<ServerSideEncryptionRule>,
    lifecycle: Slot<LifecycleConfiguration>,
    lifecycle_rules: OnceLock<Rules>,
    logging: Slot<BucketLoggingStatus>,
    object_worm: Slot<ObjectWormConfiguration>,
    policy: Slot<Policy>,
    referer: Slot<RefererConfiguration>,
    referer_rules: Slot<RefererRules>,
    request_payment: Slot<RequestPaymentConfiguration>,
    public_access_block: Slot<PublicAccessBlockConfiguration>,
    website: Slot<WebsiteConfiguration>,
}

#[allow(
    dead_code,
    reason = "the gate and background work read them as they come"
)]
impl BucketConfigs {
    fn new(revision: u64, texts: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            revision,
            texts,
            access_monitor: Slot::new(),
            cors: Slot::new(),
            encryption: Slot::new(),
            lifecycle: Slot::new(),
            lifecycle_rules: OnceLock::new(),
            logging: Slot::new(),
            object_worm: Slot::new(),
            policy: Slot::new(),
            referer: Slot::new(),
            referer_rules: Slot::new(),
            request_payment: Slot::new(),
            public_access_block: Slot::new(),
            website: Slot::new(),
        }
    }

    pub(crate) fn cors(&self) -> Result<Option<&CorsConfiguration>, OssError> {
        let read = CorsConfiguration::from_xml;
        self.cors.get(self.texts.get(name::CORS), read)
    }

    /// Whether reads are noted on objects, for lifecycle rules by access time.
    pub(crate) fn monitors_access(&self) -> Result<bool, OssError> {
        let read = AccessMonitorConfiguration::from_xml;
        let text = self.texts.get(name::ACCESS_MONITOR);
        let found = self.access_monitor.get(text, read)?;
        Ok(found.copied().unwrap_or_default().enabled)
    }

    /// How an object is encrypted whose writer does not say.
    pub(crate) fn encryption(&self) -> Result<Option<&ServerSideEncryptionRule>, OssError> {
        let read = ServerSideEncryptionRule::from_xml;
        self.encryption.get(self.texts.get(name::ENCRYPTION), read)
    }

    /// Whether versions can be retained, and how new ones are.
    pub(crate) fn object_worm(&self) -> Result<Option<&ObjectWormConfiguration>, OssError> {
        let read = ObjectWormConfiguration::from_xml;
        self.object_worm
            .get(self.texts.get(name::OBJECT_WORM), read)
    }

    pub(crate) fn lifecycle(&self) -> Result<Option<&LifecycleConfiguration>, OssError> {
        let read = LifecycleConfiguration::from_xml;
        self.lifecycle.get(self.texts.get(name::LIFECYCLE), read)
    }

    /// The lifecycle rules that are enabled, ready to judge.
    pub(crate) fn lifecycle_rules(&self) -> Result<Option<&Rules>, OssError> {
        let document = self.lifecycle()?;
        Ok(document.map(|document| {
            self.lifecycle_rules
                .get_or_init(|| lifecycle::compile(document))
        }))
    }

    /// Where access logs go; `None`: nowhere.
    pub(crate) fn logging(&self) -> Result<Option<&LoggingTarget>, OssError> {
        let read = BucketLoggingStatus::from_xml;
        let found = self.logging.get(self.texts.get(name::LOGGING), read)?;
        Ok(found.and_then(|status| status.target.as_ref()))
    }

    pub(crate) fn website(&self) -> Result<Option<&WebsiteConfiguration>, OssError> {
        let read = WebsiteConfiguration::from_xml;
        self.website.get(self.texts.get(name::WEBSITE), read)
    }

    pub(crate) fn referer(&self) -> Result<Option<&RefererConfiguration>, OssError> {
        let read = RefererConfiguration::from_xml;
        self.referer.get(self.texts.get(name::REFERER), read)
    }

    /// The rules that Referers are matched with, compiled.
    pub(crate) fn referer_rules(&self) -> Result<Option<&RefererRules>, OssError> {
        let read = |text: &[u8]| {
            let rules = RefererConfiguration::from_xml(text)?;
            Ok(RefererRules::new(
                rules.allow_empty_referer,
                rules.allow_truncate_query_string,
                rules.truncate_path,
                rules.referers.iter().map(String::as_str),
                rules.blacklist.iter().map(String::as_str),
            ))
        };
        self.referer_rules.get(self.texts.get(name::REFERER), read)
    }

    /// The policy, compiled.
    pub(crate) fn policy(&self) -> Result<Option<&Policy>, OssError> {
        let read = |text: &[u8]| Policy::bucket(text, None).map_err(invalid_policy);
        self.policy.get(self.texts.get(name::POLICY), read)
    }

    /// Who pays for requests; the owner unless it is said otherwise.
    pub(crate) fn payer(&self) -> Result<Payer, OssError> {
        let read = RequestPaymentConfiguration::from_xml;
        let text = self.texts.get(name::REQUEST_PAYMENT);
        let found = self.request_payment.get(text, read)?;
        Ok(found.copied().unwrap_or_default().payer)
    }

    /// Whether public access to this bucket is blocked by its own setting; the account's counts besides.
    pub(crate) fn blocks_public_access(&self) -> Result<bool, OssError> {
        let read = PublicAccessBlockConfiguration::from_xml;
        let text = self.texts.get(name::PUBLIC_ACCESS_BLOCK);
        let found = self.public_access_block.get(text, read)?;
        Ok(found.copied().unwrap_or_default().block_public_access)
    }
}

/// A text that is no policy: 400 `InvalidPolicyDocument` that says what is wrong and where.
pub(crate) fn invalid_policy(error: fosse_policy::PolicyError) -> OssError {
    OssError::new(ErrorCode::InvalidPolicyDocument).with_message(error.to_string())
}

/// A document that is parsed once, when it is first asked for.
struct Slot<T>(OnceLock<Result<T, String>>);

impl<T> Slot<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn get(
        &self,
        text: Option<&Vec<u8>>,
        read: impl FnOnce(&[u8]) -> Result<T, OssError>,
    ) -> Result<Option<&T>, OssError> {
        let Some(text) = text else {
            return Ok(None);
        };
        let parsed = self
            .0
            .get_or_init(|| read(text).map_err(|error| error.to_string()));
        match parsed {
            Ok(document) => Ok(Some(document)),
            Err(fault) => Err(Call::internal(format!(
                "a stored configuration cannot be read: {fault}"
            ))),
        }
    }
}
