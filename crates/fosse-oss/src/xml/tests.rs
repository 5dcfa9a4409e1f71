use super::*;
use std::fmt::Debug;

mod documents;
mod properties;
mod reader;

fn legal(text: &str) -> String {
    text.chars().filter(|c| is_legal(*c)).collect()
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
