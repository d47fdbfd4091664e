//! Every kept file of the fuzzers' corpora through its target again, without libFuzzer: a finding stays found.
//!
//! The promises stand in `fuzz/src`; `fuzz/run` looks for new findings.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise ends the test")]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "there it is a crate of its own, used by the fuzzers' programs")]
mod fuzz;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn every_kept_input_keeps_every_promise() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut broken = Vec::new();
    for (name, target) in fuzz::TARGETS {
        let files =
            fs::read_dir(corpus.join(name)).unwrap_or_else(|error| panic!("corpus of {name}: {error}"));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let data = fs::read(&path).unwrap();
            count += 1;
            if catch_unwind(|| target(&data)).is_err() {
                broken.push(path);
            }
        }
        assert!(count > 0, "the corpus of {name} is empty");
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_target_has_a_program_for_the_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/src/bin");
    let programs = fs::read_dir(folder).unwrap().count();
    assert_eq!(programs, fuzz::TARGETS.len());
}
