//! What holds for every request: signed requests verify, altered ones do not, encodings and times come back.

use fosse_oss::encode::{decode_path, decode_query, encode_component, encode_path};
use fosse_oss::sign::{
    Carrier, Credentials, Identity, KeyState, Keys, Params, Refusal, RequestParts, Scheme,
    SignOptions, SignRequest, SigningKey, Verified, VerifyContext, presign_query, sign_header,
    verify,
};
use fosse_oss::time;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

const ID: &str = "LTAI5tProperty";
const SECRET: &str = "a secret that no test prints";
const TEMPORARY_ID: &str = "STS.Property";
const TOKEN: &str = "CAIS+token/with==&reserved ~%zz";

struct TestKeys;

impl Keys for TestKeys {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        match (access_key_id, token) {
            (ID, None) | (TEMPORARY_ID, Some(TOKEN)) => KeyState::Active {
                secret: SECRET.into(),
                expires_at: None,
            },
            (TEMPORARY_ID, Some(_)) => KeyState::TokenInvalid,
            _ => KeyState::Unknown,
        }
    }
}

/// A request as a caller makes it, owned.
#[derive(Debug, Clone, PartialEq)]
struct Case {
    method: &'static str,
    bucket: Option<String>,
    key: Vec<u8>,
    query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    additional: Vec<String>,
    temporary: bool,
    now: i64,
    expires: i64,
}

impl Case {
    fn sign<T>(
        &self,
        scheme: Scheme,
        then: impl FnOnce(&SignRequest<'_>, &Credentials, &SignOptions<'_>) -> T,
    ) -> T {
        let query: Vec<(&str, &str)> = self
            .query
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let headers = self.header_slices();
        let additional: Vec<&str> = match scheme {
            Scheme::V1 => vec![],
            Scheme::V4 => self.additional.iter().map(String::as_str).collect(),
        };
        let request = SignRequest {
            method: self.method,
            bucket: self.bucket.as_deref(),
            key: &self.key,
            query: &query,
            headers: &headers,
            additional_headers: &additional,
        };
        let credentials = Credentials {
            access_key_id: if self.temporary { TEMPORARY_ID } else { ID }.to_owned(),
            access_key_secret: SECRET.to_owned(),
            security_token: self.temporary.then(|| TOKEN.to_owned()),
        };
        let options = SignOptions {
            scheme,
            now: self.now,
            region: "cn-hangzhou",
            product: "oss",
        };
        then(&request, &credentials, &options)
    }

    fn header_slices(&self) -> Vec<(&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect()
    }

    fn encoded_query(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.query {
            if !out.is_empty() {
                out.push('&');
            }
            encode_component(name.as_bytes(), &mut out);
            out.push('=');
            encode_component(value.as_bytes(), &mut out);
        }
        out
    }

    /// The request with the signature in it, as it goes over the wire.
    fn signed(&self, scheme: Scheme, carrier: Carrier) -> Wire {
        let mut wire = Wire {
            method: self.method.to_owned(),
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            query: self.encoded_query(),
            headers: self.headers.clone(),
        };
        self.sign(scheme, |request, credentials, options| match carrier {
            Carrier::Url => {
                wire.query =
                    presign_query(request, credentials, options, self.expires, None).unwrap();
            }
            _ => {
                let added = sign_header(request, credentials, options).unwrap();
                wire.headers.extend(
                    added
                        .into_iter()
                        .map(|(name, value)| (name, value.into_bytes())),
                );
            }
        });
        wire
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Wire {
    method: String,
    bucket: Option<String>,
    key: Vec<u8>,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Wire {
    fn verify(&self, now: i64) -> Result<Verified, Box<Refusal>> {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_slice()))
            .collect();
        let regions = ["cn-hangzhou".to_owned()];
        let parts = RequestParts {
            method: &self.method,
            bucket: self.bucket.as_deref(),
            key: &self.key,
            query: &self.query,
            headers: &headers,
        };
        verify(
            &parts,
            &VerifyContext {
                now,
                regions: &regions,
                product: "oss",
            },
            &TestKeys,
        )
    }

    fn proven(&self, now: i64) -> Option<Identity> {
        match self.verify(now) {
            Ok(Verified::Signed(identity)) => Some(identity),
            _ => None,
        }
    }
}

fn decoded(query: &str) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let params = Params::parse(query).ok()?;
    Some(
        params
            .iter()
            .map(|param| (param.name().to_vec(), param.value().into_owned()))
            .collect(),
    )
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 1..40),
        "[a-zA-Z0-9/._ +%~'()*!?#&=中é-]{1,40}".prop_map(String::into_bytes),
        Just(b"a/../b/./c//d".to_vec()),
        Just(vec![b'k'; 1023]),
    ]
}

