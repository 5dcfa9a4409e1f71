//! Blocking of public access (access-control.md §2.5), of a bucket and of an account. The gate enforces it.

use super::{received, remove, store, stored_or};
use crate::bucket_config::name::PUBLIC_ACCESS_BLOCK;
use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::OssError;
use fosse_oss::xml::PublicAccessBlockConfiguration;
use fosse_store::identity::{Account, ChangeError};
use http::StatusCode;
use std::convert::Infallible;

/// `PUT /?publicAccessBlock` on a bucket.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let block = PublicAccessBlockConfiguration::from_xml(&document)?;
    store(call, granted, PUBLIC_ACCESS_BLOCK, block.to_xml()).await
}

/// `GET /?publicAccessBlock` on a bucket.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, PUBLIC_ACCESS_BLOCK, || {
        PublicAccessBlockConfiguration::default().to_xml()
    })
}

/// `DELETE /?publicAccessBlock` on a bucket.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, PUBLIC_ACCESS_BLOCK).await
}

/// `PUT /?publicAccessBlock` on the endpoint: for all buckets of the account.
pub(super) async fn put_account(call: &Call, body: &mut RequestBody) -> Answer {
    let document = received(call, body).await?;
    let block = PublicAccessBlockConfiguration::from_xml(&document)?;
    set_account(call, block.block_public_access).await?;
    Ok(empty(StatusCode::OK))
}

/// `GET /?publicAccessBlock` on the endpoint.
pub(super) fn get_account(call: &Call) -> Answer {
    let account = call.caller.account().unwrap_or_default();
    let blocked = call
        .service
        .store
        .read_account(account, |records| records.account.block_public_access);
    let document = PublicAccessBlockConfiguration {
        block_public_access: blocked.unwrap_or(false),
    };
    Ok(xml(document.to_xml()))
}

/// `DELETE /?publicAccessBlock` on the endpoint.
pub(super) async fn delete_account(call: &Call) -> Answer {
    set_account(call, false).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn set_account(call: &Call, blocked: bool) -> Result<(), OssError> {
    let account = call.caller.account().unwrap_or_default();
    let changed = call
        .service
        .store
        .change_account(account, |records, change| {
            if records.account.block_public_access != blocked {
                change.put_account(Account {
                    block_public_access: blocked,
                    ..Account::clone(&records.account)
                });
            }
            Ok::<(), Infallible>(())
        })
        .await;
    changed.map_err(|error| match error {
        ChangeError::Store(error) => fault::of(error),
        ChangeError::NoSuchAccount => Call::internal("the caller's account is not recorded"),
        ChangeError::Refused(never) => match never {},
    })
}
