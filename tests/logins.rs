//! Who is here and who was, on machines made of folders, and what last(1) makes of the same records.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

use chrono::{DateTime, Utc};
use home_soc::collect::Root;
use home_soc::collect::logins::{Collector, Whoami};
use home_soc::model::{LoginKind, Logins, Process, Program, Sensor, SensorState};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// A record of utmp(5) in the 384 bytes of x86_64 and 32-bit machines, or the 400 of aarch64.
fn record(long: bool, kind: i16, pid: i32, line: &str, user: &str, host: &str, at: i64) -> Vec<u8> {
    let mut record = vec![0; if long { 400 } else { 384 }];
    record[..2].copy_from_slice(&kind.to_ne_bytes());
    record[4..8].copy_from_slice(&pid.to_ne_bytes());
    for (start, text) in [(8, line), (44, user), (76, host)] {
        record[start..start + text.len()].copy_from_slice(text.as_bytes());
    }
    if long {
        record[344..352].copy_from_slice(&at.to_ne_bytes());
    } else {
        record[340..344].copy_from_slice(&(at as u32).to_ne_bytes());
    }
    record
}

const BOOT: i64 = 1_763_800_000;

/// Four days of a machine: a shutdown, a crash, a line used twice, someone still here (pid 42) and one who is gone.
fn history(long: bool) -> Vec<u8> {
    let day = 86_400;
    [
        record(long, 2, 0, "~", "reboot", "6.12.41", BOOT),
        record(long, 7, 100, "pts/0", "anna", "192.0.2.33", BOOT + 100),
        record(long, 8, 100, "pts/0", "", "", BOOT + 4000),
        record(long, 7, 101, "tty1", "ben", "", BOOT + 5000),
        record(long, 1, 0, "~~", "shutdown", "6.12.41", BOOT + 9000),
        record(long, 2, 0, "~", "reboot", "6.12.41", BOOT + day),
        record(long, 7, 102, "pts/0", "root", "host.example", BOOT + day + 60),
        record(long, 2, 0, "~", "reboot", "6.12.48", BOOT + 2 * day),
        record(long, 7, 103, "pts/3", "gone", "198.51.100.4", BOOT + 2 * day + 10),
        record(long, 7, 42, "pts/1", "anna", "2001:db8::7", BOOT + 2 * day + 60),
    ]
    .concat()
}

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, place: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn read(&self, whoami: Whoami, processes: Option<&[Process]>) -> (Option<Arc<Logins>>, Sensor) {
        let seen = Collector::new(Root::fixture(self.0.path()), whoami).read(now(), processes);
        (seen.value, seen.sensors[0].clone())
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(BOOT + 3 * 86_400, 0).unwrap()
}

fn process(pid: u32, parent: u32, user: &str, uid: u32, name: &str, cmdline: &str, ours: bool) -> Process {
    let program = Program {
        pid,
        uid: Some(uid),
        user: Some(user.into()),
        name: name.into(),
        cmdline: Some(cmdline.into()),
        ours,
        ..Program::default()
    };
    Process {
        program: Arc::new(program),
        ppid: parent,
        state: 'S',
        cpu_pct: None,
        cpu_time_ms: 0,
        rss_bytes: 0,
        threads: 1,
        nice: 0,
    }
}

/// One row as a line: kind, user, start and end in seconds since the first boot, and how it ended.
fn rows(logins: &Logins) -> Vec<String> {
    let row = |l: &home_soc::model::Login| {
        let end = match (l.ended, l.here) {
            (Some(end), _) => (end.timestamp() - BOOT).to_string(),
            (None, true) => "here".to_owned(),
            (None, false) => "-".to_owned(),
        };
        let note = l.note.as_deref().unwrap_or_default();
        format!("{:?} {} {}..{end} {note}", l.kind, l.user, l.at.timestamp() - BOOT).trim_end().to_owned()
    };
    logins.past.iter().flatten().map(row).collect()
}

