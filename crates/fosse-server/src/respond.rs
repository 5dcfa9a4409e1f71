//! Answers: the body type, the headers that every answer carries, and the one place where an error becomes a response.

use crate::observe::Record;
use crate::pace::Pace;
use crate::request::Call;
use crate::shutdown::Phase;
use base64::Engine as _;
use bytes::Bytes;
use fosse_oss::OssError;
use fosse_oss::op::Operation;
use fosse_store::{BodyReader, ChunkReader, StoreError};
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER, SERVER,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-oss-request-id");
pub(crate) const SERVER_TIME: HeaderName = HeaderName::from_static("x-oss-server-time");
pub(crate) const VERSION_ID: HeaderName = HeaderName::from_static("x-oss-version-id");
pub(crate) const DELETE_MARKER: HeaderName = HeaderName::from_static("x-oss-delete-marker");
pub(crate) const CRC64: HeaderName = HeaderName::from_static("x-oss-hash-crc64ecma");
/// Room for the headers of a usual answer.
const HEADERS: usize = 24;
const EC: HeaderName = HeaderName::from_static("x-oss-ec");
const ERR: HeaderName = HeaderName::from_static("x-oss-err");

thread_local! {
    /// An empty map, see [`recycle`].
    static SPARE: Cell<Option<HeaderMap>> = const { Cell::new(None) };
}

/// What a handler returns.
pub(crate) type Answer = Result<Response<Content>, OssError>;

/// Bytes of an answer, before it is sent.
pub(crate) enum Content {
    Empty,
    Whole(Bytes),
    /// A stream of exactly this many bytes.
    Chunks(Box<ChunkReader>, u64),
    /// What a task makes, of a length that nobody knows.
    Stream(Receiver<Result<Bytes, BodyError>>),
}

impl Content {
    /// Bytes of an object; `length` of them.
    pub(crate) fn of(reader: BodyReader, length: u64) -> Self {
        match reader {
            BodyReader::Whole(bytes) => Self::Whole(bytes),
            BodyReader::Chunks(chunks) => Self::Chunks(Box::new(chunks), length),
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Chunks(_, length) => *length,
            Self::Stream(_) => 0,
        }
    }
}

/// An answer with room for the headers that will come, so that they are not moved while they grow.
pub(crate) fn response(status: StatusCode, content: Content) -> Response<Content> {
    let mut response = Response::new(content);
    *response.status_mut() = status;
    *response.headers_mut() = SPARE
        .take()
        .unwrap_or_else(|| HeaderMap::with_capacity(HEADERS));
    response
}

/// Keeps the memory of a request's headers for the next answer of this thread. The connection does the same the
/// other way round, so that two maps go to and fro and none is made anew.
pub(crate) fn recycle(mut headers: HeaderMap) {
    // Not the small ones, which would grow, nor the memory of an unusual request.
    if (HEADERS..=2 * HEADERS).contains(&headers.capacity()) {
        headers.clear();
        SPARE.set(Some(headers));
    }
}

/// An answer without body.
pub(crate) fn empty(status: StatusCode) -> Response<Content> {
    response(status, Content::Empty)
}

