//! The score in digits that are seen across a room: three columns wide, three rows high.

/// Rows of each digit; half blocks make five pixel rows of three.
const DIGITS: [[&str; 3]; 10] = [
    ["█▀█", "█ █", "▀▀▀"],
    ["▀█ ", " █ ", "▀▀▀"],
    ["▀▀█", "█▀▀", "▀▀▀"],
    ["▀▀█", " ▀█", "▀▀▀"],
    ["█ █", "▀▀█", "  ▀"],
    ["█▀▀", "▀▀█", "▀▀▀"],
    ["█▀▀", "█▀█", "▀▀▀"],
    ["▀▀█", "  █", "  ▀"],
    ["█▀█", "█▀█", "▀▀▀"],
    ["█▀█", "▀▀█", "▀▀▀"],
];

/// The three rows of a number.
pub fn big(value: u8) -> [String; 3] {
    let digits: Vec<usize> = value.to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
    [0, 1, 2].map(|row| digits.iter().map(|digit| DIGITS[*digit][row]).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_digit_is_three_columns_wide() {
        for value in 0..=100 {
            for row in super::big(value) {
                assert_eq!(row.chars().count(), 4 * value.to_string().len() - 1);
            }
        }
    }
}
