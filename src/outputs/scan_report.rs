//! The summary of a scan as text: what happened, then who and when. It does not read and does not count.

use crate::model::{Safe, ScanSummary, Zone};
use crate::text::{count, fit, plural, width};
use chrono::{DateTime, Utc};

/// Columns of the longest bar.
const BAR: u64 = 40;

/// Eighths of a column, for the ends of bars.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Writes the summary; times are shown in `zone`.
pub fn render(summary: &ScanSummary, zone: Zone) -> String {
    let parts = [
        head(summary, zone),
        totals(summary),
        after_failures(summary, zone),
        sources(summary, zone),
        names(summary),
        hours(summary, zone),
        not_read(summary),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn at(time: Option<DateTime<Utc>>, zone: Zone) -> String {
    time.map_or_else(|| "-".to_owned(), |time| zone.at(time).format("%Y-%m-%d %H:%M:%S").to_string())
}

fn head(summary: &ScanSummary, zone: Zone) -> String {
    let files: Vec<&str> = summary.files.iter().take(3).map(Safe::as_str).collect();
    let mut text = files.join(", ");
    if summary.files.len() > 3 {
        text.push_str(&format!(" and {} more", summary.files.len() - 3));
    }
    text.push_str(&format!(": {}\n", plural(summary.lines, "line")));
    if let (Some(_), Some(last)) = (summary.first_at, summary.last_at) {
        let offset = zone.at(last).format("%:z");
        text.push_str(&format!("from {} to {} {offset}\n", at(summary.first_at, zone), at(Some(last), zone)));
    }
    text
}

/// `24 addresses`: the plural that an s does not make.
fn addresses(number: u64) -> String {
    if number == 1 { "1 address".to_owned() } else { format!("{} addresses", count(number)) }
}

fn totals(summary: &ScanSummary) -> String {
    let about = if summary.estimated { "about " } else { "" };
    let tried = format!(
        "from {about}{} under {about}{}",
        addresses(summary.failing_sources),
        plural(summary.names_tried, "name")
    );
    let after = match summary.after_failures_total {
        0 => String::new(),
        n => format!("{} after failures from the same address", count(n)),
    };
    let rows = [
        (summary.attempts, "failed attempts", tried.as_str()),
        (summary.invalid_users, "invalid users", "names that do not exist or may not sign in"),
        (summary.probes, "probes", "connections that ended before a credential"),
        (summary.lockouts, "lockouts", ""),
        (summary.accepted, "accepted", after.as_str()),
        (summary.sessions, "sessions opened", ""),
        (summary.sudo, "commands as another", ""),
        (summary.sudo_denied, "of them refused", ""),
        (summary.su, "changes by su", ""),
        (summary.su_failed, "of them refused", ""),
        (summary.changes, "account changes", ""),
    ];
    let mut text = String::new();
    for (number, what, more) in rows {
        // That nothing failed, and that nobody got in, is worth a line.
        if number > 0 || matches!(what, "failed attempts" | "accepted") {
            let more = if number == 0 { "" } else { more };
            let row = format!("{:>11}  {what:<20} {more}", count(number));
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    text
}

fn after_failures(summary: &ScanSummary, zone: Zone) -> String {
    if summary.after_failures.is_empty() {
        return String::new();
    }
    let mut text = "got in after failing\n".to_owned();
    for entry in &summary.after_failures {
        text.push_str(&format!(
            "  {}  {} from {} after {}\n",
            at(entry.at, zone),
            fit(&entry.user, 24),
            entry.address,
            plural(entry.failures, "failure")
        ));
    }
    let more = summary.after_failures_total.saturating_sub(summary.after_failures.len() as u64);
    if more > 0 {
        text.push_str(&format!("  and {} more\n", count(more)));
    }
    text
}

fn sources(summary: &ScanSummary, zone: Zone) -> String {
    if summary.top_sources.is_empty() {
        return String::new();
    }
    let widest =
        summary.top_sources.iter().map(|source| width(&source.address)).max().unwrap_or(0).clamp(7, 40);
    let mut text =
        format!("{:>11}  {:<widest$}  {:<19}  {:<19}  names\n", "attempts", "address", "first", "last");
    for source in &summary.top_sources {
        let names: Vec<&str> = source.names.iter().take(4).map(Safe::as_str).collect();
        let mut names = fit(&names.join(" "), 36);
        if source.names.len() > 4 {
            names.push_str(" ...");
        }
        let address = fit(&source.address, 40);
        let padding = widest.saturating_sub(width(&address));
        let row = format!(
            "{:>11}  {address}{:padding$}  {:<19}  {:<19}  {names}",
            count(source.attempts),
            "",
            at(source.first_at, zone),
            at(source.last_at, zone)
        );
        text.push_str(row.trim_end());
        text.push('\n');
    }
    let shown: u64 = summary.top_sources.iter().map(|source| source.attempts).sum();
    let more = summary.failing_sources.saturating_sub(summary.top_sources.len() as u64);
    if more > 0 && summary.attempts > shown {
        let other = addresses(more).replace(" address", " other address");
        text.push_str(&format!("{:>11}  from {other}\n", count(summary.attempts - shown)));
    }
    text
}

fn names(summary: &ScanSummary) -> String {
    if summary.top_names.is_empty() {
        return String::new();
    }
    let mut text = format!("{:>11}  name tried\n", "attempts");
    for (name, attempts) in &summary.top_names {
        let name = if name.is_empty() { "(empty)".to_owned() } else { fit(name, 60) };
        text.push_str(&format!("{:>11}  {name}\n", count(*attempts)));
    }
    text
}

fn hours(summary: &ScanSummary, zone: Zone) -> String {
    let most = summary.hours.iter().copied().max().unwrap_or(0);
    let Some(last) = summary.last_at.filter(|_| most > 0) else { return String::new() };
    let mut text = format!("{:>11}  hour of the day ({})\n", "attempts", zone.at(last).format("%:z"));
    for (hour, attempts) in summary.hours.iter().enumerate() {
        // In wide numbers: attempts times 320 may not fit.
        let eighths = (u128::from(*attempts) * u128::from(BAR * 8) / u128::from(most)) as usize;
        let eighths = if *attempts > 0 { eighths.max(1) } else { 0 };
        let row = format!(
            "{:>11}  {hour:02}  {}{}",
            count(*attempts),
            "█".repeat(eighths / 8),
            EIGHTHS.get(eighths % 8).copied().unwrap_or_default()
        );
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn not_read(summary: &ScanSummary) -> String {
    let mut text = String::new();
    if summary.lines_unparsed > 0 {
        let places: Vec<String> =
            summary.unparsed.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
        text.push_str(&format!(
            "{} could not be read; the first: {}\n",
            plural(summary.lines_unparsed, "line"),
            places.join(", ")
        ));
    }
    if summary.lines_skipped > 0 {
        text.push_str(&format!("{} blank or comment\n", plural(summary.lines_skipped, "line")));
    }
    for problem in &summary.problems {
        text.push_str(&format!("{problem}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ScanSource, UnparsedLine};

    #[test]
    fn a_scan_is_told_from_the_whole_to_the_parts() {
        let time = |second| DateTime::from_timestamp(second, 0);
        let mut hours = vec![0; 24];
        hours[7] = 3;
        hours[9] = 530;
        let summary = ScanSummary {
            files: vec![Safe::new("auth.log")],
            lines: 2_000,
            lines_unparsed: 1,
            unparsed: vec![UnparsedLine { file: Safe::new("auth.log"), line: 17 }],
            attempts: 533,
            failing_sources: 2,
            names_tried: 1,
            first_at: time(1_700_000_000),
            last_at: time(1_700_010_000),
            top_sources: vec![ScanSource {
                address: Safe::new("203.0.113.9"),
                attempts: 530,
                accepted: 0,
                names: vec![Safe::new("root")],
                first_at: time(1_700_000_000),
                last_at: time(1_700_010_000),
            }],
            top_names: vec![(Safe::new("root"), 533)],
            hours,
            ..ScanSummary::default()
        };
        let text = render(&summary, Zone::utc());
        assert!(
            text.starts_with(
                "auth.log: 2,000 lines\nfrom 2023-11-14 22:13:20 to 2023-11-15 01:00:00 +00:00\n"
            )
        );
        assert!(text.contains("        533  failed attempts      from 2 addresses under 1 name\n"), "{text}");
        assert!(text.contains("          0  accepted\n"));
        assert!(text.contains("        530  203.0.113.9  2023-11-14 22:13:20  2023-11-15 01:00:00  root\n"));
        assert!(text.contains("          3  from 1 other address\n"));
        assert!(text.contains("          3  07  ▏\n"), "{text}");
        assert!(text.contains(&format!("        530  09  {}\n", "█".repeat(40))));
        assert!(text.ends_with("1 line could not be read; the first: auth.log:17\n"));
    }
}
