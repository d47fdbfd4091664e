//! Every key there is, once: dispatch, the footer, the help and the palette are all made from [`KEYMAP`].
//!
//! What an action does is decided by the app and the pages.

use super::page::Tab;
use super::theme::nearest;
use crate::model::Level;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use thiserror::Error;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Go(Tab),
    NextTab,
    PreviousTab,
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    Left,
    Right,
    JumpLeft,
    JumpRight,
    ZoomIn,
    ZoomOut,
    Open,
    Back,
    Filter,
    NextProblem,
    PreviousProblem,
    Show(Level),
    Freeze,
    Live,
    Measure,
    Slower,
    Faster,
    Explain,
    Copy,
    CopyFix,
    Plain,
    Coverage,
    NextTheme,
    Palette,
    Help,
    Redraw,
    Suspend,
    Quit,
    SortMenu,
    SortPrevious,
    SortNext,
    Reverse,
    ByCpu,
    ByMemory,
    ByTime,
    Attention,
    Tree,
    Follow,
    KernelThreads,
    Group,
    LogLine,
}

/// One key with or without Ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub code: KeyCode,
    /// Ctrl is held.
    pub ctrl: bool,
}

impl Chord {
    /// Reads a key press; Shift is part of the character already.
    pub fn of(event: &KeyEvent) -> Self {
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        Self { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// Reads a key's name as it is shown: `q`, `^B`, `F3`, `PgUp`, `Space`.
    pub fn parse(name: &str) -> Option<Self> {
        let mut chars = name.chars();
        let code = match (chars.next()?, chars.next(), chars.next()) {
            (c, None, None) => return Some(key(c)),
            ('^', Some(c), None) => return Some(ctrl(c.to_ascii_lowercase())),
            _ => match name.to_ascii_lowercase().as_str() {
                "space" => KeyCode::Char(' '),
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "bksp" => KeyCode::Backspace,
                "tab" => KeyCode::Tab,
                "s-tab" => KeyCode::BackTab,
                "home" => KeyCode::Home,
                "end" => KeyCode::End,
                "pgup" => KeyCode::PageUp,
                "pgdn" => KeyCode::PageDown,
                "del" => KeyCode::Delete,
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                other => KeyCode::F(other.strip_prefix('f')?.parse().ok().filter(|n| (1..=12).contains(n))?),
            },
        };
        Some(Self { code, ctrl: false })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("^")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("S-Tab"),
            KeyCode::Backspace => f.write_str("Bksp"),
            KeyCode::Delete => f.write_str("Del"),
            other => write!(f, "{other}"),
        }
    }
}

const fn key(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: false }
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true }
}

const fn f(number: u8) -> Chord {
    code(KeyCode::F(number))
}

const fn code(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it asks for.
    pub action: Action,
    /// The keys that ask for it, the one to show first.
    pub keys: &'static [Chord],
    /// Where it works.
    pub on: &'static [Tab],
    /// What it does, for the help and the palette.
    pub says: &'static str,
    /// Its word in the footer; neighbours with the same word share it.
    pub footer: Option<&'static str>,
    /// Its name in the palette.
    pub command: &'static str,
}

const fn bind(
    action: Action,
    keys: &'static [Chord],
    on: &'static [Tab],
    command: &'static str,
    says: &'static str,
) -> Binding {
    Binding { action, keys, on, says, footer: None, command }
}

impl Binding {
    const fn footer(mut self, word: &'static str) -> Self {
        self.footer = Some(word);
        self
    }
}

const ALL: &[Tab] = &Tab::ALL;
const PAST: &[Tab] = &[Tab::History];
const LISTS: &[Tab] = &[Tab::Processes, Tab::Network, Tab::Auth, Tab::Logins, Tab::Findings];
const ROWS: &[Tab] = &[Tab::Overview, Tab::Processes, Tab::Network, Tab::Auth, Tab::Logins, Tab::Findings];

