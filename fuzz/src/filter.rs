//! The filter language: any text is a filter or a reason, and a filter means what its source says.

use home_soc::model::Level;
use home_soc::tui::filter::{Field, Filter};

/// Parses `data` and asks the filter about some rows.
pub fn run(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else { return };
    let rows = rows();
    match Filter::parse(source) {
        Ok(filter) => {
            let again = Filter::parse(filter.source()).unwrap();
            for row in &rows {
                let shown = filter.matches(row);
                assert_eq!(shown, again.matches(row), "its source means something else");
                assert!(shown || !filter.is_empty(), "no filter hides a row");
            }
            // A single word and its opposite divide the rows.
            if !source.contains(char::is_whitespace) && !source.contains(['"', '/']) && !filter.is_empty() {
                let opposite = Filter::parse(&format!("!{source}")).unwrap();
                assert!(
                    rows.iter().all(|row| filter.matches(row) != opposite.matches(row)),
                    "not its opposite"
                );
            }
        }
        Err(why) => assert!(!why.is_empty(), "refused without a word"),
    }
}

fn rows() -> [Vec<(&'static str, Field<'static>)>; 4] {
    [
        vec![],
        vec![
            ("user", Field::text("root")),
            ("pid", Field::number(1234_u32)),
            ("cpu", Field::number(12.5)),
            ("cmd", Field::text("/usr/sbin/sshd -D \"a b\" [listener] or not")),
        ],
        vec![
            ("from", Field::text("203.0.113.77")),
            ("port", Field::number(22_u16)),
            ("level", Field::Level(Some(Level::Warning))),
        ],
        vec![
            ("from", Field::text("2001:db8::1")),
            ("user", Field::text("Änne\u{130}")),
            ("mem", Field::Number(None)),
            ("level", Field::Level(None)),
        ],
    ]
}
