//! The modes of the program: full screen, once, headless, and the commands that print and end.
//!
//! It wires rooms together; it neither reads the machine, nor judges, nor draws.

use crate::cli::{FailOn, Options};
use crate::config::{Config, user_themes};
use crate::heart::{Heart, Place, Recording, measure_once, open_record};
use crate::model::{Level, SensorState, Snapshot, Zone};
use crate::outputs::document::Document;
use crate::outputs::journal::Reader;
use crate::outputs::{Output, report};
use crate::{Failure, accepted, commands, exports, logs, names, page, signals, terminal, tui};
use anyhow::Context as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a recorder without a screen looks whether it can take over.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(1);

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
    let page = heart.page().map_or_else(String::new, page::words);
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
    let (heart, place) = Heart::start(config, outputs, beside.as_ref())?;
    let mut notices: Vec<String> = heart.page().map(page::notice).into_iter().collect();
    if let Place::Viewer(why) = &place {
        notices.push(why.clone());
    }
    let record = match place {
        Place::Writer(_, reader) => Some(reader),
        Place::Viewer(_) | Place::Nowhere(_) => config.data_dir_here().map(Reader::new),
    };
    let setup = tui::Setup {
        snapshots,
        requests: heart.requests(),
        record,
        look_back,
        settings: config.screen.clone(),
        user_themes: user_themes(),
        color: terminal::color_depth(options),
        mouse: options.mouse,
        explain: commands::page_of,
        ascii: terminal::ascii_only(options),
        min_level: config.min_level,
        interval: Duration::from_secs_f64(config.interval_s),
        zone: Zone::Local,
        hands: if options.read_only { looking() } else { hands(config) },
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
        ..looking()
    }
}

/// Hands that change nothing.
fn looking() -> tui::hands::Hands {
    tui::hands::Hands {
        logs: Some(Arc::new(logs::Journal)),
        names: Some(Arc::new(names::Resolver)),
        ..tui::hands::Hands::default()
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

/// Writes to stdout whole.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("cannot write to stdout")
}
