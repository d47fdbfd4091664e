//! Load, memory, busy processes and disks: charged only when they last, and only as far as nothing explains them.

use super::first_seen::Known;
use super::provenance::{self, Kin, Place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::streak::Streaks;
use crate::model::{Disk, Level, Pressure, Process, Readings, System, fingerprint};
use crate::text;
use chrono::{DateTime, Utc};

/// Busy processes that are reported in one beat.
const BUSY_CAP: usize = 10;
/// A file system with more room than this is not full, whatever its percentage says.
const ROOMY_BYTES: u64 = 20 << 30;
/// File systems that are always full: images that nobody writes to.
const READ_ONLY: &[&str] = &["squashfs", "iso9660", "erofs", "cramfs", "udf", "romfs"];

/// One beat's view of the machine's health.
pub(super) struct Health<'a> {
    pub(super) settings: &'a Settings,
    pub(super) known: &'a Known,
    pub(super) streaks: &'a mut Streaks,
    pub(super) now: DateTime<Utc>,
}

impl Health<'_> {
    pub(super) fn judge(&mut self, round: &mut Round, readings: &Readings, kin: Option<&Kin<'_>>) {
        let processes = readings.processes.as_ref().map(|list| list.as_slice());
        self.load(round, &readings.system, processes, kin);
        self.memory(round, &readings.system);
        self.disks(round, &readings.system);
        if let (Some(processes), Some(kin)) = (processes, kin) {
            self.busy(round, processes, kin);
        }
    }

    /// Answers since when something has been so, once it has lasted long enough; until then an open finding stays.
    fn lasting(&mut self, round: &mut Round, sighting: &Sighting, seconds: f64) -> Option<DateTime<Utc>> {
        let id = sighting.id();
        let (since, lasted) = self.streaks.goes_on(fingerprint(id.as_str().as_bytes()), self.now);
        if lasted >= seconds {
            return Some(since);
        }
        round.keep(id);
        None
    }

    fn load(
        &mut self,
        round: &mut Round,
        system: &System,
        processes: Option<&[Process]>,
        kin: Option<&Kin<'_>>,
    ) {
        let (Some(load), Some(cpu)) = (&system.load, &system.cpu) else { return };
        round.looked(Name::Load);
        let cores = f64::from(cpu.cores.max(1));
        let over = load.one_min / (cores * self.settings.thresholds.load_per_core.max(0.01));
        if over <= 1.0 || !over.is_finite() {
            return;
        }
        let sighting = Sighting::new(Name::Load, self.now).key("machine", "load");
        let Some(since) = self.lasting(round, &sighting, self.settings.thresholds.sustained_s) else {
            return;
        };
        let points = &self.settings.score.points;
        let work = processes.zip(kin).map(|(processes, kin)| Work::of(processes, kin, self.known));
        let explained = work.as_ref().map(Work::explained_share);
        let severity = (0.4 + (over - 1.0) / 2.0).min(1.0);
        let waits_for_disk = cpu.iowait_pct.is_some_and(|share| share >= 15.0)
            || cpu.used_pct.is_some_and(|used| used < 50.0 && over > 1.5);
        let felt = if waits_for_disk { 0.4 } else { 1.0 } * pressure_weight(system.pressure.as_ref());
        let mut asked = points.load * severity * felt * (1.0 - explained.unwrap_or(0.5));
        let is_explained =
            explained.is_some_and(|share| share * 100.0 >= self.settings.thresholds.explained_pct);
        if is_explained || waits_for_disk {
            asked = asked.min(points.explained);
        }
        // In a container the load is that of the whole machine, made by programs that cannot be seen from there.
        let is_elsewhere = work.as_ref().is_some_and(Work::is_elsewhere);
        if is_elsewhere {
            asked = asked.min(points.load / 3.0);
        }
        let level = if asked >= points.load / 2.0 { Level::Warning } else { Level::Info };
        let what = match explained {
            _ if waits_for_disk => "programs wait for disks".to_owned(),
            _ if is_elsewhere => "no program that runs here makes it".to_owned(),
            Some(share) => format!("{:.0} % of the work is explained", share * 100.0),
            None => "programs could not be read".to_owned(),
        };
        round.saw(
            sighting
                .title(&format!("load {:.1} on {}: {what}", load.one_min, text::plural(cores as u64, "core")))
                .level(level)
                .points(asked)
                .between(since, self.now)
                .proof(
                    "/proc/loadavg",
                    None,
                    &format!("{:.2} {:.2} {:.2}", load.one_min, load.five_min, load.fifteen_min),
                ),
        );
    }

    fn memory(&mut self, round: &mut Round, system: &System) {
        let thresholds = &self.settings.thresholds;
        let (full_pct, stall_pct, sustained) =
            (thresholds.memory_used_pct, thresholds.memory_stall_pct, thresholds.sustained_s);
        let points = self.settings.score.points.clone();
        let pressure = system.pressure.and_then(|pressure| pressure.memory);
        if let Some(memory) = &system.memory {
            round.looked(Name::Memory);
            let sighting = Sighting::new(Name::Memory, self.now).key("machine", "memory");
            if memory.used_pct >= full_pct
                && let Some(since) = self.lasting(round, &sighting, sustained)
            {
                // Full and nobody waits: that is what memory is for.
                let calm = pressure.is_some_and(|line| line.some_avg60_pct < 1.0);
                let asked = if calm { points.memory / 4.0 } else { points.memory };
                let level = if !calm && memory.used_pct >= 97.0 { Level::Warning } else { Level::Info };
                round.saw(
                    sighting
                        .title(&format!(
                            "{:.0} % of {} memory is in use",
                            memory.used_pct,
                            text::bytes_long(memory.total_bytes as f64)
                        ))
                        .level(level)
                        .points(asked)
                        .between(since, self.now)
                        .proof(
                            "/proc/meminfo",
                            None,
                            &format!("available: {}", text::bytes_long(memory.available_bytes as f64)),
                        ),
                );
            }
        }
        if let Some(full) = pressure.and_then(|line| line.full_avg10_pct) {
            round.looked(Name::MemoryStall);
            let sighting = Sighting::new(Name::MemoryStall, self.now).key("machine", "memory stall");
            if full >= stall_pct
                && let Some(since) = self.lasting(round, &sighting, sustained)
            {
                round.saw(
                    sighting
                        .title(&format!("programs wait for memory {full:.0} % of the time"))
                        .level(Level::Warning)
                        .points(points.memory_stall)
                        .between(since, self.now)
                        .proof("/proc/pressure/memory", None, &format!("full avg10={full:.2}")),
                );
            }
        }
    }

    fn disks(&self, round: &mut Round, system: &System) {
        let Some(disks) = &system.disks else { return };
        round.looked(Name::DiskFull);
        for disk in disks.iter().filter(|disk| self.is_full(disk)) {
            let free = disk.free_bytes();
            let nearly_nothing = disk.used_pct >= 98.0;
            let share = if nearly_nothing { 1.0 } else { 0.5 };
            round.saw(
                Sighting::new(Name::DiskFull, self.now)
                    .key("mount", &disk.mount)
                    .title(&format!("{} is {:.0} % full", disk.mount, disk.used_pct))
                    .level(if nearly_nothing { Level::Warning } else { Level::Info })
                    .points(self.settings.score.points.disk * share)
                    .proof(&disk.mount, None, &format!("{} free", text::bytes_long(free as f64))),
            );
        }
    }

    fn is_full(&self, disk: &Disk) -> bool {
        let free = disk.free_bytes();
        disk.used_pct >= self.settings.thresholds.disk_used_pct
            && free < ROOMY_BYTES
            && disk.total_bytes >= 64 << 20
            && !READ_ONLY.contains(&disk.file_system.as_str())
            && !disk.mount.starts_with("/snap/")
    }

    /// A busy process of known origin is health; one of unknown origin is a matter of its own after three minutes.
    fn busy(&mut self, round: &mut Round, processes: &[Process], kin: &Kin<'_>) {
        round.looked(Name::BusyProcess);
        round.looked(Name::UnexplainedCpu);
        let thresholds = &self.settings.thresholds;
        let (busy_pct, sustained, unknown_after) =
            (thresholds.busy_process_pct, thresholds.sustained_s, thresholds.unexplained_cpu_s);
        let busy = processes.iter().filter(|process| {
            let program = &process.program;
            !kin.is_own(process)
                && !program.kernel_thread
                && process.cpu_pct.is_some_and(|cpu| f64::from(cpu) >= busy_pct)
        });
        for process in busy.take(BUSY_CAP) {
            let program = &process.program;
            let mut identity = program.pid.to_le_bytes().to_vec();
            identity.extend_from_slice(&program.start_ticks.to_le_bytes());
            let (since, lasted) = self.streaks.goes_on(fingerprint(&identity), self.now);
            let explained = kin.is_explained(process, self.known);
            let points = &self.settings.score.points;
            if !explained && lasted >= unknown_after {
                let strange = provenance::path(process).map(provenance::place);
                let alert = matches!(strange, Some(Place::Hidden | Place::Memory | Place::SharedMemory));
                round.saw(
                    about(process, Name::UnexplainedCpu, self.now)
                        .level(if alert { Level::Alert } else { Level::Warning })
                        .title(&format!("{} keeps a core busy, and nothing explains it", program.name))
                        .points(points.unexplained_cpu)
                        .between(since, self.now),
                );
                continue;
            }
            let asked =
                if explained { points.explained.min(points.busy_process) } else { points.busy_process };
            let sighting = about(process, Name::BusyProcess, self.now)
                .level(Level::Info)
                .title(&format!(
                    "{} uses {:.0} % of a core",
                    program.name,
                    process.cpu_pct.unwrap_or_default()
                ))
                .points(asked)
                .between(since, self.now);
            if lasted >= sustained {
                round.saw(sighting);
            } else {
                round.keep(sighting.id());
                round.keep(about(process, Name::UnexplainedCpu, self.now).id());
            }
        }
    }
}

