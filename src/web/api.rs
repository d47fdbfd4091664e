//! What the page can ask for. Every answer comes from the newest beats or from the record; nothing is changed.

use super::live::{Live, MOST_BYTES, gzip};
use super::past::{Asked, Past};
use super::serve::Body;
use super::{assets, head, plain};
use crate::model::{Level, Metric, Zone, moment};
use crate::outputs::document::{self, json_line};
use crate::outputs::journal::{self, Change};
use crate::outputs::{events, mask, openmetrics};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The most points of one number, and of several in one answer.
const MOST_POINTS: usize = 2000;
const MOST_POINTS_TOGETHER: usize = 6000;

/// The most events in one answer.
const MOST_EVENTS: usize = 500;

/// Answers shorter than this are not packed.
const WORTH_PACKING: usize = 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Body,
    pub(super) is_packed: bool,
}

/// What can be asked.
pub(super) struct Api {
    live: Arc<Live>,
    past: Option<Arc<Past>>,
    live_points: usize,
    /// Beats come from a monitor that runs; else from the record alone.
    fed: bool,
}

/// From when to when.
type Between = (DateTime<Utc>, DateTime<Utc>);

/// Why a question has no answer: a status and words.
struct Problem(u16, String);

impl Problem {
    fn wrong(words: &str) -> Self {
        Self(400, words.to_owned())
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self(500, format!("{error:#}"))
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self(500, error.to_string())
    }
}

#[derive(Serialize)]
struct EventRow {
    time: String,
    level: Level,
    source: String,
    text: String,
}

impl Api {
    pub(super) const fn new(live: Arc<Live>, past: Option<Arc<Past>>, live_points: usize, fed: bool) -> Self {
        Self { live, past, live_points, fed }
    }

    pub(super) fn live(&self) -> &Live {
        &self.live
    }

    /// What a stream says first: how the page is set, and why there is nothing to show where that is so.
    pub(super) fn hello(&self) -> String {
        #[derive(Serialize)]
        struct Hello {
            live_points: usize,
            nothing_yet: Option<String>,
        }
        let nothing_yet = self.live.picture().is_none().then(|| self.nothing_yet().1);
        text(&Hello { live_points: self.live_points, nothing_yet })
    }

    /// What a stream says when nothing is new: how old the newest beat is, and what hinders.
    pub(super) fn still(&self) -> String {
        #[derive(Serialize)]
        struct Still {
            age_s: Option<f64>,
            trouble: Option<String>,
        }
        let age_s = self
            .live
            .newest()
            .and_then(|beat| document::finite((Utc::now() - beat.at).num_milliseconds() as f64 / 1000.0, 1));
        text(&Still { age_s, trouble: self.live.trouble() })
    }

