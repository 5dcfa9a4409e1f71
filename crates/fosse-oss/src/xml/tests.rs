use super::*;
use crate::ErrorCode;
use crate::name::ObjectKey;
use proptest::prelude::*;
use std::fmt::Debug;

fn legal(text: &str) -> String {
    text.chars().filter(|c| is_legal(*c)).collect()
}

#[test]
fn the_writer_escapes() {
    let document = Writer::document("R", |w| {
        w.text("T", "<a & 'b'>\"]]>\r\n\t\u{0}\u{1f}\u{fffe}é");
        w.number("N", u64::MAX);
        w.flag("F", true);
        w.element("E", |_| {});
        w.text_with_references("K", "a\u{1}\u{b}b");
    });
    assert_eq!(
        document,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R><T>&lt;a &amp; 'b'&gt;\"]]&gt;&#13;\n\té</T>\
         <N>18446744073709551615</N><F>true</F><E></E><K>a&#1;&#11;b</K></R>"
    );
}

#[test]
fn the_reader_takes_what_clients_send() {
    let text = |xml: &str| {
        Element::parse(xml.as_bytes(), "R")
            .unwrap_or_else(|_| panic!("{xml}"))
            .text_of("T")
            .to_owned()
    };
    for xml in [
        "<R><T>x</T></R>",
        "<?xml version=\"1.0\"?><R><T>x</T></R>",
        "\u{feff}<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<R><T>x</T></R>\n",
        "\n<R xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\"><T a='1' a='2'>x</T></R>",
        "<o:R xmlns:o='u'><o:T>x</o:T></o:R>",
        "<R><!-- c --><U/><T>x</T><T>y</T></R><!-- c -->",
        "<R> <T><![CDATA[x]]></T> </R>",
        "<R><T>&#120;</T></R>",
        "<R><T>&#x78;</T></R>",
    ] {
        assert_eq!(text(xml), "x", "{xml}");
    }
    assert_eq!(text("<R><T> a\r\nb\tc </T></R>"), " a\nb\tc ");
    assert_eq!(
        text("<R><T>&lt;&gt;&amp;&quot;&apos;<![CDATA[<&]]></T></R>"),
        "<>&\"'<&"
    );
    // Keys hold control characters, and SDKs send them as references.
    assert_eq!(text("<R><T>a&#x1;&#10;&#13;b</T></R>"), "a\u{1}\n\rb");
    assert_eq!(text("<R/>"), "");
    assert_eq!(
        text("<R><T>a<U>b</U>c</T></R>"),
        "",
        "text beside children counts for nothing"
    );
}

#[test]
fn the_reader_refuses_everything_else() {
    let cases: Vec<Vec<u8>> = [
        "",
        " ",
        "x",
        "<R>",
        "</R>",
        "<R></S>",
        "<R><T></R></T>",
        "<R/><R/>",
        "<R/>x",
        "x<R/>",
        "<S/>",
        "<r/>",
        "<R><T>&unknown;</T></R>",
        "<R><T>&#0;</T></R>",
        "<R><T>&#xD800;</T></R>",
        "<R><T>&#x110000;</T></R>",
        "<R><T>&#;</T></R>",
        "<R><T>&#x;</T></R>",
        "<R><T>&#+1;</T></R>",
        "<R><T>&#99999999999;</T></R>",
        "<R><T>a & b</T></R>",
        "<R><T>a &amp b</T></R>",
        "<R><T a=></T></R>",
        "<R a='1></R>",
        "<R><![CDATA[x</R>",
        "<R><!-- </R>",
        "<!DOCTYPE R><R/>",
        "<!DOCTYPE R [<!ENTITY a \"b\">]><R><T>&a;</T></R>",
        "<!DOCTYPE R [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><R><T>&a;</T></R>",
        "<?php echo ?><R/>",
        "<R><?pi?></R>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><R/>",
        "<R/><?xml version=\"1.0\"?>",
        "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><R/>",
        "&amp;<R/>",
        "<R>\0</R>",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([b"<R>\xff</R>".to_vec(), b"\xff\xfe<\0R\0/\0>\0".to_vec()])
    .collect();
    for xml in cases {
        let error = Element::parse(&xml, "R").unwrap_err();
        let shown = String::from_utf8_lossy(&xml);
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::MalformedXml, 400),
            "{shown}"
        );
    }
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let nested = |depth: usize| {
        let (open, close) = ("<R>".repeat(depth), "</R>".repeat(depth));
        Element::parse(format!("{open}{close}").as_bytes(), "R")
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert!(nested(MAX_DEPTH + 1).is_err());
    assert!(nested(100_000).is_err());
    let wide =
        |count: usize| Element::parse(format!("<R>{}</R>", "<a/>".repeat(count)).as_bytes(), "R");
    assert!(wide(MAX_NODES - 1).is_ok());
    assert!(wide(MAX_NODES).is_err());
}

