//! The bucket that a request means but does not name. The Java SDK (v1) takes every host name outside the service's own domains
//! for a custom domain: it signs `/BUCKET/KEY` and sends `/KEY`. Under a host name that leads to no bucket, a signature that fits
//! nothing else is therefore tried with each bucket of the signer's account: whichever it fits was meant.
//!
//! The signature proves the bucket as it proves the key, so nothing is opened that the signer did not name. Only a request that
//! would be refused otherwise gets here; each attempt is one verification, and there is a limit to them. How many were made in
//! vain, which is how many buckets the account has, nobody learns from the time of the refusal.

use crate::gate::{self, Caller};
use crate::key_ring::KeyRing;
use crate::request::Call;
use fosse_oss::encode::decode_path;
use fosse_oss::op::{Style, Target};
use fosse_oss::sign::Keys as _;
use fosse_oss::{ErrorCode, OssError};
use std::borrow::Cow;
use std::time::Duration;

/// Most buckets that are tried.
const MAX_ATTEMPTS: usize = 256;
/// A refusal is told at a multiple of this after the request came. All attempts take a fraction of it.
const TICK: Duration = Duration::from_millis(100);

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
    match attempt(call, &refusal).await {
        Some(caller) => Ok(caller),
        None => {
            tokio::time::sleep(until_tick(call.started.elapsed())).await;
            Err(refusal)
        }
    }
}

/// From a time after the request came to the next moment at which a refusal may be told.
fn until_tick(elapsed: Duration) -> Duration {
    let into = elapsed.as_nanos() % TICK.as_nanos();
    TICK.saturating_sub(Duration::from_nanos(u64::try_from(into).unwrap_or(0)))
}

/// Tries the buckets of the signer's account.
async fn attempt(call: &mut Call, refusal: &OssError) -> Option<Caller> {
    let extra = refusal.extra();
    let (_, id) = extra.iter().find(|(name, _)| *name == "OSSAccessKeyId")?;
    let account = account_of(call, id)?;
    let path = call.path();
    let key = decode_path(path.strip_prefix('/').unwrap_or(path)).ok()?;
    let target = Target {
        bucket: None,
        key: key.into_owned(),
        style: Style::Path,
    };
    let store = &call.service.store;
    let listed = store.list_buckets(&account, "", "", MAX_ATTEMPTS).await;
    let (buckets, _) = listed.ok()?;
    let as_addressed = std::mem::replace(&mut call.target, target);
    for bucket in buckets {
        call.target.bucket = Some(bucket.name.clone());
        if let Ok(caller) = gate::authenticate(call) {
            return Some(caller);
        }
    }
    call.target = as_addressed;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_come_at_multiples_of_a_tick() {
        let at = |nanos: u64| Duration::from_nanos(nanos) + until_tick(Duration::from_nanos(nanos));
        for (elapsed, told) in [
            (0, 1),
            (1, 1),
            (99_999_999, 1),
            (100_000_000, 2),
            (250_000_000, 3),
        ] {
            assert_eq!(at(elapsed), TICK * told, "{elapsed}");
        }
    }
}
