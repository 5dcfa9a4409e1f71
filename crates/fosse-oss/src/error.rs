//! The OSS error: a stable code, its HTTP status, a message, extra elements, and how it reads as XML.

/// A stable OSS error code. `as_str` gives the wire text, `status` the HTTP status (exhaustive match).
/// The catalogue of errors.md §4; the protocol module owner completes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum ErrorCode {
    AccessDenied, BucketAlreadyExists, BucketNotEmpty, EntityTooSmall, EntityTooLarge, FileAlreadyExists,
    IncompleteBody, InternalError, InvalidAccessKeyId, InvalidArgument, InvalidBucketName, InvalidCrc64,
    InvalidDigest, InvalidObjectName, InvalidPart, InvalidPartOrder, InvalidRange, InvalidRequest, InvalidUri,
    MalformedXml, MethodNotAllowed, MissingContentLength, NoSuchBucket, NoSuchKey, NoSuchUpload, NoSuchVersion,
    NotImplemented, PreconditionFailed, RequestTimeTooSkewed, RequestTimeout, SecondLevelDomainForbidden,
    ServiceUnavailable, SignatureDoesNotMatch, TooManyBuckets,
    AccessKeyIdAndSecurityTokenNotMatch, InvalidSecurityToken, SecurityTokenExpired,
}

/// An answer that refuses: boxed inside, so that `Result<_, OssError>` stays one word.
/// `Display` never prints secrets. Internal causes go to `source`, never to the client.
#[derive(Debug)]
pub struct OssError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    message: std::borrow::Cow<'static, str>,
    ec: Option<&'static str>,
    extra: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl OssError {
    /// The code with its catalogue message and, where there is only one, its EC.
    pub fn new(code: ErrorCode) -> Self { let _ = code; todo!() }
    /// Replaces the catalogue message.
    pub fn with_message(self, message: impl Into<std::borrow::Cow<'static, str>>) -> Self { let _ = message.into(); todo!() }
    /// Sets the EC (`NNNN-NNNNNNNN`).
    pub fn with_ec(self, ec: &'static str) -> Self { let _ = ec; todo!() }
    /// Adds an extra element between `HostId` and `EC`, in order of calls.
    pub fn with(self, element: &'static str, value: impl Into<String>) -> Self { let _ = (element, value.into()); todo!() }
    /// Adds a response header (lower-case name), e.g. `allow`, `x-oss-delete-marker`.
    pub fn with_header(self, name: &'static str, value: impl Into<String>) -> Self { let _ = (name, value.into()); todo!() }
    /// Attaches the internal cause, for the log only.
    pub fn with_source(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self { let _ = source.into(); todo!() }
    /// 400 `InvalidArgument` with `ArgumentName` and `ArgumentValue`.
    pub fn invalid_argument(name: &str, value: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> Self { let _ = (name, value, message.into()); todo!() }
    /// The code.
    pub fn code(&self) -> ErrorCode { self.0.code }
    /// The HTTP status of the code.
    pub fn status(&self) -> u16 { todo!() }
    /// The message for people.
    pub fn message(&self) -> &str { &self.0.message }
    /// The EC, if one is known.
    pub fn ec(&self) -> Option<&'static str> { self.0.ec }
    /// The extra elements in order.
    pub fn extra(&self) -> &[(&'static str, String)] { &self.0.extra }
    /// Response headers to add.
    pub fn headers(&self) -> &[(&'static str, String)] { &self.0.headers }
    /// The internal cause, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> { self.0.source.as_deref() }
    /// The error document of errors.md §2 (escaped, control characters dropped, each element at most 4 KiB).
    pub fn to_xml(&self, request_id: &str, host_id: &str) -> String { let _ = (request_id, host_id); todo!() }
}

impl From<ErrorCode> for OssError {
    fn from(code: ErrorCode) -> Self { Self::new(code) }
}
