//! Every number of the judgement, each a default that a person can change in the config. It decides nothing.

use super::rules;
use crate::model::{Category, Level};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// What the judge goes by: `[score]` and `[thresholds]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Points, caps, ceilings, fading and levels.
    pub score: ScoreSettings,
    /// From where on something is worth a finding.
    pub thresholds: Thresholds,
}

/// How findings become a score: `[score]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreSettings {
    /// The most that one category can cost.
    pub caps: Caps,
    /// The highest score while something of a kind is open.
    pub ceilings: Ceilings,
    /// How fast points of events fade.
    pub half_life: HalfLife,
    /// What each rule costs before caps and fading.
    pub points: Points,
    /// Levels of your own, by rule: `"HS-NET-002" = "info"`. Default: none.
    #[serde(deserialize_with = "known_rules")]
    pub levels: BTreeMap<String, Level>,
}

/// The most points that one category can cost, 0-100: `[score.caps]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Load, memory, busy processes, disks. Default 20.
    #[serde(deserialize_with = "points")]
    pub health: f64,
    /// Connections and listeners. Default 10.
    #[serde(deserialize_with = "points")]
    pub network: f64,
    /// Sign-ins. Default 35.
    #[serde(deserialize_with = "points")]
    pub auth: f64,
    /// Changed files, accounts, persistence. Default 60.
    #[serde(deserialize_with = "points")]
    pub integrity: f64,
    /// What programs are and do. Default 60.
    #[serde(deserialize_with = "points")]
    pub process: f64,
    /// Settings worth mending. Default 25.
    #[serde(deserialize_with = "points")]
    pub posture: f64,
    /// What cannot be seen. Default 15.
    #[serde(deserialize_with = "points")]
    pub visibility: f64,
}

/// The highest score while a finding of this kind is open, 0-100: `[score.ceilings]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceilings {
    /// Possible compromise. Default 49.
    #[serde(deserialize_with = "percent")]
    pub compromise: u8,
    /// Any other alert. Default 69.
    #[serde(deserialize_with = "percent")]
    pub alert: u8,
    /// A warning. Default 89.
    #[serde(deserialize_with = "percent")]
    pub warning: u8,
    /// Health and connection counts never bring the score below this. Default 70.
    #[serde(deserialize_with = "percent")]
    pub health_floor: u8,
}

/// Hours after which the points of an event are half: `[score.half_life]`. States and possible compromise do not
/// fade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HalfLife {
    /// Hours for events of level info. Default 1.
    #[serde(deserialize_with = "positive")]
    pub info_h: f64,
    /// Hours for warnings. Default 24.
    #[serde(deserialize_with = "positive")]
    pub warning_h: f64,
    /// Hours for alerts. Default 168 (7 days).
    #[serde(deserialize_with = "positive")]
    pub alert_h: f64,
}

macro_rules! numbers {
    ($(#[$about:meta])* $name:ident, $check:literal: $($(#[$doc:meta])* $field:ident = $value:expr,)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$doc])* #[serde(deserialize_with = $check)] pub $field: f64,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $value,)+ }
            }
        }
    };
}

numbers! {
    /// What each rule costs, in points before caps and fading: `[score.points]`.
    Points, "points":
    /// Load over the cores that nothing explains. Default 12.
    load = 12.0,
    /// Memory nearly full. Default 8.
    memory = 8.0,
    /// Programs wait for memory. Default 8.
    memory_stall = 8.0,
    /// A busy process of known origin. Default 4.
    busy_process = 4.0,
    /// The most that explained work can cost in load and busy processes together, each. Default 2.
    explained = 2.0,
    /// A file system nearly full. Default 6.
    disk = 6.0,
    /// More connections than this machine has on other days. Default 8.
    connections = 8.0,
    /// A new door that everyone can reach. Default 10.
    new_listener = 10.0,
    /// Failed logins of one source: this many points times log2(1 + failures). Default 5.
    failed_logins_step = 5.0,
    /// The most that failed logins of one source cost. Default 25.
    failed_logins_max = 25.0,
    /// The most that all failures cost that cannot succeed. Default 5.
    failed_logins_noise = 5.0,
    /// Your own typo. Default 1.
    own_typo = 1.0,
    /// A guessing run, beside its failed logins. Default 3.
    guessing_run = 3.0,
    /// A login after a guessing run. Default 25.
    success_after_guessing = 25.0,
    /// A first login of its kind. Default 10.
    first_login = 10.0,
    /// A refused sudo. Default 4.
    sudo_refused = 4.0,
    /// A forged log line. Default 20.
    forged_line = 20.0,
    /// A second account with uid 0. Default 40.
    second_root = 40.0,
    /// A new member of a powerful group. Default 8.
    powerful_group = 8.0,
    /// A running program whose file was deleted. Default 25.
    deleted_executable = 25.0,
    /// A program that never was a file. Default 30.
    fileless = 30.0,
    /// A program in a folder where no program belongs. Default 25.
    odd_folder = 25.0,
    /// The same in a plain temporary folder. Default 8.
    temporary_folder = 8.0,
    /// A program that calls itself a kernel thread. Default 30.
    fake_kernel_thread = 30.0,
    /// A shell on a network socket. Default 35.
    shell_on_socket = 35.0,
    /// A coin miner by its command line. Default 25.
    miner = 25.0,
    /// A process that hides. Default 35.
    hidden_process = 35.0,
    /// A process that no known debugger controls. Default 10.
    traced_process = 10.0,
    /// A program that sees or makes raw packets. Default 10.
    packet_socket = 10.0,
    /// A program from an odd folder that talks to others, four times what a first talk to a port costs. Default 4.
    new_talk = 4.0,
    /// A new service that no package brought, three times as much from an odd folder. Default 8.
    new_unit = 8.0,
    /// A kernel module that no package brought, at its worst. Default 25.
    new_module = 25.0,
    /// A USB device that poses as another kind as well, four times what a new one costs. Default 4.
    new_usb_device = 4.0,
    /// Sustained processor use that nothing explains. Default 15.
    unexplained_cpu = 15.0,
    /// Numbers that are unusual for this machine, all together. Default 2.
    unusual = 2.0,
    /// Sign-ins cannot be seen. Default 8.
    auth_blind = 8.0,
    /// Starts of programs cannot be seen. Default 4.
    exec_blind = 4.0,
    /// Other users' programs cannot be seen. Default 3.
    programs_partial = 3.0,
}

