//! Refused sudo, su, doas and pkexec, by the account that tried. It does not know about logins.

use super::Desk;
use super::window::{Window, minute};
use crate::assess::rules::Name;
use crate::assess::sighting::{Round, Sighting};
use crate::model::{AuthEvent, Level, Safe};
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// Accounts that are told apart.
const ACCOUNTS_CAP: usize = 64;
/// A refusal so shortly before a success was a typo.
const TYPO: TimeDelta = TimeDelta::minutes(10);

/// Refusals by account.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    by_account: HashMap<Safe, Account>,
}

#[derive(Debug)]
struct Account {
    /// Refused because the account may not.
    forbidden: Window,
    /// Refused because the password was wrong or was not given.
    mistyped: Window,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    latest: (Safe, Safe),
}

impl Refusals {
    pub(super) fn hear(&mut self, event: &AuthEvent, at: DateTime<Utc>) {
        let name = event.user.clone().unwrap_or_else(|| Safe::new("?"));
        if self.by_account.len() >= ACCOUNTS_CAP && !self.by_account.contains_key(&name) {
            return;
        }
        let account = self.by_account.entry(name).or_insert_with(|| Account {
            forbidden: Window::default(),
            mistyped: Window::default(),
            first: at,
            last: at,
            latest: (event.service.clone(), event.raw.clone()),
        });
        account.first = account.first.min(at);
        account.last = account.last.max(at);
        account.latest = (event.service.clone(), event.raw.clone());
        let kind = if is_mistyped(event) { &mut account.mistyped } else { &mut account.forbidden };
        kind.add(minute(at), event.count.max(1));
    }

    /// A success shortly after: the password was mistyped, nothing more.
    pub(super) fn forgive(&mut self, user: Option<&Safe>, at: DateTime<Utc>) {
        let Some(account) = user.and_then(|user| self.by_account.get_mut(user)) else { return };
        if at >= account.last && at - account.last <= TYPO {
            account.mistyped = Window::default();
        }
    }

    pub(super) fn forget_before(&mut self, oldest: i64) {
        self.by_account.retain(|_, account| {
            account.forbidden.forget_before(oldest);
            account.mistyped.forget_before(oldest);
            !account.forbidden.is_empty() || !account.mistyped.is_empty()
        });
    }

    pub(super) fn say(&self, round: &mut Round, desk: &Desk<'_>) {
        let points = desk.settings.score.points.sudo_refused;
        for (name, account) in &self.by_account {
            let (forbidden, mistyped) = (account.forbidden.total(), account.mistyped.total());
            let all = forbidden + mistyped;
            // 1 → the rule's points, 3 → twice that; a wrong password counts half.
            let weight = forbidden as f64 + mistyped as f64 / 2.0;
            let asked = (points * (1.0 + weight).log2()).min(points * 3.0);
            let many = forbidden as f64 >= desk.settings.thresholds.sudo_refusals_warning;
            let (service, raw) = &account.latest;
            round.saw(
                Sighting::new(Name::RefusedSudo, account.last)
                    .key("user", name)
                    .title(&format!("{name}: {service} refused {}", text::plural(all, "time")))
                    .level(if many { Level::Warning } else { Level::Info })
                    .points(asked)
                    .between(account.first, account.last)
                    .count(all)
                    .proof("sign-in log", Some(account.last), raw),
            );
        }
    }
}

/// Tells a wrong or missing password from an account that may not; PAM gives no reason for the former.
fn is_mistyped(event: &AuthEvent) -> bool {
    !event.reason.as_ref().is_some_and(|reason| {
        ["NOT in sudoers", "NOT authorized", "not allowed", "not permitted", "rejected", "Not authorized"]
            .iter()
            .any(|words| reason.contains(words))
    })
}
