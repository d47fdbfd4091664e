//! Opens what a scan is asked to read: files, compressed files, standard input.
//!
//! What cannot be read as a log says so with the way to read it. It does not read lines.

use crate::model::Safe;
use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

/// An input that is open.
pub struct Input {
    /// Its name as the user gave it; `-` for standard input.
    pub name: Safe,
    /// The bytes, decompressed.
    pub bytes: Box<dyn Read + Send>,
    /// Bytes that a plain file held when it was opened.
    pub size: Option<u64>,
    /// A time after which nothing was written: the last change of a file that is done.
    pub written_until: Option<DateTime<Utc>>,
}

impl Input {
    /// Opens a file, or standard input as `-`. `now_is_given` tells that the user chose the present: it then
    /// counts for more than the last change of a file, but for those that were rotated away.
    ///
    /// # Errors
    ///
    /// A sentence without the path, with the way to read it where there is one.
    pub fn open(path: &Path, now_is_given: bool) -> Result<Self, String> {
        let name = Safe::from_bytes(path.as_os_str().as_encoded_bytes());
        if path.as_os_str() == "-" {
            let bytes = unpacked(Box::new(io::stdin()))?.0;
            return Ok(Self { name, bytes, size: None, written_until: None });
        }
        // Without NONBLOCK, opening a pipe nobody writes to waits for ever.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits().cast_signed())
            .open(path)
            .map_err(|error| why(&error))?;
        let about = file.metadata().map_err(|error| why(&error))?;
        let kind = about.file_type();
        if kind.is_dir() {
            return Err("is a directory; name the files in it".to_owned());
        }
        if kind.is_fifo() || kind.is_socket() {
            return Err("is a pipe or socket; feed it on standard input: home-soc scan - < PIPE".to_owned());
        }
        if !kind.is_file() {
            return Err("is a device and no log file".to_owned());
        }
        let changed = about.modified().ok().map(DateTime::<Utc>::from);
        let (bytes, packed) = unpacked(Box::new(file))?;
        Ok(Self {
            name,
            bytes,
            size: (!packed).then_some(about.len()),
            written_until: changed
                .filter(|_| !now_is_given || is_rotated(path))
                // Archives are unpacked with times of 1970 or 1980: those say nothing.
                .filter(|time| time.timestamp() > 946_684_800),
        })
    }
}

/// Unpacks gzip, which its first bytes tell; refuses what is no text, with the way to make it text.
fn unpacked(mut input: Box<dyn Read + Send>) -> Result<(Box<dyn Read + Send>, bool), String> {
    let mut head = Vec::with_capacity(8);
    input.by_ref().take(8).read_to_end(&mut head).map_err(|error| why(&error))?;
    let refused = match head.as_slice() {
        [0x1f, 0x8b, ..] => {
            let whole = io::Cursor::new(head).chain(input);
            return Ok((Box::new(MultiGzDecoder::new(whole)), true));
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "is packed with xz: xz -dc FILE | home-soc scan -",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "is packed with zstd: zstd -dc FILE | home-soc scan -",
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "is packed with bzip2: bzip2 -dc FILE | home-soc scan -",
        b"LPKSHHRH" => "is a binary journal: journalctl --file FILE -o json --all | home-soc scan -",
        _ => return Ok((Box::new(io::Cursor::new(head).chain(input)), false)),
    };
    Err(refused.to_owned())
}

/// A system error as a sentence.
fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "may not be read by this user; try: sudo home-soc scan FILE".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    }
}

/// Tells the names that logrotate gives.
fn is_rotated(path: &Path) -> bool {
    let name = path.file_name().map(std::ffi::OsStr::as_encoded_bytes).unwrap_or_default();
    let end = name.iter().rposition(|byte| !byte.is_ascii_digit()).unwrap_or(0);
    let digits = name.len() - end - 1;
    name.ends_with(b".gz") || matches!((name.get(end), digits), (Some(b'.'), 1..=3) | (Some(b'-' | b'.'), 8))
}

/// What is wrong with an input that broke while it was read.
pub(super) fn broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the packed data ends in the middle; what came before is counted".to_owned()
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("the packed data is damaged ({error}); what came before is counted")
        }
        _ => format!("could not be read to its end: {error}; what came before is counted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_known_by_their_names() {
        for (name, rotated) in [
            ("auth.log", false),
            ("auth.log.1", true),
            ("/var/log/auth.log.2.gz", true),
            ("secure-20260101", true),
            ("OpenSSH_2k.log", false),
            ("log2", false),
        ] {
            assert_eq!(is_rotated(Path::new(name)), rotated, "{name}");
        }
    }
}
