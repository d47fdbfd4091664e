//! What runs here: what deserves attention first, then by processor use; as a list or a tree.

use super::split::{details, split};
use crate::model::{Finding, Level, Process, Snapshot};
use crate::text;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Sheet, View};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{Column, List, Listing, Row, falling};
use crate::tui::{concern, story, words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// One process with what is said about it.
pub struct ProcessRow {
    process: Process,
    level: Option<Level>,
    why: String,
    connections: u32,
    mem_pct: Option<f64>,
    depth: u16,
    last_child: bool,
}

impl Row for ProcessRow {
    fn key(&self) -> u64 {
        (u64::from(self.process.program.pid) << 40) ^ self.process.program.start_ticks
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let program = &self.process.program;
        let user = program.user.as_deref().map_or_else(String::new, str::to_owned);
        vec![
            ("program", Field::text(program.name.as_str())),
            ("cmd", Field::text(self.process.command())),
            ("user", Field::text(user)),
            ("exe", Field::text(program.exe.as_ref().map_or("", |exe| exe.path.as_str()))),
            ("why", Field::text(self.why.as_str())),
            ("pid", Field::number(program.pid)),
            ("ppid", Field::number(self.process.ppid)),
            ("cpu", Field::Number(self.process.cpu_pct.map(f64::from))),
            ("mem", Field::Number(self.mem_pct)),
            ("rss", Field::number(self.process.rss_bytes as f64)),
            ("threads", Field::number(self.process.threads)),
            ("state", Field::text(self.process.state.to_string())),
            ("level", Field::Level(self.level)),
        ]
    }
}

fn user(row: &ProcessRow) -> String {
    let program = &row.process.program;
    match (&program.user, program.uid) {
        (Some(user), _) => user.to_string(),
        (None, Some(uid)) => uid.to_string(),
        (None, None) => "?".to_owned(),
    }
}

fn plain(text: impl Into<std::borrow::Cow<'static, str>>) -> Span<'static> {
    Span::raw(text)
}

fn quiet<'r>(text: String, zero: bool, view: &View<'_>) -> Span<'r> {
    Span::styled(text, if zero { view.theme.muted } else { Style::default() })
}

const COLUMNS: &[Column<ProcessRow>] = &[
    Column {
        title: "PID",
        width: 7,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, _| plain(row.process.program.pid.to_string()),
        order: Some(|a, b| a.process.program.pid.cmp(&b.process.program.pid)),
    },
    Column {
        title: "USER",
        width: 8,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, view| {
            let look = if row.process.program.own || row.process.program.ours {
                view.theme.you
            } else {
                Style::default()
            };
            Span::styled(user(row), look)
        },
        order: Some(|a, b| user(a).cmp(&user(b))),
    },
    Column {
        title: "CPU%",
        width: 5,
        grows: false,
        priority: 0,
        right: true,
        cell: |row, view| match row.process.cpu_pct {
            Some(pct) => quiet(format!("{pct:.1}"), pct < 0.05, view),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| falling(a.process.cpu_pct, b.process.cpu_pct)),
    },
    Column {
        title: "MEM%",
        width: 5,
        grows: false,
        priority: 4,
        right: true,
        cell: |row, view| match row.mem_pct {
            Some(pct) => quiet(format!("{pct:.1}"), pct < 0.05, view),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| falling(Some(a.process.rss_bytes), Some(b.process.rss_bytes))),
    },
    Column {
        title: "RSS",
        width: 5,
        grows: false,
        priority: 7,
        right: true,
        cell: |row, view| quiet(text::bytes(row.process.rss_bytes as f64), row.process.rss_bytes == 0, view),
        order: Some(|a, b| falling(Some(a.process.rss_bytes), Some(b.process.rss_bytes))),
    },
    Column {
        title: "THR",
        width: 4,
        grows: false,
        priority: 9,
        right: true,
        cell: |row, view| quiet(row.process.threads.to_string(), row.process.threads <= 1, view),
        order: Some(|a, b| falling(Some(a.process.threads), Some(b.process.threads))),
    },
    Column {
        title: "CONN",
        width: 4,
        grows: false,
        priority: 8,
        right: true,
        cell: |row, view| quiet(row.connections.to_string(), row.connections == 0, view),
        order: Some(|a, b| falling(Some(a.connections), Some(b.connections))),
    },
    Column {
        title: "TIME",
        width: 5,
        grows: false,
        priority: 6,
        right: true,
        cell: |row, view| {
            let seconds = row.process.cpu_time_ms as f64 / 1000.0;
            quiet(text::age(seconds), seconds < 1.0, view)
        },
        order: Some(|a, b| falling(Some(a.process.cpu_time_ms), Some(b.process.cpu_time_ms))),
    },
    Column {
        title: "AGE",
        width: 4,
        grows: false,
        priority: 5,
        right: true,
        cell: |row, view| match row.process.program.started_at {
            Some(start) => plain(text::age(words::seconds(start, view.now))),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| b.process.program.started_at.cmp(&a.process.program.started_at)),
    },
    Column {
        title: "WHY FLAGGED",
        width: 18,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| match row.level {
            Some(level) => Span::styled(row.why.as_str(), view.theme.level(level)),
            None if row.process.program.own => Span::styled("(this is me)", view.theme.you),
            None if row.process.program.ours => Span::styled("(your session)", view.theme.you),
            None => Span::styled(view.glyphs.level(Level::Info), view.theme.muted),
        },
        order: None,
    },
    Column {
        title: "COMMAND",
        width: 12,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| {
            let command = row.process.command();
            let look = if row.process.program.kernel_thread { view.theme.muted } else { Style::default() };
            if row.depth == 0 {
                return Span::styled(command, look);
            }
            let branch = view.glyphs.branch[usize::from(row.last_child)];
            Span::styled(format!("{}{branch}{command}", "  ".repeat(usize::from(row.depth - 1))), look)
        },
        order: Some(|a, b| a.process.command().cmp(&b.process.command())),
    },
];

