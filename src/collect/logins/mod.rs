//! Who is here now and who was: logind or utmp for the first, wtmpdb, wtmp or lastlog2 for the second.
//!
//! It reads files only (no D-Bus) and re-reads them only when they changed. It does not judge a login, and how
//! a user came in (password, key) is told by the sign-ins, not by these records.

mod here;
mod logind;
mod past;
mod sources;
pub mod utmp;
mod whoami;
#[cfg(feature = "login-db")]
mod wtmpdb;

pub use whoami::Whoami;

use crate::collect::{Root, Seen};
use crate::model::{Login, Logins, Process, Safe, Sensor};
use chrono::{DateTime, Utc};
use rustix::fs::{Mode, OFlags};
use sources::{Here, Stamps};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open session as its source tells it, before the processes are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct OpenSession {
    user: Safe,
    from: Option<Safe>,
    tty: Option<Safe>,
    pid: Option<u32>,
    since: Option<DateTime<Utc>>,
    id: Option<Safe>,
    audit: Option<u32>,
}

/// Reads sessions and login records, each file only when it changed.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    whoami: Whoami,
    here_stamps: Stamps,
    here: Here,
    past_stamps: Stamps,
    past: sources::Past,
    /// The sessions that `past` was worked out with.
    past_sessions: Vec<(Safe, Option<Safe>)>,
}

impl Collector {
    /// A collector below `root` for the person that `whoami` describes.
    pub fn new(root: Root, whoami: Whoami) -> Self {
        Self {
            root,
            whoami,
            here_stamps: Stamps::default(),
            here: Here::default(),
            past_stamps: Stamps::default(),
            past: sources::Past::default(),
            past_sessions: Vec::new(),
        }
    }

    /// Tells who is here and who was. `processes` adds terminals, what runs in the foreground and, where no
    /// record of sessions exists, the SSH sessions themselves.
    pub fn read(&mut self, now: DateTime<Utc>, processes: Option<&[Process]>) -> Seen<Arc<Logins>> {
        let stamps = Stamps::of(&self.root, sources::HERE);
        if stamps != self.here_stamps {
            self.here = Here::read(&self.root);
            self.here_stamps = stamps;
        }
        let told = self.here.told_by(&self.root, processes);
        let mut sessions = told
            .as_ref()
            .map(|(sessions, _)| here::sessions(sessions, &self.root, &self.whoami, processes, now));

        let who: Vec<_> = sessions.iter().flatten().map(|s| (s.user.clone(), s.tty.clone())).collect();
        let stamps = Stamps::of(&self.root, sources::PAST);
        if stamps != self.past_stamps || who != self.past_sessions {
            self.past = sources::Past::read(&self.root, sessions.as_deref());
            self.past_stamps = stamps;
            self.past_sessions = who;
        }

        // The process list does not know where a session comes from; the record of its login does.
        for session in sessions.iter_mut().flatten().filter(|session| session.from.is_none()) {
            let login = self.past.open_on(&session.user, session.tty.as_ref());
            session.from = login.and_then(|login| login.from.clone());
        }
        let here_source = told.as_ref().map(|(_, source)| *source);
        let sensor = sources::sensor(&self.here, &self.past, here_source);
        let past: Option<Vec<Login>> = self.past.rows.clone();
        let value = (sessions.is_some() || past.is_some()).then(|| {
            let source =
                [here_source, self.past.source].into_iter().flatten().collect::<Vec<_>>().join(" + ");
            Arc::new(Logins { source: Safe::new(&source), here: sessions, past })
        });
        Seen { value, sensors: vec![Sensor { last_event_at: self.past.newest(), ..sensor }] }
    }
}

/// Opens a file for reading, refusing pipes and devices and never waiting for one.
fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}
