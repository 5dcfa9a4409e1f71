//! One request as the layers above see it: its head, untouched, and what was learnt about it on the way.

use crate::client_address::ClientAddress;
use crate::config::ForceDownload;
use crate::conn::Origin;
use crate::gate::Caller;
use crate::request_id::RequestId;
use crate::service::{Service, without_port};
use fosse_oss::op::{Operation, Query, Style, Target};
use fosse_oss::{ErrorCode, OssError};
use http::header::{CONNECTION, HOST, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Uri, Version};
use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// A request without its body.
pub(crate) struct Call {
    pub(crate) service: Arc<Service>,
    pub(crate) id: RequestId,
    pub(crate) started: Instant,
    /// Server clock at the start of the request; everything that the request does happens at this time.
    pub(crate) now_ms: i64,
    /// Where the request came from.
    pub(crate) client: ClientAddress,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    /// Filled by dispatch, in this order.
    pub(crate) target: Target,
    /// The host name is none of the server's own and bound to no bucket.
    pub(crate) foreign_host: bool,
    pub(crate) query: Query,
    /// What `x-oss-traffic-limit` says, once somebody asked.
    pub(crate) traffic_limit: OnceLock<Option<u64>>,
    /// What the bucket says about links that download, once the gate has found it.
    pub(crate) force_download: OnceLock<Option<ForceDownload>>,
    pub(crate) caller: Caller,
    pub(crate) operation: Option<Operation>,
    /// The gate found that the bucket has CORS rules: answers may vary by origin, also to who sends none.
    pub(crate) cors_rules: AtomicBool,
}

impl Call {
    pub(crate) fn new(
        service: Arc<Service>,
        origin: Origin,
        parts: http::request::Parts,
        started: Instant,
    ) -> Self {
        let now_ms = service.clock.now_ms();
        let id = service.ids.next(now_ms.div_euclid(1000));
        let client = service.clients.of(origin, &parts.headers);
        Self {
            service,
            id,
            started,
            now_ms,
            client,
            method: parts.method,
            uri: parts.uri,
            version: parts.version,
            headers: parts.headers,
            target: Target {
                bucket: None,
                key: Vec::new(),
                style: Style::Path,
            },
            foreign_host: false,
            query: Query::default(),
            cors_rules: AtomicBool::new(false),
            traffic_limit: OnceLock::new(),
            force_download: OnceLock::new(),
            caller: Caller::Anonymous,
            operation: None,
        }
    }

    /// Unix seconds of the request.
    pub(crate) fn now(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// Host with port as the client sent it: the authority of the target if it has one, else the Host header.
    /// Empty when there is none or it is not text.
    pub(crate) fn host(&self) -> &str {
        match self.uri.authority() {
            Some(authority) => authority.as_str(),
            None => self
                .headers
                .get(HOST)
                .and_then(|h| h.to_str().ok())
                .unwrap_or_default(),
        }
    }

    /// `HostId` of an error body: the host in lower case without port.
    pub(crate) fn host_id(&self) -> String {
        without_port(self.host()).to_ascii_lowercase()
    }

    /// The raw path, exactly as sent.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The raw query without `?`.
    pub(crate) fn raw_query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// RFC 9112 §3.2: HTTP/1.1 needs exactly one Host header, and it must be text.
    pub(crate) fn check_host(&self) -> Result<(), OssError> {
        let refuse = |message: &'static str| {
            Err(OssError::new(ErrorCode::InvalidRequest).with_message(message))
        };
        let mut hosts = self.headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (_, Some(_)) => refuse("The request has more than one Host header."),
            (Some(host), None) if host.to_str().is_err() => refuse("The Host header is not valid."),
            (None, None) if self.version == Version::HTTP_11 && self.uri.authority().is_none() => {
                refuse("The request has no Host header.")
            }
            _ => Ok(()),
        }
    }

    /// RFC 9112 §6.1: the only transfer coding that is understood is `chunked`, said once. The HTTP library looks at the last
    /// one only.
    ///
    /// Errors: 400 `NotImplemented`.
    pub(crate) fn check_coding(&self) -> Result<(), OssError> {
        let mut codings = self.headers.get_all(TRANSFER_ENCODING).iter();
        match (codings.next(), codings.next()) {
            (None, _) => Ok(()),
            (Some(only), None)
                if only
                    .as_bytes()
                    .trim_ascii()
                    .eq_ignore_ascii_case(b"chunked") =>
            {
                Ok(())
            }
            _ => Err(OssError::new(ErrorCode::NotImplemented)
                .with_message("The only transfer coding that is understood is chunked.")
                .with("Header", TRANSFER_ENCODING.as_str())),
        }
    }

    /// RFC 9112 §9.3: whether the client lets the connection go on after this answer.
    pub(crate) fn persists(&self) -> bool {
        let mut options = self
            .headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim);
        if self.version > Version::HTTP_10 {
            return !options.any(|option| option.eq_ignore_ascii_case("close"));
        }
        let mut kept = false;
        for option in options {
            if option.eq_ignore_ascii_case("close") {
                return false;
            }
            kept |= option.eq_ignore_ascii_case("keep-alive");
        }
        kept
    }

    /// A header as text; bytes that are not UTF-8 are read as ISO-8859-1, as some browser clients send them.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(|value| text(value.as_bytes()))
    }

    /// A header by its registered name.
    pub(crate) fn known_header(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(|value| text(value.as_bytes()))
    }

    /// The operation's OSS name for logs and counters.
    pub(crate) fn operation_name(&self) -> &'static str {
        self.operation.map_or("-", Operation::name)
    }

    /// An internal fault: 500 to the client, the cause to the log.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OssError {
        OssError::new(ErrorCode::InternalError).with_source(cause)
    }
}

/// Header bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}
