//! What a bucket is configured to be: each document is parsed when somebody first asks for it and kept as long as the
//! bucket's record does not change. Asking costs one look into a map of buckets, and nothing at all for a bucket
//! without configurations.
//!
//! The text itself stays in [`Bucket::configs`] under a [`name`]; handlers in `handle/config/` write it.

pub(crate) mod name;
#[cfg(test)]
mod tests;

use crate::config::ForceDownload;
use crate::lifecycle::{self, rules::Rules};
use crate::request::Call;
use fosse_oss::xml::{
    AccessMonitorConfiguration, ArchiveDirectReadConfiguration, BucketCallbackPolicy,
    BucketLoggingStatus, BucketResourceGroupConfiguration, BucketTagging, BucketUserQos,
    CallbackPolicyItem, CorsConfiguration, DEFAULT_RESOURCE_GROUP, HttpsConfiguration,
    InventoryConfiguration, LifecycleConfiguration, LoggingTarget, ObjectWormConfiguration,
    OverwriteConfiguration, Payer, PublicAccessBlockConfiguration, RefererConfiguration,
    RequestPaymentConfiguration, ServerSideEncryptionRule, StyleList,
    TransferAccelerationConfiguration, UserDefinedLogFieldsConfiguration, WebsiteConfiguration,
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
    archive_direct_read: Slot<ArchiveDirectReadConfiguration>,
    capacity: Slot<BucketUserQos>,
    cors: Slot<CorsConfiguration>,
    force_download: Slot<ForceDownload>,
    https: Slot<HttpsConfiguration>,
    inventories: Slot<Vec<InventoryConfiguration>>,
    lifecycle: Slot<LifecycleConfiguration>,
    log_fields: Slot<UserDefinedLogFieldsConfiguration>,
    callback_policy: Slot<BucketCallbackPolicy>,
    logging: Slot<BucketLoggingStatus>,
    overwrite: Slot<OverwriteConfiguration>,
    policy: Slot<Policy>,
    public_access_block: Slot<PublicAccessBlockConfiguration>,
    encryption: Slot<ServerSideEncryptionRule>,
    lifecycle_rules: OnceLock<Rules>,
    object_worm: Slot<ObjectWormConfiguration>,
    referer_rules: Slot<RefererRules>,
    request_payment: Slot<RequestPaymentConfiguration>,
    resource_group: Slot<BucketResourceGroupConfiguration>,
    styles: Slot<StyleList>,
    tags: Slot<BucketTagging>,
    transfer_acceleration: Slot<TransferAccelerationConfiguration>,
    website: Slot<WebsiteConfiguration>,
}

