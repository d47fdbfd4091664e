//! Where programs come from: by their path, their parents, and their package where that was looked up.

use super::first_seen::{Known, PROGRAMS};
use super::lately::{self, Lately};
use super::strings;
use crate::model::{Exe, Process, Provenance, fingerprint};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// What a path says about a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A folder that packages fill.
    Package,
    /// A tool that a person installed in their home in the usual way.
    Tools,
    /// `/tmp`, `/var/tmp`, `/run/user`.
    Temporary,
    /// `/dev/shm` or elsewhere in `/dev`.
    SharedMemory,
    /// A folder or a name that hides.
    Hidden,
    /// Anonymous memory.
    Memory,
    /// A home folder.
    Home,
    /// Anywhere else.
    Elsewhere,
}

#[rustfmt::skip]
const PACKAGE: &[&str] = &[
    "/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libexec/", "/opt/", "/snap/",
    "/nix/store/", "/gnu/store/", "/app/", "/var/lib/flatpak/", "/var/lib/snapd/", "/ostree/",
];

/// Hidden folders in which ordinary tools live.
#[rustfmt::skip]
const USUAL_HIDDEN: &[&str] = &[
    "aftman", "android", "ansible", "arduino15", "asdf", "bazel", "bazelisk", "build", "bun", "cabal", "cache",
    "cargo", "claude", "codeium", "codex", "colima", "conda", "config", "continue", "cursor", "cursor-server",
    "deno", "devbox", "devenv", "direnv", "docker", "dotnet", "dropbox-dist", "dub", "dvm", "elan", "emacs.d",
    "env", "espressif", "factorio", "flutter", "fly", "fnm", "foundry", "fzf", "gem", "gemini", "ghcup", "git",
    "goenv", "gradle", "gvm", "hermit", "husky", "itch", "jbang", "jdks", "jenv", "jetbrains", "julia",
    "juliaup", "kiro", "konan", "krew", "kube", "lima", "linuxbrew", "lmstudio", "local", "luarocks", "lutris",
    "m2", "mamba", "micromamba", "minecraft", "minikube", "mise", "modular", "moon", "mozilla", "next",
    "nextcloud", "ngrok", "nimble", "nix-profile", "node", "nodebrew", "nodenv", "nox", "npm", "npm-global",
    "nuget", "nvm", "nvs", "oh-my-zsh", "ollama", "opam", "opencode", "orbstack", "phpenv", "pixi", "platformio",
    "playonlinux", "plenv", "pnpm", "pnpm-store", "proto", "proton", "pub-cache", "pulumi", "pyenv", "quarto",
    "railway", "rbenv", "rd", "renv", "rokit", "rustup", "rvm", "rye", "sdkman", "serverless", "snap",
    "sonarlint", "stack", "stack-work", "steam", "supabase", "swiftenv", "swiftly", "terraform", "terraform.d",
    "terragrunt-cache", "tfenv", "thunderbird", "tmux", "tox", "trunk", "turso", "uv", "var", "venv", "vfox",
    "vim", "virtualenvs", "volta", "vscode", "vscode-oss", "vscode-server", "wasmedge", "wasmer", "wasmtime",
    "windsurf", "windsurf-server", "wine", "yarn", "zed", "zed_server", "zinit", "zvm",
];

/// Programs whose children are work in progress.
#[rustfmt::skip]
const TOOLCHAIN: &[&str] = &[
    "apt", "apt-get", "aptitude", "bazel", "buck2", "bun", "c++", "cabal", "cargo", "cargo-clippy",
    "cargo-nextest", "cc", "clang", "clang++", "cmake", "configure", "ctest", "dnf", "dotnet", "dpkg",
    "dune", "emerge", "esbuild", "flatpak", "g++", "gcc", "ghc", "go", "gopls", "gradle", "make", "makepkg",
    "maturin", "meson", "mvn", "ninja", "nix", "nix-build", "nix-daemon", "nox", "npm", "npx", "opam",
    "pacman", "pip", "pip3", "pnpm", "poetry", "pytest", "rpm", "rpmbuild", "rust-analyzer", "rustc",
    "rustdoc", "sbuild", "scons", "snapd", "stack", "swift", "tox", "tsc", "unattended-upgr", "uv", "yarn",
    "yum", "zig", "zypper",
];

