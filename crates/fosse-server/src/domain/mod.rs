//! Custom domains: certificates, TLS by server name, proof of ownership, and when certificates end. Which domain leads to which
//! bucket is the store's to know; the operations are in `handle/cname.rs`.

pub(crate) mod certificate;
pub(crate) mod cipher_suite;
pub mod dns;
pub(crate) mod expiry;
pub(crate) mod tls;
pub mod validity;
