//! PutSymlink and GetSymlink (api-objects.md §11), and reading through a symlink (§2).

use crate::gate::{self, Authorized};
use crate::handle::{fault, object_headers, put};
use crate::request::Call;
use crate::respond::{Answer, empty, set};
use fosse_oss::encode::{decode_path, encode_path};
use fosse_oss::name::ObjectKey;
use fosse_oss::{ErrorCode, OssError, etag};
use fosse_store::{Bucket, Object, ObjectAttrs, ObjectKind};
use http::StatusCode;
use http::header::{ETAG, HeaderName};
use std::sync::Arc;

const TARGET: HeaderName = HeaderName::from_static("x-oss-symlink-target");

/// `PUT /KEY?symlink`. The target need not exist.
pub(crate) async fn put_symlink(call: &Call, granted: &Authorized) -> Answer {
    put::refuse_conditions(call)?;
    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let target = target_of(call)?;
    let attrs = ObjectAttrs {
        // A link has no bytes to encrypt.
        encryption: None,
        ..object_headers::attributes(call, bucket)?
    };
    let condition = put::overwrite_condition(call, bucket, key).await?;
    let written = call
        .service
        .store
        .put_symlink(bucket, key, target.as_str(), attrs, condition, call.now_ms)
        .await
        .map_err(fault::of)?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&written.object.etag));
    object_headers::name_version(headers, &written.object, bucket);
    Ok(response)
}

/// `x-oss-symlink-target`: a URL-encoded key of the same bucket.
fn target_of(call: &Call) -> Result<ObjectKey, OssError> {
    let header = call.known_header(TARGET).unwrap_or_default();
    let refuse = |message: &'static str| {
        OssError::invalid_argument(TARGET.as_str(), header.as_ref(), message)
    };
    if header.is_empty() {
        return Err(refuse("The symlink target must be specified."));
    }
    let invalid = || refuse("The symlink target is not a valid URL-encoded object name.");
    let bytes = decode_path(&header).map_err(|_| invalid())?;
    ObjectKey::parse(&bytes).map_err(|_| invalid())
}

/// `GET /KEY?symlink[&versionId=]`: the link itself.
pub(crate) async fn get_symlink(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let object = granted.object(call).await?;
    let Some(target) = &object.attrs.symlink_target else {
        return Err(ErrorCode::NotSymlink.into());
    };
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    object_headers::user_metadata_of(headers, &object);
    object_headers::identify(headers, &object, bucket);
    let mut encoded = String::with_capacity(target.len());
    encode_path(target.as_bytes(), &mut encoded);
    set(headers, TARGET, &encoded);
    Ok(response)
}

/// What a read serves.
pub(crate) struct Served {
    /// What the answer says.
    pub(crate) object: Arc<Object>,
    /// The object that holds the bytes: the target of a symlink. Whether it may be read now is its own matter.
    pub(crate) bytes: Arc<Object>,
}

/// What a read of `object` serves: of a symlink the bytes, size, ETag and digests of its target, the later of both times,
/// and everything else from the link. Costs nothing for what is no symlink.
///
/// Errors: 403 without the right to read the target; 404 `SymlinkTargetNotExist`; 400 `InvalidTargetType` for a link to a
/// link.
pub(crate) async fn follow(
    call: &Call,
    bucket: &Bucket,
    object: Arc<Object>,
) -> Result<Served, OssError> {
    if object.kind != ObjectKind::Symlink {
        return Ok(Served {
            bytes: object.clone(),
            object,
        });
    }
    Box::pin(through(call, bucket, object)).await
}

async fn through(call: &Call, bucket: &Bucket, link: Arc<Object>) -> Result<Served, OssError> {
    let name = link.attrs.symlink_target.as_deref().unwrap_or_default();
    let key = ObjectKey::parse(name.as_bytes())?;
    let found = gate::authorize_read(call, &bucket.name, &key, None).await;
    let (_, target) = found.map_err(|error| match error.code() {
        ErrorCode::NoSuchKey => OssError::new(ErrorCode::SymlinkTargetNotExist).with("Key", name),
        _ => error,
    })?;
    if target.kind == ObjectKind::Symlink {
        return Err(ErrorCode::InvalidTargetType.into());
    }
    let attrs = ObjectAttrs {
        // How the bytes are to be read is the target's to say.
        encryption: target.attrs.encryption.clone(),
        ..link.attrs.clone()
    };
    let mut served = Object::clone(&target);
    served.kind = ObjectKind::Symlink;
    served.version = link.version;
    served.modified_ms = link.modified_ms.max(target.modified_ms);
    served.attrs = attrs;
    if target.kind != ObjectKind::Normal {
        served.md5 = None;
    }
    Ok(Served {
        object: Arc::new(served),
        bytes: target,
    })
}
