//! Master keys: what seals the secrets that the store keeps (data keys of encrypted objects, AccessKey secrets,
//! tokens, private keys of certificates).
//!
//! There are several, each with an id; one is current and seals, all of them open. Rotation adds a key and makes it
//! current, so what was sealed before keeps opening. They live in a file of their own ([`file`]), apart from what
//! they seal, so that it can be kept elsewhere.
//!
//! A sealed value is `01 | id of the master key (8) | salt (24) | ciphertext | tag (16)`. Each value has a key of its
//! own, HMAC-SHA-256 of purpose and salt under the master key, and is encrypted with AES-256-GCM under it. With a fresh
//! random salt for each value a key is used once, so its nonce can be fixed, and a master key may seal any number of
//! values (a random 96-bit nonce would end at 2^32 of them). A value sealed for one purpose does not open for another,
//! and not with other associated data.

pub(crate) mod file;

use crate::error::{Result, StoreError};
use crate::version::fill_random;
use file::Witness;
use parking_lot::{Mutex, RwLock};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Version byte of sealed values.
const SEALED: u8 = 1;
const SALT: usize = 24;
const TAG: usize = 16;
/// Version, id and salt.
const HEAD: usize = 1 + KeyId::BYTES + SALT;

/// Names a master key: eight bytes that follow from the key itself, so that a damaged key is known by its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyId([u8; KeyId::BYTES]);

impl KeyId {
    const BYTES: usize = 8;

    /// From 16 lower-case hex digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        file::unhex(text).map(KeyId)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The bytes of a master key. Neither printed nor compared.
#[derive(Clone)]
pub(crate) struct Secret([u8; Secret::BYTES]);

impl Secret {
    pub(crate) const BYTES: usize = 32;

    fn random() -> Result<Self> {
        let mut secret = [0; Self::BYTES];
        fill_random(&mut secret)?;
        Ok(Secret(secret))
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    pub(crate) fn id(&self) -> KeyId {
        let digest = hmac::sign(&self.key(), b"fosse master key id");
        let mut id = [0; KeyId::BYTES];
        id.copy_from_slice(&digest.as_ref()[..KeyId::BYTES]);
        KeyId(id)
    }
}

/// The keys at one time. The current one is first.
struct Ring(Vec<(KeyId, hmac::Key)>);

impl Ring {
    fn new(secrets: &[Secret]) -> Self {
        Ring(secrets.iter().map(|s| (s.id(), s.key())).collect())
    }
}

/// The master keys of a store. Cheap to clone; all clones see a rotation. `Debug` shows ids only.
#[derive(Clone)]
pub struct MasterKeys(Arc<Inner>);

struct Inner {
    ring: RwLock<Ring>,
    /// Where the keys are kept; `None` in memory. Held while they are changed.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    path: PathBuf,
    witness: Witness,
}

impl MasterKeys {
    /// One random key that is kept nowhere: for a store in memory.
    ///
    /// # Panics
    /// When the operating system has no randomness, without which no map could be made either.
    pub fn in_memory() -> Self {
        #[allow(
            clippy::expect_used,
            reason = "documented; a store cannot be made without randomness"
        )]
        let secret = Secret::random().expect("the operating system gives randomness");
        Self::of(&[secret], None)
    }

    /// Opens the keys of the data directory `dir` from `path`, or makes them there when the directory has never
    /// had any. The directory must be locked.
    ///
    /// Errors: [`StoreError::Format`] when the file is damaged, or lacks a key that the directory was used with (its
    /// values could not be opened any more); [`StoreError::Io`].
    pub(crate) fn load(dir: &Path, path: &Path) -> Result<Self> {
        let witness = Witness::of(dir);
        let used = witness.read()?;
        let secrets = match file::read(path)? {
            Some(secrets) => secrets,
            None => {
                if let Some(id) = used.first() {
                    return Err(StoreError::Format(format!(
                        "{} is not there, but the data directory was used with master key {id}: put the file back, \
                         or name the place where it is now",
                        path.display()
                    )));
                }
                let secrets = vec![Secret::random()?];
                file::write(path, &secrets)?;
                secrets
            }
        };
        let ids: Vec<KeyId> = secrets.iter().map(Secret::id).collect();
        if let Some(id) = used.iter().find(|id| !ids.contains(id)) {
            return Err(StoreError::Format(format!(
                "{} lacks master key {id}, which the data directory was used with: put back the file that has it",
                path.display()
            )));
        }
        witness.write(&used, &ids)?;
        let path = path.to_owned();
        Ok(Self::of(&secrets, Some(Kept { path, witness })))
    }

    fn of(secrets: &[Secret], kept: Option<Kept>) -> Self {
        MasterKeys(Arc::new(Inner {
            ring: RwLock::new(Ring::new(secrets)),
            kept: Mutex::new(kept),
        }))
    }

