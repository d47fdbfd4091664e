//! The target `utmp` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| home_soc_fuzz::utmp::run(data));