#[test]
fn the_past_reads_the_same_from_both_sizes_of_records() {
    for long in [false, true] {
        let machine = Machine::new();
        machine.put("var/log/wtmp", history(long));
        machine.put("proc/42/stat", "42 (sshd) S 1 42 42 0 -1 0");
        let (logins, _) = machine.read(Whoami::default(), None);
        assert_eq!(
            rows(&logins.unwrap()),
            [
                "Login anna 172860..here",
                "Login gone 172810..- gone",
                "Boot 6.12.48 172800..here",
                "Login root 86460..172800 crash",
                "Boot 6.12.41 86400..172800 crash",
                "Shutdown 6.12.41 9000..-",
                "Login ben 5000..9000",
                "Login anna 100..4000",
                "Boot 6.12.41 0..9000",
            ],
            "long {long}"
        );
    }
}

#[test]
fn last_tells_the_same_sessions() {
    let Ok(help) = Command::new("last").arg("--help").output() else { return };
    if !String::from_utf8_lossy(&help.stdout).contains("--time-format") || cfg!(target_arch = "aarch64") {
        println!("SKIPPED: this last(1) reads another format");
        return;
    }
    let machine = Machine::new();
    let file = machine.put("var/log/wtmp", history(false));
    let output = Command::new("last")
        .env("TZ", "UTC")
        .args(["--time-format=iso", "-x", "-f"])
        .arg(&file)
        .output()
        .unwrap();
    let theirs = String::from_utf8_lossy(&output.stdout).into_owned();
    let (logins, _) = machine.read(Whoami::default(), None);
    let stamp = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let logins = logins.unwrap();
    for login in logins.past.iter().flatten().filter(|login| login.kind == LoginKind::Login) {
        let end = match (login.ended, login.note.as_deref()) {
            (_, Some("crash")) => "crash".to_owned(),
            (_, Some("gone")) => "gone - no logout".to_owned(),
            // It names the shutdown instead of its time.
            (Some(end), _) if end.timestamp() == BOOT + 9000 => "down".to_owned(),
            (Some(end), _) => stamp(end),
            (None, _) => panic!("{login:?}"),
        };
        let is_told = |line: &str| {
            line.starts_with(&*login.user) && line.contains(&stamp(login.at)) && line.contains(&end)
        };
        assert!(theirs.lines().any(is_told), "{login:?} is not in\n{theirs}");
    }
}

#[test]
fn the_rotated_file_continues_the_present_one() {
    let machine = Machine::new();
    let all = history(false);
    machine.put("var/log/wtmp.1", &all[..384 * 2]);
    machine.put("var/log/wtmp", &all[384 * 2..]);
    let (logins, _) = machine.read(Whoami::default(), None);
    let rows = rows(&logins.unwrap());
    assert!(rows.contains(&"Login anna 100..4000".to_owned()), "{rows:#?}");
}

#[test]
fn a_file_that_nobody_writes_is_not_a_machine_that_nobody_uses() {
    let machine = Machine::new();
    for place in ["var/log/wtmp", "var/log/btmp", "run/utmp"] {
        machine.put(place, "");
    }
    let (logins, sensor) = machine.read(Whoami::default(), None);
    assert!(logins.is_none());
    assert_eq!((sensor.id.as_str(), sensor.state), ("logins", SensorState::Blind));
    let looked: Vec<_> = sensor.looked.iter().map(|l| format!("{}: {}", l.place, l.result)).collect();
    assert!(
        looked.contains(&"/run/utmp: empty: nothing on this machine writes it".to_owned()),
        "{looked:#?}"
    );
    assert!(looked.contains(&"/var/log/wtmp: empty: no login, no boot".to_owned()), "{looked:#?}");
}

