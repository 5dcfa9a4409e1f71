//! The records that begin within a range of bytes: where to begin reading, and which lines of JSON to take.
//!
//! A record begins at the first byte of the object and behind each delimiter, so that ranges that follow each other take
//! every record once.

use crate::SelectError;
use crate::json_stream::JsonStream;
use crate::settings::{CsvInput, JsonInput, RowRange};

/// Where the search for the first record of the range begins: as much before it as a delimiter that ends there. The piece of
/// a record that is read first begins before the range and is none of it. `None`: with the object.
pub(crate) fn csv_start(input: &CsvInput) -> Option<u64> {
    let Some(RowRange::Bytes(first, _)) = input.range else {
        return None;
    };
    // Which delimiters there are may depend on all that comes before them.
    let ambiguous = input.quoted_record_delimiter
        || matches!(input.record_delimiter.as_slice(), [one, two] if one == two);
    (!ambiguous).then(|| first.saturating_sub(input.record_delimiter.len() as u64))
}

/// As [`csv_start`].
pub(crate) fn json_start(input: &JsonInput) -> Option<u64> {
    match input.range {
        Some(RowRange::Bytes(first, _)) => Some(first.saturating_sub(1)),
        _ => None,
    }
}

/// Hands over the JSON values on the lines that begin within a range.
#[derive(Debug)]
pub(crate) struct LineRange {
    stream: JsonStream,
    first: u64,
    last: Option<u64>,
    /// Where the next byte is from.
    at: u64,
    /// Where the line began that it belongs to.
    line: u64,
}

impl LineRange {
    pub(crate) fn new(stream: JsonStream, first: u64, last: Option<u64>) -> Self {
        Self {
            stream,
            first,
            last,
            at: 0,
            line: 0,
        }
    }

    /// What comes next is from the middle of a line.
    pub(crate) fn restart(&mut self, at: u64) {
        self.at = at;
        self.line = at;
    }

    fn is_behind(&self) -> bool {
        self.last.is_some_and(|last| self.line > last)
    }

    /// As [`JsonStream::feed`].
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.is_behind() {
                // A value that began in the range is read to its end, and not what follows it on its last line.
                for byte in line.chunks(1) {
                    if !self.stream.is_within() || !self.stream.feed(byte, take)? {
                        return Ok(false);
                    }
                }
            } else if self.line >= self.first && !self.stream.feed(line, take)? {
                return Ok(false);
            }
            self.at += line.len() as u64;
            if line.ends_with(b"\n") {
                self.line = self.at;
            }
            if self.is_behind() && !self.stream.is_within() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// As [`JsonStream::finish`].
    pub(crate) fn finish(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        self.stream.finish(take)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        CsvInput, Header, Input, JsonInput, MAX_RECORD, Options, Output, RowRange, Scan,
        SelectError, Statement,
    };
    use proptest::prelude::*;

    /// The result, and how many bytes of the object were read for it, in pieces of `size`.
    fn selected(input: &Input, data: &[u8], size: usize) -> Result<(String, usize), SelectError> {
        let statement = Statement::parse("select * from ossobject", input)?;
        let mut scan = Scan::new(
            statement,
            input.clone(),
            Output::default(),
            Options::default(),
            false,
        );
        let (mut at, mut read) = (0, 0);
        while !scan.is_done() {
            if let Some(to) = scan.seek() {
                assert!(to > at as u64, "only forwards");
                at = to as usize;
            }
            let Some(piece) = data
                .get(at..data.len().min(at + size))
                .filter(|piece| !piece.is_empty())
            else {
                break;
            };
            scan.feed(piece)?;
            at += piece.len();
            read += piece.len();
        }
        scan.finish()?;
        Ok((String::from_utf8(scan.take_output()).unwrap(), read))
    }

