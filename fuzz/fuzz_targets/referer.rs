//! See `fosse_fuzz::policy::referer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::policy::referer(data));
