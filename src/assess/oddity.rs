//! Contradictions and rare things: hidden processes, packet sockets, traced processes. It does not look for them.

use super::provenance::{self, Kin, Place, place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use crate::model::{HiddenProcess, Hiding, Level, Oddities, PacketFamily, PacketSocket, TracedProcess};
use chrono::{DateTime, Utc};

/// Programs that listen below TCP for a living.
#[rustfmt::skip]
const PACKET_PROGRAMS: &[&str] = &[
    "arping", "arpwatch", "avahi-autoipd", "charon", "connmand", "dhclient", "dhcpcd", "dnsmasq", "dumpcap",
    "fping", "hostapd", "iwd", "keepalived", "lldpd", "mtr-packet", "NetworkManager", "nmap", "ntopng",
    "pcscd", "ping", "radvd", "snort", "suricata", "Suricata-Main", "systemd-networkd", "systemd-network",
    "tailscaled", "tcpdump", "traceroute", "tshark", "udhcpc", "wireshark", "wpa_supplicant", "zeek",
    "zerotier-one",
];

/// Programs whose work is to look into others.
#[rustfmt::skip]
const DEBUGGERS: &[&str] = &[
    "apport", "chrome_crashpad", "code", "crashpad_handle", "dlv", "gdb", "gdbserver", "lldb",
    "lldb-server", "ltrace", "proot", "rr", "strace", "systemd-coredum", "uftrace", "valgrind",
    "wineserver", "wineserver64",
];

/// Judges the latest look.
pub(super) fn judge(
    round: &mut Round,
    oddities: &Oddities,
    kin: Option<&Kin<'_>>,
    settings: &Settings,
    now: DateTime<Utc>,
) {
    if let Some(hidden) = &oddities.hidden {
        round.looked(Name::HiddenProcess);
        for process in hidden {
            round.saw(hidden_process(process, settings, now));
        }
    }
    if let Some(sockets) = &oddities.packet_sockets {
        round.looked(Name::PacketSocket);
        for socket in sockets {
            round.saw_if(packet_socket(socket, kin, settings, now));
        }
    }
    if let Some(traced) = &oddities.traced {
        round.looked(Name::TracedProcess);
        for process in traced {
            round.saw_if(traced_process(process, kin, settings, now));
        }
    }
}

fn hidden_process(process: &HiddenProcess, settings: &Settings, now: DateTime<Utc>) -> Sighting {
    let name = process.name.as_deref().unwrap_or("a process");
    let pid = process.pid.to_string();
    let mut sighting = Sighting::new(Name::HiddenProcess, now)
        .key("pid", &pid)
        .key("program", name)
        .points(settings.score.points.hidden_process)
        .fix("Save what memory still shows", &["sudo", "ls", "-l", &format!("/proc/{pid}/exe")], None);
    sighting.evidence.extend(process.evidence.iter().cloned());
    match process.how {
        Hiding::Unlisted => {
            sighting.compromise().title(&format!("{name} ({pid}) lives and is not listed in /proc"))
        }
        Hiding::Covered => sighting.title(&format!("a mount hides {name} ({pid}) in /proc")),
    }
}

fn packet_socket(
    socket: &PacketSocket,
    kin: Option<&Kin<'_>>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Option<Sighting> {
    // Whose socket it is cannot be seen without root: the visibility row says so, once.
    let owner = socket.owner.as_ref()?;
    let at = socket.exe.as_deref().map(place);
    let strange = matches!(at, Some(Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory));
    let ordinary = matches!(at, None | Some(Place::Package));
    if ordinary && (PACKET_PROGRAMS.contains(&&*owner.name) || socket.family == PacketFamily::Raw) {
        return None;
    }
    let kind = match socket.family {
        PacketFamily::Packet => "sees every packet",
        PacketFamily::Raw => "makes packets of its own",
    };
    let process = kin.and_then(|kin| kin.find(owner.pid, owner.start_ticks));
    let packaged = process.is_some_and(provenance::is_packaged_tool);
    let points = settings.score.points.packet_socket;
    let (level, share) = match () {
        () if strange => (Level::Alert, 2.0),
        () if packaged => (Level::Info, 0.2),
        () => (Level::Warning, 1.0),
    };
    let exe = socket.exe.as_deref().unwrap_or(&owner.name);
    Some(
        Sighting::new(Name::PacketSocket, now)
            .key("program", exe)
            .detail("pid", &owner.pid.to_string())
            .title(&format!("{} {kind}", owner.name))
            .level(level)
            .points(points * share)
            .proof(
                "kernel",
                None,
                &format!("protocol {}, inode {}, uid {}", socket.protocol, socket.inode, socket.uid),
            )
            .proof(&format!("/proc/{}/exe", owner.pid), None, exe),
    )
}

fn traced_process(
    process: &TracedProcess,
    kin: Option<&Kin<'_>>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Option<Sighting> {
    let tracer = process.tracer_name.as_deref().unwrap_or("a process");
    let at = process.tracer_exe.as_deref().map(place);
    let ordinary = matches!(at, None | Some(Place::Package | Place::Tools));
    if ordinary && DEBUGGERS.contains(&tracer) {
        return None;
    }
    let strange = matches!(at, Some(Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory));
    let points = settings.score.points.traced_process;
    let tracing = kin.and_then(|kin| kin.by_pid(process.tracer_pid));
    let packaged = tracing.is_some_and(provenance::is_packaged_tool);
    let (level, share) = match () {
        () if strange => (Level::Alert, 2.0),
        () if packaged => (Level::Info, 0.2),
        () if process.by_parent => (Level::Warning, 0.5),
        () => (Level::Warning, 1.0),
    };
    Some(
        Sighting::new(Name::TracedProcess, now)
            .key("program", &process.name)
            .key("by", process.tracer_exe.as_deref().unwrap_or(tracer))
            .detail("pid", &process.pid.to_string())
            .title(&format!("{tracer} ({}) controls {} ({})", process.tracer_pid, process.name, process.pid))
            .level(level)
            .points(points * share)
            .proof(
                &format!("/proc/{}/status", process.pid),
                None,
                &format!("TracerPid: {}", process.tracer_pid),
            ),
    )
}
