//! How an object is cut into records, and counted.

use crate::byte_range::LineRange;
use crate::csv::CsvStream;
use crate::json_stream::JsonStream;
use crate::{SPLIT_BYTES, SelectError};

/// How the object is cut.
pub(crate) enum Reader {
    Csv(CsvStream),
    Json(JsonStream),
    /// JSON, lines of a range only.
    Lines(LineRange),
}

impl Reader {
    /// Reads on; every record is handed over, which answers whether to go on.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        match self {
            Self::Csv(stream) => stream.feed(bytes, take),
            Self::Json(stream) => stream.feed(bytes, take),
            Self::Lines(range) => range.feed(bytes, take),
        }
    }

    /// The end of the object.
    pub(crate) fn finish(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        match self {
            Self::Csv(stream) => stream.finish(take),
            Self::Json(stream) => stream.finish(take),
            Self::Lines(range) => range.finish(take),
        }
    }
}

/// Where in the object the scan is.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) split: u64,
    pub(crate) split_bytes: u64,
}

impl Place {
    /// Steps behind a record of `bytes`, delimiter included; gives the line and split it was in.
    pub(crate) fn step(&mut self, bytes: u64) -> (u64, u64) {
        let at = (self.line, self.split);
        self.line += 1;
        self.split_bytes += bytes;
        if self.split_bytes >= SPLIT_BYTES {
            self.split += 1;
            self.split_bytes = 0;
        }
        at
    }
}
