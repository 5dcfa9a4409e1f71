//! A certificate as PutCname brings it: read, checked, and in the form in which it is kept.

use crate::domain::validity;
use fosse_oss::OssError;
use fosse_store::Certificate;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use sha1::{Digest, Sha1};

/// Most bytes of a chain or a key in PEM form.
const MAX_PEM: usize = 64 * 1024;
/// Most certificates of a chain.
const MAX_CHAIN: usize = 10;

/// What TLS needs of a certificate in PEM form. Errors: a sentence for whoever brought it.
pub(crate) fn identity(chain: &str, key: &str) -> Result<CertifiedKey, &'static str> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .take(MAX_CHAIN + 1)
        .collect::<Result<_, _>>()
        .map_err(|_| "The certificate is not in PEM form.")?;
    if chain.is_empty() {
        return Err("The certificate is not in PEM form.");
    }
    if chain.len() > MAX_CHAIN {
        return Err("The certificate chain is too long.");
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| "The private key is not in PEM form.")?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key)
        .map_err(|_| "The private key is of a kind that is not supported.")?;
    let identity = CertifiedKey::new(chain, key);
    identity
        .keys_match()
        .map_err(|_| "The private key does not belong to the certificate.")?;
    Ok(identity)
}

/// Reads and checks an upload for `domain`: form, key, name, time.
///
/// Errors: 400 `InvalidArgument`; the private key is never repeated.
pub(crate) fn upload(
    domain: &str,
    chain: &str,
    private_key: &str,
    id: String,
    now_ms: i64,
) -> Result<Certificate, OssError> {
    let refuse = |argument: &'static str, message: &'static str| {
        OssError::invalid_argument(argument, "", message)
    };
    if chain.len() > MAX_PEM || private_key.len() > MAX_PEM {
        return Err(refuse("Certificate", "The certificate is too large."));
    }
    let identity = identity(chain, private_key).map_err(|message| {
        let argument = if message.starts_with("The private key") {
            "PrivateKey"
        } else {
            "Certificate"
        };
        refuse(argument, message)
    })?;
    let unreadable = || refuse("Certificate", "The certificate cannot be read.");
    let leaf = identity.end_entity_cert().map_err(|_| unreadable())?;
    let name = ServerName::try_from(domain).map_err(|_| unreadable())?;
    let parsed = ParsedCertificate::try_from(leaf).map_err(|_| unreadable())?;
    verify_server_name(&parsed, &name).map_err(|_| {
        refuse(
            "Certificate",
            "The certificate is not issued for the domain name.",
        )
    })?;
    let validity = validity::of_certificate(leaf).ok_or_else(unreadable)?;
    if now_ms.div_euclid(1000) > validity.until {
        return Err(refuse("Certificate", "The certificate has expired."));
    }
    Ok(Certificate {
        id,
        uploaded: true,
        chain: chain.to_owned(),
        private_key: private_key.to_owned(),
        created_ms: now_ms,
        valid_from: validity.from,
        valid_until: validity.until,
        fingerprint: Sha1::digest(leaf.as_ref()).into(),
    })
}

/// Upper-case hex pairs with colons, as ListCname shows a fingerprint.
pub(crate) fn with_colons(fingerprint: &[u8; 20]) -> String {
    let pairs: Vec<String> = fingerprint
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_750_000_000_000;

    fn made(names: &[&str], until: i32) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn an_upload_is_checked_in_every_respect() {
        let (chain, key) = made(&["a.example", "*.wild.example"], 2040);
        let (other, other_key) = made(&["a.example"], 2040);
        let (expired, expired_key) = made(&["a.example"], 2024);
        let check =
            |domain: &str, chain: &str, key: &str| upload(domain, chain, key, "1-r".into(), NOW_MS);
        let good = check("a.example", &chain, &key).unwrap();
        assert_eq!(
            (good.valid_from, good.valid_until),
            (1_577_836_800, 2_208_988_800)
        );
        assert!(check("x.wild.example", &chain, &key).is_ok());
        assert!(check("a.example", &format!("{chain}{other}"), &key).is_ok());
        for (domain, chain, key, text) in [
            ("b.example", &chain, &key, "not issued"),
            ("x.y.wild.example", &chain, &key, "not issued"),
            ("a.example", &chain, &other_key, "does not belong"),
            (
                "a.example",
                &format!("{other}{chain}"),
                &key,
                "does not belong",
            ),
            ("a.example", &key, &key, "not in PEM"),
            ("a.example", &chain, &chain, "not in PEM"),
            ("a.example", &String::new(), &key, "not in PEM"),
            ("a.example", &"x".repeat(70_000), &key, "too large"),
            ("a.example", &chain.repeat(11), &key, "too long"),
            ("a.example", &expired, &expired_key, "expired"),
        ] {
            let error = check(domain, chain, key).unwrap_err();
            assert_eq!(error.status(), 400);
            assert!(
                error.message().contains(text),
                "{text}: {}",
                error.message()
            );
            assert!(!error.to_xml("", "").contains("PRIVATE"));
        }
        assert_eq!(with_colons(&good.fingerprint).len(), 59);
    }
}
