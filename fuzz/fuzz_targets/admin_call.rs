//! See `fosse_fuzz::rpc::admin_call`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fosse_fuzz::rpc::admin_call(data));
