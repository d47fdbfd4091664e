//! The blocks under the verdict: what cannot be seen, the machine, who is busy, who is knocking, the events.

use super::first;
use crate::model::{Level, SensorState, SourceState};
use crate::text;
use crate::tui::page::{Room, View};
use crate::tui::pages::{events, machine};
use crate::tui::widgets::pen::{Pen, put};
use crate::tui::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The sensors that do not see everything, one line each: what, and the command that mends it.
fn blind_lines(view: &View<'_>, width: u16, most: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let mut blind: Vec<_> =
        view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).collect();
    blind.sort_by_key(|sensor| (std::cmp::Reverse(sensor.state), sensor.fix.is_empty()));
    let hidden = if blind.len() > most { blind.len() - most.saturating_sub(1) } else { 0 };
    let mut before = String::new();
    let errors = view.snapshot.errors.iter().take(2);
    let mut lines: Vec<Line<'static>> = errors
        .map(|error| Line::styled(format!("  {} {error}", view.glyphs.level(Level::Warning)), theme.warning))
        .collect();
    for sensor in blind.iter().take(blind.len() - hidden) {
        let command = words::command(&sensor.fix);
        let shown = if command == before && !command.is_empty() {
            "the same command".to_owned()
        } else {
            command.clone()
        };
        before = command;
        let fix = if shown.is_empty() { String::new() } else { format!("  fix  {shown} ") };
        let room = usize::from(width).saturating_sub(4 + text::width(&fix));
        let says = text::fit(&words::sensor(sensor), room);
        let pad = " ".repeat(room.saturating_sub(text::width(&says)));
        lines.push(Line::from(vec![
            Span::styled(format!("  {} ", view.glyphs.blind), theme.blind),
            Span::raw(format!("{says}{pad}")),
            Span::styled(fix, theme.command),
        ]));
    }
    if hidden > 0 {
        lines.push(Line::styled(format!("    + {hidden} more: press C"), theme.muted));
    }
    lines
}

/// Draws the machine in two lines of two columns.
pub(super) fn machine_block(pen: &mut Pen<'_>, view: &View<'_>) {
    let system = &view.snapshot.readings.system;
    let half = pen.width() / 2;
    let curve = if view.room >= Room::Wide { 18 } else { 12 };
    let mut right = machine::disks(system, view, 10);
    right.truncate(1);
    right.push(machine::network(view, 10));
    for (left, right) in
        [machine::cpu(system, view, curve), machine::memory(system, view, curve)].iter().zip(right)
    {
        let area = pen.take(1);
        put(pen.buf(), area.x, area.y, left, half);
        put(pen.buf(), area.x + half, area.y, &right, area.width - half);
    }
}

