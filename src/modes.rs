//! The modes of the program: full screen, once, headless, and the commands that print and end.
//!
//! It wires rooms together; it neither reads the machine, nor judges, nor draws.

use crate::assess::{self, Judge};
use crate::cli::{Color, FailOn, Options};
use crate::collect::Root;
use crate::config::{Config, user_themes};
use crate::engine::{CollectSettings, Engine};
use crate::model::{Level, Request, SensorState, Snapshot, Zone};
use crate::outputs::document::Document;
use crate::outputs::journal::{Opened, Reader, Record, Viewer};
use crate::outputs::{Output, report, state};
use crate::{Failure, accepted, commands, exports, messages, page, signals, tui, web};
use anyhow::Context as _;
use chrono::Utc;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// How often a recorder without a screen looks whether it can take over.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(1);

/// How long `--once` waits for the sign-ins of the last day to be read.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long the end of the program may take to write what is open.
const FLUSH_BUDGET: Duration = Duration::from_millis(500);

/// The file of the judge's memory in the data directory.
pub(crate) const MEMORY_FILE: &str = "memory.json";

/// Prints one measurement.
pub(crate) fn once(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let snapshot = match &options.at {
        Some(at) => Arc::new(recorded(config, at)?),
        None => measure_once(config),
    };
    let out = if options.json {
        Document::full(&snapshot, Zone::Local).at_least(config.min_level).to_line()
    } else {
        let how = report::ReportOptions { min_level: config.min_level, ..report::ReportOptions::default() };
        let mut out = Vec::new();
        report::once(&snapshot, how, &mut out).map(|()| out)
    };
    print(&out.context("cannot make the report")?)?;
    Ok(options.fail_on.map_or(ExitCode::SUCCESS, |on| verdict_code(&snapshot, on).into()))
}

/// Prints one line for monitoring plugins.
pub(crate) fn check(config: &Config) -> Result<ExitCode, Failure> {
    let snapshot = measure_once(config);
    print(format!("{}\n", report::check_line(&snapshot)).as_bytes())?;
    Ok(verdict_code(&snapshot, FailOn::Blind).into())
}

/// The exit code of a verdict: nothing at or above what was asked for is 0.
fn verdict_code(snapshot: &Snapshot, on: FailOn) -> u8 {
    let blind = snapshot.sensors_in(SensorState::Blind) > 0;
    match (snapshot.level(), on) {
        (Some(Level::Alert), _) => 2,
        (Some(Level::Warning), FailOn::Warning | FailOn::Blind) => 1,
        (_, FailOn::Blind) if blind => 3,
        _ => 0,
    }
}

