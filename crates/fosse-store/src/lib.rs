//! What an object store means: buckets, objects, versions, multipart uploads and listings, written once
//! over two small traits: [`Meta`] (ordered, conditional, durable batches) and [`Blobs`] (immutable).
//!
//! It knows no HTTP, no XML and no meaning of an ACL.

mod api;
pub use api::*;
