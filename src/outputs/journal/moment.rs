//! A moment: as much of a beat as rebuilds every tab, small enough to keep one for every beat of a week.
//!
//! Kept are the processes that use most or have a finding, open doors, connections, sessions, the latest
//! sign-ins, findings and sensors. What a process is stands once in a block; a moment only says what it did.
//! Secrets are hidden before anything is kept.

use crate::model::{AuthEvent, Login, Logins, Process, Program, Safe, Session, SignIns, Snapshot, Sockets};
use crate::outputs::mask;
use crate::text;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How many processes are kept by processor use, and as many by memory.
const PROCESSES: usize = 20;
const CONNECTIONS: usize = 100;
const LISTENERS: usize = 200;
const SOURCES: usize = 12;
const SIGN_INS: usize = 20;
const LOGINS: usize = 20;
/// Columns of a command line that are kept.
const COMMAND: usize = 300;

/// A beat of the past, as far as it was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The beat; lists are shortened, and what was new only in that beat is left out.
    pub snapshot: Snapshot,
    /// How many processes there were; the snapshot lists the busiest, the largest and those with a finding.
    pub processes: Option<u64>,
    /// How many connections there were.
    pub connections: Option<u64>,
}

/// One line of a block.
#[derive(Deserialize)]
struct Frame {
    #[serde(default)]
    programs: Vec<Program>,
    did: Option<Vec<Did>>,
    processes: Option<u64>,
    connections: Option<u64>,
    snapshot: Snapshot,
}

#[derive(Serialize)]
struct FrameRef<'a> {
    /// The moment's time, where every reader of lines looks for it.
    time: String,
    programs: Vec<&'a Program>,
    did: Option<Vec<Did>>,
    processes: Option<u64>,
    connections: Option<u64>,
    snapshot: &'a Snapshot,
}

/// What a process did: the place of its program in the block, ppid, state, percent of a core, processor time in
/// ms, memory in KiB, threads, niceness.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Did(usize, u32, char, Option<f32>, u64, u64, u32, i8);

/// The programs that a block has told already.
#[derive(Default)]
pub(super) struct Told {
    places: HashMap<(u32, u64), (Arc<Program>, usize)>,
    count: usize,
}

impl Told {
    /// The line that keeps a beat.
    pub(super) fn line(&mut self, snapshot: &Snapshot) -> std::io::Result<Vec<u8>> {
        let kept = kept_processes(snapshot);
        let mut fresh: Vec<Program> = Vec::new();
        let did = kept.map(|kept| {
            kept.into_iter()
                .map(|process| {
                    let place = self.place(&process.program, &mut fresh);
                    Did(
                        place,
                        process.ppid,
                        process.state,
                        process.cpu_pct.map(|pct| (pct * 10.0).round() / 10.0),
                        process.cpu_time_ms,
                        process.rss_bytes / 1024,
                        process.threads,
                        process.nice,
                    )
                })
                .collect()
        });
        let readings = &snapshot.readings;
        let frame = FrameRef {
            time: crate::outputs::document::time(snapshot.at),
            programs: fresh.iter().collect(),
            did,
            processes: readings.processes.as_ref().map(|list| list.len() as u64),
            connections: readings
                .sockets
                .as_ref()
                .and_then(|sockets| sockets.connections.as_ref())
                .map(|list| list.len() as u64),
            snapshot: &shortened(snapshot),
        };
        crate::outputs::document::json_line(&frame)
    }

    fn place(&mut self, program: &Arc<Program>, fresh: &mut Vec<Program>) -> usize {
        let key = (program.pid, program.start_ticks);
        if let Some((known, place)) = self.places.get(&key)
            && (Arc::ptr_eq(known, program) || known == program)
        {
            return *place;
        }
        let place = self.count;
        self.count += 1;
        self.places.insert(key, (program.clone(), place));
        let mut program = Program::clone(program);
        program.cmdline = program.cmdline.as_ref().map(|line| Safe::new(&text::fit(&masked(line), COMMAND)));
        fresh.push(program);
        place
    }
}

/// Reads the last moment of a block that is not after a time in milliseconds since 1970.
pub(super) fn last_until(block: &[u8], until_ms: i64) -> Option<Moment> {
    let mut programs: Vec<Arc<Program>> = Vec::new();
    let mut found = None;
    for line in block.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // What follows a line that cannot be read may name programs that it told.
        let Ok(frame) = serde_json::from_slice::<Frame>(line) else { break };
        if frame.snapshot.at.timestamp_millis() > until_ms {
            break;
        }
        programs.extend(frame.programs.iter().cloned().map(Arc::new));
        found = Some(Frame { programs: Vec::new(), ..frame });
    }
    found.map(|frame| rebuilt(frame, &programs))
}

fn rebuilt(frame: Frame, programs: &[Arc<Program>]) -> Moment {
    let Frame { did, processes, connections, mut snapshot, .. } = frame;
    snapshot.readings.processes = did.map(|did| {
        let process = |did: &Did| {
            let Did(place, ppid, state, cpu_pct, cpu_time_ms, rss_kib, threads, nice) = *did;
            Some(Process {
                program: programs.get(place)?.clone(),
                ppid,
                state,
                cpu_pct,
                cpu_time_ms,
                rss_bytes: rss_kib.saturating_mul(1024),
                threads,
                nice,
            })
        };
        Arc::new(did.iter().filter_map(process).collect())
    });
    Moment { snapshot, processes, connections }
}

