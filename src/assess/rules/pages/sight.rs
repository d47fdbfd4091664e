//! The pages of what cannot be seen. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::{Category, Level};

const SEE: Rule = Rule { category: Category::Visibility, ..PLAIN };

pub(super) const PAGES: [Rule; 4] = [
    Rule {
        name: Name::AuthBlind,
        id: "HS-SEE-001",
        title: "sign-ins cannot be seen",
        level: Level::Warning,
        what: "Neither the journal nor a sign-in log can be read, or only a part of it.",
        why: "Failed and successful logins may happen unseen. No failed login shown does not mean that there was none.",
        proof: "The places that were looked at, and what happened there.",
        harmless_if: "It never is: the score stays an upper bound until this is mended.",
        r#do: "Do what the fix says; the smallest right is the group systemd-journal, which may read and not write.",
        references: &["man 1 journalctl"],
        passed: "",
        ..SEE
    },
    Rule {
        name: Name::ExecBlind,
        id: "HS-SEE-002",
        title: "starts of programs cannot be seen",
        what: "The kernel's messages about started programs cannot be read; the list of processes is polled instead.",
        why: "A program that lives for some milliseconds is missed.",
        proof: "What the kernel answered when it was asked.",
        harmless_if: "You can live with seeing only programs that run for longer than one beat.",
        r#do: "Do what the fix of the finding says; it is the smallest right that helps.",
        references: &["https://docs.kernel.org/driver-api/connector.html"],
        passed: "",
        ..SEE
    },
    Rule {
        name: Name::ProgramsPartial,
        id: "HS-SEE-003",
        title: "other users' programs cannot be seen",
        what: "Which file a program of another user was started from, or which program a socket belongs to, cannot be \
               read.",
        why: "A deleted, hidden or fileless program of another user is missed.",
        proof: "How many could be read, of how many.",
        harmless_if: "You are the only user, and you start this program with more rights from time to time.",
        r#do: "Do what the fix of the finding says; it is the smallest right that helps.",
        references: &["man 5 proc_pid_exe"],
        passed: "",
        ..SEE
    },
    Rule {
        name: Name::OtherSensor,
        id: "HS-SEE-004",
        title: "a sensor sees nothing",
        what: "A source of readings gives nothing, or only a part.",
        why: "What is not read cannot be judged. It costs no points, but you should know.",
        proof: "The places that were looked at, and what happened there.",
        harmless_if: "This machine has nothing of the kind.",
        r#do: "Do what the fix says, where there is one.",
        references: &["home-soc --help"],
        passed: "",
        ..SEE
    },
];
