//! Reading one HTTP/1.1 response: just enough of the protocol for a generator that costs little, and
//! strict about the rest, so that a wrong answer is an error and never a good figure.
//!
//! No I/O here: the caller reads into [`Response::space`] and reports how much with
//! [`Response::advance`]. A response may arrive in pieces of any size.

use std::ops::Range;

/// Why bytes are not the response that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    /// The first line is not `HTTP/1.1 NNN ...`.
    #[error("not an HTTP/1.1 status line")]
    StatusLine,
    /// A header line without a colon, or a length that is not a number.
    #[error("malformed header: {0}")]
    Header(&'static str),
    /// More header bytes than the read buffer holds.
    #[error("response header larger than {0} bytes")]
    HeaderTooLarge(usize),
    /// The body's end cannot be known, or needs a decoder that a generator should not pay for.
    #[error("response without Content-Length")]
    NoLength,
    /// Two lengths that differ.
    #[error("two Content-Length headers that differ")]
    TwoLengths,
    /// Bytes after the end of the body, though nothing was pipelined.
    #[error("{0} bytes after the end of the body")]
    Surplus(u64),
    /// Another status than the expected one; the text is the start of the body.
    #[error("status {got}, expected {expected}: {text}")]
    Status {
        /// Status received.
        got: u16,
        /// Status expected.
        expected: u16,
        /// Up to 512 bytes of the body, for people.
        text: String,
    },
    /// The length is not that of the expected body.
    #[error("body of {got} bytes, expected {expected}")]
    Length {
        /// `Content-Length` received.
        got: u64,
        /// Length expected.
        expected: u64,
    },
    /// A byte of the body differs from the expected one.
    #[error("body differs from the expected one between bytes {0} and {1}")]
    Body(u64, u64),
    /// The ETag is not the MD5 of what was sent.
    #[error("ETag {got:?}, expected {expected:?}")]
    ETag {
        /// Header value received; empty when missing.
        got: String,
        /// Value expected, with quotes.
        expected: String,
    },
    /// The connection ended inside the response.
    #[error("connection closed after {0} bytes of the response")]
    Truncated(u64),
}

/// What one response must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The status.
    pub status: u16,
    /// Body length, when known.
    pub length: Option<u64>,
    /// Every byte of the body; `None` checks only the length.
    pub body: Option<&'a [u8]>,
    /// `ETag` header, with quotes.
    pub etag: Option<&'a str>,
}

/// A parsed response header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    /// Bytes of header, the empty line included.
    pub len: usize,
    /// Body length.
    pub content_length: u64,
    /// The server will close the connection.
    pub close: bool,
    /// Where the ETag value stands in the header bytes.
    pub etag: Option<Range<usize>>,
}

