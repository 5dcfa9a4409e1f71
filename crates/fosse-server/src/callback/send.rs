//! Sending a callback: resolve, check every address, connect to the one that was checked, follow no redirect.

use super::allow::{may_be_asked_for, may_be_connected};
use super::base64;
use super::key::{CallbackKey, KeyError};
use crate::config::Callbacks as Settings;
use bytes::{Bytes, BytesMut};
use fosse_oss::OssError;
use fosse_oss::callback::{Callback, CallbackUrl, string_to_sign};
use fosse_store::Store;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio_rustls::TlsConnector;

/// Most bytes of an application's answer.
const MAX_ANSWER: usize = 1024 * 1024;
/// Most callbacks at once.
const MAX_AT_ONCE: usize = 256;

/// Why a callback failed, in the words of the documentation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("Error status : {0}.")]
    Status(u16),
    #[error("Error Status : -1.OSS can not connect to your callbackUrl, please check it.")]
    Connect,
    #[error("Error Status : 400.User server missing content-length.")]
    NoLength,
    #[error("Error Status : 400.User server return invalid conent-length value.")]
    BadLength,
    #[error("Error Status : 400.User server return too long content-length value.")]
    TooLong,
    #[error("Response body is not valid json format.")]
    NotJson,
    #[error("Cost too long time.")]
    TooSlow,
    #[error("Too many callback requests.")]
    TooMany,
    #[error("Private address is forbidden to callback.")]
    Forbidden,
    #[error("Error Status : -1.The callback could not be signed.")]
    Unsigned,
}

/// Sends callbacks.
pub(super) struct Sender {
    settings: Settings,
    store: Store,
    key_url: String,
    key: OnceCell<CallbackKey>,
    tls: OnceCell<TlsConnector>,
    slots: Semaphore,
}

impl Sender {
    pub(super) fn new(settings: Settings, store: Store, key_url: String) -> Self {
        Self {
            settings,
            store,
            key_url,
            key: OnceCell::new(),
            tls: OnceCell::new(),
            slots: Semaphore::new(MAX_AT_ONCE),
        }
    }

    /// The key that signs.
    pub(super) async fn key(&self) -> Result<&CallbackKey, KeyError> {
        self.key
            .get_or_try_init(|| CallbackKey::of(&self.store))
            .await
    }

    /// Refuses a callback whose targets are not allowed, before anything is stored. It is checked again when it is sent.
    pub(super) async fn check(&self, callback: &Callback) -> Result<(), OssError> {
        let refuse =
            |message: &'static str| Err(OssError::invalid_argument("callback", "", message));
        let mut reachable = false;
        for url in callback.urls() {
            if !may_be_asked_for(&self.settings.allow, &url.host, url.port) {
                return refuse(if url.host.parse::<IpAddr>().is_ok() {
                    "Private address is forbidden to callback."
                } else {
                    "The callback url configuration is invalid."
                });
            }
            match self.addresses(url).await {
                Ok(_) => reachable = true,
                Err(Failure::Forbidden) => {
                    return refuse("Private address is forbidden to callback.");
                }
                Err(_) => {}
            }
        }
        if reachable {
            Ok(())
        } else {
            refuse("Can not get ip by this host.")
        }
    }

    /// The addresses of a URL, all of which are allowed.
    async fn addresses(&self, url: &CallbackUrl) -> Result<Vec<SocketAddr>, Failure> {
        let lookup = tokio::net::lookup_host((url.host.as_str(), url.port));
        let found: Vec<SocketAddr> = match tokio::time::timeout(self.settings.timeout, lookup).await
        {
            Err(_) => return Err(Failure::TooSlow),
            Ok(Err(_)) => return Err(Failure::Connect),
            Ok(Ok(found)) => found.collect(),
        };
        if found.is_empty() {
            return Err(Failure::Connect);
        }
        // One forbidden address is enough: which one a name gives is in the hands of whoever owns it.
        let allowed = |address: &SocketAddr| {
            may_be_connected(&self.settings.allow, &url.host, url.port, address.ip())
        };
        if found.iter().all(allowed) {
            Ok(found)
        } else {
            Err(Failure::Forbidden)
        }
    }

