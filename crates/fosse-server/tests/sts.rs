//! STS: AssumeRole and what can be done with what it gives (sts.md §10).

mod support;

use fosse_oss::sign::{Credentials, Scheme, SignOptions, sign_form};
use serde_json::Value;
use std::sync::atomic::Ordering;
use support::rpc::{Key, Way, grant, json, policy, send, user};
use support::*;

const STS: &str = "2015-04-01";

/// A server with bucket `box` (objects `u1/a`, `u2/b`), user `alice` who may take on role `Reader`, which may do everything.
struct World {
    server: Server,
    alice: Key,
    role: String,
}

impl World {
    fn new() -> Self {
        Self::over(Server::start())
    }

    fn over(server: Server) -> Self {
        server.bucket("box-1");
        server.put("box-1", "u1/a", b"one");
        server.put("box-1", "u2/b", b"two");
        let (_, alice) = user(&server, "alice");
        let root = Key::root();
        let made = root.ram(&server, "CreateRole", &[("RoleName", "Reader")]);
        let role = made["Role"]["Arn"].as_str().unwrap().to_owned();
        root.ram(
            &server,
            "AttachPolicyToUser",
            &[
                ("UserName", "alice"),
                ("PolicyType", "System"),
                ("PolicyName", "AliyunSTSAssumeRoleAccess"),
            ],
        );
        root.ram(
            &server,
            "AttachPolicyToRole",
            &[
                ("RoleName", "Reader"),
                ("PolicyType", "System"),
                ("PolicyName", "AliyunOSSFullAccess"),
            ],
        );
        Self {
            server,
            alice,
            role,
        }
    }

    fn assume(&self, more: &[(&str, &str)]) -> (u16, Value) {
        self.assume_by(&self.alice, more)
    }

    fn assume_by(&self, key: &Key, more: &[(&str, &str)]) -> (u16, Value) {
        let mut params = vec![("RoleArn", self.role.as_str()), ("RoleSessionName", "s1")];
        params.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        params.extend_from_slice(more);
        key.try_sts(&self.server, "AssumeRole", &params)
    }

    fn session(&self, more: &[(&str, &str)]) -> Key {
        let (status, answer) = self.assume(more);
        assert_eq!(status, 200, "{answer}");
        Key::of(&answer["Credentials"])
    }

    fn refusal(&self, more: &[(&str, &str)]) -> (u16, String) {
        let (status, answer) = self.assume(more);
        (status, answer["Code"].as_str().unwrap_or("").to_owned())
    }

    fn get(&self, key: &Key, object: &str) -> Reply {
        self.server.send(&key.sign(Request::get("box-1", object)))
    }

    fn later(&self, seconds: i64) {
        self.server
            .offset_ms
            .fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

#[test]
fn a_session_reads_and_writes_by_header_url_and_both_schemes() {
    let world = World::new();
    let session = world.session(&[]);
    assert!(session.id.starts_with("STS.") && session.id.len() == 29);
    for proof in [
        Proof::Header(Scheme::V1),
        Proof::Header(Scheme::V4),
        Proof::Url(Scheme::V1, 60),
        Proof::Url(Scheme::V4, 60),
    ] {
        let get = session
            .sign(Request::get("box-1", "u1/a"))
            .proof(proof.clone());
        let reply = world.server.send(&get);
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, "one"),
            "{proof:?}"
        );
        let put = Request::new("PUT", "box-1", "new")
            .body(b"n")
            .proof(proof.clone());
        assert_eq!(
            world.server.send(&session.sign(put)).status,
            200,
            "{proof:?}"
        );
    }
}

