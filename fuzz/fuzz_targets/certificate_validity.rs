//! See `fosse_fuzz::network::certificate_validity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::network::certificate_validity(data));
