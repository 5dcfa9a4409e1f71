//! Retention and legal hold of object versions (api-objects.md §16). What they keep from happening is enforced in the
//! store's transactions.

use crate::gate::{self, Authorized};
use crate::handle::object_headers;
use crate::request::Call;
use crate::respond::{Answer, empty, set_owned, xml};
use crate::upload::RequestBody;
use fosse_oss::op::Operation;
use fosse_oss::xml::{self, LegalHold};
use fosse_oss::{ErrorCode, OssError, time};
use fosse_store::{Bucket, Governance, Object, ObjectAttrs, Retention, RetentionMode};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};

const MODE: HeaderName = HeaderName::from_static("x-oss-object-worm-mode");
const UNTIL: HeaderName = HeaderName::from_static("x-oss-object-worm-retain-until-date");
const HOLD: HeaderName = HeaderName::from_static("x-oss-object-worm-legal-hold");
const BYPASS: &str = "x-oss-bypass-governance-retention";
const DAY_MS: i64 = 24 * 3_600_000;

/// `PUT /KEY?retention[&versionId=]`.
pub(crate) async fn put_retention(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    let asked = xml::Retention::from_xml(&document)?;
    let retention = Retention {
        mode: stored_mode(asked.mode),
        until_ms: asked.until.saturating_mul(1000),
    };
    check_future(call, retention.until_ms)?;
    let governance = governance(call, granted.bucket()?, granted.key()?.as_str()).await?;
    let now = call.now_ms;
    let change = |_: &Object, attrs: &mut ObjectAttrs| -> Result<(), OssError> {
        let present = attrs.retention.filter(|present| now < present.until_ms);
        let allowed = present.is_none_or(|present| {
            let weaker = retention.until_ms < present.until_ms
                || (present.mode == RetentionMode::Compliance && retention.mode != present.mode);
            let open =
                present.mode == RetentionMode::Governance && governance == Governance::Bypassed;
            open || !weaker
        });
        if !allowed {
            return Err(ErrorCode::FileImmutable.into());
        }
        attrs.retention = Some(retention);
        Ok(())
    };
    changed(call, granted, change).await
}

/// `GET /KEY?retention[&versionId=]`.
pub(crate) async fn get_retention(call: &Call, granted: &Authorized) -> Answer {
    let object = granted.object(call).await?;
    let Some(retention) = object.attrs.retention else {
        return Err(OssError::new(ErrorCode::NoSuchObjectWormConfiguration)
            .with_message("The object has no retention."));
    };
    let document = xml::Retention {
        mode: shown_mode(retention.mode),
        until: retention.until_ms.div_euclid(1000),
    };
    let mut response = xml(document.to_xml());
    object_headers::name_version(response.headers_mut(), &object, granted.bucket()?);
    Ok(response)
}

/// `PUT /KEY?legalHold[&versionId=]`.
pub(crate) async fn put_legal_hold(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    let hold = LegalHold::from_xml(&document)?;
    let change = |_: &Object, attrs: &mut ObjectAttrs| -> Result<(), OssError> {
        attrs.legal_hold = hold.on;
        Ok(())
    };
    changed(call, granted, change).await
}

/// `GET /KEY?legalHold[&versionId=]`.
pub(crate) async fn get_legal_hold(call: &Call, granted: &Authorized) -> Answer {
    let object = granted.object(call).await?;
    let on = object.attrs.legal_hold;
    let mut response = xml(LegalHold { on }.to_xml());
    object_headers::name_version(response.headers_mut(), &object, granted.bucket()?);
    Ok(response)
}

/// Changes the attributes of the version that was asked for, and answers with its id.
async fn changed(
    call: &Call,
    granted: &Authorized,
    change: impl Fn(&Object, &mut ObjectAttrs) -> Result<(), OssError>,
) -> Answer {
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let version = granted.version();
    let object = call
        .service
        .store
        .change_object(bucket, key, version, change)
        .await
        .map_err(|error| gate::missing(call, error, key, version))??;
    let mut response = empty(StatusCode::OK);
    object_headers::name_version(response.headers_mut(), &object, bucket);
    Ok(response)
}

