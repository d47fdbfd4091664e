//! Kernel modules from `/proc/modules`, without those that the kernel's package brought.
//!
//! A file is looked for only for modules that were not there at the last look. A module that hides from the list is
//! not found here, except by the taint that it leaves.

use super::catalogue;
use crate::collect::Root;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::read_path;
use crate::collect::packages::Ledger;
use crate::model::{Module, Modules, Provenance, Safe, Sensor};
use std::collections::BTreeMap;

/// The sensor of this reader.
const SENSOR: &str = "modules";

/// Modules that are told.
const MANY: usize = 100;

/// Modules from look to look.
#[derive(Debug)]
pub(super) struct Loaded {
    root: Root,
    generation: Option<u64>,
    /// What is known of each loaded module; `None` for those that a package vouches for.
    known: BTreeMap<String, Option<Module>>,
}

impl Loaded {
    pub(super) fn new(root: &Root) -> Self {
        Self { root: root.clone(), generation: None, known: BTreeMap::new() }
    }

    pub(super) fn look(&mut self, ledger: &Ledger) -> (Option<Modules>, Sensor) {
        let mut text = Vec::new();
        let listed = match self.root.path("/proc/modules") {
            // A kernel in one piece loads nothing.
            path if !path.exists() && self.root.path("/proc/stat").exists() => Ok(()),
            path => read_path(&path, &mut text),
        };
        if let Err(fault) = listed {
            return (None, fault.blinds(SENSOR, "Kernel modules"));
        }
        if self.generation.replace(ledger.generation()) != Some(ledger.generation()) {
            self.known.clear();
        }
        let loaded: Vec<_> = lines(&text).filter_map(parse).collect();
        let fresh: Vec<_> =
            loaded.iter().map(|(name, _)| *name).filter(|name| !self.known.contains_key(*name)).collect();
        let files = if fresh.is_empty() { None } else { Some(self.files(&fresh)) };
        let mut known = BTreeMap::new();
        for (name, marks) in &loaded {
            let module = self.known.remove(*name).unwrap_or_else(|| {
                let file = files.as_ref().and_then(|(files, _)| files.get(*name));
                if file.is_some_and(|file| ledger.of(file) != Some(Provenance::Unpackaged)) {
                    return None;
                }
                Some(Module {
                    name: Safe::new(name),
                    marks: Safe::new(marks),
                    file: file.map(|file| Safe::new(file)),
                    catalogued: files.as_ref().is_some_and(|(_, catalogued)| *catalogued),
                })
            });
            known.insert((*name).to_owned(), module);
        }
        self.known = known;
        let modules = Modules {
            total: loaded.len() as u64,
            foreign: self.known.values().flatten().take(MANY).cloned().collect(),
            taint: self.taint(),
            marked: loaded.iter().any(|(_, marks)| marks.contains(['O', 'E'])),
        };
        (Some(modules), Sensor::ok(SENSOR))
    }

    /// The files of these modules, and whether this kernel has a catalogue of them at all.
    fn files(&self, names: &[&str]) -> (BTreeMap<String, String>, bool) {
        let release = self.line("/proc/sys/kernel/osrelease").unwrap_or_default();
        // It becomes a part of a path.
        if release.is_empty() || release.contains('/') || release.starts_with('.') {
            return (BTreeMap::new(), false);
        }
        let folder = format!("/lib/modules/{release}");
        let mut text = Vec::new();
        if read_path(&self.root.path(&format!("{folder}/modules.dep")), &mut text).is_err() {
            return (BTreeMap::new(), false);
        }
        let found = catalogue::find(&text, names);
        (found.into_iter().map(|(name, file)| (name, format!("{folder}/{file}"))).collect(), true)
    }

    fn taint(&self) -> Option<u64> {
        number(self.line("/proc/sys/kernel/tainted")?.as_bytes())
    }

    fn line(&self, path: &str) -> Option<String> {
        let mut text = Vec::new();
        read_path(&self.root.path(path), &mut text).ok()?;
        String::from_utf8(text).ok().map(|text| text.trim().to_owned())
    }
}

/// The name and the marks of a line of `/proc/modules`: `nvidia 56823808 1 - Live 0x0 (POE)`.
fn parse(line: &[u8]) -> Option<(&str, &str)> {
    let mut words = words(line);
    let name = std::str::from_utf8(words.next()?).ok()?;
    number(words.next()?)?;
    let marks = words.last().and_then(|word| word.strip_prefix(b"(")?.strip_suffix(b")"));
    Some((name, marks.and_then(|marks| std::str::from_utf8(marks).ok()).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn machine(modules: &str) -> tempfile::TempDir {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("proc/sys/kernel")).unwrap();
        fs::create_dir_all(base.path().join("lib/modules/6.12.48")).unwrap();
        let write = |path: &str, text: &str| fs::write(base.path().join(path), text).unwrap();
        write("proc/stat", "");
        write("proc/sys/kernel/osrelease", "6.12.48\n");
        write("proc/sys/kernel/tainted", "12288\n");
        write("proc/modules", modules);
        write("lib/modules/6.12.48/modules.dep", "kernel/net/dummy.ko.xz:\nupdates/dkms/vbox-drv.ko:\n");
        base
    }

    const THREE: &str = "dummy 16384 0 - Live 0x0000000000000000\n\
                         vbox_drv 680000 0 - Live 0x0000000000000000 (OE)\n\
                         diamorphine 16384 0 - Live 0x0000000000000000 (OE)\nbroken line\n";

    #[test]
    fn modules_of_the_kernels_package_are_told_from_those_that_somebody_brought() {
        let base = machine(THREE);
        let mut loaded = Loaded::new(&Root::fixture(base.path()));
        let ledger = Ledger::of_paths(&["/lib/modules/6.12.48/kernel/net/dummy.ko.xz"]);
        let modules = loaded.look(&ledger).0.unwrap();
        assert_eq!((modules.total, modules.taint, modules.marked), (3, Some(12_288), true));
        let told: Vec<_> = modules.foreign.iter().map(|m| (m.name.as_str(), m.file.is_some())).collect();
        assert_eq!(told, [("diamorphine", false), ("vbox_drv", true)]);
        assert!(modules.foreign.iter().all(|module| module.catalogued && module.marks == "OE"));
        assert_eq!(loaded.look(&ledger).0, Some(modules), "the second look knows them");
    }

    #[test]
    fn without_modules_or_a_catalogue_nothing_is_claimed() {
        let base = machine("dummy 16384 0 - Live 0x0\n");
        fs::remove_dir_all(base.path().join("lib")).unwrap();
        let mut loaded = Loaded::new(&Root::fixture(base.path()));
        let modules = loaded.look(&Ledger::of_paths(&[])).0.unwrap();
        assert!(!modules.foreign[0].catalogued);
        fs::remove_file(base.path().join("proc/modules")).unwrap();
        let (modules, sensor) = loaded.look(&Ledger::of_paths(&[]));
        assert_eq!((modules.unwrap().total, sensor.state), (0, crate::model::SensorState::Ok));
        let (modules, sensor) = Loaded::new(&Root::fixture("/nonexistent")).look(&Ledger::of_paths(&[]));
        assert!(modules.is_none() && sensor.state == crate::model::SensorState::Blind);
    }
}
