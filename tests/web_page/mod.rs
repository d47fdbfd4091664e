//! A real home-soc with its page on a free port, and a client that says exactly what a test wants said.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "each test takes what it needs, and one that cannot go on says so"
)]

pub mod browser;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A page that is being served.
pub struct Served {
    pub address: SocketAddr,
    pub token: String,
    pub data: PathBuf,
    pub process: Child,
}

impl Served {
    /// Records in `data` and serves the page beside it.
    pub fn beside(data: &Path) -> Self {
        Self::start(data, &["--headless", "--interval", "0.3", "--web=127.0.0.1:0"])
    }

    /// Serves the page alone, over what `data` holds.
    pub fn alone(data: &Path) -> Self {
        Self::start(data, &["web", "--web=127.0.0.1:0"])
    }

    fn start(data: &Path, arguments: &[&str]) -> Self {
        let process = program()
            .args(arguments)
            .arg("--data-dir")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut served = Self { address: nowhere, token: String::new(), data: data.to_owned(), process };
        let mut said = String::new();
        for line in BufReader::new(served.process.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some((place, token)) =
                line.strip_prefix("web page: http://").and_then(|rest| rest.split_once("/#t="))
            {
                (served.address, served.token) = (place.parse().unwrap(), token.to_owned());
                return served;
            }
            said.push_str(&line);
        }
        panic!("no page was served: {said}");
    }

    /// The page's address with its token, as it was printed.
    pub fn link(&self) -> String {
        format!("http://{}/#t={}", self.address, self.token)
    }

    /// Asks with the token.
    pub fn ask(&self, target: &str) -> Answer {
        self.say(&format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        ))
    }

    /// Asks for JSON with the token.
    pub fn json(&self, target: &str) -> serde_json::Value {
        let answer = self.ask(target);
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Says these bytes and reads to the end.
    pub fn say(&self, bytes: &str) -> Answer {
        say(self.address, bytes.as_bytes())
    }

    /// The process behind the page.
    pub fn page_pid(&self) -> Option<u32> {
        let parent = self.process.id();
        let children =
            std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        let threads = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap().flatten();
        let by_threads =
            threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        let all: String = by_threads.chain([children]).collect::<Vec<_>>().join(" ");
        all.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid: &u32| {
            std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.ends_with(b"web-process\0"))
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

/// The program without anything that this machine's user has set.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_home-soc"));
    command
        .env_remove("HOME_SOC_WEB_TOKEN")
        .env_remove("JOURNAL_STREAM")
        .env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// An answer, its head and body apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Says these bytes to an address and reads to the end; status 0 when nothing came back.
pub fn say(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The beats that the record holds, as JSON.
pub fn recorded(data: &Path) -> Vec<serde_json::Value> {
    let Ok(file) = File::open(data.join("monitor_metrics.jsonl")) else { return Vec::new() };
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
