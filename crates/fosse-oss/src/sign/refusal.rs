//! Why a request was not proven, and the answer that OSS gives (§10, §10.1).

use super::{Carrier, MAX_SKEW, MAX_V4_EXPIRES, Redacted, Scheme};
use crate::encode::spaced_hex;
use crate::time::format_iso_millis;
use crate::{ErrorCode, OssError};
use std::borrow::Cow;
use std::fmt;

/// The rule that a request broke. One variant for each row of signing.md §10 and each case that it leaves to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Header and URL signature together.
    TwoMechanisms,
    /// The first word of `Authorization` is no scheme.
    UnknownScheme,
    /// `x-oss-signature-version` is no scheme.
    UnknownVersion,
    /// V4 URL parameters without `x-oss-signature-version`.
    VersionMissing,
    /// A V2 signature, which is not served.
    V2,
    /// A `%` in the query without two hex digits.
    MalformedQuery,
    /// A parameter that takes part in the signature occurs twice.
    DoubledParameter,
    /// More than one security token in one request.
    TwoTokens,
    /// `OSS id:signature` is malformed.
    V1Header,
    /// The AccessKey ID of a V1 header has characters that no id has.
    V1HeaderKeyId,
    /// V1 URL without `OSSAccessKeyId`.
    V1UrlKeyIdMissing,
    /// V1 URL with an `OSSAccessKeyId` that cannot be one.
    V1UrlKeyId,
    /// V1 URL without `Signature`.
    V1UrlSignatureMissing,
    /// V1 URL without `Expires`.
    V1UrlExpiresMissing,
    /// `Expires` is not a number of seconds.
    V1UrlExpires,
    /// The V4 header is malformed in some other way than the next ones.
    V4Header,
    /// No `Credential` item.
    V4HeaderCredentialMissing,
    /// The AccessKey ID in the credential has characters that no id has.
    V4HeaderKeyId,
    /// The credential is not `id/date/region/product/aliyun_v4_request`.
    V4HeaderCredential,
    /// `AdditionalHeaders=` with nothing after it.
    V4HeaderAdditionalEmpty,
    /// An empty name in `AdditionalHeaders`.
    V4HeaderAdditionalItem,
    /// `x-oss-content-sha256` is not `UNSIGNED-PAYLOAD`.
    PayloadHash,
    /// V4 URL without `x-oss-credential`.
    V4UrlCredentialMissing,
    /// V4 URL: AccessKey ID of the credential.
    V4UrlKeyId,
    /// V4 URL: date of the credential.
    V4UrlScopeDate,
    /// V4 URL: shape of the credential.
    V4UrlCredential,
    /// The region of `x-oss-credential` is empty.
    V4UrlRegion,
    /// V4 URL without `x-oss-date`.
    V4UrlDateMissing,
    /// `x-oss-date` is not `YYYYMMDDTHHMMSSZ`.
    V4UrlDate,
    /// V4 URL without `x-oss-expires`.
    V4UrlExpiresMissing,
    /// `x-oss-expires` is not a number.
    V4UrlExpires,
    /// `x-oss-expires` is outside 1..=604800.
    V4UrlExpiresRange,
    /// V4 URL without `x-oss-signature`.
    V4UrlSignatureMissing,
    /// `x-oss-additional-headers` is empty or has a bad name.
    V4UrlAdditional,
    /// A header that `x-oss-additional-headers` names is not sent.
    V4UrlAdditionalMissing,
    /// Neither `x-oss-date` nor `Date`.
    DateMissing,
    /// A date that cannot be read.
    Date,
    /// More than 900 seconds away from the server's clock.
    Skewed,
    /// A URL after its last second.
    Expired,
    /// A V4 URL more than 900 seconds before its date.
    NotYetValid,
    /// The region of the scope is not served here.
    Region,
    /// The product of the scope is not `oss`.
    Product,
    /// The date of the scope is not that of the timestamp.
    ScopeDate,
    /// No such AccessKey ID.
    KeyUnknown,
    /// The AccessKey is switched off.
    KeyDisabled,
    /// A temporary AccessKey ID without its token.
    TokenMissing,
    /// A token with a key that is not temporary.
    TokenUnexpected,
    /// A token that cannot be read or was forged.
    TokenInvalid,
    /// A token of another AccessKey ID.
    TokenMismatch,
    /// A token after its end.
    TokenExpired,
    /// The signature is another than the one computed.
    Signature,
    /// A version 1 signature of this request would be good for another request as well.
    Ambiguous,
    /// `x-oss-ac-subnet-mask` is no number of bits.
    SubnetMask,
    /// The request did not come through the VPC that `x-oss-ac-vpc-id` names.
    Vpc,
    /// PostObject: no `policy` field though other authentication fields are there.
    FormPolicyMissing,
    /// PostObject: no signature field.
    FormSignatureMissing,
    /// PostObject: an empty signature field.
    FormSignatureEmpty,
    /// PostObject: no AccessKey ID.
    FormKeyIdMissing,
    /// PostObject: an empty AccessKey ID.
    FormKeyIdEmpty,
    /// PostObject: the AccessKey ID of the credential.
    FormKeyId,
    /// PostObject: the credential.
    FormCredential,
    /// PostObject: `x-oss-date` is absent or malformed.
    FormDate,
    /// PostObject: an authentication field occurs twice or is not text.
    FormField,
}

