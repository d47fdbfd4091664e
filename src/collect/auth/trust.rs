//! Who really spoke: the journal's trusted fields against the name that the sender gave itself.
//!
//! Anybody may write `sshd[1]: Accepted ..` by `logger`; only journald can write `_COMM`, `_EXE` and `_UID`. Of these
//! `_COMM` is what the process calls itself (prctl(2), PR_SET_NAME): it proves nothing of who is not root.

use super::record::JournalRecord;
use crate::model::AuthKind;

/// Programs that may speak under a name, by their `_COMM` (cut at 15 bytes) or the base name of `_EXE`.
const SPEAKERS: [(&[&str], &[&str]); 11] = [
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
    (&["ovpn-server", "openvpn-server"], &["openvpn"]),
];

/// Web services are scripts: they speak through those who run them, whose names go on with a version.
const WEB: [&str; 4] = ["Nextcloud", "nextcloud", "ownCloud", "owncloud"];
const WEB_RUNNERS: [&str; 5] = ["apache2", "httpd", "php", "lsphp", "frankenphp"];

/// The folders in which only root can put a program.
const FOLDERS: [&str; 7] = ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/", "/opt/"];

/// Programs, by the beginning of their names, that say what their caller wants said.
const MOUTHPIECES: [&str; 14] = [
    "logger",
    "systemd-cat",
    "python",
    "perl",
    "ruby",
    "node",
    "php",
    "lua",
    "tclsh",
    "java",
    "nc",
    "socat",
    "busybox",
    "gdb",
];

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
    /// A program under its own name, which anybody may have made say it: no news of sign-ins, and no forgery.
    Hearsay,
}

/// Tells the author of a record that claims to come from `tag` and tells of an event of that kind.
pub(super) fn author(record: &JournalRecord, tag: &str, kind: AuthKind) -> Author {
    let exe = record.exe.as_deref().map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe));
    let base = exe.and_then(|exe| exe.rsplit('/').next()).map(unwrapped);
    let speaker = record.comm.as_deref().or(base);
    let is_root = record.uid.is_none_or(|uid| uid == 0);
    let named = || {
        let who = speaker.unwrap_or("an unknown program");
        let who = match base.filter(|base| !base.starts_with(who)) {
            Some(base) => format!("{base}, which calls itself {who}"),
            None => who.to_owned(),
        };
        match record.uid {
            Some(uid) if uid != 0 => format!("{who} (uid {uid})"),
            _ => who,
        }
    };
    let family = SPEAKERS.iter().find(|(tags, _)| tags.contains(&tag)).map(|(_, programs)| *programs);
    let is_of_family = |name: &str| match family {
        Some(programs) => programs.contains(&name),
        None if WEB.contains(&tag) => WEB_RUNNERS.iter().any(|runner| name.starts_with(runner)),
        // PAM speaks inside any program, but each under its own name.
        None if tag.is_empty() => name.starts_with("systemd"),
        None => is_namesake(tag, name),
    };
    let fits = match base {
        Some(base) if !is_root => is_of_family(base),
        // Root may write what it likes; a name that no family has proves nothing either way.
        _ if family.is_none() => true,
        _ => speaker.is_none_or(is_of_family) || base.is_some_and(is_of_family),
    };
    // Who let somebody in lives at least as long as the session: journald can look at it. A writer who is gone by
    // then is believed what he says of refusals, where loss would be worse than a lie.
    let is_gone = record.uid.is_some() && speaker.is_none() && family.is_some();
    let says_anything = |base: &str| MOUTHPIECES.iter().any(|name| base.starts_with(name));
    match exe {
        _ if !fits => Author::Forger(named()),
        Some(_) if !is_root && !WEB.contains(&tag) && base.is_some_and(says_anything) => Author::Hearsay,
        _ if !is_root && is_pam_on_stdout(record) => Author::Hearsay,
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

/// PAM writes to syslog: its words on a program's stdout, which `systemd-cat echo` leads to the journal, are not PAM's.
fn is_pam_on_stdout(record: &JournalRecord) -> bool {
    let says_pam = [&b"pam_"[..], b"(pam_", b"PAM "].iter().any(|start| record.message.starts_with(start));
    says_pam && record.transport.as_deref() == Some("stdout")
}

/// NixOS wraps programs: `.polkitd-wrapped` is polkitd.
fn unwrapped(base: &str) -> &str {
    base.strip_prefix('.').and_then(|base| base.strip_suffix("-wrapped")).unwrap_or(base)
}

/// Tells a program that speaks under its own name, or under the beginning of it (`python3` of `python3.11`).
fn is_namesake(tag: &str, base: &str) -> bool {
    let [tag, base] = [tag, base].map(str::to_ascii_lowercase);
    tag.starts_with(&base) || base.starts_with(&tag)
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
            // A process may call itself as it likes; its file is what it is.
            (
                r#""_COMM":"sshd","_EXE":"/usr/bin/python3.11","_UID":"1000""#,
                "sshd",
                forger("python3.11, which calls itself sshd (uid 1000)"),
            ),
            (
                r#""_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"1000""#,
                "vsftpd",
                forger("logger (uid 1000)"),
            ),
            (r#""_COMM":"vsftpd","_EXE":"/usr/sbin/vsftpd","_UID":"65534""#, "vsftpd", Author::Itself),
            (r#""_COMM":"swaylock","_EXE":"/usr/bin/swaylock","_UID":"1000""#, "swaylock", Author::Itself),
            (
                r#""_COMM":"jupyterhub","_EXE":"/usr/bin/python3.11","_UID":"1000""#,
                "python3",
                Author::Hearsay,
            ),
            (r#""_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"1000""#, "logger", Author::Hearsay),
            (
                r#""_TRANSPORT":"stdout","MESSAGE":"pam_unix(x:auth): ..","_EXE":"/usr/bin/echo","_UID":"1000""#,
                "echo",
                Author::Hearsay,
            ),
            (
                r#""_TRANSPORT":"syslog","MESSAGE":"pam_unix(x:auth): ..","_EXE":"/usr/bin/x","_UID":"1000""#,
                "x",
                Author::Itself,
            ),
            (r#""_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"1000""#, "", forger("logger (uid 1000)")),
            (r#""_COMM":"(sd-pam)","_EXE":"/usr/lib/systemd/systemd","_UID":"1000""#, "", Author::Itself),
            (
                r#""_COMM":"php-fpm8.2","_EXE":"/usr/sbin/php-fpm8.2","_UID":"33""#,
                "Nextcloud",
                Author::Itself,
            ),
            (
                r#""_COMM":"php-fpm8.2","_EXE":"/usr/bin/logger","_UID":"33""#,
                "Nextcloud",
                forger("logger, which calls itself php-fpm8.2 (uid 33)"),
            ),
            (
                r#""_COMM":"polkitd","_EXE":"/nix/store/x/lib/.polkitd-wrapped","_UID":"998""#,
                "polkitd",
                Author::Itself,
            ),
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
