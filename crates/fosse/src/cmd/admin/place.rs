//! Where an administrative action happens: in a data directory whose server is stopped, or over the admin listener of a
//! running one.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fosse_oss::sign::Credentials;
use fosse_oss::sign::sts::{Acs3Request, sign_acs3};
use fosse_server::{AdminCall, administer};
use fosse_store::{OpenOptions, Store, StoreError};
use serde_json::{Map, Value};

use crate::cmd::serve::open_failure;
use crate::failure::{Failure, Result};
use crate::serve::admin_token;

/// Longest time for a server to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const MAX_ANSWER: u64 = 16 << 20;

/// Which server or data directory is meant.
#[derive(Args, Debug)]
pub(crate) struct PlaceArgs {
    /// Data directory of the server, running or stopped
    #[arg(
        long,
        value_name = "DIR",
        env = "FOSSE_DATA_DIR",
        hide_env_values = true,
        default_value = "./fosse-data",
        global = true
    )]
    pub(super) data_dir: PathBuf,
    /// The file of master keys, when it is not in the data directory
    #[arg(
        long,
        value_name = "FILE",
        env = "FOSSE_MASTER_KEYS_FILE",
        hide_env_values = true,
        global = true
    )]
    pub(super) master_keys_file: Option<PathBuf>,
    /// Admin listener of a running server without its directory, such as http://127.0.0.1:9001; signed with the root
    /// AccessKey in OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET
    #[arg(
        long,
        value_name = "URL",
        env = "FOSSE_ADMIN_URL",
        hide_env_values = true,
        global = true
    )]
    admin_url: Option<String>,
}

/// An opened place.
pub(crate) enum Place {
    /// The store itself.
    Stopped(Store),
    /// A server, and how it knows us.
    Running(String, Proof),
}

/// What shows a server that we may administer.
pub(crate) enum Proof {
    /// Token of its start.
    Token(String),
    /// The root AccessKey.
    Key(Credentials),
}

impl PlaceArgs {
    /// Finds the place.
    ///
    /// Errors: no such directory; a server that keeps no token there; no root AccessKey at hand.
    pub(crate) fn open(&self) -> Result<Place> {
        if let Some(url) = &self.admin_url {
            let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
            let (Some(id), Some(secret)) = (
                variable("OSS_ACCESS_KEY_ID"),
                variable("OSS_ACCESS_KEY_SECRET"),
            ) else {
                return Err(Failure::usage(
                    "--admin-url needs the root AccessKey: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET",
                ));
            };
            let credentials = Credentials {
                access_key_id: id,
                access_key_secret: secret,
                security_token: None,
            };
            return Ok(Place::Running(
                url.trim_end_matches('/').to_owned(),
                Proof::Key(credentials),
            ));
        }
        check_dir(&self.data_dir)?;
        let options = OpenOptions {
            cache_bytes: 8 << 20,
            master_keys: self.master_keys_file.clone(),
            ..OpenOptions::new(&self.data_dir)
        };
        match Store::open(options) {
            Ok(store) => Ok(Place::Stopped(store)),
            Err(StoreError::Locked) => {
                let (url, token) = admin_token::read(&self.data_dir).map_err(|error| {
                    Failure::local(format_args!(
                        "the data directory {} is in use by another fosse process, and that one cannot be administered: {error:#}",
                        self.data_dir.display()
                    ))
                })?;
                Ok(Place::Running(url, Proof::Token(token)))
            }
            Err(error) => Err(open_failure(error, &self.data_dir)),
        }
    }
}

/// Refuses a directory that is not there: opening would make it.
pub(super) fn check_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    Err(Failure::local(format_args!(
        "there is no data directory {}; name it with --data-dir, or make it by starting `fosse serve` once",
        dir.display()
    )))
}

