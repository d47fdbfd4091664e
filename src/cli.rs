//! The command line: what may be asked for, in words. It does nothing itself.

use crate::model::Level;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Watch this machine: score, processes, network, sign-ins, history.
#[derive(Debug, Parser)]
#[command(name = "home-soc", version, max_term_width = 100)]
#[command(after_help = "Without options it opens the full-screen view; without a terminal it does --once.\n\
    Everything stays on this machine.")]
pub struct Cli {
    /// What to do instead of watching
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of the measuring modes
    #[command(flatten)]
    pub options: Options,
}

/// Options that the full screen, `--once` and `record` share.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Measure once, print, exit
    #[arg(long)]
    pub once: bool,
    /// With --once: one JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Show the recorded moment at this time: -2h, 14:30, yesterday 22:40, 2026-11-22 13:58
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "headless")]
    pub at: Option<String>,
    /// Collect, judge and store without a screen, until SIGTERM
    #[arg(long, conflicts_with = "once")]
    pub headless: bool,
    /// Serve the web page too, here or where the settings say [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", num_args = 0..=1, require_equals = true, global = true)]
    pub web: Option<Option<SocketAddr>>,
    /// Seconds between measurements, 0.05 to 86400 [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true)]
    pub interval: Option<f64>,
    /// Hide what is below this level; the score does not change
    #[arg(long, value_name = "LEVEL", value_parser = level, global = true)]
    pub min_level: Option<Level>,
    /// With --once: exit 1 at a warning, 2 at an alert, 3 when a needed sensor is blind
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
    /// Where the record is kept
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Configuration file
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Colour theme
    #[arg(long, value_name = "NAME", global = true)]
    pub theme: Option<String>,
    /// How many colours to use
    #[arg(long, value_name = "WHEN", global = true)]
    pub color: Option<Color>,
    /// Use ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Turn the mouse on (F8 does, too)
    #[arg(long)]
    pub mouse: bool,
    /// No screen: the report once, then a line for each change (into a pipe: the report alone)
    #[arg(long, conflicts_with = "headless")]
    pub plain: bool,
    /// The same, and into a pipe or a file it goes on, too
    #[arg(long, conflicts_with_all = ["headless", "once"])]
    pub watch: bool,
    /// Only look: no signals, no accepting of risks, no files from the screen
    #[arg(long)]
    pub read_only: bool,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect, judge and store without a screen, until SIGTERM (same as --headless)
    Record,
    /// Serve the web page alone, over the record that another home-soc writes (--web=ADDR:PORT says where)
    Web,
    /// The process behind the web page; `web` and `--web` start it
    #[command(hide = true)]
    WebProcess,
    /// Print the numbers of one measurement as OpenMetrics text
    Metrics,
    /// Print one line for monitoring plugins; exit 0 ok, 1 warning, 2 alert, 3 blind
    Check,
    /// Explain a rule (HS-AUTH-004) or list all rules
    Explain {
        /// Rule or finding id
        rule: Option<String>,
    },
    /// Read auth logs: who tried what from where
    Scan(ScanOptions),
    /// List what is open and accepted now
    Findings,
    /// Print the score with the arithmetic behind it
    Score {
        /// Say why each point was taken
        #[arg(long)]
        explain: bool,
    },
    /// Accept the risk of a finding: it stays visible and costs no points
    Accept {
        /// Id of the finding, as `findings` lists it
        id: String,
        /// Why, in some words
        #[arg(long)]
        reason: String,
        /// Until when: 2026-12-01, +7d [default: for good]
        #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
        until: Option<String>,
    },
    /// Take an acceptance back
    Unaccept {
        /// Id of the finding
        id: String,
    },
    /// Print one number of the record over time
    History {
        /// score, cpu_load, memory_used_pct, established_connections, failed_logins, ...
        #[arg(long, default_value = "score")]
        metric: String,
        /// The stretch of time
        #[command(flatten)]
        span: Span,
        /// csv or json
        #[arg(long, default_value = "csv")]
        format: Format,
    },
    /// Print every recorded beat of a stretch of time
    Export {
        /// The stretch of time
        #[command(flatten)]
        span: Span,
        /// csv or json
        #[arg(long, default_value = "json")]
        format: Format,
    },
    /// Read the whole record and say whether anything is damaged, missing or doubled
    Verify,
    /// Take recorded files of the Python home_soc, or of another record, into this one
    Import {
        /// monitor_metrics.jsonl, monitor_alerts.jsonl; they stay as they are
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show the colour themes, or one of them token by token
    Themes {
        /// Its name
        name: Option<String>,
    },
    /// Messages: Telegram, e-mail, webhook, ntfy, Gotify, a program of your own
    Notify {
        /// What to do
        #[command(subcommand)]
        action: NotifyAction,
    },
    /// Show or check the configuration
    Config {
        /// What to do
        #[command(subcommand)]
        action: ConfigAction,
    },
}

/// Options of `scan`.
#[derive(Debug, Args)]
pub struct ScanOptions {
    /// Log files, `.gz` too; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The lines are journalctl's JSON
    #[arg(long)]
    pub journal: bool,
    /// The present, for stamps without a year: RFC 3339
    #[arg(long, value_name = "RFC3339", value_parser = chrono::DateTime::parse_from_rfc3339)]
    pub now: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// The zone of stamps without one: local, UTC, +02:00, Europe/Zurich
    #[arg(long, value_name = "ZONE", default_value = "local", allow_hyphen_values = true)]
    pub tz: String,
    /// The year of the first stamp without one
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1970..=9999))]
    pub year: Option<i32>,
}

/// A stretch of time.
#[derive(Debug, Args)]
pub struct Span {
    /// From when: -6h, 14:30, yesterday 22:00, 2026-11-22 13:58
    #[arg(long, value_name = "TIME", default_value = "-24h", allow_hyphen_values = true)]
    pub since: String,
    /// Until when
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub until: String,
}

/// How the record is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    Csv,
    Json,
}

impl From<Format> for crate::outputs::journal::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Json => Self::Json,
        }
    }
}

/// What `config` can do.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Print the commented defaults
    Print,
    /// Check the configuration file and say what is wrong with it
    Check,
}

/// What `notify` can do.
#[derive(Debug, Subcommand)]
pub enum NotifyAction {
    /// Send a message now and say what became of it
    Test {
        /// telegram, email, webhook, ntfy, gotify, command, ping [default: all that are set up]
        channel: Option<String>,
    },
    /// Say how each channel fares and what waits
    Status,
    /// Ask some questions and write a piece of configuration to standard output
    Setup,
}

/// When `--once` fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FailOn {
    Warning,
    Alert,
    Blind,
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Color {
    Never,
    #[value(name = "16")]
    Ansi16,
    #[value(name = "256")]
    Ansi256,
    True,
}

fn level(text: &str) -> Result<Level, String> {
    match text {
        "info" => Ok(Level::Info),
        "warning" => Ok(Level::Warning),
        "alert" => Ok(Level::Alert),
        _ => Err("it must be info, warning or alert".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.05..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("it must be a number from 0.05 to 86400".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
