//! What stands around every page: the header, the tabs, the footer.
//!
//! The score, the counts, what cannot be seen and the mode are on every tab, and help and quit are never dropped.

use super::keymap::{Action, Keymap};
use super::page::{Room, Tab, View};
use super::story;
use super::widgets::pen::{put, sides, wash};
use super::words;
use crate::model::{Finding, Level, SensorState, Snapshot};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// What the picture is: now, held still, or too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The newest beat is shown.
    Live,
    /// Held still.
    Frozen,
    /// A moment of the past is shown.
    LookingBack,
    /// No beat came for this many seconds.
    Stale(u64),
}

impl Mode {
    /// The mode in words.
    pub fn words(self, view: &View<'_>) -> String {
        match self {
            Self::Live => format!("live {}s", view.snapshot.interval_s),
            Self::Frozen => " FROZEN ".to_owned(),
            Self::LookingBack => {
                format!(" LOOKING BACK {} ", words::when_exactly(view.now, view.present, view.zone))
            }
            Self::Stale(seconds) => format!(" NO NEWS FOR {} ", crate::text::age(seconds as f64)),
        }
    }
}

/// Draws the header line.
pub fn header(buf: &mut Buffer, area: Rect, view: &View<'_>, mode: Mode) {
    let theme = view.theme;
    wash(buf, area, theme.header);
    let snapshot = view.snapshot;
    let full = view.room >= Room::Wide;
    let on = |style: Style| theme.header.patch(Style { bg: None, ..style });
    let mut left: Vec<Span<'_>> = vec![Span::raw(" ")];
    if full {
        left.push(Span::styled("home-soc  ", on(theme.muted)));
    }
    if view.room > Room::Narrow || !snapshot.host.name.is_empty() {
        left.push(Span::raw(format!("{}  ", snapshot.host.name)));
    }
    if full {
        left.push(Span::raw(" score "));
    } else if view.room > Room::Narrow {
        left.push(Span::raw("score "));
    }
    left.push(Span::raw(story::value(snapshot, view)));
    left.push(Span::raw(change(snapshot, view)));
    left.push(Span::raw(if full { "   " } else { "  " }));
    for (level, word) in [(Level::Alert, "alert"), (Level::Warning, "warn")] {
        let count = snapshot.count(level);
        let style = if count > 0 { on(theme.level(level)) } else { on(theme.muted) };
        let word = if full { format!(" {word}") } else { String::new() };
        left.push(Span::styled(format!("{}{count}{word}", view.glyphs.level(level)), style));
        left.push(Span::raw("  "));
    }
    let (seeing, all) = (snapshot.sensors_in(SensorState::Ok), snapshot.sensors.len());
    let style = if seeing < all { on(theme.blind) } else { on(theme.muted) };
    if view.room > Room::Narrow {
        let word = if full { " sensors" } else { "see" };
        left.push(Span::styled(format!("{word} {seeing}/{all}"), style));
    } else if seeing < all {
        left.push(Span::styled(format!("{}{}", view.glyphs.blind, all - seeing), style));
    }
    let style = if mode == Mode::Live { theme.header } else { theme.chip };
    let clock = view.zone.at(if mode == Mode::LookingBack { view.present } else { snapshot.at });
    let clock = match view.room {
        Room::Full | Room::Wide => clock.format("   %a %H:%M:%S %:z ").to_string(),
        _ => clock.format("  %H:%M ").to_string(),
    };
    let mut right = vec![Span::raw(clock)];
    if view.room > Room::Narrow || mode != Mode::Live {
        right.insert(0, Span::styled(mode.words(view), style));
    }
    if view.redacted {
        right.insert(0, Span::styled(" REDACTED ", theme.chip));
    }
    sides(buf, area, &Line::from(left).style(theme.header), &Line::from(right).style(theme.header));
}

/// How far the score has moved since it last changed: `▼45`, `+12`.
pub fn change(snapshot: &Snapshot, view: &View<'_>) -> String {
    let score = &snapshot.score;
    match score.previous {
        Some(before) if before > score.value => format!(" {}{}", view.glyphs.down, before - score.value),
        Some(before) if before < score.value => format!(" +{}", score.value - before),
        _ => String::new(),
    }
}

/// Draws the tabs, each with its worst level, and the level from which rows are shown.
pub fn tabs(buf: &mut Buffer, area: Rect, view: &View<'_>, open: Tab) {
    let theme = view.theme;
    let spans: Vec<Span<'_>> = Tab::ALL.into_iter().flat_map(|tab| tab_words(tab, view, open)).collect();
    let from = match view.min_level {
        Level::Info => "info+",
        Level::Warning => "warning+",
        Level::Alert => "alert",
    };
    let style = if view.min_level == Level::Info { theme.muted } else { theme.chip };
    let left = Line::from(spans);
    let roomy = left.width() + "level: warning+ ".len() < usize::from(area.width);
    let word = if roomy { "level: " } else { "" };
    sides(buf, area, &left, &Line::styled(format!("{word}{from} "), style));
}