#[test]
fn many_attributes_cost_no_more_than_their_length() {
    let attributes: String = (0..200_000).map(|i| format!(" a{i}='1'")).collect();
    let started = std::time::Instant::now();
    assert!(Element::parse(format!("<R{attributes}/>").as_bytes(), "R").is_ok());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn encoding_type() {
    assert_eq!(Encoding::parse(None).unwrap(), Encoding::Plain);
    assert_eq!(Encoding::parse(Some("")).unwrap(), Encoding::Plain);
    assert_eq!(Encoding::parse(Some("URL")).unwrap(), Encoding::Url);
    assert_eq!(
        Encoding::parse(Some("gzip")).unwrap_err().code(),
        ErrorCode::InvalidArgument
    );
    assert_eq!(
        Encoding::Url.encode("a b+c/中\u{1}"),
        "a%20b%2Bc%2F%E4%B8%AD%01"
    );
    assert_eq!(
        Encoding::Url.decode("a%20b%2Bc/%E4%B8%AD+").unwrap(),
        "a b+c/中+"
    );
    assert_eq!(Encoding::Plain.encode("a b%"), "a b%");
    for bad in ["%", "%zz", "%ff"] {
        assert_eq!(
            Encoding::Url.decode(bad).unwrap_err().code(),
            ErrorCode::MalformedXml
        );
    }
}

fn object(key: &str) -> ListedObject {
    ListedObject {
        key: key.into(),
        last_modified: 1_330_072_952,
        etag: "5B3C1A2E053D763E1B002CC607C5A0FE".into(),
        kind: "Normal".into(),
        size: 344_606,
        storage_class: "Standard".into(),
        owner: Some(Owner::of("0022012")),
        restore_info: None,
    }
}

#[test]
fn a_listing_reads_as_documented() {
    let list = ListBucketResult {
        name: "oss-example".into(),
        prefix: "fun/".into(),
        max_keys: 100,
        delimiter: "/".into(),
        encoding: Encoding::Url,
        is_truncated: true,
        next_marker: Some("fun/test.jpg".into()),
        contents: vec![object("fun/test.jpg")],
        common_prefixes: vec!["fun/movie/".into()],
        ..ListBucketResult::default()
    };
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>oss-example</Name>\
        <Prefix>fun%2F</Prefix><Marker></Marker><MaxKeys>100</MaxKeys><Delimiter>%2F</Delimiter>\
        <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextMarker>fun%2Ftest.jpg</NextMarker>\
        <Contents><Key>fun%2Ftest.jpg</Key><LastModified>2012-02-24T08:42:32.000Z</LastModified>\
        <ETag>\"5B3C1A2E053D763E1B002CC607C5A0FE\"</ETag><Type>Normal</Type><Size>344606</Size>\
        <StorageClass>Standard</StorageClass><Owner><ID>0022012</ID><DisplayName>0022012</DisplayName></Owner>\
        </Contents><CommonPrefixes><Prefix>fun%2Fmovie%2F</Prefix></CommonPrefixes></ListBucketResult>";
    assert_eq!(list.to_xml(), expected);
    assert_eq!(
        ListBucketResult::from_xml(expected.as_bytes()).unwrap(),
        list
    );
}

#[test]
fn a_second_version_listing_echoes_only_what_was_sent() {
    let list = ListBucketResultV2 {
        contents: vec![object("a")],
        ..ListBucketResultV2::default()
    };
    let xml = list.to_xml();
    for absent in ["StartAfter", "ContinuationToken", "Marker", "EncodingType"] {
        assert!(!xml.contains(absent), "{absent}");
    }
    assert!(xml.contains("<KeyCount>1</KeyCount>"));
    let list = ListBucketResultV2 {
        start_after: Some(String::new()),
        continuation_token: Some(encode_token("k")),
        ..list
    };
    assert_eq!(
        ListBucketResultV2::from_xml(list.to_xml().as_bytes()).unwrap(),
        list
    );
}

#[test]
fn what_other_servers_leave_out_is_no_fault() {
    let xml = "<ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets><Bucket><Name>b</Name>\
        <CreationDate>2015-12-17T18:12:43.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>";
    let list = ListAllMyBucketsResult::from_xml(xml.as_bytes()).unwrap();
    assert_eq!((list.buckets.len(), list.is_truncated), (1, false));
    let xml = "<ListBucketResult><Contents><Key>k</Key><LastModified>2012-02-24T08:42:32.000Z</LastModified>\
        <Size>1</Size></Contents><CommonPrefixes><Prefix>a/</Prefix><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>";
    let list = ListBucketResult::from_xml(xml.as_bytes()).unwrap();
    assert_eq!(list.common_prefixes, ["a/", "b/"]);
    let error =
        ErrorDocument::from_xml(b"<Error><Code> NoSuchKey </Code><X>1</X></Error>").unwrap();
    assert_eq!(error.known_code(), Some(ErrorCode::NoSuchKey));
    assert_eq!(error.extra("X"), Some("1"));
}

#[test]
fn delete_requests() {
    let xml = "<Delete><Quiet>true</Quiet><Object><Key>a&#x0A;b</Key></Object>\
        <Object><Key> c </Key><VersionId>CAEQ</VersionId></Object><Object><Key>%41</Key><VersionId/></Object></Delete>";
    let delete = Delete::from_xml(xml.as_bytes()).unwrap();
    assert!(delete.quiet);
    let got: Vec<_> = delete
        .objects
        .iter()
        .map(|o| (o.key.as_str(), o.version_id.as_deref()))
        .collect();
    assert_eq!(got, [("a\nb", None), (" c ", Some("CAEQ")), ("%41", None)]);

    let objects = |count: usize| {
        format!(
            "<Delete>{}</Delete>",
            "<Object><Key>k</Key></Object>".repeat(count)
        )
    };
    assert_eq!(
        Delete::from_xml(objects(1000).as_bytes())
            .unwrap()
            .objects
            .len(),
        1000
    );
    let no_key = "<Delete><Object></Object></Delete>".to_owned();
    let bad_flag = "<Delete><Quiet>1</Quiet><Object><Key>k</Key></Object></Delete>".to_owned();
    for bad in [
        objects(0),
        objects(1001),
        no_key,
        bad_flag,
        "<Delete".into(),
        String::new(),
    ] {
        let error = Delete::from_xml(bad.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code(), error.ec()),
            (ErrorCode::MalformedXml, Some("0016-00000608"))
        );
    }
    for bad in ["", "/a"] {
        let xml = format!("<Delete><Object><Key>{bad}</Key></Object></Delete>");
        assert_eq!(
            Delete::from_xml(xml.as_bytes()).unwrap_err().code(),
            ErrorCode::InvalidObjectName
        );
    }
    assert_eq!(
        DeleteResult::from_xml(b"").unwrap(),
        DeleteResult::default()
    );
}

