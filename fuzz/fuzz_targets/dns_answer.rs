//! See `fosse_fuzz::network::dns_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::network::dns_answer(data));
