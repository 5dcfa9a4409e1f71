//! Every signing scheme of OSS: V1 and V4 in header, URL and PostObject form, and STS RPC (v1, ACS3).
//!
//! Sign and verify share one canonicalization. Follows `signing.md` of the specification.

/// What signing sees of a request. Borrowed: nothing is copied before it must be.
#[derive(Debug, Clone, Copy)]
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

/// Which scheme a request used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Scheme { V1, V4 }

/// Where the signature travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Carrier { Header, Url, Form }

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

/// The answer of a key lookup.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum KeyState {
    /// Usable. `secret` is shared so that a lookup does not copy it. `expires_at`: end of a temporary credential, Unix seconds.
    Active { secret: std::sync::Arc<str>, expires_at: Option<i64> },
    Unknown,
    Disabled,
    TokenInvalid,
    TokenMismatch,
    TokenExpired,
    /// A token was sent with a key that is not temporary.
    TokenUnexpected,
}

/// Where the verifier gets keys from. Synchronous: the caller answers from memory.
pub trait Keys {
    /// Looks an AccessKey ID up, with the security token that came with it.
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState;
    /// The V4 signing key of (id, date, region, product). The default derives it; a server overrides it with a cache.
    fn v4_signing_key(&self, access_key_id: &str, secret: &str, date: &str, region: &str, product: &str) -> SigningKey {
        let _ = access_key_id;
        SigningKey::derive(secret, date, region, product)
    }
}

/// A derived V4 key with its HMAC state precomputed. Cheap to clone. `Debug` prints nothing secret.
#[derive(Clone)]
pub struct SigningKey(());
impl SigningKey {
    /// k4 of signing.md §5.
    pub fn derive(secret: &str, date: &str, region: &str, product: &str) -> Self { let _ = (secret, date, region, product); todo!() }
}

/// Who a request proved to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verified { Anonymous, Signed(Identity) }

/// A proven signer.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Why a request was not proven, with everything needed to explain it. `Debug`/`Display` leave out tokens and signatures.
pub struct Refusal(());
impl Refusal {
    /// The documented OSS answer: code, status, message, EC and extra elements of signing.md §10.
    pub fn to_error(&self) -> crate::OssError { todo!() }
}

/// Verifies header and URL signatures (signing.md §1.1, §2–§6, §9, §10), in the order of §10.
pub fn verify(parts: &RequestParts<'_>, context: &VerifyContext<'_>, keys: &dyn Keys) -> Result<Verified, Box<Refusal>> {
    let _ = (parts, context, keys);
    todo!()
}

/// Credentials of a signer.
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
#[derive(Debug, Clone, Copy)]
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
    /// Names of additional headers to sign (V4 only), any case.
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

/// What went wrong while signing (client-side).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SignError {
    #[error("expires should be not greater than 604800(seven days)")]
    ExpiresTooLong,
    #[error("expires must be at least 1 second")]
    ExpiresTooShort,
    #[error("region must be set in sign version 4")]
    RegionMissing,
}

/// Signs in the `Authorization` header: returns the headers to add (`authorization`, `x-oss-date`/`date`,
/// `x-oss-content-sha256`, `x-oss-security-token`), in order.
pub fn sign_header(request: &SignRequest<'_>, credentials: &Credentials, options: &SignOptions<'_>) -> Result<Vec<(String, String)>, SignError> {
    let _ = (request, credentials, options);
    todo!()
}

/// Signs into the URL: returns the complete encoded query (without `?`), the caller's parameters included. `expires`: V4 seconds of life (1..=604800); V1 the
/// same, counted from `now`, without an upper limit. `key`: a cached V4 key, derived when `None`.
/// Query values are given decoded; encoding is `ENC`, sorted by name for V4; V1: caller's parameters, then Expires, OSSAccessKeyId, Signature, security-token.
pub fn presign_query(request: &SignRequest<'_>, credentials: &Credentials, options: &SignOptions<'_>, expires: i64, key: Option<&SigningKey>) -> Result<String, SignError> {
    let _ = (request, credentials, options, expires, key);
    todo!()
}