#[test]
fn complete_requests() {
    let xml = "<CompleteMultipartUpload><Part><PartNumber> 1 </PartNumber><ETag>\"AB\"</ETag></Part>\
        <Part><ETag>cd</ETag><PartNumber>10000</PartNumber></Part></CompleteMultipartUpload>";
    let complete = CompleteMultipartUpload::from_xml(xml.as_bytes()).unwrap();
    assert_eq!(
        complete.parts,
        [(1, "AB".to_owned()), (10_000, "cd".to_owned())]
    );

    let part = |number: &str| {
        format!(
            "<CompleteMultipartUpload><Part><PartNumber>{number}</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>"
        )
    };
    for (xml, code) in [
        (part("0"), ErrorCode::InvalidArgument),
        (part("10001"), ErrorCode::InvalidArgument),
        (part(""), ErrorCode::MalformedXml),
        (part("one"), ErrorCode::MalformedXml),
        (part("-1"), ErrorCode::MalformedXml),
        ("<CompleteMultipartUpload/>".into(), ErrorCode::MalformedXml),
        (
            part("1").replace("<ETag>a</ETag>", ""),
            ErrorCode::MalformedXml,
        ),
        (String::new(), ErrorCode::MalformedXml),
    ] {
        let error = CompleteMultipartUpload::from_xml(xml.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.status()), (code, 400), "{xml}");
        if code == ErrorCode::MalformedXml {
            assert_eq!(error.ec(), Some("0042-00000205"));
        }
    }
    let parts = (1..=10_000).map(|n| (n, "A".repeat(32))).collect();
    let full = CompleteMultipartUpload { parts };
    assert_eq!(
        CompleteMultipartUpload::from_xml(full.to_xml().as_bytes()).unwrap(),
        full
    );
}

