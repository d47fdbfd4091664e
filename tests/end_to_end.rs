//! The program as people run it: in a terminal, in a pipe, under signals, as nobody.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod terminal;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use terminal::{PROGRAM, Terminal, home_soc, need, until};

fn once_json(home: &Path) -> Value {
    let out = home_soc(home, &["--once", "--json"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn entry<'a>(document: &'a Value, metric: &str) -> &'a Value {
    document["entries"].as_array().unwrap().iter().find(|entry| entry["metric"] == metric).unwrap()
}

fn bill(document: &Value) -> u64 {
    document["score"]["deductions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["points"].as_u64().unwrap())
        .sum()
}

#[test]
fn one_measurement_has_what_scripts_rely_on() {
    let home = tempfile::tempdir().unwrap();
    let document = once_json(home.path());
    assert_eq!(document["schema"], "home-soc/snapshot");
    let score = document["security_score"].as_u64().unwrap();
    assert!(score <= 100);
    assert_eq!(bill(&document), 100 - score, "the rows of the bill sum to the gap");
    assert!(!document["sensors"].as_array().unwrap().is_empty());
    for metric in ["cpu_load", "memory_used_pct", "established_connections", "listening_sockets", "auth_log"]
    {
        assert_eq!(entry(&document, metric)["metric"], metric);
    }
    assert!(entry(&document, "cpu_load")["value"].as_f64().is_some());
    let cpu = document["metrics"]["cpu_used_pct"].as_f64().expect("two samples give a real CPU figure");
    assert!((0.0..=100.0).contains(&cpu));
    assert!(document["metrics"]["memory_total_bytes"].as_u64().unwrap() > 1 << 20);
    chrono::NaiveDateTime::parse_from_str(document["timestamp"].as_str().unwrap(), "%Y-%m-%d %H:%M:%S")
        .unwrap();
    let time = document["time"].as_str().unwrap();
    assert!(time.ends_with('Z'), "{time}");
    chrono::DateTime::parse_from_rfc3339(time).unwrap();
}

#[test]
fn without_a_terminal_it_measures_once_and_the_verdict_comes_first() {
    let home = tempfile::tempdir().unwrap();
    let out = home_soc(home.path(), &[]);
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let head: Vec<&str> = text.lines().take(3).collect();
    assert!(
        head.iter().any(|line| line.contains("/100") || line.contains("of 100") || line.contains("/ 100")),
        "{head:?}"
    );
    assert!(text.bytes().all(|byte| byte == b'\n' || byte >= 0x20), "no control bytes in a pipe");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let home = tempfile::tempdir().unwrap();
    let command =
        format!("{PROGRAM} --once --data-dir {}/d | head -1; echo ${{PIPESTATUS[0]}}", home.path().display());
    let out = Command::new("bash").args(["-c", &command]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    assert!(String::from_utf8_lossy(&out.stdout).trim_end().ends_with('0'));
}

#[test]
fn mistakes_have_the_exit_codes_of_the_contract() {
    let home = tempfile::tempdir().unwrap();
    let wrong_option = home_soc(home.path(), &["--once", "--nonsense"]);
    assert_eq!(wrong_option.status.code(), Some(64));
    assert_eq!(home_soc(home.path(), &["--interval", "0"]).status.code(), Some(64));

    let config = home.path().join("config.toml");
    fs::write(&config, "interval_s = 10\n[score]\nsensitivity = 3\n").unwrap();
    let wrong_key = home_soc(home.path(), &["--once", "--config", config.to_str().unwrap()]);
    assert_eq!(wrong_key.status.code(), Some(78));
    let said = String::from_utf8_lossy(&wrong_key.stderr);
    assert!(said.contains("config.toml, line 3") && said.contains("sensitivity"), "{said}");

    assert_eq!(home_soc(home.path(), &["--once", "--config", "/nowhere.toml"]).status.code(), Some(78));
    assert_eq!(home_soc(home.path(), &["--once", "--theme", "drak"]).status.code(), Some(78));
}

#[test]
fn the_minimum_level_hides_rows_and_never_changes_the_score() {
    let home = tempfile::tempdir().unwrap();
    let all = once_json(home.path());
    let out = home_soc(home.path(), &["--once", "--json", "--min-level", "alert"]);
    let alerts: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(alerts["entries"].as_array().unwrap().len() < all["entries"].as_array().unwrap().len());
    assert_eq!(bill(&alerts), 100 - alerts["security_score"].as_u64().unwrap());
}

#[test]
fn the_tabs_show_this_machine_and_q_leaves_the_terminal_as_it_was() {
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1"));
    terminal.shows("SECURITY SCORE");
    terminal.shows("load");
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    terminal.shows(kernel.trim());
    for (key, text) in
        [("2", "COMMAND"), ("3", "OPEN DOORS"), ("4", "SIGN-INS"), ("5", "HERE NOW"), ("6", "Score")]
    {
        terminal.press(&[key]);
        terminal.shows(text);
    }
    terminal.press(&["2", "/"]);
    terminal.press(&["home-soc", "Enter"]);
    terminal.shows("this is me");
    terminal.press(&["Escape", "?"]);
    terminal.shows("Keys on Processes");
    terminal.press(&["Escape", "q"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
}

#[test]
fn a_resize_to_almost_nothing_is_survived() {
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1"));
    terminal.shows("SECURITY SCORE");
    for (columns, rows) in [(1, 1), (20, 5), (40, 12), (80, 24), (200, 50), (100, 30)] {
        terminal.resize(columns, rows);
        std::thread::sleep(Duration::from_millis(100));
    }
    terminal.shows("SECURITY SCORE");
    terminal.press(&["q"]);
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn signals_end_it_within_a_second_and_restore_the_terminal() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let terminal = Terminal::start(80, 24, &format!("{PROGRAM} --interval 1"));
        terminal.shows("score");
        let pid = terminal.pid();
        let start = Instant::now();
        assert!(Command::new("kill").args(["-s", signal, &pid.to_string()]).status().unwrap().success());
        terminal.ended();
        assert!(start.elapsed() < Duration::from_millis(1500), "{signal} took {:?}", start.elapsed());
        terminal.is_as_before();
    }
}

#[test]
fn headless_records_until_a_signal_and_python_reads_the_record() {
    need("python3");
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut child = Command::new(PROGRAM)
        .args(["--headless", "--interval", "0.05", "--data-dir"])
        .arg(&data)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let record = data.join("monitor_metrics.jsonl");
    until("a hundred beats", Duration::from_mins(1), || {
        (fs::read_to_string(&record).ok()?.lines().count() >= 100).then_some(())
    });
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let start = Instant::now();
    assert!(child.wait().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(1));

    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&record).unwrap().permissions().mode() & 0o777, 0o600);
    let reader = "import json,sys\n\
        lines=[json.loads(l) for l in open(sys.argv[1])]\n\
        for line in lines:\n\
        \x20   assert line['timestamp'] and 0 <= line['security_score'] <= 100\n\
        \x20   metrics={e['metric'] for e in line['entries']}\n\
        \x20   assert {'cpu_load','memory_used_pct','established_connections'} <= metrics, metrics\n\
        seqs=[line['seq'] for line in lines]\n\
        assert seqs == list(range(seqs[0], seqs[0]+len(seqs)))\n";
    let python = Command::new("python3").args(["-c", reader]).arg(&record).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));

    for line in fs::read_to_string(&record).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        for row in line["score"]["deductions"].as_array().unwrap() {
            assert!(!row.to_string().contains("home-soc"), "we never accuse ourselves: {row}");
        }
    }
}

