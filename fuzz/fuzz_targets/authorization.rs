//! See `fosse_fuzz::sign::authorization`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::authorization(data));
