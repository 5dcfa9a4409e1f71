//! Signing and verifying the fields of a PostObject form (§7). The policy inside is read by [`super::FormPolicy`].

use super::key::{Signature, sign_v1};
use super::key_lookup::find_secret;
use super::presign::ascii;
use super::scope::{ScopeError, is_access_key_id};
use super::{
    Carrier, Credentials, Identity, Keys, Refusal, Rule, Scheme, Scope, SignError, SignOptions,
    SigningKey, V4_ALGORITHM, VerifyContext,
};
use crate::time::{compact_bytes, date_bytes, parse_compact};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the fields of a form proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormVerified<'a> {
    /// No policy, key id or signature was sent.
    Anonymous,
    /// The signature is that of the policy.
    Signed {
        /// Who signed. `valid_until` is the end of a temporary credential; the end of the policy is in the policy.
        identity: Identity,
        /// The text of the `policy` field: base64, for [`super::FormPolicy::parse`].
        policy: &'a str,
    },
}

/// The fields that authenticate, each trimmed of outer whitespace.
#[derive(Default)]
struct AuthFields<'a> {
    policy: Option<&'a str>,
    key_id: Option<&'a str>,
    v1_signature: Option<&'a str>,
    version: Option<&'a str>,
    credential: Option<&'a str>,
    date: Option<&'a str>,
    v4_signature: Option<&'a str>,
    token: Option<&'a str>,
}

impl<'a> AuthFields<'a> {
    /// Picks the fields by name, in any case. `Err` is the name of a field that occurs twice or is not UTF-8.
    fn collect(fields: &[(&'a str, &'a [u8])]) -> Result<Self, &'a str> {
        let mut found = Self::default();
        for &(name, value) in fields {
            let slot = match () {
                () if name.eq_ignore_ascii_case("policy") => &mut found.policy,
                () if name.eq_ignore_ascii_case("OSSAccessKeyId") => &mut found.key_id,
                () if name.eq_ignore_ascii_case("Signature") => &mut found.v1_signature,
                () if name.eq_ignore_ascii_case("x-oss-signature-version") => &mut found.version,
                () if name.eq_ignore_ascii_case("x-oss-credential") => &mut found.credential,
                () if name.eq_ignore_ascii_case("x-oss-date") => &mut found.date,
                () if name.eq_ignore_ascii_case("x-oss-signature") => &mut found.v4_signature,
                () if name.eq_ignore_ascii_case("x-oss-security-token") => &mut found.token,
                () => continue,
            };
            let text = std::str::from_utf8(value).map_err(|_| name)?.trim_ascii();
            if slot.replace(text).is_some() {
                return Err(name);
            }
        }
        Ok(found)
    }
}

