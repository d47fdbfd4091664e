//! Where programs come from: does a package of the system own the file?
//!
//! dpkg, rpm, pacman and apk are read by file, once, on a thread of their own, and again after an installation;
//! no tool is ever started. It says `packaged`, not `unmodified`: contents are not compared.

mod apk;
mod database;
mod dpkg;
mod ledger;
mod lines;
mod pacman;
mod paths;
#[cfg(feature = "login-db")]
mod rpm;

use super::Root;
use crate::model::{ExecReading, Process, Program, Provenance, Sensor};
use database::{Database, Stamps, is_in_store, stamps};
pub use ledger::Ledger;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

/// The sensor of this collector.
const SENSOR: &str = "packages";

/// Knows which files belong to packages.
#[derive(Debug)]
pub struct Owners {
    root: Root,
    database: Option<Arc<Database>>,
    /// How often it was read.
    generation: u64,
    loading: Option<Receiver<Database>>,
    /// How the files looked at the last look, and whether they have changed since the database was read.
    stamps: Stamps,
    is_stale: bool,
    marks: HashMap<(u32, u64), Mark>,
}

/// A program before and after it was marked, the same where nothing is known of it; kept so that beats go on to
/// share it and ask once.
#[derive(Debug)]
struct Mark {
    plain: Arc<Program>,
    marked: Arc<Program>,
}

impl Owners {
    /// Starts to read the package databases; nothing is known until that is done.
    pub fn start(root: Root) -> Self {
        let mut owners = Self {
            root,
            database: None,
            generation: 0,
            loading: None,
            stamps: Stamps::new(),
            is_stale: false,
            marks: HashMap::new(),
        };
        owners.stamps = stamps(&owners.root);
        owners.load();
        owners
    }

    /// Waits until the databases are read for the first time, and no longer than this.
    pub fn wait(&mut self, at_most: Duration) {
        if self.database.is_none()
            && let Some(loading) = &self.loading
            && let Ok(database) = loading.recv_timeout(at_most)
        {
            self.take(database);
        }
    }

    /// Looks whether something was installed meanwhile, and tells how much is known.
    pub fn refresh(&mut self) -> Sensor {
        match self.loading.as_ref().map(Receiver::try_recv) {
            Some(Ok(database)) => self.take(database),
            Some(Err(TryRecvError::Disconnected)) => self.loading = None,
            Some(Err(TryRecvError::Empty)) | None => {}
        }
        let stamps = stamps(&self.root);
        let is_quiet = stamps == self.stamps;
        self.stamps = stamps;
        self.is_stale = self.database.as_ref().is_none_or(|database| database.stamps != self.stamps);
        // In the middle of an installation the files change from second to second: wait for its end.
        if self.is_stale && is_quiet && self.loading.is_none() {
            self.load();
        }
        self.sensor()
    }

    /// Tells whether a package owns the file; `None` when that is not known (yet).
    pub fn of(&self, path: &str) -> Option<Provenance> {
        if is_in_store(path) {
            return Some(Provenance::Packaged);
        }
        let database = self.database.as_ref()?;
        // It may have been installed a moment ago, or stand in the database that could not be read.
        database.owner(path, !self.is_stale && database.is_whole())
    }

    /// What is known, for another thread; `None` while the databases are being read or written.
    pub fn ledger(&self) -> Option<Ledger> {
        let database = self.database.as_ref().filter(|_| !self.is_stale)?;
        Some(Ledger::new(Arc::clone(database), self.generation))
    }

    /// Marks processes with the provenance of their executables.
    pub fn mark(&mut self, processes: &mut Arc<Vec<Process>>) {
        let mut marks = HashMap::with_capacity(self.marks.len());
        for process in Arc::make_mut(processes) {
            let id = (process.program.pid, process.program.start_ticks);
            let known = self.marks.remove(&id).filter(|mark| Arc::ptr_eq(&mark.plain, &process.program));
            let mark = known.unwrap_or_else(|| self.look_up(&process.program));
            if !Arc::ptr_eq(&mark.marked, &process.program) {
                process.program = Arc::clone(&mark.marked);
            }
            // What a database that is being read does not know yet is asked again.
            if self.database.is_some() && !(self.is_stale && mark.marked.package.is_none()) {
                marks.insert(id, mark);
            }
        }
        self.marks = marks;
    }

    /// Marks started programs with the provenance of their executables.
    pub fn mark_execs(&self, execs: &mut Arc<ExecReading>) {
        for event in &mut Arc::make_mut(execs).events {
            event.package = event
                .exe
                .as_ref()
                .filter(|_| self.is_of_this_system(event.pid))
                .and_then(|exe| self.of(&exe.path));
        }
    }

    fn look_up(&self, program: &Arc<Program>) -> Mark {
        let package = program
            .exe
            .as_ref()
            .and_then(|exe| self.of(&exe.path))
            .filter(|_| self.is_of_this_system(program.pid));
        let marked = match package {
            Some(package) => Arc::new(Program { package: Some(package), ..Program::clone(program) }),
            None => Arc::clone(program),
        };
        Mark { plain: Arc::clone(program), marked }
    }

