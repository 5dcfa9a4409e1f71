//! Conditional requests (api-objects.md §0.11): the four `If-*` headers and the four of a copy source.

use crate::request::Call;
use fosse_oss::{ErrorCode, OssError, etag, time};
use fosse_store::Object;
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use std::borrow::Cow;

/// The conditions of a request.
#[derive(Default)]
pub(crate) struct Conditions<'a> {
    if_match: Option<Cow<'a, str>>,
    if_none_match: Option<Cow<'a, str>>,
    if_modified_since: Option<i64>,
    if_unmodified_since: Option<i64>,
}

/// What the conditions say about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All hold.
    Pass,
    /// 304.
    NotModified(&'static str),
    /// 412, by this header.
    Failed(&'static str),
}

impl<'a> Conditions<'a> {
    /// The conditions on the object itself.
    pub(crate) fn of_request(call: &'a Call) -> Self {
        // Most requests have none, and one look over a few names is cheaper than four searches.
        if !call
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("if-"))
        {
            return Self::default();
        }
        Self::read(
            call,
            [
                IF_MATCH,
                IF_NONE_MATCH,
                IF_MODIFIED_SINCE,
                IF_UNMODIFIED_SINCE,
            ],
        )
    }

    /// The conditions on the source of a copy.
    pub(crate) fn of_source(call: &'a Call) -> Self {
        Self::read(
            call,
            [
                HeaderName::from_static("x-oss-copy-source-if-match"),
                HeaderName::from_static("x-oss-copy-source-if-none-match"),
                HeaderName::from_static("x-oss-copy-source-if-modified-since"),
                HeaderName::from_static("x-oss-copy-source-if-unmodified-since"),
            ],
        )
    }

    /// Dates that do not parse are ignored.
    fn read(call: &'a Call, [matches, none_match, modified, unmodified]: [HeaderName; 4]) -> Self {
        let date = |name| {
            call.known_header(name)
                .and_then(|text| time::parse_http(text.trim()))
        };
        Self {
            if_match: call.known_header(matches),
            if_none_match: call.known_header(none_match),
            if_modified_since: date(modified),
            if_unmodified_since: date(unmodified),
        }
    }

    /// Judges `object`. Time has a resolution of one second; a future `If-Modified-Since` counts like any other, as the
    /// suite of ali-oss expects; `If-None-Match` decides before `If-Modified-Since` (RFC 9110 §13.2.2).
    pub(crate) fn judge(&self, object: &Object) -> Verdict {
        let modified = object.modified_ms.div_euclid(1000);
        if self
            .if_match
            .as_deref()
            .is_some_and(|list| !etag::list_matches(list, &object.etag))
        {
            return Verdict::Failed("If-Match");
        }
        if self
            .if_unmodified_since
            .is_some_and(|since| modified > since)
        {
            return Verdict::Failed("If-Unmodified-Since");
        }
        if let Some(list) = self.if_none_match.as_deref() {
            return if etag::list_matches(list, &object.etag) {
                Verdict::NotModified("If-None-Match")
            } else {
                Verdict::Pass
            };
        }
        match self.if_modified_since {
            Some(since) if modified <= since => Verdict::NotModified("If-Modified-Since"),
            _ => Verdict::Pass,
        }
    }
}

/// 412 naming the condition.
pub(crate) fn precondition_failed(condition: &str) -> OssError {
    OssError::new(ErrorCode::PreconditionFailed).with("Condition", condition)
}
