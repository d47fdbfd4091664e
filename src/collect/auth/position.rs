//! Remembers up to when sign-ins were read, so that the next start begins there and misses nothing in between.
//!
//! A time is enough for the journal and for text logs alike: reading begins a little before it, and who reads
//! has forgotten what came earlier. The file is one JSON object, for its owner only.

use chrono::{DateTime, Duration as Span, Utc};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How far back a start reaches at most, however long nothing ran.
const DAYS: i64 = 30;
/// How often the time is written down while running.
const EVERY_S: i64 = 600;
const FILE: &str = "auth-position.json";

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    read_until: DateTime<Utc>,
}

/// The time up to which sign-ins were read, and its file.
#[derive(Debug)]
pub(super) struct Position {
    path: PathBuf,
    until: Option<DateTime<Utc>>,
    written: Option<DateTime<Utc>>,
}

impl Position {
    /// Reads what an earlier run left in `folder`; a damaged file is as good as none.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let until = super::rotated::open(&path)
            .ok()
            .and_then(|file| serde_json::from_reader::<_, Remembered>(io::Read::take(file, 4096)).ok())
            .map(|remembered| remembered.read_until);
        Self { path, until, written: until }
    }

    /// The time to begin at: `since`, or earlier where an earlier run stopped earlier.
    pub(super) fn begin(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        self.until.map_or(since, |until| until.clamp(now - Span::days(DAYS), now).min(since))
    }

    /// Notes that everything up to `now` was read, and writes it down now and then.
    pub(super) fn reach(&mut self, now: DateTime<Utc>) {
        self.until = Some(now);
        if self.written.is_none_or(|written| (now - written).num_seconds().abs() >= EVERY_S) {
            self.write_down();
        }
    }

    fn write_down(&mut self) {
        let Some(read_until) = self.until.filter(|until| Some(*until) != self.written) else { return };
        // A folder that cannot be written costs the next start a part of the past, and nothing now: the store,
        // which writes to the same folder, tells the user.
        if overwrite(&self.path, &Remembered { read_until }).is_ok() {
            self.written = Some(read_until);
        }
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        self.write_down();
    }
}

/// Writes over what stands there: so few bytes reach the disk whole or not at all, and cost a new file's worth less.
fn overwrite(path: &Path, remembered: &Remembered) -> io::Result<()> {
    let mut text = serde_json::to_vec(remembered)?;
    text.push(b'\n');
    let open = || {
        // No link is followed, and no pipe without a reader waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        File::options().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
    };
    let file = open().or_else(|_| {
        // A link, or a file of somebody else.
        fs::remove_file(path)?;
        open()
    })?;
    file.write_all_at(&text, 0)?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_763_800_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_next_start_begins_where_the_last_run_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (now, day) = (at(0), 86_400);
        let mut position = Position::in_folder(folder.path());
        assert_eq!(position.begin(at(-day), now), at(-day));
        position.reach(at(-3 * day));
        position.reach(at(-3 * day + 5));
        drop(position);
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(Position::in_folder(folder.path()).begin(at(-day), now), at(-3 * day + 5));
        // A clock that was wrong then, a pause of a year, a torn file.
        assert_eq!(
            Position::in_folder(folder.path()).begin(at(-day), at(-10 * day)),
            at(-10 * day).min(at(-day))
        );
        assert_eq!(Position::in_folder(folder.path()).begin(at(364 * day), at(365 * day)), at(335 * day));
        fs::write(&path, b"{\"read_un").unwrap();
        assert_eq!(Position::in_folder(folder.path()).begin(at(-day), now), at(-day));
    }

    #[test]
    fn a_link_in_place_of_the_file_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(FILE)).unwrap();
        Position::in_folder(folder.path()).reach(at(0));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(!fs::symlink_metadata(folder.path().join(FILE)).unwrap().is_symlink());
    }
}
