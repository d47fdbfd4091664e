//! The axis, the marks of what happened on it, and one curve for each number.

use crate::model::{Level, Metric, Span as Seen};
use crate::outputs::journal::Change;
use crate::text;
use crate::tui::page::View;
use crate::tui::past::{Past, Stretch, columns};
use crate::tui::story;
use crate::tui::widgets::pen::{Pen, put};
use chrono::{DateTime, Utc};
use ratatui::text::{Line, Span};

/// Columns in front of a curve and behind it.
pub(super) const NAME: u16 = 19;
pub(super) const AFTER: u16 = 13;

/// One curve.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) metric: Metric,
    /// The top of its scale; `None` is the greatest value that was seen.
    top: Option<f64>,
    pub(super) write: fn(f64) -> String,
}

pub(super) const CURVES: [Curve; 7] = [
    Curve { name: "Score", metric: Metric::Score, top: Some(100.0), write: |value| format!("{value:.0}") },
    Curve { name: "Failed/24h", metric: Metric::FailedLogins, top: None, write: whole },
    Curve { name: "CPU", metric: Metric::CpuUsedPct, top: Some(100.0), write: percent },
    Curve { name: "Load", metric: Metric::CpuLoad, top: None, write: |value| format!("{value:.2}") },
    Curve { name: "Memory", metric: Metric::MemoryUsedPct, top: Some(100.0), write: percent },
    Curve { name: "Conns", metric: Metric::EstablishedConnections, top: None, write: whole },
    Curve {
        name: "Out",
        metric: Metric::NetTxBytesPerS,
        top: None,
        write: |value| format!("{}/s", text::bytes(value)),
    },
];

fn whole(value: f64) -> String {
    text::count(value.round() as u64)
}

fn percent(value: f64) -> String {
    format!("{value:.0} %")
}

/// What all curves share.
pub(super) struct Chart {
    pub(super) stretch: Stretch,
    pub(super) cursor: Option<DateTime<Utc>>,
}

impl Curve {
    /// What a column shows: of the score its least, of all else its most.
    const fn value(&self, seen: &Seen) -> f64 {
        if self.low_matters() { seen.least } else { seen.most }
    }

    const fn low_matters(&self) -> bool {
        matches!(self.metric, Metric::Score)
    }
}

impl Chart {
    /// Writes times over the columns, in steps that people count in.
    pub(super) fn axis(&self, pen: &mut Pen<'_>, view: &View<'_>) {
        const MINUTES: [i64; 17] =
            [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 43_200, 86_400];
        let stretch = self.stretch;
        let marks = (stretch.columns as i64 / 12).max(1);
        let wanted = (stretch.to - stretch.from).num_minutes() / marks;
        let step_s = MINUTES.into_iter().find(|step| *step >= wanted).unwrap_or(86_400) * 60;
        let offset = i64::from(view.zone.at(stretch.from).offset().local_minus_utc());
        let mut moment = (stretch.from.timestamp() + offset).div_euclid(step_s) * step_s + step_s - offset;
        let place = pen.take(1);
        while let Some(time) = DateTime::from_timestamp(moment, 0).filter(|time| *time < stretch.to) {
            let column = stretch.column(time).unwrap_or(0);
            let local = view.zone.at(time);
            let words =
                if step_s >= 86_400 { local.format("%-d %b") } else { local.format("%H:%M") }.to_string();
            if column + words.len() <= stretch.columns {
                let x = place.x + NAME + column as u16;
                put(pen.buf(), x, place.y, &Line::styled(words, view.theme.muted), 8);
            }
            moment += step_s;
        }
    }

