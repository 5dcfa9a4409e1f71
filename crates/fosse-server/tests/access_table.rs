//! The decision table of access-control.md §11, over HTTP: every caller, ACL, bucket policy and block, signed in the
//! header and in the URL. What is expected is computed here from the rules of §2 to §5, not from the code.

mod support;

use fosse_oss::sign::Scheme;
use fosse_store::{Acl, Bucket};
use support::rpc::{Key, grant, policy, user};
use support::*;

const BUCKET: &str = "table";

#[derive(Clone, Copy, PartialEq, Debug)]
enum Says {
    Allow,
    Deny,
    Nothing,
}

/// A caller and what its policies say about everything in the bucket.
struct Caller {
    name: &'static str,
    /// `None`: anonymous.
    key: Option<Key>,
    /// The account that owns the bucket.
    root: bool,
    identity: Says,
    session: Option<Says>,
    /// The bucket policies with principals name it.
    named: bool,
}

/// Makes everybody. Gives the callers, and the principals that policies name.
fn callers(server: &Server) -> (Vec<Caller>, String) {
    let root = Key::root();
    let other_root = Key::new(OTHER_ID, OTHER_SECRET);
    let caller = |name, key: &Key, identity, session, named| Caller {
        name,
        key: Some(key.clone()),
        root: false,
        identity,
        session,
        named,
    };
    let (none_id, none) = user(server, "none");
    let (_, full) = user(server, "full");
    let (_, denied) = user(server, "denied");
    let attach = |key: &Key, kind: &str, name: &str, policy: &str| {
        key.ram(
            server,
            &format!("AttachPolicyTo{kind}"),
            &[
                (&format!("{kind}Name"), name),
                ("PolicyType", "System"),
                ("PolicyName", policy),
            ],
        );
    };
    attach(&root, "User", "full", "AliyunOSSFullAccess");
    attach(&root, "User", "full", "AliyunSTSAssumeRoleAccess");
    attach(&root, "User", "denied", "AliyunOSSFullAccess");
    grant(
        server,
        "User",
        "denied",
        "deny-all",
        &policy("Deny", "oss:*", "*"),
    );
    // Allowed everything by its own account, which has no say here.
    let made = other_root.ram(server, "CreateUser", &[("UserName", "stranger")]);
    let stranger_id = made["User"]["UserId"].as_str().unwrap().to_owned();
    let made = other_root.ram(server, "CreateAccessKey", &[("UserName", "stranger")]);
    let stranger = Key::of(&made["AccessKey"]);
    attach(&other_root, "User", "stranger", "AliyunOSSFullAccess");

    let role = |name: &str| {
        let made = root.ram(server, "CreateRole", &[("RoleName", name)]);
        made["Role"]["Arn"].as_str().unwrap().to_owned()
    };
    let (worker, idle) = (role("worker"), role("idle"));
    attach(&root, "Role", "worker", "AliyunOSSFullAccess");
    let session = |arn: &str, session_policy: Option<&str>| {
        let mut params = vec![("RoleArn", arn), ("RoleSessionName", "s1")];
        params.extend(session_policy.map(|text| ("Policy", text)));
        let (status, answer) = full.try_sts(server, "AssumeRole", &params);
        assert_eq!(status, 200, "{answer}");
        Key::of(&answer["Credentials"])
    };
    let all = policy("Allow", "oss:*", "*");
    let elsewhere = policy("Allow", "oss:*", "acs:oss:*:*:elsewhere/*");
    let all_callers = vec![
        Caller {
            name: "root",
            key: Some(root.clone()),
            root: true,
            identity: Says::Nothing,
            session: None,
            named: false,
        },
        caller("user without policy", &none, Says::Nothing, None, true),
        caller("user with Allow", &full, Says::Allow, None, false),
        caller("user with Deny", &denied, Says::Deny, None, false),
        caller("foreign root", &other_root, Says::Nothing, None, false),
        caller("foreign user", &stranger, Says::Nothing, None, true),
        caller("session", &session(&worker, None), Says::Allow, None, false),
        caller(
            "session with policy",
            &session(&worker, Some(&all)),
            Says::Allow,
            Some(Says::Allow),
            false,
        ),
        caller(
            "session with a policy about another bucket",
            &session(&worker, Some(&elsewhere)),
            Says::Allow,
            Some(Says::Nothing),
            false,
        ),
        caller(
            "session of a role without policy",
            &session(&idle, None),
            Says::Nothing,
            None,
            true,
        ),
        Caller {
            name: "anonymous",
            key: None,
            root: false,
            identity: Says::Nothing,
            session: None,
            named: false,
        },
    ];
    let account = OWNER;
    let principals =
        format!(r#""{none_id}","{stranger_id}","arn:sts::{account}:assumed-role/idle/*""#);
    (all_callers, principals)
}

/// A bucket policy: its name, its text, and what it says to whom.
type BucketPolicy = (&'static str, Option<String>, fn(&Caller, bool) -> Says);

fn bucket_policies(principals: &str) -> Vec<BucketPolicy> {
    let text = |effect: &str, principals: &str, condition: &str| {
        Some(format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"{effect}","Action":["oss:*"],"Principal":[{principals}],
            "Resource":["acs:oss:*:*:{BUCKET}","acs:oss:*:*:{BUCKET}/*"]{condition}}}]}}"#
        ))
    };
    let holds = r#","Condition":{"StringNotLike":{"acs:UserAgent":["never*"]}}"#;
    let fails = r#","Condition":{"StringLike":{"acs:UserAgent":["never*"]}}"#;
    vec![
        ("no policy", None, |_, _| Says::Nothing),
        ("Allow", text("Allow", principals, ""), |caller, _| {
            if caller.named {
                Says::Allow
            } else {
                Says::Nothing
            }
        }),
        ("Deny", text("Deny", principals, ""), |caller, _| {
            if caller.named {
                Says::Deny
            } else {
                Says::Nothing
            }
        }),
        // Public, so it does not count where public access is blocked.
        ("* Allow", text("Allow", r#""*""#, ""), |_, blocked| {
            if blocked { Says::Nothing } else { Says::Allow }
        }),
        // Without a condition "*" leaves the owner out.
        ("* Deny", text("Deny", r#""*""#, ""), |caller, _| {
            if caller.root {
                Says::Nothing
            } else {
                Says::Deny
            }
        }),
        ("* Deny if", text("Deny", r#""*""#, holds), |_, _| {
            Says::Deny
        }),
        ("* Deny if not", text("Deny", r#""*""#, fails), |_, _| {
            Says::Nothing
        }),
    ]
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Op {
    Get,
    Put,
    Delete,
    List,
    PutBucketAcl,
}

