//! What was added to the machine since it is watched: services, kernel modules, USB devices. What was there at the
//! first look is the starting point; only a service that runs what no service should is told even then.

use super::first_seen::{DEVICES, Known, MODULES, Seen, UNITS};
use super::provenance::{self, Place, place};
use super::rules::Name;
use super::settings::{Points, Settings};
use super::sighting::{Round, Sighting};
use super::strings;
use crate::model::{Inventory, Level, Module, Modules, Provenance, Safe, Unit, UsbDevice, fingerprint};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Taint bits of modules that are built out of tree, or not signed (admin-guide/tainted-kernels).
const FOREIGN_TAINT: u64 = 1 << 12 | 1 << 13;

/// Where the drivers lie that are built on the machine itself.
const BUILT_HERE: &[&str] = &["/updates/", "/dkms/", "/extra/", "/weak-updates/", "/misc/"];

/// What is new, from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    /// The look that was judged last: beats in between only repeat it.
    judged: Option<Arc<Inventory>>,
    news: Vec<Sighting>,
    /// Whether the last look found the kernel without a foreign taint.
    was_clean: bool,
}

/// One look.
struct Look<'a> {
    known: &'a mut Known,
    points: &'a Points,
    now: DateTime<Utc>,
}

impl Newcomers {
    pub(super) fn judge(
        &mut self,
        round: &mut Round,
        inventory: &Arc<Inventory>,
        known: &mut Known,
        settings: &Settings,
        now: DateTime<Utc>,
    ) {
        let is_judged = self.judged.as_ref().is_some_and(|judged| Arc::ptr_eq(judged, inventory));
        if !is_judged {
            self.judged = Some(Arc::clone(inventory));
            self.news.clear();
            let mut look = Look { known, points: &settings.score.points, now };
            look.units(inventory.units.as_deref(), &mut self.news);
            look.modules(inventory.modules.as_ref(), &mut self.was_clean, &mut self.news);
            look.devices(inventory.devices.as_deref(), &mut self.news);
        }
        let parts = [
            (Name::Unit, inventory.units.is_some()),
            (Name::Module, inventory.modules.is_some()),
            (Name::UsbDevice, inventory.devices.is_some()),
        ];
        parts.into_iter().filter(|(_, looked)| *looked).for_each(|(name, _)| round.looked(name));
        for sighting in &self.news {
            round.saw(sighting.clone());
        }
    }
}

impl Look<'_> {
    fn units(&mut self, units: Option<&[Unit]>, news: &mut Vec<Sighting>) {
        let Some(units) = units else { return };
        let names: Vec<_> = units.iter().map(unit_name).collect();
        for (unit, seen) in units.iter().zip(self.meet(UNITS, &names)) {
            let weight = Weight::of(unit);
            if weight.strange {
                news.push(unit_sighting(unit, &weight, self.points).between(seen.first, self.now));
            } else if !seen.usual {
                let sighting = unit_sighting(unit, &weight, self.points).happened();
                news.push(sighting.between(seen.first, seen.first));
            }
        }
    }

    fn modules(&mut self, modules: Option<&Modules>, was_clean: &mut bool, news: &mut Vec<Sighting>) {
        let Some(modules) = modules else { return };
        // Without a catalogue only the kernel's own marks tell.
        let is_foreign = |module: &&Module| module.catalogued || has_foreign_mark(module);
        let foreign: Vec<_> = modules.foreign.iter().filter(is_foreign).collect();
        let names: Vec<_> = foreign.iter().map(|module| module.name.to_string()).collect();
        for (module, seen) in foreign.iter().zip(self.meet(MODULES, &names)) {
            if !seen.usual {
                news.push(module_sighting(module, self.points).between(seen.first, seen.first));
            }
        }
        let tainted = modules.taint.is_some_and(|taint| taint & FOREIGN_TAINT != 0) && !modules.marked;
        let is_met = self.known.get(MODULES, UNLISTED).is_some();
        if tainted && (*was_clean || is_met) {
            let seen = self.known.see(MODULES, UNLISTED, self.now, false);
            if !seen.usual {
                news.push(unlisted(modules, self.points).between(seen.first, seen.first));
            }
        }
        *was_clean = modules.taint.is_some_and(|taint| taint & FOREIGN_TAINT == 0);
    }

    fn devices(&mut self, devices: Option<&[UsbDevice]>, news: &mut Vec<Sighting>) {
        let Some(devices) = devices else { return };
        let name = |device: &UsbDevice| format!("{} {}", device.id, device.serial.as_deref().unwrap_or("-"));
        let names: Vec<_> = devices.iter().map(name).collect();
        for (device, seen) in devices.iter().zip(self.meet(DEVICES, &names)) {
            if !seen.usual {
                news.push(device_sighting(device, self.points).between(seen.first, seen.first));
            }
        }
    }

    /// Notes all that is there now, and answers what is known of each. Those that are known come first, so that room
    /// for new ones is made by what is gone.
    fn meet(&mut self, kind: &str, names: &[String]) -> Vec<Seen> {
        let is_start = self.known.watched_since(kind).is_none();
        for name in names {
            if self.known.get(kind, name).is_some() {
                self.known.see(kind, name, self.now, false);
            }
        }
        let seen = names.iter().map(|name| self.known.see(kind, name, self.now, is_start)).collect();
        self.known.watch(kind, self.now);
        seen
    }
}

