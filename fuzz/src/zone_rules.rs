//! TZif files: any bytes are rules or none, and rules give an offset for any time.

use home_soc::model::ZoneRules;

/// Parses `data` and asks the rules about times of four centuries.
pub fn run(data: &[u8]) {
    let Some(rules) = ZoneRules::parse(data) else { return };
    for second in [i64::from(i32::MIN), -1, 0, 951_782_400, 1_772_366_400, 4_102_444_800, 13_000_000_000] {
        for offset in [rules.offset_s(second), rules.offset_at_local_s(second)] {
            // A zone's offset is below 26 hours by RFC 9636; what lies above must not shift a time by days.
            assert!(offset.abs() <= 7 * 86_400, "{offset} s east at {second}");
        }
    }
}
