//! What programs are: deleted, fileless, hidden, disguised, remote-controlled, mining. It does not judge how busy
//! they are, and never this program or a child of it.

use super::exec::Vouched;
use super::first_seen::Known;
use super::health::about;
use super::lately::Lately;
use super::provenance::{self, Kin, Place, is_contained, place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::strings;
use crate::model::{Confidence, Connection, Level, Process, Provenance, Sockets, TcpState};
use crate::text;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// One beat's view of the processes.
pub(super) struct Processes<'a> {
    pub(super) settings: &'a Settings,
    pub(super) kin: &'a Kin<'a>,
    pub(super) sockets: Option<&'a Sockets>,
    pub(super) vouched: &'a Vouched,
    pub(super) now: DateTime<Utc>,
}

impl Processes<'_> {
    pub(super) fn judge(
        &self,
        round: &mut Round,
        processes: &[Process],
        noted: &mut Lately,
        known: &mut Known,
    ) {
        for name in [
            Name::DeletedExecutable,
            Name::Fileless,
            Name::OddFolder,
            Name::FakeKernelThread,
            Name::MinerStrings,
            Name::ReplacedProgram,
        ] {
            round.looked(name);
        }
        let mut replaced = Vec::new();
        for process in
            processes.iter().filter(|process| !self.kin.is_own(process) && !process.program.kernel_thread)
        {
            let found = self.file(process).or_else(|| self.folder(process));
            let found = found.into_iter().chain(self.disguise(process)).chain(self.miner(process));
            for sighting in found {
                round.saw(with_steps(as_own_session(sighting, process), process));
            }
            if is_upgraded(process) {
                replaced.push(process);
            }
            let busy_pct = self.settings.thresholds.busy_process_pct;
            if process.cpu_pct.is_some_and(|cpu| f64::from(cpu) < busy_pct) {
                self.kin.note(process, known, noted, self.now);
            }
        }
        self.upgrades(round, &replaced);
        if let Some(sockets) = self.sockets {
            round.looked(Name::ShellOnSocket);
            self.shells(round, sockets, processes);
        }
    }

    /// A program without a file, or whose file is gone.
    fn file(&self, process: &Process) -> Option<Sighting> {
        let program = &process.program;
        let exe = program.exe.as_ref()?;
        let points = &self.settings.score.points;
        if exe.path.starts_with("/memfd:") {
            if provenance::is_container_runtime(&program.name, &exe.path) {
                return None;
            }
            return Some(
                about(process, Name::Fileless, self.now)
                    .title(&format!("{} runs from memory, without a file", program.name))
                    .points(points.fileless),
            );
        }
        if !exe.deleted || exe.replaced || self.kin.is_toolchain_work(process) {
            return None;
        }
        if matches!(place(&exe.path), Place::Package) || program.package == Some(Provenance::Packaged) {
            return None;
        }
        let odd = odd_place(&exe.path).is_some();
        // In a container an image was removed or rebuilt; in a person's own session tools clean up their old version.
        let at_work = matches!(place(&exe.path), Place::Tools | Place::Home) && program.login_uid.is_some();
        let (level, share) = match () {
            () if is_contained(process) && !odd => (Level::Info, 0.1),
            () if is_contained(process) => (Level::Warning, 1.0),
            () if at_work => (Level::Warning, 0.3),
            () => (Level::Alert, 1.0),
        };
        Some(
            about(process, Name::DeletedExecutable, self.now)
                .title(&format!("{} runs, and its file was deleted", program.name))
                .level(level)
                .points(points.deleted_executable * share),
        )
    }

    /// A program from a folder where none belongs.
    fn folder(&self, process: &Process) -> Option<Sighting> {
        let program = &process.program;
        let path = provenance::path(process)?;
        let (what, alert) = odd_place(path)?;
        if self.kin.is_toolchain_work(process) || self.vouched.is_work(process) {
            return None;
        }
        // In a container, and in a person's own home, odd names are less odd.
        let at_home =
            (path.starts_with("/home/") || path.starts_with("/root/")) && program.login_uid.is_some();
        let alert = alert && !is_contained(process) && !at_home;
        let points = &self.settings.score.points;
        Some(
            about(process, Name::OddFolder, self.now)
                .grouped_by(tree(path))
                .title(&format!("{} runs from {what}: {path}", program.name))
                .level(if alert { Level::Alert } else { Level::Warning })
                .confidence(if program.exe.is_some() { Confidence::High } else { Confidence::Medium })
                .points(if alert { points.odd_folder } else { points.temporary_folder }),
        )
    }

    fn disguise(&self, process: &Process) -> Option<Sighting> {
        let program = &process.program;
        let by_line = program.cmdline.as_deref().is_some_and(strings::is_bracketed);
        let by_name = strings::is_kernel_name(&program.name);
        if !(by_line || by_name) || process.state == 'Z' {
            return None;
        }
        // The kernel starts its helpers from its own threads, under their name for a moment.
        let by_kernel =
            process.ppid == 2 || self.kin.ancestors(process).next().is_some_and(|p| p.program.kernel_thread);
        // A daemon of a package whose file has that very name: watchdogd.
        let is_its_name = !by_line
            && provenance::is_packaged_tool(process)
            && provenance::file_name(process) == &*program.name;
        if by_kernel || is_its_name {
            return None;
        }
        let claimed =
            if by_line { program.cmdline.as_deref().unwrap_or(&program.name) } else { &program.name };
        Some(
            about(process, Name::FakeKernelThread, self.now)
                .title(&format!("{} is no kernel thread", text::fit(claimed, 40)))
                .points(self.settings.score.points.fake_kernel_thread)
                .proof(
                    &format!("/proc/{}/stat", program.pid),
                    None,
                    "the kernel does not mark it as its own thread",
                ),
        )
    }

    fn miner(&self, process: &Process) -> Option<Sighting> {
        let program = &process.program;
        let word = strings::miner_word(program.cmdline.as_deref()?)?;
        if strings::is_reader(&program.name) {
            return None;
        }
        Some(
            about(process, Name::MinerStrings, self.now)
                .title(&format!("{} looks like a coin miner: {}", program.name, text::fit(word, 24)))
                .points(self.settings.score.points.miner),
        )
    }

    /// Shells, and what they start, with a network connection in place of a terminal.
    fn shells(&self, round: &mut Round, sockets: &Sockets, processes: &[Process]) {
        let connections = sockets.connections();
        let open = |connection: &&Connection| connection.state == TcpState::Established;
        for process in processes.iter().filter(|process| !self.kin.is_own(process)) {
            let Some(inode) = process.program.stdio_socket else { continue };
            let Some(connection) =
                connections.iter().filter(open).find(|connection| connection.inode == inode)
            else {
                continue;
            };
            let is_shell =
                strings::is_shell(&process.program.name) || strings::is_interpreter(&process.program.name);
            let by_shell =
                || self.kin.ancestors(process).take(3).any(|parent| strings::is_shell(&parent.program.name));
            if (is_shell || by_shell()) && !self.is_socket_service(process, connection) {
                round.saw(self.shell(process, connection, Confidence::High));
            }
        }
        // Shells are few and connections may be very many.
        let shells: BTreeMap<u32, &Process> = processes
            .iter()
            .filter(|process| {
                process.program.stdio_socket.is_none() && strings::is_shell(&process.program.name)
            })
            .filter(|process| !self.kin.is_own(process))
            .map(|process| (process.program.pid, process))
            .collect();
        for connection in connections.iter().filter(open) {
            let Some(owner) = &connection.owner else { continue };
            if let Some(process) = shells.get(&owner.pid)
                && process.program.start_ticks == owner.start_ticks
                && !self.is_socket_service(process, connection)
            {
                round.saw(self.shell(process, connection, Confidence::Medium));
            }
        }
    }

    fn shell(&self, process: &Process, connection: &Connection, confidence: Confidence) -> Sighting {
        let remote = connection.remote;
        let sighting = about(process, Name::ShellOnSocket, self.now)
            .title(&format!("{} talks to {remote} like to a terminal", process.program.name))
            .detail("address", &remote.ip().to_canonical().to_string())
            .compromise()
            .confidence(confidence)
            .points(self.settings.score.points.shell_on_socket)
            .proof(
                "kernel",
                connection.since,
                &format!("{} to {remote}, inode {}", connection.local, connection.inode),
            );
        with_steps(sighting, process)
    }

    /// Services that are handed a connection as their standard input: inetd, and units with a socket.
    fn is_socket_service(&self, process: &Process, connection: &Connection) -> bool {
        let by_unit = process
            .program
            .cgroup
            .as_deref()
            .is_some_and(|path| path.contains('@') && path.ends_with(".service"));
        let by_inetd = self.kin.ancestors(process).take(2).any(|parent| {
            ["inetd", "xinetd", "tcpserver", "s6-tcpserver", "tcpsvd"].contains(&&*parent.program.name)
        });
        connection.incoming && (by_inetd || by_unit)
    }

    /// One calm line for all programs that an upgrade has replaced.
    fn upgrades(&self, round: &mut Round, replaced: &[&Process]) {
        let Some(first) = replaced.first() else { return };
        let mut names: Vec<&str> = replaced.iter().map(|process| process.program.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let began = replaced.iter().filter_map(|process| process.program.started_at).min();
        round.saw(
            Sighting::new(Name::ReplacedProgram, self.now)
                .key("machine", "upgrades")
                .title(&format!("{} upgraded and not restarted", text::plural(names.len() as u64, "program")))
                .between(began.unwrap_or(self.now).min(self.now), self.now)
                .count(replaced.len() as u64)
                .proof(&format!("/proc/{}/exe", first.program.pid), None, &text::fit(&names.join(", "), 300)),
        );
    }
}

