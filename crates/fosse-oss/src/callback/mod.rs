//! The callback of an upload: what a request asks for, the body that the application gets, and the text that is signed
//! (api-objects.md §13). Sending it is the server's.

mod template;
mod url;

pub use template::{CallbackFacts, ImageInfo};
pub use url::CallbackUrl;

use crate::OssError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use template::Template;

/// Longest callback and longest variables, in bytes of base64.
pub const MAX_CALLBACK: usize = 5 * 1024;
/// Most URLs of a callback.
pub const MAX_URLS: usize = 5;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the body of a callback is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyType {
    /// `application/x-www-form-urlencoded`: values are percent-encoded.
    Form,
    /// `application/json`: values are JSON strings and numbers.
    Json,
}

impl BodyType {
    /// The `Content-Type` of the callback.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// A callback that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    urls: Vec<CallbackUrl>,
    host: Option<String>,
    body: Template,
    body_type: BodyType,
    sni: bool,
    /// Names with `x:`.
    variables: BTreeMap<String, String>,
}

/// Picks the carrier: a header or a query parameter, never both. Blank is as good as none.
///
/// `what` is `callback` or `callback-var`. Errors: 400 `InvalidArgument`.
pub fn carried<'a>(
    what: &str,
    header: Option<&'a str>,
    query: Option<&'a str>,
) -> Result<Option<&'a str>, OssError> {
    let kept = |value: Option<&'a str>| value.map(str::trim).filter(|value| !value.is_empty());
    match (kept(header), kept(query)) {
        (Some(_), Some(_)) => Err(OssError::invalid_argument(
            what,
            "",
            format!(
                "Either the {what} query string parameter or the x-oss-{what} header should be specified, not both."
            ),
        )),
        (header, query) => Ok(header.or(query)),
    }
}

/// The variables of `callback-var`: base64 of a JSON object. Their names begin with `x:` and are lower-case; other members
/// are ignored.
///
/// Errors: 400 `InvalidArgument`.
pub fn parse_variables(encoded: &str) -> Result<BTreeMap<String, String>, OssError> {
    let refuse = |message: &'static str| refused("callback-var", message);
    let bad = || refuse("The callback var is not expecten json.");
    if encoded.len() > MAX_CALLBACK {
        return Err(refuse("The length of callback var exceed max value."));
    }
    let json = BASE64.decode(encoded.trim_ascii()).map_err(|_| bad())?;
    let members: Map<String, Value> = serde_json::from_slice(&json).map_err(|_| bad())?;
    members
        .into_iter()
        // What is no variable says nothing: the suite of oss2 sends the callback once more in the place of its variables.
        .filter(|(name, _)| name.starts_with("x:"))
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                _ => return Err(bad()),
            };
            let lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
            if name.len() > 2 && lower {
                Ok((name, text))
            } else {
                Err(bad())
            }
        })
        .collect()
}

/// The name of the bucket's callback policy, where the callback of a request is nothing but that:
/// `{"callbackPolicy":"NAME"}`. One that is too long has none, and is refused as it is read.
pub fn policy_name(encoded: &str) -> Option<String> {
    if encoded.len() > MAX_CALLBACK {
        return None;
    }
    let json = BASE64.decode(encoded.trim_ascii()).ok()?;
    let members: Map<String, Value> = serde_json::from_slice(&json).ok()?;
    match members.get("callbackPolicy")? {
        Value::String(name) => Some(name.clone()),
        _ => None,
    }
}

