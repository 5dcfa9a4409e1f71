//! `Style` and `StyleList`: named image operations of a bucket (image.md, api-buckets.md §6.8).

use crate::xml::read::malformed;
use crate::xml::{Element, Writer};
use crate::{OssError, time};

/// Most styles of a bucket.
pub const MAX_STYLES: usize = 50;
const MAX_NAME: usize = 63;
const MAX_CONTENT: usize = 4096;

/// A named image operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Style {
    /// Name.
    pub name: String,
    /// The operation, such as `image/resize,w_100`.
    pub content: String,
    /// `Category`: `image`, `document` or `video`.
    pub category: String,
    /// When it was first put, Unix seconds.
    pub created: i64,
    /// When it was last put, Unix seconds.
    pub modified: i64,
}

impl Style {
    /// Reads the body of PutStyle: the operation.
    ///
    /// Errors: 400 `MalformedXML`; 400 `InvalidArgument` for an operation that is empty or beyond 4096 bytes.
    pub fn content_from_xml(bytes: &[u8]) -> Result<String, OssError> {
        let root = Element::parse_kept(bytes, "Style")?;
        let content = root.required("Content")?.text.trim();
        if content.is_empty()
            || content.len() > MAX_CONTENT
            || content.chars().any(char::is_control)
        {
            let message = "Style content is invalid.";
            return Err(OssError::invalid_argument("Content", content, message));
        }
        Ok(content.to_owned())
    }

    /// `styleName`: 1 to 63 letters, digits, `-`, `_` and `.`. Errors: 400 `InvalidArgument`.
    pub fn check_name(name: &str) -> Result<(), OssError> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(legal) {
            let message = "The name of a style is not valid.";
            return Err(OssError::invalid_argument("styleName", name, message));
        }
        Ok(())
    }

    /// `category`, `image` when it is not given. Errors: 400 `InvalidArgument`.
    pub fn check_category(category: Option<&str>) -> Result<&str, OssError> {
        match category {
            None | Some("") => Ok("image"),
            Some(word @ ("image" | "document" | "video")) => Ok(word),
            Some(other) => {
                let message = "The category of a style must be image, document or video.";
                Err(OssError::invalid_argument("category", other, message))
            }
        }
    }

    /// Writes the document: the answer of GetStyle.
    pub fn to_xml(&self) -> String {
        Writer::document("Style", |w| self.write(w))
    }

    /// Reads the answer of GetStyle. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        Self::read(&Element::parse_kept(bytes, "Style")?)
    }

    fn write(&self, w: &mut Writer) {
        w.text("Name", &self.name);
        w.text("Content", &self.content);
        w.text("Category", &self.category);
        w.text("CreateTime", &time::format_http(self.created));
        w.text("LastModifyTime", &time::format_http(self.modified));
    }

    fn read(element: &Element) -> Result<Self, OssError> {
        let at = |name: &str| {
            let text = element.value_of(name).ok_or_else(malformed)?;
            time::parse_http(text).ok_or_else(malformed)
        };
        Ok(Self {
            name: element.required("Name")?.text.clone(),
            content: element.text_of("Content").to_owned(),
            category: element.text_of("Category").to_owned(),
            created: at("CreateTime")?,
            modified: at("LastModifyTime")?,
        })
    }
}

/// The styles of a bucket in the order in which they were first put: the answer of ListStyle, and what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StyleList {
    /// Names differ.
    pub styles: Vec<Style>,
}

impl StyleList {
    /// The style of a name.
    pub fn get(&self, name: &str) -> Option<&Style> {
        self.styles.iter().find(|style| style.name == name)
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("StyleList", |w| {
            for style in &self.styles {
                w.element("Style", |w| style.write(w));
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "StyleList")?;
        let styles = root
            .all("Style")
            .map(Style::read)
            .collect::<Result<_, _>>()?;
        Ok(Self { styles })
    }
}