/// access-control.md §2.2 to §2.5, §5.
fn expected(
    caller: &Caller,
    bucket: Says,
    op: Op,
    bucket_acl: Acl,
    object_acl: Acl,
    blocked: bool,
) -> bool {
    if caller.session.is_some_and(|says| says != Says::Allow) {
        return false;
    }
    if caller.identity == Says::Deny || bucket == Says::Deny {
        return false;
    }
    if caller.identity == Says::Allow || bucket == Says::Allow || caller.root {
        return true;
    }
    let acl = match object_acl {
        Acl::Default => bucket_acl,
        own => own,
    };
    match op {
        _ if blocked => false,
        Op::Get => matches!(acl, Acl::PublicRead | Acl::PublicReadWrite),
        Op::Put | Op::Delete => acl == Acl::PublicReadWrite,
        Op::List | Op::PutBucketAcl => false,
    }
}

/// A request of an operation that leaves things as they are, except a DELETE that succeeds.
fn request(op: Op, key: &str) -> Request {
    match op {
        Op::Get => Request::get(BUCKET, key),
        // Refused for being there already, after authorization.
        Op::Put => Request::new("PUT", BUCKET, key)
            .header("x-oss-forbid-overwrite", "true")
            .body(b"new"),
        Op::Delete => Request::new("DELETE", BUCKET, key),
        Op::List => Request::get(BUCKET, "").query("max-keys", "1"),
        // Without the header of an ACL nothing changes.
        Op::PutBucketAcl => Request::new("PUT", BUCKET, "").query("acl", ""),
    }
}

