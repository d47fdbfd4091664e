//! The past in curves over one time axis, with what changed around the cursor. Gaps are never drawn as zero.

use crate::model::{Finding, Metric, Status};
use crate::text;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, View};
use crate::tui::past::{Cell, Past, Stretch, columns};
use crate::tui::widgets::pen::{Pen, put};
use crate::tui::words;
use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Stretches of time that can be looked at, in minutes, with their names.
const ZOOMS: [(i64, &str); 8] = [
    (10, "10 min"),
    (60, "1 h"),
    (6 * 60, "6 h"),
    (24 * 60, "24 h"),
    (2 * 24 * 60, "2 days"),
    (7 * 24 * 60, "7 days"),
    (14 * 24 * 60, "14 days"),
    (30 * 24 * 60, "30 days"),
];

/// The widest a curve is drawn: more history, not bigger letters.
const WIDEST: u16 = 170;
/// Columns in front of a curve and behind it.
const NAME: u16 = 19;
const AFTER: u16 = 13;

/// One curve.
struct Curve {
    name: &'static str,
    metric: Metric,
    /// The top of its scale; `None` is the greatest value that was seen.
    top: Option<f64>,
    write: fn(f64) -> String,
}

const CURVES: [Curve; 7] = [
    Curve { name: "Score", metric: Metric::Score, top: Some(100.0), write: |value| format!("{value:.0}") },
    Curve {
        name: "Failed/24h",
        metric: Metric::FailedLogins,
        top: None,
        write: |value| text::count(value as u64),
    },
    Curve {
        name: "CPU",
        metric: Metric::CpuUsedPct,
        top: Some(100.0),
        write: |value| format!("{value:.0} %"),
    },
    Curve { name: "Load", metric: Metric::CpuLoad, top: None, write: |value| format!("{value:.2}") },
    Curve {
        name: "Memory",
        metric: Metric::MemoryUsedPct,
        top: Some(100.0),
        write: |value| format!("{value:.0} %"),
    },
    Curve {
        name: "Conns",
        metric: Metric::EstablishedConnections,
        top: None,
        write: |value| text::count(value as u64),
    },
    Curve {
        name: "Out",
        metric: Metric::NetTxBytesPerS,
        top: None,
        write: |value| format!("{}/s", text::bytes(value)),
    },
];

/// The page.
pub struct History {
    zoom: usize,
    /// The moment at the cursor; `None` follows the present.
    cursor: Option<DateTime<Utc>>,
    /// The end of what is drawn; `None` is now.
    end: Option<DateTime<Utc>>,
    columns: u16,
    asked: Option<Stretch>,
}

impl Default for History {
    fn default() -> Self {
        Self { zoom: 1, cursor: None, end: None, columns: 0, asked: None }
    }
}

impl History {
    fn minutes(&self) -> i64 {
        ZOOMS[self.zoom.min(ZOOMS.len() - 1)].0
    }

    fn stretch(&self, view: &View<'_>) -> Stretch {
        let columns = i64::from(self.columns.max(1));
        let step_ms = (self.minutes() * 60_000 / columns).max(1);
        // The end lies on a multiple of the step, so that columns stand still between two beats.
        let end_ms = self.end.unwrap_or(view.now).timestamp_millis().div_euclid(step_ms) * step_ms + step_ms;
        let to = DateTime::from_timestamp_millis(end_ms).unwrap_or(view.now);
        Stretch {
            from: to - TimeDelta::milliseconds(step_ms * columns),
            to,
            columns: self.columns.max(1).into(),
        }
    }

    fn step(&mut self, steps: i64, view: &View<'_>) {
        let stretch = self.stretch(view);
        let step = (stretch.to - stretch.from) / stretch.columns.max(1) as i32;
        let from = self.cursor.unwrap_or(stretch.to - step / 2);
        let moment = (from + step * steps as i32).min(view.now);
        if moment < stretch.from || moment >= stretch.to {
            let half = (stretch.to - stretch.from) / 2;
            self.end = Some((moment + half).min(view.now)).filter(|end| *end < view.now);
        }
        self.cursor = Some(moment).filter(|moment| view.now - *moment > step);
        if self.cursor.is_none() {
            self.end = None;
        }
    }

    fn zoom_to(&mut self, zoom: usize, view: &View<'_>) {
        self.zoom = zoom.min(ZOOMS.len() - 1);
        self.end = self.cursor.and_then(|moment| {
            let end = moment + TimeDelta::minutes(self.minutes()) / 2;
            Some(end).filter(|end| *end < view.now)
        });
    }

