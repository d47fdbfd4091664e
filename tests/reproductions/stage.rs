//! The stage: programs that belong to nobody, and one machine that looks at them and judges.

use chrono::{TimeDelta, Utc};
use home_soc::assess::{Context, Judge, Memory, Settings};
use home_soc::collect::{Root, auth};
use home_soc::engine::{CollectSettings, Engine};
use home_soc::model::Finding;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that is no child of this test: a test is a build tool's work, and work in progress is no finding. It
/// has lost its parents before it becomes that program, so that not even its start was the build's.
pub(crate) struct Stray {
    pub(crate) pid: u32,
}

impl Stray {
    /// Starts a program with its arguments, and waits until it runs.
    pub(crate) fn start(argv: &[&str]) -> Self {
        Self::born("(sleep 0.2; exec setsid \"$@\") </dev/null >/dev/null 2>&1 & echo $!", argv, argv[0])
    }

    /// Starts a program under a false name.
    pub(crate) fn disguised(name: &str, argv: &[&str]) -> Self {
        let all: Vec<_> = [name].iter().chain(argv).copied().collect();
        let script = "n=$1; shift; \
                      (sleep 0.2; exec setsid bash -c 'n=$1; shift; exec -a \"$n\" \"$@\"' sh \"$n\" \"$@\") \
                      </dev/null >/dev/null 2>&1 & echo $!";
        Self::born(script, &all, argv[0])
    }

    fn born(script: &str, argv: &[&str], program: &str) -> Self {
        let mut shell = Command::new("bash");
        let shell = shell.args(["-c", script, "bash"]).args(argv).stdout(Stdio::piped());
        let output = shell.output().expect("bash is there");
        let pid = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a pid");
        let stray = Self { pid };
        let name = fs::canonicalize(program).ok();
        // A program may be a script that finds the real one through several shells, and in the middle of an exec a
        // process has a new executable and no command line yet: it runs when two looks say the same.
        let mut before = None;
        wait_for(|| {
            let (Ok(exe), Ok(words)) =
                (fs::read_link(format!("/proc/{pid}/exe")), fs::read(format!("/proc/{pid}/cmdline")))
            else {
                // One that has ended already cannot be waited for.
                return true;
            };
            let on_the_way =
                ["bash", "setsid", "env"].iter().any(|step| exe.ends_with(step) && !program.ends_with(step));
            let runs = !on_the_way && !words.is_empty() && name.as_ref().is_none_or(|name| exe == *name);
            let now = runs.then_some((exe, words));
            let is_settled = now.is_some() && now == before;
            before = now;
            is_settled
        });
        stray
    }
}

impl Drop for Stray {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.pid as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Runs Python as a stray that writes one line to `told` when it has done its deed.
pub(crate) fn python(program: &str, told: &Path) -> Option<(Stray, String)> {
    if !Command::new("python3").arg("-V").output().is_ok_and(|version| version.status.success()) {
        return None;
    }
    let place = told.display().to_string();
    let stray = Stray::start(&["python3", "-c", program, &place]);
    wait_for(|| fs::read_to_string(told).is_ok_and(|line| line.ends_with('\n')));
    let line = fs::read_to_string(told).ok()?;
    Some((stray, line.trim().to_owned()))
}

/// Waits up to half a minute: other tests and builds may hold the cores.
pub(crate) fn wait_for(mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A copy of a program of this machine at another place.
pub(crate) fn copy_of(program: &str, place: &Path) -> PathBuf {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).expect("a folder for the copy");
    }
    let real = fs::canonicalize(program).expect("the program is there");
    fs::copy(real, place).expect("room for a copy");
    place.to_owned()
}

/// The program itself, watching without a screen: a stranger to this test and to what it starts.
pub(crate) struct Watch(Child);

impl Watch {
    /// Starts it with its record in `data`, and waits for its first beat.
    pub(crate) fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_home-soc"));
        command.args(["--headless", "--interval", "1", "--data-dir"]).arg(data);
        let watch = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("home-soc starts");
        let lines = data.join("monitor_metrics.jsonl");
        wait_for(|| fs::metadata(&lines).is_ok_and(|meta| meta.len() > 0));
        Self(watch)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The heart, beating on this machine.
pub(crate) struct Machine(Engine);

impl Machine {
    /// A machine that is watched with the defaults.
    pub(crate) fn new() -> Self {
        Self::with(&CollectSettings::default(), Settings::default())
    }

    /// A machine whose sign-ins stand in one text log.
    pub(crate) fn with_log(log: &Path) -> Self {
        let auth = auth::source::Settings { files: vec![log.to_owned()], ..Default::default() };
        Self::with(&CollectSettings { auth, ..Default::default() }, Settings::default())
    }

    /// A machine that calls a process busy from this share of a core on: the tests share the cores.
    pub(crate) fn busy_from(percent: f64) -> Self {
        let mut settings = Settings::default();
        settings.thresholds.busy_process_pct = percent;
        Self::with(&CollectSettings::default(), settings)
    }

    fn with(collect: &CollectSettings, judge: Settings) -> Self {
        let judge = Judge::new(judge, Memory::default(), Context::default());
        Self(Engine::new(&Root::real(), collect, judge, Duration::from_secs(5), Utc::now()))
    }

    /// What the program finds when it is asked once.
    pub(crate) fn once(mut self) -> Vec<Finding> {
        self.0.once(Duration::from_secs(10)).findings.clone()
    }

    /// One beat of many.
    pub(crate) fn beat(&mut self) -> Vec<Finding> {
        self.0.beat(Utc::now()).findings.clone()
    }

    /// Beats that are `step` apart for the judge, and a moment apart in truth.
    pub(crate) fn beats(&mut self, count: i32, step: TimeDelta) -> Vec<Finding> {
        let start = Utc::now();
        let mut findings = Vec::new();
        for beat in 0..count {
            findings.clone_from(&self.0.beat(start + step * beat).findings);
            std::thread::sleep(Duration::from_millis(700));
        }
        findings
    }
}

/// Tells whether `rule` was raised for something that names `what`, a path or a pid, in subject or proof.
pub(crate) fn fires(findings: &[Finding], rule: &str, what: &str) -> bool {
    findings.iter().filter(|finding| finding.rule == rule).any(|finding| {
        finding.subject.values().any(|value| value.contains(what))
            || finding.evidence.iter().any(|proof| proof.text.contains(what) || proof.source.contains(what))
    })
}

/// Tells whether `rule` was raised for this process.
pub(crate) fn fires_for(findings: &[Finding], rule: &str, stray: &Stray) -> bool {
    let pid = stray.pid.to_string();
    let folder = format!("/proc/{pid}/");
    findings.iter().filter(|finding| finding.rule == rule).any(|finding| {
        finding.subject.get("pid").is_some_and(|value| **value == *pid)
            || finding.evidence.iter().any(|proof| proof.source.starts_with(&folder))
    })
}
