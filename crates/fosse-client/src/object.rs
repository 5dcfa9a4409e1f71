//! Object operations (api-objects.md §1 to §7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
use fosse_oss::encode::decode_query;
use fosse_oss::xml::Writer;
use http::HeaderMap;
use md5::{Digest as _, Md5};

use crate::bucket::{grant, text};
use crate::client::{Answer, Call, Client, XML_BODY};
use crate::error::{Error, Result};
use crate::payload::Payload;

/// What the server says about an object it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Without quotes.
    pub etag: String,
    /// CRC-64 of the object, when the server told it.
    pub crc64: Option<u64>,
    /// Version, in a versioned bucket.
    pub version_id: Option<String>,
}

impl Stored {
    pub(crate) fn of(answer: &Answer) -> Self {
        Self {
            etag: answer
                .header("etag")
                .unwrap_or_default()
                .trim_matches('"')
                .to_owned(),
            crc64: answer.crc64(),
            version_id: answer.header("x-oss-version-id").map(str::to_owned),
        }
    }
}

/// What to read of an object.
#[derive(Debug, Clone, Default)]
pub struct GetRequest {
    /// A certain version.
    pub version_id: Option<String>,
    /// First byte, and last byte (inclusive) when given.
    pub range: Option<(u64, Option<u64>)>,
    /// Further query parameters, such as `x-oss-process`.
    pub query: Vec<(String, String)>,
    /// `requester` or nothing.
    pub request_payer: Option<String>,
}

impl Client {
    /// PutObject. `headers`: `Content-Type`, `x-oss-*` and others, values as bytes.
    ///
    /// # Errors
    /// [`Error::Integrity`] when the server's CRC-64 is not that of what was sent; see [`Error`].
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &[u8],
        headers: Vec<(String, Vec<u8>)>,
        payload: Payload,
    ) -> Result<Stored> {
        let mut call = Call::new("PutObject", "PUT", Some(bucket), key);
        call.headers = headers;
        call.payload = payload;
        let answer = self.send(call).await?;
        let stored = Stored::of(&answer);
        check_crc(
            &format!(
                "the upload to oss://{bucket}/{}",
                String::from_utf8_lossy(key)
            ),
            answer.sent_crc64,
            stored.crc64,
        )?;
        Ok(stored)
    }

    /// HeadObject: the headers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn head_object(
        &self,
        bucket: &str,
        key: &[u8],
        version_id: Option<&str>,
    ) -> Result<HeaderMap> {
        let call =
            Call::new("HeadObject", "HEAD", Some(bucket), key).query_if("versionId", version_id);
        Ok(self.send(call).await?.headers)
    }

    /// GetObjectAcl: `default`, `private`, `public-read` or `public-read-write`, and the owner's id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn object_acl(
        &self,
        bucket: &str,
        key: &[u8],
        version_id: Option<&str>,
    ) -> Result<(String, String)> {
        let call = Call::new("GetObjectAcl", "GET", Some(bucket), key)
            .query("acl", "")
            .query_if("versionId", version_id);
        let answer = self.send(call).await?;
        let policy = answer.xml("AccessControlPolicy")?;
        let owner = policy
            .child("Owner")
            .map(|owner| text(owner, "ID"))
            .unwrap_or_default()
            .to_owned();
        Ok((grant(&policy)?, owner))
    }

    /// DeleteObject. The object need not exist.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_object(
        &self,
        bucket: &str,
        key: &[u8],
        version_id: Option<&str>,
    ) -> Result<()> {
        let call = Call::new("DeleteObject", "DELETE", Some(bucket), key)
            .query_if("versionId", version_id);
        self.send(call).await.map(drop)
    }

    /// DeleteMultipleObjects: up to 1000 keys at once. Returns the keys that are gone; one that is missing there was
    /// refused. Keys that XML cannot carry are deleted one by one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<Vec<String>> {
        let (plain, odd): (Vec<&String>, Vec<&String>) =
            keys.iter().partition(|key| key.chars().all(in_xml));
        let mut gone = Vec::with_capacity(keys.len());
        for key in odd {
            self.delete_object(bucket, key.as_bytes(), None).await?;
            gone.push(key.clone());
        }
        if plain.is_empty() {
            return Ok(gone);
        }
        let body = Writer::document("Delete", |w| {
            w.text("Quiet", "false");
            for key in &plain {
                w.element("Object", |w| w.text("Key", key));
            }
        });
        let mut call = Call::new("DeleteMultipleObjects", "POST", Some(bucket), b"")
            .query("delete", "")
            .query("encoding-type", "url")
            .header("content-type", *b"application/xml")
            .header("content-md5", STANDARD.encode(Md5::digest(&body)));
        call.payload = Payload::Bytes(body.into());
        let answer = self.send(call).await?;
        let root = answer.xml("DeleteResult")?;
        let encoded = text(&root, "EncodingType").eq_ignore_ascii_case("url");
        for deleted in root.children.iter().filter(|child| child.name == "Deleted") {
            let raw = text(deleted, "Key");
            let key = if encoded {
                let bytes =
                    decode_query(raw).map_err(|error| answer.malformed(error.to_string()))?;
                String::from_utf8_lossy(&bytes).into_owned()
            } else {
                raw.to_owned()
            };
            gone.push(key);
        }
        Ok(gone)
    }

    /// CopyObject from (`bucket`, key, version) to (bucket, key). `headers`: metadata, directive, ACL and so on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn copy_object(
        &self,
        from: (&str, &[u8], Option<&str>),
        to: (&str, &[u8]),
        headers: Vec<(String, Vec<u8>)>,
    ) -> Result<Stored> {
        let (source_bucket, source_key, version) = from;
        let mut source = format!("/{source_bucket}/");
        fosse_oss::encode::encode_path(source_key, &mut source);
        if let Some(version) = version {
            source.push_str("?versionId=");
            fosse_oss::encode::encode_component(version.as_bytes(), &mut source);
        }
        let mut call = Call::new("CopyObject", "PUT", Some(to.0), to.1);
        call.headers = headers;
        let answer = self.send(call.header("x-oss-copy-source", source)).await?;
        let result = answer.xml("CopyObjectResult")?;
        Ok(Stored {
            etag: text(&result, "ETag").trim_matches('"').to_owned(),
            ..Stored::of(&answer)
        })
    }

    /// GetObject: the answer's headers are there, the bytes follow.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_object(
        &self,
        bucket: &str,
        key: &[u8],
        request: &GetRequest,
    ) -> Result<Download> {
        let answer = self
            .send(get_call(bucket, key, request, request.range, None))
            .await?;
        let start = match (answer.status, request.range) {
            // A range that selects nothing is ignored by the service: the whole object comes.
            (206, Some((first, _))) => first,
            _ => 0,
        };
        let length: Option<u64> = answer
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let whole = answer.status == 200
            && request.query.is_empty()
            && answer
                .header("content-encoding")
                .is_none_or(|e| e != "gzip");
        Ok(Download {
            client: self.clone(),
            bucket: bucket.to_owned(),
            key: key.to_vec(),
            request: request.clone(),
            headers: answer.headers.clone(),
            etag: answer
                .header("etag")
                .map(str::to_owned)
                .filter(|_| request.query.is_empty()),
            expected_crc: answer.crc64().filter(|_| whole),
            crc: Digest::new(CrcAlgorithm::Crc64Xz),
            position: start,
            end: length.map(|length| start + length),
            resumes: 0,
            answer,
        })
    }
}

