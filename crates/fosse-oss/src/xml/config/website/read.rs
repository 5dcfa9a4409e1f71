//! Reading and validating the document.

use super::{
    RedirectKind, RoutingCondition, RoutingRedirect, RoutingRule, WebsiteConfiguration,
    WebsiteError, WebsiteIndex, WebsiteIndexKind,
};
use crate::OssError;
use crate::name::ObjectKey;
use crate::xml::Element;
use crate::xml::read::malformed;

const MAX_RULES: usize = 20;
const MAX_HEADERS: usize = 10;

impl WebsiteConfiguration {
    /// Reads and validates the document; rules come in the order of their numbers.
    ///
    /// Errors: 400 `MalformedXML`, also when nothing is configured at all; 400 `InvalidArgument` for values that
    /// cannot be, and for more than 20 rules.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "WebsiteConfiguration")?;
        let mut rules = Vec::new();
        for element in root.all("RoutingRules").flat_map(|r| r.all("RoutingRule")) {
            if rules.len() == MAX_RULES {
                let message = "The number of routing rules must not exceed 20.";
                return Err(OssError::invalid_argument("RoutingRules", "", message));
            }
            rules.push(RoutingRule::read(element)?);
        }
        rules.sort_by_key(|rule| rule.number);
        if let Some([twin, _]) = rules
            .array_windows::<2>()
            .find(|[one, other]| one.number == other.number)
        {
            let message = "The RuleNumber must be unique.";
            let number = twin.number.to_string();
            return Err(OssError::invalid_argument("RuleNumber", &number, message));
        }
        let read = Self {
            index: root
                .child("IndexDocument")
                .map(WebsiteIndex::read)
                .transpose()?,
            error: root
                .child("ErrorDocument")
                .map(WebsiteError::read)
                .transpose()?,
            rules,
        };
        if read.index.is_none() && read.error.is_none() && read.rules.is_empty() {
            return Err(malformed());
        }
        Ok(read)
    }
}

impl WebsiteIndex {
    fn read(element: &Element) -> Result<Self, OssError> {
        let suffix = key(element, "Suffix")?;
        if suffix.contains('/') {
            let message = "The Suffix of IndexDocument must not contain '/'.";
            return Err(OssError::invalid_argument("Suffix", &suffix, message));
        }
        Ok(Self {
            suffix,
            support_sub_dir: element.flag_of("SupportSubDir")?,
            kind: match element.value_of("Type").unwrap_or("0") {
                "0" => WebsiteIndexKind::Redirect,
                "1" => WebsiteIndexKind::NotFound,
                "2" => WebsiteIndexKind::Index,
                other => {
                    let message = "The Type of IndexDocument must be 0, 1 or 2.";
                    return Err(OssError::invalid_argument("Type", other, message));
                }
            },
        })
    }
}

impl WebsiteError {
    fn read(element: &Element) -> Result<Self, OssError> {
        let http_status = element.optional_number("HttpStatus")?.unwrap_or(404u16);
        if !matches!(http_status, 200 | 404) {
            return Err(OssError::invalid_argument(
                "HttpStatus",
                &http_status.to_string(),
                "The HttpStatus of ErrorDocument must be 200 or 404.",
            ));
        }
        Ok(Self {
            key: key(element, "Key")?,
            http_status,
        })
    }
}

/// A text that names an object.
fn key(element: &Element, name: &str) -> Result<String, OssError> {
    let text = element.value_of(name).ok_or_else(malformed)?;
    ObjectKey::parse(text.as_bytes()).map_err(|_| {
        OssError::invalid_argument(name, text, format!("The {name} is no valid object name."))
    })?;
    Ok(text.to_owned())
}

impl RoutingRule {
    fn read(element: &Element) -> Result<Self, OssError> {
        let rule = Self {
            number: element.number_of("RuleNumber")?,
            condition: RoutingCondition::read(element.required("Condition")?)?,
            redirect: RoutingRedirect::read(element.required("Redirect")?)?,
            script: element.child("LuaConfig").cloned(),
        };
        if rule.number == 0 {
            let message = "The RuleNumber must be a positive integer.";
            return Err(OssError::invalid_argument("RuleNumber", "0", message));
        }
        if let Some(code) = rule.condition.http_error_code
            && code != 404
            && rule.redirect.kind == RedirectKind::Mirror
        {
            return Err(OssError::invalid_argument(
                "HttpErrorCodeReturnedEquals",
                &code.to_string(),
                "A redirect of type Mirror takes no HttpErrorCodeReturnedEquals but 404.",
            ));
        }
        Ok(rule)
    }
}

