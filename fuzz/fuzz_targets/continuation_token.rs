//! See `fosse_fuzz::protocol::continuation_token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::continuation_token(data));
