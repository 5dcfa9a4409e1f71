//! Every signing scheme of OSS: V1 and V4 in header, URL and PostObject form, and STS RPC (v1, ACS3).
//!
//! Sign and verify share one canonicalization ([`canon_v1`], [`canon_v4`]). Follows `signing.md` of the
//! specification; section numbers in the comments are its sections. V2 is recognised and refused.
//!
//! ```
//! use fosse_oss::sign::{self, Credentials, KeyState, Keys, RequestParts, Scheme, SignOptions, SignRequest, VerifyContext};
//!
//! struct OneKey;
//! impl Keys for OneKey {
//!     fn lookup(&self, id: &str, _token: Option<&str>) -> KeyState {
//!         if id == "AK" { KeyState::Active { secret: "secret".into(), expires_at: None } } else { KeyState::Unknown }
//!     }
//! }
//!
//! let request = SignRequest { method: "GET", bucket: Some("photos"), key: b"a b.jpg", query: &[], headers: &[], additional_headers: &[] };
//! let credentials = Credentials { access_key_id: "AK".into(), access_key_secret: "secret".into(), security_token: None };
//! let options = SignOptions { scheme: Scheme::V4, now: 1_705_307_445, region: "cn-hangzhou", product: "oss" };
//! let query = sign::presign_query(&request, &credentials, &options, 3600, None).unwrap();
//!
//! let parts = RequestParts { method: "GET", bucket: Some("photos"), key: b"a b.jpg", query: &query, headers: &[] };
//! let context = VerifyContext { now: 1_705_307_500, regions: &[], product: "oss" };
//! assert!(sign::verify(&parts, &context, &OneKey).is_ok());
//! ```

pub mod canon_v1;
pub mod canon_v4;

pub mod sts;

mod auth_params;
mod authorization;
mod description;
mod diagnosis;
mod form;
mod form_policy;
mod key;
mod key_lookup;
mod message_headers;
mod param;
mod presign;
mod refusal;
mod scope;
mod sign_header;
mod source_limit;
mod subresource;
mod verify;

pub use description::Description;
pub use diagnosis::{Alternatives, Cause, Diagnosis, Difference, advice, diagnose};
pub use form::{FormVerified, form_credential, sign_form, verify_form};
pub use form_policy::{Condition, FormPolicy, FormPolicyError, MAX_POLICY};
pub use key::{Signature, SigningKey, sign_v1};
pub use param::{Param, Params};
pub use presign::{SignError, presign_query, presign_query_any_life};
pub use refusal::{Refusal, Rule};
pub use scope::{Scope, ScopeError, is_access_key_id};
pub use sign_header::sign_header;
pub use source_limit::Client;
pub use subresource::is_signed_subresource;
pub use verify::{verify, verify_from};

use std::fmt;
use std::sync::Arc;

/// Most seconds that a request's time may be away from the server's clock, either way; exactly this is accepted.
pub const MAX_SKEW: i64 = 900;

/// Longest life of a V4 URL in seconds: seven days.
pub const MAX_V4_EXPIRES: i64 = 604_800;

/// First word of a V4 `Authorization` header and value of `x-oss-signature-version`.
pub const V4_ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// Last part of a V4 scope.
pub const V4_TERMINATOR: &str = "aliyun_v4_request";

/// Query parameters that make a request signed (sets A and B of signing.md §1.1), as every signer writes them. A caller's
/// own would contradict the signer's, and no handler looks at them.
pub(crate) const SIGNATURE_PARAMETERS: [&str; 9] = [
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature",
    "x-oss-additional-headers",
];

/// What signing sees of a request. Borrowed: nothing is copied before it must be.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// Upper-case as received.
    pub method: &'a str,
    /// Bucket that host and path address; `None` for a service request.
    pub bucket: Option<&'a str>,
    /// Decoded key bytes; empty for a bucket or service request.
    pub key: &'a [u8],
    /// Raw query as sent, without `?`; empty when none.
    pub query: &'a str,
    /// Headers in the order sent, names in any case, raw value bytes; with `Host`.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// What both canonical forms take from a request besides its query.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Upper-case HTTP method.
    pub method: &'a str,
    /// Bucket, if any.
    pub bucket: Option<&'a str>,
    /// Decoded key bytes.
    pub key: &'a [u8],
    /// Headers in the order sent, names in any case.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> From<&RequestParts<'a>> for Message<'a> {
    fn from(parts: &RequestParts<'a>) -> Self {
        let RequestParts {
            method,
            bucket,
            key,
            headers,
            ..
        } = *parts;
        Self {
            method,
            bucket,
            key,
            headers,
        }
    }
}

impl<'a> From<&SignRequest<'a>> for Message<'a> {
    fn from(request: &SignRequest<'a>) -> Self {
        let SignRequest {
            method,
            bucket,
            key,
            headers,
            ..
        } = *request;
        Self {
            method,
            bucket,
            key,
            headers,
        }
    }
}

/// Which scheme a request used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HMAC-SHA1 over a short string; signs listed parameters only.
    V1,
    /// `OSS4-HMAC-SHA256`: a derived key, signs every parameter.
    V4,
}

/// Where the signature travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The `Authorization` header.
    Header,
    /// Query parameters of a presigned URL.
    Url,
    /// Fields of a PostObject form.
    Form,
}

