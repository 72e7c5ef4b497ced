#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pgtap_cov_fuzz::database(input));
