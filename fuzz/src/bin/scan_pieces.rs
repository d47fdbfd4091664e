//! The target `scan_pieces` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| home_soc_fuzz::scan_pieces::run(data));
