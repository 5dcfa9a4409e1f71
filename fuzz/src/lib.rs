//! What each fuzz target does with its input. Targets only call these functions, and a test on the stable toolchain
//! replays the seeds through the same functions (`tests/fuzz_seeds.rs` of the crate that is fuzzed).

pub mod network;
pub mod policy;
pub mod protocol;
pub mod rpc;
pub mod select;
pub mod sign;