/// A refusal in the words of RAM.
pub(crate) struct Refused {
    /// Such as `EntityNotExist.User`.
    pub(crate) code: String,
    message: String,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let hint = match refused.code.as_str() {
            "InvalidToken" => "; the server was started anew since: try again",
            code if code.starts_with("EntityNotExist.") => {
                "; the `list` actions show what there is"
            }
            _ => "",
        };
        Failure::local(format_args!("{} ({}){hint}", refused.message, refused.code))
    }
}

impl Place {
    /// Carries an action out. The inner error is a refusal, the outer one a failure to ask.
    pub(crate) async fn call(&self, call: &AdminCall) -> Result<Result<Value, Refused>> {
        match self {
            Place::Stopped(store) => {
                let answer = administer(store, now_ms(), call).await;
                Ok(answer.map_err(|refusal| Refused {
                    code: refusal.code,
                    message: refusal.message,
                }))
            }
            Place::Running(url, proof) => {
                let (status, answer) = send(url, proof, call)?;
                if status == 200 {
                    return Ok(Ok(answer));
                }
                let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                Ok(Err(Refused {
                    code: text("Code"),
                    message: text("Message"),
                }))
            }
        }
    }

    /// Lets go of the place.
    pub(crate) async fn close(self) -> Result<()> {
        match self {
            Place::Stopped(store) => store
                .close()
                .await
                .map_err(|error| Failure::Local(error.into())),
            Place::Running(..) => Ok(()),
        }
    }
}

/// One request over a connection of its own; the admin listener is plain HTTP/1.1.
fn send(url: &str, proof: &Proof, call: &AdminCall) -> Result<(u16, Value)> {
    let unreachable = |why: &dyn std::fmt::Display| {
        Failure::local(format_args!("cannot reach the admin listener {url}: {why}"))
    };
    let host = url
        .strip_prefix("http://")
        .filter(|host| !host.is_empty() && !host.contains('/'))
        .ok_or_else(|| Failure::usage(format!("the admin URL is http://HOST:PORT, not `{url}`")))?;
    let address = host
        .to_socket_addrs()
        .map_err(|error| unreachable(&error))?
        .next()
        .ok_or_else(|| unreachable(&"the name has no address"))?;
    let request = request(host, proof, call)?;
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = exchange().map_err(|error| unreachable(&error))?;
    let answer = String::from_utf8_lossy(&answer);
    let parsed = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    });
    parsed.ok_or_else(|| unreachable(&"what answers there is no server of this version"))
}

fn request(host: &str, proof: &Proof, call: &AdminCall) -> Result<String> {
    const PATH: &str = "/admin/v1";
    let mut params: Vec<(&str, &str)> = call
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    if let Some(account) = &call.account {
        params.push(("Account", account));
    }
    match proof {
        Proof::Token(token) => {
            params.push(("Action", &call.action));
            let members = params
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)));
            let body = Value::Object(members.collect::<Map<_, _>>()).to_string();
            Ok(format!(
                "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ))
        }
        Proof::Key(credentials) => {
            let signable = Acs3Request {
                method: "POST",
                host,
                path: PATH,
                query: &params,
                action: &call.action,
                version: "2015-05-01",
            };
            let mut nonce = [0; 16];
            getrandom::fill(&mut nonce)
                .map_err(|error| Failure::local(format_args!("no randomness: {error}")))?;
            let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
            let signed = sign_acs3(&signable, credentials, now_ms().div_euclid(1000), &nonce);
            let mut query = String::new();
            for (name, value) in &params {
                query.push(if query.is_empty() { '?' } else { '&' });
                fosse_oss::encode::encode_component(name.as_bytes(), &mut query);
                query.push('=');
                fosse_oss::encode::encode_component(value.as_bytes(), &mut query);
            }
            let mut text = format!("POST {PATH}{query} HTTP/1.1\r\nHost: {host}\r\n");
            for (name, value) in signed {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str("Content-Length: 0\r\nConnection: close\r\n\r\n");
            Ok(text)
        }
    }
}

fn now_ms() -> i64 {
    fosse_server::Clock::from_env().now_ms()
}