#[test]
fn the_answer_has_what_clients_read() {
    let world = World::new();
    for way in [Way::Get, Way::Form, Way::Json, Way::Acs3] {
        let policy = policy("Allow", "oss:GetObject", "acs:oss:*:*:b/~ *ü+%41");
        let params = [
            ("RoleArn", world.role.as_str()),
            ("RoleSessionName", "a.b@c-d_e"),
            ("Policy", &policy),
            ("SourceIdentity", "Alice"),
        ];
        let reply = world
            .alice
            .call(&world.server, way, "AssumeRole", STS, &params);
        assert_eq!(
            reply.header("content-type"),
            Some("application/json;charset=utf-8")
        );
        let (status, answer) = json(&reply);
        assert_eq!(status, 200, "{way:?} {answer}");
        assert_eq!(answer["RequestId"].as_str().unwrap().len(), 36);
        assert_eq!(answer["SourceIdentity"], "Alice");
        let user = &answer["AssumedRoleUser"];
        let arn = format!("acs:ram::{OWNER}:role/reader/a.b@c-d_e");
        assert_eq!(user["Arn"], arn.as_str());
        assert!(
            user["AssumedRoleId"]
                .as_str()
                .unwrap()
                .ends_with(":a.b@c-d_e")
        );
        let token = answer["Credentials"]["SecurityToken"].as_str().unwrap();
        assert!(token.len() < 1024);
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        );
    }
    // XML is what a request gets that says nothing.
    let params = [("RoleArn", world.role.as_str()), ("RoleSessionName", "s1")];
    let now = world.server.now();
    let reply = world.alice.call_with(
        &world.server,
        Way::Get,
        "AssumeRole",
        STS,
        &params,
        now,
        "xml-1",
        "",
    );
    let text = reply.text();
    assert!(text.contains("<AssumeRoleResponse><RequestId>"), "{text}");
    assert!(text.contains("<Credentials><AccessKeyId>STS."), "{text}");
    assert!(!text.contains("SourceIdentity"), "{text}");
    let reply = world.alice.call_with(
        &world.server,
        Way::Get,
        "Nothing",
        STS,
        &params,
        now,
        "xml-2",
        "xml",
    );
    assert_eq!(reply.status, 404);
    assert!(
        reply.text().contains("<Error><RequestId>"),
        "{}",
        reply.text()
    );
    assert!(reply.text().contains("<Code>InvalidAction.NotFound</Code>"));
}

#[test]
fn parameters_keep_their_rules() {
    let world = World::new();
    let long = "x".repeat(65);
    let big = format!("{}{}", policy("Allow", "oss:*", "*"), " ".repeat(2048));
    let cases: &[(&str, &str, &str)] = &[
        ("RoleArn", "", "MissingRoleArn"),
        ("RoleArn", "acs:ram::1:user/x", "InvalidParameter.RoleArn"),
        ("RoleSessionName", "", "MissingRoleSessionName"),
        ("RoleSessionName", "x", "InvalidParameter.RoleSessionName"),
        ("RoleSessionName", "a b", "InvalidParameter.RoleSessionName"),
        ("RoleSessionName", &long, "InvalidParameter.RoleSessionName"),
        ("DurationSeconds", "899", "InvalidParameter.DurationSeconds"),
        (
            "DurationSeconds",
            "3601",
            "InvalidParameter.DurationSeconds",
        ),
        ("DurationSeconds", "x", "InvalidParameter.DurationSeconds"),
        (
            "DurationSeconds",
            "-900",
            "InvalidParameter.DurationSeconds",
        ),
        ("Policy", "{}", "InvalidParameter.PolicyGrammar"),
        ("Policy", "not json", "InvalidParameter.PolicyGrammar"),
        ("Policy", &big, "InvalidParameter.PolicySize"),
        ("ExternalId", "x", "InvalidParameter.ExternalId"),
        ("ExternalId", "a b", "InvalidParameter.ExternalId"),
        ("SourceIdentity", "acs:x", "InvalidParameter.SourceIdentity"),
        (
            "SourceIdentity",
            "AliYun:x",
            "InvalidParameter.SourceIdentity",
        ),
        ("SerialNumber", "x", "InvalidParameter.SerialNumber"),
        ("TokenCode", "12345", "InvalidParameter.TokenCode"),
    ];
    for (name, value, code) in cases {
        assert_eq!(
            world.refusal(&[(name, value)]),
            (400, (*code).to_owned()),
            "{name}={value}"
        );
    }
    for (name, value) in [
        ("DurationSeconds", "900"),
        ("DurationSeconds", "3600"),
        ("ExternalId", "a/b:c@d"),
        ("TokenCode", "123456"),
    ] {
        assert_eq!(world.assume(&[(name, value)]).0, 200, "{name}={value}");
    }
}

