//! Hides secrets that stand on command lines, before they reach a disk, a page or a message.
//!
//! It knows the shapes that secrets take on a command line and in a request; a secret that looks like any other
//! word is not found. What is hidden is replaced by `***`, so that one sees that something stood there.

use crate::model::{Finding, Safe};
use std::borrow::Cow;

/// What stands where a secret stood.
const HIDDEN: &str = "***";

/// Names whose value is a secret, compared in lower case with `-` for `_`.
const NAMES: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api-key",
    "access-key",
    "secret-key",
    "private-key",
    "client-secret",
    "auth-token",
    "access-token",
    "refresh-token",
    "bearer",
    "credential",
    "credentials",
    "sas-token",
];

/// How words of a name end when their value is a secret: `MYSQL_PASSWORD`, `--db-password`, `githubToken`.
const ENDINGS: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "api-key", "access-key"];

/// Beginnings of tokens that are secrets wherever they stand, with the least length of the whole.
const TOKENS: [(&str, usize); 12] = [
    ("AKIA", 20),
    ("ASIA", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("sk-", 24),
    ("hf_", 20),
    ("eyJ", 40),
];

/// Replaces secrets in a command line or a request by `***`; text without any is borrowed.
pub fn secrets(line: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(line.len());
    // The last program named: `sudo curl -u ...`, `ran curl -u ...`.
    let mut program = "";
    let mut next = Next::Plain;
    for (place, word) in line.split(' ').enumerate() {
        if place > 0 {
            out.push(' ');
        }
        if word.is_empty() {
            continue;
        }
        next = match next {
            Next::Hidden if is_scheme(word) => {
                out.push_str(word);
                Next::Hidden
            }
            Next::Hidden => {
                out.push_str(HIDDEN);
                // A quote that closes here was opened before the secret.
                out.push_str(&word[word.trim_end_matches(['"', '\'']).len()..]);
                Next::Plain
            }
            Next::UserAndPassword => {
                push_user(&mut out, word);
                Next::Plain
            }
            Next::Plain if takes_short_option(word) => {
                program = word.rsplit('/').next().unwrap_or(word);
                // An address may end like a program: `mysql://root:geheim@db/mysql`.
                push_word(&mut out, word)
            }
            Next::Plain => match short_option(program, word) {
                Some((shown, next)) => {
                    out.push_str(shown);
                    if matches!(next, Next::Plain) {
                        out.push_str(HIDDEN);
                    }
                    next
                }
                None => push_word(&mut out, word),
            },
        };
    }
    if out == line { Cow::Borrowed(line) } else { Cow::Owned(out) }
}

/// The finding with the secrets of its words hidden; its id and its numbers stay.
pub fn finding(finding: &Finding) -> Cow<'_, Finding> {
    let words = [&finding.title, &finding.why].into_iter().chain(finding.subject.values());
    let proof = finding.evidence.iter().map(|evidence| &evidence.text);
    if words.chain(proof).all(|text| matches!(secrets(text), Cow::Borrowed(_))) {
        return Cow::Borrowed(finding);
    }
    let mut masked = finding.clone();
    let words = [&mut masked.title, &mut masked.why].into_iter().chain(masked.subject.values_mut());
    let proof = masked.evidence.iter_mut().map(|evidence| &mut evidence.text);
    for text in words.chain(proof) {
        if let Cow::Owned(shown) = secrets(text) {
            *text = Safe::new(&shown);
        }
    }
    Cow::Owned(masked)
}

/// What the next word is.
enum Next {
    Plain,
    Hidden,
    UserAndPassword,
}

/// Tells a program that has an option of one letter for a secret.
fn takes_short_option(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    ["sshpass", "curl", "wget", "smbclient", "rdesktop", "xfreerdp"].contains(&name)
        || name.starts_with("mysql")
        || name.starts_with("mariadb")
}

/// Options of one letter that take a secret, by the program that they belong to: the part to show, and what
/// follows (`Plain`: the secret is in this word).
fn short_option<'a>(program: &str, word: &'a str) -> Option<(&'a str, Next)> {
    let letters = match program {
        "sshpass" => "p",
        "curl" | "wget" => {
            return matches!(word, "-u" | "--user" | "-U" | "--proxy-user")
                .then_some((word, Next::UserAndPassword));
        }
        name if name.starts_with("mysql") || name.starts_with("mariadb") => "p",
        "smbclient" | "rdesktop" | "xfreerdp" => "Up",
        _ => return None,
    };
    let letter = word.strip_prefix('-')?.chars().next()?;
    if !letters.contains(letter) {
        return None;
    }
    let joined = word.len() > 2;
    match program {
        "smbclient" if letter == 'U' => (!joined).then_some((word, Next::UserAndPassword)),
        _ if joined => Some((&word[..2], Next::Plain)),
        // mysql's own -p takes no separate word: it asks.
        "sshpass" | "rdesktop" => Some((word, Next::Hidden)),
        _ => None,
    }
}

