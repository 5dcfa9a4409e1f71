//! One pass over an object: decompress, cut into records, evaluate, write.

use crate::SelectError;
use crate::byte_range::{LineRange, csv_start, json_start};
use crate::csv::{CsvStream, fields, write_field};
use crate::eval::{Context, Expr, Row, Running};
use crate::json::{Json, write_text};
use crate::json_stream::JsonStream;
use crate::reader::{Place, Reader};
use crate::settings::{CsvInput, Header, Input, JsonInput, Options, Output, RowRange};
use crate::statement::{Column, List, NAMED, Statement};
use flate2::write::MultiGzDecoder;
use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write as _;
use std::sync::Arc;

/// Compressed bytes that are unpacked at once; at most a thousand times as many come out.
const GZIP_PIECE: usize = 1024;

/// A scan. Feed it the object, fetch output in between, finish it.
pub struct Scan {
    gzip: Option<MultiGzDecoder<Vec<u8>>>,
    reader: Reader,
    rows: Rows,
    done: bool,
    /// Where in the object the next byte is from.
    at: u64,
    /// It was decided where the range of bytes is read from.
    sought: bool,
}

/// What becomes of the records.
struct Rows {
    statement: Statement,
    input: Arc<Input>,
    output: Output,
    options: Options,
    out: Vec<u8>,
    place: Place,
    /// CSV: the byte that the next record begins at.
    begin: u64,
    header_read: bool,
    found: u64,
    skipped: u64,
    running: Vec<Running>,
}

impl Scan {
    /// `gzip`: the object is compressed.
    pub fn new(
        statement: Statement,
        input: Input,
        output: Output,
        options: Options,
        gzip: bool,
    ) -> Self {
        let reader = match &input {
            Input::Csv(csv) => Reader::Csv(CsvStream::new(csv)),
            Input::Json(json) => {
                let stream = JsonStream::new(statement.path.clone());
                match json.range {
                    Some(RowRange::Bytes(first, last)) => {
                        Reader::Lines(LineRange::new(stream, first, last))
                    }
                    _ => Reader::Json(stream),
                }
            }
        };
        let running = match &statement.list {
            List::Aggregates(aggregates) => vec![Running::default(); aggregates.len()],
            _ => Vec::new(),
        };
        let done = statement.limit == Some(0);
        Self {
            gzip: gzip.then(|| MultiGzDecoder::new(Vec::new())),
            reader,
            rows: Rows {
                statement,
                input: Arc::new(input),
                output,
                options,
                out: Vec::new(),
                place: Place::default(),
                begin: 0,
                header_read: false,
                found: 0,
                skipped: 0,
                running,
            },
            done,
            at: 0,
            sought: false,
        }
    }

    /// Whether nothing more of the object is needed.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Output since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rows.out)
    }

    /// Where to read on when the object need not be read in order: a range of bytes begins far behind. To be asked before
    /// the first byte and before each that follows; what is fed next is from there.
    pub fn seek(&mut self) -> Option<u64> {
        if self.sought || self.done || self.gzip.is_some() {
            return None;
        }
        let behind_header = self.rows.place.line > 0;
        let to = match self.rows.input.as_ref() {
            Input::Csv(csv) if csv.header != Header::None && !behind_header => return None,
            Input::Csv(csv) => csv_start(csv),
            Input::Json(json) => json_start(json),
        };
        self.sought = true;
        let to = to.filter(|to| *to > self.at)?;
        match &mut self.reader {
            Reader::Csv(stream) => {
                stream.restart();
                self.rows.begin = to;
            }
            Reader::Lines(range) => range.restart(to),
            Reader::Json(_) => return None,
        }
        self.at = to;
        Some(to)
    }

    /// Reads on.
    ///
    /// # Errors
    /// Data that is not of the format; the output so far stays valid.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), SelectError> {
        self.at += bytes.len() as u64;
        let Some(mut gzip) = self.gzip.take() else {
            return self.plain(bytes);
        };
        for piece in bytes.chunks(GZIP_PIECE) {
            if self.done {
                break;
            }
            gzip.write_all(piece)
                .and_then(|()| gzip.flush())
                .map_err(unpacked)?;
            let plain = std::mem::take(gzip.get_mut());
            self.plain(&plain)?;
        }
        self.gzip = Some(gzip);
        Ok(())
    }

    fn plain(&mut self, bytes: &[u8]) -> Result<(), SelectError> {
        if self.done {
            return Ok(());
        }
        let rows = &mut self.rows;
        let mut take = |record: &[u8]| rows.record(record);
        self.done = !self.reader.feed(bytes, &mut take)?;
        Ok(())
    }

    /// The end of the object: the last record, and the aggregates.
    ///
    /// # Errors
    /// As [`Scan::feed`].
    pub fn finish(&mut self) -> Result<(), SelectError> {
        if let Some(mut gzip) = self.gzip.take()
            && !self.done
        {
            gzip.try_finish().map_err(unpacked)?;
            let plain = std::mem::take(gzip.get_mut());
            self.plain(&plain)?;
        }
        if !self.done {
            let rows = &mut self.rows;
            let mut take = |record: &[u8]| rows.record(record);
            self.reader.finish(&mut take)?;
        }
        self.done = true;
        self.rows.aggregates();
        Ok(())
    }
}

