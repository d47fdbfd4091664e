//! What the process list could not see, in words, with the one fix there is.

use super::known::Known;
use crate::collect::fault::reason;
use crate::model::Sensor;
use rustix::io::Errno;

/// What one pass over /proc could not see.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// Processes that do not let us read them.
    pub(super) denied: u64,
    /// Processes that could not be opened because this program may open no more files.
    pub(super) starved: u64,
    /// Processes whose lasting facts wait for the next beat.
    pub(super) unread_facts: u64,
    /// Processes whose line makes no sense.
    pub(super) damaged: u64,
    /// The first process of all is not listed: others are hidden too.
    pub(super) hidden: bool,
}

impl Missed {
    /// Every process that is there was read.
    pub(super) const fn is_nothing(&self) -> bool {
        self.denied + self.starved + self.damaged == 0 && !self.hidden
    }

    /// Counts one process that was not read.
    pub(super) fn count(&mut self, errno: Errno) {
        match errno {
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => self.starved += 1,
            Errno::ACCESS | Errno::PERM => self.denied += 1,
            _ => self.damaged += 1,
        }
    }
}

/// The sensor of the list as a whole.
pub(super) fn list(seen: usize, missed: &Missed) -> Sensor {
    let Missed { denied, starved, unread_facts, damaged, hidden } = *missed;
    let mut sensor = if starved > 0 {
        let says = format!("{starved} processes were not read: this program may open no more files.");
        Sensor::partial("proc", "out_of_resources", &says)
    } else if hidden {
        let says = "This machine hides the processes of other users (/proc is mounted with hidepid).";
        with_root(Sensor::partial("proc", reason(Errno::ACCESS), says))
    } else if denied > 0 {
        let says = format!("{denied} processes do not let us read them (hidepid or a sandbox).");
        with_root(Sensor::partial("proc", reason(Errno::ACCESS), &says))
    } else if damaged > 0 {
        let says = format!("{damaged} processes have a stat that makes no sense and were left out.");
        Sensor::partial("proc", "damaged", &says)
    } else if unread_facts > 0 {
        let says = format!(
            "{unread_facts} processes are new at once; their command lines follow in the next beats."
        );
        Sensor::partial("proc", "busy", &says)
    } else {
        Sensor::ok("proc")
    };
    let seen = seen as u64;
    sensor.seen = Some(seen);
    // How many are hidden is hidden too.
    sensor.total = (!hidden).then_some(seen + denied + starved + damaged);
    sensor
}

/// The sensor of what each process runs.
pub(super) fn executables(known: &[Known]) -> Sensor {
    let (mut total, mut denied) = (0, 0);
    for known in known.iter().filter(|known| known.has_executable()) {
        total += 1;
        denied += u64::from(known.exe_denied);
    }
    let mut sensor = if denied == 0 {
        Sensor::ok("proc.exe")
    } else {
        let why = if rustix::process::geteuid().is_root() {
            "root itself lacks the right here (CAP_SYS_PTRACE)"
        } else {
            "they belong to other users"
        };
        let says = format!("Which program file runs is hidden for {denied} of {total} processes: {why}.");
        with_root(Sensor::partial("proc.exe", reason(Errno::ACCESS), &says))
    };
    (sensor.seen, sensor.total) = (Some(total - denied), Some(total));
    sensor
}

/// Adds the one fix there is, for whom it is one.
fn with_root(sensor: Sensor) -> Sensor {
    if rustix::process::geteuid().is_root() { sensor } else { sensor.fixed_by(&["sudo", "home-soc"]) }
}
