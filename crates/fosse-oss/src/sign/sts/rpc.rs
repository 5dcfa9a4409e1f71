//! RPC signature version 1.0 (§8.1).

use super::{
    StsRefusal, StsRequest, StsRule, StsScheme, StsVerified, canonical_query, check_time,
    parameters, secret,
};
use crate::encode::encode_component_into;
use crate::sign::key::sign_sha1;
use crate::sign::{Credentials, Keys, Signature};
use crate::time::{format_iso_millis, parse_iso};

const METHOD: &str = "HMAC-SHA1";
const VERSION: &str = "1.0";

/// `METHOD & %2F & ENC(Q)`. `params` without `Signature`.
fn string_to_sign<'p>(method: &str, params: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<u8> {
    let query = canonical_query(params);
    let mut out = Vec::with_capacity(method.len() + 8 + query.len() * 2);
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(b"&%2F&");
    encode_component_into(&query, &mut out);
    out
}

/// `B64(HMAC-SHA1(secret + "&", S))`.
fn sign(secret: &str, text: &[u8]) -> Signature {
    sign_sha1(&[secret.as_bytes(), b"&"], text)
}

pub(super) fn verify(
    request: &StsRequest<'_>,
    now: i64,
    keys: &dyn Keys,
) -> Result<StsVerified, Box<StsRefusal>> {
    let params = parameters(request)?;
    let find = |wanted: &'static str| {
        params
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let required = |name: &'static str| {
        find(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| StsRefusal::new(StsRule::Missing(name)))
    };
    let action = required("Action")?;
    let version = required("Version")?;
    let access_key_id = required("AccessKeyId")?;
    let signature = required("Signature")?;
    if required("SignatureMethod")? != METHOD {
        return Err(StsRefusal::new(StsRule::Incomplete(
            "SignatureMethod must be HMAC-SHA1",
        )));
    }
    if required("SignatureVersion")? != VERSION {
        return Err(StsRefusal::new(StsRule::Incomplete(
            "SignatureVersion must be 1.0",
        )));
    }
    let nonce = required("SignatureNonce")?;
    let time =
        parse_iso(required("Timestamp")?).ok_or_else(|| StsRefusal::new(StsRule::BadTimestamp))?;
    let token = find("SecurityToken").filter(|token| !token.is_empty());
    let secret = secret(keys, access_key_id, token, now)?;
    let covered = params
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let text = string_to_sign(request.method, covered);
    if !sign(&secret, &text).matches(signature.as_bytes()) {
        return Err(StsRefusal::signature(text));
    }
    check_time(time, now)?;
    Ok(StsVerified {
        scheme: StsScheme::RpcV1,
        access_key_id: access_key_id.to_owned(),
        token: token.map(str::to_owned),
        nonce: nonce.to_owned(),
        time,
        action: action.to_owned(),
        version: version.to_owned(),
        params,
    })
}

/// Signs an RPC call: returns all parameters to send, `params` (`Action`, `Version` and the action's own) first,
/// `Signature` last. `nonce` must be new for each call; `now` is Unix seconds.
pub fn sign_rpc(
    method: &str,
    params: &[(&str, &str)],
    credentials: &Credentials,
    now: i64,
    nonce: &str,
) -> Vec<(String, String)> {
    let timestamp = format_iso_millis(now).replace(".000Z", "Z");
    let mut all: Vec<(String, String)> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut push = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
    push("AccessKeyId", &credentials.access_key_id);
    push("SignatureMethod", METHOD);
    push("SignatureVersion", VERSION);
    push("SignatureNonce", nonce);
    push("Timestamp", &timestamp);
    if let Some(token) = &credentials.security_token {
        push("SecurityToken", token);
    }
    let text = string_to_sign(
        method,
        all.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let signature = sign(&credentials.access_key_secret, &text);
    all.push(("Signature".to_owned(), signature.as_str().to_owned()));
    all
}
