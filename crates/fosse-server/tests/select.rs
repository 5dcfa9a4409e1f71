//! SelectObject over HTTP: requests as SDKs send them, frames with their checksums, and what is refused.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use support::*;

fn b(text: &str) -> String {
    STANDARD.encode(text)
}

fn csv(sql: &str, input: &str, rest: &str) -> Vec<u8> {
    format!(
        "<SelectRequest><Expression>{}</Expression><InputSerialization><CSV>{input}</CSV></InputSerialization>{rest}</SelectRequest>",
        b(sql)
    )
    .into_bytes()
}

fn json(sql: &str, kind: &str) -> Vec<u8> {
    format!(
        "<SelectRequest><Expression>{}</Expression><InputSerialization><JSON><Type>{kind}</Type></JSON></InputSerialization></SelectRequest>",
        b(sql)
    )
    .into_bytes()
}

fn post(key: &str, process: &str, body: &[u8]) -> Request {
    Request::new("POST", "bucket", key)
        .query("x-oss-process", process)
        .body(body)
}

#[derive(Debug, PartialEq, Eq)]
struct Frames {
    data: Vec<u8>,
    /// Type and payload of the last frame.
    last: (u32, Vec<u8>),
    quiet: usize,
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

fn frames(mut body: &[u8]) -> Frames {
    let mut found = Frames {
        data: Vec::new(),
        last: (0, Vec::new()),
        quiet: 0,
    };
    while !body.is_empty() {
        let number = |at: usize| u32::from_be_bytes(body[at..at + 4].try_into().unwrap());
        assert_eq!(body[0], 1);
        let (kind, length) = (number(0) & 0xff_ffff, number(4) as usize);
        assert_eq!(number(8), crc32(&body[..8]));
        let payload = &body[12..12 + length];
        assert_eq!(number(12 + length), crc32(payload));
        match kind {
            8_388_609 => found.data.extend_from_slice(&payload[8..]),
            8_388_612 => found.quiet += 1,
            _ => assert_eq!(body.len(), length + 16, "the last frame is last"),
        }
        found.last = (kind, payload.to_vec());
        body = &body[length + 16..];
    }
    found
}

fn start() -> Server {
    let server = Server::start();
    server.bucket("bucket");
    server.put("bucket", "t.csv", b"name,age\nLora,27\nElen,43\n");
    server.put("bucket", "t.json", b"{\"list\":[{\"a\":1},{\"a\":2}]}");
    server
}

#[test]
fn csv_and_json_are_selected_in_frames() {
    let server = start();
    let use_header = "<FileHeaderInfo>Use</FileHeaderInfo>";
    for (key, process, body, wanted) in [
        (
            "t.csv",
            "csv/select",
            csv("select name from ossobject where age > 30", use_header, ""),
            "Elen\n",
        ),
        (
            "t.csv",
            "csv/select",
            csv("select count(*) from ossobject", "", ""),
            "3\n",
        ),
        (
            "t.json",
            "json/select",
            json("select a from ossobject.list[*] where a = 2", "DOCUMENT"),
            "{\"a\":2}\n",
        ),
        (
            "t.json",
            "json/select",
            json("select * from ossobject", "LINES"),
            "{\"list\":[{\"a\":1},{\"a\":2}]}\n",
        ),
    ] {
        let reply = server.send(&post(key, process, &body));
        assert_eq!(reply.status, 206, "{reply:?}");
        assert_eq!(reply.header("content-length"), None);
        assert_eq!(reply.header("x-oss-select-output-raw"), Some("false"));
        let frames = frames(&reply.body);
        assert_eq!(String::from_utf8(frames.data).unwrap(), wanted);
        let (kind, payload) = frames.last;
        let size = server
            .send(&Request::new("HEAD", "bucket", key))
            .header("content-length")
            .unwrap()
            .parse::<u64>()
            .unwrap();
        assert_eq!(kind, 8_388_613);
        assert_eq!(
            payload,
            [
                size.to_be_bytes().as_slice(),
                &size.to_be_bytes(),
                &206u32.to_be_bytes()
            ]
            .concat()
        );
    }
    let raw = csv(
        "select _1 from ossobject limit 1",
        "",
        "<OutputSerialization><OutputRawData>true</OutputRawData></OutputSerialization>",
    );
    let reply = server.send(&post("t.csv", "csv/select", &raw));
    assert_eq!((reply.status, reply.body.as_slice()), (206, &b"name\n"[..]));
    assert_eq!(reply.header("x-oss-select-output-raw"), Some("true"));
}

/// The object, the request, and the code with which it is refused.
fn faulty(server: &Server) -> Vec<(Request, &'static str)> {
    let names = "<FileHeaderInfo>Use</FileHeaderInfo>";
    let skipping = "<Options><SkipPartialDataRecord>true</SkipPartialDataRecord></Options>";
    let all = csv("select * from ossobject", "", "");
    let gzip = String::from_utf8(all.clone())
        .unwrap()
        .replace("<CSV>", "<CompressionType>GZIP</CompressionType><CSV>");
    server.put("bucket", "bad.csv", b"\"no end,c\n");
    [
        ("bad.csv", "csv/select", all, "InvalidCsvLine"),
        (
            "t.csv",
            "csv/select",
            gzip.into_bytes(),
            "DecompressFailure",
        ),
        (
            "t.csv",
            "csv/select",
            csv("select height from ossobject", names, ""),
            "InvalidSqlParameter",
        ),
        (
            "t.csv",
            "csv/select",
            csv("select _3 from ossobject", "", skipping),
            "PartialDataRecord",
        ),
        (
            "t.csv",
            "json/select",
            json("select a from ossobject", "LINES"),
            "InvalidJsonData",
        ),
        // Nothing is there at the path, which is no reason to take this for JSON.
        (
            "t.csv",
            "json/select",
            json("select _1 from ossobject.objects[*]", "DOCUMENT"),
            "InvalidJsonData",
        ),
    ]
    .map(|(key, process, body, code)| (post(key, process, &body), code))
    .into()
}

/// They were told by the last frame, which some SDKs do not read before the caller asks for the result.
#[test]
fn faults_of_the_object_before_any_output_are_errors() {
    let server = start();
    for (request, code) in faulty(&server) {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.error(), (400, code.into()), "{reply:?}");
        let ec = (code == "InvalidJsonData").then_some("0016-00000801");
        assert_eq!(reply.header("x-oss-ec"), ec);
    }
    let raw = csv(
        "select * from ossobject",
        "",
        "<OutputSerialization><OutputRawData>true</OutputRawData></OutputSerialization>",
    );
    let reply = server.send(&post("bad.csv", "csv/select", &raw));
    assert_eq!(reply.error(), (400, "InvalidCsvLine".into()));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("<Message>The line is invalid: "), "{text}");
}

