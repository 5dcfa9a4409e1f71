//! Records and fields of a CSV object (RFC 4180, with delimiters of the request's choice).

use crate::settings::CsvInput;
use crate::{MAX_RECORD, SelectError};
use std::borrow::Cow;

/// Also what a record without end looks like, long before the end of the object.
const NO_END: &str = "a quoted field has no end.";

/// Cuts a stream into records.
#[derive(Debug)]
pub(crate) struct CsvStream {
    delimiter: Vec<u8>,
    quote: Option<u8>,
    record: Vec<u8>,
    quoted: bool,
}

impl CsvStream {
    pub(crate) fn new(input: &CsvInput) -> Self {
        Self {
            delimiter: input.record_delimiter.clone(),
            quote: input.quoted_record_delimiter.then_some(input.quote),
            record: Vec::new(),
            quoted: false,
        }
    }

    /// Forgets what was read of a record: what comes next is from another place.
    pub(crate) fn restart(&mut self) {
        self.record.clear();
        self.quoted = false;
    }

    /// Reads on; every record, without its delimiter, is handed over, which answers whether to go on.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        for &byte in bytes {
            if Some(byte) == self.quote {
                self.quoted = !self.quoted;
            }
            self.record.push(byte);
            if !self.quoted && self.record.ends_with(&self.delimiter) {
                let end = self.record.len() - self.delimiter.len();
                let more = take(self.record.get(..end).unwrap_or_default())?;
                self.record.clear();
                if !more {
                    return Ok(false);
                }
            } else if self.record.len() > MAX_RECORD {
                return Err(SelectError::csv(if self.quoted {
                    NO_END
                } else {
                    "it is too long."
                }));
            }
        }
        Ok(true)
    }

    /// The end of the object: a last record without delimiter.
    pub(crate) fn finish(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        if self.quoted {
            return Err(SelectError::csv(NO_END));
        }
        let record = std::mem::take(&mut self.record);
        if record.is_empty() {
            return Ok(true);
        }
        take(&record)
    }
}

/// The fields of a record. Two quotes within quotes are one; bytes that are no UTF-8 are replaced.
pub(crate) fn fields<'r>(record: &'r [u8], input: &CsvInput, out: &mut Vec<Cow<'r, str>>) {
    out.clear();
    // With the usual delimiter a carriage return before it belongs to the line end.
    let record = match (record, input.record_delimiter.as_slice()) {
        ([line @ .., b'\r'], b"\n") => line,
        _ => record,
    };
    let mut rest = record;
    loop {
        let (field, after) = match rest.split_first() {
            Some((first, _)) if *first == input.quote => quoted(rest, input),
            _ => {
                let end = rest.iter().position(|byte| *byte == input.field_delimiter);
                let (field, after) = rest.split_at(end.unwrap_or(rest.len()));
                (String::from_utf8_lossy(field), after)
            }
        };
        out.push(field);
        match after.split_first() {
            Some((_, next)) => rest = next,
            None => return,
        }
    }
}

/// A field that begins with a quote, and what follows it, beginning with the delimiter.
fn quoted<'r>(rest: &'r [u8], input: &CsvInput) -> (Cow<'r, str>, &'r [u8]) {
    let mut text = Vec::new();
    let mut inside = true;
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        if byte == input.quote {
            if inside && rest.get(at + 1) == Some(&input.quote) {
                text.push(byte);
                at += 1;
            } else {
                inside = !inside;
            }
        } else if !inside && byte == input.field_delimiter {
            break;
        } else {
            text.push(byte);
        }
        at += 1;
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    (Cow::Owned(text), rest.get(at..).unwrap_or_default())
}

/// Writes a field so that it is read again as it is.
pub(crate) fn write_field(text: &str, quote: u8, special: &[&[u8]], out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let holds = |needle: &&[u8]| {
        !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == *needle)
    };
    if !bytes.contains(&quote) && !special.iter().any(holds) {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(quote);
    for &byte in bytes {
        if byte == quote {
            out.push(quote);
        }
        out.push(byte);
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(text: &[u8], input: &CsvInput, size: usize) -> Result<Vec<Vec<u8>>, SelectError> {
        let mut found = Vec::new();
        let mut stream = CsvStream::new(input);
        let mut take = |record: &[u8]| {
            found.push(record.to_vec());
            Ok(true)
        };
        for piece in text.chunks(size) {
            stream.feed(piece, &mut take)?;
        }
        stream.finish(&mut take)?;
        Ok(found)
    }

    fn split(record: &str, input: &CsvInput) -> Vec<String> {
        let mut out = Vec::new();
        fields(record.as_bytes(), input, &mut out);
        out.into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn records_end_at_delimiters_that_are_not_quoted() {
        let input = CsvInput::default();
        let text = b"a,b\n\"c\nd\",e\r\n\nf";
        for size in [1, 2, 100] {
            assert_eq!(
                records(text, &input, size).unwrap(),
                [&b"a,b"[..], b"\"c\nd\",e\r", b"", b"f"]
            );
        }
        let two = CsvInput {
            record_delimiter: b"||".to_vec(),
            quoted_record_delimiter: false,
            ..CsvInput::default()
        };
        assert_eq!(
            records(b"a|b||\"c||d\"", &two, 1).unwrap(),
            [&b"a|b"[..], b"\"c", b"d\""]
        );
        let fault = |text: &[u8]| records(text, &input, 4096).unwrap_err().message;
        let long = [b"\"".as_slice(), &vec![b'a'; MAX_RECORD + 2]].concat();
        let no_end = "The line is invalid: a quoted field has no end.";
        assert_eq!(fault(b"a,\"b\nc"), no_end);
        assert_eq!(fault(&long), no_end);
        assert_eq!(fault(&long[1..]), "The line is invalid: it is too long.");
    }

    #[test]
    fn fields_are_unquoted() {
        let input = CsvInput::default();
        for (record, wanted) in [
            ("", &[""][..]),
            ("a,,c", &["a", "", "c"]),
            ("a,", &["a", ""]),
            ("\"a,b\",\"c\"\"d\",\"\"", &["a,b", "c\"d", ""]),
            ("\"a\"x,b\r", &["ax", "b"]),
            ("a\"b,c", &["a\"b", "c"]),
        ] {
            assert_eq!(split(record, &input), wanted, "{record}");
        }
        let tabs = CsvInput {
            field_delimiter: b'\t',
            quote: b'\'',
            ..CsvInput::default()
        };
        assert_eq!(split("'a\tb'\t\"c", &tabs), ["a\tb", "\"c"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec("[a,\"\n|é]{0,6}", 1..5)) {
            let input = CsvInput::default();
            let mut out = Vec::new();
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_field(value, b'"', &[b",", b"\n"], &mut out);
            }
            out.push(b'\n');
            let records = records(&out, &input, 3).unwrap();
            prop_assert_eq!(records.len(), 1);
            let text = String::from_utf8(records[0].clone()).unwrap();
            prop_assert_eq!(split(&text, &input), values);
        }
    }
}
