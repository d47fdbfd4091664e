//! The target `line` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| home_soc_fuzz::line::run(data));
