//! Links findings of one incident: the same address, process or account within an hour. It judges nothing.

use super::provenance::{self, Kin};
use crate::model::{Category, Finding, Level, Safe};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What is further apart than this is another story.
const ONE_INCIDENT: TimeDelta = TimeDelta::hours(1);
/// Parents of a process that make it part of their story.
const ANCESTORS: usize = 8;

/// How the tag of an account begins.
const ACCOUNT: &str = "account ";

/// Gives findings that belong together the same key, and leaves those that have one theirs.
pub(super) fn link(findings: &mut [Finding], kin: Option<&Kin<'_>>) {
    let mut members: Vec<usize> = (0..findings.len()).filter(|at| may_belong(&findings[*at])).collect();
    members.sort_by_key(|at| (findings[*at].first_seen, findings[*at].id.clone()));
    // A program belongs to the login that let its account in, not to every other program of that account.
    let entered: BTreeSet<String> = members
        .iter()
        .filter(|at| is_login(&findings[**at]))
        .filter_map(|at| account(&findings[*at]))
        .collect();
    // Members by what they have in common; in each list in the order of time.
    let mut by_tag: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for at in &members {
        let tags = tags(&findings[*at], kin);
        for tag in tags.into_iter().filter(|tag| !tag.starts_with(ACCOUNT) || entered.contains(tag)) {
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
                tags.push(format!(
                    "{ACCOUNT}{}",
                    provenance::user_name(process.program.login_uid, Some(kin))
                ));
            }
        }
    }
    if is_login(finding) || (finding.category == Category::Process && finding.level > Level::Info) {
        tags.extend(account(finding));
    }
    tags
}

/// Somebody got in, in a way that is worth a warning.
fn is_login(finding: &Finding) -> bool {
    finding.category == Category::Auth && finding.level > Level::Info && finding.subject.contains_key("user")
}

fn account(finding: &Finding) -> Option<String> {
    finding.subject.get("user").filter(|user| **user != "?").map(|user| format!("{ACCOUNT}{user}"))
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
