//! The target `timestamp` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| home_soc_fuzz::timestamp::run(data));
