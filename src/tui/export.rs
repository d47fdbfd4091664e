//! A list or a page as a file: what goes into it, in which form. Writing it is the work of a hand.

use crate::outputs::mask;
use serde_json::{Map, Value};

/// A list as plain words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    /// The words over the columns.
    pub titles: Vec<&'static str>,
    /// The cells of each row, as many as there are titles.
    pub rows: Vec<Vec<String>>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The list, for spreadsheets.
    Csv,
    /// The list, for programs.
    Json,
    /// The page as it reads.
    Text,
    /// All that is known at this moment: the evidence.
    Evidence,
}

impl Format {
    /// What stands in the menu.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Csv => "CSV    this list",
            Self::Json => "JSON   this list",
            Self::Text => "text   this page",
            Self::Evidence => "JSON   all that is known at this moment (evidence)",
        }
    }

    /// The end of the file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json | Self::Evidence => "json",
            Self::Text => "txt",
        }
    }
}

/// The list as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets a `'`.
pub fn csv(grid: &Grid) -> String {
    let cell = |text: &str| {
        let text = mask::secrets(text.trim());
        let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
        let text = if is_formula { format!("'{text}") } else { text.into_owned() };
        if text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let head = line(grid.titles.iter().map(|title| cell(title)).collect());
    let rows = grid.rows.iter().map(|row| line(row.iter().map(|text| cell(text)).collect()));
    head + &rows.collect::<String>()
}

/// The list as an array of objects.
pub fn json(grid: &Grid) -> String {
    let row = |cells: &Vec<String>| {
        let fields = grid.titles.iter().zip(cells);
        let fields = fields.map(|(title, cell)| {
            ((*title).to_lowercase(), Value::String(mask::secrets(cell.trim()).into_owned()))
        });
        Value::Object(fields.collect::<Map<_, _>>())
    };
    let rows = Value::Array(grid.rows.iter().map(row).collect());
    format!("{rows:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_becomes_a_formula_and_no_secret_is_written() {
        let grid = Grid {
            titles: vec!["PID", "COMMAND"],
            rows: vec![
                vec!["7".into(), "=1+1".into()],
                vec!["-25".into(), "say \"a, b\"".into()],
                vec!["8".into(), "tool --password=hunter2".into()],
            ],
        };
        let csv = csv(&grid);
        assert_eq!(
            csv.lines().take(3).collect::<Vec<_>>(),
            ["PID,COMMAND", "7,'=1+1", "-25,\"say \"\"a, b\"\"\""]
        );
        assert!(!csv.contains("hunter2") && !json(&grid).contains("hunter2"));
        let back: Value = serde_json::from_str(&json(&grid)).unwrap();
        assert_eq!(back[1]["pid"], "-25");
    }
}
