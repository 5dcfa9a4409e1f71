//! Targets of the signing parsers. Beside "no panic", each asserts something that must hold for every input.

use fosse_oss::OssError;
use fosse_oss::sign::canon_v4::{AdditionalHeaders, canonical_request};
use fosse_oss::sign::sts::{StsRequest, answer_format, verify_sts};
use fosse_oss::sign::{
    Credentials, FormPolicy, FormVerified, KeyState, Keys, Message, Params, RequestParts, Scheme,
    Scope, SignOptions, SignRequest, Verified, VerifyContext, presign_query, sign_header,
    verify_form,
};

const NOW: i64 = 1_705_307_445;
const SECRET: &str = "a secret that no input can know";

/// Knows every key, so that inputs get as far as the signature.
struct AnyKey;

impl Keys for AnyKey {
    fn lookup(&self, _access_key_id: &str, _token: Option<&str>) -> KeyState {
        KeyState::Active {
            secret: SECRET.into(),
            expires_at: None,
        }
    }
}

fn context() -> VerifyContext<'static> {
    VerifyContext {
        now: NOW,
        regions: &[],
        product: "oss",
    }
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A refusal can always be told to the client.
fn explain(error: &OssError) {
    assert!((400..500).contains(&error.status()));
    assert!(
        error
            .to_xml("0123456789ABCDEF01234567", "host")
            .ends_with("</Error>")
    );
}

/// Nobody can guess a signature: whatever the input, it is anonymous or refused.
fn refused(parts: &RequestParts<'_>) {
    match fosse_oss::sign::verify(parts, &context(), &AnyKey) {
        Ok(Verified::Anonymous) => {}
        Ok(Verified::Signed(identity)) => panic!("a forged signature was accepted: {identity:?}"),
        Err(refusal) => explain(&refusal.to_error()),
    }
}

/// The value of the `Authorization` header.
pub fn authorization(data: &[u8]) {
    let headers: &[(&str, &[u8])] = &[
        ("host", b"h:80"),
        ("x-oss-date", b"20240115T083045Z"),
        ("authorization", data),
    ];
    refused(&RequestParts {
        method: "GET",
        bucket: Some("b"),
        key: b"k",
        query: "",
        headers,
    });
    let headers: &[(&str, &[u8])] = &[
        ("date", b"Mon, 15 Jan 2024 08:30:45 GMT"),
        ("authorization", data),
    ];
    refused(&RequestParts {
        method: "PUT",
        bucket: None,
        key: b"",
        query: "acl",
        headers,
    });
}

/// The query of a presented URL.
pub fn presented_url(data: &[u8]) {
    let Some(query) = text(data) else { return };
    refused(&RequestParts {
        method: "GET",
        bucket: Some("b"),
        key: b"k",
        query,
        headers: &[],
    });
    // The canonical query is a fixed point of reading and writing.
    let Ok(params) = Params::parse(query) else {
        return;
    };
    let message = Message {
        method: "GET",
        bucket: None,
        key: b"",
        headers: &[],
    };
    let none = AdditionalHeaders::default();
    let once = canonical_request(&message, &params, &none);
    let written = text(once.query()).expect("an encoded query is ASCII");
    let again = Params::parse(written).expect("an encoded query parses");
    assert_eq!(
        canonical_request(&message, &again, &none).query(),
        once.query()
    );
}

/// The credential of V4.
pub fn credential_scope(data: &[u8]) {
    let Some(credential) = text(data) else { return };
    if let Ok(scope) = Scope::parse(credential) {
        assert_eq!(scope.to_credential(), credential);
        assert_eq!(scope.date.len(), 8);
    }
}

/// The fields of a form, one `name=value` a line, and its policy.
pub fn form_policy(data: &[u8]) {
    let fields: Vec<(&str, &[u8])> = data
        .split(|&byte| byte == b'\n')
        .filter_map(|line| {
            let at = line.iter().position(|&byte| byte == b'=')?;
            Some((text(&line[..at])?, &line[at + 1..]))
        })
        .collect();
    match verify_form(&fields, &context(), &AnyKey) {
        Ok(FormVerified::Anonymous) => {}
        Ok(FormVerified::Signed { identity, .. }) => {
            panic!("a forged form was accepted: {identity:?}")
        }
        Err(refusal) => explain(&refusal.to_error()),
    }
    let Some(json) = text(data) else { return };
    for policy in [FormPolicy::parse(json), FormPolicy::parse_json(json)] {
        match policy {
            Ok(policy) => {
                let outcome = policy
                    .check("b", &fields, NOW)
                    .and_then(|()| policy.check_size(17));
                if let Err(error) = outcome {
                    explain(&error.into());
                }
            }
            Err(error) => explain(&error.into()),
        }
    }
}

