//! The size of an object in records, which CreateSelectObjectMeta tells.

use crate::SelectError;
use crate::csv::{CsvStream, fields};
use crate::json::Json;
use crate::json_stream::JsonStream;
use crate::reader::{Place, Reader};
use crate::settings::Input;

/// What CreateSelectObjectMeta tells of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Records, header and comments included.
    pub rows: u64,
    /// Splits.
    pub splits: u32,
    /// CSV: columns of the first record.
    pub columns: u32,
}

/// Counts the records of an object: a function to feed it with, `None` for its end.
///
/// # Errors
/// As [`Scan::feed`].
pub fn count(
    input: &Input,
) -> impl FnMut(Option<&[u8]>) -> Result<Shape, SelectError> + Send + use<> {
    let mut reader = match input {
        Input::Csv(csv) => Reader::Csv(CsvStream::new(csv)),
        Input::Json(_) => Reader::Json(JsonStream::new(Vec::new())),
    };
    let input = input.clone();
    let mut place = Place::default();
    let mut columns = 0;
    move |bytes| {
        let mut take = |record: &[u8]| {
            match &input {
                Input::Csv(csv) if place.line == 0 => {
                    let mut first = Vec::new();
                    fields(record, csv, &mut first);
                    columns = u32::try_from(first.len()).unwrap_or(u32::MAX);
                }
                Input::Csv(_) => {}
                Input::Json(_) => {
                    Json::parse(record).ok_or_else(|| {
                        SelectError::json("A record of the object is no JSON value.")
                    })?;
                }
            }
            place.step(record.len() as u64 + 1);
            Ok(true)
        };
        match bytes {
            Some(bytes) => reader.feed(bytes, &mut take)?,
            None => reader.finish(&mut take)?,
        };
        let open = u64::from(place.split_bytes > 0);
        Ok(Shape {
            rows: place.line,
            splits: u32::try_from(place.split + open).unwrap_or(u32::MAX),
            columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SPLIT_BYTES;
    use crate::settings::{CsvInput, JsonInput};

    const PEOPLE: &[u8] = b"name,age,Note\r\nLora,27,\"a, b\"\r\nElen,43,\r\nRosie,,x%y\r\n";

    #[test]
    fn shapes_are_counted() {
        let shape = |input: &Input, data: &[u8]| {
            let mut count = count(input);
            for piece in data.chunks(1000) {
                count(Some(piece)).unwrap();
            }
            count(None).unwrap()
        };
        let csv = Input::Csv(CsvInput::default());
        assert_eq!(
            shape(&csv, PEOPLE),
            Shape {
                rows: 4,
                splits: 1,
                columns: 3
            }
        );
        assert_eq!(shape(&csv, b""), Shape::default());
        let large = "0123456789abcde\n".repeat((SPLIT_BYTES / 16) as usize * 2 + 1);
        let shape_of_large = shape(&csv, large.as_bytes());
        assert_eq!(
            (shape_of_large.rows, shape_of_large.splits),
            (SPLIT_BYTES / 8 + 1, 3)
        );
        let json = Input::Json(JsonInput {
            lines: true,
            ..JsonInput::default()
        });
        assert_eq!(
            shape(&json, b"{\n\"a\":1}\n{},{}\n"),
            Shape {
                rows: 3,
                splits: 1,
                columns: 0
            }
        );
    }
}
