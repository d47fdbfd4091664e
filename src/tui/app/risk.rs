//! What changes something: accepting a risk, signalling a process. It asks; the loop has it done and tells.

use super::{App, Effect};
use crate::model::Status;
use crate::tui::hands::{Standing, Target};
use crate::tui::keymap::Action;
use crate::tui::page::{Room, View};
use crate::tui::popup::{AcceptForm, Popup, SignalDialog};
use chrono::{DateTime, Utc};

impl App {
    /// Opens the form for the finding of the selected row.
    pub(super) fn begin_accept(&mut self, action: Action, now: DateTime<Utc>) {
        let concern = with_page!(self, now, |page, view| page.concern(&view).map(|finding| (
            finding.id.clone(),
            finding.title.to_string(),
            finding.status
        )));
        match concern.flatten() {
            Some((id, _, Status::Accepted)) => {
                self.say(format!("{id} is accepted already; u takes it back"), now);
            }
            Some((id, title, _)) => {
                let form = AcceptForm::new(id, title, action == Action::AcceptUntil);
                self.popup = Some(Popup::Accept(form));
            }
            None => self.say("nothing is said about this row, so nothing needs to be accepted", now),
        }
    }

    /// Takes back the accepted risk of the selected row, else the one that was accepted last.
    pub(super) fn take_back(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        let here = with_page!(self, now, |page, view| page
            .concern(&view)
            .filter(|finding| finding.status == Status::Accepted)
            .map(|finding| finding.id.clone()));
        if let Some(id) = here.flatten().or_else(|| self.accepted.take()) {
            return vec![Effect::TakeBack(id)];
        }
        self.say("nothing was accepted here; on Findings u takes the selected row back", now);
        Vec::new()
    }

    /// Takes what stands between the person and a process: the dialog opens and the picture holds still.
    pub fn pinned(&mut self, target: Target, held: Result<Standing, String>, now: DateTime<Utc>) {
        match held {
            Ok(standing) => {
                let froze = self.frozen.is_none();
                if froze {
                    self.freeze(now);
                }
                self.popup = Some(Popup::Signal(SignalDialog::new(target, standing, froze)));
                self.dirty = true;
            }
            Err(why) => self.say(why, now),
        }
    }

    /// Says how something ended that was asked for.
    pub fn told(&mut self, words: &str, now: DateTime<Utc>) {
        self.say(words, now);
    }
}
