//! What the owner's configuration refuses whoever asks: links from other sites, requesters who do not pay, and new
//! public grants where public access is blocked. None of it grants anything.

use super::caller::Caller;
use super::place::{Place, account_blocks_public};
use super::refusal::denied;
use crate::request::Call;
use fosse_oss::header::{BucketAcl, ObjectAcl};
use fosse_oss::op::{Access, Operation, Scope};
use fosse_oss::sign::Carrier;
use fosse_oss::xml::Payer;
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::{self as policy, Policy};
use http::header::REFERER;

/// Hotlink protection (hotlink.md §1) and requester pays (access-control.md §7). Asked before anybody's permissions.
pub(super) fn check(call: &Call, operation: Operation, place: &Place) -> Result<(), OssError> {
    if place.bucket.configs.is_empty() {
        return Ok(());
    }
    check_referer(call, operation, place)?;
    check_requester(call, place)
}

fn check_referer(call: &Call, operation: Operation, place: &Place) -> Result<(), OssError> {
    let by_url = match &call.caller {
        Caller::Anonymous => true,
        Caller::Signed(signed) => signed.carrier == Carrier::Url,
    };
    // A form is an upload of an object, though it is sent to the bucket.
    let object = operation.scope() == Scope::Object || operation == Operation::PostObject;
    if !by_url || !object {
        return Ok(());
    }
    let Some(rules) = place.configs.referer_rules()? else {
        return Ok(());
    };
    rules
        .check(call.known_header(REFERER).as_deref())
        .map_err(|fault| denied(&fault.denial()))
}

fn check_requester(call: &Call, place: &Place) -> Result<(), OssError> {
    if place.configs.payer()? != Payer::Requester {
        return Ok(());
    }
    let says = |value: &str| value.eq_ignore_ascii_case("requester");
    let agreed = call
        .header("x-oss-request-payer")
        .is_some_and(|value| says(value.trim()))
        || call.query.get("x-oss-request-payer").is_some_and(says);
    let owner = &place.bucket.owner;
    match policy::refused_requester(&call.caller.asker(), owner, agreed) {
        Some(denial) => Err(denied(&denial)),
        None => Ok(()),
    }
}

/// Refuses a public ACL in the headers where public access is blocked (access-control.md §2.5). `place`: `None` for a
/// bucket that is about to be made. A word that is no ACL is the handler's to refuse.
pub(super) fn check_new_acl(
    call: &Call,
    operation: Operation,
    place: Option<&Place>,
) -> Result<(), OssError> {
    let denial = match operation {
        Operation::PutBucket | Operation::PutBucketAcl => call
            .header("x-oss-acl")
            .and_then(|word| BucketAcl::parse(&word).ok())
            .and_then(|acl| {
                policy::refused_bucket_acl(match acl {
                    BucketAcl::Private => policy::Acl::Private,
                    BucketAcl::PublicRead => policy::Acl::PublicRead,
                    BucketAcl::PublicReadWrite => policy::Acl::PublicReadWrite,
                })
            }),
        _ if matches!(operation.access(), Access::Write | Access::WriteAcl) => call
            .header("x-oss-object-acl")
            .and_then(|word| ObjectAcl::parse(&word).ok())
            .and_then(|acl| {
                policy::refused_object_acl(match acl {
                    ObjectAcl::Default | ObjectAcl::Private => policy::Acl::Private,
                    ObjectAcl::PublicRead => policy::Acl::PublicRead,
                    ObjectAcl::PublicReadWrite => policy::Acl::PublicReadWrite,
                })
            }),
        _ => None,
    };
    let Some(denial) = denial else {
        return Ok(());
    };
    let blocked = match place {
        Some(place) => place.blocks_public(call)?,
        None => {
            call.service.config.new_bucket_block_public_access
                || account_blocks_public(call, call.caller.account().unwrap_or_default())
        }
    };
    if blocked {
        return Err(denied(&denial));
    }
    Ok(())
}

/// Refuses a public policy where public access is blocked, and one that the public service would not take where the
/// operator wants that. For the handler of PutBucketPolicy, which has read it.
pub(crate) fn check_new_policy(
    call: &Call,
    granted: &super::Authorized,
    policy: &Policy,
) -> Result<(), OssError> {
    if call.service.config.strict_source_ip_policy && policy.has_source_ip_without_vpc() {
        return Err(OssError::new(ErrorCode::InvalidArgument)
            .with_message("A condition on acs:SourceIp needs one on acs:SourceVpc besides.")
            .with_ec("0030-00000008"));
    }
    let Some(denial) = policy::refused_policy(policy) else {
        return Ok(());
    };
    if Place::of(call, granted.bucket()?.clone()).blocks_public(call)? {
        return Err(denied(&denial));
    }
    Ok(())
}
