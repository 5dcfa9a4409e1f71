//! Replays the seeds of the fuzz targets of this crate on the stable toolchain, through the very functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/network.rs"]
mod network;
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[allow(unreachable_pub)]
#[path = "../../../fuzz/src/rpc.rs"]
mod rpc;

replay::replayed!(network: proxy_header, dns_answer, certificate_validity);
replay::replayed!(rpc: rpc_call, admin_call);
