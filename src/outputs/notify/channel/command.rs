//! A program of your own: the letter as JSON on its standard input.
//!
//! It is started by its full path without a shell, with an environment of PATH and HOME alone: no secret of
//! ours is in it. Exit code 0 is delivered; anything else is tried again.

use super::{Carrier, Outcome, PATIENCE, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::plain;
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{self, Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const TABLE: &str = "command";
/// How often the end of the program is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The settings of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program by its full path, and its arguments.
    pub argv: Vec<String>,
    /// Seconds after which it is ended, 1 to 20; default 20.
    #[serde(default = "patience")]
    pub timeout_s: u32,
}

const fn patience() -> u32 {
    PATIENCE.as_secs() as u32
}

impl Part for Command {
    fn check(&self) -> Result<(), Fault> {
        let Some(program) = self.argv.first() else {
            return Err(Fault::new(
                TABLE,
                "argv",
                "is empty; write [\"/usr/local/bin/program\", \"argument\"]",
            ));
        };
        if !program.starts_with('/') || self.argv.iter().any(|word| word.contains('\0')) {
            return Err(Fault::new(
                TABLE,
                "argv",
                "must begin with a program's full path, /usr/local/bin/...",
            ));
        }
        if !(1..=patience()).contains(&self.timeout_s) {
            let says = format!("is {}, it must be 1 to {}", self.timeout_s, patience());
            return Err(Fault::new(TABLE, "timeout_s", says));
        }
        Ok(())
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let fault = |says: String| Fault::new(TABLE, "argv", says);
        let program = self.argv.first().map_or("", String::as_str);
        let meta = std::fs::metadata(program)
            .map_err(|error| fault(format!("cannot start {program}: {}", plain(&error))))?;
        if !meta.is_file() || meta.mode() & 0o111 == 0 {
            return Err(fault(format!("{program} is no program; make it one with: chmod +x {program}")));
        }
        let us = rustix::process::geteuid().as_raw();
        if meta.mode() & 0o022 != 0 || ![0, us].contains(&meta.uid()) {
            return Err(fault(format!(
                "{program} can be changed by others: it must belong to root or to you, with chmod go-w"
            )));
        }
        Ok(Box::new(Program(self.clone())))
    }
}

/// A program that is ready.
struct Program(Command);

impl Carrier for Program {
    fn carry(&self, letter: &Letter) -> Outcome {
        let program = self.0.argv.first().map_or("", String::as_str);
        match self.run(&letter.json) {
            Ok(Some(status)) if status.success() => Outcome::Delivered,
            Ok(Some(status)) => Outcome::later(format!("{program} ended with {status}")),
            Ok(None) => Outcome::later(format!("{program} took longer than {} s", self.0.timeout_s)),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
            {
                Outcome::refused(format!("cannot start {program}: {}", plain(&error)))
            }
            Err(error) => Outcome::later(format!("cannot start {program}: {}", plain(&error))),
        }
    }
}

impl Program {
    /// Runs the program to its end; `None` when it took too long and was ended with all it started.
    fn run(&self, input: &str) -> io::Result<Option<ExitStatus>> {
        // A file in memory, not a pipe: a program that never reads cannot hold us.
        let mut stdin = File::from(rustix::fs::memfd_create("message", MemfdFlags::CLOEXEC)?);
        stdin.write_all(input.as_bytes())?;
        stdin.rewind()?;
        let mut words = self.0.argv.iter();
        let mut command = process::Command::new(words.next().map_or("", String::as_str));
        command.args(words).env_clear().current_dir("/").process_group(0);
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let child = command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        wait(child, Duration::from_secs(self.0.timeout_s.into()))
    }
}

fn wait(mut child: Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            // It may have ended just now; then there is nobody to end.
            kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}