/// Whether the request passes retentions of mode `GOVERNANCE`: it says so, and who may manage the retention of the
/// object may do it.
pub(crate) async fn governance(
    call: &Call,
    bucket: &std::sync::Arc<Bucket>,
    key: &str,
) -> Result<Governance, OssError> {
    if !call
        .header(BYPASS)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        return Ok(Governance::Respected);
    }
    gate::authorize_besides(call, Operation::PutObjectRetention, bucket, key).await?;
    Ok(Governance::Bypassed)
}

/// The retention that a new object gets by its headers.
///
/// Errors: 400 `InvalidArgument` for a mode that there is not, a date that is none or past, or one without the other.
pub(crate) fn by_headers(call: &Call) -> Result<Option<Retention>, OssError> {
    let (mode, until) = (call.known_header(MODE), call.known_header(UNTIL));
    let (Some(mode), Some(until)) = (&mode, &until) else {
        return match mode.is_some() || until.is_some() {
            false => Ok(None),
            true => Err(OssError::invalid_argument(
                MODE.as_str(),
                "",
                "Mode and date of a retention belong together.",
            )),
        };
    };
    let word = mode;
    let mode = xml::RetentionMode::from_text(word).ok_or_else(|| {
        OssError::invalid_argument(MODE.as_str(), word, "There is no such retention mode.")
    })?;
    let seconds = time::parse_iso(until).ok_or_else(|| {
        OssError::invalid_argument(UNTIL.as_str(), until, "The date is not in ISO 8601 form.")
    })?;
    let until_ms = seconds.saturating_mul(1000);
    check_future(call, until_ms)?;
    Ok(Some(Retention {
        mode: stored_mode(mode),
        until_ms,
    }))
}

/// The retention that a new object of a bucket gets when its writer does not say.
pub(crate) fn by_default(call: &Call, bucket: &Bucket) -> Result<Option<Retention>, OssError> {
    let configs = call.service.configs.of(bucket);
    let rule = configs.object_worm()?.and_then(|worm| worm.default_days());
    Ok(rule.map(|(mode, days)| Retention {
        mode: stored_mode(mode),
        until_ms: call.now_ms.saturating_add(i64::from(days) * DAY_MS),
    }))
}

/// Whether a new object is held by its header.
pub(crate) fn held(call: &Call) -> Result<bool, OssError> {
    match call.known_header(HOLD).as_deref() {
        None | Some("OFF") => Ok(false),
        Some("ON") => Ok(true),
        Some(other) => Err(OssError::invalid_argument(
            HOLD.as_str(),
            other,
            "A legal hold is ON or OFF.",
        )),
    }
}

/// What GetObject and HeadObject say about what protects a version.
pub(crate) fn tell(headers: &mut HeaderMap, attrs: &ObjectAttrs) {
    if let Some(retention) = &attrs.retention {
        let word = shown_mode(retention.mode).as_str();
        headers.insert(MODE, HeaderValue::from_static(word));
        let date = time::format_iso_millis(retention.until_ms.div_euclid(1000));
        set_owned(headers, UNTIL, date);
    }
    if attrs.legal_hold {
        headers.insert(HOLD, HeaderValue::from_static("ON"));
    }
}

fn check_future(call: &Call, until_ms: i64) -> Result<(), OssError> {
    if until_ms > call.now_ms {
        return Ok(());
    }
    let date = time::format_iso_millis(until_ms.div_euclid(1000));
    let message = "The date of a retention must be in the future.";
    Err(OssError::invalid_argument(
        "RetainUntilDate",
        &date,
        message,
    ))
}

fn stored_mode(mode: xml::RetentionMode) -> RetentionMode {
    match mode {
        xml::RetentionMode::Governance => RetentionMode::Governance,
        xml::RetentionMode::Compliance => RetentionMode::Compliance,
    }
}

fn shown_mode(mode: RetentionMode) -> xml::RetentionMode {
    match mode {
        RetentionMode::Governance => xml::RetentionMode::Governance,
        RetentionMode::Compliance => xml::RetentionMode::Compliance,
    }
}
