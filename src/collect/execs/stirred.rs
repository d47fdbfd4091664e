//! To whom something happened since it was last asked: with it a beat need neither list nor read all processes.

/// The most that is kept; whoever asks later reads all.
const CAP: usize = 8_192;

/// Pids in the order of what happened; none when some are missing.
#[derive(Debug)]
pub(super) struct Stirred {
    pids: Vec<u32>,
    is_complete: bool,
}

impl Stirred {
    /// Nothing was heard yet: whoever asks first reads all.
    pub(super) const fn unheard() -> Self {
        Self { pids: Vec::new(), is_complete: false }
    }

    /// Notes that something happened to a process.
    pub(super) fn add(&mut self, pid: u32) {
        // Birth, exec and end follow each other.
        if self.pids.last() == Some(&pid) {
            return;
        }
        if self.pids.len() < CAP {
            self.pids.push(pid);
        } else {
            self.is_complete = false;
        }
    }

    /// Notes that events may be missing.
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
    fn all_are_told_or_none() {
        let mut stirred = Stirred::unheard();
        stirred.add(5);
        assert_eq!(stirred.take(), None);
        for pid in [7, 7, 9, 7] {
            stirred.add(pid);
        }
        assert_eq!(stirred.take(), Some(vec![7, 9, 7]));
        assert_eq!(stirred.take(), Some(Vec::new()));
        stirred.add(11);
        stirred.lose();
        assert_eq!(stirred.take(), None);
        for pid in 0..=CAP as u32 {
            stirred.add(pid);
        }
        assert_eq!(stirred.take(), None);
        assert_eq!(stirred.take(), Some(Vec::new()));
    }
}
