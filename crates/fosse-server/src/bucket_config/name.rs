//! Names of configurations in [`fosse_store::Bucket::configs`]. They are stored: a name that was used once is never
//! used for something else.

pub(crate) const ACCESS_MONITOR: &str = "accessmonitor";
pub(crate) const ARCHIVE_DIRECT_READ: &str = "bucketArchiveDirectRead";
pub(crate) const CALLBACK_POLICY: &str = "callbackPolicy";
pub(crate) const CAPACITY: &str = "qos";
pub(crate) const CORS: &str = "cors";
pub(crate) const ENCRYPTION: &str = "encryption";
/// No configuration of OSS: what links download, as the operator said for this bucket. A name of
/// [`crate::ForceDownload::NAMED`].
pub(crate) const FORCE_DOWNLOAD: &str = "forceDownload";
pub(crate) const HTTPS: &str = "httpsConfig";
/// One entry for each inventory: this and its id.
pub(crate) const INVENTORY: &str = "inventory/";
/// One entry for each inventory that has been reported: this and its id. When the last report was begun.
pub(crate) const INVENTORY_RUN: &str = "inventoryRun/";
pub(crate) const LIFECYCLE: &str = "lifecycle";
pub(crate) const LOG_FIELDS: &str = "userDefinedLogFieldsConfig";
pub(crate) const LOGGING: &str = "logging";
pub(crate) const OBJECT_WORM: &str = "objectWorm";
pub(crate) const OVERWRITE: &str = "overwriteConfig";
pub(crate) const POLICY: &str = "policy";
pub(crate) const PUBLIC_ACCESS_BLOCK: &str = "publicAccessBlock";
pub(crate) const QOS: &str = "qosInfo";
pub(crate) const REFERER: &str = "referer";
pub(crate) const REQUEST_PAYMENT: &str = "requestPayment";
/// One entry for each requester: this and the id of the account.
pub(crate) const REQUESTER_QOS: &str = "requesterQosInfo/";
pub(crate) const RESOURCE_GROUP: &str = "resourceGroup";
pub(crate) const STYLES: &str = "style";
pub(crate) const TAGGING: &str = "tagging";
pub(crate) const TRANSFER_ACCELERATION: &str = "transferAcceleration";
pub(crate) const WEBSITE: &str = "website";
