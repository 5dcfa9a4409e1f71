use super::*;

fn rule(inner: &str) -> String {
    format!("<Rule><ID>r</ID><Prefix>logs/</Prefix><Status>Enabled</Status>{inner}</Rule>")
}

fn read(rules: &str, overlap: bool) -> Result<LifecycleConfiguration, OssError> {
    let xml = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    LifecycleConfiguration::from_request(xml.as_bytes(), overlap)
}

fn code(result: Result<LifecycleConfiguration, OssError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code().as_str(),
    }
}

const FULL: &str = "<Rule><ID>rule1</ID><Prefix>logs/</Prefix><Status>Enabled</Status>\
    <Tag><Key>xx</Key><Value>1</Value></Tag>\
    <Filter><Not><Prefix>logs/keep/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></Not>\
    <ObjectSizeGreaterThan>500</ObjectSizeGreaterThan><ObjectSizeLessThan>64500</ObjectSizeLessThan></Filter>\
    <Expiration><Days>365</Days></Expiration>\
    <Transition><Days>30</Days><StorageClass>IA</StorageClass><IsAccessTime>false</IsAccessTime></Transition>\
    <Transition><Days>60</Days><StorageClass>Archive</StorageClass></Transition>\
    <NoncurrentVersionExpiration><NoncurrentDays>50</NoncurrentDays></NoncurrentVersionExpiration>\
    <NoncurrentVersionTransition><NoncurrentDays>10</NoncurrentDays><StorageClass>IA</StorageClass>\
    <IsAccessTime>true</IsAccessTime><ReturnToStdWhenVisit>true</ReturnToStdWhenVisit>\
    </NoncurrentVersionTransition></Rule>\
    <Rule><ID>rule2</ID><Prefix></Prefix><Status>Disabled</Status>\
    <AbortMultipartUpload><CreatedBeforeDate>2020-12-12T00:00:00.000Z</CreatedBeforeDate></AbortMultipartUpload></Rule>\
    <Rule><ID>rule3</ID><Prefix>a</Prefix><Status>Enabled</Status>\
    <Expiration><Date>2016-12-25T00:00:00.000Z</Date></Expiration></Rule>\
    <Rule><ID>rule4</ID><Prefix>b</Prefix><Status>Enabled</Status>\
    <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>";

#[test]
fn a_document_reads_as_it_is_written() {
    let document = read(FULL, false).unwrap();
    let xml = document.to_xml();
    let body = xml.split_once('\n').unwrap().1;
    assert_eq!(
        body,
        format!("<LifecycleConfiguration>{FULL}</LifecycleConfiguration>")
    );
    assert_eq!(
        LifecycleConfiguration::from_xml(xml.as_bytes()).unwrap(),
        document
    );
    assert!(document.uses_access_time());
    assert_eq!(
        document.rules[1].abort_multipart_upload,
        Some(LifecycleWhen::CreatedBefore(1_607_731_200))
    );
}

