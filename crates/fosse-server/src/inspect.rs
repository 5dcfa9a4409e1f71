//! `POST /inspect` of the admin listener: what the server would say to a request, and why, without doing it. For `fosse inspect`, and
//! for operators only: it tells more than a client may know, though never a secret.
//!
//! The request goes through the very same addressing, verifier and gate as one that arrives.

use crate::addressing;
use crate::bucket_recovery::{self, account_of};
use crate::conn::Origin;
use crate::gate::{self, Caller};
use crate::key_ring::KeyRing;
use crate::request::Call;
use crate::service::{Service, without_port};
use bytes::Bytes;
use fosse_oss::OssError;
use fosse_oss::op::{Operation, Query, Style};
use fosse_oss::sign::{
    self, Alternatives, Client, Description, Diagnosis, RequestParts, VerifyContext,
};
use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// Largest question: a request head and a little around it.
const MAX_QUESTION: usize = 256 * 1024;
/// Buckets that a signature is tried with.
const MAX_BUCKETS: usize = 100;

/// A request to be explained.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    method: String,
    /// Absolute: `http://HOST/PATH?QUERY`.
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The other end of the connection; this machine unless said otherwise.
    #[serde(default)]
    client: Option<IpAddr>,
}

/// What the server has to say.
#[derive(Serialize, Default)]
struct Verdict {
    /// It would be let in.
    accepted: bool,
    server_time: i64,
    bucket: Option<String>,
    key: Option<String>,
    /// How the bucket is named: by host, by path, by a custom domain, or only by the signature.
    addressed_by: &'static str,
    operation: Option<&'static str>,
    access_key_id: Option<String>,
    account: Option<String>,
    client: Option<IpAddr>,
    refusal: Option<Refused>,
    /// The rule of the verifier that was broken.
    rule: Option<String>,
    /// What most likely happened, and what to do.
    cause: Option<String>,
    difference: Option<Parted>,
    string_to_sign: Option<String>,
    canonical_request: Option<String>,
    /// What decided, step by step.
    steps: Vec<String>,
    statements: Vec<String>,
}

#[derive(Serialize)]
struct Refused {
    status: u16,
    code: &'static str,
    message: String,
    ec: Option<String>,
}

#[derive(Serialize)]
struct Parted {
    line: usize,
    signed: String,
    received: String,
}

impl Refused {
    fn of(error: &OssError) -> Self {
        Self {
            status: error.status(),
            code: error.code().as_str(),
            message: error.message().to_owned(),
            ec: error.ec().map(str::to_owned),
        }
    }
}