/// Appends a word without its secrets; answers what the next one is.
fn push_word(out: &mut String, word: &str) -> Next {
    // The value of an option goes to the end of the word, whatever signs a password may have.
    if word.starts_with('-')
        && let Some((name, value)) = word.split_once('=')
        && is_secret_name(name)
        && !value.is_empty()
        && !is_scheme(value)
    {
        out.push_str(&word[..=name.len()]);
        out.push_str(HIDDEN);
        return Next::Plain;
    }
    let mut next = Next::Plain;
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(['?', '&', ';', '"', '\'', '{', '}', ',', '(', ')', '|']);
        let (part, tail) = rest.split_at(end.map_or(rest.len(), |end| end.max(1)));
        next = push_part(out, part);
        rest = tail;
    }
    next
}

fn push_part(out: &mut String, part: &str) -> Next {
    if let Some((name, value)) = part.split_once(['=', ':'])
        && is_secret_name(name)
        && !value.starts_with("//")
    {
        out.push_str(&part[..=name.len()]);
        if value.is_empty() {
            // `Authorization: Basic ...`; but `password:` ends a prompt, and what follows is no secret.
            return if is_header(name) { Next::Hidden } else { Next::Plain };
        }
        if is_scheme(value) {
            out.push_str(value);
            return Next::Hidden;
        }
        out.push_str(HIDDEN);
        return Next::Plain;
    }
    if part.starts_with('-') && is_secret_name(part) {
        out.push_str(part);
        return Next::Hidden;
    }
    if let Some((scheme, after)) = part.split_once("://") {
        let host = after.find('/').unwrap_or(after.len());
        if let Some(at) = after[..host].rfind('@') {
            out.push_str(scheme);
            out.push_str("://");
            match after[..at].split_once(':') {
                Some((user, _)) => drop(std::fmt::write(out, format_args!("{user}:{HIDDEN}"))),
                None if at >= 20 => out.push_str(HIDDEN),
                None => out.push_str(&after[..at]),
            }
            push_tokens(out, &after[at..]);
            return Next::Plain;
        }
    }
    push_tokens(out, part);
    Next::Plain
}

/// Appends `user:***` for `user:password`.
fn push_user(out: &mut String, word: &str) {
    let end = word.find([':', '%']).map_or(word.len(), |end| end + 1);
    out.push_str(&word[..end]);
    if end < word.len() {
        out.push_str(HIDDEN);
    }
}

/// Appends text with `***` for what is a secret by its own shape.
fn push_tokens(out: &mut String, part: &str) {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut rest = part;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        let is_secret = TOKENS.iter().any(|(start, least)| token.len() >= *least && token.starts_with(start));
        out.push_str(if is_secret { HIDDEN } else { token });
        let other = tail.find(is_token_char).unwrap_or(tail.len());
        out.push_str(&tail[..other]);
        rest = &tail[other..];
    }
}

/// Tells whether what an option, a variable or a header of this name holds is a secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.trim_start_matches('-');
    if name.is_empty() || name.len() > 64 {
        return false;
    }
    let name = name.to_ascii_lowercase().replace('_', "-");
    is_header(&name) || NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Headers whose value is a secret; the value may be several words.
fn is_header(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "private-token"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

/// The word between `Authorization:` and the secret.
fn is_scheme(word: &str) -> bool {
    ["basic", "bearer", "token", "digest", "negotiate"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_on_command_lines_are_hidden() {
        for (line, shown) in [
            ("app --password=hunter2 -v", "app --password=*** -v"),
            ("app --password=ab,c'd|e&f -v", "app --password=*** -v"),
            ("app --password hunter2 -v", "app --password *** -v"),
            ("PGPASSWORD=x psql", "PGPASSWORD=*** psql"),
            (
                "curl -H Authorization: Bearer abc.def https://x",
                "curl -H Authorization: Bearer *** https://x",
            ),
            ("curl -H \"Authorization:Basic YTpi\"", "curl -H \"Authorization:Basic ***\""),
            ("curl -u anna:geheim https://x", "curl -u anna:*** https://x"),
            ("git clone https://anna:geheim@host/x.git", "git clone https://anna:***@host/x.git"),
            ("psql postgres://u:p@h:5432/db", "psql postgres://u:***@h:5432/db"),
            ("x AKIAIOSFODNN7EXAMPLE y", "x *** y"),
            ("get https://h/a?x=1&token=abc&y=2", "get https://h/a?x=1&token=***&y=2"),
            ("mysql -uroot -psecret db", "mysql -uroot -p*** db"),
            ("env URL=mysql://root:secret@db/mysql", "env URL=mysql://root:***@db/mysql"),
            ("psql postgres://anna:secret@db/mysql", "psql postgres://anna:***@db/mysql"),
            ("sshpass -p secret ssh host", "sshpass -p *** ssh host"),
            ("/usr/bin/mysqldump --db-password=a b", "/usr/bin/mysqldump --db-password=*** b"),
            ("run GITHUB_TOKEN=ghp_0123456789abcdefghij", "run GITHUB_TOKEN=***"),
        ] {
            assert_eq!(secrets(line), shown);
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        for line in [
            "Failed password for invalid user admin from 203.0.113.9 port 51514 ssh2",
            "sshd: root@pts/0",
            "ssh -p 2222 host",
            "tar -cpf x.tar /etc/passwd",
            "python -m http.server --bind 127.0.0.1 8000",
            "systemd-tty-ask-password-agent --watch",
            "https://user@example.org/path",
            "mkdir -p a/b",
            "",
        ] {
            assert!(matches!(secrets(line), Cow::Borrowed(_)), "{}", secrets(line));
        }
    }
}