#[test]
fn faults_of_the_object_behind_output_are_told_by_the_last_frame() {
    let server = start();
    server.put("bucket", "bad.csv", b"a,b\n\"no end,c\n");
    server.put("bucket", "bad.json", b"{\"a\":1}\n{\"a\":}\n");
    let names = "<FileHeaderInfo>Use</FileHeaderInfo>";
    let header = "<OutputSerialization><OutputHeader>true</OutputHeader></OutputSerialization>";
    for (key, process, body, data, text) in [
        (
            "bad.csv",
            "csv/select",
            csv("select _1 from ossobject", "", ""),
            "a\n",
            "InvalidCsvLine.The line is invalid: ",
        ),
        (
            "bad.csv",
            "csv/select",
            csv("select a from ossobject", names, header),
            "a\n",
            "InvalidCsvLine.",
        ),
        (
            "bad.json",
            "json/select",
            json("select a from ossobject", "LINES"),
            "{\"a\":1}\n",
            "InvalidJsonData.",
        ),
    ] {
        let reply = server.send(&post(key, process, &body));
        assert_eq!(reply.status, 206);
        let frames = frames(&reply.body);
        assert_eq!(String::from_utf8(frames.data).unwrap(), data);
        let (kind, payload) = frames.last;
        assert_eq!(
            (kind, &payload[16..20]),
            (8_388_613, &400u32.to_be_bytes()[..])
        );
        let told = String::from_utf8(payload[20..].to_vec()).unwrap();
        assert!(told.starts_with(text), "{told}");
    }
}

