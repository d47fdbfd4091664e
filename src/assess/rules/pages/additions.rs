//! The pages of what was added to the machine: services, kernel modules, USB devices. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::{Category, Level};

const ADDED: Rule = Rule { category: Category::Integrity, level: Level::Warning, ..PLAIN };

pub(super) const PAGES: [Rule; 3] = [
    Rule {
        name: Name::Unit,
        id: "HS-FILE-001",
        title: "a new service that no package brought",
        what: "A unit file, drop-in or generator of systemd appeared or changed, no package owns it, and it runs or \
               preloads something. By what it runs it is a note, a warning or an alert.",
        why: "A service comes back after every restart. That is what an intruder needs, too.",
        proof: "The file, the commands in it, and whether packages own these programs.",
        harmless_if: "You or an installer of yours made it; then accept it. After a week it is usual.",
        r#do: "Read the file and look at the program that it names. If you do not know it: keep copies of both before \
               you disable it.",
        attack: &["T1543.002", "T1037"],
        references: &["https://attack.mitre.org/techniques/T1543/002/", "man 5 systemd.unit"],
        passed: "no new service beside those of packages",
        ..ADDED
    },
    Rule {
        name: Name::Module,
        id: "HS-PROC-011",
        title: "a kernel module that no package brought",
        what: "A kernel module is loaded whose file no package owns, or the kernel remembers a foreign module that is \
               not in the list of modules.",
        why: "What runs in the kernel can hide everything else, also from this program.",
        proof: "The line of the module in /proc/modules, the kernel's catalogue of its own modules, the taint bits.",
        harmless_if: "You built it or its driver was built here (DKMS): a graphics card, a virtual machine, a file \
                      system.",
        r#do: "See what modinfo says of it. If you do not know it, do not trust this machine's own tools: look at its \
               disk from another system.",
        attack: &["T1547.006", "T1014"],
        references: &[
            "https://attack.mitre.org/techniques/T1547/006/",
            "https://docs.kernel.org/admin-guide/tainted-kernels.html",
        ],
        passed: "no foreign kernel module is new",
        ..ADDED
    },
    Rule {
        name: Name::UsbDevice,
        id: "HS-CONF-003",
        title: "a USB device that was never here before",
        level: Level::Info,
        what: "A USB device is plugged in that was not seen before. One that types and also keeps files or makes a \
               network is a warning.",
        why: "A device can pose as a keyboard and type commands, or carry data away.",
        proof: "Its numbers, what it calls itself, and what it can do, as the bus tells.",
        harmless_if: "You plugged it in, or somebody did whom you know.",
        r#do: "If nobody here plugged it in, pull it out and keep it; look at what was started since.",
        attack: &["T1200", "T1052.001"],
        references: &["https://attack.mitre.org/techniques/T1200/", "man 8 lsusb"],
        passed: "no USB device is new",
        ..ADDED
    },
];
