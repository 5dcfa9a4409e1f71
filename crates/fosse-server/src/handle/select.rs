//! SelectObject and CreateSelectObjectMeta (api-objects.md §14): SQL over an object while it streams by.
//!
//! What is wrong is told as an error as long as the answer has not begun, which it does with the first frame; from then on
//! by the last frame. A count is one frame, and so tells there what is wrong with the object.

use crate::gate::Authorized;
use crate::handle::select_frames as frames;
use crate::handle::{fault, restore, symlink};
use crate::object_pieces::ObjectPieces;
use crate::request::Call;
use crate::respond::{Answer, BodyError, Content, response};
use crate::upload::RequestBody;
use bytes::Bytes;
use fosse_oss::range::first_and_last;
use fosse_oss::xml::{FileHeader, SelectFormat, SelectInput, SelectRange, SelectRequest};
use fosse_oss::{ErrorCode, OssError};
use fosse_select::{
    CsvInput, Header, Input, JsonInput, Options, Output, RowRange, Scan, SelectError, Shape,
    Statement, count,
};
use fosse_store::{Object, Store, StoreError};
use http::header::{CONTENT_TYPE, HeaderName, RANGE};
use http::{HeaderValue, StatusCode};
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

const OUTPUT_RAW: HeaderName = HeaderName::from_static("x-oss-select-output-raw");
/// Output that is gathered before it is sent.
const FRAME: usize = 64 * 1024;
/// Bytes read without output after which the client hears that the scan goes on.
const QUIET: u64 = 8 * 1024 * 1024;
/// Frames on their way to the client.
const AHEAD: usize = 4;

/// `POST /KEY?x-oss-process=csv/select` or `json/select`.
pub(crate) async fn select_object(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let document = body
        .document(&call.headers, call.service.config.limits.max_xml_bytes)
        .await?;
    let request = SelectRequest::from_xml(&document, format(call))?;
    let mut input = input_of(&request.input, format(call));
    if let Some(header) = call.known_header(RANGE) {
        let bytes = byte_range(&header, &request.input, format(call))?;
        match &mut input {
            Input::Csv(csv) => csv.range = Some(bytes),
            Input::Json(json) => json.range = Some(bytes),
        }
    }
    let statement = Statement::parse(&request.expression, &input).map_err(refused)?;
    let default = Output::default();
    let output = Output {
        record_delimiter: request.record_delimiter.unwrap_or(default.record_delimiter),
        field_delimiter: request.field_delimiter.unwrap_or(default.field_delimiter),
        keep_all_columns: request.keep_all_columns,
        header: request.output_header,
    };
    let options = Options {
        skip_partial: request.skip_partial,
        max_skipped: Some(request.max_skipped),
    };
    let mut scan = Scan::new(statement, input, output, options, request.input.gzip);
    let from = scan.seek().unwrap_or(0);
    let source = Source::open(call, granted, from).await?;
    let (sender, receiver) = channel(AHEAD);
    let (begun, begins) = oneshot::channel();
    let raw = request.raw;
    tokio::spawn(async move {
        let mut out = Frames::new(sender, raw, Some(begun));
        let end = scanned(source, &mut scan, &mut out).await;
        out.finish(end).await;
    });
    begins.await.map_err(Call::internal)??;
    let mut response = response(StatusCode::PARTIAL_CONTENT, Content::Stream(receiver));
    let headers = response.headers_mut();
    let raw = HeaderValue::from_static(if raw { "true" } else { "false" });
    headers.insert(OUTPUT_RAW, raw);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    Ok(response)
}

/// `POST /KEY?x-oss-process=csv/meta` or `json/meta`: counts rows, splits and columns. Nothing is kept, as counting needs
/// nothing but to read the object, and a later scan finds lines and splits without it.
pub(crate) async fn create_select_object_meta(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let document = body
        .document(&call.headers, call.service.config.limits.max_xml_bytes)
        .await?;
    if let Some(header) = call.known_header(RANGE) {
        return Err(bad_range(&header, "CreateSelectObjectMeta has no Range."));
    }
    let format = format(call);
    let request = SelectInput::from_meta_xml(&document, format)?;
    let mut count = count(&input_of(&request, format));
    let mut source = Source::open(call, granted, 0).await?;
    let (sender, receiver) = channel(AHEAD);
    tokio::spawn(async move {
        let mut out = Frames::new(sender, false, None);
        let result = async {
            while let Some(piece) = source.next().await? {
                count(Some(&piece))?;
                out.scanned += piece.len() as u64;
                out.quiet().await?;
            }
            Ok(count(None)?)
        }
        .await;
        out.finish_meta(format, result).await;
    });
    let mut response = response(StatusCode::OK, Content::Stream(receiver));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    Ok(response)
}