/// What stands for a module that is not in the list.
const UNLISTED: &str = "(not listed)";

/// The same file that runs something else is another service.
fn unit_name(unit: &Unit) -> String {
    let mut text = String::new();
    for part in unit.runs.iter().map(|command| &command.line).chain(&unit.preloads) {
        text.push_str(part);
        text.push('\n');
    }
    format!("{:016x} {}", fingerprint(text.as_bytes()), unit.path)
}

/// What a service is worth: by where its programs lie, and by whom they were brought.
struct Weight<'a> {
    level: Level,
    share: f64,
    /// What no service should run: told whenever it is there.
    strange: bool,
    why: &'static str,
    /// The word that decided.
    culprit: &'a str,
}

impl<'a> Weight<'a> {
    /// The worst of all that the unit does.
    fn of(unit: &'a Unit) -> Self {
        let preloads = unit.preloads.iter().map(|library| Self::of_preload(library));
        let commands = unit.runs.iter().flat_map(|command| {
            let started = strings::started(&command.line).into_iter();
            let by_place = started.filter_map(|path| Self::of_place(path, unit.user.is_some()));
            by_place.chain(Self::of_words(&command.line)).chain([Self::of_owner(command, unit)])
        });
        let worst = preloads.chain(commands).max_by(|a, b| a.rank().total_cmp(&b.rank()));
        worst.unwrap_or(Self { level: Level::Info, share: 0.1, strange: false, why: PLAIN, culprit: "" })
    }

    fn rank(&self) -> f64 {
        f64::from(self.level as u8) * 10.0 + self.share
    }

    fn of_preload(library: &'a str) -> Self {
        let why = "It loads a library into every program that it starts, which can change all that they do.";
        let (level, share, strange) = match place(library) {
            Place::Package => (Level::Info, 0.3, false),
            Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory => {
                (Level::Alert, 3.0, true)
            }
            _ => (Level::Warning, 1.0, false),
        };
        Self { level, share, strange, why, culprit: library }
    }

    /// Programs from where none belongs, as for a program that runs.
    fn of_place(path: &'a str, by_user: bool) -> Option<Self> {
        let at_home = path.starts_with("/home/") || path.starts_with("/root/");
        let (level, share, strange, why) = match place(path) {
            Place::Temporary if path.starts_with("/tmp/.mount_") => return None,
            Place::Temporary if by_user => {
                (Level::Warning, 1.0, true, "It runs a program from a temporary folder.")
            }
            Place::Hidden if at_home => {
                (Level::Warning, 1.0, false, "It runs a program from a hidden folder of a home.")
            }
            Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory => (
                Level::Alert,
                3.0,
                true,
                "It runs a program from a folder where none belongs: an honest one would be gone after a restart.",
            ),
            _ => return None,
        };
        Some(Self { level, share, strange, why, culprit: path })
    }

