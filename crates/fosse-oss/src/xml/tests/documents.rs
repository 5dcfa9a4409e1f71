//! Each document against known answers and known faults.

use super::*;
use crate::ErrorCode;

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

#[test]
fn versioning_is_enabled_or_suspended_or_was_never_set() {
    let of = |inner: &str| {
        let xml = format!("<VersioningConfiguration>{inner}</VersioningConfiguration>");
        VersioningConfiguration::from_xml(xml.as_bytes()).map(|read| read.status)
    };
    let enabled = Some(VersioningStatus::Enabled);
    assert_eq!(of("<Status>Enabled</Status>").unwrap(), enabled);
    assert_eq!(of("<Status> Enabled\n</Status><Else/>").unwrap(), enabled);
    let suspended = Some(VersioningStatus::Suspended);
    assert_eq!(of("<Status>Suspended</Status>").unwrap(), suspended);
    for unset in ["", "<Status/>", "<Status></Status>"] {
        assert_eq!(of(unset).unwrap(), None);
    }
    for bad in ["enabled", "Disabled", "None", "EnabledEnabled"] {
        let error = of(&format!("<Status>{bad}</Status>")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::MalformedXml, "{bad}");
    }
    for status in [None, enabled, suspended] {
        let document = VersioningConfiguration { status };
        let xml = document.to_xml();
        let read = VersioningConfiguration::from_xml(xml.as_bytes()).unwrap();
        assert_eq!(read, document);
    }
}

#[test]
fn a_listing_of_versions_reads_as_documented() {
    let id = "CAEQMxiBgIDh3ZCB0BYiIGE4YjIyMjExZDhhYjRmYjZiMjZiMDYxZWIyNGFmNmVk";
    let list = ListVersionsResult {
        name: "oss-example".into(),
        max_keys: 100,
        encoding: Encoding::Url,
        next_key_marker: Some("a b".into()),
        next_version_id_marker: id.into(),
        entries: vec![
            VersionEntry {
                key: "a b".into(),
                version_id: id.into(),
                is_latest: true,
                last_modified: 1_554_794_848,
                owner: Owner::of("1234512528586"),
                object: None,
            },
            VersionEntry {
                key: "a b".into(),
                version_id: "null".into(),
                is_latest: false,
                last_modified: 1_554_794_847,
                owner: Owner::of("1234512528586"),
                object: Some(VersionFacts {
                    etag: "250F8A0AE989679A22926A875F0A2D93".into(),
                    kind: "Normal".into(),
                    size: 93_731,
                    storage_class: "Standard".into(),
                    restore_info: None,
                }),
            },
        ],
        ..ListVersionsResult::default()
    };
    let owner = "<Owner><ID>1234512528586</ID><DisplayName>1234512528586</DisplayName></Owner>";
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListVersionsResult><Name>oss-example</Name><Prefix></Prefix>\
        <KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker><MaxKeys>100</MaxKeys><Delimiter></Delimiter>\
        <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker>\
        <NextVersionIdMarker>{id}</NextVersionIdMarker><DeleteMarker><Key>a%20b</Key><VersionId>{id}</VersionId>\
        <IsLatest>true</IsLatest><LastModified>2019-04-09T07:27:28.000Z</LastModified>{owner}</DeleteMarker>\
        <Version><Key>a%20b</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>\
        <LastModified>2019-04-09T07:27:27.000Z</LastModified><ETag>\"250F8A0AE989679A22926A875F0A2D93\"</ETag>\
        <Type>Normal</Type><Size>93731</Size><StorageClass>Standard</StorageClass>{owner}</Version></ListVersionsResult>"
    );
    assert_eq!(list.to_xml(), expected);
    let read = ListVersionsResult::from_xml(expected.as_bytes()).unwrap();
    assert_eq!(read, list);
}

#[test]
fn tags_have_limits() {
    let of = |tags: &str| {
        let xml = format!("<Tagging><TagSet>{tags}</TagSet></Tagging>");
        Tagging::from_xml(xml.as_bytes())
    };
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    assert_eq!(of("").unwrap().tags, []);
    let read = of(&format!("{}<Tag><Key>b</Key></Tag>", tag("a", " 1 "))).unwrap();
    let pairs: Vec<_> = read.tags.iter().map(|(k, v)| (&k[..], &v[..])).collect();
    assert_eq!(pairs, [("a", " 1 "), ("b", "")]);
    let ten: String = (0..10).map(|n| tag(&n.to_string(), "")).collect();
    assert_eq!(of(&ten).unwrap().tags.len(), 10);
    for bad in [
        tag("a", "1") + &tag("a", "2"),
        ten + &tag("x", ""),
        tag("", "1"),
        tag(&"k".repeat(129), "1"),
        tag("k", &"v".repeat(257)),
        tag("a!", "1"),
        tag("a", "&lt;"),
    ] {
        assert_eq!(of(&bad).unwrap_err().code(), ErrorCode::InvalidTag, "{bad}");
    }
    for bad in ["<Tagging/>", "<Tagging><Tag/></Tagging>", "<TagSet/>", ""] {
        let error = Tagging::from_xml(bad.as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::MalformedXml, "{bad}");
    }
    let error = of("<Tag><Value>1</Value></Tag>").unwrap_err();
    assert_eq!(error.code(), ErrorCode::MalformedXml);
}
