//! Domain names bound to buckets, with their certificates, and the tokens that prove who a domain belongs to.

use super::Record;
use crate::error::{Result, StoreError};
use crate::master_keys::MasterKeys;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What private keys of certificates are sealed for.
const PURPOSE: &str = "certificate";

/// A domain name that leads to a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Lower-case name without final dot.
    pub name: String,
    /// Number of the bucket.
    pub bucket_id: u64,
    /// Name of the bucket.
    pub bucket: String,
    /// Account that owns the bucket.
    pub owner: String,
    /// When it was bound, or last changed, Unix milliseconds.
    pub bound_ms: i64,
    /// What TLS connections to this name are answered with.
    pub certificate: Option<Certificate>,
}

/// A certificate with its private key. `Debug` leaves the key out.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Id, as PutCname and ListCname name it.
    pub id: String,
    /// It came with PutCname; otherwise it was named by its id.
    pub uploaded: bool,
    /// The chain in PEM form, leaf first.
    pub chain: String,
    /// The private key in PEM form.
    pub private_key: String,
    /// When it was uploaded, Unix milliseconds.
    pub created_ms: i64,
    /// First second of the leaf's validity, Unix seconds.
    pub valid_from: i64,
    /// Last second of the leaf's validity, Unix seconds.
    pub valid_until: i64,
    /// SHA-1 of the leaf.
    pub fingerprint: [u8; 20],
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("id", &self.id)
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}

/// A proof of ownership in the making: the holder of the domain publishes the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainToken {
    /// 32 lower-case hex digits.
    pub token: String,
    /// When it stops counting, Unix milliseconds.
    pub expires_ms: i64,
}

impl Record for DomainToken {}

/// [`Domain`] as stored: the private key is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredDomain {
    name: String,
    bucket_id: u64,
    bucket: String,
    owner: String,
    bound_ms: i64,
    certificate: Option<StoredCertificate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredCertificate {
    id: String,
    uploaded: bool,
    chain: String,
    sealed_key: Vec<u8>,
    created_ms: i64,
    valid_from: i64,
    valid_until: i64,
    fingerprint: [u8; 20],
}

impl Record for StoredDomain {}

/// What a sealed key belongs to.
fn place(domain: &str, certificate: &str) -> Vec<u8> {
    [domain.as_bytes(), b"\0", certificate.as_bytes()].concat()
}

impl StoredDomain {
    pub(crate) fn seal(domain: &Domain, keys: &MasterKeys) -> Result<Self> {
        let seal = |certificate: &Certificate| -> Result<StoredCertificate> {
            let aad = place(&domain.name, &certificate.id);
            Ok(StoredCertificate {
                id: certificate.id.clone(),
                uploaded: certificate.uploaded,
                chain: certificate.chain.clone(),
                sealed_key: keys.seal(PURPOSE, &aad, certificate.private_key.as_bytes())?,
                created_ms: certificate.created_ms,
                valid_from: certificate.valid_from,
                valid_until: certificate.valid_until,
                fingerprint: certificate.fingerprint,
            })
        };
        Ok(Self {
            name: domain.name.clone(),
            bucket_id: domain.bucket_id,
            bucket: domain.bucket.clone(),
            owner: domain.owner.clone(),
            bound_ms: domain.bound_ms,
            certificate: domain.certificate.as_ref().map(seal).transpose()?,
        })
    }

    pub(crate) fn open(self, keys: &MasterKeys) -> Result<Domain> {
        let name = self.name;
        let open = |stored: StoredCertificate| -> Result<Certificate> {
            let aad = place(&name, &stored.id);
            let key = keys.open(PURPOSE, &aad, &stored.sealed_key)?;
            Ok(Certificate {
                private_key: String::from_utf8(key).map_err(|_| {
                    StoreError::Corrupt("the private key of a certificate is no text".into())
                })?,
                id: stored.id,
                uploaded: stored.uploaded,
                chain: stored.chain,
                created_ms: stored.created_ms,
                valid_from: stored.valid_from,
                valid_until: stored.valid_until,
                fingerprint: stored.fingerprint,
            })
        };
        let certificate = self.certificate.map(open).transpose()?;
        Ok(Domain {
            name,
            bucket_id: self.bucket_id,
            bucket: self.bucket,
            owner: self.owner,
            bound_ms: self.bound_ms,
            certificate,
        })
    }
}
