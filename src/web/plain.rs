//! The page for those without JavaScript: the verdict, the bill, what cannot be seen, and the events, as plain HTML.

use crate::model::{Band, Level, Score, Sensor, SensorState, Snapshot, Zone};
use crate::outputs::{events, mask};
use crate::text;

/// Events on the page.
const EVENTS: usize = 100;

/// The page; `Err` says why there is nothing to show.
pub(super) fn page(snapshot: Result<&Snapshot, &str>, zone: Zone) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>home-soc</title>\n\
         <link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n\
         <body class=\"plain\">\n<main>\n",
    );
    match snapshot {
        Ok(snapshot) => body(snapshot, zone, &mut out),
        Err(why) => put(&mut out, "<h1>home-soc</h1>\n<p>", why, "</p>\n"),
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn body(snapshot: &Snapshot, zone: Zone, out: &mut String) {
    let score = &snapshot.score;
    let bound = if score.is_upper_bound { "at most " } else { "" };
    let title = format!("{}: {bound}{} of 100, {}", snapshot.host.name, score.value, verdict(score));
    put(out, "<h1>", &title, "</h1>\n");
    let at = zone.at(snapshot.at).format("%a %-d %b %Y %H:%M:%S %:z");
    let counts = [
        text::plural(snapshot.count(Level::Alert) as u64, "alert"),
        text::plural(snapshot.count(Level::Warning) as u64, "warning"),
        format!("{} of {} sensors see all", snapshot.sensors_in(SensorState::Ok), snapshot.sensors.len()),
    ];
    put(out, "<p>", &format!("{}. Measured {at}.", counts.join(", ")), "</p>\n");
    table(
        out,
        "Why it is not 100",
        &["Points", "Reason"],
        score
            .deductions
            .iter()
            .filter(|row| row.points > 0)
            .map(|row| vec![format!("-{}", row.points), mask::secrets(&row.title).into_owned()]),
    );
    let blind = snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok);
    table(
        out,
        "Cannot see",
        &["Sensor", "Why", "Smallest fix"],
        blind.map(|sensor| vec![sensor.id.clone(), why(sensor).to_owned(), sensor.fix.join(" ")]),
    );
    let latest = events::latest(snapshot, Level::Info, EVENTS);
    table(
        out,
        "Latest events",
        &["Time", "Level", "Source", "What"],
        latest.into_iter().map(|event| {
            let time = zone.at(event.at).format("%a %H:%M:%S").to_string();
            vec![time, word(event.level).to_owned(), event.speaker, mask::secrets(&event.words).into_owned()]
        }),
    );
}

fn table(out: &mut String, caption: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    put(out, "<table>\n<caption>", caption, "</caption>\n<thead><tr>");
    for head in heads {
        put(out, "<th scope=\"col\">", head, "</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            put(out, "<td>", &cell, "</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Writes text between two pieces of markup, with everything in it that could be markup made harmless.
fn put(out: &mut String, before: &str, text: &str, after: &str) {
    out.push_str(before);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out.push_str(after);
}

/// What a score asks of the person; a good one that is only an upper bound is not called normal.
const fn verdict(score: &Score) -> &'static str {
    match (score.band, score.is_upper_bound) {
        (Band::Normal, false) => "all normal",
        (Band::Normal, true) => "normal as far as can be seen",
        (Band::Minor, _) => "minor",
        (Band::SomethingOff, _) => "something is off",
        (Band::Serious, _) => "act now",
    }
}

fn why(sensor: &Sensor) -> &str {
    sensor.says.as_deref().or(sensor.reason.as_deref()).unwrap_or("it does not say why")
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "alert",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut out = String::new();
        put(&mut out, "<td>", "<script>alert('1')</script>&\"", "</td>");
        assert_eq!(out, "<td>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;</td>");
    }

    #[test]
    fn without_a_beat_it_says_why() {
        assert!(
            page(Err("The record is <empty>."), Zone::utc()).contains("<p>The record is &lt;empty&gt;.</p>")
        );
    }
}
