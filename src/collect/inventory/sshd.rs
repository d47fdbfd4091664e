//! Whether sshd takes passwords, from its settings (sshd_config(5)). No sshd is started or asked.
//!
//! The first value wins, files are included where they are named, and what stands under a condition counts when it
//! takes passwords from anybody. A daemon that was started with options of its own, or before the last change of the
//! file, may go by others.

use crate::collect::Root;
use crate::collect::kept::{READ, read_whole};
use crate::model::{PasswordLogins, Sensor};
use rustix::fs::{CWD, Mode};
use rustix::io::Errno;
use std::path::Path;

/// The sensor of this reader.
const SENSOR: &str = "sshd.config";

/// Where the settings stand; the first that is there.
const FILES: [&str; 2] = ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"];

/// Files that are named without a path stand here.
const FOLDER: &str = "/etc/ssh";

/// How deep files may include others (the limit of sshd itself), and how many are read.
const DEPTH: u32 = 16;
const FILES_CAP: usize = 256;

/// Reads the settings. A machine without sshd has neither an answer nor a sensor.
pub(super) fn look(root: &Root) -> (Option<PasswordLogins>, Option<Sensor>) {
    let mut reader = Reader { root, files: 0, shut: None };
    let Some(file) = FILES.iter().find(|file| root.path(file).exists()) else { return (None, None) };
    let mut settings = Settings::default();
    reader.file(file, &mut settings, 0);
    match reader.shut {
        None => (Some(settings.passwords()), Some(Sensor::ok(SENSOR))),
        Some(file) => {
            let says = format!("{file} may not be read: whether sshd takes passwords is not known.");
            let sensor = Sensor::blind(SENSOR, "permission_denied", &says).fixed_by(&["sudo", "home-soc"]);
            (None, Some(sensor))
        }
    }
}

/// What was said so far; `None` is not said.
#[derive(Debug, Default)]
struct Settings {
    password: Option<bool>,
    keyboard: Option<bool>,
    pam: Option<bool>,
    methods: Option<Vec<String>>,
    /// What the conditions say, each apart; the last one is open while lines follow it.
    conditions: Vec<Condition>,
    /// Lines stand under the last condition.
    is_open: bool,
}

/// What stands under one `Match`.
#[derive(Debug, Default)]
struct Condition {
    password: Option<bool>,
    keyboard: Option<bool>,
    methods: Option<Vec<String>>,
}

impl Settings {
    fn hear(&mut self, key: &str, words: &[String]) {
        let Some(value) = words.first() else { return };
        let yes = || Some(value.eq_ignore_ascii_case("yes"));
        if key == "match" {
            // `Match all` holds for everybody, which ends a condition.
            self.is_open = !value.eq_ignore_ascii_case("all");
            if self.is_open {
                self.conditions.push(Condition::default());
            }
            return;
        }
        let open = self.conditions.last_mut().filter(|_| self.is_open);
        let (password, keyboard, methods) = match open {
            Some(condition) => (&mut condition.password, &mut condition.keyboard, &mut condition.methods),
            None => (&mut self.password, &mut self.keyboard, &mut self.methods),
        };
        match key {
            "passwordauthentication" if password.is_none() => *password = yes(),
            "kbdinteractiveauthentication" | "challengeresponseauthentication" if keyboard.is_none() => {
                *keyboard = yes();
            }
            "authenticationmethods" if methods.is_none() => *methods = Some(words.to_vec()),
            "usepam" if self.pam.is_none() => self.pam = yes(),
            _ => {}
        }
    }

    /// Whether anybody gets in with a password alone.
    fn passwords(&self) -> PasswordLogins {
        let takes = |password: Option<bool>, keyboard: Option<bool>, methods: Option<&Vec<String>>| {
            // A password that is asked for by the keyboard is checked by PAM.
            let asked = password.unwrap_or(true) || keyboard.unwrap_or(true) && self.pam.unwrap_or(false);
            asked && methods.is_none_or(|lists| lists.iter().any(|list| is_without_key(list)))
        };
        let mut all = takes(self.password, self.keyboard, self.methods.as_ref());
        for condition in &self.conditions {
            all |= takes(
                condition.password.or(self.password),
                condition.keyboard.or(self.keyboard),
                condition.methods.as_ref().or(self.methods.as_ref()),
            );
        }
        if all { PasswordLogins::Taken } else { PasswordLogins::Refused }
    }
}

/// Tells a list of methods that asks for nothing that cannot be guessed: `password`, not `publickey,password`.
fn is_without_key(list: &str) -> bool {
    let hard = ["publickey", "hostbased", "gssapi-with-mic", "none"];
    !list.split(',').any(|method| hard.iter().any(|name| method.trim().starts_with(name)))
}

struct Reader<'a> {
    root: &'a Root,
    files: usize,
    /// A file that may not be read.
    shut: Option<String>,
}

