//! Cuts the kernel's text into fields and numbers. It never allocates, and what is no number is `None`.

/// The number that `digits` spell, if they are nothing but digits and fit.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { value.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// A number with an optional minus sign.
pub(crate) fn signed(digits: &[u8]) -> Option<i64> {
    match digits.strip_prefix(b"-") {
        Some(rest) => i64::try_from(number(rest)?).ok().map(|value| -value),
        None => i64::try_from(number(digits)?).ok(),
    }
}

/// A finite number with a decimal point, never negative.
pub(crate) fn decimal(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// The words of a line, cut at blanks and tabs.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// The lines of a text, without their ends.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The first line without blanks around it; `None` when nothing is left.
pub(crate) fn first_line(text: &[u8]) -> Option<&[u8]> {
    lines(text).next().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_none_and_never_zero() {
        for bad in ["", "-1", "1x", " 1", "18446744073709551616", "+1", "٣"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!((signed(b"-20"), signed(b"19"), signed(b"--1")), (Some(-20), Some(19), None));
        assert_eq!(
            (decimal(b"0.42"), decimal(b"nan"), decimal(b"-1"), decimal(b"inf")),
            (Some(0.42), None, None, None)
        );
    }
}