#[test]
fn a_session_lasts_as_long_as_the_role_allows() {
    let world = World::new();
    let root = Key::root();
    let lasts = |more: &[(&str, &str)]| {
        let (status, answer) = world.assume(more);
        assert_eq!(status, 200, "{answer}");
        let end = answer["Credentials"]["Expiration"]
            .as_str()
            .unwrap()
            .to_owned();
        fosse_oss::time::parse_iso(&end).unwrap() - world.server.now()
    };
    assert!((3598..=3600).contains(&lasts(&[])));
    root.ram(
        &world.server,
        "UpdateRole",
        &[("RoleName", "reader"), ("NewMaxSessionDuration", "7200")],
    );
    assert!((3598..=3600).contains(&lasts(&[])));
    assert!((7198..=7200).contains(&lasts(&[("DurationSeconds", "7200")])));
    assert_eq!(world.refusal(&[("DurationSeconds", "7201")]).0, 400);
}

#[test]
fn who_may_take_on_a_role() {
    let world = World::new();
    let server = &world.server;
    let root = Key::root();
    let code = |key: &Key, more: &[(&str, &str)]| {
        let (status, answer) = world.assume_by(key, more);
        (status, answer["Code"].as_str().unwrap_or("").to_owned())
    };
    let refused = (403, "NoPermission".to_owned());
    assert_eq!(code(&root, &[]), refused);
    assert_eq!(
        world.assume_by(&root, &[]).1["Message"],
        "Roles may not be assumed by root accounts."
    );
    // No policy of the user's own.
    let (_, bob) = user(server, "bob");
    assert_eq!(code(&bob, &[]), refused);
    // One, and the role of another name.
    let only = policy(
        "Allow",
        "sts:AssumeRole",
        &format!("acs:ram::{OWNER}:role/other"),
    );
    grant(server, "User", "bob", "other-role", &only);
    assert_eq!(code(&bob, &[]), refused);
    let right = policy(
        "Allow",
        "sts:AssumeRole",
        &format!("acs:ram::{OWNER}:role/Reader"),
    );
    grant(server, "User", "bob", "this-role", &right);
    assert_eq!(code(&bob, &[]).0, 200);
    // The role trusts alice only, and only with the external id.
    let trust = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"RAM":["acs:ram::{OWNER}:user/alice"]}},"Condition":{{"StringEquals":{{"sts:ExternalId":"abcd1234"}}}}}}]}}"#
    );
    root.ram(
        server,
        "UpdateRole",
        &[
            ("RoleName", "Reader"),
            ("NewAssumeRolePolicyDocument", &trust),
        ],
    );
    assert_eq!(code(&bob, &[("ExternalId", "abcd1234")]), refused);
    assert_eq!(code(&world.alice, &[]), refused);
    assert_eq!(code(&world.alice, &[("ExternalId", "abcd1235")]), refused);
    assert_eq!(code(&world.alice, &[("ExternalId", "abcd1234")]).0, 200);
    // Roles that are not there: told in the own account, not in another.
    let own = format!("acs:ram::{OWNER}:role/none");
    assert_eq!(
        code(&world.alice, &[("RoleArn", &own)]),
        (404, "EntityNotExist.Role".to_owned())
    );
    let foreign = "acs:ram::6543210987654321:role/none";
    assert_eq!(code(&world.alice, &[("RoleArn", foreign)]), refused);
}

