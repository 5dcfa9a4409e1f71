//! The Fosse client library: typed OSS calls, presigning, and transfers with integrity checks.

mod error;

pub use error::{Error, Result, ServiceError};
