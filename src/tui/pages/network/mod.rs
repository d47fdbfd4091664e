//! Open doors by who can reach them, connections by program, and the interfaces.

mod doors;
mod talks;

use super::{split, unseen};
use crate::model::{Finding, Reach};
use crate::text;
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{Hit, List, Listing};
use crate::tui::{concern, story, words};
use chrono::{DateTime, Utc};
use doors::{DOORS, Door, doors, protocol, reach};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::net::IpAddr;
use talks::{TALKS, Talk, owner, talks};

/// The page: two lists, the keys go to one of them.
pub struct Network {
    doors: List<Door>,
    talks: List<Talk>,
    on_talks: bool,
    one_by_one: bool,
    totals: [usize; 3],
}

impl Default for Network {
    fn default() -> Self {
        Self {
            doors: List::new(DOORS),
            talks: List::new(TALKS),
            on_talks: false,
            one_by_one: false,
            totals: [0; 3],
        }
    }
}

impl Network {
    fn finding<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        if self.on_talks {
            let talk = self.talks.selected()?;
            concern::worst(view.snapshot, |finding| concern::connection(finding, &talk.first))
        } else {
            let door = self.doors.selected()?;
            concern::worst(view.snapshot, |finding| concern::listener(finding, &door.listener))
        }
    }

    /// What the program behind the selected row wrote, and what the sign-ins tell of the other end.
    fn trail(&self, view: &View<'_>) -> Option<Trail> {
        let owner = if self.on_talks {
            self.talks.selected()?.owner.as_ref()
        } else {
            self.doors.selected()?.listener.owner.as_ref()
        };
        let end = self.talks.selected().filter(|_| self.on_talks);
        let end = end.map(|talk| talk.first.remote.ip().to_canonical()).filter(|end| !end.is_loopback());
        let what = match (owner, end) {
            (_, Some(end)) => end.to_string(),
            (Some(owner), None) => format!("{} {}", owner.pid, owner.name),
            (None, None) => return None,
        };
        let mut trail = Trail::of(&what).copy(&what);
        if let Some(end) = end {
            trail = trail.address(&end.to_string(), view.snapshot);
        }
        Some(match owner {
            Some(owner) => trail.process(owner.pid, view.snapshot),
            None => trail,
        })
    }

    fn sheet(&self, view: &View<'_>) -> Option<Sheet> {
        let theme = view.theme;
        let para = |label: &str, words: String| Para::new(words, theme.text).label(label, theme.title);
        let (title, mut body, copy) = if self.on_talks {
            let talk = self.talks.selected()?;
            let end = talk.first.remote.ip().to_canonical().to_string();
            let body = vec![
                para("Who", format!("{} of {}", owner(talk.owner.as_ref()), talk.user)),
                para("With", format!("{} ({})", talk.remote, text::plural(talk.count as u64, "connection"))),
                para(
                    "Way",
                    if talk.incoming { "they came to us".to_owned() } else { "we went to them".to_owned() },
                ),
                para("Local", talk.first.local.to_string()),
            ];
            (talk.remote.clone(), body, end)
        } else {
            let door = self.doors.selected()?;
            let listener = &door.listener;
            let name = format!("{} {}", protocol(listener.protocol), listener.port);
            let body = vec![
                para(
                    "Bound",
                    format!(
                        "{} ({})",
                        std::net::SocketAddr::new(listener.address, listener.port),
                        door.families
                    ),
                ),
                para(
                    "Reach",
                    format!("{}, by its address; no firewall is considered", reach(listener.reach)),
                ),
                para("Who", format!("{}, uid {}", owner(listener.owner.as_ref()), listener.uid)),
            ];
            (name, body, std::net::SocketAddr::new(listener.address, listener.port).to_string())
        };
        let finding = self.finding(view);
        if let Some(finding) = finding {
            body.push(Para::empty());
            body.extend(story::of(finding, view));
        }
        Some(Sheet { title, body, copy: Some(copy), fix: finding.and_then(words::fix) })
    }

    fn interfaces(view: &View<'_>) -> Line<'static> {
        let Some(links) = &view.snapshot.readings.system.interfaces else {
            return Line::styled("  INTERFACES  cannot see them", view.theme.blind);
        };
        if links.iter().all(|link| link.loopback) {
            return Line::styled("  INTERFACES  only loopback is there", view.theme.muted);
        }
        let mut spans = vec![Span::styled("  INTERFACES  ", view.theme.title)];
        for link in links.iter().filter(|link| !link.loopback) {
            let up = match link.up {
                Some(true) => "up",
                Some(false) => "down",
                None => "?",
            };
            let rate = |value: Option<f64>| {
                value.map_or("?".to_owned(), |rate| format!("{}/s", text::bytes_long(rate)))
            };
            spans.push(Span::raw(format!("{} {up}", link.name)));
            if link.up != Some(false) {
                spans.push(Span::raw(format!(
                    "  in {}  out {}",
                    rate(link.rx_bytes_per_s),
                    rate(link.tx_bytes_per_s)
                )));
            }
            if link.errors > 0 {
                let errors = text::plural(link.errors, "error");
                spans.push(Span::styled(format!("  {errors}"), view.theme.muted));
            }
            spans.push(Span::raw("     "));
        }
        Line::from(spans)
    }
}

