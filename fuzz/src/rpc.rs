//! Calls of STS, RAM and administration: how they are read from queries and from form and JSON bodies, and what their parameters do.
//! Each input meets a store of its own, with one of each kind of record called `a`.

use fosse_oss::sign::sts::{StsRequest, StsVerified, sign_rpc, verify_sts};
use fosse_oss::sign::{Credentials, KeyState, Keys};
use fosse_server::sts::parameters::AssumeRole;
use fosse_server::{AdminCall, administer};
use fosse_store::{AccessKey, Store};
use std::cell::OnceCell;
use std::fmt::Write as _;

const NOW: i64 = 1_705_307_445;
const ACCOUNT: &str = "1234567890123456";
const SECRET: &str = "a secret that no input can know";
/// Most bytes of a body that the server reads.
const MAX_BODY: usize = 64 * 1024;

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, _access_key_id: &str, _token: Option<&str>) -> KeyState {
        KeyState::Active {
            secret: SECRET.into(),
            expires_at: None,
        }
    }
}

/// A call of STS or RAM as a signer writes it: the content type, a line feed, then the parameters that are signed, as a form or as JSON by
/// that type. What is understood must be what was signed, in whatever form it is sent; then the parameters are acted upon.
pub fn rpc_call(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == b'\n');
    let (content_type, body) = data.split_at(at.map_or(data.len(), |at| at + 1));
    let content_type = content_type.trim_ascii();
    let Some(params) = read(content_type, body) else {
        return;
    };
    let sent: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let credentials = Credentials {
        access_key_id: "LTAI5t".to_owned(),
        access_key_secret: SECRET.to_owned(),
        security_token: None,
    };
    let signed = sign_rpc("POST", &sent, &credentials, NOW, "nonce");
    let form = form(&signed);
    let json = serde_json::Value::Object(
        signed
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect(),
    );
    let json = json.to_string();
    let ways: [(&str, &[u8], &[u8]); 3] = [
        (&form, b"", b""),
        ("", b"application/x-www-form-urlencoded", form.as_bytes()),
        ("", b"application/json; charset=utf-8", json.as_bytes()),
    ];
    let mut verified: Option<StsVerified> = None;
    for (query, content_type, body) in ways {
        let headers: &[(&str, &[u8])] =
            &[("host", b"sts.localhost"), ("content-type", content_type)];
        let request = StsRequest {
            method: "POST",
            path: "/",
            query,
            headers,
            body,
        };
        match verify_sts(&request, NOW, &OneKey) {
            Ok(read) => {
                let sorted = |params: &[(String, String)]| {
                    let mut params = params.to_vec();
                    params.sort();
                    params
                };
                assert_eq!(sorted(&read.params), sorted(&signed));
                verified = Some(read);
            }
            // No action, no version, or a common parameter twice: the same by every way.
            Err(refusal) => {
                assert_ne!(refusal.code(), "SignatureDoesNotMatch");
                assert!((400..500).contains(&refusal.status()));
                assert!(verified.is_none(), "{refusal:?}");
            }
        }
    }
    let Some(verified) = verified else { return };
    match AssumeRole::read(&verified.params) {
        Ok(wanted) => {
            assert!(wanted.account.bytes().all(|byte| byte.is_ascii_digit()));
            let names = [wanted.role, wanted.session];
            assert!(names.iter().all(|name| (1..=64).contains(&name.len())));
            assert!(!names.concat().contains(['/', ':', '<', '\r', '\n']));
        }
        Err(bad) => {
            assert!(!bad.to_string().is_empty());
            assert!(bad.code().is_ascii());
        }
    }
    act(&AdminCall {
        action: verified.action,
        account: Some(ACCOUNT.to_owned()),
        params: verified.params,
    });
}

