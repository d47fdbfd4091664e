//! Contradictions between two views of one fact, and rare things: hidden processes, packet sockets, tracers.
//!
//! Dear looks set their own pace by what they cost; between them the last result stands. It judges nothing:
//! a packet capture by its owner and a debugger look the same as their evil twins here.

mod hidden;
mod packets;
mod traced;

use super::share::Share;
use super::{Root, Seen};
use crate::model::{HiddenProcess, Oddities, Process, Sensor, TracedProcess};
use chrono::{DateTime, Utc};
use hidden::{Blind, Search};
use packets::Tables;
use std::sync::Arc;
use std::time::Duration;

/// A dear look may take one part in this many of the time: an eighth of a thousandth of a core.
const SHARE: u32 = 8_000;

/// The shortest rest: with a beat a second, every look would be the dearest part of it.
const REST_MIN: Duration = Duration::from_secs(5);

/// Looks for oddities from beat to beat.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    search: Search,
    search_share: Share,
    hidden: Option<Vec<HiddenProcess>>,
    hidden_sensor: Sensor,
    tables: Tables,
    traced_share: Share,
    traced: Option<Vec<TracedProcess>>,
}

impl Collector {
    /// A collector for the machine below `root`. In a recorded machine nobody can be asked whether he lives:
    /// hidden processes are not looked for there.
    pub fn new(root: Root) -> Self {
        Self {
            search: Search::new(&root),
            search_share: Share::one_in(SHARE, REST_MIN),
            hidden: None,
            hidden_sensor: blind("unsupported", "A recorded machine cannot be asked who lives."),
            tables: Tables::new(&root),
            traced_share: Share::one_in(SHARE, REST_MIN),
            traced: None,
            root,
        }
    }

    /// Looks where a look is due. `processes` are those of the same beat; without them nobody's owner and no
    /// tracer is known.
    pub fn read(&mut self, now: DateTime<Utc>, processes: Option<&[Process]>) -> Seen<Arc<Oddities>> {
        if self.root.is_live()
            && let Some(found) = self.search_share.take(|| self.search.look(now))
        {
            (self.hidden, self.hidden_sensor) = match found {
                Ok(hidden) => (Some(hidden), Sensor::ok("proc.hidden")),
                Err(Blind::Limited) => (
                    None,
                    blind(
                        "permission_denied",
                        "Other users' processes are not shown to us (/proc is mounted with hidepid): a process \
                         hidden by an intruder looks the same.",
                    )
                    .fixed_by(&["sudo", "home-soc"]),
                ),
                Err(Blind::Fault(fault)) => (None, fault.blinds("proc.hidden", "Hidden processes")),
            };
        }
        match processes {
            Some(processes) => {
                if let Some(traced) = self.traced_share.take(|| traced::look(&self.root, processes)) {
                    self.traced = Some(traced);
                }
            }
            None => self.traced = None,
        }
        let (packet_sockets, packet_sensor) = match self.tables.read(processes) {
            Ok(sockets) => (Some(sockets), Sensor::ok("net.packet")),
            Err(fault) => (None, fault.blinds("net.packet", "Packet sockets")),
        };
        let oddities = Oddities { hidden: self.hidden.clone(), packet_sockets, traced: self.traced.clone() };
        Seen { value: Some(Arc::new(oddities)), sensors: vec![self.hidden_sensor.clone(), packet_sensor] }
    }
}

fn blind(reason: &str, says: &str) -> Sensor {
    Sensor::blind("proc.hidden", reason, says)
}
