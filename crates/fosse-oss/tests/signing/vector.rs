//! Reading the vector files, and the request of a vector as a server sees it.

use fosse_oss::encode::decode_path;
use fosse_oss::sign::{Client, KeyState, Keys, RequestParts, VerifyContext};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// One vector; the accessors panic on a file that is not as its README says.
pub(crate) struct Vector(Value);

pub(crate) fn all() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut vectors = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(
                file["format"],
                "fosse-signing-vectors/1",
                "{}",
                path.display()
            );
            let Value::Array(list) = file["vectors"].take() else {
                panic!("{}", path.display())
            };
            vectors.extend(list.into_iter().map(Vector));
        }
    }
    assert_eq!(vectors.len(), 521);
    vectors
}

impl Vector {
    pub(crate) fn get(&self, name: &str) -> &Value {
        &self.0[name]
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap()
    }

    pub(crate) fn scheme(&self) -> &str {
        self.text("scheme").unwrap()
    }

    pub(crate) fn expect(&self) -> &str {
        self.text("expect").unwrap()
    }

    pub(crate) fn now(&self) -> i64 {
        self.get("now_unix").as_i64().unwrap()
    }

    pub(crate) fn credential(&self, name: &str) -> Option<&str> {
        self.get("credentials").get(name)?.as_str()
    }

    pub(crate) fn signature_valid(&self) -> bool {
        self.get("signature_valid").as_bool().unwrap()
    }

    /// What the server knows. For the vector of the unknown key: nothing.
    pub(crate) fn keys(&self) -> VectorKeys {
        VectorKeys {
            id: self.credential("access_key_id").unwrap().to_owned(),
            secret: self.credential("access_key_secret").unwrap().to_owned(),
            token: self.credential("security_token").map(str::to_owned),
            empty: self.id() == "edge-084",
        }
    }

    pub(crate) fn regions(&self) -> Vec<String> {
        vec![self.text("region").unwrap().to_owned()]
    }

    /// The request, for the schemes that have one (a form has fields instead).
    pub(crate) fn request_or_none(&self) -> Option<Request> {
        self.get("request").is_object().then(|| self.request())
    }

    pub(crate) fn request(&self) -> Request {
        let request = self.get("request");
        let text = |name: &str| request[name].as_str().unwrap().to_owned();
        let mut headers = vec![("Host".to_owned(), text("host").into_bytes())];
        for pair in request["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            // Values that are not ASCII are given as the bytes that went over the wire.
            let bytes = match self
                .get("header_bytes_hex")
                .get(name)
                .and_then(Value::as_str)
            {
                Some(hex) => unhex(hex),
                None => value.as_bytes().to_vec(),
            };
            headers.push((name.to_owned(), bytes));
        }
        let body = request.get("body").and_then(Value::as_str).unwrap_or("");
        Request {
            method: text("method"),
            host: text("host"),
            path: text("path"),
            query: text("query"),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A request as it came over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// With `Host`.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Bucket and decoded key by the rules of signing.md §1.2 and the set-up that the vectors assume. Written apart
    /// from the server's own addressing on purpose. `None` for a broken escape.
    pub(crate) fn target(&self) -> Option<(Option<String>, Vec<u8>)> {
        const DOMAINS: [&str; 2] = ["oss-cn-hangzhou.aliyuncs.com", "oss.fosse.test"];
        let host = match self.host.rsplit_once(':') {
            Some((host, port))
                if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.ends_with(':') =>
            {
                host
            }
            _ => &self.host,
        };
        let path = self.path.strip_prefix('/')?;
        let virtual_bucket = DOMAINS
            .iter()
            .find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'));
        let bucket = if host == "img.fosse.test" {
            Some("examplebucket")
        } else {
            virtual_bucket
        };
        if let Some(bucket) = bucket {
            return Some((
                Some(bucket.to_owned()),
                decode_path(path).ok()?.into_owned(),
            ));
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let bucket = String::from_utf8(decode_path(bucket).ok()?.into_owned()).ok()?;
        Some((
            (!bucket.is_empty()).then_some(bucket),
            decode_path(key).ok()?.into_owned(),
        ))
    }

    /// Verifies the request as `vector`'s server would.
    pub(crate) fn with_parts<T>(&self, then: impl FnOnce(&RequestParts<'_>) -> T) -> Option<T> {
        let (bucket, key) = self.target()?;
        let headers = self.header_slices();
        Some(then(&RequestParts {
            method: &self.method,
            bucket: bucket.as_deref(),
            key: &key,
            query: &self.query,
            headers: &headers,
        }))
    }

    pub(crate) fn header_slices(&self) -> Vec<(&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect()
    }
}

/// The one key that a vector's server knows.
pub(crate) struct VectorKeys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) empty: bool,
}

impl Keys for VectorKeys {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        if self.empty || access_key_id != self.id {
            return KeyState::Unknown;
        }
        match (self.token.as_deref(), token) {
            (known, sent) if known == sent => KeyState::Active {
                secret: self.secret.as_str().into(),
                expires_at: None,
            },
            (None, Some(_)) => KeyState::TokenUnexpected,
            (Some(_), None) => KeyState::Unknown,
            _ => KeyState::TokenInvalid,
        }
    }
}

/// Where the requests of the vectors that are limited to a place come from.
pub(crate) const CLIENT: Client<'static> = Client {
    address: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77))),
    forwarded: &[],
    vpc: Some("vpc-t4nlw426y44rd3iq4xxxx"),
};

pub(crate) fn context<'a>(vector: &'a Vector, regions: &'a [String]) -> VerifyContext<'a> {
    VerifyContext {
        now: vector.now(),
        regions,
        product: vector.text("product").unwrap(),
    }
}
