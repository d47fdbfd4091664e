//! Files of Debian packages: `/var/lib/dpkg/info/*.list`, one path a line, and the files moved aside for others.

use super::lines::each_line;
use super::paths::Paths;
use crate::collect::Root;
use std::io;

/// Change with every step of an installation.
pub(super) const STAMPS: [&str; 3] = ["/var/lib/dpkg/status", "/var/lib/dpkg/info", "/var/lib/dpkg/updates"];

/// Adds what dpkg knows; answers false when this machine has none of it.
pub(super) fn add(root: &Root, paths: &mut Paths) -> io::Result<bool> {
    let info = match std::fs::read_dir(root.path("/var/lib/dpkg/info")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    for entry in info {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "list") {
            continue;
        }
        each_line(&path, |line| paths.add(line))?;
    }
    // Three lines each: the path, where the package's own file went to, and for whom.
    let mut at = 0;
    let moved = each_line(&root.path("/var/lib/dpkg/diversions"), |line| {
        if at % 3 == 1 {
            paths.add(line);
        }
        at += 1;
    });
    match moved {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_and_every_diverted_file_is_owned() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::fixture(folder.path());
        assert!(!add(&root, &mut Paths::new(&root)).unwrap());

        let info = folder.path().join("var/lib/dpkg/info");
        std::fs::create_dir_all(&info).unwrap();
        std::fs::write(info.join("a.list"), "/.\n/usr\n/usr/bin/a b\n/usr/bin/\u{e4}\n").unwrap();
        std::fs::write(info.join("a.md5sums"), "00  /usr/bin/no\n").unwrap();
        let diversions = "/usr/bin/a b\n/usr/bin/a.distrib\nb\n";
        std::fs::write(folder.path().join("var/lib/dpkg/diversions"), diversions).unwrap();
        let mut paths = Paths::new(&root);
        assert!(add(&root, &mut paths).unwrap());
        paths.settle();
        for owned in ["/usr/bin/a b", "/usr/bin/\u{e4}", "/usr/bin/a.distrib"] {
            assert!(paths.contains(owned), "{owned}");
        }
        assert!(!paths.contains("/usr/bin/no"));
    }
}