#[test]
fn bucket_configurations() {
    use crate::header::{DataRedundancy, StorageClass};
    let empty = CreateBucketConfiguration::default();
    assert_eq!(CreateBucketConfiguration::from_xml(b"").unwrap(), empty);
    assert_eq!(CreateBucketConfiguration::from_xml(b" \n").unwrap(), empty);
    let xml = "<CreateBucketConfiguration xmlns='u'><StorageClass>IA</StorageClass><X/>\
        <DataRedundancyType>ZRS</DataRedundancyType></CreateBucketConfiguration>";
    let full = CreateBucketConfiguration::from_xml(xml.as_bytes()).unwrap();
    assert_eq!(full.storage_class, Some(StorageClass::IA));
    assert_eq!(full.data_redundancy, Some(DataRedundancy::Zrs));
    assert_eq!(
        CreateBucketConfiguration::from_xml(full.to_xml().as_bytes()).unwrap(),
        full
    );
    for (xml, code) in [
        (
            "<CreateBucketConfiguration><StorageClass>X</StorageClass></CreateBucketConfiguration>",
            ErrorCode::InvalidArgument,
        ),
        (
            "<CreateBucketConfiguration><DataRedundancyType>X</DataRedundancyType></CreateBucketConfiguration>",
            ErrorCode::MalformedXml,
        ),
        ("<Other/>", ErrorCode::MalformedXml),
    ] {
        assert_eq!(
            CreateBucketConfiguration::from_xml(xml.as_bytes())
                .unwrap_err()
                .code(),
            code
        );
    }
}

