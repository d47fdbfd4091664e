//! What the page's process gives up before it meets anybody: capabilities, new rights, and with Landlock every file
//! and every connection but the record's.

use anyhow::{Context as _, Result};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Where the time zone stands.
const ZONES: [&str; 2] = ["/etc/localtime", "/usr/share/zoneinfo"];

/// Gives up what is not needed; answers in words what the kernel holds it back from. It must be called before any
/// other thread is started: what is given up is given up by the calling thread and its children.
///
/// # Errors
/// Something that every kernel can do was refused.
pub(super) fn confine(data_dir: Option<&Path>, socket_dir: &Path) -> Result<String> {
    // A core file would hold the token.
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .and_then(|()| rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(std::io::Error::from)
        .context("cannot switch core files off")?;
    rustix::thread::set_no_new_privs(true)
        .map_err(std::io::Error::from)
        .context("cannot give up new rights")?;
    give_up_capabilities(data_dir).context("cannot give up the capabilities")?;
    Ok(landlock(data_dir, socket_dir))
}

/// Gives up every capability. Root without any can still read what belongs to root, as the record does; only where
/// the record is somebody else's, the right to read it stays.
fn give_up_capabilities(data_dir: Option<&Path>) -> std::io::Result<()> {
    let ours = rustix::process::geteuid().as_raw();
    let is_foreign = data_dir.and_then(|dir| dir.metadata().ok()).is_some_and(|about| about.uid() != ours);
    let held = rustix::thread::capabilities(None)?.permitted;
    let needed = if is_foreign { CapabilitySet::DAC_READ_SEARCH & held } else { CapabilitySet::empty() };
    for number in 0..64 {
        // The set ends at the last capability that this kernel knows; who holds no capabilities may not shrink it,
        // and need not.
        let one = CapabilitySet::from_bits_retain(1 << number);
        if rustix::thread::remove_capability_from_bounding_set(one).is_err() {
            break;
        }
    }
    let inheritable = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: needed, permitted: needed, inheritable },
    )?;
    Ok(())
}

fn landlock(data_dir: Option<&Path>, socket_dir: &Path) -> String {
    match restrict(data_dir, socket_dir) {
        Ok(RulesetStatus::FullyEnforced) => {
            "Landlock: it reads its record, opens no other file and no connection".to_owned()
        }
        Ok(RulesetStatus::PartiallyEnforced) => {
            "Landlock: it reads its record and opens no other file; this kernel cannot hold back connections"
                .to_owned()
        }
        Ok(RulesetStatus::NotEnforced) => {
            "this kernel has no Landlock: the page's process is held by its user's rights alone".to_owned()
        }
        Err(error) => {
            format!("Landlock failed ({error}): the page's process is held by its user's rights alone")
        }
    }
}

fn restrict(data_dir: Option<&Path>, socket_dir: &Path) -> Result<RulesetStatus, landlock::RulesetError> {
    let abi = ABI::V6;
    let read = AccessFs::from_read(abi) & !AccessFs::Execute;
    let existing = |path: &&Path| path.exists();
    let readable = data_dir.into_iter().chain(ZONES.iter().map(Path::new)).filter(existing);
    let ended = AccessFs::RemoveFile | AccessFs::RemoveDir;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules([socket_dir], ended))?
        .restrict_self()?;
    Ok(status.ruleset)
}
