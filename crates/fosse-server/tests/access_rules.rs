//! What the table of decisions leaves out: conditions, actions of operations that need more than one, refusals as they are
//! worded, block public access, hotlink protection and requester pays.

mod support;

use fosse_oss::sign::Scheme;
use support::rpc::{Key, grant, policy, user};
use support::*;

const REFUSED: u16 = 403;

/// Statement with members beside effect, action and resource.
fn statement(effect: &str, action: &str, more: &str) -> String {
    format!(
        r#"{{"Effect":"{effect}","Action":["{action}"],"Resource":["acs:oss:*:*:box","acs:oss:*:*:box/*"]{more}}}"#
    )
}

fn document(statements: &[String]) -> String {
    format!(
        r#"{{"Version":"1","Statement":[{}]}}"#,
        statements.join(",")
    )
}

fn put_policy(server: &Server, text: &str) -> Reply {
    server.send(
        &Request::new("PUT", "box", "")
            .query("policy", "")
            .body(text.as_bytes()),
    )
}

/// Everybody may do `action` under this condition.
fn allow_if(server: &Server, action: &str, condition: &str) {
    let more = format!(r#","Principal":["*"],"Condition":{condition}"#);
    let reply = put_policy(server, &document(&[statement("Allow", action, &more)]));
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn server() -> Server {
    let server = Server::start();
    server.bucket("box");
    server.put("box", "k", b"bytes");
    server
}

fn status(server: &Server, request: &Request) -> u16 {
    server.send(request).status
}

fn anonymous_get() -> Request {
    Request::get("box", "k").anonymous()
}

#[test]
fn conditions_look_at_the_request() {
    let server = server();
    let put = |object_acl: Option<&str>| {
        let request = Request::new("PUT", "box", "new").body(b"x").anonymous();
        match object_acl {
            Some(acl) => request.header("x-oss-object-acl", acl),
            None => request,
        }
    };
    let list = |prefix: &str| Request::get("box", "").query("prefix", prefix).anonymous();
    let tagged = |tags: &str| put(None).header("x-oss-tagging", tags);
    // action, condition, a request that meets it, one that does not
    let cases = [
        (
            "oss:GetObject",
            r#"{"StringLike":{"acs:UserAgent":["*probe/?"]}}"#,
            anonymous_get().header("User-Agent", "my-probe/2"),
            anonymous_get().header("User-Agent", "probe/"),
        ),
        (
            "oss:GetObject",
            r#"{"IpAddress":{"acs:SourceIp":"127.0.0.0/8"}}"#,
            anonymous_get(),
            Request::get("box", "absent-too")
                .by(OTHER_ID, OTHER_SECRET)
                .query("versionId", "null"),
        ),
        (
            "oss:GetObject",
            r#"{"Bool":{"acs:SecureTransport":"false"},"DateGreaterThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}"#,
            anonymous_get(),
            Request::new("PUT", "box", "k").anonymous(),
        ),
        (
            "oss:GetObject",
            r#"{"StringEquals":{"acs:AccessId":"LTAIotherkey"}}"#,
            Request::get("box", "k").by(OTHER_ID, OTHER_SECRET),
            anonymous_get(),
        ),
        (
            "oss:ListObjects",
            r#"{"StringLike":{"oss:Prefix":["public/*"]}}"#,
            list("public/"),
            list("publi"),
        ),
        (
            "oss:ListObjects",
            r#"{"StringEquals":{"oss:Prefix":"","oss:Delimiter":"/"}}"#,
            Request::get("box", "").query("delimiter", "/").anonymous(),
            list(""),
        ),
        (
            "oss:PutObject",
            r#"{"StringEquals":{"oss:x-oss-object-acl":["private","default"]}}"#,
            put(Some("private")),
            put(Some("public-read")),
        ),
        (
            "oss:PutObject",
            r#"{"StringNotEquals":{"oss:x-oss-object-acl":["public-read","public-read-write"]}}"#,
            put(None),
            put(Some("public-read")),
        ),
        (
            "oss:PutObject*",
            r#"{"StringEquals":{"oss:RequestObjectTag/team":"red"}}"#,
            tagged("team=red&x=y"),
            tagged("team=blue"),
        ),
    ];
    for (action, condition, meets, fails) in cases {
        allow_if(&server, action, condition);
        assert_eq!(status(&server, &meets), 200, "{condition}: {meets:?}");
        assert_eq!(status(&server, &fails), REFUSED, "{condition}: {fails:?}");
    }
}

#[test]
fn conditions_look_at_tags_of_buckets_and_objects() {
    let server = server();
    allow_if(
        &server,
        "oss:GetObject",
        r#"{"StringEquals":{"oss:ExistingObjectTag/open":"yes"}}"#,
    );
    assert_eq!(status(&server, &anonymous_get()), REFUSED);
    let tag = |value: &str| {
        Request::new("PUT", "box", "k").query("tagging", "").body(
            format!("<Tagging><TagSet><Tag><Key>open</Key><Value>{value}</Value></Tag></TagSet></Tagging>").as_bytes(),
        )
    };
    assert_eq!(status(&server, &tag("yes")), 200);
    assert_eq!(status(&server, &anonymous_get()), 200);
    assert_eq!(status(&server, &tag("no")), 200);
    assert_eq!(status(&server, &anonymous_get()), REFUSED);
    // An absent object has no tags, and nobody learns that it is absent.
    assert_eq!(
        status(&server, &Request::get("box", "absent").anonymous()),
        REFUSED
    );
    // The tags of PutObjectTagging are in its body.
    allow_if(
        &server,
        "oss:PutObjectTagging",
        r#"{"StringEquals":{"oss:RequestObjectTag/open":"yes"}}"#,
    );
    assert_eq!(status(&server, &tag("yes").anonymous()), 200);
    assert_eq!(status(&server, &tag("no").anonymous()), REFUSED);
    allow_if(
        &server,
        "oss:GetObject",
        r#"{"StringEquals":{"oss:BucketTag/stage":"live"}}"#,
    );
    assert_eq!(status(&server, &anonymous_get()), REFUSED);
    let tags = "<Tagging><TagSet><Tag><Key>stage</Key><Value>live</Value></Tag></TagSet></Tagging>";
    let tags = Request::new("PUT", "box", "")
        .query("tagging", "")
        .body(tags.as_bytes());
    assert_eq!(status(&server, &tags), 200);
    assert_eq!(status(&server, &anonymous_get()), 200);
}

#[test]
fn refusals_say_which_policy_and_whom() {
    let server = server();
    let (id, key) = user(&server, "alice");
    let get = || key.sign(Request::get("box", "k"));
    let reply = server.send(&get());
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("You have no right to access this object because of bucket acl.")
    );
    assert_eq!(
        reply.element("NoPermissionType").as_deref(),
        Some("ImplicitDeny")
    );
    grant(
        &server,
        "User",
        "alice",
        "no-reading",
        &policy("Deny", "oss:Get*", "*"),
    );
    let reply = server.send(&get());
    assert_eq!(reply.header("x-oss-ec"), Some("0003-00000201"));
    let detail = |name: &str| reply.element(name).unwrap_or_default();
    assert_eq!(detail("PolicyType"), "AccountLevelIdentityBasedPolicy");
    assert_eq!(detail("AuthPrincipalOwnerId"), OWNER);
    assert_eq!(detail("AuthPrincipalType"), "SubUser");
    assert_eq!(detail("AuthPrincipalDisplayName"), id);
    assert_eq!(detail("NoPermissionType"), "ExplicitDeny");
    assert_eq!(detail("AuthAction"), "oss:GetObject");
    assert_eq!(detail("Bucket"), "box");
    assert!(!detail("EncodedDiagnosticMessage").is_empty());
    let everybody = r#","Principal":["*"]"#;
    put_policy(
        &server,
        &document(&[statement("Deny", "oss:GetObject", everybody)]),
    );
    assert_eq!(
        server.send(&get()).header("x-oss-ec"),
        Some("0003-00000203")
    );
    let other = Request::get("box", "k").by(OTHER_ID, OTHER_SECRET);
    let reply = server.send(&other);
    assert_eq!(reply.header("x-oss-ec"), Some("0003-00000202"));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("Access denied by bucket policy.")
    );
    assert_eq!(
        reply.element("PolicyType").as_deref(),
        Some("ResourceBasedPolicy")
    );
    assert_eq!(
        reply.element("AuthPrincipalType").as_deref(),
        Some("RootUser")
    );
    // An anonymous caller is nobody.
    let reply = server.send(&anonymous_get());
    assert_eq!(
        reply.element("PolicyType").as_deref(),
        Some("ResourceBasedPolicy")
    );
    assert_eq!(reply.element("AuthPrincipalType"), None);
    // A HEAD says the same.
    let reply = server.send(&key.sign(Request::new("HEAD", "box", "k")));
    assert_eq!(
        (reply.status, reply.header("x-oss-ec")),
        (REFUSED, Some("0003-00000203"))
    );
    assert!(reply.header("x-oss-err").is_some());
}

