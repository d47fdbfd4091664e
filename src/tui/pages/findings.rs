//! Everything that deserves attention, worst first, each with its whole story.

use super::split::{details, split};
use crate::model::{Finding, FindingId, Level, Status, fingerprint};
use crate::text;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::table::{Column, List, Listing, Row, falling};
use crate::tui::{glyphs, story, words};
use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Lines that details need to be worth it.
const UNDER_LEAST: u16 = 6;

/// One finding with what it costs.
pub struct FindingRow {
    id: FindingId,
    rule: String,
    level: Level,
    open: bool,
    points: u8,
    asked: f64,
    first_seen: DateTime<Utc>,
    count: u64,
    title: String,
    subject: String,
    story: Option<String>,
}

impl Row for FindingRow {
    fn key(&self) -> u64 {
        fingerprint(self.id.as_str().as_bytes())
    }

    fn level(&self) -> Option<Level> {
        Some(if self.open { self.level } else { Level::Info })
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        vec![
            ("rule", Field::text(self.rule.as_str())),
            ("title", Field::text(self.title.as_str())),
            ("subject", Field::text(self.subject.as_str())),
            ("from", Field::text(self.subject.as_str())),
            ("points", Field::number(self.points)),
            ("level", Field::Level(Some(self.level))),
        ]
    }
}

const COLUMNS: &[Column<FindingRow>] = &[
    Column {
        title: "LEVEL",
        width: 8,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            if row.open {
                Span::styled(glyphs::word(row.level), view.theme.level(row.level))
            } else {
                Span::styled("accepted", view.theme.muted)
            }
        },
        order: Some(|a, b| b.level.cmp(&a.level)),
    },
    Column {
        title: "POINTS",
        width: 7,
        grows: false,
        priority: 1,
        right: true,
        cell: |row, view| match (row.open, row.points) {
            (true, 0) => Span::styled("0", view.theme.muted),
            (true, points) => Span::styled(format!("-{points}"), view.theme.strong),
            (false, _) => Span::styled(format!("({:.0})", row.asked), view.theme.muted),
        },
        order: Some(|a, b| falling(Some(a.points), Some(b.points))),
    },
    Column {
        title: "AGE",
        width: 6,
        grows: false,
        priority: 3,
        right: true,
        cell: |row, view| Span::raw(text::age(words::seconds(row.first_seen, view.now))),
        order: Some(|a, b| b.first_seen.cmp(&a.first_seen)),
    },
    Column {
        title: "TIMES",
        width: 6,
        grows: false,
        priority: 4,
        right: true,
        cell: |row, view| {
            if row.count > 1 {
                Span::raw(text::count(row.count))
            } else {
                Span::styled("1", view.theme.muted)
            }
        },
        order: Some(|a, b| falling(Some(a.count), Some(b.count))),
    },
    Column {
        title: "WHAT",
        width: 44,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| {
            let look = if row.open && row.level > Level::Info {
                view.theme.level(row.level)
            } else {
                view.theme.text
            };
            Span::styled(row.title.as_str(), look)
        },
        order: Some(|a, b| a.title.cmp(&b.title)),
    },
    Column {
        title: "RULE",
        width: 11,
        grows: false,
        priority: 6,
        right: false,
        cell: |row, view| Span::styled(row.rule.as_str(), view.theme.muted),
        order: Some(|a, b| a.rule.cmp(&b.rule)),
    },
];

/// The page.
pub struct Findings {
    list: List<FindingRow>,
    /// Only what was accepted is listed.
    only_accepted: bool,
}

impl Default for Findings {
    fn default() -> Self {
        Self { list: List::new(COLUMNS), only_accepted: false }
    }
}

fn row(finding: &Finding, view: &View<'_>) -> FindingRow {
    let charged =
        view.snapshot.score.deductions.iter().filter(|row| row.finding.as_ref() == Some(&finding.id));
    FindingRow {
        id: finding.id.clone(),
        rule: finding.rule.clone(),
        level: finding.level,
        open: finding.status == Status::Open,
        points: charged.map(|row| row.points).sum(),
        asked: finding.points,
        first_seen: finding.first_seen,
        count: finding.count,
        title: finding.title.to_string(),
        subject: finding.subject.values().map(std::convert::AsRef::as_ref).collect::<Vec<&str>>().join(" "),
        story: finding.story.clone(),
    }
}

