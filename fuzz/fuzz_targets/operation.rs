//! See `fosse_fuzz::protocol::operation`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::operation(data));
