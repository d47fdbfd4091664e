//! The parent's side: starts the page's process, hands it every beat, and starts it again when it ends.
//!
//! Nothing here can hold up the heartbeat: a beat is put where the supervisor finds it, and what a process does not
//! take in time ends that process.

use super::place::Place;
use super::{Orders, Report, Settings, Token};
use crate::model::{Readings, Snapshot, Sockets};
use crate::outputs::Output;
use crate::outputs::document::json_line;
use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::rand::{GetRandomFlags, getrandom};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The hidden command of the page's own process.
pub(crate) const COMMAND: &str = "web-process";

/// How long the first process may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a process may take to read a beat before it counts as hung.
const HUNG: Duration = Duration::from_secs(10);

/// Waits before a process is started again: doubled at every failure, back to the first after a good while.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const GOOD_WHILE: Duration = Duration::from_mins(2);

/// How often a living process is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How much is kept of what a failing process says.
const MOST_WORDS: usize = 300;

/// How long the process may take to end.
const FAREWELL: Duration = Duration::from_millis(300);

/// The page, served by a process that is looked after.
pub struct Page {
    desk: Arc<Desk>,
    supervisor: Option<JoinHandle<()>>,
    token: Token,
}

/// The heartbeat's way to the page.
pub struct Ear(Arc<Desk>);

/// Where the heartbeat and the supervisor meet.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    /// The newest beat that no process has.
    beat: Option<Arc<Snapshot>>,
    /// Where the page listens and what holds it.
    listening: Option<(SocketAddr, String)>,
    /// Why it does not.
    trouble: Option<String>,
    ends: bool,
}

impl Page {
    /// Starts the page's process and waits a moment until it listens. `fed` is true when beats will come by
    /// [`Self::ear`]; else the page reads the record.
    ///
    /// # Errors
    /// No thread can be started. A page that does not come up is no error here: see [`Self::trouble`].
    pub fn open(place: &Place, settings: &Settings, data_dir: Option<PathBuf>, fed: bool) -> Result<Self> {
        let desk = Arc::new(Desk::default());
        let orders = Orders {
            address: place.address,
            token: place.token.clone(),
            hosts: settings.hosts.clone(),
            data_dir: data_dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
            socket_dir: PathBuf::new(),
            live_points: settings.live_points.clamp(2, 2000),
            fed,
        };
        let supervisor = {
            let desk = Arc::clone(&desk);
            thread::Builder::new()
                .name("web".into())
                .spawn(move || desk.look_after(orders))
                .context("cannot start the thread that looks after the page")?
        };
        let settled = |state: &mut State| state.listening.is_none() && state.trouble.is_none();
        drop(desk.news.wait_timeout_while(desk.lock(), PATIENCE, settled));
        Ok(Self { desk, supervisor: Some(supervisor), token: place.token.clone() })
    }

    /// The output by which the page hears every beat.
    pub fn ear(&self) -> Ear {
        Ear(Arc::clone(&self.desk))
    }

    /// The address of the page with its token; `None` while it does not listen.
    pub fn address(&self) -> Option<String> {
        let listening = self.desk.lock().listening.clone();
        listening.map(|(address, _)| self.token.address(&address.to_string()))
    }

    /// Where the page listens, without the token.
    pub fn listens_on(&self) -> Option<SocketAddr> {
        self.desk.lock().listening.as_ref().map(|(address, _)| *address)
    }

    /// What holds the page's process back, in words.
    pub fn held(&self) -> Option<String> {
        self.desk.lock().listening.as_ref().map(|(_, held)| held.clone())
    }

    /// Why the page is not served, in words.
    pub fn trouble(&self) -> Option<String> {
        self.desk.lock().trouble.clone()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.desk.lock().ends = true;
        self.desk.news.notify_all();
        if let Some(supervisor) = self.supervisor.take() {
            // It ends by itself within the farewell.
            drop(supervisor.join());
        }
    }
}

