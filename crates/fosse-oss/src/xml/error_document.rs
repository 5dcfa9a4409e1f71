//! `Error`, as a client reads it.

use super::Element;
use crate::{ErrorCode, OssError};

/// The error document of a reply. Written by [`OssError::to_xml`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorDocument {
    /// `Code`.
    pub code: String,
    /// `Message`.
    pub message: String,
    /// `RequestId`.
    pub request_id: String,
    /// `HostId`.
    pub host_id: String,
    /// `EC`, empty when there is none.
    pub ec: String,
    /// Other elements in order, with their text.
    pub extra: Vec<(String, String)>,
}

impl ErrorDocument {
    /// Reads the document; elements may be missing. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "Error")?;
        let known = ["Code", "Message", "RequestId", "HostId", "EC"];
        let extra = root
            .children
            .iter()
            .filter(|child| !known.contains(&child.name.as_str()));
        Ok(Self {
            code: root.text_of("Code").trim().to_owned(),
            message: root.text_of("Message").to_owned(),
            request_id: root.text_of("RequestId").trim().to_owned(),
            host_id: root.text_of("HostId").trim().to_owned(),
            ec: root.text_of("EC").trim().to_owned(),
            extra: extra
                .map(|child| (child.name.clone(), child.text.clone()))
                .collect(),
        })
    }

    /// The code, when it is one that Fosse knows.
    pub fn known_code(&self) -> Option<ErrorCode> {
        ErrorCode::from_wire(&self.code)
    }

    /// The text of an extra element.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, text)| text.as_str())
    }
}
