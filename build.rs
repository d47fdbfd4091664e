//! Packs the files of the web page, so that the program carries them as they go over the wire.

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
    for file in FILES {
        let path = Path::new("src/web/assets").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        // No time and no name in it: the same files make the same program.
        let out = fs::File::create(Path::new(&folder).join(format!("{file}.gz")))?;
        let mut packer = GzBuilder::new().mtime(0).write(out, Compression::best());
        packer.write_all(&fs::read(&path)?)?;
        packer.finish()?;
    }
    Ok(())
}
