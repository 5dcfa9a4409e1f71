//! Which rule, and where to.

use super::*;

fn site(rules: &str) -> WebsiteConfiguration {
    let text = format!(
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
         <RoutingRules>{rules}</RoutingRules></WebsiteConfiguration>"
    );
    WebsiteConfiguration::from_xml(text.as_bytes()).unwrap()
}

fn rule(number: u32, condition: &str, redirect: &str) -> String {
    format!(
        "<RoutingRule><RuleNumber>{number}</RuleNumber><Condition>{condition}</Condition>\
         <Redirect><RedirectType>External</RedirectType>{redirect}</Redirect></RoutingRule>"
    )
}

fn asked<'a>(key: &'a str, header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>) -> Asked<'a> {
    Asked { key, header }
}

const HERE: Here<'static> = Here {
    scheme: "http",
    host: "www.example.com:9000",
    base: "",
    query: "a=1&b=%20",
};

#[test]
fn the_first_by_number_whose_condition_holds() {
    let site = site(
        &[
            rule(3, "", ""),
            rule(
                2,
                "<KeyPrefixEquals>docs/</KeyPrefixEquals><KeySuffixEquals>.htm</KeySuffixEquals>",
                "",
            ),
            rule(
                1,
                "<KeyPrefixEquals>docs/</KeyPrefixEquals>\
             <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>",
                "",
            ),
        ]
        .concat(),
    );
    let none = |_: &str| None;
    let number =
        |key, status| matching(&site.rules, &asked(key, &none), status).map(|rule| rule.number);
    assert_eq!(number("docs/a.htm", None), Some(2));
    assert_eq!(number("docs/a.html", None), Some(3));
    assert_eq!(number("other", None), Some(3));
    assert_eq!(number("docs/a.html", Some(404)), Some(1));
    assert_eq!(number("other", Some(404)), None);
    assert_eq!(number("docs/a.html", Some(403)), None);
}

#[test]
fn headers_must_be_sent_as_they_are() {
    let include = |name: &str, value: &str| {
        format!("<IncludeHeader><Key>{name}</Key><Equals>{value}</Equals></IncludeHeader>")
    };
    let condition = include("host", "a.example") + &include("X-Kind", "mobile");
    let site = site(&rule(1, &condition, ""));
    for (kind, hit) in [
        (Some("mobile"), true),
        (Some("Mobile"), false),
        (None, false),
    ] {
        let header = |name: &str| match name.to_ascii_lowercase().as_str() {
            "host" => Some(Cow::Borrowed("a.example")),
            "x-kind" => kind.map(Cow::Borrowed),
            _ => None,
        };
        let found = matching(&site.rules, &asked("k", &header), None);
        assert_eq!(found.is_some(), hit, "{kind:?}");
    }
}

#[test]
fn where_redirects_lead() {
    let docs = "<KeyPrefixEquals>docs/</KeyPrefixEquals>";
    for (condition, redirect, key, code, wanted) in [
        ("", "", "a b", 301, "http://www.example.com:9000/a%20b"),
        (
            "",
            "<Protocol>https</Protocol><HostName>x.test</HostName>\
             <PassQueryString>true</PassQueryString><HttpRedirectCode>302</HttpRedirectCode>",
            "dir/k",
            302,
            "https://x.test/dir/k?a=1&b=%20",
        ),
        (
            "",
            "<ReplaceKeyWith>p/${key}.html</ReplaceKeyWith><HttpRedirectCode>307</HttpRedirectCode>",
            "k",
            307,
            "http://www.example.com:9000/p/k.html",
        ),
        (
            docs,
            "<ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith>",
            "docs/a",
            301,
            "http://www.example.com:9000/documents/a",
        ),
        (
            docs,
            "<ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith>\
             <EnableReplacePrefix>false</EnableReplacePrefix>",
            "docs/a",
            301,
            "http://www.example.com:9000/docs/a",
        ),
        (
            docs,
            "<EnableReplacePrefix>true</EnableReplacePrefix>",
            "docs/a",
            301,
            "http://www.example.com:9000/a",
        ),
        (
            "",
            "<ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>",
            "a\r\nSet-Cookie: x?y#z%",
            301,
            "http://www.example.com:9000/new/a%0D%0ASet-Cookie%3A%20x%3Fy%23z%25",
        ),
    ] {
        let site = site(&rule(1, condition, redirect));
        let (status, location) = location(&site.rules[0], key, &HERE);
        assert_eq!((status, location.as_str()), (code, wanted), "{redirect}");
    }
    let site = site(&rule(1, "", ""));
    let path_style = Here {
        base: "bucket/",
        ..HERE
    };
    let (_, there) = location(&site.rules[0], "k", &path_style);
    assert_eq!(there, "http://www.example.com:9000/bucket/k");
    assert_eq!(directory("a b/ü?", &path_style), "/bucket/a%20b/%C3%BC%3F/");
    assert_eq!(directory("a", &HERE), "/a/");
}

#[test]
fn index_pages() {
    let mut site = site("");
    for (key, flat, deep) in [
        ("", "index.html", "index.html"),
        ("sub/", "index.html", "sub/index.html"),
        ("sub", "sub", "sub"),
        ("a/b/", "index.html", "a/b/index.html"),
    ] {
        let index = |site: &mut WebsiteConfiguration, deep: bool| {
            if let Some(index) = &mut site.index {
                index.support_sub_dir = deep;
            }
            indexed(site, key).into_owned()
        };
        assert_eq!(index(&mut site, false), flat, "{key}");
        assert_eq!(index(&mut site, true), deep, "{key}");
    }
    assert_eq!(
        sub_directory(&site, "a"),
        Some(("a/index.html".into(), WebsiteIndexKind::Redirect))
    );
    assert_eq!(sub_directory(&site, "a/"), None);
    assert_eq!(sub_directory(&site, ""), None);
    site.index = None;
    assert_eq!(sub_directory(&site, "a"), None);
    assert_eq!(indexed(&site, ""), "");
}
