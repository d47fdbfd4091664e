//! The register of rules: every finding is raised through it, so every id has a page. It judges nothing.

mod pages;

use crate::model::{Category, Kind, Level};
use std::fmt::Write as _;

/// A rule and its page. Ids never change meaning.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Which of the register's entries this is.
    pub(super) name: Name,
    /// `HS-AREA-NNN`.
    pub id: &'static str,
    /// A short name.
    pub title: &'static str,
    /// Its usual level; a finding may have another one, and the page says when.
    pub level: Level,
    /// Which cap it counts against.
    pub category: Category,
    /// A state that holds, or an event that happened.
    pub kind: Kind,
    /// Whether a finding is solved when the check no longer sees it; other events only fade.
    pub(super) clears: bool,
    /// ATT&CK technique ids.
    pub attack: &'static [&'static str],
    /// What it says.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What it is proved by.
    pub proof: &'static str,
    /// When it is harmless.
    pub harmless_if: &'static str,
    /// What to do.
    pub r#do: &'static str,
    /// Where to read on.
    pub references: &'static [&'static str],
    /// What to say when the check ran and found nothing; empty when that is not worth a line.
    pub(super) passed: &'static str,
}

/// The rules by name, in the order of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Name {
    Load,
    Memory,
    BusyProcess,
    MemoryStall,
    DiskFull,
    Unusual,
    Connections,
    Listener,
    PacketSocket,
    Talk,
    FailedLogins,
    GuessingRun,
    SuccessAfterGuessing,
    FirstLogin,
    RefusedSudo,
    ForgedLine,
    FirstSudo,
    SecondRoot,
    PowerfulGroup,
    DeletedExecutable,
    Fileless,
    OddFolder,
    FakeKernelThread,
    ShellOnSocket,
    MinerStrings,
    UnexplainedCpu,
    ReplacedProgram,
    HiddenProcess,
    TracedProcess,
    Unit,
    Module,
    UsbDevice,
    AuthBlind,
    ExecBlind,
    ProgramsPartial,
    OtherSensor,
}

impl Name {
    /// The rule.
    pub(super) fn rule(self) -> &'static Rule {
        &pages::RULES[self as usize]
    }
}

/// Every rule that the code can raise.
pub fn all() -> &'static [Rule] {
    &pages::RULES
}

/// The rule with this id, in any case of letters.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// The page of a rule, as plain text for a terminal.
pub fn page(rule: &Rule) -> String {
    let mut page = format!("{}  {}\n", rule.id, rule.title);
    let level = match rule.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "alert",
    };
    for (head, text) in [
        ("LEVEL", level),
        ("WHAT", rule.what),
        ("WHY", rule.why),
        ("PROOF", rule.proof),
        ("HARMLESS IF", rule.harmless_if),
        ("DO", rule.r#do),
    ] {
        entry(&mut page, head, text);
    }
    if !rule.attack.is_empty() {
        entry(&mut page, "ATT&CK", &rule.attack.join(", "));
    }
    entry(&mut page, "LEARN", &rule.references.join("  "));
    page
}

fn entry(page: &mut String, head: &str, text: &str) {
    const INDENT: usize = 15;
    page.push('\n');
    let mut head = head;
    for line in crate::text::wrap(text, 90 - INDENT) {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "  {head:<13}{line}");
        head = "";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_whole_page_and_an_id_of_its_own() {
        for (place, rule) in all().iter().enumerate() {
            assert_eq!(rule.name as usize, place, "{} stands in the wrong place", rule.id);
            assert_eq!(all().iter().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
            let page = page(rule);
            for text in [rule.what, rule.why, rule.proof, rule.harmless_if, rule.r#do] {
                assert!(text.len() > 30 && text.ends_with('.'), "{}: {text}", rule.id);
            }
            assert!(crate::text::width(rule.title) <= 60, "{}", rule.title);
            assert!(!rule.references.is_empty(), "{}", rule.id);
            assert!(page.lines().all(|line| crate::text::width(line) <= 90), "{page}");
        }
    }

    #[test]
    fn ids_that_the_code_names_are_in_the_register() {
        for source in
            [include_str!("../access/mod.rs"), include_str!("../mod.rs"), include_str!("../score.rs")]
        {
            for (at, _) in source.match_indices("\"HS-") {
                let id: String = source[at + 1..].chars().take_while(|c| *c != '"').collect();
                assert!(find(&id).is_some(), "{id} has no page");
            }
        }
    }
}
