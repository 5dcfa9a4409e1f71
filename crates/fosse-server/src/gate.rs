//! The gate: who asks, and may they. [`authorize`] is the only way to a handler, as nothing else makes an
//! [`Authorized`]; no handler decides on its own.

use crate::key_ring::KeyRing;
use crate::request::Call;
use fosse_oss::name::{BucketName, ObjectKey};
use fosse_oss::op::{Access, Operation};
use fosse_oss::sign::{self, Carrier, RequestParts, Verified, VerifyContext};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::{Acl, Bucket, Object, StoreError, VersionId};
use http::header::HOST;
use smallvec::SmallVec;
use std::sync::Arc;

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    Anonymous,
    Signed(Signed),
}

/// A proven signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    /// Account that the key belongs to.
    pub(crate) owner: String,
    /// Header or URL: the hotlink check looks at URLs only.
    pub(crate) carrier: Carrier,
}

impl Caller {
    /// The account of the caller.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Signed(signed) => Some(&signed.owner),
        }
    }
}

/// Proves who sent the request (signing.md §10, steps 1–5). No signature at all is [`Caller::Anonymous`]; a bad one
/// never is.
pub(crate) fn authenticate(call: &Call) -> Result<Caller, OssError> {
    let service = &*call.service;
    let mut headers: SmallVec<[(&str, &[u8]); 24]> = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    if !call.headers.contains_key(HOST) {
        // HTTP/2 carries the host in the target.
        headers.push(("host", call.host().as_bytes()));
    }
    let parts = RequestParts {
        method: call.method.as_str(),
        bucket: call.target.bucket.as_deref(),
        key: &call.target.key,
        query: call.raw_query(),
        headers: &headers,
    };
    let context = VerifyContext {
        now: call.now(),
        regions: &service.regions,
        product: "oss",
    };
    let keys = KeyRing {
        store: &service.store,
        cache: &service.keys,
    };
    match sign::verify(&parts, &context, &keys) {
        Ok(Verified::Anonymous) => Ok(Caller::Anonymous),
        Ok(Verified::Signed(identity)) => {
            let record = service
                .store
                .access_key(&identity.access_key_id)
                .ok_or(ErrorCode::InvalidAccessKeyId)?;
            Ok(Caller::Signed(Signed {
                access_key_id: identity.access_key_id,
                owner: record.owner.clone(),
                carrier: identity.carrier,
            }))
        }
        Err(refusal) => Err(refusal.to_error()),
    }
}

/// What the caller may do, and on what. Made by [`authorize`] only.
#[derive(Debug)]
pub(crate) struct Authorized {
    bucket: Option<Arc<Bucket>>,
    name: Option<BucketName>,
    key: Option<ObjectKey>,
    version: Option<VersionId>,
    object: Option<Arc<Object>>,
}

impl Authorized {
    /// The bucket. It exists (but may be deleted at any moment; the store then says so).
    pub(crate) fn bucket(&self) -> Result<&Arc<Bucket>, OssError> {
        self.bucket
            .as_ref()
            .ok_or_else(|| Call::internal("an operation without bucket"))
    }

    /// The bucket name, also where no bucket exists yet.
    pub(crate) fn name(&self) -> Result<&BucketName, OssError> {
        self.name
            .as_ref()
            .ok_or_else(|| Call::internal("an operation without bucket name"))
    }

    /// The object key.
    pub(crate) fn key(&self) -> Result<&ObjectKey, OssError> {
        self.key
            .as_ref()
            .ok_or_else(|| Call::internal("an operation without key"))
    }

    /// The version that the request names.
    pub(crate) fn version(&self) -> Option<VersionId> {
        self.version
    }

