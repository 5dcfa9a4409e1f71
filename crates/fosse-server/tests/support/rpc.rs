//! Calls of the STS and RAM services.

use super::{Connection, ID, Reply, SECRET, Server};
use fosse_oss::sign::Credentials;
use fosse_oss::sign::sts::{Acs3Request, sign_acs3, sign_rpc};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};

static NONCE: AtomicU64 = AtomicU64::new(1);

/// How a call travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Get,
    Form,
    Json,
    Acs3,
}

/// A key, and the token of a temporary one.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Key {
    pub(crate) fn root() -> Self {
        Self::new(ID, SECRET)
    }

    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            token: None,
        }
    }

    /// Of `AccessKey` or `Credentials` in an answer.
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        Self {
            id: text("AccessKeyId").unwrap(),
            secret: text("AccessKeySecret").unwrap(),
            token: text("SecurityToken"),
        }
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.id.clone(),
            access_key_secret: self.secret.clone(),
            security_token: self.token.clone(),
        }
    }

    /// An OSS request with this key.
    pub(crate) fn sign(&self, request: super::Request) -> super::Request {
        let request = request.by(&self.id, &self.secret);
        match &self.token {
            Some(token) => request.with_token(token),
            None => request,
        }
    }

    /// A RAM action that works.
    pub(crate) fn ram(&self, server: &Server, action: &str, params: &[(&str, &str)]) -> Value {
        let (status, answer) = self.try_ram(server, action, params);
        assert_eq!(status, 200, "{action}: {answer}");
        answer
    }

    /// A RAM action: status and answer.
    pub(crate) fn try_ram(
        &self,
        server: &Server,
        action: &str,
        params: &[(&str, &str)],
    ) -> (u16, Value) {
        json(&self.call(server, Way::Form, action, "2015-05-01", params))
    }

    /// Status and code of a RAM action that is refused.
    pub(crate) fn ram_error(
        &self,
        server: &Server,
        action: &str,
        params: &[(&str, &str)],
    ) -> (u16, String) {
        let (status, answer) = self.try_ram(server, action, params);
        (status, answer["Code"].as_str().unwrap_or("").to_owned())
    }

    /// An STS action: status and answer.
    pub(crate) fn try_sts(
        &self,
        server: &Server,
        action: &str,
        params: &[(&str, &str)],
    ) -> (u16, Value) {
        json(&self.call(server, Way::Get, action, "2015-04-01", params))
    }

    /// A call, answered in JSON.
    pub(crate) fn call(
        &self,
        server: &Server,
        way: Way,
        action: &str,
        version: &str,
        params: &[(&str, &str)],
    ) -> Reply {
        let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed));
        self.call_with(
            server,
            way,
            action,
            version,
            params,
            server.now(),
            &nonce,
            "JSON",
        )
    }

    #[allow(clippy::too_many_arguments, reason = "what a signature depends on")]
    pub(crate) fn call_with(
        &self,
        server: &Server,
        way: Way,
        action: &str,
        version: &str,
        params: &[(&str, &str)],
        now: i64,
        nonce: &str,
        format: &str,
    ) -> Reply {
        let host = server.address.to_string();
        let credentials = self.credentials();
        if way == Way::Acs3 {
            let request = Acs3Request {
                method: "POST",
                host: &host,
                path: "/",
                query: params,
                action,
                version,
            };
            let signed = sign_acs3(&request, &credentials, now, nonce);
            let pairs: Vec<(String, String)> = params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let mut head = format!("POST /?{} HTTP/1.1\r\nHost: {host}\r\n", encoded(&pairs));
            for (name, value) in signed {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("Content-Length: 0\r\n\r\n");
            return send(server, head.as_bytes());
        }
        let mut all = vec![("Action", action), ("Version", version)];
        if !format.is_empty() {
            all.push(("Format", format));
        }
        all.extend_from_slice(params);
        let method = if way == Way::Get { "GET" } else { "POST" };
        let signed = sign_rpc(method, &all, &credentials, now, nonce);
        let bytes = match way {
            Way::Get | Way::Acs3 => {
                format!(
                    "GET /?{} HTTP/1.1\r\nHost: {host}\r\n\r\n",
                    encoded(&signed)
                )
            }
            Way::Form | Way::Json => {
                let (kind, body) = if way == Way::Form {
                    ("application/x-www-form-urlencoded", encoded(&signed))
                } else {
                    let members = signed.into_iter().map(|(n, v)| (n, Value::from(v)));
                    let body = Value::Object(members.collect()).to_string();
                    ("application/json; charset=utf-8", body)
                };
                format!(
                    "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        send(server, bytes.as_bytes())
    }
}

pub(crate) fn send(server: &Server, bytes: &[u8]) -> Reply {
    let mut connection = Connection::to(server.address);
    connection.write(bytes);
    connection.read_reply(false)
}

pub(crate) fn json(reply: &Reply) -> (u16, Value) {
    let answer = serde_json::from_slice(&reply.body)
        .unwrap_or_else(|error| panic!("{error}: {}", reply.text()));
    (reply.status, answer)
}

fn encoded(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        fosse_oss::encode::encode_component(name.as_bytes(), &mut out);
        out.push('=');
        fosse_oss::encode::encode_component(value.as_bytes(), &mut out);
    }
    out
}

/// A user with a key: the user's number and the key.
pub(crate) fn user(server: &Server, name: &str) -> (String, Key) {
    let root = Key::root();
    let made = root.ram(server, "CreateUser", &[("UserName", name)]);
    let key = root.ram(server, "CreateAccessKey", &[("UserName", name)]);
    let id = made["User"]["UserId"].as_str().unwrap().to_owned();
    (id, Key::of(&key["AccessKey"]))
}

/// A policy that allows (or refuses) one action on one resource.
pub(crate) fn policy(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// Gives a user, group or role (`kind`) a new policy of this text.
pub(crate) fn grant(server: &Server, kind: &str, name: &str, policy_name: &str, text: &str) {
    let root = Key::root();
    root.ram(
        server,
        "CreatePolicy",
        &[("PolicyName", policy_name), ("PolicyDocument", text)],
    );
    root.ram(
        server,
        &format!("AttachPolicyTo{kind}"),
        &[
            (&format!("{kind}Name"), name),
            ("PolicyType", "Custom"),
            ("PolicyName", policy_name),
        ],
    );
}
