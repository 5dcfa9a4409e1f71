//! Signing against the known answers in `tests/vectors`, by property, and by replaying fuzz seeds.

mod choices;
mod diagnosis;
mod form;
mod million;
mod mutation;
mod properties;
mod refusals;
#[allow(unreachable_pub)]
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
mod seeds;
mod signer;
mod source_limit;
mod sts;
mod vector;
mod verifier;