    /// Marks the columns in which an alert opened or closed, or something began that is still open.
    pub(super) fn marks(&self, pen: &mut Pen<'_>, view: &View<'_>) {
        let mut marks: Vec<Option<Option<Level>>> = vec![None; self.stretch.columns];
        let mut mark = |at: DateTime<Utc>, level: Option<Level>| {
            if let Some(place) = self.stretch.column(at).and_then(|column| marks.get_mut(column)) {
                *place = Some(place.flatten().max(level));
            }
        };
        for finding in view.snapshot.findings.iter().filter(|finding| story::is_problem(finding)) {
            mark(finding.first_seen, Some(finding.level));
        }
        if let Past::Known(told) = view.past {
            for event in &told.events {
                mark(event.at, (event.change == Change::Opened).then_some(Level::Alert));
            }
        }
        let place = pen.take(1);
        if place.height == 0 || marks.iter().all(Option::is_none) {
            return;
        }
        put(pen.buf(), place.x, place.y, &Line::styled("  Events", view.theme.text), NAME);
        for (column, level) in marks.iter().enumerate() {
            let Some(level) = level else { continue };
            let look = level.map_or(view.theme.muted, |level| view.theme.level(level));
            let sign = view.glyphs.level(level.unwrap_or(Level::Info));
            // One column holds one character of it.
            let sign = sign.get(..1).filter(|_| view.glyphs.ascii).unwrap_or(sign);
            put(pen.buf(), place.x + NAME + column as u16, place.y, &Line::styled(sign, look), 1);
        }
    }

    /// Draws a curve with its value at the cursor, and its extreme or what the cursor's column holds.
    pub(super) fn curve(&self, pen: &mut Pen<'_>, curve: &Curve, view: &View<'_>) {
        let cells = columns(view.past, view.trend, curve.metric, self.stretch, view.snapshot.interval_s);
        let most = cells.iter().flatten().map(|seen| seen.most).fold(0.0, f64::max);
        let least = cells.iter().flatten().map(|seen| seen.least).reduce(f64::min);
        let top = curve.top.unwrap_or(most);
        let chosen = self.cursor.and_then(|at| cells.get(self.stretch.column(at)?).copied().flatten());
        let now = match self.cursor {
            Some(_) => chosen.map(|seen| if curve.low_matters() { seen.least } else { seen.mean }),
            None => view.trend.values(curve.metric, 1).first().copied().flatten(),
        };
        let now = now.map_or("?".to_owned(), curve.write);
        let place = pen.take(1);
        if place.height == 0 {
            return;
        }
        let head = Line::from(vec![
            Span::raw(format!("  {:<10}", curve.name)),
            Span::styled(format!("{now:>6} "), view.theme.strong),
        ]);
        put(pen.buf(), place.x, place.y, &head, NAME);
        for (at, seen) in cells.iter().enumerate() {
            let Some(seen) = seen else { continue };
            let value = curve.value(seen);
            let share = if top > 0.0 { value / top } else { 0.0 };
            let look = match curve.metric {
                Metric::Score if value < 50.0 => view.theme.graph_top,
                Metric::Score if value < 70.0 => view.theme.graph_high,
                Metric::CpuUsedPct | Metric::MemoryUsedPct => view.theme.share(share),
                _ => view.theme.graph,
            };
            let bar = Line::styled(view.glyphs.bar(share), look);
            put(pen.buf(), place.x + NAME + at as u16, place.y, &bar, 1);
        }
        let write = curve.write;
        let end = match (chosen, least) {
            // What one column hides: its least and its most.
            (Some(seen), _) if seen.least < seen.most => {
                format!("{}..{}", bare(&write(seen.least)), write(seen.most))
            }
            (_, None) => "no record".to_owned(),
            (_, Some(least)) if curve.low_matters() => format!("min {}", write(least)),
            (_, Some(_)) => format!("max {}", write(most)),
        };
        let x = place.x + NAME + self.stretch.columns as u16 + 1;
        put(pen.buf(), x, place.y, &Line::styled(end, view.theme.muted), AFTER - 1);
    }
}

/// A figure without its unit, where the same unit follows.
fn bare(words: &str) -> &str {
    words.trim_end_matches(" %").trim_end_matches("/s")
}
