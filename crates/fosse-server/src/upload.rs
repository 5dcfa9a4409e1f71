//! Request bodies: read piece by piece, within limits and in time, checked against what the client announced, and
//! got rid of when nobody wants them.

use crate::config::Limits;
use crate::request::text;
use bytes::{Bytes, BytesMut};
use fosse_oss::header::{parse_content_md5, parse_crc64};
use fosse_oss::{ErrorCode, OssError};
use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Version};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use md5::{Digest, Md5};
use std::time::Duration;

/// The body of one request.
pub(crate) struct RequestBody {
    incoming: Option<Incoming>,
    /// `Content-Length`.
    declared: Option<u64>,
    /// The message says where its body ends.
    framed: bool,
    /// The client waits for `100 Continue`; it is sent when the body is first polled.
    expects_continue: bool,
    polled: bool,
    /// The body ended early, timed out or was no body: nothing can follow it on the connection.
    broken: bool,
    received: u64,
    idle: Duration,
    drain_bytes: u64,
    drain_time: Duration,
}

/// What a client said about its body.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Announced {
    md5: Option<[u8; 16]>,
    crc64: Option<u64>,
}

impl Announced {
    /// Reads `Content-MD5` and `x-oss-hash-crc64ecma`.
    ///
    /// Errors: 400 `InvalidDigest` for an MD5 that is not base64 of 16 bytes; 400 `InvalidArgument` for a CRC
    /// that is no number.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, OssError> {
        let read = |name: &str| headers.get(name).map(|value| text(value.as_bytes()));
        let md5 = read("content-md5")
            .map(|value| parse_content_md5(&value))
            .transpose()?;
        let crc64 = read("x-oss-hash-crc64ecma")
            .map(|value| parse_crc64(&value))
            .transpose()?;
        Ok(Self { md5, crc64 })
    }

    /// Compares with what was received.
    ///
    /// Errors: 400 `InvalidDigest`, 400 `InvalidCRC64`.
    pub(crate) fn check(&self, md5: [u8; 16], crc64: u64) -> Result<(), OssError> {
        if self.md5.is_some_and(|announced| announced != md5) {
            return Err(ErrorCode::InvalidDigest.into());
        }
        if self.crc64.is_some_and(|announced| announced != crc64) {
            return Err(ErrorCode::InvalidCrc64.into());
        }
        Ok(())
    }
}

/// A `MalformedXML` with the EC of the operation whose body it was.
pub(crate) fn malformed_as(error: OssError, ec: &'static str) -> OssError {
    match error.code() {
        ErrorCode::MalformedXml => error.with_ec(ec),
        _ => error,
    }
}

