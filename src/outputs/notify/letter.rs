//! A letter: what one message says, in plain text and as JSON. It decides neither when nor where it is sent.
//!
//! The text is our words; what an attacker may have written stands in quotes, and no link or mention in it lives.

use super::defuse::defuse;
use super::news::{Change, News};
use crate::model::{Finding, Host, Level, Safe, Zone};
use crate::outputs::document;
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The longest text, in bytes; Telegram takes 4,096 characters.
const TEXT_BYTES: usize = 3600;
/// Alerts that are told with their reason and proof.
const IN_FULL: usize = 4;
/// Alerts that are named at all, in the text.
const NAMED: usize = 15;
/// Alerts that the JSON holds.
const IN_JSON: usize = 20;
/// The longest proof, in columns.
const PROOF_COLUMNS: usize = 200;

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something opened or got worse.
    Alert,
    /// Something is still open.
    Reminder,
    /// Everything in it is over or accepted.
    Solved,
    /// What there was no room for before.
    Digest,
    /// A person wanted to see whether it arrives.
    Test,
    /// A sign of life; it has no words.
    Ping,
}

/// A message as it is kept and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The same over all attempts; new for every letter of this machine.
    pub id: String,
    /// What it is for.
    pub kind: Kind,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// One line.
    pub subject: String,
    /// The text without the subject, at most 3,600 bytes.
    pub text: String,
    /// The letter with its findings as one line of JSON.
    pub json: String,
}

impl Letter {
    /// Subject and text together, for channels that know no subject.
    pub(super) fn whole(&self) -> String {
        format!("{}\n\n{}", self.subject, self.text)
    }

    /// Tells letters that should wake somebody.
    pub(super) const fn is_urgent(&self) -> bool {
        matches!(self.kind, Kind::Alert | Kind::Digest)
    }

    /// A sign of life.
    pub(super) fn ping(id: String, at: DateTime<Utc>) -> Self {
        Self { id, kind: Kind::Ping, at, subject: String::new(), text: String::new(), json: String::new() }
    }

    /// A letter that only shows that letters arrive.
    pub fn test(host: &Host, at: DateTime<Utc>, zone: Zone) -> Self {
        let draft = Draft {
            id: format!("test-{}", at.timestamp_millis()),
            at,
            host: host.clone(),
            score: ScoreNow::default(),
            news: Vec::new(),
            context: Vec::new(),
            more: 0,
            note: None,
        };
        let name = defuse(&host.name);
        let subject = format!("[TEST] {name}: home-soc can reach you");
        let text = format!(
            "You asked for this message at {}. Alerts of {name} will come this way: one when something opens or \
             gets worse, one reminder, one when it is over.",
            when(at, zone)
        );
        draft.letter(Kind::Test, subject, text)
    }
}

/// The score as a letter tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ScoreNow {
    /// 0-100; `None` in a test.
    pub(super) value: Option<u8>,
    /// The true score may be lower.
    pub(super) is_upper_bound: bool,
    /// What it was before the news.
    pub(super) previous: Option<u8>,
}

/// Something below an alert that belongs to the same story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Context {
    pub(super) story: String,
    pub(super) title: Safe,
    pub(super) at: DateTime<Utc>,
}

/// What a letter is made of.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) at: DateTime<Utc>,
    pub(super) host: Host,
    pub(super) score: ScoreNow,
    pub(super) news: Vec<News>,
    pub(super) context: Vec<Context>,
    /// News that there was no room for.
    pub(super) more: u64,
    /// A last sentence.
    pub(super) note: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    schema_version: &'static str,
    id: &'a str,
    kind: Kind,
    time: String,
    host: &'a Host,
    score: ScoreNow,
    subject: &'a str,
    text: &'a str,
    findings: &'a [News],
    more: u64,
}

impl Draft {
    /// Writes the letter; `is_digest` says that it stands for several.
    pub(super) fn write(mut self, is_digest: bool, zone: Zone) -> Letter {
        self.in_order();
        let kind = match self.news.first().map(|news| news.change) {
            _ if is_digest => Kind::Digest,
            Some(Change::Solved | Change::Accepted) => Kind::Solved,
            Some(Change::StillOpen) => Kind::Reminder,
            _ => Kind::Alert,
        };
        let subject = self.subject(kind);
        let text = self.text(zone);
        self.letter(kind, subject, text)
    }