#[test]
fn refused_logins_of_btmp_stand_between_the_others() {
    let machine = Machine::new();
    machine.put("var/log/wtmp", history(false));
    machine.put("var/log/btmp", record(false, 6, 7, "ssh:notty", "oracle", "203.0.113.9", BOOT + 50));
    let (logins, sensor) = machine.read(Whoami::default(), None);
    // A refused login has type LOGIN_PROCESS there.
    assert!(rows(&logins.unwrap()).contains(&"FailedLogin oracle 50..-".to_owned()));
    assert_eq!(sensor.state, SensorState::Partial);
}

#[test]
fn logind_tells_who_is_here_and_the_processes_what_they_do() {
    let machine = Machine::new();
    let session = |id: &str, user: &str, leader: u32, more: &str| {
        let text = format!(
            "UID=1000\nUSER={user}\nSTATE=active\nCLASS=user\nLEADER={leader}\nREALTIME={}000000\n{more}",
            BOOT + 5
        );
        machine.put(&format!("run/systemd/sessions/{id}"), text);
    };
    session("41", "anna", 500, "REMOTE=1\nREMOTE_HOST=192.0.2.33\nSERVICE=sshd\n");
    session("2", "ben", 600, "TTY=tty1\nREMOTE=0\nSERVICE=login\n");
    machine.put("run/systemd/sessions/41.ref", "");
    // pts/0 is device 136:0, tty1 is 4:1; the group in front is the last number.
    machine.put("proc/500/stat", "500 (sshd) S 1 500 500 0 -1 0 0");
    machine.put("proc/501/stat", "501 (bash) S 500 501 501 34816 502 0 0");
    machine.put("proc/600/stat", "600 (login) S 1 600 600 1025 601 0 0");
    machine.put("dev/pts/0", "");
    let processes = [
        process(1, 0, "root", 0, "systemd", "/sbin/init", false),
        process(500, 1, "root", 0, "sshd", "sshd: anna [priv]", true),
        process(501, 500, "anna", 1000, "bash", "-bash", true),
        process(502, 501, "anna", 1000, "vim", "vim notes", false),
        process(600, 1, "root", 0, "login", "login -p --", false),
        process(601, 600, "ben", 1001, "bash", "-bash", false),
    ];
    let (logins, _) = machine.read(Whoami::default(), Some(&processes));
    let logins = logins.unwrap();
    let here = logins.here.as_ref().unwrap();
    let [anna, ben] = here.as_slice() else { panic!("{here:#?}") };
    let (anna, ben) = if anna.user == "anna" { (anna, ben) } else { (ben, anna) };
    assert_eq!(anna.from.as_deref(), Some("192.0.2.33"));
    assert_eq!((anna.tty.as_deref(), anna.doing.as_deref()), (Some("pts/0"), Some("vim notes")));
    assert_eq!(anna.id.as_deref(), Some("41"));
    assert!(anna.you && !ben.you);
    assert!(anna.idle_s.is_some());
    assert_eq!(
        (ben.tty.as_deref(), ben.how.as_deref(), ben.doing.as_deref()),
        (Some("tty1"), Some("console"), Some("-bash"))
    );
    assert_eq!(logins.source, "logind");
}

#[test]
fn utmp_tells_who_is_here_where_there_is_no_logind() {
    let machine = Machine::new();
    machine.put("run/utmp", history(false));
    machine.put("proc/42/stat", "42 (sshd) S 1 42 42 0 -1 0 0");
    let whoami =
        Whoami { ssh_connection: Some("2001:db8::7 50000 2001:db8::1 22".into()), ..Whoami::default() };
    let (logins, sensor) = machine.read(whoami, None);
    let logins = logins.unwrap();
    let here = logins.here.as_ref().unwrap();
    assert_eq!(here.len(), 1, "the dead are not here: {here:#?}");
    assert_eq!((&*here[0].user, here[0].from.as_deref(), here[0].you), ("anna", Some("2001:db8::7"), true));
    assert_eq!(logins.source, "utmp");
    assert_eq!(logins.past, None);
    assert_eq!(sensor.state, SensorState::Partial);
}

