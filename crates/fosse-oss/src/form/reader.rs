//! The reader: bytes in as they arrive, fields and pieces of the file out. It never holds more than one field and the
//! piece that was fed last.

use super::disposition;
use crate::{ErrorCode, OssError};
use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem::{self, Finder};

/// Longest name of a field in bytes, with the other headers of its part.
pub const MAX_FIELD_NAME: usize = 8 * 1024;
/// Longest value of a field in bytes.
pub const MAX_FIELD_VALUE: usize = 2 * 1024 * 1024;
/// Most bytes before the file, and again after it, with delimiters and part headers.
pub const MAX_BEFORE_FILE: usize = 4 * 1024 * 1024;
/// Most fields before the file.
const MAX_FIELDS: usize = 1000;
/// Longest boundary (RFC 2046 allows 70).
const MAX_BOUNDARY: usize = 200;
/// Most bytes before the first delimiter.
const MAX_PREAMBLE: usize = 4096;

/// A field before the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// As sent.
    pub name: String,
    /// As sent, of any bytes.
    pub value: Bytes,
}

/// The head of the part that is the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormFile {
    /// The name as sent, possibly a path; empty when there is none.
    pub filename: String,
    /// The part's own `Content-Type`, when it has one that is text.
    pub content_type: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormPart {
    /// A field; only before the file.
    Field(FormField),
    /// The file begins.
    File(FormFile),
    /// The next bytes of the file, at least one.
    Data(Bytes),
    /// The file has ended. The form may still turn out broken.
    FileEnd,
    /// The closing delimiter: the form is whole and had exactly one file.
    End,
}

/// Where the reader is.
#[derive(Debug)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter.
    Delimiter,
    /// In the headers of a part.
    Headers,
    /// In the value of a field of this name.
    Field(String),
    File,
    /// In a field behind the file.
    Ignored,
    Done,
}

/// Reads one form. Feed it, and [`FormReader::read`] until it wants more.
#[derive(Debug)]
pub struct FormReader {
    delimiter: Finder<'static>,
    buffer: BytesMut,
    /// So many bytes of the buffer hold no beginning of what is looked for.
    scanned: usize,
    state: State,
    /// Bytes read outside the file, on this side of it.
    outside: usize,
    preamble: usize,
    fields: usize,
    file_seen: bool,
}

/// The boundary that a `Content-Type` names.
///
/// # Errors
/// 400 `RequestIsNotMultiPartContent` for another media type; 400 `MalformedPOSTRequest` without a usable boundary.
pub fn boundary(content_type: &str) -> Result<String, OssError> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("multipart/form-data") {
        return Err(ErrorCode::RequestIsNotMultiPartContent.into());
    }
    disposition::parameters(content_type)
        .into_iter()
        .find(|(name, _)| name == "boundary")
        .map(|(_, value)| value.into_owned())
        .filter(|value| (1..=MAX_BOUNDARY).contains(&value.len()))
        .ok_or_else(malformed)
}

fn malformed() -> OssError {
    ErrorCode::MalformedPostRequest.into()
}