/// A sighting about one process, with what leads to it.
pub(super) fn about(process: &Process, name: Name, now: DateTime<Utc>) -> Sighting {
    let program = &process.program;
    let path = provenance::path(process).unwrap_or(&program.name);
    let pid = program.pid.to_string();
    let mut sighting = Sighting::new(name, now)
        .key("program", path)
        .key(
            "user",
            &program
                .user
                .as_deref()
                .map_or_else(|| provenance::user_name(program.uid, None), ToOwned::to_owned),
        )
        .detail("pid", &pid)
        .proof(&format!("/proc/{pid}/cmdline"), program.started_at, &text::fit(&process.command(), 160));
    if let Some(exe) = &program.exe {
        let mark = if exe.deleted { " (deleted)" } else { "" };
        sighting =
            sighting.proof(&format!("/proc/{pid}/exe"), program.started_at, &format!("{}{mark}", exe.path));
    }
    sighting
}

/// What the programs that can be seen do, in percent of one core; one that waits for a disk counts like a busy one.
#[derive(Debug, Default)]
struct Work {
    all: f64,
    explained: f64,
}

impl Work {
    fn of(processes: &[Process], kin: &Kin<'_>, known: &Known) -> Self {
        let mut work = Self::default();
        for process in processes {
            let waiting = if process.state == 'D' { 50.0 } else { 0.0 };
            let share = f64::from(process.cpu_pct.unwrap_or(0.0)) + waiting;
            if share < 0.5 {
                continue;
            }
            work.all += share;
            if kin.is_explained(process, known) {
                work.explained += share;
            }
        }
        work
    }

    /// The share of work, 0-1, that known programs do.
    fn explained_share(&self) -> f64 {
        if self.all > 0.0 { self.explained / self.all } else { 0.5 }
    }

    /// Tells work that keeps not even a quarter of a core busy: it is not what the load comes from.
    fn is_elsewhere(&self) -> bool {
        self.all < 25.0
    }
}

/// How much of the load is felt, by the kernel's pressure figures: 0.2-1; 1 where the kernel has none.
fn pressure_weight(pressure: Option<&Pressure>) -> f64 {
    let felt = |line: Option<crate::model::PressureLine>| line.map(|line| line.some_avg60_pct);
    match pressure.map(|pressure| (felt(pressure.cpu), felt(pressure.io))) {
        None | Some((None, None)) => 1.0,
        Some((cpu, io)) => {
            let worst = cpu.unwrap_or(0.0).max(io.unwrap_or(0.0));
            (worst / 40.0).clamp(0.2, 1.0)
        }
    }
}
