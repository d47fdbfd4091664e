//! Who really spoke: the journal's trusted fields against the name that the sender gave itself.
//!
//! Anybody may write `sshd[1]: Accepted ..` by `logger`; only journald can write `_COMM`, `_EXE` and `_UID`.

use super::record::JournalRecord;

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

/// The program that wrote this record under another's name, if any.
pub(super) fn forger(record: &JournalRecord, tag: &str) -> Option<String> {
    let exe = record.exe.as_deref().map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe));
    let base = exe.and_then(|exe| exe.rsplit('/').next());
    let speaker = record.comm.as_deref().or(base);
    let named = || {
        let who = speaker.unwrap_or("an unknown program").to_owned();
        match record.uid {
            Some(uid) if uid != 0 => format!("{who} (uid {uid})"),
            _ => who,
        }
    };
    // A program in a place that its user can write may give itself any name.
    let is_own = record.uid.is_none_or(|uid| uid == 0)
        || exe.is_some_and(|exe| FOLDERS.iter().any(|folder| exe.starts_with(folder)));
    let family = SPEAKERS.iter().find(|(tags, _)| tags.contains(&tag));
    let Some((_, programs)) = family else {
        // PAM speaks inside any program: root's, or one that root installed.
        return (!is_own).then(named);
    };
    let fits = match speaker {
        Some(speaker) => programs.contains(&speaker) || base.is_some_and(|base| programs.contains(&base)),
        // A process may be gone before journald could look: then root's word counts.
        None => record.uid.is_none_or(|uid| uid == 0),
    };
    (!fits || !is_own).then(named)
}
