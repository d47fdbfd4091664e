//! One TOML file: it gathers the `Settings` that each room owns with its defaults.
//!
//! It reads and explains; it never writes the user's file.

use crate::cli::Options;
use crate::model::Level;
use crate::{assess, collect, outputs, tui, web};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The configuration of the whole machine; a user's own comes first.
const SYSTEM_FOLDER: &str = "/etc/home-soc";

/// Every setting of the program, with its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seconds between beats, 0.05 to 86,400; default 10.
    pub interval_s: f64,
    /// Rows below this level are hidden; default `info`. It never changes the score.
    pub min_level: Level,
    /// Where the record is kept; default `/var/lib/home-soc` for root, else `$XDG_STATE_HOME/home-soc`.
    pub data_dir: Option<PathBuf>,
    /// The full-screen view.
    pub screen: tui::Settings,
    /// Reading of sign-ins.
    pub auth: collect::auth::source::Settings,
    /// Reading of processes.
    pub processes: collect::processes::Settings,
    /// How findings become a score.
    pub score: assess::ScoreSettings,
    /// From where on something is worth a finding.
    pub thresholds: assess::Thresholds,
    /// The record on disk.
    pub record: outputs::journal::Settings,
    /// Messages to people who are elsewhere.
    pub notify: outputs::notify::Settings,
    /// The page in a browser.
    pub web: web::Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interval_s: 10.0,
            min_level: Level::Info,
            data_dir: None,
            screen: tui::Settings::default(),
            auth: collect::auth::source::Settings::default(),
            processes: collect::processes::Settings::default(),
            score: assess::ScoreSettings::default(),
            thresholds: assess::Thresholds::default(),
            record: outputs::journal::Settings::default(),
            notify: outputs::notify::Settings::default(),
            web: web::Settings::default(),
        }
    }
}

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The theme does not exist or its file is damaged.
    #[error("{0}")]
    Theme(String),
    /// A channel's secret or certificate cannot be used.
    #[error("the configuration's {0}")]
    Channel(outputs::notify::Fault),
    /// A line of it is wrong.
    #[error("{path}, line {line}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there and what was probably meant.
        message: String,
    },
}

impl Config {
    /// Reads the file that was asked for, else the user's, else the system's, else the defaults.
    ///
    /// # Errors
    /// A file that was asked for and is missing, or any file that is damaged. A missing default file is no error.
    pub fn load(asked: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        match asked {
            Some(path) => Self::read(path),
            None => folders(env)
                .map(|folder| folder.join("config.toml"))
                .find(|path| path.exists())
                .map_or_else(|| Ok(Self::default()), |path| Self::read(&path)),
        }
    }

    /// The configuration with the command line's options over it.
    ///
    /// # Errors
    /// As [`Self::load`]; an unknown theme names the nearest one.
    pub fn effective(options: &Options) -> Result<Self, ConfigError> {
        let mut config = Self::load(options.config.as_deref(), |name| std::env::var(name).ok())?;
        if let Some(interval) = options.interval {
            config.interval_s = interval;
        }
        if let Some(level) = options.min_level {
            config.min_level = level;
        }
        if let Some(dir) = &options.data_dir {
            config.data_dir = Some(dir.clone());
        }
        if let Some(theme) = &options.theme {
            config.screen.theme.clone_from(theme);
        }
        // Only now: a theme of the person's own may stand in a file beside the configuration.
        tui::theme::load(&config.screen.theme, &user_themes())
            .map_err(|error| ConfigError::Theme(error.to_string()))?;
        Ok(config)
    }

    /// The channels of the messages, with their secrets.
    ///
    /// # Errors
    /// The key of a secret or certificate that cannot be used, and how to mend it.
    pub fn channels(&self) -> Result<Vec<outputs::notify::Channel>, ConfigError> {
        self.notify.open().map_err(ConfigError::Channel)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|(line, message)| ConfigError::Wrong {
            path: path.to_owned(),
            line,
            message,
        })
    }

    /// Parses a configuration.
    ///
    /// # Errors
    /// The line, from 1, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].split('\n').count());
            (line, explain(error.message()))
        })?;
        let interval_ok = (0.05..=86_400.0).contains(&config.interval_s);
        if !interval_ok {
            return Err((
                line_of(text, "interval_s"),
                format!("interval_s is {}, it must be 0.05 to 86400 seconds", config.interval_s),
            ));
        }
        tui::keymap::Keymap::with(config.screen.preset, &config.screen.keys)
            .map_err(|error| (line_of_key(text, &error), error.to_string()))?;
        tui::pages::known_columns(&config.screen.hidden_columns)
            .map_err(|why| (line_of(text, "hidden_columns"), why))?;
        config.notify.check().map_err(|fault| (line_of_setting(text, &fault.key), fault.to_string()))?;
        Ok(config)
    }

    /// The commented defaults, for `config print`.
    pub const fn commented_defaults() -> &'static str {
        include_str!("defaults.toml")
    }

    /// Where the record is kept on this machine, for the user who runs this; `None` when no place is known.
    pub fn data_dir_here(&self) -> Option<PathBuf> {
        self.data_dir_for(rustix::process::geteuid().is_root(), |name| std::env::var(name).ok())
    }

    fn data_dir_for(&self, is_root: bool, env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        if let Some(dir) = &self.data_dir {
            return Some(dir.clone());
        }
        if is_root {
            return Some(PathBuf::from("/var/lib/home-soc"));
        }
        env("XDG_STATE_HOME")
            .filter(|dir| dir.starts_with('/'))
            .map(PathBuf::from)
            .or_else(|| {
                env("HOME")
                    .filter(|home| home.starts_with('/'))
                    .map(|home| Path::new(&home).join(".local/state"))
            })
            .map(|dir| dir.join("home-soc"))
    }
}