/// Answers a question. Never fails: what is no question is answered 400.
pub(crate) async fn answer(
    service: &Arc<Service>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    // A page in a browser cannot send this type to another site without being asked first.
    let typed = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let body = Limited::new(request.into_body(), MAX_QUESTION)
        .collect()
        .await;
    let told = match body {
        Ok(body) if typed => match serde_json::from_slice::<Question>(&body.to_bytes()) {
            Ok(question) => verdict(service, question).await,
            Err(error) => Err(error.to_string()),
        },
        Ok(_) => Err("send application/json".to_owned()),
        Err(_) => Err("the request is too large or was cut off".to_owned()),
    };
    let (status, text) = match told {
        Ok(verdict) => (
            StatusCode::OK,
            serde_json::to_string(&verdict).unwrap_or_default(),
        ),
        Err(message) => (
            StatusCode::BAD_REQUEST,
            serde_json::json!({ "error": message }).to_string(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn verdict(service: &Arc<Service>, question: Question) -> Result<Verdict, String> {
    let mut call = call_of(service, &question)?;
    let mut told = Verdict {
        server_time: call.now(),
        client: Some(call.client.ip),
        ..Verdict::default()
    };
    if let Err(error) = go(&mut call, &mut told).await {
        told.refusal = Some(Refused::of(&error));
    }
    told.accepted = told.refusal.is_none();
    told.bucket = call.target.bucket.clone();
    told.key = (!call.target.key.is_empty())
        .then(|| String::from_utf8_lossy(&call.target.key).into_owned());
    told.operation = call.operation.map(Operation::name);
    told.access_key_id = call
        .caller
        .access_key_id()
        .map(str::to_owned)
        .or(told.access_key_id);
    told.account = call.caller.account().map(str::to_owned);
    Ok(told)
}

/// The request as if it had arrived.
fn call_of(service: &Arc<Service>, question: &Question) -> Result<Call, String> {
    let uri: Uri = question
        .url
        .parse()
        .map_err(|_| "the URL cannot be read".to_owned())?;
    let host = uri
        .authority()
        .map(|authority| authority.as_str().to_owned());
    let host = host.ok_or("the URL has no host")?;
    let path = uri.path_and_query().map_or("/", |text| text.as_str());
    let mut request = Request::builder()
        .method(question.method.as_str())
        .uri(path);
    let named = question
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(HOST.as_str()));
    if !named {
        request = request.header(HOST, &host);
    }
    for (name, value) in &question.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is no header name"))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| format!("the value of {name} is none"))?;
        request = request.header(name, value);
    }
    let (parts, ()) = request
        .body(())
        .map_err(|error| error.to_string())?
        .into_parts();
    let origin = Origin {
        peer: SocketAddr::new(question.client.unwrap_or(IpAddr::from([127, 0, 0, 1])), 0),
        tls: uri.scheme_str() == Some("https"),
        vpc: None,
    };
    Ok(Call::new(service.clone(), origin, parts, Instant::now()))
}

/// The way of dispatch, up to the handler. Errors: the refusal.
async fn go(call: &mut Call, told: &mut Verdict) -> Result<(), OssError> {
    call.check_host()?;
    addressing::resolve(call).await?;
    told.addressed_by = match call.target.style {
        Style::VirtualHosted => "host",
        Style::Path => "path",
        Style::Cname => "custom domain",
    };
    call.query = Query::beside_signature(call.raw_query())?;
    let mut operation = identify(call);
    match gate::authenticate(call) {
        Ok(caller) => call.caller = caller,
        Err(refusal) => match bucket_recovery::recover(call, refusal).await {
            Ok(caller) => {
                call.caller = caller;
                told.addressed_by = "signature";
                operation = identify(call);
            }
            Err(refusal) => {
                told.explain(call).await;
                return Err(refusal);
            }
        },
    }
    let explanation = gate::explain(call, operation?).await?;
    if let Caller::Anonymous = call.caller {
        told.steps
            .push("no signature: the caller is anonymous".to_owned());
    }
    told.steps.push(format!("action: {}", explanation.action));
    told.steps.extend(explanation.steps);
    told.statements = explanation.statements;
    explanation.outcome
}

fn identify(call: &mut Call) -> Result<Operation, OssError> {
    let operation = Operation::identify(call.method.as_str(), &call.target, &call.query, &|name| {
        call.headers.contains_key(name)
    });
    call.operation = operation.as_ref().ok().copied();
    operation
}

impl Verdict {
    /// Why the signature was refused.
    async fn explain(&mut self, call: &Call) {
        let headers: Vec<(&str, &[u8])> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let parts = RequestParts {
            method: call.method.as_str(),
            bucket: call.target.bucket.as_deref(),
            key: &call.target.key,
            query: call.raw_query(),
            headers: &headers,
        };
        let service = &*call.service;
        let context = VerifyContext {
            now: call.now(),
            regions: &service.regions,
            product: "oss",
        };
        let client = Client {
            address: Some(call.client.peer),
            forwarded: &call.client.forwarded,
            vpc: call.client.vpc.as_deref(),
        };
        let description = Description::of(&parts);
        self.access_key_id = description.access_key_id;
        let (buckets, hosts) = alternatives(call, self.access_key_id.as_deref()).await;
        let alternatives = Alternatives {
            buckets: &buckets,
            hosts: &hosts,
        };
        let keys = KeyRing::new(service);
        let Err(Diagnosis {
            refusal,
            cause,
            difference,
        }) = sign::diagnose(&parts, &context, &client, &keys, alternatives)
        else {
            return;
        };
        self.rule = Some(format!("{:?}", refusal.rule()));
        self.cause = cause
            .map(|cause| cause.explain())
            .or_else(|| sign::advice(&refusal).map(str::to_owned));
        self.difference = difference.map(|at| Parted {
            line: at.line,
            signed: at.signed,
            received: at.received,
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.string_to_sign = refusal.string_to_sign().map(text);
        self.canonical_request = refusal.canonical_request().map(text);
    }
}

/// Buckets and host names that the signer may have meant.
async fn alternatives(call: &Call, access_key_id: Option<&str>) -> (Vec<String>, Vec<String>) {
    let service = &*call.service;
    let mut buckets = Vec::new();
    if let Some(account) = access_key_id.and_then(|id| account_of(call, id))
        && let Ok((own, _)) = service
            .store
            .list_buckets(&account, "", "", MAX_BUCKETS)
            .await
    {
        buckets.extend(own.iter().map(|bucket| bucket.name.clone()));
    }
    let mut bases = vec![service.extranet_endpoint.clone()];
    bases.extend(service.addressing.base_domains.iter().cloned());
    let mut hosts = Vec::new();
    for base in bases.iter().take(8) {
        let port = service
            .extranet_endpoint
            .rsplit_once(':')
            .map(|(_, port)| port);
        let bare = without_port(base);
        for host in [bare.to_owned(), base.clone()]
            .into_iter()
            .chain(port.map(|port| format!("{bare}:{port}")))
        {
            hosts.extend(
                call.target
                    .bucket
                    .as_ref()
                    .map(|bucket| format!("{bucket}.{host}")),
            );
            hosts.push(host);
        }
    }
    hosts.sort();
    hosts.dedup();
    (buckets, hosts)
}
