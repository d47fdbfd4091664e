//! Hours without messages, as a person writes them: `22:00-07:00`.

use chrono::{NaiveTime, Timelike as _};

/// A stretch of each day in which nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QuietHours {
    from_min: u32,
    to_min: u32,
}

impl QuietHours {
    /// Reads them; empty text is none.
    ///
    /// # Errors
    /// When it is not two times of day.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let minutes = |part: &str| {
            let time = NaiveTime::parse_from_str(part.trim(), "%H:%M").ok()?;
            Some(time.hour() * 60 + time.minute())
        };
        let hours = text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
        match hours {
            Some((from_min, to_min)) if from_min != to_min => Ok(Some(Self { from_min, to_min })),
            _ => Err(format!("{text:?} is no stretch of a day; write \"22:00-07:00\", or \"\" for none")),
        }
    }

    /// Tells whether a local time of day lies in them.
    pub(super) fn hold(self, time: NaiveTime) -> bool {
        let now = time.hour() * 60 + time.minute();
        if self.from_min < self.to_min {
            (self.from_min..self.to_min).contains(&now)
        } else {
            now >= self.from_min || now < self.to_min
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_goes_over_midnight_and_a_rest_does_not() {
        let night = QuietHours::parse("22:00-07:00").unwrap().unwrap();
        let rest = QuietHours::parse("12:30 - 14:00").unwrap().unwrap();
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 59).unwrap();
        assert!(night.hold(at(22, 0)) && night.hold(at(0, 0)) && night.hold(at(6, 59)));
        assert!(!night.hold(at(7, 0)) && !night.hold(at(21, 59)));
        assert!(rest.hold(at(12, 30)) && !rest.hold(at(14, 0)) && !rest.hold(at(0, 0)));
        assert_eq!(QuietHours::parse(""), Ok(None));
        for wrong in ["22", "22:00", "22:00-", "25:00-07:00", "7:00-7:00", "22:00/07:00"] {
            assert!(QuietHours::parse(wrong).unwrap_err().contains("22:00-07:00"), "{wrong}");
        }
    }
}
