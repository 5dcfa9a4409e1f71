//! Caches of decoded records that a writer can make right without a window of staleness.
//!
//! A reader that missed takes a stamp, reads the metadata, and may fill the cache only if no writer touched the
//! key's stripe since. Writers go through the engine's single order of batches (`Batch::after`), so the last
//! one to touch the cache is the last one to have applied.

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::hash::{BuildHasher, Hash, RandomState};

const STRIPES: usize = 1024;

/// Weight of a cached value in bytes.
pub(crate) trait Weigh {
    fn bytes(&self) -> u64;
}

#[derive(Clone)]
pub(crate) struct ByBytes;

impl<K: Weigh, V: Weigh> Weighter<K, V> for ByBytes {
    fn weight(&self, key: &K, value: &V) -> u64 {
        key.bytes() + value.bytes()
    }
}

/// What a reader saw of a key's stripe before it read the metadata.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    stripe: usize,
    writes: u64,
}

pub(crate) struct Hot<K, V> {
    cache: Cache<K, V, ByBytes>,
    hasher: RandomState,
    writes: Vec<Mutex<u64>>,
}

impl<K: Eq + Hash + Weigh, V: Clone + Weigh> Hot<K, V> {
    /// Holds about `capacity` bytes of entries of about `expected` bytes each.
    pub(crate) fn new(capacity: u64, expected: u64) -> Self {
        let items = usize::try_from(capacity / expected.max(1))
            .unwrap_or(usize::MAX)
            .max(16);
        Hot {
            cache: Cache::with_weighter(items, capacity, ByBytes),
            hasher: RandomState::new(),
            writes: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
        }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.cache.get(key)
    }

    fn stripe<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        (self.hasher.hash_one(key) as usize) % STRIPES
    }

    /// To be taken before the metadata is read.
    pub(crate) fn stamp<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Stamp {
        let stripe = self.stripe(key);
        Stamp {
            stripe,
            writes: *self.writes[stripe].lock(),
        }
    }

    /// Offers what was read, unless a writer came between.
    pub(crate) fn fill(&self, stamp: Stamp, key: K, value: V) {
        let writes = self.writes[stamp.stripe].lock();
        if *writes == stamp.writes {
            self.cache.insert(key, value);
        }
    }

    /// Records what a batch made of the key. To be called in the order in which batches applied.
    pub(crate) fn wrote(&self, key: K, value: Option<V>) {
        let mut writes = self.writes[self.stripe(&key)].lock();
        *writes += 1;
        match value {
            Some(value) => self.cache.insert(key, value),
            None => {
                self.cache.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for u32 {
        fn bytes(&self) -> u64 {
            4
        }
    }

    #[test]
    fn a_reader_that_was_overtaken_does_not_fill() {
        let hot: Hot<u32, u32> = Hot::new(1 << 20, 8);
        let stamp = hot.stamp(&1);
        hot.wrote(1, Some(20));
        hot.fill(stamp, 1, 10);
        assert_eq!(hot.get(&1), Some(20));

        let stamp = hot.stamp(&1);
        hot.wrote(1, None);
        hot.fill(stamp, 1, 20);
        assert_eq!(hot.get(&1), None);

        let stamp = hot.stamp(&1);
        hot.fill(stamp, 1, 30);
        assert_eq!(hot.get(&1), Some(30));
    }
}