impl Output for Ear {
    fn name(&self) -> &'static str {
        "web"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> Result<()> {
        let mut state = self.0.lock();
        state.beat = Some(Arc::clone(snapshot));
        let trouble = state.trouble.clone();
        drop(state);
        self.0.news.notify_all();
        trouble.map_or(Ok(()), |trouble| bail!(trouble))
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts processes, one after the other, until the end.
    fn look_after(self: &Arc<Self>, mut orders: Orders) {
        let mut wait = FIRST_WAIT;
        let mut last: Option<Arc<Snapshot>> = None;
        loop {
            let started = Instant::now();
            let ended = self.one_life(&mut orders, &mut last);
            if self.lock().ends {
                return;
            }
            let why = ended.map_or_else(|error| format!("{error:#}"), |()| "it ended".to_owned());
            if started.elapsed() >= GOOD_WHILE {
                wait = FIRST_WAIT;
            }
            let again = wait.as_secs();
            let mut state = self.lock();
            state.listening = None;
            state.trouble =
                Some(format!("the web page is not served: {why}; it is started again in {again} s"));
            self.news.notify_all();
            let (state, _) = self
                .news
                .wait_timeout_while(state, wait, |state| !state.ends)
                .unwrap_or_else(PoisonError::into_inner);
            if state.ends {
                return;
            }
            drop(state);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Starts a process and hands it beats until it ends, hangs, or is not wanted any more.
    fn one_life(self: &Arc<Self>, orders: &mut Orders, last: &mut Option<Arc<Snapshot>>) -> Result<()> {
        let room = SocketRoom::make()?;
        orders.socket_dir.clone_from(&room.0);
        let mut process = Process::start()?;
        let said = process.listen_to(self)?;
        process.write(&json_line(orders)?)?;
        // Who comes back gets what the one before had.
        let mut beat = last.clone();
        loop {
            if let Some(snapshot) = beat.take() {
                process.write(&json_line(&slim(&snapshot))?)?;
                *last = Some(snapshot);
            }
            let nothing = |state: &mut State| state.beat.is_none() && !state.ends;
            let (mut state, _) = self
                .news
                .wait_timeout_while(self.lock(), LOOK_EVERY, nothing)
                .unwrap_or_else(PoisonError::into_inner);
            // On port 0 the next process takes the port that the first one found.
            if let Some((address, _)) = &state.listening {
                orders.address = *address;
            }
            if state.ends {
                return Ok(());
            }
            beat = state.beat.take();
            drop(state);
            if let Some(status) = process.child.try_wait().context("cannot look after the page's process")? {
                let words = said.lock().map_or_else(|_| String::new(), |said| said.clone());
                bail!("its process ended ({status}){}{words}", if words.is_empty() { "" } else { ": " });
            }
        }
    }
}

/// A process that is ended when it is dropped.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts the page's process: this very program, even when its file was replaced since.
    fn start() -> Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.arg0("home-soc").arg(COMMAND).env_clear();
        for name in ["TZ", "LANG"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // glibc keeps a heap for each thread that it may, and room that was once needed; one heap, whose room goes back
        // when it is free, costs many megabytes less (mallopt(3)).
        let heap = [
            ("ARENA_MAX", "1"),
            ("MMAP_THRESHOLD_", "65536"),
            ("TRIM_THRESHOLD_", "65536"),
            ("TOP_PAD_", "16384"),
        ];
        command.envs(heap.map(|(name, value)| (format!("MALLOC_{name}"), value)));
        let mut child = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the page's process")?;
        let input = child.stdin.take();
        let process = Self { child, input };
        if let Some(input) = &process.input {
            rustix::io::ioctl_fionbio(input, true).map_err(std::io::Error::from)?;
        }
        Ok(process)
    }

    /// Hears what the process reports; answers where its last words on stderr will stand.
    fn listen_to(&mut self, desk: &Arc<Desk>) -> Result<Arc<Mutex<String>>> {
        let said = Arc::new(Mutex::new(String::new()));
        if let Some(out) = self.child.stdout.take() {
            let (desk, said) = (Arc::clone(desk), Arc::clone(&said));
            let reports = move || {
                for line in BufReader::new(out.take(64 * 1024)).lines().map_while(Result::ok) {
                    match serde_json::from_str(&line) {
                        Ok(Report::Listening { address, held }) => {
                            let mut state = desk.lock();
                            state.listening = Some((address, held));
                            state.trouble = None;
                        }
                        Ok(Report::Failed(why)) => set(&said, why),
                        Err(_) => {}
                    }
                    desk.news.notify_all();
                }
            };
            thread::Builder::new().name("web-reports".into()).spawn(reports)?;
        }
        if let Some(errors) = self.child.stderr.take() {
            let said = Arc::clone(&said);
            let read = move || {
                let mut words = String::new();
                for line in BufReader::new(errors).lines().map_while(Result::ok) {
                    // The first lines tell what happened; the rest is read so that nothing waits.
                    if words.len() < MOST_WORDS && !line.trim().is_empty() {
                        words = format!("{words} {}", line.trim());
                        set(&said, crate::text::fit(words.trim(), MOST_WORDS));
                    }
                }
            };
            thread::Builder::new().name("web-errors".into()).spawn(read)?;
        }
        Ok(said)
    }

    /// Writes a line, and gives up on a process that does not read.
    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let until = Instant::now() + HUNG;
        while !bytes.is_empty() {
            match input.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        bail!("its process hangs");
                    }
                    let left = Timespec {
                        tv_sec: left.as_secs().cast_signed(),
                        tv_nsec: i64::from(left.subsec_nanos()),
                    };
                    poll(&mut [PollFd::new(&*input, PollFlags::OUT)], Some(&left))
                        .map_err(std::io::Error::from)?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // Why it ended is told when it is waited for.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input is the sign to go.
        drop(self.input.take());
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A private directory for a socket, removed with what is in it when it is dropped.
struct SocketRoom(PathBuf);

impl SocketRoom {
    fn make() -> Result<Self> {
        let mut number = [0_u8; 8];
        getrandom(&mut number, GetRandomFlags::empty()).map_err(std::io::Error::from)?;
        let name = format!("home-soc-web-{:016x}", u64::from_ne_bytes(number));
        let path = runtime_dir().join(name);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for SocketRoom {
    fn drop(&mut self) {
        // The process removed it already, or the next start-up of the machine will.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Where sockets of a session belong; a socket's path may have 108 bytes at most (unix(7)).
fn runtime_dir() -> PathBuf {
    let given = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let fits = |dir: &PathBuf| dir.is_absolute() && dir.is_dir() && dir.as_os_str().len() <= 64;
    given.filter(fits).unwrap_or_else(|| Path::new("/tmp").to_owned())
}

fn set(place: &Mutex<String>, words: String) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = words;
}

/// A beat without what no page shows.
fn slim(snapshot: &Snapshot) -> Snapshot {
    let readings = &snapshot.readings;
    // The page shows how many connections there are, not which: a busy server has tens of thousands.
    let sockets =
        readings.sockets.as_deref().map(|sockets| Arc::new(Sockets { connections: None, ..sockets.clone() }));
    Snapshot {
        readings: Readings { auth: None, execs: None, oddities: None, sockets, ..readings.clone() },
        ..snapshot.clone()
    }
}
