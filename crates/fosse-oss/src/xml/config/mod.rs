//! Configurations of a bucket: what a client puts, what is stored, and what a client gets are one document each.
//!
//! `from_xml` validates everything that can be judged without the bucket; what depends on other facts (whether a log
//! target exists, say) is the server's. What is stored is `to_xml` of what was read, so a stored document reads again.

mod access_monitor;
pub(super) mod bucket_tagging;
mod callback_policy;
mod cors;
mod encryption;
mod https;
mod inventory;
mod lifecycle;
mod log_fields;
mod logging;
mod object_worm;
mod overwrite;
mod policy_status;
mod public_access_block;
mod qos;
mod referer;
mod regions;
mod request_payment;
mod resource_group;
mod style;
mod switches;
#[cfg(test)]
mod tests;
mod website;
mod worm;

pub use access_monitor::AccessMonitorConfiguration;
pub use bucket_tagging::BucketTagging;
pub use callback_policy::{BucketCallbackPolicy, CallbackPolicyItem};
pub use cors::{CorsConfiguration, CorsRule};
pub use encryption::ServerSideEncryptionRule;
pub use https::{CipherSuite, HttpsConfiguration};
pub use inventory::{
    INVENTORY_PAGE, InventoryConfiguration, InventoryDestination, InventoryEncryption,
    InventoryField, InventoryFilter, InventoryFrequency, ListInventoryConfigurationsResult,
    MAX_INVENTORIES,
};
pub use lifecycle::{
    LifecycleConfiguration, LifecycleExpiration, LifecycleFilter, LifecycleNot, LifecycleRule,
    LifecycleTransition, LifecycleWhen,
};
pub use log_fields::UserDefinedLogFieldsConfiguration;
pub use logging::{BucketLoggingStatus, LoggingTarget};
pub use object_worm::{ObjectWormConfiguration, RetentionPeriod};
pub use overwrite::{OverwriteConfiguration, OverwriteRule};
pub use policy_status::PolicyStatus;
pub use public_access_block::PublicAccessBlockConfiguration;
pub use qos::{
    BucketRequesterQos, BucketUserQos, CAPACITY_UNIT, ListBucketRequesterQosInfosResult,
    QoSConfiguration, UserQosInfo,
};
pub use referer::RefererConfiguration;
pub use regions::{RegionInfo, RegionInfoList};
pub use request_payment::{Payer, RequestPaymentConfiguration};
pub use resource_group::{BucketResourceGroupConfiguration, DEFAULT_RESOURCE_GROUP};
pub use style::{MAX_STYLES, Style, StyleList};
pub use switches::{ArchiveDirectReadConfiguration, TransferAccelerationConfiguration};
pub use website::{
    RedirectKind, RoutingCondition, RoutingRedirect, RoutingRule, WebsiteConfiguration,
    WebsiteError, WebsiteIndex, WebsiteIndexKind,
};
pub use worm::{
    ExtendWormConfiguration, InitiateWormConfiguration, MAX_RETENTION_DAYS, WormConfiguration,
};
