//! Verifying header and URL signatures, in the order of checks of §10.

use super::auth_params::AuthParams;
use super::authorization::{Authorization, AuthorizationError};
use super::canon_v4::{
    self, AdditionalHeaders, AdditionalHeadersError, Reading, Signable, UNSIGNED_PAYLOAD,
};
use super::key::sign_v1;
use super::key_lookup::find_secret;
use super::message_headers::{self, HeaderReading};
use super::scope::{ScopeError, is_access_key_id};
use super::source_limit::{SOURCE_IP, SourceLimit};
use super::{
    Carrier, Client, Identity, Keys, MAX_SKEW, MAX_V4_EXPIRES, Message, Param, Params, Refusal,
    RequestParts, Rule, Scheme, Scope, V4_ALGORITHM, Verified, VerifyContext, canon_v1,
};
use crate::time::{date_bytes, parse_compact, parse_http};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::Arc;

type Refused<T> = Result<T, Box<Refusal>>;

/// Verifies header and URL signatures (signing.md §1.1, §2–§6, §9, §10), in the order of §10.
///
/// A `POST` on a bucket with `multipart/form-data` is PostObject: its header and URL signatures are not looked at
/// and the answer is [`Verified::Anonymous`]; the caller verifies the form's fields.
///
/// # Errors
/// A [`Refusal`] that names the broken rule and can explain it.
pub fn verify(
    parts: &RequestParts<'_>,
    context: &VerifyContext<'_>,
    keys: &dyn Keys,
) -> Result<Verified, Box<Refusal>> {
    verify_from(parts, context, &Client::default(), keys)
}

/// [`verify`] for a request whose sender is known, so that one which is limited to places (access-control.md §8.1) can
/// verify: the address of the client, masked as the request says, takes the place of `x-oss-ac-source-ip`, and
/// `x-oss-ac-vpc-id` must be the VPC of the client.
///
/// # Errors
/// A [`Refusal`] that names the broken rule and can explain it.
pub fn verify_from(
    parts: &RequestParts<'_>,
    context: &VerifyContext<'_>,
    client: &Client<'_>,
    keys: &dyn Keys,
) -> Result<Verified, Box<Refusal>> {
    if is_post_object(parts) {
        return Ok(Verified::Anonymous);
    }
    let authorization = message_headers::value(parts.headers, "authorization");
    let params =
        Params::parse(parts.query).map_err(|_| Refusal::new(Rule::MalformedQuery, context.now))?;
    let sent = AuthParams::collect(&params);
    let limit = SourceLimit::read(&sent, client);
    let networks = match &limit {
        Ok(Some(limit)) => limit.networks(client),
        _ => SmallVec::new(),
    };
    let covered: Vec<Params<'_>> = networks
        .iter()
        .map(|network| params.with_value(SOURCE_IP, network))
        .collect();
    let request = Verifier {
        parts,
        params: &params,
        covered: &covered,
        bad_mask: limit.is_err(),
        sent: &sent,
        context,
        client,
        keys,
    };
    let identity = match authorization {
        Some(_) if sent.any() => return Err(request.refuse(Rule::TwoMechanisms)),
        Some(value) => request.header(&value)?,
        None if sent.version.is_some() => request.v4_url()?,
        None if sent.any_v1() => request.v1_url()?,
        None if sent.v4_signature.is_some() || sent.credential.is_some() => {
            return Err(request.refuse(Rule::VersionMissing));
        }
        None => return Ok(Verified::Anonymous),
    };
    Ok(Verified::Signed(identity))
}

/// Rule 1 of §1.1.
fn is_post_object(parts: &RequestParts<'_>) -> bool {
    const FORM: &[u8] = b"multipart/form-data";
    parts.method == "POST"
        && parts.bucket.is_some()
        && parts.key.is_empty()
        && message_headers::value(parts.headers, "content-type").is_some_and(|value| {
            value
                .get(..FORM.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(FORM))
        })
}

/// What a request claims about itself: kept together for refusals.
struct Claim<'c> {
    scheme: Scheme,
    carrier: Carrier,
    access_key_id: &'c str,
    token: Option<Cow<'c, str>>,
    signature: Cow<'c, [u8]>,
    /// The time in the request.
    time: Option<i64>,
    /// Last good second of a URL.
    expires: Option<i64>,
}

/// The V4 part of a claim.
struct V4Claim<'c, 'h> {
    scope: Scope<'c>,
    additional: AdditionalHeaders<'h>,
    timestamp: &'c str,
    time: i64,
}