fn format(call: &Call) -> SelectFormat {
    match call.query.get("x-oss-process") {
        Some(process) if process.starts_with("json/") => SelectFormat::Json,
        _ => SelectFormat::Csv,
    }
}

/// The records that the header `Range` names. It needs records that are found from any place within the object.
fn byte_range(
    header: &str,
    said: &SelectInput,
    format: SelectFormat,
) -> Result<RowRange, OssError> {
    let found_anywhere = match format {
        SelectFormat::Csv => said.quoted_record_delimiter == Some(false),
        SelectFormat::Json => said.lines,
    };
    if !found_anywhere || said.gzip || said.range.is_some() {
        let message = "The Range header needs CSV whose AllowQuotedRecordDelimiter is false, or JSON of the type LINES, without compression and without a Range in the body.";
        return Err(bad_range(header, message));
    }
    let (first, last) = first_and_last(header).ok_or_else(|| {
        bad_range(
            header,
            "The Range header must be bytes=FIRST-LAST or bytes=FIRST-.",
        )
    })?;
    Ok(RowRange::Bytes(first, last))
}

fn bad_range(header: &str, message: &'static str) -> OssError {
    OssError::invalid_argument("Range", header, message).with_ec("0016-00000815")
}

fn input_of(said: &SelectInput, format: SelectFormat) -> Input {
    let range = said.range.map(|range| match range {
        SelectRange::Lines(first, last) => RowRange::Lines(first, last),
        SelectRange::Splits(first, last) => RowRange::Splits(first, last),
    });
    if format == SelectFormat::Json {
        return Input::Json(JsonInput {
            lines: said.lines,
            range,
            numbers_as_text: said.numbers_as_text,
        });
    }
    let default = CsvInput::default();
    Input::Csv(CsvInput {
        header: match said.header {
            FileHeader::None => Header::None,
            FileHeader::Ignore => Header::Ignore,
            FileHeader::Use => Header::Use,
        },
        record_delimiter: said
            .record_delimiter
            .clone()
            .unwrap_or(default.record_delimiter),
        field_delimiter: said.field_delimiter.unwrap_or(default.field_delimiter),
        quote: said.quote.unwrap_or(default.quote),
        comment: said.comment,
        range,
        quoted_record_delimiter: said
            .quoted_record_delimiter
            .unwrap_or(default.quoted_record_delimiter),
    })
}

/// What is wrong with the statement or the object, as an error.
fn refused(error: SelectError) -> OssError {
    match ErrorCode::from_wire(error.code) {
        Some(code) => OssError::new(code).with_message(error.message),
        None => Call::internal(error),
    }
}

/// Why a scan ended before the end of the object.
enum Broken {
    /// The object is not what the request says.
    Data(SelectError),
    /// The store failed; the cause is in the log.
    Store,
    /// Nobody listens any more.
    Gone,
}

impl Broken {
    fn error(&self) -> OssError {
        match self {
            Self::Data(error) => refused(error.clone()),
            Self::Store | Self::Gone => ErrorCode::InternalError.into(),
        }
    }
}

impl From<SelectError> for Broken {
    fn from(error: SelectError) -> Self {
        Self::Data(error)
    }
}

/// The bytes of the object.
struct Source {
    pieces: ObjectPieces,
    store: Store,
    object: Arc<Object>,
    id: String,
}

impl Source {
    /// The bytes from one on.
    async fn open(call: &Call, granted: &Authorized, from: u64) -> Result<Self, OssError> {
        let bucket = granted.bucket()?;
        let served = symlink::follow(call, bucket, granted.object(call).await?).await?;
        let object = served.bytes;
        restore::check_readable(call, bucket, &object)?;
        let read = call.service.store.read(&object, from..object.size).await;
        Ok(Self {
            pieces: ObjectPieces::new(Some(read.map_err(fault::of)?)),
            store: call.service.store.clone(),
            object,
            id: call.id.as_str().to_owned(),
        })
    }

    /// Goes on at another byte.
    async fn seek(&mut self, to: u64) -> Result<(), Broken> {
        let range = to..self.object.size;
        let read = self.store.read(&self.object, range).await;
        let reader = read.map_err(|error| self.failed(&error))?;
        self.pieces = ObjectPieces::new(Some(reader));
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let next = self.pieces.next().await;
        next.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &StoreError) -> Broken {
        tracing::error!(id = %self.id, %error, "reading an object failed");
        Broken::Store
    }
}

