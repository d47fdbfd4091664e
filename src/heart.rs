//! The engine in its thread on an open record, with everything that listens to it.
//!
//! It wires them; what a mode does with the beats is the mode's.

use crate::assess::{self, Judge};
use crate::collect::Root;
use crate::config::Config;
use crate::engine::{CollectSettings, Engine};
use crate::model::{Request, Snapshot, Zone};
use crate::outputs::journal::{Opened, Reader, Record, Viewer};
use crate::outputs::{Output, state};
use crate::{Failure, accepted, messages, web};
use anyhow::Context as _;
use chrono::Utc;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// How long the end of the program may take to write what is open.
const FLUSH_BUDGET: Duration = Duration::from_millis(500);

/// How long `--once` waits for the sign-ins of the last day to be read.
const PATIENCE: Duration = Duration::from_secs(8);

/// The file of the judge's memory in the data directory.
pub(crate) const MEMORY_FILE: &str = "memory.json";

/// Where the record goes.
pub(crate) enum Place {
    /// Into this directory, and we are its only writer; the reader knows the newest moments, too.
    Writer(PathBuf, Reader),
    /// Nowhere: another home-soc records already, and sends the messages, too.
    Viewer(String),
    /// Nowhere, and why.
    Nowhere(String),
}

/// The engine in its thread, with the channel that ends it, and the page beside it.
pub(crate) struct Heart {
    requests: mpsc::Sender<Request>,
    ended: mpsc::Receiver<()>,
    page: Option<web::Page>,
}

impl Heart {
    /// Starts the engine with these listeners beside the record, and the page where one is wanted.
    pub(crate) fn start(
        config: &Config,
        outputs: Vec<Box<dyn Output>>,
        beside: Option<&web::Place>,
    ) -> Result<(Self, Place), Failure> {
        Self::start_on(config, open_record(config), outputs, beside)
    }

    /// The same on a record that was opened.
    pub(crate) fn start_on(
        config: &Config,
        opened: Recording,
        outputs: Vec<Box<dyn Output>>,
        beside: Option<&web::Place>,
    ) -> Result<(Self, Place), Failure> {
        let (mut engine, place) = engine(config, opened);
        messages::attach(config, &place, &mut engine, !outputs.is_empty())?;
        // Only now: the page's process may read no directory that is made later.
        let open = |beside| web::Page::open(beside, &config.web, config.data_dir_here(), true);
        let page = beside.map(open).transpose()?;
        if let Some(page) = &page {
            engine.add_output(Box::new(page.ear()));
        }
        for output in outputs {
            engine.add_output(output);
        }
        let (requests, inbox) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        thread::Builder::new()
            .name("engine".into())
            .spawn(move || {
                engine.run(&inbox);
                drop(end);
            })
            .context("cannot start the thread that measures")?;
        Ok((Self { requests, ended, page }, place))
    }

    /// Where wishes to the engine go.
    pub(crate) fn requests(&self) -> mpsc::Sender<Request> {
        self.requests.clone()
    }

    /// The page beside it, when one was asked for.
    pub(crate) const fn page(&self) -> Option<&web::Page> {
        self.page.as_ref()
    }

    /// Lets the engine write what is open and end; a hung disk does not hold us longer than the budget.
    pub(crate) fn stop(self) {
        drop(self.requests);
        self.ended.recv_timeout(FLUSH_BUDGET).ok();
    }
}

/// Takes a single beat of this machine.
pub(crate) fn measure_once(config: &Config) -> Arc<Snapshot> {
    let (mut engine, _) = engine(config, open_record(config));
    engine.once(PATIENCE)
}

/// What opening the record led to.
pub(crate) enum Recording {
    /// This process writes it.
    Ours(PathBuf, Box<Record>),
    /// Another process does.
    Theirs(Viewer),
    /// Nobody can, and why.
    Nobodys(String),
}

pub(crate) fn open_record(config: &Config) -> Recording {
    let Some(dir) = config.data_dir_here() else {
        let why = "neither XDG_STATE_HOME nor HOME is set; name a directory with --data-dir";
        return Recording::Nobodys(why.to_owned());
    };
    match Record::open(&dir, config.record.clone(), Zone::Local, Utc::now()) {
        Ok(Opened::Writer(record)) => Recording::Ours(dir, record),
        Ok(Opened::Viewer(viewer)) => Recording::Theirs(viewer),
        Err(error) => Recording::Nobodys(format!("{error:#}")),
    }
}

/// Makes the engine with its record and its memory; what cannot be had is said on every beat. Beside another
/// process that records it sees with that one's memory, and keeps nothing.
fn engine(config: &Config, opened: Recording) -> (Engine, Place) {
    let remembered = match &opened {
        Recording::Ours(dir, _) => state::load::<assess::Memory>(&dir.join(MEMORY_FILE)),
        Recording::Theirs(viewer) => {
            state::Loaded { value: state::look(&viewer.dir.join(MEMORY_FILE)), note: None }
        }
        Recording::Nobodys(_) => state::Loaded { value: None, note: None },
    };
    let judgement = assess::Settings { score: config.score.clone(), thresholds: config.thresholds.clone() };
    let judge = Judge::new(judgement, remembered.value.unwrap_or_default(), context());
    let mut settings = CollectSettings { auth: config.auth.clone(), processes: config.processes.clone() };
    if let (Recording::Ours(dir, _), None) = (&opened, &settings.auth.state_dir) {
        // Only who records goes on where it stopped: a viewer beside it must not move that place.
        settings.auth.state_dir = Some(dir.clone());
    }
    let interval = Duration::from_secs_f64(config.interval_s);
    let mut engine = Engine::new(&Root::real(), &settings, judge, interval, Utc::now());
    if let Some(note) = remembered.note {
        engine.add_notice(&note);
    }
    // Who only looks on sees what was accepted, too.
    if let Some(dir) = config.data_dir_here() {
        engine.accept_by(Box::new(accepted::watch(dir)));
    }
    let place = match opened {
        Recording::Ours(dir, record) => {
            for note in record.notes() {
                engine.add_notice(note);
            }
            engine.start_at(record.next_seq());
            let reader = Reader::new(dir.clone()).with_latest(record.latest());
            engine.add_output(record);
            let path = dir.join(MEMORY_FILE);
            engine.keep_memory(Box::new(move |memory| state::save(&path, memory)));
            Place::Writer(dir, reader)
        }
        Recording::Theirs(viewer) => {
            let says = format!("{}; this one shows that record and stores nothing", viewer.says());
            engine.add_notice(&says);
            engine.add_output(Box::new(viewer));
            Place::Viewer(says)
        }
        Recording::Nobodys(why) => {
            engine.add_notice(&format!("nothing is recorded: {why}"));
            Place::Nowhere(why)
        }
    };
    (engine, place)
}

/// Who sits at this screen, so that no advice cuts their own branch.
fn context() -> assess::Context {
    let connection = std::env::var("SSH_CONNECTION").ok();
    let own_address = connection.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
    assess::Context { own_address }
}