    fn axis(&self, pen: &mut Pen<'_>, stretch: Stretch, view: &View<'_>) {
        let span = stretch.to - stretch.from;
        let marks = i64::from(self.columns / 12).max(1);
        // A step of the axis that people count in.
        let minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];
        let wanted = span.num_minutes() / marks;
        let step_s = minutes.into_iter().find(|step| *step >= wanted).unwrap_or(10_080) * 60;
        let offset = i64::from(view.zone.at(stretch.from).offset().local_minus_utc());
        let first = (stretch.from.timestamp() + offset).div_euclid(step_s) * step_s + step_s - offset;
        let place = pen.take(1);
        let mut moment = first;
        while let Some(time) = DateTime::from_timestamp(moment, 0).filter(|time| *time < stretch.to) {
            let column = column_of(time, stretch);
            let local = view.zone.at(time);
            let words =
                if step_s >= 86_400 { local.format("%-d %b") } else { local.format("%H:%M") }.to_string();
            let x = place.x + NAME + column;
            if column + words.len() as u16 <= self.columns {
                put(pen.buf(), x, place.y, &Line::styled(words, view.theme.muted), 8);
            }
            moment += step_s;
        }
    }

    fn curve(&self, pen: &mut Pen<'_>, curve: &Curve, stretch: Stretch, view: &View<'_>) {
        let cells = columns(view.past, view.trend, curve.metric, stretch);
        let low_matters = curve.metric == Metric::Score;
        let value = |cell: &Cell| if low_matters { cell.min } else { cell.max };
        let most = cells.iter().flatten().map(|cell| cell.max).fold(0.0, f64::max);
        let least = cells.iter().flatten().map(|cell| cell.min).fold(f64::INFINITY, f64::min);
        let top = curve.top.unwrap_or(most);
        let at_cursor = match self.cursor {
            Some(moment) => cells.get(usize::from(column_of(moment, stretch))).copied().flatten(),
            None => cells.iter().rev().flatten().next().copied(),
        };
        let now = at_cursor.map_or("?".to_owned(), |cell| (curve.write)(cell.last));
        let place = pen.take(1);
        if place.height == 0 {
            return;
        }
        let head = Line::from(vec![
            Span::raw(format!("  {:<10}", curve.name)),
            Span::styled(format!("{now:>6} "), view.theme.strong),
        ]);
        put(pen.buf(), place.x, place.y, &head, NAME);
        for (at, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let share = if top > 0.0 { value(cell) / top } else { 0.0 };
            let look = match curve.metric {
                Metric::Score if value(cell) < 50.0 => view.theme.graph_top,
                Metric::Score if value(cell) < 70.0 => view.theme.graph_high,
                Metric::CpuUsedPct | Metric::MemoryUsedPct => view.theme.share(share),
                _ => view.theme.graph,
            };
            put(
                pen.buf(),
                place.x + NAME + at as u16,
                place.y,
                &Line::styled(view.glyphs.bar(share), look),
                1,
            );
        }
        let end = if !least.is_finite() {
            "no record".to_owned()
        } else if low_matters {
            format!("min {}", (curve.write)(least))
        } else {
            format!("max {}", (curve.write)(most))
        };
        put(
            pen.buf(),
            place.x + NAME + self.columns + 1,
            place.y,
            &Line::styled(end, view.theme.muted),
            AFTER,
        );
    }
}

fn column_of(time: DateTime<Utc>, stretch: Stretch) -> u16 {
    stretch.column(time).unwrap_or(0) as u16
}

/// What happened near a moment, nearest in time first when there is not room for all.
fn changes(pen: &mut Pen<'_>, middle: DateTime<Utc>, reach: TimeDelta, view: &View<'_>) {
    let near =
        |finding: &&Finding| (finding.first_seen - middle).abs() <= reach && finding.status == Status::Open;
    let mut findings: Vec<&Finding> = view.snapshot.findings.iter().filter(near).collect();
    findings.sort_by_key(|finding| finding.first_seen);
    if findings.is_empty() {
        pen.line(Line::styled("  Nothing that is still open began then.", view.theme.muted));
    }
    for finding in findings {
        let points: u16 = view
            .snapshot
            .score
            .deductions
            .iter()
            .filter(|row| row.finding.as_ref() == Some(&finding.id))
            .map(|row| u16::from(row.points))
            .sum();
        let look = view.theme.level(finding.level);
        let when = words::when(finding.first_seen, view.now, view.zone);
        let left = Line::from(vec![
            Span::styled(format!("  {when:<11}"), view.theme.muted),
            Span::styled(format!("{} {}", view.glyphs.level(finding.level), finding.title), look),
        ]);
        let right = if points > 0 { format!("-{points} points ") } else { String::new() };
        pen.sides(left, Line::styled(right, view.theme.strong));
    }
}