const REGION_OF_URL: &str = "The signing region in credential is invalid.";
const HEADER_INVALID: &str = "Authorization header is invalid.";
const DATE_REQUIRED: &str = "OSS authentication requires a valid Date.";
const V1_URL_PARTS: &str =
    "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters";
const NO_SUCH_KEY: &str = "The OSS Access Key Id you provided does not exist in our records.";

/// Why a request was not proven, with everything needed to explain it. `Debug` and `Display` leave out tokens,
/// signatures and the strings that contain them.
pub struct Refusal {
    rule: Rule,
    now: i64,
    pub(super) scheme: Option<Scheme>,
    pub(super) carrier: Option<Carrier>,
    pub(super) access_key_id: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) token: Option<String>,
    pub(super) request_time: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) argument: Option<(Cow<'static, str>, String)>,
    pub(super) string_to_sign: Option<Vec<u8>>,
    pub(super) canonical_request: Option<Vec<u8>>,
    /// The request is limited to addresses.
    pub(super) limited: bool,
}

impl Refusal {
    pub(super) fn new(rule: Rule, now: i64) -> Box<Self> {
        Box::new(Self {
            rule,
            now,
            scheme: None,
            carrier: None,
            access_key_id: None,
            signature: None,
            authorization: None,
            token: None,
            request_time: None,
            expires: None,
            argument: None,
            string_to_sign: None,
            canonical_request: None,
            limited: false,
        })
    }