impl Callback {
    /// Reads a callback: base64 of a JSON object. `variables` are those of [`parse_variables`] or of form fields.
    ///
    /// Errors: 400 `InvalidArgument` with the documented message.
    pub fn parse(encoded: &str, variables: BTreeMap<String, String>) -> Result<Self, OssError> {
        let refuse = |message: &'static str| refused("callback", message);
        if encoded.len() > MAX_CALLBACK {
            return Err(refuse("The length of callback exceed max value."));
        }
        let json = BASE64
            .decode(encoded.trim_ascii())
            .map_err(|_| refuse("The callback configuration is not base64 encoded."))?;
        let members: Map<String, Value> = serde_json::from_slice(&json)
            .map_err(|_| refuse("The callback configuration is not json format."))?;
        let text = |name: &str, wrong: &'static str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(refuse(wrong)),
        };
        let bad_url = "The callback url configuration is invalid.";
        let urls: Vec<&str> = text("callbackUrl", bad_url)?
            .into_iter()
            .flat_map(|urls| urls.split(';'))
            .map(str::trim)
            .filter(|url| !url.is_empty())
            .collect();
        if urls.len() > MAX_URLS {
            return Err(refuse("The number of callback url exceed max value."));
        }
        let urls: Vec<CallbackUrl> = urls
            .into_iter()
            .map(|url| CallbackUrl::parse(url).ok_or_else(|| refuse(bad_url)))
            .collect::<Result<_, _>>()?;
        if urls.is_empty() {
            return Err(refuse(bad_url));
        }
        let bad_host = "The callback host configuration is invalid.";
        let host = text("callbackHost", bad_host)?;
        if host.is_some_and(|host| !url::is_authority(host)) {
            return Err(refuse(bad_host));
        }
        let body = match members.get("callbackBody") {
            Some(Value::String(body)) if !body.is_empty() => body,
            None | Some(Value::Null | Value::String(_)) => {
                return Err(refuse("The callback body is empty."));
            }
            Some(_) => return Err(refuse("The callback body is invalid.")),
        };
        let bad_type = "The callback body type configuration is invalid.";
        let body_type = match text("callbackBodyType", bad_type)? {
            None => BodyType::Form,
            Some(kind) if kind.eq_ignore_ascii_case(BodyType::Form.media_type()) => BodyType::Form,
            Some(kind) if kind.eq_ignore_ascii_case(BodyType::Json.media_type()) => BodyType::Json,
            Some(_) => return Err(refuse(bad_type)),
        };
        let sni = match members.get("callbackSNI") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(flag)) if flag == "true" || flag == "false" => flag == "true",
            Some(_) => return Err(refuse("The callback configuration is not json format.")),
        };
        Ok(Self {
            body: Template::parse(body).ok_or_else(|| refuse("The callback body is invalid."))?,
            urls,
            host: host.map(str::to_owned),
            body_type,
            sni,
            variables,
        })
    }

    /// Where to send it, in order; one to five.
    pub fn urls(&self) -> &[CallbackUrl] {
        &self.urls
    }

    /// The `Host` to send instead of the URL's.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// How the body is written.
    pub fn body_type(&self) -> BodyType {
        self.body_type
    }

    /// Whether a TLS handshake names the host of the URL.
    pub fn sni(&self) -> bool {
        self.sni
    }

    /// Whether the body says something about an image, so that the object must be looked at.
    pub fn wants_image_info(&self) -> bool {
        self.body.mentions("imageInfo.")
    }

    /// The body that the application gets.
    pub fn body(&self, facts: &CallbackFacts<'_>) -> String {
        self.body.fill(self.body_type, facts, &self.variables)
    }
}

