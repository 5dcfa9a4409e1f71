//! Replays the seeds of the fuzz targets on the stable toolchain, through the very functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/policy.rs"]
mod policy_targets;
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

replay::replayed!(policy_targets: policy, referer);
