//! The target `zone_rules` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| home_soc_fuzz::zone_rules::run(data));
