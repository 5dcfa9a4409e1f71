//! Durations: `90`, `15m0s`, `1.5d`, `500ms` (cli.md §1.1).

use std::str::FromStr;

/// A length of time in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u64);

impl Span {
    /// Whole seconds, rounded down.
    pub(crate) fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// As the standard library has it.
    pub(crate) fn as_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
}

const SECOND: u128 = 1000;
const DAY: u128 = 86_400 * SECOND;

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "`{text}` is not a duration: write a number of seconds, or numbers with ms s m h d w M y, such as 90, 15m, 1h30m, 1.5d"
            )
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(bad());
        }
        let mut total: u128 = 0;
        let mut first = true;
        while !rest.is_empty() {
            let number_len = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            let (number, tail) = rest.split_at(number_len);
            let unit_len = tail
                .find(|c: char| c.is_ascii_digit() || c == '.')
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let unit = match unit {
                // A number without a unit is seconds, but only when it stands alone.
                "" if first && tail.is_empty() => SECOND,
                "ms" => 1,
                "s" => SECOND,
                "m" => 60 * SECOND,
                "h" => 3600 * SECOND,
                "d" => DAY,
                "w" => 7 * DAY,
                "M" => 30 * DAY,
                "y" => 365 * DAY,
                _ => return Err(bad()),
            };
            total = scaled(number, unit)
                .and_then(|part| total.checked_add(part))
                .ok_or_else(bad)?;
            first = false;
            rest = tail;
        }
        u64::try_from(total)
            .map(Self)
            .map_err(|_| format!("the duration `{text}` is too long"))
    }
}

/// `number` (digits, at most one point) times `unit`, rounded down; `None` when it is no number or too large.
pub(super) fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty()
        || whole.len() > 20
        || fraction.len() > 9
        || fraction.contains('.')
    {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u128>().ok()
        }
    };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let value = digits(whole)?
        .checked_mul(scale)?
        .checked_add(digits(fraction)?)?;
    Some(value.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn forms_of_the_documents() {
        for (text, millis) in [
            ("0", 0),
            ("60", 60_000),
            ("15m0s", 900_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5d", 129_600_000),
            ("1w", 604_800_000),
            ("1M", 2_592_000_000),
            ("1y", 31_536_000_000),
            (".5s", 500),
            ("604800s", 604_800_000),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration() {
        for text in [
            "",
            " ",
            "-1",
            "1x",
            "h",
            "1h30",
            "30 m",
            "1..5h",
            ".",
            "1e3",
            "99999999999999999999y",
            "1_000",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
