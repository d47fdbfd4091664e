//! The pages of the rules: what, why, proof, when harmless, what to do. They are written by noun and stand here in
//! the order of their names.

mod access;
mod additions;
mod health;
mod network;
mod process;
mod sight;

use super::{Name, Rule};
use crate::model::{Category, Kind, Level};

const ATTACK: &str = "https://attack.mitre.org/techniques/";

/// What most rules have in common; each page changes what differs.
const PLAIN: Rule = Rule {
    name: Name::Load,
    id: "",
    title: "",
    level: Level::Info,
    category: Category::Process,
    kind: Kind::State,
    clears: true,
    attack: &[],
    what: "",
    why: "",
    proof: "",
    harmless_if: "",
    r#do: "",
    references: &[ATTACK],
    passed: "",
};

/// Every page, at the place of its name.
pub(super) static RULES: [Rule; COUNT] = {
    let chapters: [&[Rule]; 6] =
        [&health::PAGES, &network::PAGES, &access::PAGES, &process::PAGES, &additions::PAGES, &sight::PAGES];
    let mut all = [PLAIN; COUNT];
    let (mut place, mut chapter) = (0, 0);
    while chapter < chapters.len() {
        let mut page = 0;
        while page < chapters[chapter].len() {
            all[place] = chapters[chapter][page];
            place += 1;
            page += 1;
        }
        chapter += 1;
    }
    all
};

const COUNT: usize = health::PAGES.len()
    + network::PAGES.len()
    + access::PAGES.len()
    + process::PAGES.len()
    + additions::PAGES.len()
    + sight::PAGES.len();
