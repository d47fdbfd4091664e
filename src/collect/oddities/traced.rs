//! Processes that another one controls: `TracerPid` of proc_pid_status(5).

use crate::collect::Root;
use crate::collect::fields::{lines, number};
use crate::collect::kept::read_short;
use crate::model::{Process, TracedProcess};

/// At most this many are told: a tracer of a whole build has many.
const MANY: usize = 64;

/// Asks every process that may be traced.
pub(super) fn look(root: &Root, processes: &[Process]) -> Vec<TracedProcess> {
    let mut status = Vec::with_capacity(4096);
    let mut ask = |pid: u32, field: &[u8]| {
        read_short(&root.path(&format!("/proc/{pid}/status")), &mut status).ok()?;
        let value = lines(&status).find_map(|line| line.strip_prefix(field))?;
        u32::try_from(number(value.trim_ascii())?).ok()
    };
    let mut found = Vec::new();
    for process in processes.iter().filter(|process| !process.program.kernel_thread && process.state != 'Z') {
        let Some(tracer) = ask(process.program.pid, b"TracerPid:").filter(|tracer| *tracer > 0) else {
            continue;
        };
        // It names the thread that controls; its process is what people know.
        let tracer = ask(tracer, b"Tgid:").unwrap_or(tracer);
        let program = processes.iter().find(|process| process.program.pid == tracer).map(|p| &p.program);
        found.push(TracedProcess {
            pid: process.program.pid,
            name: process.program.name.clone(),
            uid: process.program.uid,
            tracer_pid: tracer,
            tracer_name: program.map(|program| program.name.clone()),
            tracer_exe: program.and_then(|program| Some(program.exe.as_ref()?.path.clone())),
            tracer_uid: program.and_then(|program| program.uid),
            by_parent: process.ppid == tracer,
        });
        if found.len() >= MANY {
            break;
        }
    }
    found.sort_unstable_by_key(|process: &TracedProcess| process.pid);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Program;
    use std::sync::Arc;

    fn process(pid: u32, parent: u32, name: &str) -> Process {
        Process {
            program: Arc::new(Program { pid, name: name.into(), ..Program::default() }),
            ppid: parent,
            state: 't',
            cpu_pct: None,
            cpu_time_ms: 0,
            rss_bytes: 0,
            threads: 1,
            nice: 0,
        }
    }

    #[test]
    fn who_is_controlled_by_whom_is_told_by_process_and_not_by_thread() {
        let base = tempfile::tempdir().unwrap();
        for (pid, status) in [
            (10, "Name:\tgdb\nTgid:\t10\nTracerPid:\t0\n"),
            (11, "Name:\tgdb\nTgid:\t10\nTracerPid:\t0\n"),
            (20, "Name:\ta\nTgid:\t20\nTracerPid:\t11\n"),
            (30, "Name:\tb\nTgid:\t30\nTracerPid:\t999\n"),
        ] {
            let folder = base.path().join(format!("proc/{pid}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("status"), status).unwrap();
        }
        let processes = [process(10, 1, "gdb"), process(20, 10, "a"), process(30, 1, "b")];
        let traced = look(&Root::fixture(base.path()), &processes);
        assert_eq!(traced.len(), 2);
        assert_eq!((traced[0].pid, traced[0].tracer_pid, traced[0].by_parent), (20, 10, true));
        assert_eq!(traced[0].tracer_name.as_deref(), Some("gdb"));
        assert_eq!((traced[1].tracer_pid, &traced[1].tracer_name), (999, &None));
    }
}
