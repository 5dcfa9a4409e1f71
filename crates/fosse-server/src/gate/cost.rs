//! What the gate costs a presigned GET, beside the signature: `cargo test --release -p fosse-server --lib gate::cost --
//! --ignored --nocapture`. Prints microseconds, the best of many rounds, since others share the machine.

use super::{Caller, authenticate, authorize};
use crate::addressing;
use crate::clock::Clock;
use crate::config::Config;
use crate::conn::Origin;
use crate::request::Call;
use crate::service::Service;
use crate::shutdown;
use fosse_oss::op::{Operation, Query};
use fosse_oss::sign::{self, Credentials, Scheme, SignOptions, SignRequest};
use fosse_store::identity::{
    Account, Attachment, Permissions, Policy, PolicyType, PolicyVersion, User,
};
use fosse_store::{AccessKey, Acl, NewBucket, Redundancy, StorageClass, Store};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ACCOUNT: &str = "1000000000000001";
const HOST: &str = "127.0.0.1:9000";
const SECRET: &str = "secretSECRETsecretSECRET";
const USERS: usize = 10_000;
const POLICIES: usize = 1_000;

fn statements(count: usize, seed: usize, principal: &str) -> String {
    let one = |at: usize| {
        let n = seed + at;
        format!(
            r#"{{"Effect":"{}","Action":["oss:Get*","oss:ListParts"],"Resource":["acs:oss:*:*:box/team-{n}/*","acs:oss:*:*:*/share-{n}/*.bin"]{principal}}}"#,
            if n.is_multiple_of(5) { "Deny" } else { "Allow" }
        )
    };
    let all: Vec<String> = (0..count).map(one).collect();
    all.join(",")
}

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"1","Statement":[{statements}]}}"#)
}

async fn world() -> Arc<Service> {
    let store = Store::memory();
    let account = Account {
        id: ACCOUNT.into(),
        name: "test".into(),
        alias: None,
        enabled: true,
        block_public_access: false,
        created_ms: 0,
        revision: 0,
    };
    store.create_account(account).await.unwrap();
    let key = |id: String, user: Option<String>| AccessKey {
        id,
        secret: SECRET.into(),
        owner: ACCOUNT.into(),
        user,
        enabled: true,
        root: false,
        created_ms: 0,
        comment: String::new(),
    };
    let change = |_: &_, change: &mut fosse_store::identity::AccountChange| {
        for n in 0..POLICIES {
            change.put_policy(Policy {
                id: format!("p{n}"),
                account: ACCOUNT.into(),
                name: format!("policy-{n}"),
                description: String::new(),
                versions: vec![PolicyVersion {
                    number: 1,
                    text: document(&statements(5, n, "")),
                    created_ms: 0,
                }],
                default_version: 1,
                next_version: 2,
                created_ms: 0,
                updated_ms: 0,
            });
        }
        for n in 0..USERS {
            let id = format!("{:018}", 300_000_000_000_000_000_usize + n);
            let attached = |at: usize| Attachment {
                kind: PolicyType::Custom,
                name: format!("policy-{}", (n + at * 7) % POLICIES),
                attached_ms: 0,
            };
            let mut permissions = Permissions {
                attached: (0..4).map(attached).collect(),
                ..Permissions::default()
            };
            let read = r#"{"Effect":"Allow","Action":"oss:GetObject","Resource":"acs:oss:*:*:box/films/*"}"#;
            permissions.inline.insert("films".into(), document(read));
            change.put_user(User {
                id: id.clone(),
                account: ACCOUNT.into(),
                name: format!("user-{n}"),
                display_name: String::new(),
                mobile_phone: String::new(),
                email: String::new(),
                comments: String::new(),
                created_ms: 0,
                updated_ms: 0,
                groups: Default::default(),
                permissions,
            });
            change.put_key(key(format!("LTAIuser{n:05}"), Some(id)));
        }
        change.put_key(key("LTAIroot".into(), None));
        Ok::<(), Infallible>(())
    };
    store.change_account(ACCOUNT, change).await.unwrap();
    for name in ["box", "policed"] {
        let bucket = NewBucket {
            name: name.into(),
            owner: ACCOUNT.into(),
            acl: Acl::Private,
            storage_class: StorageClass::Standard,
            redundancy: Redundancy::Lrs,
            now_ms: 0,
        };
        store.create_bucket(bucket, 10).await.unwrap();
    }
    let more =
        r#","Principal":["*"],"Condition":{"StringLike":{"acs:UserAgent":["curl/*","*bot*"]}}"#;
    let read = r#",{"Effect":"Allow","Action":"oss:GetObject","Principal":["*"],"Resource":"acs:oss:*:*:policed/films/*"}"#;
    let policy = document(&(statements(19, 0, more) + read)).replace(":box/", ":policed/");
    let put = move |bucket: &mut fosse_store::Bucket| {
        let text = policy.clone().into_bytes();
        bucket.configs.insert("policy".into(), text);
    };
    store.update_bucket("policed", put).await.unwrap();
    let (switch, signal) = shutdown::switch();
    // The service outlives the test.
    std::mem::forget(switch);
    let config = Config::default();
    Arc::new(Service::new(
        config,
        store,
        Clock::system(),
        None,
        None,
        signal,
    ))
}

