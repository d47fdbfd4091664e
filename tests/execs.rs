//! Started programs, seen live: every one of a thousand that live a few milliseconds, with its command line.
//!
//! It needs no root. Where the kernel tells no process events the collector must say so, and nothing else is asked.

mod terminal;

use chrono::Utc;
use home_soc::collect::{Root, execs};
use home_soc::model::{ExecEvent, ExecReading, SensorState};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terminal::{need, root_or_skip};

const PROGRAMS: usize = 1_200;

/// Waits until `enough` says so, and gives all readings up to then as one list.
fn read_until(collector: &mut execs::Collector, enough: impl Fn(&[ExecEvent]) -> bool) -> Readings {
    let until = Instant::now() + Duration::from_mins(2);
    let mut all = Readings::default();
    while Instant::now() < until {
        let seen = collector.read(Utc::now());
        let reading: Arc<ExecReading> = seen.value.expect("a live machine has a reading");
        all.overruns += reading.overruns;
        all.state = Some(seen.sensors[0].state);
        all.events.extend(reading.events.iter().cloned());
        if enough(&all.events) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    all
}

#[derive(Default)]
struct Readings {
    events: Vec<ExecEvent>,
    overruns: u64,
    state: Option<SensorState>,
}

fn is_ours(event: &ExecEvent, parent: u32) -> bool {
    event.ppid == Some(parent)
}

#[test]
fn no_program_that_lives_for_milliseconds_is_missed() {
    let mut collector = execs::Collector::start(Root::real());
    if collector.read(Utc::now()).sensors[0].state != SensorState::Ok {
        return;
    }
    // Lives of 1-4 ms, one after the other, as in a script.
    let script =
        format!("i=0; while [ $i -lt {PROGRAMS} ]; do sleep 0.00$((i % 4 + 1)); i=$((i+1)); done; exec true");
    let mut shell = Command::new("sh").args(["-c", &script]).spawn().unwrap();
    let parent = shell.id();
    let all = read_until(&mut collector, |events| {
        // The shell itself, and what it becomes at the end.
        events.iter().filter(|event| event.pid == parent).count() == 2
    });
    shell.wait().unwrap();

    let programs: Vec<_> = all.events.iter().filter(|event| is_ours(event, parent)).collect();
    assert!(
        programs.len() == PROGRAMS || all.overruns > 0,
        "{} of {PROGRAMS} were seen and no overrun was told",
        programs.len()
    );
    let with_argv = programs.iter().filter(|event| event.argv.is_some()).count();
    println!("seen {}, argv {with_argv}, overruns {}", programs.len(), all.overruns);
    assert!(with_argv * 4 >= PROGRAMS * 3, "the command line of {with_argv} only");
    assert!(programs.iter().all(|event| event.own), "a child of this process is our own");
    let known = programs.iter().filter(|event| event.parent.as_deref() == Some("sh")).count();
    assert_eq!(known, programs.len(), "the parent of each is remembered");
}

#[test]
fn a_program_is_told_with_its_words_its_file_and_its_owner() {
    let mut collector = execs::Collector::start(Root::real());
    let before = Utc::now();
    let mut child = Command::new("sleep").args(["3", "0"]).spawn().unwrap();
    let pid = child.id();
    let all = read_until(&mut collector, |events| events.iter().any(|event| event.pid == pid));
    child.kill().unwrap();
    child.wait().unwrap();
    let event = all.events.iter().find(|event| event.pid == pid).expect("it lives long enough for polling");
    assert_eq!(event.name.as_deref(), Some("sleep"));
    assert_eq!(event.uid, Some(rustix::process::getuid().as_raw()));
    let exe = event.exe.as_ref().map(|exe| exe.path.as_str());
    assert!(exe.is_some_and(|exe| exe.ends_with("/sleep") || exe.ends_with("/coreutils")));
    assert!(event.start_ticks.is_some());
    assert!(event.at >= before && event.at <= Utc::now());
}

#[test]
fn a_recorded_machine_has_no_events_and_the_sensor_says_so() {
    let seen = execs::Collector::start(Root::fixture("/nonexistent")).read(Utc::now());
    assert_eq!(seen.value, None);
    assert_eq!(seen.sensors[0].state, SensorState::Blind);
}

/// The part of the next test that runs in a container.
#[test]
fn child_in_a_container() {
    if std::env::var_os("HOME_SOC_TEST_CONTAINER").is_none() {
        return;
    }
    let mut collector = execs::Collector::start(Root::real());
    let mut program = Command::new("sleep").arg("30").spawn().unwrap();
    let pid = program.id();
    let all = read_until(&mut collector, |events| events.iter().any(|event| event.pid == pid));
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(all.state, Some(SensorState::Partial), "it polls, and says so");
    assert!(all.events.iter().all(|event| event.pid < 100), "numbers of another list: {:?}", all.events);
}

#[test]
fn in_a_container_the_events_of_the_machine_outside_are_not_taken_for_its_own() {
    need("unshare");
    if !root_or_skip("a list of processes of its own") {
        return;
    }
    let mut outside = execs::Collector::start(Root::real());
    if outside.read(Utc::now()).sensors[0].state != SensorState::Ok {
        return;
    }
    // What is started outside while the container listens.
    let mut busy = Command::new("sh").args(["-c", "while :; do sleep 0.01; done"]).spawn().unwrap();
    let inside = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_in_a_container"])
        .env("HOME_SOC_TEST_CONTAINER", "1")
        .output();
    busy.kill().unwrap();
    busy.wait().unwrap();
    let inside = inside.unwrap();
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stdout));
}