/// Judges a path.
pub(super) fn place(path: &str) -> Place {
    if path.starts_with("/memfd:") {
        return Place::Memory;
    }
    let in_package = PACKAGE.iter().any(|folder| path.starts_with(folder));
    // Nearly every path of a package ends here: nothing in it hides.
    if in_package && path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.contains("/.") {
        return Place::Package;
    }
    let temporary =
        ["/tmp/", "/var/tmp/", "/run/user/", "/run/shm/"].iter().any(|folder| path.starts_with(folder));
    let mut tools = false;
    let mut hidden = false;
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_file = parts.peek().is_none();
        let Some(name) = part.strip_prefix('.') else {
            tools |= matches!(part, "node_modules" | "target" | "venv" | "site-packages" | "steamapps");
            hidden |= part.trim() != part && !part.is_empty();
            continue;
        };
        if name.trim_matches(['.', ' ']).is_empty() || name.starts_with('.') {
            hidden = true;
        } else if in_package || (temporary && name.starts_with("mount_")) {
            // Packages know what they do; AppImages mount themselves at /tmp/.mount_NAME.
        } else if is_file || !is_usual(name) {
            hidden = true;
        } else {
            tools = true;
        }
    }
    match () {
        () if hidden => Place::Hidden,
        () if path.starts_with("/dev/") => Place::SharedMemory,
        () if temporary => Place::Temporary,
        () if in_package => Place::Package,
        () if tools => Place::Tools,
        () if path.starts_with("/home/") || path.starts_with("/root/") => Place::Home,
        () => Place::Elsewhere,
    }
}

