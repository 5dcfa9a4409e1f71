//! What a TLS connection is answered with: the certificate of the domain that the client names, else the listener's own, and the
//! versions that the bucket behind the name allows. Looked up for every handshake, so that a change counts at once.

use crate::config::TlsFiles;
use crate::domain::certificate::identity;
use crate::listen::ServeError;
use crate::service::Service;
use fosse_oss::op::{Style, Target};
use fosse_store::{Bucket, Domain};
use parking_lot::RwLock;
use quick_cache::sync::Cache;
use rustls::server::ClientHello;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Server names whose settings are kept ready.
const NAMES: usize = 4096;

/// TLS versions that a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) tls12: bool,
    pub(crate) tls13: bool,
}

impl Versions {
    const ALL: Self = Self {
        tls12: true,
        tls13: true,
    };

    /// The versions of a list as HttpsConfig writes them. One that names only versions that Fosse does not speak
    /// restricts nothing.
    pub(crate) fn of<'v>(names: impl Iterator<Item = &'v str>) -> Self {
        let mut versions = Self {
            tls12: false,
            tls13: false,
        };
        for name in names {
            versions.tls12 |= name == "TLSv1.2";
            versions.tls13 |= name == "TLSv1.3";
        }
        if versions.tls12 || versions.tls13 {
            versions
        } else {
            Self::ALL
        }
    }

    fn list(self) -> Vec<&'static SupportedProtocolVersion> {
        let mut list = Vec::new();
        if self.tls13 {
            list.push(&rustls::version::TLS13);
        }
        if self.tls12 {
            list.push(&rustls::version::TLS12);
        }
        list
    }
}

/// The listener's own certificate, from files that are read again when they change.
struct Own {
    key: Arc<CertifiedKey>,
    config: Arc<ServerConfig>,
    modified: [Option<SystemTime>; 2],
}

/// Settings made for a server name, with what they were made of.
#[derive(Clone)]
struct Ready {
    domain: Option<Arc<Domain>>,
    own: Arc<CertifiedKey>,
    versions: Versions,
    config: Arc<ServerConfig>,
}

/// TLS of all HTTPS listeners.
pub(crate) struct Tls {
    files: TlsFiles,
    own: RwLock<Own>,
    ready: Cache<String, Ready>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads certificate and key. Errors: what is wrong with which file.
    pub(crate) fn read(files: &TlsFiles) -> Result<Self, ServeError> {
        Ok(Self {
            own: RwLock::new(Own::read(files)?),
            files: files.clone(),
            ready: Cache::new(NAMES),
        })
    }

    /// Reads the files again when one of them changed. What cannot be used is logged, and the present certificate stays.
    pub(crate) fn refresh(&self) {
        let modified = modified(&self.files);
        if self.own.read().modified == modified {
            return;
        }
        match Own::read(&self.files) {
            Ok(own) => {
                *self.own.write() = own;
                tracing::info!(cert = %self.files.cert.display(), "read the changed certificate");
            }
            Err(error) => {
                // Not again for the same files.
                self.own.write().modified = modified;
                tracing::warn!(%error, "the changed certificate cannot be used; the present one stays");
            }
        }
    }

    /// The listener's own certificate, leaf first.
    pub(crate) fn own_leaf(&self) -> Option<Vec<u8>> {
        let key = self.own.read().key.clone();
        key.cert.first().map(|leaf| leaf.to_vec())
    }

