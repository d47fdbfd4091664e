//! Files of Arch packages: `/var/lib/pacman/local/*/files`, the lines below `%FILES%`, without their first slash.

use super::lines::each_line;
use super::paths::Paths;
use crate::collect::Root;
use std::io;

/// Changes with every installation.
pub(super) const STAMP: &str = "/var/lib/pacman/local";

/// Adds what pacman knows; answers false when this machine has none of it.
pub(super) fn add(root: &Root, paths: &mut Paths) -> io::Result<bool> {
    let local = match std::fs::read_dir(root.path(STAMP)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let mut any = false;
    let mut path = Vec::new();
    for entry in local {
        let mut is_file = false;
        let read = each_line(&entry?.path().join("files"), |line| match line {
            [b'%', ..] => is_file = line == b"%FILES%",
            [_, ..] if is_file => {
                path.clear();
                path.push(b'/');
                path.extend_from_slice(line);
                paths.add(&path);
            }
            _ => {}
        });
        // `ALPM_DB_VERSION` stands among the packages and has no files.
        any |= read.is_ok();
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_owned_and_backup_sums_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::fixture(folder.path());
        let package = folder.path().join("var/lib/pacman/local/bash-5.2-1");
        std::fs::create_dir_all(&package).unwrap();
        let files = "%FILES%\nusr/\nusr/bin/bash\n\n%BACKUP%\netc/bash.bashrc\t0123\n";
        std::fs::write(package.join("files"), files).unwrap();
        let mut paths = Paths::new(&root);
        assert!(add(&root, &mut paths).unwrap());
        paths.settle();
        assert!(paths.contains("/usr/bin/bash"));
        assert_eq!(paths.len(), 2);
    }
}