/// Folders in which nobody but the package manager puts programs.
pub(super) fn is_only_for_packages(path: &str) -> bool {
    ["/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/bin/", "/sbin/", "/lib/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

fn is_usual(name: &str) -> bool {
    USUAL_HIDDEN.binary_search(&name).is_ok()
        || name.starts_with("vscode")
        || name.starts_with("org.chromium")
}

/// The path that a process was started from: the kernel's word, else the first word of its command line.
pub(super) fn path(process: &Process) -> Option<&str> {
    if let Some(exe) = &process.program.exe {
        return Some(&exe.path);
    }
    let line = process.program.cmdline.as_deref()?;
    let first = line.split(' ').next()?;
    first.starts_with('/').then_some(first)
}

/// The name of a user id, as far as the processes of this beat tell.
pub(super) fn user_name(uid: Option<u32>, kin: Option<&Kin<'_>>) -> String {
    let known = || kin?.by_pid.values().find(|process| process.program.uid == uid)?.program.user.as_deref();
    match (uid, known()) {
        (None, _) => "?".to_owned(),
        (Some(_), Some(name)) => name.to_owned(),
        (Some(0), None) => "root".to_owned(),
        (Some(uid), None) => format!("uid {uid}"),
    }
}

/// Processes of one beat by pid, to walk from child to parent.
pub(super) struct Kin<'a> {
    by_pid: HashMap<u32, &'a Process>,
    /// The file of this very program: another run of it is no finding, either.
    own_exe: Option<&'a str>,
}

impl<'a> Kin<'a> {
    pub(super) fn of(processes: &'a [Process]) -> Self {
        let by_pid: HashMap<_, _> = processes.iter().map(|process| (process.program.pid, process)).collect();
        let is_first = |process: &&Process| {
            process.program.own && by_pid.get(&process.ppid).is_none_or(|parent| !parent.program.own)
        };
        let own = processes.iter().find(is_first).and_then(|process| process.program.exe.as_ref());
        Self { by_pid, own_exe: own.map(|exe| exe.path.as_str()) }
    }

    /// The process with this identity; a pid that was used again is somebody else.
    pub(super) fn find(&self, pid: u32, start_ticks: u64) -> Option<&'a Process> {
        self.by_pid.get(&pid).copied().filter(|process| process.program.start_ticks == start_ticks)
    }

    /// Tells this program, its children, and other runs of the same file.
    pub(super) fn is_own(&self, process: &Process) -> bool {
        process.program.own || process.program.exe.as_ref().is_some_and(|exe| self.is_own_file(&exe.path))
    }

    /// Tells the file of this program.
    pub(super) fn is_own_file(&self, path: &str) -> bool {
        self.own_exe == Some(path)
    }

    /// The process that has this pid now.
    pub(super) fn by_pid(&self, pid: u32) -> Option<&'a Process> {
        self.by_pid.get(&pid).copied()
    }

    /// The parents, nearest first. A parent that is younger than its child is a pid that was used again.
    pub(super) fn ancestors(&self, process: &'a Process) -> impl Iterator<Item = &'a Process> + '_ {
        std::iter::successors(self.parent(process), |parent| self.parent(parent)).take(32)
    }

    fn parent(&self, process: &Process) -> Option<&'a Process> {
        let parent = self.by_pid.get(&process.ppid).copied()?;
        let older = parent.program.start_ticks <= process.program.start_ticks;
        (older && parent.program.pid != process.program.pid).then_some(parent)
    }

    /// Tells work in progress: a parent of the same user is a compiler, a build tool or an installer.
    pub(super) fn is_toolchain_work(&self, process: &'a Process) -> bool {
        self.ancestors(process).any(|parent| is_toolchain(parent) && may_vouch(parent, process))
    }

    /// Tells whether the processor use of a process has a known origin.
    pub(super) fn is_explained(&self, process: &'a Process, known: &Known) -> bool {
        self.has_origin(process) || self.is_long_known(process, known)
    }

    /// Notes a program that no package brought, with its parent: what is there for a week is known. One that keeps
    /// a core busy does not become known by that.
    pub(super) fn note(
        &self,
        process: &'a Process,
        known: &mut Known,
        lately: &mut Lately,
        now: DateTime<Utc>,
    ) {
        let program = &process.program;
        let Some(exe) = program.exe.as_ref().filter(|exe| is_for_no_package(exe)) else { return };
        let file = fingerprint(exe.path.as_bytes());
        let parent = u64::from(process.ppid);
        if lately.is_due(lately::key(&[u64::from(program.pid), program.start_ticks, file, parent]), now)
            && let Some(name) = self.lineage(process)
        {
            known.see(PROGRAMS, &name, now, false);
        }
    }

    fn is_long_known(&self, process: &'a Process, known: &Known) -> bool {
        let name = self.lineage(process);
        name.and_then(|name| known.get(PROGRAMS, &name)).is_some_and(|seen| seen.usual)
    }

    /// A program and its parent, where neither its place nor a package vouches for it.
    fn lineage(&self, process: &'a Process) -> Option<String> {
        let exe = process.program.exe.as_ref().filter(|exe| is_for_no_package(exe))?;
        let parent = self.ancestors(process).next().map_or("?", |parent| parent.program.name.as_str());
        Some(format!("{} by {parent}", exe.path))
    }

    fn has_origin(&self, process: &'a Process) -> bool {
        let program = &process.program;
        if program.kernel_thread || self.is_own(process) {
            return true;
        }
        if program
            .exe
            .as_ref()
            .is_some_and(|exe| exe.deleted && !exe.replaced && place(&exe.path) != Place::Package)
        {
            return self.is_toolchain_work(process);
        }
        let unpackaged = program.package == Some(Provenance::Unpackaged);
        match path(process).map(place) {
            // Between programs of packages, and of none: known when a person who is logged in started it.
            Some(Place::Package) if unpackaged && path(process).is_some_and(is_only_for_packages) => {
                program.login_uid.is_some() || self.is_toolchain_work(process)
            }
            // `None` is not to be read without root: the visibility row says so, once.
            None | Some(Place::Package | Place::Tools) => true,
            Some(Place::Home | Place::Elsewhere) => {
                program.login_uid.is_some() || self.is_toolchain_work(process)
            }
            Some(Place::Hidden | Place::Memory | Place::SharedMemory) => false,
            Some(Place::Temporary) => self.is_toolchain_work(process),
        }
    }
}

/// Tells a file that is there, and stands where neither packages nor tools have their programs.
fn is_for_no_package(exe: &Exe) -> bool {
    (!exe.deleted || exe.replaced) && matches!(place(&exe.path), Place::Home | Place::Elsewhere)
}

/// Tells compilers, build tools and installers by the kernel's short name.
pub(super) fn is_toolchain_name(name: &str) -> bool {
    // Node programs set their title: `npm install`, `npm run build`.
    let first = name.split(' ').next().unwrap_or(name);
    TOOLCHAIN.binary_search(&first).is_ok()
}