#[test]
fn a_store_that_fails_before_any_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = fosse_store::Store::open(fosse_store::OpenOptions::new(dir.path())).unwrap();
    let server = Server::over(store, |_| {});
    server.bucket("bucket");
    server.put("bucket", "large.csv", &b"1,2\n".repeat(3 << 20));
    let mut cut = 0;
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let size = entry.metadata().unwrap().len();
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if size == 12 << 20 {
                let file = std::fs::File::options().write(true).open(entry.path());
                file.unwrap().set_len(1 << 20).unwrap();
                cut += 1;
            }
        }
    }
    assert_eq!(cut, 1, "the object has a file of its own");
    let none = csv("select * from ossobject where _1 = 7", "", "");
    let reply = server.send(&post("large.csv", "csv/select", &none));
    well_formed(&reply);
    assert_eq!(reply.error(), (500, "InternalError".into()), "{reply:?}");
}

/// After so many bytes the client has heard that the scan goes on: the answer has begun, and cannot become another.
#[test]
fn a_fault_after_a_long_time_without_output_is_told_by_the_last_frame() {
    let server = start();
    let large = "0123456789,abcdefghijklmnopqrst\n".repeat(290_000) + "\"no end";
    server.put("bucket", "large.csv", large.as_bytes());
    let none = |rest: &str| csv("select * from ossobject where _1 = 1", "", rest);
    let found = frames(
        &server
            .send(&post("large.csv", "csv/select", &none("")))
            .body,
    );
    assert_eq!((found.data.as_slice(), found.quiet), (&b""[..], 1));
    assert_eq!(found.last.1[16..20], 400u32.to_be_bytes());
    let raw =
        none("<OutputSerialization><OutputRawData>true</OutputRawData></OutputSerialization>");
    let mut connection = server.connect();
    connection.write(&post("large.csv", "csv/select", &raw).bytes(&server));
    assert_eq!(connection.read_any(true).status, 206);
    // Cut, without the chunk that ends a body.
    assert!(connection.closes_within(Duration::from_secs(10)));
}

