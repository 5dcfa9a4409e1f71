//! Names of configurations in [`fosse_store::Bucket::configs`]. They are stored: a name that was used once is never
//! used for something else.

pub(crate) const ACCESS_MONITOR: &str = "accessmonitor";
pub(crate) const CORS: &str = "cors";
pub(crate) const ENCRYPTION: &str = "encryption";
pub(crate) const LIFECYCLE: &str = "lifecycle";
pub(crate) const LOGGING: &str = "logging";
pub(crate) const OBJECT_WORM: &str = "objectWorm";
pub(crate) const POLICY: &str = "policy";
pub(crate) const PUBLIC_ACCESS_BLOCK: &str = "publicAccessBlock";
pub(crate) const REFERER: &str = "referer";
pub(crate) const REQUEST_PAYMENT: &str = "requestPayment";
pub(crate) const WEBSITE: &str = "website";
