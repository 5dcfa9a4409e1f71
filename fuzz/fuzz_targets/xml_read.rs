//! See `fosse_fuzz::protocol::xml_read`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::protocol::xml_read(data));
