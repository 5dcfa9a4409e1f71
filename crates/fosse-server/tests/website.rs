//! Static websites: what an anonymous reader gets, and that nobody gets more than they could read anyway.

mod support;

use support::*;

fn public_site(server: &Server, bucket: &str, site: &str) {
    let make = Request::new("PUT", bucket, "").header("x-oss-acl", "public-read");
    assert_eq!(server.send(&make).status, 200);
    let body = format!("<WebsiteConfiguration>{site}</WebsiteConfiguration>");
    let request = Request::new("PUT", bucket, "")
        .query("website", "")
        .body(body.as_bytes());
    let reply = server.send(&request);
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn anonymous(bucket: &str, key: &str) -> Request {
    Request::get(bucket, key)
        .anonymous()
        .host(&format!("{bucket}.localhost"))
}

fn index(deep: bool, kind: u8) -> String {
    format!(
        "<IndexDocument><Suffix>index.html</Suffix><SupportSubDir>{deep}</SupportSubDir>\
         <Type>{kind}</Type></IndexDocument>\
         <ErrorDocument><Key>error.html</Key></ErrorDocument>"
    )
}

fn pages(server: &Server, bucket: &str) {
    for (key, body) in [
        ("index.html", &b"root"[..]),
        ("sub/index.html", b"sub"),
        ("page.html", b"page"),
        ("error.html", b"sorry"),
    ] {
        server.put(bucket, key, body);
    }
}

#[test]
fn index_pages_of_one_level() {
    let server = Server::start();
    public_site(&server, "flat-site", &index(false, 0));
    pages(&server, "flat-site");
    for (key, status, body) in [
        ("", 200, "root"),
        ("sub/", 200, "root"),
        ("page.html", 200, "page"),
        ("sub", 404, "sorry"),
        ("missing", 404, "sorry"),
    ] {
        let reply = server.send(&anonymous("flat-site", key));
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (status, body),
            "{key}"
        );
        let head = Request {
            method: "HEAD".into(),
            ..anonymous("flat-site", key)
        };
        let reply = server.send(&head);
        assert_eq!(reply.status, status, "HEAD {key}");
        let length = body.len().to_string();
        assert_eq!(reply.header("content-length"), Some(length.as_str()));
    }
    // Signed, the root is a listing; and so it is when somebody asks for one.
    let reply = server.send(&Request::get("flat-site", ""));
    assert!(reply.text().contains("<ListBucketResult"), "{reply:?}");
    let reply = server.send(&anonymous("flat-site", "").query("prefix", "sub/"));
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
    // A signed read of a missing key gets no error page.
    let reply = server.send(&Request::get("flat-site", "missing"));
    assert_eq!(reply.error(), (404, "NoSuchKey".into()));
    // A signed read of a missing directory gets the index page, if the caller may read that (suite of oss2).
    let reply = server.send(&Request::get("flat-site", "sub/"));
    assert_eq!((reply.status, reply.text().as_str()), (200, "root"));
    server.put("flat-site", "there/", b"itself");
    let reply = server.send(&Request::get("flat-site", "there/"));
    assert_eq!(reply.text(), "itself");
    let gone = Request::new("DELETE", "flat-site", "index.html");
    assert_eq!(server.send(&gone).status, 204);
    let reply = server.send(&Request::get("flat-site", "sub/"));
    assert_eq!(reply.error(), (404, "NoSuchKey".into()));
    server.put("flat-site", "index.html", b"root");
    // The error page is whole even when a part of the page was asked for.
    let reply = server.send(&anonymous("flat-site", "missing").header("Range", "bytes=0-1"));
    assert_eq!((reply.status, reply.text().as_str()), (404, "sorry"));
    let reply = server.send(&anonymous("flat-site", "page.html").header("Range", "bytes=0-1"));
    assert_eq!((reply.status, reply.text().as_str()), (206, "pa"));
}