/// Collects, judges and stores until a signal ends it.
pub(crate) fn headless(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let beats = format!("every {} s", config.interval_s);
    let beside = page::beside(config, options)?;
    let runtime = runtime()?;
    let opened = if beside.is_some() {
        // A page shows the record of another process, too.
        open_record(config)
    } else if let Some(opened) = runtime.block_on(unless_taken(config))? {
        opened
    } else {
        return Ok(ExitCode::SUCCESS);
    };
    let (heart, place) = Heart::start_on(config, opened, Vec::new(), beside.as_ref())?;
    let words = match &place {
        Place::Writer(dir, _) => format!("home-soc records to {} {beats}", dir.display()),
        Place::Viewer(why) | Place::Nowhere(why) => {
            format!("home-soc measures {beats} without a record: {why}")
        }
    };
    let page = heart.page.as_ref().map_or_else(String::new, page::words);
    print(format!("{words}; it ends at SIGTERM.\n{page}").as_bytes())?;
    let waited = runtime.block_on(ended_by_signal());
    heart.stop();
    waited?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the record; while another process writes it, it waits: without a screen there is nothing else to do. `None`
/// when a signal ended the wait.
async fn unless_taken(config: &Config) -> anyhow::Result<Option<Recording>> {
    let mut ended = std::pin::pin!(ended_by_signal());
    let mut said = false;
    loop {
        let opened = open_record(config);
        let Recording::Theirs(viewer) = &opened else { return Ok(Some(opened)) };
        if !std::mem::replace(&mut said, true) {
            // Whoever reads these words may send the signal at once: it is listened to before.
            tokio::select! {
                biased;
                signal = &mut ended => return signal.map(|()| None),
                () = std::future::ready(()) => {}
            }
            print(format!("{}; this one goes on when that has ended.\n", viewer.says()).as_bytes())?;
        }
        tokio::select! {
            signal = &mut ended => return signal.map(|()| None),
            () = tokio::time::sleep(TAKE_OVER_EVERY) => {}
        }
    }
}

/// Opens the full-screen view.
pub(crate) fn full_screen(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let look_back = options.at.as_deref().map(commands::time).transpose()?;
    let (show, snapshots) = watch::channel(None);
    let beside = page::beside(config, options)?;
    let outputs: Vec<Box<dyn Output>> = vec![Box::new(Screen { show })];
    let (heart, place) = Heart::start_on(config, open_record(config), outputs, beside.as_ref())?;
    let mut notices: Vec<String> = heart.page.as_ref().map(page::notice).into_iter().collect();
    if let Place::Viewer(why) = &place {
        notices.push(why.clone());
    }
    let record = match place {
        Place::Writer(_, reader) => Some(reader),
        Place::Viewer(_) | Place::Nowhere(_) => config.data_dir_here().map(Reader::new),
    };
    let setup = tui::Setup {
        snapshots,
        requests: heart.requests.clone(),
        record,
        look_back,
        settings: config.screen.clone(),
        user_themes: user_themes(),
        color: color_depth(options),
        mouse: options.mouse,
        // The kernel's own console has few signs.
        ascii: options.ascii || !speaks_utf8() || std::env::var("TERM").is_ok_and(|term| term == "linux"),
        min_level: config.min_level,
        interval: Duration::from_secs_f64(config.interval_s),
        zone: Zone::Local,
        hands: if options.read_only { tui::hands::Hands::default() } else { hands(config) },
        notices,
    };
    let ending = runtime()?.block_on(tui::run(setup));
    heart.stop();
    ending?;
    Ok(ExitCode::SUCCESS)
}

/// What the screen may have done here.
fn hands(config: &Config) -> tui::hands::Hands {
    let dir = config.data_dir_here();
    tui::hands::Hands {
        acceptances: dir.clone().map(|dir| Arc::new(accepted::Keeper { dir }) as Arc<_>),
        signals: Some(Arc::new(signals::Kernel)),
        exports: dir.map(|dir| Arc::new(exports::Shelf { dir }) as Arc<_>),
    }
}

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
    /// Starts the engine with these listeners beside the record.
    pub(crate) fn start(config: &Config, outputs: Vec<Box<dyn Output>>) -> Result<(Self, Place), Failure> {
        Self::start_on(config, open_record(config), outputs, None)
    }

    /// The same on a record that was opened, with a page beside it.
    fn start_on(
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

    /// Lets the engine write what is open and end; a hung disk does not hold us longer than the budget.
    pub(crate) fn stop(self) {
        drop(self.requests);
        self.ended.recv_timeout(FLUSH_BUDGET).ok();
    }
}

/// The screen's ear: only the newest beat matters to it.
struct Screen {
    show: watch::Sender<Option<Arc<Snapshot>>>,
}

impl Output for Screen {
    fn name(&self) -> &'static str {
        "screen"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> anyhow::Result<()> {
        self.show.send_replace(Some(Arc::clone(snapshot)));
        Ok(())
    }
}

/// The recorded moment at a time.
fn recorded(config: &Config, at: &str) -> Result<Snapshot, Failure> {
    let asked = commands::time(at)?;
    let reader = commands::reader(config)?;
    let nothing = || {
        let (dir, days) = (reader.dir().display(), config.record.moment_days);
        anyhow::anyhow!(
            "{dir} holds no moment so old; moments are kept for {days} days and are there after five minutes"
        )
    };
    let snapshot = reader.moment(asked)?.ok_or_else(nothing)?.snapshot;
    if asked - snapshot.at > tui::FAR {
        let [asked, found] = [asked, snapshot.at].map(|at| Zone::Local.at(at).format("%Y-%m-%d %H:%M:%S"));
        let says =
            format!("home-soc: nothing is kept of {asked}; this is {found}, the last moment before it");
        // The report itself has its time: without stderr it is still true.
        drop(writeln!(io::stderr(), "{says}"));
    }
    Ok(snapshot)
}

/// Takes a single beat of this machine.
pub(crate) fn measure_once(config: &Config) -> Arc<Snapshot> {
    let (mut engine, _) = engine(config, open_record(config));
    engine.once(PATIENCE)
}

/// What opening the record led to.
enum Recording {
    /// This process writes it.
    Ours(PathBuf, Box<Record>),
    /// Another process does.
    Theirs(Viewer),
    /// Nobody can, and why.
    Nobodys(String),
}

fn open_record(config: &Config) -> Recording {
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

pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop (are there too few file descriptors?)")
}

/// Waits for TERM, INT or HUP.
pub(crate) async fn ended_by_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut hup = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        _ = hup.recv() => {}
    }
    Ok(())
}

pub(crate) fn color_depth(options: &Options) -> tui::ColorDepth {
    match options.color {
        Some(Color::Never) => tui::ColorDepth::Never,
        Some(Color::Ansi16) => tui::ColorDepth::Ansi16,
        Some(Color::Ansi256) => tui::ColorDepth::Ansi256,
        Some(Color::True) => tui::ColorDepth::True,
        None => tui::ColorDepth::detect(|name| std::env::var(name).ok()),
    }
}

/// Whether the locale's character set is UTF-8: the first that is set of LC_ALL, LC_CTYPE, LANG decides (locale(7)).
fn speaks_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Writes to stdout whole.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("cannot write to stdout")
}
