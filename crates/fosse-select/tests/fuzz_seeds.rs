//! Replays the seeds of the fuzz target on the stable toolchain, through the very function that the target calls.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/select.rs"]
mod target;

#[test]
fn select() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/select");
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        target::select(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}
