//! Log lines about a row: those that the sign-ins of the beat hold, and the process that the journal is asked about.
//!
//! It reads no log itself.

use super::hands::LogLine;
use super::page::{Sheet, View};
use super::widgets::prose::Para;
use super::words;
use crate::model::{AuthEvent, Finding, Snapshot};
use crate::outputs::mask;
use chrono::{DateTime, Utc};

/// Sign-in lines that are shown at most.
const LINES_MOST: usize = 200;

/// What log lines are wanted about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    title: String,
    copy: Option<String>,
    /// The process that the journal is asked about, and its start.
    process: Option<(u32, Option<DateTime<Utc>>)>,
    /// What the sign-ins tell, newest first.
    signed: Vec<LogLine>,
}

impl Trail {
    /// The trail of something that has a name.
    pub fn of(what: &str) -> Self {
        Self { title: format!("Log lines of {what}"), copy: None, process: None, signed: Vec::new() }
    }

    /// The trail of what a finding is about; `None` where it names neither an address, a process nor an account.
    pub fn of_finding(finding: &Finding, snapshot: &Snapshot) -> Option<Self> {
        let named = |key: &str| finding.subject.get(key).map(ToString::to_string);
        if let Some(address) = named("address") {
            return Some(Self::of(&address).copy(&address).address(&address, snapshot));
        }
        if let Some(pid) = named("pid").and_then(|pid| pid.parse().ok()) {
            return Some(Self::of(&format!("process {pid}")).process(pid, snapshot));
        }
        let user = named("user")?;
        Some(Self::of(&user).copy(&user).sign_ins(snapshot, |event| {
            [&event.user, &event.target_user].into_iter().flatten().any(|name| *name == *user)
        }))
    }

    /// What `y` copies.
    #[must_use]
    pub fn copy(mut self, text: &str) -> Self {
        self.copy = Some(text.to_owned());
        self
    }

    /// Adds the sign-in lines of an address.
    #[must_use]
    pub fn address(self, address: &str, snapshot: &Snapshot) -> Self {
        self.sign_ins(snapshot, |event| event.address.as_ref().is_some_and(|from| *from == *address))
    }

    /// Adds a process: the sign-in lines that it wrote, and what the journal has.
    #[must_use]
    pub fn process(mut self, pid: u32, snapshot: &Snapshot) -> Self {
        let running = snapshot.readings.processes.iter().flat_map(|list| list.iter());
        let started = running
            .filter(|process| process.program.pid == pid)
            .find_map(|process| process.program.started_at);
        self.process = Some((pid, started));
        self.sign_ins(snapshot, |event| event.pid == Some(pid) && event.time >= started)
    }

    /// Adds the sign-in lines for which `about` holds.
    #[must_use]
    pub fn sign_ins(mut self, snapshot: &Snapshot, about: impl Fn(&AuthEvent) -> bool) -> Self {
        let recent = snapshot.sign_ins.iter().flat_map(|sign_ins| sign_ins.recent.iter().rev());
        let lines = recent.filter(|event| about(event)).take(LINES_MOST).map(|event| LogLine {
            at: event.time,
            words: format!("{}: {}", event.service, event.raw).as_str().into(),
        });
        self.signed.extend(lines);
        self
    }

    /// The process that the journal has to be asked about, and its start.
    pub const fn asks(&self) -> Option<(u32, Option<DateTime<Utc>>)> {
        self.process
    }

    /// The lines as paragraphs, newest first.
    pub fn paras(&self, view: &View<'_>) -> Vec<Para> {
        self.signed.iter().map(|line| para(line, view)).collect()
    }

    /// The lines as a sheet; `journal` is what was said when it was asked.
    pub fn sheet(&self, journal: Option<&Result<Vec<LogLine>, String>>, view: &View<'_>) -> Sheet {
        let mut body = Vec::new();
        match journal {
            Some(Ok(lines)) if !lines.is_empty() => {
                body.extend(lines.iter().rev().map(|line| para(line, view)));
            }
            Some(Ok(_)) => {
                body.push(Para::new("The journal has no line of it that you may read.", view.theme.muted));
            }
            Some(Err(why)) => {
                body.push(Para::new(format!("The journal cannot be asked: {why}"), view.theme.blind));
            }
            None => {}
        }
        let twice = matches!(journal, Some(Ok(lines)) if !lines.is_empty());
        if !twice && !self.signed.is_empty() {
            body.extend(self.paras(view));
        } else if self.process.is_none() && self.signed.is_empty() {
            body.push(Para::new("Its lines are older than those that I keep.", view.theme.muted));
        }
        Sheet { title: self.title.clone(), body, copy: self.copy.clone(), fix: None }
    }
}

fn para(line: &LogLine, view: &View<'_>) -> Para {
    let when = line.at.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone));
    Para::new(mask::secrets(&line.words).into_owned(), view.theme.text).label(when, view.theme.muted)
}
