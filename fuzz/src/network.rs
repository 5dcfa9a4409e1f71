//! What stands before and beside HTTP: the PROXY protocol, answers of name servers, certificates.

use fosse_server::domain::{dns, validity};
use fosse_server::proxy_header;

/// A PROXY protocol header. More bytes never change what a complete header says.
pub fn proxy_header(data: &[u8]) {
    match proxy_header::parse(data) {
        Ok(Some((header, length))) => {
            assert!(length <= data.len());
            let alone = data.get(..length).unwrap_or_default();
            assert_eq!(proxy_header::parse(alone), Ok(Some((header, length))));
        }
        Ok(None) => assert!(data.len() < 16 + 4096),
        Err(_) => {}
    }
}

/// An answer of a name server.
pub fn dns_answer(data: &[u8]) {
    let question = dns::question(7, "_dnsauth.a.example").expect("a name");
    if let Some(texts) = dns::texts(&question, data) {
        let total: usize = texts.iter().map(Vec::len).sum();
        assert!(total <= data.len());
    }
    if let Ok(name) = std::str::from_utf8(data)
        && let Some(question) = dns::question(1, name)
    {
        assert!(question.len() <= 12 + 255 + 4);
    }
}

/// A certificate in DER form.
pub fn certificate_validity(data: &[u8]) {
    let _ = validity::of_certificate(data);
}
