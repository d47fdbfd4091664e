//! Who was born since it was last asked: with it a beat need not list all processes.

/// The most that is kept; whoever asks later lists all.
const CAP: usize = 4_096;

/// Pids in the order of their births; none when some are missing.
#[derive(Debug)]
pub(super) struct Births {
    pids: Vec<u32>,
    is_complete: bool,
}

impl Births {
    /// Nothing was heard yet: whoever asks first lists all.
    pub(super) const fn unheard() -> Self {
        Self { pids: Vec::new(), is_complete: false }
    }

    /// Notes a process that was born.
    pub(super) fn add(&mut self, pid: u32) {
        if self.pids.len() < CAP {
            self.pids.push(pid);
        } else {
            self.is_complete = false;
        }
    }

    /// Notes that births may be missing.
    pub(super) const fn lose(&mut self) {
        self.is_complete = false;
    }

    /// Gives all since the last call; `None` when some are missing.
    pub(super) fn take(&mut self) -> Option<Vec<u32>> {
        let taken = std::mem::replace(self, Self { pids: Vec::new(), is_complete: true });
        taken.is_complete.then_some(taken.pids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_births_or_none_are_told() {
        let mut births = Births::unheard();
        births.add(5);
        assert_eq!(births.take(), None);
        births.add(7);
        births.add(9);
        assert_eq!(births.take(), Some(vec![7, 9]));
        assert_eq!(births.take(), Some(Vec::new()));
        births.add(11);
        births.lose();
        assert_eq!(births.take(), None);
        for pid in 0..=CAP as u32 {
            births.add(pid);
        }
        assert_eq!(births.take(), None);
        assert_eq!(births.take(), Some(Vec::new()));
    }
}