#[test]
fn a_role_takes_on_a_role() {
    let world = World::new();
    let server = &world.server;
    let root = Key::root();
    root.ram(
        server,
        "CreateRole",
        &[("RoleName", "second"), ("MaxSessionDuration", "7200")],
    );
    root.ram(
        server,
        "AttachPolicyToRole",
        &[
            ("RoleName", "Reader"),
            ("PolicyType", "System"),
            ("PolicyName", "AliyunSTSAssumeRoleAccess"),
        ],
    );
    let first = world.session(&[("SourceIdentity", "Alice")]);
    let second = format!("acs:ram::{OWNER}:role/second");
    let chain = [("RoleArn", second.as_str()), ("RoleSessionName", "s2")];
    let (status, answer) = first.try_sts(server, "AssumeRole", &chain);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["SourceIdentity"], "Alice",
        "who began it stays known"
    );
    let long = [chain[0], chain[1], ("DurationSeconds", "7200")];
    assert_eq!(first.try_sts(server, "AssumeRole", &long).0, 400);
    // Without its token the key is nobody.
    let bare = Key {
        token: None,
        ..first
    };
    let (status, answer) = bare.try_sts(server, "AssumeRole", &chain);
    assert_eq!(
        (status, answer["Code"].as_str()),
        (403, Some("MissingSecurityToken"))
    );
}

#[test]
fn a_call_is_good_once_and_in_its_time() {
    let world = World::new();
    let server = &world.server;
    let call = |now: i64, nonce: &str| {
        let reply = world.alice.call_with(
            server,
            Way::Get,
            "GetCallerIdentity",
            STS,
            &[],
            now,
            nonce,
            "JSON",
        );
        let (status, answer) = json(&reply);
        (status, answer["Code"].as_str().unwrap_or("").to_owned())
    };
    let now = server.now();
    assert_eq!(call(now, "n1").0, 200);
    assert_eq!(call(now, "n1"), (400, "SignatureNonceUsed".to_owned()));
    assert_eq!(call(now - 840, "n2").0, 200);
    assert_eq!(call(now + 840, "n3").0, 200);
    assert_eq!(
        call(now - 960, "n4"),
        (400, "InvalidTimeStamp.Expired".to_owned())
    );
    assert_eq!(
        call(now + 960, "n5"),
        (400, "InvalidTimeStamp.Expired".to_owned())
    );
    // A request from the future is remembered for as long as it is good.
    world.later(1000);
    assert_eq!(
        call(now + 840, "n3"),
        (400, "SignatureNonceUsed".to_owned())
    );
}

#[test]
fn what_is_not_signed_rightly_is_told_so() {
    let world = World::new();
    let server = &world.server;
    let code = |key: &Key| {
        let (status, answer) = key.try_sts(server, "GetCallerIdentity", &[]);
        (status, answer["Code"].as_str().unwrap_or("").to_owned())
    };
    let wrong = Key::new(&world.alice.id, "wrong");
    assert_eq!(code(&wrong), (400, "SignatureDoesNotMatch".to_owned()));
    let unknown = Key::new("LTAInobody", "x");
    assert_eq!(
        code(&unknown),
        (404, "InvalidAccessKeyId.NotFound".to_owned())
    );
    let host = server.address.to_string();
    let bare = format!(
        "GET /?Action=AssumeRole&Version={STS}&Format=json HTTP/1.1\r\nHost: {host}\r\n\r\n"
    );
    let (status, answer) = json(&send(server, bare.as_bytes()));
    assert_eq!(
        (status, answer["Code"].as_str()),
        (400, Some("MissingAccessKeyId"))
    );
    assert_eq!(answer["HostId"], "127.0.0.1");
    let text = format!(
        "POST /?Action=AssumeRole&Version={STS} HTTP/1.1\r\nHost: sts.localhost\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"
    );
    let reply = send(server, text.as_bytes());
    assert_eq!(reply.status, 400);
    assert!(
        reply.text().contains("InvalidParameter.ContentType"),
        "{}",
        reply.text()
    );
    let large = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 70000\r\n\r\n{}",
        "a".repeat(70_000)
    );
    assert_eq!(send(server, large.as_bytes()).status, 400);
}