impl Page for Network {
    fn hear(&mut self, view: &View<'_>) {
        let doors = doors(view.snapshot);
        let count = |wanted: Reach| doors.iter().filter(|door| door.listener.reach == wanted).count();
        self.totals = [count(Reach::Everyone), count(Reach::Lan), count(Reach::ThisMachine)];
        self.doors.bring(doors, view.min_level);
        self.talks.bring(talks(view.snapshot, self.one_by_one), view.min_level);
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let theme = view.theme;
        let (area, right) = split::beside(area, view);
        if view.snapshot.readings.sockets.is_some() {
            split::sheet(buf, right, self.sheet(view), view);
        }
        let mut pen = Pen::new(buf, area);
        let Some(sockets) = &view.snapshot.readings.sockets else {
            unseen::write(&mut pen, "sockets", &["net", "sockets"], view);
            return;
        };
        let [everyone, lan, local] = self.totals;
        let doors = Line::from(vec![
            Span::styled("  OPEN DOORS  ", theme.title),
            Span::raw(if view.room >= Room::Wide {
                let all = everyone + lan + local;
                format!(
                    "{all} listening: {everyone} for everyone, {lan} for the LAN, {local} for this machine"
                )
            } else {
                format!("everyone {everyone}, LAN {lan}, this machine {local}")
            }),
        ]);
        let order = self.doors.order_words(view);
        pen.sides(doors, Line::styled(format!("{order} "), theme.muted));
        let tail = if view.room >= Room::Wide { 3 } else { 0 };
        let space = pen.left().saturating_sub(3 + tail);
        let wanted = self.doors.lines();
        let least = space.saturating_sub(self.talks.lines());
        let height = wanted.min(least.max(space / 2));
        let place = pen.take(height);
        self.doors.draw(pen.buf(), place, view, !self.on_talks);
        pen.skip(u16::from(view.room >= Room::Wide));
        pen.rule("CONNECTIONS", view);
        let established = sockets.established.map_or("?".to_owned(), text::count);
        let seen = if sockets.owners_known < sockets.owners_total {
            format!(", owner seen of {} of {} sockets", sockets.owners_known, sockets.owners_total)
        } else {
            String::new()
        };
        let listed = sockets.connections.as_ref().map(|list| list.len() as u64);
        let kept = match (view.kept.and_then(|kept| kept.connections), listed) {
            (Some(of), Some(listed)) if listed < of => format!(", {listed} of {of} connections kept"),
            _ => String::new(),
        };
        let names = if view.names.is_on() { "names: on   " } else { "" };
        let group = if self.one_by_one { "one by one" } else { "by program" };
        let order = self.talks.order_words(view);
        pen.sides(
            Line::from(format!("  {established} established{seen}{kept}")),
            Line::styled(format!("{order}   {names}{group} "), theme.muted),
        );
        let rest = pen.left().saturating_sub(tail.min(2));
        let place = pen.take(rest);
        if sockets.connections.is_none() {
            Pen::new(pen.buf(), place)
                .line(Line::styled("  Only their number is known on this machine.", theme.muted));
        } else {
            self.talks.draw(pen.buf(), place, view, self.on_talks);
        }
        if tail > 0 {
            pen.skip(1);
            pen.line(Self::interfaces(view));
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Group => {
                self.one_by_one = !self.one_by_one;
                self.hear(view);
                return Some(Answer::Done);
            }
            Action::Down if !self.on_talks && self.doors.at_end() && !self.talks.is_empty() => {
                self.on_talks = true;
                self.talks.act(Action::First);
                return Some(Answer::Done);
            }
            Action::Up if self.on_talks && self.talks.at_top() && !self.doors.is_empty() => {
                self.on_talks = false;
                return Some(Answer::Done);
            }
            Action::First => self.on_talks = self.doors.is_empty(),
            Action::Last => self.on_talks = !self.talks.is_empty(),
            Action::Open => return self.sheet(view).map(Answer::Sheet),
            Action::Explain => {
                return Some(self.finding(view).map_or_else(
                    || Answer::Say("nothing is said about this row".to_owned()),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::LogLines => {
                return Some(self.trail(view).map_or_else(
                    || Answer::Say("nobody knows which program this is: no line can be found".to_owned()),
                    |trail| Answer::Trail(Box::new(trail)),
                ));
            }
            Action::Copy => return self.sheet(view).and_then(|sheet| sheet.copy).map(Answer::Copy),
            Action::CopyFix => {
                let fix = self.finding(view).and_then(words::fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => {}
        }
        let done = if self.on_talks { self.talks.act(action) } else { self.doors.act(action) };
        done.then_some(Answer::Done)
    }

    fn columns(&self) -> Vec<&'static str> {
        self.doors.hideable().chain(self.talks.hideable()).collect()
    }

    fn addresses(&self) -> Vec<IpAddr> {
        self.talks.shown().map(|talk| talk.first.remote.ip().to_canonical()).collect()
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_talks { Some(&mut self.talks) } else { Some(&mut self.doors) }
    }

    fn click(&mut self, at: Position) -> Option<Hit> {
        let before = self.on_talks;
        let (hit, on) = match self.doors.click(at) {
            Some(hit) => (hit, false),
            None => (self.talks.click(at)?, true),
        };
        self.on_talks = on;
        // The first click on the other list only goes there.
        Some(if hit == Hit::Again && before != on { Hit::Row } else { hit })
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.doors.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.doors.set_filter(filter.clone());
        self.talks.set_filter(filter);
    }

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        self.finding(view)
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.on_talks = !self.doors.select(|door| concern::listener(finding, &door.listener));
        !self.on_talks || self.talks.select(|talk| concern::connection(finding, &talk.first))
    }
}

/// What is not known is a question mark, never a zero.
fn or_unknown<'r>(text: Option<String>, view: &View<'_>) -> Span<'r> {
    text.map_or_else(|| Span::styled("?", view.theme.muted), Span::raw)
}

/// When a socket appeared, or that it was there before we looked.
fn since<'r>(since: Option<DateTime<Utc>>, view: &View<'_>) -> Span<'r> {
    match since {
        Some(at) => Span::raw(words::when(at, view.now, view.zone)),
        None => Span::styled("earlier", view.theme.muted),
    }
}
