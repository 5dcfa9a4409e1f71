//! See `fosse_fuzz::sign::credential_scope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::credential_scope(data));
