//! The command `scan`: reads any auth log and tells who tried what from where.
//!
//! It wires the reader to the report; it does not parse options and does not print elsewhere than to the writer
//! that it is given.

use crate::collect::auth::{Clock, Input, Scan};
use crate::model::{AuthEvent, Safe, ScanSummary, Zone, ZoneRules};
use crate::outputs::scan_report;
use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, FixedOffset, Utc};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

/// Where the system keeps its zones.
const ZONES: &str = "/usr/share/zoneinfo";

/// What to scan, and how to read its times.
#[derive(Debug, Clone, Default)]
pub struct ScanArgs {
    /// Files; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// One event a line instead of the summary.
    pub json: bool,
    /// The lines are journalctl's. They are known by their first byte too; a line that is none is then unparsed.
    pub journal: bool,
    /// The present, for stamps without a year; the real one when absent.
    pub now: Option<DateTime<Utc>>,
    /// The zone of stamps without one.
    pub zone: Zone,
    /// The year of the first stamp without one.
    pub year: Option<i32>,
}

/// Reads the inputs in their order and writes the events or the summary. `progress` is told the bytes read so far.
///
/// # Errors
///
/// When an input could not be read, or not to its end: after everything else was read and written. A closed pipe
/// on `stdout` ends quietly.
pub fn run(
    args: &ScanArgs,
    now: DateTime<Utc>,
    stdout: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(u64) + Send),
) -> anyhow::Result<ScanSummary> {
    let clock = Clock { now: args.now.unwrap_or(now), zone: args.zone, year: args.year, upper_bound: None };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut scan = Scan::new(clock, workers);
    scan.only_records(args.journal);
    let mut read = 0;
    let mut advance = |bytes: u64| {
        read += bytes;
        progress(read);
    };
    for path in &args.files {
        let input = match Input::open(path, args.now.is_some()) {
            Ok(input) => input,
            Err(why) => {
                scan.note_problem(&Safe::from_bytes(path.as_os_str().as_encoded_bytes()), &why);
                continue;
            }
        };
        let done = if args.json {
            let mut write = |event: &AuthEvent| -> io::Result<()> {
                serde_json::to_writer(&mut *stdout, event)?;
                stdout.write_all(b"\n")
            };
            scan.read(input, Some(&mut write), &mut advance)
        } else {
            scan.read(input, None, &mut advance)
        };
        if let Err(error) = done {
            return quiet_end(error).map(|()| scan.summary());
        }
    }
    let summary = scan.summary();
    if !args.json && !summary.files.is_empty() {
        let text = scan_report::render(&summary, args.zone);
        if let Err(error) = stdout.write_all(text.as_bytes()) {
            return quiet_end(error).map(|()| summary);
        }
    }
    if let Err(error) = stdout.flush() {
        return quiet_end(error).map(|()| summary);
    }
    match summary.problems.as_slice() {
        [] => Ok(summary),
        problems => {
            let problems: Vec<&str> = problems.iter().map(Safe::as_str).collect();
            Err(anyhow!("{}", problems.join("\n")))
        }
    }
}

/// Nobody reads on: that is no error.
fn quiet_end(error: io::Error) -> anyhow::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(error).context("cannot write the events")
}

/// Reads the option `--tz`: `local`, `UTC`, `+02:00` or a name such as `Europe/Zurich`.
///
/// # Errors
///
/// When the name is unknown, with what is accepted.
pub fn zone(name: &str) -> anyhow::Result<Zone> {
    match name {
        "local" | "Local" => return Ok(Zone::Local),
        "UTC" | "utc" | "Z" | "z" | "GMT" => return Ok(Zone::utc()),
        _ => {}
    }
    if name.starts_with(['+', '-']) {
        return offset(name)
            .map(Zone::Fixed)
            .with_context(|| format!("{name} is no offset; write it as +02:00"));
    }
    // The name becomes a path: it must stay below the folder of zones.
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    if !name.split('/').all(plain) {
        bail!(
            "{} is no zone; write UTC, an offset like +02:00 or a name like Europe/Zurich",
            Safe::new(name)
        );
    }
    let folder = Path::new(ZONES);
    if !folder.is_dir() {
        bail!(
            "{ZONES} is missing, so {name} is not known here; give the offset (+02:00) or: sudo apt install tzdata"
        );
    }
    let rules = std::fs::read(folder.join(name)).ok().and_then(|bytes| ZoneRules::parse(&bytes));
    let rules = rules.with_context(|| {
        format!("{name} is not among the zones in {ZONES}; write UTC, an offset like +02:00 or a name like Europe/Zurich")
    })?;
    // One zone for the life of the program.
    Ok(Zone::Named(Box::leak(Box::new(rules))))
}

/// `+02:00`, `-0530`, `+2`.
fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number =
        |text: &str| text.parse::<i32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?);
    let seconds = hours * 3600 + minutes * 60;
    FixedOffset::east_opt(if sign == "-" { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_and_offsets() {
        assert_eq!(zone("UTC").unwrap(), Zone::utc());
        let fixed = |seconds| Zone::Fixed(FixedOffset::east_opt(seconds).unwrap());
        assert_eq!(zone("+02:00").unwrap(), fixed(7200));
        assert_eq!(zone("-0530").unwrap(), fixed(-19_800));
        assert_eq!(zone("+2").unwrap(), fixed(7200));
        for wrong in ["+25:00", "+02:77", "../../etc/passwd", "Europe/../../x", "", "No/Where", "+a"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }
}
