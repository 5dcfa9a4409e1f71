//! Signing against the known answers in `tests/vectors`, by property, and by replaying fuzz seeds.

mod choices;
mod mutation;
mod signer;
mod vector;
mod verifier;
