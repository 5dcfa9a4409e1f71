//! `HttpsConfiguration`: TLS of a bucket's host names (delivery.md §4).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

const VERSIONS: [&str; 4] = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
/// Most names of cipher suites in one list.
const MAX_SUITES: usize = 64;

/// TLS settings; by default the server's own apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpsConfiguration {
    /// `TLS/Enable`: whether the versions below are the only ones.
    pub tls_enabled: bool,
    /// `TLS/TLSVersion`: `TLSv1.0` to `TLSv1.3`, each once; at least one when enabled.
    pub tls_versions: Vec<String>,
    /// `CipherSuite`.
    pub cipher_suite: Option<CipherSuite>,
}

/// `CipherSuite`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CipherSuite {
    /// `Enable`.
    pub enabled: bool,
    /// `StrongCipherSuite`.
    pub strong: bool,
    /// `CustomCipherSuite`: names of suites up to TLS 1.2.
    pub custom: Vec<String>,
    /// `TLS13CustomCipherSuite`: names of suites of TLS 1.3.
    pub custom_tls13: Vec<String>,
}

impl HttpsConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("HttpsConfiguration", |w| {
            w.element("TLS", |w| {
                w.flag("Enable", self.tls_enabled);
                for version in &self.tls_versions {
                    w.text("TLSVersion", version);
                }
            });
            if let Some(suite) = &self.cipher_suite {
                w.element("CipherSuite", |w| {
                    w.flag("Enable", suite.enabled);
                    w.flag("StrongCipherSuite", suite.strong);
                    for name in &suite.custom {
                        w.text("CustomCipherSuite", name);
                    }
                    for name in &suite.custom_tls13 {
                        w.text("TLS13CustomCipherSuite", name);
                    }
                });
            }
        })
    }

    /// Reads and validates the document; a version that is named twice counts once.
    ///
    /// Errors: 400 `MalformedXML`, also for unknown versions, and for TLS that is enabled without a version.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "HttpsConfiguration")?;
        let mut read = Self::default();
        if let Some(tls) = root.child("TLS") {
            read.tls_enabled = tls.optional_flag("Enable")?.ok_or_else(malformed)?;
            for version in tls.all("TLSVersion") {
                let version = version.text.trim();
                if !VERSIONS.contains(&version) {
                    return Err(malformed());
                }
                if !read.tls_versions.iter().any(|known| known == version) {
                    read.tls_versions.push(version.to_owned());
                }
            }
        }
        if read.tls_enabled && read.tls_versions.is_empty() {
            return Err(malformed());
        }
        read.cipher_suite = root
            .child("CipherSuite")
            .map(CipherSuite::read)
            .transpose()?;
        Ok(read)
    }
}

impl CipherSuite {
    fn read(element: &Element) -> Result<Self, OssError> {
        let names = |name: &str| -> Result<Vec<String>, OssError> {
            let names: Vec<String> = element
                .all(name)
                .take(MAX_SUITES + 1)
                .map(|suite| suite.text.trim().to_owned())
                .collect();
            let legal = |name: &String| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            };
            if names.len() > MAX_SUITES || !names.iter().all(legal) {
                return Err(malformed());
            }
            Ok(names)
        };
        Ok(Self {
            enabled: element.flag_of("Enable")?,
            strong: element.flag_of("StrongCipherSuite")?,
            custom: names("CustomCipherSuite")?,
            custom_tls13: names("TLS13CustomCipherSuite")?,
        })
    }
}
