//! Machines as folders: a `/proc`, `/etc` and `/var` of the real shape, written where a test wants them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "each test binary uses a part of it, and ends where it fails"
)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// A machine whose files are being written.
pub struct Tree {
    dir: TempDir,
    tcp: String,
    established: u32,
}

impl Tree {
    /// A quiet machine: Debian, four cores, booted twelve days before `NOW`, with its first processes.
    pub fn quiet() -> Self {
        let tree = Self { dir: tempfile::tempdir().unwrap(), tcp: String::new(), established: 0 };
        tree.file("proc/sys/kernel/hostname", "nas01\n");
        tree.file("proc/sys/kernel/osrelease", "6.12.48+deb13-amd64\n");
        tree.file("proc/sys/kernel/random/boot_id", "a1b2c3d4-0000-4000-8000-000000000000\n");
        tree.file("proc/sys/kernel/pid_max", "4194304\n");
        tree.file(
            "etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n",
        );
        tree.file("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        tree.file("etc/hostname", "nas01\n");
        tree.file(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
             anna:x:1000:1000:Anna:/home/anna:/bin/bash\nbackup:x:1001:1001::/home/backup:/bin/sh\n",
        );
        tree.load("0.42 0.38 0.31", 2);
        tree.file(
            "proc/meminfo",
            "MemTotal:        6081740 kB\nMemFree:          812000 kB\nMemAvailable:    3284140 kB\n\
             Buffers:          120000 kB\nCached:          2100000 kB\nSwapTotal:       1048572 kB\n\
             SwapFree:        1048572 kB\n",
        );
        // Booted at 2026-11-10 13:32:07 UTC.
        tree.file("proc/uptime", "1036800.00 4000000.00\n");
        tree.cpu(0);
        for resource in ["cpu", "memory", "io"] {
            tree.file(
                &format!("proc/pressure/{resource}"),
                "some avg10=0.00 avg60=0.10 avg300=0.05 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            );
        }
        tree.file(
            "proc/net/dev",
            "Inter-|   Receive                                                |  Transmit\n \
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n\
             \x20   lo:  104857     900    0    0    0     0          0         0   104857     900    0    0    0     0       0          0\n\
             \x20 eth0: 9104857   90000    0    0    0     0          0        12  4104857   80000    0    0    0     0       0          0\n",
        );
        tree.file("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n");
        tree.process(&Run {
            pid: 1,
            name: "systemd",
            cmdline: "/sbin/init",
            exe: "/usr/lib/systemd/systemd",
            ..Run::default()
        });
        tree.process(&Run { pid: 2, name: "kthreadd", kernel: true, ..Run::default() });
        tree.process(&Run {
            pid: 1188,
            name: "sshd",
            cmdline: "sshd: /usr/sbin/sshd -D [listener]",
            exe: "/usr/sbin/sshd",
            fds: &[(3, "socket:[22001]")],
            ..Run::default()
        });
        tree.process(&Run {
            pid: 4410,
            uid: 1000,
            name: "firefox-esr",
            cmdline: "firefox-esr",
            exe: "/usr/lib/firefox-esr/firefox-esr",
            rss_pages: 117_760,
            ..Run::default()
        });
        tree
    }

    /// Where the machine is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file below the root.
    pub fn file(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets the load averages and the number of runnable tasks.
    pub fn load(&self, averages: &str, running: u32) {
        self.file("proc/loadavg", &format!("{averages} {running}/131 7719\n"));
    }

    /// Sets the processor's counters after `busy_ticks` of work on each of four cores; of every second in a
    /// hundred ticks, the rest is idle.
    pub fn cpu(&self, busy_ticks: u64) {
        let idle = 90_000_000 + 400 - busy_ticks.min(400);
        let mut text =
            format!("cpu  {} 0 100000 {} 2000 0 300 0 0 0\n", 4 * (500_000 + busy_ticks), 4 * idle);
        for core in 0..4 {
            writeln!(text, "cpu{core} {} 0 25000 {idle} 500 0 75 0 0 0", 500_000 + busy_ticks).unwrap();
        }
        text.push_str("btime 1794317527\nprocesses 8000\nprocs_running 2\nprocs_blocked 0\n");
        self.file("proc/stat", &text);
    }

    /// Adds a process.
    pub fn process(&self, run: &Run<'_>) {
        let dir = self.dir.path().join(format!("proc/{}", run.pid));
        fs::create_dir_all(dir.join("fd")).unwrap();
        let ppid = if run.kernel { 0 } else { run.ppid };
        let flags = if run.kernel { 0x0020_8040 } else { 0x0040_0100 };
        let stat = format!(
            "{} ({}) S {ppid} {} {} 0 -1 {flags} 100 0 0 0 {} {} 0 0 20 0 1 0 {} 100000000 {} 18446744073709551615 \
             0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            run.pid,
            run.name,
            run.pid,
            run.pid,
            run.ticks,
            run.ticks / 4,
            run.start_ticks,
            run.rss_pages
        );
        let path = format!("proc/{}", run.pid);
        self.file(&format!("{path}/stat"), &stat);
        self.file(&format!("{path}/comm"), &format!("{}\n", run.name));
        self.file(
            &format!("{path}/status"),
            &format!(
                "Name:\t{}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{}\nPid:\t{}\nPPid:\t{ppid}\nTracerPid:\t0\n\
                 Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nThreads:\t1\n",
                run.name, run.pid, run.pid, uid = run.uid
            ),
        );
        self.file(&format!("{path}/cmdline"), &run.cmdline.replace(' ', "\0"));
        self.file(&format!("{path}/loginuid"), "4294967295");
        self.file(&format!("{path}/cgroup"), "0::/system.slice\n");
        if !run.kernel && !run.exe.is_empty() {
            symlink(run.exe, dir.join("exe")).unwrap();
        }
        for (number, target) in run.fds {
            symlink(target, dir.join(format!("fd/{number}"))).unwrap();
        }
    }

    /// Adds a TCP socket over IPv4: addresses in the kernel's own hexadecimal, `0100007F:0016`.
    pub fn tcp(&mut self, local: &str, remote: &str, state: u8, uid: u32, inode: u32) {
        let number = self.tcp.lines().count();
        writeln!(
            self.tcp,
            "{number:4}: {local} {remote} {state:02X} 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 \
             0000000000000000 100 0 0 10 0"
        )
        .unwrap();
        self.established += u32::from(state == 1);
    }

    /// Writes the socket tables; call it once all sockets are added.
    pub fn network(&self) {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        self.file("proc/net/tcp", &format!("{head}{}", self.tcp));
        for table in ["tcp6", "udp", "udp6"] {
            self.file(&format!("proc/net/{table}"), head);
        }
        self.file(
            "proc/net/snmp",
            &format!(
                "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab \
                 InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n\
                 Tcp: 1 200 120000 -1 10 10 0 0 {} 100 100 0 0 0 0\n",
                self.established
            ),
        );
        self.file(
            "proc/net/sockstat",
            &format!(
                "sockets: used 100\nTCP: inuse {} orphan 0 tw 0 alloc 8 mem 1\nUDP: inuse 0 mem 0\n",
                self.established + 1
            ),
        );
    }
}

/// A process to be written.
pub struct Run<'a> {
    /// Process id.
    pub pid: u32,
    /// Parent.
    pub ppid: u32,
    /// Owner.
    pub uid: u32,
    /// Short name.
    pub name: &'a str,
    /// Command line, split at spaces.
    pub cmdline: &'a str,
    /// Executable as the kernel names it; empty for none.
    pub exe: &'a str,
    /// User ticks used so far.
    pub ticks: u64,
    /// Start, in ticks since boot.
    pub start_ticks: u64,
    /// Resident pages.
    pub rss_pages: u64,
    /// Whether it is a kernel thread.
    pub kernel: bool,
    /// Descriptors and what they link to.
    pub fds: &'a [(u32, &'a str)],
}