    pub(super) fn with_argument(
        mut self: Box<Self>,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Box<Self> {
        self.argument = Some((name.into(), value.into()));
        self
    }

    /// The rule that was broken.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The scheme of the request, as far as it was recognised.
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// Where the signature was.
    pub fn carrier(&self) -> Option<Carrier> {
        self.carrier
    }

    /// The AccessKey ID that the request names.
    pub fn access_key_id(&self) -> Option<&str> {
        self.access_key_id.as_deref()
    }

    /// The server's clock at the time, Unix seconds.
    pub fn server_time(&self) -> i64 {
        self.now
    }

    /// The time that the request carries, Unix seconds.
    pub fn request_time(&self) -> Option<i64> {
        self.request_time
    }

    /// Last good second of a URL, Unix seconds.
    pub fn expires(&self) -> Option<i64> {
        self.expires
    }

    /// Whether the request is limited to addresses (`x-oss-ac-source-ip`, `x-oss-ac-subnet-mask`), so that the client's
    /// own address took part in the signature.
    pub fn is_limited_to_addresses(&self) -> bool {
        self.limited
    }

    /// The string to sign that the verifier computed; there for [`Rule::Signature`]. May contain a token.
    pub fn string_to_sign(&self) -> Option<&[u8]> {
        self.string_to_sign.as_deref()
    }

    /// The canonical request that the verifier computed; there for [`Rule::Signature`] in V4. May contain a token.
    pub fn canonical_request(&self) -> Option<&[u8]> {
        self.canonical_request.as_deref()
    }

    /// The documented OSS answer: code, status, message, EC and extra elements of signing.md §10.
    ///
    /// The extra elements repeat what the request carried, tokens included: give them to the sender, not to a log.
    pub fn to_error(&self) -> OssError {
        let (code, message, ec) = self.answer();
        let mut error = OssError::new(code).with_message(message);
        error = match ec {
            Some(ec) => error.with_ec(ec),
            None => error.without_ec(),
        };
        for (element, value) in self.elements(code) {
            error = error.with(element, value);
        }
        error
    }

    fn v4(&self) -> bool {
        self.scheme == Some(Scheme::V4)
    }

    fn answer(&self) -> (ErrorCode, Cow<'static, str>, Option<&'static str>) {
        use ErrorCode as C;
        let argument = |message: &'static str, ec| (C::InvalidArgument, Cow::Borrowed(message), ec);
        let denied = |message: &'static str, ec| (C::AccessDenied, Cow::Borrowed(message), ec);
        match self.rule {
            Rule::TwoMechanisms => argument(
                "Only one authentication mechanism may be used in a request.",
                Some("0002-00000039"),
            ),
            Rule::UnknownScheme | Rule::V4Header => argument(HEADER_INVALID, None),
            Rule::UnknownVersion => argument("Invalid x-oss-signature-version.", None),
            Rule::VersionMissing => {
                argument("A V4 URL requires the x-oss-signature-version parameter.", None)
            }
            Rule::V2 => argument(
                "Signature version 2 is not supported. Use version 1 (OSS) or version 4 (OSS4-HMAC-SHA256).",
                None,
            ),
            Rule::MalformedQuery => {
                argument("The query string has a percent sign without two hex digits.", None)
            }
            Rule::DoubledParameter => {
                argument("A parameter that takes part in the signature may occur only once.", None)
            }
            Rule::TwoTokens => {
                argument("Only one security token may be provided in a request.", None)
            }
            Rule::V1Header => argument(HEADER_INVALID, Some("0002-00000063")),
            Rule::V1HeaderKeyId => argument(HEADER_INVALID, Some("0002-00000064")),
            Rule::V1UrlKeyIdMissing => denied(V1_URL_PARTS, Some("0002-00000071")),
            Rule::V1UrlKeyId => denied(V1_URL_PARTS, Some("0002-00000073")),
            Rule::V1UrlSignatureMissing => denied(V1_URL_PARTS, Some("0002-00000074")),
            Rule::V1UrlExpiresMissing => denied(V1_URL_PARTS, None),
            Rule::V1UrlExpires => denied(
                "Invalid date (should be seconds since epoch).",
                Some("0002-00000070"),
            ),
            Rule::V4HeaderCredentialMissing => argument(HEADER_INVALID, Some("0002-00000205")),
            Rule::V4HeaderKeyId => argument(HEADER_INVALID, Some("0002-00000206")),
            Rule::V4HeaderCredential => argument(HEADER_INVALID, Some("0002-00000213")),
            Rule::V4HeaderAdditionalEmpty => argument(HEADER_INVALID, Some("0002-00000209")),
            Rule::V4HeaderAdditionalItem => argument(HEADER_INVALID, Some("0002-00000210")),
            Rule::PayloadHash => argument(
                "The x-oss-content-sha256 header must be UNSIGNED-PAYLOAD.",
                Some("0002-00000214"),
            ),
            Rule::V4UrlCredentialMissing => {
                argument("A V4 URL requires the x-oss-credential parameter.", None)
            }
            Rule::V4UrlKeyId => {
                argument("Invalid access key id in x-oss-credential.", Some("0002-00000222"))
            }
            Rule::V4UrlScopeDate => {
                argument("Invalid date in x-oss-credential.", Some("0002-00000223"))
            }
            Rule::V4UrlCredential => argument("Invalid x-oss-credential.", Some("0002-00000224")),
            Rule::V4UrlRegion => argument(REGION_OF_URL, Some("0002-00000224")),
            Rule::V4UrlDateMissing => {
                argument("A V4 URL requires the x-oss-date parameter.", None)
            }
            Rule::V4UrlDate => argument("Invalid x-oss-date.", None),
            Rule::V4UrlExpiresMissing => {
                argument("A V4 URL requires the x-oss-expires parameter.", Some("0002-00000215"))
            }
            Rule::V4UrlExpires => argument("Invalid x-oss-expires.", None),
            Rule::V4UrlExpiresRange => (
                C::InvalidArgument,
                Cow::Owned(format!("x-oss-expires must be between 1 and {MAX_V4_EXPIRES} seconds.")),
                Some("0002-00000232"),
            ),
            Rule::V4UrlSignatureMissing => {
                argument("A V4 URL requires the x-oss-signature parameter.", Some("0002-00000219"))
            }
            Rule::V4UrlAdditional => argument("Invalid x-oss-additional-headers.", None),
            Rule::V4UrlAdditionalMissing => {
                argument("A header of x-oss-additional-headers is missing.", None)
            }
            Rule::DateMissing => denied(DATE_REQUIRED, Some("0002-00000503")),
            // -502 or -505: which is which is not documented.
            Rule::Date => denied(DATE_REQUIRED, None),
            Rule::Skewed => (
                C::RequestTimeTooSkewed,
                "The difference between the request time and the current time is too large.".into(),
                Some("0002-00000504"),
            ),
            // The number names V1 and V2; that of V4 is not known.
            Rule::Expired => denied("Request has expired.", (!self.v4()).then_some("0002-00000069")),
            Rule::NotYetValid => denied("Request is not valid yet.", Some("0002-00000235")),
            // The suite of oss2 knows the sentence.
            Rule::Region if self.carrier == Some(Carrier::Url) => {
                argument(REGION_OF_URL, Some("0002-00000226"))
            }
            Rule::Region => argument(
                "Invalid signing region in Authorization header.",
                Some("0002-00000226"),
            ),
            Rule::Product => argument(
                "Invalid signing product in Authorization header.",
                Some("0002-00000227"),
            ),
            Rule::ScopeDate => argument("Invalid signing date in Authorization header.", None),
            Rule::KeyUnknown | Rule::TokenMissing => {
                (C::InvalidAccessKeyId, NO_SUCH_KEY.into(), Some("0002-00000902"))
            }
            Rule::KeyDisabled => (
                C::InvalidAccessKeyId,
                "The OSS Access Key Id you provided is disabled.".into(),
                None,
            ),
            Rule::TokenUnexpected => {
                (C::InvalidAccessKeyId, NO_SUCH_KEY.into(), Some("0002-00000002"))
            }
            Rule::TokenInvalid => (
                C::InvalidSecurityToken,
                "The security token you provided is invalid.".into(),
                Some("0002-00000006"),
            ),
            Rule::TokenMismatch => (
                C::AccessKeyIdAndSecurityTokenNotMatch,
                "The OSS access key id and security token you provided does not match.".into(),
                Some("0002-00000004"),
            ),
            Rule::TokenExpired => (
                C::SecurityTokenExpired,
                "The security token you provided has expired.".into(),
                Some("0002-00000007"),
            ),
            Rule::Signature => (
                C::SignatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.".into(),
                // The numbers are those of header and URL; a form has none that is known.
                match (self.carrier, self.v4()) {
                    (Some(Carrier::Form), _) => None,
                    (_, true) if self.limited => Some("0002-00000225"),
                    (_, true) => Some("0002-00000201"),
                    (_, false) => Some("0002-00000040"),
                },
            ),
            Rule::Ambiguous => argument(
                "A value or the key holds what reads like another parameter in signature version 1. Use version 4.",
                None,
            ),
            Rule::SubnetMask => argument(
                "The x-oss-ac-subnet-mask must be a number of bits: at most 32 for IPv4, 128 for IPv6.",
                Some("0002-00000601"),
            ),
            Rule::Vpc => denied(
                "The request does not come from the VPC that it is limited to.",
                None,
            ),
            Rule::FormPolicyMissing => {
                argument("Post request policy is empty.", Some("0002-00000702"))
            }
            Rule::FormSignatureMissing => {
                argument("Post request signature is empty.", Some("0002-00000703"))
            }
            Rule::FormSignatureEmpty => {
                argument("Post request signature is empty.", Some("0002-00000704"))
            }
            Rule::FormKeyIdMissing => {
                argument("Post request accessKeyId is empty.", Some("0002-00000706"))
            }
            Rule::FormKeyIdEmpty => {
                argument("Post request accessKeyId is empty.", Some("0002-00000707"))
            }
            Rule::FormKeyId => argument(
                "Invalid access key id in the form's credential.",
                Some("0002-00000708"),
            ),
            Rule::FormCredential => argument("Invalid credential in the form.", Some("0002-00000710")),
            Rule::FormDate => argument("The form requires a valid x-oss-date.", None),
            Rule::FormField => argument(
                "An authentication field of the form must occur once and be text.",
                None,
            ),
        }
    }

    /// The elements between `HostId` and `EC`, in the order of §10.1.
    fn elements(&self, code: ErrorCode) -> Vec<(&'static str, String)> {
        let mut out: Vec<(&'static str, String)> = Vec::new();
        let id = || self.access_key_id.clone().unwrap_or_default();
        match self.rule {
            Rule::Signature => {
                out.push(("OSSAccessKeyId", id()));
                out.push((
                    "SignatureProvided",
                    self.signature.clone().unwrap_or_default(),
                ));
                if let Some(text) = &self.string_to_sign {
                    out.push(("StringToSign", String::from_utf8_lossy(text).into_owned()));
                    out.push(("StringToSignBytes", spaced_hex(text)));
                }
                if let Some(text) = &self.canonical_request {
                    out.push((
                        "CanonicalRequest",
                        String::from_utf8_lossy(text).into_owned(),
                    ));
                    out.push(("CanonicalRequestBytes", spaced_hex(text)));
                }
            }
            Rule::Skewed => {
                out.push(("MaxAllowedSkewMilliseconds", (MAX_SKEW * 1000).to_string()));
                if let Some(time) = self.request_time {
                    out.push(("RequestTime", format_iso_millis(time)));
                }
                out.push(("ServerTime", format_iso_millis(self.now)));
            }
            Rule::Expired => {
                if let Some(expires) = self.expires {
                    out.push(("Expires", format_iso_millis(expires)));
                }
                out.push(("ServerTime", format_iso_millis(self.now)));
            }
            Rule::TokenExpired => {
                out.push(("SecurityToken", self.token.clone().unwrap_or_default()));
            }
            _ if code == ErrorCode::InvalidAccessKeyId => out.push(("OSSAccessKeyId", id())),
            _ => {
                if let Some(header) = &self.authorization
                    && code == ErrorCode::InvalidArgument
                {
                    out.push(("Authorization", header.clone()));
                }
                if let Some((name, value)) = &self.argument {
                    out.push(("ArgumentName", name.clone().into_owned()));
                    out.push(("ArgumentValue", value.clone()));
                }
            }
        }
        out
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |there: bool| there.then_some(Redacted);
        f.debug_struct("Refusal")
            .field("rule", &self.rule)
            .field("scheme", &self.scheme)
            .field("carrier", &self.carrier)
            .field("access_key_id", &self.access_key_id)
            .field("server_time", &self.now)
            .field("request_time", &self.request_time)
            .field("expires", &self.expires)
            .field("signature", &hidden(self.signature.is_some()))
            .field("authorization", &hidden(self.authorization.is_some()))
            .field("token", &hidden(self.token.is_some()))
            .field("string_to_sign", &hidden(self.string_to_sign.is_some()))
            .field(
                "canonical_request",
                &hidden(self.canonical_request.is_some()),
            )
            .finish()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.answer().1)
    }
}

impl std::error::Error for Refusal {}
