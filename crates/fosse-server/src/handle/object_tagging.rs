//! PutObjectTagging, GetObjectTagging and DeleteObjectTagging (api-objects.md §11).

use crate::gate::{self, Authorized};
use crate::handle::object_headers;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::Tagging;
use http::StatusCode;

/// `PUT /KEY?tagging[&versionId=]`: replaces all tags.
pub(crate) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let limit = call.service.config.limits.max_xml_bytes;
    let document = body.document(&call.headers, limit).await?;
    let tags = Tagging::from_xml(&document)?.tags;
    gate::authorize_body_tags(call, granted, &tags).await?;
    set(call, granted, tags, StatusCode::OK).await
}

/// `GET /KEY?tagging[&versionId=]`.
pub(crate) async fn get(call: &Call, granted: &Authorized) -> Answer {
    let object = granted.object(call).await?;
    let tags = object.attrs.tags.clone();
    let mut response = xml(Tagging { tags }.to_xml());
    object_headers::name_version(response.headers_mut(), &object, granted.bucket()?);
    Ok(response)
}

/// `DELETE /KEY?tagging[&versionId=]`.
pub(crate) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    set(call, granted, Vec::new(), StatusCode::NO_CONTENT).await
}

async fn set(
    call: &Call,
    granted: &Authorized,
    tags: Vec<(String, String)>,
    status: StatusCode,
) -> Answer {
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let version = granted.version();
    let object = call
        .service
        .store
        .set_object_tags(bucket, key, version, tags)
        .await
        .map_err(|error| gate::missing(call, error, key, version))?;
    let mut response = empty(status);
    object_headers::name_version(response.headers_mut(), &object, bucket);
    Ok(response)
}
