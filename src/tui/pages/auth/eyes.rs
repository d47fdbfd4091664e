//! What needs eyes: the findings about sign-ins.

use crate::model::{Finding, Level, fingerprint};
use crate::text;
use crate::tui::filter::Field;
use crate::tui::widgets::table::{Column, Row, falling};
use crate::tui::words;
use ratatui::text::Span;
use std::sync::Arc;

/// A finding about sign-ins.
pub(super) struct Eye {
    pub(super) finding: Arc<Finding>,
}

impl Row for Eye {
    fn key(&self) -> u64 {
        fingerprint(self.finding.id.as_str().as_bytes())
    }

    fn level(&self) -> Option<Level> {
        Some(self.finding.level)
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let mut fields = vec![
            ("title", Field::text(self.finding.title.as_str())),
            ("rule", Field::text(self.finding.rule.as_str())),
            ("level", Field::Level(Some(self.finding.level))),
        ];
        let named = |key: &str| match key {
            "address" => "from",
            "user" => "user",
            _ => "subject",
        };
        fields.extend(
            self.finding.subject.iter().map(|(key, value)| (named(key), Field::text(value.as_str()))),
        );
        fields
    }
}

/// The columns of what needs eyes.
pub(super) const EYES: &[Column<Eye>] = &[
    Column {
        title: "WHEN",
        width: 10,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| Span::raw(words::when(row.finding.last_seen, view.now, view.zone)),
        order: Some(|a, b| b.finding.last_seen.cmp(&a.finding.last_seen)),
    },
    Column {
        title: "WHAT",
        width: 20,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| Span::styled(row.finding.title.as_str(), view.theme.level(row.finding.level)),
        order: Some(|a, b| a.finding.title.cmp(&b.finding.title)),
    },
    Column {
        title: "TIMES",
        width: 7,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, _| Span::raw(text::count(row.finding.count)),
        order: Some(|a, b| falling(Some(a.finding.count), Some(b.finding.count))),
    },
];
