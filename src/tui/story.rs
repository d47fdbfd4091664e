//! The whole story of a finding, and what each sensor sees: what, why, proof, what to do, what to learn.

use super::page::{Sheet, View};
use super::widgets::prose::Para;
use super::{glyphs, words};
use crate::model::{Evidence, Finding, FindingId, Fix, Level, SensorState, Snapshot, Status};
use crate::text;

/// Proofs that stand before the next step; all of them stand in the sheet, behind it.
const FIRST_PROOFS: usize = 3;

/// The story of a finding as paragraphs.
pub fn of(finding: &Finding, view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let label = |para: Para, word: &str| para.label(word, theme.title);
    let mut body = vec![label(Para::new(finding.title.as_str(), theme.level(finding.level)), "WHAT")];
    if !finding.why.is_empty() {
        body.push(label(Para::new(finding.why.as_str(), theme.text), "WHY"));
    }
    body.push(label(Para::new(times(finding, view), theme.text), "WHEN"));
    for (at, proof) in finding.evidence.iter().take(FIRST_PROOFS).enumerate() {
        let para = Para::new(words_of(proof, view), theme.text).one_line();
        body.push(if at == 0 { label(para, "PROOF") } else { para });
    }
    for (at, fix) in finding.fix.iter().enumerate() {
        let mut steps = step(at + 1, fix, view);
        if at == 0
            && let Some(first) = steps.first_mut()
        {
            *first = label(first.clone(), "DO");
        }
        body.append(&mut steps);
    }
    if !finding.harmless_if.is_empty() {
        body.push(label(Para::new(finding.harmless_if.as_str(), theme.text), "HARMLESS"));
    }
    if let Some(accepted) = &finding.accepted {
        let until = accepted.until.map_or("for ever".to_owned(), |until| {
            format!("until {}", view.zone.at(until).format("%-d %b %Y"))
        });
        body.push(label(Para::new(format!("\"{}\", {until}", accepted.reason), theme.text), "ACCEPTED"));
    }
    if finding.status == Status::Open && finding.level >= Level::Warning {
        body.push(label(Para::new("If you know why, it need not cost points:", theme.text), "KNOWN"));
        let accept = ["home-soc", "accept", finding.id.as_str(), "--until", "+30d", "--reason", "..."];
        body.push(Para::new(words::command(&accept.map(str::to_owned)), theme.command).indent(3).one_line());
    }
    let attack = if finding.attack.is_empty() {
        String::new()
    } else {
        format!("ATT&CK {}, ", finding.attack.join(", "))
    };
    body.push(label(Para::new(format!("{attack}rule {}", finding.rule), theme.muted), "LEARN"));
    body
}

/// One step that mends something: words, then the command on its own line.
fn step(number: usize, fix: &Fix, view: &View<'_>) -> Vec<Para> {
    let risk = fix.risk.as_ref().map_or(String::new(), |risk| format!(" ({risk})"));
    let mut step = vec![Para::new(format!("{number}  {}{risk}", fix.text), view.theme.text)];
    if !fix.argv.is_empty() {
        step.push(Para::new(words::command(&fix.argv), view.theme.command).indent(3).one_line());
    }
    step
}

fn times(finding: &Finding, view: &View<'_>) -> String {
    let since = words::when_long(finding.first_seen, view.now, view.zone);
    let ago = text::age_long(words::seconds(finding.first_seen, view.now));
    let often =
        if finding.count > 1 { format!(", {} times", text::count(finding.count)) } else { String::new() };
    let last = words::when_long(finding.last_seen, view.now, view.zone);
    let last = if last == since { String::new() } else { format!(", last {last}") };
    format!("since {since} ({ago} ago){last}{often}")
}

fn words_of(proof: &Evidence, view: &View<'_>) -> String {
    let time = proof.at.map_or(String::new(), |at| format!(" {}", words::when(at, view.now, view.zone)));
    format!("{}{time}: {}", proof.source, proof.text)
}

/// The story of a finding as a sheet, with all its proof.
pub fn sheet(finding: &Finding, view: &View<'_>) -> Sheet {
    let mut body = of(finding, view);
    body.push(Para::empty());
    for (at, proof) in finding.evidence.iter().enumerate() {
        let para = Para::new(words_of(proof, view), view.theme.text);
        body.push(if at == 0 { para.label("ALL PROOF", view.theme.title) } else { para });
    }
    Sheet {
        title: format!("{}  {}", finding.rule, glyphs::word(finding.level).trim_end()),
        body,
        copy: Some(finding.title.to_string()),
        fix: words::fix(finding),
    }
}