/// Without the right to read, what is there and what is not answer alike, in everything but the id of the request.
#[test]
fn nobody_learns_what_exists_without_the_right_to_read() {
    let server = server();
    let (_, key) = user(&server, "writer");
    grant(
        &server,
        "User",
        "writer",
        "write",
        &policy("Allow", "oss:PutObject", "acs:oss:*:*:box/*"),
    );
    let same = |request: &dyn Fn(&str) -> Request| {
        let [there, absent] = ["k", "x"].map(|object| server.send(&request(object)));
        assert_eq!(there.status, REFUSED);
        let text = |reply: &Reply| {
            let id = reply.element("RequestId").unwrap_or_default();
            let hidden = reply
                .element("EncodedDiagnosticMessage")
                .unwrap_or_default();
            let text = reply.text().replace(&id, "");
            if hidden.is_empty() {
                text
            } else {
                text.replace(&hidden, "")
            }
        };
        assert_eq!((there.status, text(&there)), (absent.status, text(&absent)));
        let names = |reply: &Reply| {
            reply
                .headers
                .iter()
                .map(|(n, _)| n.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&there), names(&absent));
    };
    for method in ["GET", "HEAD", "DELETE"] {
        same(&|object| key.sign(Request::new(method, "box", object)));
        same(&|object| Request::new(method, "box", object).anonymous());
        same(&|object| Request::new(method, "box", object).by(OTHER_ID, OTHER_SECRET));
        same(&|object| {
            key.sign(Request::new(method, "box", object))
                .proof(Proof::Url(Scheme::V4, 60))
        });
    }
    for sub in ["acl", "tagging", "symlink"] {
        same(&|object| key.sign(Request::get("box", object).query(sub, "")));
    }
    same(&|object| {
        let source = format!("/box/{object}");
        key.sign(Request::new("PUT", "box", "copy").header("x-oss-copy-source", source))
    });
}