    fn of_words(line: &'a str) -> Option<Self> {
        if let Some(word) = strings::miner_word(line) {
            let why = "Its command line names a mining pool, a mining protocol or a known miner.";
            return Some(Self { level: Level::Alert, share: 3.0, strange: true, why, culprit: word });
        }
        let (level, share, strange, why) = match strings::shell_trick(line)? {
            strings::Trick::RemoteShell => {
                (Level::Alert, 3.0, true, "It gives a shell to whoever is at the other end of a connection.")
            }
            strings::Trick::FetchAndRun => {
                (Level::Warning, 1.0, false, "It runs text that comes from elsewhere or is disguised.")
            }
        };
        Some(Self { level, share, strange, why, culprit: line })
    }

    fn of_owner(command: &'a crate::model::Command, unit: &Unit) -> Self {
        let file = command.program.rsplit('/').next().unwrap_or_default();
        let runs_text = strings::is_shell(file) || strings::is_interpreter(file);
        let foreign = command.package == Some(Provenance::Unpackaged);
        let masked = foreign && provenance::is_only_for_packages(&command.program);
        let (level, share, why) = match () {
            () if masked => (
                Level::Warning,
                1.0,
                "Its program stands in a folder that only packages fill, and no package owns it.",
            ),
            () if unit.user.is_none() && foreign => {
                (Level::Warning, 0.7, "It runs with all rights, and no package owns its program.")
            }
            () if unit.user.is_none() && runs_text => (
                Level::Warning,
                0.5,
                "It runs with all rights, and what it does is text that no package owns.",
            ),
            () => (Level::Info, 0.1, PLAIN),
        };
        Self { level, share, strange: false, why, culprit: &command.program }
    }
}

const PLAIN: &str = "It comes back after every restart.";

fn unit_sighting(unit: &Unit, weight: &Weight<'_>, points: &Points) -> Sighting {
    let file = unit.path.rsplit('/').next().unwrap_or_default();
    // A drop-in is called by the unit that it changes.
    let folder = unit.path.rsplit('/').nth(1).and_then(|folder| folder.strip_suffix(".d"));
    let name = folder.unwrap_or(file);
    let whose = unit.user.as_deref().map_or(String::new(), |user| format!(" of {user}"));
    let does = match weight.culprit {
        "" => String::new(),
        culprit => format!(": {culprit}"),
    };
    let mut sighting = Sighting::new(Name::Unit, DateTime::UNIX_EPOCH)
        .key("file", &unit.path)
        .key("runs", &format!("{:016x}", fingerprint(unit_name(unit).as_bytes())))
        .detail("user", unit.user.as_deref().unwrap_or("root"))
        .title(&format!("new service {name}{whose}{does}"))
        .why(weight.why)
        .level(weight.level)
        .points(points.new_unit * weight.share);
    for command in unit.runs.iter().take(4) {
        let brought = match command.package {
            Some(Provenance::Packaged) => " (its program belongs to a package)",
            Some(Provenance::Unpackaged) => " (its program belongs to no package)",
            None => "",
        };
        sighting = sighting.proof(&unit.path, unit.written_at, &format!("{}{brought}", command.line));
    }
    for library in &unit.preloads {
        sighting = sighting.proof(&unit.path, unit.written_at, &format!("preloads {library}"));
    }
    if is_plain(&unit.path) {
        sighting = sighting.fix("Read it", &["sudo", "cat", &unit.path], None);
    }
    if unit.user.is_none() && folder.is_none() && is_plain(file) && file.ends_with(".service") {
        let argv = ["sudo", "systemctl", "disable", "--now", file];
        sighting = sighting.fix("Stop it and keep it from coming back", &argv, Some("ends what it runs"));
    }
    sighting
}

