//! Where the files of kernel modules lie, from the kernel's own catalogue (modules.dep(5)). It loads none of them.

use crate::collect::fields::lines;
use std::collections::HashMap;

/// The paths of these modules in the text of `modules.dep`; `wanted` are names as the kernel lists them.
pub(super) fn find(text: &[u8], wanted: &[&str]) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for line in lines(text) {
        let path = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let Ok(path) = std::str::from_utf8(path) else { continue };
        let file = path.rsplit('/').next().unwrap_or(path);
        let Some((stem, _)) = file.split_once(".ko") else { continue };
        if let Some(name) = wanted.iter().find(|name| is_same(name, stem)) {
            found.insert((*name).to_owned(), path.to_owned());
        }
    }
    found
}

/// The kernel writes `_` where a file may have `-`.
fn is_same(name: &str, stem: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
    name.len() == stem.len() && name.bytes().map(plain).eq(stem.bytes().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_under_either_spelling_and_packed() {
        let text = b"kernel/drivers/hid/hid-generic.ko.xz: kernel/drivers/hid/hid.ko.xz\n\
                     kernel/fs/ext4/ext4.ko: \nupdates/dkms/v4l2loopback.ko.zst:\nbroken\n\xff.ko:\n";
        let found = find(text, &["hid_generic", "v4l2loopback", "ext", "broken", "rootkit"]);
        assert_eq!(found.len(), 2);
        assert_eq!(found["hid_generic"], "kernel/drivers/hid/hid-generic.ko.xz");
        assert_eq!(found["v4l2loopback"], "updates/dkms/v4l2loopback.ko.zst");
    }
}
