//! The columns of a process.

use crate::model::{Level, Process};
use crate::text;
use crate::tui::filter::Field;
use crate::tui::page::View;
use crate::tui::widgets::table::{Column, Row, falling};
use crate::tui::words;
use ratatui::style::Style;
use ratatui::text::Span;

/// One process with what is said about it.
pub(super) struct ProcessRow {
    pub(super) process: Process,
    pub(super) level: Option<Level>,
    pub(super) why: String,
    pub(super) connections: u32,
    pub(super) mem_pct: Option<f64>,
    pub(super) depth: u16,
    pub(super) last_child: bool,
    /// Rows that are folded away below it.
    pub(super) hidden: usize,
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

/// The account, or its number.
pub(super) fn user(row: &ProcessRow) -> String {
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

/// The command line. The folder of an ordinary program is left out, where nothing is said about it: the name is
/// what people look for; the details have all of it.
fn command(row: &ProcessRow) -> String {
    let full = row.process.command();
    let first = full.split(' ').next().unwrap_or(&full);
    match first.rfind('/') {
        Some(slash) if row.level.is_none() && slash + 1 < first.len() => full[slash + 1..].to_owned(),
        _ => full,
    }
}

/// Memory in percent.
const fn percent(priority: u8) -> Column<ProcessRow> {
    Column {
        title: "MEM%",
        width: 5,
        grows: false,
        priority,
        right: true,
        cell: |row, view| match row.mem_pct {
            Some(pct) => quiet(format!("{pct:.1}"), pct < 0.05, view),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| falling(Some(a.process.rss_bytes), Some(b.process.rss_bytes))),
    }
}

/// Memory in bytes.
const fn bytes(priority: u8) -> Column<ProcessRow> {
    Column {
        title: "RSS",
        width: 5,
        grows: false,
        priority,
        right: true,
        cell: |row, view| quiet(text::bytes(row.process.rss_bytes as f64), row.process.rss_bytes == 0, view),
        order: Some(|a, b| falling(Some(a.process.rss_bytes), Some(b.process.rss_bytes))),
    }
}

/// The columns around the two of memory, of which the first is kept longer where room is short.
const fn columns(first: Column<ProcessRow>, second: Column<ProcessRow>) -> [Column<ProcessRow>; 11] {
    [
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
        first,
        second,
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
            width: 5,
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
            width: 20,
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
            width: 21,
            grows: true,
            priority: 0,
            right: false,
            cell: |row, view| {
                let folded = if row.hidden > 0 { format!("[+{}] ", row.hidden) } else { String::new() };
                let command = format!("{folded}{}", command(row));
                let look =
                    if row.process.program.kernel_thread { view.theme.muted } else { Style::default() };
                if row.depth == 0 {
                    return Span::styled(command, look);
                }
                let branch = view.glyphs.branch[usize::from(row.last_child)];
                Span::styled(format!("{}{branch}{command}", "  ".repeat(usize::from(row.depth - 1))), look)
            },
            order: Some(|a, b| a.process.command().cmp(&b.process.command())),
        },
    ]
}

/// The columns.
pub(super) const COLUMNS: &[Column<ProcessRow>] = &columns(percent(4), bytes(7));

/// The columns with memory in bytes first.
pub(super) const COLUMNS_IN_BYTES: &[Column<ProcessRow>] = &columns(bytes(4), percent(7));

/// Places of columns that have keys of their own.
pub(super) const CPU: usize = 2;
pub(super) const MEMORY: usize = 3;
pub(super) const TIME: usize = 7;