/// The machine in one short line: `CPU 12%  Mem 46%  / 78%  load 0.42`.
pub(super) fn short_machine(view: &View<'_>) -> Line<'static> {
    let system = &view.snapshot.readings.system;
    let pct = |value: Option<f64>| value.map_or("?".to_owned(), |value| format!("{value:.0}%"));
    let fullest = system.disks.as_ref().and_then(|disks| {
        disks
            .iter()
            .max_by(|a, b| a.used_pct.total_cmp(&b.used_pct))
            .map(|disk| (disk.mount.clone(), disk.used_pct))
    });
    let disk =
        fullest.map_or(String::new(), |(mount, used)| format!("  {} {used:.0}%", text::fit(&mount, 10)));
    Line::from(format!(
        "CPU {}  Mem {}{disk}  load {}",
        pct(system.cpu.as_ref().and_then(|cpu| cpu.used_pct)),
        pct(system.memory.map(|memory| memory.used_pct)),
        system.load.map_or("?".to_owned(), |load| format!("{:.2}", load.one_min)),
    ))
}

/// Draws what cannot be seen; nothing when all is.
pub(super) fn blind_block(pen: &mut Pen<'_>, view: &View<'_>, most: usize) {
    let lines = blind_lines(view, pen.width(), most);
    if !lines.is_empty() {
        pen.rule("CANNOT SEE", view);
        for line in lines {
            pen.line(line);
        }
    }
}

/// Draws the latest events to the end of the area, the one that `selected` finds marked; answers where which was
/// drawn.
pub(super) fn events_block(
    pen: &mut Pen<'_>,
    view: &View<'_>,
    long: bool,
    selected: impl Fn(&[events::Event]) -> Option<usize>,
) -> Vec<(Rect, events::Event)> {
    // Where there is room, the bill says it at length.
    let first_run = first::is_on(view) && view.room < Room::Wide;
    pen.rule("LATEST EVENTS", view);
    if first_run && pen.left() > 4 {
        let says = "  First run: I know how this machine looks now; what is normal for it takes about a day.";
        pen.line(Line::styled(says, view.theme.muted));
    }
    let events = events::latest(view.snapshot, view.min_level, usize::from(pen.left()));
    if events.is_empty() {
        let says = if view.snapshot.sign_ins.is_some() {
            "  Nothing happened."
        } else {
            "  I cannot see sign-ins: press 4."
        };
        pen.line(Line::styled(says, view.theme.muted));
    }
    let selected = selected(&events);
    let mut drawn = Vec::with_capacity(events.len());
    for (at, event) in events.into_iter().enumerate() {
        let place = pen.take(1);
        put(pen.buf(), place.x, place.y, &events::line(&event, view, long), place.width);
        if selected == Some(at) {
            mark(pen.buf(), place, view);
        }
        drawn.push((place, event));
    }
    drawn
}

/// Shows that a line is the selected one.
pub(super) fn mark(buf: &mut Buffer, place: Rect, view: &View<'_>) {
    if place.height > 0 {
        buf.set_style(place, view.theme.selected);
        put(buf, place.x, place.y, &Line::styled(view.glyphs.cursor, view.theme.strong), 1);
    }
}

/// Draws the processes that take the most of the processor.
pub(super) fn busiest_block(pen: &mut Pen<'_>, view: &View<'_>, most: u16) {
    pen.rule("BUSIEST", view);
    let Some(processes) = &view.snapshot.readings.processes else {
        pen.line(Line::styled("  I cannot see processes: press 2.", view.theme.blind));
        return;
    };
    let mut busiest: Vec<_> = processes.iter().filter(|process| !process.program.kernel_thread).collect();
    busiest.sort_by(|a, b| b.cpu_pct.unwrap_or(0.0).total_cmp(&a.cpu_pct.unwrap_or(0.0)));
    for process in busiest.into_iter().take(usize::from(most)) {
        let cpu = process.cpu_pct.map_or("?".to_owned(), |pct| format!("{pct:.1}"));
        let user = process.program.user.as_deref().unwrap_or("?");
        let look = if process.program.own { view.theme.you } else { view.theme.text };
        pen.line(Line::from(vec![
            Span::styled(format!("  {cpu:>6} % "), view.theme.strong),
            Span::styled(
                format!("{:>6}  {:<9} ", text::bytes(process.rss_bytes as f64), text::fit(user, 9)),
                view.theme.muted,
            ),
            Span::styled(process.command(), look),
        ]));
    }
}

/// Draws the addresses that tried most; nothing when sign-ins cannot be seen or nobody tried.
pub(super) fn knocking_block(pen: &mut Pen<'_>, view: &View<'_>) {
    let Some(sign_ins) = view.snapshot.sign_ins.as_ref().filter(|sign_ins| !sign_ins.sources.is_empty())
    else {
        return;
    };
    pen.rule("WHO IS KNOCKING", view);
    for source in sign_ins.sources.iter().take(usize::from(pen.left())) {
        let names =
            source.names.iter().take(3).map(std::convert::AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let (state, look) = match source.state {
            SourceState::Open => ("", view.theme.text),
            SourceState::Banned => ("banned", view.theme.ok),
            SourceState::GotIn => ("GOT IN", view.theme.alert),
            SourceState::Yours => ("you", view.theme.you),
        };
        pen.line(Line::from(vec![
            Span::styled(format!("  {:>6} ", text::count(source.tries)), view.theme.strong),
            Span::styled(format!("{:<24} ", text::fit(&source.address, 24)), view.theme.text),
            Span::styled(format!("{state:<7}"), look),
            Span::styled(names, view.theme.muted),
        ]));
    }
}
