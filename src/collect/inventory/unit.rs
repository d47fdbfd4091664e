//! The text of a unit file (systemd.syntax(7)): what it runs, and what it loads into that. It opens no file.

/// Commands of one unit that are kept, and bytes of one.
const MANY: usize = 16;
const LINE_CAP: usize = 1024;

/// Variables that load somebody's library into every program that is started with them.
const PRELOADS: [&str; 2] = ["LD_PRELOAD=", "LD_AUDIT="];

/// What the text of a unit says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// Commands, without the marks before them (`-`, `+`, `@`, ...).
    pub(super) runs: Vec<String>,
    /// Values of preloading variables.
    pub(super) preloads: Vec<String>,
}

/// Reads the text; what is not understood is passed over.
pub(super) fn parse(text: &[u8]) -> Text {
    let text = String::from_utf8_lossy(text);
    let mut unit = Text::default();
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim();
        // A comment does not end a line that goes on.
        if line.is_empty() && joined.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            push(&mut joined, start);
            continue;
        }
        push(&mut joined, line);
        unit.hear(&joined);
        joined.clear();
    }
    unit.hear(&joined);
    unit
}

fn push(joined: &mut String, part: &str) {
    if !joined.is_empty() {
        joined.push(' ');
    }
    if joined.len() < LINE_CAP {
        joined.push_str(part.trim());
    }
}

impl Text {
    fn hear(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let (key, value) = (key.trim(), value.trim());
        if key == "Environment" {
            let found = words(value).into_iter().filter_map(|word| {
                PRELOADS.iter().find_map(|name| word.strip_prefix(name)).map(str::to_owned)
            });
            self.preloads.extend(found.filter(|value| !value.is_empty()));
            self.preloads.truncate(MANY);
        } else if key.starts_with("Exec") && key[4..].chars().all(char::is_alphabetic) {
            let command = value.trim_start_matches(['@', '-', ':', '+', '!', '|']).trim();
            // `ExecSearchPath=` and `ExecPaths=` name folders.
            if !command.is_empty() && !key.contains("Path") && self.runs.len() < MANY {
                let end = (0..=command.len().min(LINE_CAP)).rev().find(|at| command.is_char_boundary(*at));
                self.runs.push(command[..end.unwrap_or(0)].to_owned());
            }
        }
    }
}

/// The words of a value, with their quotes taken off.
fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in value.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() => words.extend(take(&mut word)),
            Some(_) | None => word.push(c),
        }
    }
    words.extend(take(&mut word));
    words
}

fn take(word: &mut String) -> Option<String> {
    Some(std::mem::take(word)).filter(|word| !word.is_empty())
}

/// The program of a command: its first word.
pub(super) fn program(command: &str) -> Option<String> {
    words(command).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_unit_runs_is_read_with_its_marks_quotes_and_long_lines() {
        let unit = parse(
            b"[Unit]\nDescription=ExecStart=/no\n[Service]\nType=simple\nExecStartPre=-/bin/mkdir -p /run/x\n\
              ExecStart=\nExecStart=+/bin/sh -c 'a \\\n# in between\n  b'\nExecSearchPath=/opt/x\n\
              Environment=A=1 \"LD_PRELOAD=/tmp/x.so\" LD_AUDIT=\n;ExecStart=/commented\nExecStop = \"/opt/a b/c\" --now",
        );
        assert_eq!(unit.runs, ["/bin/mkdir -p /run/x", "/bin/sh -c 'a b'", "\"/opt/a b/c\" --now"]);
        assert_eq!(unit.preloads, ["/tmp/x.so"]);
        assert_eq!(program(&unit.runs[2]).as_deref(), Some("/opt/a b/c"));
    }

    #[test]
    fn a_text_without_commands_and_damaged_ones_run_nothing() {
        for text in [&b""[..], b"[Timer]\nOnCalendar=daily\n", b"\xff\xfe\0=\n=\nExecStart", b"\\\n\\\n\\"] {
            assert_eq!(parse(text), Text::default(), "{text:?}");
        }
        let endless = format!("ExecStart={}\n", "x\\\n".repeat(100_000));
        assert!(parse(endless.as_bytes()).runs.iter().all(|run| run.len() <= LINE_CAP));
        let many = "ExecStart=/bin/x\n".repeat(1000);
        assert_eq!(parse(many.as_bytes()).runs.len(), MANY);
    }
}