#[test]
fn a_copy_needs_both_ends_and_its_tags() {
    let server = server();
    server.bucket("target");
    let tags = Request::new("PUT", "box", "tagged")
        .header("x-oss-tagging", "a=b")
        .body(b"x");
    assert_eq!(status(&server, &tags), 200);
    let (_, key) = user(&server, "copier");
    let copy = |from: &str| {
        key.sign(
            Request::new("PUT", "target", "to").header("x-oss-copy-source", format!("/box/{from}")),
        )
    };
    let steps = [
        (
            "read",
            "oss:GetObject",
            "acs:oss:*:*:box/*",
            REFUSED,
            REFUSED,
        ),
        (
            "write",
            "oss:PutObject",
            "acs:oss:*:*:target/*",
            200,
            REFUSED,
        ),
        (
            "read-tags",
            "oss:GetObjectTagging",
            "acs:oss:*:*:box/*",
            200,
            REFUSED,
        ),
        (
            "write-tags",
            "oss:PutObjectTagging",
            "acs:oss:*:*:target/*",
            200,
            200,
        ),
    ];
    for (name, action, resource, plain, tagged) in steps {
        grant(
            &server,
            "User",
            "copier",
            name,
            &policy("Allow", action, resource),
        );
        assert_eq!(status(&server, &copy("k")), plain, "{action}");
        assert_eq!(status(&server, &copy("tagged")), tagged, "{action}");
    }
}

