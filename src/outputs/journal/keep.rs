//! What is closed, packed and dropped, and when: one small step at each beat.
//!
//! Nothing is rewritten: a closed file is packed into a new one beside it, and only then removed; what is too old
//! or too much is removed whole.

use super::disk::Disk;
use super::line;
use super::members;
use super::series::{self, Closed, HOURS, MINUTES, MOMENTS, SAMPLES, Series};
use super::settings::Settings;
use crate::model::Zone;
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};

/// Plain bytes that become one member: so much is unpacked to read any line of it, and packed in one beat.
pub(super) const MEMBER_BYTES: usize = 128 * 1024;
/// Time between two looks at age and size.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(10);
/// Files that are removed at one look at most.
const REMOVALS: usize = 8;
/// Packed lines are at most this part of the plain ones.
const PACKS_TO: u64 = 8;
/// The record may be so large whatever the file system: a day of it.
const LEAST_CAP_BYTES: u64 = 16 * 1024 * 1024;

/// Looks after closed files.
#[derive(Default)]
pub(super) struct Keeper {
    packing: Option<Packing>,
    looked_at: Option<DateTime<Utc>>,
}

struct Packing {
    name: String,
    source: File,
    target: File,
    /// Bytes read that end in an unfinished line.
    rest: Vec<u8>,
}

impl Keeper {
    /// Takes one small step.
    ///
    /// # Errors
    /// Says what could not be packed or removed; it is tried again at a later look.
    pub(super) fn step(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        settings: &Settings,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let Some(packing) = &mut self.packing {
            match packing.step(disk, folder, zone) {
                Ok(false) => return Ok(()),
                // What comes next is looked for at once.
                Ok(true) => self.looked_at = None,
                Err(error) => {
                    let new = format!("{}.gz.new", packing.name);
                    // Half a copy is worth nothing, and the plain file is still there.
                    drop(disk.remove(folder, &new));
                    let name = std::mem::take(&mut packing.name);
                    self.packing = None;
                    return Err(error)
                        .with_context(|| format!("cannot pack {}", folder.path_of(&name).display()));
                }
            }
            self.packing = None;
        }
        if self.looked_at.is_some_and(|last| now >= last && now - last < LOOK_EVERY) {
            return Ok(());
        }
        self.looked_at = Some(now);
        self.look(disk, folder, settings, now)
    }

    fn look(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let names = folder.names()?;
        for name in names.iter().filter(|name| name.ends_with(".gz.new")) {
            disk.remove(folder, name)?;
        }
        for name in names.iter().filter(|name| name.ends_with(series::PLAIN)) {
            // A crash came between packing and removing.
            if names.contains(&format!("{name}.gz")) {
                disk.remove(folder, name)?;
            }
        }
        for name in too_old(folder, &names, settings, now)
            .into_iter()
            .chain(too_much(folder, &names, settings))
            .take(REMOVALS)
        {
            if folder.length(&name).is_some() {
                disk.remove(folder, &name).with_context(|| format!("cannot remove {name}"))?;
            }
        }
        let unpacked = series::ALL.iter().find_map(|series| {
            series.closed_of(&names).into_iter().find(|one| !one.packed && folder.length(&one.name).is_some())
        });
        if let Some(next) = unpacked {
            self.packing = Packing::begin(folder, next.name)?;
        }
        Ok(())
    }
}

/// How long a kind of file is kept.
fn days(series: &Series, settings: &Settings) -> Option<u32> {
    match series.stem {
        stem if stem == SAMPLES.stem => Some(settings.raw_days),
        stem if stem == MINUTES.stem => Some(settings.minute_days),
        stem if stem == MOMENTS.stem => Some(settings.moment_days),
        stem if stem == HOURS.stem => None,
        _ => Some(settings.alert_days),
    }
}

