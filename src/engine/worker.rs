//! A reader that is replaced by a fresh one when it fails, so that one bad reader never blinds the others.

use crate::collect::Seen;
use crate::model::{Sensor, Timing};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A collector with its maker.
pub(super) struct Worker<T> {
    name: &'static str,
    make: Box<dyn Fn() -> T + Send>,
    inner: Option<T>,
    restarts: u64,
    /// Since it was last asked how long it took.
    spent: Duration,
}

impl<T> Worker<T> {
    /// A worker under the name of its sensor; it is made when it is first needed.
    pub(super) fn new(name: &'static str, make: impl Fn() -> T + Send + 'static) -> Self {
        Self { name, make: Box::new(make), inner: None, restarts: 0, spent: Duration::ZERO }
    }

    /// Lets the worker work; a panic costs its reading of this beat and is told in the sensors.
    pub(super) fn work<V>(&mut self, work: impl FnOnce(&mut T) -> Seen<V>) -> Seen<V> {
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| work(self.inner.get_or_insert_with(|| (self.make)()))));
        self.spent += started.elapsed();
        result.unwrap_or_else(|_| {
            self.inner = None;
            self.restarts += 1;
            let says = format!(
                "the reader of {} failed inside home-soc and was restarted ({} so far): please report it",
                self.name, self.restarts
            );
            Seen { value: None, sensors: vec![Sensor::blind(self.name, "internal_error", &says)] }
        })
    }

    /// How long it has worked since this was last asked.
    pub(super) fn timing(&mut self) -> Timing {
        Timing { reader: self.name, ms: std::mem::take(&mut self.spent).as_secs_f64() * 1000.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SensorState;

    #[test]
    fn a_reader_that_panics_is_told_and_replaced() {
        let mut worker = Worker::new("proc", Vec::<u32>::new);
        assert_eq!(
            worker
                .work(|list| {
                    list.push(1);
                    Seen { value: Some(list.len()), sensors: vec![] }
                })
                .value,
            Some(1)
        );
        let failed: Seen<usize> = worker.work(|_| panic!("a reader's own fault"));
        assert_eq!(failed.value, None);
        assert_eq!(failed.sensors[0].state, SensorState::Blind);
        assert!(failed.sensors[0].says.as_deref().unwrap().contains("1 so far"));
        assert_eq!(worker.work(|list| Seen { value: Some(list.len()), sensors: vec![] }).value, Some(0));
    }
}
