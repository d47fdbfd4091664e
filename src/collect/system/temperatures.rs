//! Temperatures from /sys/class/hwmon, else from /sys/class/thermal. A machine without thermometers has an
//! empty list and is not blind.
//!
//! It does not ask disks (`drivetemp`): the question keeps some of them from ever spinning down.

use crate::collect::Root;
use crate::collect::fields::{first_line, signed};
use crate::collect::kept::read_path;
use crate::model::{Safe, Temperature};
use std::path::{Path, PathBuf};

/// At most this many thermometers are read.
const CAP: usize = 128;

/// The thermometers and what they said last.
#[derive(Debug)]
pub(super) struct Thermometers {
    hwmon: PathBuf,
    zones: PathBuf,
    seen: Vec<Temperature>,
}

impl Thermometers {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            hwmon: root.path("/sys/class/hwmon"),
            zones: root.path("/sys/class/thermal"),
            seen: Vec::new(),
        }
    }

    /// Reads all thermometers.
    pub(super) fn look(&mut self, buffer: &mut Vec<u8>) {
        self.seen.clear();
        for chip in folders(&self.hwmon, "hwmon") {
            chip_temperatures(&chip, buffer, &mut self.seen);
        }
        if self.seen.is_empty() {
            for zone in folders(&self.zones, "thermal_zone") {
                self.seen.extend(zone_temperature(&zone, buffer));
            }
        }
        self.seen.truncate(CAP);
    }

    /// What they said last.
    pub(super) fn seen(&self) -> Vec<Temperature> {
        self.seen.clone()
    }
}

/// The folders of a class whose names start so, in the order of their numbers.
fn folders(class: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(class) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .take(CAP)
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The temperatures of one chip (kernel: hwmon/sysfs-interface), labelled `chip label`.
fn chip_temperatures(chip: &Path, buffer: &mut Vec<u8>, out: &mut Vec<Temperature>) {
    let Some(name) = text(&chip.join("name"), buffer) else { return };
    if name == "drivetemp" {
        return;
    }
    let Ok(entries) = std::fs::read_dir(chip) else { return };
    let mut inputs: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| {
            entry.file_name().to_str()?.strip_prefix("temp")?.strip_suffix("_input")?.parse().ok()
        })
        .take(CAP)
        .collect();
    inputs.sort_unstable();
    for input in inputs {
        let file = |what: &str| chip.join(format!("temp{input}_{what}"));
        let Some(celsius) = degrees(&file("input"), buffer) else { continue };
        let label = match text(&file("label"), buffer) {
            Some(label) => Safe::new(&format!("{name} {label}")),
            None => name.clone(),
        };
        // Boards without a mark write 0 or something absurd.
        let critical_celsius = degrees(&file("crit"), buffer).filter(|mark| (20.0..=200.0).contains(mark));
        out.push(Temperature { label, celsius, critical_celsius });
    }
}

fn zone_temperature(zone: &Path, buffer: &mut Vec<u8>) -> Option<Temperature> {
    let celsius = degrees(&zone.join("temp"), buffer)?;
    let label = text(&zone.join("type"), buffer)?;
    Some(Temperature { label, celsius, critical_celsius: None })
}

/// Thousandths of a degree; a thermometer that is not connected says something impossible.
fn degrees(path: &Path, buffer: &mut Vec<u8>) -> Option<f64> {
    read_path(path, buffer).ok()?;
    let celsius = signed(first_line(buffer)?)? as f64 / 1000.0;
    (-60.0..=250.0).contains(&celsius).then_some(celsius)
}

fn text(path: &Path, buffer: &mut Vec<u8>) -> Option<Safe> {
    read_path(path, buffer).ok()?;
    first_line(buffer).map(Safe::from_bytes)
}