fn get_call<'a>(
    bucket: &'a str,
    key: &'a [u8],
    request: &GetRequest,
    range: Option<(u64, Option<u64>)>,
    if_match: Option<&str>,
) -> Call<'a> {
    let mut call = Call::new("GetObject", "GET", Some(bucket), key)
        .query_if("versionId", request.version_id.as_deref());
    call.query.extend(request.query.iter().cloned());
    if let Some((first, last)) = range {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        call = call.header("range", format!("bytes={first}-{last}"));
    }
    if let Some(etag) = if_match {
        call = call.header("if-match", etag);
    }
    if let Some(payer) = &request.request_payer {
        call = call.header("x-oss-request-payer", payer.as_bytes());
    }
    call.whole = None;
    call
}

/// An object on its way here. A connection that breaks is replaced where it broke, as long as the object is the same.
pub struct Download {
    client: Client,
    bucket: String,
    key: Vec<u8>,
    request: GetRequest,
    headers: HeaderMap,
    etag: Option<String>,
    expected_crc: Option<u64>,
    crc: Digest,
    position: u64,
    end: Option<u64>,
    resumes: u32,
    answer: Answer,
}

impl Download {
    /// Headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Bytes that will come, when the server told.
    pub fn remaining(&self) -> Option<u64> {
        self.end.map(|end| end - self.position)
    }

    /// The next piece, `None` at the end, after the CRC-64 of a whole object was compared.
    ///
    /// # Errors
    /// [`Error::Integrity`]; a connection that cannot be resumed; see [`Error`].
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let error = match self.answer.chunk().await {
                Ok(Some(bytes)) => {
                    self.position += bytes.len() as u64;
                    self.crc.update(&bytes);
                    return Ok(Some(bytes));
                }
                Ok(None) if self.end.is_none_or(|end| self.position >= end) => {
                    let what = format!(
                        "the download of oss://{}/{}",
                        self.bucket,
                        String::from_utf8_lossy(&self.key)
                    );
                    check_crc(&what, self.crc.finalize(), self.expected_crc)?;
                    return Ok(None);
                }
                Ok(None) => Error::Broken {
                    endpoint: format!("oss://{}", self.bucket),
                    reason: format!("the object ended after {} bytes", self.position),
                },
                Err(error) => error,
            };
            let (Some(end), Some(etag)) = (self.end, self.etag.as_deref()) else {
                return Err(error);
            };
            let most = self.client.config().retries;
            let Some(delay) = crate::retry::delay(&error, true, self.resumes, most) else {
                return Err(error);
            };
            self.resumes += 1;
            tokio::time::sleep(delay).await;
            let range = Some((self.position, Some(end - 1)));
            let answer = self
                .client
                .send(get_call(
                    &self.bucket,
                    &self.key,
                    &self.request,
                    range,
                    Some(etag),
                ))
                .await?;
            if answer.status != 206 {
                return Err(error);
            }
            self.answer = answer;
        }
    }

    /// The whole object in memory, for small ones.
    ///
    /// # Errors
    /// As [`Download::next`]; [`Error::Malformed`] above 16 MiB.
    pub async fn bytes(mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next().await? {
            all.extend_from_slice(&chunk);
            if all.len() > XML_BODY {
                return Err(self
                    .answer
                    .malformed("it is too long to hold in memory".to_owned()));
            }
        }
        Ok(all)
    }
}

/// Whether XML 1.0 can carry a character as it is; a carriage return would come back as a line feed.
fn in_xml(c: char) -> bool {
    c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}') || matches!(c, '\t' | '\n')
}

/// Compares, when the server told.
pub(crate) fn check_crc(what: &str, ours: u64, theirs: Option<u64>) -> Result<()> {
    match theirs {
        Some(theirs) if theirs != ours => Err(Error::Integrity {
            what: what.to_owned(),
            ours,
            theirs,
        }),
        _ => Ok(()),
    }
}
