//! The bill in words: every lost point with what was asked for it, and the findings behind it one by one.
//!
//! It calculates nothing: what it prints stands in the snapshot.

use super::mask;
use crate::model::{Finding, Level, Safe, Score, Snapshot, Status, Zone};
use crate::text;
use std::io::{self, Write};

/// Columns of a terminal that nobody asked for its width.
const WIDTH: usize = 80;

/// Writes the score with the arithmetic behind it.
pub fn explain(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let score = &snapshot.score;
    let bound = if score.is_upper_bound { "at most " } else { "" };
    writeln!(out, "100 less {} is {bound}{}.", 100 - score.value, score.value)?;
    if score.deductions.is_empty() {
        return writeln!(out, "Nothing was taken.");
    }
    writeln!(out, "\n  taken  asked  of          for")?;
    for row in &score.deductions {
        let finding = row.finding.as_ref().and_then(|id| snapshot.findings.iter().find(|one| one.id == *id));
        let asked = finding.map_or_else(String::new, |finding| format!("{:.0}", finding.points));
        let group = row.group.map_or_else(String::new, |group| format!("{group:?}").to_lowercase());
        let head = format!("  {:>5}  {asked:>5}  {group:<10}  ", format!("-{}", row.points));
        block(out, &head, &mask::secrets(&row.title))?;
        if let Some(finding) = finding {
            writeln!(out, "{:27}{}", "", finding.id)?;
        }
    }
    sums(score, out)
}

fn sums(score: &Score, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\nSettings and blindness took {}, what happened or is happening {}.",
        score.posture, score.activity
    )?;
    block(
        out,
        "",
        "Less is taken than was asked where several findings share a category, which has a cap, and where an event \
         has faded with time. A ceiling holds the score down while something of that kind is open. What a rule \
         means: home-soc explain HS-AUTH-001. All numbers: home-soc config print.",
    )
}

/// Lists the findings of a level and above, with proof and next steps.
pub fn findings(snapshot: &Snapshot, min_level: Level, zone: Zone, out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<&Finding> =
        snapshot.findings.iter().filter(|finding| finding.level >= min_level).collect();
    if shown.is_empty() {
        return writeln!(out, "Nothing is open.");
    }
    for (place, finding) in shown.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        one(&mask::finding(finding), zone, out)?;
    }
    Ok(())
}

fn one(finding: &Finding, zone: Zone, out: &mut dyn Write) -> io::Result<()> {
    let level = match (finding.status, finding.level) {
        (Status::Accepted, _) => "accepted",
        (_, Level::Alert) => "ALERT",
        (_, Level::Warning) => "WARNING",
        (_, Level::Info) => "info",
    };
    block(out, &format!("{level}  "), &finding.title)?;
    let stamp = |at| zone.at(at).format("%Y-%m-%d %H:%M:%S").to_string();
    let times = match finding.count {
        0 | 1 => String::new(),
        count => format!(", {} times", text::count(count)),
    };
    writeln!(out, "  {}  since {}{times}", finding.id, stamp(finding.first_seen))?;
    if let Some(accepted) = &finding.accepted {
        let until =
            accepted.until.map_or_else(|| "for good".to_owned(), |until| format!("until {}", stamp(until)));
        block(out, "  accepted   ", &format!("{until}: {}", accepted.reason))?;
    }
    for (head, words) in [("why", &finding.why), ("harmless", &finding.harmless_if)] {
        if !words.is_empty() {
            block(out, &format!("  {head:<9}  "), words)?;
        }
    }
    for proof in finding.evidence.iter().take(5) {
        let at = proof.at.map_or_else(String::new, |at| format!("{} ", stamp(at)));
        block(out, "  proof      ", &format!("{at}{}: {}", proof.source, proof.text))?;
    }
    for fix in &finding.fix {
        block(out, "  do         ", &fix.text)?;
        if !fix.argv.is_empty() {
            writeln!(out, "               {}", fix.argv.join(" "))?;
        }
    }
    Ok(())
}

/// Writes text behind a head, broken at the width and indented below it.
fn block(out: &mut dyn Write, head: &str, words: &str) -> io::Result<()> {
    let indent = text::width(head);
    for (place, line) in text::wrap(&Safe::new(words), WIDTH.saturating_sub(indent)).iter().enumerate() {
        if place == 0 {
            writeln!(out, "{head}{line}")?;
        } else {
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}
