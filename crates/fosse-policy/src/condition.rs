//! Conditions (access-control.md §3.5, §3.6): an operator, a key and the values that it is compared with.

use crate::address::{self, Block};
use crate::context::{Context, Needs};
use crate::glob::Glob;
use crate::time;
use smallvec::SmallVec;
use std::net::IpAddr;

/// Longest text of a request that a pattern is compared with, in bytes. A condition on a longer one is not decided:
/// it holds where it denies and fails where it allows.
pub const MAX_TEXT_BYTES: usize = 2048;

/// A key of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    SourceIp,
    SourceVpc,
    SourceVpcIp,
    UserAgent,
    CurrentTime,
    SecureTransport,
    AccessId,
    MfaPresent,
    Prefix,
    Delimiter,
    Acl,
    ObjectAcl,
    BucketTag(Box<str>),
    ExistingTag(Box<str>),
    RequestTag(Box<str>),
    ExternalId,
    /// Always absent.
    Unknown,
}

/// The value of a key.
enum Fact<'a> {
    Absent,
    Text(&'a str),
    Ip(IpAddr),
    Time(i64),
    Bool(bool),
}

impl Key {
    /// Case counts before the colon and in the keys of tags.
    pub(crate) fn parse(text: &str) -> Self {
        let Some((service, name)) = text.split_once(':') else {
            return Self::Unknown;
        };
        let (word, tag) = match name.split_once('/') {
            Some((word, tag)) => (word, Some(tag)),
            None => (name, None),
        };
        match (service, word.to_ascii_lowercase().as_str(), tag) {
            ("acs", "sourceip", None) => Self::SourceIp,
            ("acs", "sourcevpc" | "sourcevpcid", None) => Self::SourceVpc,
            ("acs", "sourcevpcip", None) => Self::SourceVpcIp,
            ("acs", "useragent", None) => Self::UserAgent,
            ("acs", "currenttime", None) => Self::CurrentTime,
            ("acs", "securetransport", None) => Self::SecureTransport,
            ("acs", "accessid", None) => Self::AccessId,
            ("acs", "mfapresent", None) => Self::MfaPresent,
            ("oss", "prefix", None) => Self::Prefix,
            ("oss", "delimiter", None) => Self::Delimiter,
            ("oss", "x-oss-acl", None) => Self::Acl,
            ("oss", "x-oss-object-acl", None) => Self::ObjectAcl,
            ("oss", "buckettag", Some(tag)) => Self::BucketTag(tag.into()),
            ("oss", "existingobjecttag", Some(tag)) => Self::ExistingTag(tag.into()),
            ("oss", "requestobjecttag", Some(tag)) => Self::RequestTag(tag.into()),
            ("sts", "externalid", None) => Self::ExternalId,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        let none = Needs::default();
        match self {
            Self::BucketTag(_) => Needs {
                bucket_tags: true,
                ..none
            },
            Self::ExistingTag(_) => Needs {
                existing_tags: true,
                ..none
            },
            Self::RequestTag(_) => Needs {
                request_tags: true,
                ..none
            },
            Self::Unknown => none,
            _ => Needs {
                request: true,
                ..none
            },
        }
    }

    fn fact<'a>(&self, context: &Context<'a>) -> Fact<'a> {
        let text = |value: Option<&'a str>| value.map_or(Fact::Absent, Fact::Text);
        let tag = |tags: &'a [(String, String)], name: &str| {
            text(
                tags.iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value.as_str()),
            )
        };
        match self {
            Self::SourceIp => context.source_ip.map_or(Fact::Absent, Fact::Ip),
            Self::SourceVpc => text(context.vpc),
            Self::SourceVpcIp => match (context.vpc, context.source_ip) {
                (Some(_), Some(ip)) => Fact::Ip(ip),
                _ => Fact::Absent,
            },
            Self::UserAgent => text(context.user_agent),
            Self::CurrentTime => context.now.map_or(Fact::Absent, Fact::Time),
            Self::SecureTransport => context.secure.map_or(Fact::Absent, Fact::Bool),
            Self::AccessId => text(context.access_id),
            Self::MfaPresent => Fact::Bool(false),
            Self::Prefix => text(context.prefix),
            Self::Delimiter => text(context.delimiter),
            Self::Acl => text(context.acl),
            Self::ObjectAcl => text(context.object_acl),
            Self::BucketTag(name) => tag(context.bucket_tags, name),
            Self::ExistingTag(name) => tag(context.existing_tags, name),
            Self::RequestTag(name) => tag(context.request_tags, name),
            Self::ExternalId => text(context.external_id),
            Self::Unknown => Fact::Absent,
        }
    }
}