    /// Worst news first, and what belongs to one story together. Of the same weight the oldest comes first where all
    /// have room, as a story is told; on a bad day the newest, because what happens now must not be cut off.
    fn in_order(&mut self) {
        let weight = |finding: &Finding| (finding.ceiling.unwrap_or(100), -finding.points as i64);
        let all_have_room = self.news.len() <= IN_FULL;
        self.news.sort_by_key(|news| {
            let at = news.finding.first_seen.timestamp_millis();
            (news.change, weight(&news.finding), if all_have_room { at } else { -at })
        });
        let mut ordered: Vec<News> = Vec::with_capacity(self.news.len());
        let mut rest = std::mem::take(&mut self.news);
        while !rest.is_empty() {
            let first = rest.remove(0);
            let story = first.finding.story.clone();
            ordered.push(first);
            if story.is_some() {
                let (same, other) = rest.into_iter().partition(|news| news.finding.story == story);
                ordered.extend::<Vec<News>>(same);
                rest = other;
            }
        }
        self.news = ordered;
    }

    fn subject(&self, kind: Kind) -> String {
        let word = match kind {
            Kind::Reminder => "STILL OPEN",
            Kind::Solved => "SOLVED",
            Kind::Digest => "DIGEST",
            _ => "ALERT",
        };
        let ScoreNow { value, is_upper_bound, previous } = self.score;
        let at_most = if is_upper_bound { "at most " } else { "" };
        let score = match (previous, value) {
            (Some(before), Some(now)) if before != now => format!(": score {before} -> {at_most}{now}"),
            (_, Some(now)) => format!(": score {at_most}{now}"),
            _ => String::new(),
        };
        format!("[{word}] {}{score}", defuse(&text::fit(&self.host.name, 40)))
    }

    fn text(&self, zone: Zone) -> String {
        let mut out = String::new();
        let mut named = 0;
        for (at, news) in self.news.iter().take(NAMED).enumerate() {
            let before = out.len();
            if at < IN_FULL {
                in_full(&mut out, news, zone);
                let story = news.finding.story.as_ref();
                let is_last = self.news.get(at + 1).is_none_or(|next| next.finding.story.as_ref() != story);
                if story.is_some() && is_last {
                    self.same_story(&mut out, news, zone);
                }
                out.push('\n');
            } else {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{} {}", word(news), title(&news.finding));
            }
            if out.len() > TEXT_BYTES - 300 {
                out.truncate(before);
                break;
            }
            named += 1;
        }
        let more = self.news.len() as u64 - named + self.more;
        if more > 0 {
            let _ = writeln!(out, "and {} more: home-soc findings", text::count(more));
        }
        let news_of_harm = self.news.iter().any(|news| news.change <= Change::Worsened);
        out.push_str("--\n");
        if news_of_harm {
            out.push_str("You get one message now, one reminder if it stays open, one when it is over.\n");
        }
        if let Some(note) = &self.note {
            out.push_str(note);
            out.push('\n');
        }
        out.truncate(out.trim_end().trim_end_matches("\n--").len());
        cut(&out, TEXT_BYTES).to_owned()
    }

    fn same_story(&self, out: &mut String, news: &News, zone: Zone) {
        let story = news.finding.story.as_deref();
        let mut others = self.context.iter().filter(|context| Some(context.story.as_str()) == story);
        for context in others.by_ref().take(3) {
            let _ = writeln!(out, "Same story, {}: {}", when(context.at, zone), defuse(&context.title));
        }
        let more = others.count();
        if more > 0 {
            let _ = writeln!(out, "(+ {more} more in this story)");
        }
    }

    fn letter(mut self, kind: Kind, subject: String, text: String) -> Letter {
        let more = self.more + self.news.len().saturating_sub(IN_JSON) as u64;
        self.news.truncate(IN_JSON);
        let document = Document {
            schema: "home-soc/message",
            schema_version: "1.0",
            id: &self.id,
            kind,
            time: document::time(self.at),
            host: &self.host,
            score: self.score,
            subject: &subject,
            text: &text,
            findings: &self.news,
            more,
        };
        let json = document::json_line(&document).ok().and_then(|line| String::from_utf8(line).ok());
        Letter { json: json.unwrap_or_default(), id: self.id, kind, at: self.at, subject, text }
    }
}

