//! The bill: a row for every lost point, worst first, and the calm lines under it.

use super::first;
use crate::model::{Deduction, Finding, Level, Status};
use crate::text;
use crate::tui::page::{Room, View};
use crate::tui::widgets::pen::{Pen, put, sides};
use crate::tui::{glyphs, words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The rows of the bill that are shown.
pub(super) fn rows<'a>(view: &View<'a>) -> Vec<(&'a Deduction, Option<&'a Finding>)> {
    let snapshot = view.snapshot;
    let finding = |row: &Deduction| {
        let id = row.finding.as_ref()?;
        snapshot.findings.iter().find(|finding| finding.id == *id)
    };
    let rows = snapshot.score.deductions.iter().map(|row| (row, finding(row)));
    rows.filter(|(_, finding)| {
        view.min_level == Level::Info || finding.is_none_or(|finding| finding.level >= view.min_level)
    })
    .collect()
}

/// Draws the bill with one row selected; where there is room, each row has its reason under it. Answers where which
/// row was drawn.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    view: &View<'_>,
    selected: Option<usize>,
    titled: bool,
) -> Vec<(Rect, usize)> {
    let theme = view.theme;
    let mut pen = Pen::new(buf, area);
    let rows = rows(view);
    let mut drawn = Vec::new();
    if titled {
        let title = if view.snapshot.score.value == 100 { "WHY IT IS 100" } else { "WHY IT IS NOT 100" };
        let points = if rows.is_empty() { "" } else { "points " };
        pen.sides(Line::styled(title, theme.title), Line::styled(points, theme.muted));
    }
    if rows.is_empty() {
        let says = if view.snapshot.score.value == 100 {
            "Nothing that I can see is wrong."
        } else {
            "No row at this level."
        };
        pen.line(Line::styled(says, theme.ok));
    }
    let passed = passed(view);
    let space = usize::from(pen.left()).saturating_sub(passed.len());
    let tall = rows.len() * 2 <= space && view.room >= Room::Wide;
    let visible = if tall { space / 2 } else { space };
    let skip = selected.map_or(0, |selected| (selected + 1).saturating_sub(visible.max(1)));
    for (at, (row, finding)) in rows.iter().enumerate().skip(skip).take(visible) {
        let place = pen.take(1);
        line(pen.buf(), place, row, *finding, view);
        drawn.push((place, at));
        if selected == Some(at) && place.height > 0 {
            pen.buf().set_style(place, theme.selected);
            put(
                pen.buf(),
                place.x.saturating_sub(1),
                place.y,
                &Line::styled(view.glyphs.cursor, theme.strong),
                1,
            );
        }
        if tall {
            let why = finding.map_or(String::new(), |finding| finding.why.to_string());
            let back = row.recovers.map_or(String::new(), |(at, points)| {
                format!("+{points} by {}  ", words::when(at, view.now, view.zone))
            });
            let place = pen.take(1);
            put(
                pen.buf(),
                place.x,
                place.y,
                &Line::styled(format!("        {back}{why}"), theme.muted),
                place.width,
            );
            drawn.push((place, at));
        }
    }
    for line in passed {
        pen.line(line);
    }
    if titled && first::is_on(view) && pen.left() > 4 {
        pen.skip(1);
        for line in first::lines(view, area.width) {
            pen.line(line);
        }
        return drawn;
    }
    // A calm machine has room to say what was looked at.
    let names = view.snapshot.checks_passed.iter().take(usize::from(pen.left()));
    for check in names.filter(|_| rows.is_empty() && titled) {
        pen.line(Line::styled(format!("    {check}"), theme.muted));
    }
    drawn
}

fn line(buf: &mut Buffer, area: Rect, row: &Deduction, finding: Option<&Finding>, view: &View<'_>) {
    let level = finding.map_or(Level::Info, |finding| finding.level);
    let look = view.theme.level(level);
    let word = if view.room >= Room::Wide { format!(" {} ", glyphs::word(level)) } else { " ".to_owned() };
    let left = Line::from(vec![
        Span::styled(format!("{}{word}", view.glyphs.level(level)), look),
        Span::styled(row.title.to_string(), if level == Level::Info { view.theme.text } else { look }),
    ]);
    sides(buf, area, &left, &Line::styled(format!("-{} ", row.points), view.theme.strong));
}

/// The calm lines under the bill: risks accepted, checks passed.
pub(super) fn passed(view: &View<'_>) -> Vec<Line<'static>> {
    let accepted: Vec<_> =
        view.snapshot.findings.iter().filter(|finding| finding.status == Status::Accepted).collect();
    let mut lines = Vec::new();
    if !accepted.is_empty() {
        let hidden: f64 = accepted.iter().map(|finding| finding.points).sum();
        let words = format!(
            "{} {}you accepted hides {hidden:.0} points",
            text::plural(accepted.len() as u64, "risk"),
            if accepted.len() == 1 { "" } else { "that " }
        );
        lines.push(Line::styled(format!("{} {words}", view.glyphs.level(Level::Info)), view.theme.muted));
    }
    let count = view.snapshot.checks_passed.len();
    if count > 0 {
        let words = text::plural(count as u64, "check");
        lines.push(Line::styled(format!("{} {words} passed", view.glyphs.ok), view.theme.ok));
    }
    lines
}
