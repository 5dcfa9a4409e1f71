//! Addresses, queries, header values and XML bodies: nothing panics, and what was understood can be written and is
//! understood the same again.

use fosse_oss::callback::{
    BodyType, Callback, CallbackFacts, CallbackUrl, MAX_CALLBACK, parse_variables, policy_name,
    string_to_sign,
};
use fosse_oss::etag;
use fosse_oss::form::{FormFields, FormPart, FormReader, MAX_BEFORE_FILE, boundary};
use fosse_oss::header::{
    CopySource, encode_tagging, parse_persistent, parse_tagging, response_overrides, user_meta,
};
use fosse_oss::name::{BucketName, ObjectKey};
use fosse_oss::op::{Addressing, Operation, Query, Target, Tier};
use fosse_oss::range::{Selected, select};
use fosse_oss::xml;

/// Every XML reader.
pub fn xml_read(data: &[u8]) {
    macro_rules! read {
        ($($document:ident),+) => {
            $(if let Ok(read) = xml::$document::from_xml(data) {
                // Characters that replies cannot carry are lost once, and then no more.
                let written = read.to_xml();
                if let Ok(again) = xml::$document::from_xml(written.as_bytes()) {
                    assert_eq!(again.to_xml(), written);
                }
            })+
        };
    }
    read!(
        AccessControlPolicy,
        BucketInfo,
        BucketStat,
        CnameToken,
        CompleteMultipartUploadResult,
        CopyObjectResult,
        CopyPartResult,
        CreateBucketConfiguration,
        DeleteResult,
        InitiateMultipartUploadResult,
        ListAllMyBucketsResult,
        ListBucketResult,
        ListBucketResultV2,
        ListCnameResult,
        ListMultipartUploadsResult,
        ListPartsResult,
        ListVersionsResult,
        LocationConstraint,
        PolicyStatus,
        PostResponse,
        WormConfiguration
    );
    // What a request says, and what is stored, may not lose anything.
    macro_rules! keep {
        ($($document:ident),+) => {
            $(if let Ok(read) = xml::$document::from_xml(data) {
                let again = xml::$document::from_xml(read.to_xml().as_bytes());
                assert_eq!(again.expect("written"), read);
            })+
        };
    }
    keep!(
        AccessMonitorConfiguration,
        ArchiveDirectReadConfiguration,
        BucketCallbackPolicy,
        BucketLoggingStatus,
        BucketResourceGroupConfiguration,
        BucketTagging,
        BucketUserQos,
        HttpsConfiguration,
        InventoryConfiguration,
        LifecycleConfiguration,
        OverwriteConfiguration,
        PublicAccessBlockConfiguration,
        QoSConfiguration,
        RefererConfiguration,
        RequestPaymentConfiguration,
        StyleList,
        TransferAccelerationConfiguration,
        UserDefinedLogFieldsConfiguration,
        WebsiteConfiguration
    );
    let _ = xml::LifecycleConfiguration::from_request(data, false);
    let _ = xml::Style::content_from_xml(data);
    keep!(
        ExtendWormConfiguration,
        InitiateWormConfiguration,
        LegalHold,
        ObjectWormConfiguration,
        RestoreRequest,
        Retention,
        ServerSideEncryptionRule
    );
    if let Ok(read) = xml::Delete::from_xml(data) {
        assert_eq!(
            xml::Delete::from_xml(read.to_xml().as_bytes()).expect("written"),
            read
        );
    }
    if let Ok(read) = xml::CorsConfiguration::from_xml(data) {
        assert_eq!(
            xml::CorsConfiguration::from_xml(read.to_xml().as_bytes()).expect("written"),
            read
        );
    }
    if let Ok(read) = xml::BucketCnameConfiguration::from_xml(data) {
        let written = read.to_xml();
        if let Ok(again) = xml::BucketCnameConfiguration::from_xml(written.as_bytes()) {
            assert_eq!(again.to_xml(), written);
        }
    }
    if let Ok(read) = xml::Tagging::from_xml(data) {
        assert_eq!(
            xml::Tagging::from_xml(read.to_xml().as_bytes()).expect("written"),
            read
        );
    }
    if let Ok(read) = xml::VersioningConfiguration::from_xml(data) {
        assert_eq!(
            xml::VersioningConfiguration::from_xml(read.to_xml().as_bytes()).expect("written"),
            read
        );
    }
    if let Ok(read) = xml::CompleteMultipartUpload::from_xml(data) {
        let _ = xml::CompleteMultipartUpload::from_xml(read.to_xml().as_bytes());
    }
    let _ = xml::ErrorDocument::from_xml(data);
}

/// A raw query.
pub fn query(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(query) = Query::parse(raw) else { return };
    let again = Query::parse(&query.encode()).expect("encoded");
    // A pair without name and value leaves nothing behind.
    let kept: Vec<_> = query
        .0
        .iter()
        .filter(|(n, v)| !n.is_empty() || !v.is_empty())
        .cloned()
        .collect();
    assert_eq!(again.0, kept);
    for (name, _) in &query.0 {
        let _ = (
            query.page_size(name, 100),
            query.listing_text(name),
            query.part_number(name),
        );
    }
    let _ = (query.version_id(), query.part_number_marker());
    for header in response_overrides(&query, false).unwrap_or_default() {
        assert!(!header.value.contains(['\r', '\n', '\0']));
    }
}