/// Tells an interpreter that runs an installer or a test: `python3 -m pip install x`.
pub(super) fn is_installer_line(line: &str) -> bool {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or(program);
    name.starts_with("python")
        && match (words.next(), words.next()) {
            (Some("-m"), Some(module)) => ["pip", "build", "pytest", "venv", "ensurepip"].contains(&module),
            (Some(script), _) => {
                script.ends_with("/pip") || script.ends_with("/pytest") || script.ends_with("setup.py")
            }
            _ => false,
        }
}

/// Tells compilers, build tools and installers.
pub(super) fn is_toolchain(process: &Process) -> bool {
    let by_line = || process.program.cmdline.as_deref().is_some_and(is_installer_line);
    if !is_toolchain_name(&process.program.name) && !by_line() {
        return false;
    }
    // A name is cheap; where the file can be read, it must lie where such tools lie.
    process
        .program
        .exe
        .as_ref()
        .is_none_or(|exe| matches!(place(&exe.path), Place::Package | Place::Tools | Place::Home))
}

/// Tells processes of containers by their control group.
pub(super) fn is_contained(process: &Process) -> bool {
    process.program.cgroup.as_deref().is_some_and(|path| {
        ["docker", "containerd", "kubepods", "libpod", "lxc", "machine.slice"]
            .iter()
            .any(|name| path.contains(name))
    })
}

/// Tells the copies of themselves that container runtimes make in memory before they enter a container.
pub(super) fn is_container_runtime(name: &str, path: &str) -> bool {
    let by_path = ["/memfd:runc_cloned", "/memfd:crun_cloned", "/memfd:libcrun"];
    by_path.iter().any(|start| path.starts_with(start))
        && ["runc", "crun", "youki", "exe"].iter().any(|start| name.starts_with(start))
}

/// The name of the file that a process was started from.
pub(super) fn file_name(process: &Process) -> &str {
    process.program.exe.as_ref().and_then(|exe| exe.path.rsplit('/').next()).unwrap_or_default()
}

/// Tells a program that a package brought and that runs nobody's text: it does what its package says.
pub(super) fn is_packaged_tool(process: &Process) -> bool {
    let program = &process.program;
    let at_place = program.exe.as_ref().is_some_and(|exe| place(&exe.path) == Place::Package);
    // What the file is called counts, not what the program calls itself.
    let file = file_name(process);
    let runs_text = strings::is_shell(file) || strings::is_interpreter(file);
    at_place && program.package == Some(Provenance::Packaged) && !runs_text
}

/// Root may start work for others; otherwise parent and child belong to the same user.
fn may_vouch(parent: &Process, child: &Process) -> bool {
    parent.program.uid == Some(0) || parent.program.uid == child.program.uid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(USUAL_HIDDEN.is_sorted(), "USUAL_HIDDEN");
        assert!(TOOLCHAIN.is_sorted(), "TOOLCHAIN");
    }

    #[test]
    fn paths_are_told_apart() {
        for (path, expected) in [
            ("/usr/bin/sleep", Place::Package),
            ("/opt/google/chrome/chrome", Place::Package),
            ("/nix/store/abc-foo/bin/.foo-wrapped", Place::Package),
            ("/usr/lib/node_modules/.pnpm/x/bin/y", Place::Package),
            ("/usr/share/.../kswapd", Place::Hidden),
            ("/home/anna/.cargo/bin/cargo", Place::Tools),
            ("/home/anna/code/app/target/debug/app", Place::Tools),
            ("/home/anna/.local/share/Steam/steamapps/common/Game/game", Place::Tools),
            ("/home/anna/bin/tool", Place::Home),
            ("/home/anna/.x/tool", Place::Hidden),
            ("/home/anna/.kswapd0", Place::Hidden),
            ("/root/ /x", Place::Hidden),
            ("/tmp/y", Place::Temporary),
            ("/tmp/.x1", Place::Hidden),
            ("/tmp/.../.kswapd0", Place::Hidden),
            ("/tmp/.mount_Nextcl/usr/bin/nextcloud", Place::Temporary),
            ("/tmp/target/debug/deps/app-1", Place::Temporary),
            ("/var/tmp/..  /sh", Place::Hidden),
            ("/dev/shm/a", Place::SharedMemory),
            ("/dev/shm/.x/kdevtmp", Place::Hidden),
            ("/memfd:x", Place::Memory),
            ("/srv/app/run", Place::Elsewhere),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }
}
