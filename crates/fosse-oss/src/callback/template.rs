//! The body of a callback: text with variables, filled for a stored object.

use super::BodyType;
use crate::encode;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the variables of a callback say about a stored object.
#[derive(Debug, Clone, Default)]
pub struct CallbackFacts<'a> {
    /// `${bucket}`.
    pub bucket: &'a str,
    /// `${object}`: the key.
    pub object: &'a str,
    /// `${etag}`, without quotes.
    pub etag: &'a str,
    /// `${size}` in bytes.
    pub size: u64,
    /// `${mimeType}`.
    pub mime_type: &'a str,
    /// `${crc64}`.
    pub crc64: u64,
    /// `${contentMd5}`, base64; empty when the object has none.
    pub content_md5: &'a str,
    /// `${vpcId}`; empty outside of one.
    pub vpc_id: &'a str,
    /// `${clientIp}`.
    pub client_ip: &'a str,
    /// `${reqId}`.
    pub request_id: &'a str,
    /// `${operation}`, such as `PutObject`.
    pub operation: &'a str,
    /// `${imageInfo.…}`; without it these are empty.
    pub image: Option<ImageInfo>,
}

/// What is known of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageInfo {
    /// Pixels.
    pub width: u64,
    /// Pixels.
    pub height: u64,
    /// As OSS names it, e.g. `jpg`.
    pub format: &'static str,
}

/// A body that was taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable {
        name: String,
        /// It stands inside quotes that the template has itself.
        quoted: bool,
    },
}

impl Template {
    /// `None` when a `${` has no end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut quoted = false;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            let mut escaped = false;
            for character in before.chars() {
                quoted ^= character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Variable {
                name: name.to_owned(),
                quoted,
            });
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Some(Self(pieces))
    }

    /// Whether a variable begins with `prefix`.
    pub(super) fn mentions(&self, prefix: &str) -> bool {
        self.0
            .iter()
            .any(|piece| matches!(piece, Piece::Variable { name, .. } if name.starts_with(prefix)))
    }

    /// The body with every variable replaced; one that is not known is empty.
    pub(super) fn fill(
        &self,
        body_type: BodyType,
        facts: &CallbackFacts<'_>,
        variables: &BTreeMap<String, String>,
    ) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable { name, quoted } => {
                    let value = value_of(name, facts, variables);
                    match body_type {
                        BodyType::Form => {
                            let text = match &value {
                                Value::String(text) => text.clone(),
                                other => other.to_string(),
                            };
                            encode::encode_component(text.as_bytes(), &mut out);
                        }
                        BodyType::Json => {
                            let text = value.to_string();
                            let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                            out.push_str(if *quoted {
                                bare.unwrap_or(&text)
                            } else {
                                &text
                            });
                        }
                    }
                }
            }
        }
        out
    }
}

/// A number or a string, as JSON would have it.
fn value_of(name: &str, facts: &CallbackFacts<'_>, variables: &BTreeMap<String, String>) -> Value {
    let image = |field: fn(ImageInfo) -> Value| facts.image.map_or(Value::from(""), field);
    match name {
        "bucket" => facts.bucket.into(),
        "object" => facts.object.into(),
        "etag" => facts.etag.into(),
        "size" => facts.size.into(),
        "mimeType" => facts.mime_type.into(),
        // A string: a number of 64 bits does not survive every JSON reader.
        "crc64" => facts.crc64.to_string().into(),
        "contentMd5" => facts.content_md5.into(),
        "vpcId" => facts.vpc_id.into(),
        "clientIp" => facts.client_ip.into(),
        "reqId" => facts.request_id.into(),
        "operation" => facts.operation.into(),
        "imageInfo.height" => image(|info| info.height.into()),
        "imageInfo.width" => image(|info| info.width.into()),
        "imageInfo.format" => image(|info| info.format.into()),
        other => variables.get(other).map_or("", String::as_str).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> CallbackFacts<'static> {
        CallbackFacts {
            bucket: "b",
            object: "dir/a \"中\".txt",
            etag: "E",
            size: 5,
            mime_type: "text/plain",
            crc64: u64::MAX,
            ..CallbackFacts::default()
        }
    }

    fn fill(text: &str, body_type: BodyType, facts: &CallbackFacts<'_>) -> String {
        let variables = BTreeMap::from([("x:var".to_owned(), "1&2".to_owned())]);
        Template::parse(text)
            .unwrap()
            .fill(body_type, facts, &variables)
    }

    #[test]
    fn forms_have_encoded_values() {
        let text = "o=${object}&s=${size}&v=${x:var}&n=${x:none}&h=${imageInfo.height}&c=${crc64}&$(etag)&${unknown}";
        assert_eq!(
            fill(text, BodyType::Form, &facts()),
            "o=dir%2Fa%20%22%E4%B8%AD%22.txt&s=5&v=1%262&n=&h=&c=18446744073709551615&$(etag)&"
        );
    }

    #[test]
    fn json_has_json_values_whether_quoted_or_not() {
        let mut facts = facts();
        let text = r#"{"o":${object},"q":"a\"${object}-${size}","s":${size},"v":${x:var},"h":${imageInfo.height},"c":${crc64}}"#;
        for (image, height) in [
            (None, Value::from("")),
            (
                Some(ImageInfo {
                    width: 3,
                    height: 7,
                    format: "png",
                }),
                Value::from(7),
            ),
        ] {
            facts.image = image;
            let read: Value = serde_json::from_str(&fill(text, BodyType::Json, &facts)).unwrap();
            assert_eq!(read["o"], "dir/a \"中\".txt");
            assert_eq!(read["q"], "a\"dir/a \"中\".txt-5");
            assert_eq!(read["s"], 5);
            assert_eq!(read["v"], "1&2");
            assert_eq!(read["h"], height);
            assert_eq!(read["c"], "18446744073709551615");
        }
    }

    #[test]
    fn a_variable_without_end_is_no_template() {
        assert_eq!(Template::parse("a=${bucket"), None);
        assert!(Template::parse("a=$bucket}").is_some());
    }
}