/// Caller's parameters: listed, `x-oss-`, and free ones, each name once.
fn queries() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = prop_oneof![
        prop::sample::select(vec![
            "acl",
            "versionId",
            "uploadId",
            "partNumber",
            "response-content-type",
            "x-oss-process"
        ])
        .prop_map(str::to_owned),
        "own-[a-zA-Z0-9 &=+%中]{0,6}",
    ];
    vec((names, "[ -~中é]{0,12}"), 0..6).prop_map(|pairs| {
        let unique: BTreeMap<String, String> = pairs.into_iter().collect();
        unique.into_iter().collect()
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let value = || "[!-~]([ -~]{0,10}[!-~])?".prop_map(String::into_bytes);
    let meta = vec(("[a-zA-Z]{1,6}", value()), 0..3);
    (prop::option::of(value()), prop::option::of(value()), meta).prop_map(
        |(content_type, md5, meta)| {
            let mut headers = vec![
                (
                    "Host".to_owned(),
                    b"bucket.oss-cn-hangzhou.aliyuncs.com:9000".to_vec(),
                ),
                ("Range".to_owned(), b"bytes=0-9".to_vec()),
            ];
            // Not a form: that is another scheme.
            headers.extend(content_type.map(|value| {
                (
                    "Content-Type".to_owned(),
                    [b"text/".as_slice(), &value].concat(),
                )
            }));
            headers.extend(md5.map(|value| ("content-md5".to_owned(), value)));
            headers.extend(
                meta.into_iter()
                    .map(|(name, value)| (format!("X-Oss-Meta-{name}"), value)),
            );
            headers
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let method = prop::sample::select(vec!["GET", "PUT", "HEAD", "DELETE", "POST", "OPTIONS"]);
    let bucket = prop::option::weighted(0.9, "[a-z0-9]([a-z0-9-]{1,20}[a-z0-9])");
    let additional = prop::sample::subsequence(vec!["host".to_owned(), "Range".to_owned()], 0..=2);
    (
        method,
        bucket,
        keys(),
        queries(),
        headers(),
        additional,
        any::<bool>(),
        0i64..4_000_000_000,
        1i64..=604_800,
    )
        .prop_map(
            |(method, bucket, key, query, headers, additional, temporary, now, expires)| {
                let key = if bucket.is_some() { key } else { vec![] };
                Case {
                    method,
                    bucket,
                    key,
                    query,
                    headers,
                    additional,
                    temporary,
                    now,
                    expires,
                }
            },
        )
}

fn forms() -> impl Strategy<Value = (Scheme, Carrier)> {
    (
        prop::sample::select(vec![Scheme::V1, Scheme::V4]),
        prop::sample::select(vec![Carrier::Header, Carrier::Url]),
    )
}

proptest! {
    #[test]
    fn what_is_signed_verifies(case in cases(), (scheme, carrier) in forms()) {
        let wire = case.signed(scheme, carrier);
        let identity = match wire.verify(case.now) {
            Ok(Verified::Signed(identity)) => identity,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!((identity.scheme, identity.carrier), (scheme, carrier));
        prop_assert_eq!(identity.token.as_deref(), case.temporary.then_some(TOKEN));
        let end = (carrier == Carrier::Url).then(|| case.now + case.expires);
        prop_assert_eq!(identity.valid_until, end);
    }

    #[test]
    fn a_cached_key_signs_the_same(case in cases()) {
        let date = time::format_compact(case.now);
        let key = SigningKey::derive(SECRET, &date[..8], "cn-hangzhou", "oss");
        let (with, without) = case.sign(Scheme::V4, |request, credentials, options| (
            presign_query(request, credentials, options, case.expires, Some(&key)),
            presign_query(request, credentials, options, case.expires, None),
        ));
        prop_assert_eq!(with, without);
    }

    #[test]
    fn time_limits(case in cases(), (scheme, carrier) in forms()) {
        let wire = case.signed(scheme, carrier);
        let good = |now: i64| wire.proven(now).is_some();
        match carrier {
            Carrier::Url => {
                prop_assert!(good(case.now + case.expires));
                prop_assert!(!good(case.now + case.expires + 1));
                prop_assert!(good(case.now - 900));
                // V1 has no not-before.
                prop_assert_eq!(good(case.now - 901), scheme == Scheme::V1);
            }
            _ => {
                prop_assert!(good(case.now - 900) && good(case.now + 900));
                prop_assert!(!good(case.now - 901) && !good(case.now + 901));
            }
        }
    }

    #[test]
    fn another_byte_in_the_key_is_refused(case in cases(), (scheme, carrier) in forms(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        prop_assume!(!case.key.is_empty());
        let mut wire = case.signed(scheme, carrier);
        let at = at.index(wire.key.len());
        prop_assume!(wire.key[at] != byte);
        wire.key[at] = byte;
        prop_assert_eq!(wire.proven(case.now), None);
    }

    #[test]
    fn a_longer_or_shorter_key_is_refused(case in cases(), (scheme, carrier) in forms(), byte in any::<u8>()) {
        prop_assume!(!case.key.is_empty());
        let wire = case.signed(scheme, carrier);
        let mut longer = wire.clone();
        longer.key.push(byte);
        // The one ambiguity that V1 has by construction: `?` in a key reads as the start of the sub-resources.
        prop_assert_eq!(longer.proven(case.now), None);
        let mut shorter = wire;
        shorter.key.pop();
        prop_assert_eq!(shorter.proven(case.now), None);
    }

    #[test]
    fn another_bucket_or_method_is_refused(case in cases(), (scheme, carrier) in forms()) {
        let wire = case.signed(scheme, carrier);
        let other = Wire { bucket: Some("other-bucket".to_owned()), ..wire.clone() };
        prop_assert_eq!(other.proven(case.now), None);
        let method = if case.method == "GET" { "HEAD" } else { "GET" };
        let other = Wire { method: method.to_owned(), ..wire };
        prop_assert_eq!(other.proven(case.now), None);
    }

    #[test]
    fn another_byte_in_the_query_is_refused(case in cases(), carrier in prop::sample::select(vec![Carrier::Header, Carrier::Url]), at in any::<prop::sample::Index>(), byte in 0x21u8..0x7f) {
        // V4 signs every parameter, so every byte of the query counts unless it decodes to the same.
        let mut wire = case.signed(Scheme::V4, carrier);
        prop_assume!(!wire.query.is_empty());
        let before = decoded(&wire.query);
        let mut bytes = wire.query.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        wire.query = String::from_utf8(bytes).unwrap();
        prop_assume!(before != decoded(&wire.query));
        prop_assert_eq!(wire.proven(case.now), None);
    }

    #[test]
    fn an_added_parameter_is_refused_where_it_is_signed(case in cases(), (scheme, carrier) in forms()) {
        let wire = case.signed(scheme, carrier);
        let with = |text: &str| {
            let separator = if wire.query.is_empty() { "" } else { "&" };
            Wire { query: format!("{}{separator}{text}", wire.query), ..wire.clone() }
        };
        prop_assert_eq!(with("logging").proven(case.now), None);
        prop_assert_eq!(with("x-oss-added=1").proven(case.now), None);
        // V1 leaves unlisted parameters free; V4 leaves none.
        prop_assert_eq!(with("free=1").proven(case.now).is_some(), scheme == Scheme::V1);
    }

    #[test]
    fn another_byte_in_a_signed_header_is_refused(case in cases(), (scheme, carrier) in forms(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in 0x21u8..0x7f) {
        let mut wire = case.signed(scheme, carrier);
        let signed: Vec<usize> = (0..wire.headers.len()).filter(|&index| {
            let name = wire.headers[index].0.to_ascii_lowercase();
            let announced = scheme == Scheme::V4 && case.additional.iter().any(|other| other.eq_ignore_ascii_case(&name));
            let v1_date = scheme == Scheme::V1 && carrier == Carrier::Header && name == "date";
            name.starts_with("x-oss-") || name == "content-type" || name == "content-md5" || name == "authorization" || announced || v1_date
        }).collect();
        prop_assume!(!signed.is_empty());
        let (name, value) = &mut wire.headers[signed[which.index(signed.len())]];
        let at = at.index(value.len());
        prop_assume!(value[at] != byte);
        // The list of announced names in another case is the same list.
        prop_assume!(name != "authorization" || !value[at].eq_ignore_ascii_case(&byte) );
        value[at] = byte;
        prop_assert_eq!(wire.proven(case.now), None, "{} at {}", wire.headers.len(), at);
    }

    #[test]
    fn a_missing_signed_header_is_refused(case in cases(), (scheme, carrier) in forms()) {
        let wire = case.signed(scheme, carrier);
        for index in 0..wire.headers.len() {
            let name = wire.headers[index].0.to_ascii_lowercase();
            if name.starts_with("x-oss-") || name == "content-type" || name == "content-md5" {
                let mut without = wire.clone();
                without.headers.remove(index);
                prop_assert_eq!(without.proven(case.now), None, "{}", name);
            }
        }
    }

    #[test]
    fn order_of_parameters_and_headers_does_not_matter(case in cases(), (scheme, carrier) in forms()) {
        let mut wire = case.signed(scheme, carrier);
        let mut pieces: Vec<&str> = wire.query.split('&').collect();
        pieces.reverse();
        wire.query = pieces.join("&");
        // Stable for repeated names: those are joined in the order sent.
        wire.headers.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        prop_assert!(wire.proven(case.now).is_some());
    }

    #[test]
    fn verifying_never_panics(method in "[A-Z]{0,7}", bucket in prop::option::of("\\PC{0,20}"), key in vec(any::<u8>(), 0..40), query in "(\\PC{0,10}|x-oss-[a-z-]{0,20}=[^&]{0,20}&|Signature=|Expires=[0-9]{0,20}&|OSSAccessKeyId=|%[0-9a-g]{2})*", values in vec(("(Authorization|Date|x-oss-date|[a-zA-Z-]{0,10})", vec(any::<u8>(), 0..40)), 0..6), now in any::<i64>()) {
        let wire = Wire { method, bucket, key, query, headers: values };
        if let Err(refusal) = wire.verify(now) {
            let error = refusal.to_error();
            prop_assert!((400..500).contains(&error.status()));
            let xml = error.to_xml("0123456789ABCDEF01234567", "host");
            prop_assert!(xml.contains("</Error>"));
        }
    }

    #[test]
    fn encodings_come_back(bytes in vec(any::<u8>(), 0..64)) {
        let (mut component, mut path) = (String::new(), String::new());
        encode_component(&bytes, &mut component);
        encode_path(&bytes, &mut path);
        prop_assert_eq!(&*decode_query(&component).unwrap(), bytes.as_slice());
        prop_assert_eq!(&*decode_path(&component).unwrap(), bytes.as_slice());
        prop_assert_eq!(&*decode_path(&path).unwrap(), bytes.as_slice());
        prop_assert!(component.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        prop_assert_eq!(path.replace('/', "%2F"), component);
    }

    #[test]
    fn decoding_never_panics_and_never_grows(raw in "(\\PC|%|\\+|%[0-9a-fA-F]{2})*") {
        for decoded in [decode_path(&raw), decode_query(&raw)].into_iter().flatten() {
            prop_assert!(decoded.len() <= raw.len());
        }
    }

    #[test]
    fn times_come_back(unix in -62_167_219_200i64..=253_402_300_799) {
        prop_assert_eq!(time::parse_http(&time::format_http(unix)), Some(unix));
        prop_assert_eq!(time::parse_compact(&time::format_compact(unix)), Some(unix));
        prop_assert_eq!(time::parse_iso(&time::format_iso_millis(unix)), Some(unix));
    }

    #[test]
    fn times_sort_as_their_text(a in 0i64..=253_402_300_799, b in 0i64..=253_402_300_799) {
        prop_assert_eq!(a.cmp(&b), time::format_compact(a).cmp(&time::format_compact(b)));
        prop_assert_eq!(a.cmp(&b), time::format_iso_millis(a).cmp(&time::format_iso_millis(b)));
    }

    #[test]
    fn parsing_times_never_panics(text in "\\PC{0,40}") {
        let _ = (time::parse_http(&text), time::parse_compact(&text), time::parse_iso(&text));
    }
}
