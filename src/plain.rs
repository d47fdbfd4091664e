//! The screen without a screen: the whole report once, then one line for each change. For screen readers, logs and
//! terminals that can do nothing else.

use crate::cli::Options;
use crate::config::Config;
use crate::heart::Heart;
use crate::model::{Snapshot, Zone};
use crate::modes::{ended_by_signal, print, runtime};
use crate::outputs::changes::Changes;
use crate::outputs::{Output, report};
use crate::tui::hangup::Watcher;
use crate::{Failure, is_closed_pipe, page};
use anyhow::Context as _;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Beats that may wait for a reader that is slow; those after them are left out, and their changes are told later.
const WAITING_MOST: usize = 16;

/// How long the first report waits for the sign-ins of the last day to be read.
const PATIENCE: Duration = Duration::from_secs(8);

/// The least and the most columns of the report.
const WIDTH: (usize, usize) = (40, 100);

/// Prints the report, then what changes, until a signal, `q` and Enter, or a closed pipe.
pub(crate) fn watch(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let (tell, mut beats) = channel(WAITING_MOST);
    let beside = page::beside(config, options)?;
    let (heart, _) = Heart::start(config, vec![Box::new(Ear { tell })], beside.as_ref())?;
    if let Some(page) = heart.page() {
        print(page::words(page).as_bytes())?;
    }
    let hangup = Watcher::start().context("cannot start a thread")?;
    let ended = runtime()?.block_on(async {
        tokio::select! {
            ended = ended_by_signal() => ended,
            ended = told(config, &mut beats) => ended,
            () = hangup.gone() => Ok(()),
        }
    });
    drop(hangup);
    heart.stop();
    match ended {
        Err(error) if !is_closed_pipe(&error) => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

async fn told(config: &Config, beats: &mut Receiver<Arc<Snapshot>>) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut typed = lines();
    let mut changes = Changes::new(config.min_level, Zone::Local);
    let mut newest: Option<Arc<Snapshot>> = None;
    let mut reported = false;
    loop {
        tokio::select! {
            beat = beats.recv() => {
                let Some(beat) = beat else { return Ok(()) };
                let caught_up = beat.sign_ins.as_ref().is_none_or(|sign_ins| sign_ins.caught_up);
                if reported {
                    let lines: String = changes.hear(&beat).into_iter().map(|line| line + "\n").collect();
                    print(lines.as_bytes())?;
                } else if caught_up || started.elapsed() > PATIENCE {
                    changes.hear(&beat);
                    full(config, &beat)?;
                    let hint = if io::stdin().is_terminal() { " Enter tells all again, q and Enter ends." } else { "" };
                    print(format!("\nFrom here on only what changes.{hint}\n").as_bytes())?;
                    reported = true;
                }
                newest = Some(beat);
            }
            Some(line) = typed.recv() => match (line.trim(), &newest) {
                ("q" | "quit" | "exit", _) => return Ok(()),
                (_, Some(beat)) if reported => full(config, beat)?,
                _ => {}
            }
        }
    }
}

fn full(config: &Config, snapshot: &Snapshot) -> anyhow::Result<()> {
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    let width = if columns == 0 { 80 } else { columns.clamp(WIDTH.0, WIDTH.1) };
    let how =
        report::ReportOptions { min_level: config.min_level, width, ..report::ReportOptions::default() };
    let mut out = Vec::new();
    report::once(snapshot, how, &mut out).context("cannot make the report")?;
    print(&out)
}

/// What is typed, line by line; nothing where nobody can type.
fn lines() -> Receiver<String> {
    let (tell, typed) = channel(1);
    if io::stdin().is_terminal() {
        // It ends with the program: a read that waits for a person cannot be called back.
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if tell.blocking_send(line).is_err() {
                    break;
                }
            }
        });
    }
    typed
}

/// Gives every beat to the loop above.
struct Ear {
    tell: Sender<Arc<Snapshot>>,
}

impl Output for Ear {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> anyhow::Result<()> {
        // A reader that is slow gets the next one.
        let _ = self.tell.try_send(Arc::clone(snapshot));
        Ok(())
    }
}