/// What the server accepts in a V4 scope, and the time.
#[derive(Debug, Clone, Copy)]
pub struct VerifyContext<'a> {
    /// Server clock, Unix seconds.
    pub now: i64,
    /// Accepted region ids; empty accepts any.
    pub regions: &'a [String],
    /// Accepted product, `oss`.
    pub product: &'a str,
}

/// The answer of a key lookup. `Debug` leaves the secret out.
#[derive(Clone)]
pub enum KeyState {
    /// Usable.
    Active {
        /// The AccessKey secret, shared so that a lookup does not copy it.
        secret: Arc<str>,
        /// Last second of a temporary credential, Unix seconds; `None` for a permanent key.
        expires_at: Option<i64>,
    },
    /// No such key.
    Unknown,
    /// The key exists and is switched off.
    Disabled,
    /// The token cannot be read or was forged.
    TokenInvalid,
    /// The token belongs to another AccessKey ID.
    TokenMismatch,
    /// The temporary credential has ended.
    TokenExpired,
    /// A token was sent with a key that is not temporary.
    TokenUnexpected,
}

/// Where the verifier gets keys from. Synchronous: the caller answers from memory.
pub trait Keys {
    /// Looks an AccessKey ID up, with the security token that came with it. Called only with a token for ids that
    /// begin with `STS.`, and only without one for all others: [`verify`] refuses the rest itself.
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState;

    /// The V4 signing key of (id, date, region, product). The default derives it; a server overrides it with a cache.
    /// A cache must not outlive the secret: key it by the secret too, or drop entries when a key changes.
    fn v4_signing_key(
        &self,
        access_key_id: &str,
        secret: &str,
        date: &str,
        region: &str,
        product: &str,
    ) -> SigningKey {
        let _ = access_key_id;
        SigningKey::derive(secret, date, region, product)
    }
}

/// Who a request proved to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// No signature was sent.
    Anonymous,
    /// The signature is right and timely.
    Signed(Identity),
}

/// A proven signer. `Debug` leaves the token out.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The AccessKey ID.
    pub access_key_id: String,
    /// Scheme used.
    pub scheme: Scheme,
    /// Where the signature was.
    pub carrier: Carrier,
    /// Last good second of a URL (or the credential's end if earlier); `None` for headers with permanent keys.
    pub valid_until: Option<i64>,
    /// The security token, when one was used.
    pub token: Option<String>,
}

/// Credentials of a signer. `Debug` leaves secret and token out.
#[derive(Clone)]
pub struct Credentials {
    /// AccessKey ID.
    pub access_key_id: String,
    /// Secret; never printed.
    pub access_key_secret: String,
    /// STS token.
    pub security_token: Option<String>,
}

/// A request to sign: the parts of [`RequestParts`] with decoded query pairs instead of a raw query.
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    /// HTTP method, upper-case.
    pub method: &'a str,
    /// Bucket, if any.
    pub bucket: Option<&'a str>,
    /// Decoded key bytes, empty if none.
    pub key: &'a [u8],
    /// Decoded query parameters; an empty value is a bare name.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers that will be sent.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Names of additional headers to sign (V4 only), any case. `content-type`, `content-md5` and `x-oss-*` are
    /// signed anyway and need not be named.
    pub additional_headers: &'a [&'a str],
}

/// Time, scope and life of a signature.
#[derive(Debug, Clone, Copy)]
pub struct SignOptions<'a> {
    /// Which scheme to sign with.
    pub scheme: Scheme,
    /// Signing time, Unix seconds.
    pub now: i64,
    /// Region id for V4.
    pub region: &'a str,
    /// Product for V4, `oss`.
    pub product: &'a str,
}

/// Stands for a secret in `Debug` output, so that one sees whether it is there.
struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl fmt::Debug for RequestParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts")
            .field("method", &self.method)
            .field("bucket", &self.bucket)
            .field("key", &String::from_utf8_lossy(self.key))
            .field("query", &Redacted)
            .field("headers", &HeaderNames(self.headers))
            .finish()
    }
}

impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("method", &self.method)
            .field("bucket", &self.bucket)
            .field("key", &String::from_utf8_lossy(self.key))
            .field("query", &Redacted)
            .field("headers", &HeaderNames(self.headers))
            .field("additional_headers", &self.additional_headers)
            .finish()
    }
}

/// Header names alone: values hold signatures and tokens.
struct HeaderNames<'a>(&'a [(&'a str, &'a [u8])]);

impl fmt::Debug for HeaderNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active { expires_at, .. } => f
                .debug_struct("Active")
                .field("secret", &Redacted)
                .field("expires_at", expires_at)
                .finish(),
            Self::Unknown => f.write_str("Unknown"),
            Self::Disabled => f.write_str("Disabled"),
            Self::TokenInvalid => f.write_str("TokenInvalid"),
            Self::TokenMismatch => f.write_str("TokenMismatch"),
            Self::TokenExpired => f.write_str("TokenExpired"),
            Self::TokenUnexpected => f.write_str("TokenUnexpected"),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("access_key_id", &self.access_key_id)
            .field("scheme", &self.scheme)
            .field("carrier", &self.carrier)
            .field("valid_until", &self.valid_until)
            .field("token", &self.token.as_ref().map(|_| Redacted))
            .finish()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("access_key_secret", &Redacted)
            .field(
                "security_token",
                &self.security_token.as_ref().map(|_| Redacted),
            )
            .finish()
    }
}
