//! The OSS error: a stable code, its HTTP status, a message, extra elements, and how it reads as XML.

mod catalogue;

pub use catalogue::ErrorCode;

use crate::xml::Writer;
use std::borrow::Cow;
use std::fmt;

/// Most bytes of a value that an error document repeats (errors.md §2, "Safety").
pub const MAX_ELEMENT_BYTES: usize = 4096;

/// An answer that refuses: boxed inside, so that `Result<_, OssError>` stays one word.
/// `Display` never prints secrets. Internal causes go to `source`, never to the client.
#[derive(Debug)]
pub struct OssError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    ec: Option<&'static str>,
    groups: Vec<(&'static str, Vec<(&'static str, String)>)>,
    extra: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl OssError {
    /// The code with its catalogue message and, where there is a general one, its EC.
    pub fn new(code: ErrorCode) -> Self {
        Self(Box::new(Inner {
            code,
            message: Cow::Borrowed(code.message()),
            ec: code.ec(),
            groups: Vec::new(),
            extra: Vec::new(),
            headers: Vec::new(),
            source: None,
        }))
    }
    /// Replaces the catalogue message.
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }
    /// Sets the EC (`NNNN-NNNNNNNN`).
    pub fn with_ec(mut self, ec: &'static str) -> Self {
        self.0.ec = Some(ec);
        self
    }
    /// Leaves the EC out, where the catalogue's does not hold for the case at hand.
    pub fn without_ec(mut self) -> Self {
        self.0.ec = None;
        self
    }
    /// Adds an extra element between `HostId` and `EC`, in order of calls.
    pub fn with(mut self, element: &'static str, value: impl Into<String>) -> Self {
        self.0.extra.push((element, value.into()));
        self
    }
    /// Adds an element that holds others, e.g. `AccessDeniedDetail`: after `HostId`, before the extra elements.
    pub fn with_group(
        mut self,
        element: &'static str,
        children: Vec<(&'static str, String)>,
    ) -> Self {
        self.0.groups.push((element, children));
        self
    }
    /// Adds a response header (lower-case name), e.g. `allow`, `x-oss-delete-marker`.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }
    /// Attaches the internal cause, for the log only.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }
    /// 400 `InvalidArgument` with `ArgumentName` and `ArgumentValue`.
    pub fn invalid_argument(
        name: &str,
        value: &str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ErrorCode::InvalidArgument)
            .with_message(message)
            .with("ArgumentName", name)
            .with("ArgumentValue", value)
    }
    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }
    /// The HTTP status of the code.
    pub fn status(&self) -> u16 {
        self.0.code.status()
    }
    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// The EC, if one is known.
    pub fn ec(&self) -> Option<&'static str> {
        self.0.ec
    }
    /// The extra elements in order.
    pub fn extra(&self) -> &[(&'static str, String)] {
        &self.0.extra
    }
    /// Response headers to add.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.0.headers
    }
    /// The internal cause, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.0.source.as_deref()
    }
    /// The error document of errors.md §2 (escaped, characters that XML 1.0 cannot carry dropped, each element
    /// at most [`MAX_ELEMENT_BYTES`] of text before escaping).
    pub fn to_xml(&self, request_id: &str, host_id: &str) -> String {
        Writer::document("Error", |w| {
            w.text("Code", self.0.code.as_str());
            w.text("Message", clip(&self.0.message));
            w.text("RequestId", clip(request_id));
            w.text("HostId", clip(host_id));
            for (name, children) in &self.0.groups {
                w.element(name, |w| {
                    for (name, value) in children {
                        w.text(name, clip(value));
                    }
                });
            }
            for (name, value) in &self.0.extra {
                w.text(name, clip(value));
            }
            if let Some(ec) = self.0.ec {
                w.text("EC", ec);
            }
        })
    }
}

/// At most [`MAX_ELEMENT_BYTES`] of `text`, cut between characters.
fn clip(text: &str) -> &str {
    if text.len() <= MAX_ELEMENT_BYTES {
        return text;
    }
    text.get(..text.floor_char_boundary(MAX_ELEMENT_BYTES))
        .unwrap_or_default()
}

impl fmt::Display for OssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl std::error::Error for OssError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ErrorCode> for OssError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests;