#[test]
fn a_data_directory_that_cannot_be_written_is_said_and_nothing_else_breaks() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let out = Command::new(PROGRAM)
        .args(["--once", "--json", "--data-dir"])
        .arg(file.join("data"))
        .output()
        .unwrap();
    assert!(out.status.success());
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    let errors = document["errors"].to_string();
    assert!(errors.contains("nothing is recorded") && errors.contains("file/data"), "{errors}");
}

/// Runs the program in a mount namespace without a journal and without auth logs.
fn without_logs(args: &[&str], home: &Path) -> Option<Value> {
    if !terminal::root_or_skip("hiding the logs") {
        return None;
    }
    need("unshare");
    let hide = "for d in /var/log /run/log /run/systemd; do if [ -d $d ]; then mount -t tmpfs none $d; fi; done; exec \"$@\"";
    let out = Command::new("unshare")
        .args(["-m", "sh", "-c", hide, "sh", PROGRAM])
        .args(args)
        .arg("--data-dir")
        .arg(home.join("data"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

#[test]
fn without_any_sign_in_log_the_score_is_an_upper_bound_and_nothing_is_called_zero() {
    let home = tempfile::tempdir().unwrap();
    let Some(document) = without_logs(&["--once", "--json"], home.path()) else { return };
    assert!(document["security_score"].as_u64().unwrap() <= 92);
    assert_eq!(document["score"]["is_upper_bound"], true);
    assert_eq!(entry(&document, "failed_logins")["value"], Value::Null);
    assert_eq!(document["metrics"]["failed_logins_24h"], Value::Null);
    let sensors = document["sensors"].as_array().unwrap();
    let auth = sensors.iter().find(|sensor| sensor["id"].as_str().unwrap().starts_with("auth")).unwrap();
    assert_eq!(auth["state"], "blind");
    let looked = auth["looked"].to_string();
    assert!(looked.contains("journal") && looked.contains("/var/log/auth.log"), "{looked}");
}

#[test]
fn nobody_sees_what_nobody_may_and_is_told_the_smallest_fix() {
    if !terminal::root_or_skip("becoming nobody") {
        return;
    }
    need("setpriv");
    let scratch = tempfile::tempdir().unwrap();
    let program = scratch.path().join("home-soc");
    fs::copy(PROGRAM, &program).unwrap();
    for path in [scratch.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let out = Command::new("setpriv")
        .args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            program.to_str().unwrap(),
            "--once",
            "--json",
        ])
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME")
        .current_dir("/")
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    let sensors = document["sensors"].as_array().unwrap();
    let exe = sensors.iter().find(|sensor| sensor["id"] == "proc.exe").unwrap();
    assert_eq!(exe["state"], "partial");
    assert!(exe["seen"].as_u64().unwrap() < exe["total"].as_u64().unwrap());
    for sensor in sensors.iter().filter(|sensor| sensor["state"] == "blind") {
        let mended = !sensor["fix"].as_array().is_none_or(Vec::is_empty) || sensor["says"].is_string();
        assert!(mended, "a blind sensor says what to do: {sensor}");
    }
    assert_eq!(document["score"]["is_upper_bound"], true);
}

#[test]
fn any_limit_of_open_files_is_survived_and_said() {
    let long = std::env::var_os("HOME_SOC_LONG").is_some();
    // With three the program's own libraries cannot be loaded.
    let few = [4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 255];
    let limits: Vec<u32> = if long { (4..=255).collect() } else { few.to_vec() };
    for limit in limits {
        let home = tempfile::tempdir().unwrap();
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -n {limit}; exec \"$0\" --once --json --data-dir \"$1\"")])
            .args([PROGRAM.as_ref(), home.path().as_os_str()])
            .output()
            .unwrap();
        let (told, document) =
            (String::from_utf8_lossy(&output.stderr), serde_json::from_slice(&output.stdout));
        let document: Value = document.unwrap_or_else(|why| panic!("{limit} files: {why}: {told}"));
        assert!(output.status.success() && !told.contains("panicked"), "{limit} files: {told}");
        let sensors = document["sensors"].as_array().unwrap();
        if limit <= 12 {
            let says_so = |sensor: &Value| {
                sensor["says"].as_str().is_some_and(|says| says.contains("too many open files"))
            };
            assert!(sensors.iter().any(says_so), "{limit} files: {sensors:?}");
            assert_eq!(document["score"]["is_upper_bound"], true, "{limit} files");
        }
    }
}
