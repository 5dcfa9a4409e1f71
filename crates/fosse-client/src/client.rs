//! One call: address, sign, send, wait, understand a refusal, try again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fosse_oss::encode::encode_component;
use fosse_oss::sign::{Scheme, SignOptions, SignRequest, sign_header};
use fosse_oss::xml::Element;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::credentials::Credentials;
use crate::endpoint::{Endpoint, Slash};
use crate::error::{Error, Result, ServiceError, with_causes};
use crate::payload::{Payload, Progress};
use crate::presign::Presigner;
use crate::retry;
use crate::transport::{self, Pool, Tls};

/// Most bytes of an error body that are read.
const ERROR_BODY: usize = 256 * 1024;
/// Most bytes of an XML answer that are read: a page of 1000 keys of 1023 escaped bytes is about 4 MiB.
pub(crate) const XML_BODY: usize = 16 * 1024 * 1024;

/// Where the client takes the time from: Unix seconds.
pub type ClockFn = Arc<dyn Fn() -> i64 + Send + Sync>;

/// One attempt of a request, for a log. Nothing secret is in it: no query, no headers.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Operation, such as `PutObject`.
    pub operation: &'static str,
    /// Method and URL without its query.
    pub endpoint: String,
    /// Status and request id of a good answer, or why there was none.
    pub outcome: std::result::Result<(u16, String), String>,
    /// How long it took until the answer's head was there.
    pub took: Duration,
}

/// Is told of every attempt.
pub type TraceFn = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// Everything that a client is told.
#[derive(Clone)]
pub struct ClientConfig {
    /// Where the service is.
    pub endpoint: Endpoint,
    /// Region id; must not be empty for signed V4 requests.
    pub region: String,
    /// Who signs.
    pub credentials: Credentials,
    /// Signature version.
    pub scheme: Scheme,
    /// Time to make a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest silence of the server while it is its turn.
    pub read_timeout: Duration,
    /// How often a request is tried again.
    pub retries: u32,
    /// Whom to trust in TLS.
    pub tls: Tls,
    /// The clock that signatures carry.
    pub clock: ClockFn,
    /// `User-Agent` header.
    pub user_agent: String,
    /// Is told of every attempt.
    pub trace: Option<TraceFn>,
}

impl ClientConfig {
    /// The usual settings: V4, 10 s to connect, 20 s of silence, 10 retries, the machine's clock.
    pub fn new(endpoint: Endpoint, region: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            endpoint,
            region: region.into(),
            credentials,
            scheme: Scheme::V4,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(20),
            retries: 10,
            tls: Tls::default(),
            clock: Arc::new(|| {
                let since = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            }),
            user_agent: concat!("fosse/", env!("CARGO_PKG_VERSION")).to_owned(),
            trace: None,
        }
    }
}

/// A client of one endpoint. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: ClientConfig,
    pool: Pool,
    /// Server clock minus ours, once a refusal told it.
    offset: AtomicI64,
}

/// A request before it is signed.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: &'static str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: &'a [u8],
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) payload: Payload,
    /// Doing it twice is the same as doing it once.
    pub(crate) repeatable: bool,
    /// Read the answer's body, up to so many bytes, before the attempt counts as done.
    pub(crate) whole: Option<usize>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        operation: &'static str,
        method: &'static str,
        bucket: Option<&'a str>,
        key: &'a [u8],
    ) -> Self {
        Self {
            operation,
            method,
            bucket,
            key,
            query: Vec::new(),
            headers: Vec::new(),
            payload: Payload::empty(),
            repeatable: true,
            whole: Some(XML_BODY),
        }
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn query_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A good answer.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) status: u16,
    /// CRC-64 of the body that was sent.
    pub(crate) sent_crc64: u64,
    operation: &'static str,
    endpoint: String,
    read_timeout: Duration,
    body: AnswerBody,
}

enum AnswerBody {
    Whole(Bytes),
    Stream(Incoming),
}

impl Answer {
    /// A header as text; `None` when absent or not ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `x-oss-hash-crc64ecma`.
    pub(crate) fn crc64(&self) -> Option<u64> {
        self.header("x-oss-hash-crc64ecma")
            .and_then(|text| text.parse().ok())
    }

    /// The XML body.
    pub(crate) fn xml(&self, root: &str) -> Result<Element> {
        let AnswerBody::Whole(bytes) = &self.body else {
            return Err(self.malformed("it was not read".to_owned()));
        };
        Element::parse(bytes, root).map_err(|error| self.malformed(error.message().to_owned()))
    }

    pub(crate) fn malformed(&self, reason: String) -> Error {
        Error::Malformed {
            operation: self.operation,
            endpoint: self.endpoint.clone(),
            reason,
        }
    }

    /// The next piece of the body, `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match &mut self.body {
            AnswerBody::Whole(bytes) if bytes.is_empty() => Ok(None),
            AnswerBody::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            AnswerBody::Stream(body) => next_chunk(body, self.read_timeout, &self.endpoint).await,
        }
    }
}