#[test]
fn in_a_container_the_process_list_tells_the_ssh_sessions() {
    let machine = Machine::new();
    let processes = [
        process(1, 0, "root", 0, "sshd", "sshd: /usr/sbin/sshd -D [listener]", false),
        process(20, 1, "root", 0, "sshd", "sshd: anna [priv]", false),
        process(21, 20, "anna", 1000, "sshd", "sshd: anna@pts/0", false),
    ];
    let (logins, sensor) = machine.read(Whoami::default(), Some(&processes));
    let logins = logins.unwrap();
    assert_eq!(logins.here.as_ref().unwrap()[0].tty.as_deref(), Some("pts/0"));
    assert_eq!(logins.source, "processes");
    assert_eq!(sensor.state, SensorState::Partial);
    assert!(machine.read(Whoami::default(), None).0.is_none());
}

#[test]
fn the_record_of_a_login_tells_where_a_session_of_the_process_list_comes_from() {
    let machine = Machine::new();
    machine.put("var/log/wtmp", record(false, 7, 20, "pts/0", "anna", "192.0.2.33", BOOT + 60));
    machine.put("proc/20/stat", "20 (sshd) S 1 20 20 0 -1 0 0");
    let processes = [
        process(1, 0, "root", 0, "sshd", "sshd: /usr/sbin/sshd -D [listener]", false),
        process(20, 1, "root", 0, "sshd", "sshd: anna [priv]", false),
        process(21, 20, "anna", 1000, "sshd", "sshd: anna@pts/0", false),
    ];
    let (logins, _) = machine.read(Whoami::default(), Some(&processes));
    assert_eq!(logins.unwrap().here.as_ref().unwrap()[0].from.as_deref(), Some("192.0.2.33"));
}

#[test]
fn a_number_that_another_process_has_now_is_not_the_session() {
    let machine = Machine::new();
    machine.put("var/log/wtmp", record(false, 7, 42, "pts/0", "anna", "192.0.2.33", BOOT + 60));
    machine.put("proc/stat", format!("cpu 1 2 3\nbtime {BOOT}\n"));
    let stat =
        |started_s: u32| format!("42 (x) S 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {} 0", started_s * 100);
    let path = machine.put("proc/42/stat", stat(58));
    let here = || machine.read(Whoami::default(), None).0.unwrap().past.as_ref().unwrap()[0].here;
    assert!(here());
    fs::write(path, stat(90)).unwrap();
    assert!(!here());
}

#[test]
fn files_are_read_again_only_when_they_changed() {
    let machine = Machine::new();
    let all = history(false);
    machine.put("var/log/wtmp", &all[..384 * 2]);
    let mut collector = Collector::new(Root::fixture(machine.0.path()), Whoami::default());
    let mut rows_now = || rows(&collector.read(now(), None).value.unwrap()).len();
    assert_eq!(rows_now(), 2);
    machine.put("var/log/wtmp", &all);
    assert_eq!(rows_now(), 9);
    fs::remove_file(machine.0.path().join("var/log/wtmp")).unwrap();
    assert!(collector.read(now(), None).value.is_none());
}

#[cfg(feature = "login-db")]
mod databases {
    use super::*;
    use rusqlite::Connection;

