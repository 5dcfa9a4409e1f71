//! Whole statements over whole objects, and what is refused.

use super::*;
use proptest::prelude::*;

fn run(
    sql: &str,
    input: &Input,
    output: Output,
    options: Options,
    data: &[u8],
) -> Result<String, SelectError> {
    let mut results = Vec::new();
    for size in [1, 7, 4096] {
        let statement = Statement::parse(sql, input)?;
        let mut scan = Scan::new(statement, input.clone(), output.clone(), options, false);
        let mut out = Vec::new();
        for piece in data.chunks(size) {
            scan.feed(piece)?;
            out.extend(scan.take_output());
        }
        scan.finish()?;
        out.extend(scan.take_output());
        results.push(String::from_utf8(out).unwrap());
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
    Ok(results.remove(0))
}

fn csv(sql: &str, data: &str) -> String {
    let input = Input::Csv(CsvInput::default());
    run(
        sql,
        &input,
        Output::default(),
        Options::default(),
        data.as_bytes(),
    )
    .unwrap()
}

fn with_header() -> Input {
    Input::Csv(CsvInput {
        header: Header::Use,
        ..CsvInput::default()
    })
}

fn named(sql: &str, data: &str) -> Result<String, SelectError> {
    run(
        sql,
        &with_header(),
        Output::default(),
        Options::default(),
        data.as_bytes(),
    )
}

fn lines(sql: &str, data: &str) -> String {
    let input = Input::Json(JsonInput {
        lines: true,
        ..JsonInput::default()
    });
    run(
        sql,
        &input,
        Output::default(),
        Options::default(),
        data.as_bytes(),
    )
    .unwrap()
}

const PEOPLE: &str = "name,age,Note\r\nLora,27,\"a, b\"\r\nElen,43,\r\nRosie,,x%y\r\n";

#[test]
fn csv_statements() {
    let table = "1,one,2.5\n2,two,\n10,ten,x\n";
    for (sql, wanted) in [
        ("select * from ossobject", table),
        ("SELECT _2 FROM OSSObject WHERE _1 > 9", "ten\n"),
        (
            "select _2, _1 from ossobject s where s._1 + 1 = 3",
            "two,2\n",
        ),
        ("select _2 from ossobject where _1 > '9'", ""),
        (
            "select _2 from ossobject where cast(_1 as int) >= 2 and not _2 = 'ten'",
            "two\n",
        ),
        (
            "select _2 from ossobject where _1 between 2 and 10 limit 1",
            "two\n",
        ),
        (
            "select _2 from ossobject where _1 not between 2 and 10",
            "one\n",
        ),
        ("select _2 from ossobject where _1 in (1, 10)", "one\nten\n"),
        (
            "select _2 from ossobject where _2 not in ('one')",
            "two\nten\n",
        ),
        (
            "select _2 from ossobject where _2 like 't%' or _3 = 2.5",
            "one\ntwo\nten\n",
        ),
        ("select _2 from ossobject where _2 not like '%e%'", "two\n"),
        (
            "select _2 from ossobject where (_1 || '-' || _2) = '1-one'",
            "one\n",
        ),
        (
            "select _2 from ossobject where _4 is null and _1 * 2 % 3 = 1 - 0",
            "two\n",
        ),
        (
            "select _2 from ossobject where _3 is not null and -_1 < -5",
            "ten\n",
        ),
        ("select _2 from ossobject where _1 / 4 = 2", "ten\n"),
        ("select _2 from ossobject where _1 / 0 = 2", ""),
        (
            "select _1 as n, cast(_3 as double) d from ossobject where true",
            "1,2.5\n2,\n10,\n",
        ),
        (
            "select count(*), sum(_1), avg(cast(_3 as double)), min(_2), max(cast(_1 as int)) from ossobject",
            "3,13,2.5,one,10\n",
        ),
        (
            "select count(_3), sum(_3) from ossobject where _1 > 100",
            "0,\n",
        ),
        ("select count(*) from ossobject limit 2", "2\n"),
        ("select * from ossobject limit 0", ""),
        ("select _9 from ossobject limit 1", "\n"),
    ] {
        assert_eq!(csv(sql, table), wanted, "{sql}");
    }
    assert_eq!(csv("select _1 from ossobject", "a\nb"), "a\nb\n");
    assert_eq!(csv("select _1 from ossobject", ""), "");
}

/// An average and a sum had six digits, so that they differed from those that clients calculate.
#[test]
fn sums_and_averages_are_those_of_doubles_from_left_to_right() {
    let values = [15.4, 14.8, 0.1, 0.2, 23.6777, 81.8, 1e-7, 33.3];
    let sum = values.iter().fold(0.0, |sum, value| sum + value);
    let table: String = values.iter().map(|value| format!("{value}\n")).collect();
    let sql = "select avg(cast(_1 as double)), max(cast(_1 as double)), sum(cast(_1 as double)) from ossobject";
    let told = csv(sql, &table);
    let told: Vec<f64> = told
        .trim_end()
        .split(',')
        .map(|field| field.parse().unwrap())
        .collect();
    assert_eq!(told, [sum / values.len() as f64, 81.8, sum]);
    // Not a number that six digits hold.
    assert_ne!(sum, (sum * 1e4).round() / 1e4);
}

#[test]
fn headers_name_columns() {
    for (sql, wanted) in [
        (
            "select Name, note from ossobject where AGE > 20",
            "Lora,\"a, b\"\nElen,\n",
        ),
        (
            "select s.name as who from ossobject s where s.age = ''",
            "Rosie\n",
        ),
        (
            "select name from ossobject where note like '%!%%' escape '!'",
            "Rosie\n",
        ),
        ("select max(cast(age as int)) from ossobject", "43\n"),
        ("select _1 from ossobject where \"Note\" = 'x%y'", "Rosie\n"),
        ("select * from ossobject limit 1", "Lora,27,\"a, b\"\r\n"),
    ] {
        assert_eq!(named(sql, PEOPLE).unwrap(), wanted, "{sql}");
    }
    assert_eq!(
        named("select height from ossobject", PEOPLE)
            .unwrap_err()
            .code,
        "InvalidSqlParameter"
    );
    let output = Output {
        header: true,
        ..Output::default()
    };
    let told = |sql: &str| {
        run(
            sql,
            &with_header(),
            output.clone(),
            Options::default(),
            PEOPLE.as_bytes(),
        )
        .unwrap()
    };
    assert_eq!(told("select name from ossobject limit 1"), "name\nLora\n");
    assert_eq!(
        told("select * from ossobject where age = 43"),
        "name,age,Note\nElen,43,\r\n"
    );
    let ignored = Input::Csv(CsvInput {
        header: Header::Ignore,
        ..CsvInput::default()
    });
    let all = run(
        "select _1 from ossobject",
        &ignored,
        Output::default(),
        Options::default(),
        PEOPLE.as_bytes(),
    );
    assert_eq!(all.unwrap(), "Lora\nElen\nRosie\n");
}

#[test]
fn output_and_ranges_of_csv() {
    let keep = Output {
        keep_all_columns: true,
        ..Output::default()
    };
    let input = Input::Csv(CsvInput::default());
    let kept = run(
        "select _3, _1 from ossobject",
        &input,
        keep,
        Options::default(),
        b"a,b,c\nd\n",
    )
    .unwrap();
    assert_eq!(kept, "a,,c\nd\n");
    let other = Output {
        record_delimiter: b"\r\n".to_vec(),
        field_delimiter: b"|".to_vec(),
        ..Output::default()
    };
    let written = run(
        "select * from ossobject",
        &input,
        other,
        Options::default(),
        b"\"a,b\",c|d\n",
    )
    .unwrap();
    assert_eq!(written, "a,b|\"c|d\"\r\n");
    let range = |range, header| {
        let input = Input::Csv(CsvInput {
            range: Some(range),
            header,
            comment: Some(b'#'),
            ..CsvInput::default()
        });
        run(
            "select * from ossobject",
            &input,
            Output::default(),
            Options::default(),
            b"h\n1\n#2\n3\n4\n",
        )
        .unwrap()
    };
    assert_eq!(range(RowRange::Lines(1, Some(3)), Header::None), "1\n3\n");
    assert_eq!(range(RowRange::Lines(0, Some(1)), Header::Use), "1\n");
    assert_eq!(range(RowRange::Lines(3, None), Header::Ignore), "3\n4\n");
    assert_eq!(
        range(RowRange::Splits(0, Some(0)), Header::None),
        "h\n1\n3\n4\n"
    );
    assert_eq!(range(RowRange::Splits(1, None), Header::None), "");
}

#[test]
fn partial_records_can_be_skipped() {
    let skip = |most| Options {
        skip_partial: true,
        max_skipped: most,
    };
    let input = Input::Csv(CsvInput::default());
    let go = |options| {
        run(
            "select _1, _2 from ossobject",
            &input,
            Output::default(),
            options,
            b"abc,def\nefg\nh,i\n",
        )
    };
    assert_eq!(go(Options::default()).unwrap(), "abc,def\nefg,\nh,i\n");
    assert_eq!(go(skip(None)).unwrap(), "abc,def\nh,i\n");
    assert_eq!(go(skip(Some(1))).unwrap(), "abc,def\nh,i\n");
    assert_eq!(go(skip(Some(0))).unwrap_err().code, "PartialDataRecord");
}

#[test]
fn json_statements() {
    let data = "{\"a\":1.50,\"p\":{\"n\":\"x\\/y\",\"l\":[1,{\"k\":2}]}}\n{\n\"a\": \"b\"}, {\"a\":null,\"k\":true}";
    for (sql, wanted) in [
        (
            "select * from ossobject",
            "{\"a\":1.50,\"p\":{\"n\":\"x\\/y\",\"l\":[1,{\"k\":2}]}}\n{\"a\":\"b\"}\n{\"a\":null,\"k\":true}\n",
        ),
        (
            "select a from ossobject",
            "{\"a\":1.50}\n{\"a\":\"b\"}\n{\"a\":null}\n",
        ),
        (
            "select s.p.n as m, k from ossobject s",
            "{\"m\":\"x\\/y\"}\n{}\n{\"k\":true}\n",
        ),
        (
            "select p.l from ossobject where p.l[1].k = 2 and a < 2",
            "{\"l\":[1,{\"k\":2}]}\n",
        ),
        (
            "select p.l[0] as f from ossobject where a = 1.5",
            "{\"f\":1}\n",
        ),
        ("select k from ossobject where k", "{\"k\":true}\n"),
        ("select k from ossobject where a is null", "{\"k\":true}\n"),
        (
            "select count(*) as n, max(a) from ossobject",
            "{\"n\":3,\"_2\":1.5}\n",
        ),
    ] {
        assert_eq!(lines(sql, data), wanted, "{sql}");
    }
    let document = Input::Json(JsonInput::default());
    let contacts = b"{\"contacts\":[{\"k\":1,\"v\":\"h1\"},{\"k\":2,\"v\":\"h2\"}],\"z\":[]}";
    let select = |sql: &str| {
        run(
            sql,
            &document,
            Output::default(),
            Options::default(),
            contacts,
        )
        .unwrap()
    };
    assert_eq!(
        select("select s.v from ossobject.contacts[*] s where s.k = 1"),
        "{\"v\":\"h1\"}\n"
    );
    assert_eq!(
        select("select v from ossobject.contacts[1]"),
        "{\"v\":\"h2\"}\n"
    );
    assert_eq!(select("select z from ossobject"), "{\"z\":[]}\n");
    assert_eq!(
        select("select count(*) from ossobject.contacts[*]"),
        "{\"_1\":2}\n"
    );
    let exact = Input::Json(JsonInput {
        lines: true,
        numbers_as_text: true,
        ..JsonInput::default()
    });
    let sum = run(
        "select sum(cast(a as decimal)) as s from ossobject",
        &exact,
        Output::default(),
        Options::default(),
        b"{\"a\":0.1000000000000000001}{\"a\":0.2}",
    );
    assert_eq!(sum.unwrap(), "{\"s\":0.3000000000000000001}\n");
    let range = Input::Json(JsonInput {
        lines: true,
        range: Some(RowRange::Lines(1, Some(1))),
        ..JsonInput::default()
    });
    let one = run(
        "select a from ossobject",
        &range,
        Output::default(),
        Options::default(),
        data.as_bytes(),
    );
    assert_eq!(one.unwrap(), "{\"a\":\"b\"}\n");
}

#[test]
fn what_official_suites_send_is_taken() {
    let sql = "select person.firstname as aaa as firstname, extra from ossobject'";
    assert_eq!(
        lines(sql, "{\"person\":{\"firstname\":\"A\"},\"extra\":1}"),
        "{\"firstname\":\"A\",\"extra\":1}\n"
    );
}

#[test]
fn statements_that_oss_does_not_know_are_refused() {
    let deep = format!(
        "select _1 from ossobject where {}1{}",
        "(".repeat(300),
        ")".repeat(300)
    );
    let long = format!(
        "select _1 from ossobject where _1 = '{}'",
        "a".repeat(20_000)
    );
    let chain = format!("select _1 from ossobject where _1{}", " or _1".repeat(2000));
    let cases = format!(
        "select _1 from ossobject where {}",
        "case when ".repeat(1000)
    );
    let nots = format!(
        "select _1 from ossobject where {} true",
        "not ".repeat(3000)
    );
    for sql in [
        "",
        "select",
        "select 1",
        "insert into ossobject values (1)",
        "select _1 from other",
        "select _1 from ossobject, ossobject",
        "select * from ossobject where avg(cast(_1 as int)) > 1",
        "select _1 || _2 from ossobject",
        "select _1 + 1 from ossobject",
        "select * from ossobject group by _1",
        "select * from ossobject order by _1",
        "select distinct _1 from ossobject",
        "select * from ossobject o join s3object s on o._1 = s._1",
        "select *, _1 from ossobject",
        "select count(*), _1 from ossobject",
        "select count(distinct _1) from ossobject",
        "select upper(_1) from ossobject",
        "select name from ossobject",
        "select _1.a from ossobject",
        "select _1 from ossobject.a[*]",
        "select _1 from ossobject limit -1",
        "select _1 from ossobject limit 1 offset 1",
        "select _1 from ossobject where _1 in (select 1)",
        "select _1 from ossobject; select _1 from ossobject",
        "select _1 from ossobject where _1 = 'a",
        "select cast(_1 as json) from ossobject",
        "select _1 from ossobject union select _1 from ossobject",
        "with a as (select 1) select _1 from ossobject",
        "select _1 from ossobject[x]",
        "select _1 from ossobject where _1 like _2",
        "select a.b from ossobject",
        &deep,
        &long,
        &nots,
        &chain,
        &cases,
    ] {
        let error = Statement::parse(sql, &Input::Csv(CsvInput::default())).err();
        assert_eq!(
            error.map(|error| error.code),
            Some("InvalidSqlParameter"),
            "{sql:.80}"
        );
    }
}

#[test]
fn what_is_as_deep_and_long_as_allowed_fits_the_stack() {
    let sql = format!(
        "select _1 from ossobject where {}not -_1 < 1{} and _1{} and _1 in ({}1)",
        "(".repeat(8),
        ")".repeat(8),
        " = 1 or _1".repeat(150),
        "2, ".repeat(1000),
    );
    assert_eq!(csv(&sql, "1\n"), "1\n");
}

#[test]
fn gzip_is_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all("1,one\n2,two\n".repeat(5000).as_bytes())
        .unwrap();
    let packed = encoder.finish().unwrap();
    let input = Input::Csv(CsvInput::default());
    let scan = |data: &[u8]| {
        let statement =
            Statement::parse("select count(*) from ossobject where _1 = 2", &input).unwrap();
        let mut scan = Scan::new(
            statement,
            input.clone(),
            Output::default(),
            Options::default(),
            true,
        );
        for piece in data.chunks(100) {
            scan.feed(piece)?;
        }
        scan.finish()?;
        Ok::<_, SelectError>(String::from_utf8(scan.take_output()).unwrap())
    };
    assert_eq!(scan(&packed).unwrap(), "5000\n");
    assert_eq!(
        scan(&[packed.clone(), packed.clone()].concat()).unwrap(),
        "10000\n"
    );
    assert_eq!(scan(b"plain text").unwrap_err().code, "DecompressFailure");
    assert_eq!(
        scan(&packed[..packed.len() - 9]).unwrap_err().code,
        "DecompressFailure"
    );
}

