//! See `fosse_fuzz::protocol::callback`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::callback(data));
