//! See `fosse_fuzz::sign::presented_url`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::sign::presented_url(data));
