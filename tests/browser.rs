//! The page in a real browser: what it draws, what it says when something is new, and what others cannot do to it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod web_page;

use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use web_page::browser::Browser;
use web_page::{Served, recorded, until};

/// The points that the charts hold, as [[ms, value], ...] for each.
const DRAWN: &str = "return [...document.querySelectorAll('canvas')].map(canvas => \
    (Chart.getChart(canvas)?.data.datasets[0].data ?? []).map(point => [point.x, point.y]));";

const METRICS: [&str; 5] =
    ["score", "cpu_load", "memory_used_pct", "established_connections", "failed_logins"];

/// The value of a metric in a line of the record.
fn value(beat: &Value, metric: &str) -> Option<f64> {
    if metric == "score" {
        return beat["security_score"].as_f64();
    }
    beat["entries"].as_array()?.iter().find(|entry| entry["metric"] == metric)?["value"].as_f64()
}

fn milliseconds(beat: &Value) -> i64 {
    let time: chrono::DateTime<chrono::Utc> = beat["time"].as_str().unwrap().parse().unwrap();
    time.timestamp_millis()
}

fn own_hosts_only(browser: &Browser, address: SocketAddr) {
    let own = format!("http://{address}/");
    for asked in browser.requests() {
        let inside = asked.starts_with(&own) || asked.starts_with("blob:") || asked.starts_with("data:");
        assert!(inside, "the page asked for {asked}");
    }
}

#[test]
fn the_page_draws_the_record_and_follows_it() {
    let Some(browser) = Browser::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("some beats", || recorded(data.path()).len() >= 5);
    browser.open(&page.link());
    browser.until("five charts are drawn", "const drawn = [...document.querySelectorAll('canvas')].map(canvas => \
        Chart.getChart(canvas)?.data.datasets[0].data.length ?? 0); return drawn.length === 5 && drawn.every(count => count >= 5);");
    browser.until("the verdict is shown", "return /\\d/.test(document.querySelector('#score').textContent);");
    assert_eq!(
        browser.run("return location.href;"),
        json!(format!("http://{}/", page.address)),
        "the token is off the address"
    );

    // What is drawn is what the record holds.
    let drawn = browser.run(DRAWN);
    let beats = recorded(data.path());
    for (place, metric) in METRICS.iter().enumerate() {
        let points = drawn[place].as_array().unwrap();
        for point in points {
            let beat = beats.iter().find(|beat| Some(milliseconds(beat)) == point[0].as_i64()).unwrap();
            assert_eq!(value(beat, metric), point[1].as_f64(), "{metric} at {}", beat["time"]);
        }
    }

    // It lives, and keeps no more than it should.
    let newest = |drawn: &Value| drawn[0].as_array().unwrap().last().unwrap()[0].as_i64().unwrap();
    let before = newest(&drawn);
    until("a beat arrives", || newest(&browser.run(DRAWN)) > before);
    browser.until(
        "it says that it lives",
        "return document.querySelector('#state').className === 'state live';",
    );
    until("old beats leave the charts", || recorded(data.path()).len() > 55);
    browser.until(
        "fifty beats are shown",
        "return Chart.getChart(document.querySelector('canvas')).data.datasets[0].data.length === 50;",
    );

    // Another range is another stretch of time.
    browser.run("document.querySelector('[data-range=\"1\"]').click();");
    browser.until(
        "an hour is shown",
        "const x = Chart.getChart(document.querySelector('canvas')).options.scales.x; \
        return Math.abs(x.max - x.min - 3600000) < 2000;",
    );
    assert_eq!(
        browser.run("return document.querySelector('[data-range=\"1\"]').getAttribute('aria-pressed');"),
        "true"
    );

    // A row opens by keyboard and mouse, and stays open when the picture is new.
    browser.run("document.querySelector('#bill details > summary').click();");
    let seen = browser.run("return document.querySelector('#state').textContent;");
    until("the picture is new", || {
        browser.run("return document.querySelector('#state').textContent;") != seen
    });
    browser.until("the row is still open", "const row = document.querySelector('#bill details[open]'); return row !== null && row.textContent.length > 10;");

    // Every chart says itself in words and as a table.
    assert_eq!(
        browser.run(
            "return [...document.querySelectorAll('.summary')].every(words => words.textContent.length > 3);"
        ),
        true
    );
    browser.run("document.querySelector('.as-table').open = true;");
    browser
        .until("a table of it", "return document.querySelectorAll('.as-table[open] tbody tr').length > 5;");

    // Dark and light.
    let shade = |theme: &str| {
        browser.run(&format!(
            "const box = document.querySelector('#theme'); box.value = '{theme}'; box.dispatchEvent(new Event('change')); \
             return getComputedStyle(document.documentElement).backgroundColor;"
        ))
    };
    assert_ne!(shade("dark"), shade("light"));

    // On a phone nothing hangs over the edge, and what is touched is large enough.
    browser.become_a_phone();
    browser.until("it fits", "return document.documentElement.scrollWidth <= 375;");
    let small = browser.run(
        "return [...document.querySelectorAll('.ranges button, #bill summary, #theme')] \
         .filter(one => one.getBoundingClientRect().height < 44).map(one => one.textContent);",
    );
    assert_eq!(small, json!([]), "touch targets");

    // When it ends the page says so.
    drop(page);
    browser.until(
        "it is not live",
        "return document.querySelector('#state').textContent.startsWith('not live since');",
    );
}