/// How numbers and dates are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, fact: T, value: T) -> bool {
        match self {
            Self::Equal => fact == value,
            Self::Less => fact < value,
            Self::LessOrEqual => fact <= value,
            Self::Greater => fact > value,
            Self::GreaterOrEqual => fact >= value,
        }
    }
}

/// An operator without its values and without its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Equals,
    EqualsIgnoreCase,
    Like,
    Numeric(Order),
    Date(Order),
    Bool,
    Ip,
}

/// Reads an operator: family and whether it is negated. `None` for an unknown one; case counts.
pub(crate) fn operator(text: &str) -> Option<(Family, bool)> {
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match text {
        "StringEquals" => (Family::Equals, false),
        "StringNotEquals" => (Family::Equals, true),
        "StringEqualsIgnoreCase" => (Family::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Family::EqualsIgnoreCase, true),
        "StringLike" => (Family::Like, false),
        "StringNotLike" => (Family::Like, true),
        "NumericEquals" => (Family::Numeric(Equal), false),
        "NumericNotEquals" => (Family::Numeric(Equal), true),
        "NumericLessThan" => (Family::Numeric(Less), false),
        "NumericLessThanEquals" => (Family::Numeric(LessOrEqual), false),
        "NumericGreaterThan" => (Family::Numeric(Greater), false),
        "NumericGreaterThanEquals" => (Family::Numeric(GreaterOrEqual), false),
        "DateEquals" => (Family::Date(Equal), false),
        "DateNotEquals" => (Family::Date(Equal), true),
        "DateLessThan" => (Family::Date(Less), false),
        "DateLessThanEquals" => (Family::Date(LessOrEqual), false),
        "DateGreaterThan" => (Family::Date(Greater), false),
        "DateGreaterThanEquals" => (Family::Date(GreaterOrEqual), false),
        "Bool" => (Family::Bool, false),
        "IpAddress" | "IpAddressIncludeBorder" => (Family::Ip, false),
        "NotIpAddress" | "NotIpAddressIncludeBorder" => (Family::Ip, true),
        _ => return None,
    })
}

/// The values, compiled.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    Equals(Box<[Box<str>]>),
    EqualsIgnoreCase(Box<[Box<str>]>),
    Like(Box<[Glob]>),
    Numeric(Order, Box<[f64]>),
    Date(Order, Box<[i64]>),
    Bool(Box<[bool]>),
    Ip(Box<[Block]>),
}

/// One operator on one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    key: Key,
    negated: bool,
    values: Values,
    /// It keeps a grant from being public (access-control.md §4.5).
    pub(crate) narrows: bool,
    /// `OPERATOR KEY` as written, for explanations.
    pub(crate) label: Box<str>,
}

impl Condition {
    /// Compiles; an error says what is wrong with a value.
    pub(crate) fn new(
        operator: &str,
        family: Family,
        negated: bool,
        key_text: &str,
        values: &[String],
    ) -> Result<Self, String> {
        let key = Key::parse(key_text);
        let fixed = || !values.iter().any(|value| value.contains(['*', '?']));
        let named = matches!(key, Key::SourceVpc | Key::AccessId)
            && matches!(
                family,
                Family::Equals | Family::EqualsIgnoreCase | Family::Like
            )
            && fixed();
        let mut narrow_blocks = false;
        let compiled = match family {
            Family::Equals => Values::Equals(values.iter().map(|v| v.as_str().into()).collect()),
            Family::EqualsIgnoreCase => {
                Values::EqualsIgnoreCase(values.iter().map(|v| v.as_str().into()).collect())
            }
            Family::Like => Values::Like(values.iter().map(|v| Glob::stars_and_marks(v)).collect()),
            Family::Numeric(order) => Values::Numeric(order, each(values, number, "a number")?),
            Family::Date(order) => Values::Date(
                order,
                each(
                    values,
                    time::parse,
                    "a time such as 2026-01-31T12:00:00+08:00",
                )?,
            ),
            Family::Bool => Values::Bool(each(values, boolean, "true or false")?),
            Family::Ip => {
                let blocks: Box<[Block]> =
                    each(values, Block::parse, "an IP address or a block of them")?;
                narrow_blocks = matches!(key, Key::SourceIp | Key::SourceVpcIp)
                    && blocks.iter().all(Block::is_narrow);
                Values::Ip(blocks)
            }
        };
        Ok(Self {
            key,
            negated,
            values: compiled,
            narrows: !negated && (named || narrow_blocks),
            label: format!("{operator} {key_text}").into(),
        })
    }

