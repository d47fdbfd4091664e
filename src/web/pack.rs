//! Packs the files of the web page while the program is built, so that it carries them as they go over the wire.
//!
//! It runs before the program exists and is no part of it.

use flate2::{Compression, GzBuilder};
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

const FILES: [&str; 9] = [
    "page.html",
    "app.js",
    "api.js",
    "charts.js",
    "view.js",
    "words.js",
    "style.css",
    "chart.umd.min.js",
    "icon.svg",
];

fn main() -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let mut cargo = io::stdout().lock();
    for file in FILES {
        let path = Path::new("src/web/assets").join(file);
        writeln!(cargo, "cargo::rerun-if-changed={}", path.display())?;
        // No time and no name in it: the same files make the same program.
        let out = fs::File::create(Path::new(&folder).join(format!("{file}.gz")))?;
        let mut packer = GzBuilder::new().mtime(0).write(out, Compression::best());
        packer.write_all(&fs::read(&path)?)?;
        packer.finish()?;
    }
    Ok(())
}
