//! See `fosse_fuzz::select::select`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::select::select(data));
