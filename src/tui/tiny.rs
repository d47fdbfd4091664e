//! The smallest screens: the verdict, the worst finding, the machine, the clock. Never an error page.

use super::chrome::{Mode, change};
use super::page::View;
use super::story;
use super::widgets::pen::Pen;
use crate::model::{Level, SensorState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Draws what fits, the most important first.
pub(super) fn draw(buf: &mut Buffer, area: Rect, view: &View<'_>, mode: Mode) {
    let theme = view.theme;
    let snapshot = view.snapshot;
    let mut pen = Pen::new(buf, area);
    let mut verdict =
        vec![Span::styled(story::value(snapshot, view), theme.header), Span::raw(change(snapshot, view))];
    for level in [Level::Alert, Level::Warning] {
        let count = snapshot.count(level);
        if count > 0 {
            verdict.push(Span::styled(format!(" {}{count}", view.glyphs.level(level)), theme.level(level)));
        }
    }
    let blind = snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).count();
    if blind > 0 {
        verdict.push(Span::styled(format!(" {}{blind}", view.glyphs.blind), theme.blind));
    }
    pen.line(Line::from(verdict));
    // Clock, machine and keys keep their lines; the findings get what is left.
    let worst = usize::from(pen.left().saturating_sub(3)).max(1);
    let open = snapshot.open().filter(|finding| finding.level >= view.min_level);
    for finding in open.take(worst) {
        pen.line(Line::styled(finding.title.to_string(), theme.level(finding.level)));
    }
    let system = &snapshot.readings.system;
    let pct = |value: Option<f64>| value.map_or("?".to_owned(), |value| format!("{value:.0}"));
    let disk =
        system.disks.as_ref().and_then(|disks| disks.iter().map(|disk| disk.used_pct).max_by(f64::total_cmp));
    pen.line(format!(
        "CPU{} M{} D{}",
        pct(system.cpu.as_ref().and_then(|cpu| cpu.used_pct)),
        pct(system.memory.map(|memory| memory.used_pct)),
        pct(disk),
    ));
    let clock = view.zone.at(snapshot.at).format("%H:%M").to_string();
    pen.line(Line::from(vec![
        Span::raw(format!("{clock} ")),
        Span::styled(mode.words(view), if mode == Mode::Live { theme.text } else { theme.chip }),
    ]));
    pen.line(Line::styled("? help q quit", theme.muted));
}