numbers! {
    /// From where on something is worth a finding: `[thresholds]`.
    Thresholds, "not_negative":
    /// Seconds that load, memory or a busy process must last. Default 120.
    sustained_s = 120.0,
    /// Load average of one minute, per core. Default 1.
    load_per_core = 1.0,
    /// Percent of main memory in use. Default 92.
    memory_used_pct = 92.0,
    /// Percent of time in which all programs waited for memory. Default 10.
    memory_stall_pct = 10.0,
    /// Percent of one core. Default 80.
    busy_process_pct = 80.0,
    /// Seconds that unexplained processor use must last. Default 170.
    unexplained_cpu_s = 170.0,
    /// Percent of a file system in use. Default 92.
    disk_used_pct = 92.0,
    /// Established connections worth a note until this machine's own days are learned. Default 50.
    connections_note = 50.0,
    /// Established connections worth a warning until then. Default 200.
    connections_warning = 200.0,
    /// Share of processor use that must be explained for load to cost at most `points.explained`, in percent.
    /// Default 80.
    explained_pct = 80.0,
    /// Failures of one source for existing accounts from which on it is a warning. Default 5.
    failed_logins_warning = 5.0,
    /// Failures of one source within ten minutes that make a guessing run. Default 10.
    run_failures = 10.0,
    /// Different names of one source within 24 hours that make a name sweep. Default 6.
    sweep_names = 6.0,
    /// Failures before a success that are still a typo. Default 3.
    typo_failures = 3.0,
    /// Failures within an hour before a success that make it a guessed password. Default 5.
    guesses_before_success = 5.0,
    /// Refused sudo commands of one user within 24 hours from which on it is a warning. Default 3.
    sudo_refusals_warning = 3.0,
    /// Hours that must have been seen before anything is called new. Default 24.
    learning_h = 24.0,
    /// How far above the widest swing of seven days a number must be. Default 1.25.
    peak_ratio = 1.25,
    /// Seconds that it must be there. Default 180.
    peak_s = 180.0,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            health: 20.0,
            network: 10.0,
            auth: 35.0,
            integrity: 60.0,
            process: 60.0,
            posture: 25.0,
            visibility: 15.0,
        }
    }
}

impl Default for Ceilings {
    fn default() -> Self {
        Self { compromise: 49, alert: 69, warning: 89, health_floor: 70 }
    }
}

impl Default for HalfLife {
    fn default() -> Self {
        Self { info_h: 1.0, warning_h: 24.0, alert_h: 168.0 }
    }
}

impl Caps {
    /// The cap of a category.
    pub const fn of(&self, category: Category) -> f64 {
        match category {
            Category::Health => self.health,
            Category::Network => self.network,
            Category::Auth => self.auth,
            Category::Integrity => self.integrity,
            Category::Process => self.process,
            Category::Posture => self.posture,
            Category::Visibility => self.visibility,
        }
    }
}

impl Ceilings {
    /// The ceiling that comes with a level.
    pub const fn of(&self, level: Level) -> Option<u8> {
        match level {
            Level::Info => None,
            Level::Warning => Some(self.warning),
            Level::Alert => Some(self.alert),
        }
    }
}

impl HalfLife {
    /// Hours after which points of an event of this level are half.
    pub const fn hours(&self, level: Level) -> f64 {
        match level {
            Level::Info => self.info_h,
            Level::Warning => self.warning_h,
            Level::Alert => self.alert_h,
        }
    }
}

fn points<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, 0.0, 100.0, "points are 0 to 100")
}

fn not_negative<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, 0.0, 1e9, "a threshold is 0 or more")
}

fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, 0.01, 1e6, "a half-life is at least 0.01 hours")
}

fn within<'de, D: Deserializer<'de>>(from: D, least: f64, most: f64, rule: &str) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format!("{value} does not fit: {rule}")))
    }
}

fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let value = u8::deserialize(from)?;
    if value <= 100 {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format!("{value} does not fit: a score is 0 to 100")))
    }
}

fn known_rules<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Level>, D::Error> {
    let levels = BTreeMap::<String, Level>::deserialize(from)?;
    match levels.keys().find(|id| rules::find(id).is_none()) {
        None => Ok(levels),
        Some(id) => Err(serde::de::Error::custom(format!("no rule is called {id}; a rule is HS-NET-002"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_survive_the_way_through_the_config_file() {
        let text = toml::to_string(&Settings::default()).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), Settings::default());
    }

    #[test]
    fn bad_numbers_and_unknown_rules_are_named() {
        for (text, word) in [
            ("[score.caps]\nhealth = -1", "points are"),
            ("[score.points]\nload = nan", "points are"),
            ("[score.half_life]\ninfo_h = 0", "half-life"),
            ("[score.levels]\n\"HS-XX-1\" = \"info\"", "HS-XX-1"),
            ("[score.ceilings]\nalert = 101", "0 to 100"),
            ("[thresholds]\nloud = 3", "loud"),
        ] {
            let error = toml::from_str::<Settings>(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(toml::from_str::<Settings>("[score.caps]\nhealth = 5").is_ok());
    }
}