    /// Answers a question that the gate let through.
    pub(super) fn answer(&self, target: &str, gzip: bool) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Some(asset) = assets::find(path) {
            let body = if gzip { Body::Fixed(asset.packed) } else { Body::Own(asset.unpacked()) };
            return Answer { status: 200, kind: asset.kind, body, is_packed: gzip };
        }
        let asked = Query(query);
        let answer = match path {
            head::HEALTH => Ok((TEXT, b"ok\n".to_vec())),
            "/api/snapshot" => return self.snapshot(gzip),
            "/api/history" => self.history(&asked).map(|body| (JSON, body)),
            "/api/events" => self.events(&asked).map(|body| (JSON, body)),
            "/metrics" => self.metrics().map(|body| (openmetrics::MEDIA_TYPE, body)),
            head::PLAIN => Ok(("text/html; charset=utf-8", self.plain())),
            _ => Err(Problem(404, "There is nothing under this path.".to_owned())),
        };
        match answer {
            Ok((kind, body)) => packed(200, kind, body, gzip),
            Err(problem) => problem_answer(&problem),
        }
    }

    fn snapshot(&self, gzip: bool) -> Answer {
        let Some(picture) = self.live.picture() else { return problem_answer(&self.nothing_yet()) };
        let bytes = if gzip { picture.packed() } else { Arc::clone(&picture.document) };
        Answer { status: 200, kind: JSON, body: Body::Shared(bytes), is_packed: gzip }
    }

    fn nothing_yet(&self) -> Problem {
        let why = self.live.trouble().unwrap_or_else(|| {
            if self.fed {
                "The first beat is being taken; ask again in a moment.".to_owned()
            } else {
                "The record holds no moment yet; record with: home-soc --headless".to_owned()
            }
        });
        Problem(503, why)
    }

    fn history(&self, query: &Query<'_>) -> Result<Vec<u8>, Problem> {
        let names = query.get("metric").unwrap_or_else(|| "score".to_owned());
        let metric = |name| journal::metric(name).map_err(|error| Problem(400, error.to_string()));
        let metrics = names.split(',').take(Metric::ALL.len()).map(metric).collect::<Result<Vec<_>, _>>()?;
        let points = query.number("points")?.unwrap_or(if query.get("from").is_some() {
            MOST_POINTS
        } else {
            self.live_points
        });
        let points = points.clamp(1, MOST_POINTS.min(MOST_POINTS_TOGETHER / metrics.len()));
        let asked = match query.span()? {
            None => Asked::Latest(points),
            Some((from, to)) => Asked::Between(from, to, points),
        };
        let stretch = self.past()?.stretch(asked)?;
        let told: Vec<_> = metrics.into_iter().map(|metric| stretch.points(metric)).collect();
        Ok(if let [one] = &*told { json_line(one)? } else { json_line(&told)? })
    }

    fn past(&self) -> Result<&Past, Problem> {
        self.past.as_deref().ok_or_else(|| {
            Problem(
                404,
                "No record is kept: neither XDG_STATE_HOME nor HOME is set; name one with --data-dir"
                    .to_owned(),
            )
        })
    }

    /// The newest events first: what findings and sign-ins tell, and alerts as they opened, changed and closed.
    fn events(&self, query: &Query<'_>) -> Result<Vec<u8>, Problem> {
        let span = query.span()?;
        let most = query.number("limit")?.unwrap_or(MOST_EVENTS).clamp(1, MOST_EVENTS);
        let level = match query.get("level").as_deref() {
            None | Some("info") => Level::Info,
            Some("warning") => Level::Warning,
            Some("alert") => Level::Alert,
            Some(_) => return Err(Problem::wrong("level must be info, warning or alert")),
        };
        let picture = self.live.picture();
        let mut list =
            picture.as_ref().map_or_else(Vec::new, |picture| events::latest(&picture.snapshot, level, most));
        if let (Some((from, to)), Some(past)) = (span, &self.past) {
            list.retain(|event| (from..=to).contains(&event.at));
            list.extend(past.reader.alerts(from, to)?.into_iter().map(|alert| events::Event {
                at: alert.at,
                level: if alert.change == Change::Closed { Level::Info } else { Level::Alert },
                speaker: "record".to_owned(),
                words: match alert.change {
                    Change::Opened => format!("opened: {}", alert.title),
                    Change::Changed => format!("changed: {}", alert.title),
                    Change::Closed => format!("closed: {}", alert.title),
                },
                origin: events::Origin::Record,
            }));
            list.retain(|event| event.level >= level);
            list.sort_by_key(|event| std::cmp::Reverse(event.at));
            list.truncate(most);
        }
        let rows: Vec<EventRow> = list
            .into_iter()
            .map(|event| EventRow {
                time: document::time(event.at),
                level: event.level,
                source: event.speaker,
                text: mask::secrets(&event.words).into_owned(),
            })
            .collect();
        Ok(json_line(&rows)?)
    }

    fn metrics(&self) -> Result<Vec<u8>, Problem> {
        let picture = self.live.picture().ok_or_else(|| self.nothing_yet())?;
        Ok(openmetrics::text(&picture.snapshot).into_bytes())
    }

    fn plain(&self) -> Vec<u8> {
        let picture = self.live.picture();
        let why = self.nothing_yet().1;
        plain::page(picture.as_ref().map(|picture| &picture.snapshot).ok_or(&*why), Zone::Local).into_bytes()
    }
}

/// One line of JSON without its end.
fn text(told: &impl Serialize) -> String {
    String::from_utf8_lossy(&json_line(told).unwrap_or_default()).trim_end().to_owned()
}

fn packed(status: u16, kind: &'static str, body: Vec<u8>, may: bool) -> Answer {
    if body.len() > MOST_BYTES {
        let words = "The answer would be too long; ask for fewer points or a shorter time.";
        return problem_answer(&Problem(400, words.to_owned()));
    }
    let is_packed = may && body.len() >= WORTH_PACKING;
    let body = if is_packed { gzip(&body) } else { body };
    Answer { status, kind, body: Body::Own(body), is_packed }
}

fn problem_answer(Problem(status, words): &Problem) -> Answer {
    #[derive(Serialize)]
    struct Said<'a> {
        error: &'a str,
    }
    let body = json_line(&Said { error: words }).unwrap_or_default();
    Answer { status: *status, kind: JSON, body: Body::Own(body), is_packed: false }
}

/// The part of a target behind `?`.
struct Query<'a>(&'a str);

impl Query<'_> {
    fn get(&self, key: &str) -> Option<String> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, value)| *name == key && !value.is_empty()).map(|(_, value)| unescaped(value))
    }

    fn number(&self, key: &str) -> Result<Option<usize>, Problem> {
        let wrong = |_| Problem(400, format!("{key} must be a whole number"));
        self.get(key).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// The stretch from `from` to `to`; `None` where neither is named.
    fn span(&self) -> Result<Option<Between>, Problem> {
        let now = Utc::now();
        let (from, to) = (self.get("from"), self.get("to"));
        if from.is_none() && to.is_none() {
            return Ok(None);
        }
        let time = |text: &str| {
            let wrong =
                || Problem::wrong("from and to must be times: 2026-11-22T13:58:00Z, -6h, yesterday 22:00");
            moment(text, now, Zone::Local).ok_or_else(wrong)
        };
        let (from, to) = (time(from.as_deref().unwrap_or("-24h"))?, time(to.as_deref().unwrap_or("now"))?);
        if from >= to {
            return Err(Problem::wrong("from must be before to"));
        }
        Ok(Some((from, to)))
    }
}

/// Undoes the percent signs of a query (WHATWG URL, application/x-www-form-urlencoded).
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| (byte as char).to_digit(16));
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                _ => out.push(b'%'),
            },
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
