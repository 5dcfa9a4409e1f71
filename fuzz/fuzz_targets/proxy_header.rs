//! See `fosse_fuzz::network::proxy_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::network::proxy_header(data));
