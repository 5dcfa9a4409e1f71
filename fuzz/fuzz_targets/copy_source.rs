//! See `fosse_fuzz::protocol::copy_source`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::copy_source(data));
