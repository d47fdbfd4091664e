//! The filter language, one for all lists.
//!
//! `sshd`, `user:root`, `port:22`, `from:203.0.113.0/24`, `level:warning`, `cpu>10`, `!anna`, `/re.ex/`; spaces
//! mean AND, `or` means or. It knows no list: a row tells its fields.

use crate::model::Level;
use std::borrow::Cow;
use std::net::IpAddr;

/// The names that a filter can ask for; a colon after any other word is part of the word (`2001:db8::1`).
const NAMES: &[&str] = &[
    "user", "pid", "ppid", "cpu", "mem", "rss", "threads", "state", "exe", "cmd", "port", "from", "program",
    "level", "rule", "points", "tries", "kind", "reach", "tty",
];

/// The longest regular expression and the memory that it may take, in bytes.
const REGEX_BYTES: usize = 64 * 1024;

/// What a row has under a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// A text; `name:part` asks whether it holds the part, a bare word asks every text.
    Text(Cow<'a, str>),
    /// A number; `None` is not known and matches nothing.
    Number(Option<f64>),
    /// A level; `level:warning` asks for at least that.
    Level(Option<Level>),
}

impl<'a> Field<'a> {
    /// A text of the row.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A number of the row.
    pub fn number(number: impl Into<f64>) -> Self {
        Self::Number(Some(number.into()))
    }
}

/// A filter that was understood.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    source: String,
    any_of: Vec<Vec<Term>>,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

#[derive(Debug, Clone)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Word(String),
    Regex(Box<regex_lite::Regex>),
    Named(String, String),
    Net(String, IpAddr, u8),
    AtLeast(Level),
    Compare(String, char, bool, f64),
}

impl Filter {
    /// Understands what was typed.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub fn parse(source: &str) -> Result<Self, String> {
        // Blanks at the ends may be inside an open quote: what is kept as typed must mean the same.
        let source = source.trim();
        let mut any_of = vec![Vec::new()];
        for word in words(source) {
            if word.eq_ignore_ascii_case("or") {
                any_of.push(Vec::new());
            } else if let Some(terms) = any_of.last_mut() {
                terms.push(term(&word)?);
            }
        }
        if any_of.len() > 1 && any_of.iter().any(Vec::is_empty) {
            return Err("`or` needs something on both sides".to_owned());
        }
        any_of.retain(|terms| !terms.is_empty());
        Ok(Self { source: source.to_owned(), any_of })
    }

    /// What was typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// True when it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.any_of.is_empty()
    }

    /// Tells whether a row with these fields is shown.
    pub fn matches(&self, fields: &[(&str, Field<'_>)]) -> bool {
        self.is_empty()
            || self.any_of.iter().any(|terms| terms.iter().all(|term| term.test.holds(fields) != term.not))
    }
}

/// Cuts at spaces, but not inside `/…/` or quotes.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut inside: Option<char> = None;
    for c in source.chars() {
        match (inside, c) {
            (Some('"'), '"') => inside = None,
            (Some('/'), '/') if !word.ends_with('\\') => {
                inside = None;
                word.push('/');
            }
            (Some(_), _) => word.push(c),
            (None, '"') => inside = Some('"'),
            (None, '/') if word.is_empty() || word == "!" => {
                inside = Some('/');
                word.push('/');
            }
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn term(word: &str) -> Result<Term, String> {
    if let Some(rest) = word.strip_prefix('!') {
        if rest.is_empty() {
            return Err("`!` needs a word behind it".to_owned());
        }
        let term = term(rest)?;
        return Ok(Term { not: !term.not, ..term });
    }
    Ok(Term { not: false, test: test(word)? })
}

fn test(word: &str) -> Result<Test, String> {
    if let Some(pattern) = word.strip_prefix('/') {
        // A path is a word: only a closing slash makes a pattern, and it must not hold others.
        if let Some(pattern) = pattern.strip_suffix('/').filter(|pattern| !pattern.contains('/')) {
            let regex =
                regex_lite::RegexBuilder::new(pattern).case_insensitive(true).size_limit(REGEX_BYTES).build();
            return regex
                .map(|regex| Test::Regex(Box::new(regex)))
                .map_err(|error| format!("/{pattern}/: {error}"));
        }
        return Ok(Test::Word(word.to_lowercase()));
    }
    let named = |at: usize| {
        let name = word[..at].to_lowercase();
        NAMES.contains(&name.as_str()).then_some(name)
    };
    if let Some((at, sign)) = word.char_indices().find(|(_, c)| matches!(c, '<' | '>'))
        && let Some(name) = named(at)
    {
        let rest = &word[at + 1..];
        let or_equal = rest.starts_with('=');
        let number = rest.strip_prefix('=').unwrap_or(rest);
        let value = quantity(number).ok_or_else(|| format!("{name}{sign} needs a number, not `{number}`"))?;
        return Ok(Test::Compare(name, sign, or_equal, value));
    }
    if let Some(at) = word.find([':', '='])
        && let Some(name) = named(at)
    {
        let value = word[at + 1..].to_lowercase();
        if value.is_empty() {
            return Err(format!("{name}: needs a value"));
        }
        if name == "level" {
            return level(&value)
                .map(Test::AtLeast)
                .ok_or_else(|| format!("level: info, warning or alert, not `{value}`"));
        }
        if let Some((address, bits)) = value.split_once('/')
            && let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u8>())
        {
            let most = if address.is_ipv4() { 32 } else { 128 };
            if bits > most {
                return Err(format!("/{bits} is more than the {most} bits of {address}"));
            }
            return Ok(Test::Net(name, address, bits));
        }
        return Ok(Test::Named(name, value));
    }
    Ok(Test::Word(word.to_lowercase()))
}

fn level(word: &str) -> Option<Level> {
    [(Level::Info, "info"), (Level::Warning, "warning"), (Level::Alert, "alert")]
        .into_iter()
        .find(|(_, name)| name.starts_with(word))
        .map(|(level, _)| level)
}

/// A number with an optional `k`, `m` or `g` (1024).
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim_end_matches('%');
    let (number, unit) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1024.0),
        (at, 'm' | 'M') => (&text[..at], 1024.0 * 1024.0),
        (at, 'g' | 'G') => (&text[..at], 1024.0 * 1024.0 * 1024.0),
        _ => (text, 1.0),
    };
    number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * unit)
}

