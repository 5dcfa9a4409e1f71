//! Decisions a second: `cargo bench -p fosse-policy`. One core.

#![allow(missing_docs, reason = "criterion makes undocumented functions")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fosse_policy::{
    Access, Acl, Attached, BucketFacts, Caller, Context, Facts, ObjectAcl, Policy, RefererRules,
    decide,
};
use std::hint::black_box;
use std::sync::Arc;

const OWNER: &str = "1000000000000001";

/// Twenty statements of the kinds that are in use; the last one is about the request.
fn statements(principal: &str) -> String {
    let mut all = Vec::new();
    for at in 0..19 {
        let (effect, condition) = match at % 4 {
            0 => ("Allow", String::new()),
            1 => ("Deny", r#","Condition":{"IpAddress":{"acs:SourceIp":["203.0.113.0/24","198.51.100.7"]}}"#.to_owned()),
            2 => ("Allow", r#","Condition":{"StringLike":{"acs:UserAgent":["*curl*","sdk-?.*"]}}"#.to_owned()),
            _ => ("Allow", r#","Condition":{"Bool":{"acs:SecureTransport":"true"},"DateLessThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}"#.to_owned()),
        };
        let resource = match at % 3 {
            0 => format!("acs:oss:*:*:media/team-{at}/*"),
            1 => "acs:oss:*:*:media/*".to_owned(),
            _ => format!("acs:oss:*:*:*/archive-{at}/*.bin"),
        };
        let action = if at % 2 == 0 {
            "oss:GetObject"
        } else {
            r#"oss:Get*","oss:List*"#
        };
        all.push(format!(
            r#"{{"Effect":"{effect}","Action":["{action}"],"Resource":["{resource}"]{principal}{condition}}}"#
        ));
    }
    all.push(format!(
        r#"{{"Effect":"Allow","Action":["oss:GetObject"],"Resource":["acs:oss:*:*:media/films/*"]{principal}}}"#
    ));
    format!(r#"{{"Version":"1","Statement":[{}]}}"#, all.join(","))
}

fn decisions(criterion: &mut Criterion) {
    let ram = Policy::ram(statements("").as_bytes()).expect("a policy");
    let bucket =
        statements(r#","Principal":["300000000000000003","acs:ram::1000000000000001:user/alice"]"#);
    let bucket = Policy::bucket(bucket.as_bytes(), Some("media")).expect("a policy");
    let attached = [Attached {
        name: "twenty".into(),
        policy: Arc::new(ram),
    }];
    let context = Context {
        source_ip: Some([192, 0, 2, 7].into()),
        user_agent: Some("aliyun-sdk-go/2.2.0 (linux/6.1/amd64;go1.24)"),
        now: Some(1_780_272_000),
        secure: Some(true),
        access_id: Some("LTAI5tExample"),
        ..Context::UNKNOWN
    };
    let user = |policies| Caller::User {
        account: OWNER,
        id: "300000000000000003",
        name: "alice",
        policies,
    };
    let facts = |caller, policy| {
        let place = BucketFacts {
            policy,
            ..BucketFacts::new("media", OWNER, Acl::Private)
        };
        Facts::new(caller, "oss:GetObject", Access::Read)
            .within("cn-hangzhou", &context)
            .on_object(
                place,
                "films/2026/07/the-long-night.mp4",
                ObjectAcl::Default,
            )
    };
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    for (name, facts) in [
        ("RAM policy of 20 statements", facts(user(&attached), None)),
        (
            "bucket policy of 20 statements",
            facts(user(&[]), Some(&bucket)),
        ),
        ("both", facts(user(&attached), Some(&bucket))),
        (
            "the owner, no policy",
            facts(Caller::Root { account: OWNER }, None),
        ),
    ] {
        assert!(decide(&facts).is_allowed(), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| decide(black_box(&facts))));
    }
    group.finish();

    let patterns: Vec<String> = (0..20)
        .map(|at| format!("https://*.site-{at}.example"))
        .collect();
    let rules = RefererRules::new(
        false,
        true,
        false,
        patterns.iter().map(String::as_str),
        ["*bad.example"],
    );
    criterion.bench_function("Referer, 20 patterns", |bencher| {
        bencher.iter(|| rules.check(black_box(Some("https://www.site-19.example/page?x=1"))));
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
