//! Files of Alpine packages: one text, where `F:` names a folder and each `R:` below it a file.

use super::lines::each_line;
use super::paths::Paths;
use crate::collect::Root;
use std::io;

/// Where it stands, older place first.
pub(super) const STAMPS: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

/// Adds what apk knows; answers false when this machine has none of it.
pub(super) fn add(root: &Root, paths: &mut Paths) -> io::Result<bool> {
    let Some(place) = STAMPS.iter().map(|place| root.path(place)).find(|place| place.exists()) else {
        return Ok(false);
    };
    let mut folder = Vec::new();
    each_line(&place, |line| match line {
        [b'F', b':', name @ ..] => {
            folder.clear();
            folder.push(b'/');
            folder.extend_from_slice(name);
            if !name.is_empty() {
                folder.push(b'/');
            }
        }
        [b'R', b':', name @ ..] => paths.add(&[&folder, name].concat()),
        _ => {}
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_below_the_folder_before_it() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(base.path().join("lib/apk/db")).unwrap();
        let text = "P:busybox\nF:\nR:rootfile\nF:bin\nR:busybox\na:0:0:755\n\nP:b\nF:usr/bin\nR:b\n";
        std::fs::write(base.path().join("lib/apk/db/installed"), text).unwrap();
        let root = Root::fixture(base.path());
        let mut paths = Paths::new(&root);
        assert!(add(&root, &mut paths).unwrap());
        paths.settle();
        for owned in ["/rootfile", "/bin/busybox", "/usr/bin/b"] {
            assert!(paths.contains(owned), "{owned}");
        }
        assert_eq!(paths.len(), 3);
    }
}
