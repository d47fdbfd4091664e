//! What the tables of sockets lacked, in words, with the one fix there is.

use super::CONNECTIONS_CAP;
use crate::collect::fault::{Fault, reason};
use crate::model::{Sensor, Sockets};

/// What one beat's tables lacked.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) damaged_lines: u64,
    pub(super) udp: Option<Fault>,
    pub(super) connections: usize,
}

/// The sensor of the tables.
pub(super) fn tables(missed: &Missed) -> Sensor {
    if let Some(fault) = &missed.udp {
        return Sensor::partial(
            "net.sockets",
            fault.reason(),
            &format!("UDP sockets cannot be read: {fault}."),
        );
    }
    if missed.damaged_lines > 0 {
        let says = format!("{} lines of /proc/net are damaged and were left out.", missed.damaged_lines);
        return Sensor::partial("net.sockets", "damaged", &says);
    }
    let mut sensor = Sensor::ok("net.sockets");
    if missed.connections > CONNECTIONS_CAP {
        let says =
            format!("Only the first {CONNECTIONS_CAP} of {} connections are listed.", missed.connections);
        sensor = Sensor::partial("net.sockets", "too_many", &says);
        (sensor.seen, sensor.total) = (Some(CONNECTIONS_CAP as u64), Some(missed.connections as u64));
    }
    sensor
}

/// The sensor of the processes behind the sockets; `was_denied` where one did not let us look.
pub(super) fn owners(sockets: &Sockets, processes_seen: bool, was_denied: bool) -> Sensor {
    let (known, total) = (sockets.owners_known, sockets.owners_total);
    let root = rustix::process::geteuid().is_root();
    let mut sensor = if !processes_seen {
        Sensor::blind(
            "net.owners",
            "not_found",
            "The processes behind sockets are unknown: no process can be read.",
        )
    } else if known < total && (!root || was_denied) {
        let why = if root {
            "root itself lacks the right here (CAP_SYS_PTRACE)"
        } else {
            "it belongs to another user"
        };
        let says = format!("The process behind {} of {total} sockets is hidden: {why}.", total - known);
        let sensor = Sensor::partial("net.owners", reason(rustix::io::Errno::ACCESS), &says);
        if root { sensor } else { sensor.fixed_by(&["sudo", "home-soc"]) }
    } else {
        Sensor::ok("net.owners")
    };
    (sensor.seen, sensor.total) = (Some(known), Some(total));
    sensor
}