/// 200 with an XML document.
pub(crate) fn xml(document: String) -> Response<Content> {
    let mut response = response(StatusCode::OK, Content::Whole(document.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Sets a header from text that was checked before; text that no header can carry is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    set_bytes(headers, name, value.as_bytes());
}

/// As [`set`], from bytes.
pub(crate) fn set_bytes(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}

/// Sets a header from text that was made for it: nothing is copied.
pub(crate) fn set_owned(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Sets a header from a number.
pub(crate) fn set_number(headers: &mut HeaderMap, name: HeaderName, value: u64) {
    headers.insert(name, decimal(value));
}

/// A number as a header value. Not `HeaderValue::from`, which starts with too little room and grows.
fn decimal(value: u64) -> HeaderValue {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = usize::try_from(value).ok().and_then(|at| DIGITS.get(at));
    match digit {
        Some(digit) => HeaderValue::from_static(digit),
        None => HeaderValue::from_bytes(itoa::Buffer::new().format(value).as_bytes())
            .unwrap_or(HeaderValue::from_static("")),
    }
}

/// The answer of a refusal. A HEAD gets the document in `x-oss-err`, as it can have no body (errors.md §1).
pub(crate) fn refuse(call: &Call, error: &OssError) -> Response<Content> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = empty(status);
    let headers = response.headers_mut();
    for (name, value) in error.headers() {
        set(headers, HeaderName::from_static(name), value);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if status == StatusCode::NOT_MODIFIED {
        return response;
    }
    if let Some(ec) = error.ec() {
        headers.insert(EC, HeaderValue::from_static(ec));
    }
    let document = error.to_xml(call.id.as_str(), &call.host_id());
    if call.method == Method::HEAD {
        set(
            headers,
            ERR,
            &base64::engine::general_purpose::STANDARD.encode(document),
        );
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        *response.body_mut() = Content::Whole(document.into());
    }
    response
}

/// Adds what every answer carries and ties the log record to the end of the body.
pub(crate) fn send(
    call: &Call,
    answer: Response<Content>,
    close: bool,
    mut record: Box<Record>,
) -> Response<Outgoing> {
    let (mut parts, mut content) = answer.into_parts();
    let bodiless = call.method == Method::HEAD
        || matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
    let headers = &mut parts.headers;
    if !matches!(content, Content::Stream(_))
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
        && !matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        )
    {
        headers.insert(CONTENT_LENGTH, decimal(content.length()));
    }
    if bodiless {
        content = Content::Empty;
    }
    headers.insert(SERVER, call.service.server_header.clone());
    headers.insert(DATE, call.service.dates.header(call.now()));
    headers.insert(REQUEST_ID, call.id.header());
    let elapsed = u64::try_from(call.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    headers.insert(SERVER_TIME, decimal(elapsed));
    if call.version < Version::HTTP_2 {
        let draining = call.service.signal.phase() > Phase::Run;
        let value = if close || draining || !call.persists() {
            "close"
        } else {
            "keep-alive"
        };
        headers.insert(CONNECTION, HeaderValue::from_static(value));
    }
    record.status = parts.status.as_u16();
    let pace = match call.operation {
        Some(Operation::GetObject) => {
            let limit = call.traffic_limit.get().copied().flatten();
            limit.map(Pace::new)
        }
        _ => None,
    };
    let state = State::from(content);
    let body = Outgoing {
        empty_frame: call.version == Version::HTTP_2 && !bodiless && matches!(state, State::Done),
        state,
        held: Bytes::new(),
        pace,
        record,
    };
    Response::from_parts(parts, body)
}

/// The body on its way out. Dropping it, at the end or early, writes the access record.
pub(crate) struct Outgoing {
    state: State,
    /// Over HTTP/2 an empty body ends with an empty frame, as it would over HTTP/1.1 with a length of 0, and not with the
    /// headers: the asynchronous client of the Java SDK v2 takes that for no body.
    empty_frame: bool,
    /// Taken from the source and not yet sent; used up at once unless the answer is paced.
    held: Bytes,
    pace: Option<Pace>,
    record: Box<Record>,
}

enum State {
    Done,
    Whole(Bytes),
    Stream(Receiver<Result<Bytes, BodyError>>),
    Ready(Box<ChunkReader>, u64),
    Reading(Pin<Box<dyn Future<Output = Step> + Send>>, u64),
}

/// A reader after one step, with what the step gave.
type Step = (Box<ChunkReader>, Option<Result<Bytes, StoreError>>);

impl From<Content> for State {
    fn from(content: Content) -> Self {
        match content {
            Content::Empty => Self::Done,
            Content::Whole(bytes) if bytes.is_empty() => Self::Done,
            Content::Whole(bytes) => Self::Whole(bytes),
            Content::Chunks(_, 0) => Self::Done,
            Content::Chunks(reader, length) => Self::Ready(reader, length),
            Content::Stream(receiver) => Self::Stream(receiver),
        }
    }
}

/// Why a body ended before its length was reached; the connection is cut, as no error can be told any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("reading the object failed: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Made(String),
    #[error("the object gave fewer bytes than its record says")]
    Short,
}

impl Outgoing {
    /// The next bytes of the object, as the store gives them.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Poll::Ready(None),
                State::Whole(bytes) => return Poll::Ready(Some(Ok(bytes))),
                State::Stream(mut receiver) => {
                    let polled = receiver.poll_recv(cx);
                    if let Poll::Ready(Some(Err(error))) = &polled {
                        tracing::error!(id = self.record.id(), %error, "an answer broke off");
                        self.record.broken = true;
                    }
                    if !matches!(polled, Poll::Ready(None | Some(Err(_)))) {
                        self.state = State::Stream(receiver);
                    }
                    return polled;
                }
                State::Ready(mut reader, left) => {
                    let step = async move {
                        let chunk = reader.next().await;
                        (reader, chunk)
                    };
                    self.state = State::Reading(Box::pin(step), left);
                }
                State::Reading(mut step, left) => match step.as_mut().poll(cx) {
                    Poll::Pending => {
                        self.state = State::Reading(step, left);
                        return Poll::Pending;
                    }
                    Poll::Ready((reader, Some(Ok(chunk)))) => {
                        let size = chunk.len() as u64;
                        if left > size {
                            self.state = State::Ready(reader, left - size);
                        }
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                    Poll::Ready((_, Some(Err(cause)))) => {
                        tracing::error!(id = self.record.id(), error = %cause, "reading an object failed");
                        self.record.broken = true;
                        return Poll::Ready(Some(Err(cause.into())));
                    }
                    Poll::Ready((_, None)) => {
                        tracing::error!(
                            id = self.record.id(),
                            "an object is shorter than its record says"
                        );
                        self.record.broken = true;
                        return Poll::Ready(Some(Err(BodyError::Short)));
                    }
                },
            }
        }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        this.empty_frame = false;
        if this.held.is_empty() {
            match this.poll_source(cx) {
                Poll::Ready(Some(Ok(bytes))) => this.held = bytes,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
        let piece = match &mut this.pace {
            None => std::mem::take(&mut this.held),
            Some(pace) => {
                if pace.poll_turn(cx).is_pending() {
                    return Poll::Pending;
                }
                let piece = this.held.split_to(pace.piece().min(this.held.len()));
                pace.spent(piece.len());
                piece
            }
        };
        this.record.bytes_out += piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done) && self.held.is_empty() && !self.empty_frame
    }

    fn size_hint(&self) -> SizeHint {
        let source = match &self.state {
            State::Stream(_) => return SizeHint::default(),
            State::Done => 0,
            State::Whole(bytes) => bytes.len() as u64,
            State::Ready(_, left) | State::Reading(_, left) => *left,
        };
        SizeHint::with_exact(source + self.held.len() as u64)
    }
}

/// The `Date` header, made once a second.
#[derive(Debug, Default)]
pub(crate) struct DateCache(Mutex<Option<(i64, HeaderValue)>>);

impl DateCache {
    /// The header for `now` (Unix seconds).
    pub(crate) fn header(&self, now: i64) -> HeaderValue {
        let mut cached = self.0.lock();
        match &*cached {
            Some((at, value)) if *at == now => value.clone(),
            _ => {
                let value = HeaderValue::from_str(&fosse_oss::time::format_http(now))
                    .unwrap_or(HeaderValue::from_static(""));
                *cached = Some((now, value.clone()));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_headers_is_used_again_and_nothing_else() {
        let mut used = HeaderMap::with_capacity(HEADERS);
        used.insert(DATE, HeaderValue::from_static("old"));
        recycle(used);
        let answer = empty(StatusCode::OK);
        assert!(answer.headers().is_empty());
        assert!(answer.headers().capacity() >= HEADERS);
        for unfit in [0, 1000] {
            recycle(HeaderMap::with_capacity(unfit));
            assert!(SPARE.take().is_none(), "{unfit}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 9, 10, 4096, u64::MAX] {
            assert_eq!(decimal(value), value.to_string());
        }
    }
}