impl Reader<'_> {
    fn file(&mut self, file: &str, settings: &mut Settings, depth: u32) {
        if depth > DEPTH || self.files >= FILES_CAP {
            return;
        }
        self.files += 1;
        let mut text = Vec::new();
        let read = rustix::fs::openat(CWD, self.root.path(file), READ, Mode::empty())
            .and_then(|fd| read_whole(fd, &mut text));
        match read {
            Ok(()) => {}
            Err(Errno::ACCESS | Errno::PERM) => {
                self.shut.get_or_insert_with(|| file.to_owned());
                return;
            }
            // A file that was just taken away, a folder of that name: sshd passes over it, too.
            Err(_) => return,
        }
        let outer = settings.is_open;
        for line in String::from_utf8_lossy(&text).lines() {
            let Some((key, words)) = parse(line) else { continue };
            if key == "include" {
                for pattern in &words {
                    for file in self.matching(pattern) {
                        self.file(&file, settings, depth + 1);
                    }
                }
            } else {
                settings.hear(&key, &words);
            }
        }
        // A condition ends with the file that it stands in.
        settings.is_open = outer;
    }

    /// The files that a pattern of an `Include` names, in their order.
    fn matching(&self, pattern: &str) -> Vec<String> {
        let pattern =
            if pattern.starts_with('/') { pattern.to_owned() } else { format!("{FOLDER}/{pattern}") };
        let Some((folder, last)) = pattern.rsplit_once('/') else { return Vec::new() };
        if !last.contains(['*', '?']) {
            return vec![pattern];
        }
        let entries = std::fs::read_dir(self.root.path(folder)).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && matches(last.as_bytes(), name.as_bytes()))
            .map(|name| Path::new(folder).join(name).to_string_lossy().into_owned())
            .collect();
        files.sort();
        files.truncate(FILES_CAP);
        files
    }
}

/// The key in small letters and the words of its value; `None` for comments and blank lines.
fn parse(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let rest = line[end..].trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in rest.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            _ if c.is_whitespace() && !quoted => words.extend(take(&mut word)),
            _ => word.push(c),
        }
    }
    words.extend(take(&mut word));
    Some((line[..end].to_ascii_lowercase(), words))
}

fn take(word: &mut String) -> Option<String> {
    Some(std::mem::take(word)).filter(|word| !word.is_empty())
}

/// Matches a name against a pattern of `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(one) if *one == b'?' || *one == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use PasswordLogins::{Refused, Taken};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let base = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = base.path().join("etc/ssh").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        base
    }

    fn answer(files: &[(&str, &str)]) -> Option<PasswordLogins> {
        let base = machine(files);
        look(&Root::fixture(base.path())).0
    }

    #[test]
    fn the_first_value_wins_and_what_is_not_said_takes_passwords() {
        for (text, expected) in [
            ("", Taken),
            ("PasswordAuthentication no\nPasswordAuthentication yes\n", Refused),
            ("passwordauthentication = No # for good\n", Refused),
            ("#PasswordAuthentication no\n", Taken),
            ("PasswordAuthentication no\nUsePAM yes\n", Taken),
            ("PasswordAuthentication no\nUsePAM yes\nKbdInteractiveAuthentication no\n", Refused),
            ("PasswordAuthentication \"no\"\nUsePAM yes\nChallengeResponseAuthentication no\n", Refused),
            ("AuthenticationMethods publickey publickey,password\n", Refused),
            ("AuthenticationMethods publickey password\n", Taken),
            ("PasswordAuthentication no\nMatch User anna\n  PasswordAuthentication yes\n", Taken),
            ("PasswordAuthentication yes\nMatch all\nPasswordAuthentication no\n", Taken),
            ("PasswordAuthentication no\nMatch Address 10.0.0.0/8\n  X11Forwarding no\n", Refused),
        ] {
            assert_eq!(answer(&[("sshd_config", text)]), Some(expected), "{text}");
        }
    }

    #[test]
    fn files_are_included_where_they_are_named_and_in_their_order() {
        let config = "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n";
        let cloud = ("sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no\n");
        assert_eq!(answer(&[("sshd_config", config), cloud]), Some(Refused));
        let first = ("sshd_config.d/10-own.conf", "PasswordAuthentication yes\n");
        assert_eq!(answer(&[("sshd_config", config), cloud, first]), Some(Taken));
        let other = ("sshd_config.d/50-cloud-init.conf.bak", "PasswordAuthentication no\n");
        assert_eq!(answer(&[("sshd_config", config), other]), Some(Taken));
        let condition = ("sshd_config.d/20-match.conf", "Match User x\nPasswordAuthentication no\n");
        assert_eq!(answer(&[("sshd_config", config), condition]), Some(Taken), "it ends with its file");
        let endless = "Include sshd_config\nPasswordAuthentication no\n";
        assert_eq!(answer(&[("sshd_config", endless)]), Some(Refused));
    }

    #[test]
    fn a_machine_without_sshd_has_no_answer_and_a_shut_file_is_said() {
        assert_eq!(answer(&[]), None);
        assert!(look(&Root::fixture("/nonexistent")).1.is_none());
        let folder = machine(&[("sshd_config/x", "")]);
        assert_eq!(look(&Root::fixture(folder.path())).0, Some(Taken), "nothing is said in a folder");
        if rustix::process::geteuid().is_root() {
            return;
        }
        let base = machine(&[("sshd_config", "PasswordAuthentication no\n")]);
        let file = base.path().join("etc/ssh/sshd_config");
        fs::set_permissions(file, fs::Permissions::from_mode(0o000)).unwrap();
        let (passwords, sensor) = look(&Root::fixture(base.path()));
        assert!(passwords.is_none() && sensor.unwrap().says.unwrap().contains("/etc/ssh/sshd_config"));
    }

    #[test]
    fn patterns_match_as_a_shell_does() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", ".conf", true),
            ("*.conf", "a.conf.bak", false),
            ("??-*", "50-x", true),
            ("*", "", true),
            ("a*b*c", "aXXbYbc", true),
            ("a", "b", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
