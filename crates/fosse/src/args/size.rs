//! Sizes: `100`, `100K`, `100MB`, `100MiB`; 1 K is 1024 bytes (cli.md §1.1).

use std::str::FromStr;

use super::duration::scaled;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "`{text}` is not a size: write bytes, or a number with K M G T P or E, such as 102400, 100K, 5GiB"
            )
        };
        let trimmed = text.trim();
        let number_len = trimmed
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(trimmed.len());
        let (number, suffix) = trimmed.split_at(number_len);
        let upper = suffix.to_ascii_uppercase();
        let letter = match upper.as_str() {
            "" | "B" => "",
            _ => upper
                .strip_suffix("IB")
                .or_else(|| upper.strip_suffix('B'))
                .unwrap_or(&upper),
        };
        let power = match letter {
            "" if suffix.len() <= 1 => 0,
            "K" => 1,
            "M" => 2,
            "G" => 3,
            "T" => 4,
            "P" => 5,
            "E" => 6,
            _ => return Err(bad()),
        };
        let bytes = scaled(number, 1024_u128.pow(power)).ok_or_else(bad)?;
        u64::try_from(bytes).map(Self).map_err(|_| bad())
    }
}

/// `12 B`, `1.50 KiB`: for people.
pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{value:.2} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, human};

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("12", 12),
            ("12B", 12),
            ("1K", 1024),
            ("1k", 1024),
            ("100MB", 100 << 20),
            ("100MiB", 100 << 20),
            ("1.5G", 3 << 29),
            ("5T", 5 << 40),
            ("1E", 1 << 60),
        ] {
            assert_eq!(text.parse::<Size>(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "K", "-1", "1X", "1KK", "1iB", "16E", "1 K"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_for_people() {
        assert_eq!(human(12), "12 B");
        assert_eq!(human(1536), "1.50 KiB");
        assert_eq!(human(5 << 30), "5.00 GiB");
    }
}