/// Adds what to do about a process: look, then pause. The person's own session is never paused.
fn with_steps(sighting: Sighting, process: &Process) -> Sighting {
    let program = &process.program;
    let pid = program.pid.to_string();
    let exe = format!("/proc/{pid}/exe");
    let copy = format!("/root/suspect-{pid}");
    let mut sighting = sighting.fix("See its file", &["sudo", "ls", "-l", &exe], None);
    if program.exe.as_ref().is_some_and(|exe| exe.deleted) {
        sighting = sighting.fix("Save its file before it is gone", &["sudo", "cp", &exe, &copy], None);
    }
    if !program.ours && program.pid > 1 {
        let argv = ["sudo", "kill", "-STOP", &pid];
        sighting = sighting.fix("Pause it, with its memory kept", &argv, Some("the program stands still"));
    }
    sighting
}

/// What the person at the screen sits in is worth a note, and never an attacker.
fn as_own_session(sighting: Sighting, process: &Process) -> Sighting {
    if process.program.ours {
        sighting.level(Level::Info).points(0.0).confidence(Confidence::Low)
    } else {
        sighting
    }
}

/// Folders where no program belongs: what they are called, and whether that alone is an alert.
pub(super) fn odd_place(path: &str) -> Option<(&'static str, bool)> {
    match place(path) {
        Place::Hidden => Some(("a hidden folder", true)),
        Place::SharedMemory => Some(("shared memory", true)),
        // AppImages mount themselves there.
        Place::Temporary if path.starts_with("/tmp/.mount_") => None,
        Place::Temporary => Some(("a temporary folder", false)),
        _ => None,
    }
}

/// The tree below a temporary folder that a program belongs to: what was unpacked or built there together is one
/// finding. A hidden program is one of its own.
pub(super) fn tree(path: &str) -> Option<&str> {
    if place(path) != Place::Temporary {
        return None;
    }
    let start = ["/tmp/", "/var/tmp/"].iter().find(|start| path.starts_with(**start))?;
    let end = start.len() + path.get(start.len()..)?.find('/')?;
    path.get(..end)
}

/// A program of a package whose file an upgrade took away.
fn is_upgraded(process: &Process) -> bool {
    process
        .program
        .exe
        .as_ref()
        .is_some_and(|exe| exe.deleted && place(&exe.path) == Place::Package && !is_contained(process))
}