fn unpacked(error: std::io::Error) -> SelectError {
    SelectError {
        code: "DecompressFailure",
        message: format!("The object is not valid gzip: {error}"),
    }
}

impl Rows {
    /// One record; whether to go on.
    fn record(&mut self, record: &[u8]) -> Result<bool, SelectError> {
        let begin = self.begin;
        if let Input::Csv(csv) = self.input.as_ref() {
            self.begin += (record.len() + csv.record_delimiter.len()) as u64;
        }
        let more = self.row(record, begin)?;
        // What follows the range is not read to its end.
        let last = match self.input.range() {
            Some(RowRange::Bytes(_, last)) => last,
            _ => None,
        };
        Ok(more && last.is_none_or(|last| self.begin <= last))
    }

    /// One record, which begins at this byte; whether to go on.
    fn row(&mut self, record: &[u8], begin: u64) -> Result<bool, SelectError> {
        let (line, split) = self.place.step(record.len() as u64 + 1);
        let (at, range) = match self.input.range() {
            None => (0, None),
            Some(RowRange::Bytes(first, last)) => match self.input.as_ref() {
                Input::Csv(_) => (begin, Some((first, last))),
                // The reader cuts it.
                Input::Json(_) => (0, None),
            },
            Some(RowRange::Lines(first, last)) => (line, Some((first, last))),
            Some(RowRange::Splits(first, last)) => (split, Some((first, last))),
        };
        let in_range = range.is_none_or(|(first, _)| at >= first);
        let behind = range.is_some_and(|(_, last)| last.is_some_and(|last| at > last));
        let input = self.input.clone();
        match input.as_ref() {
            Input::Csv(csv) => {
                if line == 0 && csv.header != Header::None {
                    self.header(record, csv)?;
                    return Ok(true);
                }
                if behind {
                    return Ok(false);
                }
                let comment = csv.comment.is_some() && record.first().copied() == csv.comment;
                if !in_range || comment {
                    return Ok(true);
                }
                if !std::mem::replace(&mut self.header_read, true) && self.output.header {
                    self.column_names();
                }
                self.csv(record, csv)
            }
            Input::Json(json) => {
                if behind {
                    return Ok(false);
                }
                if !in_range {
                    return Ok(true);
                }
                self.json(record, json)
            }
        }
    }

    /// The header of a CSV object: finds the columns that the statement names.
    fn header(&mut self, record: &[u8], csv: &CsvInput) -> Result<(), SelectError> {
        if csv.header == Header::Use {
            let mut names = Vec::new();
            fields(record, csv, &mut names);
            let mut places = Vec::with_capacity(self.statement.names.len());
            for name in &self.statement.names {
                let place = names
                    .iter()
                    .position(|known| known.trim().to_lowercase() == *name);
                places.push(place.ok_or_else(|| {
                    SelectError::sql(format!("The object has no column {name}."))
                })?);
            }
            self.statement.place_names(&places);
        }
        if self.output.header {
            self.header_read = true;
            match &self.statement.list {
                List::Every => {
                    let line = record.strip_suffix(b"\r").unwrap_or(record);
                    self.out.extend_from_slice(line);
                    self.out.extend_from_slice(&self.output.record_delimiter);
                }
                _ => self.column_names(),
            }
        }
        Ok(())
    }

