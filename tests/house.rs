//! The walls of the house: who may import whom, who owns stdout, and that each file says what it is for.
//!
//! A single crate has no walls of its own; this test is ours. It reads the text of `src/`, it runs nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import of ours. What is not listed here may import everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &[]),
    ("collect", &["model", "text"]),
    ("assess", &["model", "text"]),
    ("outputs", &["model", "text"]),
    ("tui", &["model", "text", "outputs"]),
    ("signals", &["tui", "collect"]),
    ("logs", &["tui", "collect"]),
    ("names", &["model", "tui"]),
    ("web", &["model", "text", "outputs"]),
    ("engine", &["model", "text", "collect", "assess", "outputs"]),
];

/// Rooms of the upper floors: nobody below may name them.
const UPPER: &[&str] = &["config", "cli", "heart", "modes", "messages", "plain", "scan"];

/// Foreign crates that the ground floor may use: data, time and the width of text, nothing that does I/O.
const GROUND_FLOOR_CRATES: &[&str] = &["serde", "chrono", "unicode_width", "unicode_segmentation"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> BTreeMap<PathBuf, String> {
    fn walk(dir: &Path, out: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.insert(path, text);
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(&src(), &mut out);
    assert!(out.len() > 20, "the sources were not found");
    out
}

/// The room of a file: its first folder below `src`, or its own name.
fn room(path: &Path) -> String {
    let below = path.strip_prefix(src()).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without its comments and without its tests, which may import what they like.
fn code(text: &str) -> String {
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    production
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms named by `crate::room` in the code, also within `use crate::{a, b::c}`.
fn rooms_named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(first_name(rest)),
        }
    }
    found
}

/// The first name of each member of an import group whose opening brace is already read.
fn first_names(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut start = 0;
    let mut names = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.extend(first_name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.extend(first_name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn every_arrow_points_downward() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else { continue };
        for named in rooms_named(&code(&text)) {
            let is_room = ARROWS.iter().any(|(name, _)| *name == named) || UPPER.contains(&named.as_str());
            if is_room && named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} imports crate::{named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the house forbids:\n{}", wrong.join("\n"));
}

#[test]
fn the_wall_sees_grouped_imports_too() {
    assert_eq!(rooms_named("use crate::{model::{Safe, Zone}, text, tui::theme};"), ["model", "text", "tui"]);
    assert_eq!(rooms_named("let x = crate::engine::beat();"), ["engine"]);
}

#[test]
fn the_ground_floor_and_the_judge_do_no_io_and_read_no_clock() {
    for (path, text) in sources() {
        let code = code(&text);
        let room = room(&path);
        if ["assess", "model", "text"].contains(&room.as_str()) {
            for forbidden in [
                "std::fs",
                "std::net::Tcp",
                "std::process",
                "Utc::now",
                "Local::now",
                "Instant::now",
                "SystemTime",
            ] {
                assert!(!code.contains(forbidden), "{} uses {forbidden}", path.display());
            }
        }
        if ["model", "text"].contains(&room.as_str()) {
            for line in code.lines().filter_map(|line| line.trim().strip_prefix("use ")) {
                let first = line.split([':', ';', ' ']).next().unwrap_or_default();
                let ours = ["std", "super", "crate", "self"].contains(&first);
                assert!(
                    ours || GROUND_FLOOR_CRATES.contains(&first) || code.contains(&format!("mod {first};")),
                    "{} imports {first}",
                    path.display()
                );
            }
        }
        assert!(room != "tui" || !code.contains("std::fs"), "{} touches files", path.display());
    }
}

#[test]
fn nothing_below_the_engine_reads_the_wall_clock() {
    for (path, text) in sources() {
        if ["collect", "outputs"].contains(&room(&path).as_str()) {
            let code = code(&text);
            for forbidden in ["Utc::now", "Local::now"] {
                assert!(
                    !code.contains(forbidden),
                    "{} uses {forbidden}: take `now` as an argument",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{} has no //! header", path.display());
    }
}

#[test]
fn nobody_prints_but_through_the_writer_that_was_given() {
    let macros = ["print!(", "println!(", "eprint!(", "eprintln!("];
    for (path, text) in sources() {
        let code = code(&text);
        for name in &macros {
            let used = code
                .match_indices(name)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            assert!(!used, "{} uses {name}): write to the writer it was given", path.display());
        }
    }
}
