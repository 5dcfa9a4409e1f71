use super::*;
use crate::OssError;

fn read(inner: &str) -> Result<WebsiteConfiguration, OssError> {
    let xml = format!("<WebsiteConfiguration>{inner}</WebsiteConfiguration>");
    WebsiteConfiguration::from_xml(xml.as_bytes())
}

fn code(inner: &str) -> &'static str {
    match read(inner) {
        Ok(_) => "ok",
        Err(error) => error.code().as_str(),
    }
}

fn rule(number: &str, condition: &str, redirect: &str) -> String {
    format!(
        "<RoutingRules><RoutingRule><RuleNumber>{number}</RuleNumber><Condition>{condition}</Condition>\
         <Redirect>{redirect}</Redirect></RoutingRule></RoutingRules>"
    )
}

#[test]
fn a_document_reads_as_it_is_written() {
    let body = "<IndexDocument><Suffix>index.html</Suffix><SupportSubDir>true</SupportSubDir><Type>2</Type></IndexDocument>\
        <ErrorDocument><Key>error.html</Key><HttpStatus>404</HttpStatus></ErrorDocument>\
        <RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>abc/</KeyPrefixEquals>\
        <KeySuffixEquals>.txt</KeySuffixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>\
        <IncludeHeader><Key>host</Key><Equals>a.example</Equals></IncludeHeader></Condition>\
        <Redirect><RedirectType>Mirror</RedirectType><PassQueryString>true</PassQueryString>\
        <MirrorURL>http://example.com/</MirrorURL><MirrorPassQueryString>true</MirrorPassQueryString>\
        <MirrorHeaders><PassAll>true</PassAll><Set><Key>k</Key><Value>v</Value></Set></MirrorHeaders></Redirect></RoutingRule>\
        <RoutingRule><RuleNumber>2</RuleNumber><Condition></Condition><Redirect><RedirectType>External</RedirectType>\
        <Protocol>https</Protocol><HostName>www.test.com</HostName><ReplaceKeyWith>prefix/${key}</ReplaceKeyWith>\
        <HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule></RoutingRules>";
    let site = read(body).unwrap();
    let xml = site.to_xml();
    assert_eq!(
        xml.split_once('\n').unwrap().1,
        format!("<WebsiteConfiguration>{body}</WebsiteConfiguration>")
    );
    assert_eq!(
        WebsiteConfiguration::from_xml(xml.as_bytes()).unwrap(),
        site
    );
}

#[test]
fn rules_are_tried_by_number() {
    let one = |number| rule(number, "", "<RedirectType>External</RedirectType>");
    let body = [one("7"), one("3"), one("5")].concat();
    let numbers: Vec<u32> = read(&body)
        .unwrap()
        .rules
        .iter()
        .map(|rule| rule.number)
        .collect();
    assert_eq!(numbers, [3, 5, 7]);
}

#[test]
fn the_key_of_a_foreign_service_is_not_kept() {
    let body = rule(
        "1",
        "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>",
        "<RedirectType>Mirror</RedirectType><MirrorURL>https://a.example/</MirrorURL><MirrorAuth>\
         <AccessKeyId>ID</AccessKeyId><AccessKeySecret>hidden</AccessKeySecret></MirrorAuth>",
    );
    let xml = read(&body).unwrap().to_xml();
    assert!(xml.contains("<AccessKeyId>ID</AccessKeyId>") && !xml.contains("hidden"));
}

#[test]
fn switches_of_mirrors_are_kept_in_lower_case() {
    let body = rule(
        "1",
        "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>",
        "<RedirectType>Mirror</RedirectType><MirrorURL>https://a.example/</MirrorURL><MirrorCheckMd5>True</MirrorCheckMd5>\
         <MirrorHeaders><PassAll>False</PassAll><Pass>True</Pass></MirrorHeaders>",
    );
    let xml = read(&body).unwrap().to_xml();
    for kept in ["<MirrorCheckMd5>true<", "<PassAll>false<", "<Pass>True<"] {
        assert!(xml.contains(kept), "{xml}");
    }
}

