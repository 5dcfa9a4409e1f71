//! Requests against an OSS endpoint: presigned V4 downloads and uploads, each URL its own.

use crate::content::Content;
use crate::load::{Shot, Source};
use anyhow::Context;
use bytes::Bytes;
use fosse_oss::sign::{self, Credentials, Scheme, SignOptions, SignRequest, SigningKey};
use std::net::SocketAddr;
use std::rc::Rc;

/// Signs URLs for one bucket of one endpoint, path-style.
pub struct Signer {
    address: SocketAddr,
    bucket: String,
    credentials: Credentials,
    region: String,
    now: i64,
    key: SigningKey,
}

/// How long the URLs of a benchmark live, in seconds.
const LIFE: i64 = 86_400;

impl Signer {
    /// `now`: signing time in Unix seconds. The V4 key of that day is derived once.
    pub fn new(
        address: SocketAddr,
        bucket: &str,
        credentials: Credentials,
        region: &str,
        now: i64,
    ) -> Self {
        let date = fosse_oss::time::format_compact(now);
        let day = date.split('T').next().unwrap_or_default();
        let key = SigningKey::derive(&credentials.access_key_secret, day, region, "oss");
        Self {
            address,
            bucket: bucket.to_owned(),
            credentials,
            region: region.to_owned(),
            now,
            key,
        }
    }

    /// The server that the requests are for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same signer for another bucket.
    pub fn with_bucket(&self, bucket: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            credentials: self.credentials.clone(),
            region: self.region.clone(),
            key: self.key.clone(),
            ..*self
        }
    }

    /// Path and presigned query of one request; an empty `key` addresses the bucket. URLs with another
    /// `life` have another signature.
    pub fn url(
        &self,
        method: &str,
        key: &str,
        scheme: Scheme,
        life: i64,
    ) -> anyhow::Result<String> {
        self.url_with(method, key, scheme, life, &[])
    }

    fn url_with(
        &self,
        method: &str,
        key: &str,
        scheme: Scheme,
        life: i64,
        headers: &[(&str, &[u8])],
    ) -> anyhow::Result<String> {
        let request = SignRequest {
            method,
            bucket: Some(&self.bucket),
            key: key.as_bytes(),
            query: &[],
            headers,
            additional_headers: &[],
        };
        let options = SignOptions {
            scheme,
            now: self.now,
            region: &self.region,
            product: "oss",
        };
        let query =
            sign::presign_query(&request, &self.credentials, &options, life, Some(&self.key))
                .context("signing")?;
        let mut url = format!("/{}/", self.bucket);
        fosse_oss::encode::encode_path(key.as_bytes(), &mut url);
        url.push('?');
        url.push_str(&query);
        Ok(url)
    }

    /// The whole request of an upload; `public`: the object is readable by everyone.
    pub fn upload(&self, key: &str, body: &[u8], public: bool) -> anyhow::Result<Bytes> {
        if !public {
            return Ok(self.wire("PUT", &self.url("PUT", key, Scheme::V4, 600)?, body));
        }
        let (name, value) = ("x-oss-object-acl", "public-read");
        let url = self.url_with("PUT", key, Scheme::V4, 600, &[(name, value.as_bytes())])?;
        let plain = self.wire("PUT", &url, body);
        let head = format!("PUT {url} HTTP/1.1\r\n");
        Ok([
            format!("{head}{name}: {value}\r\n").as_bytes(),
            &plain[head.len()..],
        ]
        .concat()
        .into())
    }

    /// A whole request to `url` (path and query), body included.
    pub fn wire(&self, method: &str, url: &str, body: &[u8]) -> Bytes {
        let mut wire = Vec::with_capacity(url.len() + body.len() + 128);
        wire.extend_from_slice(method.as_bytes());
        wire.push(b' ');
        wire.extend_from_slice(url.as_bytes());
        wire.extend_from_slice(format!(" HTTP/1.1\r\nHost: {}\r\n", self.address).as_bytes());
        if method == "PUT" {
            wire.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(body);
        wire.into()
    }
}

/// Downloads: a ring of requests made beforehand, so that signing costs the generator nothing.
pub struct Ring {
    shots: Rc<[Shot]>,
    next: usize,
}

/// How the requests of a [`Ring`] prove who sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A presigned URL; every entry of the ring has its own signature.
    Presigned(Scheme),
    /// None: the object must be readable by everyone.
    Anonymous,
}

impl Ring {
    /// `size` requests over `objects` (key and content) in turn.
    pub fn new(
        signer: &Signer,
        objects: &[(String, Rc<Content>)],
        size: usize,
        proof: Proof,
    ) -> anyhow::Result<Self> {
        let shots: anyhow::Result<Vec<_>> = objects
            .iter()
            .cycle()
            .take(size)
            .enumerate()
            .map(|(n, (key, content))| {
                let url = match proof {
                    Proof::Presigned(scheme) => signer.url("GET", key, scheme, LIFE + n as i64)?,
                    Proof::Anonymous => format!("/{}/{key}", signer.bucket),
                };
                Ok(Shot {
                    wire: signer.wire("GET", &url, &[]),
                    status: 200,
                    content: Rc::clone(content),
                    download: true,
                    id: n as u64,
                })
            })
            .collect();
        Ok(Self {
            shots: shots?.into(),
            next: 0,
        })
    }