impl Page for History {
    fn hear(&mut self, _view: &View<'_>) {}

    /// Asks the record when what is drawn is not what was read.
    fn wants(&mut self, view: &View<'_>) -> Option<Stretch> {
        let stretch = self.stretch(view);
        let step = (stretch.to - stretch.from) / stretch.columns.max(1) as i32;
        let stale = self.asked.is_none_or(|asked| {
            asked.columns != stretch.columns
                || asked.to - asked.from != stretch.to - stretch.from
                || (stretch.to - asked.to).abs() > step * 8
        });
        if !stale || self.columns == 0 {
            return None;
        }
        self.asked = Some(stretch);
        Some(stretch)
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let theme = view.theme;
        self.columns = area.width.saturating_sub(NAME + AFTER).min(WIDEST);
        let stretch = self.stretch(view);
        let mut pen = Pen::new(buf, area);
        let step_s = (stretch.to - stretch.from).num_seconds() / i64::from(self.columns.max(1));
        let step = text::age_long(step_s as f64);
        let cursor = self
            .cursor
            .map_or("now".to_owned(), |at| view.zone.at(at).format("%a %-d %b %H:%M:%S").to_string());
        let range = ZOOMS[self.zoom.min(ZOOMS.len() - 1)].1;
        pen.line(Line::from(vec![
            Span::raw(format!("  range {range}    1 column = {step}    cursor ")),
            Span::styled(cursor, if self.cursor.is_some() { theme.chip } else { theme.strong }),
        ]));
        let roomy = view.room >= Room::Wide;
        pen.skip(u16::from(roomy));
        self.axis(&mut pen, stretch, view);
        let top = area.bottom() - pen.left();
        for curve in &CURVES {
            self.curve(&mut pen, curve, stretch, view);
        }
        if let Some(moment) = self.cursor.filter(|moment| *moment >= stretch.from && *moment < stretch.to) {
            let x = area.x + NAME + column_of(moment, stretch);
            for y in [top.saturating_sub(1), area.bottom() - pen.left()] {
                put(
                    pen.buf(),
                    x,
                    y.min(area.bottom() - 1),
                    &Line::styled(view.glyphs.moment, theme.strong),
                    1,
                );
            }
            for y in top..area.bottom() - pen.left() {
                if x < pen.buf().area.right() && y < pen.buf().area.bottom() {
                    pen.buf()[(x, y)].set_style(theme.selected);
                }
            }
        }
        pen.skip(1);
        let says = match view.past {
            Past::Unasked => Some(("  Reading the record.".to_owned(), theme.muted)),
            Past::None => Some((
                "  No record is kept: only what was seen since the start is drawn.".to_owned(),
                theme.muted,
            )),
            Past::Failed(why) => Some((format!("  The record cannot be read: {why}"), theme.blind)),
            Past::Known(record) if record.skipped > 0 => {
                let skipped = text::plural(record.skipped, "line");
                Some((format!("  {skipped} of the record could not be read."), theme.muted))
            }
            Past::Known(_) => None,
        };
        if let Some((says, look)) = says {
            pen.line(Line::styled(says, look));
        }
        if roomy {
            pen.line(Line::styled(
                "  Gaps are spaces: nothing was seen then. They are never drawn as zero.",
                theme.muted,
            ));
            pen.skip(1);
        }
        let span = stretch.to - stretch.from;
        let (middle, reach) = match self.cursor {
            Some(moment) => (moment, (span / 12).max(TimeDelta::minutes(10))),
            None => (view.now, span),
        };
        let title = match self.cursor {
            Some(at) => format!("WHAT CHANGED AROUND {}", view.zone.at(at).format("%H:%M")),
            None => "WHAT CHANGED LATELY".to_owned(),
        };
        pen.rule(&title, view);
        changes(&mut pen, middle, reach, view);
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Left => self.step(-1, view),
            Action::Right => self.step(1, view),
            Action::JumpLeft => self.step(-10, view),
            Action::JumpRight => self.step(10, view),
            Action::ZoomIn => self.zoom_to(self.zoom.saturating_sub(1), view),
            Action::ZoomOut => self.zoom_to(self.zoom + 1, view),
            Action::First => self.step(-i64::from(self.columns), view),
            Action::Last | Action::Live => (self.cursor, self.end) = (None, None),
            Action::Back if self.cursor.is_some() => (self.cursor, self.end) = (None, None),
            _ => return None,
        }
        Some(Answer::Done)
    }
}
