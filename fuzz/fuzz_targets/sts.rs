//! See `fosse_fuzz::sign::sts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::sts(data));
