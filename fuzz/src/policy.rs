//! Policies, trust policies and Referer rules: whatever the text, reading it ends, and what was read can be asked without
//! a panic and in little time.

use fosse_policy::{
    Access, Acl, Attached, BucketFacts, Caller, Context, Facts, ObjectAcl, Policy, RefererRules,
    Resource, TrustPolicy, decide, decide_call, explain,
};
use std::sync::Arc;

const OWNER: &str = "1000000000000001";
const KEYS: [&str; 4] = ["x", "dir/film.mp4", "中/😀?*", "a:b/acs:oss:*:*:b/*"];
const AGENTS: [Option<&str>; 3] = [None, Some("aliyun-sdk-go/2.2.0"), Some("5")];

/// A policy of any kind, asked about fixed requests.
pub fn policy(data: &[u8]) {
    if let Ok(trust) = TrustPolicy::parse(data) {
        let caller = Caller::Root { account: OWNER };
        let _ = trust.ask(&caller, "sts:AssumeRole", &Context::UNKNOWN);
    }
    let bucket = Policy::bucket(data, None);
    if let Ok(policy) = &bucket {
        let _ = (policy.is_public(), policy.needs());
        // Being about the bucket is asked of a policy that is one already.
        if let Err(error) = Policy::bucket(data, Some("b")) {
            assert!(error.to_string().contains("does not name the bucket"));
        }
    }
    let ram = Policy::ram(data);
    if let Err(error) = &ram {
        assert!(!error.to_string().is_empty());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let short = text.chars().count() <= 2048 && text.len() <= 6 * 1024;
        assert_eq!(Policy::session(text).is_ok(), short && ram.is_ok());
    }
    ask(bucket.ok(), ram.ok());
}

fn ask(bucket: Option<Policy>, ram: Option<Policy>) {
    if bucket.is_none() && ram.is_none() {
        return;
    }
    let attached: Vec<Attached> = ram
        .into_iter()
        .map(|policy| Attached {
            name: "fuzzed".into(),
            policy: Arc::new(policy),
        })
        .collect();
    let tags = [("k".to_owned(), "v".to_owned())];
    for key in KEYS {
        for user_agent in AGENTS {
            let context = Context {
                source_ip: Some([192, 0, 2, 7].into()),
                user_agent,
                now: Some(1_780_272_000),
                secure: Some(true),
                existing_tags: &tags,
                request_tags: &tags,
                ..Context::UNKNOWN
            };
            let caller = Caller::User {
                account: OWNER,
                id: "300000000000000003",
                name: "alice",
                policies: &attached,
            };
            let place = BucketFacts {
                policy: bucket.as_ref(),
                ..BucketFacts::new("b", OWNER, Acl::Private)
            };
            let facts = Facts::new(caller, "oss:GetObject", Access::Read)
                .within("cn-hangzhou", &context)
                .on_object(place, key, ObjectAcl::Default);
            let decision = decide(&facts);
            assert!(decision.trace.steps().next().is_some());
            assert_eq!(decision.is_allowed(), decision.denial().is_none());
            let _ = (decision.detail(&facts), explain(&facts));
            let role = Resource::Ram("role/reader");
            let _ = decide_call(&caller, "sts:AssumeRole", role, OWNER, &context);
        }
    }
}

/// Referer rules and a Referer: lines of the whitelist, an empty line, lines of the blacklist, an empty line, the Referer.
pub fn referer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut blocks = text.splitn(3, "\n\n");
    let allowed = blocks.next().unwrap_or_default();
    let blocked = blocks.next().unwrap_or_default();
    let referer = blocks.next();
    for (empty, query, path) in [
        (true, true, false),
        (false, true, true),
        (false, false, false),
    ] {
        let rules = RefererRules::new(empty, query, path, allowed.lines(), blocked.lines());
        let verdict = rules.check(referer);
        // A blacklist can only take away.
        let without = RefererRules::new(empty, query, path, allowed.lines(), []);
        if verdict.is_ok() {
            assert_eq!(without.check(referer), Ok(()));
        }
    }
}