/// The busiest, the largest, and those that a finding names, in the order of the beat.
fn kept_processes(snapshot: &Snapshot) -> Option<Vec<&Process>> {
    let all = snapshot.readings.processes.as_deref()?;
    let mut kept = BTreeSet::new();
    let mut order: Vec<usize> = (0..all.len()).collect();
    let cpu = |place: &usize| all[*place].cpu_pct.unwrap_or(-1.0);
    order.sort_by(|a, b| cpu(b).total_cmp(&cpu(a)));
    kept.extend(order.iter().take(PROCESSES));
    order.sort_by_key(|place| std::cmp::Reverse(all[*place].rss_bytes));
    kept.extend(order.iter().take(PROCESSES));
    let named: BTreeSet<u32> = snapshot
        .findings
        .iter()
        .filter_map(|finding| finding.subject.get("pid")?.parse().ok())
        .take(PROCESSES)
        .collect();
    kept.extend((0..all.len()).filter(|place| named.contains(&all[*place].program.pid)));
    Some(kept.into_iter().map(|place| &all[place]).collect())
}

/// The beat without its processes, every list cut to what a tab shows.
fn shortened(snapshot: &Snapshot) -> Snapshot {
    let mut short = Snapshot {
        findings: snapshot.findings.iter().map(|finding| mask::finding(finding).into_owned()).collect(),
        sign_ins: snapshot.sign_ins.as_ref().map(sign_ins),
        readings: crate::model::Readings {
            processes: None,
            auth: None,
            execs: None,
            oddities: None,
            inventory: None,
            sockets: snapshot.readings.sockets.as_deref().map(|sockets| Arc::new(short_sockets(sockets))),
            logins: snapshot.readings.logins.as_deref().map(|logins| Arc::new(short_logins(logins))),
            system: snapshot.readings.system.clone(),
            own: snapshot.readings.own,
            timings: Vec::new(),
        },
        ..without_lists(snapshot)
    };
    for row in &mut short.score.deductions {
        row.title = masked(&row.title);
    }
    short
}

fn without_lists(snapshot: &Snapshot) -> Snapshot {
    Snapshot {
        seq: snapshot.seq,
        boot: snapshot.boot.clone(),
        host: snapshot.host.clone(),
        at: snapshot.at,
        interval_s: snapshot.interval_s,
        score: snapshot.score.clone(),
        readings: crate::model::Readings::default(),
        sign_ins: None,
        findings: Vec::new(),
        sensors: snapshot.sensors.clone(),
        checks_passed: snapshot.checks_passed.clone(),
        errors: snapshot.errors.clone(),
    }
}

fn short_sockets(sockets: &Sockets) -> Sockets {
    Sockets {
        listeners: sockets.listeners.iter().take(LISTENERS).cloned().collect(),
        connections: sockets.connections.as_ref().map(|list| {
            let few = list.iter().take(CONNECTIONS).cloned();
            // Counters that change at every beat cost more than they tell later.
            let calm =
                few.map(|one| crate::model::Connection { sent_bytes: None, received_bytes: None, ..one });
            Arc::new(calm.collect())
        }),
        connections_at: None,
        established: sockets.established,
        owners_known: sockets.owners_known,
        owners_total: sockets.owners_total,
    }
}

fn short_logins(logins: &Logins) -> Logins {
    let session =
        |session: &Session| Session { doing: session.doing.as_ref().map(masked), ..session.clone() };
    Logins {
        source: logins.source.clone(),
        here: logins.here.as_ref().map(|here| here.iter().map(session).collect()),
        past: logins.past.as_ref().map(|past| past.iter().take(LOGINS).cloned().collect::<Vec<Login>>()),
    }
}

fn sign_ins(seen: &SignIns) -> SignIns {
    let event = |event: &Arc<AuthEvent>| {
        if matches!(mask::secrets(&event.raw), Cow::Borrowed(_)) {
            return event.clone();
        }
        let hidden = AuthEvent {
            raw: masked(&event.raw),
            command: event.command.as_ref().map(masked),
            ..AuthEvent::clone(event)
        };
        Arc::new(hidden)
    };
    let latest = seen.recent.len().saturating_sub(SIGN_INS);
    let listed = seen.sources.len().min(SOURCES);
    SignIns {
        sources: seen.sources[..listed].to_vec(),
        sources_more: seen.sources_more + (seen.sources.len() - listed) as u64,
        recent: seen.recent[latest..].iter().map(event).collect(),
        hours: seen.hours.clone(),
        source: seen.source.clone(),
        ..*seen
    }
}

fn masked(text: &Safe) -> Safe {
    match mask::secrets(text) {
        Cow::Borrowed(_) => text.clone(),
        Cow::Owned(hidden) => Safe::new(&hidden),
    }
}
