//! The properties of the score, over random sets of findings, and the bill's own arithmetic.
//!
//! What raises a finding is tested elsewhere; here findings are made by hand.

#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::assess::{Settings, score::bill};
use home_soc::model::{
    Acceptance, Category, Confidence, Finding, FindingId, Kind, Level, Safe, Score, Sensor, Status,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CATEGORIES: [Category; 7] = [
    Category::Health,
    Category::Network,
    Category::Auth,
    Category::Integrity,
    Category::Process,
    Category::Posture,
    Category::Visibility,
];

fn now() -> DateTime<Utc> {
    "2026-11-22T13:00:00Z".parse().unwrap()
}

fn finding(number: u32, category: Category, level: Level, kind: Kind, points: f64) -> Finding {
    let subject = BTreeMap::from([("number".to_owned(), Safe::new(&number.to_string()))]);
    Finding {
        id: FindingId::new("HS-PROC-003", &subject),
        rule: if category == Category::Network { "HS-NET-001" } else { "HS-PROC-003" }.to_owned(),
        level,
        status: Status::Open,
        category,
        kind,
        points,
        ceiling: None,
        confidence: Confidence::High,
        title: Safe::new(&format!("finding {number}")),
        why: Safe::default(),
        harmless_if: Safe::default(),
        subject,
        evidence: Vec::new(),
        fix: Vec::new(),
        attack: Vec::new(),
        first_seen: now(),
        last_seen: now(),
        count: 1,
        story: None,
        accepted: None,
    }
}

prop_compose! {
    fn any_finding()(
        number in 0_u32..10_000,
        category in 0_usize..7,
        level in 0_usize..3,
        is_event in any::<bool>(),
        status in 0_usize..8,
        compromise in 0_usize..10,
        points in prop_oneof![Just(0.0), 0.0..60.0_f64, Just(f64::NAN), Just(-5.0), Just(1e9)],
        age_h in 0_i64..400,
    ) -> Finding {
        let level = [Level::Info, Level::Warning, Level::Alert][level];
        let kind = if is_event { Kind::Event } else { Kind::State };
        let mut finding = finding(number, CATEGORIES[category], level, kind, points);
        finding.last_seen = now() - TimeDelta::hours(age_h);
        if compromise == 0 {
            finding.ceiling = Some(49);
        }
        if status == 0 {
            finding.status = Status::Accepted;
            finding.accepted = Some(Acceptance { reason: "known".into(), since: now(), until: None });
        }
        finding
    }
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    prop::collection::vec(any_finding(), 0..12).prop_map(|mut findings| {
        findings.sort_by(|a, b| a.id.cmp(&b.id));
        findings.dedup_by(|a, b| a.id == b.id);
        findings
    })
}

fn score_at(findings: &[Finding], at: DateTime<Utc>) -> Score {
    bill(findings, &[], &Settings::default(), at)
}

fn score(findings: &[Finding]) -> Score {
    score_at(findings, now())
}

fn rows_sum(score: &Score) -> u32 {
    score.deductions.iter().map(|row| u32::from(row.points)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn rows_sum_to_the_gap_and_the_value_is_a_score(findings in any_findings()) {
        let score = score(&findings);
        prop_assert!(score.value <= 100);
        prop_assert_eq!(rows_sum(&score), 100 - u32::from(score.value));
        prop_assert_eq!(u32::from(score.posture) + u32::from(score.activity), 100 - u32::from(score.value));
    }

    #[test]
    fn order_and_repetition_change_nothing(findings in any_findings(), seed in any::<u64>()) {
        let whole = score(&findings);
        let mut shuffled = findings.clone();
        shuffled.sort_by_key(|finding| home_soc::model::fingerprint(&[finding.id.as_str().as_bytes(), &seed.to_le_bytes()].concat()));
        prop_assert_eq!(&score(&shuffled), &whole);
        shuffled.extend(findings);
        prop_assert_eq!(&score(&shuffled), &whole);
    }

    #[test]
    fn one_more_finding_never_raises_the_score(findings in any_findings(), one_more in any_finding()) {
        let before = score(&findings).value;
        let mut more = findings;
        if more.iter().all(|finding| finding.id != one_more.id) {
            more.push(one_more);
        }
        prop_assert!(score(&more).value <= before);
    }

    #[test]
    fn time_alone_never_lowers_the_score(findings in any_findings(), hours in 0_i64..2000) {
        let later = score_at(&findings, now() + TimeDelta::hours(hours));
        prop_assert!(later.value >= score(&findings).value);
    }

    #[test]
    fn a_possible_compromise_is_serious_whatever_else_there_is(findings in any_findings(), points in 0.0..60.0_f64) {
        let mut compromise = finding(10_001, Category::Process, Level::Alert, Kind::Event, points);
        compromise.ceiling = Some(49);
        compromise.last_seen = now() - TimeDelta::days(300);
        let mut all = findings;
        all.push(compromise);
        prop_assert!(score(&all).value <= 49);
    }

    #[test]
    fn health_and_connections_alone_never_leave_the_upper_bands(findings in any_findings()) {
        let mut health = findings;
        for (place, finding) in health.iter_mut().enumerate() {
            finding.category = if place % 2 == 0 { Category::Health } else { Category::Network };
            finding.rule = if place % 2 == 0 { "HS-HLTH-001" } else { "HS-NET-001" }.to_owned();
        }
        prop_assert!(score(&health).value >= 70);
    }

    #[test]
    fn open_alerts_and_warnings_hold_the_score_in_their_band(findings in any_findings()) {
        let value = score(&findings).value;
        for finding in findings.iter().filter(|finding| finding.status == Status::Open && finding.kind == Kind::State) {
            let ceiling = match (finding.category, finding.level) {
                (Category::Health | Category::Network, Level::Alert) | (_, Level::Warning) => 89,
                (_, Level::Alert) => 69,
                (_, Level::Info) => 100,
            };
            prop_assert!(value <= ceiling, "{value} with an open {:?}", finding.level);
        }
    }

    #[test]
    fn the_bill_replayed_from_json_is_the_same_bill(findings in any_findings()) {
        let mut findings = findings;
        findings.retain(|finding| finding.points.is_finite());
        let text = serde_json::to_string(&findings).unwrap();
        let back: Vec<Finding> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(score(&back), score(&findings));
    }
}

#[test]
fn nothing_found_is_a_hundred() {
    let score = score(&[]);
    assert_eq!((score.value, score.deductions.len(), score.is_upper_bound), (100, 0, false));
}

#[test]
fn categories_saturate_and_the_largest_counts_first() {
    let many: Vec<_> = (0..50).map(|n| finding(n, Category::Auth, Level::Info, Kind::State, 25.0)).collect();
    assert_eq!(score(&many).value, 65);
    let two = [
        finding(1, Category::Auth, Level::Info, Kind::State, 10.0),
        finding(2, Category::Auth, Level::Info, Kind::State, 25.0),
    ];
    // 35 - 35 * (10/35) * (25/35) = 27.9
    let score = score(&two);
    assert_eq!(score.value, 72);
    assert_eq!(score.deductions[0].points, 25);
}

#[test]
fn an_old_attack_no_longer_lowers_the_score() {
    let mut attack = finding(1, Category::Auth, Level::Warning, Kind::Event, 20.0);
    assert_eq!(score(&[attack.clone()]).value, 80);
    let (moment, back) = score(&[attack.clone()]).deductions[0].recovers.unwrap();
    assert_eq!((moment, back), (now() + TimeDelta::hours(24), 10));
    attack.last_seen = now() - TimeDelta::hours(24);
    assert_eq!(score(&[attack.clone()]).value, 90);
    attack.last_seen = now() - TimeDelta::days(9);
    assert_eq!(score(&[attack]).value, 100);
}

#[test]
fn a_ceiling_is_a_row_that_names_its_reason() {
    let mut shell = finding(1, Category::Process, Level::Alert, Kind::State, 35.0);
    shell.ceiling = Some(49);
    shell.title = "reverse shell".into();
    let score = score(&[shell]);
    assert_eq!(score.value, 49);
    let row = score.deductions.last().unwrap();
    assert_eq!(
        (row.title.as_str(), row.points, row.finding.is_none()),
        ("held at 49 by: reverse shell", 16, true)
    );
}

#[test]
fn an_accepted_risk_costs_nothing_and_stays_on_the_bill() {
    let mut accepted = finding(1, Category::Process, Level::Alert, Kind::State, 35.0);
    accepted.ceiling = Some(49);
    accepted.status = Status::Accepted;
    let score = score(&[accepted]);
    assert_eq!((score.value, score.deductions.len(), score.deductions[0].points), (100, 1, 0));
}

#[test]
fn a_blind_sensor_makes_the_score_an_upper_bound_if_it_could_lower_it() {
    for (sensor, bound) in [
        (Sensor::blind("auth", "permission_denied", "no"), true),
        (Sensor::partial("proc.exe", "permission_denied", "some"), true),
        (Sensor::blind("net.sockets", "unsupported", "no"), true),
        (Sensor::blind("temperatures", "unsupported", "no"), false),
        (Sensor::blind("logins", "not_found", "no"), false),
        (Sensor::ok("auth"), false),
    ] {
        let id = sensor.id.clone();
        assert_eq!(bill(&[], &[sensor], &Settings::default(), now()).is_upper_bound, bound, "{id}");
    }
}

#[test]
fn every_cap_and_ceiling_can_be_changed() {
    let mut settings = Settings::default();
    settings.score.caps.auth = 5.0;
    settings.score.ceilings.warning = 95;
    let findings = [finding(1, Category::Auth, Level::Warning, Kind::State, 25.0)];
    assert_eq!(bill(&findings, &[], &settings, now()).value, 95);
}
