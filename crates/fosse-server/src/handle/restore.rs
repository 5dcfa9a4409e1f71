//! RestoreObject and CleanRestoredObject, and what being archived means for reading (api-objects.md §12). Storage
//! classes are labels here: a restore moves no bytes, it only says from when to when they may be read.

use crate::gate::{self, Authorized};
use crate::handle::object_headers;
use crate::request::Call;
use crate::respond::{Answer, empty, set_owned};
use crate::upload::RequestBody;
use fosse_oss::xml::{self, RestoreRequest};
use fosse_oss::{ErrorCode, OssError, time};
use fosse_store::{Bucket, Object, ObjectAttrs, Restore, RestoreTier, StorageClass};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::atomic::{AtomicBool, Ordering};

const RESTORE: HeaderName = HeaderName::from_static("x-oss-restore");
const PRIORITY: HeaderName = HeaderName::from_static("x-oss-object-restore-priority");
const DAY_MS: i64 = 24 * 3_600_000;

/// What a restore asks for, judged by the storage class.
#[derive(Clone, Copy)]
struct Asked {
    days: u32,
    tier: RestoreTier,
    /// The class knows priorities.
    prioritized: bool,
}

fn asked(request: &RestoreRequest, class: StorageClass) -> Result<Asked, OssError> {
    let (most_days, prioritized) = match class {
        StorageClass::Standard | StorageClass::IA => {
            return Err(unsupported("RestoreObject").with_ec("0016-00000702"));
        }
        StorageClass::Archive => (7, false),
        StorageClass::ColdArchive | StorageClass::DeepColdArchive => (365, true),
    };
    let days = request.days.unwrap_or(1);
    if !(1..=most_days).contains(&days) {
        let message = format!("The days of a restore must be between 1 and {most_days}.");
        return Err(OssError::invalid_argument(
            "Days",
            &days.to_string(),
            message,
        ));
    }
    let tier = match request.tier {
        // The suite of ali-oss knows this refusal, the documentation does not.
        Some(_) if !prioritized => return Err(ErrorCode::MalformedXml.into()),
        Some(xml::RestoreTier::Bulk) if class == StorageClass::DeepColdArchive => {
            return Err(ErrorCode::MalformedXml.into());
        }
        Some(xml::RestoreTier::Bulk) => RestoreTier::Bulk,
        Some(xml::RestoreTier::Expedited) => RestoreTier::Expedited,
        Some(xml::RestoreTier::Standard) | None => RestoreTier::Standard,
    };
    Ok(Asked {
        days,
        tier,
        prioritized,
    })
}

fn unsupported(operation: &str) -> OssError {
    OssError::new(ErrorCode::OperationNotSupported).with(
        "Detail",
        format!("{operation} operation does not support this object storage class"),
    )
}

/// `POST /KEY?restore[&versionId=]`: 202 for one that begins, 200 for one that is prolonged.
pub(crate) async fn restore_object(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    let request = RestoreRequest::from_xml(&document)?;
    let delay = i64::try_from(call.service.config.restore_delay.as_millis()).unwrap_or(i64::MAX);
    let now = call.now_ms;
    let prolonged = AtomicBool::new(false);
    let change = |_: &Object, attrs: &mut ObjectAttrs| -> Result<(), OssError> {
        let asked = asked(&request, attrs.storage_class)?;
        let kept_ms = i64::from(asked.days) * DAY_MS;
        prolonged.store(false, Ordering::Relaxed);
        match &mut attrs.restore {
            Some(restore) if now < restore.ready_ms => {
                if !asked.prioritized || asked.tier <= restore.tier {
                    return Err(ErrorCode::RestoreAlreadyInProgress.into());
                }
                restore.tier = asked.tier;
            }
            Some(restore) if now < restore.until_ms => {
                restore.until_ms = restore.until_ms.max(now + kept_ms);
                prolonged.store(true, Ordering::Relaxed);
            }
            none => {
                let ready_ms = now.saturating_add(delay);
                *none = Some(Restore {
                    requested_ms: now,
                    ready_ms,
                    until_ms: ready_ms.saturating_add(kept_ms),
                    tier: asked.tier,
                });
            }
        }
        Ok(())
    };
    let object = changed(call, granted, change).await?;
    let mut response = empty(match prolonged.load(Ordering::Relaxed) {
        true => StatusCode::OK,
        false => StatusCode::ACCEPTED,
    });
    let headers = response.headers_mut();
    if let (StorageClass::ColdArchive | StorageClass::DeepColdArchive, Some(restore)) =
        (object.attrs.storage_class, &object.attrs.restore)
    {
        let word = match restore.tier {
            RestoreTier::Bulk => "Bulk",
            RestoreTier::Standard => "Standard",
            RestoreTier::Expedited => "Expedited",
        };
        headers.insert(PRIORITY, HeaderValue::from_static(word));
    }
    object_headers::name_version(headers, &object, granted.bucket()?);
    Ok(response)
}