/// Files that are too old, measured in days on which something was recorded: a clock that jumps a year ahead for
/// a day makes nothing a year older. What was imported is old from its import on: it came to be looked at.
fn too_old(folder: &Folder, names: &[String], settings: &Settings, now: DateTime<Utc>) -> Vec<String> {
    let mut old = Vec::new();
    for series in series::ALL {
        let Some(days) = days(series, settings) else { continue };
        let Some(oldest_kept) = now.checked_sub_signed(TimeDelta::days(days.into())) else { continue };
        let closed = series.closed_of(names);
        // Alerts are closed by the month.
        let wanted = if *series == series::ALERTS { days / 31 } else { days } as usize;
        let mut newer = BTreeSet::new();
        for one in closed.iter().rev() {
            // Imported ones come last here, when all days of our own are counted.
            let Some(last) = one.to.or_else(|| folder.written(&one.name)) else { continue };
            if last < oldest_kept && newer.len() >= wanted {
                old.push(one.name.clone());
            }
            if one.to.is_some() {
                newer.insert(last.date_naive());
            }
        }
    }
    // Pushed newest first.
    old.reverse();
    old
}

/// The oldest files over the cap: what can be had from elsewhere first, what can be had nowhere else last.
fn too_much(folder: &Folder, names: &[String], settings: &Settings) -> Vec<String> {
    let share = folder.capacity_bytes().map_or(u64::MAX, |capacity| capacity / 10);
    let cap = (u64::from(settings.max_mib) << 20).min(share).max(LEAST_CAP_BYTES);
    // What is plain yet will be packed: it must not push anything out, nor be pushed out, before.
    let size = |name: &String| {
        folder.length(name).unwrap_or(0) / if name.ends_with(series::PLAIN) { PACKS_TO } else { 1 }
    };
    let mut total: u64 = names.iter().map(size).sum();
    let mut much = Vec::new();
    for series in [&MOMENTS, &SAMPLES, &MINUTES, &series::ALERTS] {
        let closed = series.closed_of(names);
        let (imported, own): (Vec<Closed>, Vec<Closed>) =
            closed.into_iter().partition(|one| one.to.is_none());
        for one in own.into_iter().chain(imported) {
            if total <= cap {
                return much;
            }
            total = total.saturating_sub(size(&one.name));
            much.push(one.name);
        }
    }
    much
}

impl Packing {
    fn begin(folder: &Folder, name: String) -> Result<Option<Self>> {
        let Some(source) = folder.read(&name)? else { return Ok(None) };
        let target = folder.create(&format!("{name}.gz.new"))?;
        Ok(Some(Self { name, source, target, rest: Vec::new() }))
    }

    /// Packs the next member; answers true when the whole file is packed and the plain one removed.
    fn step(&mut self, disk: &mut dyn Disk, folder: &Folder, zone: Zone) -> Result<bool> {
        let mut bytes = std::mem::take(&mut self.rest);
        let wanted = MEMBER_BYTES.saturating_sub(bytes.len()).max(4096) as u64;
        let read = (&self.source).take(wanted).read_to_end(&mut bytes)?;
        if read > 0 {
            // A line that is longer than a member is packed in pieces: every byte is kept.
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
            } else if bytes.len() < line::CAP {
                self.rest = bytes;
                return Ok(false);
            }
        }
        if !bytes.is_empty() {
            write_member(disk, &self.target, &bytes, zone)?;
        }
        if read > 0 {
            return Ok(false);
        }
        let packed = format!("{}.gz", self.name);
        disk.sync(&self.target)?;
        disk.rename(folder, &format!("{packed}.new"), &packed)?;
        disk.sync_names(folder)?;
        disk.remove(folder, &self.name)?;
        Ok(true)
    }
}

/// Appends lines as one member.
pub(super) fn write_member(disk: &mut dyn Disk, target: &File, bytes: &[u8], zone: Zone) -> io::Result<()> {
    let mut span = None;
    let mut lines = 0;
    for one in bytes.split(|byte| *byte == b'\n').filter(|one| !one.is_empty()) {
        lines += 1;
        if let Some(at) = line::time_of(one, zone) {
            let second = at.timestamp();
            let (from, to) = span.unwrap_or((second, second));
            span = Some((second.min(from), second.max(to)));
        }
    }
    // A member without a time is looked into for every stretch.
    let member = members::pack(bytes, span.unwrap_or((i64::MIN, i64::MAX)), lines)?;
    super::tail::write_all(disk, target, &member)
}