#[test]
fn faults_get_their_documented_answer() {
    let index = |inner: &str| format!("<IndexDocument>{inner}</IndexDocument>");
    let to = |redirect: &str| rule("1", "", redirect);
    let mirror = |code: &str, url: &str| {
        rule(
            "1",
            &format!("<HttpErrorCodeReturnedEquals>{code}</HttpErrorCodeReturnedEquals>"),
            &format!("<RedirectType>Mirror</RedirectType><MirrorURL>{url}</MirrorURL>"),
        )
    };
    let header = "<IncludeHeader><Key>a</Key><Equals>b</Equals></IncludeHeader>";
    let external = "<RedirectType>External</RedirectType>";
    let many: String = (1..=21)
        .map(|number| rule(&number.to_string(), "", external))
        .collect();
    for (body, expected) in [
        (String::new(), "MalformedXML"),
        (index("<Suffix>index.html</Suffix>"), "ok"),
        (index(""), "MalformedXML"),
        (index("<Suffix></Suffix>"), "MalformedXML"),
        (index("<Suffix>a/index.html</Suffix>"), "InvalidArgument"),
        (
            index(&format!("<Suffix>{}</Suffix>", "a".repeat(1024))),
            "InvalidArgument",
        ),
        (index("<Suffix>a</Suffix><Type>3</Type>"), "InvalidArgument"),
        (
            index("<Suffix>a</Suffix><SupportSubDir>maybe</SupportSubDir>"),
            "MalformedXML",
        ),
        (
            "<ErrorDocument><HttpStatus>404</HttpStatus></ErrorDocument>".into(),
            "MalformedXML",
        ),
        (
            "<ErrorDocument><Key>e</Key><HttpStatus>500</HttpStatus></ErrorDocument>".into(),
            "InvalidArgument",
        ),
        (to(external), "ok"),
        (to(""), "MalformedXML"),
        (
            to("<RedirectType>Elsewhere</RedirectType>"),
            "InvalidArgument",
        ),
        (
            to(&format!(
                "{external}<HttpRedirectCode>200</HttpRedirectCode>"
            )),
            "InvalidArgument",
        ),
        (
            to(&format!("{external}<Protocol>ftp</Protocol>")),
            "InvalidArgument",
        ),
        (
            to(&format!("{external}<HostName>a b</HostName>")),
            "InvalidArgument",
        ),
        (
            to(&format!(
                "{external}<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>"
            )),
            "InvalidArgument",
        ),
        (rule("0", "", external), "InvalidArgument"),
        (rule("", "", external), "MalformedXML"),
        (rule("1", "", external).repeat(2), "InvalidArgument"),
        (rule("1", &header.repeat(10), external), "ok"),
        (rule("1", &header.repeat(11), external), "InvalidArgument"),
        (rule("1", "<IncludeHeader/>", external), "MalformedXML"),
        (many, "InvalidArgument"),
        (mirror("404", "https://a.example/"), "ok"),
        (mirror("403", "https://a.example/"), "InvalidArgument"),
        // A script is kept, so that documents written for OSS can be stored; it never runs.
        (
            mirror("404", "https://a.example/").replace(
                "</Redirect>",
                "</Redirect><LuaConfig><Script>a.lua</Script></LuaConfig>",
            ),
            "ok",
        ),
        (mirror("404", "https://a.example"), "InvalidArgument"),
        (mirror("404", "a.example/"), "InvalidArgument"),
        (mirror("404", ""), "MalformedXML"),
        (
            "<RoutingRules><RoutingRule><RuleNumber>1</RuleNumber></RoutingRule></RoutingRules>"
                .into(),
            "MalformedXML",
        ),
    ] {
        assert_eq!(code(&body), expected, "{body}");
    }
}
