//! What runs here: what deserves attention first, then by processor use; as a list or a tree.

mod columns;
mod describe;
mod rows;

use super::split::{details, split};
use super::unseen;
use crate::model::Finding;
use crate::text;
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Sheet, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{List, Listing, Row};
use crate::tui::{concern, story, words};
use columns::{COLUMNS, COLUMNS_IN_BYTES, CPU, MEMORY, ProcessRow, TIME};
use describe::{describe, facts, finding, target};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use rows::{attention, rows, treed};
use std::collections::HashSet;

/// The page.
pub struct Processes {
    list: List<ProcessRow>,
    tree: bool,
    /// Keys of the rows whose children are folded away in the tree.
    folded: HashSet<u64>,
    kernel: bool,
    /// Memory in bytes stands before memory in percent.
    in_bytes: bool,
    follow: bool,
    total: usize,
    flagged: usize,
}

impl Default for Processes {
    fn default() -> Self {
        Self {
            list: List::new(COLUMNS),
            tree: false,
            folded: HashSet::new(),
            kernel: false,
            in_bytes: false,
            follow: true,
            total: 0,
            flagged: 0,
        }
    }
}

impl Page for Processes {
    fn hear(&mut self, view: &View<'_>) {
        let mut rows = rows(view.snapshot, self.kernel);
        self.total = rows.len();
        self.flagged = rows.iter().filter(|row| row.level.is_some()).count();
        rows.sort_by(attention);
        if self.tree {
            let here: HashSet<u64> = rows.iter().map(Row::key).collect();
            self.folded.retain(|key| here.contains(key));
            rows = treed(rows, &self.folded);
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
        if view.snapshot.readings.processes.is_none() {
            unseen::write(&mut pen, "processes", &["proc"], view);
            return;
        }
        let flagged =
            if self.flagged > 0 { format!(", {} need a look", self.flagged) } else { String::new() };
        let of = view.kept.and_then(|kept| kept.processes);
        let of = of.map_or_else(String::new, |of| format!(" kept of {}", text::count(of)));
        let hidden = self.list.len() < self.total && !self.tree;
        let some =
            if hidden { format!("{} of ", text::count(self.list.len() as u64)) } else { String::new() };
        let look = Line::from(format!("  {some}{} processes{of}{flagged}", text::count(self.total as u64)));
        let view_word = if self.tree { "tree" } else { "list" };
        let order = if self.tree { "sort: tree".to_owned() } else { self.list.order_words(view) };
        pen.sides(look, Line::styled(format!("{order}   view: {view_word} "), view.theme.muted));
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
            Action::ScrollLeft if self.tree => {
                self.folded.insert(self.list.selected()?.key());
                self.hear(view);
            }
            Action::ScrollRight if self.tree => {
                self.folded.remove(&self.list.selected()?.key());
                self.hear(view);
            }
            Action::Units => {
                self.in_bytes = !self.in_bytes;
                self.list.set_columns(if self.in_bytes { COLUMNS_IN_BYTES } else { COLUMNS });
            }
            Action::LogLines => {
                let program = &self.list.selected()?.process.program;
                let what = format!("{} {}", program.pid, program.name);
                return Some(Answer::Trail(Box::new(Trail::of(&what).process(program.pid, view.snapshot))));
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
                let finding = finding(view, row);
                // The next step stands before the facts: it must not be below the edge.
                let mut body = finding.map_or_else(Vec::new, |finding| story::of(finding, view));
                if finding.is_some() {
                    body.push(Para::empty());
                }
                body.append(&mut facts(row, view));
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
            Action::Signal => {
                let row = self.list.selected()?;
                if row.process.program.kernel_thread {
                    return Some(Answer::Say("a kernel thread hears no signal".to_owned()));
                }
                return Some(Answer::Pin(Box::new(target(row))));
            }
            _ => return self.list.act(action).then_some(Answer::Done),
        }
        Some(Answer::Done)
    }

    fn columns(&self) -> Vec<&'static str> {
        self.list.hideable().collect()
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

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        finding(view, self.list.selected()?)
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.list.select(|row| concern::process(finding, &row.process))
    }
}