    /// The object, from the gate's own look or from the store.
    pub(crate) async fn object(&self, call: &Call) -> Result<Arc<Object>, OssError> {
        if let Some(object) = &self.object {
            return Ok(object.clone());
        }
        let (bucket, key) = (self.bucket()?, self.key()?);
        match call
            .service
            .store
            .object(bucket, key.as_str(), self.version)
            .await
        {
            Ok(object) => Ok(object),
            Err(error) => Err(missing(call, error, key.as_str(), self.version)),
        }
    }
}

/// The decision for one operation (access-control.md §2.1, from "bucket exists" on).
pub(crate) async fn authorize(call: &Call, operation: Operation) -> Result<Authorized, OssError> {
    let mut granted = Authorized {
        bucket: None,
        name: None,
        key: None,
        version: None,
        object: None,
    };
    let Some(name) = &call.target.bucket else {
        return match call.caller {
            Caller::Signed(_) => Ok(granted),
            Caller::Anonymous => Err(denied("Anonymous access is forbidden for this operation.")),
        };
    };
    let name = BucketName::parse(name)?;
    if operation == Operation::PutBucket {
        if call.caller == Caller::Anonymous {
            return Err(denied("Anonymous access is forbidden for this operation."));
        }
        granted.name = Some(name);
        return Ok(granted);
    }
    let bucket = existing_bucket(call, name.as_str()).await?;
    granted.name = Some(name);
    // Faults of key and version are told only to those who may ask at all.
    let key = if call.target.key.is_empty() {
        None
    } else {
        Some(ObjectKey::parse(&call.target.key))
    };
    let version = if key.is_some() {
        version_of(call)
    } else {
        Ok(None)
    };
    let owner = call.caller.account() == Some(bucket.owner.as_str());
    if !owner {
        let object = match (&key, &version) {
            (Some(Ok(key)), Ok(version)) => call
                .service
                .store
                .object(&bucket, key.as_str(), *version)
                .await
                .ok(),
            _ => None,
        };
        decide(&call.caller, operation, &bucket, object.as_deref())?;
        granted.object = object;
    }
    granted.bucket = Some(bucket);
    granted.key = key.transpose()?;
    granted.version = version?;
    Ok(granted)
}

/// Whether the caller may read `key` of another bucket: the source of a copy. Gives the source's bucket and object.
pub(crate) async fn authorize_source(
    call: &Call,
    bucket: &str,
    key: &ObjectKey,
    version: Option<VersionId>,
) -> Result<(Arc<Bucket>, Arc<Object>), OssError> {
    let bucket = existing_bucket(call, bucket).await?;
    let found = call
        .service
        .store
        .object(&bucket, key.as_str(), version)
        .await;
    if call.caller.account() != Some(bucket.owner.as_str()) {
        decide(
            &call.caller,
            Operation::GetObject,
            &bucket,
            found.as_deref().ok(),
        )?;
    }
    match found {
        Ok(object) => Ok((bucket, object)),
        // A marker as the source is an absent object, named or current (api-objects.md §5).
        Err(StoreError::DeleteMarker(_)) => Err(no_such_key(key.as_str())),
        Err(error) => Err(missing(call, error, key.as_str(), version)),
    }
}

/// Whether the caller may delete `key`: one of the keys of DeleteMultipleObjects.
pub(crate) async fn may_delete(
    call: &Call,
    bucket: &Bucket,
    key: &str,
    version: Option<VersionId>,
) -> bool {
    if call.caller.account() == Some(bucket.owner.as_str()) {
        return true;
    }
    let object = call.service.store.object(bucket, key, version).await.ok();
    decide(
        &call.caller,
        Operation::DeleteObject,
        bucket,
        object.as_deref(),
    )
    .is_ok()
}

async fn existing_bucket(call: &Call, name: &str) -> Result<Arc<Bucket>, OssError> {
    match call.service.store.bucket(name).await {
        Ok(bucket) => Ok(bucket),
        Err(StoreError::NoSuchBucket) => Err(no_such_bucket(name)),
        Err(error) => Err(Call::internal(error)),
    }
}

/// `versionId` of the query.
fn version_of(call: &Call) -> Result<Option<VersionId>, OssError> {
    call.query.version_id()?.map(parse_version).transpose()
}

