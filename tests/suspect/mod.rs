//! A program that deserves attention, started for one test and ended with it.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses what it needs, and ends where it fails")]

use crate::terminal::until;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A program that runs from a folder where no program belongs, under a name of this test alone.
pub(crate) struct Suspect {
    file: PathBuf,
    pid: u32,
}

impl Suspect {
    /// Starts it.
    pub(crate) fn start(name: &str) -> Self {
        let file = PathBuf::from("/dev/shm").join(format!("{name}{}", std::process::id()));
        fs::copy("/bin/sleep", &file).unwrap();
        // An orphan before it becomes that program: what a build starts is the build's own work and not suspected.
        let script = format!("(sleep 0.3; exec {} 1000) >/dev/null 2>&1 & echo $!", file.display());
        let out = Command::new("sh").args(["-c", &script]).output().unwrap();
        let pid = String::from_utf8_lossy(&out.stdout).trim().parse().unwrap();
        until("the start of a copied program", Duration::from_secs(30), || {
            fs::read_link(format!("/proc/{pid}/exe")).ok().filter(|exe| *exe == file)
        });
        Self { file, pid }
    }

    /// The letter of its state; `None` when it is gone.
    pub(crate) fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    /// Its name, which no other process has.
    pub(crate) fn name(&self) -> String {
        self.file.file_name().unwrap().to_string_lossy().into_owned()
    }
}

impl Drop for Suspect {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-9", &self.pid.to_string()]).output());
        drop(fs::remove_file(&self.file));
    }
}