#[test]
fn memory_stays_small_over_a_large_object() {
    let input = Input::Csv(CsvInput::default());
    let statement = Statement::parse("select _1 from ossobject where _1 > 5", &input).unwrap();
    let mut scan = Scan::new(
        statement,
        input,
        Output::default(),
        Options::default(),
        false,
    );
    let piece = "7,abc,def\n".repeat(6553);
    for _ in 0..20 {
        scan.feed(piece.as_bytes()).unwrap();
        assert!(scan.take_output().capacity() <= 2 * piece.len());
    }
}

proptest! {
    #[test]
    fn no_statement_and_no_data_makes_it_panic(
        sql in "(select|from|ossobject|where|like|in|and|_1|a\\.b|\\*|'x'|1|,|\\(|\\)|=|\\[|\\]| )( (select|from|ossobject|where|like|in|and|_1|a\\.b|\\*|'x'|1|,|\\(|\\)|=|\\[|\\])){0,12}",
        data in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        for input in [Input::Csv(CsvInput::default()), Input::Json(JsonInput::default())] {
            if let Ok(statement) = Statement::parse(&sql, &input) {
                let mut scan = Scan::new(statement, input, Output::default(), Options::default(), false);
                let _ = scan.feed(&data).and_then(|()| scan.finish());
            }
        }
    }
}