impl Test {
    fn holds(&self, fields: &[(&str, Field<'_>)]) -> bool {
        let texts = || {
            fields.iter().filter_map(|(_, field)| match field {
                Field::Text(text) => Some(&**text),
                _ => None,
            })
        };
        let named = |wanted: &str, holds: &mut dyn FnMut(&Field<'_>) -> bool| {
            fields.iter().any(|(name, field)| *name == wanted && holds(field))
        };
        match self {
            Self::Word(word) => texts().any(|text| contains(text, word)),
            Self::Regex(regex) => texts().any(|text| regex.is_match(text)),
            Self::Named(name, value) => named(name, &mut |field| match field {
                Field::Text(text) => contains(text, value),
                Field::Number(number) => number.is_some_and(|number| value.parse() == Ok(number)),
                Field::Level(_) => false,
            }),
            Self::Net(name, network, bits) => named(name, &mut |field| match field {
                Field::Text(text) => text.parse().is_ok_and(|address| within(address, *network, *bits)),
                _ => false,
            }),
            Self::AtLeast(least) => {
                named("level", &mut |field| matches!(field, Field::Level(Some(level)) if level >= least))
            }
            Self::Compare(name, sign, or_equal, value) => named(name, &mut |field| match field {
                Field::Number(Some(number)) => {
                    (*or_equal && number.total_cmp(value).is_eq())
                        || if *sign == '>' { number > value } else { number < value }
                }
                _ => false,
            }),
        }
    }
}

/// Looks for a lower-case part without regard to case.
fn contains(text: &str, part: &str) -> bool {
    if text.is_ascii() && part.is_ascii() {
        return text
            .as_bytes()
            .windows(part.len().max(1))
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
    }
    text.to_lowercase().contains(part)
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let number = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, true),
        IpAddr::V6(v6) => (v6.to_bits(), false),
    };
    let ((address, a4), (network, n4)) = (number(address), number(network));
    let mask = if bits == 0 { 0 } else { u128::MAX << (128 - u32::from(bits)) };
    a4 == n4 && address & mask == network & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sshd() -> Vec<(&'static str, Field<'static>)> {
        vec![
            ("program", Field::text("sshd: anna [priv]")),
            ("user", Field::text("root")),
            ("from", Field::text("203.0.113.77")),
            ("port", Field::number(22.0)),
            ("cpu", Field::number(12.5)),
            ("mem", Field::Number(None)),
            ("level", Field::Level(Some(Level::Warning))),
        ]
    }

    #[test]
    fn every_form_of_the_language_selects_what_it_says() {
        for (filter, shown) in [
            ("", true),
            ("sshd", true),
            ("SSHD", true),
            ("nginx", false),
            ("user:root", true),
            ("user:anna", false),
            ("port:22", true),
            ("port:2", false),
            ("from:203.0.113.0/24", true),
            ("from:203.0.112.0/24", false),
            ("from:0.0.0.0/0", true),
            ("from:2001:db8::/32", false),
            ("level:warning", true),
            ("level:alert", false),
            ("cpu>10", true),
            ("cpu>=12.5", true),
            ("cpu<10", false),
            ("mem>0", false),
            ("!anna", false),
            ("!nginx", true),
            ("sshd user:root cpu>10", true),
            ("sshd user:anna", false),
            ("nginx or sshd", true),
            ("nginx or user:anna", false),
            ("/ssh.:/", true),
            ("/^nginx/", false),
            ("\"anna [priv]\"", true),
            ("/usr/bin/x", false),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().matches(&sshd()), shown, "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_said_in_words() {
        for wrong in ["cpu>", "cpu>many", "level:loud", "user:", "or", "a or", "!", "/(/", "from:1.2.3.4/40"]
        {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_with_colons_is_a_word() {
        let row = [("from", Field::text("2001:db8:7::21"))];
        assert!(Filter::parse("2001:db8:7").unwrap().matches(&row));
        assert!(Filter::parse("from:2001:db8::/32").unwrap().matches(&row));
    }

    proptest::proptest! {
        #[test]
        fn any_input_is_understood_or_refused_but_never_panics(text in ".{0,80}") {
            if let Ok(filter) = Filter::parse(&text) {
                filter.matches(&sshd());
            }
        }
    }
}
