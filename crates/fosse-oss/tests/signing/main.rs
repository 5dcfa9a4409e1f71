//! Signing against the known answers in `tests/vectors`, by property, and by replaying fuzz seeds.

mod choices;
mod diagnosis;
mod form;
mod million;
mod mutation;
mod properties;
mod refusals;
mod seeds;
mod signer;
mod source_limit;
mod sts;
mod vector;
mod verifier;
