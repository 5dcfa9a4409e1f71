//! What an action of the RAM and STS services answers: a tree that is written as JSON or as XML.

use fosse_oss::sign::sts::StsFormat;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Number(i64),
    Flag(bool),
    Record(Fields),
    /// Items under their name: `{"User": [...]}` in JSON, repeated `<User>` in XML.
    List(&'static str, Vec<Node>),
}

/// Members in the order in which they are written.
pub(crate) type Fields = Vec<(&'static str, Node)>;

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Node::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Node::Text(text)
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Node::Flag(flag)
    }
}

impl From<Fields> for Node {
    fn from(fields: Fields) -> Self {
        Node::Record(fields)
    }
}

/// Why an action was refused.
#[derive(Debug)]
pub(crate) struct RpcError {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    /// For the log, never for the client.
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl RpcError {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            cause: None,
        }
    }

    /// 500: not the client's fault.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(
                500,
                "InternalError",
                "The request processing has failed due to some unknown error.",
            )
        }
    }
}

impl Node {
    /// The JSON form.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Node::Text(text) => Value::from(text.as_str()),
            Node::Number(number) => Value::from(*number),
            Node::Flag(flag) => Value::from(*flag),
            Node::Record(fields) => fields_to_json(fields),
            Node::List(name, items) => {
                let items: Vec<Value> = items.iter().map(Node::to_json).collect();
                let mut members = Map::new();
                members.insert((*name).to_owned(), Value::from(items));
                Value::Object(members)
            }
        }
    }

    fn write_xml(&self, out: &mut String) {
        match self {
            Node::Text(text) => escape(text, out),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Node::Record(fields) => {
                for (name, node) in fields {
                    element(name, node, out);
                }
            }
            Node::List(name, items) => {
                for item in items {
                    element(name, item, out);
                }
            }
        }
    }
}

/// The JSON form of members.
pub(crate) fn fields_to_json(fields: &Fields) -> Value {
    let members = fields
        .iter()
        .map(|(name, node)| ((*name).to_owned(), node.to_json()));
    Value::Object(members.collect())
}

fn element(name: &str, node: &Node, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    node.write_xml(out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text that is XML 1.0 afterwards, whatever it was.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(character),
            control if control < ' ' || matches!(control, '\u{FFFE}' | '\u{FFFF}') => {
                out.push('\u{FFFD}');
            }
            other => out.push(other),
        }
    }
}

/// A document whose root element is `root`; JSON has no root.
pub(crate) fn document(root: &str, fields: Fields, format: StsFormat) -> String {
    match format {
        StsFormat::Json => fields_to_json(&fields).to_string(),
        StsFormat::Xml => {
            let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
            element(root, &Node::Record(fields), &mut out);
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_in_both_forms() {
        let fields = vec![
            ("RequestId", Node::from("ID")),
            (
                "Users",
                Node::List(
                    "User",
                    vec![
                        Node::Record(vec![
                            ("UserName", "a<&\u{1}".into()),
                            ("N", Node::Number(3)),
                        ]),
                        Node::Record(vec![("UserName", "b".into()), ("Is", true.into())]),
                    ],
                ),
            ),
            ("Groups", Node::List("Group", vec![])),
        ];
        assert_eq!(
            document("R", fields.clone(), StsFormat::Xml),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R><RequestId>ID</RequestId><Users>\
             <User><UserName>a&lt;&amp;\u{FFFD}</UserName><N>3</N></User>\
             <User><UserName>b</UserName><Is>true</Is></User></Users><Groups></Groups></R>"
        );
        let json: Value = serde_json::from_str(&document("R", fields, StsFormat::Json)).unwrap();
        assert_eq!(json["Users"]["User"][0]["UserName"], "a<&\u{1}");
        assert_eq!(json["Users"]["User"][1]["Is"], true);
        assert_eq!(json["Groups"]["Group"].as_array().unwrap().len(), 0);
    }
}
