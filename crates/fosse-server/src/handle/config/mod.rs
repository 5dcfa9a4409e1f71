//! Configurations of buckets: one file per family, and what they share.
//!
//! Putting one is: read the body, parse and validate it, store its text. Getting one is the stored text, or what OSS
//! answers when nothing is configured. Deleting one answers 204 whether or not there was something to delete.

mod access_monitor;
mod archive_direct_read;
mod callback_policy;
mod capacity;
mod cors;
mod encryption;
mod https;
mod inventory;
mod lifecycle;
mod log_fields;
mod logging;
mod object_worm;
mod overwrite;
mod policy;
mod public_access_block;
mod qos;
mod referer;
mod request_payment;
mod resource_group;
mod style;
mod tagging;
mod transfer_acceleration;
mod website;
mod worm;

use crate::dispatch::not_built;
use crate::gate::{Authorized, no_such_bucket};
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use bytes::Bytes;
use fosse_oss::op::Operation;
use fosse_oss::{ErrorCode, OssError};
use fosse_store::Bucket;
use http::StatusCode;
use std::collections::BTreeMap;

/// The handler of each operation on a configuration.
pub(crate) async fn route(
    call: &Call,
    body: &mut RequestBody,
    operation: Operation,
    granted: &Authorized,
) -> Answer {
    use Operation as Op;
    match operation {
        Op::PutBucketAccessMonitor => access_monitor::put(call, body, granted).await,
        Op::GetBucketAccessMonitor => access_monitor::get(granted),
        Op::PutBucketArchiveDirectRead => archive_direct_read::put(call, body, granted).await,
        Op::GetBucketArchiveDirectRead => archive_direct_read::get(granted),
        Op::PutBucketCallbackPolicy => callback_policy::put(call, body, granted).await,
        Op::GetBucketCallbackPolicy => callback_policy::get(granted),
        Op::DeleteBucketCallbackPolicy => callback_policy::delete(call, granted).await,
        Op::PutBucketCors => cors::put(call, body, granted).await,
        Op::GetBucketCors => cors::get(granted),
        Op::DeleteBucketCors => cors::delete(call, granted).await,
        Op::PutBucketHttpsConfig => https::put(call, body, granted).await,
        Op::GetBucketHttpsConfig => https::get(granted),
        Op::PutBucketLifecycle => lifecycle::put(call, body, granted).await,
        Op::GetBucketLifecycle => lifecycle::get(granted),
        Op::DeleteBucketLifecycle => lifecycle::delete(call, granted).await,
        Op::PutBucketLogging => logging::put(call, body, granted).await,
        Op::GetBucketLogging => logging::get(granted),
        Op::DeleteBucketLogging => logging::delete(call, granted).await,
        Op::PutBucketObjectWormConfiguration => object_worm::put(call, body, granted).await,
        Op::GetBucketObjectWormConfiguration => object_worm::get(granted),
        Op::InitiateBucketWorm => worm::initiate(call, body, granted).await,
        Op::AbortBucketWorm => worm::abort(call, granted).await,
        Op::CompleteBucketWorm => worm::complete(call, granted).await,
        Op::ExtendBucketWorm => worm::extend(call, body, granted).await,
        Op::GetBucketWorm => worm::get(call, granted),
        Op::PutBucketEncryption => encryption::put(call, body, granted).await,
        Op::GetBucketEncryption => encryption::get(granted),
        Op::DeleteBucketEncryption => encryption::delete(call, granted).await,
        Op::PutBucketOverwriteConfig => overwrite::put(call, body, granted).await,
        Op::GetBucketOverwriteConfig => overwrite::get(granted),
        Op::DeleteBucketOverwriteConfig => overwrite::delete(call, granted).await,
        Op::PutBucketPolicy => policy::put(call, body, granted).await,
        Op::GetBucketPolicy => policy::get(granted),
        Op::DeleteBucketPolicy => policy::delete(call, granted).await,
        Op::GetBucketPolicyStatus => policy::status(call, granted),
        Op::PutBucketPublicAccessBlock => public_access_block::put(call, body, granted).await,
        Op::GetBucketPublicAccessBlock => public_access_block::get(granted),
        Op::DeleteBucketPublicAccessBlock => public_access_block::delete(call, granted).await,
        Op::PutBucketQosInfo => qos::put(call, body, granted).await,
        Op::GetBucketQosInfo => qos::get(granted),
        Op::DeleteBucketQosInfo => qos::delete(call, granted).await,
        Op::PutBucketReferer => referer::put(call, body, granted).await,
        Op::GetBucketReferer => referer::get(granted),
        Op::PutBucketRequestPayment => request_payment::put(call, body, granted).await,
        Op::GetBucketRequestPayment => request_payment::get(granted),
        Op::PutBucketResourceGroup => resource_group::put(call, body, granted).await,
        Op::GetBucketResourceGroup => resource_group::get(granted),
        Op::PutBucketTags => tagging::put(call, body, granted).await,
        Op::GetBucketTags => tagging::get(granted),
        Op::DeleteBucketTags => tagging::delete(call, granted).await,
        Op::PutBucketTransferAcceleration => transfer_acceleration::put(call, body, granted).await,
        Op::GetBucketTransferAcceleration => transfer_acceleration::get(granted),
        Op::DeleteBucketTransferAcceleration => transfer_acceleration::delete(call, granted).await,
        Op::PutBucketWebsite => website::put(call, body, granted).await,
        Op::GetBucketWebsite => website::get(granted),
        Op::DeleteBucketWebsite => website::delete(call, granted).await,
        Op::PutUserDefinedLogFieldsConfig => log_fields::put(call, body, granted).await,
        Op::GetUserDefinedLogFieldsConfig => log_fields::get(granted),
        Op::DeleteUserDefinedLogFieldsConfig => log_fields::delete(call, granted).await,
        Op::SetBucketStorageCapacity => capacity::put(call, body, granted).await,
        Op::GetBucketStorageCapacity => capacity::get(granted),
        Op::PutStyle => style::put(call, body, granted).await,
        Op::GetStyle => style::get(call, granted),
        Op::ListStyle => style::list(granted),
        Op::DeleteStyle => style::delete(call, granted).await,
        Op::PutBucketInventory => inventory::put(call, body, granted).await,
        Op::GetBucketInventory => inventory::get(call, granted),
        Op::ListBucketInventory => inventory::list(call, granted),
        Op::DeleteBucketInventory => inventory::delete(call, granted).await,
        Op::PutBucketRequesterQosInfo => qos::put_requester(call, body, granted).await,
        Op::GetBucketRequesterQosInfo => qos::get_requester(call, granted),
        Op::ListBucketRequesterQosInfos => qos::list_requesters(call, granted),
        Op::DeleteBucketRequesterQosInfo => qos::delete_requester(call, granted).await,
        Op::GetUserQosInfo => qos::get_user(call),
        Op::PutPublicAccessBlock => public_access_block::put_account(call, body).await,
        Op::GetPublicAccessBlock => public_access_block::get_account(call),
        Op::DeletePublicAccessBlock => public_access_block::delete_account(call).await,
        other => Err(not_built(format!("{} is not implemented.", other.name()))),
    }
}

