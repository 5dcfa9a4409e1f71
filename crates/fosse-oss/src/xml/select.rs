//! `SelectRequest`, `CsvMetaRequest` and `JsonMetaRequest`: the bodies of SelectObject and CreateSelectObjectMeta
//! (api-objects.md §14). Texts and delimiters are base64 in them.

use super::Element;
use crate::{ErrorCode, OssError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The format that the parameter `x-oss-process` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectFormat {
    /// `csv/…`
    Csv,
    /// `json/…`
    Json,
}

/// `FileHeaderInfo`: what the first line of a CSV object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileHeader {
    /// A record.
    #[default]
    None,
    /// Names that are not used.
    Ignore,
    /// Names that the statement uses.
    Use,
}

/// `Range`: both ends are included, an open end is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectRange {
    /// `line-range=START-END`
    Lines(u64, Option<u64>),
    /// `split-range=START-END`
    Splits(u64, Option<u64>),
}

/// How the object is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectInput {
    /// The object is gzip; else as it is.
    pub gzip: bool,
    /// CSV.
    pub header: FileHeader,
    /// CSV: one or two bytes.
    pub record_delimiter: Option<Vec<u8>>,
    /// CSV.
    pub field_delimiter: Option<u8>,
    /// CSV.
    pub quote: Option<u8>,
    /// CSV.
    pub comment: Option<u8>,
    /// CSV: `AllowQuotedRecordDelimiter`; true if unset.
    pub quoted_record_delimiter: Option<bool>,
    /// JSON: `LINES`, else `DOCUMENT`.
    pub lines: bool,
    /// JSON: `ParseJsonNumberAsString`.
    pub numbers_as_text: bool,
    /// Records to look at.
    pub range: Option<SelectRange>,
}

/// The body of SelectObject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectRequest {
    /// The SQL statement.
    pub expression: String,
    /// How the object is to be read.
    pub input: SelectInput,
    /// After each record of the result.
    pub record_delimiter: Option<Vec<u8>>,
    /// Between fields of the result.
    pub field_delimiter: Option<Vec<u8>>,
    /// `KeepAllColumns`.
    pub keep_all_columns: bool,
    /// `OutputRawData`: no frames.
    pub raw: bool,
    /// `OutputHeader`.
    pub output_header: bool,
    /// `SkipPartialDataRecord`.
    pub skip_partial: bool,
    /// `MaxSkippedRecordsAllowed`.
    pub max_skipped: u64,
}

impl SelectRequest {
    /// Reads the document. Errors: 400 `MalformedXML`; 400 with a code of its own for a value that is not valid.
    pub fn from_xml(bytes: &[u8], format: SelectFormat) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "SelectRequest")?;
        let expression = decoded(root.text_of("Expression"), ErrorCode::InvalidSqlParameter)?;
        let expression = String::from_utf8(expression)
            .map_err(|_| OssError::from(ErrorCode::InvalidSqlParameter))?;
        let output = root.child("OutputSerialization");
        let written = output.and_then(|output| match format {
            SelectFormat::Csv => output.child("CSV"),
            SelectFormat::Json => output.child("JSON"),
        });
        let options = root.child("Options");
        let max_skipped = match options.map_or("", |o| o.text_of("MaxSkippedRecordsAllowed")) {
            "" => 0,
            text => text.trim().parse().map_err(|_| {
                OssError::invalid_argument("MaxSkippedRecordsAllowed", text, "It must be a number.")
            })?,
        };
        Ok(Self {
            expression,
            input: SelectInput::read(root.child("InputSerialization"), format)?,
            record_delimiter: delimiter(
                written,
                "RecordDelimiter",
                16,
                ErrorCode::InvalidOutputRecordDelimiter,
            )?,
            field_delimiter: delimiter(
                written,
                "FieldDelimiter",
                1,
                ErrorCode::InvalidOutputFieldDelimiter,
            )?,
            keep_all_columns: flag(output, "KeepAllColumns")?.unwrap_or(false),
            raw: flag(output, "OutputRawData")?.unwrap_or(false),
            output_header: flag(output, "OutputHeader")?.unwrap_or(false),
            skip_partial: flag(options, "SkipPartialDataRecord")?.unwrap_or(false),
            max_skipped,
        })
    }
}