#[test]
fn sub_directories() {
    let server = Server::start();
    for (kind, bucket) in [(0, "type-zero"), (1, "type-one"), (2, "type-two")] {
        public_site(&server, bucket, &index(true, kind));
        pages(&server, bucket);
        let reply = server.send(&anonymous(bucket, "sub/"));
        assert_eq!((reply.status, reply.text().as_str()), (200, "sub"));
        let reply = server.send(&anonymous(bucket, "nowhere/"));
        assert_eq!((reply.status, reply.text().as_str()), (404, "sorry"));
        let reply = server.send(&anonymous(bucket, "sub"));
        match kind {
            0 => {
                assert_eq!(reply.status, 302);
                assert_eq!(reply.header("location"), Some("/sub/"));
            }
            1 => assert_eq!((reply.status, reply.text().as_str()), (404, "sorry")),
            _ => assert_eq!((reply.status, reply.text().as_str()), (200, "sub")),
        }
        let reply = server.send(&anonymous(bucket, "nowhere"));
        assert_eq!((reply.status, reply.text().as_str()), (404, "sorry"));
    }
    let reply = server.send(&Request::get("type-zero", "sub").anonymous());
    assert_eq!(reply.header("location"), Some("/type-zero/sub/"));
}

#[test]
fn routing_rules() {
    let server = Server::start();
    let site = "<ErrorDocument><Key>error.html</Key><HttpStatus>200</HttpStatus></ErrorDocument>\
        <RoutingRules>\
        <RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>\
          <Redirect><RedirectType>External</RedirectType><Protocol>https</Protocol>\
          <HostName>www.test.com</HostName><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>\
          <PassQueryString>true</PassQueryString></Redirect></RoutingRule>\
        <RoutingRule><RuleNumber>2</RuleNumber><Condition><KeyPrefixEquals>gone/</KeyPrefixEquals>\
          <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>\
          <Redirect><RedirectType>AliCDN</RedirectType><HostName>cdn.test.com</HostName>\
          <ReplaceKeyWith>p/${key}.x</ReplaceKeyWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>\
        <RoutingRule><RuleNumber>3</RuleNumber><Condition><KeySuffixEquals>.in</KeySuffixEquals></Condition>\
          <Redirect><RedirectType>Internal</RedirectType><ReplaceKeyWith>page.html</ReplaceKeyWith></Redirect>\
          </RoutingRule>\
        </RoutingRules>";
    public_site(&server, "routed-site", site);
    pages(&server, "routed-site");
    server.put("routed-site", "gone/here", b"still here");
    let reply = server.send(&anonymous("routed-site", "old/a").query("q", "1"));
    assert_eq!(reply.status, 301);
    assert_eq!(
        reply.header("location"),
        Some("https://www.test.com/new/a?q=1")
    );
    let reply = server.send(&anonymous("routed-site", "gone/here"));
    assert_eq!((reply.status, reply.text().as_str()), (200, "still here"));
    let reply = server.send(&anonymous("routed-site", "gone/away"));
    assert_eq!(reply.status, 302);
    assert_eq!(
        reply.header("location"),
        Some("http://cdn.test.com/p/gone/away.x")
    );
    let reply = server.send(&anonymous("routed-site", "a.in"));
    assert_eq!((reply.status, reply.text().as_str()), (200, "page"));
    let reply = server.send(&anonymous("routed-site", "missing"));
    assert_eq!((reply.status, reply.text().as_str()), (200, "sorry"));
    // Without an index page the root is what it is without a website.
    let reply = server.send(&anonymous("routed-site", ""));
    assert_eq!(reply.error(), (403, "AccessDenied".into()));
}

#[test]
fn nobody_reads_more_than_before() {
    let server = Server::start();
    public_site(&server, "shut-site", &index(true, 2));
    pages(&server, "shut-site");
    for key in ["index.html", "error.html", "sub/index.html"] {
        let shut = Request::new("PUT", "shut-site", key)
            .query("acl", "")
            .header("x-oss-object-acl", "private");
        assert_eq!(server.send(&shut).status, 200);
    }
    for (key, error) in [
        ("", (403, "AccessDenied")),
        ("index.html", (403, "AccessDenied")),
        ("sub/", (403, "AccessDenied")),
        ("sub", (404, "NoSuchKey")),
        ("missing", (404, "NoSuchKey")),
    ] {
        let reply = server.send(&anonymous("shut-site", key));
        assert_eq!(reply.error(), (error.0, error.1.into()), "{key}");
    }
    let close = Request::new("PUT", "shut-site", "")
        .query("acl", "")
        .header("x-oss-acl", "private");
    assert_eq!(server.send(&close).status, 200);
    for key in ["page.html", "missing", "sub"] {
        let reply = server.send(&anonymous("shut-site", key));
        assert_eq!(reply.error(), (403, "AccessDenied".into()), "{key}");
    }
}
