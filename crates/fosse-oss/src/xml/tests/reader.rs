//! Writer, reader and encoding by themselves.

use super::*;
use crate::ErrorCode;

#[test]
fn the_writer_escapes() {
    let document = Writer::document("R", |w| {
        w.text("T", "<a & 'b'>\"]]>\r\n\t\u{0}\u{1f}\u{fffe}é");
        w.number("N", u64::MAX);
        w.flag("F", true);
        w.element("E", |_| {});
        w.text_with_references("K", "a\u{1}\u{b}b");
    });
    assert_eq!(
        document,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R><T>&lt;a &amp; 'b'&gt;\"]]&gt;&#13;\n\té</T>\
         <N>18446744073709551615</N><F>true</F><E></E><K>a&#1;&#11;b</K></R>"
    );
}

#[test]
fn the_reader_takes_what_clients_send() {
    let text = |xml: &str| {
        Element::parse(xml.as_bytes(), "R")
            .unwrap_or_else(|_| panic!("{xml}"))
            .text_of("T")
            .to_owned()
    };
    for xml in [
        "<R><T>x</T></R>",
        "<?xml version=\"1.0\"?><R><T>x</T></R>",
        "\u{feff}<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<R><T>x</T></R>\n",
        "\n<R xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\"><T a='1' a='2'>x</T></R>",
        "<o:R xmlns:o='u'><o:T>x</o:T></o:R>",
        "<R><!-- c --><U/><T>x</T><T>y</T></R><!-- c -->",
        "<R> <T><![CDATA[x]]></T> </R>",
        "<R><T>&#120;</T></R>",
        "<R><T>&#x78;</T></R>",
    ] {
        assert_eq!(text(xml), "x", "{xml}");
    }
    assert_eq!(text("<R><T> a\r\nb\tc </T></R>"), " a\nb\tc ");
    assert_eq!(
        text("<R><T>&lt;&gt;&amp;&quot;&apos;<![CDATA[<&]]></T></R>"),
        "<>&\"'<&"
    );
    // Keys hold control characters, and SDKs send them as references.
    assert_eq!(text("<R><T>a&#x1;&#10;&#13;b</T></R>"), "a\u{1}\n\rb");
    assert_eq!(text("<R/>"), "");
    assert_eq!(
        text("<R><T>a<U>b</U>c</T></R>"),
        "",
        "text beside children counts for nothing"
    );
}

#[test]
fn the_reader_refuses_everything_else() {
    let cases: Vec<Vec<u8>> = [
        "",
        " ",
        "x",
        "<R>",
        "</R>",
        "<R></S>",
        "<R><T></R></T>",
        "<R/><R/>",
        "<R/>x",
        "x<R/>",
        "<S/>",
        "<r/>",
        "<R><T>&unknown;</T></R>",
        "<R><T>&#0;</T></R>",
        "<R><T>&#xD800;</T></R>",
        "<R><T>&#x110000;</T></R>",
        "<R><T>&#;</T></R>",
        "<R><T>&#x;</T></R>",
        "<R><T>&#+1;</T></R>",
        "<R><T>&#99999999999;</T></R>",
        "<R><T>a & b</T></R>",
        "<R><T>a &amp b</T></R>",
        "<R><T a=></T></R>",
        "<R a='1></R>",
        "<R><![CDATA[x</R>",
        "<R><!-- </R>",
        "<!DOCTYPE R><R/>",
        "<!DOCTYPE R [<!ENTITY a \"b\">]><R><T>&a;</T></R>",
        "<!DOCTYPE R [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><R><T>&a;</T></R>",
        "<?php echo ?><R/>",
        "<R><?pi?></R>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><R/>",
        "<R/><?xml version=\"1.0\"?>",
        "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><R/>",
        "&amp;<R/>",
        "<R>\0</R>",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([b"<R>\xff</R>".to_vec(), b"\xff\xfe<\0R\0/\0>\0".to_vec()])
    .collect();
    for xml in cases {
        let error = Element::parse(&xml, "R").unwrap_err();
        let shown = String::from_utf8_lossy(&xml);
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::MalformedXml, 400),
            "{shown}"
        );
    }
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let nested = |depth: usize| {
        let (open, close) = ("<R>".repeat(depth), "</R>".repeat(depth));
        Element::parse(format!("{open}{close}").as_bytes(), "R")
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert!(nested(MAX_DEPTH + 1).is_err());
    assert!(nested(100_000).is_err());
    let wide =
        |count: usize| Element::parse(format!("<R>{}</R>", "<a/>".repeat(count)).as_bytes(), "R");
    assert!(wide(MAX_NODES - 1).is_ok());
    assert!(wide(MAX_NODES).is_err());
}

#[test]
fn many_attributes_cost_no_more_than_their_length() {
    let attributes: String = (0..200_000).map(|i| format!(" a{i}='1'")).collect();
    let started = std::time::Instant::now();
    assert!(Element::parse(format!("<R{attributes}/>").as_bytes(), "R").is_ok());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn encoding_type() {
    assert_eq!(Encoding::parse(None).unwrap(), Encoding::Plain);
    assert_eq!(Encoding::parse(Some("")).unwrap(), Encoding::Plain);
    assert_eq!(Encoding::parse(Some("URL")).unwrap(), Encoding::Url);
    assert_eq!(
        Encoding::parse(Some("gzip")).unwrap_err().code(),
        ErrorCode::InvalidArgument
    );
    assert_eq!(
        Encoding::Url.encode("a b+c/中\u{1}"),
        "a%20b%2Bc%2F%E4%B8%AD%01"
    );
    assert_eq!(
        Encoding::Url.decode("a%20b%2Bc/%E4%B8%AD+").unwrap(),
        "a b+c/中+"
    );
    assert_eq!(Encoding::Plain.encode("a b%"), "a b%");
    for bad in ["%", "%zz", "%ff"] {
        assert_eq!(
            Encoding::Url.decode(bad).unwrap_err().code(),
            ErrorCode::MalformedXml
        );
    }
}

/// ali-oss lists without `encoding-type` and expects keys with control characters back.
#[test]
fn a_key_that_is_not_encoded_keeps_its_control_characters() {
    let xml = Writer::document("R", |w| {
        w.encoded("Key", "a\u{1}\nb", Encoding::Plain);
        w.encoded("Url", "a\u{1}\nb", Encoding::Url);
        w.text("Text", "a\u{1}b");
    });
    assert!(
        xml.ends_with("<R><Key>a&#1;\nb</Key><Url>a%01%0Ab</Url><Text>ab</Text></R>"),
        "{xml}"
    );
}