    const WTMPDB: &str =
        "CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER,
        Logout INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT) STRICT;";

    fn wtmpdb(machine: &Machine) -> Connection {
        let path = machine.put("var/lib/wtmpdb/wtmp.db", "");
        let database = Connection::open(path).unwrap();
        database.execute_batch(WTMPDB).unwrap();
        let us = |seconds: i64| (BOOT + seconds) * 1_000_000;
        for (kind, user, login, logout, tty, from) in [
            (1, "reboot", 0, Some(9000), "~", Some("6.12.41")),
            (3, "anna", 100, Some(4000), "pts/0", Some("192.0.2.33")),
            (1, "reboot", 86_400, None, "~", Some("6.12.41")),
            (3, "root", 86_460, None, "pts/0", Some("198.51.100.1")),
            (1, "reboot", 172_800, None, "~", Some("6.12.48")),
            (3, "anna", 172_860, None, "pts/1", Some("2001:db8::7")),
            (3, "ben", 172_870, None, "tty1", None),
        ] {
            database
                .execute(
                    "INSERT INTO wtmp(Type, User, Login, Logout, TTY, RemoteHost) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    rusqlite::params![kind, user, us(login), logout.map(us), tty, from],
                )
                .unwrap();
        }
        database
    }

    const ROWS: [&str; 8] = [
        "Login ben 172870..- gone",
        "Login anna 172860..here",
        "Boot 6.12.48 172800..here",
        "Login root 86460..172800 crash",
        "Boot 6.12.41 86400..172800 crash",
        "Shutdown 6.12.41 9000..-",
        "Login anna 100..4000",
        "Boot 6.12.41 0..9000",
    ];

    #[test]
    fn wtmpdb_tells_what_wtmp_did_before_and_older_rows_of_wtmp_stay() {
        let machine = Machine::new();
        drop(wtmpdb(&machine));
        machine.put("run/utmp", record(false, 7, 42, "pts/1", "anna", "2001:db8::7", BOOT + 172_860));
        machine.put("proc/42/stat", "");
        let (logins, sensor) = machine.read(Whoami::default(), None);
        let logins = logins.unwrap();
        assert_eq!(rows(&logins), ROWS);
        assert_eq!(logins.source, "utmp + wtmpdb");
        assert_eq!(sensor.state, SensorState::Ok);

        machine.put("var/log/wtmp", record(false, 7, 7, "pts/9", "old", "", BOOT - 500));
        let (logins, _) = machine.read(Whoami::default(), None);
        let logins = logins.unwrap();
        assert_eq!(logins.source, "utmp + wtmpdb + wtmp");
        assert_eq!(rows(&logins).last().unwrap(), "Login old -500..- gone");
    }

    #[test]
    fn a_database_in_use_by_its_writer_is_read_and_never_written() {
        let machine = Machine::new();
        let writer = wtmpdb(&machine);
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute("UPDATE wtmp SET User = 'bob' WHERE User = 'ben'", []).unwrap();
        let (logins, _) = machine.read(Whoami::default(), None);
        assert!(rows(&logins.unwrap())[0].starts_with("Login bob"));
    }

    #[test]
    fn lastlog2_is_asked_where_nothing_else_tells() {
        let machine = Machine::new();
        let path = machine.put("var/lib/lastlog/lastlog2.db", "");
        let database = Connection::open(path).unwrap();
        let table = "CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT);";
        database.execute_batch(table).unwrap();
        let insert = "INSERT INTO Lastlog2 VALUES ('anna', ?1, 'pts/0', '192.0.2.33', 'sshd'), ('never', 0, '', '', '')";
        database.execute(insert, [BOOT]).unwrap();
        drop(database);
        let (logins, _) = machine.read(Whoami::default(), None);
        let logins = logins.unwrap();
        assert_eq!(logins.source, "lastlog2");
        let past = logins.past.as_ref().unwrap();
        assert_eq!(past.len(), 1);
        assert_eq!((&*past[0].user, past[0].from.as_deref()), ("anna", Some("192.0.2.33")));
    }

    #[test]
    fn a_file_that_is_no_database_is_named_and_hides_nothing() {
        let machine = Machine::new();
        machine.put(
            "var/lib/wtmpdb/wtmp.db",
            "this is no database, it is longer than a header of one hundred bytes".repeat(20),
        );
        machine.put("var/log/wtmp", history(false));
        let (logins, sensor) = machine.read(Whoami::default(), None);
        assert_eq!(logins.unwrap().source, "wtmp");
        assert!(sensor.looked.iter().any(|l| l.result.contains("file is not a database")), "{sensor:#?}");
    }
}
