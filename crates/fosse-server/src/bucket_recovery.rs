//! The bucket that a request means but does not name. The Java SDK (v1) takes every host name outside the service's own domains
//! for a custom domain: it signs `/BUCKET/KEY` and sends `/KEY`. Under a host name that leads to no bucket, a signature that fits
//! nothing else is therefore tried with each bucket of the signer's account: whichever it fits was meant.
//!
//! The signature proves the bucket as it proves the key, so nothing is opened that the signer did not name. Only a request that
//! would be refused otherwise gets here; each attempt is one verification, and there is a limit to them.

use crate::gate::{self, Caller};
use crate::key_ring::KeyRing;
use crate::request::Call;
use fosse_oss::encode::decode_path;
use fosse_oss::op::{Style, Target};
use fosse_oss::sign::Keys as _;
use fosse_oss::{ErrorCode, OssError};
use std::borrow::Cow;

/// Most buckets that are tried.
const MAX_ATTEMPTS: usize = 256;

/// The account that a key, or the session of a token, belongs to.
pub(crate) fn account_of(call: &Call, access_key_id: &str) -> Option<String> {
    let names = ["x-oss-security-token", "security-token"];
    let token = names.iter().find_map(|name| {
        let header = call.header(name).map(Cow::into_owned);
        header.or_else(|| call.query.get(name).map(str::to_owned))
    });
    let keys = KeyRing::new(&call.service);
    keys.lookup(access_key_id, token.as_deref());
    let holder = keys.holder(access_key_id)?;
    Some(holder.principal.account().to_owned())
}

/// Finds the bucket and leaves it in `call.target`; gives `refusal` back when there is none.
pub(crate) async fn recover(call: &mut Call, refusal: OssError) -> Result<Caller, OssError> {
    if refusal.code() != ErrorCode::SignatureDoesNotMatch || !call.foreign_host {
        return Err(refusal);
    }
    let extra = refusal.extra();
    let signer = extra.iter().find(|(name, _)| *name == "OSSAccessKeyId");
    let account = signer.and_then(|(_, id)| account_of(call, id));
    let path = call.path();
    let key = decode_path(path.strip_prefix('/').unwrap_or(path)).map(|key| key.into_owned());
    let (Some(account), Ok(key)) = (account, key) else {
        return Err(refusal);
    };
    let store = &call.service.store;
    let Ok((buckets, _)) = store.list_buckets(&account, "", "", MAX_ATTEMPTS).await else {
        return Err(refusal);
    };
    let as_addressed = call.target.clone();
    call.target = Target {
        bucket: None,
        key,
        style: Style::Path,
    };
    for bucket in buckets {
        call.target.bucket = Some(bucket.name.clone());
        if let Ok(caller) = gate::authenticate(call) {
            return Ok(caller);
        }
    }
    call.target = as_addressed;
    Err(refusal)
}