/// The words of one tab.
fn tab_words(tab: Tab, view: &View<'_>, open: Tab) -> Vec<Span<'static>> {
    let theme = view.theme;
    let name = if view.room >= Room::Wide { tab.title() } else { tab.short() };
    let (style, left, right) = if tab == open { (theme.tab, "[", "]") } else { (theme.text, " ", " ") };
    let mut spans = vec![Span::styled(format!("{left}{} {name}", tab as usize + 1), style)];
    if let Some((badge, look)) = badge(tab, view) {
        let look = if tab == open { theme.tab } else { look };
        spans.push(Span::styled(format!(" {badge}"), look));
    }
    spans.push(Span::styled(right, style));
    spans
}

/// The tab whose words stand at a column of the line of tabs.
pub fn tab_at(x: u16, view: &View<'_>, open: Tab) -> Option<Tab> {
    let mut end = 0;
    Tab::ALL.into_iter().find(|tab| {
        end += tab_words(*tab, view, open).iter().map(Span::width).sum::<usize>();
        usize::from(x) < end
    })
}

/// What a tab has to say: the worst level of its findings and how many, or that its sensor is blind.
fn badge(tab: Tab, view: &View<'_>) -> Option<(String, Style)> {
    let mine =
        |finding: &&Finding| story::is_problem(finding) && (tab == Tab::Findings || Tab::of(finding) == tab);
    let (count, worst) = view
        .snapshot
        .findings
        .iter()
        .filter(mine)
        .fold((0, Level::Info), |(count, worst), finding| (count + 1, finding.level.max(worst)));
    if tab == Tab::Auth && view.snapshot.sign_ins.is_none() && count == 0 {
        return Some((view.glyphs.blind.to_owned(), view.theme.blind));
    }
    match tab {
        Tab::Overview | Tab::Logins | Tab::History => None,
        _ if count == 0 => None,
        Tab::Findings => Some((count.to_string(), view.theme.level(worst))),
        _ => Some((format!("{}{count}", view.glyphs.level(worst)), view.theme.level(worst))),
    }
}

/// Draws the keys that work on this tab; `said` takes their place for a while.
pub fn footer(buf: &mut Buffer, area: Rect, view: &View<'_>, tab: Tab, keymap: &Keymap, said: Option<&str>) {
    let theme = view.theme;
    let help = hints(tab, keymap, |action| matches!(action, Action::Help | Action::Quit), view);
    let tail: Vec<Span<'_>> = if view.room <= Room::Narrow {
        vec![Span::styled("?", theme.key), Span::raw(" "), Span::styled("q", theme.key)]
    } else {
        help.into_iter().flat_map(|(spans, _)| spans).collect()
    };
    let mut tail = Line::from(tail);
    let room = usize::from(area.width).saturating_sub(tail.width() + 2);
    let mut left: Vec<Span<'_>> = vec![Span::raw(" ")];
    if let Some(said) = said {
        // What is said is said whole: an address without its end opens nothing.
        if crate::text::width(said) > room {
            tail = Line::default();
        }
        left.push(Span::styled(said.to_owned(), theme.strong));
    } else {
        let mut used = 1;
        for (spans, wide) in hints(tab, keymap, |action| !matches!(action, Action::Help | Action::Quit), view)
        {
            if used + wide <= room {
                used += wide;
                left.extend(spans);
            }
        }
    }
    sides(buf, area, &Line::from(left), &tail);
}

/// Keys with their words, from the one table: neighbours that share a word share it here.
fn hints<'v>(
    tab: Tab,
    keymap: &Keymap,
    wanted: impl Fn(Action) -> bool,
    view: &View<'v>,
) -> Vec<(Vec<Span<'v>>, usize)> {
    let mut hints: Vec<(String, &str)> = Vec::new();
    for (binding, keys) in keymap.on(tab).filter(|(binding, _)| wanted(binding.action)) {
        let (Some(word), Some(chord)) = (binding.footer, keys.first()) else { continue };
        let chord = chord.to_string();
        match hints.last_mut() {
            Some((keys, before)) if *before == word => {
                let arrows = chord.starts_with(['↑', '↓', '←', '→']);
                keys.push_str(if arrows { "" } else { " " });
                keys.push_str(&chord);
            }
            _ => hints.push((chord, word)),
        }
    }
    hints
        .into_iter()
        .map(|(keys, word)| {
            let spans = vec![Span::styled(keys, view.theme.key), Span::raw(format!(" {word}  "))];
            let wide = spans.iter().map(Span::width).sum();
            (spans, wide)
        })
        .collect()
}

/// Draws the frame of a popup and gives its inside.
pub fn popup(buf: &mut Buffer, area: Rect, title: &str, view: &View<'_>) -> Rect {
    let theme = view.theme;
    let [top_left, top_right, bottom_left, bottom_right, side] = view.glyphs.frame;
    wash(buf, area, theme.text);
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let across = view.glyphs.rule.repeat(usize::from(area.width - 2));
    for (y, left, right) in [(area.y, top_left, top_right), (area.bottom() - 1, bottom_left, bottom_right)] {
        put(buf, area.x, y, &Line::styled(format!("{left}{across}{right}"), theme.border), area.width);
    }
    for y in area.y + 1..area.bottom() - 1 {
        put(buf, area.x, y, &Line::styled(side, theme.border), 1);
        put(buf, area.right() - 1, y, &Line::styled(side, theme.border), 1);
    }
    if !title.is_empty() {
        put(buf, area.x + 2, area.y, &Line::styled(format!(" {title} "), theme.title), area.width - 4);
    }
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}
