//! Nonces that were used: a signed request is good once.

use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};

/// Most nonces that are remembered. At the window's length that is over a hundred calls a second; beyond it the oldest
/// are forgotten, so that a flood costs memory for nobody.
const MOST: usize = 200_000;

/// Nonces of the last while.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Hashes of AccessKey id and nonce.
    known: HashSet<[u8; 16]>,
    /// The same in the order of their end, Unix seconds.
    ends: VecDeque<(i64, [u8; 16])>,
}

impl Nonces {
    /// Notes a nonce of a key; `false` when it was used before. `window`: seconds for which a request of this moment
    /// could still be repeated.
    pub(crate) fn take(&self, access_key_id: &str, nonce: &str, now: i64, window: i64) -> bool {
        let hash = digest(access_key_id, nonce);
        let mut seen = self.0.lock();
        while let Some(&(end, old)) = seen.ends.front()
            && (end < now || seen.ends.len() >= MOST)
        {
            seen.ends.pop_front();
            seen.known.remove(&old);
        }
        if !seen.known.insert(hash) {
            return false;
        }
        seen.ends.push_back((now + window, hash));
        true
    }
}

/// Half of a SHA-256: two nonces do not meet by accident, nor by intent.
fn digest(access_key_id: &str, nonce: &str) -> [u8; 16] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(&(access_key_id.len() as u64).to_le_bytes());
    context.update(access_key_id.as_bytes());
    context.update(nonce.as_bytes());
    let mut half = [0; 16];
    for (out, byte) in half.iter_mut().zip(context.finish().as_ref()) {
        *out = *byte;
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_in_its_window() {
        let nonces = Nonces::default();
        assert!(nonces.take("a", "1", 100, 900));
        assert!(!nonces.take("a", "1", 100, 900));
        assert!(!nonces.take("a", "1", 1000, 900));
        // Another key, another nonce, and the same two texts split elsewhere.
        assert!(nonces.take("b", "1", 1000, 900));
        assert!(nonces.take("a", "2", 1000, 900));
        assert!(nonces.take("a1", "", 1000, 900));
        assert!(nonces.take("", "a1", 1000, 900));
        // Its window is over.
        assert!(nonces.take("a", "1", 1001, 900));
    }

    #[test]
    fn a_flood_does_not_grow_memory() {
        let nonces = Nonces::default();
        for at in 0..MOST + 1000 {
            assert!(nonces.take("a", &at.to_string(), 5, 900));
        }
        let seen = nonces.0.lock();
        assert!(seen.known.len() <= MOST && seen.ends.len() <= MOST);
    }
}