impl SelectInput {
    /// Reads the body of CreateSelectObjectMeta. Errors: as [`SelectRequest::from_xml`].
    pub fn from_meta_xml(bytes: &[u8], format: SelectFormat) -> Result<Self, OssError> {
        let root = match format {
            SelectFormat::Csv => "CsvMetaRequest",
            SelectFormat::Json => "JsonMetaRequest",
        };
        let root = Element::parse(bytes, root)?;
        flag(Some(&root), "OverwriteIfExists")?;
        let input = Self::read(root.child("InputSerialization"), format)?;
        if input.gzip {
            return Err(ErrorCode::UnsupportedCompressionFormat.into());
        }
        if format == SelectFormat::Json && !input.lines {
            let message = "The meta of a JSON object needs the type LINES.";
            return Err(OssError::invalid_argument("Type", "", message));
        }
        Ok(input)
    }

    fn read(input: Option<&Element>, format: SelectFormat) -> Result<Self, OssError> {
        let compression = input
            .map_or("", |input| input.text_of("CompressionType"))
            .trim();
        // Some clients write it in base64.
        let plain = STANDARD
            .decode(compression)
            .ok()
            .and_then(|plain| String::from_utf8(plain).ok());
        let is = |word: &str| {
            compression.eq_ignore_ascii_case(word)
                || plain
                    .as_deref()
                    .is_some_and(|plain| plain.eq_ignore_ascii_case(word))
        };
        let gzip = is("GZIP");
        if !gzip && !compression.is_empty() && !is("None") {
            return Err(ErrorCode::UnsupportedCompressionFormat.into());
        }
        let inner = input.and_then(|input| match format {
            SelectFormat::Csv => input.child("CSV"),
            SelectFormat::Json => input.child("JSON"),
        });
        let text = |name: &str| inner.map_or("", |inner| inner.text_of(name)).trim();
        let range = range(text("Range"))?;
        if format == SelectFormat::Json {
            let lines = match text("Type") {
                kind if kind.eq_ignore_ascii_case("LINES") => true,
                kind if kind.eq_ignore_ascii_case("DOCUMENT") => false,
                kind => {
                    let message = "The type of a JSON object is DOCUMENT or LINES.";
                    return Err(OssError::invalid_argument("Type", kind, message));
                }
            };
            if !lines && range.is_some() {
                return Err(bad_range(text("Range")));
            }
            return Ok(Self {
                gzip,
                lines,
                range,
                numbers_as_text: flag(inner, "ParseJsonNumberAsString")?.unwrap_or(false),
                ..Self::default()
            });
        }
        let one = |name, code| {
            let found = delimiter(inner, name, 1, code)?;
            Ok::<_, OssError>(found.and_then(|bytes| bytes.first().copied()))
        };
        Ok(Self {
            gzip,
            header: match text("FileHeaderInfo") {
                "" => FileHeader::None,
                word if word.eq_ignore_ascii_case("NONE") => FileHeader::None,
                word if word.eq_ignore_ascii_case("IGNORE") => FileHeader::Ignore,
                word if word.eq_ignore_ascii_case("USE") => FileHeader::Use,
                word => {
                    let message = "The header info is None, Ignore or Use.";
                    return Err(OssError::invalid_argument("FileHeaderInfo", word, message));
                }
            },
            record_delimiter: delimiter(
                inner,
                "RecordDelimiter",
                2,
                ErrorCode::InvalidInputRecordDelimiter,
            )?,
            field_delimiter: one("FieldDelimiter", ErrorCode::InvalidInputFieldDelimiter)?,
            quote: one("QuoteCharacter", ErrorCode::InvalidInputQuote)?,
            comment: one("CommentCharacter", ErrorCode::InvalidCommentCharacter)?,
            quoted_record_delimiter: flag(inner, "AllowQuotedRecordDelimiter")?,
            range,
            ..Self::default()
        })
    }
}

fn decoded(text: &str, code: ErrorCode) -> Result<Vec<u8>, OssError> {
    STANDARD.decode(text.trim()).map_err(|_| code.into())
}

/// A base64 value of 1 to `most` bytes; absent or empty is `None`.
fn delimiter(
    parent: Option<&Element>,
    name: &str,
    most: usize,
    code: ErrorCode,
) -> Result<Option<Vec<u8>>, OssError> {
    let text = parent.map_or("", |parent| parent.text_of(name));
    let bytes = decoded(text, code)?;
    match bytes.len() {
        0 => Ok(None),
        length if length <= most => Ok(Some(bytes)),
        _ => Err(code.into()),
    }
}