#[test]
fn writing_tags_needs_a_permission_of_its_own() {
    let server = server();
    let (_, key) = user(&server, "writer");
    grant(
        &server,
        "User",
        "writer",
        "write",
        &policy("Allow", "oss:PutObject", "*"),
    );
    let put = || {
        key.sign(
            Request::new("PUT", "box", "new")
                .header("x-oss-tagging", "a=b")
                .body(b"x"),
        )
    };
    let reply = server.send(&put());
    assert_eq!(
        (reply.status, reply.header("x-oss-ec")),
        (REFUSED, Some("0003-00000905"))
    );
    assert_eq!(status(&server, &Request::get("box", "new")), 404);
    grant(
        &server,
        "User",
        "writer",
        "tag",
        &policy("Allow", "oss:PutObjectTagging", "*"),
    );
    assert_eq!(status(&server, &put()), 200);
}

#[test]
fn versions_are_another_action() {
    let server = server();
    let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let on = Request::new("PUT", "box", "")
        .query("versioning", "")
        .body(on.as_bytes());
    assert_eq!(status(&server, &on), 200);
    let (_, key) = user(&server, "reader");
    grant(
        &server,
        "User",
        "reader",
        "read",
        &policy("Allow", "oss:GetObject", "*"),
    );
    let get = |version: bool| {
        let request = Request::get("box", "k");
        key.sign(if version {
            request.query("versionId", "null")
        } else {
            request
        })
    };
    assert_eq!(
        (status(&server, &get(false)), status(&server, &get(true))),
        (200, REFUSED)
    );
    grant(
        &server,
        "User",
        "reader",
        "read-versions",
        &policy("Allow", "oss:GetObjectVersion", "*"),
    );
    assert_eq!(
        (status(&server, &get(false)), status(&server, &get(true))),
        (200, 200)
    );
}

#[test]
fn deleting_many_is_all_or_nothing() {
    let server = server();
    for key in ["mine/1", "mine/2", "theirs"] {
        server.put("box", key, b"x");
    }
    let (_, key) = user(&server, "cleaner");
    grant(
        &server,
        "User",
        "cleaner",
        "clean",
        &policy("Allow", "oss:DeleteObject", "acs:oss:*:*:box/mine/*"),
    );
    let delete = |names: &[&str], version: &str| {
        let objects: String = names
            .iter()
            .map(|name| format!("<Object><Key>{name}</Key>{version}</Object>"))
            .collect();
        let body = format!("<Delete>{objects}</Delete>");
        status(
            &server,
            &key.sign(
                Request::new("POST", "box", "")
                    .query("delete", "")
                    .body(body.as_bytes()),
            ),
        )
    };
    let there = |name: &str| status(&server, &Request::get("box", name)) == 200;
    assert_eq!(delete(&["mine/1", "theirs"], ""), REFUSED);
    assert!(there("mine/1") && there("theirs"));
    assert_eq!(delete(&["mine/1"], "<VersionId>null</VersionId>"), REFUSED);
    assert_eq!(delete(&["mine/1", "mine/2"], ""), 200);
    assert!(!there("mine/1") && !there("mine/2"));
}

