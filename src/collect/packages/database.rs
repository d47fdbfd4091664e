//! What the package systems of this machine list, read by file.

use super::paths::Paths;
#[cfg(feature = "login-db")]
use super::rpm;
use super::{apk, dpkg, pacman};
use crate::collect::Root;
use crate::model::{Provenance, Safe};
use std::io;
use std::time::SystemTime;

/// Stores that nothing but their package system writes to.
const STORES: [&str; 3] = ["/nix/store/", "/gnu/store/", "/snap/"];

/// What is asked of each package system.
type Add = fn(&Root, &mut Paths) -> io::Result<bool>;

/// The package systems that are known.
const SYSTEMS: &[(&str, Add)] = &[
    ("dpkg", dpkg::add),
    ("pacman", pacman::add),
    ("apk", apk::add),
    #[cfg(feature = "login-db")]
    ("rpm", rpm::add),
];

/// How their files looked: when one of them is another, a package came or went.
pub(super) type Stamps = Vec<Option<(SystemTime, u64)>>;

/// What was read, and how the files looked before.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) paths: Paths,
    pub(super) stamps: Stamps,
    pub(super) systems: Vec<&'static str>,
    pub(super) faults: Vec<String>,
}

impl Database {
    /// Tells whether a package owns the file; `is_whole`: what is not in it belongs to nobody.
    pub(super) fn owner(&self, path: &str, is_whole: bool) -> Option<Provenance> {
        if self.paths.contains(path) {
            return Some(Provenance::Packaged);
        }
        is_whole.then_some(Provenance::Unpackaged)
    }

    /// Whether what is not in it belongs to nobody.
    pub(super) fn is_whole(&self) -> bool {
        self.faults.is_empty() && !self.systems.is_empty()
    }

    /// Reads what there is; a system that cannot be read is a fault of it.
    pub(super) fn read(root: &Root) -> Self {
        let stamps = stamps(root);
        let mut paths = Paths::new(root);
        let mut systems = Vec::new();
        let mut faults = Vec::new();
        for (name, add) in SYSTEMS {
            match add(root, &mut paths) {
                Ok(true) => systems.push(*name),
                Ok(false) => {}
                Err(error) => faults.push(Safe::new(&format!("{name}: {error}")).to_string()),
            }
        }
        paths.settle();
        Self { paths, stamps, systems, faults }
    }
}

/// How the files look now.
pub(super) fn stamps(root: &Root) -> Stamps {
    let places = dpkg::STAMPS.into_iter().chain([pacman::STAMP]).chain(apk::STAMPS);
    #[cfg(feature = "login-db")]
    let places = places.chain(rpm::STAMPS);
    places
        .map(|place| {
            let meta = std::fs::metadata(root.path(place)).ok()?;
            Some((meta.modified().ok()?, meta.len()))
        })
        .collect()
}

/// Whether the file stands where only a package system writes.
pub(super) fn is_in_store(path: &str) -> bool {
    STORES.iter().any(|store| path.starts_with(store))
}
