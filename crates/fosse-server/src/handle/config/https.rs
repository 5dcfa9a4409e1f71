//! TLS of a bucket's host names (delivery.md §4).

use super::{received, store, stored_or};
use crate::bucket_config::name::HTTPS;
use crate::domain::cipher_suite::Offer;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::OssError;
use fosse_oss::xml::HttpsConfiguration;

/// `PUT /?httpsConfig`. Suites that Fosse does not have are kept; one that it has must be left, or nobody could connect by HTTPS any more,
/// not to take it back neither.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let config = HttpsConfiguration::from_xml(&document)?;
    if Offer::of(&config).is_empty() {
        let message = "None of the cipher suites is one that this server has for the allowed versions of TLS.";
        return Err(OssError::invalid_argument("CipherSuite", "", message));
    }
    store(call, granted, HTTPS, config.to_xml()).await
}

/// `GET /?httpsConfig`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, HTTPS, || HttpsConfiguration::default().to_xml())
}
