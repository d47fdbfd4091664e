//! The commands that answer a question and end. They wire rooms together and print.

use crate::assess::{self, AcceptError};
use crate::cli::{Format, Options, ScanOptions, Span};
use crate::config::{Config, nearest, user_themes};
use crate::heart::{self, measure_once};
use crate::model::{FindingId, Zone, moment};
use crate::modes::print;
use crate::outputs::document::json_line;
use crate::outputs::journal::{self, Reader};
use crate::outputs::{bill, mask, openmetrics, state};
use crate::terminal::color_depth;
use crate::tui::theme;
use crate::{Failure, accepted, exit, scan, text};
use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Explains a rule, or lists all.
pub(crate) fn explain(asked: Option<&str>) -> Result<ExitCode, Failure> {
    let Some(asked) = asked else {
        let rules = assess::rules::all();
        let lines: Vec<String> = rules.iter().map(|rule| format!("{}  {}\n", rule.id, rule.title)).collect();
        print(lines.concat().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let page = page_of(asked).map_err(|why| Failure::usage(anyhow!(why)))?;
    print(page.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The page of a rule, or of the rule of a finding.
///
/// # Errors
/// There is no such rule; perhaps another was meant.
pub(crate) fn page_of(asked: &str) -> Result<String, String> {
    // The id of a finding begins with the id of its rule.
    let id = asked.split(':').next().unwrap_or(asked).to_ascii_uppercase();
    assess::rules::find(&id).map(assess::rules::page).ok_or_else(|| {
        let meant = nearest(&id, assess::rules::all().iter().map(|rule| rule.id));
        let hint = meant
            .map_or_else(|| "home-soc explain lists all".to_owned(), |rule| format!("did you mean {rule}?"));
        format!("there is no rule {id}; {hint}")
    })
}

/// Reads auth logs.
pub(crate) fn scan(asked: ScanOptions, json: bool) -> Result<ExitCode, Failure> {
    let args = scan::ScanArgs {
        files: asked.files,
        json,
        journal: asked.journal,
        now: asked.now.map(|now| now.to_utc()),
        zone: scan::zone(&asked.tz).map_err(Failure::usage)?,
        year: asked.year,
    };
    let mut out = io::BufWriter::new(io::stdout());
    let mut progress = Progress { started: Instant::now(), said: None };
    let done = scan::run(&args, Utc::now(), &mut out, &mut |bytes| progress.read(bytes));
    progress.clear();
    done?;
    Ok(ExitCode::SUCCESS)
}

/// Says on the terminal how far a long reading is; into a pipe it says nothing.
struct Progress {
    started: Instant,
    said: Option<Instant>,
}

impl Progress {
    fn read(&mut self, bytes: u64) {
        let due = self.said.unwrap_or(self.started) + Duration::from_secs(1);
        if Instant::now() < due || !io::stderr().is_terminal() {
            return;
        }
        self.said = Some(Instant::now());
        let seconds = self.started.elapsed().as_secs_f64();
        let (read, rate) = (text::bytes_long(bytes as f64), text::bytes_long(bytes as f64 / seconds));
        // What cannot be said here is not worth an error.
        drop(write!(io::stderr(), "\r\x1b[K{read} read, {rate}/s"));
    }

    fn clear(&self) {
        if self.said.is_some() {
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
    }
}

/// Lists what is open and accepted now.
pub(crate) fn findings(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let snapshot = measure_once(config);
    let shown: Vec<_> = snapshot
        .findings
        .iter()
        .filter(|finding| finding.level >= config.min_level)
        .map(mask::finding)
        .collect();
    let out = if json {
        json_line(&shown).context("cannot write the findings")?
    } else {
        let mut out = Vec::new();
        bill::findings(&snapshot, config.min_level, Zone::Local, &mut out)
            .context("cannot write the findings")?;
        out
    };
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the numbers of one measurement for a scraper.
pub(crate) fn metrics(config: &Config) -> Result<ExitCode, Failure> {
    print(openmetrics::text(&measure_once(config)).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the bill with the arithmetic behind each row.
pub(crate) fn score(config: &Config) -> Result<ExitCode, Failure> {
    let snapshot = measure_once(config);
    let mut out = Vec::new();
    bill::explain(&snapshot, &mut out).context("cannot write the bill")?;
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Accepts the risk of a finding.
pub(crate) fn accept(
    config: &Config,
    id: &str,
    reason: &str,
    until: Option<&str>,
) -> Result<ExitCode, Failure> {
    let now = Utc::now();
    let dir = data_dir(config)?;
    let until = until.map(|text| end_of(text, now)).transpose()?;
    let mut memory = memory(&dir);
    memory.set_acceptances(accepted::load(&dir)?, now);
    let id = FindingId::parse(id);
    if let Err(error) = memory.accept(&id, reason, until, now) {
        let known = memory.findings.iter().map(|finding| finding.id.as_str());
        let hint = match nearest(id.as_str(), known) {
            Some(meant) if matches!(error, AcceptError::UnknownFinding(_)) => {
                format!("; did you mean {meant}?")
            }
            _ => String::new(),
        };
        return Err(Failure::usage(anyhow!("{error}{hint}")));
    }
    accepted::save(&dir, &memory.acceptances)?;
    let end = until.map_or_else(
        || "for good".to_owned(),
        |until| format!("until {}", Zone::Local.at(until).format("%Y-%m-%d %H:%M")),
    );
    print(format!("{id} is accepted {end}. It stays visible and costs no points.\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Takes an acceptance back.
pub(crate) fn unaccept(config: &Config, id: &str) -> Result<ExitCode, Failure> {
    let dir = data_dir(config)?;
    let mut accepted = accepted::load(&dir)?;
    if accepted.remove(&FindingId::parse(id)).is_none() {
        return Err(Failure::usage(anyhow!(AcceptError::NotAccepted(id.to_owned()))));
    }
    accepted::save(&dir, &accepted)?;
    print(format!("{id} counts again.\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the themes in their own colours; into a pipe their names alone.
pub(crate) fn themes(asked: Option<&str>, options: &Options) -> Result<ExitCode, Failure> {
    let own = user_themes();
    let depth = color_depth(options);
    let wrong = |error: theme::ThemeError| Failure { code: exit::CONFIG, error: error.into() };
    let mut out = String::new();
    let mut faults = Vec::new();
    if let Some(name) = asked {
        out.push_str(&theme::sample(&theme::load(name, &own).map_err(wrong)?.at(depth)));
    } else if options.color.is_none() && !io::stdout().is_terminal() {
        out = theme::names(&own).join("\n") + "\n";
    } else {
        for name in theme::names(&own) {
            match theme::load(name, &own) {
                Ok(theme) => out.push_str(&theme::line(&theme.at(depth))),
                Err(error) => faults.push(error),
            }
        }
        out.push_str("\nUse one with --theme NAME, or in the configuration: [screen] theme = \"NAME\"\n");
    }
    print(out.as_bytes())?;
    // All that can be shown is shown before what is wrong with the person's own.
    faults.into_iter().next().map_or(Ok(ExitCode::SUCCESS), |fault| Err(wrong(fault)))
}

/// Prints one number over a stretch of time.
pub(crate) fn history(
    config: &Config,
    metric: &str,
    span: &Span,
    format: Format,
) -> Result<ExitCode, Failure> {
    let metric = journal::metric(metric).map_err(Failure::usage)?;
    let (from, to) = stretch(span)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    journal::history(&reader(config)?, metric, from, to, format.into(), &mut out)?;
    out.flush().context("cannot write to stdout")?;
    Ok(ExitCode::SUCCESS)
}

/// Prints every beat of a stretch of time.
pub(crate) fn export(config: &Config, span: &Span, format: Format) -> Result<ExitCode, Failure> {
    let (from, to) = stretch(span)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    journal::export(&reader(config)?, from, to, format.into(), &mut out)?;
    out.flush().context("cannot write to stdout")?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the whole record and says whether it is sound.
pub(crate) fn verify(config: &Config) -> Result<ExitCode, Failure> {
    let mut out = Vec::new();
    let sound = journal::verify(&data_dir(config)?, Zone::Local, &mut out)?;
    print(&out)?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Takes files of the original, or of another record, into this one.
pub(crate) fn import(config: &Config, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let dir = data_dir(config)?;
    let mut out = Vec::new();
    for file in files {
        journal::import(&dir, file, Zone::Local, &mut out)?;
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn data_dir(config: &Config) -> Result<PathBuf, Failure> {
    let unknown = "neither XDG_STATE_HOME nor HOME is set; name the record's directory with --data-dir";
    config.data_dir_here().ok_or_else(|| Failure { code: exit::CONFIG, error: anyhow!(unknown) })
}

pub(crate) fn reader(config: &Config) -> Result<Reader, Failure> {
    Ok(Reader::new(data_dir(config)?))
}

fn memory(dir: &Path) -> assess::Memory {
    state::load(&dir.join(heart::MEMORY_FILE)).value.unwrap_or_default()
}

fn stretch(span: &Span) -> Result<(DateTime<Utc>, DateTime<Utc>), Failure> {
    Ok((time(&span.since)?, time(&span.until)?))
}

/// Reads a time of the past as a person typed it.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, Failure> {
    moment(text, Utc::now(), Zone::Local).ok_or_else(|| {
        Failure::usage(anyhow!("{text:?} is no time; write -6h, 14:30, yesterday 22:00 or 2026-11-22 13:58"))
    })
}

/// The end of an acceptance: a moment in the future, or the end of a day.
fn end_of(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    moment(text, now, Zone::Local)
        .ok_or_else(|| Failure::usage(anyhow!("{text:?} is no date; write 2026-12-01 or +7d")))
}