/// The table. The order is that of the footer (what comes first is shown longest) and of the help.
#[rustfmt::skip]
pub const KEYMAP: &[Binding] = &[
    bind(Action::Up, &[code(KeyCode::Up), key('k')], ROWS, "up", "select the row above").footer("select"),
    bind(Action::Down, &[code(KeyCode::Down), key('j')], ROWS, "down", "select the row below").footer("select"),
    bind(Action::Left, &[code(KeyCode::Left)], PAST, "earlier", "one step back in time").footer("move"),
    bind(Action::Right, &[code(KeyCode::Right)], PAST, "later", "one step on in time").footer("move"),
    bind(Action::JumpLeft, &[key('{')], PAST, "much earlier", "ten steps back").footer("10 steps"),
    bind(Action::JumpRight, &[key('}')], PAST, "much later", "ten steps on").footer("10 steps"),
    bind(Action::ZoomIn, &[key('z')], PAST, "zoom in", "a shorter stretch of time").footer("zoom"),
    bind(Action::ZoomOut, &[key('Z')], PAST, "zoom out", "a longer stretch of time").footer("zoom"),
    bind(Action::Open, &[code(KeyCode::Enter)], ROWS, "details", "details, the whole story").footer("details"),
    bind(Action::Filter, &[key('/'), f(3), f(4)], LISTS, "filter", "filter this list while typing").footer("filter"),
    bind(Action::Tree, &[key('t'), f(5)], &[Tab::Processes], "tree", "children under their parents").footer("tree"),
    bind(Action::Group, &[key('t')], &[Tab::Network], "group", "by program, or one by one").footer("group"),
    bind(Action::LogLine, &[key('l')], &[Tab::Auth], "log lines", "the log lines behind it").footer("log lines"),
    bind(Action::SortMenu, &[key('s'), f(6)], LISTS, "sort", "choose the column to sort by").footer("sort"),
    bind(Action::NextProblem, &[key('n')], ALL, "next problem", "next problem, wherever").footer("next problem"),
    bind(Action::Explain, &[key('e')], ROWS, "explain", "why: the score, or the selected row").footer("why"),
    bind(Action::Freeze, &[key(' '), key('p')], ALL, "freeze", "hold the picture; recording goes on").footer("freeze"),
    bind(Action::CopyFix, &[key('Y')], ROWS, "copy command", "copy the command that mends it").footer("copy fix"),
    bind(Action::Coverage, &[key('C')], ALL, "sensors", "what I see, what not, what helps").footer("sensors"),
    bind(Action::Show(Level::Info), &[key('i')], ALL, "level info", "show everything").footer("level"),
    bind(Action::Show(Level::Warning), &[key('w')], ALL, "level warning", "only warnings and alerts").footer("level"),
    bind(Action::Show(Level::Alert), &[key('a')], ALL, "level alert", "only alerts").footer("level"),
    bind(Action::Palette, &[key(':'), ctrl('p')], ALL, "palette", "find any command by name").footer("cmd"),
    bind(Action::Help, &[key('?'), f(1), key('h')], ALL, "help", "this help; / searches it").footer("help"),
    bind(Action::Quit, &[key('q'), key('Q'), f(10), ctrl('c')], ALL, "quit", "close the popup, then quit").footer("quit"),
    bind(Action::Go(Tab::Overview), &[key('1')], ALL, "goto overview", "the verdict and why"),
    bind(Action::Go(Tab::Processes), &[key('2')], ALL, "goto processes", "what runs here"),
    bind(Action::Go(Tab::Network), &[key('3')], ALL, "goto network", "open doors and connections"),
    bind(Action::Go(Tab::Auth), &[key('4')], ALL, "goto auth", "who tried to sign in"),
    bind(Action::Go(Tab::Logins), &[key('5')], ALL, "goto logins", "who is here and who was"),
    bind(Action::Go(Tab::History), &[key('6')], ALL, "goto history", "the past in curves"),
    bind(Action::Go(Tab::Findings), &[key('7')], ALL, "goto findings", "everything that deserves attention"),
    bind(Action::NextTab, &[code(KeyCode::Tab), key(']')], ALL, "next tab", "next tab"),
    bind(Action::PreviousTab, &[code(KeyCode::BackTab), key('[')], ALL, "previous tab", "previous tab"),
    bind(Action::PageUp, &[code(KeyCode::PageUp), ctrl('b')], ROWS, "page up", "a page up"),
    bind(Action::PageDown, &[code(KeyCode::PageDown), ctrl('f')], ROWS, "page down", "a page down"),
    bind(Action::HalfUp, &[ctrl('u')], ROWS, "half page up", "half a page up"),
    bind(Action::HalfDown, &[ctrl('d')], ROWS, "half page down", "half a page down"),
    bind(Action::First, &[key('g'), code(KeyCode::Home)], ALL, "first", "to the first row, to the oldest"),
    bind(Action::Last, &[key('G'), code(KeyCode::End)], ALL, "last", "to the last row, to the newest"),
    bind(Action::Back, &[code(KeyCode::Esc), code(KeyCode::Backspace)], ALL, "back", "one step back; never quits"),
    bind(Action::Live, &[key('.')], ALL, "live", "back to now"),
    bind(Action::PreviousProblem, &[key('N')], ALL, "previous problem", "previous problem"),
    bind(Action::Measure, &[key('r')], ALL, "measure", "measure now; look again at what I could not see"),
    bind(Action::Slower, &[key('+'), key('=')], ALL, "slower", "measure less often: 1 2 5 10 30 60 s"),
    bind(Action::Faster, &[key('-')], ALL, "faster", "measure more often"),
    bind(Action::Copy, &[key('y')], ROWS, "copy", "copy what is selected"),
    bind(Action::Plain, &[key('v')], ALL, "plain", "this page as plain text, to copy or to hear"),
    bind(Action::NextTheme, &[key('F')], ALL, "theme", "next theme"),
    bind(Action::Redraw, &[ctrl('l')], ALL, "redraw", "draw everything again"),
    bind(Action::Suspend, &[ctrl('z')], ALL, "suspend", "back to the shell; fg returns"),
    bind(Action::SortPrevious, &[key('<')], LISTS, "sort previous", "sort by the column to the left"),
    bind(Action::SortNext, &[key('>')], LISTS, "sort next", "sort by the column to the right"),
    bind(Action::Reverse, &[key('I'), key('S')], LISTS, "reverse", "turn the order round"),
    bind(Action::Attention, &[key('A')], LISTS, "sort attention", "worst first"),
    bind(Action::ByCpu, &[key('c'), key('P')], &[Tab::Processes], "sort cpu", "most CPU first"),
    bind(Action::ByMemory, &[key('m'), key('M')], &[Tab::Processes], "sort memory", "most memory first"),
    bind(Action::ByTime, &[key('T')], &[Tab::Processes], "sort time", "most processor time first"),
    bind(Action::Follow, &[key('f')], &[Tab::Processes], "follow", "stay on this process while the list moves"),
    bind(Action::KernelThreads, &[key('H')], &[Tab::Processes], "kernel threads", "show or hide kernel threads"),
];

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