const fn word(news: &News) -> &'static str {
    match news.change {
        Change::Opened if news.over_already => "WAS",
        Change::Opened => "ALERT",
        Change::Worsened => "WORSE",
        Change::StillOpen => "STILL",
        Change::Solved => "OVER",
        Change::Accepted => "ACCEPTED",
    }
}

fn in_full(out: &mut String, news: &News, zone: Zone) {
    let finding = &news.finding;
    let _ = writeln!(out, "{} {}", word(news), title(finding));
    match news.change {
        Change::Solved => {
            let lasted = text::age_long((finding.last_seen - finding.first_seen).as_seconds_f64());
            let _ = writeln!(out, "It began {} and was seen for {lasted}.", when(finding.first_seen, zone));
        }
        Change::Accepted => {
            if let Some(accepted) = &finding.accepted {
                let until = accepted
                    .until
                    .map_or_else(|| "for good".to_owned(), |until| format!("until {}", when(until, zone)));
                let reason = defuse(&text::fit(&accepted.reason, PROOF_COLUMNS));
                let _ = writeln!(out, "Accepted on this machine {until}, with the reason \"{reason}\".");
            }
        }
        Change::Opened | Change::Worsened | Change::StillOpen => {
            if !finding.why.is_empty() {
                let _ = writeln!(out, "{}", defuse(&text::fit(&finding.why, 400)));
            }
            let _ = write!(out, "Since {}", when(finding.first_seen, zone));
            if finding.count > 1 {
                let _ = write!(out, ", {}", text::plural(finding.count, "time"));
            }
            let over = if news.over_already { "; it is over already" } else { "" };
            let _ = writeln!(out, "{over}.");
            if let Some(proof) = finding.evidence.last() {
                let said = defuse(&text::fit(&proof.text, PROOF_COLUMNS));
                let _ = writeln!(out, "Proof, {}: \"{said}\"", defuse(&text::fit(&proof.source, 60)));
            }
            let _ = writeln!(out, "Not you? See: home-soc explain {}", finding.rule);
        }
    }
}

/// The title with the fields of its subject in quotes: what stands there may be an attacker's choice.
fn title(finding: &Finding) -> String {
    let mut fields: Vec<&str> = finding.subject.values().map(Safe::as_str).collect();
    fields.sort_by_key(|field| std::cmp::Reverse(field.len()));
    fields.dedup();
    let title = finding.title.as_str();
    let mut quoted: Vec<(usize, usize)> = Vec::new();
    for field in fields.into_iter().filter(|field| !field.is_empty()) {
        let place = title.match_indices(field).map(|(at, _)| (at, at + field.len())).find(|(from, to)| {
            is_whole(title, *from, *to) && !quoted.iter().any(|(start, end)| from < end && start < to)
        });
        quoted.extend(place);
    }
    quoted.sort_unstable();
    let mut out = String::with_capacity(title.len() + 16);
    let mut done = 0;
    for (from, to) in quoted {
        let _ = write!(out, "{}\"{}\"", defuse(&title[done..from]), defuse(&title[from..to]));
        done = to;
    }
    out.push_str(&defuse(&title[done..]));
    out
}

/// Tells a stretch of text that no letter or digit touches.
fn is_whole(text: &str, from: usize, to: usize) -> bool {
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    free(text[..from].chars().next_back()) && free(text[to..].chars().next())
}

/// A moment for people somewhere else: with the day and the zone.
fn when(at: DateTime<Utc>, zone: Zone) -> String {
    zone.at(at).format("%a %-d %b %H:%M:%S %:z").to_string()
}

/// Cuts text to a number of bytes, between characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Tells a finding that belongs beside the alerts of a story.
pub(super) fn beside(finding: &Finding, news: &[News]) -> Option<Context> {
    let story = finding.story.clone()?;
    let is_told =
        finding.level < Level::Alert && news.iter().any(|n| n.finding.story.as_ref() == Some(&story));
    is_told.then(|| Context {
        story,
        title: Safe::new(&crate::outputs::mask::secrets(&finding.title)),
        at: finding.first_seen,
    })
}
