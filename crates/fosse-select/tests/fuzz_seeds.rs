//! Replays the seeds of the fuzz targets on the stable toolchain, through the very functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/select.rs"]
mod target;

replay::replayed!(target: select);
