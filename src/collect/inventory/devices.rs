//! USB devices from `/sys/bus/usb/devices`, without hubs. What a device says of itself is what it wants us to believe.

use crate::collect::Root;
use crate::collect::kept::read_path;
use crate::model::{Safe, Sensor, UsbDevice};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;

/// The sensor of this reader.
const SENSOR: &str = "usb";

/// Where devices (`1-4.2`) and their interfaces (`1-4.2:1.0`) stand.
const FOLDER: &str = "/sys/bus/usb/devices";

/// Devices and interfaces that are read, and devices that are told.
const ENTRIES_CAP: usize = 1024;
const MANY: usize = 100;

/// The class of hubs.
const HUB: u8 = 0x09;

/// The bus, from look to look.
#[derive(Debug)]
pub(super) struct Bus {
    root: Root,
    /// Names with their inodes, which are other ones after something was plugged in at the same place.
    entries: Vec<(String, u64)>,
    devices: Vec<UsbDevice>,
}

impl Bus {
    pub(super) fn new(root: &Root) -> Self {
        Self { root: root.clone(), entries: Vec::new(), devices: Vec::new() }
    }

    pub(super) fn look(&mut self) -> (Option<Vec<UsbDevice>>, Sensor) {
        match self.list() {
            Ok(entries) if entries == self.entries => {}
            Ok(entries) => {
                self.devices = self.read(&entries);
                self.entries = entries;
            }
            Err(error) => {
                let says = format!("USB devices cannot be read: {FOLDER}: {error}.");
                return (None, Sensor::blind(SENSOR, "unreadable", &says));
            }
        }
        (Some(self.devices.clone()), Sensor::ok(SENSOR))
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let folder = match std::fs::read_dir(self.root.path(FOLDER)) {
            Ok(folder) => folder,
            // A machine without the bus has no devices on it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut entries: Vec<_> = folder
            .flatten()
            .take(ENTRIES_CAP)
            .filter_map(|entry| {
                let inode = std::fs::metadata(entry.path()).ok()?.ino();
                Some((entry.file_name().into_string().ok()?, inode))
            })
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn read(&self, entries: &[(String, u64)]) -> Vec<UsbDevice> {
        let mut interfaces: BTreeMap<&str, Vec<(u8, u8)>> = BTreeMap::new();
        for (name, _) in entries {
            if let Some((device, _)) = name.split_once(':') {
                let byte = |file| u8::from_str_radix(&self.text(name, file)?, 16).ok();
                if let Some(class) = byte("bInterfaceClass") {
                    let protocol = byte("bInterfaceProtocol").unwrap_or_default();
                    interfaces.entry(device).or_default().push((class, protocol));
                }
            }
        }
        let devices = entries.iter().filter(|(name, _)| !name.contains(':'));
        devices
            .filter_map(|(name, _)| self.device(name, interfaces.remove(name.as_str())))
            .take(MANY)
            .collect()
    }

    fn device(&self, name: &str, interfaces: Option<Vec<(u8, u8)>>) -> Option<UsbDevice> {
        let number = |file| u16::from_str_radix(&self.text(name, file)?, 16).ok();
        let (vendor, product) = (number("idVendor")?, number("idProduct")?);
        if self.text(name, "bDeviceClass").is_some_and(|class| u8::from_str_radix(&class, 16) == Ok(HUB)) {
            return None;
        }
        let words: Vec<_> =
            ["manufacturer", "product"].iter().filter_map(|file| self.text(name, file)).collect();
        Some(UsbDevice {
            id: Safe::new(&format!("{vendor:04x}:{product:04x}")),
            name: Safe::new(&words.join(" ")),
            serial: self
                .text(name, "serial")
                .filter(|serial| !serial.is_empty())
                .map(|serial| Safe::new(&serial)),
            interfaces: interfaces.unwrap_or_default(),
        })
    }

    /// One attribute without the blanks around it.
    fn text(&self, device: &str, file: &str) -> Option<String> {
        let mut bytes = Vec::new();
        read_path(&self.root.path(&format!("{FOLDER}/{device}/{file}")), &mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn plug(base: &tempfile::TempDir, device: &str, files: &[(&str, &str)]) {
        let folder = base.path().join("sys/bus/usb/devices").join(device);
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), format!("{text}\n")).unwrap();
        }
    }

    #[test]
    fn devices_are_told_with_what_they_can_and_hubs_are_not() {
        let base = tempfile::tempdir().unwrap();
        let mut bus = Bus::new(&Root::fixture(base.path()));
        assert_eq!(bus.look().0, Some(Vec::new()), "a machine without the bus");

        plug(&base, "usb1", &[("idVendor", "1d6b"), ("idProduct", "0002"), ("bDeviceClass", "09")]);
        plug(
            &base,
            "1-4.2",
            &[
                ("idVendor", "046d"),
                ("idProduct", "c52b"),
                ("bDeviceClass", "00"),
                ("manufacturer", "Logi\u{1b}tech"),
                ("product", "Receiver"),
            ],
        );
        plug(&base, "1-4.2:1.0", &[("bInterfaceClass", "03"), ("bInterfaceProtocol", "01")]);
        plug(&base, "1-4.2:1.1", &[("bInterfaceClass", "03"), ("bInterfaceProtocol", "02")]);
        plug(&base, "1-5", &[("idVendor", "zzzz")]);
        let devices = bus.look().0.unwrap();
        assert_eq!(devices.len(), 1, "{devices:?}");
        assert_eq!((devices[0].id.as_str(), devices[0].name.as_str()), ("046d:c52b", "Logi^[tech Receiver"));
        assert!(devices[0].is_keyboard() && !devices[0].is_storage() && devices[0].serial.is_none());

        plug(&base, "2-1", &[("idVendor", "0781"), ("idProduct", "5581"), ("serial", "4C53")]);
        plug(&base, "2-1:1.0", &[("bInterfaceClass", "08"), ("bInterfaceProtocol", "50")]);
        let devices = bus.look().0.unwrap();
        assert!(devices.len() == 2 && devices[1].is_storage(), "{devices:?}");
        assert_eq!(devices[1].serial.as_deref(), Some("4C53"));
    }
}
