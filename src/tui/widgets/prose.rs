//! Paragraphs with a label in front, broken to a width: stories, explanations, help.

use crate::text;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The widest text that the eye follows without getting lost.
const WIDEST: usize = 90;

/// One paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Para {
    /// Stands in front of the first line, `WHY`.
    pub label: String,
    /// The label's look.
    pub label_style: Style,
    /// The text.
    pub text: String,
    /// Its look.
    pub style: Style,
    /// Further to the right by this many columns.
    pub indent: u16,
    /// False keeps it on one line, so that a copied command stays one.
    pub wrap: bool,
}

impl Para {
    /// A paragraph of plain text.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, wrap: true, ..Self::default() }
    }

    /// An empty line.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Puts a label in front.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>, style: Style) -> Self {
        self.label = label.into();
        self.label_style = style;
        self
    }

    /// Moves it to the right.
    #[must_use]
    pub const fn indent(mut self, columns: u16) -> Self {
        self.indent = columns;
        self
    }

    /// Keeps it on one line.
    #[must_use]
    pub const fn one_line(mut self) -> Self {
        self.wrap = false;
        self
    }
}

/// Breaks paragraphs into lines of at most `width` columns, the labels in a column of their own.
pub fn lay(paras: &[Para], width: u16) -> Vec<Line<'static>> {
    let margin = paras.iter().map(|para| text::width(&para.label)).max().unwrap_or(0);
    let margin = if margin == 0 { 0 } else { (margin + 2).min(usize::from(width) / 2) };
    let mut lines = Vec::new();
    for para in paras {
        let indent = usize::from(para.indent);
        let room = usize::from(width).saturating_sub(margin + indent).max(1);
        let broken =
            if para.wrap { text::wrap(&para.text, room.min(WIDEST)) } else { vec![para.text.clone()] };
        for (at, line) in broken.into_iter().enumerate() {
            let label = if at == 0 { text::fit(&para.label, margin) } else { String::new() };
            let pad = margin.saturating_sub(text::width(&label)) + indent;
            lines.push(Line::from(vec![
                Span::styled(label, para.label_style),
                Span::raw(" ".repeat(pad)),
                Span::styled(line, para.style),
            ]));
        }
    }
    lines
}