#[test]
fn records_of_a_range_of_bytes_are_selected() {
    let server = start();
    server.put("bucket", "r.csv", b"test\nabc\n");
    server.put("bucket", "r.json", b"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    let plain = "<AllowQuotedRecordDelimiter>false</AllowQuotedRecordDelimiter>";
    let names = format!("{plain}<FileHeaderInfo>Use</FileHeaderInfo>");
    let all = csv("select * from ossobject", plain, "");
    let aged = csv("select name from ossobject where age > 20", &names, "");
    let lines = json("select a from ossobject", "LINES");
    for (key, process, body, range, wanted) in [
        ("r.csv", "csv/select", &all, "bytes=0-1", "test\n"),
        ("r.csv", "csv/select", &all, "bytes=1-5", "abc\n"),
        ("r.csv", "csv/select", &all, "bytes=5-", "abc\n"),
        ("r.csv", "csv/select", &all, "bytes=6-100", ""),
        ("r.csv", "csv/select", &all, "bytes=100-", ""),
        ("t.csv", "csv/select", &aged, "bytes=0-9", "Lora\n"),
        ("t.csv", "csv/select", &aged, "bytes=10-", "Elen\n"),
        ("r.json", "json/select", &lines, "bytes=1-8", "{\"a\":2}\n"),
        ("r.json", "json/select", &lines, "bytes=9-", "{\"a\":3}\n"),
    ] {
        let reply = server.send(&post(key, process, body).header("Range", range));
        assert_eq!(reply.status, 206, "{reply:?}");
        assert_eq!(reply.header("content-range"), None);
        let found = frames(&reply.body);
        assert_eq!(String::from_utf8(found.data).unwrap(), wanted, "{range}");
        assert_eq!(found.last.1[16..20], 206u32.to_be_bytes());
    }
    // Of a large object the header and the range are read, and what comes with them.
    let row = "0123456789,abcdefghijklmnopqrst\n";
    let large = format!("n,t{}\n{}", " ".repeat(28), row.repeat(290_000));
    server.put("bucket", "large.csv", large.as_bytes());
    for input in [plain, &names] {
        let body = csv("select * from ossobject", input, "");
        let range = format!("bytes={}-{}", 200_000 * 32 + 1, 200_002 * 32);
        let reply = server.send(&post("large.csv", "csv/select", &body).header("Range", &range));
        let found = frames(&reply.body);
        assert_eq!(String::from_utf8(found.data).unwrap(), row.repeat(2));
        let scanned = u64::from_be_bytes(found.last.1[..8].try_into().unwrap());
        assert!((64..=128 * 1024).contains(&scanned), "{scanned}");
    }
}

#[test]
fn ranges_of_bytes_that_select_object_does_not_take_are_refused() {
    let server = start();
    let plain = "<AllowQuotedRecordDelimiter>false</AllowQuotedRecordDelimiter>";
    let all = |input: &str| csv("select * from ossobject", input, "");
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    let gzip = text(all(plain)).replace("<CSV>", "<CompressionType>GZIP</CompressionType><CSV>");
    let lines = text(json("select * from ossobject", "LINES"));
    let ranged = lines.replace("</JSON>", "<Range>line-range=0-1</Range></JSON>");
    let document = json("select * from ossobject", "DOCUMENT");
    for (process, body, range) in [
        ("csv/select", all(""), "bytes=0-1"),
        (
            "csv/select",
            all(&plain.replace("false", "true")),
            "bytes=0-1",
        ),
        ("csv/select", gzip.into_bytes(), "bytes=0-1"),
        (
            "csv/select",
            all(&format!("{plain}<Range>line-range=0-1</Range>")),
            "bytes=0-1",
        ),
        ("json/select", document, "bytes=0-1"),
        ("json/select", ranged.into_bytes(), "bytes=0-1"),
        ("csv/select", all(plain), "bytes=-3"),
        ("csv/select", all(plain), "bytes=3-1"),
        ("csv/select", all(plain), "bytes=0-1,3-4"),
        ("csv/select", all(plain), "lines=0-1"),
        ("csv/meta", b"<CsvMetaRequest/>".to_vec(), "bytes=0-1"),
    ] {
        let reply = server.send(&post("t.csv", process, &body).header("Range", range));
        well_formed(&reply);
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{range}");
        assert_eq!(reply.header("x-oss-ec"), Some("0016-00000815"));
    }
}

#[test]
fn faults_of_the_request_are_errors() {
    let server = start();
    let good = csv("select _1 from ossobject", "", "");
    let gzip = String::from_utf8(good.clone())
        .unwrap()
        .replace("<CSV>", "<CompressionType>ZIP</CompressionType><CSV>");
    for (request, status, code) in [
        (
            post(
                "t.csv",
                "csv/select",
                &csv("select * from ossobject order by _1", "", ""),
            ),
            400,
            "InvalidSqlParameter",
        ),
        (
            post("t.csv", "csv/select", &csv("", "", "")),
            400,
            "InvalidSqlParameter",
        ),
        (
            post(
                "t.csv",
                "csv/select",
                &csv("select name from ossobject", "", ""),
            ),
            400,
            "InvalidSqlParameter",
        ),
        (
            post("t.csv", "csv/select", b"<SelectRequest>"),
            400,
            "MalformedXML",
        ),
        (post("t.csv", "csv/select", b""), 400, "MalformedXML"),
        (
            post("t.csv", "csv/select", gzip.as_bytes()),
            400,
            "UnsupportedCompressionFormat",
        ),
        (
            post(
                "t.csv",
                "json/select",
                &json("select a from ossobject", "OTHER"),
            ),
            400,
            "InvalidArgument",
        ),
        (post("none", "csv/select", &good), 404, "NoSuchKey"),
        (
            post("t.csv", "csv/select", &good).anonymous(),
            403,
            "AccessDenied",
        ),
        (post("t.csv", "csv/meta", &good), 400, "MalformedXML"),
        (
            post("t.json", "json/meta", b"<JsonMetaRequest/>"),
            400,
            "InvalidArgument",
        ),
    ] {
        let reply = server.send(&request);
        well_formed(&reply);
        assert_eq!(reply.error(), (status, code.into()), "{reply:?}");
    }
}

#[test]
fn meta_counts_rows_splits_and_columns() {
    let server = start();
    let reply = server.send(&post("t.csv", "csv/meta", b"<CsvMetaRequest/>"));
    assert_eq!(reply.status, 200, "{reply:?}");
    let (kind, payload) = frames(&reply.body).last;
    assert_eq!(kind, 8_388_614);
    assert_eq!(payload[16..20], 200u32.to_be_bytes());
    assert_eq!(payload[20..24], 1u32.to_be_bytes());
    assert_eq!(payload[24..32], 3u64.to_be_bytes());
    assert_eq!(payload[32..], 2u32.to_be_bytes());
    server.put("bucket", "l.json", b"{\"a\":1}\n{\"a\":2}\n");
    let lines = b"<JsonMetaRequest><InputSerialization><JSON><Type>LINES</Type></JSON></InputSerialization></JsonMetaRequest>";
    let reply = server.send(&post("l.json", "json/meta", lines));
    let (kind, payload) = frames(&reply.body).last;
    assert_eq!((kind, payload.len()), (8_388_615, 32));
    assert_eq!(payload[24..32], 2u64.to_be_bytes());
    // What is counted before the fault is not told as if it were all.
    server.put("bucket", "bad.csv", b"a,b\n\"no end");
    let (_, payload) = frames(
        &server
            .send(&post("bad.csv", "csv/meta", b"<CsvMetaRequest/>"))
            .body,
    )
    .last;
    assert_eq!(
        (&payload[16..20], &payload[24..32]),
        (&400u32.to_be_bytes()[..], &0u64.to_be_bytes()[..])
    );
    let text = String::from_utf8(payload[36..].to_vec()).unwrap();
    assert!(
        text.starts_with("InvalidCsvLine.The line is invalid"),
        "{text}"
    );
}

#[test]
fn a_large_object_streams_and_a_quiet_scan_is_heard_of() {
    let server = start();
    let large = "0123456789,abcdefghijklmnopqrst\n".repeat(290_000);
    server.put("bucket", "large.csv", large.as_bytes());
    let count = csv("select count(*) from ossobject where _1 = 1", "", "");
    let found = frames(&server.send(&post("large.csv", "csv/select", &count)).body);
    assert_eq!((found.data.as_slice(), found.quiet), (&b"0\n"[..], 1));
    let all = csv("select * from ossobject", "", "");
    assert_eq!(
        frames(&server.send(&post("large.csv", "csv/select", &all)).body).data,
        large.as_bytes()
    );
    // A client that goes away ends the scan, and others are served.
    let mut connection = server.connect();
    connection.write(&post("large.csv", "csv/select", &all).bytes(&server));
    drop(connection);
    assert_eq!(server.send(&Request::get("bucket", "t.csv")).status, 200);
}
