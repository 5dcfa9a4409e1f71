//! Who sent a request, and whether that is true.

use crate::identity::Known;
use crate::key_ring::KeyRing;
use crate::request::Call;
use fosse_oss::OssError;
use fosse_oss::sign::{self, Carrier, FormVerified, RequestParts, Verified, VerifyContext};
use fosse_policy as policy;
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

    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// The AccessKey that signed.
    pub(crate) fn access_key_id(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Signed(signed) => Some(&signed.access_key_id),
        }
    }

    /// The caller in the words of the policy crate.
    pub(super) fn asker(&self) -> policy::Caller<'_> {
        match self {
            Self::Anonymous => policy::Caller::Anonymous,
            Self::Signed(signed) => signed.known.principal.caller(),
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