/// What is signed: the decoded path, the query as it is with its `?`, a line feed, the body.
pub fn string_to_sign(url: &CallbackUrl, body: &str) -> Vec<u8> {
    let mut out = match crate::encode::decode_path(&url.path) {
        Ok(path) => path.into_owned(),
        Err(_) => url.path.clone().into_bytes(),
    };
    if let Some(query) = &url.query {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.push(b'\n');
    out.extend_from_slice(body.as_bytes());
    out
}

fn refused(name: &str, message: &'static str) -> OssError {
    OssError::invalid_argument(name, "", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn read(json: &str) -> Result<Callback, String> {
        Callback::parse(&STANDARD.encode(json), BTreeMap::new()).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn a_callback_is_read() {
        let callback = read(
            r#"{"callbackUrl":"app.example/a?b=1; https://b.example:8443/","callbackHost":"app.example:81",
                "callbackBody":"b=${bucket}","callbackBodyType":"Application/JSON","callbackSNI":true}"#,
        )
        .unwrap();
        assert_eq!(callback.urls().len(), 2);
        assert_eq!(callback.host(), Some("app.example:81"));
        assert_eq!(callback.body_type(), BodyType::Json);
        assert!(callback.sni() && !callback.wants_image_info());
        let plain =
            read(r#"{"callbackUrl":"http://a","callbackBody":"${imageInfo.width}"}"#).unwrap();
        assert_eq!(
            plain.body_type().media_type(),
            "application/x-www-form-urlencoded"
        );
        assert!(plain.wants_image_info() && !plain.sni() && plain.host().is_none());
    }

    #[test]
    fn what_is_no_callback_is_refused_as_documented() {
        let url = r#""callbackUrl":"http://a.example""#;
        let body = r#""callbackBody":"a=1""#;
        for (json, message) in [
            ("", "The callback configuration is not json format."),
            ("[]", "The callback configuration is not json format."),
            (
                &format!("{{{body}}}"),
                "The callback url configuration is invalid.",
            ),
            (
                &format!(r#"{{"callbackUrl":" ; ",{body}}}"#),
                "The callback url configuration is invalid.",
            ),
            (
                &format!(r#"{{"callbackUrl":1,{body}}}"#),
                "The callback url configuration is invalid.",
            ),
            (
                &format!(r#"{{"callbackUrl":"ftp://a",{body}}}"#),
                "The callback url configuration is invalid.",
            ),
            (
                &format!(r#"{{"callbackUrl":"a.b;a.b;a.b;a.b;a.b;a.b",{body}}}"#),
                "The number of callback url exceed max value.",
            ),
            (&format!("{{{url}}}"), "The callback body is empty."),
            (
                &format!(r#"{{{url},"callbackBody":""}}"#),
                "The callback body is empty.",
            ),
            (
                &format!(r#"{{{url},"callbackBody":{{}}}}"#),
                "The callback body is invalid.",
            ),
            (
                &format!(r#"{{{url},"callbackBody":"${{bucket"}}"#),
                "The callback body is invalid.",
            ),
            (
                &format!(r#"{{{url},{body},"callbackBodyType":"text/plain"}}"#),
                "The callback body type configuration is invalid.",
            ),
            (
                &format!(r#"{{{url},{body},"callbackHost":"a\r\nb: c"}}"#),
                "The callback host configuration is invalid.",
            ),
        ] {
            assert_eq!(read(json).unwrap_err(), message, "{json}");
        }
        let error = Callback::parse("***", BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.message(),
            "The callback configuration is not base64 encoded."
        );
        let error = Callback::parse(&"A".repeat(MAX_CALLBACK + 1), BTreeMap::new()).unwrap_err();
        assert_eq!(error.message(), "The length of callback exceed max value.");
    }

    #[test]
    fn variables() {
        let read = |json: &str| {
            parse_variables(&STANDARD.encode(json)).map_err(|error| error.message().to_owned())
        };
        let two = read(r#"{"x:a":"1","x:b_c":2,"x:d":true}"#).unwrap();
        assert_eq!(two.get("x:b_c").map(String::as_str), Some("2"));
        let besides = read(r#"{"callbackUrl":"http://a","X:a":{},"x:a":"1"}"#).unwrap();
        assert_eq!(besides.len(), 1);
        for bad in ["", "[]", r#"{"x:":"1"}"#, r#"{"x:A":"1"}"#, r#"{"x:a":{}}"#] {
            assert_eq!(
                read(bad).unwrap_err(),
                "The callback var is not expecten json.",
                "{bad}"
            );
        }
        assert!(parse_variables("*").is_err());
        assert!(parse_variables(&"A".repeat(MAX_CALLBACK + 1)).is_err());
    }

    #[test]
    fn names_of_policies() {
        let named = |json: &str| policy_name(&STANDARD.encode(json));
        assert_eq!(named(r#"{"callbackPolicy":"a"}"#).as_deref(), Some("a"));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"callbackPolicy":1}"#,
            r#"{"callbackUrl":"a"}"#,
        ] {
            assert_eq!(named(none), None, "{none}");
        }
        let long = format!(r#"{{"callbackPolicy":"{}"}}"#, "a".repeat(MAX_CALLBACK));
        assert_eq!(named(&long), None);
        assert_eq!(policy_name("*"), None);
    }

    #[test]
    fn there_is_one_carrier() {
        assert_eq!(carried("callback", None, None).unwrap(), None);
        assert_eq!(
            carried("callback", Some(" a "), Some(" ")).unwrap(),
            Some("a")
        );
        assert_eq!(carried("callback", None, Some("b")).unwrap(), Some("b"));
        let error = carried("callback-var", Some("a"), Some("a")).unwrap_err();
        assert_eq!(
            error.message(),
            "Either the callback-var query string parameter or the x-oss-callback-var header should be specified, not both."
        );
    }

    #[test]
    fn the_signed_text_has_the_decoded_path_and_the_raw_query() {
        let url = CallbackUrl::parse("http://a/index%20%E4%B8%AD.php?id=%201").unwrap();
        assert_eq!(
            string_to_sign(&url, "a=1"),
            "/index 中.php?id=%201\na=1".as_bytes()
        );
        let plain = CallbackUrl::parse("a").unwrap();
        assert_eq!(string_to_sign(&plain, ""), b"/\n");
    }
}
