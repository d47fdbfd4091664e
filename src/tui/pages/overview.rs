//! The verdict, why, what cannot be seen and how to mend that, and only then the machine and the events.

use super::{events, machine};
use crate::model::{Band, Deduction, Finding, Level, Metric, SensorState, Status};
use crate::text;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, View};
use crate::tui::past::{Stretch, columns};
use crate::tui::widgets::digits::big;
use crate::tui::widgets::graph::spark;
use crate::tui::widgets::pen::{Pen, put, sides};
use crate::tui::{chrome, glyphs, story, words};
use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Beats during which the screen says that it does not know yet what is normal here.
const FIRST_BEATS: u64 = 30;

/// The page: which row of the bill is selected.
#[derive(Default)]
pub struct Overview {
    selected: usize,
}

/// The rows of the bill that are shown.
fn rows<'a>(view: &View<'a>) -> Vec<(&'a Deduction, Option<&'a Finding>)> {
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

const fn band_look(view: &View<'_>) -> Style {
    match view.snapshot.score.band {
        Band::Normal => view.theme.ok,
        Band::Minor => view.theme.strong,
        Band::SomethingOff => view.theme.warning,
        Band::Serious => view.theme.alert,
    }
}

/// The score in big digits, what it asks for, and how it moved.
fn verdict(buf: &mut Buffer, area: Rect, view: &View<'_>) {
    let mut pen = Pen::new(buf, area);
    let snapshot = view.snapshot;
    let look = band_look(view);
    let roomy = area.height >= 9;
    if roomy {
        pen.line(Line::styled("  SECURITY SCORE", view.theme.title));
        pen.skip(1);
    }
    let word = words::band(snapshot.score.band);
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
        let beside_word = if roomy { (word, "") } else { ("", word) };
        pen.line(Line::from(vec![
            Span::styled(format!("{left}{mark} {first}"), look),
            Span::styled(beside, view.theme.muted),
            Span::styled(beside_word.0, look),
        ]));
        pen.line(Line::from(vec![
            Span::styled(format!("{left}  {second} "), look),
            Span::styled(beside_word.1, look),
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
        let day: Vec<Option<f64>> = columns(view.day, view.trend, Metric::Score, stretch)
            .into_iter()
            .map(|cell| cell.map(|cell| cell.min))
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

impl Overview {
    /// Draws the bill; with `lines` 2 each row has its reason under it.
    fn bill(&self, buf: &mut Buffer, area: Rect, view: &View<'_>, titled: bool) {
        let theme = view.theme;
        let mut pen = Pen::new(buf, area);
        let rows = rows(view);
        if titled {
            pen.sides(
                Line::styled("WHY IT IS NOT 100", theme.title),
                Line::styled(if rows.is_empty() { "" } else { "points " }, theme.muted),
            );
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
        let skip = (self.selected + 1).saturating_sub(visible.max(1));
        for (at, (row, finding)) in rows.iter().enumerate().skip(skip).take(visible) {
            let level = finding.map_or(Level::Info, |finding| finding.level);
            let look = theme.level(level);
            let word =
                if view.room >= Room::Wide { format!(" {} ", glyphs::word(level)) } else { " ".to_owned() };
            let line = pen.take(1);
            let left = Line::from(vec![
                Span::styled(format!("{}{word}", view.glyphs.level(level)), look),
                Span::styled(row.title.to_string(), if level == Level::Info { theme.text } else { look }),
            ]);
            sides(pen.buf(), line, &left, &Line::styled(format!("-{} ", row.points), theme.strong));
            if at == self.selected && view.room > Room::Narrow {
                pen.buf().set_style(line, theme.selected);
                if line.x > 0 {
                    put(pen.buf(), line.x - 1, line.y, &Line::styled(view.glyphs.cursor, theme.strong), 1);
                }
            }
            if tall {
                let why = finding.map_or(String::new(), |finding| finding.why.to_string());
                let back = row.recovers.map_or(String::new(), |(at, points)| {
                    format!("  +{points} by {}", words::when(at, view.now, view.zone))
                });
                pen.line(Line::styled(format!("        {why}{back}"), theme.muted));
            }
        }
        for line in passed {
            pen.line(line);
        }
    }

    /// What to open for the selected row.
    fn selected<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        rows(view).get(self.selected).and_then(|(_, finding)| *finding)
    }
}

/// The calm lines under the bill: risks accepted, checks passed.
fn passed(view: &View<'_>) -> Vec<Line<'static>> {
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

/// The sensors that do not see everything, one line each: what, and the command that mends it.
fn blind_lines(view: &View<'_>, width: u16, most: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let mut blind: Vec<_> =
        view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).collect();
    blind.sort_by_key(|sensor| (std::cmp::Reverse(sensor.state), sensor.fix.is_empty()));
    let hidden = if blind.len() > most { blind.len() - most.saturating_sub(1) } else { 0 };
    let mut before = String::new();
    let mut lines: Vec<Line<'static>> = Vec::new();
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

fn machine_block(pen: &mut Pen<'_>, view: &View<'_>) {
    let system = &view.snapshot.readings.system;
    let half = pen.width() / 2;
    let curve = if view.room >= Room::Wide { 20 } else { 12 };
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

impl Overview {
    fn draw_full(&self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let left = Rect { width: 36, height: 13.min(area.height), ..area };
        let bill_x = area.x + 38;
        let bill_width = (area.width - 38) * 55 / 100;
        verdict(buf, left, view);
        let bill = Rect { x: bill_x, width: bill_width, height: left.height, ..area };
        self.bill(buf, bill, view, true);
        let right =
            Rect { x: bill.right() + 2, width: area.right() - bill.right() - 2, height: left.height, ..area };
        let mut pen = Pen::new(buf, right);
        pen.line(Line::styled("  MACHINE", view.theme.title));
        for line in machine::lines(view, 20) {
            pen.line(line);
        }
        let rest = Rect { y: area.y + left.height, height: area.height - left.height, ..area };
        let mut pen = Pen::new(buf, rest);
        blind_block(&mut pen, view, 8);
        events_block(&mut pen, view, true);
    }

    fn draw_stacked(&self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let wide = view.room >= Room::Wide;
        let blind = view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).count();
        // What is left for the bill after the machine, a few events, and what cannot be seen.
        let below = 3 + 4 + if blind > 0 { 1 + blind.min(3) as u16 } else { 0 };
        let wanted = if wide { 12 } else { rows(view).len() as u16 + passed(view).len() as u16 };
        let head = wanted.clamp(5, area.height.saturating_sub(below).max(5)).min(area.height);
        let left = if wide { 36 } else { 22 };
        verdict(buf, Rect { width: left.min(area.width), height: head, ..area }, view);
        let bill =
            Rect { x: area.x + left + 1, width: area.width.saturating_sub(left + 1), height: head, ..area };
        self.bill(buf, bill, view, wide);
        let rest = Rect { y: area.y + head, height: area.height - head, ..area };
        let mut pen = Pen::new(buf, rest);
        blind_block(&mut pen, view, 3);
        pen.rule("MACHINE", view);
        machine_block(&mut pen, view);
        events_block(&mut pen, view, wide);
    }
}

/// One column: score in the header, the worst rows, one line of the machine, events.
fn draw_narrow(buf: &mut Buffer, area: Rect, view: &View<'_>) {
    let mut pen = Pen::new(buf, area);
    let theme = view.theme;
    let rows = rows(view);
    let most = usize::from(area.height.saturating_sub(3)).clamp(1, 5);
    for (row, finding) in rows.iter().take(most) {
        let level = finding.map_or(Level::Info, |finding| finding.level);
        let look = theme.level(level);
        pen.line(Line::from(vec![
            Span::styled(format!("{} ", view.glyphs.level(level)), look),
            Span::styled(format!("{:>3} ", -i16::from(row.points)), theme.strong),
            Span::styled(row.title.to_string(), look),
        ]));
    }
    if rows.is_empty() {
        pen.line(Line::styled("Nothing that I can see is wrong.", theme.ok));
    }
    pen.line(short_machine(view));
    for event in events::latest(view.snapshot, view.min_level, usize::from(pen.left())) {
        let when = words::when(event.at, view.now, view.zone);
        pen.line(Line::from(vec![
            Span::styled(format!("{} ", when.get(..5).unwrap_or(&when)), theme.muted),
            Span::styled(format!("{} ", view.glyphs.level(event.level)), theme.level(event.level)),
            Span::raw(event.words),
        ]));
    }
}

/// The machine in one short line: `CPU 12%  Mem 46%  / 78%  load 0.42`.
pub fn short_machine(view: &View<'_>) -> Line<'static> {
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

fn blind_block(pen: &mut Pen<'_>, view: &View<'_>, most: usize) {
    let lines = blind_lines(view, pen.width(), most);
    if !lines.is_empty() {
        pen.rule("CANNOT SEE", view);
        for line in lines {
            pen.line(line);
        }
    }
}

fn events_block(pen: &mut Pen<'_>, view: &View<'_>, long: bool) {
    let first_run = view.snapshot.seq < FIRST_BEATS;
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
    for event in events {
        pen.line(events::line(&event, view, long));
    }
}

impl Page for Overview {
    fn hear(&mut self, view: &View<'_>) {
        self.selected = self.selected.min(rows(view).len().saturating_sub(1));
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        match view.room {
            Room::Full => self.draw_full(buf, area, view),
            Room::Wide | Room::Standard | Room::Small => self.draw_stacked(buf, area, view),
            Room::Narrow | Room::Tiny => draw_narrow(buf, area, view),
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        let last = rows(view).len().saturating_sub(1);
        match action {
            Action::Up | Action::HalfUp => self.selected = self.selected.saturating_sub(1),
            Action::Down | Action::HalfDown => self.selected = (self.selected + 1).min(last),
            Action::PageUp | Action::First => self.selected = 0,
            Action::PageDown | Action::Last => self.selected = last,
            Action::Open => {
                return Some(self.selected(view).map_or_else(
                    || Answer::Sheet(story::bill(view.snapshot, view)),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::Explain => return Some(Answer::Sheet(story::bill(view.snapshot, view))),
            Action::Copy => {
                let title = self.selected(view).map(|finding| finding.title.to_string());
                return Some(Answer::Copy(title.unwrap_or_else(|| story::value(view.snapshot, view))));
            }
            Action::CopyFix => {
                let sensor = view.snapshot.sensors.iter().find(|sensor| !sensor.fix.is_empty());
                let fix = self
                    .selected(view)
                    .and_then(words::fix)
                    .or(sensor.map(|sensor| words::command(&sensor.fix)));
                return Some(fix.map_or_else(|| Answer::Say("no command mends this".into()), Answer::Copy));
            }
            _ => return None,
        }
        Some(Answer::Done)
    }

    fn select(&mut self, finding: &Finding, view: &View<'_>) -> bool {
        let place = rows(view).iter().position(|(row, _)| row.finding.as_ref() == Some(&finding.id));
        self.selected = place.unwrap_or(self.selected);
        place.is_some()
    }
}