    /// The header of the output.
    fn column_names(&mut self) {
        let names: Vec<&str> = match &self.statement.list {
            List::Every => return,
            List::Columns(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
            List::Aggregates(aggregates) => {
                aggregates.iter().map(|(_, name)| name.as_str()).collect()
            }
        };
        for (at, name) in names.into_iter().enumerate() {
            if at > 0 {
                self.out.extend_from_slice(&self.output.field_delimiter);
            }
            self.out.extend_from_slice(name.as_bytes());
        }
        self.out.extend_from_slice(&self.output.record_delimiter);
    }

    fn csv(&mut self, record: &[u8], csv: &CsvInput) -> Result<bool, SelectError> {
        let mut columns = Vec::new();
        fields(record, csv, &mut columns);
        let context = Context {
            row: Row::Csv(&columns),
            numbers_as_text: false,
            missing: Cell::new(false),
        };
        let start = self.out.len();
        if !self.passes(&context)? {
            return Ok(true);
        }
        let output = &self.output;
        let special: [&[u8]; 3] = [&output.field_delimiter, &output.record_delimiter, b"\n"];
        match &self.statement.list {
            List::Every => {
                if output.field_delimiter == [csv.field_delimiter] {
                    self.out.extend_from_slice(record);
                } else {
                    for (at, field) in columns.iter().enumerate() {
                        if at > 0 {
                            self.out.extend_from_slice(&output.field_delimiter);
                        }
                        write_field(field, csv.quote, &special, &mut self.out);
                    }
                }
            }
            List::Columns(list) if output.keep_all_columns => {
                for at in 0..columns.len() {
                    if at > 0 {
                        self.out.extend_from_slice(&output.field_delimiter);
                    }
                    if let Some(column) = list.iter().find(|column| column.is_at(at)) {
                        let text = plain(&column.expr, &context);
                        write_field(&text, csv.quote, &special, &mut self.out);
                    }
                }
            }
            List::Columns(list) => {
                for (at, column) in list.iter().enumerate() {
                    if at > 0 {
                        self.out.extend_from_slice(&output.field_delimiter);
                    }
                    let text = plain(&column.expr, &context);
                    write_field(&text, csv.quote, &special, &mut self.out);
                }
            }
            List::Aggregates(aggregates) => {
                for ((aggregate, _), running) in aggregates.iter().zip(&mut self.running) {
                    aggregate.add(running, &context);
                }
            }
        }
        self.written(&context.missing, start)
    }

    fn json(&mut self, record: &[u8], json: &JsonInput) -> Result<bool, SelectError> {
        let value = Json::parse(record)
            .ok_or_else(|| SelectError::json("A record of the object is no JSON value."))?;
        let context = Context {
            row: Row::Json(&value),
            numbers_as_text: json.numbers_as_text,
            missing: Cell::new(false),
        };
        let start = self.out.len();
        if !self.passes(&context)? {
            return Ok(true);
        }
        let mut text = String::new();
        match &self.statement.list {
            List::Every => value.write(&mut text),
            List::Columns(list) => {
                text.push('{');
                for column in list {
                    // A key that is not there stays away.
                    if let Expr::Path(path) = &column.expr
                        && context.at(path).is_none()
                    {
                        context.missing.set(true);
                        continue;
                    }
                    if text.len() > 1 {
                        text.push(',');
                    }
                    write_text(&column.name, &mut text);
                    text.push(':');
                    match &column.expr {
                        // As it stands in the object, digits included.
                        Expr::Path(path) => match context.at(path) {
                            Some(found) => found.write(&mut text),
                            None => text.push_str("null"),
                        },
                        other => other.value(&context).write_json(&mut text),
                    }
                }
                text.push('}');
            }
            List::Aggregates(aggregates) => {
                for ((aggregate, _), running) in aggregates.iter().zip(&mut self.running) {
                    aggregate.add(running, &context);
                }
            }
        }
        self.out.extend_from_slice(text.as_bytes());
        self.written(&context.missing, start)
    }

    /// Whether WHERE holds.
    fn passes(&mut self, context: &Context<'_>) -> Result<bool, SelectError> {
        let Some(filter) = &self.statement.filter else {
            return Ok(true);
        };
        let truth = filter.value(context).truth();
        if truth != Some(true) && self.options.skip_partial && context.missing.get() {
            self.skip()?;
        }
        Ok(truth == Some(true))
    }

    fn skip(&mut self) -> Result<(), SelectError> {
        self.skipped += 1;
        match self.options.max_skipped {
            Some(most) if self.skipped > most => Err(SelectError {
                code: "PartialDataRecord",
                message: "More records lack a column than may be skipped.".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// A record was written from `start` on: ends it, or takes it back when it lacks something.
    fn written(&mut self, missing: &Cell<bool>, start: usize) -> Result<bool, SelectError> {
        if self.options.skip_partial && missing.get() {
            self.out.truncate(start);
            self.skip()?;
            return Ok(true);
        }
        if !matches!(self.statement.list, List::Aggregates(_)) {
            self.out.extend_from_slice(&self.output.record_delimiter);
        }
        self.found += 1;
        Ok(self.statement.limit.is_none_or(|limit| self.found < limit))
    }

    /// The one record of a statement with aggregates.
    fn aggregates(&mut self) {
        let List::Aggregates(aggregates) = &self.statement.list else {
            return;
        };
        let json = matches!(self.input.as_ref(), Input::Json(_));
        let mut text = String::new();
        for (at, ((aggregate, name), running)) in aggregates.iter().zip(&self.running).enumerate() {
            let value = aggregate.result(running);
            if json {
                text.push(if at > 0 { ',' } else { '{' });
                write_text(name, &mut text);
                text.push(':');
                value.write_json(&mut text);
            } else {
                if at > 0 {
                    text.push_str(&String::from_utf8_lossy(&self.output.field_delimiter));
                }
                value.write_plain(&mut text);
            }
        }
        if json {
            text.push('}');
        }
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(&self.output.record_delimiter);
    }
}

/// A value as CSV writes it, before quotes.
fn plain(expr: &Expr, context: &Context<'_>) -> String {
    let mut out = String::new();
    match expr.value(context) {
        crate::value::Value::Text(Cow::Borrowed(text)) => text.clone_into(&mut out),
        value => value.write_plain(&mut out),
    }
    out
}

impl Column {
    /// Whether it is the column of this number, cast or not.
    fn is_at(&self, at: usize) -> bool {
        match &self.expr {
            Expr::Column(place) => *place == at,
            Expr::Cast(inner, _) => matches!(inner.as_ref(), Expr::Column(place) if *place == at),
            _ => false,
        }
    }
}

impl Statement {
    /// Puts the places of named columns where their stand-ins are.
    fn place_names(&mut self, places: &[usize]) {
        let mut place = |expr: &mut Expr| expr.place(places);
        match &mut self.list {
            List::Every => {}
            List::Columns(columns) => columns
                .iter_mut()
                .for_each(|column| place(&mut column.expr)),
            List::Aggregates(aggregates) => aggregates
                .iter_mut()
                .filter_map(|(aggregate, _)| aggregate.argument())
                .for_each(&mut place),
        }
        self.filter.iter_mut().for_each(place);
    }
}

impl crate::eval::Aggregate {
    fn argument(&mut self) -> Option<&mut Expr> {
        match self {
            Self::CountAll => None,
            Self::Count(of)
            | Self::Sum(of)
            | Self::Average(of)
            | Self::Least(of)
            | Self::Greatest(of) => Some(of),
        }
    }
}

impl Expr {
    fn place(&mut self, places: &[usize]) {
        match self {
            Self::Column(at) => {
                if let Some(place) = at.checked_sub(NAMED).and_then(|name| places.get(name)) {
                    *at = *place;
                }
            }
            Self::Literal(_) | Self::Path(_) => {}
            Self::Not(one)
            | Self::Negative(one)
            | Self::IsNull(one, _)
            | Self::IsTruth(one, _, _)
            | Self::Cast(one, _) => one.place(places),
            Self::And(one, two)
            | Self::Or(one, two)
            | Self::Compare(one, _, two)
            | Self::Arithmetic(one, _, two)
            | Self::Concat(one, two) => {
                one.place(places);
                two.place(places);
            }
            Self::Like { value, pattern, .. } => {
                value.place(places);
                pattern.place(places);
            }
            Self::In(one, list, _) => {
                one.place(places);
                list.iter_mut().for_each(|item| item.place(places));
            }
            Self::Between(one, low, high, _) => {
                one.place(places);
                low.place(places);
                high.place(places);
            }
        }
    }
}

#[cfg(test)]
#[path = "scan/tests.rs"]
mod tests;
