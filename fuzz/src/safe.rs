//! Text from outside made safe to show, and cut to the width of a column.

use super::promise;
use home_soc::model::Safe;
use home_soc::text;

/// Cleans `data` and lays it out.
pub fn run(data: &[u8]) {
    let safe = Safe::from_bytes(data);
    promise::text(&safe);
    if let Ok(utf8) = std::str::from_utf8(data) {
        assert_eq!(Safe::new(utf8), safe, "the same text, cleaned in two ways");
    }
    if data.len() <= 4096 && data.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        assert_eq!(safe.as_bytes(), data, "plain text was changed");
    }
    assert_eq!(safe.is_empty(), data.is_empty(), "text was deleted");
    let written = serde_json::to_string(&safe).unwrap();
    assert_eq!(serde_json::from_str::<Safe>(&written).unwrap(), safe, "written and read again");

    let width = data.first().map_or(1, |byte| usize::from(*byte) % 60);
    let fitted = text::fit(&safe, width);
    assert!(text::width(&fitted) <= width, "{} columns in {width}: {fitted:?}", text::width(&fitted));
    // A character of two columns cannot be halved.
    let columns = width.max(2);
    for line in text::wrap(&safe, columns) {
        assert!(text::width(&line) <= columns, "{} columns in {columns}: {line:?}", text::width(&line));
    }
}
