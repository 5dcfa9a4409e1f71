//! What answers say about the ageing of an object: `x-oss-expiration`, `x-oss-transition-time` and
//! `x-oss-last-access-time` (api-objects.md §2–§4).

use crate::bucket_config::name;
use crate::gate::Authorized;
use crate::lifecycle::pass::{accessed_ms, facts};
use crate::request::Call;
use crate::respond::set_owned;
use fosse_oss::{OssError, time};
use fosse_store::{Bucket, Object, StorageClass};
use http::HeaderMap;
use http::header::HeaderName;

const EXPIRATION: HeaderName = HeaderName::from_static("x-oss-expiration");
const TRANSITION_TIME: HeaderName = HeaderName::from_static("x-oss-transition-time");
const LAST_ACCESS_TIME: HeaderName = HeaderName::from_static("x-oss-last-access-time");

/// Says when a rule will expire a current object, and when a rule made it cold. For GET and HEAD.
pub(crate) fn announce(
    call: &Call,
    granted: &Authorized,
    object: &Object,
    headers: &mut HeaderMap,
) -> Result<(), OssError> {
    transition_time(object, headers);
    // A version that is asked for by name may be a noncurrent one, of which expiration is not the end.
    if granted.version().is_none() {
        expiration(
            call,
            granted.bucket()?,
            granted.key()?.as_str(),
            object,
            headers,
        )?;
    }
    Ok(())
}

/// `x-oss-expiration` of the current object of a key, if a rule will expire it.
pub(crate) fn expiration(
    call: &Call,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    headers: &mut HeaderMap,
) -> Result<(), OssError> {
    if !bucket.configs.contains_key(name::LIFECYCLE) {
        return Ok(());
    }
    let configs = call.service.configs.of(bucket);
    let Some(rules) = configs.lifecycle_rules()? else {
        return Ok(());
    };
    if let Some((due_ms, id)) = rules.expiry(&facts(key, object, false)) {
        let date = time::format_http(due_ms.div_euclid(1000));
        let value = format!("expiry-date=\"{date}\", rule-id=\"{id}\"");
        set_owned(headers, EXPIRATION, value);
    }
    Ok(())
}

/// `x-oss-transition-time`: when a rule made the object a cold one.
fn transition_time(object: &Object, headers: &mut HeaderMap) {
    if let Some(changed_ms) = object.attrs.class_changed_ms
        && matches!(
            object.attrs.storage_class,
            StorageClass::ColdArchive | StorageClass::DeepColdArchive
        )
    {
        let date = time::format_http(changed_ms.div_euclid(1000));
        set_owned(headers, TRANSITION_TIME, date);
    }
}

/// What GetObjectMeta tells besides: both times, the last access only where it is kept.
pub(crate) fn announce_times(
    call: &Call,
    bucket: &Bucket,
    key: &str,
    object: &Object,
    headers: &mut HeaderMap,
) -> Result<(), OssError> {
    transition_time(object, headers);
    if bucket.configs.contains_key(name::ACCESS_MONITOR)
        && call.service.configs.of(bucket).monitors_access()?
    {
        let pending = call.service.accesses.pending(bucket.id, key);
        let last_ms = accessed_ms(object).max(pending.unwrap_or(i64::MIN));
        let date = time::format_http(last_ms.div_euclid(1000));
        set_owned(headers, LAST_ACCESS_TIME, date);
    }
    Ok(())
}
