//! Who is knocking: the addresses that tried.

use crate::model::{Level, Source, SourceState, fingerprint};
use crate::text;
use crate::tui::filter::Field;
use crate::tui::widgets::graph::{spark, top};
use crate::tui::widgets::table::{Column, Row, falling};
use crate::tui::words;
use ratatui::style::Style;
use ratatui::text::Span;

/// An address that tried.
pub(super) struct Knock {
    pub(super) source: Source,
    pub(super) level: Option<Level>,
}

impl Row for Knock {
    fn key(&self) -> u64 {
        fingerprint(self.source.address.as_bytes())
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let mut fields = vec![
            ("from", Field::text(self.source.address.as_str())),
            ("state", Field::text(state(self.source.state))),
            ("tries", Field::number(self.source.tries as f64)),
            ("level", Field::Level(self.level)),
        ];
        fields.extend(self.source.names.iter().map(|name| ("user", Field::text(name.as_str()))));
        fields
    }
}

/// What came of an address, in words.
pub(super) const fn state(state: SourceState) -> &'static str {
    match state {
        SourceState::Open => "open",
        SourceState::Banned => "banned",
        SourceState::GotIn => "GOT IN",
        SourceState::Yours => "yours",
    }
}

fn names(source: &Source) -> String {
    let named = source.names.iter().map(std::convert::AsRef::as_ref).collect::<Vec<&str>>();
    let shown = named.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = source.names_total.max(named.len() as u64) - named.len().min(3) as u64;
    if more > 0 { format!("{shown} +{more}") } else { shown }
}

/// The columns of who is knocking.
pub(super) const KNOCKS: &[Column<Knock>] = &[
    Column {
        title: "ADDRESS",
        width: 24,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| {
            let you = row.source.state == SourceState::Yours;
            let look = if you { view.theme.you } else { Style::default() };
            Span::styled(format!("{}{}", row.source.address, if you { " (you)" } else { "" }), look)
        },
        order: Some(|a, b| a.source.address.cmp(&b.source.address)),
    },
    Column {
        title: "TRIES",
        width: 7,
        grows: false,
        priority: 0,
        right: true,
        cell: |row, view| Span::styled(text::count(row.source.tries), view.theme.strong),
        order: Some(|a, b| falling(Some(a.source.tries), Some(b.source.tries))),
    },
    Column {
        title: "IN",
        width: 4,
        grows: false,
        priority: 5,
        right: true,
        cell: |row, view| match row.source.accepted {
            0 => Span::styled("0", view.theme.muted),
            count => Span::raw(text::count(count)),
        },
        order: Some(|a, b| falling(Some(a.source.accepted), Some(b.source.accepted))),
    },
    Column {
        title: "NAMES TRIED",
        width: 20,
        grows: true,
        priority: 1,
        right: false,
        cell: |row, _| Span::raw(names(&row.source)),
        order: Some(|a, b| falling(Some(a.source.names_total), Some(b.source.names_total))),
    },
    Column {
        title: "FIRST",
        width: 9,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, view| {
            Span::raw(row.source.first_at.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone)))
        },
        order: Some(|a, b| b.source.first_at.cmp(&a.source.first_at)),
    },
    Column {
        title: "LAST",
        width: 9,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            Span::raw(row.source.last_at.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone)))
        },
        order: Some(|a, b| b.source.last_at.cmp(&a.source.last_at)),
    },
    Column {
        title: "STATE",
        width: 6,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            let look = match row.source.state {
                SourceState::Open => Style::default(),
                SourceState::Banned => view.theme.ok,
                SourceState::GotIn => view.theme.alert,
                SourceState::Yours => view.theme.you,
            };
            Span::styled(state(row.source.state), look)
        },
        order: Some(|a, b| state(a.source.state).cmp(state(b.source.state))),
    },
    Column {
        title: "24 h",
        width: 12,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, view| {
            let pairs: Vec<Option<f64>> =
                row.source.hours.chunks(2).map(|pair| Some(f64::from(pair.iter().sum::<u32>()))).collect();
            Span::styled(spark(&pairs, top(&pairs), 12, view.glyphs), view.theme.graph)
        },
        order: None,
    },
];
