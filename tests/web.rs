//! The page end to end: a real monitor, its real page, and clients of every kind.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod web_page;

use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};
use web_page::{PATIENCE, Served, program, recorded, until};

#[test]
fn the_gate_lets_only_harmless_questions_of_its_own_page_through() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    let host = page.address;
    let token = &page.token;
    let head = |first: &str, rest: &str| format!("{first} HTTP/1.1\r\nHost: {host}\r\n{rest}\r\n");
    let cases = [
        ("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n".to_owned(), 421),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"), 421),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 421),
        (head("GET /", ""), 401),
        (head("HEAD /", ""), 401),
        (head("GET /", &format!("Authorization: Bearer {token}\r\n")), 200),
        (head("GET /", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"), 200),
        (head("GET /app.js", ""), 200),
        (head("GET /healthz", ""), 200),
        (head("GET /api/snapshot", ""), 401),
        (head("GET /api/history", ""), 401),
        (head("GET /api/events", ""), 401),
        (head("GET /api/live", ""), 401),
        (head("GET /metrics", ""), 401),
        (head("GET /plain", ""), 401),
        (head("GET /nowhere", ""), 401),
        (head("GET /../../etc/passwd", ""), 401),
        (head("GET /nowhere", &format!("Authorization: Bearer {token}\r\n")), 404),
        (
            head(
                "GET /api/snapshot",
                &format!("Authorization: Bearer {token}\r\nOrigin: http://evil.test\r\n"),
            ),
            403,
        ),
        (
            head(
                "GET /api/snapshot",
                &format!("Authorization: Bearer {token}\r\nSec-Fetch-Site: cross-site\r\n"),
            ),
            403,
        ),
        (head("GET /api/history?metric=nonsense", &format!("Authorization: Bearer {token}\r\n")), 400),
        (head("GET /api/history?from=2026-13-45", &format!("Authorization: Bearer {token}\r\n")), 400),
        (head("GET /api/history?points=-1", &format!("Authorization: Bearer {token}\r\n")), 400),
        (head("POST /", "Content-Length: 2\r\n") + "{}", 405),
        (head("DELETE /api/snapshot", &format!("Authorization: Bearer {token}\r\n")), 405),
        (head("OPTIONS /", ""), 405),
        (head("GET /", "Content-Length: 4611686018427387904\r\n"), 413),
        (head("GET /", "Content-Length: 5\r\n") + "12345", 413),
        (head("GET /", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 413),
        (head("GET /", "Expect: 100-continue\r\n"), 400),
        (head("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\n"), 400),
        (head(&format!("GET http://{host}/"), ""), 400),
        (head("GET /", &format!("X: {}\r\n", "x".repeat(9000))), 431),
        (head("GET /", &"A: b\r\n".repeat(100)), 431),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\r\n\r\n".to_owned(), 400),
        (head("GET /healthz", "") + &head("GET /api/snapshot", ""), 200),
    ];
    for (said, status) in cases {
        let answer = page.say(&said);
        assert_eq!(answer.status, status, "{said:.200}\n{}", answer.head);
        for field in
            ["default-src 'none'", "require-trusted-types-for 'script'", "nosniff", "no-referrer", "no-store"]
        {
            assert!(answer.head.contains(field), "{field} is missing in the answer to {said:.100}");
        }
        assert!(!answer.head.to_ascii_lowercase().contains("access-control"), "{}", answer.head);
    }
    for path in ["/", "/api/snapshot"] {
        let locked = page.say(&head(&format!("GET {path}"), ""));
        assert_eq!(locked.body.trim(), "The token is missing or wrong.", "nothing but the fact");
    }
    until("the first beat", || page.ask("/api/snapshot").status == 200);
    let opened = page.say(&head("GET /", "Accept: text/html\r\n")).body;
    let name = page.json("/api/snapshot")["host"]["name"].as_str().unwrap().to_owned();
    assert!(opened.contains("This page needs its token") && !opened.contains(&name), "a door, and no data");
    assert!(page.say(&head("POST /", "")).head.contains("Allow: GET, HEAD"));
}

#[test]
fn who_guesses_is_told_to_wait_and_who_knows_is_not() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    let guess = |token: &str| {
        let host = page.address;
        page.say(&format!(
            "GET /api/snapshot HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
        .status
    };
    let statuses: Vec<u16> = (0..8).map(|number| guess(&format!("wrong-{number}"))).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(guess(&page.token[..20]), 429);
    until("the first beat", || page.ask("/api/snapshot").status == 200);
}

#[test]
fn beyond_this_machine_it_needs_a_token_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    for arguments in
        [&["--headless", "--web=0.0.0.0:0"][..], &["web", "--web=[::]:0"], &["--web=192.0.2.1:80"]]
    {
        let run = program()
            .args(arguments)
            .arg("--data-dir")
            .arg(data.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(78), "{said}");
        assert!(said.contains("web.token_file") && said.contains("ssh -L"), "{said}");
    }
    let config = data.path().join("config.toml");
    let secret = data.path().join("token");
    std::fs::write(&secret, "a-token-of-my-own-123").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&config, format!("[web]\ntoken_file = {:?}\n", secret.to_str().unwrap())).unwrap();
    let run = program().args(["web", "--web=0.0.0.0:0", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.code() == Some(78) && said.contains("chmod 600") && !said.contains("of-my-own"),
        "{said}"
    );
}

#[test]
fn the_numbers_are_those_of_the_record_and_of_json() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("some beats", || recorded(data.path()).len() >= 5);
    for metric in ["score", "cpu_load", "memory_used_pct", "established_connections", "failed_logins"] {
        let history = page.json(&format!("/api/history?metric={metric}&points=50"));
        assert_eq!(history["metric"], metric);
        let points = history["points"].as_array().unwrap();
        assert!(!points.is_empty() && points.len() <= 50);
        let beats = recorded(data.path());
        for point in points {
            let beat = beats.iter().find(|beat| beat["time"] == point["time"]).unwrap();
            let entry = beat["entries"].as_array().unwrap().iter().find(|entry| entry["metric"] == metric);
            let value = if metric == "score" { &beat["security_score"] } else { &entry.unwrap()["value"] };
            assert_eq!(value.as_f64(), point["value"].as_f64(), "{metric} at {}", point["time"]);
        }
    }
    let together = page.json("/api/history?metric=score,failed_logins&points=50");
    let named = |place: usize| together[place]["metric"].as_str().map(str::to_owned);
    assert_eq!([named(0), named(1), named(2)], [Some("score".into()), Some("failed_logins".into()), None]);
    let thinned = page.json("/api/history?metric=memory_used_pct&from=-1h&to=now&points=2");
    assert!(thinned["points"].as_array().unwrap().len() <= 2);
    let shown = page.json("/api/snapshot");
    let printed = program()
        .args(["--once", "--json"])
        .arg("--data-dir")
        .arg(tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&shown), keys(&printed), "one type, two mouths");
    for event in page.json("/api/events").as_array().unwrap() {
        assert_eq!(keys(event), ["level", "source", "text", "time"]);
    }
}

