//! How fast URLs are presigned and verified on one core, beside the hashing that they cannot do without.
//!
//! The request is the one of the project's goal: a short key and one `response-*` parameter.
//! `hashing` is the floor: SHA-256 of the very canonical request and the HMAC of the very string to sign, nothing else.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fosse_oss::sign::canon_v4::{self, AdditionalHeaders};
use fosse_oss::sign::{
    Credentials, KeyState, Keys, Message, Params, RequestParts, Scheme, Scope, SignOptions,
    SignRequest, SigningKey, VerifyContext, canon_v1, presign_query, sign_header, sign_v1, verify,
};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::sync::Arc;

const NOW: i64 = 1_705_307_445;
const ID: &str = "LTAI5tFosseTestVector001";
const SECRET: &str = "kQ8vT2mYpZ4xR7nB1cW9sD3fG6hJ0L";
const REGION: &str = "cn-hangzhou";
const BUCKET: &str = "examplebucket";
const KEY: &[u8] = b"exampleobject.txt";
const QUERY: &[(&str, &str)] = &[("response-content-type", "text/plain")];
const HEADERS: &[(&str, &[u8])] = &[
    ("host", b"examplebucket.oss-cn-hangzhou.aliyuncs.com"),
    ("user-agent", b"curl/8.5.0"),
    ("accept", b"*/*"),
];

/// A server's key store: with the cache, the derived key is compared and cloned; without, derived each time.
struct OneKey {
    secret: Arc<str>,
    cached: Option<SigningKey>,
}

impl OneKey {
    fn new(cache: bool) -> Self {
        let cached = cache.then(|| SigningKey::derive(SECRET, "20240115", REGION, "oss"));
        Self {
            secret: SECRET.into(),
            cached,
        }
    }
}

impl Keys for OneKey {
    fn lookup(&self, access_key_id: &str, _token: Option<&str>) -> KeyState {
        if access_key_id == ID {
            KeyState::Active {
                secret: Arc::clone(&self.secret),
                expires_at: None,
            }
        } else {
            KeyState::Unknown
        }
    }

    fn v4_signing_key(
        &self,
        _id: &str,
        secret: &str,
        date: &str,
        region: &str,
        product: &str,
    ) -> SigningKey {
        match &self.cached {
            Some(key) if date == "20240115" && region == REGION && product == "oss" => key.clone(),
            _ => SigningKey::derive(secret, date, region, product),
        }
    }
}

fn request() -> SignRequest<'static> {
    SignRequest {
        method: "GET",
        bucket: Some(BUCKET),
        key: KEY,
        query: QUERY,
        headers: &[],
        additional_headers: &[],
    }
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: ID.into(),
        access_key_secret: SECRET.into(),
        security_token: None,
    }
}

fn options(scheme: Scheme) -> SignOptions<'static> {
    SignOptions {
        scheme,
        now: NOW,
        region: REGION,
        product: "oss",
    }
}

fn presign(c: &mut Criterion) {
    let credentials = credentials();
    let key = SigningKey::derive(SECRET, "20240115", REGION, "oss");
    let mut group = c.benchmark_group("presign");
    group.throughput(Throughput::Elements(1));
    group.bench_function("v4 cached key", |b| {
        b.iter(|| {
            presign_query(
                black_box(&request()),
                &credentials,
                &options(Scheme::V4),
                3600,
                Some(&key),
            )
        });
    });
    group.bench_function("v4 derived key", |b| {
        b.iter(|| {
            presign_query(
                black_box(&request()),
                &credentials,
                &options(Scheme::V4),
                3600,
                None,
            )
        });
    });
    group.bench_function("v1", |b| {
        b.iter(|| {
            presign_query(
                black_box(&request()),
                &credentials,
                &options(Scheme::V1),
                3600,
                None,
            )
        });
    });
    group.finish();
}

fn verify_urls(c: &mut Criterion) {
    let context = VerifyContext {
        now: NOW + 60,
        regions: &[REGION.to_owned()],
        product: "oss",
    };
    let mut group = c.benchmark_group("verify");
    group.throughput(Throughput::Elements(1));
    for (name, scheme, cache) in [
        ("v4 cached key", Scheme::V4, true),
        ("v4 derived key", Scheme::V4, false),
        ("v1", Scheme::V1, false),
    ] {
        let query =
            presign_query(&request(), &credentials(), &options(scheme), 3600, None).unwrap();
        let parts = RequestParts {
            method: "GET",
            bucket: Some(BUCKET),
            key: KEY,
            query: &query,
            headers: HEADERS,
        };
        let keys = OneKey::new(cache);
        assert!(verify(&parts, &context, &keys).is_ok());
        group.bench_function(name, |b| {
            b.iter(|| verify(black_box(&parts), &context, &keys))
        });
    }
    for (name, scheme) in [
        ("v4 header cached key", Scheme::V4),
        ("v1 header", Scheme::V1),
    ] {
        let sent = SignRequest {
            headers: HEADERS,
            ..request()
        };
        let added = sign_header(&sent, &credentials(), &options(scheme)).unwrap();
        let mut headers = HEADERS.to_vec();
        headers.extend(
            added
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes())),
        );
        let query = "response-content-type=text%2Fplain";
        let parts = RequestParts {
            method: "GET",
            bucket: Some(BUCKET),
            key: KEY,
            query,
            headers: &headers,
        };
        let keys = OneKey::new(true);
        assert!(verify(&parts, &context, &keys).is_ok());
        group.bench_function(name, |b| {
            b.iter(|| verify(black_box(&parts), &context, &keys))
        });
    }
    group.finish();
}

fn hashing(c: &mut Criterion) {
    let query =
        presign_query(&request(), &credentials(), &options(Scheme::V4), 3600, None).unwrap();
    let params = Params::parse(&query).unwrap();
    let message = Message::from(&request());
    let canonical = canon_v4::canonical_request(&message, &params, &AdditionalHeaders::default());
    let scope = Scope {
        access_key_id: ID,
        date: "20240115",
        region: REGION,
        product: "oss",
    };
    let text = canon_v4::string_to_sign("20240115T083045Z", &scope, &canonical);
    let key = SigningKey::derive(SECRET, "20240115", REGION, "oss");
    let mut group = c.benchmark_group("hashing");
    group.throughput(Throughput::Elements(1));
    group.bench_function(
        format!(
            "v4 SHA-256 of {} B and HMAC of {} B",
            canonical.as_bytes().len(),
            text.len()
        ),
        |b| {
            b.iter(|| {
                (
                    Sha256::digest(black_box(canonical.as_bytes())),
                    key.sign(black_box(&text)),
                )
            });
        },
    );
    let query =
        presign_query(&request(), &credentials(), &options(Scheme::V1), 3600, None).unwrap();
    let params = Params::parse(&query).unwrap();
    let text = canon_v1::string_to_sign(&message, &params, b"1705311045");
    group.bench_function(format!("v1 HMAC-SHA1 of {} B", text.len()), |b| {
        b.iter(|| sign_v1(SECRET, black_box(&text)));
    });
    group.bench_function("v4 key derivation", |b| {
        b.iter(|| SigningKey::derive(black_box(SECRET), "20240115", REGION, "oss"));
    });
    group.finish();
}

criterion_group!(benches, presign, verify_urls, hashing);
criterion_main!(benches);