    /// Tells whether the process sees the same files as we do: the same path in a container is another file.
    fn is_of_this_system(&self, pid: u32) -> bool {
        let identity = |path: &str| {
            let meta = std::fs::metadata(self.root.path(path)).ok()?;
            Some((meta.dev(), meta.ino()))
        };
        !self.root.is_live()
            || identity(&format!("/proc/{pid}/root")).is_some_and(|its| Some(its) == identity("/"))
    }

    fn load(&mut self) {
        let (done, loading) = channel();
        let root = self.root.clone();
        let is_first = self.database.is_none();
        let spawned = thread::Builder::new().name("packages".to_owned()).spawn(move || {
            if !is_first {
                // What is known already is good enough for a while.
                let _ = rustix::process::setpriority_process(None, 10);
            }
            // Nobody listens any more when this program ends meanwhile.
            let _ = done.send(Database::read(&root));
        });
        self.loading = spawned.is_ok().then_some(loading);
    }

    fn take(&mut self, database: Database) {
        self.is_stale = database.stamps != self.stamps;
        self.database = Some(Arc::new(database));
        self.generation += 1;
        self.loading = None;
        self.marks.clear();
    }

    fn sensor(&self) -> Sensor {
        let Some(database) = &self.database else {
            return Sensor::partial(SENSOR, "loading", "The package databases are still being read.");
        };
        match (database.systems.as_slice(), database.faults.as_slice()) {
            ([], []) => Sensor::blind(
                SENSOR,
                "not_found",
                "No package database was found (dpkg, rpm, pacman, apk): where programs come from is not known.",
            ),
            (_, []) => Sensor { seen: Some(database.paths.len() as u64), ..Sensor::ok(SENSOR) },
            (systems, faults) => {
                let says = format!("Package databases cannot be read: {}", faults.join("; "));
                if systems.is_empty() {
                    Sensor::blind(SENSOR, "damaged", &says)
                } else {
                    Sensor::partial(SENSOR, "damaged", &says)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exe;
    use std::path::Path;

    fn install(base: &Path, package: &str, files: &str) {
        let dpkg = base.join("var/lib/dpkg");
        std::fs::create_dir_all(dpkg.join("info")).unwrap();
        std::fs::write(dpkg.join(format!("info/{package}.list")), files).unwrap();
        let status = std::fs::read_to_string(dpkg.join("status")).unwrap_or_default();
        std::fs::write(dpkg.join("status"), format!("{status}Package: {package}\n\n")).unwrap();
    }

    fn process(pid: u32, exe: Option<&str>) -> Process {
        let exe = exe.map(|path| Exe { path: path.into(), deleted: false, replaced: false });
        Process {
            program: Arc::new(Program { pid, exe, ..Program::default() }),
            ppid: 1,
            state: 'S',
            cpu_pct: None,
            cpu_time_ms: 0,
            rss_bytes: 0,
            threads: 1,
            nice: 0,
        }
    }

    #[test]
    fn a_program_of_a_package_is_told_from_one_that_nobody_brought() {
        let base = tempfile::tempdir().unwrap();
        install(base.path(), "coreutils", "/usr/bin/sleep\n");
        let mut owners = Owners::start(Root::fixture(base.path()));
        owners.wait(Duration::from_secs(10));
        assert_eq!(owners.refresh().state, crate::model::SensorState::Ok);

        let listed = vec![process(7, Some("/usr/bin/sleep")), process(8, Some("/tmp/x")), process(9, None)];
        let mut processes = Arc::new(listed.clone());
        owners.mark(&mut processes);
        let packages: Vec<_> = processes.iter().map(|process| process.program.package).collect();
        assert_eq!(packages, [Some(Provenance::Packaged), Some(Provenance::Unpackaged), None]);

        let mut again = Arc::new(listed);
        owners.mark(&mut again);
        assert!(Arc::ptr_eq(&again[0].program, &processes[0].program), "beats share a marked program");
    }

    #[test]
    fn in_the_middle_of_an_installation_nobody_is_called_a_stranger() {
        let base = tempfile::tempdir().unwrap();
        install(base.path(), "a", "/usr/bin/a\n");
        let mut owners = Owners::start(Root::fixture(base.path()));
        owners.wait(Duration::from_secs(10));
        owners.refresh();
        assert_eq!(owners.of("/usr/bin/b"), Some(Provenance::Unpackaged));

        install(base.path(), "b", "/usr/bin/b\n");
        owners.refresh();
        assert_eq!(owners.of("/usr/bin/a"), Some(Provenance::Packaged));
        assert_eq!(owners.of("/usr/bin/b"), None);
        // It is read again once the files have come to rest.
        for _ in 0..1_000 {
            owners.refresh();
            if owners.of("/usr/bin/b").is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(owners.of("/usr/bin/b"), Some(Provenance::Packaged));
        assert_eq!(owners.of("/usr/bin/c"), Some(Provenance::Unpackaged));
    }

    #[test]
    fn without_a_package_database_nothing_is_claimed() {
        let base = tempfile::tempdir().unwrap();
        let mut owners = Owners::start(Root::fixture(base.path()));
        owners.wait(Duration::from_secs(10));
        assert_eq!(owners.refresh().state, crate::model::SensorState::Blind);
        assert_eq!(owners.of("/usr/bin/sleep"), None);
        assert_eq!(owners.of("/nix/store/x/bin/sleep"), Some(Provenance::Packaged));
    }
}
