//! Programs that were started since the last beat, however short their lives. What still runs is judged as a process.

use super::process::{odd_place, tree};
use super::provenance::{self, Kin, Place, is_toolchain_name, place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::strings;
use crate::model::{Confidence, ExecEvent, Level, Process};
use crate::text;
use std::collections::{HashMap, VecDeque};

/// Processes that are remembered as work in progress.
const VOUCHED_CAP: usize = 4096;
/// Processes that were work in progress when they started: their children are, too, after they are gone.
#[derive(Debug, Default)]
pub(super) struct Vouched {
    /// With the start time where it is known: a pid alone is used again.
    processes: HashMap<u32, Option<u64>>,
    order: VecDeque<u32>,
}

impl Vouched {
    fn add(&mut self, pid: u32, start_ticks: Option<u64>) {
        if self.processes.insert(pid, start_ticks).is_none() {
            self.order.push_back(pid);
        }
        if self.order.len() > VOUCHED_CAP
            && let Some(oldest) = self.order.pop_front()
        {
            self.processes.remove(&oldest);
        }
    }

    /// Tells a process that was work in progress before: `cargo run` becomes the program that it has built.
    pub(super) fn is_work(&self, process: &Process) -> bool {
        self.has_been(process.program.pid, Some(process.program.start_ticks))
    }

    fn has_been(&self, pid: u32, start_ticks: Option<u64>) -> bool {
        start_ticks.is_some() && self.processes.get(&pid) == Some(&start_ticks)
    }
}

/// Judges starts of programs. What is seen here happened; it fades like other events.
pub(super) fn judge(
    round: &mut Round,
    events: &[ExecEvent],
    kin: Option<&Kin<'_>>,
    vouched: &mut Vouched,
    settings: &Settings,
) {
    let is_own = |event: &&ExecEvent| {
        event.own || path(event).zip(kin).is_some_and(|(path, kin)| kin.is_own_file(path))
    };
    for event in events.iter().filter(|event| !is_own(event)) {
        let at_work = is_toolchain_work(event, kin, vouched);
        let by_name = event.name.as_deref().is_some_and(is_toolchain_name)
            || event.argv.as_deref().is_some_and(provenance::is_installer_line);
        if at_work || by_name && path(event).is_none_or(is_ordinary) {
            vouched.add(event.pid, event.start_ticks);
        }
        let still_runs =
            event.start_ticks.zip(kin).is_some_and(|(ticks, kin)| kin.find(event.pid, ticks).is_some());
        if !still_runs {
            started(round, event, at_work, kin, settings);
        }
    }
}

fn started(round: &mut Round, event: &ExecEvent, at_work: bool, kin: Option<&Kin<'_>>, settings: &Settings) {
    let points = &settings.score.points;
    let name = event.name.as_deref().unwrap_or("a program");
    // What was gone before its file could be looked at still has its command line.
    let path = path(event).unwrap_or(name);
    if path.starts_with("/memfd:") {
        if !provenance::is_container_runtime(name, path) {
            let title = format!("{name} was started from memory");
            round.saw(about(event, path, Name::Fileless, kin).title(&title).points(points.fileless));
        }
    } else if !at_work && let Some((what, alert)) = odd_place(path) {
        round.saw(
            about(event, path, Name::OddFolder, kin)
                .grouped_by(tree(path))
                .title(&format!("{name} was started from {what}: {path}"))
                .level(if alert { Level::Alert } else { Level::Warning })
                .confidence(if event.exe.is_some() { Confidence::High } else { Confidence::Medium })
                .points(if alert { points.odd_folder } else { points.temporary_folder }),
        );
    }
    if let Some(word) = event.argv.as_deref().and_then(strings::miner_word)
        && !strings::is_reader(name)
    {
        let title = format!("{name} looked like a coin miner: {}", text::fit(word, 24));
        round.saw(about(event, path, Name::MinerStrings, kin).title(&title).points(points.miner));
    }
}

/// The file that was started: the kernel's word, else the first word of the command line.
fn path(event: &ExecEvent) -> Option<&str> {
    match &event.exe {
        Some(exe) => Some(&exe.path),
        None => event.argv.as_deref()?.split(' ').next().filter(|word| word.starts_with('/')),
    }
}

fn is_ordinary(path: &str) -> bool {
    matches!(place(path), Place::Package | Place::Tools | Place::Home)
}

/// The same key as for a running process: a program that lives on is one finding, not two.
fn about(event: &ExecEvent, path: &str, rule: Name, kin: Option<&Kin<'_>>) -> Sighting {
    let user = provenance::user_name(event.uid, kin);
    let parent = event.parent.as_deref().unwrap_or("a process that is gone");
    Sighting::new(rule, event.at)
        .happened()
        .key("program", path)
        .key("user", &user)
        .detail("pid", &event.pid.to_string())
        .proof("kernel", Some(event.at), &text::fit(&event.command(), 160))
        .proof("kernel", Some(event.at), &format!("pid {}, started by {parent}", event.pid))
}

/// Tells work in progress, by the parents that are still there, else by what is remembered of them.
fn is_toolchain_work(event: &ExecEvent, kin: Option<&Kin<'_>>, vouched: &Vouched) -> bool {
    let by_parent = event.ppid.is_some_and(|ppid| vouched.processes.contains_key(&ppid));
    if by_parent || vouched.has_been(event.pid, event.start_ticks) {
        return true;
    }
    match event.ppid.zip(kin).and_then(|(ppid, kin)| Some((kin.by_pid(ppid)?, kin))) {
        Some((parent, kin)) => provenance::is_toolchain(parent) || kin.is_toolchain_work(parent),
        None => event.parent.as_deref().is_some_and(is_toolchain_name),
    }
}