    pub(crate) fn needs(&self) -> Needs {
        self.key.needs()
    }

    /// Whether it is about the client's address, and about a VPC.
    pub(crate) fn names(&self) -> (bool, bool) {
        (
            matches!(self.key, Key::SourceIp),
            matches!(self.key, Key::SourceVpc),
        )
    }

    /// Whether the condition holds; `doubt` is the answer where a text is too long to tell.
    pub(crate) fn holds(&self, context: &Context<'_>, doubt: bool) -> bool {
        let found = match (&self.values, self.key.fact(context)) {
            (Values::Like(globs), Fact::Absent) => {
                // Meets "any network", also for a request without VPC.
                Some(!self.negated && matches!(&**globs, [only] if only.is_any()))
            }
            (_, Fact::Absent) => Some(false),
            (Values::Ip(blocks), fact) => {
                let address = match fact {
                    Fact::Ip(address) => Some(address),
                    Fact::Text(text) => address::parse_address(text),
                    _ => None,
                };
                Some(address.is_some_and(|address| blocks.iter().any(|b| b.contains(address))))
            }
            (Values::Date(order, values), fact) => {
                let time = match fact {
                    Fact::Time(time) => Some(time),
                    Fact::Text(text) => time::parse(text),
                    _ => None,
                };
                Some(time.is_some_and(|time| values.iter().any(|v| order.holds(time, *v))))
            }
            (Values::Bool(values), fact) => {
                let fact = match fact {
                    Fact::Bool(value) => Some(value),
                    Fact::Text(text) => boolean(text),
                    _ => None,
                };
                Some(fact.is_some_and(|fact| values.contains(&fact)))
            }
            (Values::Numeric(order, values), fact) => {
                let fact = match fact {
                    Fact::Text(text) => number(text),
                    _ => None,
                };
                Some(fact.is_some_and(|fact| values.iter().any(|v| order.holds(fact, *v))))
            }
            (values, fact) => {
                let mut written = Written::default();
                let text = match fact {
                    Fact::Text(text) => text,
                    other => written.of(&other),
                };
                match values {
                    Values::Like(_) if text.len() > MAX_TEXT_BYTES => None,
                    Values::Like(globs) => Some(globs.iter().any(|glob| glob.matches(text))),
                    Values::EqualsIgnoreCase(values) => {
                        Some(values.iter().any(|v| v.eq_ignore_ascii_case(text)))
                    }
                    Values::Equals(values) => Some(values.iter().any(|v| **v == *text)),
                    _ => Some(false),
                }
            }
        };
        found.map_or(doubt, |found| found != self.negated)
    }
}

/// A fact that is no text, written as one.
#[derive(Default)]
struct Written(SmallVec<[u8; 64]>);

impl Written {
    fn of(&mut self, fact: &Fact<'_>) -> &str {
        use std::fmt::Write;
        let done = match fact {
            Fact::Ip(address) => write!(self, "{}", address.to_canonical()),
            Fact::Time(unix) => time::write(*unix, self),
            Fact::Bool(value) => self.write_str(if *value { "true" } else { "false" }),
            Fact::Text(text) => self.write_str(text),
            Fact::Absent => Ok(()),
        };
        debug_assert!(done.is_ok(), "writing to memory");
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Write for Written {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn each<T, C: FromIterator<T>>(
    values: &[String],
    read: impl Fn(&str) -> Option<T>,
    what: &str,
) -> Result<C, String> {
    values
        .iter()
        .map(|value| read(value).ok_or_else(|| format!("{value:?} is not {what}")))
        .collect()
}

fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain
        .then(|| text.parse::<f64>().ok())?
        .filter(|n| n.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
