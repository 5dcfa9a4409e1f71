//! The gate: who asks, and may they. [`authorize`] is the only way to a handler, as nothing else makes an
//! [`Authorized`]; no handler decides on its own.
//!
//! The order is that of access-control.md §2.1: the signature is proven ([`authenticate`]); the bucket has to exist;
//! then what the owner's configuration refuses whoever asks (`bucket_rules`); then the decision by policies and ACLs (`ask`);
//! and only then may anybody learn whether an object exists (`missing`). [`explain()`] goes the same way and tells.

mod ask;
mod bucket_rules;
mod caller;
#[cfg(test)]
mod cost;
mod explain;
mod facts;
mod missing;
mod place;
mod refusal;

use crate::bucket_config::name::CORS;
use crate::delivery;
use crate::request::Call;
use ask::{Asked, Known, Subject, ask};
use fosse_oss::header::{Directive, parse_tagging_directive};
use fosse_oss::name::{BucketName, ObjectKey};
use fosse_oss::op::{self, Operation};
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::{Reason, Verdict};
use fosse_store::{Bucket, Object, StoreError, VersionId};
use place::Place;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) use bucket_rules::check_new_policy;
pub(crate) use caller::{Caller, Signed, authenticate, authenticate_form};
pub(crate) use explain::explain;
pub(crate) use missing::{missing, no_such_bucket, no_such_key};

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
    const NOTHING: Self = Self {
        bucket: None,
        name: None,
        key: None,
        version: None,
        object: None,
    };

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
    let Some(name) = &call.target.bucket else {
        let asked = Asked::of(operation, false);
        let answered = Box::pin(ask(call, asked, Subject::Service, Known::default())).await?;
        answered.granted(call)?;
        return Ok(Authorized::NOTHING);
    };
    let name = BucketName::parse(name)?;
    if operation == Operation::PutBucket {
        return Box::pin(authorize_new_bucket(call, name)).await;
    }
    let place = Place::find(call, name.as_str()).await?;
    if place.bucket.configs.contains_key(CORS) {
        call.cors_rules.store(true, Ordering::Relaxed);
    }
    delivery::learn(call, &place.configs)?;
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
    // The owner reading from a bucket without configurations: nothing could object.
    let plain = operation.access() == op::Access::Read && place.is_simply_the_callers(call);
    let object = if plain {
        None
    } else {
        Box::pin(decide(call, operation, &place, &key, &version)).await?
    };
    Ok(Authorized {
        bucket: Some(place.bucket),
        name: Some(name),
        key: key.transpose()?,
        version: version?,
        object,
    })
}

/// Everything from the owner's rules on. Gives the object if it had to be looked at.
async fn decide(
    call: &Call,
    operation: Operation,
    place: &Place,
    key: &Option<Result<ObjectKey, OssError>>,
    version: &Result<Option<VersionId>, OssError>,
) -> Result<Option<Arc<Object>>, OssError> {
    bucket_rules::check(call, operation, place)?;
    let subject = match key {
        None => Subject::Bucket(place),
        Some(key) => Subject::Object {
            place,
            key: key.as_ref().map(ObjectKey::as_str).unwrap_or_default(),
            version: version.as_ref().ok().copied().flatten(),
            legal: key.is_ok() && version.is_ok(),
        },
    };
    let asked = Asked::of(operation, version_named(call));
    let object = if decides_later(call, operation, asked, subject)? {
        None
    } else {
        let answered = ask(call, asked, subject, Known::default()).await?;
        answered.granted(call)?
    };
    if asked.action == PUT_OBJECT && writes_tags(call, operation)? {
        authorize_tags_of_write(call, subject, None).await?;
    }
    bucket_rules::check_new_acl(call, operation, Some(place))?;
    Ok(object)
}

/// Whether the decision waits for the body: DeleteMultipleObjects names its keys there ([`authorize_deletes`]), and
/// PutObjectTagging its tags ([`authorize_body_tags`]). Without policies the bucket's ACL answers for all keys at once, so
/// that strangers need not be read to the end.
fn decides_later(
    call: &Call,
    operation: Operation,
    asked: Asked,
    subject: Subject<'_>,
) -> Result<bool, OssError> {
    Ok(match (operation, subject) {
        (Operation::DeleteMultipleObjects, Subject::Bucket(place)) => {
            place.configs.policy()?.is_some() || !call.caller.asker().policies().is_empty()
        }
        (Operation::PutObjectTagging, _) => ask::needs(call, asked, subject)?.request_tags,
        _ => false,
    })
}