/// `POST /KEY?cleanRestoredObject[&versionId=]`.
pub(crate) async fn clean_restored_object(call: &Call, granted: &Authorized) -> Answer {
    let now = call.now_ms;
    let change = |_: &Object, attrs: &mut ObjectAttrs| -> Result<(), OssError> {
        if matches!(
            attrs.storage_class,
            StorageClass::Standard | StorageClass::IA
        ) {
            return Err(unsupported("CleanRestoredObject"));
        }
        match attrs.restore {
            Some(restore) if now < restore.ready_ms => {
                Err(ErrorCode::ArchiveRestoreNotFinished.into())
            }
            Some(restore) if now < restore.until_ms => {
                attrs.restore = None;
                Ok(())
            }
            _ => Err(ErrorCode::ArchiveRestoreFileStale.into()),
        }
    };
    let object = changed(call, granted, change).await?;
    let mut response = empty(StatusCode::OK);
    object_headers::name_version(response.headers_mut(), &object, granted.bucket()?);
    Ok(response)
}

async fn changed(
    call: &Call,
    granted: &Authorized,
    change: impl Fn(&Object, &mut ObjectAttrs) -> Result<(), OssError>,
) -> Result<std::sync::Arc<Object>, OssError> {
    let (bucket, key, version) = (
        granted.bucket()?,
        granted.key()?.as_str(),
        granted.version(),
    );
    call.service
        .store
        .change_object(bucket, key, version, change)
        .await
        .map_err(|error| gate::missing(call, error, key, version))?
}

/// Whether the bytes of an object may be read now. Errors: 403 `InvalidObjectState` for one that is archived and not
/// restored.
pub(crate) fn check_readable(
    call: &Call,
    bucket: &Bucket,
    object: &Object,
) -> Result<(), OssError> {
    match object.attrs.storage_class {
        StorageClass::Standard | StorageClass::IA => return Ok(()),
        StorageClass::Archive if call.service.configs.of(bucket).reads_archive_directly()? => {
            return Ok(());
        }
        _ => {}
    }
    let restored = object
        .attrs
        .restore
        .is_some_and(|restore| (restore.ready_ms..restore.until_ms).contains(&call.now_ms));
    match restored {
        true => Ok(()),
        false => Err(ErrorCode::InvalidObjectState.into()),
    }
}

/// The state of a restore as `x-oss-restore` and listings say it; `None` where there is none, or it is over.
pub(crate) fn state(object: &Object, now_ms: i64) -> Option<String> {
    let restore = object.attrs.restore?;
    if now_ms < restore.ready_ms {
        return Some("ongoing-request=\"true\"".to_owned());
    }
    let date = time::format_http(restore.until_ms.div_euclid(1000));
    (now_ms < restore.until_ms)
        .then(|| format!("ongoing-request=\"false\", expiry-date=\"{date}\""))
}

/// What GetObject and HeadObject say about a restore.
pub(crate) fn tell(headers: &mut HeaderMap, object: &Object, now_ms: i64) {
    if let Some(state) = state(object, now_ms) {
        set_owned(headers, RESTORE, state);
    }
}
