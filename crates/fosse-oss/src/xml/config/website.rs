//! `WebsiteConfiguration`: index and error pages, and redirects (api-buckets.md §6.3, delivery.md §6).

mod read;
#[cfg(test)]
mod tests;

use crate::xml::{Element, Writer};

/// How a bucket serves a website.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebsiteConfiguration {
    /// Index pages.
    pub index: Option<WebsiteIndex>,
    /// The page for what is missing.
    pub error: Option<WebsiteError>,
    /// Redirects in the order in which they are tried.
    pub rules: Vec<RoutingRule>,
}

/// `IndexDocument`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebsiteIndex {
    /// Name of an index page: a key without `/`.
    pub suffix: String,
    /// `SupportSubDir`: whether a directory has an index page of its own.
    pub support_sub_dir: bool,
    /// What a missing key without `/` at its end means.
    pub kind: WebsiteIndexKind,
}

/// `Type` of an index document, with `SupportSubDir`: what is done about a missing `abc` when there may be `abc/INDEX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebsiteIndexKind {
    /// 0: redirects to `/abc/`.
    #[default]
    Redirect,
    /// 1: 404.
    NotFound,
    /// 2: serves `abc/INDEX`.
    Index,
}

/// `ErrorDocument`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebsiteError {
    /// Key of the page.
    pub key: String,
    /// Status that it is served with: 404 or 200.
    pub http_status: u16,
}

/// `RoutingRule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingRule {
    /// `RuleNumber`: rules are tried in this order.
    pub number: u32,
    /// When it applies.
    pub condition: RoutingCondition,
    /// Where to.
    pub redirect: RoutingRedirect,
    /// `LuaConfig`: a script, which is kept and given back and never run. A rule that has one does not apply.
    pub script: Option<Element>,
}

/// `Condition`: all that is given has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingCondition {
    /// The key begins with this.
    pub key_prefix: Option<String>,
    /// The key ends with this.
    pub key_suffix: Option<String>,
    /// The status that would be answered otherwise.
    pub http_error_code: Option<u16>,
    /// `IncludeHeader`: request headers with their values.
    pub headers: Vec<(String, String)>,
}

/// `Redirect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingRedirect {
    /// Kind.
    pub kind: RedirectKind,
    /// `http` or `https`; that of the request when absent.
    pub protocol: Option<String>,
    /// Host, that of the request when absent.
    pub host_name: Option<String>,
    /// Whether the query goes along.
    pub pass_query_string: Option<bool>,
    /// The whole key becomes this, with `${key}` for the old one.
    pub replace_key_with: Option<String>,
    /// The matched prefix becomes this.
    pub replace_key_prefix_with: Option<String>,
    /// `EnableReplacePrefix`.
    pub enable_replace_prefix: Option<bool>,
    /// 301, 302 or 307.
    pub http_redirect_code: Option<u16>,
    /// The elements of mirroring, kept as they came; Fosse does not mirror. Secrets are left out.
    pub mirror: Vec<Element>,
}

/// `RedirectType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// To another address.
    External,
    /// To another key of the bucket, without the client's knowledge.
    Internal,
    /// To a CDN.
    AliCdn,
    /// From another server into the bucket.
    Mirror,
}

impl RedirectKind {
    const ALL: [Self; 4] = [Self::External, Self::Internal, Self::AliCdn, Self::Mirror];

    /// The text of `RedirectType`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::External => "External",
            Self::Internal => "Internal",
            Self::AliCdn => "AliCDN",
            Self::Mirror => "Mirror",
        }
    }
}

impl WebsiteConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("WebsiteConfiguration", |w| {
            if let Some(index) = &self.index {
                w.element("IndexDocument", |w| {
                    w.text("Suffix", &index.suffix);
                    w.flag("SupportSubDir", index.support_sub_dir);
                    w.number("Type", index.kind as u64);
                });
            }
            if let Some(error) = &self.error {
                w.element("ErrorDocument", |w| {
                    w.text("Key", &error.key);
                    w.number("HttpStatus", error.http_status.into());
                });
            }
            if !self.rules.is_empty() {
                w.element("RoutingRules", |w| {
                    for rule in &self.rules {
                        w.element("RoutingRule", |w| rule.write(w));
                    }
                });
            }
        })
    }
}

impl RoutingRule {
    fn write(&self, w: &mut Writer) {
        w.number("RuleNumber", self.number.into());
        w.element("Condition", |w| {
            write_text(w, "KeyPrefixEquals", self.condition.key_prefix.as_deref());
            write_text(w, "KeySuffixEquals", self.condition.key_suffix.as_deref());
            if let Some(status) = self.condition.http_error_code {
                w.number("HttpErrorCodeReturnedEquals", status.into());
            }
            for (key, value) in &self.condition.headers {
                w.element("IncludeHeader", |w| {
                    w.text("Key", key);
                    w.text("Equals", value);
                });
            }
        });
        w.element("Redirect", |w| self.redirect.write(w));
        if let Some(script) = &self.script {
            w.tree(script);
        }
    }
}

impl RoutingRedirect {
    fn write(&self, w: &mut Writer) {
        w.text("RedirectType", self.kind.as_str());
        if let Some(pass) = self.pass_query_string {
            w.flag("PassQueryString", pass);
        }
        write_text(w, "Protocol", self.protocol.as_deref());
        write_text(w, "HostName", self.host_name.as_deref());
        write_text(w, "ReplaceKeyWith", self.replace_key_with.as_deref());
        write_text(
            w,
            "ReplaceKeyPrefixWith",
            self.replace_key_prefix_with.as_deref(),
        );
        if let Some(enable) = self.enable_replace_prefix {
            w.flag("EnableReplacePrefix", enable);
        }
        if let Some(code) = self.http_redirect_code {
            w.number("HttpRedirectCode", code.into());
        }
        for element in &self.mirror {
            w.tree(element);
        }
    }
}

fn write_text(w: &mut Writer, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        w.text(name, value);
    }
}
