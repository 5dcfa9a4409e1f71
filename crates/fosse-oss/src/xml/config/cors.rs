//! `CORSConfiguration`: body of PutBucketCors, answer of GetBucketCors, and the form in which it is stored.
//! Matching is the policy crate's.

use crate::xml::read::malformed;
use crate::xml::{Element, Writer};
use crate::{ErrorCode, OssError};

/// Most rules of a configuration (the newer limit of OSS).
const MAX_RULES: usize = 20;
const METHODS: [&str; 5] = ["GET", "PUT", "DELETE", "POST", "HEAD"];

/// The CORS rules of a bucket; the first that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorsConfiguration {
    /// Rules in order, at least one.
    pub rules: Vec<CorsRule>,
    /// Whether every answer carries `Vary: Origin`.
    pub response_vary: bool,
}

/// A CORS rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorsRule {
    /// Origins, each with at most one `*`; at least one.
    pub allowed_origins: Vec<String>,
    /// `GET`, `PUT`, `DELETE`, `POST`, `HEAD`; at least one.
    pub allowed_methods: Vec<String>,
    /// Request headers in lower case, each with at most one `*`.
    pub allowed_headers: Vec<String>,
    /// Response headers that scripts may read; no `*`.
    pub expose_headers: Vec<String>,
    /// Seconds for which a browser may keep the answer.
    pub max_age_seconds: Option<u64>,
}

impl CorsConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("CORSConfiguration", |w| {
            for rule in &self.rules {
                w.element("CORSRule", |w| {
                    let groups = [
                        ("AllowedOrigin", &rule.allowed_origins),
                        ("AllowedMethod", &rule.allowed_methods),
                        ("AllowedHeader", &rule.allowed_headers),
                        ("ExposeHeader", &rule.expose_headers),
                    ];
                    for (name, values) in groups {
                        values.iter().for_each(|value| w.text(name, value));
                    }
                    if let Some(seconds) = rule.max_age_seconds {
                        w.number("MaxAgeSeconds", seconds);
                    }
                });
            }
            w.flag("ResponseVary", self.response_vary);
        })
    }

    /// Reads and validates the document.
    ///
    /// Errors: 400 `MalformedXML`, also for no rule, a rule without origin or method, a method that OSS does not know;
    /// 400 `CORSRuleBeyondLimit` above 20 rules; 400 `InvalidArgument` for too many `*` or control characters.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "CORSConfiguration")?;
        let rules: Vec<CorsRule> = root
            .all("CORSRule")
            .take(MAX_RULES + 1)
            .map(CorsRule::read)
            .collect::<Result<_, _>>()?;
        match rules.len() {
            0 => Err(malformed()),
            1..=MAX_RULES => Ok(Self {
                rules,
                response_vary: root.flag_of("ResponseVary")?,
            }),
            _ => Err(ErrorCode::CorsRuleBeyondLimit.into()),
        }
    }
}

impl CorsRule {
    fn read(element: &Element) -> Result<Self, OssError> {
        let texts = |name: &str, stars: usize| -> Result<Vec<String>, OssError> {
            element
                .all(name)
                .map(|child| pattern(name, child.text.trim(), stars))
                .collect()
        };
        let rule = Self {
            allowed_origins: texts("AllowedOrigin", 1)?,
            allowed_methods: element
                .all("AllowedMethod")
                .map(|child| child.text.trim().to_owned())
                .collect(),
            // In lower case, as the suites of the official SDKs read them back.
            allowed_headers: texts("AllowedHeader", 1)?
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            expose_headers: texts("ExposeHeader", 0)?,
            max_age_seconds: max_age(element)?,
        };
        let known = rule
            .allowed_methods
            .iter()
            .all(|method| METHODS.contains(&method.as_str()));
        if rule.allowed_origins.is_empty() || rule.allowed_methods.is_empty() || !known {
            return Err(malformed());
        }
        Ok(rule)
    }
}

fn max_age(element: &Element) -> Result<Option<u64>, OssError> {
    let Some(text) = element.value_of("MaxAgeSeconds") else {
        return Ok(None);
    };
    if text.parse::<i64>().is_ok_and(|seconds| seconds < 0) {
        let message = "The MaxAgeSeconds of a CORS rule must not be negative.";
        return Err(OssError::invalid_argument("MaxAgeSeconds", text, message));
    }
    element.number_of("MaxAgeSeconds").map(Some)
}

fn pattern(name: &str, text: &str, stars: usize) -> Result<String, OssError> {
    let too_many = text.bytes().filter(|byte| *byte == b'*').count() > stars;
    // The values come back in response headers.
    if text.is_empty() || too_many || text.chars().any(char::is_control) {
        let message = format!("The {name} of a CORS rule is invalid.");
        return Err(OssError::invalid_argument(name, text, message));
    }
    Ok(text.to_owned())
}
