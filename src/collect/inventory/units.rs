//! Unit files of the machine and of its users, without those that a package brought.
//!
//! A folder is listed again when it changed, a file read again when it did; so a look at a quiet machine is a stat of
//! each folder and of the few files that nobody vouches for. What a package owns is not compared with the package.

use super::homes::{self, Home};
use super::unit;
use crate::collect::Root;
use crate::collect::kept::read_path;
use crate::collect::packages::Ledger;
use crate::model::{Command, Provenance, Safe, Sensor, Unit};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The sensor of this reader.
pub(super) const SENSOR: &str = "units";

/// Units that are told, and files and folders that one folder may have.
const UNITS_CAP: usize = 200;
const ENTRIES_CAP: usize = 8192;

/// No unit is longer.
const TEXT_CAP_BYTES: u64 = 64 << 10;

/// A folder that changed so short a time ago may change once more within the same tick of its clock.
const SETTLES_S: i64 = 2;

/// Folders of the machine's own units (systemd.unit(5)) and of the units that all users have.
const FOLDERS: [&str; 10] = [
    "/etc/systemd/system",
    "/etc/systemd/user",
    "/lib/systemd/system",
    "/lib/systemd/user",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/usr/lib/systemd/user",
    "/usr/local/lib/systemd/system",
    "/usr/local/lib/systemd/user",
    "/usr/local/share/systemd/user",
];

/// Folders whose programs systemd runs by itself (systemd.generator(7), systemd-sleep(8)).
const PROGRAMS: [&str; 8] = [
    "/etc/systemd/system-generators",
    "/etc/systemd/user-generators",
    "/run/systemd/system-generators",
    "/usr/lib/systemd/system-generators",
    "/usr/lib/systemd/system-shutdown",
    "/usr/lib/systemd/system-sleep",
    "/usr/lib/systemd/user-generators",
    "/usr/local/lib/systemd/system-generators",
];

/// Folders in which the same file has two names where one is a link to the other.
const LINKED: [(&str, &str); 1] = [("/lib/", "/usr/lib/")];

/// Where a program without a path is looked for (systemd.exec(5)).
const SEARCHED: [&str; 6] =
    ["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];

/// What changes whenever a file or folder does; the time of change cannot be set back.
type Stamp = (u64, i64, i64, u64);

/// All folders, from look to look.
#[derive(Debug)]
pub(super) struct Shelf {
    root: Root,
    folders: BTreeMap<PathBuf, Folder>,
    /// Which reading of the package databases was asked.
    generation: Option<u64>,
}

#[derive(Debug, Default)]
struct Folder {
    /// `None` where it must be listed again.
    stamp: Option<Stamp>,
    files: Vec<File>,
    /// Folders of drop-ins.
    below: Vec<PathBuf>,
}

/// A file that no package owns.
#[derive(Debug)]
struct File {
    path: PathBuf,
    stamp: Stamp,
    /// `None` where it runs nothing.
    unit: Option<Unit>,
}

/// What kind of files a folder has, and whose.
#[derive(Debug, Clone, Copy)]
struct Kind<'a> {
    programs: bool,
    home: Option<&'a Home>,
}

impl Shelf {
    pub(super) fn new(root: &Root) -> Self {
        Self { root: root.clone(), folders: BTreeMap::new(), generation: None }
    }

    /// Takes a look at every folder.
    pub(super) fn look(&mut self, ledger: &Ledger, now: DateTime<Utc>) -> (Option<Vec<Unit>>, Sensor) {
        if self.generation.replace(ledger.generation()) != Some(ledger.generation()) {
            self.folders.values_mut().for_each(|folder| folder.stamp = None);
        }
        let mut seen = Vec::new();
        let mut shut = 0;
        let homes = homes::all(&self.root);
        // Without a database nobody can tell a package's units from others where packages put theirs.
        let machine =
            FOLDERS.into_iter().filter(|folder| ledger.is_whole() || !is_filled_by_packages(folder));
        let machine = machine.map(|folder| (PathBuf::from(folder), Kind { programs: false, home: None }));
        let programs =
            PROGRAMS.into_iter().filter(|folder| ledger.is_whole() || !is_filled_by_packages(folder));
        let programs = programs.map(|folder| (PathBuf::from(folder), Kind { programs: true, home: None }));
        let users = homes.iter().flat_map(|home| {
            home.unit_folders().map(|folder| (folder, Kind { programs: false, home: Some(home) }))
        });
        for (folder, kind) in machine.chain(programs).chain(users) {
            if !self.is_second_name(&folder) {
                shut += u64::from(!self.visit(&folder, kind, ledger, now, &mut seen));
            }
        }
        self.folders.retain(|path, _| seen.contains(path));
        let files = self.folders.values().flat_map(|folder| &folder.files);
        let all = files.filter_map(|file| file.unit.as_ref());
        let more = all.clone().count().saturating_sub(UNITS_CAP);
        (Some(all.take(UNITS_CAP).cloned().collect()), sensor(shut, seen.len() as u64, more))
    }

