//! Messages from the program's side: the engine's courier, and the commands that test, tell and set up channels.

use crate::config::{Config, ConfigError, nearest};
use crate::engine::Engine;
use crate::heart::Place;
use crate::model::{Host, Zone};
use crate::modes::print;
use crate::outputs::document::json_line;
use crate::outputs::notify::{self, Letter, Name, Notifier, Outcome, Status};
use crate::{Failure, collect, commands, exit};
use anyhow::{Context as _, anyhow};
use chrono::Utc;
use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

/// Lets the engine tell people who are elsewhere, if that was set up. Who looks at a screen without the right to
/// read the machine's secrets may look all the same.
pub(crate) fn attach(
    config: &Config,
    place: &Place,
    engine: &mut Engine,
    has_screen: bool,
) -> Result<(), Failure> {
    let dir = match place {
        Place::Writer(dir, _) => Some(dir.as_path()),
        Place::Nowhere(_) => None,
        Place::Viewer(_) => return Ok(()),
    };
    if !config.notify.is_on() {
        return Ok(());
    }
    let channels = match config.channels() {
        Err(ConfigError::Channel(fault)) if fault.is_denied && has_screen => {
            engine.add_notice(&format!("no messages are sent from here: {fault}"));
            return Ok(());
        }
        channels => channels?,
    };
    secrets_stay_in_memory();
    let notifier = Notifier::start(&config.notify, channels, dir, Zone::Local, Utc::now)?;
    for note in notifier.notes() {
        engine.add_notice(note);
    }
    engine.add_output(Box::new(notifier));
    Ok(())
}

/// Lets no core file be written: it would hold the channels' secrets. The limit is 1 and not 0, because a kernel
/// that pipes core files into a program heeds only that (core(5)).
fn secrets_stay_in_memory() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // It only ever gets lower, which needs no right.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) });
}

/// Sends a message over one channel, or over all that are set up, and says what became of it.
pub(crate) fn test(config: &Config, channel: Option<&str>) -> Result<ExitCode, Failure> {
    let asked = channel.map(name).transpose()?;
    let configured = config.notify.names();
    if let Some(asked) = asked.filter(|asked| !configured.contains(asked)) {
        return Err(unset(&format!("notify.{asked} is not set up; home-soc notify setup writes it")));
    }
    if configured.is_empty() {
        return Err(unset("no channel is set up; home-soc notify setup writes one"));
    }
    secrets_stay_in_memory();
    let host: Host = collect::host::read(&collect::Root::real()).value.unwrap_or_default();
    let letter = Letter::test(&host, Utc::now(), Zone::Local);
    let mut code = ExitCode::SUCCESS;
    for channel in config.channels()? {
        if asked.is_some_and(|asked| asked != channel.name) {
            continue;
        }
        let says = match channel.carry(&letter) {
            Outcome::Delivered => "delivered".to_owned(),
            Outcome::Later { why, .. } => {
                code = exit::IO.into();
                format!("not delivered: {why}")
            }
            Outcome::Refused { why } => {
                code = exit::CONFIG.into();
                format!("not delivered, and it will not be before a setting is changed: {why}")
            }
        };
        print(format!("{}: {says}\n", channel.name).as_bytes())?;
    }
    Ok(code)
}

/// Prints how each channel fares.
pub(crate) fn status(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let status = Status::read(&config.notify, &commands::data_dir(config)?);
    if json {
        print(&json_line(&status).context("cannot write the status")?)?;
    } else {
        print(status.words(Utc::now(), Zone::Local).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks on standard error and writes the answers as configuration to standard output, so that both can be told
/// apart: `home-soc notify setup >> config.toml`.
pub(crate) fn setup() -> Result<ExitCode, Failure> {
    let mut lines = io::stdin().lock().lines();
    let mut ask = |question: &str, usual: &str| -> anyhow::Result<String> {
        let hint = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
        write!(io::stderr(), "{question}{hint}: ").context("cannot ask")?;
        let line = lines.next().transpose().context("cannot read the answer")?.unwrap_or_default();
        let answer = line.trim();
        Ok(if answer.is_empty() { usual.to_owned() } else { answer.to_owned() })
    };
    let names: Vec<&str> = Name::ALL.iter().map(|name| name.as_str()).collect();
    let chosen = name(&ask(&format!("Which channel? {}", names.join(", ")), "telegram")?)?;
    let snippet = notify::setup(chosen, &mut ask)?;
    print(snippet.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn name(text: &str) -> Result<Name, Failure> {
    Name::parse(text).ok_or_else(|| {
        let meant = nearest(text, Name::ALL.iter().map(|name| name.as_str()));
        let hint = meant.map_or_else(
            || "there are telegram, email, webhook, ntfy, gotify, command and ping".to_owned(),
            |meant| format!("did you mean {meant}?"),
        );
        Failure::usage(anyhow!("there is no channel {text:?}; {hint}"))
    })
}

fn unset(says: &str) -> Failure {
    Failure { code: exit::CONFIG, error: anyhow!(says.to_owned()) }
}
