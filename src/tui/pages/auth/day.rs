//! The last 24 hours in four lines; and when nothing can be seen, why not and what helps.

use crate::model::{Level, SensorState, SignIns};
use crate::text;
use crate::tui::page::{Room, View};
use crate::tui::widgets::graph::{spark, top};
use crate::tui::widgets::prose::Para;
use crate::tui::{story, words};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The four lines that say how the day was.
pub(super) fn day(sign_ins: &SignIns, view: &View<'_>) -> Vec<Line<'static>> {
    let theme = view.theme;
    let curve = |pick: fn(&crate::model::HourCounts) -> u64| {
        let hours: Vec<Option<f64>> = sign_ins.hours.iter().map(|hour| Some(pick(hour) as f64)).collect();
        let high = top(&hours);
        if high > 0.0 { spark(&hours, high, 24, view.glyphs) } else { " ".repeat(24) }
    };
    let line = |word: &str, count: u64, curve: String, says: String, look: Style| {
        Line::from(vec![
            Span::styled(format!("   {word:<9}"), theme.muted),
            Span::styled(format!("{:>7}  ", text::count(count)), theme.strong),
            Span::styled(curve, theme.graph),
            Span::styled(format!("  {says}"), look),
        ])
    };
    let is_short = view.room < Room::Wide;
    let from_own = match sign_ins.failed_existing_24h {
        0 if is_short => "none for a name here".to_owned(),
        some if is_short => format!("{} for names here", text::count(some)),
        0 => "no name of this machine was tried".to_owned(),
        some => format!("{} with a name that exists here", text::count(some)),
    };
    let failed = match sign_ins.failed_24h {
        0 => "nobody failed".to_owned(),
        _ => format!("from {}; {from_own}", plural_addresses(sign_ins.failed_sources_24h)),
    };
    let refused = match sign_ins.sudo_denied_24h {
        0 => (format!("{} {}", view.glyphs.ok, "none refused"), theme.ok),
        some => {
            (format!("{} {} refused", view.glyphs.level(Level::Warning), text::count(some)), theme.warning)
        }
    };
    let mut lines = vec![
        line("accepted", sign_ins.accepted_24h, curve(|hour| hour.accepted), String::new(), theme.text),
        line("failed", sign_ins.failed_24h, curve(|hour| hour.failed), failed, theme.text),
        line("sudo", sign_ins.sudo_24h, curve(|hour| hour.sudo), refused.0, refused.1),
    ];
    if sign_ins.probes_24h > 0 {
        let says = "connections that left before a sign-in".to_owned();
        lines.push(line("probes", sign_ins.probes_24h, " ".repeat(24), says, theme.muted));
    }
    lines
}

/// `1 address`, `212 addresses`.
pub(super) fn plural_addresses(count: u64) -> String {
    if count == 1 { "1 address".to_owned() } else { format!("{} addresses", text::count(count)) }
}

/// What to say when sign-ins cannot be seen: where it looked, what happened, what helps.
pub(super) fn blind(view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let value = story::value(view.snapshot, view);
    let mut body = vec![
        Para::new("SIGN-INS: I CANNOT SEE THEM", theme.blind),
        Para::empty(),
        Para::new(
            format!(
                "This is not \"no failed logins\". Nothing on this page is known, and the score is shown as {value}."
            ),
            theme.text,
        ),
        Para::empty(),
    ];
    let sensors = view.snapshot.sensors.iter();
    let auth: Vec<_> =
        sensors.filter(|sensor| sensor.id.starts_with("auth") && sensor.state != SensorState::Ok).collect();
    for sensor in &auth {
        if let Some(says) = &sensor.says {
            body.push(Para::new(says.as_str(), theme.text));
        }
        if !sensor.looked.is_empty() {
            body.push(Para::empty());
            body.push(Para::new("WHERE I LOOKED, AND WHAT HAPPENED", theme.title));
            let widest =
                sensor.looked.iter().map(|place| text::width(&place.place)).max().unwrap_or(0).min(36);
            for (at, place) in sensor.looked.iter().enumerate() {
                let name = text::fit(&place.place, widest);
                let pad = " ".repeat(widest - text::width(&name));
                body.push(Para::new(format!(" {}  {name}{pad}   {}", at + 1, place.result), theme.text));
            }
        }
        if !sensor.fix.is_empty() || !sensor.alternatives.is_empty() {
            body.push(Para::empty());
            body.push(Para::new("WHAT HELPS HERE", theme.title));
        }
        if !sensor.fix.is_empty() {
            let command = format!(" {} {}", view.glyphs.pointer, words::command(&sensor.fix));
            body.push(Para::new(command, theme.command).one_line());
        }
        for other in &sensor.alternatives {
            let or = if sensor.fix.is_empty() { "" } else { "or: " };
            body.push(Para::new(format!("{or}{}", other.text), theme.text).indent(3));
            if !other.argv.is_empty() {
                body.push(Para::new(words::command(&other.argv), theme.command).indent(3).one_line());
            }
        }
    }
    if auth.is_empty() {
        body.push(Para::new("No sensor for sign-ins has spoken yet.", theme.text));
    }
    body.push(Para::empty());
    body.push(Para::new(
        "A new group starts with a new login, also inside tmux and screen. Then press r here.",
        theme.muted,
    ));
    body
}