/// Parses a header from the start of `bytes`; `None` when its end has not come yet.
pub fn parse_head(bytes: &[u8]) -> Result<Option<Head>, BadResponse> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        // Refuse early what can never become a response, instead of waiting for its end.
        let seen = bytes.len().min(9);
        return if bytes[..seen] == b"HTTP/1.1 "[..seen] {
            Ok(None)
        } else {
            Err(BadResponse::StatusLine)
        };
    };
    let len = end + 4;
    let first = memchr::memchr(b'\r', bytes).unwrap_or(end);
    let status = match bytes[..first].strip_prefix(b"HTTP/1.1 ") {
        Some([a, b, c, rest @ ..])
            if [a, b, c].iter().all(|d| d.is_ascii_digit())
                && (rest.is_empty() || rest[0] == b' ') =>
        {
            [a, b, c]
                .iter()
                .fold(0u16, |n, d| n * 10 + u16::from(**d - b'0'))
        }
        _ => return Err(BadResponse::StatusLine),
    };
    let mut head = Head {
        status,
        len,
        content_length: 0,
        close: false,
        etag: None,
    };
    let mut content_length = None;
    let mut at = first + 2;
    while at < end {
        let line_end = memchr::memchr(b'\r', &bytes[at..end]).map_or(end, |n| at + n);
        let line = &bytes[at..line_end];
        let colon = memchr::memchr(b':', line).ok_or(BadResponse::Header("no colon"))?;
        let (name, raw) = (&line[..colon], &line[colon + 1..]);
        // Only three names matter; their lengths tell them apart before any comparison.
        match name.len() {
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let value =
                    decimal(raw.trim_ascii()).ok_or(BadResponse::Header("Content-Length"))?;
                if content_length.is_some_and(|other| other != value) {
                    return Err(BadResponse::TwoLengths);
                }
                content_length = Some(value);
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                head.close = raw.trim_ascii().eq_ignore_ascii_case(b"close");
            }
            4 if name.eq_ignore_ascii_case(b"etag") => {
                let start = at + colon + 1 + (raw.len() - raw.trim_ascii_start().len());
                head.etag = Some(start..start + raw.trim_ascii().len());
            }
            _ => {}
        }
        at = line_end + 2;
    }
    head.content_length = match (content_length, status) {
        (Some(length), _) => length,
        (None, 204 | 304) => 0,
        (None, _) => return Err(BadResponse::NoLength),
    };
    Ok(Some(head))
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0u64, |n, d| {
        d.is_ascii_digit().then(|| n * 10 + u64::from(d - b'0'))
    })
}

/// One response on its way in, checked as it comes. The buffer is kept from response to response.
#[derive(Debug)]
pub struct Response {
    buffer: Vec<u8>,
    /// Header bytes so far; 0 once the header is parsed.
    filled: usize,
    head: Option<Head>,
    /// Body bytes so far.
    body: u64,
    /// Start of an unexpected body, or of any body when `keep` is set.
    kept: Vec<u8>,
    /// Most bytes of body to keep.
    keep: usize,
}

/// How much of an unexpected body an error message shows.
const SHOWN: usize = 512;

impl Response {
    /// `buffer`: bytes a read can take at once; the header must fit in it.
    pub fn new(buffer: usize) -> Self {
        Self {
            buffer: vec![0; buffer],
            filled: 0,
            head: None,
            body: 0,
            kept: Vec::new(),
            keep: 0,
        }
    }

    /// Keeps up to `limit` bytes of each following body, for [`Response::kept`].
    pub fn keep(mut self, limit: usize) -> Self {
        self.keep = limit;
        self
    }

    /// The kept start of the last body.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Where to read the next bytes into. Never empty.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// Takes `n` bytes that were read into [`Response::space`]. `true` when the response is complete
    /// and as expected; the value is then ready for the next one.
    ///
    /// # Errors
    /// [`BadResponse`] as soon as it is certain; the connection must not be used again.
    pub fn advance(
        &mut self,
        n: usize,
        expected: &Expected<'_>,
    ) -> Result<Option<Done>, BadResponse> {
        let chunk = if self.head.is_none() {
            self.filled += n;
            let Some(head) = parse_head(&self.buffer[..self.filled])? else {
                if self.filled == self.buffer.len() {
                    return Err(BadResponse::HeaderTooLarge(self.filled));
                }
                return Ok(None);
            };
            check_head(&head, &self.buffer, expected)?;
            let body = head.len..self.filled;
            self.filled = 0;
            self.body = 0;
            self.kept.clear();
            self.head = Some(head);
            body
        } else {
            0..n
        };
        // `head` is set on every way here.
        let Some(head) = &self.head else {
            return Ok(None);
        };
        let chunk = &self.buffer[chunk];
        let (start, end) = (self.body, self.body + chunk.len() as u64);
        if end > head.content_length {
            return Err(BadResponse::Surplus(end - head.content_length));
        }
        let unexpected = head.status != expected.status;
        let keep = if unexpected {
            self.keep.max(SHOWN)
        } else {
            self.keep
        };
        if self.kept.len() < keep {
            self.kept
                .extend_from_slice(&chunk[..chunk.len().min(keep - self.kept.len())]);
        }
        if let (false, Some(body)) = (unexpected, expected.body)
            && body[start as usize..end as usize] != *chunk
        {
            return Err(BadResponse::Body(start, end));
        }
        self.body = end;
        if end < head.content_length {
            return Ok(None);
        }
        if unexpected {
            return Err(BadResponse::Status {
                got: head.status,
                expected: expected.status,
                text: String::from_utf8_lossy(&self.kept[..self.kept.len().min(SHOWN)])
                    .into_owned(),
            });
        }
        let done = Done {
            close: head.close,
            body: end,
        };
        self.head = None;
        Ok(Some(done))
    }

