//! Presigned URLs: made here, without asking the server (signing.md §3, §6).

use fosse_oss::sign::{self, Scheme, SignOptions, SignRequest};

use crate::endpoint::{Endpoint, Slash};
use crate::error::Result;

/// Makes presigned URLs.
#[derive(Clone)]
pub struct Presigner {
    /// Where the links lead.
    pub endpoint: Endpoint,
    /// Who signs.
    pub credentials: sign::Credentials,
    /// Signature version.
    pub scheme: Scheme,
    /// Region id; must not be empty for V4.
    pub region: String,
}

/// What a link allows.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    /// HTTP method, upper-case.
    pub method: &'a str,
    /// Bucket.
    pub bucket: &'a str,
    /// Decoded key bytes.
    pub key: &'a [u8],
    /// Query parameters, decoded; an empty value is a bare name. `versionId` is one of them.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers that the visitor must send.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Signing time, Unix seconds.
    pub now: i64,
    /// Life in seconds, counted from `now`; V4: 1 to 604800.
    pub expires: i64,
    /// How `/` inside the key is written.
    pub slash: Slash,
    /// Sign any life, also one that the server will refuse, as clients of the first generation do.
    pub any_life: bool,
}

impl Presigner {
    /// The URL. In V4 every header of the link is signed, the ones beyond `Content-Type`, `Content-MD5` and `x-oss-*`
    /// as additional headers. V1 signs only these three kinds; others do not bind there.
    ///
    /// # Errors
    /// [`crate::Error::Sign`]: the life is too long or too short, or the region is missing.
    pub fn presign(&self, link: &Link<'_>) -> Result<String> {
        let additional: Vec<&str> = match self.scheme {
            Scheme::V1 => Vec::new(),
            Scheme::V4 => link
                .headers
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !signed_anyway(name))
                .collect(),
        };
        let request = SignRequest {
            method: link.method,
            bucket: Some(link.bucket),
            key: link.key,
            query: link.query,
            headers: link.headers,
            additional_headers: &additional,
        };
        let options = SignOptions {
            scheme: self.scheme,
            now: link.now,
            region: &self.region,
            product: "oss",
        };
        let query = (if link.any_life {
            sign::presign_query_any_life
        } else {
            sign::presign_query
        })(&request, &self.credentials, &options, link.expires, None)?;
        let address = self
            .endpoint
            .address(Some(link.bucket), link.key, link.slash);
        Ok(format!("{address}?{query}"))
    }
}

/// Whether both schemes sign a header of this name without being told.
pub fn signed_anyway(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "content-type" || name == "content-md5" || name.starts_with("x-oss-")
}

/// The value of `response-content-disposition` that makes a browser save under `name`: an ASCII fallback and the
/// exact name (RFC 6266).
pub fn attachment(name: &str) -> String {
    let fallback: String = name
        .chars()
        .map(|c| {
            if c.is_ascii() && !c.is_ascii_control() && !matches!(c, '"' | '\\' | '%') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut encoded = String::new();
    fosse_oss::encode::encode_component(name.as_bytes(), &mut encoded);
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}")
}
