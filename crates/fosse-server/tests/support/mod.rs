//! A server in this process and a client that can misbehave: requests are written byte by byte as the test says, signed
//! or not, and answers are parsed by hand, so that a fault of an HTTP library cannot hide one of the server.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod rpc;

use fosse_oss::sign::{self, Credentials, Scheme, SignOptions, SignRequest};
use fosse_server::{Clock, Config, Listeners, serve};
use fosse_store::{AccessKey, Store};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const ID: &str = "LTAItestkey";
pub(crate) const SECRET: &str = "secretSECRETsecretSECRET";
pub(crate) const OWNER: &str = "1234567890123456";
/// A key of another account.
pub(crate) const OTHER_ID: &str = "LTAIotherkey";
pub(crate) const OTHER_SECRET: &str = "otherSECRETotherSECRET";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) admin: SocketAddr,
    pub(crate) store: Store,
    pub(crate) offset_ms: Arc<AtomicI64>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    done: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(Store::memory(), change)
    }

    pub(crate) fn over(store: Store, change: impl FnOnce(&mut Config)) -> Self {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut config = Config {
            listen: vec![any],
            admin: Some(any),
            ..Config::default()
        };
        change(&mut config);
        let listeners = Listeners::bind(&config).unwrap();
        let address = listeners.http_addresses()[0];
        let tls_address = listeners.https_addresses().first().copied();
        let admin = listeners.admin_address().unwrap();
        let offset_ms = Arc::new(AtomicI64::new(0));
        let clock = Clock::shifted(offset_ms.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let served = store.clone();
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                for (id, secret, owner, root) in [
                    (ID, SECRET, OWNER, true),
                    (OTHER_ID, OTHER_SECRET, "6543210987654321", false),
                ] {
                    served
                        .put_access_key(AccessKey {
                            id: id.into(),
                            secret: secret.into(),
                            owner: owner.into(),
                            user: None,
                            enabled: true,
                            root,
                            created_ms: 0,
                            comment: String::new(),
                        })
                        .await
                        .unwrap();
                }
                ready.send(()).unwrap();
                serve(listeners, config, served, clock, async {
                    let _ = stopped.await;
                })
                .await
                .unwrap();
            });
        });
        is_ready.recv().unwrap();
        Self {
            address,
            tls_address,
            admin,
            store,
            offset_ms,
            stop: Some(stop),
            done: Some(done),
        }
    }

    /// Begins the shutdown without waiting.
    pub(crate) fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops and waits.
    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        if let Some(done) = self.done.take() {
            done.join().unwrap();
        }
    }

    /// Seconds of the server's clock.
    pub(crate) fn now(&self) -> i64 {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_millis() as i64;
        (wall + self.offset_ms.load(Ordering::Relaxed)).div_euclid(1000)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    /// One request on its own connection.
    pub(crate) fn send(&self, request: &Request) -> Reply {
        self.connect().send(request, self)
    }

    /// Makes a bucket.
    pub(crate) fn bucket(&self, name: &str) {
        let reply = self.send(&Request::new("PUT", name, ""));
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Stores an object.
    pub(crate) fn put(&self, bucket: &str, key: &str, body: &[u8]) -> Reply {
        let reply = self.send(&Request::new("PUT", bucket, key).body(body));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply
    }

    pub(crate) fn metrics(&self) -> String {
        let mut connection = Connection::to(self.admin);
        connection.write(b"GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n");
        let reply = connection.read_reply(false);
        assert_eq!(reply.status, 200);
        reply.text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(done) = self.done.take()
            && done.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}

/// How a request proves itself.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    None,
    Header(Scheme),
    /// Seconds of life.
    Url(Scheme, i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) proof: Proof,
    pub(crate) key_pair: (String, String),
    pub(crate) token: Option<String>,
    /// `Host`, if not path-style on the address.
    pub(crate) virtual_host: Option<String>,
    pub(crate) chunked: bool,
    /// Sends no length at all.
    pub(crate) unframed: bool,
}

impl Request {
    pub(crate) fn new(method: &str, bucket: &str, key: &str) -> Self {
        Self {
            method: method.into(),
            bucket: bucket.into(),
            key: key.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            proof: Proof::Header(Scheme::V4),
            key_pair: (ID.into(), SECRET.into()),
            token: None,
            virtual_host: None,
            chunked: false,
            unframed: false,
        }
    }

    pub(crate) fn get(bucket: &str, key: &str) -> Self {
        Self::new("GET", bucket, key)
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn proof(mut self, proof: Proof) -> Self {
        self.proof = proof;
        self
    }

    pub(crate) fn anonymous(self) -> Self {
        self.proof(Proof::None)
    }

    pub(crate) fn by(mut self, id: &str, secret: &str) -> Self {
        self.key_pair = (id.into(), secret.into());
        self
    }

    /// With temporary credentials.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.into());
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.virtual_host = Some(host.into());
        self
    }

    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Path as it goes on the wire.
    pub(crate) fn path(&self) -> String {
        let mut path = String::from("/");
        if self.virtual_host.is_none() && !self.bucket.is_empty() {
            path.push_str(&self.bucket);
            path.push('/');
        }
        fosse_oss::encode::encode_path(self.key.as_bytes(), &mut path);
        path
    }

    /// The request head with its empty line.
    pub(crate) fn head(&self, server: &Server) -> Vec<u8> {
        let host = self
            .virtual_host
            .clone()
            .unwrap_or_else(|| server.address.to_string());
        let mut headers = self.headers.clone();
        let pairs: Vec<(&str, &str)> = self
            .query
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let seen: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_slice()))
            .chain([("host", host.as_bytes())])
            .collect();
        let request = SignRequest {
            method: &self.method,
            bucket: (!self.bucket.is_empty()).then_some(self.bucket.as_str()),
            key: self.key.as_bytes(),
            query: &pairs,
            headers: &seen,
            additional_headers: &[],
        };
        let credentials = Credentials {
            access_key_id: self.key_pair.0.clone(),
            access_key_secret: self.key_pair.1.clone(),
            security_token: self.token.clone(),
        };
        let options = |scheme| SignOptions {
            scheme,
            now: server.now(),
            region: "cn-hangzhou",
            product: "oss",
        };
        let mut query = String::new();
        for (name, value) in &self.query {
            if !query.is_empty() {
                query.push('&');
            }
            fosse_oss::encode::encode_component(name.as_bytes(), &mut query);
            if !value.is_empty() {
                query.push('=');
                fosse_oss::encode::encode_component(value.as_bytes(), &mut query);
            }
        }
        match self.proof {
            Proof::None => {}
            Proof::Header(scheme) => {
                let signed = sign::sign_header(&request, &credentials, &options(scheme)).unwrap();
                headers.extend(signed.into_iter().map(|(n, v)| (n, v.into_bytes())));
            }
            Proof::Url(scheme, life) => {
                query = sign::presign_query(&request, &credentials, &options(scheme), life, None)
                    .unwrap();
            }
        }
        let mut out = format!("{} {}", self.method, self.path()).into_bytes();
        if !query.is_empty() {
            out.extend_from_slice(format!("?{query}").as_bytes());
        }
        out.extend_from_slice(format!(" HTTP/1.1\r\nHost: {host}\r\n").as_bytes());
        for (name, value) in &headers {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if !self.unframed
            && (!self.body.is_empty() || matches!(self.method.as_str(), "PUT" | "POST"))
            && !self
                .headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case("content-length"))
        {
            out.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    pub(crate) fn bytes(&self, server: &Server) -> Vec<u8> {
        let mut out = self.head(server);
        if self.chunked {
            for chunk in self.body.chunks(1000) {
                out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                out.extend_from_slice(chunk);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        } else {
            out.extend_from_slice(&self.body);
        }
        out
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.raw(name)
            .map(|value| std::str::from_utf8(value).unwrap())
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Text of the first element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let start = text.find(&format!("<{name}>"))? + name.len() + 2;
        let end = start + text[start..].find(&format!("</{name}>"))?;
        Some(text[start..end].to_owned())
    }

    /// Status and error code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.element("Code").unwrap_or_default())
    }
}

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Writes what the server will take.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn shut_write(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    pub(crate) fn send(&mut self, request: &Request, server: &Server) -> Reply {
        self.write(&request.bytes(server));
        self.read_reply(request.method == "HEAD")
    }

    fn fill(&mut self) -> usize {
        let mut piece = [0; 65536];
        let n = self
            .stream
            .read(&mut piece)
            .expect("no answer within the time limit");
        self.buffer.extend_from_slice(&piece[..n]);
        n
    }

    /// Reads one final reply, skipping 1xx ones.
    pub(crate) fn read_reply(&mut self, head: bool) -> Reply {
        loop {
            let reply = self.read_any(head);
            if reply.status >= 200 {
                return reply;
            }
        }
    }

    /// Reads one reply of any status.
    pub(crate) fn read_any(&mut self, head: bool) -> Reply {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(
                self.fill() > 0,
                "the connection ended before an answer: {:?}",
                self.buffer
            );
        };
        let block: Vec<u8> = self.buffer.drain(..end).collect();
        let mut lines = block[..end - 4]
            .split(|b| *b == b'\n')
            .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
        let status_line = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
        let status: u16 = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, Vec<u8>)> = lines
            .map(|line| {
                let colon = line.iter().position(|b| *b == b':').unwrap();
                let name = String::from_utf8(line[..colon].to_ascii_lowercase()).unwrap();
                (name, line[colon + 1..].trim_ascii().to_vec())
            })
            .collect();
        let mut reply = Reply {
            status,
            headers,
            body: Vec::new(),
        };
        if head || status < 200 || status == 204 || status == 304 {
            return reply;
        }
        if reply.header("transfer-encoding") == Some("chunked") {
            reply.body = self.read_chunks();
            return reply;
        }
        let length: usize = reply
            .header("content-length")
            .expect("an answer of known length")
            .parse()
            .unwrap();
        while self.buffer.len() < length {
            assert!(self.fill() > 0, "the connection ended inside a body");
        }
        reply.body = self.buffer.drain(..length).collect();
        reply
    }

    /// Reads the chunks of a body of unknown length.
    fn read_chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                    break end;
                }
                assert!(self.fill() > 0, "the connection ended inside a body");
            };
            let digits = String::from_utf8(self.buffer[..line].to_vec()).unwrap();
            let size = usize::from_str_radix(&digits, 16).unwrap();
            while self.buffer.len() < line + 2 + size + 2 {
                assert!(self.fill() > 0, "the connection ended inside a body");
            }
            self.buffer.drain(..line + 2);
            body.extend(self.buffer.drain(..size));
            self.buffer.drain(..2);
            if size == 0 {
                return body;
            }
        }
    }

    /// Whether the server closes within `limit`; anything it sends meanwhile is dropped.
    pub(crate) fn closes_within(&mut self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        self.stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let mut piece = [0; 4096];
        while Instant::now() < until {
            match self.stream.read(&mut piece) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e)
                    if matches!(
                        e.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Whether something can be read already.
    pub(crate) fn silent_for(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let mut piece = [0; 4096];
        let silent = match self.stream.read(&mut piece) {
            Ok(n) => {
                self.buffer.extend_from_slice(&piece[..n]);
                false
            }
            Err(_) => true,
        };
        self.stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        silent
    }
}

/// Asserts what every answer carries (errors.md §1), and the error document of a refusal.
pub(crate) fn well_formed(reply: &Reply) {
    let id = reply.header("x-oss-request-id").expect("a request id");
    assert_eq!(id.len(), 24);
    assert!(
        id.bytes()
            .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)),
        "{id}"
    );
    assert!(reply.header("date").is_some_and(|d| d.ends_with(" GMT")));
    assert!(reply.header("server").is_some());
    assert!(
        reply
            .header("x-oss-server-time")
            .unwrap()
            .parse::<u64>()
            .is_ok()
    );
    if reply.status >= 400 && !reply.body.is_empty() {
        assert_eq!(reply.header("content-type"), Some("application/xml"));
        assert_eq!(reply.element("RequestId").as_deref(), Some(id));
        assert!(reply.element("Code").is_some());
        assert_eq!(reply.element("EC").as_deref(), reply.header("x-oss-ec"));
    }
}
