//! Configurations of a bucket: what a client puts, what is stored, and what a client gets are one document each.
//!
//! `from_xml` validates everything that can be judged without the bucket; what depends on other facts (whether a log
//! target exists, say) is the server's. What is stored is `to_xml` of what was read, so a stored document reads again.

mod cors;
mod public_access_block;
mod referer;
mod request_payment;

pub use cors::{CorsConfiguration, CorsRule};
pub use public_access_block::PublicAccessBlockConfiguration;
pub use referer::RefererConfiguration;
pub use request_payment::{Payer, RequestPaymentConfiguration};
