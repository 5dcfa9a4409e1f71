//! Replays the seeds of the fuzz targets on the stable toolchain, through the very functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/protocol.rs"]
mod protocol;
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

replay::replayed!(protocol: xml_read, query, target, operation, copy_source, tagging, range, continuation_token, form, callback);
