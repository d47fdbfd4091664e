//! A laboratory on this machine: a real journald, a real sshd on a loopback port, a real user with a password.
//!
//! `/dev/log` and journald exist once a machine: a lock keeps laboratories apart. Everything else stands in a
//! scratch folder. What was started is ended by its pid, what was made is removed. Needs root; without root and
//! outside CI the caller is told to skip, in CI a missing right or tool is a failure.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "every test takes what it needs of the laboratory, and one that cannot go on says so"
)]

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const DEV_LOG: &str = "/dev/log";
const JOURNALD_SOCKET: &str = "/run/systemd/journal/dev-log";
const JOURNALD: [&str; 2] = ["/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-journald"];
/// Where the journal of a machine without disk for it is.
const VOLATILE_JOURNAL: &str = "/run/log/journal";

/// Laboratories of this process: the journal remembers the users of each.
static LABS: AtomicU32 = AtomicU32::new(0);

/// Who writes down what sshd says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorder {
    /// systemd-journald, as on Debian 12 and later.
    Journald,
    /// rsyslogd alone, into an `auth.log` of the laboratory.
    Rsyslog,
}

/// A running laboratory.
pub struct Lab {
    /// sshd listens here, on 127.0.0.1.
    pub port: u16,
    /// A user that may log in.
    pub user: String,
    /// Their password.
    pub password: String,
    /// The journal is the laboratory's own: a test may rotate and vacuum it.
    pub owns_journal: bool,
    /// A folder that looks like a machine's root: with rsyslog its `var/log/auth.log` is real.
    pub root: PathBuf,
    scratch: tempfile::TempDir,
    /// Dropped last to first: sshd before the recorder, the recorder before the lock.
    sshd: Option<Started>,
    recorder: Option<Started>,
    undo: Vec<Box<dyn FnOnce() + Send>>,
    _lock: File,
}