/// PutBucket: the bucket will be the caller's account's. Where it is already, the bucket's policy has a say, because the
/// request can change its ACL.
async fn authorize_new_bucket(call: &Call, name: BucketName) -> Result<Authorized, OssError> {
    let operation = Operation::PutBucket;
    let own = match Place::find(call, name.as_str()).await {
        Ok(place) => {
            Some(place).filter(|place| call.caller.account() == Some(place.bucket.owner.as_str()))
        }
        Err(error) if error.code() == ErrorCode::NoSuchBucket => None,
        Err(error) => return Err(error),
    };
    let subject = match &own {
        Some(place) => Subject::Bucket(place),
        None => Subject::NewBucket(name.as_str()),
    };
    let asked = Asked::of(operation, false);
    let answered = ask(call, asked, subject, Known::default()).await?;
    answered.granted(call)?;
    bucket_rules::check_new_acl(call, operation, own.as_ref())?;
    Ok(Authorized {
        name: Some(name),
        ..Authorized::NOTHING
    })
}

const PUT_OBJECT: &str = "oss:PutObject";

/// Whether the request gives the object tags by its headers.
fn writes_tags(call: &Call, operation: Operation) -> Result<bool, OssError> {
    if call
        .headers
        .get("x-oss-tagging")
        .is_none_or(http::HeaderValue::is_empty)
    {
        return Ok(false);
    }
    Ok(match operation {
        Operation::UploadPart | Operation::UploadPartCopy | Operation::CompleteMultipartUpload => {
            false
        }
        Operation::CopyObject => tagging_directive(call)? == Directive::Replace,
        _ => true,
    })
}

/// `x-oss-tagging-directive` of a copy.
fn tagging_directive(call: &Call) -> Result<Directive, OssError> {
    match call.header("x-oss-tagging-directive") {
        Some(word) => parse_tagging_directive(&word),
        None => Ok(Directive::Copy),
    }
}

/// Writing an object with tags needs `oss:PutObjectTagging` besides (access-control.md §6). `copied`: tags that are not
/// in the headers.
async fn authorize_tags_of_write(
    call: &Call,
    subject: Subject<'_>,
    copied: Option<&[(String, String)]>,
) -> Result<(), OssError> {
    let known = Known {
        body_tags: copied,
        ..Known::default()
    };
    let asked = Asked::besides("oss:PutObjectTagging");
    let answered = ask(call, asked, subject, known).await?;
    let missing = answered
        .decision
        .denial()
        .is_some_and(|denial| denial.reason == Reason::OwnerOnly);
    answered.granted(call).map(|_| ()).map_err(|error| {
        if missing {
            error.with_ec("0003-00000905")
        } else {
            error
        }
    })
}

/// Whether the caller may give the object of PutObjectTagging these tags, which only its body tells. To be asked by its
/// handler before anything changes.
pub(crate) async fn authorize_body_tags(
    call: &Call,
    granted: &Authorized,
    tags: &[(String, String)],
) -> Result<(), OssError> {
    let place = Place::of(call, granted.bucket()?.clone());
    if place.is_simply_the_callers(call) {
        return Ok(());
    }
    let subject = Subject::Object {
        place: &place,
        key: granted.key()?.as_str(),
        version: granted.version(),
        legal: true,
    };
    let known = Known {
        body_tags: Some(tags),
        ..Known::default()
    };
    let asked = Asked::of(Operation::PutObjectTagging, version_named(call));
    let answered = Box::pin(ask(call, asked, subject, known)).await?;
    answered.granted(call).map(|_| ())
}

/// Whether the caller may read `key` of another bucket or the same, which something in the request names: the target of
/// a symlink, a source. Gives the bucket and the object.
pub(crate) async fn authorize_read(
    call: &Call,
    bucket: &str,
    key: &ObjectKey,
    version: Option<VersionId>,
) -> Result<(Arc<Bucket>, Arc<Object>), OssError> {
    let place = Place::find(call, bucket).await?;
    let subject = Subject::Object {
        place: &place,
        key: key.as_str(),
        version,
        legal: true,
    };
    let asked = Asked::of(Operation::GetObject, version.is_some());
    let answered = Box::pin(ask(call, asked, subject, Known::default())).await?;
    if let Some(object) = answered.granted(call)? {
        return Ok((place.bucket, object));
    }
    let store = &call.service.store;
    match store.object(&place.bucket, key.as_str(), version).await {
        Ok(object) => Ok((place.bucket, object)),
        // A marker as the source is an absent object, named or current (api-objects.md §5).
        Err(StoreError::DeleteMarker(_)) => Err(no_such_key(key.as_str())),
        Err(error) => Err(missing(call, error, key.as_str(), version)),
    }
}

