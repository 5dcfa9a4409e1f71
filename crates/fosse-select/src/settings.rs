//! How an object is to be read, and how the result is to be written.

/// What the first line of a CSV object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// A record like every other.
    #[default]
    None,
    /// Names that the statement does not use.
    Ignore,
    /// Names that the statement uses.
    Use,
}

/// Records to look at; both ends are included, an open end is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowRange {
    /// By number of the line, from 0, header and comments included.
    Lines(u64, Option<u64>),
    /// By number of the split, from 0.
    Splits(u64, Option<u64>),
    /// By the byte of the object that a record begins at, see [`Scan::seek`](crate::Scan::seek). Not for gzip; of JSON only
    /// for `LINES`, whose values it takes line by line.
    Bytes(u64, Option<u64>),
}

/// A CSV object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvInput {
    /// What the first line is.
    pub header: Header,
    /// One or two bytes.
    pub record_delimiter: Vec<u8>,
    /// Between fields.
    pub field_delimiter: u8,
    /// Around fields that hold delimiters.
    pub quote: u8,
    /// First byte of lines that are left out.
    pub comment: Option<u8>,
    /// Records to look at.
    pub range: Option<RowRange>,
    /// A record delimiter between quotes is part of the field.
    pub quoted_record_delimiter: bool,
}

impl Default for CsvInput {
    fn default() -> Self {
        Self {
            header: Header::None,
            record_delimiter: b"\n".to_vec(),
            field_delimiter: b',',
            quote: b'"',
            comment: None,
            range: None,
            quoted_record_delimiter: true,
        }
    }
}

/// A JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonInput {
    /// Many values one after the other (`LINES`), else one (`DOCUMENT`).
    pub lines: bool,
    /// Records to look at; only with `lines`.
    pub range: Option<RowRange>,
    /// Numbers are texts until they are cast.
    pub numbers_as_text: bool,
}

/// The format of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Comma separated values.
    Csv(CsvInput),
    /// JSON.
    Json(JsonInput),
}

impl Input {
    pub(crate) fn range(&self) -> Option<RowRange> {
        match self {
            Self::Csv(csv) => csv.range,
            Self::Json(json) => json.range,
        }
    }
}

/// How the result is written; it has the format of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// After each record.
    pub record_delimiter: Vec<u8>,
    /// Between fields of CSV.
    pub field_delimiter: Vec<u8>,
    /// CSV: columns that the statement does not name keep their places, empty.
    pub keep_all_columns: bool,
    /// CSV: the first line is the names of the columns.
    pub header: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            record_delimiter: b"\n".to_vec(),
            field_delimiter: b",".to_vec(),
            keep_all_columns: false,
            header: false,
        }
    }
}

/// What to do about records that lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Leave out records that lack a column or key of the statement; otherwise it counts as null.
    pub skip_partial: bool,
    /// Most records left out before the scan fails; `None`: any number.
    pub max_skipped: Option<u64>,
}
