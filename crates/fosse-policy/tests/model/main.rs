//! The engine against a slow and obvious evaluator, over policies, callers and requests made at random from few words, so
//! that they meet often.

mod reference;

use fosse_policy::{
    Access, Acl, Attached, BucketFacts, Caller, Context, Facts, ObjectAcl, Policy, Verdict, decide,
};
use proptest::prelude::*;
use reference::{Who, World};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const OWNER: &str = "1000000000000001";
const OTHER: &str = "2000000000000002";
const NOW: &str = "2026-06-01T00:00:00Z";
const NOW_UNIX: i64 = 1_780_272_000;

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> + Clone {
    prop::sample::select(words).prop_map(Value::from)
}

/// One word, or some of them.
fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        one_of(words),
        prop::collection::vec(one_of(words), 1..3).prop_map(Value::from),
    ]
}

const ACTIONS: &[&str] = &[
    "oss:GetObject",
    "oss:getobject",
    "oss:PutObject",
    "oss:Get*",
    "oss:*Object",
    "oss:*",
    "*",
    "oss:ListObjects",
    "oss:PutBucketPolicy",
    "oss:*Bucket*",
];
const RESOURCES: &[&str] = &[
    "*",
    "acs:oss:*:*:*",
    "acs:oss:*:*:b",
    "acs:oss:*:*:b/*",
    "acs:oss:*:*:b*",
    "acs:oss:*:*:b/dir/*",
    "acs:oss:*:*:*/x",
    "acs:oss:cn-*:*:b/*",
    "acs:oss:cn-beijing:*:b/*",
    "acs:oss:*:1000000000000001:b/*",
    "acs:oss:*:2000000000000002:b/*",
];
const PRINCIPALS: &[&str] = &[
    "*",
    OWNER,
    OTHER,
    "300000000000000003",
    "acs:ram::1000000000000001:root",
    "acs:ram::1000000000000001:user/alice",
    "acs:ram::1000000000000001:user/*",
    "acs:ram::1000000000000001:role/reader",
    "acs:ram::*:root",
    "arn:sts::1000000000000001:assumed-role/reader/*",
    "arn:sts::1000000000000001:assumed-role/reader/s1",
    "arn:sts::1000000000000001:assumed-role/writer/*",
];

/// Operator, key and values.
fn condition() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let text = prop::sample::select(
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ][..],
    );
    let text_key = prop::sample::select(
        &[
            "acs:UserAgent",
            "acs:useragent",
            "acs:SourceVpc",
            "acs:AccessId",
            "oss:Prefix",
            "oss:BucketTag/k",
            "no:Such",
        ][..],
    );
    let words = some_of(&["a", "A", "a*", "*", "?", "b?", "LTAI", "vpc-1", "vpc-*", ""]);
    let address = prop::sample::select(&["IpAddress", "NotIpAddress"][..]);
    let blocks = some_of(&[
        "10.0.0.0/8",
        "10.1.2.3",
        "0.0.0.0/0",
        "128.0.0.0/1",
        "192.0.2.0/24",
    ]);
    let number = prop::sample::select(
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericGreaterThanEquals",
        ][..],
    );
    let date = prop::sample::select(&["DateLessThan", "DateGreaterThanEquals"][..]);
    let times = some_of(&["2026-05-31T23:59:59Z", NOW, "2026-06-01T00:00:01Z"]);
    prop_oneof![
        4 => (text, text_key, words),
        2 => (address, Just("acs:SourceIp"), blocks),
        1 => (Just("Bool"), Just("acs:SecureTransport"), some_of(&["true", "false"])),
        1 => (number, prop::sample::select(&["oss:Prefix", "acs:SourceIp"][..]), some_of(&["5", "-1", "5.5"])),
        1 => (date, prop::sample::select(&["acs:CurrentTime", "acs:UserAgent"][..]), times),
    ]
}

