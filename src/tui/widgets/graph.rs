//! Curves and meters in one line of text. A gap in time stays a gap: it is never drawn as zero.

use crate::tui::glyphs::Glyphs;
use crate::tui::theme::Theme;
use ratatui::text::Span;

/// A curve of one row, right-aligned, on a scale from 0 to `top`; what was not seen is a space.
pub fn spark(values: &[Option<f64>], top: f64, columns: usize, glyphs: &Glyphs) -> String {
    let skip = values.len().saturating_sub(columns);
    let values = &values[skip..];
    let mut out = " ".repeat(columns - values.len());
    for value in values {
        out.push_str(match value {
            Some(value) if top > 0.0 => glyphs.bar(value / top),
            Some(_) => glyphs.bars[1],
            None => " ",
        });
    }
    out
}

/// The greatest value of a curve, for its scale.
pub fn top(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// A meter of `columns`, filled by a share of 0-1.
pub fn meter(share: f64, columns: usize, theme: &Theme, glyphs: &Glyphs) -> [Span<'static>; 2] {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let full = (share * columns as f64).round() as usize;
    [
        Span::styled(glyphs.full.repeat(full), theme.share(share)),
        Span::styled(glyphs.empty.repeat(columns - full), theme.meter_empty),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyphs::BLOCKS;

    #[test]
    fn a_gap_is_a_space_and_a_little_is_not_nothing() {
        let values = [Some(0.0), None, Some(50.0), Some(100.0), Some(0.1)];
        assert_eq!(spark(&values, 100.0, 7, &BLOCKS), "  ▁ ▄█▁");
        assert_eq!(spark(&values, 100.0, 2, &BLOCKS), "█▁");
        assert_eq!(spark(&[Some(0.0)], 0.0, 1, &BLOCKS), "▁");
    }
}