impl FormReader {
    /// A reader for parts between `boundary` (see [`boundary`]).
    pub fn new(boundary: &str) -> Self {
        Self {
            delimiter: Finder::new(format!("\r\n--{boundary}").as_bytes()).into_owned(),
            // The first delimiter may be the very first bytes, without the line end that the others have.
            buffer: BytesMut::from(&b"\r\n"[..]),
            scanned: 0,
            state: State::Preamble,
            outside: 0,
            preamble: 0,
            fields: 0,
            file_seen: false,
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Done) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next part; `None`: more bytes are needed, and if there are none the form is broken (see
    /// [`FormReader::broken_off`]). After [`FormPart::End`] always `None`.
    ///
    /// # Errors
    /// 400 `MalformedPOSTRequest`; `FieldItemTooLong` above [`MAX_FIELD_NAME`] or [`MAX_FIELD_VALUE`];
    /// `MaxPOSTPreDataLengthExceededError` above [`MAX_BEFORE_FILE`]; `IncorrectNumberOfFilesInPOSTRequest` without a
    /// file or at a second one. After an error the reader is of no use.
    pub fn read(&mut self) -> Result<Option<FormPart>, OssError> {
        loop {
            let step = match &self.state {
                State::Preamble => self.preamble()?,
                State::Delimiter => self.after_delimiter()?,
                State::Headers => self.headers()?,
                State::Field(_) => self.field()?,
                State::File => return Ok(self.file()),
                State::Ignored => self.ignored()?,
                State::Done => return Ok(None),
            };
            match step {
                Step::Part(part) => return Ok(Some(part)),
                Step::More => return Ok(None),
                Step::On => {}
            }
        }
    }

    /// The error of a body that ends before the closing delimiter.
    pub fn broken_off() -> OssError {
        malformed()
    }

    fn preamble(&mut self) -> Result<Step, OssError> {
        let dropped = match self.find_delimiter() {
            Some(at) => {
                self.skip(at + self.delimiter.needle().len());
                self.state = State::Delimiter;
                at
            }
            None => {
                let dropped = self.scanned;
                self.skip(dropped);
                dropped
            }
        };
        self.preamble += dropped;
        if self.preamble > MAX_PREAMBLE {
            return Err(malformed());
        }
        Ok(match self.state {
            State::Preamble => Step::More,
            _ => Step::On,
        })
    }

    /// `--` closes the form, a line end begins a part; blanks may come before either (RFC 2046 §5.1.1).
    fn after_delimiter(&mut self) -> Result<Step, OssError> {
        while self
            .buffer
            .first()
            .is_some_and(|b| matches!(b, b' ' | b'\t'))
        {
            self.skip(1);
            self.outside(1)?;
        }
        let Some(two) = self.buffer.first_chunk::<2>() else {
            return Ok(Step::More);
        };
        match two {
            b"--" if self.file_seen => {
                self.state = State::Done;
                self.buffer = BytesMut::new();
                Ok(Step::Part(FormPart::End))
            }
            b"--" => Err(ErrorCode::IncorrectNumberOfFilesInPostRequest.into()),
            b"\r\n" => {
                // The line end stays, so that headers end with an empty line even if there are none.
                self.state = State::Headers;
                Ok(Step::On)
            }
            _ => Err(malformed()),
        }
    }

    fn headers(&mut self) -> Result<Step, OssError> {
        let Some(end) = self.find(b"\r\n\r\n") else {
            return if self.buffer.len() > MAX_FIELD_NAME {
                Err(ErrorCode::FieldItemTooLong.into())
            } else {
                Ok(Step::More)
            };
        };
        if end > MAX_FIELD_NAME {
            return Err(ErrorCode::FieldItemTooLong.into());
        }
        let head = self.buffer.split_to(end);
        self.skip(4);
        self.outside(end + 4)?;
        let part = PartHead::parse(&head)?;
        if part.name.eq_ignore_ascii_case("file") {
            if self.file_seen {
                return Err(ErrorCode::IncorrectNumberOfFilesInPostRequest.into());
            }
            self.file_seen = true;
            self.state = State::File;
            return Ok(Step::Part(FormPart::File(part.file)));
        }
        self.state = if self.file_seen {
            State::Ignored
        } else {
            self.fields += 1;
            if self.fields > MAX_FIELDS {
                return Err(ErrorCode::MaxPostPreDataLengthExceededError.into());
            }
            State::Field(part.name)
        };
        Ok(Step::On)
    }

    fn field(&mut self) -> Result<Step, OssError> {
        let found = self.find_delimiter();
        let length = found.unwrap_or(self.scanned);
        if length > MAX_FIELD_VALUE {
            return Err(ErrorCode::FieldItemTooLong.into());
        }
        if self.outside + length > MAX_BEFORE_FILE {
            return Err(ErrorCode::MaxPostPreDataLengthExceededError.into());
        }
        let Some(at) = found else {
            return Ok(Step::More);
        };
        let value = self.buffer.split_to(at).freeze();
        self.skip(self.delimiter.needle().len());
        self.outside(at + self.delimiter.needle().len())?;
        let State::Field(name) = std::mem::replace(&mut self.state, State::Delimiter) else {
            return Err(malformed());
        };
        Ok(Step::Part(FormPart::Field(FormField { name, value })))
    }

    fn file(&mut self) -> Option<FormPart> {
        let length = match self.find_delimiter() {
            Some(0) => {
                self.skip(self.delimiter.needle().len());
                self.state = State::Delimiter;
                // From here on what may come behind the file is counted.
                self.outside = 0;
                return Some(FormPart::FileEnd);
            }
            Some(at) => at,
            None => self.scanned,
        };
        if length == 0 {
            return None;
        }
        self.scanned = 0;
        Some(FormPart::Data(self.buffer.split_to(length).freeze()))
    }

    fn ignored(&mut self) -> Result<Step, OssError> {
        match self.find_delimiter() {
            Some(at) => {
                let length = at + self.delimiter.needle().len();
                self.skip(length);
                self.outside(length)?;
                self.state = State::Delimiter;
                Ok(Step::On)
            }
            None => {
                let dropped = self.scanned;
                self.skip(dropped);
                self.outside(dropped)?;
                Ok(Step::More)
            }
        }
    }

    /// Counts bytes outside the file.
    fn outside(&mut self, bytes: usize) -> Result<(), OssError> {
        self.outside += bytes;
        if self.outside > MAX_BEFORE_FILE {
            return Err(ErrorCode::MaxPostPreDataLengthExceededError.into());
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.buffer.advance(bytes.min(self.buffer.len()));
        self.scanned = 0;
    }

    /// Where the next delimiter begins. Otherwise everything before `scanned` is known to hold none.
    fn find_delimiter(&mut self) -> Option<usize> {
        let from = self.scanned.min(self.buffer.len());
        let found = self.delimiter.find(self.buffer.get(from..)?);
        self.scanned = match found {
            Some(_) => from,
            // A delimiter may begin in the last bytes, one fewer than it has.
            None => (self.buffer.len() + 1).saturating_sub(self.delimiter.needle().len()),
        };
        found.map(|at| from + at)
    }

    fn find(&mut self, needle: &[u8]) -> Option<usize> {
        let from = self.scanned.min(self.buffer.len());
        let found = memmem::find(self.buffer.get(from..)?, needle);
        self.scanned = match found {
            Some(_) => from,
            None => (self.buffer.len() + 1).saturating_sub(needle.len()),
        };
        found.map(|at| from + at)
    }
}

enum Step {
    Part(FormPart),
    More,
    On,
}

/// The headers of a part.
struct PartHead {
    name: String,
    file: FormFile,
}

impl PartHead {
    /// `head` begins with the line end of the delimiter and has no line end at its end.
    fn parse(head: &[u8]) -> Result<Self, OssError> {
        let head = std::str::from_utf8(head).map_err(|_| malformed())?;
        let mut name = None;
        let mut file = FormFile::default();
        for line in head.split("\r\n").filter(|line| !line.is_empty()) {
            let (header, value) = line.split_once(':').ok_or_else(malformed)?;
            if header.trim().eq_ignore_ascii_case("content-disposition") {
                let kind = value.split(';').next().unwrap_or_default().trim();
                if !kind.eq_ignore_ascii_case("form-data") || name.is_some() {
                    return Err(malformed());
                }
                let mut extended = None;
                for (parameter, text) in disposition::parameters(value) {
                    match parameter.as_str() {
                        "name" => name = Some(text.into_owned()),
                        "filename" => file.filename = text.into_owned(),
                        "filename*" => extended = disposition::extended(&text),
                        _ => {}
                    }
                }
                if let Some(extended) = extended {
                    file.filename = extended;
                }
            } else if header.trim().eq_ignore_ascii_case("content-type") {
                let value = value.trim();
                file.content_type = Some(value.to_owned()).filter(|value| !value.is_empty());
            }
        }
        let name = name.filter(|name| !name.is_empty()).ok_or_else(malformed)?;
        Ok(Self { name, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that a form gives, with the pieces of the file together.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Read {
        fields: Vec<(String, Vec<u8>)>,
        file: Option<FormFile>,
        data: Vec<u8>,
        ended: bool,
    }

    fn read_in(body: &[u8], sizes: impl Iterator<Item = usize>) -> Result<Read, ErrorCode> {
        let mut reader = FormReader::new("XX");
        let mut read = Read::default();
        let mut rest = body;
        for size in sizes {
            if rest.is_empty() {
                break;
            }
            let (piece, left) = rest.split_at(size.clamp(1, rest.len()));
            rest = left;
            reader.feed(piece);
            while let Some(part) = reader.read().map_err(|e| e.code())? {
                match part {
                    FormPart::Field(field) => {
                        assert!(read.file.is_none());
                        read.fields.push((field.name, field.value.to_vec()));
                    }
                    FormPart::File(file) => assert!(read.file.replace(file).is_none()),
                    FormPart::Data(data) => {
                        assert!(!data.is_empty());
                        read.data.extend_from_slice(&data);
                    }
                    FormPart::FileEnd => {}
                    FormPart::End => read.ended = true,
                }
            }
        }
        Ok(read)
    }

    fn read(body: &str) -> Result<Read, ErrorCode> {
        let whole = read_in(body.as_bytes(), std::iter::repeat(usize::MAX));
        let single = read_in(body.as_bytes(), std::iter::repeat(1));
        assert_eq!(whole, single, "{body}");
        whole
    }

    const KEY: &str = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/b\r\n";
    const FILE: &str = "--XX\r\ncontent-disposition:form-data;name=file;filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n";

    #[test]
    fn a_form_is_read_whole_or_byte_by_byte() {
        let read = read(&format!("{KEY}{FILE}--XX--\r\nepilogue")).unwrap();
        assert_eq!(read.fields, [("key".to_owned(), b"a/b".to_vec())]);
        assert_eq!(
            read.file,
            Some(FormFile {
                filename: "f.txt".into(),
                content_type: Some("text/plain".into())
            })
        );
        assert_eq!((read.data.as_slice(), read.ended), (&b"hello"[..], true));
    }

    #[test]
    fn what_may_surround_parts_is_left_out() {
        let submit = "--XX  \r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nUpload\r\n";
        let read = read(&format!("preamble\r\n{KEY}{FILE}{submit}--XX-- \r\n")).unwrap();
        assert_eq!(read.fields.len(), 1);
        assert!(read.ended);
    }

    #[test]
    fn empty_values_and_line_ends_in_values() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n\
             --XX\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--X\r\n\r\n\
             --XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--XX--";
        let read = read(body).unwrap();
        assert_eq!(
            read.fields,
            [
                ("a".to_owned(), b"".to_vec()),
                ("b".to_owned(), b"\r\n--X\r\n".to_vec())
            ]
        );
        assert_eq!(read.file, Some(FormFile::default()));
        assert_eq!((read.data.as_slice(), read.ended), (&b""[..], true));
    }

    #[test]
    fn broken_forms_are_refused_or_never_end() {
        use ErrorCode as E;
        let no_name = "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n";
        let no_headers = "--XX\r\n\r\n1\r\n";
        for (body, code) in [
            (
                format!("{KEY}--XX--"),
                E::IncorrectNumberOfFilesInPostRequest,
            ),
            ("--XX--".to_owned(), E::IncorrectNumberOfFilesInPostRequest),
            (
                format!("{KEY}{FILE}{FILE}--XX--"),
                E::IncorrectNumberOfFilesInPostRequest,
            ),
            (format!("{no_name}{FILE}--XX--"), E::MalformedPostRequest),
            (format!("{no_headers}{FILE}--XX--"), E::MalformedPostRequest),
            (format!("--XXY\r\n{FILE}--XX--"), E::MalformedPostRequest),
            (format!("{KEY}{FILE}--XX-\r\n"), E::MalformedPostRequest),
            ("x".repeat(MAX_PREAMBLE + 1000), E::MalformedPostRequest),
            (
                format!(
                    "--XX\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
                    "n".repeat(MAX_FIELD_NAME)
                ),
                E::FieldItemTooLong,
            ),
            (
                format!("--XX\r\n{}", "n".repeat(MAX_FIELD_NAME + 1)),
                E::FieldItemTooLong,
            ),
            (
                format!(
                    "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n{FILE}--XX--"
                ),
                E::MalformedPostRequest,
            ),
            (
                format!("--XX\r\nnonsense\r\n\r\n1\r\n{FILE}--XX--"),
                E::MalformedPostRequest,
            ),
        ] {
            let shown: String = body.chars().take(80).collect();
            assert_eq!(read(&body), Err(code), "{shown}");
        }
        for cut in [
            KEY.to_owned(),
            format!("{KEY}{FILE}"),
            format!("{KEY}{FILE}--XX"),
            format!("{KEY}{FILE}--XX-"),
            String::new(),
        ] {
            assert!(!read(&cut).unwrap().ended, "{cut}");
        }
    }

    #[test]
    fn sizes_are_limited() {
        let field = |name: &str, size: usize| {
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n",
                "v".repeat(size)
            )
        };
        let whole = |body: &str| read_in(body.as_bytes(), std::iter::repeat(16 * 1024));
        let fits = format!("{}{FILE}--XX--", field("a", MAX_FIELD_VALUE));
        assert!(whole(&fits).unwrap().ended);
        let long = format!("{}{FILE}--XX--", field("a", MAX_FIELD_VALUE + 1));
        assert_eq!(whole(&long), Err(ErrorCode::FieldItemTooLong));
        let unended = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".to_owned()
            + &"v".repeat(MAX_FIELD_VALUE + 100);
        assert_eq!(whole(&unended), Err(ErrorCode::FieldItemTooLong));
        let three = field("a", MAX_FIELD_VALUE / 2 * 3 / 2).repeat(3);
        assert_eq!(
            whole(&format!("{three}{FILE}--XX--")),
            Err(ErrorCode::MaxPostPreDataLengthExceededError)
        );
        let many = field("a", 0).repeat(MAX_FIELDS + 1);
        assert_eq!(
            whole(&format!("{many}{FILE}--XX--")),
            Err(ErrorCode::MaxPostPreDataLengthExceededError)
        );
        let behind = field("a", MAX_FIELD_VALUE).repeat(2);
        assert_eq!(
            whole(&format!("{FILE}{behind}--XX--")),
            Err(ErrorCode::MaxPostPreDataLengthExceededError)
        );
    }

    #[test]
    fn boundaries() {
        for (content_type, wanted) in [
            ("multipart/form-data; boundary=abc", "abc"),
            (
                "Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c\"",
                "a b:c",
            ),
            (
                "multipart/form-data; boundary=----WebKitFormBoundary7MA",
                "----WebKitFormBoundary7MA",
            ),
        ] {
            assert_eq!(boundary(content_type).unwrap(), wanted);
        }
        for (content_type, code) in [
            ("text/plain", ErrorCode::RequestIsNotMultiPartContent),
            ("", ErrorCode::RequestIsNotMultiPartContent),
            (
                "application/x-www-form-urlencoded; boundary=a",
                ErrorCode::RequestIsNotMultiPartContent,
            ),
            ("multipart/form-data", ErrorCode::MalformedPostRequest),
            (
                "multipart/form-data; boundary=",
                ErrorCode::MalformedPostRequest,
            ),
        ] {
            assert_eq!(boundary(content_type).unwrap_err().code(), code);
        }
        let long = format!(
            "multipart/form-data; boundary={}",
            "b".repeat(MAX_BOUNDARY + 1)
        );
        assert!(boundary(&long).is_err());
    }

    proptest! {
        /// However the body is cut up, and whatever the file holds short of the delimiter, it comes out the same.
        #[test]
        fn pieces_do_not_matter(
            values in prop::collection::vec(("[a-z]{1,8}", "[ -~\r\n]{0,40}"), 0..4),
            data in prop::collection::vec(prop::sample::select(b"\r\n-XY\0a".to_vec()), 0..200),
            sizes in prop::collection::vec(1usize..40, 1..40),
        ) {
            let mut body = Vec::new();
            prop_assume!(values.iter().all(|(name, value)| name != "file" && !value.contains("\r\n--XX")));
            prop_assume!(memmem::find(&data, b"\r\n--XX").is_none());
            // With the line end before the delimiter the data must not make an earlier one.
            for (name, value) in &values {
                prop_assume!(memmem::find(format!("{value}\r\n--XX").as_bytes(), b"\r\n--XX") == Some(value.len()));
                body.extend_from_slice(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
            }
            body.extend_from_slice(b"--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n");
            body.extend_from_slice(&data);
            body.extend_from_slice(b"\r\n--XX--\r\n");
            let read = read_in(&body, sizes.iter().copied().cycle()).unwrap();
            let wanted: Vec<(String, Vec<u8>)> =
                values.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
            prop_assert_eq!(read.fields, wanted);
            prop_assert_eq!(read.data, data);
            prop_assert!(read.ended);
        }

        /// Any bytes: no panic, and never an end without a file.
        #[test]
        fn anything_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(read) = read_in(&body, std::iter::repeat(7)) {
                prop_assert!(!read.ended || read.file.is_some());
            }
        }
    }
}
