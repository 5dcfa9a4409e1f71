//! `BucketCallbackPolicy`: callbacks with names, kept with the bucket.

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};
use base64::Engine as _;

const MAX_ITEMS: usize = 100;
const MAX_NAME: usize = 128;
const MAX_TEXT: usize = 8 * 1024;

/// The named callbacks of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketCallbackPolicy {
    /// `PolicyItem` in order; names differ.
    pub items: Vec<CallbackPolicyItem>,
}

/// A named callback.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallbackPolicyItem {
    /// `PolicyName`.
    pub name: String,
    /// `Callback`: what `x-oss-callback` would say, base64.
    pub callback: String,
    /// `CallbackVar`: what `x-oss-callback-var` would say, base64; empty when there is none.
    pub callback_var: String,
}

impl BucketCallbackPolicy {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketCallbackPolicy", |w| {
            for item in &self.items {
                w.element("PolicyItem", |w| {
                    w.text("PolicyName", &item.name);
                    w.text("Callback", &item.callback);
                    w.text("CallbackVar", &item.callback_var);
                });
            }
        })
    }

    /// Reads and validates the document.
    ///
    /// Errors: 400 `MalformedXML`, also for an item without name or callback; 400 `InvalidArgument` for more than 100
    /// items, names that repeat or are too long, and callbacks that are not base64.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "BucketCallbackPolicy")?;
        let mut items: Vec<CallbackPolicyItem> = Vec::new();
        for element in root.all("PolicyItem") {
            let item = CallbackPolicyItem::read(element)?;
            if items.len() == MAX_ITEMS || items.iter().any(|other| other.name == item.name) {
                let message =
                    "The callback policies of a bucket must have 100 different names at most.";
                return Err(OssError::invalid_argument(
                    "PolicyName",
                    &item.name,
                    message,
                ));
            }
            items.push(item);
        }
        Ok(Self { items })
    }
}

impl CallbackPolicyItem {
    fn read(element: &Element) -> Result<Self, OssError> {
        let read = Self {
            name: element
                .value_of("PolicyName")
                .ok_or_else(malformed)?
                .to_owned(),
            callback: element
                .value_of("Callback")
                .ok_or_else(malformed)?
                .to_owned(),
            callback_var: element
                .value_of("CallbackVar")
                .unwrap_or_default()
                .to_owned(),
        };
        if read.name.len() > MAX_NAME || read.name.chars().any(char::is_control) {
            let message = "The name of a callback policy is not valid.";
            return Err(OssError::invalid_argument(
                "PolicyName",
                &read.name,
                message,
            ));
        }
        for (name, text) in [
            ("Callback", &read.callback),
            ("CallbackVar", &read.callback_var),
        ] {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            if text.len() > MAX_TEXT || decoded.is_err() {
                let message = "The callback configuration is not base64 encoded.";
                return Err(OssError::invalid_argument(name, text, message));
            }
        }
        Ok(read)
    }
}