impl Default for Run<'_> {
    fn default() -> Self {
        Self {
            pid: 0,
            ppid: 1,
            uid: 0,
            name: "",
            cmdline: "",
            exe: "",
            ticks: 100,
            start_ticks: 1000,
            rss_pages: 3000,
            kernel: false,
            fds: &[],
        }
    }
}

/// The moment at which all machines stand: 2026-11-22 13:32:07 UTC.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-11-22T13:32:07Z".parse().unwrap()
}

/// Nothing happens and everything can be seen.
pub fn calm() -> Tree {
    let mut tree = Tree::quiet();
    tree.tcp("0A0200C0:0016", "00000000:0000", 10, 0, 22001);
    tree.network();
    tree.file(
        "var/log/auth.log",
        "2026-11-22T12:09:01.000000+00:00 nas01 sshd[5011]: Accepted publickey for anna from 192.0.2.33 port 61240 ssh2: ED25519 SHA256:51aaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\
         2026-11-22T12:09:01.100000+00:00 nas01 sshd[5011]: pam_unix(sshd:session): session opened for user anna(uid=1000) by anna(uid=0)\n\
         2026-11-22T13:20:02.000000+00:00 nas01 sudo:     anna : TTY=pts/0 ; PWD=/home/anna ; USER=root ; COMMAND=/usr/bin/apt update\n",
    );
    tree
}

/// Guessed, entered, and a program started from memory.
pub fn attacked() -> Tree {
    let mut tree = Tree::quiet();
    tree.tcp("00000000:0016", "00000000:0000", 10, 0, 22001);
    tree.tcp("0A0200C0:0016", "176433C6:C3C0", 1, 0, 22002);
    tree.tcp("0A0200C0:9C41", "176433C6:115C", 1, 0, 22003);
    tree.network();
    tree.process(&Run {
        pid: 7688,
        ppid: 1188,
        name: "sshd",
        cmdline: "sshd: root@pts/1",
        exe: "/usr/sbin/sshd",
        start_ticks: 103_480_000,
        fds: &[(4, "socket:[22002]")],
        ..Run::default()
    });
    tree.process(&Run {
        pid: 7719,
        ppid: 7688,
        name: "kdevtmp",
        cmdline: "/dev/shm/.x/kdevtmp",
        exe: "/dev/shm/.x/kdevtmp (deleted)",
        start_ticks: 103_490_000,
        fds: &[(3, "socket:[22003]")],
        ..Run::default()
    });
    let mut log = String::new();
    for second in 0..9 {
        writeln!(
            log,
            "2026-11-22T12:57:{:02}.000000+00:00 nas01 sshd[{}]: Failed password for root from 198.51.100.23 port {} ssh2",
            40 + second,
            7600 + second,
            50_100 + second
        )
        .unwrap();
    }
    log.push_str(
        "2026-11-22T12:58:11.000000+00:00 nas01 sshd[7688]: Accepted password for root from 198.51.100.23 port 50112 ssh2\n\
         2026-11-22T12:58:11.100000+00:00 nas01 sshd[7688]: pam_unix(sshd:session): session opened for user root(uid=0) by root(uid=0)\n",
    );
    tree.file("var/log/auth.log", &log);
    tree
}

/// No sign-in log of any kind, and other users' programs are closed.
pub fn blind() -> Tree {
    let mut tree = Tree::quiet();
    tree.tcp("0A0200C0:0016", "00000000:0000", 10, 0, 22001);
    tree.network();
    tree
}
