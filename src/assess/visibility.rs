//! What cannot be seen: blind and partial sensors become findings, each missing right once.

use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use crate::model::{Evidence, Fix, Level, Safe, Sensor, SensorState};
use chrono::{DateTime, Utc};

/// Sensors whose blindness can hide something that would lower the score. Of the parts of `auth` one may well be
/// missing; when all are, a finding says so.
const FEEDING: &[&str] = &["proc", "net", "exec", "load", "cpu", "memory", "disks"];

/// Tells sensors whose blindness can hide something that would lower the score.
pub(super) fn feeds_the_score(id: &str) -> bool {
    id == "auth" || FEEDING.iter().any(|name| is_part_of(id, name))
}

/// Tells sensors that are charged for when they see a part only.
pub(super) fn is_charged(id: &str) -> bool {
    ["auth", "proc.exe", "net.owners"].contains(&id)
}

fn is_part_of(id: &str, name: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Judges the sensors. `has_auth` says whether sign-in events came, by whichever way.
pub(super) fn judge(
    round: &mut Round,
    sensors: &[Sensor],
    has_auth: bool,
    settings: &Settings,
    now: DateTime<Utc>,
) {
    for name in [Name::AuthBlind, Name::ExecBlind, Name::ProgramsPartial, Name::OtherSensor] {
        round.looked(name);
    }
    let points = &settings.score.points;
    judge_auth(round, sensors, has_auth, points.auth_blind, now);
    let mut programs: Option<Sighting> = None;
    for sensor in
        sensors.iter().filter(|sensor| sensor.state != SensorState::Ok && !is_part_of(&sensor.id, "auth"))
    {
        if is_part_of(&sensor.id, "exec") {
            round.saw(sighting(Name::ExecBlind, sensor, now).points(points.exec_blind * exec_share(sensor)));
        } else if ["proc.exe", "net.owners"].contains(&sensor.id.as_str()) {
            // One missing right, however many sensors feel it.
            if let Some(first) = &mut programs {
                first.evidence.extend(proof(sensor));
            } else {
                let asked = points.programs_partial * unseen_share(sensor);
                programs = Some(sighting(Name::ProgramsPartial, sensor, now).points(asked));
            }
        } else {
            round.saw(sighting(Name::OtherSensor, sensor, now));
        }
    }
    if let Some(sighting) = programs {
        round.saw(sighting);
    }
}

/// Sign-ins have several sources; only when none of them is whole is anything said.
fn judge_auth(round: &mut Round, sensors: &[Sensor], has_auth: bool, points: f64, now: DateTime<Utc>) {
    let whole = sensors.iter().find(|sensor| sensor.id == "auth");
    let parts = || sensors.iter().filter(|sensor| is_part_of(&sensor.id, "auth"));
    let said = match whole {
        Some(sensor) => Some(sensor).filter(|sensor| sensor.state != SensorState::Ok),
        None if parts().any(|sensor| sensor.state == SensorState::Ok) => None,
        None => parts().min_by_key(|sensor| sensor.state),
    };
    let (sighting, state) = match said {
        Some(sensor) => (sighting(Name::AuthBlind, sensor, now), sensor.state),
        None if has_auth || parts().any(|sensor| sensor.state == SensorState::Ok) => return,
        None => (
            Sighting::new(Name::AuthBlind, now)
                .key("sensor", "auth")
                .title("sign-ins cannot be seen: no source was found"),
            SensorState::Blind,
        ),
    };
    let share = if state == SensorState::Blind { 1.0 } else { 0.5 };
    // The key is the same whichever source says it: going from one to the other is no news.
    round.saw(sighting.points(points * share));
}

/// How much of the points is charged: half while polling stands in, nothing for a burst that was too fast.
fn exec_share(sensor: &Sensor) -> f64 {
    match (sensor.state, sensor.reason.as_deref()) {
        (SensorState::Blind, _) => 1.0,
        (_, Some("overrun" | "internal_error")) => 0.0,
        _ => 0.5,
    }
}

/// How much of the points is charged: all when half or more cannot be seen, a third when hardly any.
fn unseen_share(sensor: &Sensor) -> f64 {
    match (sensor.state, sensor.seen, sensor.total) {
        (SensorState::Partial, Some(seen), Some(total)) if total > 0 => {
            (total.saturating_sub(seen) as f64 / total as f64 * 2.0).clamp(1.0 / 3.0, 1.0)
        }
        _ => 1.0,
    }
}

fn sighting(name: Name, sensor: &Sensor, now: DateTime<Utc>) -> Sighting {
    let what = match name {
        Name::AuthBlind => "sign-ins",
        Name::ExecBlind => "starts of programs",
        Name::ProgramsPartial => "other users' programs",
        _ => sensor.id.as_str(),
    };
    let (what, how) = match (sensor.state, sensor.seen, sensor.total) {
        (SensorState::Partial, Some(seen), Some(total)) => (what, format!("seen in part: {seen} of {total}")),
        (SensorState::Partial, ..) => (what, "seen in part".to_owned()),
        _ => (what, "cannot be seen".to_owned()),
    };
    let key = match name {
        Name::AuthBlind => "auth",
        Name::ProgramsPartial => "proc.exe",
        _ => sensor.id.as_str(),
    };
    let mut sighting = Sighting::new(name, now).key("sensor", key).title(&format!("{what}: {how}"));
    if name == Name::AuthBlind && sensor.state == SensorState::Partial {
        sighting = sighting.level(Level::Info);
    }
    if let Some(says) = &sensor.says {
        sighting = sighting.why(says);
    }
    sighting.evidence.extend(proof(sensor));
    if !sensor.fix.is_empty() {
        sighting.fix.push(Fix { text: Safe::new("Open its eyes"), argv: sensor.fix.clone(), risk: None });
    }
    sighting.fix.extend(sensor.alternatives.iter().cloned());
    sighting
}

fn proof(sensor: &Sensor) -> impl Iterator<Item = Evidence> + '_ {
    sensor.looked.iter().map(|looked| Evidence {
        source: looked.place.clone(),
        at: None,
        text: looked.result.clone(),
    })
}