fn statement(principals: bool) -> impl Strategy<Value = Value> {
    let who = prop_oneof![3 => some_of(PRINCIPALS), 1 => Just(json!([]))];
    (
        prop::sample::select(&["Allow", "Allow", "Deny"][..]),
        prop::bool::weighted(if principals { 0.0 } else { 0.2 }),
        some_of(ACTIONS),
        some_of(RESOURCES),
        who,
        prop::collection::vec(condition(), 0..3),
    )
        .prop_map(move |(effect, not, action, resource, who, conditions)| {
            let mut statement = json!({"Effect": effect, "Resource": resource});
            statement[if not { "NotAction" } else { "Action" }] = action;
            if principals {
                statement["Principal"] = who;
            }
            let mut all = Map::new();
            for (operator, key, values) in conditions {
                let keys = all.entry(operator).or_insert_with(|| json!({}));
                keys[key] = values;
            }
            if !all.is_empty() {
                statement["Condition"] = Value::Object(all);
            }
            statement
        })
}

fn policy(principals: bool) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(principals), 1..4)
        .prop_map(|statements| json!({"Version": "1", "Statement": statements}))
}

fn who() -> impl Strategy<Value = Who> {
    let account = prop::sample::select(&[OWNER, OWNER, OTHER][..]);
    let role = prop::sample::select(&["reader", "writer"][..]);
    prop_oneof![
        1 => Just(Who::Anonymous),
        2 => account.clone().prop_map(Who::Root),
        3 => account.clone().prop_map(|account| Who::User { account, id: "300000000000000003", name: "alice" }),
        3 => (account, role).prop_map(|(account, role)| Who::Session { account, role, session: "s1" }),
    ]
}

/// Action, access, whether it is about an object.
const OPERATIONS: &[(&str, &str, bool)] = &[
    ("oss:GetObject", "read", true),
    ("oss:PutObject", "write", true),
    ("oss:GetObjectAcl", "acl", true),
    ("oss:PutObjectTagging", "other", true),
    ("oss:ListObjects", "manage", false),
    ("oss:PutBucketPolicy", "manage", false),
    ("oss:PutBucketAcl", "manage", false),
];

fn facts() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let word = || {
        prop::option::of(prop::sample::select(
            &["a", "A", "ab", "b1", "5", "LTAI", "vpc-1", ""][..],
        ))
    };
    let address = prop::option::of(prop::sample::select(
        &["10.1.2.3", "192.0.2.9", "200.1.1.1"][..],
    ));
    let secure = prop::option::of(prop::sample::select(&["true", "false"][..]));
    let now = prop::option::of(Just(NOW));
    (word(), word(), word(), word(), word(), address, secure, now).prop_map(
        |(agent, vpc, id, prefix, tag, address, secure, now)| {
            [
                ("acs:UserAgent", agent),
                ("acs:SourceVpc", vpc),
                ("acs:AccessId", id),
                ("oss:Prefix", prefix),
                ("oss:BucketTag/k", tag),
                ("acs:SourceIp", address),
                ("acs:SecureTransport", secure),
                ("acs:CurrentTime", now),
            ]
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?.to_owned())))
            .collect()
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let acl = || prop::sample::select(&["private", "public-read", "public-read-write"][..]);
    let own = prop::sample::select(&["default", "private", "public-read", "public-read-write"][..]);
    let policies = (
        prop::collection::vec(policy(false), 0..3),
        prop::option::weighted(0.4, policy(false)),
        prop::option::weighted(0.7, policy(true)),
    );
    let key = prop::sample::select(&["x", "dir/x", "dir/y:b/x"][..]);
    (
        who(),
        policies,
        prop::sample::select(OPERATIONS),
        key,
        acl(),
        own,
        any::<bool>(),
        facts(),
    )
        .prop_map(
            |(
                who,
                (attached, session, bucket_policy),
                operation,
                key,
                bucket_acl,
                object_acl,
                block,
                facts,
            )| World {
                attached: match who {
                    Who::User { .. } | Who::Session { .. } => attached,
                    _ => Vec::new(),
                },
                session_policy: session.filter(|_| matches!(who, Who::Session { .. })),
                who,
                bucket_policy,
                owner: OWNER,
                bucket: "b",
                key: operation.2.then_some(key),
                action: operation.0,
                access: operation.1,
                bucket_acl,
                object_acl: if operation.2 { object_acl } else { "default" },
                block,
                facts,
            },
        )
}