/// Places of columns that have keys of their own.
const CPU: usize = 2;
const MEMORY: usize = 3;
const TIME: usize = 7;

/// The page.
pub struct Processes {
    list: List<ProcessRow>,
    tree: bool,
    kernel: bool,
    follow: bool,
    total: usize,
    flagged: usize,
}

impl Default for Processes {
    fn default() -> Self {
        Self { list: List::new(COLUMNS), tree: false, kernel: false, follow: true, total: 0, flagged: 0 }
    }
}

fn attention(a: &ProcessRow, b: &ProcessRow) -> Ordering {
    b.level
        .cmp(&a.level)
        .then_with(|| falling(a.process.cpu_pct, b.process.cpu_pct))
        .then_with(|| falling(Some(a.process.cpu_time_ms), Some(b.process.cpu_time_ms)))
}

/// Makes the rows of a beat.
fn rows(snapshot: &Snapshot, kernel: bool) -> Vec<ProcessRow> {
    let mut connections: HashMap<u32, u32> = HashMap::new();
    let known = snapshot.readings.sockets.as_ref().and_then(|sockets| sockets.connections.as_ref());
    for owner in known.into_iter().flatten().filter_map(|connection| connection.owner.as_ref()) {
        *connections.entry(owner.pid).or_default() += 1;
    }
    let total =
        snapshot.readings.system.memory.map(|memory| memory.total_bytes as f64).filter(|total| *total > 0.0);
    let processes = snapshot.readings.processes.iter().flat_map(|processes| processes.iter());
    processes
        .filter(|process| kernel || !process.program.kernel_thread)
        .map(|process| {
            let finding = concern::worst(snapshot, |finding| concern::process(finding, process));
            ProcessRow {
                level: concern::level(finding),
                why: finding.map_or_else(String::new, |finding| finding.title.to_string()),
                connections: connections.get(&process.program.pid).copied().unwrap_or(0),
                mem_pct: total.map(|total| process.rss_bytes as f64 / total * 100.0),
                process: process.clone(),
                depth: 0,
                last_child: false,
            }
        })
        .collect()
}

/// Puts children under their parents; the order among them stays.
fn treed(rows: Vec<ProcessRow>) -> Vec<ProcessRow> {
    let pids: HashSet<u32> = rows.iter().map(|row| row.process.program.pid).collect();
    let mut children: HashMap<Option<u32>, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let parent =
            Some(row.process.ppid).filter(|ppid| pids.contains(ppid) && *ppid != row.process.program.pid);
        children.entry(parent).or_default().push(at);
    }
    let mut rows: Vec<Option<ProcessRow>> = rows.into_iter().map(Some).collect();
    let mut out = Vec::with_capacity(rows.len());
    let mut todo: Vec<(usize, u16, bool)> =
        children.get(&None).into_iter().flatten().rev().map(|at| (*at, 0, false)).collect();
    while let Some((at, depth, last_child)) = todo.pop() {
        let Some(mut row) = rows[at].take() else { continue };
        row.depth = depth;
        row.last_child = last_child;
        let below = children.get(&Some(row.process.program.pid)).into_iter().flatten().rev();
        todo.extend(below.enumerate().map(|(place, at)| (*at, (depth + 1).min(20), place == 0)));
        out.push(row);
    }
    // Parents that name each other in a circle are nobody's children.
    out.extend(rows.into_iter().flatten());
    out
}

