//! The gate: who asks, and may they. [`authorize`] is the only way to a handler, as nothing else makes an
//! [`Authorized`]; no handler decides on its own.

use crate::identity::Known;
use crate::key_ring::KeyRing;
use crate::request::Call;
use fosse_oss::name::{BucketName, ObjectKey};
use fosse_oss::op::{self, Operation};
use fosse_oss::sign::{self, Carrier, FormVerified, RequestParts, Verified, VerifyContext};
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::{self as policy, Access, BucketFacts, Facts, ObjectAcl};
use fosse_store::{Acl, Bucket, Object, StoreError, VersionId};
use http::header::HOST;
use smallvec::SmallVec;
use std::sync::Arc;

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Anonymous,
    Signed(Signed),
}

/// A proven signer.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    /// Whom the key stands for, as it was when the signature was checked.
    pub(crate) known: Arc<Known>,
    /// Header or URL: the hotlink check looks at URLs only.
    pub(crate) carrier: Carrier,
}

impl Caller {
    /// The account of the caller.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Signed(signed) => Some(signed.known.principal.account()),
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
    let keys = KeyRing::new(service);
    let client = sign::Client {
        address: Some(call.client.peer),
        forwarded: &call.client.forwarded,
        vpc: call.client.vpc.as_deref(),
    };
    match sign::verify_from(&parts, &context, &client, &keys) {
        Ok(Verified::Anonymous) => Ok(Caller::Anonymous),
        Ok(Verified::Signed(identity)) => keys.signer(identity, call.now_ms).map(Caller::Signed),
        Err(refusal) => Err(refusal.to_error()),
    }
}

