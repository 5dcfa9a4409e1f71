//! Changes one byte of every accepted vector and wants a refusal.

use crate::choices::accepted;
use crate::vector::{CLIENT, Request, Vector, all, context};
use fosse_oss::sign::canon_v4::AdditionalHeaders;
use fosse_oss::sign::{Params, Verified, is_signed_subresource, verify_from};

/// Bytes that a position is changed to: the neighbours in every sense that a decoder might confuse.
fn replacements(byte: u8) -> impl Iterator<Item = u8> {
    [byte ^ 1, b'A']
        .into_iter()
        .filter(move |&other| other != byte)
}

/// What a signature of this vector covers, decoded: two requests with the same coverage are the same request (hex
/// digits of an escape in another case, a name spelled with an escape).
fn coverage(vector: &Vector, request: &Request) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let v1 = vector.scheme().starts_with("v1");
    let (bucket, key) = request.target()?;
    let mut parts = vec![
        (b"method".to_vec(), request.method.clone().into_bytes()),
        (b"bucket".to_vec(), bucket.unwrap_or_default().into_bytes()),
        (b"key".to_vec(), key),
    ];
    let params = Params::parse(&request.query).ok()?;
    let mut pairs: Vec<_> = params
        .iter()
        .filter(|param| {
            let auth = matches!(param.name(), b"OSSAccessKeyId" | b"Expires" | b"Signature");
            // The client's address takes the place of this one.
            param.name() != b"x-oss-ac-source-ip"
                && (!v1 || auth || is_signed_subresource(param.name()))
        })
        .map(|param| (param.name().to_vec(), param.value().into_owned()))
        .collect();
    pairs.sort();
    parts.extend(pairs);
    Some(parts)
}

/// The request is refused, or (a mutation may break the request before it is verified) cannot be addressed.
fn refused(vector: &Vector, request: &Request) -> bool {
    let regions = vector.regions();
    let keys = vector.keys();
    match request.with_parts(|parts| verify_from(parts, &context(vector, &regions), &CLIENT, &keys))
    {
        None | Some(Err(_)) => true,
        // No signature left to check: nobody is proven.
        Some(Ok(Verified::Anonymous)) => true,
        Some(Ok(Verified::Signed(_))) => false,
    }
}

fn accepted_requests() -> Vec<(Vector, Request)> {
    let vectors: Vec<_> = all()
        .into_iter()
        .filter(|vector| vector.scheme().ends_with("-header") || vector.scheme().ends_with("-url"))
        .filter(accepted)
        .map(|vector| {
            let request = vector.request();
            (vector, request)
        })
        .collect();
    assert!(vectors.len() > 420, "{}", vectors.len());
    for (vector, request) in &vectors {
        assert!(!refused(vector, request), "{}", vector.id());
    }
    vectors
}

#[test]
fn method() {
    for (vector, request) in accepted_requests() {
        for other in ["GET", "HEAD", "PUT", "POST", "DELETE", "get", "GETT", ""] {
            if other != request.method {
                let request = Request {
                    method: other.to_owned(),
                    ..request.clone()
                };
                assert!(refused(&vector, &request), "{} as {other}", vector.id());
            }
        }
    }
}

/// Every position of the text, each with several replacements; `part` puts the changed text into the request.
fn mutate(
    vector: &Vector,
    request: &Request,
    text: &str,
    part: impl Fn(&mut Request, String),
) -> usize {
    let before = coverage(vector, request);
    let mut changed = 0;
    for at in 0..text.len() {
        let byte = text.as_bytes()[at];
        if !byte.is_ascii() {
            continue;
        }
        for other in replacements(byte) {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = other;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let mut request = request.clone();
            part(&mut request, text.clone());
            if coverage(vector, &request) == before {
                continue;
            }
            assert!(refused(vector, &request), "{}: {text:?}", vector.id());
            changed += 1;
        }
    }
    changed
}

#[test]
fn path() {
    let mut changed = 0;
    for (vector, request) in accepted_requests() {
        let path = request.path.clone();
        changed += mutate(&vector, &request, &path, |request, path| {
            request.path = path
        });
    }
    assert!(changed > 10_000, "{changed}");
}

