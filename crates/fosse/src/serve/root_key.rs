//! The root AccessKey: given by the operator, found in the store, or made at the first start.

use anyhow::{Context as _, Result, bail};
use fosse_store::{AccessKey, Store};

/// The root AccessKey that the server starts with.
pub(crate) struct RootKey {
    /// The key.
    pub(crate) key: AccessKey,
    /// It was made just now, and nobody has seen it yet.
    pub(crate) fresh: bool,
}

/// Puts the root AccessKey in order. `given`: id and secret from the operator; they replace a stored root key and
/// keep its account, so that buckets stay with their owner.
///
/// Errors: the store does not take it; `given` names a key of another kind; no randomness.
pub(crate) async fn establish(
    store: &Store,
    given: Option<(&str, &str)>,
    now_ms: i64,
) -> Result<RootKey> {
    let stored = store.access_keys();
    let root = stored.iter().find(|key| key.root);
    let account = match root.or_else(|| stored.first()) {
        Some(key) => key.owner.clone(),
        None => new_account()?,
    };
    let Some((id, secret)) = given else {
        if let Some(root) = root {
            return Ok(RootKey {
                key: AccessKey::clone(root),
                fresh: false,
            });
        }
        let key = AccessKey {
            id: new_id()?,
            secret: new_secret()?,
            owner: account,
            user: None,
            enabled: true,
            root: true,
            created_ms: now_ms,
            comment: "made at the first start".to_owned(),
        };
        store
            .put_access_key(key.clone())
            .await
            .context("cannot store the root AccessKey")?;
        return Ok(RootKey { key, fresh: true });
    };
    if let Some(root) = root.filter(|root| root.id == id && root.secret == secret && root.enabled) {
        return Ok(RootKey {
            key: AccessKey::clone(root),
            fresh: false,
        });
    }
    if stored.iter().any(|key| key.id == id && !key.root) {
        bail!(
            "the AccessKey ID {id} given for the root account is already that of an additional AccessKey"
        );
    }
    let key = AccessKey {
        id: id.to_owned(),
        secret: secret.to_owned(),
        owner: account,
        user: None,
        enabled: true,
        root: true,
        created_ms: now_ms,
        comment: "given by the operator".to_owned(),
    };
    // The new one first: a crash between the two leaves one root key too many, never none.
    store
        .put_access_key(key.clone())
        .await
        .context("cannot store the root AccessKey")?;
    for old in stored.iter().filter(|old| old.root && old.id != id) {
        store
            .delete_access_key(&old.id)
            .await
            .context("cannot remove the former root AccessKey")?;
    }
    Ok(RootKey { key, fresh: false })
}

/// A new AccessKey ID: 24 letters and digits, recognisable by its beginning.
pub(crate) fn new_id() -> Result<String> {
    Ok(format!(
        "FOSSE{}",
        random_text(19, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")?
    ))
}

/// A new secret: 40 letters and digits, about 238 bits.
pub(crate) fn new_secret() -> Result<String> {
    random_text(
        40,
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    )
}

/// A new account id: 16 digits, as those of the public service look.
fn new_account() -> Result<String> {
    Ok(format!("1{}", random_text(15, b"0123456789")?))
}

fn random_text(length: usize, alphabet: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(length);
    // Bytes beyond the last whole multiple of the alphabet are thrown away: each letter is equally likely.
    let limit = 256 / alphabet.len() * alphabet.len();
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)
            .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
        let letters = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < limit);
        text.extend(
            letters
                .map(|byte| char::from(alphabet[byte % alphabet.len()]))
                .take(length - text.len()),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{establish, new_account, new_id, new_secret};
    use fosse_store::Store;

    #[test]
    fn shapes() {
        let id = new_id().unwrap();
        assert_eq!(id.len(), 24);
        assert!(id.starts_with("FOSSE") && id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let secret = new_secret().unwrap();
        assert!(secret.len() == 40 && secret.bytes().all(|b| b.is_ascii_alphanumeric()));
        let account = new_account().unwrap();
        assert!(account.len() == 16 && account.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(new_id().unwrap(), id);
    }

    #[tokio::test]
    async fn a_given_key_replaces_the_stored_one_and_keeps_the_account() {
        let store = Store::memory();
        let made = establish(&store, None, 1).await.unwrap();
        assert!(made.fresh);
        let again = establish(&store, None, 2).await.unwrap();
        assert!(!again.fresh);
        assert_eq!(again.key.id, made.key.id);
        let given = establish(&store, Some(("MyKey", "MySecret")), 3)
            .await
            .unwrap();
        assert_eq!(given.key.owner, made.key.owner);
        assert!(store.access_key(&made.key.id).is_none());
        let keys = store.access_keys();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].secret, "MySecret");
        assert!(!establish(&store, None, 4).await.unwrap().fresh);
    }
}
