//! What survives a restart or was plugged in, and seldom changes: units, kernel modules, USB devices, and what sshd
//! is set to.
//!
//! Only what no package vouches for is listed; the rest is counted or left out.

use super::{Provenance, Safe};
use chrono::{DateTime, Utc};

/// The latest look at what seldom changes; each list is bounded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// Unit files that run or preload something; `None` when no folder could be read.
    pub units: Option<Vec<Unit>>,
    /// Kernel modules; `None` when the list could not be read.
    pub modules: Option<Modules>,
    /// USB devices without hubs; `None` when the bus could not be read.
    pub devices: Option<Vec<UsbDevice>>,
    /// Whether sshd lets anybody in with a password alone, by its settings; `None` without sshd, and where these
    /// may not be read.
    pub passwords: Option<PasswordLogins>,
}

/// What sshd's settings say of passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordLogins {
    /// Somebody may come in with one.
    Taken,
    /// Nobody may: a guess cannot succeed.
    Refused,
}

/// A file that makes systemd run something, and that no package brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The unit file, drop-in or generator.
    pub path: Safe,
    /// The account in whose home folder it lies; `None` for the machine's own units, which run as root.
    pub user: Option<Safe>,
    /// What it runs, in order, at most 16.
    pub runs: Vec<Command>,
    /// Libraries that it loads into what it starts (`LD_PRELOAD`, `LD_AUDIT`).
    pub preloads: Vec<Safe>,
    /// Whether a package owns the file: never `Packaged`; `None` when that is not known.
    pub package: Option<Provenance>,
    /// When the file was last written.
    pub written_at: Option<DateTime<Utc>>,
}

/// One command of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The whole line.
    pub line: Safe,
    /// The program as a path, where it could be found.
    pub program: Safe,
    /// Whether a package owns the program.
    pub package: Option<Provenance>,
}

/// The kernel's modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// How many are loaded.
    pub total: u64,
    /// Those that no package brought, as far as that is known.
    pub foreign: Vec<Module>,
    /// The kernel's taint bits; `None` when they could not be read.
    pub taint: Option<u64>,
    /// Whether a loaded module carries a mark of the kernel (`O`, `E`): it explains a taint.
    pub marked: bool,
}

/// A kernel module that no package brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The name.
    pub name: Safe,
    /// The kernel's marks: `O` built out of tree, `E` unsigned, `P` proprietary.
    pub marks: Safe,
    /// Its file below `/lib/modules`; `None` when the catalogue of this kernel does not have it.
    pub file: Option<Safe>,
    /// Whether there is such a catalogue (`modules.dep`).
    pub catalogued: bool,
}

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// Vendor and product, as `lsusb` shows them: `046d:c52b`.
    pub id: Safe,
    /// What it calls itself; empty when it does not.
    pub name: Safe,
    /// Its serial number, where it has one.
    pub serial: Option<Safe>,
    /// Class and protocol of each interface, by the numbers of the USB standard.
    pub interfaces: Vec<(u8, u8)>,
}

impl UsbDevice {
    /// Tells a device that can type.
    pub fn is_keyboard(&self) -> bool {
        self.interfaces.contains(&(0x03, 0x01))
    }

    /// Tells a device that keeps files.
    pub fn is_storage(&self) -> bool {
        self.interfaces.iter().any(|(class, _)| *class == 0x08)
    }

    /// Tells a device that is a way into a network.
    pub fn is_network(&self) -> bool {
        self.interfaces.iter().any(|(class, _)| matches!(class, 0x02 | 0xe0))
    }
}