impl RequestBody {
    pub(crate) fn new(
        incoming: Incoming,
        version: Version,
        headers: &HeaderMap,
        limits: &Limits,
    ) -> Self {
        let declared = headers
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.parse().ok());
        let framed = declared.is_some()
            || headers.contains_key(TRANSFER_ENCODING)
            || version == Version::HTTP_2;
        let expects_continue = headers
            .get(EXPECT)
            .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let incoming = Some(incoming).filter(|body| !body.is_end_stream());
        Self {
            incoming,
            declared,
            framed,
            expects_continue,
            polled: false,
            broken: false,
            received: 0,
            idle: limits.body_idle_timeout,
            drain_bytes: limits.drain_bytes,
            drain_time: limits.drain_time,
        }
    }

    /// `Content-Length`, if the client gave one.
    pub(crate) fn declared(&self) -> Option<u64> {
        self.declared
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Checks an upload before its first byte is asked for: 411 `MissingContentLength` when the message does not say
    /// where it ends, 400 `InvalidArgument` when it announces more than `limit` bytes.
    pub(crate) fn check_upload(&self, limit: u64) -> Result<(), OssError> {
        if !self.framed {
            return Err(ErrorCode::MissingContentLength.into());
        }
        match self.declared {
            Some(length) if length > limit => Err(too_large(length)),
            _ => Ok(()),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// Errors: 400 `RequestTimeout` when the client pauses for too long, 400 `IncompleteBody` when it goes away.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, OssError> {
        self.polled = true;
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Ok(None);
            };
            let frame = match tokio::time::timeout(self.idle, incoming.frame()).await {
                Ok(frame) => frame,
                Err(_) => {
                    // Nothing more is expected of this client; dropping the body ends the connection.
                    self.incoming = None;
                    self.broken = true;
                    return Err(ErrorCode::RequestTimeout.into());
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    // The HTTP library takes a bare line feed among trailers for text. Whoever takes it for the end of the
                    // message would see a request in what was taken for trailers.
                    self.broken |= frame.is_trailers();
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        self.received += data.len() as u64;
                        return Ok(Some(data));
                    }
                }
                Some(Err(cause)) => {
                    self.incoming = None;
                    self.broken = true;
                    return Err(OssError::new(ErrorCode::IncompleteBody).with_source(cause));
                }
                None => {
                    self.incoming = None;
                    return match self.declared {
                        Some(length) if self.received < length => {
                            self.broken = true;
                            Err(ErrorCode::IncompleteBody.into())
                        }
                        _ => Ok(None),
                    };
                }
            }
        }
    }

    /// The whole body, checked against `Content-MD5`.
    ///
    /// Errors: 400 `MalformedXML` above `limit` bytes; 400 `InvalidDigest`; those of [`RequestBody::next`].
    pub(crate) async fn document(
        &mut self,
        headers: &HeaderMap,
        limit: usize,
    ) -> Result<Bytes, OssError> {
        let announced = Announced::parse(headers)?;
        if self.declared.is_some_and(|length| length > limit as u64) {
            return Err(ErrorCode::MalformedXml.into());
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await? {
            if whole.len() + piece.len() > limit {
                return Err(ErrorCode::MalformedXml.into());
            }
            whole.extend_from_slice(&piece);
        }
        if let Some(md5) = announced.md5
            && Md5::digest(&whole)[..] != md5
        {
            return Err(ErrorCode::InvalidDigest.into());
        }
        Ok(whole.freeze())
    }

    /// Gets rid of what was not read, after the answer is known; `true` when the connection cannot be used again and
    /// the answer must say so.
    ///
    /// An HTTP/1.1 client may still be sending. What remains is read and dropped beside the answer, up to a limit, so
    /// that the client gets to read the answer instead of a reset.
    pub(crate) fn settle(&mut self, method: &Method, version: Version) -> bool {
        let Some(mut incoming) = self.incoming.take() else {
            return self.broken;
        };
        if incoming.is_end_stream() {
            return false;
        }
        if version == Version::HTTP_2 {
            return false;
        }
        if self.expects_continue && !self.polled {
            return true;
        }
        // Clients that announce a body with these often have none (suite of oss2), and their next request would be taken for
        // it.
        let unlikely = matches!(
            *method,
            Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS
        );
        let left = self
            .declared
            .map(|length| length.saturating_sub(self.received));
        let (limit, time) = (self.drain_bytes, self.drain_time);
        tokio::spawn(async move {
            let mut dropped = 0;
            let drain = async {
                while let Some(Ok(frame)) = incoming.frame().await {
                    dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
                    if dropped > limit {
                        return;
                    }
                }
            };
            let _ = tokio::time::timeout(time, drain).await;
        });
        // Where chunks end, and whether trailers follow, is not known before they are read.
        unlikely || left.is_none_or(|left| left > limit)
    }
}

/// 400 for an upload of more bytes than one request may carry (api-objects.md §0.7).
pub(crate) fn too_large(length: u64) -> OssError {
    OssError::invalid_argument(
        "Content-Length",
        &length.to_string(),
        "Your proposed upload exceeds the maximum allowed size.",
    )
}
