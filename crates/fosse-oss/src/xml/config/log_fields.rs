//! `UserDefinedLogFieldsConfiguration`: what access logs say beside their usual fields (api-buckets.md §6.4).

use crate::OssError;
use crate::xml::{Element, Writer};

const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 256;

/// Request headers and query parameters that go into the access log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserDefinedLogFieldsConfiguration {
    /// `HeaderSet/header`: names of request headers; `None` when the set is absent.
    pub headers: Option<Vec<String>>,
    /// `ParamSet/parameter`: names of query parameters; `None` when the set is absent.
    pub parameters: Option<Vec<String>>,
}

impl UserDefinedLogFieldsConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("UserDefinedLogFieldsConfiguration", |w| {
            for (set, name, values) in [
                ("HeaderSet", "header", &self.headers),
                ("ParamSet", "parameter", &self.parameters),
            ] {
                if let Some(values) = values {
                    w.element(set, |w| values.iter().for_each(|value| w.text(name, value)));
                }
            }
        })
    }

    /// Reads and validates the document.
    ///
    /// Errors: 400 `MalformedXML`; 400 `InvalidArgument` for more than 100 names in a set, or one that is empty, too
    /// long or holds control characters.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "UserDefinedLogFieldsConfiguration")?;
        Ok(Self {
            headers: names(&root, "HeaderSet", "header")?,
            parameters: names(&root, "ParamSet", "parameter")?,
        })
    }
}

fn names(root: &Element, set: &str, name: &str) -> Result<Option<Vec<String>>, OssError> {
    let Some(element) = root.child(set) else {
        return Ok(None);
    };
    let names: Vec<String> = element
        .all(name)
        .take(MAX_NAMES + 1)
        .map(|child| child.text.trim().to_owned())
        .collect();
    let legal = |name: &String| {
        !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control)
    };
    if names.len() > MAX_NAMES || !names.iter().all(legal) {
        let message = format!("The {set} is not valid.");
        return Err(OssError::invalid_argument(set, "", message));
    }
    Ok(Some(names))
}
