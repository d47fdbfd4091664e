//! Keys that people have in their fingers from other programs.

use serde::{Deserialize, Serialize};

/// Which keys to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The table's own.
    #[default]
    Default,
    /// htop: `k` signals, `u` filters by user, letters do not move.
    Htop,
    /// vim: `h` and `l` scroll, `dd` signals (its first `d` opens the dialog), help only on `?`.
    Vim,
}

impl Preset {
    /// What it changes: a command's name and its keys.
    pub(super) const fn keys(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Default => &[],
            Self::Htop => &[
                ("up", &["Up"]),
                ("down", &["Down"]),
                ("signal", &["k", "F9", "Del"]),
                ("filter user", &["u"]),
                ("take back", &["U"]),
            ],
            Self::Vim => &[
                ("signal", &["d", "F9", "Del"]),
                ("scroll left", &["Left", "h"]),
                ("scroll right", &["Right", "l"]),
                ("log lines", &["L"]),
                ("list accepted", &["^A"]),
                ("help", &["?", "F1"]),
            ],
        }
    }
}
