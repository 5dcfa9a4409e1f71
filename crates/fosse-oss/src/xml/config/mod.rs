//! Configurations of a bucket: what a client puts, what is stored, and what a client gets are one document each.
//!
//! `from_xml` validates everything that can be judged without the bucket; what depends on other facts (whether a log
//! target exists, say) is the server's. What is stored is `to_xml` of what was read, so a stored document reads again.

mod access_monitor;
mod cors;
mod encryption;
mod lifecycle;
mod logging;
mod object_worm;
mod public_access_block;
mod referer;
mod request_payment;
mod website;
mod worm;

pub use access_monitor::AccessMonitorConfiguration;
pub use cors::{CorsConfiguration, CorsRule};
pub use encryption::ServerSideEncryptionRule;
pub use lifecycle::{
    LifecycleConfiguration, LifecycleExpiration, LifecycleFilter, LifecycleNot, LifecycleRule,
    LifecycleTransition, LifecycleWhen,
};
pub use logging::{BucketLoggingStatus, LoggingTarget};
pub use object_worm::{ObjectWormConfiguration, RetentionPeriod};
pub use public_access_block::PublicAccessBlockConfiguration;
pub use referer::RefererConfiguration;
pub use request_payment::{Payer, RequestPaymentConfiguration};
pub use website::{
    RedirectKind, RoutingCondition, RoutingRedirect, RoutingRule, WebsiteConfiguration,
    WebsiteError, WebsiteIndex, WebsiteIndexKind,
};
pub use worm::{
    ExtendWormConfiguration, InitiateWormConfiguration, MAX_RETENTION_DAYS, WormConfiguration,
};
