//! What this program costs and how its own parts fare, as a sheet.

use super::page::{Sheet, View};
use super::widgets::prose::Para;
use super::words;
use crate::text;

/// The costs of the beat that is shown, and what is known about readers and outputs.
pub(super) fn sheet(view: &View<'_>) -> Sheet {
    let theme = view.theme;
    let snapshot = view.snapshot;
    let own = snapshot.readings.own;
    let row = |label: &str, words: String| Para::new(words, theme.text).label(label, theme.title);
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known yet".to_owned());
    let mut body = vec![
        row("CPU", or_unknown(own.cpu_pct.map(|pct| format!("{pct:.2} % of one core since the last beat")))),
        row("Memory", or_unknown(own.rss_bytes.map(|rss| text::bytes_long(rss as f64)))),
        row(
            "Calls",
            or_unknown(own.io_calls.map(|calls| {
                format!("{} of the kernel to read or write since the last beat", text::plural(calls, "call"))
            })),
        ),
        row(
            "Last beat",
            or_unknown(
                own.beat_ms
                    .map(|ms| format!("{ms:.1} ms to read, judge and record; number {}", snapshot.seq)),
            ),
        ),
        row("Interval", format!("{} s", snapshot.interval_s)),
    ];
    let mut timings = snapshot.readings.timings.clone();
    timings.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    if timings.is_empty() {
        body.push(row(
            "Readers",
            "how long each took is only known of beats that were taken live".to_owned(),
        ));
    }
    for (at, timing) in timings.iter().enumerate() {
        let words = format!("{:>7.2} ms  {}", timing.ms, timing.reader);
        body.push(if at == 0 { row("Readers", words) } else { Para::new(words, theme.text) }.one_line());
    }
    let programs = snapshot.readings.execs.as_ref().map(|execs| match execs.overruns {
        0 => format!("{} in this beat, none missed", text::plural(execs.seen, "start")),
        missed => format!("{} starts in this beat, {} missed", text::count(execs.seen), text::count(missed)),
    });
    body.push(row("Programs", programs.unwrap_or_else(|| "their starts cannot be seen".to_owned())));
    if let Some(auth) = &snapshot.readings.auth {
        let lines = text::plural(auth.events.len() as u64, "event");
        body.push(row("Sign-ins", format!("{lines} in this beat, {} dropped", text::count(auth.dropped))));
    }
    let faults: Vec<_> = snapshot.sensors.iter().filter(|sensor| sensor.id.starts_with("output.")).collect();
    if snapshot.errors.is_empty() && faults.is_empty() {
        body.push(row("Record", "every output took this beat".to_owned()));
    }
    for error in &snapshot.errors {
        body.push(Para::new(error.as_str(), theme.warning).label("Fault", theme.warning));
    }
    for sensor in faults {
        body.push(Para::new(words::sensor(sensor), theme.warning).label("Fault", theme.warning));
    }
    Sheet { title: "What home-soc costs".to_owned(), body, copy: None, fix: None }
}