/// A process of ours, ended when dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let patience = Instant::now() + Duration::from_secs(3);
        while Instant::now() < patience {
            if matches!(self.0.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Lab {
    /// Starts everything; `None` when this is no root and no CI: skip the test then, it was said why.
    pub fn start(recorder: Recorder) -> Option<Self> {
        let in_ci = std::env::var_os("CI").is_some();
        if !rustix::process::geteuid().is_root() {
            assert!(!in_ci, "the laboratory needs root, and CI must not skip it");
            eprintln!("SKIPPED, NOT PASSED: the laboratory (real sshd and {recorder:?}) needs root");
            return None;
        }
        for tool in
            ["sshd", "ssh", "ssh-keygen", "sshpass", "useradd", "userdel", "chpasswd", "logger", "journalctl"]
        {
            find(tool);
        }
        // The passwords of /etc/pam.d/sshd, not our own: the real way in.
        assert!(
            Path::new("/etc/pam.d/sshd").exists(),
            "/etc/pam.d/sshd is missing: apt-get install openssh-server"
        );

        let lock = File::options().create(true).append(true).open("/tmp/home-soc-lab.lock").unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let scratch = tempfile::Builder::new().prefix("home-soc-lab").tempdir().unwrap();
        fs::set_permissions(scratch.path(), Permissions::from_mode(0o755)).unwrap();
        let mut lab = Self {
            port: 0,
            user: format!("hslab{}n{}", std::process::id(), LABS.fetch_add(1, Ordering::Relaxed)),
            password: "a good pass phrase".to_owned(),
            owns_journal: false,
            root: scratch.path().join("root"),
            scratch,
            sshd: None,
            recorder: None,
            undo: Vec::new(),
            _lock: lock,
        };
        fs::create_dir_all(lab.root.join("var/log")).unwrap();
        match recorder {
            Recorder::Journald => lab.start_journald(),
            Recorder::Rsyslog => lab.start_rsyslog(),
        }
        lab.add_user();
        lab.start_sshd();
        Some(lab)
    }

    /// Tries to log in with a wrong password, as `user`, `times` times, several at once as attackers do.
    pub fn wrong_passwords(&self, user: &str, times: usize) {
        let tries: Vec<Child> =
            (0..times).map(|_| self.ssh(user, "wrong", "true").spawn().unwrap()).collect();
        for mut attempt in tries {
            assert!(!attempt.wait().unwrap().success(), "a wrong password was taken");
        }
    }

    /// Tries wrong passwords with hydra.
    pub fn hydra(&self, user: &str, times: usize) {
        let list = self.scratch.path().join("passwords");
        fs::write(&list, (0..times).map(|n| format!("wrong{n}")).collect::<Vec<_>>().join("\n")).unwrap();
        let output = Command::new(find("hydra"))
            .args(["-I", "-t", "4", "-l", user, "-P"])
            .arg(&list)
            .args(["-s", &self.port.to_string(), "ssh://127.0.0.1"])
            .current_dir(self.scratch.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("0 valid password"),
            "hydra: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Logs in with the right password and runs a command.
    pub fn log_in(&self, command: &str) -> Output {
        let output = self.ssh(&self.user, &self.password, command).output().unwrap();
        assert!(output.status.success(), "login failed: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Makes a key that opens every account; answers its file, and its fingerprint as sshd tells it.
    pub fn new_key(&self) -> (PathBuf, String) {
        let file = self.scratch.path().join("client_key");
        let mut make = Command::new(find("ssh-keygen"));
        make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&file);
        assert!(make.status().unwrap().success(), "ssh-keygen failed");
        fs::copy(file.with_extension("pub"), self.scratch.path().join("authorized_keys")).unwrap();
        // sshd reads the file as the one who comes in.
        fs::set_permissions(self.scratch.path(), Permissions::from_mode(0o711)).unwrap();
        let told = Command::new(find("ssh-keygen")).arg("-lf").arg(&file).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        (file, format!("ED25519 {}", told.split(' ').nth(1).unwrap()))
    }

    /// Logs in with a key and runs a command.
    pub fn log_in_by_key(&self, key: &Path, command: &str) {
        let mut ssh = Command::new(find("ssh"));
        ssh.args(["-F", "none", "-p", &self.port.to_string(), "-l", &self.user, "-i"]).arg(key);
        for option in [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "PreferredAuthentications=publickey",
            "IdentitiesOnly=yes",
            "BatchMode=yes",
            "ConnectTimeout=20",
            "LogLevel=ERROR",
        ] {
            ssh.args(["-o", option]);
        }
        let output = ssh.args(["127.0.0.1", command]).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "login failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// An ssh client with a password.
    pub fn ssh(&self, user: &str, password: &str, command: &str) -> Command {
        let mut ssh = Command::new(find("sshpass"));
        ssh.arg("-p").arg(password).arg(find("ssh")).args([
            "-F",
            "none",
            "-p",
            &self.port.to_string(),
            "-l",
            user,
        ]);
        for option in [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "PreferredAuthentications=password",
            "PubkeyAuthentication=no",
            "NumberOfPasswordPrompts=1",
            "ConnectTimeout=20",
            "LogLevel=ERROR",
        ] {
            ssh.args(["-o", option]);
        }
        ssh.args(["127.0.0.1", command]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        ssh
    }

    /// Says something through `/dev/log` as any local user can; `None`: as root.
    pub fn logger(uid: Option<u32>, tag: &str, message: &str) {
        use std::os::unix::process::CommandExt;
        let mut logger = Command::new(find("logger"));
        logger.args(["-p", "auth.info", "-t", tag, "--", message]);
        if let Some(uid) = uid {
            logger.uid(uid).gid(uid);
        }
        assert!(logger.status().unwrap().success(), "logger failed");
    }

    /// Writes a record as another user, from a program that calls itself `name` (prctl), until journald has looked.
    pub fn pretender(uid: u32, name: &str, message: &str) {
        use std::os::unix::process::CommandExt;
        let script = r#"use Socket; $0 = $ARGV[0]; socket(S, PF_UNIX, SOCK_DGRAM, 0) or die;
            connect(S, sockaddr_un("/run/systemd/journal/dev-log")) or die;
            send(S, "<38>$ARGV[0]: $ARGV[1]", 0) or die; sleep 1"#;
        let mut perl = Command::new(find("perl"));
        perl.args(["-e", script, name, message]).uid(uid).gid(uid);
        assert!(perl.status().unwrap().success(), "perl failed");
    }

    fn start_journald(&mut self) {
        if !answers(JOURNALD_SOCKET) {
            let program = JOURNALD.into_iter().find(|path| Path::new(path).exists());
            let program = program.expect("systemd-journald is missing: apt-get install systemd");
            fs::create_dir_all("/run/systemd/journal").unwrap();
            let had_journal = Path::new(VOLATILE_JOURNAL).exists();
            let child = quiet(Command::new(program)).spawn().unwrap();
            self.recorder = Some(Started(child));
            wait_for("journald", || answers(JOURNALD_SOCKET));
            self.owns_journal = !had_journal;
            if !had_journal {
                self.undo.push(Box::new(|| drop(fs::remove_dir_all(VOLATILE_JOURNAL))));
            }
        }
        self.take_dev_log(Path::new(JOURNALD_SOCKET));
        // The journal opens with journald's own first words: wait until it can be asked.
        wait_for("the journal", || {
            let output = Command::new(find("journalctl")).args(["-n1", "-q", "-o", "cat"]).output().unwrap();
            !output.stdout.is_empty()
        });
    }

    fn start_rsyslog(&mut self) {
        let (socket, log) = (self.scratch.path().join("log.sock"), self.root.join("var/log/auth.log"));
        let config = self.scratch.path().join("rsyslog.conf");
        let text = format!(
            "global(workDirectory=\"{}\")\nmodule(load=\"imuxsock\" SysSock.Name=\"{}\")\n\
             auth,authpriv.* action(type=\"omfile\" file=\"{}\" template=\"RSYSLOG_TraditionalFileFormat\" \
             fileOwner=\"root\" fileCreateMode=\"0640\")\n",
            self.scratch.path().display(),
            socket.display(),
            log.display()
        );
        fs::write(&config, text).unwrap();
        let mut rsyslogd = Command::new(find("rsyslogd"));
        rsyslogd.arg("-n").arg("-f").arg(&config).arg("-i").arg(self.scratch.path().join("rsyslog.pid"));
        self.recorder = Some(Started(quiet(rsyslogd).spawn().unwrap()));
        wait_for("rsyslogd", || answers(socket.to_str().unwrap()));
        self.take_dev_log(&socket);
    }

    /// Makes `/dev/log` lead to `socket` for as long as the laboratory stands.
    fn take_dev_log(&mut self, socket: &Path) {
        let before = fs::read_link(DEV_LOG).ok();
        if before.as_deref() == Some(socket) {
            return;
        }
        assert!(
            before.is_some() || !Path::new(DEV_LOG).exists(),
            "/dev/log is the socket of a daemon that runs here; stop it for this test"
        );
        let lead = |to: &Path| {
            let new = format!("{DEV_LOG}.home-soc-lab");
            let _ = fs::remove_file(&new);
            std::os::unix::fs::symlink(to, &new).and_then(|()| fs::rename(&new, DEV_LOG))
        };
        lead(socket).unwrap();
        self.undo.push(Box::new(move || match before {
            Some(before) => drop(lead(&before)),
            None => drop(fs::remove_file(DEV_LOG)),
        }));
    }

    fn add_user(&mut self) {
        // A process that died in the middle may have left one.
        let _ = Command::new(find("userdel")).arg(&self.user).stderr(Stdio::null()).status();
        let home = self.scratch.path().join("home");
        fs::create_dir(&home).unwrap();
        let added = Command::new(find("useradd"))
            .args(["-M", "-s", "/bin/sh", "-d"])
            .arg(&home)
            .arg(&self.user)
            .status();
        assert!(added.unwrap().success(), "useradd failed");
        let user = self.user.clone();
        self.undo.push(Box::new(move || {
            drop(Command::new(find("userdel")).arg("-f").arg(user).stderr(Stdio::null()).status());
        }));
        let mut chpasswd = Command::new(find("chpasswd")).stdin(Stdio::piped()).spawn().unwrap();
        writeln!(chpasswd.stdin.take().unwrap(), "{}:{}", self.user, self.password).unwrap();
        assert!(chpasswd.wait().unwrap().success(), "chpasswd failed");
    }

    fn start_sshd(&mut self) {
        fs::create_dir_all("/run/sshd").unwrap();
        let key = self.scratch.path().join("host_key");
        let made =
            Command::new(find("ssh-keygen")).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(made.unwrap().success(), "ssh-keygen failed");
        let config = self.scratch.path().join("sshd_config");
        let text = format!(
            "ListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM yes\nPasswordAuthentication yes\n\
             KbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 200\nUseDNS no\nLogLevel INFO\n\
             StrictModes no\nAuthorizedKeysFile {}\n",
            key.display(),
            self.scratch.path().join("authorized_keys").display()
        );
        fs::write(&config, text).unwrap();
        let sshd = || {
            let mut sshd = Command::new(find("sshd"));
            sshd.arg("-f").arg(&config);
            sshd
        };
        let checked = sshd().arg("-t").output().unwrap();
        assert!(checked.status.success(), "sshd -t: {}", String::from_utf8_lossy(&checked.stderr));
        // From 9.8 on sshd shuts out who fails; 12 failures are wanted here.
        let no_penalties = ["-o", "PerSourcePenalties=no"];
        let knows_penalties = sshd().arg("-t").args(no_penalties).output().unwrap().status.success();
        // A free port may be taken by another before sshd takes it: then it ends at once.
        for _ in 0..10 {
            self.port = free_port();
            let mut command = sshd();
            command.args(["-D", "-p", &self.port.to_string()]);
            if knows_penalties {
                command.args(no_penalties);
            }
            let mut started = Started(quiet(command).spawn().unwrap());
            let patience = Instant::now() + Duration::from_secs(20);
            while matches!(started.0.try_wait(), Ok(None)) && Instant::now() < patience {
                if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                    self.sshd = Some(started);
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("sshd does not start; sshd -D -d -f {} would tell why", config.display());
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.sshd = None;
        self.recorder = None;
        for undo in self.undo.drain(..).rev() {
            undo();
        }
    }
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The absolute path of a tool; sshd insists on one.
fn find(tool: &str) -> PathBuf {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(tool))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{tool} is missing: ./tests/run as root installs what the tests need"))
}

/// True when somebody reads from a datagram socket.
fn answers(socket: &str) -> bool {
    UnixDatagram::unbound().is_ok_and(|end| end.connect(socket).is_ok())
}

/// A free port below those that outgoing connections take.
fn free_port() -> u16 {
    let start = Instant::now();
    loop {
        let random = u64::from(std::process::id()) ^ u64::from(rand_nanos());
        let port = 20_000 + (random % 10_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "no free port");
    }
}

fn rand_nanos() -> u32 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos()
}

/// Waits until it is so; says what was waited for when it never is.
pub fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < patience, "{what} did not come up in 20 s");
        thread::sleep(Duration::from_millis(50));
    }
}
