//! Headless Chromium, driven over WebDriver by chromedriver: only what the tests of the page need.

use super::{PATIENCE, until};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A browser with an empty profile.
pub struct Browser {
    driver: Child,
    place: SocketAddr,
    session: String,
    _profile: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Four browsers at once are more than a small machine should carry.
static TURN: Mutex<()> = Mutex::new(());

impl Browser {
    /// Starts it; `None` when Chromium is not installed and this is not CI: it was said.
    pub fn start(more: &[&str]) -> Option<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(mut driver) = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        else {
            assert!(
                std::env::var_os("CI").is_none(),
                "chromedriver is missing: apt-get install chromium-driver"
            );
            println!("skipped: chromedriver is not installed");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| {
                line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says its port");
        // It writes on for ever: somebody must read.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.extend(more.iter().map(ToString::to_string));
        let place = SocketAddr::from(([127, 0, 0, 1], port));
        let mut browser = Self { driver, place, session: String::new(), _profile: profile, _turn: turn };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        until("the browser starts", || {
            let answer = browser.send("POST", "/session", Some(&wanted));
            let id = answer["sessionId"].as_str().map(str::to_owned);
            browser.session = id.unwrap_or_default();
            !browser.session.is_empty()
        });
        // What the browser asked for before was for its own first page.
        browser.open("about:blank");
        browser.requests();
        Some(browser)
    }

    /// Opens an address.
    pub fn open(&self, address: &str) {
        let answer = self.command("POST", "url", &json!({ "url": address }));
        assert!(answer.is_null(), "cannot open {address}: {answer}");
    }

    /// Runs a script and gives its value.
    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs a script that gives a promise.
    pub fn wait_for(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {script} }})().then(done, error => done(`${{error}}`));"
        );
        self.command("POST", "execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script says true.
    pub fn until(&self, what: &str, script: &str) {
        until(what, || self.run(script) == json!(true));
    }

    /// Makes the window a phone's.
    pub fn become_a_phone(&self) {
        let size = json!({ "width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.command("POST", "goog/cdp/execute", &command);
    }

    /// A picture of what is shown, as PNG in base64.
    pub fn picture(&self) -> String {
        self.send("GET", &format!("/session/{}/screenshot", self.session), None)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// What the console said since it was last asked: errors, and violations of the page's policy.
    pub fn console(&self) -> Vec<String> {
        let log = self.command("POST", "se/log", &json!({ "type": "browser" }));
        log.as_array()
            .unwrap()
            .iter()
            .map(|entry| format!("{} {}", entry["level"], entry["message"]))
            .collect()
    }

    /// Every address that was asked for since it was last asked.
    pub fn requests(&self) -> Vec<String> {
        let log = self.command("POST", "se/log", &json!({ "type": "performance" }));
        let sent = |entry: &Value| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            (message["method"] == "Network.requestWillBeSent")
                .then(|| message["params"]["request"]["url"].as_str().map(str::to_owned))?
        };
        log.as_array().unwrap().iter().filter_map(sent).collect()
    }

    fn command(&self, method: &str, what: &str, body: &Value) -> Value {
        self.send(method, &format!("/session/{}/{what}", self.session), Some(body))
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map_or_else(String::new, Value::to_string);
        let mut stream = TcpStream::connect(self.place).unwrap();
        stream.set_read_timeout(Some(PATIENCE + Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.place,
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.send("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