/// A version id as a client wrote it. Errors: 400 `InvalidArgument`.
pub(crate) fn parse_version(text: &str) -> Result<VersionId, OssError> {
    VersionId::parse(text).ok_or_else(|| {
        OssError::invalid_argument("versionId", text, "Invalid version id specified.")
    })
}

/// What ACLs say to somebody who does not own the bucket (access-control.md §5).
fn decide(
    caller: &Caller,
    operation: Operation,
    bucket: &Bucket,
    object: Option<&Object>,
) -> Result<(), OssError> {
    let object_acl = object.map_or(Acl::Default, |object| object.attrs.acl);
    let acl = if object_acl == Acl::Default {
        bucket.acl
    } else {
        object_acl
    };
    let allowed = match operation.access() {
        Access::Read => matches!(acl, Acl::PublicRead | Acl::PublicReadWrite),
        Access::Write => acl == Acl::PublicReadWrite,
        // Each key is judged by itself, in may_delete.
        _ => operation == Operation::DeleteMultipleObjects && bucket.acl == Acl::PublicReadWrite,
    };
    if allowed {
        return Ok(());
    }
    let anonymous = *caller == Caller::Anonymous;
    Err(match operation.access() {
        Access::Read | Access::Write if object_acl == Acl::Default => {
            denied("You have no right to access this object because of bucket acl.")
        }
        Access::Read | Access::Write => denied("You have no right to access this object."),
        Access::ReadAcl => {
            denied("You do not have read acl permission on this object.").with_ec("0003-00000007")
        }
        Access::WriteAcl => {
            denied("You do not have write acl permission on this object.").with_ec("0003-00000008")
        }
        Access::List if anonymous => denied("Anonymous user has no right to access this bucket."),
        _ if anonymous => denied("Anonymous access is forbidden for this operation."),
        _ => denied("The bucket you access does not belong to you."),
    })
}

fn denied(message: &'static str) -> OssError {
    OssError::new(ErrorCode::AccessDenied)
        .with_message(message)
        .with_ec("0003-00000001")
}

/// 404 with the bucket's name.
pub(crate) fn no_such_bucket(name: &str) -> OssError {
    OssError::new(ErrorCode::NoSuchBucket).with("BucketName", name)
}

/// 404 with the key.
pub(crate) fn no_such_key(key: &str) -> OssError {
    OssError::new(ErrorCode::NoSuchKey).with("Key", key)
}

/// A failed look-up of an object as the client is told (api-objects.md §0.10).
pub(crate) fn missing(
    call: &Call,
    error: StoreError,
    key: &str,
    version: Option<VersionId>,
) -> OssError {
    match (error, version) {
        (StoreError::NoSuchKey, _) => no_such_key(key),
        (StoreError::DeleteMarker(marker), None) => no_such_key(key)
            .with_header("x-oss-delete-marker", "true")
            .with_header("x-oss-version-id", marker.to_string()),
        (StoreError::DeleteMarker(marker), Some(_)) => match call.operation {
            Some(Operation::GetObject | Operation::HeadObject | Operation::GetObjectMeta) => {
                OssError::new(ErrorCode::MethodNotAllowed)
                    .with("Method", call.method.as_str())
                    .with("ResourceType", "DeleteMarker")
                    .with_header("allow", "DELETE")
                    .with_header("x-oss-delete-marker", "true")
                    .with_header("x-oss-version-id", marker.to_string())
            }
            _ => no_such_key(key),
        },
        (StoreError::NoSuchVersion, version) => OssError::new(ErrorCode::NoSuchVersion)
            .with("Key", key)
            .with(
                "VersionId",
                version.map(|v| v.to_string()).unwrap_or_default(),
            ),
        (StoreError::NoSuchBucket, _) => ErrorCode::NoSuchBucket.into(),
        (error, _) => Call::internal(error),
    }
}
