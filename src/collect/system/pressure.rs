//! Pressure stall information. A kernel without it is not blind, it has none: no sensor is raised.

use crate::collect::Root;
use crate::collect::fields::{decimal, lines, words};
use crate::collect::kept::Kept;
use crate::model::{Pressure, PressureLine};

/// The three resources.
#[derive(Debug)]
pub(super) struct Pressures {
    cpu: Kept,
    memory: Kept,
    io: Kept,
}

impl Pressures {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            cpu: Kept::new(root, "/proc/pressure/cpu"),
            memory: Kept::new(root, "/proc/pressure/memory"),
            io: Kept::new(root, "/proc/pressure/io"),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> Option<Pressure> {
        let mut line = |file: &mut Kept| file.read(buffer).ok().and_then(|()| parse(buffer));
        let pressure =
            Pressure { cpu: line(&mut self.cpu), memory: line(&mut self.memory), io: line(&mut self.io) };
        (pressure != Pressure::default()).then_some(pressure)
    }
}

/// Reads one file of the kernel's accounting/psi document.
fn parse(text: &[u8]) -> Option<PressureLine> {
    let mut some = None;
    let mut full_avg10_pct = None;
    for line in lines(text) {
        let mut words = words(line);
        match words.next() {
            Some(b"some") => {
                some = Some((average(words.next()?, b"avg10=")?, average(words.next()?, b"avg60=")?));
            }
            Some(b"full") => full_avg10_pct = words.next().and_then(|word| average(word, b"avg10=")),
            _ => {}
        }
    }
    let (some_avg10_pct, some_avg60_pct) = some?;
    Some(PressureLine { some_avg10_pct, some_avg60_pct, full_avg10_pct })
}

fn average(word: &[u8], name: &[u8]) -> Option<f64> {
    word.strip_prefix(name).and_then(decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_read_and_damage_is_absent() {
        let text = b"some avg10=0.88 avg60=0.96 avg300=1.87 total=26158842\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=0\n";
        let line = parse(text).unwrap();
        assert_eq!((line.some_avg10_pct, line.some_avg60_pct, line.full_avg10_pct), (0.88, 0.96, Some(0.10)));
        assert_eq!(parse(b"some avg10=1.00 avg60=2.00\n").unwrap().full_avg10_pct, None);
        assert_eq!(parse(b"full avg10=1.00\n"), None);
        assert_eq!(parse(b"some avg10=x avg60=2.00\n"), None);
    }
}
