//! ACLs of buckets and objects (api-buckets.md §5.1, api-objects.md §11).

use crate::gate::{self, Authorized};
use crate::handle::fault;
use crate::handle::object_headers::{self, acl_word};
use crate::request::Call;
use crate::respond::{Answer, empty, set, xml};
use fosse_oss::OssError;
use fosse_oss::header::BucketAcl;
use fosse_oss::xml::{AccessControlPolicy, Owner};
use fosse_store::Acl;
use http::StatusCode;
use http::header::LOCATION;

/// `x-oss-acl`. Errors: 400 `InvalidArgument`.
pub(crate) fn bucket_acl(call: &Call) -> Result<Option<Acl>, OssError> {
    let Some(value) = call.header("x-oss-acl") else {
        return Ok(None);
    };
    Ok(Some(match BucketAcl::parse(&value)? {
        BucketAcl::Private => Acl::Private,
        BucketAcl::PublicRead => Acl::PublicRead,
        BucketAcl::PublicReadWrite => Acl::PublicReadWrite,
    }))
}

/// `GET /?acl`.
pub(crate) fn get_bucket_acl(granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    Ok(xml(document(&bucket.owner, bucket.acl)))
}

/// `PUT /?acl`. Without the header nothing changes. `Location` names the bucket, as for PutBucket: ali-oss reads it. The gate
/// makes a PutBucket of it where there is no such bucket.
pub(crate) async fn put_bucket_acl(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    if let Some(acl) = bucket_acl(call)? {
        call.service
            .store
            .update_bucket(&bucket.name, move |bucket| bucket.acl = acl)
            .await
            .map_err(fault::of)?;
    }
    let mut response = empty(StatusCode::OK);
    let location = format!("/{}", bucket.name);
    set(response.headers_mut(), LOCATION, &location);
    Ok(response)
}

/// `GET /KEY?acl`.
pub(crate) async fn get_object_acl(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let object = granted.object(call).await?;
    let mut response = xml(document(&bucket.owner, object.attrs.acl));
    object_headers::name_version(response.headers_mut(), &object, bucket);
    Ok(response)
}

/// `PUT /KEY?acl`. Without the header the ACL becomes `default`.
pub(crate) async fn put_object_acl(call: &Call, granted: &Authorized) -> Answer {
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let acl = object_headers::object_acl(call)?.unwrap_or(Acl::Default);
    let version = granted.version();
    let object = call
        .service
        .store
        .set_object_acl(bucket, key, version, acl)
        .await
        .map_err(|error| gate::missing(call, error, key, version))?;
    let mut response = empty(StatusCode::OK);
    object_headers::name_version(response.headers_mut(), &object, bucket);
    Ok(response)
}

fn document(owner: &str, acl: Acl) -> String {
    AccessControlPolicy {
        owner: Owner::of(owner),
        grant: acl_word(acl).into(),
    }
    .to_xml()
}