/// A whole request: method, bucket, key and query, a line each, then a header a line as `name:value`. It is
/// verified as it stands; then it is signed, and must verify.
pub fn verify(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, bucket, key, query) = (next(), next(), next(), next());
    let (Some(method), Some(bucket), Some(query)) = (text(method), text(bucket), text(query))
    else {
        return;
    };
    let headers: Vec<(&str, &[u8])> = lines
        .filter_map(|line| {
            let at = line.iter().position(|&byte| byte == b':')?;
            Some((text(&line[..at])?, &line[at + 1..]))
        })
        .collect();
    let bucket = (!bucket.is_empty()).then_some(bucket);
    refused(&RequestParts {
        method,
        bucket,
        key,
        query,
        headers: &headers,
    });

    if headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    {
        return; // signed already
    }
    let Ok(params) = Params::parse(query) else {
        return;
    };
    let pairs: Option<Vec<(String, String)>> = params
        .iter()
        .map(|param| Some((text(param.name())?.to_owned(), param.text()?.into_owned())))
        .collect();
    let Some(pairs) = pairs else { return };
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = SignRequest {
        method,
        bucket,
        key,
        query: &pairs,
        headers: &headers,
        additional_headers: &[],
    };
    let credentials = Credentials {
        access_key_id: "LTAI5t".to_owned(),
        access_key_secret: SECRET.to_owned(),
        security_token: None,
    };
    for scheme in [Scheme::V1, Scheme::V4] {
        let options = SignOptions {
            scheme,
            now: NOW,
            region: "cn-hangzhou",
            product: "oss",
        };
        if let Ok(signed) = presign_query(&request, &credentials, &options, 60, None) {
            signed_verifies(&RequestParts {
                method,
                bucket,
                key,
                query: &signed,
                headers: &headers,
            });
        }
        if let Ok(added) = sign_header(&request, &credentials, &options) {
            let mut all = headers.clone();
            all.extend(
                added
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_bytes())),
            );
            signed_verifies(&RequestParts {
                method,
                bucket,
                key,
                query,
                headers: &all,
            });
        }
    }
}

/// What was signed is accepted, or refused by a rule that signing cannot know about: a mismatch is always a fault.
fn signed_verifies(parts: &RequestParts<'_>) {
    if let Err(refusal) = fosse_oss::sign::verify(parts, &context(), &AnyKey) {
        assert_ne!(
            refusal.rule(),
            fosse_oss::sign::Rule::Signature,
            "{parts:?}"
        );
        explain(&refusal.to_error());
    }
}

/// An STS request: method, query, `Authorization`, content type, a line each, then the body.
pub fn sts(data: &[u8]) {
    let mut lines = data.splitn(5, |&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, query, authorization, content_type, body) =
        (next(), next(), next(), next(), next());
    let (Some(method), Some(query)) = (text(method), text(query)) else {
        return;
    };
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("host", b"sts.localhost"),
        ("content-type", content_type),
        ("x-acs-action", b"AssumeRole"),
        ("x-acs-version", b"2015-04-01"),
        ("x-acs-date", b"2024-01-15T08:30:45Z"),
        ("x-acs-signature-nonce", b"n"),
        (
            "x-acs-content-sha256",
            b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    ];
    if !authorization.is_empty() {
        headers.push(("authorization", authorization));
    }
    let request = StsRequest {
        method,
        path: "/",
        query,
        headers: &headers,
        body,
    };
    let _ = answer_format(&request);
    match verify_sts(&request, NOW, &AnyKey) {
        Ok(verified) => panic!("a forged signature was accepted: {verified:?}"),
        Err(refusal) => {
            assert!((400..500).contains(&refusal.status()));
            assert!(!refusal.code().is_empty() && !refusal.message().is_empty());
        }
    }
}
