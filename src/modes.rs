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
use crate::outputs::journal::{Opened, Reader, Record};
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
    let (heart, place) = Heart::start_beside(config, Vec::new(), beside.as_ref())?;
    let words = match &place {
        Place::Writer(dir, _) => format!("home-soc records to {} {beats}", dir.display()),
        Place::Viewer(why) | Place::Nowhere(why) => {
            format!("home-soc measures {beats} without a record: {why}")
        }
    };
    let page = heart.page.as_ref().map_or_else(String::new, page::words);
    print(format!("{words}; it ends at SIGTERM.\n{page}").as_bytes())?;
    let waited = runtime()?.block_on(ended_by_signal());
    heart.stop();
    waited?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the full-screen view.
pub(crate) fn full_screen(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let look_back = options.at.as_deref().map(commands::time).transpose()?;
    let (show, snapshots) = watch::channel(None);
    let beside = page::beside(config, options)?;
    let (heart, place) = Heart::start_beside(config, vec![Box::new(Screen { show })], beside.as_ref())?;
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
        notices: heart.page.as_ref().map(page::notice).into_iter().collect(),
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
        Self::start_beside(config, outputs, None)
    }

    /// The same with a page beside it.
    fn start_beside(
        config: &Config,
        outputs: Vec<Box<dyn Output>>,
        beside: Option<&web::Place>,
    ) -> Result<(Self, Place), Failure> {
        let (mut engine, place) = engine(config);
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
    let (mut engine, _) = engine(config);
    engine.once(PATIENCE)
}

/// Makes the engine with its record and its memory; what cannot be had is said on every beat.
fn engine(config: &Config) -> (Engine, Place) {
    let now = Utc::now();
    let mut notices = Vec::new();
    let opened = match config.data_dir_here() {
        None => Err(Place::Nowhere(
            "neither XDG_STATE_HOME nor HOME is set; name a directory with --data-dir".to_owned(),
        )),
        Some(dir) => match Record::open(&dir, config.record.clone(), Zone::Local, now) {
            Ok(Opened::Writer(record)) => Ok((dir, record)),
            Ok(Opened::Viewer(viewer)) => {
                let who = viewer.writer.map_or_else(String::new, |pid| format!(" (pid {pid})"));
                Err(Place::Viewer(format!(
                    "another home-soc{who} records to {} already",
                    viewer.dir.display()
                )))
            }
            Err(error) => Err(Place::Nowhere(format!("{error:#}"))),
        },
    };
    let memory = opened.as_ref().ok().map(|(dir, _)| dir.join(MEMORY_FILE));
    let remembered = memory.as_deref().map(state::load::<assess::Memory>);
    let (known, note) = remembered.map_or((None, None), |loaded| (loaded.value, loaded.note));
    notices.extend(note);
    let judgement = assess::Settings { score: config.score.clone(), thresholds: config.thresholds.clone() };
    let judge = Judge::new(judgement, known.unwrap_or_default(), context());
    let mut settings = CollectSettings { auth: config.auth.clone(), processes: config.processes.clone() };
    // Only who records goes on where it stopped: a viewer beside it must not move that place.
    settings.auth.state_dir = settings.auth.state_dir.or(opened.as_ref().ok().map(|(dir, _)| dir.clone()));
    let interval = Duration::from_secs_f64(config.interval_s);
    let mut engine = Engine::new(&Root::real(), &settings, judge, interval, now);
    for notice in notices {
        engine.add_notice(&notice);
    }
    // Who only looks on sees what was accepted, too.
    if let Some(dir) = config.data_dir_here() {
        engine.accept_by(Box::new(accepted::watch(dir)));
    }
    let place = match opened {
        Ok((dir, record)) => {
            for note in record.notes() {
                engine.add_notice(note);
            }
            engine.start_at(record.next_seq());
            let reader = Reader::new(dir.clone()).with_latest(record.latest());
            engine.add_output(record);
            Place::Writer(dir, reader)
        }
        Err(place) => {
            if let Place::Viewer(why) | Place::Nowhere(why) = &place {
                engine.add_notice(&format!("nothing is recorded: {why}"));
            }
            place
        }
    };
    if let Some(path) = memory {
        engine.keep_memory(Box::new(move |memory| state::save(&path, memory)));
    }
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
