//! The pages of sign-ins and accounts: guessing, break-ins, refusals, forgeries, new powers. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::{Category, Kind, Level};

const AUTH: Rule = Rule { category: Category::Auth, kind: Kind::Event, clears: false, ..PLAIN };

pub(super) const PAGES: [Rule; 9] = [
    Rule {
        name: Name::FailedLogins,
        id: "HS-AUTH-001",
        title: "failed logins",
        clears: true,
        what: "Somebody tried to log in and was refused, within the last 24 hours.",
        why: "Guessing costs an attacker nothing. One account with a weak password is enough.",
        proof: "The lines of the sign-in log, one per attempt; several speakers about one attempt count once.",
        harmless_if: "You mistyped your password, or only keys are taken: then the guesses cannot succeed.",
        r#do: "Let SSH take keys only (`PasswordAuthentication no` in sshd_config), and close the port to the internet \
               where you do not need it.",
        attack: &["T1110.001"],
        references: &["https://attack.mitre.org/techniques/T1110/001/", "man 5 sshd_config"],
        passed: "no failed logins in 24 hours",
        ..AUTH
    },
    Rule {
        name: Name::GuessingRun,
        id: "HS-AUTH-002",
        title: "a run of guesses, or a sweep of names",
        level: Level::Warning,
        clears: true,
        what: "One source tried ten or more passwords within ten minutes, or six or more different names in a day.",
        why: "This is a program at work, not a person. Against names that do not exist it is noise; against names \
              that do, it is an attack on that password.",
        proof: "The lines of the sign-in log and their times.",
        harmless_if: "Only keys are taken and none of the names exists, or a device of yours has an old password stored.",
        r#do: "Let SSH take keys only, and let fail2ban or your firewall shut the source out.",
        attack: &["T1110.001", "T1110.003"],
        references: &["https://attack.mitre.org/techniques/T1110/"],
        passed: "nobody is guessing passwords",
        ..AUTH
    },
    Rule {
        name: Name::SuccessAfterGuessing,
        id: "HS-AUTH-003",
        title: "a login after a run of failures",
        level: Level::Alert,
        what: "A source failed five times or more within an hour and then got in.",
        why: "That is how a guessed password looks.",
        proof: "The failures and the accepted login, from the sign-in log.",
        harmless_if: "It was you, with a password that you had to look for.",
        r#do: "If it was not you: keep your own session open, end theirs, change that password, and look at what was \
               started and changed since.",
        attack: &["T1110", "T1078"],
        references: &[
            "https://attack.mitre.org/techniques/T1110/",
            "https://attack.mitre.org/techniques/T1078/",
        ],
        passed: "no login followed a run of failures",
        ..AUTH
    },
    Rule {
        name: Name::FirstLogin,
        id: "HS-AUTH-004",
        title: "first login of this kind",
        level: Level::Warning,
        what: "An account was used from a network, in a way or with a key that was not seen before.",
        why: "Stolen passwords and keys are used from elsewhere. After failures from the same source it is an alert.",
        proof: "The accepted login beside all logins that were recorded before.",
        harmless_if: "You are travelling, have a new device or a new key, or your provider gave you a new address.",
        r#do: "If it was you, accept it once. If not: end that session, remove the key or change the password.",
        attack: &["T1078", "T1021.004"],
        references: &["https://attack.mitre.org/techniques/T1078/"],
        passed: "no login of a new kind",
        ..AUTH
    },
    Rule {
        name: Name::RefusedSudo,
        id: "HS-AUTH-005",
        title: "refused sudo",
        what: "An account tried to run a command as another user and was refused.",
        why: "Whoever gets into an ordinary account tries next to become root.",
        proof: "The line of sudo, su, doas or pkexec in the sign-in log.",
        harmless_if: "You mistyped your password, or forgot that this account may not use sudo.",
        r#do: "Ask the person behind the account. If nobody did it, change that account's password.",
        attack: &["T1548.003"],
        references: &["https://attack.mitre.org/techniques/T1548/003/"],
        passed: "no refused sudo in 24 hours",
        clears: true,
        ..AUTH
    },
    Rule {
        name: Name::ForgedLine,
        id: "HS-AUTH-006",
        title: "a forged line in the sign-in log",
        level: Level::Alert,
        what: "A line claims to come from a login service, and the journal knows that another program wrote it.",
        why: "Forged lines hide a real login among false ones, or make you shut out the wrong address.",
        proof: "The line, beside the program and user that the journal recorded for it.",
        harmless_if: "You tested your own log rules with `logger`.",
        r#do: "Find out which account wrote it; the journal's _UID and _COMM fields say so.",
        attack: &["T1565.001", "T1036"],
        references: &["https://attack.mitre.org/techniques/T1565/001/", "man 7 systemd.journal-fields"],
        passed: "no forged lines in the sign-in log",
        ..AUTH
    },
    Rule {
        name: Name::FirstSudo,
        id: "HS-AUTH-007",
        title: "first time that an account became another one",
        level: Level::Info,
        what: "An account used sudo, su, doas or pkexec with success and had never done so in the records before.",
        why: "An intruder in an ordinary account, or in that of a service, does what its owner never did.",
        proof: "The line in the sign-in log, beside all that were recorded before.",
        harmless_if: "The account is new, or you gave it that right and it is used for the first time.",
        r#do: "If you do not expect it, ask the person behind the account, and look at the command that was run.",
        attack: &["T1548.003", "T1078"],
        references: &["https://attack.mitre.org/techniques/T1548/003/"],
        passed: "nobody used sudo for the first time",
        ..AUTH
    },
    Rule {
        name: Name::SecondRoot,
        id: "HS-ACCT-001",
        title: "a second root",
        level: Level::Alert,
        category: Category::Integrity,
        what: "An account with the user id 0 was made, or an account was given that id.",
        why: "Whatever its name, such an account is root. It is the simplest back door there is.",
        proof: "The line of useradd or usermod in the sign-in log.",
        harmless_if: "You made it yourself, on purpose; most who did come to regret it.",
        r#do: "If you did not make it: lock it, find out who did, and look at what that account has done.",
        attack: &["T1136.001", "T1098"],
        references: &["https://attack.mitre.org/techniques/T1136/001/"],
        passed: "no second account with uid 0 was made",
        ..AUTH
    },
    Rule {
        name: Name::PowerfulGroup,
        id: "HS-ACCT-002",
        title: "a new member of a powerful group",
        level: Level::Warning,
        category: Category::Integrity,
        what: "An account was added to a group whose members are root or can become it: sudo, wheel, docker, disk, ...",
        why: "An intruder makes the way back easy this way.",
        proof: "The line of usermod, gpasswd or adduser in the sign-in log.",
        harmless_if: "You gave somebody that right yourself.",
        r#do: "If you did not: remove the account from the group, and find out who added it.",
        attack: &["T1098"],
        references: &["https://attack.mitre.org/techniques/T1098/"],
        passed: "no account was added to a powerful group",
        ..AUTH
    },
];
