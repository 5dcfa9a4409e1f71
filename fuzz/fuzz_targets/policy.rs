//! See `fosse_fuzz::policy::policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::policy::policy(data));
