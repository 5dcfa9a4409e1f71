//! The RSA key of the server that signs callbacks: made at the first one, kept sealed in the store.

use fosse_store::{Store, StoreError};
use getrandom::SysRng;
use md5::{Digest, Md5};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::UnwrapErr;
use rsa::{Pkcs1v15Sign, PrivateKey};

/// Under which name the store keeps it.
const NAME: &str = "callback-key";
const BITS: usize = 2048;
/// What PKCS #1 v1.5 puts before an MD5 (RFC 8017 §9.2).
const MD5_PREFIX: [u8; 18] = [
    0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00,
    0x04, 0x10,
];

/// Why there is no key or no signature.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key of the callbacks cannot be read or kept: {0}")]
    Store(#[from] StoreError),
    #[error("the key of the callbacks cannot be used: {0}")]
    Key(String),
}

fn unusable(cause: impl std::fmt::Display) -> KeyError {
    KeyError::Key(cause.to_string())
}

/// The key pair.
pub(crate) struct CallbackKey {
    private: PrivateKey,
    public_pem: String,
}

impl CallbackKey {
    /// The key of a store, made if it has none. Two servers that begin at the same time end up with the same key.
    pub(super) async fn of(store: &Store) -> Result<Self, KeyError> {
        let kept = match store.secret(NAME).await? {
            Some(kept) => kept,
            None => {
                let made = tokio::task::spawn_blocking(|| {
                    let key = PrivateKey::new(&mut UnwrapErr(SysRng), BITS).map_err(unusable)?;
                    let document = key.to_pkcs8_der().map_err(unusable)?;
                    Ok::<_, KeyError>(document.as_bytes().to_vec())
                });
                let made = made.await.map_err(unusable)??;
                tracing::info!(bits = BITS, "made the key that signs callbacks");
                store.keep_secret(NAME, made).await?
            }
        };
        Self::from_der(&kept)
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let private = PrivateKey::from_pkcs8_der(der).map_err(unusable)?;
        let public = private.to_public_key();
        let public_pem = public.to_public_key_pem(LineEnding::LF).map_err(unusable)?;
        Ok(Self {
            private,
            public_pem,
        })
    }

    /// `-----BEGIN PUBLIC KEY-----`: what applications verify with.
    pub(crate) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// RSASSA-PKCS1-v1_5 with MD5, the one scheme that receivers of OSS callbacks know. What it must withstand is a
    /// second preimage, which MD5 still does.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut digest = MD5_PREFIX.to_vec();
        digest.extend_from_slice(&Md5::digest(text));
        self.private
            .sign_with_rng(
                &mut UnwrapErr(SysRng),
                Pkcs1v15Sign::new_unprefixed(),
                &digest,
            )
            .map_err(unusable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::PublicKey;
    use rsa::pkcs8::DecodePublicKey;

    #[tokio::test]
    async fn the_key_is_made_once_and_what_it_signs_is_verified_with_its_public_half() {
        let store = Store::memory();
        let key = CallbackKey::of(&store).await.unwrap();
        let again = CallbackKey::of(&store).await.unwrap();
        assert_eq!(key.public_pem(), again.public_pem());
        let signature = again.sign(b"/path\nbody").unwrap();
        assert_eq!(signature.len(), BITS / 8);
        let public = PublicKey::from_public_key_pem(key.public_pem()).unwrap();
        let check = |text: &[u8]| {
            let mut digest = MD5_PREFIX.to_vec();
            digest.extend_from_slice(&Md5::digest(text));
            public
                .verify(Pkcs1v15Sign::new_unprefixed(), &digest, &signature)
                .is_ok()
        };
        assert!(check(b"/path\nbody"));
        assert!(!check(b"/path\nbody2"));
    }
}