/// Verifies the fields of a PostObject form: those before `file`, names in any case, in the order sent.
///
/// The conditions of the policy are not evaluated here: only a verified policy is worth reading.
///
/// # Errors
/// A [`Refusal`] that names the broken rule.
pub fn verify_form<'a>(
    fields: &[(&'a str, &'a [u8])],
    context: &VerifyContext<'_>,
    keys: &dyn Keys,
) -> Result<FormVerified<'a>, Box<Refusal>> {
    let refuse = |rule: Rule, scheme: Option<Scheme>| {
        let mut refusal = Refusal::new(rule, context.now);
        refusal.scheme = scheme;
        refusal.carrier = Some(Carrier::Form);
        refusal
    };
    let sent = AuthFields::collect(fields)
        .map_err(|name| refuse(Rule::FormField, None).with_argument(name.to_owned(), ""))?;
    let scheme = match sent.version {
        Some(V4_ALGORITHM) => Scheme::V4,
        Some("OSS2") => return Err(refuse(Rule::V2, None)),
        Some(other) => {
            return Err(
                refuse(Rule::UnknownVersion, None).with_argument("x-oss-signature-version", other)
            );
        }
        None if sent.v4_signature.is_some() || sent.credential.is_some() => {
            return Err(refuse(Rule::VersionMissing, Some(Scheme::V4)));
        }
        None if sent.policy.is_some() || sent.key_id.is_some() || sent.v1_signature.is_some() => {
            Scheme::V1
        }
        None => return Ok(FormVerified::Anonymous),
    };
    let required = |field: Option<&'a str>, missing: Rule, empty: Rule| match field {
        Some("") => Err(refuse(empty, Some(scheme))),
        Some(text) => Ok(text),
        None => Err(refuse(missing, Some(scheme))),
    };
    let (signature, key_field) = match scheme {
        Scheme::V1 => (sent.v1_signature, sent.key_id),
        Scheme::V4 => (sent.v4_signature, sent.credential),
    };
    let signature = required(
        signature,
        Rule::FormSignatureMissing,
        Rule::FormSignatureEmpty,
    )?;
    let key_field = required(key_field, Rule::FormKeyIdMissing, Rule::FormKeyIdEmpty)?;
    let policy = required(
        sent.policy,
        Rule::FormPolicyMissing,
        Rule::FormPolicyMissing,
    )?;
    let scope = match scheme {
        Scheme::V1 => None,
        Scheme::V4 => Some(Scope::parse(key_field).map_err(|error| {
            let rule = match error {
                ScopeError::KeyId => Rule::FormKeyId,
                ScopeError::Shape | ScopeError::Region | ScopeError::Date => Rule::FormCredential,
            };
            refuse(rule, Some(scheme)).with_argument("x-oss-credential", key_field)
        })?),
    };
    let access_key_id = scope.map_or(key_field, |scope| scope.access_key_id);
    if !is_access_key_id(access_key_id) {
        return Err(refuse(Rule::FormKeyId, Some(scheme)));
    }
    let token = sent.token.filter(|token| !token.is_empty());
    let refuse_claim = |rule: Rule| {
        let mut refusal = refuse(rule, Some(scheme));
        refusal.access_key_id = Some(access_key_id.to_owned());
        refusal.signature = Some(signature.to_owned());
        refusal.token = token.map(str::to_owned);
        refusal
    };
    if let Some(scope) = scope {
        let time = sent
            .date
            .and_then(parse_compact)
            .ok_or_else(|| refuse_claim(Rule::FormDate))?;
        if !context.regions.is_empty() && !context.regions.iter().any(|r| r == scope.region) {
            return Err(refuse_claim(Rule::Region));
        }
        if scope.product != context.product {
            return Err(refuse_claim(Rule::Product));
        }
        if scope.date.as_bytes() != date_bytes(time) {
            return Err(refuse_claim(Rule::ScopeDate));
        }
    }
    let (secret, key_end) =
        find_secret(keys, access_key_id, token, context.now).map_err(refuse_claim)?;
    let expected = match scope {
        None => sign_v1(&secret, policy.as_bytes()),
        Some(Scope {
            date,
            region,
            product,
            ..
        }) => keys
            .v4_signing_key(access_key_id, &secret, date, region, product)
            .sign(policy.as_bytes()),
    };
    if !expected.matches(signature.as_bytes()) {
        let mut refusal = refuse_claim(Rule::Signature);
        refusal.string_to_sign = Some(policy.as_bytes().to_vec());
        return Err(refusal);
    }
    let identity = Identity {
        access_key_id: access_key_id.to_owned(),
        scheme,
        carrier: Carrier::Form,
        valid_until: key_end,
        token: token.map(str::to_owned),
    };
    Ok(FormVerified::Signed { identity, policy })
}

/// The value that a V4 form sends as `x-oss-credential`, for the conditions of its policy.
pub fn form_credential(credentials: &Credentials, options: &SignOptions<'_>) -> String {
    let date = date_bytes(options.now);
    Scope {
        access_key_id: &credentials.access_key_id,
        date: ascii(&date),
        region: options.region,
        product: options.product,
    }
    .to_credential()
}

/// Signs a policy: returns the form fields to send, `policy` (as base64) included.
///
/// `policy` is the JSON text. In V4 it should pin `x-oss-signature-version`, `x-oss-credential`
/// ([`form_credential`]) and `x-oss-date`, and with a token `x-oss-security-token`.
///
/// # Errors
/// [`SignError::RegionMissing`] in V4 without a region.
pub fn sign_form(
    policy: &str,
    credentials: &Credentials,
    options: &SignOptions<'_>,
) -> Result<Vec<(&'static str, String)>, SignError> {
    let text = STANDARD.encode(policy);
    let mut fields = match options.scheme {
        Scheme::V1 => {
            let signature = sign_v1(&credentials.access_key_secret, text.as_bytes());
            vec![
                ("OSSAccessKeyId", credentials.access_key_id.clone()),
                ("policy", text),
                ("Signature", signature.as_str().to_owned()),
            ]
        }
        Scheme::V4 => {
            if options.region.is_empty() {
                return Err(SignError::RegionMissing);
            }
            let timestamp = compact_bytes(options.now);
            let date = date_bytes(options.now);
            let key = SigningKey::derive(
                &credentials.access_key_secret,
                ascii(&date),
                options.region,
                options.product,
            );
            let signature: Signature = key.sign(text.as_bytes());
            vec![
                ("policy", text),
                ("x-oss-signature-version", V4_ALGORITHM.to_owned()),
                ("x-oss-credential", form_credential(credentials, options)),
                ("x-oss-date", ascii(&timestamp).to_owned()),
                ("x-oss-signature", signature.as_str().to_owned()),
            ]
        }
    };
    if let Some(token) = &credentials.security_token {
        fields.push(("x-oss-security-token", token.clone()));
    }
    Ok(fields)
}
