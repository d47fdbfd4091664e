//! What leaves the screen for others: exports, and the picture without names and addresses.

use super::{App, Effect};
use crate::model::{Snapshot, Zone};
use crate::outputs::document::Document;
use crate::outputs::mask;
use crate::tui::export::{Format, csv, json};
use crate::tui::page::{Room, View};
use crate::tui::popup::{ExportMenu, Popup};
use crate::tui::redact::redact;
use chrono::{DateTime, Utc};
use std::sync::Arc;

impl App {
    /// The beat that is shown, with stand-ins where that was asked for.
    pub(super) fn picture(&mut self) -> Option<Arc<Snapshot>> {
        let shown = Arc::clone(self.shown()?);
        if !self.redacting {
            return Some(shown);
        }
        if let Some((of, redacted)) = &self.redacted
            && Arc::ptr_eq(of, &shown)
        {
            return Some(Arc::clone(redacted));
        }
        // What cannot be redacted is not shown at all.
        let redacted = Arc::new(redact(&shown)?);
        self.redacted = Some((shown, Arc::clone(&redacted)));
        Some(redacted)
    }

    /// Puts stand-ins for names and addresses, or takes them away.
    pub(super) fn redact(&mut self, now: DateTime<Utc>) {
        self.redacting = !self.redacting;
        self.redacted = None;
        self.refresh(now);
        let says = if self.redacting {
            "names and addresses have stand-ins; command lines may still tell of you"
        } else {
            "names and addresses are shown as they are"
        };
        self.say(says, now);
    }

    pub(super) fn begin_export(&mut self) {
        let has_list = self.pages[self.tab as usize].list().is_some();
        self.popup = Some(Popup::Export(ExportMenu::new(has_list)));
    }

    /// Makes the text of an export.
    pub(super) fn export(&mut self, format: Format, now: DateTime<Utc>) -> Vec<Effect> {
        let zone: Zone = self.looks.zone;
        let text = match format {
            Format::Text => Some(self.plain(now).lines().map(|line| mask::secrets(line) + "\n").collect()),
            Format::Csv | Format::Json => {
                let grid = with_page!(self, now, |page, view| page.list().map(|list| list.grid(&view)));
                grid.flatten().map(|grid| if format == Format::Csv { csv(&grid) } else { json(&grid) })
            }
            Format::Evidence => self.picture().and_then(|snapshot| {
                let line = Document::full(&snapshot, zone).to_line().ok()?;
                String::from_utf8(line).ok()
            }),
        };
        let Some(text) = text else {
            self.say("there is nothing to write yet", now);
            return Vec::new();
        };
        let what = if format == Format::Evidence { "evidence" } else { self.tab.title() };
        let name = format!("home-soc-{}-{}", what.to_lowercase(), zone.at(now).format("%Y%m%d-%H%M%S"));
        vec![Effect::Save(name, format.extension(), text)]
    }
}
