//! Replays seeds through the function of their fuzz target: as they are, and with each byte in turn missing or changed. Part of the
//! tests of the crates that are fuzzed (`tests/fuzz_seeds.rs`), not of the targets.

use std::fs;
use std::path::Path;

/// Places of a seed that are changed: more of them would take long for large seeds.
const PLACES: usize = 60;

/// Runs every seed of a target.
pub fn replay(target: &str, run: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let seed = fs::read(&path).unwrap();
        run(&seed);
        for at in (0..seed.len()).step_by(1 + seed.len() / PLACES) {
            let mut cut = seed.clone();
            cut.remove(at);
            run(&cut);
            let mut changed = seed.clone();
            changed[at] ^= 0x10;
            run(&changed);
            run(&seed[..at]);
        }
        count += 1;
    }
    assert!(count > 0, "no seeds in {}", dir.display());
}

/// A test for each target of a module.
macro_rules! replayed {
    ($module:ident: $($target:ident),+ $(,)?) => {
        $(#[test]
        fn $target() {
            crate::replay::replay(stringify!($target), $module::$target);
        })+
    };
}
pub(crate) use replayed;
