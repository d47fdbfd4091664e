//! What the loop has others do, off its own thread: a slow disk or a hung journal must not hold up a key.

use super::{Loop, News};
use crate::model::Request;
use crate::outputs::journal::Reader;
use crate::tui::hands::Acceptances;
use crate::tui::past::Recalled;
use crate::tui::trail::Trail;
use chrono::{DateTime, Utc};
use std::net::IpAddr;

impl Loop {
    /// Has something kept off this thread; `words` tell that it was done.
    pub(super) fn keep(
        &self,
        words: String,
        keep: impl FnOnce(&dyn Acceptances) -> anyhow::Result<()> + Send + 'static,
    ) {
        let Some(acceptances) = self.setup.hands.acceptances.clone() else { return };
        let tell = self.tell.clone();
        tokio::task::spawn_blocking(move || {
            let done = match keep(&*acceptances) {
                Ok(()) => News::Done(words, true),
                Err(why) => News::Done(format!("not done: {why:#}"), false),
            };
            // The loop is gone only when the program ends.
            let _ = tell.send(done);
        });
    }

    /// Has a file written off this thread.
    pub(super) fn save(&self, name: String, extension: &'static str, text: String) {
        let Some(exports) = self.setup.hands.exports.clone() else { return };
        let tell = self.tell.clone();
        tokio::task::spawn_blocking(move || {
            let words = match exports.save(&name, extension, &text) {
                Ok(path) => format!("written: {}", path.display()),
                Err(why) => format!("not written: {why:#}"),
            };
            // The loop is gone only when the program ends.
            let _ = tell.send(News::Done(words, false));
        });
    }

    /// Asks the journal in a thread that nobody waits for: it may hang, and the end must not.
    pub(super) fn read_log(&self, trail: Box<Trail>) {
        let (Some(logs), Some((pid, since))) = (self.setup.hands.logs.clone(), trail.asks()) else { return };
        let tell = self.tell.clone();
        aside(move || {
            let told = logs.of_process(pid, since).map_err(|why| format!("{why:#}"));
            // The loop is gone only when the program ends.
            let _ = tell.send(News::Log(trail, told));
        });
    }

    /// Asks for names one after the other, until nobody answers.
    pub(super) fn look_up(&self, addresses: Vec<IpAddr>) {
        let Some(names) = self.setup.hands.names.clone() else { return };
        let tell = self.tell.clone();
        aside(move || {
            for address in addresses {
                let told = match names.of(address) {
                    Ok(name) => tell.send(News::Name(address, name)),
                    Err(why) => {
                        let _ = tell.send(News::NoNames(format!("{why:#}")));
                        return;
                    }
                };
                if told.is_err() {
                    return;
                }
            }
        });
    }

    pub(super) fn ask(&self, request: Request) {
        // The heartbeat is gone only when the program ends: then nobody needs the answer.
        let _ = self.setup.requests.send(request);
    }

    pub(super) fn recall(&self, at: DateTime<Utc>) {
        self.read(move |record| {
            let found = Recalled::read(record, at).map_err(|why| format!("{why:#}"));
            News::Moment(at, found.map(|found| found.map(Box::new)))
        });
    }

    /// Asks the record off this thread: a slow disk must not hold up a key.
    pub(super) fn read(&self, ask: impl FnOnce(&Reader) -> News + Send + 'static) {
        let Some(record) = self.setup.record.clone() else { return };
        let tell = self.tell.clone();
        tokio::task::spawn_blocking(move || {
            // The loop is gone only when the program ends.
            let _ = tell.send(ask(&record));
        });
    }
}

/// Does something in a thread that nobody waits for. Without a thread it is left undone: the machine has other worries.
fn aside(work: impl FnOnce() + Send + 'static) {
    let _ = std::thread::Builder::new().name("look-up".into()).spawn(work);
}
