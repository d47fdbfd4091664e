//! What a script may want beside the numbers: the busiest processes, open doors, sessions, and who is knocking.

use super::entries::{busiest, command};
use super::metrics::finite;
use crate::model::{Listener, Session, SignIns, Snapshot, Source};
use serde::Serialize;

/// How many processes are listed.
const PROCESSES: usize = 20;

/// Lists of the full document; null where it could not be seen.
#[derive(Debug, Serialize)]
pub(super) struct Detail<'a> {
    processes: Option<Vec<ProcessRow<'a>>>,
    listeners: Option<&'a [Listener]>,
    sessions: Option<&'a [Session]>,
    sign_in_source: Option<&'a str>,
    sign_in_sources: Option<&'a [Source]>,
}

#[derive(Debug, Serialize)]
struct ProcessRow<'a> {
    pid: u32,
    ppid: u32,
    user: Option<&'a str>,
    name: &'a str,
    cpu_pct: Option<f64>,
    rss_bytes: u64,
    state: char,
    threads: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    command: String,
    exe: Option<&'a str>,
    exe_deleted: bool,
}

impl<'a> Detail<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let readings = &snapshot.readings;
        let processes = readings.processes.as_deref().map(|list| {
            busiest(list)
                .into_iter()
                .take(PROCESSES)
                .map(|process| ProcessRow {
                    pid: process.program.pid,
                    ppid: process.ppid,
                    user: process.program.user.as_deref(),
                    name: &process.program.name,
                    cpu_pct: process.cpu_pct.and_then(|pct| finite(f64::from(pct), 1)),
                    rss_bytes: process.rss_bytes,
                    state: process.state,
                    threads: process.threads,
                    started_at: process.program.started_at.map(super::time),
                    command: command(process),
                    exe: process.program.exe.as_ref().map(|exe| &*exe.path),
                    exe_deleted: process.program.exe.as_ref().is_some_and(|exe| exe.deleted),
                })
                .collect()
        });
        let signs: Option<&SignIns> = snapshot.sign_ins.as_ref();
        Self {
            processes,
            listeners: readings.sockets.as_deref().map(|sockets| &*sockets.listeners),
            sessions: readings.logins.as_deref().and_then(|logins| logins.here.as_deref()),
            sign_in_source: signs.map(|seen| &*seen.source),
            sign_in_sources: signs.map(|seen| &*seen.sources),
        }
    }
}