fn acl(text: &str) -> Acl {
    match text {
        "private" => Acl::Private,
        "public-read" => Acl::PublicRead,
        _ => Acl::PublicReadWrite,
    }
}

/// The engine's answer.
fn engine(world: &World) -> bool {
    let text = |value: &Value| value.to_string();
    let attached: Vec<Attached> = world
        .attached
        .iter()
        .map(|policy| Attached {
            name: "p".into(),
            policy: Arc::new(Policy::ram(text(policy).as_bytes()).unwrap()),
        })
        .collect();
    let session = world
        .session_policy
        .as_ref()
        .map(|policy| Policy::ram(text(policy).as_bytes()).unwrap());
    let bucket_policy = world
        .bucket_policy
        .as_ref()
        .map(|policy| Policy::bucket(text(policy).as_bytes(), None).unwrap());
    let caller = match world.who {
        Who::Anonymous => Caller::Anonymous,
        Who::Root(account) => Caller::Root { account },
        Who::User { account, id, name } => Caller::User {
            account,
            id,
            name,
            policies: &attached,
        },
        Who::Session {
            account,
            role,
            session: name,
        } => Caller::Session {
            account,
            role_id: "4",
            role,
            session: name,
            policies: &attached,
            session_policy: session.as_ref(),
        },
    };
    let fact = |key: &str| {
        world
            .facts
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.as_str())
    };
    let tags: Vec<(String, String)> = fact("oss:BucketTag/k")
        .map(|value| ("k".to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let context = Context {
        source_ip: fact("acs:SourceIp").map(|text| text.parse().unwrap()),
        vpc: fact("acs:SourceVpc"),
        user_agent: fact("acs:UserAgent"),
        now: fact("acs:CurrentTime").map(|_| NOW_UNIX),
        secure: fact("acs:SecureTransport").map(|text| text == "true"),
        access_id: fact("acs:AccessId"),
        prefix: fact("oss:Prefix"),
        bucket_tags: &tags,
        ..Context::UNKNOWN
    };
    let access = match (world.access, world.action) {
        ("read", _) => Access::Read,
        ("write", _) => Access::Write,
        ("acl", _) => Access::ReadAcl,
        ("other", _) => Access::Other,
        (_, "oss:ListObjects") => Access::List,
        _ => Access::Manage,
    };
    let bucket = BucketFacts {
        policy: bucket_policy.as_ref(),
        block_public: world.block,
        ..BucketFacts::new(world.bucket, world.owner, acl(world.bucket_acl))
    };
    let facts = Facts::new(caller, world.action, access).within("cn-hangzhou", &context);
    let facts = match world.key {
        None => facts.in_bucket(bucket),
        Some(key) => {
            let own = match world.object_acl {
                "default" => ObjectAcl::Default,
                own => ObjectAcl::Own(acl(own)),
            };
            facts.on_object(bucket, key, own)
        }
    };
    let decision = decide(&facts);
    let steps: Vec<_> = decision.trace.steps().collect();
    let last = steps.last().expect("a decision has a reason").verdict;
    if decision.is_allowed() {
        // An Allow of the bucket's policy may come before the silence of the identity's, and the other way round.
        assert!(
            steps
                .iter()
                .all(|step| step.verdict != Verdict::Deny || guard(&steps)),
            "{steps:?}"
        );
    } else {
        let denied = steps.iter().any(|step| step.verdict == Verdict::Deny);
        assert!(denied || last == Verdict::Ignore, "{steps:?}");
        let detail = decision.detail(&facts);
        assert!(detail.is_none_or(|detail| detail.action == world.action));
    }
    // Whatever the explanation is, it is one, and it names every statement.
    let _ = fosse_policy::explain(&facts).len();
    decision.is_allowed()
}

/// The owner's guard of the bucket's policy was asked: the one allowance after a denial.
fn guard(steps: &[fosse_policy::Step]) -> bool {
    steps
        .iter()
        .any(|step| step.rule == fosse_policy::Rule::LockOutGuard)
}

fn widened(policy: &Value, change: impl Fn(&mut Value)) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        if statement["Effect"] == "Allow" {
            change(statement);
        }
    }
    policy
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn the_engine_decides_as_the_reference(world in world()) {
        prop_assert_eq!(engine(&world), reference::allowed(&world));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A Deny of everything, anywhere, leaves nothing; in the policy of the bucket it does not reach the owner's guard.
    #[test]
    fn an_explicit_deny_wins_wherever_it_is(world in world(), place in 0..3, at_end: bool) {
        let mut world = world;
        let of_bucket = place == 2;
        let mut deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        if of_bucket {
            // With a condition that holds, so that the owner is meant as well.
            deny["Principal"] = json!("*");
            deny["Condition"] = json!({"StringLike": {"acs:MFAPresent": "*"}});
        }
        let add = |policy: &mut Value| {
            let statements = policy["Statement"].as_array_mut().unwrap();
            let at = if at_end { statements.len() } else { 0 };
            statements.insert(at, deny.clone());
        };
        let empty = || json!({"Version": "1", "Statement": []});
        match (place, &world.who) {
            (0, Who::Session { .. }) => add(world.session_policy.get_or_insert_with(empty)),
            (1, Who::User { account, .. } | Who::Session { account, .. }) if *account == OWNER => {
                world.attached.push(empty());
                add(world.attached.last_mut().unwrap());
            }
            (2, _) => add(world.bucket_policy.get_or_insert_with(empty)),
            _ => return Ok(()),
        }
        let guarded = of_bucket && world.who == Who::Root(OWNER) && world.action == "oss:PutBucketPolicy";
        prop_assert_eq!(engine(&world), guarded);
    }

    /// What an Allow covers may grow in any direction: nobody who was let in is refused for it.
    #[test]
    fn widening_an_allow_never_denies(world in world(), direction in 0..4) {
        if !engine(&world) {
            return Ok(());
        }
        let change = |statement: &mut Value| {
            let members = statement.as_object_mut().unwrap();
            match direction {
                0 => {
                    members.remove("NotAction");
                    members.insert("Action".into(), json!("*"));
                }
                1 => _ = members.insert("Resource".into(), json!("*")),
                2 => _ = members.remove("Condition"),
                _ if members.contains_key("Principal") => {
                    // Everybody beside those that are named: "*" alone would leave the owner out.
                    let mut all = match members["Principal"].take() {
                        Value::Array(all) => all,
                        one => vec![one],
                    };
                    all.push(json!("*"));
                    members.insert("Principal".into(), Value::Array(all));
                }
                _ => {}
            }
        };
        let mut wide = world.clone();
        wide.attached = world.attached.iter().map(|policy| widened(policy, change)).collect();
        wide.session_policy = world.session_policy.as_ref().map(|policy| widened(policy, change));
        wide.bucket_policy = world.bucket_policy.as_ref().map(|policy| widened(policy, change));
        // A grant that becomes public is blocked where public access is; that is what the block is for.
        wide.block = false;
        prop_assert!(engine(&wide));
    }

    #[test]
    fn public_is_what_the_reference_calls_public(policy in policy(true)) {
        let statements = policy["Statement"].as_array().unwrap();
        let public = statements.iter().any(reference::is_public);
        prop_assert_eq!(Policy::bucket(policy.to_string().as_bytes(), None).unwrap().is_public(), public);
    }
}
