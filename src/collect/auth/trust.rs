//! Who really spoke: the journal's trusted fields against the name that the sender gave itself.
//!
//! Anybody may write `sshd[1]: Accepted ..` by `logger`; only journald can write `_COMM`, `_EXE` and `_UID`.

use super::record::JournalRecord;
use crate::model::AuthKind;

/// Programs that may speak under a name, by their `_COMM` (cut at 15 bytes) or the base name of `_EXE`.
const SPEAKERS: [(&[&str], &[&str]); 10] = [
    (&["sshd", "sshd-session", "sshd-auth"], &["sshd", "sshd-session", "sshd-auth"]),
    (&["sudo", "sudo-rs"], &["sudo", "sudo-rs", "sudo-i"]),
    (&["su", "su-l"], &["su", "su-l", "runuser"]),
    (&["login"], &["login"]),
    (&["doas"], &["doas"]),
    (&["pkexec"], &["pkexec"]),
    (&["polkitd"], &["polkitd"]),
    (&["systemd-logind"], &["systemd-logind"]),
    (&["cron", "CRON", "crond", "crontab"], &["cron", "crond", "crontab", "anacron", "cronie"]),
    (&["dropbear"], &["dropbear", "dropbearmulti"]),
];

/// The folders in which only root can put a program.
const FOLDERS: [&str; 7] = ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/", "/opt/"];

/// Programs that run with the rights of root and the user id of the person who called them.
const SETUID: [&str; 12] = [
    "sudo", "sudo-rs", "su", "su-l", "doas", "pkexec", "passwd", "chsh", "chfn", "gpasswd", "newgrp", "chage",
];

/// Who wrote a record, as far as it can be known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// The program that the record names.
    Itself,
    /// Another program: this one.
    Forger(String),
    /// The trusted fields do not say enough: this one.
    Unproven(String),
}

/// Tells the author of a record that claims to come from `tag` and tells of an event of that kind.
pub(super) fn author(record: &JournalRecord, tag: &str, kind: AuthKind) -> Author {
    let exe = record.exe.as_deref().map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe));
    let base = exe.and_then(|exe| exe.rsplit('/').next());
    let speaker = record.comm.as_deref().or(base);
    let is_root = record.uid.is_none_or(|uid| uid == 0);
    let named = || {
        let who = speaker.unwrap_or("an unknown program").to_owned();
        match record.uid {
            Some(uid) if uid != 0 => format!("{who} (uid {uid})"),
            _ => who,
        }
    };
    // PAM speaks inside any program, so a name that no family has proves nothing either way.
    let programs = SPEAKERS.iter().find(|(tags, _)| tags.contains(&tag)).map(|(_, programs)| *programs);
    let fits = programs.is_none_or(|programs| {
        speaker.is_none_or(|speaker| programs.contains(&speaker))
            || base.is_some_and(|base| programs.contains(&base))
    });
    // Who let somebody in lives at least as long as the session: journald can look at it. A writer who is gone by
    // then is believed what he says of refusals, where loss would be worse than a lie.
    let is_gone = record.uid.is_some() && speaker.is_none() && programs.is_some();
    match exe {
        _ if !fits => Author::Forger(named()),
        _ if is_root && is_gone && kind == AuthKind::Accepted => Author::Unproven(named()),
        _ if is_root => Author::Itself,
        // A program in a place that its user can write may give itself any name.
        Some(exe) if FOLDERS.iter().any(|folder| exe.starts_with(folder)) => Author::Itself,
        Some(_) => Author::Forger(named()),
        // It may be gone before journald could look at it.
        None if SETUID.contains(&tag) => Author::Itself,
        None => Author::Unproven(named()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &str) -> JournalRecord {
        JournalRecord::parse(format!("{{\"MESSAGE\":\"x\",{fields}}}").as_bytes()).unwrap()
    }

    #[test]
    fn the_trusted_fields_decide_who_spoke() {
        let forger = |who: &str| Author::Forger(who.into());
        for (fields, tag, author_expected) in [
            (r#""_COMM":"sshd","_EXE":"/usr/sbin/sshd","_UID":"0""#, "sshd", Author::Itself),
            (
                r#""_COMM":"sshd-session","_EXE":"/usr/lib/openssh/sshd-session","_UID":"0""#,
                "sshd-session",
                Author::Itself,
            ),
            // The child that serves a session runs as its user.
            (r#""_COMM":"sshd","_EXE":"/usr/sbin/sshd","_UID":"1000""#, "sshd", Author::Itself),
            (r#""_COMM":"sshd","_UID":"1000""#, "sshd", Author::Unproven("sshd (uid 1000)".into())),
            (r#""_UID":"1000""#, "sshd", Author::Unproven("an unknown program (uid 1000)".into())),
            (r#""_UID":"0""#, "sshd", Author::Itself),
            (
                r#""_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"1000""#,
                "sshd",
                forger("logger (uid 1000)"),
            ),
            (r#""_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"0""#, "sshd", forger("logger")),
            (r#""_COMM":"sshd","_EXE":"/home/eve/sshd","_UID":"1000""#, "sshd", forger("sshd (uid 1000)")),
            (r#""_COMM":"sudo","_EXE":"/usr/bin/sudo","_UID":"1000""#, "sudo", Author::Itself),
            (r#""_UID":"1000""#, "sudo", Author::Itself),
        ] {
            assert_eq!(author(&record(fields), tag, AuthKind::Failed), author_expected, "{fields} as {tag}");
        }
    }

    #[test]
    fn who_was_gone_before_he_could_be_looked_at_lets_nobody_in() {
        let gone = Author::Unproven("an unknown program".into());
        assert_eq!(author(&record(r#""_UID":"0""#), "sshd", AuthKind::Accepted), gone);
        // A journal of another system has no trusted fields at all.
        assert_eq!(author(&record(r#""PRIORITY":"6""#), "sshd", AuthKind::Accepted), Author::Itself);
    }
}
