//! Replays the seeds of the fuzz targets on the stable toolchain, through the very functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/policy.rs"]
mod policy;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let seed = fs::read(&path).unwrap();
        run(&seed);
        // And with each byte in turn missing or changed.
        for at in (0..seed.len()).step_by(1 + seed.len() / 60) {
            let mut cut = seed.clone();
            cut.remove(at);
            run(&cut);
            let mut changed = seed.clone();
            changed[at] ^= 0x10;
            run(&changed);
        }
        count += 1;
    }
    assert!(count > 0, "no seeds in {}", dir.display());
}

#[test]
fn policy() {
    replay("policy", policy::policy);
}

#[test]
fn referer() {
    replay("referer", policy::referer);
}
