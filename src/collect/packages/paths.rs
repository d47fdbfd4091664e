//! A set of paths in eight bytes each: a sorted list of keyed hashes.
//!
//! 120,000 paths take 1 MB. The key is drawn anew at each start, so that nobody can name a file that falls
//! together with a package's. It answers whether a path is in the set, and cannot tell which paths are.

use crate::collect::Root;
use std::hash::{BuildHasher, RandomState};

/// Folders that are links to others on machines with one `/usr`, and one folder of programs below it.
const MAY_BE_LINKS: [&str; 9] =
    ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr/sbin", "/usr/lib64", "/var/run"];

/// Links to links: `/sbin` to `/usr/sbin` to `/usr/bin`.
const LINK_STEPS: usize = 3;

/// Which folders of a machine are links to which others.
#[derive(Debug, Default, Clone)]
struct Aliases(Vec<(String, String)>);

/// A set of absolute paths.
#[derive(Debug)]
pub(super) struct Paths {
    key: RandomState,
    hashes: Vec<u64>,
    aliases: Aliases,
    scratch: Vec<u8>,
}

impl Aliases {
    fn of(root: &Root) -> Self {
        let target = |folder: &str| {
            let target = std::fs::read_link(root.path(folder)).ok()?;
            let target = target.to_str()?.trim_end_matches('/').to_owned();
            let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            let target = if target.starts_with('/') { target } else { format!("{parent}/{target}") };
            Some((format!("{folder}/"), format!("{target}/")))
        };
        Self(MAY_BE_LINKS.iter().filter_map(|folder| target(folder)).collect())
    }

    /// Writes the path with its links followed.
    fn resolve(&self, path: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(path);
        for _ in 0..LINK_STEPS {
            let link = self.0.iter().find(|(link, _)| out.starts_with(link.as_bytes()));
            let Some((link, target)) = link else { return };
            out.splice(..link.len(), target.bytes());
        }
    }
}

impl Paths {
    /// An empty set for the machine below `root`.
    pub(super) fn new(root: &Root) -> Self {
        Self { key: RandomState::new(), hashes: Vec::new(), aliases: Aliases::of(root), scratch: Vec::new() }
    }

    /// Adds an absolute path. [`Paths::settle`] must follow before the set is asked.
    pub(super) fn add(&mut self, path: &[u8]) {
        self.aliases.resolve(path, &mut self.scratch);
        self.hashes.push(self.key.hash_one(&self.scratch));
    }

    /// Sorts what was added.
    pub(super) fn settle(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.hashes.shrink_to_fit();
    }

    /// Tells whether the path was added.
    pub(super) fn contains(&self, path: &str) -> bool {
        let mut resolved = Vec::with_capacity(path.len() + 8);
        self.aliases.resolve(path.as_bytes(), &mut resolved);
        self.hashes.binary_search(&self.key.hash_one(&resolved)).is_ok()
    }

    /// The number of paths.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_is_found_under_each_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("usr")).unwrap();
        symlink("usr/bin", folder.path().join("bin")).unwrap();
        symlink("usr/sbin", folder.path().join("sbin")).unwrap();
        symlink("bin", folder.path().join("usr/sbin")).unwrap();
        let mut paths = Paths::new(&Root::fixture(folder.path()));
        paths.add(b"/bin/sleep");
        paths.add(b"/usr/sbin/sshd");
        paths.add(b"/usr/sbin/sshd");
        paths.settle();
        assert_eq!(paths.len(), 2);
        for name in ["/bin/sleep", "/usr/bin/sleep", "/sbin/sshd", "/usr/sbin/sshd", "/usr/bin/sshd"] {
            assert!(paths.contains(name), "{name}");
        }
        for name in ["/usr/bin/slee", "/tmp/usr/bin/sleep", "", "/"] {
            assert!(!paths.contains(name), "{name}");
        }
    }
}