#[test]
fn faults_of_a_rule_get_their_documented_answer() {
    let long = "x".repeat(256);
    let cases = [
        ("<Expiration><Days>1</Days></Expiration>", "ok"),
        ("", "MalformedXML"),
        ("<Expiration/>", "MalformedXML"),
        ("<Expiration><Days>0</Days></Expiration>", "InvalidArgument"),
        ("<Expiration><Days>-1</Days></Expiration>", "MalformedXML"),
        ("<Expiration><Days>1.5</Days></Expiration>", "MalformedXML"),
        (
            "<Expiration><Days>1</Days><Date>2016-12-25T00:00:00.000Z</Date></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Expiration><CreatedBeforeDate>2016-12-25T00:00:01.000Z</CreatedBeforeDate></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Expiration><CreatedBeforeDate>soon</CreatedBeforeDate></Expiration>",
            "MalformedXML",
        ),
        (
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker><Days>1</Days></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Expiration><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>",
            "MalformedXML",
        ),
        (
            "<Tag><Key>a</Key><Value>b</Value></Tag><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Tag><Key>a</Key><Value>b</Value></Tag><AbortMultipartUpload><Days>1</Days></AbortMultipartUpload>",
            "InvalidArgument",
        ),
        (
            "<Tag><Value>b</Value></Tag><Expiration><Days>1</Days></Expiration>",
            "MalformedXML",
        ),
        (
            "<Tag><Key></Key></Tag><Expiration><Days>1</Days></Expiration>",
            "InvalidTag",
        ),
        ("<Transition><Days>1</Days></Transition>", "MalformedXML"),
        (
            "<Transition><Days>1</Days><StorageClass>Standard</StorageClass></Transition>",
            "InvalidArgument",
        ),
        (
            "<Transition><Days>1</Days><StorageClass>Gold</StorageClass></Transition>",
            "InvalidArgument",
        ),
        (
            "<Transition><StorageClass>IA</StorageClass></Transition>",
            "MalformedXML",
        ),
        (
            "<Transition><Days>4</Days><StorageClass>IA</StorageClass></Transition><Expiration><Days>3</Days></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Transition><Days>3</Days><StorageClass>IA</StorageClass></Transition><Expiration><Days>3</Days></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Transition><Days>2</Days><StorageClass>IA</StorageClass></Transition><Expiration><Days>3</Days></Expiration>",
            "ok",
        ),
        (
            "<Transition><Days>5</Days><StorageClass>IA</StorageClass></Transition><Transition><Days>2</Days><StorageClass>Archive</StorageClass></Transition>",
            "InvalidArgument",
        ),
        (
            "<Transition><Days>5</Days><StorageClass>Archive</StorageClass></Transition><Transition><Days>2</Days><StorageClass>IA</StorageClass></Transition>",
            "ok",
        ),
        (
            "<Transition><Days>5</Days><StorageClass>IA</StorageClass></Transition><Transition><Days>6</Days><StorageClass>IA</StorageClass></Transition>",
            "InvalidArgument",
        ),
        (
            "<Transition><Days>356</Days><StorageClass>IA</StorageClass></Transition><Expiration><CreatedBeforeDate>2016-12-25T00:00:00.000Z</CreatedBeforeDate></Expiration>",
            "InvalidRequest",
        ),
        (
            "<Transition><CreatedBeforeDate>2016-12-25T00:00:00.000Z</CreatedBeforeDate><StorageClass>IA</StorageClass></Transition><Expiration><CreatedBeforeDate>2016-12-20T00:00:00.000Z</CreatedBeforeDate></Expiration>",
            "ok",
        ),
        ("<NoncurrentVersionExpiration/>", "MalformedXML"),
        (
            "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>",
            "InvalidArgument",
        ),
        (
            "<NoncurrentVersionTransition><NoncurrentDays>20</NoncurrentDays><StorageClass>IA</StorageClass></NoncurrentVersionTransition><NoncurrentVersionTransition><NoncurrentDays>12</NoncurrentDays><StorageClass>Archive</StorageClass></NoncurrentVersionTransition>",
            "InvalidArgument",
        ),
        (
            "<Transition><CreatedBeforeDate>2016-12-25T00:00:00.000Z</CreatedBeforeDate><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime></Transition>",
            "MalformedXML",
        ),
        (
            "<Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>yes</IsAccessTime></Transition>",
            "MalformedXML",
        ),
        (
            "<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter><Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime><AllowSmallFile>true</AllowSmallFile></Transition>",
            "MalformedXML",
        ),
        (
            "<Filter><Not><Prefix>other/</Prefix></Not></Filter><Expiration><Days>1</Days></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Filter><Not><Prefix>logs/</Prefix></Not></Filter><Expiration><Days>1</Days></Expiration>",
            "InvalidArgument",
        ),
        (
            "<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter><Expiration><Days>1</Days></Expiration>",
            "InvalidArgument",
        ),
    ];
    for (inner, expected) in cases {
        assert_eq!(code(read(&rule(inner), false)), expected, "{inner}");
    }
    let days = "<Expiration><Days>1</Days></Expiration>";
    for (rules, expected) in [
        (String::new(), "MalformedXML"),
        (format!("<Rule><Prefix/>{days}</Rule>"), "MalformedXML"),
        (
            format!("<Rule><Status>On</Status>{days}</Rule>"),
            "MalformedXML",
        ),
        (format!("<Rule><Status>Enabled</Status>{days}</Rule>"), "ok"),
        (
            format!("<Rule><ID>{long}</ID><Status>Enabled</Status>{days}</Rule>"),
            "InvalidArgument",
        ),
        (
            format!("<Rule><Status>Enabled</Status>{days}</Rule>").repeat(1001),
            "MalformedXML",
        ),
    ] {
        assert_eq!(code(read(&rules, true)), expected);
    }
}

#[test]
fn rules_that_do_the_same_to_the_same_objects_need_consent() {
    let of = |id: &str, prefix: &str, inner: &str| {
        format!(
            "<Rule><ID>{id}</ID><Prefix>{prefix}</Prefix><Status>Enabled</Status>{inner}</Rule>"
        )
    };
    let (expire, abort) = (
        "<Expiration><Days>1</Days></Expiration>",
        "<AbortMultipartUpload><Days>1</Days></AbortMultipartUpload>",
    );
    let tag = |value: &str| format!("<Tag><Key>k</Key><Value>{value}</Value></Tag>{expire}");
    let overlap = of("a", "前缀/", expire) + &of("b", "前缀/2", expire);
    let error = read(&overlap, false).unwrap_err();
    assert_eq!(error.code(), crate::ErrorCode::InvalidArgument);
    assert_eq!(error.message(), "Overlap for same action type Expiration");
    assert!(read(&overlap, true).is_ok());
    for (one, other, expected) in [
        (of("a", "x", expire), of("b", "x", abort), "ok"),
        (of("a", "x1", expire), of("b", "x2", expire), "ok"),
        (of("a", "x", expire), of("b", "", expire), "InvalidArgument"),
        (of("a", "x", &tag("1")), of("b", "x", &tag("2")), "ok"),
        (
            of("a", "x", &tag("1")),
            of("b", "x", &tag("1")),
            "InvalidArgument",
        ),
        (
            of("a", "x", &tag("1")),
            of("b", "x", expire),
            "InvalidArgument",
        ),
        (
            of("a", "x", expire),
            of("a", "y", expire),
            "InvalidArgument",
        ),
    ] {
        assert_eq!(
            code(read(&(one.clone() + &other), false)),
            expected,
            "{one}{other}"
        );
    }
    // A chain that is left and entered again.
    let chain: String = ["a", "ab", "abc", "b", "ba"]
        .iter()
        .enumerate()
        .map(|(n, prefix)| of(&n.to_string(), prefix, if n == 4 { expire } else { abort }))
        .collect();
    assert_eq!(code(read(&chain, false)), "InvalidArgument");
}
