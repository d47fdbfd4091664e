//! The first run: what is known already, and what cannot be known yet.

use crate::text;
use crate::tui::page::View;
use chrono::TimeDelta;
use ratatui::text::Line;
use std::collections::HashSet;

/// Beats after which the first run is over.
const BEATS: u64 = 30;

/// Days of logins that count as "lately".
const DAYS: i64 = 30;

/// True while nothing was learned yet.
pub(super) const fn is_on(view: &View<'_>) -> bool {
    view.snapshot.seq < BEATS
}

/// The facts that are known at once, and the promise for the rest.
pub(super) fn lines(view: &View<'_>, width: u16) -> Vec<Line<'static>> {
    let theme = view.theme;
    let readings = &view.snapshot.readings;
    let mut lines = vec![Line::styled("FIRST RUN", theme.title)];
    let says = "I know what this machine looks like now. What is normal for it takes about 24 hours: until then I report \
                facts and call nothing new.";
    lines.extend(text::wrap(says, usize::from(width)).into_iter().map(|line| Line::styled(line, theme.text)));
    let mut fact =
        |words: String| lines.push(Line::styled(format!("{} {words}", view.glyphs.ok), theme.muted));
    if let Some(sockets) = &readings.sockets {
        let doors = text::plural(sockets.listeners.len() as u64, "open door");
        fact(format!("{doors} recorded as the starting point"));
    }
    if let Some(past) = readings.logins.as_ref().and_then(|logins| logins.past.as_ref()) {
        let since = view.now - TimeDelta::days(DAYS);
        let people: HashSet<&str> =
            past.iter().filter(|login| login.at >= since).map(|login| login.user.as_str()).collect();
        let people = text::plural(people.len() as u64, "account");
        fact(format!("{people} seen in the logins of the last {DAYS} days"));
    }
    lines
}
