use super::*;
use crate::acl::{Acl, ObjectAcl};
use crate::caller::Caller;
use crate::context::Context;
use crate::decide::{Access, BucketFacts, Facts, decide};

/// A bucket policy of one statement; `member` replaces the member of its name in a valid one.
fn with(member: &str) -> Result<Policy, PolicyError> {
    let name = member.split('"').nth(1).unwrap_or_default();
    let valid = [
        r#""Effect":"Allow""#,
        r#""Action":"oss:GetObject""#,
        r#""Resource":"acs:oss:*:*:b/*""#,
        r#""Principal":"*""#,
    ];
    let mut members: Vec<&str> = valid
        .into_iter()
        .filter(|valid| valid.split('"').nth(1) != Some(name))
        .collect();
    members.push(member);
    let text = format!(
        r#"{{"Version":"1","Statement":[{{{}}}]}}"#,
        members.join(",")
    );
    Policy::bucket(text.as_bytes(), Some("b"))
}

fn message(result: Result<Policy, PolicyError>) -> String {
    result.expect_err("a fault").to_string()
}

#[test]
fn what_is_read() {
    for member in [
        r#""Sid":"any""#,
        r#""Action":["oss:Get*","*","oss:*","OSS:putobject","oss:DeleteBucketReferer"]"#,
        r#""Resource":["*","acs:oss:*:*:b","acs:oss:*:*:b/x"]"#,
        r#""Principal":[]"#,
        r#""Principal":["1000000000000001","acs:ram::1:user/x","arn:sts::1:assumed-role/r/*"]"#,
        r#""Condition":{}"#,
        r#""Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","101.*.*.100"]},"Bool":{"acs:SecureTransport":true}}"#,
        r#""Condition":{"NumericLessThan":{"oss:x":5},"StringLike":{"what:Ever":"*"}}"#,
        r#""Condition":{"DateLessThan":{"acs:CurrentTime":"2026-01-31T12:00:00+08:00"}}"#,
    ] {
        if let Err(error) = with(member) {
            panic!("{member}: {error}");
        }
    }
    let single =
        br#"{"Version":"1","Statement":{"Effect":"Deny","NotAction":"oss:*","Resource":"*"}}"#;
    assert_eq!(Policy::ram(single).unwrap().len(), 1);
}