async fn scanned(mut source: Source, scan: &mut Scan, out: &mut Frames) -> Result<(), Broken> {
    while !scan.is_done() {
        if let Some(to) = scan.seek() {
            source.seek(to).await?;
        }
        let Some(piece) = source.next().await? else {
            break;
        };
        let fed = scan.feed(&piece);
        out.scanned += piece.len() as u64;
        out.data(scan.take_output()).await?;
        fed?;
        out.quiet().await?;
    }
    let finished = scan.finish();
    out.data(scan.take_output()).await?;
    Ok(finished?)
}

/// Frames to the client.
struct Frames {
    sender: Sender<Result<Bytes, BodyError>>,
    /// Hears whether there is an answer, with the first frame; or, after a long time without output, that there will be.
    begun: Option<oneshot::Sender<Result<(), OssError>>>,
    /// Only data, without frames.
    raw: bool,
    gathered: Vec<u8>,
    scanned: u64,
    /// Where the client heard of the scan last.
    heard: u64,
}

impl Frames {
    fn new(
        sender: Sender<Result<Bytes, BodyError>>,
        raw: bool,
        begun: Option<oneshot::Sender<Result<(), OssError>>>,
    ) -> Self {
        Self {
            sender,
            begun,
            raw,
            gathered: Vec::new(),
            scanned: 0,
            heard: 0,
        }
    }

    fn begin(&mut self) {
        if let Some(begun) = self.begun.take() {
            let _ = begun.send(Ok(()));
        }
    }

    async fn send(&mut self, frame: Vec<u8>) -> Result<(), Broken> {
        self.begin();
        self.heard = self.scanned;
        let sent = self.sender.send(Ok(frame.into())).await;
        sent.map_err(|_| Broken::Gone)
    }

    async fn data(&mut self, mut output: Vec<u8>) -> Result<(), Broken> {
        if self.gathered.is_empty() {
            self.gathered = output;
        } else {
            self.gathered.append(&mut output);
        }
        if self.gathered.len() >= FRAME {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        let data = std::mem::take(&mut self.gathered);
        if data.is_empty() {
            return Ok(());
        }
        let frame = if self.raw {
            data
        } else {
            frames::data(self.scanned, &data)
        };
        self.send(frame).await
    }

    /// After a long time without output: what there is, or that the scan goes on.
    async fn quiet(&mut self) -> Result<(), Broken> {
        if self.scanned - self.heard < QUIET {
            return Ok(());
        }
        if !self.gathered.is_empty() {
            return self.flush().await;
        }
        self.heard = self.scanned;
        if self.raw {
            self.begin();
            return match self.sender.is_closed() {
                true => Err(Broken::Gone),
                false => Ok(()),
            };
        }
        self.send(frames::going_on(self.scanned)).await
    }

    async fn finish(mut self, end: Result<(), Broken>) {
        let flushed = self.flush().await;
        let failure = match end.and(flushed) {
            Ok(()) => None,
            Err(Broken::Gone) => return,
            Err(broken) => Some(broken),
        };
        if let Some(broken) = failure.as_ref()
            && let Some(begun) = self.begun.take()
        {
            let _ = begun.send(Err(broken.error()));
            return;
        }
        self.begin();
        match (failure.as_ref().map(told), self.raw) {
            (None, true) => {}
            // Without frames only a cut tells that something is missing.
            (Some((_, text)), true) => {
                let _ = self.sender.send(Err(BodyError::Made(text))).await;
            }
            (None, false) => {
                let _ = self.send(frames::end(self.scanned, 206, "")).await;
            }
            (Some((status, text)), false) => {
                let _ = self.send(frames::end(self.scanned, status, &text)).await;
            }
        }
    }

    async fn finish_meta(mut self, format: SelectFormat, result: Result<Shape, Broken>) {
        let (status, text, shape) = match result {
            Ok(shape) => (200, String::new(), shape),
            Err(Broken::Gone) => return,
            Err(broken) => {
                let (status, text) = told(&broken);
                (status, text, Shape::default())
            }
        };
        let columns = (format == SelectFormat::Csv).then_some(shape.columns);
        let frame = frames::meta_end(
            self.scanned,
            status,
            shape.splits,
            shape.rows,
            columns,
            &text,
        );
        let _ = self.send(frame).await;
    }
}

/// Status and text of a failure, as the last frame tells it: code and sentence with a dot between.
fn told(broken: &Broken) -> (u32, String) {
    let error = broken.error();
    let text = format!("{}.{}", error.code().as_str(), error.message());
    (u32::from(error.status()), text)
}