    /// Brings one folder up to date, and those below it; false where it may not be read.
    fn visit(
        &mut self,
        path: &Path,
        kind: Kind<'_>,
        ledger: &Ledger,
        now: DateTime<Utc>,
        seen: &mut Vec<PathBuf>,
    ) -> bool {
        let place = self.place(path);
        let meta = match std::fs::metadata(&place) {
            Ok(meta) if meta.is_dir() => meta,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return false,
            // Most machines have only some of them.
            _ => return true,
        };
        let stamp = stamp(&meta);
        let mut folder = self.folders.remove(path).unwrap_or_default();
        if folder.stamp == Some(stamp) {
            for file in &mut folder.files {
                self.again(file, kind, ledger);
            }
        } else {
            match self.list(path, kind, ledger) {
                Ok(listed) => folder = listed,
                Err(error) => return error.kind() != io::ErrorKind::PermissionDenied,
            }
            let settled = now.timestamp() - meta.ctime() > SETTLES_S;
            folder.stamp = settled.then_some(stamp);
        }
        let below = folder.below.clone();
        self.folders.insert(path.to_owned(), folder);
        seen.push(path.to_owned());
        for dropins in below {
            self.visit(&dropins, kind, ledger, now, seen);
        }
        true
    }

    fn list(&self, path: &Path, kind: Kind<'_>, ledger: &Ledger) -> io::Result<Folder> {
        let mut folder = Folder::default();
        for entry in std::fs::read_dir(self.place(path))?.flatten().take(ENTRIES_CAP) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = path.join(&name);
            let end = name.rsplit_once('.').map(|(_, end)| end);
            if end == Some("d") && !kind.programs {
                folder.below.push(path);
                continue;
            }
            let runs = kind.programs
                || end.is_some_and(|end| ["service", "socket", "mount", "swap", "conf"].contains(&end));
            if runs && let Some(file) = self.read(path, kind, ledger) {
                folder.files.push(file);
            }
        }
        folder.files.sort_by(|a, b| a.path.cmp(&b.path));
        folder.below.sort();
        Ok(folder)
    }

    /// Reads a file; `None` where a package vouches for it, or where it only gives another unit a second name.
    fn read(&self, path: PathBuf, kind: Kind<'_>, ledger: &Ledger) -> Option<File> {
        let place = self.place(&path);
        let name = path.to_str()?;
        let is_link = std::fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_symlink());
        let real = if is_link { self.real(name)? } else { name.to_owned() };
        if is_link && FOLDERS.iter().any(|folder| real.starts_with(folder)) {
            return None;
        }
        let package = ledger.of(&real);
        // A masked unit is a link to a device.
        let meta = std::fs::metadata(&place).ok().filter(Metadata::is_file)?;
        if package == Some(Provenance::Packaged) {
            return None;
        }
        let text = if kind.programs {
            unit::Text { runs: vec![name.to_owned()], preloads: Vec::new() }
        } else {
            text(&place, &meta)?
        };
        let unit = (!text.runs.is_empty() || !text.preloads.is_empty()).then(|| Unit {
            path: Safe::new(name),
            user: kind.home.map(|home| home.user.clone()),
            runs: text.runs.iter().map(|line| self.command(line, kind.home, ledger)).collect(),
            preloads: text.preloads.iter().map(|library| Safe::new(library)).collect(),
            package,
            written_at: DateTime::from_timestamp(meta.mtime(), 0),
        });
        Some(File { stamp: stamp(&meta), path, unit })
    }

    /// Reads a file again if it changed; one that is gone runs nothing any more.
    fn again(&self, file: &mut File, kind: Kind<'_>, ledger: &Ledger) {
        match std::fs::metadata(self.place(&file.path)) {
            Ok(meta) if stamp(&meta) == file.stamp => {}
            _ => match self.read(file.path.clone(), kind, ledger) {
                Some(fresh) => *file = fresh,
                None => file.unit = None,
            },
        }
    }

    fn command(&self, line: &str, home: Option<&Home>, ledger: &Ledger) -> Command {
        let home = home.map_or("/root", |home| &home.path);
        let line = line.replace("%h", home);
        let word = unit::program(&line).unwrap_or_default();
        let path = match word.as_str() {
            path if path.starts_with('/') => path.to_owned(),
            name => SEARCHED
                .iter()
                .map(|folder| format!("{folder}{name}"))
                .find(|path| self.root.path(path).exists())
                .unwrap_or(word),
        };
        Command { line: Safe::new(&line), package: self.owner(&path, ledger), program: Safe::new(&path) }
    }

    /// Whether a package owns a program, also where its name is a link to it (`/usr/bin/java`).
    fn owner(&self, path: &str, ledger: &Ledger) -> Option<Provenance> {
        let owner = ledger.of(path)?;
        if owner == Provenance::Packaged {
            return Some(owner);
        }
        self.real(path).map_or(Some(owner), |real| ledger.of(&real))
    }

    /// The file behind all links of a path.
    fn real(&self, path: &str) -> Option<String> {
        let real = std::fs::canonicalize(self.root.path(path)).ok()?;
        let base = std::fs::canonicalize(self.root.base()).ok()?;
        Some(format!("/{}", real.strip_prefix(base).ok()?.to_str()?))
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.root.path(&path.to_string_lossy())
    }

    /// Tells a folder whose name is a link to another one of ours.
    fn is_second_name(&self, folder: &Path) -> bool {
        LINKED.iter().any(|(link, target)| {
            folder.strip_prefix(link).is_ok_and(|rest| {
                let identity = |path: PathBuf| {
                    std::fs::metadata(self.place(&path)).ok().map(|meta| (meta.dev(), meta.ino()))
                };
                identity(folder.to_owned()) == identity(Path::new(target).join(rest))
            })
        })
    }
}