#[test]
fn faults_are_named_with_their_place() {
    for (member, expected) in [
        (
            r#""Effect":"allow""#,
            "Statement[0].Effect: must be \"Allow\" or \"Deny\".",
        ),
        (
            r#""Effect":null"#,
            "Statement[0].Effect: must be \"Allow\" or \"Deny\".",
        ),
        (r#""Action":[]"#, "Statement[0].Action: is empty."),
        (
            r#""Action":["oss:Get*",5]"#,
            "Statement[0].Action[1]: a number, not a string.",
        ),
        (
            r#""Action":"GetObject""#,
            "Statement[0].Action: \"GetObject\" is no action of OSS.",
        ),
        (
            r#""Action":"ecs:Start""#,
            "Statement[0].Action: \"ecs:Start\" is no action of OSS.",
        ),
        (
            r#""Action":"oss:""#,
            "Statement[0].Action: \"oss:\": an action is \"*\" or SERVICE:NAME.",
        ),
        (
            r#""NotAction":"oss:GetObject""#,
            "Statement[0].NotAction: is not possible in this kind of policy.",
        ),
        (
            r#""Resource":"b/*""#,
            "Statement[0].Resource: \"b/*\": a resource is \"*\" or acs:SERVICE:REGION:ACCOUNT:NAME.",
        ),
        (
            r#""Resource":"acs:oss:*:*:c/*""#,
            "Statement[0].Resource: \"acs:oss:*:*:c/*\" does not name the bucket \"b\".",
        ),
        (
            r#""NotResource":"*""#,
            "Statement[0].NotResource: is not supported.",
        ),
        (
            r#""Principal":{"RAM":"*"}"#,
            "Statement[0].Principal: an object, not a string.",
        ),
        (
            r#""Condition":[]"#,
            "Statement[0].Condition: an array, not an object.",
        ),
        (
            r#""Condition":{"StringMatches":{"a:b":"c"}}"#,
            "Statement[0].Condition.StringMatches: unknown operator.",
        ),
        (
            r#""Condition":{"stringequals":{"a:b":"c"}}"#,
            "Statement[0].Condition.stringequals: unknown operator.",
        ),
        (
            r#""Condition":{"Bool":{}}"#,
            "Statement[0].Condition.Bool: names no key.",
        ),
        (
            r#""Condition":{"Bool":{"a:b":"yes"}}"#,
            "Statement[0].Condition.Bool.a:b: \"yes\" is not true or false.",
        ),
        (
            r#""Condition":{"Bool":{"a:b":[]}}"#,
            "Statement[0].Condition.Bool.a:b: is empty.",
        ),
        (
            r#""Condition":{"Bool":{"a:b":{}}}"#,
            "Statement[0].Condition.Bool.a:b: an object, not a string.",
        ),
        (
            r#""Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/33"}}"#,
            "Statement[0].Condition.IpAddress.acs:SourceIp: \"10.0.0.0/33\" is not an IP address or a block of them.",
        ),
        (
            r#""Condition":{"DateEquals":{"acs:CurrentTime":"today"}}"#,
            "Statement[0].Condition.DateEquals.acs:CurrentTime: \"today\" is not a time such as 2026-01-31T12:00:00+08:00.",
        ),
        (
            r#""Condition":{"NumericEquals":{"a:b":"1x"}}"#,
            "Statement[0].Condition.NumericEquals.a:b: \"1x\" is not a number.",
        ),
        (
            r#""Conditions":{}"#,
            "Statement[0].Conditions: is no member of a statement.",
        ),
    ] {
        // NotAction stands beside Action in the valid rest; its own fault is found first.
        assert_eq!(message(with(member)), expected, "{member}");
    }
    assert!(
        message(with(r#""Principal":"alice""#))
            .starts_with("Statement[0].Principal: \"alice\": neither")
    );
    for (text, expected) in [
        (
            "",
            "The policy is not valid JSON: EOF while parsing a value at line 1 column 0.",
        ),
        ("[]", "policy: an array, not an object."),
        ("{}", "Version: is missing."),
        (
            r#"{"Version":1,"Statement":[]}"#,
            "Version: must be the string \"1\".",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            "Version: must be the string \"1\".",
        ),
        (r#"{"Version":"1"}"#, "Statement: is missing."),
        (r#"{"Version":"1","Statement":[]}"#, "Statement: is empty."),
        (
            r#"{"Version":"1","Statement":[5]}"#,
            "Statement[0]: a number, not an object.",
        ),
        (
            r#"{"Version":"1","Id":"x","Statement":[]}"#,
            "policy: unknown member \"Id\".",
        ),
        (
            r#"{"Version":"1","Statement":{}}"#,
            "Statement.Effect: is missing.",
        ),
    ] {
        assert_eq!(
            message(Policy::bucket(text.as_bytes(), None)),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_member_given_twice_is_refused() {
    for text in [
        r#"{"Version":"1","Version":"1","Statement":[]}"#,
        r#"{"Version":"1","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
    ] {
        assert!(
            message(Policy::ram(text.as_bytes())).contains("is given twice"),
            "{text}"
        );
    }
}

#[test]
fn kinds_differ() {
    let bucket = br#"{"Version":"1","Statement":{"Effect":"Allow","Action":"oss:*","Resource":"*","Principal":"*"}}"#;
    let ram = br#"{"Version":"1","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","ram:*","ecs:*"],"Resource":"*"}}"#;
    let trust = br#"{"Version":"1","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::1:root"}}}"#;
    assert!(Policy::bucket(bucket, None).is_ok());
    assert_eq!(
        message(Policy::ram(bucket)),
        "Statement.Principal: is not possible in this kind of policy."
    );
    assert_eq!(
        message(Policy::bucket(ram, None)),
        "Statement.Action[0]: \"sts:AssumeRole\" is no action of OSS."
    );
    assert!(Policy::ram(ram).is_ok() && Policy::session(std::str::from_utf8(ram).unwrap()).is_ok());
    assert!(TrustPolicy::parse(trust).is_ok());
    assert!(TrustPolicy::parse(ram).is_err() && Policy::ram(trust).is_err());
}

#[test]
fn sizes_are_limited() {
    let padded = |bytes: usize| {
        let text =
            r#"{"Version":"1","Statement":{"Effect":"Deny","Action":"oss:*","Resource":"*"}}"#;
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    assert!(Policy::ram(padded(MAX_RAM_POLICY_BYTES).as_bytes()).is_ok());
    let too_long = |limit, unit| PolicyError::TooLong { limit, unit };
    assert_eq!(
        Policy::ram(padded(MAX_RAM_POLICY_BYTES + 1).as_bytes()),
        Err(too_long(MAX_RAM_POLICY_BYTES, "bytes"))
    );
    assert!(Policy::session(&padded(MAX_SESSION_POLICY_CHARS)).is_ok());
    assert_eq!(
        Policy::session(&padded(MAX_SESSION_POLICY_CHARS + 1)),
        Err(too_long(MAX_SESSION_POLICY_CHARS, "characters"))
    );
    assert_eq!(
        Policy::bucket(&[b' '; MAX_BUCKET_POLICY_BYTES + 1], None),
        Err(too_long(MAX_BUCKET_POLICY_BYTES, "bytes"))
    );
    let key = format!("acs:oss:*:*:b/{}", "k".repeat(MAX_FIELD_BYTES - 14));
    assert!(with(&format!(r#""Resource":"{key}""#)).is_ok());
    assert_eq!(
        message(with(&format!(r#""Resource":["{key}k"]"#))),
        "Statement[0].Resource[0]: longer than 4095 bytes."
    );
}

/// Depth is what recursive readers fall over.
#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(8000);
    assert!(message(Policy::bucket(deep.as_bytes(), None)).contains("recursion limit"));
}

/// Official SDKs put such policies, and expect them to be called public.
#[test]
fn a_bucket_policy_without_principal_is_for_everybody() {
    let text = br#"{"Version":"1","Statement":{"Effect":"Allow","Action":"oss:GetObject","Resource":["acs:oss:*:*:*/*"]}}"#;
    assert!(Policy::bucket(text, Some("bucket")).unwrap().is_public());
    let trust = br#"{"Version":"1","Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#;
    assert_eq!(
        TrustPolicy::parse(trust)
            .err()
            .map(|error| error.to_string()),
        Some("Statement.Principal: is missing.".to_owned())
    );
}

#[test]
fn which_policies_are_public() {
    for (member, public) in [
        (r#""Principal":"*""#, true),
        (r#""Principal":[]"#, true),
        (r#""Principal":["1000000000000001","*"]"#, true),
        (r#""Principal":["1000000000000001"]"#, false),
        (r#""Principal":["arn:sts::1:assumed-role/r/*"]"#, false),
        (r#""Principal":["arn:sts::1:assumed-role/*/*"]"#, true),
        (r#""Principal":["acs:ram::*:root"]"#, true),
        (r#""Effect":"Deny""#, false),
        (r#""Action":"oss:*""#, true),
        (
            r#""Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#,
            false,
        ),
        (
            r#""Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","0.0.0.0/0"]}}"#,
            true,
        ),
        (
            r#""Condition":{"IpAddress":{"acs:SourceIp":"2001:db8::/32"}}"#,
            false,
        ),
        (
            r#""Condition":{"IpAddress":{"acs:SourceIp":"2001::/16"}}"#,
            true,
        ),
        (
            r#""Condition":{"NotIpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#,
            true,
        ),
        (
            r#""Condition":{"StringEquals":{"acs:SourceVpc":"vpc-1"}}"#,
            false,
        ),
        (
            r#""Condition":{"StringLike":{"acs:SourceVpc":"vpc-*"}}"#,
            true,
        ),
        (
            r#""Condition":{"StringEquals":{"acs:AccessId":["LTAI1","LTAI2"]}}"#,
            false,
        ),
        (
            r#""Condition":{"StringNotEquals":{"acs:AccessId":"LTAI1"}}"#,
            true,
        ),
        (
            r#""Condition":{"StringEquals":{"acs:UserAgent":"x"}}"#,
            true,
        ),
    ] {
        assert_eq!(with(member).unwrap().is_public(), public, "{member}");
    }
}

#[test]
fn source_ip_without_vpc_is_recognized() {
    for (condition, found) in [
        (r#"{"IpAddress":{"acs:SourceIp":"10.0.0.1"}}"#, true),
        (
            r#"{"IpAddress":{"acs:SourceIp":"10.0.0.1"},"StringLike":{"acs:SourceVpc":"*"}}"#,
            false,
        ),
        (r#"{"Bool":{"acs:SecureTransport":"true"}}"#, false),
    ] {
        let policy = with(&format!(r#""Condition":{condition}"#)).unwrap();
        assert_eq!(policy.has_source_ip_without_vpc(), found, "{condition}");
    }
}

/// A policy as large and as nasty as it may be costs little to ask.
#[test]
fn a_policy_is_no_bomb() {
    let bombs: Vec<String> = [
        "*a".repeat(1800),
        "?*a".repeat(1200),
        format!("*{}b", "a?".repeat(1800)),
        "*?".repeat(1500),
    ]
    .iter()
    .map(|pattern| format!("\"{pattern}b\""))
    .collect();
    let policy = with(&format!(
        r#""Condition":{{"StringLike":{{"acs:UserAgent":[{}]}}}}"#,
        bombs.join(",")
    ))
    .unwrap();
    let agent = "a".repeat(crate::MAX_TEXT_BYTES);
    let context = Context {
        user_agent: Some(&agent),
        ..Context::UNKNOWN
    };
    let bucket = BucketFacts {
        policy: Some(&policy),
        ..BucketFacts::new("b", "1000000000000001", Acl::Private)
    };
    let facts = Facts::new(Caller::Anonymous, "oss:GetObject", Access::Read)
        .within("cn-hangzhou", &context)
        .on_object(bucket, "k", ObjectAcl::Default);
    let started = std::time::Instant::now();
    assert!(!decide(&facts).is_allowed());
    assert!(
        started.elapsed().as_millis() < 500,
        "{:?}",
        started.elapsed()
    );
}
