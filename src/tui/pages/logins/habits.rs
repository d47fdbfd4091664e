//! Who normally comes in: from where, and at which hours.

use super::DAYS;
use super::rows::from;
use crate::model::{Login, LoginKind};
use crate::text;
use crate::tui::page::View;
use crate::tui::widgets::graph::{spark, top};
use crate::tui::widgets::pen::Pen;
use crate::tui::words;
use chrono::{TimeDelta, Timelike};
use ratatui::text::{Line, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What a person's logins have in common.
#[derive(Default)]
pub(super) struct Habit {
    addresses: BTreeSet<String>,
    hours: [u32; 24],
    last: Option<chrono::DateTime<chrono::Utc>>,
    logins: u64,
}

/// Who came in during the last days, most often first.
pub(super) fn habits(past: &[Login], view: &View<'_>) -> Vec<(String, Habit)> {
    let since = view.now - TimeDelta::days(DAYS);
    let mut habits: BTreeMap<String, Habit> = BTreeMap::new();
    for login in past.iter().filter(|login| login.kind == LoginKind::Login && login.at >= since) {
        let habit = habits.entry(login.user.to_string()).or_default();
        habit.addresses.insert(from(login));
        habit.hours[view.zone.at(login.at).hour() as usize % 24] += 1;
        habit.last = habit.last.max(Some(login.at));
        habit.logins += 1;
    }
    let mut habits: Vec<_> = habits.into_iter().collect();
    habits.sort_by_key(|(_, habit)| std::cmp::Reverse(habit.logins));
    habits
}

/// Draws them, a line each.
pub(super) fn draw_habits(pen: &mut Pen<'_>, past: &[Login], view: &View<'_>) {
    let theme = view.theme;
    pen.rule("WHO NORMALLY COMES IN", view);
    pen.line(Line::styled(
        "    USER       ADDRESSES                  0     6     12    18   23  LAST        LOGINS",
        theme.title,
    ));
    for (user, habit) in habits(past, view) {
        let first = habit.addresses.first().cloned().unwrap_or_default();
        let more = habit.addresses.len().saturating_sub(1);
        let addresses = if more > 0 { format!("{first} +{more}") } else { first };
        let hours: Vec<Option<f64>> = habit.hours.iter().map(|count| Some(f64::from(*count))).collect();
        let last = habit.last.map_or(String::new(), |at| words::when(at, view.now, view.zone));
        pen.line(Line::from(vec![
            Span::styled(format!("    {:<10} ", text::fit(&user, 10)), theme.strong),
            Span::raw(format!("{:<26} ", text::fit(&addresses, 26))),
            Span::styled(spark(&hours, top(&hours), 24, view.glyphs), theme.graph),
            Span::raw(format!("  {last:<11} {:>6}", text::count(habit.logins))),
        ]));
    }
}