#[test]
fn callers_learn_who_they_are() {
    let world = World::new();
    let server = &world.server;
    let who = |key: &Key| key.try_sts(server, "GetCallerIdentity", &[]).1;
    let root = who(&Key::root());
    assert_eq!(root["IdentityType"], "Account");
    assert_eq!(root["Arn"], format!("acs:ram::{OWNER}:root"));
    let alice = who(&world.alice);
    assert_eq!(alice["IdentityType"], "RAMUser");
    assert_eq!(alice["AccountId"], OWNER);
    assert_eq!(alice["Arn"], format!("acs:ram::{OWNER}:user/alice"));
    let session = who(&world.session(&[]));
    assert_eq!(session["IdentityType"], "AssumedRoleUser");
    assert_eq!(
        session["Arn"],
        format!("acs:ram::{OWNER}:assumed-role/reader/s1")
    );
}

#[test]
fn tokens_are_bound_to_their_key_and_to_nothing_else() {
    let world = World::new();
    let (one, two) = (world.session(&[]), world.session(&[]));
    let proofs = [
        Proof::Header(Scheme::V1),
        Proof::Header(Scheme::V4),
        Proof::Url(Scheme::V1, 60),
        Proof::Url(Scheme::V4, 60),
    ];
    let code = |key: &Key, proof: &Proof| {
        let request = key.sign(Request::get("box-1", "u1/a")).proof(proof.clone());
        world.server.send(&request).error()
    };
    for proof in &proofs {
        let swapped = Key {
            token: two.token.clone(),
            ..one.clone()
        };
        assert_eq!(
            code(&swapped, proof),
            (403, "AccessKeyIdAndSecurityTokenNotMatch".into())
        );
        let mut flipped = one.token.clone().unwrap();
        let last = if flipped.ends_with('A') { "B" } else { "A" };
        flipped.replace_range(20..21, last);
        let flipped = Key {
            token: Some(flipped),
            ..one.clone()
        };
        assert_eq!(code(&flipped, proof), (403, "InvalidSecurityToken".into()));
        let garbled = Key {
            token: Some("not-a-token".into()),
            ..one.clone()
        };
        assert_eq!(code(&garbled, proof), (403, "InvalidSecurityToken".into()));
        let missing = Key {
            token: None,
            ..one.clone()
        };
        assert_eq!(code(&missing, proof), (403, "InvalidAccessKeyId".into()));
        let permanent = Key {
            token: one.token.clone(),
            ..world.alice.clone()
        };
        assert_eq!(code(&permanent, proof), (403, "InvalidAccessKeyId".into()));
        // The token is looked at before the signature.
        let both = Key {
            secret: "wrong".into(),
            ..swapped
        };
        assert_eq!(
            code(&both, proof),
            (403, "AccessKeyIdAndSecurityTokenNotMatch".into())
        );
        let signature = Key {
            secret: "wrong".into(),
            ..one.clone()
        };
        assert_eq!(
            code(&signature, proof),
            (403, "SignatureDoesNotMatch".into())
        );
    }
}

#[test]
fn a_url_lives_no_longer_than_its_token() {
    let world = World::new();
    let session = world.session(&[("DurationSeconds", "900")]);
    for scheme in [Scheme::V1, Scheme::V4] {
        let request = session
            .sign(Request::get("box-1", "u1/a"))
            .proof(Proof::Url(scheme, 3600));
        let head = request.head(&world.server);
        let short = session
            .sign(Request::get("box-1", "u1/a"))
            .proof(Proof::Url(scheme, 60))
            .head(&world.server);
        assert_eq!(send(&world.server, &head).status, 200);
        world.later(890);
        assert_eq!(send(&world.server, &head).status, 200, "{scheme:?}");
        let over = send(&world.server, &short);
        assert_eq!(over.error(), (403, "AccessDenied".into()));
        world.later(15);
        for head in [&head, &short] {
            let reply = send(&world.server, head);
            assert_eq!(
                reply.error(),
                (403, "SecurityTokenExpired".into()),
                "{scheme:?}"
            );
            assert_eq!(reply.header("x-oss-ec"), Some("0002-00000007"));
        }
        world.later(-905);
    }
}

