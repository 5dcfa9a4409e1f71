//! SelectObject: one SQL statement over the records of one CSV or JSON object (api-objects.md §14).
//!
//! SQL is parsed by `sqlparser`; this crate checks that a statement is one that OSS knows, and evaluates it record by
//! record while the object streams by. Nothing is held but one record, what was not fetched of the output, and the
//! aggregates.
//!
//! ```
//! use fosse_select::{CsvInput, Input, Options, Output, Scan, Statement};
//!
//! let input = Input::Csv(CsvInput::default());
//! let statement = Statement::parse("select _2 from ossobject where _1 > 1", &input).unwrap();
//! let mut scan = Scan::new(statement, input, Output::default(), Options::default(), false);
//! scan.feed(b"1,one\n2,two\n").unwrap();
//! scan.finish().unwrap();
//! assert_eq!(scan.take_output(), b"two\n");
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod byte_range;
mod csv;
mod decimal;
mod eval;
mod json;
mod json_stream;
mod reader;
mod scan;
mod settings;
mod shape;
mod statement;
mod value;

pub use scan::Scan;
pub use settings::{CsvInput, Header, Input, JsonInput, Options, Output, RowRange};
pub use shape::{Shape, count};
pub use statement::Statement;

/// Largest record in bytes.
pub const MAX_RECORD: usize = 1024 * 1024;
/// Longest statement in bytes.
pub const MAX_STATEMENT: usize = 16 * 1024;
/// Bytes after which a split ends, with the record that reaches them.
pub const SPLIT_BYTES: u64 = 4 * 1024 * 1024;

/// Why a statement or an object is refused: an error code of OSS and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SelectError {
    /// Such as `InvalidSqlParameter`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl SelectError {
    pub(crate) fn sql(message: impl Into<String>) -> Self {
        Self {
            code: "InvalidSqlParameter",
            message: message.into(),
        }
    }

    /// The message begins as clients know it.
    pub(crate) fn csv(what: &str) -> Self {
        Self {
            code: "InvalidCsvLine",
            message: format!("The line is invalid: {what}"),
        }
    }

    pub(crate) fn json(message: impl Into<String>) -> Self {
        Self {
            code: "InvalidJsonData",
            message: message.into(),
        }
    }
}