/// The table with the keys that this person chose.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: Vec<Vec<Chord>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: KEYMAP.iter().map(|binding| binding.keys.to_vec()).collect() }
    }
}

impl Keymap {
    /// Puts other keys (command name, key names) in the place of the table's own.
    ///
    /// # Errors
    /// An unknown command or key, and two commands on one key, name what is wrong.
    pub fn with(chosen: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyError> {
        let mut map = Self::default();
        for (name, keys) in chosen {
            let place = KEYMAP.iter().position(|binding| binding.command == name).ok_or_else(|| {
                let names: Vec<&str> = KEYMAP.iter().map(|binding| binding.command).collect();
                KeyError::Command { name: name.clone(), nearest: nearest(name, &names).to_owned() }
            })?;
            let read = |key: &String| {
                Chord::parse(key)
                    .ok_or_else(|| KeyError::Key { key: key.clone(), command: KEYMAP[place].command })
            };
            map.keys[place] = keys.iter().map(read).collect::<Result<_, _>>()?;
        }
        map.refuse_conflicts()?;
        Ok(map)
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
        all.filter(move |(binding, _)| binding.on.contains(&tab))
    }

    /// Finds what a key asks for on a tab.
    pub fn find(&self, tab: Tab, chord: Chord) -> Option<Action> {
        self.on(tab).find(|(_, keys)| keys.contains(&chord)).map(|(binding, _)| binding.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_on_one_tab() {
        Keymap::default().refuse_conflicts().unwrap();
    }

    #[test]
    fn chosen_keys_take_the_place_of_the_tables_own() {
        let chosen = |command: &str, key: &str| BTreeMap::from([(command.to_owned(), vec![key.to_owned()])]);
        let map = Keymap::with(&chosen("freeze", "F9")).unwrap();
        assert_eq!(map.find(Tab::Auth, f(9)), Some(Action::Freeze));
        assert_eq!(map.find(Tab::Auth, key(' ')), None);
        let error = Keymap::with(&chosen("freeze", "q")).unwrap_err().to_string();
        assert!(error.contains("`freeze`") && error.contains("`quit`"), "{error}");
        assert!(Keymap::with(&chosen("freze", "x")).unwrap_err().to_string().contains("`freeze`"));
        assert!(Keymap::with(&chosen("freeze", "F99")).unwrap_err().to_string().contains("F99"));
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