/// [`authorize_read`] for the source of CopyObject, which takes over its tags unless the request gives others: then the
/// caller needs to be allowed to read them there and to set them here.
pub(crate) async fn authorize_copy(
    call: &Call,
    granted: &Authorized,
    bucket: &str,
    key: &ObjectKey,
    version: Option<VersionId>,
) -> Result<(Arc<Bucket>, Arc<Object>), OssError> {
    let (bucket, object) = authorize_read(call, bucket, key, version).await?;
    if object.attrs.tags.is_empty() || tagging_directive(call)? == Directive::Replace {
        return Ok((bucket, object));
    }
    let source = Place::of(call, bucket.clone());
    let subject = Subject::Object {
        place: &source,
        key: key.as_str(),
        version,
        legal: true,
    };
    let asked = Asked::besides(if version.is_some() {
        "oss:GetObjectVersionTagging"
    } else {
        "oss:GetObjectTagging"
    });
    let known = Known {
        object: Some(object.clone()),
        ..Known::default()
    };
    let answered = Box::pin(ask(call, asked, subject, known)).await?;
    answered.granted(call)?;
    let target = Place::of(call, granted.bucket()?.clone());
    let subject = Subject::Object {
        place: &target,
        key: granted.key()?.as_str(),
        version: None,
        legal: true,
    };
    Box::pin(authorize_tags_of_write(
        call,
        subject,
        Some(&object.attrs.tags),
    ))
    .await?;
    Ok((bucket, object))
}

/// Whether the caller may delete all of these: DeleteMultipleObjects, whose answer knows no error for a single key. To
/// be asked by its handler before anything is deleted.
pub(crate) async fn authorize_deletes(
    call: &Call,
    granted: &Authorized,
    doomed: &[(&str, Option<VersionId>)],
) -> Result<(), OssError> {
    let place = Place::of(call, granted.bucket()?.clone());
    if place.is_simply_the_callers(call) {
        return Ok(());
    }
    for (key, version) in doomed {
        let subject = Subject::Object {
            place: &place,
            key,
            version: *version,
            legal: true,
        };
        let asked = Asked::of(Operation::DeleteObject, version.is_some());
        let answered = Box::pin(ask(call, asked, subject, Known::default())).await?;
        answered.granted(call)?;
    }
    Ok(())
}

/// Whether the caller may do `operation` to `key` of a bucket beside what the request names: to write logs there, to read
/// the index document of a website, to follow a symbolic link. Gives the object if it had to be looked at.
pub(crate) async fn authorize_besides(
    call: &Call,
    operation: Operation,
    bucket: &Arc<Bucket>,
    key: &str,
) -> Result<Option<Arc<Object>>, OssError> {
    let place = Place::of(call, bucket.clone());
    if place.is_simply_the_callers(call) {
        return Ok(None);
    }
    let subject = Subject::Object {
        place: &place,
        key,
        version: None,
        legal: true,
    };
    let asked = Asked::of(operation, false);
    let answered = Box::pin(ask(call, asked, subject, Known::default())).await?;
    answered.granted(call)
}

/// PutBucketAcl makes the bucket where there is none, so it is judged as the PutBucket that it is. The suite of ali-oss
/// counts on it.
pub(crate) async fn creating(call: &mut Call, operation: Operation) -> Operation {
    if operation != Operation::PutBucketAcl || matches!(call.caller, Caller::Anonymous) {
        return operation;
    }
    let Some(Ok(name)) = call.target.bucket.as_deref().map(BucketName::parse) else {
        return operation;
    };
    match Place::find(call, name.as_str()).await {
        Err(missing) if missing.code() == ErrorCode::NoSuchBucket => {
            call.operation = Some(Operation::PutBucket);
            Operation::PutBucket
        }
        _ => operation,
    }
}

/// A key that does not exist is told only where the bucket does: the suites of the SDKs ask with an invented key whether a
/// bucket exists and expect `NoSuchBucket`, which an anonymous request sees as well.
pub(crate) async fn rather_no_such_bucket(call: &Call, refusal: OssError) -> OssError {
    if refusal.code() != ErrorCode::InvalidAccessKeyId
        || matches!(
            call.operation,
            // They would make the bucket.
            Some(Operation::PutBucket | Operation::PutBucketAcl)
        )
    {
        return refusal;
    }
    let Some(Ok(name)) = call.target.bucket.as_deref().map(BucketName::parse) else {
        return refusal;
    };
    match Place::find(call, name.as_str()).await {
        Err(missing) if missing.code() == ErrorCode::NoSuchBucket => missing,
        _ => refusal,
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

fn version_named(call: &Call) -> bool {
    call.query.has("versionId")
}

/// A verdict as explanations word it.
fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::Deny => "denied",
        Verdict::Ignore => "no opinion",
    }
}
