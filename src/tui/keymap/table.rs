//! The one table of keys: what each asks for, where it works, and the words for it.

use super::chord::{Chord, code, ctrl, f, key};
use crate::model::Level;
use crate::tui::page::Tab;
use crossterm::event::KeyCode;

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
    GoToTime,
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
    LogLines,
    Names,
    Units,
    SameRule,
    OnlyAccepted,
    Settings,
    Stats,
    Export,
    Redact,
    Mouse,
    ScrollLeft,
    ScrollRight,
    FilterUser,
    Accept,
    AcceptUntil,
    TakeBack,
    Signal,
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
    bind(Action::GoToTime, &[key('t')], PAST, "time", "go to a time: -2h, 14:30, yesterday 22:40").footer("go to"),
    bind(Action::Open, &[code(KeyCode::Enter)], PAST, "look back", "every tab as it was at the cursor").footer("look back"),
    bind(Action::Open, &[code(KeyCode::Enter)], ROWS, "details", "details, the whole story").footer("details"),
    bind(Action::Filter, &[key('/'), f(3), f(4)], LISTS, "filter", "filter this list while typing").footer("filter"),
    bind(Action::Signal, &[key('K'), f(9), code(KeyCode::Delete)], &[Tab::Processes], "signal", "pause or stop this process").footer("signal"),
    bind(Action::Accept, &[key('o')], ROWS, "accept", "I know this: say why, and it costs no points").footer("I know"),
    bind(Action::Tree, &[key('t'), f(5)], &[Tab::Processes], "tree", "children under their parents").footer("tree"),
    bind(Action::Group, &[key('t')], &[Tab::Network], "group", "by program, or one by one").footer("group"),
    bind(Action::Names, &[key('d')], &[Tab::Network], "names", "names of addresses on or off: your resolver learns them").footer("names"),
    bind(Action::SortMenu, &[key('s'), f(6)], LISTS, "sort", "choose the column to sort by").footer("sort"),
    bind(Action::NextProblem, &[key('n')], ALL, "next problem", "next problem, wherever").footer("next problem"),
    bind(Action::OnlyAccepted, &[key('L')], &[Tab::Findings], "list accepted", "only what you accepted, or everything").footer("accepted"),
    bind(Action::Explain, &[key('e')], ROWS, "explain", "why: the score, or the selected row").footer("why"),
    bind(Action::LogLines, &[key('l')], LISTS, "log lines", "the log lines behind it").footer("log lines"),
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
    bind(Action::AcceptUntil, &[key('O')], ROWS, "accept until", "accept it until a date, with a reason"),
    bind(Action::TakeBack, &[key('u')], ROWS, "take back", "it is accepted no more: it counts again"),
    bind(Action::Plain, &[key('v')], ALL, "plain", "this page as plain text, to copy or to hear"),
    bind(Action::Export, &[key('E')], ALL, "export", "write this list, this page or the evidence to a file"),
    bind(Action::Redact, &[key('X')], ALL, "redact", "stand-ins for names and addresses, for screenshots"),
    bind(Action::Mouse, &[f(8)], ALL, "mouse", "mouse on or off; off, the terminal selects text"),
    bind(Action::Settings, &[f(2), key(',')], ALL, "settings", "interval, theme, signs, mouse, columns"),
    bind(Action::NextTheme, &[], ALL, "theme", "next theme, or the one that you name"),
    bind(Action::Stats, &[], ALL, "stats", "what home-soc itself costs, reader by reader"),
    bind(Action::Redraw, &[ctrl('l')], ALL, "redraw", "draw everything again"),
    bind(Action::Suspend, &[ctrl('z')], ALL, "suspend", "back to the shell; fg returns"),
    bind(Action::ScrollLeft, &[code(KeyCode::Left)], LISTS, "scroll left", "columns further left; in the tree: fold"),
    bind(Action::ScrollRight, &[code(KeyCode::Right)], LISTS, "scroll right", "columns further right; in the tree: unfold"),
    bind(Action::SameRule, &[key('F')], &[Tab::Findings], "filter rule", "only what this rule says"),
    bind(Action::FilterUser, &[], &[Tab::Processes], "filter user", "only processes of one account"),
    bind(Action::SortPrevious, &[key('<')], LISTS, "sort previous", "sort by the column to the left"),
    bind(Action::SortNext, &[key('>')], LISTS, "sort next", "sort by the column to the right"),
    bind(Action::Reverse, &[key('I'), key('S')], LISTS, "reverse", "turn the order round"),
    bind(Action::Attention, &[key('A')], LISTS, "sort attention", "worst first"),
    bind(Action::ByCpu, &[key('c'), key('P')], &[Tab::Processes], "sort cpu", "most CPU first"),
    bind(Action::ByMemory, &[key('m'), key('M')], &[Tab::Processes], "sort memory", "most memory first"),
    bind(Action::Units, &[key('%')], &[Tab::Processes], "memory unit", "memory in bytes or in percent first"),
    bind(Action::ByTime, &[key('T')], &[Tab::Processes], "sort time", "most processor time first"),
    bind(Action::Follow, &[key('f')], &[Tab::Processes], "follow", "stay on this process while the list moves"),
    bind(Action::KernelThreads, &[key('H')], &[Tab::Processes], "kernel threads", "show or hide kernel threads"),
];
