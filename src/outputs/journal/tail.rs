//! The end of a file as a crash or a power cut left it, and its repair at start.
//!
//! What follows the last newline was never acknowledged. It is set aside byte for byte and then cut off, unless
//! it is a whole line that only lacks its newline.

use super::disk::Disk;
use super::line;
use super::lines::LinesBack;
use crate::model::Safe;
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Repairs the end of `name`; answers what was done, in words, if something was.
///
/// # Errors
/// The end stays as it is; the writer will end the torn line with a newline instead.
pub(super) fn repair(
    disk: &mut dyn Disk,
    folder: &Folder,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Option<Safe>> {
    if folder.length(name).is_none_or(|length| length == 0) {
        return Ok(None);
    }
    let file = folder.append(name)?;
    let end = file.metadata()?.len();
    let Some(torn) = torn_from(&file, end).with_context(|| format!("cannot read {name}"))? else {
        return Ok(None);
    };
    if is_whole_object(&file, torn, end)? {
        write_all(disk, &file, b"\n")?;
        return Ok(Some(Safe::new(&format!("{name} lacked its last newline; it has it now"))));
    }
    let aside = set_aside(disk, folder, &file, name, torn, end, now)?;
    disk.cut(&file, torn).with_context(|| format!("cannot cut the torn end off {name}"))?;
    disk.sync(&file)?;
    Ok(Some(Safe::new(&format!(
        "{name} ended in a torn line of {} bytes; it is kept as {aside}",
        end - torn
    ))))
}

/// Where the unfinished last line begins; `None` when the file ends with a newline.
fn torn_from(file: &File, end: u64) -> io::Result<Option<u64>> {
    match LinesBack::new(file, end).next().transpose()? {
        Some(line) if !line.whole => Ok(Some(line.offset)),
        _ => Ok(None),
    }
}

fn is_whole_object(file: &File, from: u64, end: u64) -> io::Result<bool> {
    if end - from > line::CAP as u64 {
        return Ok(false);
    }
    let mut bytes = vec![0; (end - from) as usize];
    file.read_exact_at(&mut bytes, from)?;
    Ok(line::is_object(&bytes))
}

fn set_aside(
    disk: &mut dyn Disk,
    folder: &Folder,
    file: &File,
    name: &str,
    from: u64,
    end: u64,
    now: DateTime<Utc>,
) -> Result<String> {
    let stem = format!("{name}.torn-{}", now.format("%Y%m%dT%H%M%SZ"));
    let names = std::iter::once(stem.clone()).chain((2..1000).map(|n| format!("{stem}-{n}")));
    let aside = names
        .into_iter()
        .find(|name| folder.length(name).is_none())
        .context("too many torn ends of one second are kept already")?;
    let copy = folder.create(&aside)?;
    let copied = copy_range(disk, file, from, end, &copy).and_then(|()| disk.sync(&copy));
    if let Err(error) = copied {
        // Half a copy is worth nothing: the torn end is still where it was.
        drop(disk.remove(folder, &aside));
        return Err(error).with_context(|| format!("cannot set the torn end of {name} aside"));
    }
    disk.sync_names(folder)?;
    Ok(aside)
}

fn copy_range(disk: &mut dyn Disk, file: &File, from: u64, end: u64, copy: &File) -> io::Result<()> {
    let mut at = from;
    let mut chunk = vec![0; 64 * 1024];
    while at < end {
        let size = (end - at).min(chunk.len() as u64) as usize;
        file.read_exact_at(&mut chunk[..size], at)?;
        write_all(disk, copy, &chunk[..size])?;
        at += size as u64;
    }
    Ok(())
}

pub(super) fn write_all(disk: &mut dyn Disk, file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write(file, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => bytes = &bytes[taken..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