async fn next_chunk(body: &mut Incoming, limit: Duration, endpoint: &str) -> Result<Option<Bytes>> {
    loop {
        let frame = tokio::time::timeout(limit, body.frame())
            .await
            .map_err(|_| Error::Timeout {
                endpoint: endpoint.to_owned(),
                seconds: limit.as_secs(),
            })?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => {
                return Err(Error::Broken {
                    endpoint: endpoint.to_owned(),
                    reason: with_causes(&error),
                });
            }
            // Trailers carry nothing here.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Ok(Some(bytes)),
                Err(_) => {}
            },
        }
    }
}

/// Reads at most `limit` bytes; more than that gives `false`, and the rest is left.
async fn read_up_to(
    body: &mut Incoming,
    limit: usize,
    timeout: Duration,
    endpoint: &str,
) -> Result<(Bytes, bool)> {
    let mut all = Vec::new();
    while let Some(chunk) = next_chunk(body, timeout, endpoint).await? {
        if all.len() + chunk.len() > limit {
            return Ok((all.into(), false));
        }
        all.extend_from_slice(&chunk);
    }
    Ok((all.into(), true))
}

/// Reads the body of a refusal as far as it comes: the connection may already be breaking, and status and headers
/// tell the most.
async fn read_refusal(body: &mut Incoming, timeout: Duration, endpoint: &str) -> Vec<u8> {
    let mut all = Vec::new();
    while let Ok(Some(chunk)) = next_chunk(body, timeout, endpoint).await {
        all.extend_from_slice(&chunk);
        if all.len() > ERROR_BODY {
            break;
        }
    }
    all
}

