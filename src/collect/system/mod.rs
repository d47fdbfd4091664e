//! The machine as a whole: load, processor, pressure, memory, disks, interfaces, temperatures.
//!
//! What is cheap is read every beat by kept descriptors; what is not (file systems, temperatures, link states)
//! at a slower pace of its own. Nothing here waits for a network file system.

mod cpu;
mod disks;
mod interfaces;
mod memory;
mod paging;
mod pressure;
mod temperatures;

use super::fault::{Fault, seen};
use super::fields::{decimal, words};
use super::kept::Kept;
use super::{Root, Seen};
use crate::model::{Load, System};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// How old the figures of slow sources may become.
const DISKS_EVERY: Duration = Duration::from_secs(30);
const TEMPERATURES_EVERY: Duration = Duration::from_secs(10);

/// Reads the machine from beat to beat.
#[derive(Debug)]
pub struct Collector {
    uptime: Kept,
    load: Kept,
    cpu: cpu::Processors,
    pressure: pressure::Pressures,
    memory: Kept,
    paging: paging::Traffic,
    disks: disks::Disks,
    disks_pace: Pace,
    interfaces: interfaces::Interfaces,
    temperatures: temperatures::Thermometers,
    temperatures_pace: Pace,
    buffer: Vec<u8>,
}

impl Collector {
    /// A collector for the machine below `root`; nothing is read yet.
    #[expect(clippy::needless_pass_by_value, reason = "every collector owns its root")]
    pub fn new(root: Root) -> Self {
        Self {
            uptime: Kept::new(&root, "/proc/uptime"),
            load: Kept::new(&root, "/proc/loadavg"),
            cpu: cpu::Processors::new(&root),
            pressure: pressure::Pressures::new(&root),
            memory: Kept::new(&root, "/proc/meminfo"),
            paging: paging::Traffic::new(&root),
            disks: disks::Disks::new(&root),
            disks_pace: Pace::new(DISKS_EVERY),
            interfaces: interfaces::Interfaces::new(&root),
            temperatures: temperatures::Thermometers::new(&root),
            temperatures_pace: Pace::new(TEMPERATURES_EVERY),
            buffer: Vec::with_capacity(8192),
        }
    }

    /// Reads everything once; rates are over `elapsed`, the time since the last call.
    pub fn read(&mut self, _now: DateTime<Utc>, elapsed: Option<Duration>) -> Seen<System> {
        let mut sensors = Vec::with_capacity(8);
        let buffer = &mut self.buffer;
        let uptime_s = self.uptime.read(buffer).ok().and_then(|()| words(buffer).next().and_then(decimal));
        let load = seen("load", "The load averages", load(&mut self.load, buffer), &mut sensors);
        let cpu = seen("cpu", "Processor use", self.cpu.read(buffer), &mut sensors);
        let memory = seen("memory", "Memory and swap", memory(&mut self.memory, buffer), &mut sensors);
        let interfaces =
            seen("net.interfaces", "Network interfaces", self.interfaces.read(buffer, elapsed), &mut sensors);
        if self.disks_pace.due(elapsed) {
            self.disks.look(buffer);
        }
        if self.temperatures_pace.due(elapsed) {
            self.temperatures.look(buffer);
        }
        sensors.extend(self.disks.sensor());
        let system = System {
            uptime_s,
            load,
            cpu,
            pressure: self.pressure.read(buffer),
            memory: memory.as_ref().map(|found| found.memory),
            swap: memory.and_then(|found| found.swap),
            paging: self.paging.read(buffer, elapsed),
            disks: self.disks.seen(),
            interfaces,
            temperatures: Some(self.temperatures.seen()),
        };
        Seen { value: Some(system), sensors }
    }
}

/// Counts the time until something slow is due again.
#[derive(Debug)]
struct Pace {
    every: Duration,
    waited: Option<Duration>,
}

impl Pace {
    const fn new(every: Duration) -> Self {
        Self { every, waited: None }
    }

    /// True on the first call, and then whenever the time has passed.
    fn due(&mut self, elapsed: Option<Duration>) -> bool {
        let waited = self.waited.map(|waited| waited + elapsed.unwrap_or_default());
        let due = waited.is_none_or(|waited| waited >= self.every);
        self.waited = if due { Some(Duration::ZERO) } else { waited };
        due
    }
}

fn load(file: &mut Kept, buffer: &mut Vec<u8>) -> Result<Load, Fault> {
    file.read(buffer)?;
    let mut averages = words(buffer).map(decimal);
    match (averages.next().flatten(), averages.next().flatten(), averages.next().flatten()) {
        (Some(one_min), Some(five_min), Some(fifteen_min)) => Ok(Load { one_min, five_min, fifteen_min }),
        _ => Err(Fault::damaged(file.path(), "the first three words are not load averages")),
    }
}

fn memory(file: &mut Kept, buffer: &mut Vec<u8>) -> Result<memory::Found, Fault> {
    file.read(buffer)?;
    memory::parse(buffer).ok_or_else(|| Fault::damaged(file.path(), "total or available memory is missing"))
}
