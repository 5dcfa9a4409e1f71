//! Server-side encryption: what a request or its bucket asks for, and what answers say about it (api-objects.md §0.9,
//! api-buckets.md §6.2).

use crate::handle::fault;
use crate::request::Call;
use crate::respond::set;
use crate::service::Service;
use fosse_oss::OssError;
use fosse_oss::header::{SSE, SSE_DATA, SSE_KEY_ID, ServerSideEncryption, SseRequest};
use fosse_store::{Bucket, Encryption, EncryptionAlgorithm, ObjectAttrs};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

const ALGORITHM: HeaderName = HeaderName::from_static(SSE);
const DATA: HeaderName = HeaderName::from_static(SSE_DATA);
const KEY_ID: HeaderName = HeaderName::from_static(SSE_KEY_ID);

/// How the object that a request makes is encrypted: as its headers say, else as its bucket does by default, else not.
/// It gets a data key of its own.
pub(crate) fn chosen(call: &Call, bucket: &Bucket) -> Result<Option<Box<Encryption>>, OssError> {
    match &asked(call)? {
        Some(request) => made(&call.service, request).map(Some),
        None => by_default(&call.service, bucket),
    }
}

/// What the headers of a request ask for; of PutBucket they are the default of the bucket.
pub(crate) fn asked(call: &Call) -> Result<Option<SseRequest>, OssError> {
    let header = |name: &str| call.header(name);
    let (algorithm, data, key_id) = (header(SSE), header(SSE_DATA), header(SSE_KEY_ID));
    SseRequest::parse(algorithm.as_deref(), data.as_deref(), key_id.as_deref())
}

/// How a bucket encrypts an object whose writer does not say, with a data key of its own.
pub(crate) fn by_default(
    service: &Service,
    bucket: &Bucket,
) -> Result<Option<Box<Encryption>>, OssError> {
    match service.configs.of(bucket).encryption()? {
        Some(rule) => made(service, &rule.default).map(Some),
        None => Ok(None),
    }
}

/// An encryption as it was asked for, with a fresh data key.
pub(crate) fn made(service: &Service, request: &SseRequest) -> Result<Box<Encryption>, OssError> {
    let algorithm = match request.algorithm {
        ServerSideEncryption::Aes256 => EncryptionAlgorithm::Aes256,
        ServerSideEncryption::Kms => EncryptionAlgorithm::Kms,
        ServerSideEncryption::Sm4 => EncryptionAlgorithm::Sm4,
    };
    service
        .store
        .new_encryption(algorithm, request.data_sm4, request.key_id.clone())
        .map(Box::new)
        .map_err(fault::of)
}

/// Says how an object is encrypted; nothing for one that is not.
pub(crate) fn tell(headers: &mut HeaderMap, attrs: &ObjectAttrs) {
    let Some(encryption) = &attrs.encryption else {
        return;
    };
    let word = match encryption.algorithm {
        EncryptionAlgorithm::Aes256 => ServerSideEncryption::Aes256,
        EncryptionAlgorithm::Kms => ServerSideEncryption::Kms,
        EncryptionAlgorithm::Sm4 => ServerSideEncryption::Sm4,
    };
    headers.insert(ALGORITHM, HeaderValue::from_static(word.as_str()));
    if encryption.data_sm4 {
        headers.insert(DATA, HeaderValue::from_static("SM4"));
    }
    if let Some(id) = &encryption.key_id {
        set(headers, KEY_ID, id);
    }
}
