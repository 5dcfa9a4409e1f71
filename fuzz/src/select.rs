//! Statements and objects of SelectObject: nothing panics, and how the object is cut does not matter.

use fosse_oss::xml::{SelectFormat, SelectInput, SelectRequest};
use fosse_select::{CsvInput, Header, Input, JsonInput, Options, Output, Scan, Statement};

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
    for input in [csv(Header::None), csv(Header::Use), json(false), json(true)] {
        let Ok(statement) = Statement::parse(sql, &input) else {
            continue;
        };
        let run = |size: usize| {
            let mut scan = Scan::new(
                statement.clone(),
                input.clone(),
                Output::default(),
                Options::default(),
                false,
            );
            let mut result = Ok(());
            for piece in object[1..].chunks(size) {
                result = scan.feed(piece);
                if result.is_err() {
                    break;
                }
            }
            let result = result.and_then(|()| scan.finish());
            (result, scan.take_output())
        };
        assert_eq!(run(usize::MAX), run(3));
    }
}
