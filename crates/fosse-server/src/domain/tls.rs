//! What a TLS connection is answered with: the certificate of the domain that the client names, else the listener's own, and the
//! versions and cipher suites that the bucket behind the name allows. Looked up for every handshake, so that a change counts at once.

use crate::config::TlsFiles;
use crate::domain::certificate::identity;
use crate::domain::cipher_suite::Offer;
use crate::listen::ServeError;
use crate::service::Service;
use fosse_oss::op::{Style, Target};
use fosse_store::{Bucket, Domain};
use parking_lot::RwLock;
use quick_cache::sync::Cache;
use rustls::ServerConfig;
use rustls::server::ClientHello;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Server names whose settings are kept ready.
const NAMES: usize = 4096;

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
    offer: Offer,
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

    /// The settings for a client that says this; `None`: the bucket behind the name allows nothing that Fosse speaks.
    pub(crate) async fn config(
        &self,
        service: &Service,
        hello: &ClientHello<'_>,
    ) -> Option<Arc<ServerConfig>> {
        let (own, plain) = {
            let own = self.own.read();
            (own.key.clone(), own.config.clone())
        };
        let Some(name) = hello.server_name() else {
            return Some(plain);
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let (domain, offer) = behind(service, &name).await;
        let domain = domain.filter(|domain| domain.certificate.is_some());
        if offer.is_empty() {
            return None;
        }
        if domain.is_none() && offer == Offer::ALL {
            return Some(plain);
        }
        if let Some(ready) = self.ready.get(&name)
            && ready.offer == offer
            && Arc::ptr_eq(&ready.own, &own)
            && ready.domain.as_ref().and_then(|d| d.certificate.as_ref())
                == domain.as_ref().and_then(|d| d.certificate.as_ref())
        {
            return Some(ready.config);
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
        let config = match settings(key, offer) {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(domain = name, %error, "no TLS settings for a domain");
                return Some(plain);
            }
        };
        let ready = Ready {
            domain,
            own,
            offer,
            config: config.clone(),
        };
        self.ready.insert(name, ready);
        Some(config)
    }
}

/// The binding of a server name, and what the bucket behind it allows to speak. A store that cannot tell restricts nothing:
/// the requests themselves will fail.
async fn behind(service: &Service, name: &str) -> (Option<Arc<Domain>>, Offer) {
    let domain = service.store.domain(name).await.unwrap_or_default();
    let bucket = match &domain {
        Some(domain) => Some(domain.bucket.clone()),
        None => Target::resolve(&service.addressing, name, "/", &|_| None)
            .ok()
            .filter(|target| target.style == Style::VirtualHosted)
            .and_then(|target| target.bucket),
    };
    let Some(bucket) = bucket else {
        return (domain, Offer::ALL);
    };
    let offer = match service.store.bucket(&bucket).await {
        Ok(bucket) => allowed(service, &bucket),
        Err(_) => Offer::ALL,
    };
    (domain, offer)
}

/// What the bucket's HttpsConfig allows.
fn allowed(service: &Service, bucket: &Bucket) -> Offer {
    match service.configs.of(bucket).https() {
        Ok(Some(config)) => Offer::of(config),
        _ => Offer::ALL,
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
        let config = settings(key.clone(), Offer::ALL)
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

fn settings(key: Arc<CertifiedKey>, offer: Offer) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(offer.provider())
        .with_protocol_versions(&offer.versions())?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from((*key).clone())));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