impl BucketConfigs {
    fn new(revision: u64, texts: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            revision,
            texts,
            access_monitor: Slot::new(),
            archive_direct_read: Slot::new(),
            capacity: Slot::new(),
            cors: Slot::new(),
            force_download: Slot::new(),
            https: Slot::new(),
            inventories: Slot::new(),
            lifecycle: Slot::new(),
            log_fields: Slot::new(),
            callback_policy: Slot::new(),
            logging: Slot::new(),
            overwrite: Slot::new(),
            policy: Slot::new(),
            public_access_block: Slot::new(),
            encryption: Slot::new(),
            lifecycle_rules: OnceLock::new(),
            object_worm: Slot::new(),
            referer_rules: Slot::new(),
            request_payment: Slot::new(),
            resource_group: Slot::new(),
            styles: Slot::new(),
            tags: Slot::new(),
            transfer_acceleration: Slot::new(),
            website: Slot::new(),
        }
    }

    fn text(&self, name: &str) -> Option<&[u8]> {
        self.texts.get(name).map(Vec::as_slice)
    }

    /// Whether reads are noted on objects, for lifecycle rules by access time.
    pub(crate) fn monitors_access(&self) -> Result<bool, OssError> {
        let read = AccessMonitorConfiguration::from_xml;
        let text = self.text(name::ACCESS_MONITOR);
        let found = self.access_monitor.get(text, read)?;
        Ok(found.copied().unwrap_or_default().enabled)
    }

    /// How an object is encrypted whose writer does not say.
    pub(crate) fn encryption(&self) -> Result<Option<&ServerSideEncryptionRule>, OssError> {
        let read = ServerSideEncryptionRule::from_xml;
        self.encryption.get(self.text(name::ENCRYPTION), read)
    }

    /// Whether versions can be retained, and how new ones are.
    pub(crate) fn object_worm(&self) -> Result<Option<&ObjectWormConfiguration>, OssError> {
        let read = ObjectWormConfiguration::from_xml;
        self.object_worm.get(self.text(name::OBJECT_WORM), read)
    }

    /// Whether archived objects are read without having been restored.
    pub(crate) fn reads_archive_directly(&self) -> Result<bool, OssError> {
        let read = ArchiveDirectReadConfiguration::from_xml;
        let text = self.text(name::ARCHIVE_DIRECT_READ);
        let found = self.archive_direct_read.get(text, read)?;
        Ok(found.copied().unwrap_or_default().enabled)
    }

    /// How many bytes the bucket may hold; `None`: any number.
    pub(crate) fn capacity(&self) -> Result<Option<u64>, OssError> {
        let found = self
            .capacity
            .get(self.text(name::CAPACITY), BucketUserQos::from_xml)?;
        Ok(found.and_then(BucketUserQos::bytes))
    }

    pub(crate) fn cors(&self) -> Result<Option<&CorsConfiguration>, OssError> {
        let read = CorsConfiguration::from_xml;
        self.cors.get(self.text(name::CORS), read)
    }

    /// What links download; `None`: as the server says.
    pub(crate) fn force_download(&self) -> Result<Option<ForceDownload>, OssError> {
        let text = self.text(name::FORCE_DOWNLOAD);
        let found = self.force_download.get(text, |text| {
            let named = std::str::from_utf8(text).ok();
            named
                .and_then(ForceDownload::from_name)
                .ok_or_else(|| Call::internal("no mode of forced downloads"))
        })?;
        Ok(found.copied())
    }

    /// TLS of the host names that are bound to the bucket.
    pub(crate) fn https(&self) -> Result<Option<&HttpsConfiguration>, OssError> {
        let read = HttpsConfiguration::from_xml;
        self.https.get(self.text(name::HTTPS), read)
    }

    /// The inventories in the order of their ids.
    pub(crate) fn inventories(&self) -> Result<&[InventoryConfiguration], OssError> {
        let read = |_: &[u8]| {
            stored_inventories(&self.texts)
                .map(|(_, text)| InventoryConfiguration::from_xml(text))
                .collect::<Result<Vec<_>, _>>()
        };
        let found = self.inventories.get(Some(&[]), read)?;
        Ok(found.map(Vec::as_slice).unwrap_or_default())
    }

    pub(crate) fn lifecycle(&self) -> Result<Option<&LifecycleConfiguration>, OssError> {
        let read = LifecycleConfiguration::from_xml;
        self.lifecycle.get(self.text(name::LIFECYCLE), read)
    }

    /// What access logs say beside their usual fields.
    pub(crate) fn log_fields(
        &self,
    ) -> Result<Option<&UserDefinedLogFieldsConfiguration>, OssError> {
        let read = UserDefinedLogFieldsConfiguration::from_xml;
        self.log_fields.get(self.text(name::LOG_FIELDS), read)
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
        let found = self.logging.get(self.text(name::LOGGING), read)?;
        Ok(found.and_then(|status| status.target.as_ref()))
    }

    /// The callback that has this name.
    pub(crate) fn callback_policy(
        &self,
        name: &str,
    ) -> Result<Option<&CallbackPolicyItem>, OssError> {
        let read = BucketCallbackPolicy::from_xml;
        let text = self.text(name::CALLBACK_POLICY);
        let found = self.callback_policy.get(text, read)?;
        Ok(found.and_then(|policies| policies.items.iter().find(|item| item.name == name)))
    }

    pub(crate) fn overwrite(&self) -> Result<Option<&OverwriteConfiguration>, OssError> {
        let read = OverwriteConfiguration::from_xml;
        self.overwrite.get(self.text(name::OVERWRITE), read)
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
        self.referer_rules.get(self.text(name::REFERER), read)
    }

    /// The policy, compiled.
    pub(crate) fn policy(&self) -> Result<Option<&Policy>, OssError> {
        let read = |text: &[u8]| Policy::bucket(text, None).map_err(invalid_policy);
        self.policy.get(self.text(name::POLICY), read)
    }

    /// Who pays for requests; the owner unless it is said otherwise.
    pub(crate) fn payer(&self) -> Result<Payer, OssError> {
        let read = RequestPaymentConfiguration::from_xml;
        let text = self.text(name::REQUEST_PAYMENT);
        let found = self.request_payment.get(text, read)?;
        Ok(found.copied().unwrap_or_default().payer)
    }

    /// Whether public access to this bucket is blocked by its own setting; the account's counts besides.
    pub(crate) fn blocks_public_access(&self) -> Result<bool, OssError> {
        let text = self.text(name::PUBLIC_ACCESS_BLOCK);
        let found = self
            .public_access_block
            .get(text, PublicAccessBlockConfiguration::from_xml)?;
        Ok(found.copied().unwrap_or_default().block_public_access)
    }

    /// Id of the resource group.
    pub(crate) fn resource_group(&self) -> Result<&str, OssError> {
        let read = BucketResourceGroupConfiguration::from_xml;
        let text = self.text(name::RESOURCE_GROUP);
        let found = self.resource_group.get(text, read)?;
        Ok(found.map_or(DEFAULT_RESOURCE_GROUP, |group| &group.resource_group_id))
    }

    /// Named image operations.
    pub(crate) fn styles(&self) -> Result<Option<&StyleList>, OssError> {
        self.styles
            .get(self.text(name::STYLES), StyleList::from_xml)
    }

    /// Tags of the bucket.
    pub(crate) fn tags(&self) -> Result<&[(String, String)], OssError> {
        let read = BucketTagging::from_xml;
        let found = self.tags.get(self.text(name::TAGGING), read)?;
        Ok(found
            .map(|tagging| tagging.tags.as_slice())
            .unwrap_or_default())
    }

    /// Whether the accelerated host names work; `None`: never said.
    pub(crate) fn transfer_acceleration(&self) -> Result<Option<bool>, OssError> {
        let read = TransferAccelerationConfiguration::from_xml;
        let text = self.text(name::TRANSFER_ACCELERATION);
        let found = self.transfer_acceleration.get(text, read)?;
        Ok(found.map(|switch| switch.enabled))
    }

    pub(crate) fn website(&self) -> Result<Option<&WebsiteConfiguration>, OssError> {
        let read = WebsiteConfiguration::from_xml;
        self.website.get(self.text(name::WEBSITE), read)
    }
}

/// The stored inventories: id and text, in the order of ids.
pub(crate) fn stored_inventories(
    texts: &BTreeMap<String, Vec<u8>>,
) -> impl Iterator<Item = (&str, &[u8])> {
    texts
        .range(name::INVENTORY.to_owned()..)
        .map_while(|(key, text)| Some((key.strip_prefix(name::INVENTORY)?, text.as_slice())))
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
        text: Option<&[u8]>,
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
