//! Which machine this is: name, system, kernel, and which boot of it.

use super::fields::{first_line, lines, number, words};
use super::kept::read_path;
use super::{Root, Seen};
use crate::model::{Host, Safe, Sensor, fingerprint};
use chrono::{DateTime, Utc};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// Reads the facts that do not change while the machine runs.
pub fn read(root: &Root) -> Seen<Host> {
    let kernel = line(root, "/proc/sys/kernel/osrelease");
    let os = os_release(root, "/etc/os-release").or_else(|| os_release(root, "/usr/lib/os-release"));
    let id = line(root, "/etc/machine-id").or_else(|| line(root, "/var/lib/dbus/machine-id"));
    let Some(name) = line(root, "/proc/sys/kernel/hostname").or_else(|| line(root, "/etc/hostname")) else {
        let says = "The name of this machine cannot be read from /proc/sys/kernel/hostname or /etc/hostname.";
        let host = Host { name: Safe::new("unknown"), id: String::new(), os, kernel, cpu: cpu(root) };
        return Seen { value: Some(host), sensors: vec![Sensor::partial("host", "not_found", says)] };
    };
    // A machine without an id (a small container) is still told from others by its name.
    let id = format!("{:016x}", fingerprint(id.as_ref().unwrap_or(&name).as_bytes()));
    let host = Host { name, id, os, kernel, cpu: cpu(root) };
    Seen { value: Some(host), sensors: vec![Sensor::ok("host")] }
}

/// The first 8 hex digits of the kernel's random boot id.
pub fn boot_id(root: &Root) -> Option<String> {
    let id = line(root, "/proc/sys/kernel/random/boot_id")?;
    let short: String = id.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    (short.len() == 8).then(|| short.to_ascii_lowercase())
}

/// When the kernel started, by the clock of now (`btime` of proc_stat(5)).
pub fn boot_time(root: &Root) -> Option<DateTime<Utc>> {
    let mut text = Vec::new();
    read_path(&root.path("/proc/stat"), &mut text).ok()?;
    let seconds = lines(&text).find_map(|line| {
        let mut words = words(line);
        (words.next()? == b"btime").then(|| words.next().and_then(number))?
    })?;
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}

/// The processor's own name: sysinfo knows where each architecture keeps it.
fn cpu(root: &Root) -> Option<Safe> {
    if !root.is_live() {
        return None;
    }
    let wanted = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(wanted).ok()?;
    system.cpus().first().map(|cpu| cpu.brand().trim()).filter(|brand| !brand.is_empty()).map(Safe::new)
}

/// The first line of a small file.
fn line(root: &Root, absolute: &str) -> Option<Safe> {
    let mut text = Vec::new();
    read_path(&root.path(absolute), &mut text).ok()?;
    first_line(&text).map(Safe::from_bytes)
}

/// `PRETTY_NAME` of os-release(5).
fn os_release(root: &Root, absolute: &str) -> Option<Safe> {
    let mut text = Vec::new();
    read_path(&root.path(absolute), &mut text).ok()?;
    let value = lines(&text).find_map(|line| line.strip_prefix(b"PRETTY_NAME="))?.trim_ascii();
    let bare = match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        bare => bare,
    };
    (!bare.is_empty()).then(|| Safe::from_bytes(bare))
}
