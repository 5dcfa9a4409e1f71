//! Rebuilds canonical request, string to sign and signature of each vector.

use crate::vector::{Request, Vector, all};
use fosse_oss::sign::canon_v4::{self, AdditionalHeaders};
use fosse_oss::sign::{
    Credentials, Message, Params, Scheme, Scope, SignOptions, SignRequest, SigningKey, canon_v1,
    presign_query, sign_header, sign_v1,
};
use fosse_oss::time::{parse_compact, parse_http};
use serde_json::Value;

/// Strings that can be rebuilt from the request: the request is what was signed, or the vector says what a server
/// computes from it.
fn expected<'a>(vector: &'a Vector, name: &str) -> Option<&'a str> {
    match vector.text(&format!("server_{name}")) {
        Some(text) => Some(text),
        None if vector.signature_valid() => vector.text(name),
        None => None,
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let (_, value) = request
        .headers
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(value).ok()
}

/// Whether the request is sent as ISO-8859-1 and signed as UTF-8, which no signer of ours does.
fn is_latin1(vector: &Vector) -> bool {
    !matches!(vector.get("header_bytes_hex"), Value::Null) && vector.expect() == "either"
}

/// Text of an item in a V4 `Authorization` header.
fn item<'a>(authorization: &'a str, name: &str) -> Option<&'a str> {
    let (_, items) = authorization.split_once(' ')?;
    items
        .split(',')
        .find_map(|item| item.trim().strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn v1_strings_and_signatures() {
    let mut compared = 0;
    for vector in all() {
        let request = vector.request_or_none();
        let (Some(request), "v1-header" | "v1-url") = (request, vector.scheme()) else {
            continue;
        };
        let Some(text) = expected(&vector, "string_to_sign") else {
            continue;
        };
        if is_latin1(&vector) {
            continue;
        }
        let (bucket, key) = request.target().unwrap();
        let headers = request.header_slices();
        let message = Message {
            method: &request.method,
            bucket: bucket.as_deref(),
            key: &key,
            headers: &headers,
        };
        let params = Params::parse(&request.query).unwrap();
        let date = match vector.scheme() {
            "v1-url" => params
                .get("Expires")
                .map(|param| param.value())
                .unwrap_or_default(),
            _ => {
                let date = header(&request, "x-oss-date").or(header(&request, "date"));
                date.unwrap_or_default().as_bytes().into()
            }
        };
        let ours = canon_v1::string_to_sign(&message, &params, &date);
        assert_eq!(String::from_utf8_lossy(&ours), text, "{}", vector.id());
        if vector.signature_valid() {
            let signature = sign_v1(vector.credential("access_key_secret").unwrap(), &ours);
            assert_eq!(
                Some(signature.as_str()),
                vector.text("signature"),
                "{}",
                vector.id()
            );
        }
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn v4_strings_and_signatures() {
    let mut compared = 0;
    for vector in all() {
        let request = vector.request_or_none();
        let (Some(request), "v4-header" | "v4-url") = (request, vector.scheme()) else {
            continue;
        };
        let Some(text) = expected(&vector, "string_to_sign") else {
            continue;
        };
        if is_latin1(&vector) {
            continue;
        }
        let (bucket, key) = request.target().unwrap();
        let headers = request.header_slices();
        let message = Message {
            method: &request.method,
            bucket: bucket.as_deref(),
            key: &key,
            headers: &headers,
        };
        let params = Params::parse(&request.query).unwrap();
        let query_text = |name: &str| {
            params
                .get(name)
                .and_then(|param| param.text())
                .map(|text| text.into_owned())
        };
        let (credential, announced, timestamp) = match header(&request, "authorization") {
            Some(authorization) => (
                item(authorization, "Credential").map(str::to_owned),
                item(authorization, "AdditionalHeaders").map(str::to_owned),
                header(&request, "x-oss-date")
                    .or(header(&request, "date"))
                    .map(str::to_owned),
            ),
            None => (
                query_text("x-oss-credential"),
                query_text("x-oss-additional-headers"),
                query_text("x-oss-date"),
            ),
        };
        let (Some(credential), Some(timestamp)) = (credential, timestamp) else {
            continue;
        };
        let Ok(scope) = Scope::parse(&credential) else {
            continue;
        };
        let additional = match announced.as_deref().filter(|text| !text.is_empty()) {
            Some(list) => AdditionalHeaders::parse(list).unwrap(),
            None => AdditionalHeaders::default(),
        };
        let canonical = canon_v4::canonical_request(&message, &params, &additional);
        let expected_canonical = expected(&vector, "canonical_request").unwrap();
        assert_eq!(
            String::from_utf8_lossy(canonical.as_bytes()),
            expected_canonical,
            "{}",
            vector.id()
        );
        let ours = canon_v4::string_to_sign(&timestamp, &scope, &canonical);
        assert_eq!(String::from_utf8_lossy(&ours), text, "{}", vector.id());
        if vector.signature_valid() {
            let secret = vector.credential("access_key_secret").unwrap();
            let key = SigningKey::derive(secret, scope.date, scope.region, scope.product);
            assert_eq!(
                Some(key.sign(&ours).as_str()),
                vector.text("signature"),
                "{}",
                vector.id()
            );
        }
        compared += 1;
    }
    assert!(compared > 210, "{compared}");
}

const URL_PARTS: [&str; 11] = [
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "security-token",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature",
    "x-oss-additional-headers",
    "x-oss-security-token",
];

/// The whole way, as a caller goes it: `presign_query` and `sign_header` reproduce the SDK's signature from what the
/// SDK was given.
#[test]
fn public_signers_reproduce_the_sdks() {
    let mut compared = 0;
    for vector in all() {
        if vector.expect() != "accept" || !vector.signature_valid() || vector.id() == "edge-088" {
            continue;
        }
        let (scheme, carrier) = match vector.scheme() {
            "v1-url" => (Scheme::V1, "url"),
            "v4-url" => (Scheme::V4, "url"),
            "v1-header" => (Scheme::V1, "header"),
            "v4-header" => (Scheme::V4, "header"),
            _ => continue,
        };
        let request = vector.request();
        let (bucket, key) = request.target().unwrap();
        let params = Params::parse(&request.query).unwrap();
        let text_of = |name: &str| {
            params
                .get(name)
                .and_then(|param| param.text())
                .map(|text| text.into_owned())
        };
        let pairs: Vec<(String, String)> = params
            .iter()
            .map(|param| {
                (
                    String::from_utf8(param.name().to_vec()).unwrap(),
                    param.text().unwrap().into_owned(),
                )
            })
            .filter(|(name, _)| !URL_PARTS.contains(&name.as_str()))
            .collect();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let headers: Vec<(&str, &[u8])> = request
            .header_slices()
            .into_iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"))
            .collect();
        let authorization = header(&request, "authorization").unwrap_or_default();
        let announced = match carrier {
            "url" => text_of("x-oss-additional-headers"),
            _ => item(authorization, "AdditionalHeaders").map(str::to_owned),
        };
        let announced = announced.unwrap_or_default();
        let additional: Vec<&str> = announced
            .split(';')
            .filter(|name| !name.is_empty())
            .collect();
        let token = vector.credential("security_token").map(str::to_owned);
        // One SDK sends the token in a header that is not signed; ours would add the one that is.
        let token = token.filter(|_| header(&request, "security-token").is_none());
        let credentials = Credentials {
            access_key_id: vector.credential("access_key_id").unwrap().to_owned(),
            access_key_secret: vector.credential("access_key_secret").unwrap().to_owned(),
            security_token: token,
        };
        let sign_request = SignRequest {
            method: &request.method,
            bucket: bucket.as_deref(),
            key: &key,
            query: &pairs,
            headers: &headers,
            additional_headers: &additional,
        };
        let (region, product) = (
            vector.text("region").unwrap(),
            vector.text("product").unwrap(),
        );
        let id = vector.id();
        if carrier == "url" {
            let (now, expires) = match scheme {
                Scheme::V1 => (0, text_of("Expires").unwrap().parse().unwrap()),
                Scheme::V4 => (
                    parse_compact(&text_of("x-oss-date").unwrap()).unwrap(),
                    text_of("x-oss-expires").unwrap().parse().unwrap(),
                ),
            };
            let options = SignOptions {
                scheme,
                now,
                region,
                product,
            };
            let query =
                presign_query(&sign_request, &credentials, &options, expires, None).unwrap();
            let ours = Params::parse(&query).unwrap();
            let name = if scheme == Scheme::V1 {
                "Signature"
            } else {
                "x-oss-signature"
            };
            assert_eq!(
                ours.get(name).and_then(|param| param.text()).as_deref(),
                vector.text("signature"),
                "{id}"
            );
            // And nothing but what the SDK wrote.
            let sorted = |params: &Params<'_>| {
                let mut pairs: Vec<_> = params
                    .iter()
                    .map(|p| (p.name().to_vec(), p.value().into_owned()))
                    .collect();
                pairs.sort();
                pairs
            };
            if announced.is_empty() {
                assert_eq!(sorted(&ours), sorted(&params), "{id}");
            }
        } else {
            let date = header(&request, "x-oss-date")
                .or(header(&request, "date"))
                .unwrap();
            if scheme == Scheme::V4 && header(&request, "x-oss-date").is_none() {
                continue; // the older Go SDK signs the text of `Date`; ours always sends x-oss-date
            }
            let now = parse_compact(date).or_else(|| parse_http(date)).unwrap();
            let options = SignOptions {
                scheme,
                now,
                region,
                product,
            };
            let added = sign_header(&sign_request, &credentials, &options).unwrap();
            let (name, value) = added.last().unwrap();
            assert_eq!(name, "authorization");
            let signature = match scheme {
                Scheme::V1 => value.rsplit_once(':').unwrap().1,
                Scheme::V4 => item(value, "Signature").unwrap(),
            };
            assert_eq!(Some(signature), vector.text("signature"), "{id}");
        }
        compared += 1;
    }
    assert!(compared > 400, "{compared}");
}