#[test]
fn sessions_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = || fosse_store::Store::open(fosse_store::OpenOptions::new(dir.path())).unwrap();
    let mut world = World::over(Server::over(open(), |_| {}));
    let session = world.session(&[]);
    world.server.stop();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(world.server.store.close()).unwrap();
    drop(world);
    let server = Server::over(open(), |_| {});
    let reply = server.send(&session.sign(Request::get("box-1", "u1/a")));
    assert_eq!(reply.status, 200, "{}", reply.text());
    runtime.block_on(async { server.store.master_keys().rotate().unwrap() });
    assert_eq!(
        server
            .send(&session.sign(Request::get("box-1", "u1/a")))
            .status,
        200
    );
}

#[test]
fn a_session_policy_narrows_what_the_role_may() {
    let world = World::new();
    let prefix = policy("Allow", "oss:GetObject", "acs:oss:*:*:box-1/u1/*");
    let session = world.session(&[("Policy", &prefix)]);
    assert_eq!(world.get(&session, "u1/a").status, 200);
    assert_eq!(
        world.get(&session, "u2/b").error(),
        (403, "AccessDenied".into())
    );
    let url = |object: &str| {
        let request = session
            .sign(Request::get("box-1", object))
            .proof(Proof::Url(Scheme::V4, 60));
        world.server.send(&request).status
    };
    assert_eq!((url("u1/a"), url("u2/b")), (200, 403));
    let put = session.sign(Request::new("PUT", "box-1", "u1/x").body(b"x"));
    assert_eq!(world.server.send(&put).status, 403);
}

#[test]
fn changes_count_from_the_next_request_on() {
    let world = World::new();
    let server = &world.server;
    let root = Key::root();
    let session = world.session(&[]);
    let url = |key: &Key| {
        let request = key
            .sign(Request::get("box-1", "u1/a"))
            .proof(Proof::Url(Scheme::V4, 3600));
        request.head(server)
    };
    let session_url = url(&session);
    assert_eq!(send(server, &session_url).status, 200);
    // The role loses its permission, and gets it back.
    let attached = [
        ("RoleName", "Reader"),
        ("PolicyType", "System"),
        ("PolicyName", "AliyunOSSFullAccess"),
    ];
    root.ram(server, "DetachPolicyFromRole", &attached);
    assert_eq!(send(server, &session_url).status, 403);
    root.ram(server, "AttachPolicyToRole", &attached);
    assert_eq!(send(server, &session_url).status, 200);
    // A user's own key: allowed by a group, whose policy changes its default version.
    root.ram(server, "CreateGroup", &[("GroupName", "staff")]);
    root.ram(
        server,
        "AddUserToGroup",
        &[("UserName", "alice"), ("GroupName", "staff")],
    );
    let alice_url = url(&world.alice);
    assert_eq!(send(server, &alice_url).status, 403);
    grant(
        server,
        "Group",
        "staff",
        "read",
        &policy("Allow", "oss:GetObject", "acs:oss:*:*:box-1/*"),
    );
    assert_eq!(send(server, &alice_url).status, 200);
    let refuse = policy("Deny", "oss:GetObject", "*");
    root.ram(
        server,
        "CreatePolicyVersion",
        &[("PolicyName", "read"), ("PolicyDocument", &refuse)],
    );
    assert_eq!(send(server, &alice_url).status, 200);
    root.ram(
        server,
        "SetDefaultPolicyVersion",
        &[("PolicyName", "read"), ("VersionId", "v2")],
    );
    assert_eq!(send(server, &alice_url).status, 403);
    root.ram(
        server,
        "SetDefaultPolicyVersion",
        &[("PolicyName", "read"), ("VersionId", "v1")],
    );
    assert_eq!(send(server, &alice_url).status, 200);
    // The key is switched off, and on, and deleted.
    let status = |status: &str| {
        let id = world.alice.id.as_str();
        root.ram(
            server,
            "UpdateAccessKey",
            &[
                ("UserName", "alice"),
                ("UserAccessKeyId", id),
                ("Status", status),
            ],
        );
    };
    status("Inactive");
    assert_eq!(
        send(server, &alice_url).error(),
        (403, "InvalidAccessKeyId".into())
    );
    status("Active");
    assert_eq!(send(server, &alice_url).status, 200);
    root.ram(
        server,
        "DeleteAccessKey",
        &[("UserName", "alice"), ("UserAccessKeyId", &world.alice.id)],
    );
    assert_eq!(
        send(server, &alice_url).error(),
        (403, "InvalidAccessKeyId".into())
    );
    // The role goes, and one of its name comes: it is another.
    root.ram(server, "DetachPolicyFromRole", &attached);
    root.ram(server, "DeleteRole", &[("RoleName", "Reader")]);
    assert_eq!(
        send(server, &session_url).error(),
        (403, "InvalidSecurityToken".into())
    );
    root.ram(server, "CreateRole", &[("RoleName", "Reader")]);
    root.ram(server, "AttachPolicyToRole", &attached);
    assert_eq!(
        send(server, &session_url).error(),
        (403, "InvalidSecurityToken".into())
    );
}