/// Text that may stand in a command.
fn is_plain(text: &str) -> bool {
    !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-@:".contains(&byte))
}

fn has_foreign_mark(module: &Module) -> bool {
    module.marks.contains(['O', 'E'])
}

fn module_sighting(module: &Module, points: &Points) -> Sighting {
    let name = &module.name;
    let built_here =
        module.file.as_ref().is_some_and(|file| BUILT_HERE.iter().any(|folder| file.contains(folder)));
    // A patch of the running kernel comes from elsewhere by its nature.
    let is_patch = module.marks.contains('K');
    let (level, share, says) = match &module.file {
        Some(_) if built_here => (Level::Info, 0.04, "was built on this machine"),
        Some(_) => (Level::Warning, 0.3, "belongs to no package"),
        None if !module.catalogued => (Level::Warning, 0.2, "was built out of tree or is not signed"),
        None if has_foreign_mark(module) && !is_patch => (Level::Alert, 1.0, "is none of this kernel's own"),
        None => (Level::Warning, 0.3, "is not in the catalogue of this kernel"),
    };
    let marks = if module.marks.is_empty() { "no marks" } else { &*module.marks };
    let mut sighting = Sighting::new(Name::Module, DateTime::UNIX_EPOCH)
        .happened()
        .key("module", name)
        .title(&format!("new kernel module {name} {says}"))
        .level(level)
        .points(points.new_module * share)
        .proof("/proc/modules", None, &format!("{name}, {marks}"))
        .proof("modules.dep", None, module.file.as_deref().unwrap_or("no such module"));
    if is_plain(name) && !name.contains('/') {
        sighting = sighting.fix("See what it says of itself", &["sudo", "modinfo", name], None);
    }
    sighting
}

fn unlisted(modules: &Modules, points: &Points) -> Sighting {
    let taint = modules.taint.unwrap_or_default();
    Sighting::new(Name::Module, DateTime::UNIX_EPOCH)
        .happened()
        .key("module", UNLISTED)
        .level(Level::Alert)
        .points(points.new_module)
        .title("a foreign kernel module was loaded and is not listed")
        .why(
            "The kernel remembers a foreign module since the last look. It hides, or it was taken out again.",
        )
        .proof("/proc/sys/kernel/tainted", None, &taint.to_string())
        .proof("/proc/modules", None, &format!("{} modules, none of them foreign", modules.total))
        .fix("See what the kernel said", &["sudo", "dmesg", "--level=warn,notice", "--ctime"], None)
}

fn device_sighting(device: &UsbDevice, points: &Points) -> Sighting {
    let poses = device.is_keyboard() && (device.is_storage() || device.is_network());
    let can: Vec<_> = [
        (device.is_keyboard(), "types"),
        (device.is_storage(), "keeps files"),
        (device.is_network(), "makes a network"),
    ]
    .into_iter()
    .filter_map(|(can, word)| can.then_some(word))
    .collect();
    let can = if can.is_empty() { String::new() } else { format!(" ({})", can.join(", ")) };
    let name = if device.name.is_empty() { &device.id } else { &device.name };
    let serial = device.serial.as_ref().map_or("none", Safe::as_str);
    let mut sighting = Sighting::new(Name::UsbDevice, DateTime::UNIX_EPOCH)
        .happened()
        .key("device", &device.id)
        .key("serial", serial)
        .title(&format!("new USB device: {name}{can}"))
        .level(if poses { Level::Warning } else { Level::Info })
        .points(points.new_usb_device * if poses { 1.0 } else { 0.25 })
        .proof("/sys/bus/usb/devices", None, &format!("{} {}, serial {serial}", device.id, device.name));
    if poses {
        sighting =
            sighting.why("A keyboard that is something else as well can type commands and carry data away.");
    }
    sighting.fix("See all that it says of itself", &["lsusb", "-v", "-d", &device.id], None)
}
