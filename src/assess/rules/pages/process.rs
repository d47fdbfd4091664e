//! The pages of programs: what they are, where they come from, who controls them. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::{Category, Level};

const PROCESS: Rule = Rule { level: Level::Alert, ..PLAIN };

pub(super) const PAGES: [Rule; 10] = [
    Rule {
        name: Name::DeletedExecutable,
        id: "HS-PROC-001",
        title: "a program runs whose file was deleted",
        what: "A program is running, its file is gone, and nothing stands in its place.",
        why: "Malware deletes itself after the start so that nobody can look at it.",
        proof: "/proc/PID/exe, which ends in (deleted).",
        harmless_if: "You deleted or rebuilt it yourself while it was running.",
        r#do: "Save a copy from /proc/PID/exe before you end it: after that it is gone.",
        attack: &["T1070.004"],
        references: &["https://attack.mitre.org/techniques/T1070/004/"],
        passed: "no program runs whose file was deleted",
        ..PROCESS
    },
    Rule {
        name: Name::Fileless,
        id: "HS-PROC-002",
        title: "a program that never was a file",
        what: "A program was started from memory, without a file.",
        why: "Nothing is left on disk to be found; ordinary programs have no reason for that.",
        proof: "/proc/PID/exe, which names a memfd.",
        harmless_if: "It is a container runtime, which copies itself into memory for its own safety.",
        r#do: "Save a copy from /proc/PID/exe, then stop the program and look at its parent.",
        attack: &["T1620"],
        references: &["https://attack.mitre.org/techniques/T1620/", "man 2 memfd_create"],
        passed: "every program has a file",
        ..PROCESS
    },
    Rule {
        name: Name::OddFolder,
        id: "HS-PROC-003",
        title: "a program from a folder where none belongs",
        what: "A program was started from a temporary folder, from shared memory or from a hidden folder.",
        why: "Everybody may write there and nobody looks there, so that is where intruders put their tools.",
        proof: "/proc/PID/exe, or the command line where the former cannot be read.",
        harmless_if: "A compiler, an installer or an AppImage started it, or you did.",
        r#do: "If you do not know it: pause it, save its file, look at its parent and its connections.",
        attack: &["T1059", "T1564.001"],
        references: &["https://attack.mitre.org/techniques/T1564/001/"],
        passed: "no program runs from a temporary or hidden folder",
        ..PROCESS
    },
    Rule {
        name: Name::FakeKernelThread,
        id: "HS-PROC-004",
        title: "a program calls itself a kernel thread",
        what: "A program has the name of a kernel thread, and the kernel says that it is none.",
        why: "It wants to be overlooked in a list of processes.",
        proof: "The name or command line, beside the kernel's own mark for its threads in /proc/PID/stat.",
        harmless_if: "You know of no honest case; a test of your own is one.",
        r#do: "Look at its file and its connections, then pause it.",
        attack: &["T1036.004"],
        references: &["https://attack.mitre.org/techniques/T1036/004/"],
        passed: "no program poses as a kernel thread",
        ..PROCESS
    },
    Rule {
        name: Name::ShellOnSocket,
        id: "HS-PROC-005",
        title: "a shell talks to the network",
        what: "A shell, or a program started by one, has a network connection in place of a terminal.",
        why: "That is how somebody far away types commands on this machine without logging in.",
        proof: "The socket and its other end, and the process that holds it.",
        harmless_if: "A script of yours uses /dev/tcp, or a service is started by inetd or a systemd socket.",
        r#do: "If you do not know it: note the other end, pause the process, look at its parents.",
        attack: &["T1059.004", "T1071"],
        references: &["https://attack.mitre.org/techniques/T1059/004/"],
        passed: "no shell talks to the network",
        ..PROCESS
    },
    Rule {
        name: Name::MinerStrings,
        id: "HS-PROC-006",
        title: "a coin miner by its command line",
        what: "A command line names a mining pool, a mining protocol or a known miner.",
        why: "Somebody may be earning with your power bill; who could start a miner could do more.",
        proof: "The words of its command line, from /proc/PID/cmdline.",
        harmless_if: "You mine yourself; then accept it.",
        r#do: "Stop it, then find out who started it and how that one got in.",
        attack: &["T1496"],
        references: &["https://attack.mitre.org/techniques/T1496/"],
        passed: "no command line of a miner",
        ..PROCESS
    },
    Rule {
        name: Name::UnexplainedCpu,
        id: "HS-PROC-007",
        title: "a core is kept busy by an unknown program",
        level: Level::Warning,
        what: "A program that comes from no package, no toolchain and no session has used most of a core for three \
               minutes.",
        why: "Miners look like this. So do forgotten jobs.",
        proof: "Its processor time between beats, its file and its parents.",
        harmless_if: "It is your own long job; then accept it.",
        r#do: "Look at its file and at what started it.",
        attack: &["T1496"],
        references: &["https://attack.mitre.org/techniques/T1496/"],
        passed: "no unknown program keeps a core busy",
        ..PROCESS
    },
    Rule {
        name: Name::ReplacedProgram,
        id: "HS-PROC-008",
        title: "programs that were upgraded need a restart",
        level: Level::Info,
        category: Category::Posture,
        what: "Programs from packages still run the version that an upgrade has replaced.",
        why: "A security fix works only after a restart.",
        proof: "/proc/PID/exe ends in (deleted), within a folder that belongs to packages.",
        harmless_if: "It always is, for a while; the fix that was installed is just not in use yet.",
        r#do: "Restart these programs, or the machine.",
        references: &["man 8 needrestart"],
        passed: "",
        ..PLAIN
    },
    Rule {
        name: Name::HiddenProcess,
        id: "HS-PROC-009",
        title: "a process that hides",
        what: "A process answers to its number, and a view that must show it does not.",
        why: "Rootkits hide their processes. Two views of one fact that contradict each other are the best proof of one.",
        proof: "The two views of the process, side by side.",
        harmless_if: "You mounted something over its folder in /proc yourself; a hidden process itself has no honest reason.",
        r#do: "Do not trust this machine's own tools now: note what is shown here, and look at its disk from another \
               system.",
        attack: &["T1014", "T1564.013"],
        references: &["https://attack.mitre.org/techniques/T1014/"],
        passed: "no process hides",
        ..PROCESS
    },
    Rule {
        name: Name::TracedProcess,
        id: "HS-PROC-010",
        title: "a process is controlled by another one",
        level: Level::Warning,
        what: "A process is traced (ptrace) by a program that is no known debugger.",
        why: "Who controls a process can read its passwords and make it do anything.",
        proof: "The field TracerPid in /proc/PID/status.",
        harmless_if: "You are debugging, or the program traces its own children as a sandbox does.",
        r#do: "Look at the controlling program: its file, and who started it.",
        attack: &["T1055.008"],
        references: &["https://attack.mitre.org/techniques/T1055/008/", "man 2 ptrace"],
        passed: "no process is controlled by another one",
        ..PROCESS
    },
];
