//! Every key there is, once: dispatch, the footer, the help and the palette are all made from [`KEYMAP`].
//!
//! What an action does is decided by the app and the pages.

mod chord;
mod preset;
mod table;

pub use chord::Chord;
pub use preset::Preset;
pub use table::{Action, Binding, KEYMAP};

use super::page::Tab;
use super::theme::nearest;
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// Keys that cannot be used, in words for the person who wrote the config.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No command has this name.
    #[error("keys: no command is called `{name}`; did you mean `{nearest}`?")]
    Command {
        /// The name in the config.
        name: String,
        /// The name that looks most like it.
        nearest: String,
    },
    /// No key has this name.
    #[error(
        "keys: `{key}` for `{command}` is no key; write q, ^B, F3, PgUp, Space, Enter, Esc, Tab, Home, End, Del or Up"
    )]
    Key {
        /// The name in the config.
        key: String,
        /// The command it was meant for.
        command: &'static str,
    },
    /// Two commands have the same key on the same tab.
    #[error("keys: `{key}` is both `{first}` and `{second}` on {tab}; give one of them another key")]
    Conflict {
        /// The key.
        key: String,
        /// One command.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The first tab on which both work.
        tab: &'static str,
    },
}

impl KeyError {
    /// The commands that it is about.
    pub fn commands(&self) -> Vec<&str> {
        match self {
            Self::Command { name, .. } => vec![name],
            Self::Key { command, .. } => vec![command],
            Self::Conflict { first, second, .. } => vec![first, second],
        }
    }
}

/// The table with the keys that this person chose.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: Vec<Vec<Chord>>,
    /// What cannot be done here.
    missing: Vec<Action>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: KEYMAP.iter().map(|binding| binding.keys.to_vec()).collect(), missing: Vec::new() }
    }
}

impl Keymap {
    /// Puts a preset's keys, then the person's own (command name, key names) in the place of the table's.
    ///
    /// # Errors
    /// An unknown command or key, and two commands on one key, name what is wrong.
    pub fn with(preset: Preset, chosen: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyError> {
        let mut map = Self::default();
        for (name, keys) in preset.keys() {
            map.set(name, keys)?;
        }
        for (name, keys) in chosen {
            map.set(name, keys)?;
        }
        map.refuse_conflicts()?;
        Ok(map)
    }

    fn set(&mut self, name: &str, keys: &[impl AsRef<str>]) -> Result<(), KeyError> {
        let place = KEYMAP.iter().position(|binding| binding.command == name).ok_or_else(|| {
            let names: Vec<&str> = KEYMAP.iter().map(|binding| binding.command).collect();
            KeyError::Command { name: name.to_owned(), nearest: nearest(name, &names).to_owned() }
        })?;
        let command = KEYMAP[place].command;
        let read = |key: &str| Chord::parse(key).ok_or(KeyError::Key { key: key.to_owned(), command });
        self.keys[place] = keys.iter().map(|key| read(key.as_ref())).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Leaves out what cannot be done here: no key, no footer, no help, no command.
    #[must_use]
    pub fn without(mut self, actions: &[Action]) -> Self {
        self.missing.extend_from_slice(actions);
        self
    }

    fn refuse_conflicts(&self) -> Result<(), KeyError> {
        for tab in Tab::ALL {
            let mut seen: HashMap<Chord, &'static str> = HashMap::new();
            for (binding, keys) in self.on(tab) {
                for chord in keys {
                    if let Some(first) = seen.insert(*chord, binding.command) {
                        return Err(KeyError::Conflict {
                            key: chord.to_string(),
                            first,
                            second: binding.command,
                            tab: tab.title(),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The lines of the table that work on a tab, each with its keys.
    pub fn on(&self, tab: Tab) -> impl Iterator<Item = (&'static Binding, &[Chord])> {
        let all = KEYMAP.iter().zip(self.keys.iter().map(Vec::as_slice));
        all.filter(move |(binding, _)| binding.on.contains(&tab) && !self.missing.contains(&binding.action))
    }

    /// Finds what a key asks for on a tab.
    pub fn find(&self, tab: Tab, chord: Chord) -> Option<Action> {
        self.on(tab).find(|(_, keys)| keys.contains(&chord)).map(|(binding, _)| binding.action)
    }
}

#[cfg(test)]
mod tests {
    use super::chord::{f, key};
    use super::*;

    #[test]
    fn no_key_has_two_meanings_on_one_tab() {
        Keymap::default().refuse_conflicts().unwrap();
    }

    #[test]
    fn chosen_keys_take_the_place_of_the_tables_own() {
        let chosen = |command: &str, key: &str| BTreeMap::from([(command.to_owned(), vec![key.to_owned()])]);
        let map = Keymap::with(Preset::Default, &chosen("freeze", "F7")).unwrap();
        assert_eq!(map.find(Tab::Auth, f(7)), Some(Action::Freeze));
        assert_eq!(map.find(Tab::Auth, key(' ')), None);
        let error = Keymap::with(Preset::Default, &chosen("freeze", "q")).unwrap_err().to_string();
        assert!(error.contains("`freeze`") && error.contains("`quit`"), "{error}");
        assert!(
            Keymap::with(Preset::Default, &chosen("freze", "x"))
                .unwrap_err()
                .to_string()
                .contains("`freeze`")
        );
        assert!(
            Keymap::with(Preset::Default, &chosen("freeze", "F99")).unwrap_err().to_string().contains("F99")
        );
    }

    #[test]
    fn presets_have_no_conflict_and_do_what_their_programs_do() {
        let none = BTreeMap::new();
        let [htop, vim] = [Preset::Htop, Preset::Vim].map(|preset| Keymap::with(preset, &none).unwrap());
        assert_eq!(htop.find(Tab::Processes, key('k')), Some(Action::Signal));
        assert_eq!(htop.find(Tab::Processes, key('u')), Some(Action::FilterUser));
        assert_eq!(htop.find(Tab::Processes, key('h')), Some(Action::Help));
        assert_eq!(htop.find(Tab::Processes, key('j')), None);
        assert_eq!(vim.find(Tab::Processes, key('d')), Some(Action::Signal));
        assert_eq!(vim.find(Tab::Processes, key('k')), Some(Action::Up));
        assert_eq!(vim.find(Tab::Auth, key('l')), Some(Action::ScrollRight));
        assert_eq!(vim.find(Tab::Auth, key('h')), Some(Action::ScrollLeft));
    }

    #[test]
    fn a_key_is_read_back_from_its_name() {
        for binding in KEYMAP {
            for chord in binding.keys {
                let name = chord.to_string();
                if !name.starts_with(['↑', '↓', '←', '→']) {
                    assert_eq!(Chord::parse(&name), Some(*chord), "{name}");
                }
            }
        }
        assert_eq!(Chord::parse("F13"), None);
        assert_eq!(Chord::parse(""), None);
    }

    #[test]
    fn every_command_has_one_name() {
        let mut names: Vec<&str> = KEYMAP.iter().map(|binding| binding.command).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYMAP.len());
    }
}