    /// Sends `body` to the first URL that answers as it should, and gives its answer: JSON.
    pub(super) async fn send(
        &self,
        callback: &Callback,
        body: String,
        bucket: &str,
        request_id: &str,
    ) -> Result<Bytes, Failure> {
        let Ok(_slot) = self.slots.try_acquire() else {
            return Err(Failure::TooMany);
        };
        let key = match self.key().await {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(%error, "callback");
                return Err(Failure::Unsigned);
            }
        };
        let mut failure = Failure::Connect;
        for url in callback.urls() {
            let signature = key.sign(&string_to_sign(url, &body)).map_err(|error| {
                tracing::error!(%error, "callback");
                Failure::Unsigned
            })?;
            let target = match &url.query {
                Some(query) => format!("{}?{query}", url.path),
                None => url.path.clone(),
            };
            let request = Request::builder()
                .method(Method::POST)
                .uri(target)
                .version(Version::HTTP_10)
                .header(HOST, callback.host().unwrap_or(&url.authority))
                .header(CONNECTION, "close")
                .header(CONTENT_LENGTH, body.len())
                .header(CONTENT_TYPE, callback.body_type().media_type())
                .header(USER_AGENT, "http-client/0.0.1")
                .header(AUTHORIZATION, base64(&signature))
                .header("x-oss-pub-key-url", base64(self.key_url.as_bytes()))
                .header("x-oss-signature-version", "1.0")
                .header("x-oss-tag", "CALLBACK")
                .header("x-oss-bucket", bucket)
                .header("x-oss-request-id", request_id)
                .body(Full::new(Bytes::from(body.clone())));
            let attempt = async {
                let request = request.map_err(|_| Failure::Connect)?;
                self.exchange(callback, url, request).await
            };
            match tokio::time::timeout(self.settings.timeout, attempt).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = Failure::TooSlow,
            }
            tracing::info!(id = request_id, host = %url.host, %failure, "callback failed");
        }
        Err(failure)
    }

    /// One attempt.
    async fn exchange(
        &self,
        callback: &Callback,
        url: &CallbackUrl,
        request: Request<Full<Bytes>>,
    ) -> Result<Bytes, Failure> {
        let addresses = self.addresses(url).await?;
        let mut connected = None;
        for address in addresses {
            if let Ok(stream) = TcpStream::connect(address).await {
                connected = Some(stream);
                break;
            }
        }
        let stream = connected.ok_or(Failure::Connect)?;
        if !url.https {
            return speak(stream, request).await;
        }
        let tls = self
            .tls
            .get_or_try_init(|| async { connector(&self.settings) })
            .await?;
        let name = ServerName::try_from(url.host.clone()).map_err(|_| Failure::Connect)?;
        let tls = if callback.sni() {
            tls.clone()
        } else {
            let mut config = ClientConfig::clone(tls.config());
            config.enable_sni = false;
            TlsConnector::from(Arc::new(config))
        };
        let stream = tls.connect(name, stream).await.map_err(|error| {
            tracing::info!(%error, host = %url.host, "callback: TLS");
            Failure::Connect
        })?;
        speak(stream, request).await
    }
}

/// TLS that trusts the system's authorities, or those of a file.
fn connector(settings: &Settings) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    match &settings.ca_file {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).map_err(|error| {
                tracing::error!(%error, path = %path.display(), "certificates of callbacks");
                Failure::Connect
            })?;
            roots.add_parsable_certificates(read.flatten());
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::Connect)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The request and its answer over an open connection.
async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Bytes, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Connect)?;
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| unreadable(&error))?;
        read(response).await
    };
    let answer = answer.await;
    driver.abort();
    answer
}

/// The HTTP library reads no answer whose length is no number.
fn unreadable(error: &hyper::Error) -> Failure {
    if error.is_parse() && error.to_string().contains("content-length") {
        Failure::BadLength
    } else {
        Failure::Connect
    }
}

/// Status 200, a length, and JSON.
async fn read(response: Response<Incoming>) -> Result<Bytes, Failure> {
    if response.status() != StatusCode::OK {
        return Err(Failure::Status(response.status().as_u16()));
    }
    let length = response
        .headers()
        .get(CONTENT_LENGTH)
        .ok_or(Failure::NoLength)?;
    let length: usize = length
        .to_str()
        .ok()
        .and_then(|length| length.parse().ok())
        .ok_or(Failure::BadLength)?;
    if length > MAX_ANSWER {
        return Err(Failure::TooLong);
    }
    let mut document = BytesMut::with_capacity(length);
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Connect)?;
        if let Some(data) = frame.data_ref() {
            if document.len() + data.len() > MAX_ANSWER {
                return Err(Failure::TooLong);
            }
            document.extend_from_slice(data);
        }
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(&document) {
        Ok(_) => Ok(document.freeze()),
        Err(_) => Err(Failure::NotJson),
    }
}