/// A host, a line feed, and a raw path.
pub fn target(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (host, path) = text.split_once('\n').unwrap_or((text, "/"));
    let addressing = Addressing::for_region("cn-hangzhou", ["files.example.com".to_owned()]);
    let strict = Addressing {
        forbid_path_style: true,
        ..addressing.clone()
    };
    let cname = |name: &str| {
        assert_eq!(name, name.to_ascii_lowercase());
        name.starts_with("cdn.").then(|| "media".to_owned())
    };
    let resolved = Target::resolve(&addressing, host, path, &cname);
    if let Ok(refused_or_same) = Target::resolve(&strict, host, path, &cname) {
        assert_eq!(resolved.as_ref().ok(), Some(&refused_or_same));
    }
    if let Ok(target) = resolved {
        assert!(target.bucket.is_some() || target.key.is_empty());
        let _ = target.bucket.as_deref().map(BucketName::parse);
        let _ = ObjectKey::parse(&target.key);
    }
}

/// A method, a line feed, a path on `localhost`, a `?` and a raw query.
pub fn operation(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (method, url) = text.split_once('\n').unwrap_or(("GET", text));
    let (path, raw) = url.split_once('?').unwrap_or((url, ""));
    let nothing = |_: &str| None;
    let Ok(target) = Target::resolve(&Addressing::default(), "localhost", path, &nothing) else {
        return;
    };
    let Ok(query) = Query::parse(raw) else { return };
    for copy in [false, true] {
        match Operation::parse(method, &target, &query, &|_| copy) {
            Ok(operation) => assert!(operation.tier() < Tier::T4),
            Err(error) => assert!((400..=405).contains(&error.status())),
        }
    }
}

/// `x-oss-copy-source`.
pub fn copy_source(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(source) = CopySource::parse(text) {
        assert_eq!(
            CopySource::parse(&source.to_header()).expect("written"),
            source
        );
    }
}

/// `x-oss-tagging`, and header names.
pub fn tagging(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(tags) = parse_tagging(text) {
        assert!(tags.len() <= 10);
        assert_eq!(
            parse_tagging(&encode_tagging(&tags)).expect("written"),
            tags
        );
    }
    for (name, value) in parse_persistent(text).unwrap_or_default() {
        assert!(name == name.to_ascii_lowercase() && !value.contains(['\r', '\n']));
    }
    let _ = user_meta([(text, data), ("x-oss-meta-a", data)]);
    let _ = etag::list_matches(text, etag::unquote(text));
}

/// `Range`; the first eight bytes are the size of the object.
pub fn range(data: &[u8]) {
    let Some((size, header)) = data.split_first_chunk::<8>() else {
        return;
    };
    let Ok(header) = std::str::from_utf8(header) else {
        return;
    };
    let size = u64::from_be_bytes(*size);
    for standard in [false, true] {
        if let Selected::Part(part) = select(header, size, standard) {
            assert!(part.start < part.end && part.end <= size);
        }
    }
}

/// `continuation-token`.
pub fn continuation_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(key) = xml::decode_token(text) {
        assert_eq!(xml::encode_token(&key), text);
    }
    assert_eq!(
        xml::decode_token(&xml::encode_token(text)).expect("encoded"),
        text
    );
}

/// A `Content-Type`, a line feed, and the body of a form, in one piece and in pieces of seven bytes.
pub fn form(data: &[u8]) {
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (head, body) = data.split_at(line);
    let Some(boundary) = std::str::from_utf8(head)
        .ok()
        .and_then(|content_type| boundary(content_type).ok())
    else {
        return;
    };
    let mut seen = Vec::new();
    for size in [usize::MAX, 7] {
        let mut reader = FormReader::new(&boundary);
        let (mut fields, mut file, mut content, mut ended) = (Vec::new(), None, Vec::new(), false);
        let mut refused = None;
        'body: for piece in body[1..].chunks(size) {
            reader.feed(piece);
            loop {
                match reader.read() {
                    Ok(None) => break,
                    Ok(Some(FormPart::Field(field))) => fields.push(field),
                    Ok(Some(FormPart::File(head))) => assert!(file.replace(head).is_none()),
                    Ok(Some(FormPart::Data(bytes))) => content.extend_from_slice(&bytes),
                    Ok(Some(FormPart::FileEnd)) => {}
                    Ok(Some(FormPart::End)) => ended = true,
                    Err(error) => {
                        refused = Some(error.code());
                        break 'body;
                    }
                }
            }
        }
        assert!(!ended || file.is_some());
        assert!(fields.iter().map(|field| field.value.len()).sum::<usize>() <= MAX_BEFORE_FILE);
        if let (Ok(fields), Some(file)) = (FormFields::new(fields.clone()), &file) {
            let _ = (
                fields.key(file),
                fields.success(),
                fields.checked_by_policy(file),
            );
            for (name, value) in fields.headers(file).unwrap_or_default() {
                assert!(!value.contains(&b'\n') && name == name.to_ascii_lowercase());
            }
        }
        // A form that ends does so however it is cut.
        if ended {
            seen.push((fields, file, content, refused));
        }
    }
    if let [whole, pieces] = seen.as_slice() {
        assert_eq!(whole, pieces);
    }
}

/// A `callback`, a line feed, and a `callback-var`, both in base64.
pub fn callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (callback, variables) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(name) = policy_name(callback) {
        assert!(callback.len() <= MAX_CALLBACK && name.len() < callback.len());
    }
    let variables = parse_variables(variables).unwrap_or_default();
    let _ = CallbackUrl::parse(text);
    let Ok(callback) = Callback::parse(callback, variables) else {
        return;
    };
    let facts = CallbackFacts {
        object: "a\"\r\n中",
        ..CallbackFacts::default()
    };
    let body = callback.body(&facts);
    if callback.body_type() == BodyType::Form {
        assert!(body.len() < 100_000);
    }
    for url in callback.urls() {
        assert!(url.port > 0 && url.path.starts_with('/'));
        let target = format!("{}?{}", url.path, url.query.as_deref().unwrap_or_default());
        assert!(target.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(string_to_sign(url, &body).ends_with(body.as_bytes()));
    }
}
