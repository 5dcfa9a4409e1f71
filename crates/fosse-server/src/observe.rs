//! The access log: one structured line a request, written when its response has ended. It never holds a raw query,
//! an `Authorization` header, a signature, a token or a referer: each of them can carry a credential.

use crate::access_log::Pending;
use crate::access_log::line::Ending;
use crate::gate::Caller;
use crate::request::Call;
use crate::service::Service;
use crate::stall::InFlight;
use fosse_oss::OssError;
use http::HeaderValue;
use http::header::{HOST, USER_AGENT};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Longest piece of a client's text that a line repeats.
const TEXT_LIMIT: usize = 256;

/// What a line tells. Written on drop, so that a request whose client went away is written too.
pub(crate) struct Record {
    service: Arc<Service>,
    started: Instant,
    id: crate::request_id::RequestId,
    operation: &'static str,
    method: http::Method,
    bucket: Option<String>,
    key: Vec<u8>,
    remote: IpAddr,
    access_key_id: Option<String>,
    user_agent: Option<HeaderValue>,
    host: Option<HeaderValue>,
    code: &'static str,
    ec: &'static str,
    pub(crate) status: u16,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// The response ended early for a reason of the server's.
    pub(crate) broken: bool,
    /// The line for the bucket's own access log.
    pub(crate) pending: Option<Box<Pending>>,
    _in_flight: InFlight,
}

impl Record {
    pub(crate) fn new(call: &Call, in_flight: InFlight) -> Box<Self> {
        Box::new(Self {
            service: call.service.clone(),
            started: call.started,
            id: call.id,
            operation: "-",
            method: call.method.clone(),
            bucket: None,
            key: Vec::new(),
            remote: call.client.ip,
            access_key_id: None,
            user_agent: if wanted() {
                call.headers.get(USER_AGENT).cloned()
            } else {
                None
            },
            host: match call.uri.authority() {
                _ if !wanted() => None,
                Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
                None => call.headers.get(HOST).cloned(),
            },
            code: "",
            ec: "",
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            broken: false,
            pending: None,
            _in_flight: in_flight,
        })
    }

    /// The request id.
    pub(crate) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Takes over what was learnt about the request.
    pub(crate) fn learn(&mut self, call: &mut Call, error: Option<&OssError>) {
        self.operation = call.operation_name();
        self.bucket = call.target.bucket.take();
        self.key = std::mem::take(&mut call.target.key);
        if let Caller::Signed(signed) = &mut call.caller {
            self.access_key_id = Some(std::mem::take(&mut signed.access_key_id));
        }
        let Some(error) = error else { return };
        self.code = error.code().as_str();
        self.ec = error.ec().unwrap_or("");
        // The modules of authentication and authorization (errors.md §4.1, §4.2), and refusals that have no EC.
        if self.ec.starts_with("0002-") || self.ec.starts_with("0003-") || error.status() == 403 {
            self.service.metrics.refusal(self.code, self.ec);
        }
        if error.status() >= 500 {
            let cause = error.cause().map(ToString::to_string).unwrap_or_default();
            tracing::error!(
                id = self.id(),
                operation = self.operation,
                code = self.code,
                cause,
                "internal error"
            );
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        // 499: the client went away before there was an answer.
        let status = if self.status == 0 { 499 } else { self.status };
        self.service
            .metrics
            .request(self.operation, status, took, self.bytes_in, self.bytes_out);
        if let Some(pending) = self.pending.take() {
            let ending = Ending {
                status,
                received: self.bytes_in,
                sent: self.bytes_out,
                total_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            };
            self.service.access_log.push(*pending, ending);
        }
        if !wanted() {
            return;
        }
        let header = |value: &Option<HeaderValue>| {
            value
                .as_ref()
                .map(|v| clip(v.as_bytes()))
                .unwrap_or_default()
        };
        // Longer ones are no keys.
        let key = String::from_utf8_lossy(self.key.get(..1023).unwrap_or(&self.key));
        tracing::info!(
            target: "fosse::access",
            id = self.id.as_str(),
            operation = self.operation,
            method = self.method.as_str(),
            bucket = clip(self.bucket.as_deref().unwrap_or("").as_bytes()).as_str(),
            key = key.as_ref(),
            status,
            code = self.code,
            ec = self.ec,
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            remote = %self.remote,
            access_key_id = clip(self.access_key_id.as_deref().unwrap_or("").as_bytes()).as_str(),
            user_agent = header(&self.user_agent).as_str(),
            host = header(&self.host).as_str(),
            broken = self.broken,
            "request"
        );
    }
}

/// Whether anybody reads the access log.
fn wanted() -> bool {
    tracing::enabled!(target: "fosse::access", tracing::Level::INFO)
}

/// At most [`TEXT_LIMIT`] bytes of a client's text.
fn clip(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..TEXT_LIMIT).unwrap_or(bytes)).into_owned()
}