/// The body of a request that puts a configuration, checked against `Content-MD5`.
///
/// Errors: 400 `MalformedXML` above the limit for XML, and those of [`RequestBody::document`].
async fn received(call: &Call, body: &mut RequestBody) -> Result<Bytes, OssError> {
    let limit = call.service.config.limits.max_xml_bytes;
    body.document(&call.headers, limit).await
}

/// The configurations of a bucket as the store keeps them.
type Configs = BTreeMap<String, Vec<u8>>;

/// Changes the configurations of the bucket in one step: `change` sees them as they are at that moment, and when it
/// refuses, nothing changes. The bucket is the one that the gate saw and no later one of the same name.
async fn change(
    call: &Call,
    granted: &Authorized,
    change: impl Fn(&mut Configs) -> Result<(), OssError> + Send + 'static,
) -> Result<(), OssError> {
    let bucket = granted.bucket()?;
    let (id, name) = (bucket.id, bucket.name.clone());
    let apply = move |bucket: &mut Bucket| {
        if bucket.id == id {
            change(&mut bucket.configs)
        } else {
            Err(no_such_bucket(&name))
        }
    };
    call.service
        .store
        .try_update_bucket(&bucket.name, apply)
        .await
        .map_err(fault::of)?
        .map(|_| ())
}

/// Stores the text of a configuration; 200.
async fn store(call: &Call, granted: &Authorized, name: &str, text: String) -> Answer {
    let (name, text) = (name.to_owned(), text.into_bytes());
    change(call, granted, move |configs| {
        configs.insert(name.clone(), text.clone());
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// Removes a configuration; 204, also when there was none.
async fn remove(call: &Call, granted: &Authorized, name: &str) -> Answer {
    if granted.bucket()?.configs.contains_key(name) {
        let name = name.to_owned();
        change(call, granted, move |configs| {
            configs.remove(&name);
            Ok(())
        })
        .await?;
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The stored document, or `unset`.
fn stored_or(granted: &Authorized, name: &str, unset: impl FnOnce() -> String) -> Answer {
    let stored = granted.bucket()?.configs.get(name);
    Ok(xml(match stored {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None => unset(),
    }))
}

/// The stored document, or the error that says that there is none.
fn stored_or_error(granted: &Authorized, name: &str, unset: ErrorCode) -> Answer {
    match granted.bucket()?.configs.get(name) {
        Some(text) => Ok(xml(String::from_utf8_lossy(text).into_owned())),
        None => Err(unset.into()),
    }
}
