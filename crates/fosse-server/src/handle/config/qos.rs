//! Bandwidths of a bucket and of its requesters. They are kept and told, and limit nothing.

use super::{change, received, remove, store, stored_or_error};
use crate::bucket_config::name::{QOS, REQUESTER_QOS};
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::{
    BucketRequesterQos, ListBucketRequesterQosInfosResult, QoSConfiguration, UserQosInfo,
};
use fosse_oss::{ErrorCode, OssError};
use http::StatusCode;

/// Most requesters of a bucket with limits of their own.
const MAX_REQUESTERS: usize = 100;
/// Bandwidth of an account in Gbit/s, as OSS gives it to a new one.
const BANDWIDTH: i64 = 10;

/// What GetUserQosInfo tells, and what no bucket may have more of.
fn of_account() -> QoSConfiguration {
    QoSConfiguration {
        limits: [BANDWIDTH, -1, -1, BANDWIDTH, -1, -1, -1, -1, -1],
    }
}

/// `GET /?qosInfo` on the service.
pub(super) fn get_user(call: &Call) -> Answer {
    let document = UserQosInfo {
        region: call.service.location.clone(),
        limits: of_account(),
    };
    Ok(xml(document.to_xml()))
}

/// `PUT /?qosInfo`.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let limits = limits(call, body).await?;
    limits.check(&of_account())?;
    store(call, granted, QOS, limits.to_xml()).await
}

/// `GET /?qosInfo`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or_error(granted, QOS, ErrorCode::NoSuchQosInfo)
}

/// `DELETE /?qosInfo`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, QOS).await
}

/// `PUT /?requesterQosInfo&qosRequester=ID`.
pub(super) async fn put_requester(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let name = key(requester(call)?);
    let text = limits(call, body).await?.to_xml().into_bytes();
    change(call, granted, move |configs| {
        let others = configs
            .range(REQUESTER_QOS.to_owned()..)
            .take_while(|(name, _)| name.starts_with(REQUESTER_QOS));
        if !configs.contains_key(&name) && others.count() >= MAX_REQUESTERS {
            return Err(OssError::new(ErrorCode::InvalidArgument)
                .with_message("The number of requesters must not exceed 100."));
        }
        configs.insert(name.clone(), text.clone());
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// `GET /?requesterQosInfo&qosRequester=ID`.
pub(super) fn get_requester(call: &Call, granted: &Authorized) -> Answer {
    let requester = requester(call)?;
    let stored = granted.bucket()?.configs.get(&key(requester));
    let text = stored.ok_or(ErrorCode::NoSuchQosInfo)?;
    Ok(xml(read(requester, text)?.to_xml()))
}

/// `GET /?requesterQosInfo`.
pub(super) fn list_requesters(call: &Call, granted: &Authorized) -> Answer {
    let max = call.query.page_size("max-keys", 100)?;
    let token = call.query.get("continuation-token").unwrap_or_default();
    let bucket = granted.bucket()?;
    let mut rest = bucket
        .configs
        .range(REQUESTER_QOS.to_owned()..)
        .map_while(|(name, text)| Some((name.strip_prefix(REQUESTER_QOS)?, text)))
        .filter(|(requester, _)| *requester > token);
    let requesters: Vec<_> = rest
        .by_ref()
        .take(max)
        .map(|(requester, text)| read(requester, text))
        .collect::<Result<_, _>>()?;
    let is_truncated = rest.next().is_some();
    let document = ListBucketRequesterQosInfosResult {
        bucket: bucket.name.clone(),
        continuation_token: token.to_owned(),
        next_continuation_token: requesters
            .last()
            .filter(|_| is_truncated)
            .map(|last| last.requester.clone())
            .unwrap_or_default(),
        is_truncated,
        requesters,
    };
    Ok(xml(document.to_xml()))
}

/// `DELETE /?requesterQosInfo&qosRequester=ID`.
pub(super) async fn delete_requester(call: &Call, granted: &Authorized) -> Answer {
    remove(call, granted, &key(requester(call)?)).await
}

async fn limits(call: &Call, body: &mut RequestBody) -> Result<QoSConfiguration, OssError> {
    let document = received(call, body).await?;
    let limits = QoSConfiguration::from_xml(&document)?;
    limits.check(&QoSConfiguration::default())?;
    Ok(limits)
}

/// `qosRequester`: an account id.
fn requester(call: &Call) -> Result<&str, OssError> {
    let id = call.query.get("qosRequester").unwrap_or_default();
    if id.is_empty() || id.len() > 32 || !id.bytes().all(|b| b.is_ascii_digit()) {
        let message = "The qosRequester must be an account id.";
        return Err(OssError::invalid_argument("qosRequester", id, message));
    }
    Ok(id)
}

fn key(requester: &str) -> String {
    format!("{REQUESTER_QOS}{requester}")
}

fn read(requester: &str, text: &[u8]) -> Result<BucketRequesterQos, OssError> {
    Ok(BucketRequesterQos {
        requester: requester.to_owned(),
        limits: QoSConfiguration::from_xml(text).map_err(Call::internal)?,
    })
}
