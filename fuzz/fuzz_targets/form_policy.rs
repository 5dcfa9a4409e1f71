//! See `fosse_fuzz::sign::form_policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::form_policy(data));