    /// Encrypts and authenticates `plain` under the current key. `purpose` separates kinds of values: what is sealed
    /// for one does not open for another; use a constant text. `aad` is authenticated and not kept: give to
    /// [`MasterKeys::open`] the same, for instance the name of what the value belongs to. The result has 49 bytes more.
    ///
    /// Errors: [`StoreError::Io`] when the operating system gives no randomness.
    pub fn seal(&self, purpose: &str, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(HEAD + plain.len() + TAG);
        let mut salt = [0; SALT];
        fill_random(&mut salt)?;
        let ring = self.0.ring.read();
        let Some((id, master)) = ring.0.first() else {
            return Err(StoreError::Corrupt("there is no master key".into()));
        };
        out.push(SEALED);
        out.extend_from_slice(&id.0);
        out.extend_from_slice(&salt);
        let mut bytes = plain.to_vec();
        let aad = Aad::from([&out, aad].concat());
        value_key(master, purpose, &salt)?
            .seal_in_place_append_tag(nonce(), aad, &mut bytes)
            .map_err(|_| StoreError::Corrupt("a value is too long to be sealed".into()))?;
        out.append(&mut bytes);
        Ok(out)
    }

    /// Opens what [`MasterKeys::seal`] made with the same `purpose` and `aad`, under whichever key it was sealed.
    ///
    /// Errors: [`StoreError::Corrupt`] when it was made for something else, altered, cut, or sealed under a key that
    /// is not in the ring. The text names the key, never the value.
    pub fn open(&self, purpose: &str, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let unreadable = |why: &str| StoreError::Corrupt(format!("sealed {purpose}: {why}"));
        let Some((head, bytes)) = sealed.split_at_checked(HEAD) else {
            return Err(unreadable("it is cut off"));
        };
        let Some((id, salt)) = head
            .strip_prefix(&[SEALED])
            .and_then(|rest| rest.split_first_chunk::<{ KeyId::BYTES }>())
        else {
            return Err(unreadable("its version is unknown"));
        };
        let id = KeyId(*id);
        let ring = self.0.ring.read();
        let Some((_, master)) = ring.0.iter().find(|(known, _)| *known == id) else {
            return Err(unreadable(&format!("there is no master key {id}")));
        };
        let mut bytes = bytes.to_vec();
        let aad = Aad::from([head, aad].concat());
        let len = value_key(master, purpose, salt)?
            .open_in_place(nonce(), aad, &mut bytes)
            .map_err(|_| unreadable("it is not authentic"))?
            .len();
        bytes.truncate(len);
        Ok(bytes)
    }

    /// Adds a key, makes it current, and keeps it in the file before it is used. Returns its id. Values that are
    /// sealed already stay sealed under their key, which stays in the file.
    ///
    /// Errors: [`StoreError::Io`], [`StoreError::Format`]; the ring is then as it was.
    pub fn rotate(&self) -> Result<String> {
        let kept = self.0.kept.lock();
        let secret = Secret::random()?;
        let id = secret.id();
        if let Some(Kept { path, witness }) = &*kept {
            let mut secrets = file::read(path)?.unwrap_or_default();
            let before: Vec<KeyId> = secrets.iter().map(Secret::id).collect();
            if let Some((lost, _)) = self
                .0
                .ring
                .read()
                .0
                .iter()
                .find(|(id, _)| !before.contains(id))
            {
                return Err(StoreError::Format(format!(
                    "{} lacks master key {lost}, which is in use",
                    path.display()
                )));
            }
            secrets.insert(0, secret.clone());
            file::write(path, &secrets)?;
            let ids: Vec<KeyId> = secrets.iter().map(Secret::id).collect();
            witness.write(&before, &ids)?;
        }
        self.0.ring.write().0.insert(0, (id, secret.key()));
        Ok(id.to_string())
    }

    /// Ids of the keys, 16 hex digits each, the current one first.
    pub fn ids(&self) -> Vec<String> {
        let ring = self.0.ring.read();
        ring.0.iter().map(|(id, _)| id.to_string()).collect()
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MasterKeys").field(&self.ids()).finish()
    }
}

/// The key of one value.
fn value_key(master: &hmac::Key, purpose: &str, salt: &[u8]) -> Result<LessSafeKey> {
    let mut context = hmac::Context::with_key(master);
    context.update(b"fosse sealed value\0");
    context.update(&(purpose.len() as u64).to_be_bytes());
    context.update(purpose.as_bytes());
    context.update(salt);
    let key = UnboundKey::new(&AES_256_GCM, context.sign().as_ref())
        .map_err(|_| StoreError::Corrupt("a derived key has the wrong size".into()))?;
    Ok(LessSafeKey::new(key))
}