fn success(op: Op) -> u16 {
    match op {
        Op::Put => 409,
        Op::Delete => 204,
        _ => 200,
    }
}

struct Table {
    server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Table {
    /// Past the gate, which refuses public ACLs where they are blocked.
    fn set(&self, change: impl Fn(&mut Bucket) + Send + 'static) {
        let changed = self.server.store.update_bucket(BUCKET, change);
        self.runtime.block_on(changed).unwrap();
    }

    fn set_object(&self, key: &str, acl: Acl) {
        let store = &self.server.store;
        let bucket = self.runtime.block_on(store.bucket(BUCKET)).unwrap();
        let set = store.set_object_acl(&bucket, key, None, acl);
        self.runtime.block_on(set).unwrap();
    }
}

const OBJECTS: [(&str, Acl); 4] = [
    ("default", Acl::Default),
    ("private", Acl::Private),
    ("public-read", Acl::PublicRead),
    ("public-read-write", Acl::PublicReadWrite),
];

#[test]
fn every_caller_acl_policy_and_block() {
    let server = Server::start();
    server.bucket(BUCKET);
    let (callers, principals) = callers(&server);
    let table = Table {
        server,
        runtime: tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
    };
    let server = &table.server;
    for (key, acl) in OBJECTS {
        server.put(BUCKET, key, b"bytes");
        table.set_object(key, acl);
    }
    let mut connection = server.connect();
    let mut asked = 0;
    for (policy_name, text, says) in bucket_policies(&principals) {
        for blocked in [false, true] {
            for bucket_acl in [Acl::Private, Acl::PublicRead, Acl::PublicReadWrite] {
                let text = text.clone();
                table.set(move |bucket| {
                    bucket.acl = bucket_acl;
                    bucket.configs.clear();
                    if let Some(text) = &text {
                        let name = "policy".to_owned();
                        bucket.configs.insert(name, text.clone().into_bytes());
                    }
                    if blocked {
                        let block = "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>";
                        let name = "publicAccessBlock".to_owned();
                        bucket.configs.insert(name, block.into());
                    }
                });
                for caller in &callers {
                    let bucket_says = says(caller, blocked);
                    for (key, object_acl) in OBJECTS {
                        for op in [Op::Get, Op::Put, Op::Delete, Op::List, Op::PutBucketAcl] {
                            let on_bucket = matches!(op, Op::List | Op::PutBucketAcl);
                            if on_bucket && key != "default" {
                                continue;
                            }
                            let want =
                                expected(caller, bucket_says, op, bucket_acl, object_acl, blocked);
                            asked += 1;
                            let proof = match asked % 4 {
                                0 => Proof::Header(Scheme::V4),
                                1 => Proof::Url(Scheme::V4, 60),
                                2 => Proof::Header(Scheme::V1),
                                _ => Proof::Url(Scheme::V1, 60),
                            };
                            let request = request(op, key);
                            let request = match &caller.key {
                                Some(key) => key.sign(request).proof(proof),
                                None => request.anonymous(),
                            };
                            let reply = connection.send(&request, server);
                            let row = format!(
                                "{} by {}, {policy_name}, bucket {bucket_acl:?}, object {object_acl:?}, blocked {blocked}: {reply:?}",
                                format_args!("{op:?}"),
                                caller.name,
                            );
                            if want {
                                assert_eq!(reply.status, success(op), "{row}");
                            } else {
                                assert_eq!(reply.error(), (403, "AccessDenied".into()), "{row}");
                            }
                            if op == Op::Delete && want {
                                server.put(BUCKET, key, b"bytes");
                                table.set_object(key, object_acl);
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(asked > 6000, "{asked}");
}
