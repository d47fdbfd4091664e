//! The score in big digits, what it asks for, how it moved, and how far it can be trusted.

use crate::model::{Band, Metric, SensorState};
use crate::text;
use crate::tui::page::View;
use crate::tui::past::{Stretch, columns};
use crate::tui::widgets::digits::big;
use crate::tui::widgets::graph::spark;
use crate::tui::widgets::pen::Pen;
use crate::tui::{chrome, story, words};
use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const fn band_look(view: &View<'_>) -> Style {
    match view.snapshot.score.band {
        Band::Normal if view.snapshot.score.is_upper_bound => view.theme.blind,
        Band::Normal => view.theme.ok,
        Band::Minor => view.theme.strong,
        Band::SomethingOff => view.theme.warning,
        Band::Serious => view.theme.alert,
    }
}

/// Draws the verdict.
pub(super) fn draw(buf: &mut Buffer, area: Rect, view: &View<'_>) {
    let mut pen = Pen::new(buf, area);
    let snapshot = view.snapshot;
    let look = band_look(view);
    let roomy = area.width >= 30;
    if roomy {
        pen.line(Line::styled("  SECURITY SCORE", view.theme.title));
        pen.skip(1);
    }
    let (long, short) = words::verdict(&snapshot.score);
    let word = if roomy { long } else { short };
    if view.glyphs.ascii {
        pen.line(Line::from(vec![
            Span::styled(format!("    {} / 100  ", story::value(snapshot, view)), look),
            Span::styled(word, look),
        ]));
    } else {
        let mark = if snapshot.score.is_upper_bound { view.glyphs.at_most } else { " " };
        let beside = if roomy { "  / 100   " } else { " /100 " };
        let left = if roomy { "   " } else { " " };
        let [first, second, third] = big(snapshot.score.value);
        let head = format!("{left}{mark} {first}");
        // A long word stands beside the second row of the digits, where there is more room.
        let fits =
            [&head, beside, word].iter().map(|part| text::width(part)).sum::<usize>() < area.width.into();
        let (above, below) = if roomy && fits { (word, "") } else { ("", word) };
        pen.line(Line::from(vec![
            Span::styled(head, look),
            Span::styled(beside, view.theme.muted),
            Span::styled(above, look),
        ]));
        let gap = if roomy { "   " } else { " " };
        pen.line(Line::from(vec![
            Span::styled(format!("{left}  {second}{gap}"), look),
            Span::styled(below, look),
        ]));
        pen.line(Line::styled(format!("{left}  {third}"), look));
    }
    if roomy {
        pen.skip(1);
    }
    let change = chrome::change(snapshot, view);
    if let (false, Some(at)) = (change.is_empty(), snapshot.score.changed_at) {
        let since = words::when(at, view.now, view.zone);
        pen.line(format!(
            "   {change} since {}",
            since.get(..5).filter(|_| since.len() == 8).unwrap_or(&since)
        ));
    }
    if roomy {
        let stretch = Stretch { from: view.now - TimeDelta::hours(24), to: view.now, columns: 24 };
        let day: Vec<Option<f64>> =
            columns(view.day, view.trend, Metric::Score, stretch, snapshot.interval_s)
                .into_iter()
                .map(|seen| seen.map(|seen| seen.least))
                .collect();
        pen.line(Line::from(vec![
            Span::styled("    24 h ", view.theme.muted),
            Span::styled(spark(&day, 100.0, 24, view.glyphs), view.theme.graph),
        ]));
    }
    if snapshot.score.is_upper_bound && pen.left() >= 2 {
        let blind = snapshot.sensors.len() - snapshot.sensors_in(SensorState::Ok);
        let says = format!(
            "{} means: {} cannot see all, the true score may be lower.",
            view.glyphs.at_most,
            text::plural(blind as u64, "sensor")
        );
        pen.skip(u16::from(pen.left() > 2));
        for line in text::wrap(&says, usize::from(area.width).saturating_sub(4)) {
            pen.line(Line::styled(format!("  {line}"), view.theme.blind));
        }
    }
}