/// Why the score is what it is, row by row.
pub fn bill(snapshot: &Snapshot, view: &View<'_>) -> Sheet {
    let theme = view.theme;
    let score = &snapshot.score;
    let mut body =
        vec![Para::new("It starts at 100; every lost point has a row, and the rows add up.", theme.text)];
    body.push(Para::empty());
    for row in &score.deductions {
        let back = row.recovers.map_or(String::new(), |(at, points)| {
            format!("  (+{points} by {})", words::when(at, view.now, view.zone))
        });
        body.push(
            Para::new(format!("{}{back}", row.title), theme.text)
                .label(format!("{:>4}", -i16::from(row.points)), theme.strong),
        );
    }
    body.push(Para::new("is left", theme.text).label(format!("{:>4}", score.value), theme.strong));
    body.push(Para::empty());
    body.push(Para::new(
        format!(
            "{} points by how this machine is set up and seen, {} by what happens on it.",
            score.posture, score.activity
        ),
        theme.text,
    ));
    if score.is_upper_bound {
        body.push(Para::new(
            format!(
                "{} stands before it because some sensors cannot see: the true score may be lower.",
                view.glyphs.at_most
            ),
            theme.blind,
        ));
    }
    body.push(Para::new("90-100 normal, 70-89 minor, 50-69 something is off, 0-49 serious.", theme.muted));
    Sheet {
        title: format!("Why the score is {}", value(snapshot, view)),
        body,
        copy: Some(value(snapshot, view)),
        fix: None,
    }
}

/// The score with its mark: `≤37`, `100`.
pub fn value(snapshot: &Snapshot, view: &View<'_>) -> String {
    let mark = if snapshot.score.is_upper_bound { view.glyphs.at_most } else { "" };
    format!("{mark}{}", snapshot.score.value)
}

/// What every sensor sees: the blind ones first, with where they looked and how to mend them.
pub fn coverage(snapshot: &Snapshot, view: &View<'_>) -> Sheet {
    let theme = view.theme;
    let mut sensors: Vec<_> = snapshot.sensors.iter().collect();
    sensors.sort_by_key(|sensor| std::cmp::Reverse(sensor.state));
    let mut body: Vec<Para> = Vec::new();
    for error in &snapshot.errors {
        body.push(Para::new(error.as_str(), theme.warning).label("fault", theme.warning));
    }
    for sensor in &sensors {
        let state = match sensor.state {
            SensorState::Ok => "sees everything",
            SensorState::Partial => "sees a part",
            SensorState::Blind => "sees nothing",
        };
        let mark = format!("{} {}", view.glyphs.sensor(sensor.state), sensor.id);
        body.push(Para::new(state, theme.sensor(sensor.state)).label(mark, theme.strong));
        if sensor.state == SensorState::Ok {
            continue;
        }
        body.push(Para::new(words::sensor(sensor), theme.text));
        for place in &sensor.looked {
            body.push(Para::new(format!("{}: {}", place.place, place.result), theme.muted));
        }
        if !sensor.fix.is_empty() {
            body.push(Para::new(words::command(&sensor.fix), theme.command).one_line());
        }
        for other in &sensor.alternatives {
            body.push(Para::new(format!("or: {}", other.text), theme.text));
            if !other.argv.is_empty() {
                body.push(Para::new(words::command(&other.argv), theme.command).one_line());
            }
        }
        body.push(Para::empty());
    }
    let fix = sensors.iter().find(|sensor| !sensor.fix.is_empty()).map(|sensor| words::command(&sensor.fix));
    let seeing = snapshot.sensors_in(SensorState::Ok);
    Sheet {
        title: format!("Sensors: {seeing} of {} see everything", snapshot.sensors.len()),
        body,
        copy: fix.clone(),
        fix,
    }
}

/// The points that a finding costs in a beat.
pub fn points(snapshot: &Snapshot, id: &FindingId) -> u16 {
    let rows = snapshot.score.deductions.iter().filter(|row| row.finding.as_ref() == Some(id));
    rows.map(|row| u16::from(row.points)).sum()
}

/// True for what the person still has to look at.
pub fn is_problem(finding: &Finding) -> bool {
    finding.status == Status::Open && finding.level >= Level::Warning
}
