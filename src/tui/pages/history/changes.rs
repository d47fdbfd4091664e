//! What changed around the cursor: alerts of the record, what began then and is still open, jumps of the numbers,
//! and the times when nothing was recorded.

use super::curves::{CURVES, Curve};
use crate::model::{Level, Metric, Span as Seen};
use crate::outputs::journal::Change as Turn;
use crate::text;
use crate::tui::page::View;
use crate::tui::past::{Past, Stretch, columns};
use crate::tui::widgets::pen::Pen;
use crate::tui::{story, words};
use chrono::{DateTime, TimeDelta, Utc};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A pause that is shorter is none, whatever the interval.
const PAUSE: TimeDelta = TimeDelta::minutes(2);

/// Something that changed.
struct Change {
    at: DateTime<Utc>,
    sign: &'static str,
    look: Style,
    words: String,
    points: u16,
}

/// Writes what changed near the cursor, or lately.
pub(super) fn draw(pen: &mut Pen<'_>, cursor: Option<DateTime<Utc>>, stretch: Stretch, view: &View<'_>) {
    let span = stretch.to - stretch.from;
    let (middle, reach) = match cursor {
        Some(moment) => (moment, (span / 12).max(TimeDelta::minutes(10))),
        None => (view.present, span),
    };
    let title = match cursor {
        Some(at) => format!("WHAT CHANGED AROUND {}", words::when_long(at, view.present, view.zone)),
        None => "WHAT CHANGED LATELY".to_owned(),
    };
    pen.rule(&title, view);
    let mut changes = alerts(view);
    changes.extend(begun(view));
    changes.extend(CURVES.iter().filter_map(|curve| jump(curve, (middle, reach), stretch, view)));
    changes.extend(pauses(stretch, view));
    changes.retain(|change| (change.at - middle).abs() <= reach);
    if changes.is_empty() {
        pen.line(Line::styled("  Nothing that the record knows of.", view.theme.muted));
    }
    // The nearest in time when there is not room for all, then in order.
    changes.sort_by_key(|change| (change.at - middle).abs());
    changes.truncate(usize::from(pen.left()));
    changes.sort_by_key(|change| change.at);
    for change in changes {
        let when = words::when(change.at, view.present, view.zone);
        let left = Line::from(vec![
            Span::styled(format!("  {when:<11}"), view.theme.muted),
            Span::styled(format!("{} {}", change.sign, change.words), change.look),
        ]);
        let right = if change.points > 0 { format!("-{} points ", change.points) } else { String::new() };
        pen.sides(left, Line::styled(right, view.theme.strong));
    }
}

/// Alerts as they opened, changed and closed.
fn alerts(view: &View<'_>) -> Vec<Change> {
    let Past::Known(told) = view.past else { return Vec::new() };
    let change = |event: &crate::outputs::journal::AlertEvent| {
        let (look, before) = match event.change {
            Turn::Opened => (view.theme.level(Level::Alert), ""),
            Turn::Changed => (view.theme.text, "changed: "),
            Turn::Closed => (view.theme.muted, "closed: "),
        };
        let sign = view.glyphs.level(if event.change == Turn::Opened { Level::Alert } else { Level::Info });
        let points = event.id.as_ref().filter(|_| event.change == Turn::Opened);
        let points = points.map_or(0, |id| story::points(view.snapshot, id));
        Change { at: event.at, sign, look, words: format!("{before}{}", event.title), points }
    };
    told.events.iter().map(change).collect()
}

/// What is open in the beat that is shown and is not among the alerts already.
fn begun(view: &View<'_>) -> Vec<Change> {
    let told = |id| match view.past {
        Past::Known(told) => told.events.iter().any(|event| event.id.as_ref() == Some(id)),
        _ => false,
    };
    let open = view.snapshot.open().filter(|finding| !told(&finding.id));
    open.map(|finding| Change {
        at: finding.first_seen,
        sign: view.glyphs.level(finding.level),
        look: view.theme.level(finding.level),
        words: finding.title.to_string(),
        points: story::points(view.snapshot, &finding.id),
    })
    .collect()
}

/// The greatest jump of a number between two columns near a moment, if it is one.
fn jump(
    curve: &Curve,
    (middle, reach): (DateTime<Utc>, TimeDelta),
    stretch: Stretch,
    view: &View<'_>,
) -> Option<Change> {
    let cells = columns(view.past, view.trend, curve.metric, stretch, view.snapshot.interval_s);
    let value = |seen: &Seen| if curve.metric == Metric::Score { seen.least } else { seen.mean };
    let mut seen = cells.iter().enumerate().filter_map(|(place, seen)| Some((place, value(seen.as_ref()?))));
    let (mut before, mut greatest) = (seen.next()?.1, None);
    for (place, now) in seen {
        let at = stretch.from + stretch.step() * place as i32;
        let size = (now - before).abs();
        if (at - middle).abs() <= reach
            && is_jump(curve.metric, before, now)
            && greatest.is_none_or(|(_, _, _, most)| size > most)
        {
            greatest = Some((at, before, now, size));
        }
        before = now;
    }
    let (at, before, now, _) = greatest?;
    Some(Change {
        at,
        sign: view.glyphs.level(Level::Info),
        look: view.theme.text,
        words: format!("{} {} to {}", curve.name, (curve.write)(before), (curve.write)(now)),
        points: 0,
    })
}

/// Whether a step of a number is worth a line.
fn is_jump(metric: Metric, before: f64, now: f64) -> bool {
    let (least, most) = (before.min(now), before.max(now));
    let step = most - least;
    match metric {
        Metric::Score => step >= 1.0,
        Metric::CpuUsedPct => step >= 25.0,
        Metric::MemoryUsedPct => step >= 10.0,
        Metric::CpuLoad => step >= 1.0 && most >= 2.0 * least,
        Metric::EstablishedConnections => step >= 20.0 && most >= 1.5 * least,
        Metric::FailedLogins => step >= 50.0 && most >= 1.5 * least,
        Metric::NetRxBytesPerS | Metric::NetTxBytesPerS => step >= 1e6 && most >= 4.0 * least,
    }
}

/// The times when nothing was recorded, between two columns in which something was.
fn pauses(stretch: Stretch, view: &View<'_>) -> Vec<Change> {
    let cells = columns(view.past, view.trend, Metric::Score, stretch, view.snapshot.interval_s);
    let mut seen = cells.iter().enumerate().filter(|(_, seen)| seen.is_some()).map(|(place, _)| place);
    let Some(mut before) = seen.next() else { return Vec::new() };
    let mut pauses = Vec::new();
    for place in seen {
        let length = stretch.step() * (place - before - 1) as i32;
        if length >= PAUSE {
            pauses.push(Change {
                at: stretch.from + stretch.step() * (before + 1) as i32,
                sign: view.glyphs.blind,
                look: view.theme.blind,
                words: format!("nothing recorded for {}", text::age_long(length.num_seconds() as f64)),
                points: 0,
            });
        }
        before = place;
    }
    pauses
}
