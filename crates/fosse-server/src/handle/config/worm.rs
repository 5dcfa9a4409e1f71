//! The retention of a whole bucket (api-buckets.md §6.6): begun, locked within 24 hours or lapsed, and then only ever
//! longer. It is part of the bucket's record, since the store's transactions depend on it.

use super::received;
use crate::bucket_config::name::OBJECT_WORM;
use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, set, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::{ExtendWormConfiguration, InitiateWormConfiguration, WormConfiguration};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::{Bucket, Versioning, Worm};
use http::StatusCode;
use http::header::HeaderName;

const WORM_ID: HeaderName = HeaderName::from_static("x-oss-worm-id");

/// Changes the bucket unless `change` refuses.
async fn change(
    call: &Call,
    granted: &Authorized,
    change: impl Fn(&mut Bucket) -> Result<(), OssError> + Send + 'static,
) -> Result<(), OssError> {
    let (store, name) = (&call.service.store, &granted.bucket()?.name);
    let changed = store.try_update_bucket(name, change).await;
    changed.map_err(fault::of)?.map(drop)
}

/// The retention that is in force, if it has this id.
fn named<'b>(bucket: &'b mut Bucket, id: &str, now_ms: i64) -> Result<&'b mut Worm, OssError> {
    bucket
        .worm
        .as_mut()
        .filter(|worm| worm.in_force(now_ms) && worm.id == id)
        .ok_or_else(|| {
            OssError::new(ErrorCode::NoSuchWormConfiguration)
                .with_message("The specified WORM ID does not exist.")
        })
}

/// `POST /?worm`.
pub(super) async fn initiate(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let days = InitiateWormConfiguration::from_xml(&document)?.days;
    let (id, now) = (call.id.as_str().to_owned(), call.now_ms);
    let given = id.clone();
    change(call, granted, move |bucket| {
        let present = bucket.worm.as_ref().is_some_and(|worm| worm.in_force(now));
        if present || bucket.configs.contains_key(OBJECT_WORM) {
            return Err(ErrorCode::WormConfigurationAlreadyExists.into());
        }
        if bucket.versioning == Versioning::Suspended {
            return Err(OssError::invalid_argument(
                "VersioningStatus",
                "Suspended",
                "A bucket whose versioning is suspended cannot have a retention policy.",
            ));
        }
        bucket.worm = Some(Worm {
            id: given.clone(),
            created_ms: now,
            days,
            locked: false,
        });
        Ok(())
    })
    .await?;
    let mut response = empty(StatusCode::OK);
    set(response.headers_mut(), WORM_ID, &id);
    Ok(response)
}

/// `DELETE /?worm`: only before it is locked.
pub(super) async fn abort(call: &Call, granted: &Authorized) -> Answer {
    let now = call.now_ms;
    change(call, granted, move |bucket| match &bucket.worm {
        Some(worm) if worm.locked => Err(ErrorCode::WormConfigurationLocked.into()),
        Some(worm) if worm.in_force(now) => {
            bucket.worm = None;
            Ok(())
        }
        _ => Err(ErrorCode::NoSuchWormConfiguration.into()),
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `POST /?wormId=ID`: locks it.
pub(super) async fn complete(call: &Call, granted: &Authorized) -> Answer {
    let (id, now) = (worm_id(call), call.now_ms);
    change(call, granted, move |bucket| {
        let worm = named(bucket, &id, now)?;
        if worm.locked {
            return Err(ErrorCode::WormConfigurationLocked.into());
        }
        worm.locked = true;
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// `POST /?wormExtend&wormId=ID`: longer, once it is locked.
pub(super) async fn extend(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let days = ExtendWormConfiguration::from_xml(&document)?.days;
    let (id, now) = (worm_id(call), call.now_ms);
    change(call, granted, move |bucket| {
        let worm = named(bucket, &id, now)?;
        if !worm.locked || days <= worm.days {
            return Err(ErrorCode::InvalidWormConfiguration.into());
        }
        worm.days = days;
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

fn worm_id(call: &Call) -> String {
    call.query.get("wormId").unwrap_or_default().to_owned()
}

/// `GET /?worm`.
pub(super) fn get(call: &Call, granted: &Authorized) -> Answer {
    let worm = granted.bucket()?.worm.as_ref();
    let Some(worm) = worm.filter(|worm| worm.in_force(call.now_ms)) else {
        return Err(ErrorCode::NoSuchWormConfiguration.into());
    };
    let document = WormConfiguration {
        id: worm.id.clone(),
        state: if worm.locked { "Locked" } else { "InProgress" }.into(),
        days: worm.days,
        created: worm.created_ms.div_euclid(1000),
    };
    Ok(xml(document.to_xml()))
}