/// `true` or `false` in any case, as clients write both `true` and `True`.
fn flag(parent: Option<&Element>, name: &'static str) -> Result<Option<bool>, OssError> {
    match parent.map_or("", |parent| parent.text_of(name)).trim() {
        "" => Ok(None),
        word if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
        word if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
        word => Err(OssError::invalid_argument(
            name,
            word,
            "The value must be true or false.",
        )),
    }
}

fn bad_range(text: &str) -> OssError {
    OssError::new(ErrorCode::InvalidSplitRange)
        .with("ArgumentName", "Range")
        .with("ArgumentValue", text)
}

/// `line-range=START-END` or `split-range=START-END`. A range of bare numbers is one of lines.
fn range(text: &str) -> Result<Option<SelectRange>, OssError> {
    if text.is_empty() {
        return Ok(None);
    }
    let (kind, ends) = text.split_once('=').unwrap_or(("line-range", text));
    let (start, end) = ends.split_once('-').ok_or_else(|| bad_range(text))?;
    let number = |digits: &str| match digits.trim() {
        "" => Ok(None),
        digits => digits.parse::<u64>().map(Some).map_err(|_| bad_range(text)),
    };
    let (start, end) = (number(start)?, number(end)?);
    let start = match (start, end) {
        (Some(start), _) => start,
        (None, None) => 0,
        // The last so many: nothing is known of the end while the object streams by.
        (None, Some(_)) => return Err(bad_range(text)),
    };
    if end.is_some_and(|end| end < start) {
        return Err(bad_range(text));
    }
    match kind.trim() {
        "line-range" => Ok(Some(SelectRange::Lines(start, end))),
        "split-range" => Ok(Some(SelectRange::Splits(start, end))),
        _ => Err(bad_range(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn b(text: &str) -> String {
        STANDARD.encode(text)
    }

    fn csv(inner: &str) -> Result<SelectRequest, OssError> {
        let text = format!(
            "<SelectRequest><Expression>{}</Expression>{inner}</SelectRequest>",
            b("select 1")
        );
        SelectRequest::from_xml(text.as_bytes(), SelectFormat::Csv)
    }

    #[test]
    fn a_request_is_read() {
        let request = csv(&format!(
            "<InputSerialization><CompressionType>gzip</CompressionType><CSV><FileHeaderInfo>Use</FileHeaderInfo>\
             <RecordDelimiter>{}</RecordDelimiter><FieldDelimiter>{}</FieldDelimiter><QuoteCharacter>{}</QuoteCharacter>\
             <CommentCharacter>{}</CommentCharacter><Range>line-range=1-</Range>\
             <AllowQuotedRecordDelimiter>False</AllowQuotedRecordDelimiter></CSV></InputSerialization>\
             <OutputSerialization><CSV><RecordDelimiter>{}</RecordDelimiter><FieldDelimiter>{}</FieldDelimiter></CSV>\
             <KeepAllColumns>true</KeepAllColumns><OutputRawData>TRUE</OutputRawData><EnablePayloadCrc>true</EnablePayloadCrc>\
             <OutputHeader>True</OutputHeader></OutputSerialization>\
             <Options><SkipPartialDataRecord>true</SkipPartialDataRecord><MaxSkippedRecordsAllowed>7</MaxSkippedRecordsAllowed></Options>",
            b("\r\n"), b("|"), b("'"), b("#"), b("\n"), b("\t")
        ))
        .unwrap();
        assert_eq!(
            request,
            SelectRequest {
                expression: "select 1".into(),
                input: SelectInput {
                    gzip: true,
                    header: FileHeader::Use,
                    record_delimiter: Some(b"\r\n".to_vec()),
                    field_delimiter: Some(b'|'),
                    quote: Some(b'\''),
                    comment: Some(b'#'),
                    quoted_record_delimiter: Some(false),
                    range: Some(SelectRange::Lines(1, None)),
                    ..SelectInput::default()
                },
                record_delimiter: Some(b"\n".to_vec()),
                field_delimiter: Some(b"\t".to_vec()),
                keep_all_columns: true,
                raw: true,
                output_header: true,
                skip_partial: true,
                max_skipped: 7,
            }
        );
        assert_eq!(csv("").unwrap().input, SelectInput::default());
        let json = format!(
            "<SelectRequest><Expression>{}</Expression><InputSerialization><JSON><Type>Lines</Type><Range>split-range=2-3</Range>\
             <ParseJsonNumberAsString>true</ParseJsonNumberAsString></JSON></InputSerialization>\
             <OutputSerialization><JSON><RecordDelimiter>{}</RecordDelimiter></JSON></OutputSerialization></SelectRequest>",
            b("s"),
            b(",")
        );
        let request = SelectRequest::from_xml(json.as_bytes(), SelectFormat::Json).unwrap();
        assert!(request.input.lines && request.input.numbers_as_text);
        assert_eq!(request.input.range, Some(SelectRange::Splits(2, Some(3))));
        assert_eq!(request.record_delimiter.as_deref(), Some(&b","[..]));
    }

    #[test]
    fn values_that_are_not_valid_are_refused() {
        let input = |inner: &str| {
            csv(&format!(
                "<InputSerialization><CSV>{inner}</CSV></InputSerialization>"
            ))
        };
        let code = |result: Result<SelectRequest, OssError>| result.unwrap_err().code();
        use ErrorCode as E;
        assert_eq!(
            code(input(&format!(
                "<RecordDelimiter>{}</RecordDelimiter>",
                b("abc")
            ))),
            E::InvalidInputRecordDelimiter
        );
        assert_eq!(
            code(input("<RecordDelimiter>*</RecordDelimiter>")),
            E::InvalidInputRecordDelimiter
        );
        assert_eq!(
            code(input(&format!(
                "<FieldDelimiter>{}</FieldDelimiter>",
                b("ab")
            ))),
            E::InvalidInputFieldDelimiter
        );
        assert_eq!(
            code(input(&format!(
                "<QuoteCharacter>{}</QuoteCharacter>",
                b("ab")
            ))),
            E::InvalidInputQuote
        );
        assert_eq!(
            code(input(&format!(
                "<CommentCharacter>{}</CommentCharacter>",
                b("ab")
            ))),
            E::InvalidCommentCharacter
        );
        for range in [
            "1",
            "line-range=3-1",
            "line-range=-3",
            "byte-range=1-2",
            "line-range=a-b",
            "line-range=1-99999999999999999999",
        ] {
            assert_eq!(
                code(input(&format!("<Range>{range}</Range>"))),
                E::InvalidSplitRange,
                "{range}"
            );
        }
        for blank in ["line-range=-", "0-1", ""] {
            assert!(input(&format!("<Range>{blank}</Range>")).is_ok(), "{blank}");
        }
        assert_eq!(
            code(input("<FileHeaderInfo>Maybe</FileHeaderInfo>")),
            E::InvalidArgument
        );
        assert_eq!(
            code(csv(
                "<InputSerialization><CompressionType>ZIP</CompressionType></InputSerialization>"
            )),
            E::UnsupportedCompressionFormat
        );
        assert_eq!(
            code(csv(
                "<Options><SkipPartialDataRecord>2</SkipPartialDataRecord></Options>"
            )),
            E::InvalidArgument
        );
        assert_eq!(
            code(SelectRequest::from_xml(
                b"<SelectRequest><Expression>*</Expression></SelectRequest>",
                SelectFormat::Csv
            )),
            E::InvalidSqlParameter
        );
        assert_eq!(
            code(SelectRequest::from_xml(b"<Select/>", SelectFormat::Csv)),
            E::MalformedXml
        );
    }

    #[test]
    fn requests_for_meta() {
        let csv = |text: &str| SelectInput::from_meta_xml(text.as_bytes(), SelectFormat::Csv);
        assert_eq!(csv("<CsvMetaRequest/>").unwrap(), SelectInput::default());
        let none = format!(
            "<CsvMetaRequest><InputSerialization><CompressionType>{}</CompressionType></InputSerialization><OverwriteIfExists>True</OverwriteIfExists></CsvMetaRequest>",
            b("None")
        );
        assert_eq!(csv(&none).unwrap(), SelectInput::default());
        assert!(csv(&none.replace(&b("None"), "GZIP")).is_err());
        assert!(csv("<JsonMetaRequest/>").is_err());
        let json = |kind: &str| {
            let text = format!(
                "<JsonMetaRequest><InputSerialization><JSON><Type>{kind}</Type></JSON></InputSerialization></JsonMetaRequest>"
            );
            SelectInput::from_meta_xml(text.as_bytes(), SelectFormat::Json)
        };
        assert!(json("LINES").unwrap().lines);
        assert!(json("DOCUMENT").is_err() && json("").is_err());
    }
}
