//! SelectObject over HTTP: requests as SDKs send them, frames with their checksums, and what is refused.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

#[test]
fn faults_of_the_object_are_told_by_the_last_frame() {
    let server = start();
    server.put("bucket", "bad.csv", b"a,b\n\"no end,c\n");
    for (key, process, body, data, code) in [
        (
            "bad.csv",
            "csv/select",
            csv("select _1 from ossobject", "", ""),
            "a\n",
            "InvalidCsvLine.",
        ),
        (
            "t.csv",
            "json/select",
            json("select a from ossobject", "LINES"),
            "",
            "InvalidJsonData.",
        ),
        (
            "t.csv",
            "csv/select",
            csv(
                "select height from ossobject",
                "<FileHeaderInfo>Use</FileHeaderInfo>",
                "",
            ),
            "",
            "InvalidSqlParameter.",
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
        let text = String::from_utf8(payload[20..].to_vec()).unwrap();
        assert!(text.starts_with(code), "{text}");
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
            post("t.csv", "csv/select", &good).header("Range", "bytes=0-5"),
            400,
            "InvalidArgument",
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
