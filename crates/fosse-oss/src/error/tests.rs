use super::*;
use crate::xml::ErrorDocument;
use proptest::prelude::*;
use std::collections::HashSet;

#[test]
fn wire_texts_are_unique_and_found_again() {
    let mut seen = HashSet::new();
    for &code in ErrorCode::ALL {
        // Two rows are `InvalidRange`: of a download, and of a selection.
        if code == ErrorCode::InvalidSplitRange {
            continue;
        }
        assert!(seen.insert(code.as_str()), "{code} twice");
        assert_eq!(ErrorCode::from_wire(code.as_str()), Some(code));
    }
    assert_eq!(ErrorCode::from_wire("nosuchkey"), None);
}

#[test]
fn statuses_follow_the_catalogue() {
    let expected = [
        ("SignatureDoesNotMatch", 403),
        ("InvalidAccessKeyId", 403),
        ("InvalidArgument", 400),
        ("MethodNotAllowed", 405),
        ("PermanentRedirect", 301),
        ("SecondLevelDomainForbidden", 403),
        ("InvalidURI", 400),
        ("NoSuchBucket", 404),
        ("BucketAlreadyExists", 409),
        ("BucketNotEmpty", 409),
        ("MalformedXML", 400),
        ("NoSuchCORSConfiguration", 404),
        ("NoSuchWORMConfiguration", 404),
        ("WORMConfigurationLocked", 403),
        ("InvalidCRC64", 400),
        ("MissingContentLength", 411),
        ("PreconditionFailed", 412),
        ("InvalidRange", 416),
        ("NotImplemented", 400),
        ("CallbackFailed", 203),
        ("MirrorFailed", 424),
        ("InternalError", 500),
        ("CpuLimitExceeded", 503),
        ("IncorrectNumberOfFilesInPOSTRequest", 400),
        ("CORSRuleBeyondLimit", 400),
    ];
    for (wire, status) in expected {
        let code = ErrorCode::from_wire(wire).unwrap_or_else(|| panic!("{wire} is missing"));
        assert_eq!(OssError::new(code).status(), status, "{wire}");
    }
}

#[test]
fn every_ec_has_the_documented_form() {
    for &code in ErrorCode::ALL {
        let Some(ec) = code.ec() else { continue };
        let (module, case) = ec.split_once('-').expect("a dash");
        assert!(module.len() == 4 && case.len() == 8, "{ec}");
        assert!(
            module
                .bytes()
                .chain(case.bytes())
                .all(|b| b.is_ascii_digit()),
            "{ec}"
        );
    }
}

#[test]
fn a_document_has_the_elements_in_order() {
    let error = OssError::new(ErrorCode::NoSuchKey).with("Key", "a<&>\"'\u{1}\r\nb");
    assert_eq!(
        error.to_xml("6556E3AED11E553933CCDEDF", "bucket.localhost"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
         <Message>The specified key does not exist.</Message>\
         <RequestId>6556E3AED11E553933CCDEDF</RequestId><HostId>bucket.localhost</HostId>\
         <Key>a&lt;&amp;&gt;\"'&#13;\nb</Key><EC>0026-00000001</EC></Error>"
    );
}

#[test]
fn an_error_without_ec_has_no_ec_element() {
    let error = OssError::new(ErrorCode::AccessDenied);
    assert_eq!(error.ec(), None);
    assert!(!error.to_xml("1", "h").contains("EC"));
    assert!(
        error
            .with_ec("0003-00000001")
            .to_xml("1", "h")
            .contains("<EC>0003-00000001</EC>")
    );
}

#[test]
fn invalid_argument_names_the_argument() {
    let error = OssError::invalid_argument("max-keys", "-1", "bad");
    assert_eq!(
        (error.code(), error.status()),
        (ErrorCode::InvalidArgument, 400)
    );
    assert_eq!(
        error.extra(),
        [
            ("ArgumentName", "max-keys".into()),
            ("ArgumentValue", "-1".to_string())
        ]
    );
}

#[test]
fn the_cause_stays_inside() {
    let error =
        OssError::new(ErrorCode::InternalError).with_source(std::io::Error::other("/data/x"));
    assert!(error.cause().is_some());
    assert!(!error.to_string().contains("/data/x"));
    assert!(!error.to_xml("1", "h").contains("/data/x"));
}

#[test]
fn long_values_are_cut_between_characters() {
    let error =
        OssError::new(ErrorCode::SignatureDoesNotMatch).with("StringToSign", "é".repeat(4096));
    let read = ErrorDocument::from_xml(error.to_xml("1", "h").as_bytes()).unwrap();
    assert_eq!(read.extra, [("StringToSign".to_string(), "é".repeat(2048))]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in any::<String>(), host in "[a-z.]{0,20}") {
        let legal: String = value.chars().filter(|c| crate::xml::is_legal(*c)).collect();
        prop_assume!(value.len() <= MAX_ELEMENT_BYTES);
        let document = OssError::new(ErrorCode::NoSuchKey).with("Key", value).to_xml("1", &host);
        let read = ErrorDocument::from_xml(document.as_bytes()).unwrap();
        prop_assert_eq!(read.code, "NoSuchKey");
        prop_assert_eq!(read.host_id, host);
        prop_assert_eq!(read.ec, "0026-00000001");
        prop_assert_eq!(&read.extra[0].1, &legal);
    }
}