fn call(service: &Arc<Service>, key: &str, bucket: &str, scheme: Scheme) -> Call {
    let request = SignRequest {
        method: "GET",
        bucket: Some(bucket),
        key: b"films/2026/07/the-long-night.mp4",
        query: &[],
        headers: &[("host", HOST.as_bytes())],
        additional_headers: &[],
    };
    let credentials = Credentials {
        access_key_id: key.into(),
        access_key_secret: SECRET.into(),
        security_token: None,
    };
    let options = SignOptions {
        scheme,
        now: service.clock.now_ms() / 1000,
        region: "cn-hangzhou",
        product: "oss",
    };
    let query = sign::presign_query(&request, &credentials, &options, 3600, None).unwrap();
    let uri = format!("/{bucket}/films/2026/07/the-long-night.mp4?{query}");
    let request = http::Request::get(uri)
        .header("host", HOST)
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
        )
        .body(())
        .unwrap();
    let origin = Origin {
        peer: "127.0.0.1:50000".parse().unwrap(),
        tls: false,
        vpc: None,
    };
    Call::new(
        service.clone(),
        origin,
        request.into_parts().0,
        Instant::now(),
    )
}

/// The best round, in microseconds a turn.
struct Best(Duration);

impl Best {
    const TURNS: u32 = 500;

    fn take(&mut self, began: Instant) {
        self.0 = self.0.min(began.elapsed());
    }

    fn micros(&self) -> f64 {
        self.0.as_secs_f64() * 1e6 / f64::from(Self::TURNS)
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn what_the_gate_costs() {
    let service = world().await;
    for (name, key, bucket) in [
        ("the owner", "LTAIroot", "box"),
        ("one of 10,000 users", "LTAIuser04711", "box"),
        (
            "the same, bucket policy of 20 statements",
            "LTAIuser04711",
            "policed",
        ),
    ] {
        for scheme in [Scheme::V1, Scheme::V4] {
            let mut call = call(&service, key, bucket, scheme);
            addressing::resolve(&mut call).await.unwrap();
            call.query = Query::beside_signature(call.raw_query()).unwrap();
            call.operation = Some(Operation::GetObject);
            let (mut proven, mut allowed) = (Best(Duration::MAX), Best(Duration::MAX));
            for _ in 0..200 {
                let began = Instant::now();
                for _ in 0..Best::TURNS {
                    call.caller = std::hint::black_box(authenticate(&call).unwrap());
                }
                proven.take(began);
                assert!(!matches!(call.caller, Caller::Anonymous));
                let began = Instant::now();
                for _ in 0..Best::TURNS {
                    let granted = authorize(&call, Operation::GetObject).await;
                    assert!(std::hint::black_box(granted).is_ok());
                }
                allowed.take(began);
            }
            println!(
                "{name}, {scheme:?}: signature and key {:.2} µs, authorization {:.2} µs",
                proven.micros(),
                allowed.micros()
            );
        }
    }
}