impl Client {
    /// A client; makes no connection yet.
    ///
    /// # Errors
    /// [`Error::Setting`]: the CA file cannot be used, or the system trusts nobody and the endpoint is https.
    pub fn new(config: ClientConfig) -> Result<Self> {
        let https = config.endpoint.address(None, b"", Slash::Kept).scheme == "https";
        let pool = transport::pool(https, &config.tls, config.connect_timeout)?;
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                pool,
                offset: AtomicI64::new(0),
            }),
        })
    }

    /// What the client was told.
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// A presigner with the client's endpoint and credentials; `None` for an anonymous client.
    pub fn presigner(&self) -> Option<Presigner> {
        let config = self.config();
        match &config.credentials {
            Credentials::Anonymous => None,
            Credentials::Key(credentials) => Some(Presigner {
                endpoint: config.endpoint.clone(),
                credentials: credentials.clone(),
                scheme: config.scheme,
                region: config.region.clone(),
            }),
        }
    }

    /// Sends a call, again where that is safe and may help.
    pub(crate) async fn send(&self, mut call: Call<'_>) -> Result<Answer> {
        let mut tries = 0;
        let mut clock_corrected = false;
        let replayable = call.payload.replayable();
        loop {
            let error = match self.attempt(&mut call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !replayable {
                return Err(error);
            }
            if let Error::Service(refusal) = &error
                && refusal.code == "RequestTimeTooSkewed"
                && let (Some(offset), false) = (refusal.clock_offset, clock_corrected)
            {
                // The server's clock counts; ours stays as it is for everything else.
                self.inner.offset.fetch_add(offset, Ordering::Relaxed);
                clock_corrected = true;
                continue;
            }
            match retry::delay(&error, call.repeatable, tries, self.config().retries) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            }
            tries += 1;
        }
    }

    async fn attempt(&self, call: &mut Call<'_>) -> Result<Answer> {
        let started = Instant::now();
        let result = self.exchange(call).await;
        if let Some(trace) = &self.config().trace {
            let address = self
                .config()
                .endpoint
                .address(call.bucket, call.key, Slash::Kept);
            trace(&Exchange {
                operation: call.operation,
                endpoint: format!("{} {address}", call.method),
                outcome: match &result {
                    Ok(answer) => Ok((
                        answer.status,
                        answer
                            .header("x-oss-request-id")
                            .unwrap_or_default()
                            .to_owned(),
                    )),
                    Err(error) => Err(error.to_string()),
                },
                took: started.elapsed(),
            });
        }
        result
    }

    async fn exchange(&self, call: &mut Call<'_>) -> Result<Answer> {
        let config = self.config();
        let now = (config.clock)().saturating_add(self.inner.offset.load(Ordering::Relaxed));
        let address = config.endpoint.address(call.bucket, call.key, Slash::Kept);
        let endpoint = format!("{} {address}", call.method);
        let setting = |reason: String| {
            Error::Setting(format!(
                "the request for {address} cannot be made: {reason}"
            ))
        };

        let mut uri = address.to_string();
        for (index, (name, value)) in call.query.iter().enumerate() {
            uri.push(if index == 0 { '?' } else { '&' });
            encode_component(name.as_bytes(), &mut uri);
            if !value.is_empty() {
                uri.push('=');
                encode_component(value.as_bytes(), &mut uri);
            }
        }
        let mut request = http::Request::builder()
            .method(call.method)
            .uri(uri.as_str());
        if let Some(headers) = request.headers_mut() {
            for (name, value) in &call.headers {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| setting(format!("`{name}` is no header name")))?;
                let value = HeaderValue::from_bytes(value).map_err(|_| {
                    setting(format!(
                        "the value of the header {name} holds characters that no header may hold"
                    ))
                })?;
                headers.append(name, value);
            }
            let agent = HeaderValue::from_str(&config.user_agent)
                .map_err(|_| setting("bad user agent".to_owned()))?;
            headers.insert(http::header::USER_AGENT, agent);
            if matches!(call.method, "PUT" | "POST") && call.payload.is_empty() {
                // The transport leaves it out for an empty body; uploads must say their length.
                headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            for (name, value) in self.signature(call, now)? {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| setting(format!("`{name}` is no header name")))?;
                let value = HeaderValue::from_str(&value).map_err(|_| {
                    setting("the AccessKey ID or the security token holds characters that no header may hold".to_owned())
                })?;
                headers.insert(name, value);
            }
        }
        let progress = Progress::new();
        let body = call.payload.open(progress.clone()).await?;
        let request = request
            .body(body)
            .map_err(|error| setting(error.to_string()))?;

        let answered = self.inner.pool.request(request);
        tokio::pin!(answered);
        let response = loop {
            let left = config
                .read_timeout
                .saturating_add(config.connect_timeout)
                .saturating_sub(progress.silence());
            tokio::select! {
                response = &mut answered => break response,
                () = tokio::time::sleep(left) => if left.is_zero() {
                    return Err(Error::Timeout { endpoint, seconds: config.read_timeout.as_secs() });
                },
            }
        };
        let response = response.map_err(|error| {
            if let Some(fault) = progress.take_fault() {
                return Error::Input(fault);
            }
            let reason = with_causes(&error);
            if error.is_connect() {
                Error::Connect {
                    endpoint: format!("{}://{}", address.scheme, address.authority),
                    reason,
                }
            } else {
                Error::Broken {
                    endpoint: endpoint.clone(),
                    reason,
                }
            }
        })?;
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        if !head.status.is_success() {
            let bytes = match call.method {
                "HEAD" => Vec::new(),
                _ => read_refusal(&mut body, config.read_timeout, &endpoint).await,
            };
            return Err(refusal(call, status, &head.headers, &bytes, endpoint, now));
        }
        let body = match call.whole {
            Some(_) if call.method == "HEAD" => AnswerBody::Whole(Bytes::new()),
            Some(limit) => {
                match read_up_to(&mut body, limit, config.read_timeout, &endpoint).await? {
                    (bytes, true) => AnswerBody::Whole(bytes),
                    (_, false) => {
                        return Err(Error::Malformed {
                            operation: call.operation,
                            endpoint,
                            reason: "it is too long".to_owned(),
                        });
                    }
                }
            }
            None => AnswerBody::Stream(body),
        };
        Ok(Answer {
            headers: head.headers,
            status,
            sent_crc64: progress.crc64(),
            operation: call.operation,
            endpoint,
            read_timeout: config.read_timeout,
            body,
        })
    }

    fn signature(&self, call: &Call<'_>, now: i64) -> Result<Vec<(String, String)>> {
        let config = self.config();
        let Credentials::Key(credentials) = &config.credentials else {
            return Ok(Vec::new());
        };
        let query: Vec<(&str, &str)> = call
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let headers: Vec<(&str, &[u8])> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let request = SignRequest {
            method: call.method,
            bucket: call.bucket,
            key: call.key,
            query: &query,
            headers: &headers,
            additional_headers: &[],
        };
        let options = SignOptions {
            scheme: config.scheme,
            now,
            region: &config.region,
            product: "oss",
        };
        Ok(sign_header(&request, credentials, &options)?)
    }
}

/// An error answer, from its body or from `x-oss-err`.
fn refusal(
    call: &Call<'_>,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    endpoint: String,
    signed_at: i64,
) -> Error {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let from_header = STANDARD.decode(header("x-oss-err")).unwrap_or_default();
    let body = if body.is_empty() {
        from_header.as_slice()
    } else {
        body
    };
    let element = Element::parse(body, "Error").unwrap_or_default();
    let text = |name: &str| {
        element
            .child(name)
            .map(|child| child.text.clone())
            .unwrap_or_default()
    };
    let or = |first: String, second: String| if first.is_empty() { second } else { first };
    let server_date = header("date");
    let plain = || {
        let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body));
        if text.is_empty() {
            "the answer says nothing more".to_owned()
        } else {
            format!("the answer is not the service's: {}", text.trim())
        }
    };
    Error::Service(Box::new(ServiceError {
        operation: call.operation,
        status,
        code: or(text("Code"), "BadErrorResponse".to_owned()),
        message: or(text("Message"), plain()),
        request_id: or(header("x-oss-request-id"), text("RequestId")),
        ec: or(text("EC"), header("x-oss-ec")),
        clock_offset: fosse_oss::time::parse_http(&server_date).map(|server| server - signed_at),
        server_date,
        endpoint,
        key: std::str::from_utf8(call.key)
            .ok()
            .filter(|key| !key.is_empty())
            .map(str::to_owned),
    }))
}