    /// The same requests, from the first one on.
    pub fn restart(&self) -> Self {
        Self {
            shots: Rc::clone(&self.shots),
            next: 0,
        }
    }
}

impl Source for Ring {
    fn next(&mut self) -> anyhow::Result<Shot> {
        let shot = self.shots.get(self.next).context("an empty ring")?.clone();
        self.next = (self.next + 1) % self.shots.len();
        Ok(shot)
    }
}

/// Uploads: every request writes a key of its own, by a URL signed when it is sent.
pub struct Uploads {
    signer: Rc<Signer>,
    prefix: String,
    contents: Vec<Rc<Content>>,
    signed: bool,
    sent: u64,
    acknowledged: Vec<u64>,
}

impl Uploads {
    /// Keys below `prefix`; the contents take turns. `signed`: presigned V4, and the answer's ETag must
    /// be the MD5 of what was sent; otherwise a bare PUT as a WebDAV server takes it (201, no ETag).
    pub fn new(
        signer: Rc<Signer>,
        prefix: impl Into<String>,
        contents: Vec<Rc<Content>>,
        signed: bool,
    ) -> Self {
        Self {
            signer,
            prefix: prefix.into(),
            contents,
            signed,
            sent: 0,
            acknowledged: Vec::new(),
        }
    }

    fn key(&self, id: u64) -> String {
        // Like real keys: a date-like folder, then a name that does not sort by time.
        format!(
            "{}/{:02x}/{id:08}",
            self.prefix,
            id.wrapping_mul(0x9e37_79b9) >> 16 & 0xff
        )
    }

    fn content(&self, id: u64) -> anyhow::Result<&Rc<Content>> {
        let at = (id % self.contents.len().max(1) as u64) as usize;
        self.contents.get(at).context("no content to upload")
    }

    /// How many uploads were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Downloads of `count` acknowledged uploads, evenly spread, with what they must carry.
    pub fn read_back(&self, count: usize) -> anyhow::Result<Vec<Shot>> {
        let step = (self.acknowledged.len() / count.max(1)).max(1);
        self.acknowledged
            .iter()
            .step_by(step)
            .map(|id| {
                let key = self.key(*id);
                let url = if self.signed {
                    self.signer.url("GET", &key, Scheme::V4, LIFE)?
                } else {
                    format!("/{}/{key}", self.signer.bucket)
                };
                Ok(Shot {
                    wire: self.signer.wire("GET", &url, &[]),
                    status: 200,
                    content: Rc::clone(self.content(*id)?),
                    download: true,
                    id: *id,
                })
            })
            .collect()
    }
}

impl Source for Uploads {
    fn next(&mut self) -> anyhow::Result<Shot> {
        let id = self.sent;
        self.sent += 1;
        let key = self.key(id);
        let content = Rc::clone(self.content(id)?);
        let (url, status, content) = if self.signed {
            (
                self.signer.url("PUT", &key, Scheme::V4, LIFE)?,
                200,
                content,
            )
        } else {
            let bare = Content {
                bytes: content.bytes.clone(),
                etag: String::new(),
            };
            (format!("/{}/{key}", self.signer.bucket), 201, Rc::new(bare))
        };
        let wire = self.signer.wire("PUT", &url, &content.bytes);
        Ok(Shot {
            wire,
            status,
            content,
            download: false,
            id,
        })
    }

    fn done(&mut self, id: u64) {
        self.acknowledged.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn signer() -> Signer {
        let credentials = Credentials {
            access_key_id: "id".into(),
            access_key_secret: "secret".into(),
            security_token: None,
        };
        Signer::new(
            "127.0.0.1:9000".parse().unwrap(),
            "bkt",
            credentials,
            "cn-hangzhou",
            1_700_000_000,
        )
    }

    #[test]
    fn every_url_of_a_ring_has_its_own_signature() {
        let content = Rc::new(Content::generate(0, 8));
        let objects: Vec<_> = (0..3)
            .map(|n| (format!("k{n}"), Rc::clone(&content)))
            .collect();
        for scheme in [Scheme::V1, Scheme::V4] {
            let mut ring = Ring::new(&signer(), &objects, 100, Proof::Presigned(scheme)).unwrap();
            let first = ring.next().unwrap().wire;
            let mut seen = HashSet::from([first.clone()]);
            seen.extend((1..100).map(|_| ring.next().unwrap().wire));
            assert_eq!(seen.len(), 100);
            assert_eq!(ring.next().unwrap().wire, first, "a ring goes round");
        }
    }

    #[test]
    fn uploads_read_back_what_was_acknowledged_and_nothing_else() {
        let contents: Vec<_> = (0..3).map(|n| Rc::new(Content::generate(n, 16))).collect();
        let mut uploads = Uploads::new(Rc::new(signer()), "p", contents.clone(), true);
        let sent: Vec<_> = (0..10).map(|_| uploads.next().unwrap()).collect();
        for id in [1, 4, 8] {
            uploads.done(id);
        }
        let back = uploads.read_back(100).unwrap();
        assert_eq!(back.iter().map(|s| s.id).collect::<Vec<_>>(), [1, 4, 8]);
        for shot in &back {
            assert_eq!(shot.content.bytes, sent[shot.id as usize].content.bytes);
        }
        assert_eq!(uploads.read_back(1).unwrap().len(), 1);
        assert!(sent[0].wire.ends_with(&contents[0].bytes));
        assert!(sent[0].wire.starts_with(b"PUT /bkt/p/"));
    }
}