#[test]
fn too_many_sessions_in_a_second_are_refused() {
    let world = World::over(Server::with(|config| config.assume_role_per_second = 3));
    let codes: Vec<String> = (0..12).map(|_| world.refusal(&[]).1).collect();
    assert!(
        codes.iter().any(|code| code == "Throttling.User"),
        "{codes:?}"
    );
    assert_eq!(codes[0], "");
}

/// The form of a PostObject that uploads `posted`, signed by the session with a policy of an hour.
fn form(world: &World, key: &Key, scheme: Scheme) -> Vec<u8> {
    let expiration = fosse_oss::time::format_iso_millis(world.server.now() + 3600);
    let policy = format!(
        r#"{{"expiration":"{expiration}","conditions":[{{"bucket":"box-1"}},["starts-with","$key","posted"]]}}"#
    );
    let credentials = Credentials {
        access_key_id: key.id.clone(),
        access_key_secret: key.secret.clone(),
        security_token: key.token.clone(),
    };
    let options = SignOptions {
        scheme,
        now: world.server.now(),
        region: "cn-hangzhou",
        product: "oss",
    };
    let mut body = String::new();
    let mut part = |name: &str, value: &str| {
        body.push_str(&format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    };
    part("key", "posted");
    for (name, value) in sign_form(&policy, &credentials, &options).unwrap() {
        part(name, &value);
    }
    body.push_str("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbody\r\n--B--\r\n");
    let host = world.server.address;
    format!(
        "POST /box-1/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn a_form_carries_a_token_and_lives_no_longer() {
    let world = World::new();
    let session = world.session(&[("DurationSeconds", "900")]);
    let other = world.session(&[]);
    for scheme in [Scheme::V1, Scheme::V4] {
        let signed = form(&world, &session, scheme);
        let reply = send(&world.server, &signed);
        assert!(
            reply.status < 300,
            "{scheme:?} {} {}",
            reply.status,
            reply.text()
        );
        let swapped = Key {
            token: other.token.clone(),
            ..session.clone()
        };
        assert_eq!(
            send(&world.server, &form(&world, &swapped, scheme)).error(),
            (403, "AccessKeyIdAndSecurityTokenNotMatch".into())
        );
        let garbled = Key {
            token: Some("garbled".into()),
            ..session.clone()
        };
        assert_eq!(
            send(&world.server, &form(&world, &garbled, scheme)).error(),
            (403, "InvalidSecurityToken".into())
        );
        world.later(905);
        assert_eq!(
            send(&world.server, &signed).error(),
            (403, "SecurityTokenExpired".into())
        );
        world.later(-905);
    }
}
