//! Query parameters as signing sees them: a decoded name, and a value that is encoded or not yet.

use super::is_signed_subresource;
use crate::encode::{
    BadEscape, cmp_encoded, decode_path, decode_query, encode_component_into,
    escapes_are_canonical, is_encoded_alphabet, recode_query_into,
};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One query parameter. `name` and `name=` are the same thing: an empty value (§1.3).
#[derive(Clone)]
pub struct Param<'a> {
    name: Cow<'a, [u8]>,
    /// The name is its own encoding.
    plain_name: bool,
    value: Value<'a>,
    /// Written as `name=`, with nothing after it. Only a second attempt looks at this.
    bare_equals: bool,
}

/// A value as the wire has it, or decoded as a signer has it. Kept apart so that neither side makes a copy just to
/// reach the form of the other.
#[derive(Clone, Copy)]
enum Value<'a> {
    /// Every `%` in it is followed by two hex digits: checked when it was split off.
    Raw(&'a str),
    /// Encoded just as ENC would.
    Encoded(&'a str),
    Plain(&'a [u8]),
}

impl<'a> Param<'a> {
    /// A parameter with decoded name and value.
    pub fn plain(name: &'a [u8], value: &'a [u8]) -> Self {
        let value = Value::Plain(value);
        Self {
            name: Cow::Borrowed(name),
            plain_name: false,
            value,
            bare_equals: false,
        }
    }

    /// A parameter of the signature itself: the name needs no encoding, the value has it already.
    pub(super) fn encoded(name: &'static str, value: &'a str) -> Self {
        let name = Cow::Borrowed(name.as_bytes());
        Self {
            name,
            plain_name: true,
            value: Value::Encoded(value),
            bare_equals: false,
        }
    }

    /// The decoded name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The decoded value.
    pub fn value(&self) -> Cow<'a, [u8]> {
        match self.value {
            Value::Raw(raw) | Value::Encoded(raw) => {
                decode_query(raw).unwrap_or(Cow::Borrowed(raw.as_bytes()))
            }
            Value::Plain(plain) => Cow::Borrowed(plain),
        }
    }

    /// The decoded value as text; `None` when it is not UTF-8.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        if let Value::Encoded(raw) = self.value
            && memchr::memchr(b'%', raw.as_bytes()).is_none()
        {
            return Some(Cow::Borrowed(raw));
        }
        match self.value() {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }

    /// The decoded value with `+` kept: the alphabet of base64 has a plus and no space, so a plus that was left
    /// unescaped in a V1 `Signature` can mean nothing else (§3).
    pub(super) fn base64_value(&self) -> Cow<'a, [u8]> {
        match self.value {
            Value::Raw(raw) | Value::Encoded(raw) => {
                decode_path(raw).unwrap_or(Cow::Borrowed(raw.as_bytes()))
            }
            Value::Plain(plain) => Cow::Borrowed(plain),
        }
    }

    /// Whether the value is empty.
    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Raw(raw) | Value::Encoded(raw) => raw.is_empty(),
            Value::Plain(plain) => plain.is_empty(),
        }
    }

    pub(super) fn is_bare_equals(&self) -> bool {
        self.bare_equals
    }

    /// `ENC(name)`.
    pub(super) fn encode_name(&self, out: &mut Vec<u8>) {
        if self.plain_name {
            out.extend_from_slice(&self.name);
        } else {
            encode_component_into(&self.name, out);
        }
    }

    /// `ENC(value)`.
    pub(super) fn encode_value(&self, out: &mut Vec<u8>) {
        match self.value {
            Value::Encoded(encoded) => out.extend_from_slice(encoded.as_bytes()),
            Value::Plain(plain) => encode_component_into(plain, out),
            Value::Raw(raw) => {
                let start = out.len();
                if recode_query_into(raw.as_bytes(), out).is_err() {
                    // Not reached: the escapes were checked. Keep the text distinct rather than lose it.
                    out.truncate(start);
                    encode_component_into(raw.as_bytes(), out);
                }
            }
        }
    }
}

impl Param<'_> {
    /// The order of the canonical query: by encoded name, then by encoded value.
    pub(super) fn cmp_encoded(&self, other: &Self) -> Ordering {
        let names = if self.plain_name && other.plain_name {
            self.name.cmp(&other.name)
        } else {
            cmp_encoded(&self.name, &other.name)
        };
        names.then_with(|| cmp_encoded(&self.value(), &other.value()))
    }
}

/// The parameters of one request, in the order sent.
#[derive(Clone, Default)]
pub struct Params<'a>(SmallVec<[Param<'a>; 8]>);

