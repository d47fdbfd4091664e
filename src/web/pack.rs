//! Packs the files of the web page while the program is built, so that it carries them as they go over the wire.
//!
//! It runs before the program exists and is no part of it.

use flate2::{Compression, GzBuilder};
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

const FILES: [&str; 4] = ["page.html", "style.css", "chart.umd.min.js", "icon.svg"];

/// The modules of our own script, each after those that it imports.
const MODULES: [&str; 5] = ["words", "api", "charts", "view", "app"];

fn main() -> io::Result<()> {
    let mut script = String::from("\"use strict\";\n");
    for module in MODULES {
        script.push_str(&in_one_script(module, &String::from_utf8_lossy(&read(&format!("{module}.js"))?)));
    }
    pack("app.js", script.as_bytes())?;
    FILES.iter().try_for_each(|file| pack(file, &read(file)?))
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    let path = Path::new("src/web/assets").join(file);
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", path.display())?;
    fs::read(path)
}

fn pack(file: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    // No time and no name in it: the same files make the same program.
    let out = fs::File::create(Path::new(&folder).join(format!("{file}.gz")))?;
    let mut packer = GzBuilder::new().mtime(0).write(out, Compression::best());
    packer.write_all(bytes)?;
    packer.finish().map(drop)
}

/// A module as a part of one script, so that a browser asks once and not five times: a function that answers what the
/// module exports. An import is a line of its own, and what is exported is named on the line that says so.
fn in_one_script(module: &str, text: &str) -> String {
    let mut body = String::new();
    let mut exports = Vec::new();
    for line in text.lines() {
        let line = match line.strip_prefix("export ") {
            Some(rest) => {
                let mut words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
                let kinds = ["async", "function", "class", "const"];
                exports.extend(words.find(|word| !word.is_empty() && !kinds.contains(word)));
                rest.to_owned()
            }
            None => match line.strip_prefix("import ").and_then(|rest| rest.split_once(" from \"./")) {
                Some((names, file)) => {
                    let names = names.trim_start_matches("* as ");
                    format!("const {names} = ${};", file.trim_end_matches(".js\";"))
                }
                None => line.to_owned(),
            },
        };
        body.push_str(&line);
        body.push('\n');
    }
    format!("const ${module} = (() => {{\n{body}return {{ {} }};\n}})();\n", exports.join(", "))
}