fn finding<'a>(view: &View<'a>, row: &ProcessRow) -> Option<&'a Finding> {
    concern::worst(view.snapshot, |finding| concern::process(finding, &row.process))
}

/// What, who, where from, whom it talks to.
fn describe(row: &ProcessRow, view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let program = &row.process.program;
    let label = |para: Para, word: &str| para.label(word, theme.title);
    let mut body = Vec::new();
    if let Some(finding) = finding(view, row) {
        body.push(label(Para::new(finding.title.as_str(), theme.level(finding.level)), "Why"));
        body.push(Para::new(finding.why.as_str(), theme.text));
    }
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
    let connections = sockets.connections.iter().flatten().filter(|connection| mine(&connection.owner));
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

impl Page for Processes {
    fn hear(&mut self, view: &View<'_>) {
        let mut rows = rows(view.snapshot, self.kernel);
        self.total = rows.len();
        self.flagged = rows.iter().filter(|row| row.level.is_some()).count();
        rows.sort_by(attention);
        if self.tree {
            rows = treed(rows);
        }
        let top = self.list.at_top() && !self.follow;
        self.list.bring(rows, view.min_level);
        if top {
            self.list.act(Action::First);
        }
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let (list, beside) = split(area, view);
        let mut pen = Pen::new(buf, list);
        let flagged =
            if self.flagged > 0 { format!(", {} need a look", self.flagged) } else { String::new() };
        let look = Line::from(format!("  {} processes{flagged}", text::count(self.total as u64)));
        let view_word = if self.tree { "tree" } else { "list" };
        let order = if self.tree { "sort: tree".to_owned() } else { self.list.order_words(view) };
        pen.sides(look, Line::styled(format!("{order}   view: {view_word} "), view.theme.muted));
        if view.snapshot.readings.processes.is_none() {
            pen.skip(1);
            pen.line(Line::styled("  I cannot see processes: press C for the reason.", view.theme.blind));
            return;
        }
        let rest = pen.take(u16::MAX);
        self.list.draw(buf, rest, view, true);
        if let (Some(area), Some(row)) = (beside, self.list.selected()) {
            let title = format!("{} {}", row.process.program.pid, row.process.program.name);
            details(buf, area, &title, &describe(row, view), view);
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::ByCpu => self.list.sort_by(Some(CPU)),
            Action::ByMemory => self.list.sort_by(Some(MEMORY)),
            Action::ByTime => self.list.sort_by(Some(TIME)),
            Action::Tree => {
                self.tree = !self.tree;
                self.list.sort_by(None);
                self.hear(view);
            }
            Action::KernelThreads => {
                self.kernel = !self.kernel;
                self.hear(view);
                return Some(Answer::Say(format!(
                    "kernel threads {}",
                    if self.kernel { "shown" } else { "hidden" }
                )));
            }
            Action::Follow => {
                self.follow = !self.follow;
                let says = if self.follow {
                    "the selection stays on its process"
                } else {
                    "the selection stays at the top"
                };
                return Some(Answer::Say(says.to_owned()));
            }
            Action::Open => {
                let row = self.list.selected()?;
                let mut body = describe(row, view);
                let finding = finding(view, row);
                if let Some(finding) = finding {
                    body.push(Para::empty());
                    body.extend(story::of(finding, view));
                }
                return Some(Answer::Sheet(Sheet {
                    title: format!("{} {}", row.process.program.pid, row.process.program.name),
                    body,
                    copy: Some(row.process.command()),
                    fix: finding.and_then(words::fix),
                }));
            }
            Action::Explain => {
                let row = self.list.selected()?;
                return Some(finding(view, row).map_or_else(
                    || Answer::Say("nothing is said about this process".to_owned()),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::Copy => return self.list.selected().map(|row| Answer::Copy(row.process.command())),
            Action::CopyFix => {
                let fix = self.list.selected().and_then(|row| finding(view, row)).and_then(words::fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => return self.list.act(action).then_some(Answer::Done),
        }
        Some(Answer::Done)
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.list.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.list.set_filter(filter);
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.list.select(|row| concern::process(finding, &row.process))
    }
}