    /// The settings for a client that says this.
    pub(crate) async fn config(
        &self,
        service: &Service,
        hello: &ClientHello<'_>,
    ) -> Arc<ServerConfig> {
        let (own, plain) = {
            let own = self.own.read();
            (own.key.clone(), own.config.clone())
        };
        let Some(name) = hello.server_name() else {
            return plain;
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let (domain, versions) = behind(service, &name).await;
        let domain = domain.filter(|domain| domain.certificate.is_some());
        if domain.is_none() && versions == Versions::ALL {
            return plain;
        }
        if let Some(ready) = self.ready.get(&name)
            && ready.versions == versions
            && Arc::ptr_eq(&ready.own, &own)
            && ready.domain.as_ref().and_then(|d| d.certificate.as_ref())
                == domain.as_ref().and_then(|d| d.certificate.as_ref())
        {
            return ready.config;
        }
        let certificate = domain
            .as_ref()
            .and_then(|domain| domain.certificate.as_ref());
        let key = match certificate.map(|it| identity(&it.chain, &it.private_key)) {
            None => own.clone(),
            Some(Ok(identity)) => Arc::new(identity),
            Some(Err(error)) => {
                tracing::error!(domain = name, error, "a stored certificate cannot be used");
                own.clone()
            }
        };
        let config = match settings(key, versions) {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(domain = name, %error, "no TLS settings for a domain");
                return plain;
            }
        };
        let ready = Ready {
            domain,
            own,
            versions,
            config: config.clone(),
        };
        self.ready.insert(name, ready);
        config
    }
}

/// The binding of a server name, and the versions that the bucket behind it allows. A store that cannot tell restricts nothing:
/// the requests themselves will fail.
async fn behind(service: &Service, name: &str) -> (Option<Arc<Domain>>, Versions) {
    let domain = service.store.domain(name).await.unwrap_or_default();
    let bucket = match &domain {
        Some(domain) => Some(domain.bucket.clone()),
        None => Target::resolve(&service.addressing, name, "/", &|_| None)
            .ok()
            .filter(|target| target.style == Style::VirtualHosted)
            .and_then(|target| target.bucket),
    };
    let Some(bucket) = bucket else {
        return (domain, Versions::ALL);
    };
    let versions = match service.store.bucket(&bucket).await {
        Ok(bucket) => allowed(service, &bucket),
        Err(_) => Versions::ALL,
    };
    (domain, versions)
}

/// The versions that the bucket's HttpsConfig allows.
fn allowed(service: &Service, bucket: &Bucket) -> Versions {
    match service.configs.of(bucket).https() {
        Ok(Some(config)) if config.tls_enabled => {
            Versions::of(config.tls_versions.iter().map(String::as_str))
        }
        _ => Versions::ALL,
    }
}

impl Own {
    fn read(files: &TlsFiles) -> Result<Self, ServeError> {
        let modified = modified(files);
        let fail = |path: &Path, reason: String| ServeError::Tls {
            path: PathBuf::from(path),
            reason,
        };
        let text = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| fail(path, error.to_string()))
        };
        let (chain, key) = (text(&files.cert)?, text(&files.key)?);
        let identity = identity(&chain, &key).map_err(|message| {
            let path = if message.starts_with("The private key") {
                &files.key
            } else {
                &files.cert
            };
            fail(path, message.to_owned())
        })?;
        let key = Arc::new(identity);
        let config = settings(key.clone(), Versions::ALL)
            .map_err(|error| fail(&files.cert, error.to_string()))?;
        Ok(Self {
            key,
            config,
            modified,
        })
    }
}

fn modified(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.cert, &files.key].map(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok())
}

fn settings(
    key: Arc<CertifiedKey>,
    versions: Versions,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions.list())?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from((*key).clone())));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_httpsconfig_writes_them() {
        let of = |names: &[&'static str]| {
            let versions = Versions::of(names.iter().copied());
            (versions.tls12, versions.tls13)
        };
        assert_eq!(of(&["TLSv1.2", "TLSv1.3"]), (true, true));
        assert_eq!(of(&["TLSv1.3"]), (false, true));
        assert_eq!(of(&["TLSv1.0", "TLSv1.2"]), (true, false));
        assert_eq!(of(&["TLSv1.0", "TLSv1.1"]), (true, true));
        assert_eq!(of(&[]), (true, true));
    }
}