#[test]
fn cors_configurations() {
    let rule = |inner: &str| {
        format!("<CORSConfiguration><CORSRule>{inner}</CORSRule></CORSConfiguration>")
    };
    let good = rule(
        "<AllowedOrigin>*</AllowedOrigin><AllowedOrigin>http://*.example.com</AllowedOrigin>\
         <AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader>\
         <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>100</MaxAgeSeconds>",
    );
    let cors = CorsConfiguration::from_xml(good.as_bytes()).unwrap();
    assert_eq!(cors.rules[0].allowed_origins, ["*", "http://*.example.com"]);
    assert_eq!(cors.rules[0].max_age_seconds, Some(100));
    assert!(!cors.response_vary);
    assert_eq!(
        CorsConfiguration::from_xml(cors.to_xml().as_bytes()).unwrap(),
        cors
    );

    let origin = "<AllowedOrigin>*</AllowedOrigin>";
    let method = "<AllowedMethod>GET</AllowedMethod>";
    let one = format!("<CORSRule>{origin}{method}</CORSRule>");
    let rules = |count: usize| {
        format!(
            "<CORSConfiguration>{}</CORSConfiguration>",
            one.repeat(count)
        )
    };
    assert_eq!(
        CorsConfiguration::from_xml(rules(20).as_bytes())
            .unwrap()
            .rules
            .len(),
        20
    );
    for (xml, code) in [
        (rules(0), ErrorCode::MalformedXml),
        (rules(21), ErrorCode::CorsRuleBeyondLimit),
        (rule(origin), ErrorCode::MalformedXml),
        (rule(method), ErrorCode::MalformedXml),
        (
            rule(&format!("{origin}<AllowedMethod>PATCH</AllowedMethod>")),
            ErrorCode::MalformedXml,
        ),
        (
            rule(&format!("{origin}<AllowedMethod>get</AllowedMethod>")),
            ErrorCode::MalformedXml,
        ),
        (
            rule(&format!("{method}<AllowedOrigin>*a*</AllowedOrigin>")),
            ErrorCode::InvalidArgument,
        ),
        (
            rule(&format!("{method}<AllowedOrigin>a&#10;b</AllowedOrigin>")),
            ErrorCode::InvalidArgument,
        ),
        (
            rule(&format!(
                "{origin}{method}<AllowedHeader>**</AllowedHeader>"
            )),
            ErrorCode::InvalidArgument,
        ),
        (
            rule(&format!("{origin}{method}<ExposeHeader>*</ExposeHeader>")),
            ErrorCode::InvalidArgument,
        ),
        (
            rule(&format!("{origin}{method}<MaxAgeSeconds>x</MaxAgeSeconds>")),
            ErrorCode::MalformedXml,
        ),
    ] {
        let error = CorsConfiguration::from_xml(xml.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.status()), (code, 400), "{xml}");
    }
}

#[test]
fn small_documents() {
    let location = LocationConstraint("oss-cn-hangzhou".into());
    assert_eq!(
        location.to_xml(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint>oss-cn-hangzhou</LocationConstraint>"
    );
    round_trip(
        &location,
        LocationConstraint::to_xml,
        LocationConstraint::from_xml,
    );
    let stat = BucketStat {
        storage: 1600,
        deep_cold_archive_object_count: u64::MAX,
        ..BucketStat::default()
    };
    assert_eq!(stat.to_xml().matches("</").count(), 22);
    round_trip(&stat, BucketStat::to_xml, BucketStat::from_xml);
    let acl = AccessControlPolicy {
        owner: Owner::of("1"),
        grant: "public-read".into(),
    };
    round_trip(
        &acl,
        AccessControlPolicy::to_xml,
        AccessControlPolicy::from_xml,
    );
    let copy = CopyObjectResult {
        etag: "AB".into(),
        last_modified: 0,
    };
    round_trip(&copy, CopyObjectResult::to_xml, CopyObjectResult::from_xml);
    let part = CopyPartResult {
        etag: "AB".into(),
        last_modified: 1,
    };
    round_trip(&part, CopyPartResult::to_xml, CopyPartResult::from_xml);
}

fn round_trip<T: PartialEq + Debug>(
    document: &T,
    to_xml: impl Fn(&T) -> String,
    from_xml: impl Fn(&[u8]) -> Result<T, crate::OssError>,
) {
    let xml = to_xml(document);
    match from_xml(xml.as_bytes()) {
        Ok(read) => assert_eq!(&read, document, "{xml}"),
        Err(error) => panic!("{error}: {xml}"),
    }
}

/// Text that XML can carry, not trimmed away and not empty.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&'\"中é/+% -]{0,12}[a-z0-9]"
}

fn time() -> impl Strategy<Value = i64> {
    0i64..4_102_444_800
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Plain), Just(Encoding::Url)]
}

