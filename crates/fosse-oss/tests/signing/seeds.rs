//! Replays the seeds of the signing fuzz targets on the stable toolchain, through the functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../../fuzz/src/sign.rs"]
mod targets;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut seeds = 0;
    for entry in
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 5, "{} has {seeds} seeds", folder.display());
}

macro_rules! replayed {
    ($($target:ident),+) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), targets::$target);
        })+
    };
}

replayed!(
    authorization,
    presented_url,
    credential_scope,
    form_policy,
    verify,
    sts
);