#[test]
fn a_scraper_reads_the_numbers() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("the first beat", || page.ask("/metrics").status == 200);
    let scraped = page.ask("/metrics");
    assert!(scraped.head.contains("application/openmetrics-text; version=1.0.0"));
    let printed =
        program().arg("metrics").arg("--data-dir").arg(tempfile::tempdir().unwrap().path()).output().unwrap();
    for text in [scraped.body, String::from_utf8(printed.stdout).unwrap()] {
        assert!(text.ends_with("# EOF\n"));
        assert!(text.contains("\nhome_soc_score ") && text.contains("\nhome_soc_memory_used_bytes "));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
            let family = name.split('{').next().unwrap();
            assert!(text.contains(&format!("# TYPE {family} gauge\n")), "{family} is not declared");
        }
    }
}

#[test]
fn beats_come_as_they_are_taken_and_none_is_told_twice() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    let read = |last: &str, beats: usize| {
        let mut stream = TcpStream::connect(page.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (host, token) = (page.address, &page.token);
        write!(
            stream,
            "GET /api/live HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{last}\r\n"
        )
        .unwrap();
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while text.matches("event: beat").count() <= beats {
            let length = stream.read(&mut bytes).unwrap();
            assert!(length > 0, "the stream ended: {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        text
    };
    let ids = |text: &str| -> Vec<u64> {
        text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
    };
    let first = read("", 3);
    assert!(first.contains("text/event-stream") && first.contains("\"live_points\":50"), "{first}");
    let had = ids(&first);
    assert!(had.is_sorted_by(|a, b| a < b), "{had:?}");
    let next = ids(&read(&format!("Last-Event-ID: {}\r\n", had[0]), 3));
    assert_eq!(next[0], had[1], "what was missed comes first");
}

#[test]
fn without_scripts_the_verdict_the_bill_and_the_events_still_read() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    let host = page.address;
    let asked = page.say(&format!("GET /plain HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert!(asked.status == 401 && asked.head.contains("WWW-Authenticate: Basic"));
    until("the verdict", || page.ask("/plain").body.contains(" of 100, "));
    let shown = page.ask("/plain").body;
    assert!(
        shown.contains("<caption>Latest events</caption>")
            || shown.contains("<caption>Why it is not 100</caption>")
    );
    assert!(!shown.contains("<script"));
}

/// P14 in its quick form; `HOME_SOC_LONG=1` makes it 10,000 connections.
#[test]
fn hostile_connections_shut_nobody_out() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("the first beat", || page.ask("/api/snapshot").status == 200);
    let host = page.address;
    let rounds = if std::env::var_os("HOME_SOC_LONG").is_some() { 200 } else { 12 };
    let good = format!("GET / HTTP/1.1\r\nHost: {host}\r\n");
    let pid = page.page_pid().unwrap();
    let mut waits: Vec<Duration> = Vec::new();
    let mut held: Vec<TcpStream> = Vec::new();
    for round in 0..rounds {
        for number in 0..50 {
            let Ok(mut stream) = TcpStream::connect(host) else { continue };
            // A client that is sent away in the middle is what is wanted here.
            let _ = match number % 7 {
                0 => Ok(()),
                1 => stream.write_all(b"GET / HT"),
                2 => stream.write_all(format!("{good}X: {}", "y".repeat(7000)).as_bytes()),
                3 => stream.write_all(good.repeat(40).as_bytes()),
                4 => {
                    stream.write_all(format!("{good}Content-Length: 4611686018427387904\r\n\r\n").as_bytes())
                }
                5 => stream.write_all(&[0xff; 9000]),
                _ => stream.write_all(format!("{good}\r\n").as_bytes()).and_then(|()| reset(&stream)),
            };
            if number % 7 < 4 {
                held.push(stream);
            }
        }
        let asked = Instant::now();
        let answer = page.ask("/api/snapshot");
        waits.push(asked.elapsed());
        assert_eq!(answer.status, 200, "round {round}: {}", answer.head);
        held.drain(..held.len().saturating_sub(60));
    }
    waits.sort_unstable();
    let rss = memory_kib(pid);
    println!(
        "P14: {} hostile connections, a good client waited at most {:?}, {rss} KiB",
        rounds * 50,
        waits.last().unwrap()
    );
    assert_eq!(page.page_pid(), Some(pid), "the page's process ended");
    let beats = recorded(data.path()).len();
    until("the monitor keeps its beat", || recorded(data.path()).len() > beats);
}

/// Ends a connection with RST instead of FIN.
fn reset(stream: &TcpStream) -> std::io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?)
}

fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_slow_head_is_sent_away() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    let mut slow = TcpStream::connect(page.address).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut dripping = slow.try_clone().unwrap();
    let drip = thread::spawn(move || {
        while dripping.write_all(b"G").is_ok() {
            thread::sleep(Duration::from_millis(200));
        }
    });
    let mut said = Vec::new();
    let _ = slow.read_to_end(&mut said);
    assert!(String::from_utf8_lossy(&said).starts_with("HTTP/1.1 408"), "{}", String::from_utf8_lossy(&said));
    drop(slow);
    drip.join().unwrap();
}

#[test]
fn a_page_that_dies_is_started_again_and_the_monitor_keeps_its_beat() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("the first beat", || page.ask("/api/snapshot").status == 200);
    let first = page.page_pid().unwrap();
    let beats = recorded(data.path()).len();
    kill_process(Pid::from_raw(first.cast_signed()).unwrap(), Signal::KILL).unwrap();
    until("another process", || page.page_pid().is_some_and(|pid| pid != first));
    until("the page answers again", || {
        TcpStream::connect(page.address).is_ok() && page.ask("/api/snapshot").status == 200
    });
    assert!(recorded(data.path()).len() > beats);
    let child = page.page_pid().unwrap();
    drop(page);
    until("no process is left behind", || !std::path::Path::new(&format!("/proc/{child}")).exists());
}

