//! The pages of health: load, memory, busy processes, disks, unusual numbers. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::Category;

const HEALTH: Rule = Rule { category: Category::Health, ..PLAIN };

pub(super) const PAGES: [Rule; 6] = [
    Rule {
        name: Name::Load,
        id: "HS-HLTH-001",
        title: "more work than this machine can do",
        what: "The load average has been over the number of cores for two minutes or longer.",
        why: "Everything gets slower. Load that no known program explains can be a miner or a runaway process.",
        proof: "The load average, the cores, the kernel's pressure figures and the busiest programs.",
        harmless_if: "A build, a backup, a game or a video is running: work of known programs costs at most two points.",
        r#do: "Look at the Processes tab, sorted by CPU. If the busiest program is one you know, nothing needs doing.",
        references: &["man 5 proc_loadavg", "https://docs.kernel.org/accounting/psi.html"],
        passed: "load fits the number of cores",
        ..HEALTH
    },
    Rule {
        name: Name::Memory,
        id: "HS-HLTH-002",
        title: "memory is nearly full",
        what: "More than 92 percent of main memory has been in use for two minutes or longer.",
        why: "When memory runs out the kernel ends programs, and it may choose the one you need.",
        proof: "The kernel's figure of available memory, and how long programs waited for memory.",
        harmless_if: "The kernel reports no waiting for memory: then caches and large programs just use what is there.",
        r#do: "Look at the Processes tab, sorted by memory, and end what is not needed.",
        references: &["man 5 proc_meminfo"],
        passed: "memory is not full",
        ..HEALTH
    },
    Rule {
        name: Name::BusyProcess,
        id: "HS-HLTH-003",
        title: "a process keeps a core busy",
        what: "One process of known origin has used most of a core for two minutes or longer.",
        why: "It slows the others and uses power. Known origin means: a program from a package, or started by you.",
        proof: "Its processor time between two beats, its file and its parents.",
        harmless_if: "It does what you asked for: a build, a game, a backup, a video.",
        r#do: "If you do not know what it is doing, look at it on the Processes tab and end it.",
        references: &["man 5 proc_pid_stat"],
        passed: "no process keeps a core busy",
        ..HEALTH
    },
    Rule {
        name: Name::MemoryStall,
        id: "HS-HLTH-004",
        title: "programs wait for memory",
        what: "For two minutes or longer all programs stood still part of the time because memory had to be freed.",
        why: "This is how a machine feels that swaps itself to death; a hang or killed programs often follow.",
        proof: "The line `full` of /proc/pressure/memory.",
        harmless_if: "A large job was started that you know to be too large for this machine.",
        r#do: "End or restart the largest program on the Processes tab, or give the machine more memory.",
        references: &["https://docs.kernel.org/accounting/psi.html"],
        passed: "no program waits for memory",
        ..HEALTH
    },
    Rule {
        name: Name::DiskFull,
        id: "HS-HLTH-005",
        title: "a file system is nearly full",
        what: "More than 92 percent of a file system that holds data is in use.",
        why: "On a full disk logs stop, databases break, and this program can no longer keep its record.",
        proof: "The size and the free room that the file system reports.",
        harmless_if: "It is an archive disk that is meant to be full; then accept it.",
        r#do: "Find what is large with `sudo du -xhd1 /` and delete or move what is not needed.",
        references: &["man 1 du"],
        passed: "no file system is nearly full",
        ..HEALTH
    },
    Rule {
        name: Name::Unusual,
        id: "HS-HLTH-006",
        title: "a number that is unusual for this machine",
        what: "For three minutes a number has been further out than in all but one minute in a thousand of seven days.",
        why: "What a machine never did before is worth a look, even where the number would be small on another one.",
        proof: "The number beside its range of the last seven days, learned from one-minute means of this machine.",
        harmless_if: "You do something new with this machine. If it will stay, accept it: the number is normal from then on.",
        r#do: "Look at the History tab for when it began, and at the Processes tab for what has run since then.",
        attack: &["T1496"],
        references: &["https://attack.mitre.org/techniques/T1496/"],
        passed: "no number is unusual for this machine",
        ..HEALTH
    },
];
