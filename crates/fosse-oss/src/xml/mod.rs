//! XML bodies: a writer that escapes, a bounded reader, and one file per document.
//!
//! Each document is a plain struct with `to_xml` and `from_xml`, so that server and client agree. Replies carry no
//! namespace, and a namespace in what is read is ignored. Times are Unix seconds; ETags are held without quotes.

mod acl;
mod bucket_create;
mod bucket_info;
mod bucket_list;
mod bucket_stat;
mod cname;
mod config;
mod continuation;
mod copy;
mod delete;
mod encoding;
mod error_document;
mod live_channel_list;
mod location;
mod object_list;
mod object_list_v2;
mod object_retention;
mod owner;
mod parts_list;
mod post_response;
mod read;
mod restore_request;
mod select;
mod tagging;
mod upload_complete;
mod upload_initiate;
mod uploads_list;
mod versioning;
mod versions_list;
mod write;

pub use acl::AccessControlPolicy;
pub use bucket_create::CreateBucketConfiguration;
pub use bucket_info::BucketInfo;
pub use bucket_list::{BucketEntry, ListAllMyBucketsResult};
pub use bucket_stat::BucketStat;
pub use cname::{
    BucketCnameConfiguration, CertificateConfiguration, Cname, CnameCertificate, CnameToken,
    ListCnameResult,
};
pub use config::*;
pub use continuation::{decode_token, encode_token};
pub use copy::{CopyObjectResult, CopyPartResult};
pub use delete::{Delete, DeleteEntry, DeleteResult, Deleted, MAX_DELETE_OBJECTS};
pub use encoding::Encoding;
pub use error_document::ErrorDocument;
pub use live_channel_list::ListLiveChannelResult;
pub use location::LocationConstraint;
pub use object_list::{ListBucketResult, ListedObject};
pub use object_list_v2::ListBucketResultV2;
pub use object_retention::{LegalHold, Retention, RetentionMode};
pub use owner::Owner;
pub use parts_list::{CLIENT_ENCRYPTION, ListPartsResult, ListedPart};
pub use post_response::PostResponse;
pub use read::{Element, MAX_DEPTH, MAX_NODES};
pub use restore_request::{RestoreRequest, RestoreTier};
pub use select::{FileHeader, SelectFormat, SelectInput, SelectRange, SelectRequest};
pub use tagging::Tagging;
pub use upload_complete::{CompleteMultipartUpload, CompleteMultipartUploadResult};
pub use upload_initiate::InitiateMultipartUploadResult;
pub use uploads_list::{ListMultipartUploadsResult, ListedUpload};
pub use versioning::{VersioningConfiguration, VersioningStatus};
pub use versions_list::{ListVersionsResult, VersionEntry, VersionFacts};
pub use write::{Writer, is_legal};

/// A value of a closed list as it stands in a document, such as a storage class. A text, so that a client can read
/// values of a newer server.
pub type Label = std::borrow::Cow<'static, str>;

#[cfg(test)]
mod tests;