#[test]
fn a_monitor_that_is_killed_takes_its_page_with_it() {
    let data = tempfile::tempdir().unwrap();
    let mut page = Served::beside(data.path());
    let child = page.page_pid().unwrap();
    page.process.kill().unwrap();
    until("the page ends", || !std::path::Path::new(&format!("/proc/{child}")).exists());
}

/// P23 for the page: the token stands nowhere but on the screen.
#[test]
fn the_token_is_in_no_argument_no_environment_and_no_file() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("some beats", || recorded(data.path()).len() >= 3);
    assert_eq!(page.say(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", page.token)).status, 421);
    let mut texts = Vec::new();
    for pid in [page.process.id(), page.page_pid().unwrap()] {
        for file in ["cmdline", "environ", "comm"] {
            texts.extend(std::fs::read(format!("/proc/{pid}/{file}")));
        }
    }
    for entry in std::fs::read_dir(data.path()).unwrap().flatten() {
        texts.extend(std::fs::read(entry.path()));
    }
    texts.push(page.ask("/api/snapshot").body.into_bytes());
    texts.push(page.ask("/api/nothing").body.into_bytes());
    assert!(texts.len() > 6);
    let found =
        texts.iter().filter(|text| memchr::memmem::find(text, page.token.as_bytes()).is_some()).count();
    assert_eq!(found, 0, "the token was found");
}

#[test]
fn alone_it_shows_what_another_process_records() {
    let data = tempfile::tempdir().unwrap();
    let page = Served::alone(data.path());
    let empty = page.ask("/api/snapshot");
    assert!(empty.status == 503 && empty.body.contains("home-soc --headless"), "{}", empty.body);
    let recorder = Served::beside(data.path());
    until("beats arrive", || page.ask("/api/history?points=5").body.matches("\"value\"").count() == 5);
    // What was open is written at the end.
    drop(recorder);
    until("the whole picture", || page.ask("/api/snapshot").status == 200);
    assert!(page.ask("/metrics").body.contains("home_soc_score"));
}

#[test]
fn a_place_that_is_taken_is_said_and_does_not_stop_the_monitor() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("--web={}", taken.local_addr().unwrap());
    let run = program().args(["web", &place]).arg("--data-dir").arg(data.path()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(74) && said.contains("cannot listen on"), "{said}");
    let mut monitor = program()
        .args(["--headless", "--interval", "0.3", &place])
        .arg("--data-dir")
        .arg(data.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("it records", || recorded(data.path()).len() >= 2);
    monitor.kill().unwrap();
    monitor.wait().unwrap();
}

#[test]
fn lines_instead_of_a_screen_have_their_page_too() {
    let data = tempfile::tempdir().unwrap();
    let told = data.path().join("told");
    let mut monitor = program()
        .args(["--watch", "--interval", "0.3", "--web=127.0.0.1:0", "--data-dir"])
        .arg(data.path().join("record"))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&told).unwrap())
        .spawn()
        .unwrap();
    let said = || std::fs::read_to_string(&told).unwrap();
    until("the report", || said().contains("From here on only what changes."));
    let said = said();
    let link = said.lines().find_map(|line| line.strip_prefix("web page: http://")).unwrap();
    let (place, token) = link.split_once("/#t=").unwrap();
    until("the page answers", || {
        let asked =
            format!("GET /api/snapshot HTTP/1.1\r\nHost: {place}\r\nAuthorization: Bearer {token}\r\n\r\n");
        web_page::say(place.parse().unwrap(), asked.as_bytes()).status == 200
    });
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    let both = program().args(["--once", "--web"]).output().unwrap();
    assert_eq!(both.status.code(), Some(64), "one measurement serves no page");
    assert!(String::from_utf8_lossy(&both.stderr).contains("--web serves until it is ended"));
}