#[test]
fn nothing_is_asked_elsewhere_and_nothing_breaks_the_rules_of_the_page() {
    let Some(browser) = Browser::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    browser.open(&format!("http://{}/", page.address));
    browser.until("without the token it asks for it", "return !document.querySelector('#door').hidden;");
    browser.open(&page.link());
    browser.until(
        "the charts live",
        "return [...document.querySelectorAll('canvas')].every(canvas => \
        (Chart.getChart(canvas)?.data.datasets[0].data.length ?? 0) > 2);",
    );
    for range in ["6", "24", "168", "720", "live"] {
        browser.run(&format!("document.querySelector('[data-range=\"{range}\"]').click();"));
    }
    browser.until("live again", "return document.querySelector('#state').className === 'state live';");
    let wrong: Vec<String> =
        browser.console().into_iter().filter(|said| !said.starts_with("\"DEBUG\"")).collect();
    assert_eq!(wrong, Vec::<String>::new());
    own_hosts_only(&browser, page.address);

    // What reads without scripts is seen as well.
    browser.open(&format!("http://any:{}@{}/plain", page.token, page.address));
    let seen = "return [...document.querySelectorAll('main h1, main td')].filter(one => one.offsetHeight > 0).length > 3;";
    browser.until("the plain page is seen", seen);
}

#[test]
fn hostile_names_stay_text() {
    let Some(browser) = Browser::start(&[]) else { return };
    let data = tempfile::tempdir().unwrap();
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ");
    let hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let alert = json!({ "timestamp": "2026-01-01 00:00:00", "time": now.to_string(), "alerts": [hostile] });
    let beat = json!({ "timestamp": "2026-01-01 00:00:00", "time": now.to_string(), "security_score": 37, "entries": [] });
    std::fs::write(data.path().join("monitor_alerts.jsonl"), format!("{alert}\n")).unwrap();
    std::fs::write(data.path().join("monitor_metrics.jsonl"), format!("{beat}\n")).unwrap();
    let page = Served::alone(data.path());
    browser.open(&page.link());
    browser.until(
        "the name is shown",
        "return document.querySelector('#events').textContent.includes('<img src=x onerror=');",
    );
    assert_eq!(browser.run("return document.querySelectorAll('#events img, #events script').length;"), 0);
    assert_ne!(browser.run("return document.title;"), "owned");
    own_hosts_only(&browser, page.address);
}

/// P15: what a page of another site can do from the same browser, and through a name that it makes point here.
#[test]
fn another_site_can_neither_read_nor_frame_nor_rebind() {
    let Some(browser) = Browser::start(&["--host-resolver-rules=MAP evil.test 127.0.0.1"]) else { return };
    let data = tempfile::tempdir().unwrap();
    let page = Served::beside(data.path());
    until("the first beat", || page.ask("/api/snapshot").status == 200);
    let target = page.address;
    let hostile = hostile_site();

    // The browser's person is signed in.
    browser.open(&page.link());
    browser.until("signed in", "return /\\d/.test(document.querySelector('#score').textContent);");

    // By name: the request reaches the port, and is sent away.
    browser.open(&format!("http://evil.test:{}/", target.port()));
    let shown = browser.run("return document.body.textContent;");
    assert!(shown.as_str().unwrap().contains("not known under that name"), "{shown}");
    let read = browser.wait_for("const answer = await fetch('/api/snapshot'); return answer.status;");
    assert_eq!(read, 421);

    // From another site.
    browser.open(&format!("http://evil.test:{}/", hostile.port()));
    let attacks = [
        format!("return (await fetch('http://{target}/api/snapshot')).status;"),
        format!(
            "return (await fetch('http://{target}/', {{ headers: {{ Authorization: 'Bearer {}' }} }})).status;",
            page.token
        ),
        format!(
            "return (await (await fetch('http://{target}/', {{ mode: 'no-cors' }})).text()) || Promise.reject('empty');"
        ),
        format!(
            "const s = document.createElement('script'); s.src = 'http://{target}/api/snapshot'; \
            await new Promise((good, bad) => {{ s.onload = good; s.onerror = () => bad('blocked'); document.head.append(s); }}); return 'loaded';"
        ),
        format!(
            "const s = document.createElement('script'); s.src = 'http://{target}/app.js'; \
            await new Promise((good, bad) => {{ s.onload = good; s.onerror = () => bad('blocked'); document.head.append(s); }}); return 'loaded';"
        ),
        format!(
            "const i = new Image(); i.src = 'http://{target}/icon.svg'; await i.decode(); return 'loaded';"
        ),
        format!(
            "const w = new WebSocket('ws://{target}/'); await new Promise((good, bad) => {{ w.onopen = good; w.onerror = () => bad('blocked'); }}); return 'open';"
        ),
        format!("return (await fetch('http://{target}/', {{ method: 'POST', body: '{{}}' }})).status;"),
    ];
    let mut readable = 0;
    for attack in &attacks {
        let came_of_it = browser.wait_for(attack);
        let refused = came_of_it
            .as_str()
            .is_some_and(|said| said.contains("Error") || ["blocked", "empty"].contains(&said));
        readable += usize::from(!refused);
        assert!(refused, "{attack}: {came_of_it}");
    }
    // A frame is refused: what stands there is an error page of the browser, or the refusal.
    browser.run(&format!(
        "const f = document.createElement('iframe'); f.src = 'http://{target}/'; f.onload = () => {{ window.framed = true; }}; document.body.append(f);"
    ));
    browser.until("the frame was answered", "return window.framed === true;");
    let frames = browser.run("try { return document.querySelector('iframe').contentDocument?.body?.textContent ?? null; } catch { return null; }");
    assert!(frames.is_null() || !frames.as_str().unwrap().contains("Why it is"), "{frames}");
    println!("P15: {} attacks, readable {readable}", attacks.len() + 3);
    until("the monitor goes on", || page.ask("/api/snapshot").status == 200);
}

/// Serves an empty page of somebody else.
fn hostile_site() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 34\r\nConnection: close\r\n\r\n<!doctype html><title>evil</title>",
            );
        }
    });
    address
}
