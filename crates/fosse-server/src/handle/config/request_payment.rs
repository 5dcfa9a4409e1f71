//! Who pays for requests (access-control.md §7). The gate asks requesters for their consent.

use super::{received, store, stored_or};
use crate::bucket_config::name::REQUEST_PAYMENT;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::Answer;
use crate::upload::RequestBody;
use fosse_oss::xml::RequestPaymentConfiguration;

/// `PUT /?requestPayment`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let payment = RequestPaymentConfiguration::from_xml(&document)?;
    store(call, granted, REQUEST_PAYMENT, payment.to_xml()).await
}

/// `GET /?requestPayment`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, REQUEST_PAYMENT, || {
        RequestPaymentConfiguration::default().to_xml()
    })
}