struct Verifier<'r, 'a, 'c> {
    parts: &'r RequestParts<'a>,
    params: &'r Params<'a>,
    /// What a signature that is limited to addresses may cover, for each address of the client; else empty.
    covered: &'r [Params<'c>],
    bad_mask: bool,
    sent: &'r AuthParams<'r, 'a>,
    context: &'r VerifyContext<'r>,
    client: &'r Client<'r>,
    keys: &'r dyn Keys,
}

impl<'r, 'a> Verifier<'r, 'a, '_> {
    fn refuse(&self, rule: Rule) -> Box<Refusal> {
        Refusal::new(rule, self.context.now)
    }

    fn refuse_as(&self, rule: Rule, scheme: Scheme, carrier: Carrier) -> Box<Refusal> {
        let mut refusal = self.refuse(rule);
        refusal.scheme = Some(scheme);
        refusal.carrier = Some(carrier);
        refusal
    }

    fn refuse_claim(&self, rule: Rule, claim: &Claim<'_>) -> Box<Refusal> {
        let mut refusal = self.refuse_as(rule, claim.scheme, claim.carrier);
        refusal.access_key_id = Some(claim.access_key_id.to_owned());
        refusal.signature = Some(String::from_utf8_lossy(&claim.signature).into_owned());
        refusal.token = claim.token.as_deref().map(str::to_owned);
        refusal.request_time = claim.time;
        refusal.expires = claim.expires;
        refusal.limited = !self.covered.is_empty();
        refusal
    }

    /// §10, "Doubled parameters", and the shape of limits: for every signed request, before anything is computed.
    fn check_parameters(&self, scheme: Scheme, carrier: Carrier) -> Refused<()> {
        let name = match self.sent.doubled {
            Some(name) => Cow::Borrowed(name.as_bytes()),
            None => match self.params.doubled_signed() {
                Some(name) => Cow::Borrowed(name),
                None if self.bad_mask => {
                    let mask = self.sent.subnet_mask.map(Param::value).unwrap_or_default();
                    return Err(self
                        .refuse_as(Rule::SubnetMask, scheme, carrier)
                        .with_argument(
                            "x-oss-ac-subnet-mask",
                            String::from_utf8_lossy(&mask).into_owned(),
                        ));
                }
                None => return Ok(()),
            },
        };
        let name = String::from_utf8_lossy(&name).into_owned();
        Err(self
            .refuse_as(Rule::DoubledParameter, scheme, carrier)
            .with_argument(name, ""))
    }

    fn header(&self, value: &[u8]) -> Refused<Identity> {
        let malformed = |rule: Rule, scheme: Option<Scheme>| {
            let mut refusal = self.refuse(rule);
            refusal.scheme = scheme;
            refusal.carrier = Some(Carrier::Header);
            refusal.authorization = Some(String::from_utf8_lossy(value).into_owned());
            refusal
        };
        let Ok(text) = std::str::from_utf8(value) else {
            return Err(malformed(Rule::UnknownScheme, None));
        };
        match Authorization::parse(text) {
            Ok(Authorization::V1 {
                access_key_id,
                signature,
            }) => self.v1_header(access_key_id, signature),
            Ok(Authorization::V4 {
                scope,
                additional,
                signature,
            }) => self.v4_header(scope, additional, signature),
            Err(error) => {
                let (rule, scheme) = match error {
                    AuthorizationError::UnknownScheme => (Rule::UnknownScheme, None),
                    AuthorizationError::V2 => (Rule::V2, None),
                    AuthorizationError::V1Shape => (Rule::V1Header, Some(Scheme::V1)),
                    AuthorizationError::V1KeyId => (Rule::V1HeaderKeyId, Some(Scheme::V1)),
                    AuthorizationError::V4Shape => (Rule::V4Header, Some(Scheme::V4)),
                    AuthorizationError::V4NoCredential => {
                        (Rule::V4HeaderCredentialMissing, Some(Scheme::V4))
                    }
                    AuthorizationError::V4Scope(ScopeError::KeyId) => {
                        (Rule::V4HeaderKeyId, Some(Scheme::V4))
                    }
                    AuthorizationError::V4Scope(
                        ScopeError::Shape | ScopeError::Region | ScopeError::Date,
                    ) => (Rule::V4HeaderCredential, Some(Scheme::V4)),
                    AuthorizationError::V4Additional(AdditionalHeadersError::Empty) => {
                        (Rule::V4HeaderAdditionalEmpty, Some(Scheme::V4))
                    }
                    AuthorizationError::V4Additional(_) => {
                        (Rule::V4HeaderAdditionalItem, Some(Scheme::V4))
                    }
                };
                Err(malformed(rule, scheme))
            }
        }
    }

    /// §2. The DATE line is the text of `x-oss-date`, else of `Date`.
    fn v1_header(&self, access_key_id: &str, signature: &str) -> Refused<Identity> {
        self.check_parameters(Scheme::V1, Carrier::Header)?;
        let mut claim = Claim {
            scheme: Scheme::V1,
            carrier: Carrier::Header,
            access_key_id,
            token: None,
            signature: Cow::Borrowed(signature.as_bytes()),
            time: None,
            expires: None,
        };
        claim.token = self.token(&claim)?;
        let (date, own) = self
            .date_header()
            .ok_or_else(|| self.refuse_claim(Rule::DateMissing, &claim))?;
        let time = std::str::from_utf8(&date).ok().and_then(|text| {
            parse_http(text).or_else(|| if own { parse_compact(text) } else { None })
        });
        claim.time = time;
        self.check_skew(time, &claim)?;
        self.finish_v1(&claim, &date)
    }

    /// §3.
    fn v1_url(&self) -> Refused<Identity> {
        let refuse = |rule| Err(self.refuse_as(rule, Scheme::V1, Carrier::Url));
        self.check_parameters(Scheme::V1, Carrier::Url)?;
        let Some(key_id) = self.sent.key_id else {
            return refuse(Rule::V1UrlKeyIdMissing);
        };
        let Some(key_id) = key_id.text().filter(|id| is_access_key_id(id)) else {
            return refuse(Rule::V1UrlKeyId);
        };
        let signature = self.sent.v1_signature.filter(|param| !param.is_empty());
        let Some(signature) = signature else {
            return refuse(Rule::V1UrlSignatureMissing);
        };
        let Some(expires) = self.sent.v1_expires else {
            return refuse(Rule::V1UrlExpiresMissing);
        };
        let expires_text = expires.value();
        let Some(expires) = parse_digits(&expires_text) else {
            let value = String::from_utf8_lossy(&expires_text).into_owned();
            return refuse(Rule::V1UrlExpires)
                .map_err(|refusal: Box<Refusal>| refusal.with_argument("Expires", value));
        };
        let mut claim = Claim {
            scheme: Scheme::V1,
            carrier: Carrier::Url,
            access_key_id: &key_id,
            token: None,
            signature: signature.base64_value(),
            time: None,
            expires: Some(expires),
        };
        claim.token = self.token(&claim)?;
        if self.context.now > expires {
            return Err(self.refuse_expired(&claim));
        }
        self.finish_v1(&claim, &expires_text)
    }

    fn finish_v1(&self, claim: &Claim<'_>, date: &[u8]) -> Refused<Identity> {
        let message = Message::from(self.parts);
        if canon_v1::is_ambiguous(&message, self.params) {
            return Err(self.refuse_claim(Rule::Ambiguous, claim));
        }
        let (secret, key_end) = self.secret(claim)?;
        let read = |params: &Params<'_>, reading: HeaderReading| {
            let text = canon_v1::read_as(&message, params, date, reading);
            let matches = sign_v1(&secret, &text).matches(&claim.signature);
            (matches, text)
        };
        self.attempt(|params| {
            let (matches, text) = read(params, HeaderReading::default());
            if matches
                || (self.has_latin1_header()
                    && read(
                        params,
                        HeaderReading {
                            latin1: true,
                            ..HeaderReading::default()
                        },
                    )
                    .0)
            {
                return Ok(());
            }
            let mut refusal = self.refuse_claim(Rule::Signature, claim);
            refusal.string_to_sign = Some(text);
            Err(refusal)
        })?;
        self.identity(claim, key_end)
    }

    /// Tries the parameters of the request; those of one that is limited to addresses with each address of the client,
    /// of which the connection's is the one that a refusal tells about.
    fn attempt(&self, attempt: impl Fn(&Params<'_>) -> Refused<()>) -> Refused<()> {
        let Some((first, rest)) = self.covered.split_first() else {
            return attempt(self.params);
        };
        attempt(first).or_else(|refusal| {
            if rest.iter().any(|params| attempt(params).is_ok()) {
                Ok(())
            } else {
                Err(refusal)
            }
        })
    }

    /// §5.
    fn v4_header(
        &self,
        scope: Scope<'_>,
        additional: AdditionalHeaders<'_>,
        signature: &str,
    ) -> Refused<Identity> {
        self.check_parameters(Scheme::V4, Carrier::Header)?;
        let mut claim = Claim {
            scheme: Scheme::V4,
            carrier: Carrier::Header,
            access_key_id: scope.access_key_id,
            token: None,
            signature: Cow::Borrowed(signature.as_bytes()),
            time: None,
            expires: None,
        };
        self.check_payload(&claim)?;
        claim.token = self.token(&claim)?;
        let (date, _) = self
            .date_header()
            .ok_or_else(|| self.refuse_claim(Rule::DateMissing, &claim))?;
        let timestamp = std::str::from_utf8(&date).unwrap_or_default();
        // The older Go SDK signs the text of `Date`; a GMT form in `x-oss-date` is harmless.
        let time = parse_compact(timestamp).or_else(|| parse_http(timestamp));
        claim.time = time;
        let time = self.check_skew(time, &claim)?;
        self.finish_v4(
            &claim,
            &V4Claim {
                scope,
                additional,
                timestamp,
                time,
            },
        )
    }

    /// §6.
    fn v4_url(&self) -> Refused<Identity> {
        let refuse = |rule| self.refuse_as(rule, Scheme::V4, Carrier::Url);
        let required = |param: Option<&'r Param<'a>>, rule| param.ok_or_else(|| refuse(rule));
        let version = self.sent.version.map(Param::value).unwrap_or_default();
        match &*version {
            version if version == V4_ALGORITHM.as_bytes() => {}
            b"OSS2" => return Err(self.refuse(Rule::V2)),
            other => {
                let value = String::from_utf8_lossy(other).into_owned();
                return Err(self
                    .refuse(Rule::UnknownVersion)
                    .with_argument("x-oss-signature-version", value));
            }
        }
        self.check_parameters(Scheme::V4, Carrier::Url)?;
        let credential = required(self.sent.credential, Rule::V4UrlCredentialMissing)?;
        let date = required(self.sent.date, Rule::V4UrlDateMissing)?;
        let expires = required(self.sent.v4_expires, Rule::V4UrlExpiresMissing)?;
        let signature = required(
            self.sent.v4_signature.filter(|param| !param.is_empty()),
            Rule::V4UrlSignatureMissing,
        )?;

        let argument = |rule, name: &'static str, param: &Param<'_>| {
            refuse(rule).with_argument(name, String::from_utf8_lossy(&param.value()).into_owned())
        };
        let credential_text = credential.text().unwrap_or_default();
        let scope = Scope::parse(&credential_text).map_err(|error| {
            let rule = match error {
                ScopeError::Shape => Rule::V4UrlCredential,
                ScopeError::Region => Rule::V4UrlRegion,
                ScopeError::Date => Rule::V4UrlScopeDate,
                ScopeError::KeyId => Rule::V4UrlKeyId,
            };
            argument(rule, "x-oss-credential", credential)
        })?;
        let timestamp = date.text().unwrap_or_default();
        let time = parse_compact(&timestamp)
            .ok_or_else(|| argument(Rule::V4UrlDate, "x-oss-date", date))?;
        let life =
            life_of(&expires.value()).map_err(|rule| argument(rule, "x-oss-expires", expires))?;
        let announced = self
            .sent
            .additional
            .map(|param| (param, param.text().unwrap_or_default()));
        let additional = match &announced {
            Some((param, text)) => AdditionalHeaders::parse(text)
                .map_err(|_| argument(Rule::V4UrlAdditional, "x-oss-additional-headers", param))?,
            None => AdditionalHeaders::default(),
        };
        let last_second = time + life;
        let mut claim = Claim {
            scheme: Scheme::V4,
            carrier: Carrier::Url,
            access_key_id: scope.access_key_id,
            token: None,
            signature: signature.value(),
            time: Some(time),
            expires: Some(last_second),
        };
        self.check_payload(&claim)?;
        claim.token = self.token(&claim)?;
        if self.context.now < time - MAX_SKEW {
            return Err(self.refuse_claim(Rule::NotYetValid, &claim));
        }
        if self.context.now > last_second {
            return Err(self.refuse_expired(&claim));
        }
        // Told before the signature is looked at, which would not fit either: the suite of the Go SDK expects 400.
        let sent = |name: &str| {
            let mut headers = self.parts.headers.iter();
            headers.any(|(header, _)| header.eq_ignore_ascii_case(name))
        };
        if let Some(missing) = additional.iter().find(|name| !sent(name)) {
            let refusal = self.refuse_claim(Rule::V4UrlAdditionalMissing, &claim);
            return Err(refusal.with_argument("x-oss-additional-headers", missing));
        }
        self.finish_v4(
            &claim,
            &V4Claim {
                scope,
                additional,
                timestamp: &timestamp,
                time,
            },
        )
    }

    fn finish_v4(&self, claim: &Claim<'_>, v4: &V4Claim<'_, '_>) -> Refused<Identity> {
        let V4Claim {
            scope,
            additional,
            timestamp,
            time,
        } = v4;
        let regions = self.context.regions;
        if !regions.is_empty() && !regions.iter().any(|region| region == scope.region) {
            return Err(self.refuse_claim(Rule::Region, claim));
        }
        if scope.product != self.context.product {
            return Err(self.refuse_claim(Rule::Product, claim));
        }
        if !is_date_of(scope.date, timestamp, *time) {
            return Err(self.refuse_claim(Rule::ScopeDate, claim));
        }
        let (secret, key_end) = self.secret(claim)?;
        let key = self.keys.v4_signing_key(
            scope.access_key_id,
            &secret,
            scope.date,
            scope.region,
            scope.product,
        );
        let message = Message::from(self.parts);
        let read = |params: &Params<'_>, reading: Reading| {
            let canonical = canon_v4::read_as(&message, params, additional, reading);
            let signable = Signable::new(canonical, timestamp, scope);
            (
                key.sign(signable.string_to_sign())
                    .matches(&claim.signature),
                signable,
            )
        };
        self.attempt(|params| {
            let (matches, signable) = read(params, Reading::default());
            if matches
                || self
                    .second_readings(additional)
                    .into_iter()
                    .any(|reading| read(params, reading).0)
            {
                return Ok(());
            }
            let mut refusal = self.refuse_claim(Rule::Signature, claim);
            let (string_to_sign, canonical_request) = signable.into_parts();
            refusal.string_to_sign = Some(string_to_sign);
            refusal.canonical_request = Some(canonical_request);
            Err(refusal)
        })?;
        self.identity(claim, key_end)
    }

    /// The other ways in which a known SDK may have signed this very request, alone and together. Empty for
    /// nearly every request, so that a wrong signature costs one attempt.
    fn second_readings(&self, additional: &AdditionalHeaders<'_>) -> SmallVec<[Reading; 7]> {
        let latin1 = self.has_latin1_header();
        let keep_equals = self.params.iter().any(Param::is_bare_equals);
        let host_without_port = additional.contains("host")
            && message_headers::value(self.parts.headers, "host")
                .is_some_and(|host| message_headers::without_port(&host).len() < host.len());
        let choices = |there: bool| {
            if there {
                [false, true].as_slice()
            } else {
                &[false]
            }
        };
        let mut readings = SmallVec::new();
        for &latin1 in choices(latin1) {
            for &keep_equals in choices(keep_equals) {
                for &host_without_port in choices(host_without_port) {
                    let headers = HeaderReading {
                        latin1,
                        host_without_port,
                    };
                    let reading = Reading {
                        headers,
                        keep_equals,
                    };
                    if reading != Reading::default() {
                        readings.push(reading);
                    }
                }
            }
        }
        readings
    }

    fn has_latin1_header(&self) -> bool {
        self.parts
            .headers
            .iter()
            .any(|(_, value)| std::str::from_utf8(value).is_err())
    }

    /// The date of a header request, and whether it came from `x-oss-date`.
    fn date_header(&self) -> Option<(Cow<'a, [u8]>, bool)> {
        let headers = self.parts.headers;
        message_headers::value(headers, "x-oss-date")
            .map(|date| (date, true))
            .or_else(|| message_headers::value(headers, "date").map(|date| (date, false)))
    }

    fn check_skew(&self, time: Option<i64>, claim: &Claim<'_>) -> Refused<i64> {
        let time = time.ok_or_else(|| self.refuse_claim(Rule::Date, claim))?;
        if time.abs_diff(self.context.now) > MAX_SKEW.unsigned_abs() {
            return Err(self.refuse_claim(Rule::Skewed, claim));
        }
        Ok(time)
    }

    /// No SDK signs its body, so nothing here compares a payload hash: a request that claims one is refused rather
    /// than believed.
    fn check_payload(&self, claim: &Claim<'_>) -> Refused<()> {
        match message_headers::value(self.parts.headers, "x-oss-content-sha256") {
            Some(value) if *value != *UNSIGNED_PAYLOAD.as_bytes() => {
                Err(self.refuse_claim(Rule::PayloadHash, claim))
            }
            _ => Ok(()),
        }
    }

    /// The token of the request (§9). An empty one counts as none.
    fn token(&self, claim: &Claim<'_>) -> Refused<Option<Cow<'a, str>>> {
        let headers = self.parts.headers;
        let mut found: SmallVec<[Cow<'a, [u8]>; 2]> = SmallVec::new();
        let mut fallback = None;
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("x-oss-security-token") {
                found.push(Cow::Borrowed(message_headers::trim(value)));
            } else if name.eq_ignore_ascii_case("security-token")
                && claim.scheme == Scheme::V1
                && claim.carrier == Carrier::Header
            {
                // alibabacloud-oss-v2 for Python sends this one (§2.2).
                let value = message_headers::trim(value);
                if fallback.is_some_and(|other| other != value) {
                    return Err(self.refuse_claim(Rule::TwoTokens, claim));
                }
                fallback = Some(value);
            }
        }
        let parameter = match claim.scheme {
            Scheme::V1 => self.sent.v1_token,
            Scheme::V4 => self.sent.v4_token,
        };
        found.extend(parameter.map(Param::value));
        found.retain(|token| !token.is_empty());
        if let Some(fallback) = fallback.filter(|token| !token.is_empty())
            && !found.iter().any(|token| **token == *fallback)
        {
            found.push(Cow::Borrowed(fallback));
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(self.refuse_claim(Rule::TwoTokens, claim)),
            (Some(Cow::Borrowed(token)), None) => std::str::from_utf8(token)
                .map(|token| Some(Cow::Borrowed(token)))
                .map_err(|_| self.refuse_claim(Rule::TokenInvalid, claim)),
            (Some(Cow::Owned(token)), None) => String::from_utf8(token)
                .map(|token| Some(Cow::Owned(token)))
                .map_err(|_| self.refuse_claim(Rule::TokenInvalid, claim)),
        }
    }

    /// Secret and end of the credential, or the refusal of §9 and §10.
    fn secret(&self, claim: &Claim<'_>) -> Refused<(Arc<str>, Option<i64>)> {
        let refuse = |rule| Err(self.refuse_claim(rule, claim));
        match find_secret(
            self.keys,
            claim.access_key_id,
            claim.token.as_deref(),
            self.context.now,
        ) {
            Ok(found) => Ok(found),
            Err(rule) => refuse(rule),
        }
    }

    /// A URL past its end. When its token has ended as well, the token is what the user must renew: say that.
    fn refuse_expired(&self, claim: &Claim<'_>) -> Box<Refusal> {
        let token_ended = claim.token.is_some()
            && find_secret(
                self.keys,
                claim.access_key_id,
                claim.token.as_deref(),
                self.context.now,
            )
            .is_err_and(|rule| rule == Rule::TokenExpired);
        self.refuse_claim(
            if token_ended {
                Rule::TokenExpired
            } else {
                Rule::Expired
            },
            claim,
        )
    }

    /// The signer, once the signature is right.
    fn identity(&self, claim: &Claim<'_>, key_end: Option<i64>) -> Refused<Identity> {
        if let Some(vpc) = self.sent.vpc_id
            && self
                .client
                .vpc
                .is_none_or(|own| *own.as_bytes() != *vpc.value())
        {
            return Err(self.refuse_claim(Rule::Vpc, claim));
        }
        Ok(Identity {
            access_key_id: claim.access_key_id.to_owned(),
            scheme: claim.scheme,
            carrier: claim.carrier,
            valid_until: match (claim.expires, key_end) {
                (Some(url), Some(key)) => Some(url.min(key)),
                (url, key) => url.or(key),
            },
            token: claim.token.as_deref().map(str::to_owned),
        })
    }
}

/// Whether `date` is the UTC date of the timestamp. In the compact form it is its first eight digits.
fn is_date_of(date: &str, timestamp: &str, time: i64) -> bool {
    match timestamp.split_once('T') {
        Some((day, _)) if day.len() == 8 => day == date,
        _ => date.as_bytes() == date_bytes(time),
    }
}

/// One or more ASCII digits that fit 63 bits.
fn parse_digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `x-oss-expires`: a number out of range is told apart from what is no number.
fn life_of(text: &[u8]) -> Result<i64, Rule> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Rule::V4UrlExpires);
    }
    parse_digits(text)
        .filter(|life| (1..=MAX_V4_EXPIRES).contains(life))
        .ok_or(Rule::V4UrlExpiresRange)
}