    /// The peer closed the connection: whether that is an error, and where the response stood.
    pub fn closed(&self) -> BadResponse {
        BadResponse::Truncated(
            self.filled as u64 + self.head.as_ref().map_or(0, |h| h.len as u64 + self.body),
        )
    }
}

/// A complete and correct response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The server will close the connection.
    pub close: bool,
    /// Bytes of body.
    pub body: u64,
}

fn check_head(head: &Head, bytes: &[u8], expected: &Expected<'_>) -> Result<(), BadResponse> {
    // With another status the body is an error document: it is read first, for the message.
    if head.status != expected.status {
        return Ok(());
    }
    let length = expected.body.map(|b| b.len() as u64).or(expected.length);
    if let Some(length) = length
        && length != head.content_length
    {
        return Err(BadResponse::Length {
            got: head.content_length,
            expected: length,
        });
    }
    if let Some(etag) = expected.etag {
        let got = head.etag.clone().map_or(&[][..], |range| &bytes[range]);
        if got != etag.as_bytes() {
            return Err(BadResponse::ETag {
                got: String::from_utf8_lossy(got).into_owned(),
                expected: etag.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] =
        b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 10\r\nETag: \"AB\"\r\n\r\n0123456789";

    fn expect(body: &[u8]) -> Expected<'_> {
        Expected {
            status: 200,
            length: None,
            body: Some(body),
            etag: None,
        }
    }

    /// Feeds `wire` in pieces of `step` bytes.
    fn feed(
        response: &mut Response,
        wire: &[u8],
        step: usize,
        expected: &Expected<'_>,
    ) -> Result<Option<Done>, BadResponse> {
        let mut done = None;
        for piece in wire.chunks(step) {
            assert_eq!(done, None, "complete before the last piece");
            response.space()[..piece.len()].copy_from_slice(piece);
            done = response.advance(piece.len(), expected)?;
        }
        Ok(done)
    }

    #[test]
    fn reads_a_response_in_pieces_of_any_size() {
        for step in 1..=GOOD.len() {
            let mut response = Response::new(128);
            // Twice on the same value: state must not leak from one response to the next.
            for _ in 0..2 {
                assert_eq!(
                    feed(&mut response, GOOD, step, &expect(b"0123456789")),
                    Ok(Some(Done {
                        close: false,
                        body: 10
                    })),
                    "pieces of {step}"
                );
            }
        }
    }

    #[test]
    fn a_body_larger_than_the_buffer_is_checked_to_its_last_byte() {
        let body: Vec<u8> = (0..100_000u32).map(|n| ((n * 31) >> 3) as u8).collect();
        let mut wire =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        wire.extend_from_slice(&body);
        let mut response = Response::new(256);
        assert_eq!(
            feed(&mut response, &wire, 97, &expect(&body)),
            Ok(Some(Done {
                close: false,
                body: 100_000
            }))
        );
        *wire.last_mut().unwrap() ^= 1;
        assert!(matches!(
            feed(&mut response, &wire, 97, &expect(&body)),
            Err(BadResponse::Body(_, 100_000))
        ));
    }

    #[test]
    fn every_flipped_bit_of_the_body_is_noticed() {
        let head = GOOD.len() - 10;
        for at in head..GOOD.len() {
            for bit in 0..8 {
                let mut wire = GOOD.to_vec();
                wire[at] ^= 1 << bit;
                let got = feed(
                    &mut Response::new(128),
                    &wire,
                    wire.len(),
                    &expect(b"0123456789"),
                );
                assert_eq!(got, Err(BadResponse::Body(0, 10)), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let mut surplus = GOOD.to_vec();
        surplus.push(b'x');
        assert_eq!(
            feed(
                &mut Response::new(128),
                &surplus,
                surplus.len(),
                &expect(b"0123456789")
            ),
            Err(BadResponse::Surplus(1))
        );
        assert_eq!(
            feed(
                &mut Response::new(128),
                GOOD,
                GOOD.len(),
                &expect(b"012345678")
            ),
            Err(BadResponse::Length {
                got: 10,
                expected: 9
            })
        );
        let by_length = Expected {
            status: 200,
            length: Some(11),
            body: None,
            etag: None,
        };
        assert_eq!(
            feed(&mut Response::new(128), GOOD, GOOD.len(), &by_length),
            Err(BadResponse::Length {
                got: 10,
                expected: 11
            })
        );
        let mut response = Response::new(128);
        assert_eq!(
            feed(
                &mut response,
                &GOOD[..GOOD.len() - 3],
                7,
                &expect(b"0123456789")
            ),
            Ok(None)
        );
        assert_eq!(
            response.closed(),
            BadResponse::Truncated(GOOD.len() as u64 - 3)
        );
    }

    #[test]
    fn another_status_is_an_error_that_shows_the_body() {
        let wire = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nexpired";
        for step in [1, 5, wire.len()] {
            assert_eq!(
                feed(&mut Response::new(128), wire, step, &expect(b"0123456789")),
                Err(BadResponse::Status {
                    got: 403,
                    expected: 200,
                    text: "expired".into()
                })
            );
        }
    }

    #[test]
    fn etag_is_compared() {
        let good = Expected {
            status: 200,
            length: Some(10),
            body: None,
            etag: Some("\"AB\""),
        };
        assert!(
            feed(&mut Response::new(128), GOOD, 3, &good)
                .unwrap()
                .is_some()
        );
        let bad = Expected {
            etag: Some("\"AC\""),
            ..good
        };
        assert!(matches!(
            feed(&mut Response::new(128), GOOD, 3, &bad),
            Err(BadResponse::ETag { .. })
        ));
        let none = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
        assert!(matches!(
            feed(&mut Response::new(128), none, none.len(), &good),
            Err(BadResponse::ETag { got, .. }) if got.is_empty()
        ));
    }

    #[test]
    fn bad_headers_are_refused() {
        let cases: &[(&[u8], BadResponse)] = &[
            (
                b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                BadResponse::StatusLine,
            ),
            (b"<html>", BadResponse::StatusLine),
            (
                b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
                BadResponse::StatusLine,
            ),
            (
                b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
                BadResponse::StatusLine,
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
                BadResponse::Header("no colon"),
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                BadResponse::Header("Content-Length"),
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
                BadResponse::Header("Content-Length"),
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                BadResponse::NoLength,
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                BadResponse::TwoLengths,
            ),
        ];
        for (wire, error) in cases {
            assert_eq!(
                parse_head(wire),
                Err(error.clone()),
                "{}",
                String::from_utf8_lossy(wire)
            );
        }
        let long = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'a'; 200]].concat();
        assert_eq!(
            feed(&mut Response::new(128), &long[..128], 64, &expect(b"")),
            Err(BadResponse::HeaderTooLarge(128))
        );
    }

    #[test]
    fn close_and_bodiless_statuses() {
        let head = parse_head(b"HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n")
            .unwrap()
            .unwrap();
        assert!(head.close);
        assert_eq!((head.status, head.content_length), (204, 0));
    }
}
