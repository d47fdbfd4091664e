//! One process in words: why it is flagged, who, where from, whom it talks to.

use super::columns::{ProcessRow, user};
use crate::model::{Finding, Level, Process, Snapshot};

use crate::text;
use crate::tui::hands::Target;
use crate::tui::page::View;
use crate::tui::widgets::prose::Para;
use crate::tui::{concern, words};

/// The worst that is said about a process.
pub(super) fn finding<'a>(view: &View<'a>, row: &ProcessRow) -> Option<&'a Finding> {
    concern::worst(view.snapshot, |finding| concern::process(finding, &row.process))
}

/// Why it is flagged, and what it is.
pub(super) fn describe(row: &ProcessRow, view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let mut body = Vec::new();
    if let Some(finding) = finding(view, row) {
        let title = Para::new(finding.title.as_str(), theme.level(finding.level));
        body.push(title.label("Why", theme.title));
        body.push(Para::new(finding.why.as_str(), theme.text));
    }
    body.append(&mut facts(row, view));
    body
}

/// Who, where from, whom it talks to.
pub(super) fn facts(row: &ProcessRow, view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let program = &row.process.program;
    let label = |para: Para, word: &str| para.label(word, theme.title);
    let mut body = Vec::new();
    let started = program.started_at.map_or("at an unknown time".to_owned(), |start| {
        format!(
            "{} ({} ago)",
            words::when_long(start, view.now, view.zone),
            text::age_long(words::seconds(start, view.now))
        )
    });
    let me = if program.own {
        ", this is me"
    } else if program.ours {
        ", your own session"
    } else {
        ""
    };
    body.push(label(Para::new(format!("{}, started {started}{me}", user(row)), theme.text), "Who"));
    let lineage = lineage(&row.process, view.snapshot);
    if !lineage.is_empty() {
        body.push(label(Para::new(lineage.join(&format!(" {} ", view.glyphs.from)), theme.text), "From"));
    }
    let file = match &program.exe {
        Some(exe) if exe.deleted => format!("{} (deleted or replaced since)", exe.path),
        Some(exe) => exe.path.to_string(),
        None if program.kernel_thread => "part of the kernel".to_owned(),
        None => "not permitted to see".to_owned(),
    };
    body.push(label(Para::new(file, theme.text), "File"));
    body.push(label(Para::new(row.process.command(), theme.text), "Runs"));
    body.push(label(Para::new(talks(program.pid, view), theme.text), "Talks"));
    body.push(label(
        Para::new(
            format!(
                "{} of memory, {}, {} of processor time, nice {}, state {}",
                text::bytes_long(row.process.rss_bytes as f64),
                text::plural(u64::from(row.process.threads), "thread"),
                text::age_long(row.process.cpu_time_ms as f64 / 1000.0),
                row.process.nice,
                row.process.state,
            ),
            theme.text,
        ),
        "Uses",
    ));
    body
}

/// The process as a signal's target.
pub(super) fn target(row: &ProcessRow) -> Target {
    let program = &row.process.program;
    Target {
        pid: program.pid,
        start_ticks: program.start_ticks,
        name: program.name.to_string(),
        user: user(row),
        command: row.process.command(),
        started_at: program.started_at,
        alert: row.level == Some(Level::Alert),
        ours: program.ours || program.own,
    }
}

/// Parents up to the first process.
fn lineage(process: &Process, snapshot: &Snapshot) -> Vec<String> {
    let Some(processes) = &snapshot.readings.processes else { return Vec::new() };
    let mut names = Vec::new();
    let mut ppid = process.ppid;
    while names.len() < 12 {
        let Some(parent) = processes.iter().find(|other| other.program.pid == ppid) else { break };
        names.push(format!("{}({ppid})", parent.program.name));
        if parent.ppid == ppid {
            break;
        }
        ppid = parent.ppid;
    }
    names
}

fn talks(pid: u32, view: &View<'_>) -> String {
    let Some(sockets) = &view.snapshot.readings.sockets else { return "cannot see sockets".to_owned() };
    let mine = |owner: &Option<crate::model::Owner>| owner.as_ref().is_some_and(|owner| owner.pid == pid);
    let mut parts: Vec<String> = sockets
        .listeners
        .iter()
        .filter(|listener| mine(&listener.owner))
        .map(|listener| format!("waits on port {}", listener.port))
        .collect();
    let connections = sockets.connections().iter().filter(|connection| mine(&connection.owner));
    parts.extend(connections.map(|connection| format!("with {}", connection.remote)));
    let more = parts.len().saturating_sub(6);
    parts.truncate(6);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    if parts.is_empty() {
        let all = sockets.owners_known >= sockets.owners_total;
        return if all { "with nobody" } else { "with nobody that I can see (not all owners are visible)" }
            .to_owned();
    }
    parts.join(", ")
}