impl Findings {
    fn finding<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        let id = &self.list.selected()?.id;
        view.snapshot.findings.iter().find(|finding| finding.id == *id)
    }
}

impl Page for Findings {
    fn hear(&mut self, view: &View<'_>) {
        let listed = |finding: &&Finding| !self.only_accepted || finding.status == Status::Accepted;
        let mut rows: Vec<FindingRow> =
            view.snapshot.findings.iter().filter(listed).map(|finding| row(finding, view)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.open, row.level, row.points)));
        self.list.bring(rows, view.min_level);
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let (list, beside) = split(area, view);
        let mut pen = Pen::new(buf, list);
        let open = view.snapshot.open().count();
        let accepted =
            view.snapshot.findings.iter().filter(|finding| finding.status == Status::Accepted).count();
        let accepted = if accepted > 0 { format!(", {accepted} accepted") } else { String::new() };
        let only = if self.only_accepted { ", only those listed (L shows all)" } else { "" };
        let mut words = format!("  {open} open{accepted}{only}");
        if let Some(story) = self.list.selected().and_then(|row| row.story.clone()) {
            let together = view.snapshot.findings.iter().filter(|f| f.story.as_ref() == Some(&story)).count();
            if together > 1 {
                words.push_str(&format!("     {together} belong to the same story as this one"));
            }
        }
        pen.sides(
            Line::from(words),
            Line::styled(format!("{} ", self.list.order_words(view)), view.theme.muted),
        );
        if view.snapshot.findings.is_empty() {
            pen.skip(1);
            pen.line(Line::styled(
                format!("  {} Nothing deserves your attention.", view.glyphs.ok),
                view.theme.ok,
            ));
            for check in view.snapshot.checks_passed.iter().take(usize::from(pen.left().saturating_sub(1))) {
                pen.line(Line::styled(format!("    {} {check}", view.glyphs.ok), view.theme.muted));
            }
            return;
        }
        // Details under the list get what the list leaves, also on screens that are no larger than 80x24.
        let under = self.list.lines() + 1;
        let (rows, below) = match beside {
            Some(area) if area.x != list.x => (pen.left(), Some(area)),
            _ if beside.is_some() || pen.left() >= under + UNDER_LEAST => {
                let rows = pen.left().min(under);
                let top = list.y + 1 + rows;
                (rows, Some(Rect { y: top, height: area.bottom().saturating_sub(top), ..area }))
            }
            _ => (pen.left(), None),
        };
        let place = pen.take(rows);
        self.list.draw(buf, place, view, true);
        if let (Some(area), Some(finding)) = (below, self.finding(view)) {
            details(buf, area, finding.id.as_str(), &story::of(finding, view), view);
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Open | Action::Explain => {
                return self.list.selected().map(|row| Answer::Story(row.id.clone()));
            }
            Action::Copy => return self.list.selected().map(|row| Answer::Copy(row.title.clone())),
            Action::LogLines => {
                let trail = Trail::of_finding(self.finding(view)?, view.snapshot);
                return Some(trail.map_or_else(
                    || Answer::Say("no log line is behind it: Enter shows its proof".to_owned()),
                    |trail| Answer::Trail(Box::new(trail)),
                ));
            }
            Action::SameRule => {
                return self.list.selected().map(|row| Answer::FilterBy(format!("rule:{}", row.rule)));
            }
            Action::OnlyAccepted => {
                let any = view.snapshot.findings.iter().any(|finding| finding.status == Status::Accepted);
                if !any && !self.only_accepted {
                    return Some(Answer::Say("nothing is accepted: o accepts the selected row".to_owned()));
                }
                self.only_accepted = !self.only_accepted;
                self.hear(view);
                return Some(Answer::Done);
            }
            Action::CopyFix => {
                let fix = self.finding(view).and_then(words::fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => {}
        }
        self.list.act(action).then_some(Answer::Done)
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
        self.finding(view)
    }

    fn select(&mut self, finding: &Finding, view: &View<'_>) -> bool {
        self.only_accepted = false;
        self.hear(view);
        self.list.select(|row| row.id == finding.id)
    }
}