    fn csv(header: Header, delimiter: &str, first: u64, last: Option<u64>) -> Input {
        Input::Csv(CsvInput {
            header,
            record_delimiter: delimiter.into(),
            quoted_record_delimiter: false,
            range: Some(RowRange::Bytes(first, last)),
            ..CsvInput::default()
        })
    }

    fn lines(first: u64, last: Option<u64>) -> Input {
        Input::Json(JsonInput {
            lines: true,
            range: Some(RowRange::Bytes(first, last)),
            ..JsonInput::default()
        })
    }

    fn text(input: &Input, data: &str) -> String {
        let [one, two, three] =
            [1, 3, 4096].map(|size| selected(input, data.as_bytes(), size).unwrap().0);
        assert_eq!((&one, &two), (&two, &three));
        one
    }

    #[test]
    fn records_that_begin_in_the_range_are_taken_whole() {
        let data = "test\nabc\n\"x\n";
        for (first, last, wanted) in [
            (0, Some(0), "test\n"),
            (0, Some(1), "test\n"),
            (0, Some(4), "test\n"),
            (0, Some(5), "test\nabc\n"),
            (1, Some(4), ""),
            (1, Some(5), "abc\n"),
            (5, Some(5), "abc\n"),
            (5, Some(8), "abc\n"),
            (5, None, "abc\n\"x\n"),
            (6, None, "\"x\n"),
            (9, Some(1000), "\"x\n"),
            (10, None, ""),
            (12, None, ""),
            (1000, None, ""),
        ] {
            assert_eq!(
                text(&csv(Header::None, "\n", first, last), data),
                wanted,
                "{first} {last:?}"
            );
        }
        let data = "a\r\nb\r\nc";
        for (first, wanted) in [
            (0, "a\n"),
            (1, "b\n"),
            (2, "b\n"),
            (3, "b\n"),
            (4, "c\n"),
            (6, "c\n"),
            (7, ""),
        ] {
            let input = csv(Header::None, "\r\n", first, None);
            assert_eq!(
                text(&input, data)
                    .split_inclusive('\n')
                    .next()
                    .unwrap_or(""),
                wanted,
                "{first}"
            );
        }
    }

    #[test]
    fn the_header_is_read_wherever_the_range_begins() {
        let input = |first, last| {
            Input::Csv(CsvInput {
                header: Header::Use,
                quoted_record_delimiter: false,
                range: Some(RowRange::Bytes(first, last)),
                ..CsvInput::default()
            })
        };
        let data = "name,age\nLora,27\nElen,43\n";
        let names = |first, last| {
            let input = input(first, last);
            let statement =
                Statement::parse("select age from ossobject where name != 'x'", &input).unwrap();
            let mut scan = Scan::new(
                statement,
                input,
                Output::default(),
                Options::default(),
                false,
            );
            let mut at = 0;
            while !scan.is_done() && at < data.len() {
                at = scan.seek().map_or(at, |to| to as usize);
                scan.feed(&data.as_bytes()[at..at + 1]).unwrap();
                at += 1;
            }
            scan.finish().unwrap();
            String::from_utf8(scan.take_output()).unwrap()
        };
        assert_eq!(names(0, None), "27\n43\n");
        assert_eq!(names(0, Some(8)), "");
        assert_eq!(names(0, Some(9)), "27\n");
        assert_eq!(names(10, None), "43\n");
        assert_eq!(names(17, Some(17)), "43\n");
        assert_eq!(names(18, None), "");
    }

