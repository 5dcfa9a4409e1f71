//! The Fosse client library: typed OSS calls, presigning, and transfers with integrity checks.
//!
//! It works against any service that speaks the OSS protocol.
//!
//! ```no_run
//! use fosse_client::{Addressing, Client, ClientConfig, Credentials, Endpoint, NewBucket, Payload};
//!
//! # async fn example() -> fosse_client::Result<()> {
//! let endpoint = Endpoint::parse("http://127.0.0.1:9000", Addressing::Virtual)?;
//! let credentials = Credentials::key("AccessKeyID", "AccessKeySecret", None);
//! let client = Client::new(ClientConfig::new(endpoint, "cn-hangzhou", credentials))?;
//! client.create_bucket("photos", &NewBucket::default()).await?;
//! client.put_object("photos", b"cat.txt", Vec::new(), Payload::Bytes("meow".into())).await?;
//! # Ok(())
//! # }
//! ```

mod bucket;
mod client;
mod credentials;
mod endpoint;
mod error;
mod list;
mod multipart;
mod object;
mod payload;
mod presign;
mod retry;
mod transfer;
mod transport;

pub use bucket::{BucketEntry, BucketPage, NewBucket};
pub use client::{Client, ClientConfig, ClockFn, Exchange, TraceFn};
pub use credentials::Credentials;
pub use endpoint::{Address, Addressing, Endpoint, Slash};
pub use error::{Error, Result, ServiceError, with_causes};
pub use list::{ListRequest, ObjectEntry, ObjectPage, UploadEntry, UploadPage};
pub use multipart::PartDone;
pub use object::{Download, GetRequest, Stored};
pub use payload::Payload;
pub use presign::{Link, Presigner, attachment, signed_anyway};
pub use transfer::{
    Checkpoint, PART_MAX, PART_MIN, PART_USUAL, PARTS_MAX, UploadPlan, part_size, save,
};
pub use transport::Tls;

/// CRC-64 as the service computes it (`x-oss-hash-crc64ecma`).
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, bytes)
}
