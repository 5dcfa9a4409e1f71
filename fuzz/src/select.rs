//! Statements and objects of SelectObject: nothing panics, and how the object is cut does not matter, nor
//! whether what lies before a range is read.

use fosse_oss::xml::{SelectFormat, SelectInput, SelectRequest};
use fosse_select::{
    CsvInput, Header, Input, JsonInput, Options, Output, RowRange, Scan, Statement,
};

/// A statement, a line feed, and an object, which is read as CSV and as JSON; the whole is also read as a request.
pub fn select(data: &[u8]) {
    for format in [SelectFormat::Csv, SelectFormat::Json] {
        let _ = SelectRequest::from_xml(data, format);
        let _ = SelectInput::from_meta_xml(data, format);
    }
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (sql, object) = data.split_at(line);
    let Ok(sql) = std::str::from_utf8(sql) else {
        return;
    };
    let csv = |header| {
        Input::Csv(CsvInput {
            header,
            ..CsvInput::default()
        })
    };
    let json = |lines| {
        Input::Json(JsonInput {
            lines,
            ..JsonInput::default()
        })
    };
    let range = Some(RowRange::Bytes(9, Some(20)));
    let csv_range = |header| {
        Input::Csv(CsvInput {
            header,
            quoted_record_delimiter: false,
            range,
            ..CsvInput::default()
        })
    };
    let json_range = Input::Json(JsonInput {
        lines: true,
        range,
        ..JsonInput::default()
    });
    for input in [
        csv(Header::None),
        csv(Header::Use),
        json(false),
        json(true),
        csv_range(Header::None),
        csv_range(Header::Use),
        json_range,
    ] {
        let Ok(statement) = Statement::parse(sql, &input) else {
            continue;
        };
        let run = |size: usize, seeks: bool| {
            let mut scan = Scan::new(
                statement.clone(),
                input.clone(),
                Output::default(),
                Options::default(),
                false,
            );
            let mut result = Ok(());
            let mut rest = &object[1..];
            let mut at = 0;
            while result.is_ok() && !rest.is_empty() {
                if seeks && let Some(to) = scan.seek() {
                    let skipped = usize::try_from(to).unwrap() - at;
                    rest = rest.get(skipped..).unwrap_or_default();
                    at += skipped;
                }
                let (piece, behind) = rest.split_at(size.min(rest.len()));
                result = scan.feed(piece);
                rest = behind;
                at += piece.len();
            }
            let result = result.and_then(|()| scan.finish());
            (result, scan.take_output())
        };
        let whole = run(usize::MAX, false);
        assert_eq!(whole, run(3, false));
        assert_eq!(whole, run(1, true));
        assert_eq!(whole, run(usize::MAX, true));
    }
}
