//! Access monitoring (api-buckets.md §6.8).

use super::{change, received, stored_or};
use crate::bucket_config::name::{ACCESS_MONITOR, LIFECYCLE};
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::{Answer, empty};
use crate::upload::RequestBody;
use fosse_oss::ErrorCode;
use fosse_oss::xml::{AccessMonitorConfiguration, LifecycleConfiguration};
use http::StatusCode;

/// `PUT /?accessmonitor`. It cannot be turned off while a lifecycle rule counts from the last access.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let document = received(call, body).await?;
    let monitor = AccessMonitorConfiguration::from_xml(&document)?;
    change(call, granted, move |configs| {
        if !monitor.enabled
            && let Some(lifecycle) = configs.get(LIFECYCLE)
            && LifecycleConfiguration::from_xml(lifecycle)
                .map_err(Call::internal)?
                .uses_access_time()
        {
            return Err(ErrorCode::AccessMonitorDisableNotAllowed.into());
        }
        configs.insert(ACCESS_MONITOR.to_owned(), monitor.to_xml().into_bytes());
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// `GET /?accessmonitor`.
pub(super) fn get(granted: &Authorized) -> Answer {
    stored_or(granted, ACCESS_MONITOR, || {
        AccessMonitorConfiguration::default().to_xml()
    })
}
