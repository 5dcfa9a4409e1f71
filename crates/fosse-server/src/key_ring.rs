//! Keys for the verifier: who holds them ([`crate::identity`]), and the derived V4 keys of a day, which are dear to make again,
//! in a bounded cache.

use crate::gate::Signed;
use crate::identity::{Known, Look};
use crate::service::Service;
use fosse_oss::sign::{Identity, KeyState, Keys, SigningKey};
use fosse_oss::{ErrorCode, OssError};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::cell::RefCell;
use std::sync::Arc;

/// Derived V4 keys kept: one per AccessKey, day, region and product in use.
const SIGNING_KEYS: usize = 4096;

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

/// The cache of derived keys. One per service.
pub(crate) struct KeyCache(Cache<Scope, Derived>);

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(SIGNING_KEYS))
    }
}

/// The keys of one service, as the verifier asks for them, for one request.
pub(crate) struct KeyRing<'a> {
    service: &'a Service,
    /// Whom the last look found: whose secret a signature was checked with.
    found: RefCell<Option<Arc<Known>>>,
}

impl<'a> KeyRing<'a> {
    pub(crate) fn new(service: &'a Service) -> Self {
        Self {
            service,
            found: RefCell::default(),
        }
    }

    /// The holder of the key that a signature was checked with.
    pub(crate) fn holder(&self, access_key_id: &str) -> Option<Arc<Known>> {
        self.found
            .take()
            .filter(|known| *known.access_key_id == *access_key_id)
    }

    /// The signer that the verifier proved.
    ///
    /// Errors: 403 `UserDisable` when the account was disabled.
    pub(crate) fn signer(&self, identity: Identity, now_ms: i64) -> Result<Signed, OssError> {
        let known = self
            .holder(&identity.access_key_id)
            .ok_or(ErrorCode::InvalidAccessKeyId)?;
        if !known.account_enabled {
            return Err(ErrorCode::UserDisable.into());
        }
        known.touch(now_ms);
        Ok(Signed {
            access_key_id: identity.access_key_id,
            known,
            carrier: identity.carrier,
        })
    }
}

impl Keys for KeyRing<'_> {
    fn lookup(&self, access_key_id: &str, token: Option<&str>) -> KeyState {
        let Service {
            store, identities, ..
        } = self.service;
        let look = match token {
            Some(token) => identities.by_token(store, access_key_id, token),
            None => identities.by_key(store, access_key_id),
        };
        match look {
            Look::Unknown => KeyState::Unknown,
            Look::BadToken => KeyState::TokenInvalid,
            Look::OtherKey => KeyState::TokenMismatch,
            Look::Known(known) if !known.enabled => KeyState::Disabled,
            Look::Known(known) => {
                let state = KeyState::Active {
                    secret: known.secret.0.clone(),
                    expires_at: known.expires_at(),
                };
                *self.found.borrow_mut() = Some(known);
                state
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
        let cache = &self.service.keys.0;
        let scope = ScopeRef {
            access_key_id,
            date,
            region,
            product,
        };
        if let Some(derived) = cache.get(&scope)
            && *derived.secret == *secret
        {
            return derived.key;
        }
        let key = SigningKey::derive(secret, date, region, product);
        cache.insert(
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
