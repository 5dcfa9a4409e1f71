//! A certificate for the tests, made anew for each server.

use anyhow::Result;
use std::path::Path;

/// Writes a self-signed certificate for loopback and for the base domains with one label before them.
pub(super) fn write(certificate: &Path, key: &Path, domain: &str) -> Result<()> {
    let names = vec![
        "localhost".to_owned(),
        "*.localhost".to_owned(),
        "*.oss-cn-hangzhou.localhost".to_owned(),
        domain.to_owned(),
        format!("*.{domain}"),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(certificate, made.cert.pem())?;
    std::fs::write(key, made.signing_key.serialize_pem())?;
    Ok(())
}