/// The folders of configuration, first one wins: the user's own, then the system's.
fn folders(env: impl Fn(&str) -> Option<String>) -> impl Iterator<Item = PathBuf> {
    let user = env("XDG_CONFIG_HOME").filter(|dir| dir.starts_with('/')).map(PathBuf::from).or_else(|| {
        env("HOME").filter(|home| home.starts_with('/')).map(|home| Path::new(&home).join(".config"))
    });
    user.map(|dir| dir.join("home-soc")).into_iter().chain([PathBuf::from(SYSTEM_FOLDER)])
}

/// Reads the themes of this user and this system, by name; the user's own goes first.
pub fn user_themes() -> Vec<tui::theme::File> {
    let mut paths: Vec<PathBuf> = folders(|name| std::env::var(name).ok())
        .filter_map(|folder| std::fs::read_dir(folder.join("themes")).ok())
        .flat_map(|entries| {
            let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.sort();
            paths
        })
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let read = |path: &PathBuf| {
        Some(tui::theme::File {
            name: path.file_stem()?.to_str()?.to_owned(),
            place: path.display().to_string(),
            text: std::fs::read_to_string(path).ok()?,
        })
    };
    paths.iter().filter_map(read).collect()
}

/// The line on which a command that has no keys for itself is given them.
fn line_of_key(text: &str, error: &tui::keymap::KeyError) -> usize {
    let named = error.commands().into_iter().flat_map(|name| [name.to_owned(), format!("\"{name}\"")]);
    let lines: Vec<usize> = named.map(|name| line_of(text, &name)).filter(|line| *line > 1).collect();
    lines.into_iter().max().unwrap_or_else(|| line_of(text, "[screen.keys]"))
}

/// The first line that sets `key`, from 1; for errors that are found after parsing.
fn line_of(text: &str, key: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |at| at + 1)
}

/// The line of `table.key`, from 1; that of its table where the key is missing.
fn line_of_setting(text: &str, key: &str) -> usize {
    let (table, key) = key.rsplit_once('.').unwrap_or(("", key));
    let head = line_of(text, &format!("[{table}]"));
    let sets = |line: &str| line.split('=').next().is_some_and(|name| name.trim() == key);
    let body =
        text.lines().enumerate().skip(head).take_while(|(_, line)| !line.trim_start().starts_with('['));
    body.into_iter().find(|(_, line)| sets(line)).map_or(head, |(at, _)| at + 1)
}

/// Adds the nearest known name to an "unknown field" or "unknown variant" error.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let message = message.replace("unknown field", "unknown key");
    match quoted.next() {
        Some(wrong) if message.starts_with("unknown ") => match nearest(wrong, quoted) {
            Some(meant) => format!("unknown key or value `{wrong}`; did you mean `{meant}`?"),
            None => message,
        },
        _ => message,
    }
}

/// The candidate that differs least, if it is near at all.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (distance(wrong, name), name))
        .min_by_key(|(far, _)| *far)
        .filter(|(far, name)| *far <= (wrong.len().max(name.len()) / 2).max(1))
        .map(|(_, name)| name)
}

/// Levenshtein distance, by characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_defaults_are_the_defaults() {
        assert_eq!(Config::parse(Config::commented_defaults()).unwrap(), Config::default());
    }

    #[test]
    fn every_setting_stands_in_the_printed_defaults() {
        fn keys(prefix: &str, table: &toml::Table, out: &mut Vec<String>) {
            for (key, value) in table {
                match value {
                    toml::Value::Table(inner) => keys(&format!("{prefix}{key}."), inner, out),
                    _ => out.push(format!("{prefix}{key}")),
                }
            }
        }
        let mut known = Vec::new();
        let all = toml::to_string(&Config::default()).unwrap();
        keys("", &all.parse::<toml::Table>().unwrap(), &mut known);
        let mut printed = Vec::new();
        keys("", &Config::commented_defaults().parse::<toml::Table>().unwrap(), &mut printed);
        known.sort();
        printed.sort();
        assert_eq!(printed, known);
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest_key() {
        let (line, message) = Config::parse("min_level = \"info\"\nintervall_s = 3\n").unwrap_err();
        assert_eq!(line, 2);
        assert!(message.contains("`interval_s`"), "{message}");
        let (_, message) = Config::parse("min_level = \"warnin\"").unwrap_err();
        assert!(message.contains("`warning`"), "{message}");
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        let (line, message) = Config::parse("\ninterval_s = 0.0").unwrap_err();
        assert_eq!(line, 2);
        assert!(message.contains("0.05"), "{message}");
        assert!(Config::parse("interval_s = nan").is_err());
    }
}
