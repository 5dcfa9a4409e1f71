//! The Alibaba Cloud OSS protocol, pure: operations and how a request names one, error catalogue,
//! names and limits, XML bodies, and every signing scheme.
//!
//! Nothing here does I/O, reads a clock or draws randomness; what is needed comes in as an argument.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod callback;
pub mod encode;
pub mod error;
pub mod etag;
pub mod form;
pub mod header;
pub mod name;
pub mod op;
pub mod range;
pub mod sign;
pub mod time;
pub mod xml;

pub use error::{ErrorCode, OssError};