/// Proves who signed the fields of a PostObject form (signing.md §7). Gives the caller, and the text of the policy if
/// the form has one; without any field that authenticates the caller is [`Caller::Anonymous`].
pub(crate) fn authenticate_form(
    call: &Call,
    fields: &[(&str, &[u8])],
) -> Result<(Caller, Option<String>), OssError> {
    let service = &*call.service;
    let context = VerifyContext {
        now: call.now(),
        regions: &service.regions,
        product: "oss",
    };
    let keys = KeyRing::new(service);
    match sign::verify_form(fields, &context, &keys) {
        Ok(FormVerified::Anonymous) => Ok((Caller::Anonymous, None)),
        Ok(FormVerified::Signed { identity, policy }) => {
            let signed = keys.signer(identity, call.now_ms)?;
            Ok((Caller::Signed(signed), Some(policy.to_owned())))
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
        refusal(&Facts::new(
            asker(&call.caller),
            operation.action(false),
            access(operation),
        ))?;
        return Ok(granted);
    };
    let name = BucketName::parse(name)?;
    if operation == Operation::PutBucket {
        let facts = Facts::new(
            asker(&call.caller),
            operation.action(false),
            access(operation),
        );
        refusal(&facts.new_bucket(name.as_str()))?;
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
    let text = match &key {
        Some(Ok(key)) => Some(key.as_str()),
        Some(Err(_)) => Some(""),
        None => None,
    };
    // Only an ACL can let somebody in who does not own the bucket, so only then the object is looked at.
    if !owns(&call.caller, &bucket)
        && let (Some(Ok(key)), Ok(version)) = (&key, &version)
    {
        let found = call
            .service
            .store
            .object(&bucket, key.as_str(), *version)
            .await;
        granted.object = seen(found)?;
    }
    decide(
        &call.caller,
        operation,
        version_named(call),
        &bucket,
        text,
        granted.object.as_deref(),
    )?;
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
    let (named, object) = (version.is_some(), found.as_deref().ok());
    decide(
        &call.caller,
        Operation::GetObject,
        named,
        &bucket,
        Some(key.as_str()),
        object,
    )?;
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
    let object = if owns(&call.caller, bucket) {
        None
    } else {
        match seen(call.service.store.object(bucket, key, version).await) {
            Ok(object) => object,
            Err(_) => return false,
        }
    };
    let (operation, named) = (Operation::DeleteObject, version.is_some());
    decide(
        &call.caller,
        operation,
        named,
        bucket,
        Some(key),
        object.as_deref(),
    )
    .is_ok()
}

/// An object as decisions see it: `None` where there is none. A store that cannot tell is a fault and never an absent
/// object, because the bucket's ACL would then open what the object's own ACL may have closed.
fn seen(found: fosse_store::Result<Arc<Object>>) -> Result<Option<Arc<Object>>, OssError> {
    match found {
        Ok(object) => Ok(Some(object)),
        Err(StoreError::NoSuchKey | StoreError::NoSuchVersion | StoreError::DeleteMarker(_)) => {
            Ok(None)
        }
        Err(error) => Err(Call::internal(error)),
    }
}

/// A key that does not exist is told only where the bucket does: the suites of the SDKs ask with an invented key whether a
/// bucket exists and expect `NoSuchBucket`, which an anonymous request sees as well.
pub(crate) async fn rather_no_such_bucket(call: &Call, refusal: OssError) -> OssError {
    if refusal.code() != ErrorCode::InvalidAccessKeyId
        || call.operation == Some(Operation::PutBucket)
    {
        return refusal;
    }
    let Some(Ok(name)) = call.target.bucket.as_deref().map(BucketName::parse) else {
        return refusal;
    };
    match existing_bucket(call, name.as_str()).await {
        Err(missing) if missing.code() == ErrorCode::NoSuchBucket => missing,
        _ => refusal,
    }
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

/// One decision about a bucket, or about one object of it (`key`).
fn decide(
    caller: &Caller,
    operation: Operation,
    versioned: bool,
    bucket: &Bucket,
    key: Option<&str>,
    object: Option<&Object>,
) -> Result<(), OssError> {
    let acl = acl_of(bucket.acl).unwrap_or_default();
    let place = BucketFacts::new(&bucket.name, &bucket.owner, acl);
    let facts = Facts::new(
        asker(caller),
        operation.action(versioned),
        access(operation),
    );
    refusal(&match key {
        None => facts.in_bucket(place),
        Some(key) => {
            let own = object.and_then(|object| acl_of(object.attrs.acl));
            facts.on_object(place, key, own.map_or(ObjectAcl::Default, ObjectAcl::Own))
        }
    })
}

/// The decision as an answer.
fn refusal(facts: &Facts<'_>) -> Result<(), OssError> {
    match policy::decide(facts).denial() {
        None => Ok(()),
        Some(denial) => {
            let error = OssError::new(ErrorCode::AccessDenied).with_message(denial.message);
            Err(match denial.ec {
                Some(ec) => error.with_ec(ec),
                None => error.without_ec(),
            })
        }
    }
}

/// The caller in the words of the policy crate.
fn asker(caller: &Caller) -> policy::Caller<'_> {
    match caller {
        Caller::Anonymous => policy::Caller::Anonymous,
        Caller::Signed(signed) => signed.known.principal.caller(),
    }
}

/// Whether the bucket is the caller's own, so that no ACL needs to be looked at.
fn owns(caller: &Caller, bucket: &Bucket) -> bool {
    asker(caller).is_root_of(&bucket.owner)
}

fn version_named(call: &Call) -> bool {
    call.query.has("versionId")
}

fn access(operation: Operation) -> Access {
    match operation.access() {
        op::Access::Read => Access::Read,
        op::Access::Write => Access::Write,
        op::Access::ReadAcl => Access::ReadAcl,
        op::Access::WriteAcl => Access::WriteAcl,
        op::Access::Other => Access::Other,
        op::Access::List => Access::List,
        op::Access::Manage => Access::Manage,
        op::Access::Preflight => Access::Preflight,
    }
}

/// `None`: `default`.
fn acl_of(acl: Acl) -> Option<policy::Acl> {
    match acl {
        Acl::Default => None,
        Acl::Private => Some(policy::Acl::Private),
        Acl::PublicRead => Some(policy::Acl::PublicRead),
        Acl::PublicReadWrite => Some(policy::Acl::PublicReadWrite),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A failing store used to count as an absent object, so that a private object in a public bucket was judged by the
    /// bucket's ACL.
    #[test]
    fn a_failing_store_is_no_absent_object() {
        for absent in [
            StoreError::NoSuchKey,
            StoreError::NoSuchVersion,
            StoreError::DeleteMarker(VersionId::Null),
        ] {
            assert!(seen(Err(absent)).unwrap().is_none());
        }
        for fault in [
            StoreError::Poisoned("sync".into()),
            StoreError::Io(std::io::Error::other("disk")),
            StoreError::Corrupt("record".into()),
        ] {
            assert_eq!(seen(Err(fault)).unwrap_err().status(), 500);
        }
    }
}
