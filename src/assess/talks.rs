//! Programs that call a port on another machine for the first time. What comes in, and what stays on this machine, is
//! not looked at.

use super::exec::Vouched;
use super::first_seen::{Known, TALKS};
use super::lately::{self, Lately};
use super::provenance::{self, Kin, Place, place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::strings;
use crate::model::{Connection, Level, Process, Sockets, TcpState};
use chrono::{DateTime, Utc};
use std::net::SocketAddr;

/// Ports that every program may call: the web, names, time, and what carries both today.
const EVERYBODYS: &[u16] = &[53, 80, 123, 443, 853, 5353];

/// Programs that call what their users or their peers want.
#[rustfmt::skip]
const CALLERS: &[&str] = &[
    "aria2c", "brave", "chrome", "chromium", "deluged", "discord", "element-desktop", "evolution", "firefox",
    "firefox-bin", "firefox-esr", "gvfsd-network", "i2pd", "kdeconnectd", "ktorrent", "lftp", "librewolf",
    "masscan", "msedge", "mtr", "nmap", "opera", "qbittorrent", "qbittorrent-nox", "rtorrent",
    "signal-desktop", "skype", "slack", "spotify", "ssh", "steam", "syncthing", "tailscaled", "teams",
    "telegram-desktop", "thunderbird", "tor", "transmission-da", "transmission-gt", "vivaldi-bin", "wget",
    "zerotier-one", "zoom",
];

/// From here on ports are given out by the kernel: another one each time.
const FIRST_EPHEMERAL: u16 = 32_768;

/// One beat's view of who calls whom.
pub(super) struct Calls<'a> {
    pub(super) settings: &'a Settings,
    pub(super) kin: &'a Kin<'a>,
    pub(super) vouched: &'a Vouched,
    /// Whether this beat is a measure of normal days.
    pub(super) learns: bool,
    pub(super) now: DateTime<Utc>,
}

impl Calls<'_> {
    pub(super) fn judge(&self, round: &mut Round, sockets: &Sockets, lately: &mut Lately, known: &mut Known) {
        let Some(connections) = sockets.connections.as_deref() else { return };
        known.watch(TALKS, self.now);
        round.looked(Name::Talk);
        for connection in connections.iter().filter(|connection| is_call(connection)) {
            let Some(owner) = &connection.owner else { continue };
            let port = connection.remote.port();
            let talk = lately::key(&[u64::from(owner.pid), owner.start_ticks, u64::from(port)]);
            if !lately.is_due(talk, self.now) {
                continue;
            }
            if let Some(process) = self.kin.find(owner.pid, owner.start_ticks)
                && !self.kin.is_own(process)
            {
                self.call(round, process, connection.remote, known);
            }
        }
    }

    fn call(&self, round: &mut Round, process: &Process, remote: SocketAddr, known: &mut Known) {
        let program = provenance::path(process).unwrap_or(&process.program.name);
        let strange = matches!(
            provenance::path(process).map(place),
            Some(Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory)
        );
        if strange && !self.is_explained(process) {
            round.saw(
                self.sighting(process, program, remote)
                    .title(&format!("{} from an odd folder calls {remote}", process.program.name))
                    .why("A program that lies where none belongs talks to another machine.")
                    .level(Level::Warning)
                    .points(self.settings.score.points.new_talk),
            );
            return;
        }
        if strange || EVERYBODYS.contains(&remote.port()) || is_caller(process) {
            return;
        }
        let name = format!("{program} {}", port(remote));
        let since = known.watched_since(TALKS).unwrap_or(self.now);
        let learning = (self.now - since).as_seconds_f64() < self.settings.thresholds.learning_h * 3600.0;
        if !self.learns && known.get(TALKS, &name).is_none() {
            // What appears beside an attack is not taken for normal.
            if !learning {
                round.saw(self.first(process, program, remote));
            }
            return;
        }
        let seen = known.see(TALKS, &name, self.now, learning && self.learns);
        if !seen.usual && seen.first == seen.last {
            round.saw(self.first(process, program, remote));
        }
    }

    fn first(&self, process: &Process, program: &str, remote: SocketAddr) -> Sighting {
        let port = remote.port();
        self.sighting(process, program, remote)
            .title(&format!("{} calls port {port} for the first time", process.program.name))
            .why("It was not seen calling that port since this machine is watched.")
            .points(self.settings.score.points.new_talk / 4.0)
    }

    /// Work in progress, and AppImages, which mount themselves in a temporary folder.
    fn is_explained(&self, process: &Process) -> bool {
        let is_image =
            provenance::path(process).is_some_and(|path| super::process::odd_place(path).is_none());
        is_image
            || self.kin.is_toolchain_work(process)
            || self.vouched.is_work(process)
            || provenance::is_contained(process)
    }

    fn sighting(&self, process: &Process, program: &str, remote: SocketAddr) -> Sighting {
        let pid = process.program.pid.to_string();
        let filter = format!("dport = :{}", remote.port());
        Sighting::new(Name::Talk, self.now)
            .happened()
            .key("program", program)
            .key("port", &port(remote))
            .detail("pid", &pid)
            .detail("address", &remote.ip().to_canonical().to_string())
            .proof("kernel", Some(self.now), &format!("{} (pid {pid}) to {remote}", process.program.name))
            .proof(&format!("/proc/{pid}/exe"), process.program.started_at, program)
            .fix("See who calls that port", &["sudo", "ss", "-tupn", &filter], None)
    }
}

/// A call from this machine to another one.
fn is_call(connection: &Connection) -> bool {
    !connection.incoming
        && matches!(connection.state, TcpState::Established | TcpState::SynSent)
        && !connection.remote.ip().to_canonical().is_loopback()
        && connection.remote.ip().to_canonical() != connection.local.ip().to_canonical()
}

/// Tells programs whose work is to call others: by their names, where their files lie in their places.
fn is_caller(process: &Process) -> bool {
    let name = process.program.name.to_ascii_lowercase();
    let file = provenance::file_name(process).to_ascii_lowercase();
    let is_one = |name: &str| CALLERS.binary_search(&name).is_ok();
    let text = strings::is_interpreter(&name) || strings::is_shell(&name);
    !text && (is_one(&name) || is_one(&file))
}

/// The port as it is remembered.
fn port(remote: SocketAddr) -> String {
    match remote.port() {
        FIRST_EPHEMERAL.. => "dynamic".to_owned(),
        port => port.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(CALLERS.is_sorted() && EVERYBODYS.is_sorted());
    }
}