#[test]
fn the_owner_cannot_lock_itself_out() {
    let server = server();
    let (_, admin) = user(&server, "admin");
    grant(
        &server,
        "User",
        "admin",
        "all",
        &policy("Allow", "oss:*", "*"),
    );
    let more = r#","Principal":["*"],"Condition":{"StringNotEquals":{"acs:UserAgent":"nobody"}}"#;
    assert_eq!(
        put_policy(&server, &document(&[statement("Deny", "*", more)])).status,
        200
    );
    assert_eq!(status(&server, &Request::get("box", "k")), REFUSED);
    assert_eq!(
        status(&server, &Request::get("box", "").query("acl", "")),
        REFUSED
    );
    let policy = |method: &str| Request::new(method, "box", "").query("policy", "");
    assert_eq!(status(&server, &admin.sign(policy("GET"))), REFUSED);
    assert_eq!(status(&server, &admin.sign(policy("DELETE"))), REFUSED);
    assert_eq!(status(&server, &policy("GET")), 200);
    assert_eq!(status(&server, &policy("DELETE")), 204);
    assert_eq!(status(&server, &Request::get("box", "k")), 200);
}

#[test]
fn policies_are_validated_and_told_whether_they_are_public() {
    let server = server();
    let everybody = r#","Principal":["*"]"#;
    for text in [
        "",
        "{}",
        "not json",
        &document(&[statement(
            "Allow",
            "oss:GetObject",
            r#","Principal":["alice"]"#,
        )]),
    ] {
        assert_eq!(
            put_policy(&server, text).error(),
            (400, "InvalidPolicyDocument".into()),
            "{text}"
        );
    }
    let foreign =
        document(&[statement("Allow", "oss:GetObject", everybody)]).replace("box/", "elsewhere/");
    assert_eq!(
        put_policy(&server, &foreign).error(),
        (400, "InvalidPolicyDocument".into())
    );
    let public = || {
        server
            .send(&Request::get("box", "").query("policyStatus", ""))
            .element("IsPublic")
    };
    assert_eq!(public().as_deref(), Some("false"));
    for (more, expected) in [
        (everybody, "true"),
        (r#","Principal":["1234567890123456"]"#, "false"),
        (
            r#","Principal":["*"],"Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#,
            "false",
        ),
    ] {
        assert_eq!(
            put_policy(
                &server,
                &document(&[statement("Allow", "oss:GetObject", more)])
            )
            .status,
            200
        );
        assert_eq!(public().as_deref(), Some(expected), "{more}");
    }
    let strict = Server::with(|config| config.strict_source_ip_policy = true);
    strict.bucket("box");
    let more = r#","Principal":["*"],"Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#;
    let reply = put_policy(
        &strict,
        &document(&[statement("Allow", "oss:GetObject", more)]),
    );
    assert_eq!(reply.error(), (400, "InvalidArgument".into()));
    assert_eq!(reply.header("x-oss-ec"), Some("0030-00000008"));
}

fn block(server: &Server, bucket: &str, on: bool) {
    let body = format!(
        "<PublicAccessBlockConfiguration><BlockPublicAccess>{on}</BlockPublicAccess></PublicAccessBlockConfiguration>"
    );
    let put = Request::new("PUT", bucket, "")
        .query("publicAccessBlock", "")
        .body(body.as_bytes());
    assert_eq!(status(server, &put), 200);
}

/// For the bucket and for the whole account: public grants rest, new ones are refused, and all is as before afterwards.
#[test]
fn public_access_is_blocked_and_comes_back() {
    let server = server();
    let acl = |acl: &str| {
        Request::new("PUT", "box", "")
            .query("acl", "")
            .header("x-oss-acl", acl)
    };
    let object = |acl: &str| {
        Request::new("PUT", "box", "o")
            .header("x-oss-object-acl", acl)
            .body(b"x")
    };
    let object_acl = |acl: &str| {
        Request::new("PUT", "box", "k")
            .query("acl", "")
            .header("x-oss-object-acl", acl)
    };
    let everybody = document(&[statement(
        "Allow",
        "oss:ListObjects",
        r#","Principal":["*"]"#,
    )]);
    let list = || Request::get("box", "").anonymous();
    for place in ["box", ""] {
        assert_eq!(status(&server, &acl("public-read")), 200);
        assert_eq!(put_policy(&server, &everybody).status, 200);
        assert_eq!(
            (status(&server, &anonymous_get()), status(&server, &list())),
            (200, 200)
        );
        block(&server, place, true);
        let reply = server.send(&anonymous_get());
        assert_eq!(
            (reply.status, reply.header("x-oss-ec")),
            (REFUSED, Some("0003-00000001"))
        );
        assert_eq!(status(&server, &list()), REFUSED);
        assert_eq!(
            status(&server, &Request::get("box", "k")),
            200,
            "the owner's own right is no public grant"
        );
        for (request, message) in [
            (acl("public-read"), "Put public bucket acl is not allowed"),
            (
                acl("public-read-write"),
                "Put public bucket acl is not allowed",
            ),
            (
                object("public-read"),
                "Put public object acl is not allowed",
            ),
            (
                object_acl("public-read-write"),
                "Put public object acl is not allowed",
            ),
            (
                Request::new("POST", "box", "o")
                    .query("uploads", "")
                    .header("x-oss-object-acl", "public-read"),
                "Put public object acl is not allowed",
            ),
        ] {
            let reply = server.send(&request);
            assert_eq!(
                (reply.status, reply.element("Message").as_deref()),
                (REFUSED, Some(message)),
                "{request:?}"
            );
        }
        let reply = put_policy(&server, &everybody);
        assert_eq!(
            reply.element("Message").as_deref(),
            Some("Put public bucket policy is not allowed")
        );
        for request in [
            object("private"),
            object("default"),
            object_acl("private"),
            object_acl("default"),
        ] {
            assert_eq!(status(&server, &request), 200, "{request:?}");
        }
        if place.is_empty() {
            let made = Request::new("PUT", "fresh", "").header("x-oss-acl", "public-read");
            assert_eq!(status(&server, &made), REFUSED);
        }
        // What a stranger may not do anyway is refused as that.
        let reply = server.send(&acl("public-read").by(OTHER_ID, OTHER_SECRET));
        assert_eq!(
            reply.element("Message").as_deref(),
            Some("The bucket you access does not belong to you.")
        );
        block(&server, place, false);
        assert_eq!(
            (status(&server, &anonymous_get()), status(&server, &list())),
            (200, 200)
        );
    }
    let account = |method: &str| Request::new(method, "", "").query("publicAccessBlock", "");
    block(&server, "", true);
    assert_eq!(
        server
            .send(&account("GET"))
            .element("BlockPublicAccess")
            .as_deref(),
        Some("true")
    );
    assert_eq!(status(&server, &account("DELETE")), 204);
    assert_eq!(
        server
            .send(&account("GET"))
            .element("BlockPublicAccess")
            .as_deref(),
        Some("false")
    );
    assert_eq!(status(&server, &anonymous_get()), 200);
}

#[test]
fn new_buckets_can_begin_blocked() {
    let server = Server::with(|config| config.new_bucket_block_public_access = true);
    let public = Request::new("PUT", "fresh", "").header("x-oss-acl", "public-read");
    assert_eq!(status(&server, &public), REFUSED);
    server.bucket("fresh");
    let acl = Request::new("PUT", "fresh", "")
        .query("acl", "")
        .header("x-oss-acl", "public-read");
    assert_eq!(status(&server, &acl), REFUSED);
    block(&server, "fresh", false);
    assert_eq!(status(&server, &acl), 200);
    // Making it again leaves the setting alone.
    server.bucket("fresh");
    assert_eq!(status(&server, &acl), 200);
}

fn put_referer(server: &Server, empty: bool, white: &str, black: &str) {
    let list = |patterns: &str| -> String {
        patterns
            .split_whitespace()
            .map(|pattern| format!("<Referer>{pattern}</Referer>"))
            .collect()
    };
    let body = format!(
        "<RefererConfiguration><AllowEmptyReferer>{empty}</AllowEmptyReferer><RefererList>{}</RefererList>\
        <RefererBlacklist>{}</RefererBlacklist></RefererConfiguration>",
        list(white),
        list(black)
    );
    let put = Request::new("PUT", "box", "")
        .query("referer", "")
        .body(body.as_bytes());
    assert_eq!(status(server, &put), 200);
}

/// hotlink.md §1 and §6, examples 40 to 54.
#[test]
fn referers_are_checked_where_a_link_could_be() {
    let server = server();
    let acl = Request::new("PUT", "box", "")
        .query("acl", "")
        .header("x-oss-acl", "public-read-write");
    assert_eq!(status(&server, &acl), 200);
    let with = |request: Request, referer: Option<&str>| match referer {
        Some(referer) => request.header("Referer", referer),
        None => request,
    };
    let url = |scheme| Request::get("box", "k").proof(Proof::Url(scheme, 60));
    let wide = ("http://*.aliyuncs.com", "http://abc.aliyuncs.com");
    let cases = [
        (wide, false, Some("http://abc.aliyuncs.com"), Some("502")),
        (wide, false, Some("http://test.aliyuncs.com"), None),
        (wide, false, Some("http://test.com"), Some("503")),
        (wide, false, None, Some("501")),
        (wide, true, None, None),
        (
            ("*", "*bad-site.example"),
            true,
            Some("http://bad-site.example"),
            Some("502"),
        ),
        (
            ("*", "*bad-site.example"),
            true,
            Some("http://www.example.com"),
            None,
        ),
        (("", ""), false, None, None),
        (("", ""), false, Some("http://anything"), None),
        (("", "*bad.example"), false, Some("http://ok.example"), None),
        (
            ("", "*bad.example"),
            false,
            Some("http://bad.example/x"),
            Some("502"),
        ),
        (("", "*"), false, None, None),
        (
            ("http://www.example.com", ""),
            false,
            Some(" "),
            Some("501"),
        ),
        (
            ("http://www.example.com", ""),
            false,
            Some("http://evil"),
            Some("503"),
        ),
    ];
    for ((white, black), empty, referer, fault) in cases {
        put_referer(&server, empty, white, black);
        for request in [
            anonymous_get(),
            url(Scheme::V1),
            url(Scheme::V4),
            Request::new("PUT", "box", "new").anonymous(),
        ] {
            let reply = server.send(&with(request.clone(), referer));
            match fault {
                None => assert_eq!(reply.status, 200, "{request:?} {referer:?}"),
                Some(ec) => {
                    assert_eq!(
                        reply.error(),
                        (REFUSED, "AccessDenied".into()),
                        "{request:?} {referer:?}"
                    );
                    let ec = format!("0003-00000{ec}");
                    assert_eq!(
                        reply.header("x-oss-ec"),
                        Some(ec.as_str()),
                        "{request:?} {referer:?}"
                    );
                    let message = reply.element("Message");
                    assert_eq!(
                        message.as_deref(),
                        Some("You are denied by bucket referer policy.")
                    );
                }
            }
        }
        // Signed in the header it is no link, and a listing is no object.
        let signed = with(Request::get("box", "k"), referer);
        assert_eq!(status(&server, &signed), 200);
        let listing = Request::get("box", "").proof(Proof::Url(Scheme::V4, 60));
        assert_eq!(status(&server, &with(listing, referer)), 200);
        let preflight = Request::new("OPTIONS", "box", "k")
            .header("Origin", "http://o")
            .header("Access-Control-Request-Method", "GET");
        assert_eq!(
            server.send(&with(preflight.anonymous(), referer)).error().1,
            "AccessForbidden"
        );
    }
    // The Referer lets nobody in, and is not what a bad signature is refused for.
    put_referer(&server, false, "http://www.example.com", "");
    let private = Request::new("PUT", "box", "")
        .query("acl", "")
        .header("x-oss-acl", "private");
    assert_eq!(status(&server, &private), 200);
    let reply = server.send(&with(anonymous_get(), Some("http://www.example.com/")));
    assert_eq!(reply.header("x-oss-ec"), Some("0003-00000001"));
    let forged = url(Scheme::V4).by(ID, "wrong");
    assert_eq!(server.send(&forged).error().1, "SignatureDoesNotMatch");
}

#[test]
fn requesters_who_pay_say_so() {
    let server = server();
    let (_, own) = user(&server, "own");
    grant(
        &server,
        "User",
        "own",
        "read",
        &policy("Allow", "oss:*", "*"),
    );
    let everybody = document(&[statement("Allow", "oss:*", r#","Principal":["*"]"#)]);
    assert_eq!(put_policy(&server, &everybody).status, 200);
    let pays = |payer: &str| {
        let body = format!(
            "<RequestPaymentConfiguration><Payer>{payer}</Payer></RequestPaymentConfiguration>"
        );
        let put = Request::new("PUT", "box", "")
            .query("requestPayment", "")
            .body(body.as_bytes());
        assert_eq!(status(&server, &put), 200);
    };
    let stranger = |request: Request| request.by(OTHER_ID, OTHER_SECRET);
    let agreed = |request: Request| request.header("x-oss-request-payer", "requester");
    let get = || Request::get("box", "k");
    assert_eq!(status(&server, &anonymous_get()), 200);
    pays("Requester");
    let reply = server.send(&stranger(get()));
    assert_eq!(
        reply.element("Message").as_deref(),
        Some("Access denied for requester pay bucket")
    );
    assert_eq!(
        (reply.status, reply.header("x-oss-ec")),
        (REFUSED, Some("0003-00000703"))
    );
    let url = || stranger(get()).proof(Proof::Url(Scheme::V4, 60));
    for (request, expected) in [
        (anonymous_get(), REFUSED),
        (agreed(anonymous_get()), REFUSED),
        (agreed(stranger(get())), 200),
        (stranger(Request::new("HEAD", "box", "k")), REFUSED),
        (url(), REFUSED),
        (url().query("x-oss-request-payer", "requester"), 200),
        (
            stranger(Request::new("PUT", "box", "new").body(b"x")),
            REFUSED,
        ),
        (
            agreed(stranger(Request::new("PUT", "box", "new").body(b"x"))),
            200,
        ),
        (stranger(Request::new("DELETE", "box", "new")), REFUSED),
        (agreed(stranger(Request::new("DELETE", "box", "new"))), 204),
        (get(), 200),
        (own.sign(get()), 200),
    ] {
        assert_eq!(status(&server, &request), expected, "{request:?}");
    }
    pays("BucketOwner");
    assert_eq!(status(&server, &anonymous_get()), 200);
    assert_eq!(status(&server, &stranger(get())), 200);
}

/// A URL is as good as its signer is when it is used.
#[test]
fn a_url_dies_with_the_permission() {
    let server = server();
    let (_, key) = user(&server, "signer");
    let root = Key::root();
    let url = || {
        key.sign(Request::get("box", "k"))
            .proof(Proof::Url(Scheme::V4, 3600))
    };
    assert_eq!(status(&server, &url()), REFUSED);
    grant(
        &server,
        "User",
        "signer",
        "read",
        &policy("Allow", "oss:GetObject", "*"),
    );
    assert_eq!(status(&server, &url()), 200);
    let detach = [
        ("UserName", "signer"),
        ("PolicyType", "Custom"),
        ("PolicyName", "read"),
    ];
    root.ram(&server, "DetachPolicyFromUser", &detach);
    assert_eq!(status(&server, &url()), REFUSED);
}