impl RoutingCondition {
    fn read(element: &Element) -> Result<Self, OssError> {
        let headers: Vec<(String, String)> = element
            .all("IncludeHeader")
            .take(MAX_HEADERS + 1)
            .map(|header| {
                let name = header.value_of("Key").ok_or_else(malformed)?;
                Ok((name.to_owned(), header.text_of("Equals").to_owned()))
            })
            .collect::<Result<_, OssError>>()?;
        if headers.len() > MAX_HEADERS {
            let message = "The number of IncludeHeader must not exceed 10.";
            return Err(OssError::invalid_argument("IncludeHeader", "", message));
        }
        Ok(Self {
            key_prefix: text(element, "KeyPrefixEquals"),
            key_suffix: text(element, "KeySuffixEquals"),
            http_error_code: element.optional_number("HttpErrorCodeReturnedEquals")?,
            headers,
        })
    }
}

impl RoutingRedirect {
    fn read(element: &Element) -> Result<Self, OssError> {
        let invalid = |name: &str, value: &str, message: &'static str| {
            Err(OssError::invalid_argument(name, value, message))
        };
        let word = element.value_of("RedirectType").ok_or_else(malformed)?;
        let Some(kind) = RedirectKind::ALL.into_iter().find(|k| k.as_str() == word) else {
            return invalid("RedirectType", word, "The RedirectType is not valid.");
        };
        let mut read = Self {
            kind,
            protocol: text(element, "Protocol"),
            host_name: text(element, "HostName"),
            pass_query_string: element.optional_flag("PassQueryString")?,
            replace_key_with: text(element, "ReplaceKeyWith"),
            replace_key_prefix_with: text(element, "ReplaceKeyPrefixWith"),
            enable_replace_prefix: element.optional_flag("EnableReplacePrefix")?,
            http_redirect_code: element.optional_number("HttpRedirectCode")?,
            mirror: Vec::new(),
        };
        if let Some(protocol) = read.protocol.as_deref()
            && !matches!(protocol, "http" | "https")
        {
            return invalid("Protocol", protocol, "The Protocol must be http or https.");
        }
        // The value becomes part of a response header.
        if let Some(host) = read.host_name.as_deref()
            && host
                .bytes()
                .any(|b| !(b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)))
        {
            return invalid("HostName", host, "The HostName is not valid.");
        }
        if let Some(code) = read.http_redirect_code
            && !matches!(code, 301 | 302 | 307)
        {
            let message = "The HttpRedirectCode must be 301, 302 or 307.";
            return invalid("HttpRedirectCode", &code.to_string(), message);
        }
        if read.replace_key_with.is_some() && read.replace_key_prefix_with.is_some() {
            let message = "ReplaceKeyWith and ReplaceKeyPrefixWith exclude each other.";
            return invalid("ReplaceKeyWith", "", message);
        }
        if kind == RedirectKind::Mirror {
            check_url(element, "MirrorURL", true)?;
            check_url(element, "MirrorURLSlave", false)?;
            if let Some(pass) = element.optional_flag("MirrorPassQueryString")? {
                read.pass_query_string = Some(pass);
            }
        }
        read.mirror = element
            .children
            .iter()
            .filter(|child| {
                child.name.starts_with("Mirror") || child.name == "TransparentMirrorResponseCodes"
            })
            .map(without_secret)
            .collect();
        Ok(read)
    }
}

/// `http://` or `https://`, and `/` at the end.
fn check_url(element: &Element, name: &str, required: bool) -> Result<(), OssError> {
    match element.value_of(name) {
        None if required => Err(malformed()),
        None => Ok(()),
        Some(url)
            if (url.starts_with("http://") || url.starts_with("https://"))
                && url.ends_with('/') =>
        {
            Ok(())
        }
        Some(url) => {
            let message = format!("The {name} must begin with http:// or https:// and end with /.");
            Err(OssError::invalid_argument(name, url, message))
        }
    }
}

/// The key of a foreign service is of no use here and would come back to everybody who may read the configuration.
/// Switches are kept in lower case: one SDK writes them otherwise and does not read that.
fn without_secret(element: &Element) -> Element {
    let mut kept = element.clone();
    kept.children
        .retain(|child| child.name != "AccessKeySecret");
    let inner = kept.children.iter_mut().filter(|c| c.name == "PassAll");
    inner.for_each(lower_switch);
    lower_switch(&mut kept);
    kept
}

fn lower_switch(element: &mut Element) {
    for word in ["true", "false"] {
        if element.text.trim().eq_ignore_ascii_case(word) {
            word.clone_into(&mut element.text);
        }
    }
}

fn text(element: &Element, name: &str) -> Option<String> {
    element.value_of(name).map(str::to_owned)
}
