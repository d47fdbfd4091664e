//! Changes of accounts that give somebody root's power: a second uid 0, a new member of a powerful group.
//!
//! It judges what the log tells; what the account files hold is another matter.

use super::Desk;
use crate::assess::rules::Name;
use crate::assess::sighting::Sighting;
use crate::model::{AuthEvent, AuthKind};
use chrono::{DateTime, Utc};

/// Groups whose members are root in all but name, or can become it.
const POWERFUL: &[&str] =
    &["admin", "disk", "docker", "incus-admin", "lxd", "root", "shadow", "sudo", "wheel"];

/// Judges one change.
pub(super) fn judge(event: &AuthEvent, at: DateTime<Utc>, desk: &Desk<'_>) -> Option<Sighting> {
    let user = event.user.as_deref()?;
    let said = event.reason.as_deref().unwrap_or(&event.raw);
    let points = &desk.settings.score.points;
    let sighting = |name| {
        Sighting::new(name, at).key("user", user).between(at, at).proof("sign-in log", Some(at), &event.raw)
    };
    match event.kind {
        AuthKind::AccountAdded | AuthKind::AccountChanged if user != "root" && gives_uid_0(said) => Some(
            sighting(Name::SecondRoot)
                .title(&format!("{user} has uid 0: a second root"))
                .compromise()
                .points(points.second_root)
                .fix("See all accounts with uid 0", &["awk", "-F:", "$3 == 0", "/etc/passwd"], None),
        ),
        AuthKind::GroupChanged => {
            let group = event.target_user.as_deref()?;
            let added = said.starts_with("add ") || said.contains(" added by ");
            (added && POWERFUL.contains(&group)).then(|| {
                sighting(Name::PowerfulGroup)
                    .key("group", group)
                    .title(&format!("{user} was added to the group {group}"))
                    .points(points.powerful_group)
                    .fix("See who is in it", &["getent", "group", group], None)
            })
        }
        _ => None,
    }
}

/// `new user: name=N, UID=0, ..`, `change user 'U' UID from '1000' to '0'`. A name holds no comma and no quote.
fn gives_uid_0(said: &str) -> bool {
    said.starts_with("new user: ") && said.contains(", UID=0,")
        || said.contains("' UID from '") && said.ends_with("to '0'")
}