/// Any key: with `Url` every character survives, else those that XML can carry.
fn keys() -> impl Strategy<Value = (Encoding, Vec<String>)> {
    (encoding(), prop::collection::vec(any::<String>(), 4..7)).prop_map(|(encoding, keys)| {
        let kept = keys.iter().map(|key| match encoding {
            Encoding::Plain => legal(key),
            Encoding::Url => key.clone(),
        });
        (encoding, kept.collect())
    })
}

proptest! {
    #[test]
    fn text_survives(value in any::<String>()) {
        let xml = Writer::document("R", |w| {
            w.text("T", &value);
            w.text_with_references("K", &value);
        });
        let root = Element::parse(xml.as_bytes(), "R").unwrap();
        prop_assert_eq!(root.text_of("T"), legal(&value));
        prop_assert_eq!(root.text_of("K"), value.replace('\0', ""));
    }

    #[test]
    fn object_listings_survive((encoding, keys) in keys(), modified in time(), size: u64, truncated: bool, owner in prop::option::of(word())) {
        let owner = owner.map(|id| Owner::of(&id));
        let contents: Vec<_> = keys.iter().skip(3).map(|key| ListedObject {
            key: key.clone(), last_modified: modified, size, owner: owner.clone(), ..object("")
        }).collect();
        let next = (truncated && !keys[2].is_empty()).then(|| keys[2].clone());
        let first = ListBucketResult {
            name: "b".into(), prefix: keys[0].clone(), marker: keys[1].clone(), max_keys: 7, delimiter: keys[2].clone(),
            encoding, is_truncated: truncated, next_marker: next.clone(), contents: contents.clone(),
            common_prefixes: keys.clone(),
        };
        round_trip(&first, ListBucketResult::to_xml, ListBucketResult::from_xml);
        let second = ListBucketResultV2 {
            name: "b".into(), prefix: keys[0].clone(), start_after: Some(keys[1].clone()),
            continuation_token: truncated.then(|| keys[3].clone()), max_keys: 7, delimiter: keys[2].clone(), encoding,
            is_truncated: truncated, next_continuation_token: next, contents, common_prefixes: keys,
        };
        round_trip(&second, ListBucketResultV2::to_xml, ListBucketResultV2::from_xml);
    }

    #[test]
    fn upload_documents_survive((encoding, keys) in keys(), id in word(), at in time(), number in 1u32..10_000, crc in prop::option::of(any::<u64>())) {
        let initiated = InitiateMultipartUploadResult { encoding, bucket: "b".into(), key: keys[0].clone(), upload_id: id.clone() };
        round_trip(&initiated, InitiateMultipartUploadResult::to_xml, InitiateMultipartUploadResult::from_xml);
        let complete = CompleteMultipartUploadResult {
            encoding, location: legal(&keys[1]), bucket: "b".into(), key: keys[0].clone(), etag: "AB-2".into(),
        };
        round_trip(&complete, CompleteMultipartUploadResult::to_xml, CompleteMultipartUploadResult::from_xml);
        let parts = ListPartsResult {
            encoding, bucket: "b".into(), key: keys[0].clone(), upload_id: id.clone(), storage_class: "IA".into(),
            part_number_marker: 0, next_part_number_marker: number, max_parts: 1000, is_truncated: true,
            parts: vec![ListedPart { number, last_modified: at, etag: "AB".into(), size: at as u64, crc64: crc }],
        };
        round_trip(&parts, ListPartsResult::to_xml, ListPartsResult::from_xml);
        let uploads = ListMultipartUploadsResult {
            encoding, bucket: "b".into(), key_marker: keys[0].clone(), upload_id_marker: id.clone(),
            next_key_marker: keys[1].clone(), next_upload_id_marker: id.clone(), delimiter: keys[2].clone(),
            prefix: keys[3].clone(), max_uploads: 1, is_truncated: false, common_prefixes: keys.clone(),
            uploads: keys.iter().map(|key| ListedUpload {
                key: key.clone(), upload_id: id.clone(), storage_class: "Standard".into(), initiated: at,
            }).collect(),
        };
        round_trip(&uploads, ListMultipartUploadsResult::to_xml, ListMultipartUploadsResult::from_xml);
    }

    #[test]
    fn deletes_survive((encoding, keys) in keys(), version in prop::option::of("[A-Za-z0-9]{1,8}"), quiet: bool) {
        // Every key goes out as it is, whatever it holds.
        let objects: Vec<_> = keys.iter().filter_map(|key| ObjectKey::parse(key.replace('\0', "").as_bytes()).ok())
            .map(|key| DeleteEntry { key, version_id: version.clone() }).collect();
        prop_assume!(!objects.is_empty());
        round_trip(&Delete { quiet, objects }, Delete::to_xml, Delete::from_xml);
        let deleted = keys.iter().map(|key| Deleted {
            key: key.clone(), version_id: version.clone(), delete_marker_version_id: quiet.then(|| "M".to_owned()),
        }).collect();
        round_trip(&DeleteResult { encoding, deleted }, DeleteResult::to_xml, DeleteResult::from_xml);
    }

    #[test]
    fn bucket_documents_survive(words in prop::collection::vec(word(), 8), at in time(), flags: [bool; 4], extra: bool) {
        let text = |i: usize| words[i].clone();
        let option = |i: usize| extra.then(|| words[i].trim().to_owned());
        let entry = BucketEntry {
            name: text(0), creation_date: at, extranet_endpoint: text(1), intranet_endpoint: text(2), location: text(3),
            region: text(4), storage_class: text(5).into(), resource_group_id: option(6),
        };
        let list = ListAllMyBucketsResult {
            prefix: text(7), marker: text(6), max_keys: 3, is_truncated: flags[0], next_marker: option(1),
            owner: Owner::of(&words[2]), buckets: vec![entry.clone(), entry],
        };
        round_trip(&list, ListAllMyBucketsResult::to_xml, ListAllMyBucketsResult::from_xml);
        let info = BucketInfo {
            name: text(0), creation_date: at, extranet_endpoint: text(1), intranet_endpoint: text(2), location: text(3),
            storage_class: text(4).into(), data_redundancy: text(5).into(), versioning: option(6).map(Label::from),
            owner: Owner::of(&words[7]), grant: text(0).into(), sse_algorithm: option(1), kms_master_key_id: option(2),
            kms_data_encryption: option(3), block_public_access: flags[0], access_monitor: flags[1],
            transfer_acceleration: flags[2], cross_region_replication: flags[3], resource_group_id: option(4),
            log_bucket: text(5), log_prefix: text(6),
        };
        round_trip(&info, BucketInfo::to_xml, BucketInfo::from_xml);
    }

    #[test]
    fn readers_are_total(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/&;#x!?\\[\\]CDATARa-c'= -]{0,80}") {
        for input in [bytes.as_slice(), text.as_bytes(), format!("<Delete>{text}</Delete>").as_bytes()] {
            read_everything(input);
        }
    }
}

/// Every reader once; nothing may panic.
fn read_everything(bytes: &[u8]) {
    let _ = AccessControlPolicy::from_xml(bytes);
    let _ = BucketInfo::from_xml(bytes);
    let _ = BucketStat::from_xml(bytes);
    let _ = CompleteMultipartUpload::from_xml(bytes);
    let _ = CompleteMultipartUploadResult::from_xml(bytes);
    let _ = CopyObjectResult::from_xml(bytes);
    let _ = CorsConfiguration::from_xml(bytes);
    let _ = CreateBucketConfiguration::from_xml(bytes);
    let _ = Delete::from_xml(bytes);
    let _ = DeleteResult::from_xml(bytes);
    let _ = ErrorDocument::from_xml(bytes);
    let _ = InitiateMultipartUploadResult::from_xml(bytes);
    let _ = ListAllMyBucketsResult::from_xml(bytes);
    let _ = ListBucketResult::from_xml(bytes);
    let _ = ListBucketResultV2::from_xml(bytes);
    let _ = ListMultipartUploadsResult::from_xml(bytes);
    let _ = ListPartsResult::from_xml(bytes);
    let _ = LocationConstraint::from_xml(bytes);
}