fn text(place: &Path, meta: &Metadata) -> Option<unit::Text> {
    let mut bytes = Vec::new();
    if meta.len() > TEXT_CAP_BYTES {
        return None;
    }
    // What is gone or shut runs nothing that we could tell.
    read_path(place, &mut bytes).ok().map(|()| unit::parse(&bytes))
}

fn is_filled_by_packages(folder: &str) -> bool {
    folder.starts_with("/lib/") || folder.starts_with("/usr/lib/")
}

fn stamp(meta: &Metadata) -> Stamp {
    (meta.ino(), meta.ctime(), meta.ctime_nsec(), meta.len())
}

fn sensor(shut: u64, seen: u64, more: usize) -> Sensor {
    if more > 0 {
        let says = format!("There are {more} more services without a package than are looked at.");
        return Sensor::partial(SENSOR, "overrun", &says);
    }
    if shut == 0 {
        return Sensor::ok(SENSOR);
    }
    let says = "Other users' unit folders may not be read: a service that they were given is not seen.";
    Sensor {
        seen: Some(seen),
        total: Some(seen + shut),
        ..Sensor::partial(SENSOR, "permission_denied", says).fixed_by(&["sudo", "home-soc"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn later() -> DateTime<Utc> {
        // Long enough after the files were written that their folders count as settled.
        Utc::now() + chrono::TimeDelta::hours(1)
    }

    fn machine() -> (tempfile::TempDir, Shelf) {
        let base = tempfile::tempdir().unwrap();
        for folder in ["etc/systemd/system", "usr/lib/systemd/system", "usr/bin", "opt", "home/ann", "dev"] {
            fs::create_dir_all(base.path().join(folder)).unwrap();
        }
        let shelf = Shelf::new(&Root::fixture(base.path()));
        (base, shelf)
    }

    fn write(base: &tempfile::TempDir, path: &str, text: &str) {
        let path = base.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn paths(units: Option<&Vec<Unit>>) -> Vec<&str> {
        units.unwrap().iter().map(|unit| unit.path.as_str()).collect()
    }

    #[test]
    fn units_of_nobody_are_told_and_those_of_packages_and_second_names_are_not() {
        let (base, mut shelf) = machine();
        let ledger = Ledger::of_paths(&["/usr/lib/systemd/system/cron.service", "/usr/bin/python3.11"]);
        write(&base, "usr/lib/systemd/system/cron.service", "[Service]\nExecStart=/usr/sbin/cron -f");
        write(&base, "usr/lib/systemd/system/evil.service", "[Service]\nExecStart=/dev/shm/x");
        write(&base, "usr/bin/python3.11", "");
        symlink("python3.11", base.path().join("usr/bin/python3")).unwrap();
        write(&base, "opt/linked.service", "[Service]\nExecStart=python3 /opt/app.py");
        write(
            &base,
            "etc/systemd/system/ssh.service.d/own.conf",
            "[Service]\nEnvironment=LD_PRELOAD=/opt/x.so",
        );
        write(&base, "etc/systemd/system/plain.timer", "[Timer]\nOnCalendar=daily");
        write(&base, "home/ann/.config/systemd/user/sync.service", "[Service]\nExecStart=%h/bin/sync");
        write(&base, "home/ann/x", "");
        let link =
            |target: &str, name: &str| symlink(target, base.path().join("etc/systemd/system").join(name));
        link("../../../usr/lib/systemd/system/cron.service", "crond.service").unwrap();
        link("../../../opt/linked.service", "linked.service").unwrap();
        link("/dev/null", "masked.service").unwrap();
        link("/nowhere/at.all", "dangling.service").unwrap();

        let (units, sensor) = shelf.look(&ledger, later());
        assert_eq!(sensor.state, crate::model::SensorState::Ok);
        assert_eq!(
            paths(units.as_ref()),
            [
                "/etc/systemd/system/linked.service",
                "/etc/systemd/system/ssh.service.d/own.conf",
                "/home/ann/.config/systemd/user/sync.service",
                "/usr/lib/systemd/system/evil.service",
            ]
        );
        let units = units.unwrap();
        assert_eq!(units[0].runs[0].program, "/usr/bin/python3");
        assert_eq!(units[0].runs[0].package, Some(Provenance::Packaged), "behind the link");
        assert_eq!(units[1].preloads[0], "/opt/x.so");
        assert_eq!(units[2].user.as_deref(), Some("ann"));
        assert_eq!(units[2].runs[0].line, "/home/ann/bin/sync");
        assert_eq!(units[3].runs[0].package, Some(Provenance::Unpackaged));
    }

    #[test]
    fn what_changes_comes_and_goes_is_seen_by_the_next_look() {
        let (base, mut shelf) = machine();
        let ledger = Ledger::of_paths(&[]);
        write(&base, "etc/systemd/system/a.service", "[Service]\nExecStart=/opt/a");
        let (first, _) = shelf.look(&ledger, later());
        assert_eq!(shelf.look(&ledger, later()).0, first);

        write(&base, "etc/systemd/system/a.service", "[Service]\nExecStart=/opt/other");
        assert_eq!(shelf.look(&ledger, later()).0.unwrap()[0].runs[0].line, "/opt/other");

        write(&base, "etc/systemd/system/b.service.d/x.conf", "[Service]\nExecStartPre=/opt/b");
        let (units, _) = shelf.look(&ledger, later());
        let both = ["/etc/systemd/system/a.service", "/etc/systemd/system/b.service.d/x.conf"];
        assert_eq!(paths(units.as_ref()), both);
        write(&base, "etc/systemd/system/b.service.d/y.conf", "[Service]\nExecStartPre=/opt/c");
        assert_eq!(shelf.look(&ledger, later()).0.unwrap().len(), 3);

        fs::remove_dir_all(base.path().join("etc/systemd/system/b.service.d")).unwrap();
        fs::remove_file(base.path().join("etc/systemd/system/a.service")).unwrap();
        assert_eq!(shelf.look(&ledger, later()).0, Some(Vec::new()));
    }

    #[test]
    fn a_flood_of_units_and_files_that_are_none_stays_bounded() {
        let (base, mut shelf) = machine();
        for n in 0..UNITS_CAP + 50 {
            write(&base, &format!("etc/systemd/system/u{n}.service"), "[Service]\nExecStart=/opt/x");
        }
        write(&base, "etc/systemd/system/big.service", &"ExecStart=/x\n".repeat(10_000));
        fs::create_dir_all(base.path().join("etc/systemd/system/folder.service")).unwrap();
        assert_eq!(shelf.look(&Ledger::of_paths(&[]), later()).0.unwrap().len(), UNITS_CAP);
    }
}