/// Each value has its own key, so there is one nonce.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn open(dir: &Path) -> Result<MasterKeys> {
        MasterKeys::load(dir, &dir.join(file::NAME))
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_purpose_and_data_only() {
        let keys = MasterKeys::in_memory();
        let sealed = keys.seal("secret", b"key-1", b"plain text").unwrap();
        assert_eq!(sealed.len(), 10 + 49);
        assert!(!sealed.windows(5).any(|part| part == b"plain"));
        assert_eq!(
            keys.open("secret", b"key-1", &sealed).unwrap(),
            b"plain text"
        );
        for (purpose, aad) in [
            ("token", &b"key-1"[..]),
            ("secret", b"key-2"),
            ("secret", b""),
            ("secre", b"tkey-1"),
        ] {
            let opened = keys.open(purpose, aad, &sealed);
            assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{purpose}");
        }
        let other = MasterKeys::in_memory();
        let Err(StoreError::Corrupt(text)) = other.open("secret", b"key-1", &sealed) else {
            panic!("opened by a stranger")
        };
        assert!(
            text.contains(&keys.ids()[0]) && !text.contains("plain"),
            "{text}"
        );
        // The same value is never sealed to the same bytes.
        assert_ne!(
            keys.seal("secret", b"key-1", b"plain text").unwrap(),
            sealed
        );
        let empty = keys.seal("secret", b"", b"").unwrap();
        assert_eq!(keys.open("secret", b"", &empty).unwrap(), b"");
    }

    #[test]
    fn every_altered_or_cut_value_is_refused() {
        let keys = MasterKeys::in_memory();
        let sealed = keys.seal("p", b"a", b"value").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(keys.open("p", b"a", &altered).is_err(), "byte {at}");
            assert!(keys.open("p", b"a", &sealed[..at]).is_err(), "cut at {at}");
        }
        let longer = [&sealed[..], b"x"].concat();
        assert!(keys.open("p", b"a", &longer).is_err());
    }

    #[test]
    fn rotation_keeps_what_was_sealed_before() {
        let dir = tempfile::tempdir().unwrap();
        let keys = open(dir.path()).unwrap();
        let first = keys.seal("p", b"", b"1").unwrap();
        let id = keys.clone().rotate().unwrap();
        assert_eq!(keys.ids().len(), 2);
        assert_eq!(keys.ids()[0], id);
        let second = keys.seal("p", b"", b"2").unwrap();
        assert_ne!(first[1..9], second[1..9]);
        drop(keys);
        let again = open(dir.path()).unwrap();
        assert_eq!(again.ids()[0], id);
        assert_eq!(again.open("p", b"", &first).unwrap(), b"1");
        assert_eq!(again.open("p", b"", &second).unwrap(), b"2");
        let memory = MasterKeys::in_memory();
        let before = memory.seal("p", b"", b"m").unwrap();
        memory.rotate().unwrap();
        assert_eq!(memory.open("p", b"", &before).unwrap(), b"m");
    }

    #[test]
    fn the_file_is_for_its_owner_and_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        let path = dir.path().join(file::NAME);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(open(dir.path()).unwrap().ids(), first.ids());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let secret = text.lines().find_map(|l| l.strip_prefix("key ")).unwrap();
        let secret = secret.split(' ').nth(1).unwrap();
        assert_eq!(secret.len(), 64);
        assert!(!format!("{first:?}").contains(secret));
        assert!(format!("{first:?}").contains(&first.ids()[0]));
    }

    #[test]
    fn a_lost_file_is_not_replaced_by_a_new_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys = open(dir.path()).unwrap();
        let path = dir.path().join(file::NAME);
        let old = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let Err(StoreError::Format(text)) = open(dir.path()) else {
            panic!("made another key")
        };
        assert!(text.contains(&keys.ids()[0]), "{text}");
        assert!(!path.exists());
        // A file of another directory does not do either, nor one from before a rotation.
        let other = tempfile::tempdir().unwrap();
        open(other.path()).unwrap();
        fs::copy(other.path().join(file::NAME), &path).unwrap();
        assert!(matches!(open(dir.path()), Err(StoreError::Format(_))));
        fs::write(&path, &old).unwrap();
        open(dir.path()).unwrap().rotate().unwrap();
        fs::write(&path, &old).unwrap();
        assert!(matches!(open(dir.path()), Err(StoreError::Format(_))));
    }

    #[test]
    fn the_file_may_be_elsewhere_and_be_moved() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("keys");
        let keys = MasterKeys::load(dir.path(), &path).unwrap();
        let sealed = keys.seal("p", b"", b"x").unwrap();
        assert!(!dir.path().join(file::NAME).exists());
        fs::rename(&path, dir.path().join(file::NAME)).unwrap();
        let moved = open(dir.path()).unwrap();
        assert_eq!(moved.open("p", b"", &sealed).unwrap(), b"x");
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_not_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let keys = MasterKeys::in_memory();
            prop_assert!(keys.open("p", b"", &bytes).is_err());
        }
    }
}
