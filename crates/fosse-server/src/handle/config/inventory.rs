//! Inventories (api-buckets.md §6.7). The worker that writes their reports is not here.

use super::{change, received};
use crate::bucket_config::name::{INVENTORY, INVENTORY_RUN};
use crate::bucket_config::stored_inventories;
use crate::deposit::{self, DepositError};
use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::{
    INVENTORY_PAGE, InventoryConfiguration, ListInventoryConfigurationsResult, MAX_INVENTORIES,
    decode_token, encode_token,
};
use fosse_oss::{ErrorCode, OssError};
use http::StatusCode;

/// `PUT /?inventory&inventoryId=ID`: adds an inventory. One of the same id has to be deleted first.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let id = named(call)?;
    let document = received(call, body).await?;
    let inventory = InventoryConfiguration::from_xml(&document)?;
    if inventory.id != id {
        let message = "The inventoryId of the request is not the Id of its document.";
        return Err(OssError::invalid_argument("inventoryId", id, message));
    }
    let owner = &granted.bucket()?.owner;
    check_destination(call, owner, &inventory.destination.bucket).await?;
    let (name, text) = (key(id), inventory.to_xml().into_bytes());
    change(call, granted, move |configs| {
        if configs.contains_key(&name) {
            return Err(ErrorCode::InventoryConfigurationAlreadyExists.into());
        }
        if stored_inventories(configs).count() >= MAX_INVENTORIES {
            return Err(ErrorCode::InventoryExceedLimit.into());
        }
        configs.insert(name.clone(), text.clone());
        Ok(())
    })
    .await?;
    call.service.inventories.wake();
    Ok(empty(StatusCode::OK))
}

/// The destination has to be there and belong to the owner of the source. The worker looks again before each report, as
/// buckets come and go.
async fn check_destination(call: &Call, owner: &str, bucket: &str) -> Result<(), OssError> {
    match deposit::target(&call.service, bucket, owner).await {
        Ok(_) => Ok(()),
        Err(DepositError::Store(error)) => Err(fault::of(error)),
        // One answer for both: whether somebody else's bucket exists is nobody's business.
        Err(_) => {
            let message =
                "The owner of this bucket has no bucket of the name of the inventory destination.";
            let value = format!("acs:oss:::{bucket}");
            Err(OssError::invalid_argument("Bucket", &value, message).with_ec("0020-00000033"))
        }
    }
}

/// `GET /?inventory&inventoryId=ID`.
pub(super) fn get(call: &Call, granted: &Authorized) -> Answer {
    super::stored_or_error(granted, &key(named(call)?), ErrorCode::NoSuchInventory)
}

/// `GET /?inventory`: pages of 100. A bucket without inventories answers 404.
pub(super) fn list(call: &Call, granted: &Authorized) -> Answer {
    let token = call
        .query
        .get("continuation-token")
        .filter(|token| !token.is_empty());
    let after = token.map(decode_token).transpose()?;
    let configs = call.service.configs.of(granted.bucket()?);
    let all = configs.inventories()?;
    if all.is_empty() {
        return Err(ErrorCode::NoSuchInventory.into());
    }
    let mut rest = all
        .iter()
        .filter(|one| after.as_ref().is_none_or(|after| one.id > *after));
    let inventories: Vec<_> = rest.by_ref().take(INVENTORY_PAGE).cloned().collect();
    let is_truncated = rest.next().is_some();
    let last = inventories.last().filter(|_| is_truncated);
    let document = ListInventoryConfigurationsResult {
        is_truncated,
        continuation_token: token.map(str::to_owned),
        next_continuation_token: last.map(|one| encode_token(&one.id)),
        inventories,
    };
    Ok(xml(document.to_xml()))
}

/// `DELETE /?inventory&inventoryId=ID`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    let id = named(call)?;
    super::remove(call, granted, &format!("{INVENTORY_RUN}{id}")).await?;
    super::remove(call, granted, &key(id)).await
}

/// `inventoryId`.
fn named(call: &Call) -> Result<&str, OssError> {
    match call.query.get("inventoryId") {
        Some(id) if !id.is_empty() => Ok(id),
        _ => Err(OssError::invalid_argument(
            "inventoryId",
            "",
            "The inventoryId is missing.",
        )),
    }
}

fn key(id: &str) -> String {
    format!("{INVENTORY}{id}")
}