impl<'a> Params<'a> {
    /// Splits a raw query (§1.3): at `&`, ignoring empty pieces (and `=` alone, which is the same), then at the first
    /// `=`.
    ///
    /// # Errors
    /// [`BadEscape`] when a `%` is not followed by two hex digits.
    pub fn parse(raw: &'a str) -> Result<Self, BadEscape> {
        let mut params = SmallVec::new();
        let encoded = is_encoded_alphabet(raw.as_bytes());
        let mut rest = raw;
        while !rest.is_empty() {
            let (piece, tail) = match memchr::memchr(b'&', rest.as_bytes()) {
                Some(at) => (
                    rest.get(..at).unwrap_or(rest),
                    rest.get(at + 1..).unwrap_or(""),
                ),
                None => (rest, ""),
            };
            rest = tail;
            if piece.is_empty() || piece == "=" {
                continue;
            }
            // The usual name has no escape, which the first `=` or `%` shows.
            let first = memchr::memchr2(b'=', b'%', piece.as_bytes());
            let (escaped, equals) = match first.map(|at| (at, piece.as_bytes().get(at))) {
                Some((at, Some(b'='))) => (false, Some(at)),
                Some(_) => (true, memchr::memchr(b'=', piece.as_bytes())),
                None => (false, None),
            };
            let (name, value, bare_equals) = match equals {
                Some(at) => {
                    let value = piece.get(at + 1..).unwrap_or("");
                    (piece.get(..at).unwrap_or(piece), value, value.is_empty())
                }
                None => (piece, "", false),
            };
            // Of the bytes that `encoded` lets through, ENC would write `=` otherwise, and perhaps an escape.
            let canonical = match memchr::memchr2(b'%', b'=', value.as_bytes()) {
                None => encoded,
                Some(_) => {
                    escapes_are_canonical(value.as_bytes())?
                        && encoded
                        && memchr::memchr(b'=', value.as_bytes()).is_none()
                }
            };
            let value = if canonical {
                Value::Encoded(value)
            } else {
                Value::Raw(value)
            };
            let plain_name = encoded && !escaped;
            let name = if plain_name {
                Cow::Borrowed(name.as_bytes())
            } else {
                decode_query(name)?
            };
            params.push(Param {
                name,
                plain_name,
                value,
                bare_equals,
            });
        }
        Ok(Self(params))
    }

    /// Decoded pairs, as a signer has them. One without name and value is nothing on the wire and left out.
    pub fn from_pairs(pairs: &'a [(&'a str, &'a str)]) -> Self {
        let pairs = pairs
            .iter()
            .filter(|(name, value)| !name.is_empty() || !value.is_empty());
        Self(
            pairs
                .map(|(name, value)| Param::plain(name.as_bytes(), value.as_bytes()))
                .collect(),
        )
    }

    /// Adds a parameter of the signature itself at the end.
    pub(super) fn push_encoded(&mut self, name: &'static str, value: &'a str) {
        self.0.push(Param::encoded(name, value));
    }

    /// Adds a decoded pair at the end.
    pub fn push(&mut self, name: &'a str, value: &'a str) {
        self.0.push(Param::plain(name.as_bytes(), value.as_bytes()));
    }

    /// These parameters with one value for `name`, whatever they said about it before.
    pub(super) fn with_value<'b>(&self, name: &'static str, value: &'b str) -> Params<'b>
    where
        'a: 'b,
    {
        let mut params: SmallVec<[Param<'b>; 8]> = SmallVec::new();
        for param in &self.0 {
            if param.name() != name.as_bytes() {
                params.push(param.clone());
            }
        }
        params.push(Param::plain(name.as_bytes(), value.as_bytes()));
        Params(params)
    }

    /// The parameters in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Param<'a>> {
        self.0.iter()
    }

    /// The first parameter called `name`.
    pub fn get(&self, name: &str) -> Option<&Param<'a>> {
        self.0.iter().find(|param| param.name() == name.as_bytes())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name that occurs twice though it takes part in a V1 signature (§10, "Doubled parameters").
    pub(super) fn doubled_signed(&self) -> Option<&[u8]> {
        // Few parameters, nearly always: compare all pairs. Many: sort, so that a long query stays cheap.
        if self.0.len() <= 16 {
            let mut rest = self.0.as_slice();
            while let Some((param, tail)) = rest.split_first() {
                if tail.iter().any(|other| other.name == param.name)
                    && is_signed_subresource(param.name())
                {
                    return Some(param.name());
                }
                rest = tail;
            }
            return None;
        }
        let mut names: Vec<&[u8]> = self.0.iter().map(Param::name).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b && is_signed_subresource(a) => Some(*a),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        Params::parse(raw)
            .unwrap()
            .iter()
            .map(|p| (p.name().to_vec(), p.value().into_owned()))
            .collect()
    }

    #[test]
    fn splitting() {
        let expected: Vec<(Vec<u8>, Vec<u8>)> = vec![
            (b"acl".to_vec(), vec![]),
            (b"a b".to_vec(), b"1=2 3".to_vec()),
            (b"".to_vec(), b"x".to_vec()),
            (b"uploads".to_vec(), vec![]),
        ];
        assert_eq!(pairs("&&acl=&a+b=1=2+3&=x&=&uploads&"), expected);
        assert_eq!(pairs(""), vec![]);
        assert!(Params::parse("a=%").is_err() && Params::parse("%zz=1").is_err());
    }

    #[test]
    fn doubled_names_are_seen_decoded_and_in_long_queries() {
        let doubled = |raw: &str| {
            Params::parse(raw)
                .unwrap()
                .doubled_signed()
                .map(<[u8]>::to_vec)
        };
        assert_eq!(doubled("acl&a=1&ac%6C=1"), Some(b"acl".to_vec()));
        assert_eq!(doubled("prefix=1&prefix=2"), None);
        assert_eq!(
            doubled("x-oss-any=1&x-oss-any=1"),
            Some(b"x-oss-any".to_vec())
        );
        let long: String = (0..40).map(|n| format!("p{n}=1&p{n}=2&")).collect();
        assert_eq!(doubled(&long), None);
        assert_eq!(doubled(&format!("acl&{long}acl")), Some(b"acl".to_vec()));
    }

    #[test]
    fn a_raw_plus_in_a_signature_is_a_plus() {
        let params = Params::parse("Signature=a+b%2Bc%20d").unwrap();
        assert_eq!(
            &*params.get("Signature").unwrap().base64_value(),
            b"a+b+c d"
        );
    }
}
