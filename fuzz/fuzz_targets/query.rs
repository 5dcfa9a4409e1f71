//! See `fosse_fuzz::protocol::query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::query(data));