    #[test]
    fn lines_of_json_that_begin_in_the_range_are_taken() {
        let data = "{\"a\":1}\n  {\"b\":2},{\"c\":3}\n{\"d\":\n4}\n{\"e\":5}";
        let all = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n{\"d\":4}\n{\"e\":5}\n";
        for (first, last, wanted) in [
            (0, None, all),
            (0, Some(7), &all[..8]),
            (0, Some(8), &all[..24]),
            (1, Some(8), &all[8..24]),
            // The values of a line belong to its beginning.
            (9, Some(25), ""),
            (9, Some(26), &all[24..32]),
            // A value that begins in the range is read to its end.
            (26, Some(26), &all[24..32]),
            (35, None, &all[32..]),
            (1000, None, ""),
        ] {
            assert_eq!(text(&lines(first, last), data), wanted, "{first} {last:?}");
        }
        let data = "{\"a\":1}\n{\n\"b\":2} {\"c\":3}\n";
        assert_eq!(text(&lines(0, Some(8)), data), "{\"a\":1}\n{\"b\":2}\n");
        // Nothing but the middle of a value: refused, not taken for something else.
        let data = "{\"d\":\n4}\n";
        let error = selected(&lines(3, None), data.as_bytes(), 7).unwrap_err();
        assert_eq!(error.code, "InvalidJsonData");
    }

    /// What lies before and behind the range is not read, however large, except for the record that reaches into it.
    #[test]
    fn what_lies_around_the_range_is_not_read() {
        let row = "0123456789abcde\n";
        let (data, rows) = (row.repeat(400_000), 400_000);
        let middle = 16 * rows / 2 + 5;
        let (found, read) = selected(
            &csv(Header::Ignore, "\n", middle, Some(middle + 11)),
            data.as_bytes(),
            64,
        )
        .unwrap();
        assert_eq!(found, row);
        assert!(read <= 4 * 64, "{read}");
        let data = "{\"a\":123456789}\n".repeat(400_000);
        let (found, read) = selected(
            &lines(16 * 200_000, Some(16 * 200_000)),
            data.as_bytes(),
            64,
        )
        .unwrap();
        assert_eq!(found.len(), 16);
        assert!(read <= 2 * 64, "{read}");
        // Not even when it is nothing that a record could be.
        let data = [
            vec![b'a'; 2 * MAX_RECORD],
            b"\nb\n".to_vec(),
            vec![b'a'; 2 * MAX_RECORD],
        ]
        .concat();
        let begin = 2 * MAX_RECORD as u64;
        let (found, _) =
            selected(&csv(Header::None, "\n", begin, Some(begin + 2)), &data, 100).unwrap();
        assert_eq!(found, "b\n");
    }

    proptest! {
        #[test]
        fn ranges_side_by_side_take_every_record_once(
            data in "[ab,\"\n;]{0,60}",
            delimiter in prop::sample::select(vec!["\n", ";", "a;", ";;", "\n;"]),
            mut cuts in prop::collection::vec(1u64..70, 0..4),
            size in 1usize..20,
        ) {
            cuts.push(0);
            cuts.sort_unstable();
            cuts.dedup();
            let whole = selected(&csv(Header::None, delimiter, 0, None), data.as_bytes(), size).unwrap().0;
            let mut joined = String::new();
            for (at, first) in cuts.iter().enumerate() {
                let last = cuts.get(at + 1).map(|next| next - 1);
                joined += &selected(&csv(Header::None, delimiter, *first, last), data.as_bytes(), size).unwrap().0;
            }
            prop_assert_eq!(joined, whole);
        }

        #[test]
        fn ranges_side_by_side_take_every_line_of_json_once(
            values in prop::collection::vec("(\\{\"a\":[0-9]\\}|[0-9]{1,9}|\"[a ]{0,5}\"|)[ ,]{0,2}", 0..9),
            mut cuts in prop::collection::vec(1u64..70, 0..4),
            size in 1usize..20,
        ) {
            let data = values.join("\n");
            cuts.push(0);
            cuts.sort_unstable();
            cuts.dedup();
            let whole = selected(&lines(0, None), data.as_bytes(), size).unwrap().0;
            let mut joined = String::new();
            for (at, first) in cuts.iter().enumerate() {
                let last = cuts.get(at + 1).map(|next| next - 1);
                joined += &selected(&lines(*first, last), data.as_bytes(), size).unwrap().0;
            }
            prop_assert_eq!(joined, whole);
        }
    }
}
