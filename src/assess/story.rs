//! Links findings of one incident: the same address, process or account within an hour. It judges nothing.

use super::provenance::{self, Kin};
use crate::model::{Category, Finding, Level, Safe};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What is further apart than this is another story.
const ONE_INCIDENT: TimeDelta = TimeDelta::hours(1);
/// Parents of a process that make it part of their story.
const ANCESTORS: usize = 8;

/// Gives findings that belong together the same key, and leaves those that have one theirs.
pub(super) fn link(findings: &mut [Finding], kin: Option<&Kin<'_>>) {
    let mut members: Vec<usize> = (0..findings.len()).filter(|at| may_belong(&findings[*at])).collect();
    members.sort_by_key(|at| (findings[*at].first_seen, findings[*at].id.clone()));
    // Members by what they have in common; in each list in the order of time.
    let mut by_tag: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for at in &members {
        for tag in tags(&findings[*at], kin) {
            by_tag.entry(tag).or_default().push(*at);
        }
    }
    let mut leader: Vec<usize> = (0..findings.len()).collect();
    for list in by_tag.values() {
        let mut latest: Option<(usize, DateTime<Utc>)> = None;
        for at in list {
            if let Some((before, until)) = latest
                && findings[*at].first_seen - until <= ONE_INCIDENT
            {
                join(&mut leader, before, *at);
            }
            let until =
                latest.map_or(findings[*at].last_seen, |(_, until)| until.max(findings[*at].last_seen));
            latest = Some((*at, until));
        }
    }
    name(findings, &members, &mut leader);
}

/// Health and blindness belong to no incident.
fn may_belong(finding: &Finding) -> bool {
    matches!(finding.category, Category::Auth | Category::Process | Category::Integrity | Category::Network)
        && (finding.subject.contains_key("address")
            || finding.subject.contains_key("pid")
            || finding.level > Level::Info)
}

/// What a finding has in common with others: an address, a process and its parents, an account that was entered.
fn tags(finding: &Finding, kin: Option<&Kin<'_>>) -> Vec<String> {
    let subject = |key: &str| finding.subject.get(key).map(Safe::as_str);
    let mut tags: Vec<String> =
        subject("address").map(|address| format!("address {address}")).into_iter().collect();
    let is_login = finding.category == Category::Auth && finding.level > Level::Info;
    if let Some(pid) = subject("pid") {
        tags.push(format!("pid {pid}"));
        if let Some((process, kin)) =
            pid.parse().ok().zip(kin).and_then(|(pid, kin)| Some((kin.by_pid(pid)?, kin)))
        {
            tags.extend(
                kin.ancestors(process)
                    .take(ANCESTORS)
                    .filter(|parent| parent.program.pid > 1)
                    .map(|parent| format!("pid {}", parent.program.pid)),
            );
            if process.program.login_uid.is_some() {
                tags.push(format!("account {}", provenance::user_name(process.program.login_uid, Some(kin))));
            }
        }
    }
    // A program of an account belongs to the login that went before it, not to every other program of its.
    if let Some(user) = subject("user").filter(|user| *user != "?")
        && (is_login || (finding.category == Category::Process && finding.level > Level::Info))
    {
        tags.push(format!("account {user}"));
    }
    tags
}

fn find(leader: &mut [usize], at: usize) -> usize {
    let mut root = at;
    while leader[root] != root {
        root = leader[root];
    }
    leader[at] = root;
    root
}

fn join(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[b] = a;
}

/// Names each group of two or more by its beginning; a name that was given before stays.
fn name(findings: &mut [Finding], members: &[usize], leader: &mut [usize]) {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in members {
        groups.entry(find(leader, *at)).or_default().push(*at);
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let known = group.iter().filter_map(|at| findings[*at].story.clone()).min();
        let key = known.unwrap_or_else(|| {
            let began = group.iter().map(|at| findings[*at].first_seen).min().unwrap_or_default();
            let time = began.to_rfc3339_opts(SecondsFormat::Secs, true);
            let number = taken.entry(time.clone()).or_insert(0);
            *number += 1;
            format!("{time}/{number}")
        });
        for at in group {
            findings[at].story = Some(key.clone());
        }
    }
}
