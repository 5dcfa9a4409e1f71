//! Keys for the verifier: the store's AccessKeys, with the two things that are dear to make again kept in a bounded
//! cache: the shared secret and the derived V4 key of a day.

use fosse_oss::sign::{KeyState, Keys, SigningKey};
use fosse_store::{AccessKey, Store};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::cell::RefCell;
use std::sync::Arc;

/// Derived V4 keys kept: one per AccessKey, day, region and product in use.
const SIGNING_KEYS: usize = 4096;
/// Shared secrets kept.
const SECRETS: usize = 4096;

/// Scope of a derived key.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Scope {
    access_key_id: String,
    date: String,
    region: String,
    product: String,
}

/// A [`Scope`] that owns nothing; hashes as `Scope` does.
#[derive(Hash)]
struct ScopeRef<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    product: &'a str,
}

impl Equivalent<Scope> for ScopeRef<'_> {
    fn equivalent(&self, key: &Scope) -> bool {
        self.access_key_id == key.access_key_id
            && self.date == key.date
            && self.region == key.region
            && self.product == key.product
    }
}

/// A derived key with the secret that it came from, so that a changed secret can never be answered from here.
#[derive(Clone)]
struct Derived {
    secret: Arc<str>,
    key: SigningKey,
}

/// A secret with the record that it came from; the record is compared by identity.
#[derive(Clone)]
struct Shared {
    record: Arc<AccessKey>,
    secret: Arc<str>,
}

/// The caches. One per service.
pub(crate) struct KeyCache {
    derived: Cache<Scope, Derived>,
    secrets: Cache<String, Shared>,
}

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self {
            derived: Cache::new(SIGNING_KEYS),
            secrets: Cache::new(SECRETS),
        }
    }

    fn secret(&self, record: Arc<AccessKey>) -> Arc<str> {
        if let Some(shared) = self.secrets.get(record.id.as_str()) {
            // Same allocation or same text: either way the present secret.
            if Arc::ptr_eq(&shared.record, &record) || shared.record.secret == record.secret {
                return shared.secret;
            }
        }
        let secret: Arc<str> = Arc::from(record.secret.as_str());
        self.secrets.insert(
            record.id.clone(),
            Shared {
                record,
                secret: secret.clone(),
            },
        );
        secret
    }
}

/// The keys of one store, as the verifier asks for them.
pub(crate) struct KeyRing<'a> {
    pub(crate) store: &'a Store,
    pub(crate) cache: &'a KeyCache,
    /// The record that the last look found: whose secret a signature was checked with.
    pub(crate) found: RefCell<Option<Arc<AccessKey>>>,
}

impl Keys for KeyRing<'_> {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        match self.store.access_key(access_key_id) {
            None => KeyState::Unknown,
            // No temporary credential is issued yet, so a token never belongs to a key.
            Some(_) if token.is_some() => KeyState::TokenUnexpected,
            Some(record) if !record.enabled => KeyState::Disabled,
            Some(record) => {
                *self.found.borrow_mut() = Some(record.clone());
                KeyState::Active {
                    secret: self.cache.secret(record),
                    expires_at: None,
                }
            }
        }
    }

    fn v4_signing_key(
        &self,
        access_key_id: &str,
        secret: &str,
        date: &str,
        region: &str,
        product: &str,
    ) -> SigningKey {
        let scope = ScopeRef {
            access_key_id,
            date,
            region,
            product,
        };
        if let Some(derived) = self.cache.derived.get(&scope)
            && *derived.secret == *secret
        {
            return derived.key;
        }
        let key = SigningKey::derive(secret, date, region, product);
        self.cache.derived.insert(
            Scope {
                access_key_id: access_key_id.to_owned(),
                date: date.to_owned(),
                region: region.to_owned(),
                product: product.to_owned(),
            },
            Derived {
                secret: Arc::from(secret),
                key: key.clone(),
            },
        );
        key
    }
}
