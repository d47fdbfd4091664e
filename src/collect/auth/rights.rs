//! As whom this program runs, and what groups that account is in: what it may read follows from it.
//!
//! It does not try to read a log.

use crate::collect::Root;

/// The account that this program runs as.
pub(super) struct Account {
    name: Option<String>,
    uid: u32,
    pub is_root: bool,
    /// Groups that list it as a member.
    groups: Vec<String>,
}

impl Account {
    pub(super) fn of_this_process(root: &Root) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let passwd = std::fs::read_to_string(root.path("/etc/passwd")).unwrap_or_default();
        let name = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.get(2) == Some(&uid.to_string().as_str()))
            .and_then(|fields| fields.first().map(ToString::to_string));
        let listed = |line: &str| {
            let mut fields = line.split(':');
            let group = fields.next()?;
            let members = fields.nth(2)?;
            members.split(',').any(|member| Some(member) == name.as_deref()).then(|| group.to_owned())
        };
        let groups = groups_file(root).lines().filter_map(listed).collect();
        Self { is_root: uid == 0, uid, groups, name }
    }

    pub(super) fn name_or_uid(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("uid {}", self.uid))
    }

    /// The name, where it is one that cannot be mistaken for anything else on a command line.
    pub(super) fn name_for_command(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        let is_plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
                && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (is_plain && !self.is_root).then_some(name)
    }

    pub(super) fn is_listed_in(&self, groups: &[&str]) -> bool {
        self.groups.iter().any(|group| groups.contains(&group.as_str()))
    }

    pub(super) fn group_exists(root: &Root, group: &str) -> bool {
        groups_file(root).lines().any(|line| line.split(':').next() == Some(group))
    }

    pub(super) fn group_name(root: &Root, gid: u32) -> Option<String> {
        let text = groups_file(root);
        let line = text.lines().find(|line| line.split(':').nth(2) == Some(gid.to_string().as_str()))?;
        line.split(':').next().map(str::to_owned)
    }
}

fn groups_file(root: &Root) -> String {
    std::fs::read_to_string(root.path("/etc/group")).unwrap_or_default()
}
