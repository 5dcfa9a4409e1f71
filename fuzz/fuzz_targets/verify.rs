//! See `fosse_fuzz::sign::verify`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::verify(data));