/// The parameters of a body as the server reads them, without the common ones, which the signer adds.
fn read(content_type: &[u8], body: &[u8]) -> Option<Vec<(String, String)>> {
    const COMMON: [&str; 7] = [
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
        "SecurityToken",
    ];
    let headers: &[(&str, &[u8])] = &[("host", b"sts.localhost"), ("content-type", content_type)];
    let request = StsRequest {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body,
    };
    let mut params = fosse_oss::sign::sts::parameters(&request).ok()?;
    let mut names: Vec<_> = params.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), params.len(), "a name counts twice");
    params.retain(|(name, _)| !COMMON.contains(&name.as_str()));
    Some(params)
}

fn form(params: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in params {
        if !out.is_empty() {
            out.push('&');
        }
        for (text, end) in [(name, "="), (value, "")] {
            for byte in text.bytes() {
                let _ = match byte {
                    byte if byte.is_ascii_alphanumeric() => write!(out, "{}", char::from(byte)),
                    byte => write!(out, "%{byte:02x}"),
                };
            }
            out.push_str(end);
        }
    }
    out
}

/// The body of `POST /admin/v1`.
pub fn admin_call(data: &[u8]) {
    let call = match AdminCall::from_json(data) {
        Ok(call) => call,
        Err(refusal) => {
            assert_eq!(
                (refusal.status, refusal.code.as_str()),
                (400, "InvalidParameter.Body")
            );
            return;
        }
    };
    assert_ne!(call.account.as_deref(), Some(""));
    let reserved = ["Action", "Account"];
    let mut names = call.params.iter().map(|(name, _)| name.as_str());
    assert!(!names.any(|name| reserved.contains(&name)));
    // What was understood can be written, and is understood the same again.
    let mut members: serde_json::Map<String, serde_json::Value> = call
        .params
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    members.insert("Action".to_owned(), call.action.as_str().into());
    if let Some(account) = &call.account {
        members.insert("Account".to_owned(), account.as_str().into());
    }
    let written = serde_json::Value::Object(members).to_string();
    let again = AdminCall::from_json(written.as_bytes()).expect("written");
    assert_eq!(
        (&again.action, &again.account),
        (&call.action, &call.account)
    );
    let sorted = |call: &AdminCall| {
        let mut params = call.params.clone();
        params.sort();
        params
    };
    assert_eq!(sorted(&again), sorted(&call));
    act(&call);
}

thread_local! {
    static RUNTIME: OnceCell<tokio::runtime::Runtime> = const { OnceCell::new() };
}

/// Carries a call out, twice: it answers, or refuses as RAM does.
fn act(call: &AdminCall) {
    let size: usize = call.params.iter().map(|(n, v)| n.len() + v.len()).sum();
    if size > MAX_BODY {
        return;
    }
    RUNTIME.with(|runtime| {
        let runtime = runtime.get_or_init(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
        });
        runtime.block_on(async {
            let store = furnished().await;
            for _ in 0..2 {
                match administer(&store, NOW * 1000, call).await {
                    Ok(answer) => assert!(answer.is_object()),
                    Err(refusal) => {
                        assert!((400..500).contains(&refusal.status), "{refusal}");
                        assert!(!refusal.code.is_empty() && !refusal.message.is_empty());
                    }
                }
            }
        });
    });
}

/// A store with an account that has one of everything.
async fn furnished() -> Store {
    const POLICY: &str =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
    let store = Store::memory();
    let key = AccessKey {
        id: "LTAI5t".into(),
        secret: SECRET.into(),
        owner: ACCOUNT.into(),
        user: None,
        enabled: true,
        root: true,
        created_ms: 0,
        comment: String::new(),
    };
    store.put_access_key(key).await.expect("a key");
    for (action, params) in [
        ("CreateUser", &[("UserName", "a")][..]),
        ("CreateGroup", &[("GroupName", "a")]),
        ("CreateRole", &[("RoleName", "a")]),
        (
            "CreatePolicy",
            &[("PolicyName", "a"), ("PolicyDocument", POLICY)],
        ),
    ] {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let call = AdminCall {
            action: action.to_owned(),
            account: None,
            params: params.iter().map(owned).collect(),
        };
        administer(&store, NOW * 1000, &call).await.expect(action);
    }
    store
}