#[test]
fn query() {
    let mut changed = 0;
    for (vector, request) in accepted_requests() {
        let query = request.query.clone();
        changed += mutate(&vector, &request, &query, |request, query| {
            request.query = query
        });
    }
    assert!(changed > 40_000, "{changed}");
}

#[test]
fn signed_headers() {
    let mut changed = 0;
    for (vector, request) in accepted_requests() {
        let v1 = vector.scheme().starts_with("v1");
        let params = Params::parse(&request.query).unwrap();
        let announced = params
            .get("x-oss-additional-headers")
            .and_then(|param| param.text())
            .map(|text| text.into_owned())
            .or_else(|| {
                let (_, value) = request
                    .headers
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
                let (_, list) = std::str::from_utf8(value)
                    .ok()?
                    .split_once("AdditionalHeaders=")?;
                Some(list.split(',').next()?.trim().to_owned())
            })
            .unwrap_or_default();
        let announced = AdditionalHeaders::parse(&announced).unwrap_or_default();
        let has_own_date = request
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("x-oss-date"));
        for (index, (name, value)) in request.headers.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            let is_date = lower == "date" && vector.scheme().ends_with("-header") && !has_own_date;
            let signed = lower.starts_with("x-oss-")
                || matches!(&*lower, "content-type" | "content-md5")
                || (!v1 && announced.iter().any(|other| other == lower))
                || is_date;
            // One vector signs the host without the port that it sends: the port is not covered there.
            if !signed || (vector.id() == "derived-006" && lower == "host") {
                continue;
            }
            for at in 0..value.len() {
                for other in replacements(value[at]) {
                    let mut request = request.clone();
                    request.headers[index].1[at] = other;
                    let trimmed = |value: &[u8]| value.trim_ascii().to_vec();
                    if trimmed(&request.headers[index].1) == trimmed(value) {
                        continue;
                    }
                    assert!(
                        refused(&vector, &request),
                        "{}: {name} at {at} to {other}",
                        vector.id()
                    );
                    changed += 1;
                }
            }
            // A signed header that is missing, or of another name. (Without `x-oss-content-sha256` the last line is what
            // the header said, but its own line is gone.)
            let mut without = request.clone();
            without.headers.remove(index);
            assert!(refused(&vector, &without), "{} without {name}", vector.id());
            let mut doubled = request.clone();
            doubled.headers.push((name.clone(), b"more".to_vec()));
            assert!(
                refused(&vector, &doubled),
                "{} with {name} twice",
                vector.id()
            );
        }
        let mut more = request.clone();
        more.headers
            .push(("x-oss-meta-added".to_owned(), b"1".to_vec()));
        assert!(
            refused(&vector, &more),
            "{} with a header more",
            vector.id()
        );
    }
    assert!(changed > 12_000, "{changed}");
}

#[test]
fn authorization_header() {
    let mut changed = 0;
    for (vector, request) in accepted_requests() {
        let find = |(name, _): &(String, Vec<u8>)| name.eq_ignore_ascii_case("authorization");
        let Some(index) = request.headers.iter().position(find) else {
            continue;
        };
        let value = request.headers[index].1.clone();
        for at in 0..value.len() {
            for other in replacements(value[at]) {
                let mut request = request.clone();
                request.headers[index].1[at] = other;
                // Announced names in another case are the same names.
                let start = value
                    .windows(18)
                    .position(|text| text == b"AdditionalHeaders=")
                    .map(|at| at + 18);
                let announced =
                    start.is_some_and(|start| at >= start && !value[start..at].contains(&b','));
                if announced && value.eq_ignore_ascii_case(&request.headers[index].1) {
                    continue;
                }
                assert!(
                    refused(&vector, &request),
                    "{}: {}",
                    vector.id(),
                    String::from_utf8_lossy(&request.headers[index].1)
                );
                changed += 1;
            }
        }
    }
    assert!(changed > 25_000, "{changed}");
}
