//! home-soc: a personal SOC and performance monitor for one Linux machine.
//!
//! One heartbeat takes readings, judges them, and gives the same immutable snapshot to every listener; the
//! screen is one of them. This file is the map: it reads the command line and chooses the mode.

mod accepted;
pub mod assess;
pub mod cli;
pub mod collect;
mod commands;
pub mod config;
pub mod engine;
mod exports;
mod heart;
mod logs;
mod messages;
pub mod model;
mod modes;
mod names;
pub mod outputs;
mod page;
mod plain;
pub mod scan;
pub mod signals;
mod terminal;
pub mod text;
pub mod tui;
pub mod web;

use clap::Parser as _;
use cli::{Cli, Command, ConfigAction, NotifyAction};
use config::Config;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

/// Exit codes beyond those of the verdict (sysexits.h).
pub mod exit {
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// A fault of our own.
    pub const SOFTWARE: u8 = 70;
    /// Output cannot be written.
    pub const IO: u8 = 74;
    /// The configuration is wrong.
    pub const CONFIG: u8 = 78;
}

/// Runs the program: command line in, exit code out.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is the reader's choice, not an error.
            drop(error.print());
            return if error.use_stderr() { exit::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Why the program ends early, and with which code.
struct Failure {
    code: u8,
    error: anyhow::Error,
}

impl Failure {
    /// What was asked for cannot be understood.
    const fn usage(error: anyhow::Error) -> Self {
        Self { code: exit::USAGE, error }
    }

    /// Says it on stderr; a reader that closed the pipe early ended us on purpose, quietly.
    fn report(self) -> ExitCode {
        if is_closed_pipe(&self.error) {
            return ExitCode::SUCCESS;
        }
        drop(writeln!(io::stderr(), "home-soc: {:#}", self.error));
        self.code.into()
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let code = if error.chain().any(<dyn std::error::Error>::is::<io::Error>) {
            exit::IO
        } else {
            exit::SOFTWARE
        };
        Self { code, error }
    }
}

impl From<web::PlaceError> for Failure {
    fn from(error: web::PlaceError) -> Self {
        Self { code: exit::CONFIG, error: error.into() }
    }
}

impl From<config::ConfigError> for Failure {
    fn from(error: config::ConfigError) -> Self {
        Self { code: exit::CONFIG, error: error.into() }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let Cli { command, options } = cli;
    match command {
        None if options.headless => modes::headless(&Config::effective(&options)?, &options),
        None if options.web.is_some() && asks_for_print(&options) => Err(Failure::usage(anyhow::anyhow!(
            "--web serves until it is ended, but one measurement was asked for; leave one of the two away"
        ))),
        // Whoever serves the page goes on, with lines where they were asked for, also into a pipe.
        None if options.web.is_some() && !on_a_terminal() => {
            let config = Config::effective(&options)?;
            let lines = options.plain || options.watch;
            if lines { plain::watch(&config, &options) } else { modes::headless(&config, &options) }
        }
        None if prints_once(&options) => modes::once(&Config::effective(&options)?, &options),
        None if is_plain(&options) => plain::watch(&Config::effective(&options)?, &options),
        None => modes::full_screen(&Config::effective(&options)?, &options),
        Some(Command::Record) => modes::headless(&Config::effective(&options)?, &options),
        Some(Command::Web) => page::serve(&Config::effective(&options)?, &options),
        Some(Command::WebProcess) => {
            web::run_child()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Metrics) => commands::metrics(&Config::effective(&options)?),
        Some(Command::Check) => modes::check(&Config::effective(&options)?),
        Some(Command::Explain { rule }) => commands::explain(rule.as_deref()),
        Some(Command::Scan(asked)) => commands::scan(asked, options.json),
        Some(Command::Findings) => commands::findings(&Config::effective(&options)?, options.json),
        // `--explain` is how the contract spells it; there is no other kind of score.
        Some(Command::Score { explain: _ }) => commands::score(&Config::effective(&options)?),
        Some(Command::Accept { id, reason, until }) => {
            commands::accept(&Config::effective(&options)?, &id, &reason, until.as_deref())
        }
        Some(Command::Unaccept { id }) => commands::unaccept(&Config::effective(&options)?, &id),
        Some(Command::History { metric, span, format }) => {
            commands::history(&Config::effective(&options)?, &metric, &span, format)
        }
        Some(Command::Export { span, format }) => {
            commands::export(&Config::effective(&options)?, &span, format)
        }
        Some(Command::Verify) => commands::verify(&Config::effective(&options)?),
        Some(Command::Import { files }) => commands::import(&Config::effective(&options)?, &files),
        Some(Command::Themes { name }) => commands::themes(name.as_deref(), &options),
        Some(Command::Notify { action: NotifyAction::Test { channel } }) => {
            messages::test(&Config::effective(&options)?, channel.as_deref())
        }
        Some(Command::Notify { action: NotifyAction::Status }) => {
            messages::status(&Config::effective(&options)?, options.json)
        }
        Some(Command::Notify { action: NotifyAction::Setup }) => messages::setup(),
        Some(Command::Config { action: ConfigAction::Print }) => {
            io::stdout().write_all(Config::commented_defaults().as_bytes()).map_err(anyhow::Error::from)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Config { action: ConfigAction::Check }) => {
            Config::effective(&options)?.channels()?;
            writeln!(io::stdout(), "The configuration is in order.").map_err(anyhow::Error::from)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Whether the options, or a missing terminal, ask for one printed measurement.
fn prints_once(options: &cli::Options) -> bool {
    asks_for_print(options) || !(on_a_terminal() || options.watch)
}

fn asks_for_print(options: &cli::Options) -> bool {
    let asked = options.once || options.json || options.fail_on.is_some();
    asked || options.at.is_some() && is_plain(options)
}

/// Whether the options, or a terminal that can do no more, ask for lines instead of a screen.
fn is_plain(options: &cli::Options) -> bool {
    options.plain || options.watch || std::env::var("TERM").is_ok_and(|term| term == "dumb")
}

fn on_a_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}
