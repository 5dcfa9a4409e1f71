//! The date forms of the protocol, to and from Unix seconds. Pure calendar arithmetic.
//!
//! Formatting clamps to the years 0000 to 9999, which is all that these forms can write.

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const LONG_DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z.
const EARLIEST: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LATEST: i64 = 253_402_300_799;

/// A moment taken apart, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// 0 is Monday.
    weekday: i64,
}

impl Civil {
    fn at(unix: i64) -> Self {
        let unix = unix.clamp(EARLIEST, LATEST);
        let days = unix.div_euclid(DAY);
        let second_of_day = unix.rem_euclid(DAY);
        // Years are counted from March of year 0, so that the leap day ends a year; an era is 400 years.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            weekday: (days + 3).rem_euclid(7),
        }
    }

    /// Unix seconds, or `None` when a field is out of its range. `leap_second`: whether `:60` is read.
    fn unix(self, leap_second: bool) -> Option<i64> {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = self;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let month_days = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap),
            1..=12 => 31,
            _ => return None,
        };
        let last_second = if leap_second { 60 } else { 59 };
        if !(0..=9999).contains(&year)
            || !(1..=month_days).contains(&day)
            || !(0..=23).contains(&hour)
            || !(0..=59).contains(&minute)
            || !(0..=last_second).contains(&second)
        {
            return None;
        }
        let march_year = year - i64::from(month <= 2);
        let era = march_year.div_euclid(400);
        let year_of_era = march_year.rem_euclid(400);
        let march_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * march_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(days * DAY + hour * 3600 + minute * 60 + second)
    }
}

/// Reads fixed-width fields from the front of a text.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Exactly `width` ASCII digits.
    fn number(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(width)?;
        let mut value = 0i64;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// A month name, as its number from 1.
    fn month(&mut self) -> Option<i64> {
        let (name, rest) = self.0.split_first_chunk::<3>()?;
        let index = MONTHS.iter().position(|month| *month == name)?;
        self.0 = rest;
        i64::try_from(index + 1).ok()
    }

    fn short_day(&mut self) -> Option<()> {
        let (name, rest) = self.0.split_first_chunk::<3>()?;
        DAYS.contains(&name).then_some(())?;
        self.0 = rest;
        Some(())
    }

    /// `HH:MM:SS`.
    fn clock(&mut self) -> Option<(i64, i64, i64)> {
        let hour = self.number(2)?;
        self.literal(":")?;
        let minute = self.number(2)?;
        self.literal(":")?;
        Some((hour, minute, self.number(2)?))
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

fn civil(year: i64, month: i64, day: i64, clock: (i64, i64, i64)) -> Civil {
    let (hour, minute, second) = clock;
    Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday: 0,
    }
}

/// `value` as two digits.
fn two(value: i64) -> [u8; 2] {
    let value = u8::try_from(value.rem_euclid(100)).unwrap_or(0);
    [b'0' + value / 10, b'0' + value % 10]
}

/// The 16 bytes of [`format_compact`]; the first 8 are the date of a V4 scope.
pub(crate) fn compact_bytes(unix: i64) -> [u8; 16] {
    let at = Civil::at(unix);
    let [a, b] = two(at.year / 100);
    let [c, d] = two(at.year);
    let [e, f] = two(at.month);
    let [g, h] = two(at.day);
    let [i, j] = two(at.hour);
    let [k, l] = two(at.minute);
    let [m, n] = two(at.second);
    [a, b, c, d, e, f, g, h, b'T', i, j, k, l, m, n, b'Z']
}

/// The 8 bytes `YYYYMMDD`.
pub(crate) fn date_bytes(unix: i64) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = compact_bytes(unix);
    [a, b, c, d, e, f, g, h]
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`.
pub fn format_http(unix: i64) -> String {
    let at = Civil::at(unix);
    // By hand: every answer carries two of these, and the formatting machinery costs ten times as much.
    let [w, e, k] = name_of(&DAYS, at.weekday);
    let [m, o, n] = name_of(&MONTHS, at.month - 1);
    let [d, day] = two(at.day);
    let ([c, century], [y, year]) = (two(at.year / 100), two(at.year));
    let ([h, hour], [i, minute], [s, second]) = (two(at.hour), two(at.minute), two(at.second));
    let text = [
        w, e, k, b',', b' ', d, day, b' ', m, o, n, b' ', c, century, y, year, b' ', h, hour, b':',
        i, minute, b':', s, second, b' ', b'G', b'M', b'T',
    ];
    String::from_utf8(text.to_vec()).unwrap_or_default()
}

/// An entry of a table of names.
fn name_of(table: &[&'static [u8; 3]], index: i64) -> [u8; 3] {
    usize::try_from(index)
        .ok()
        .and_then(|index| table.get(index))
        .map_or([b' '; 3], |name| **name)
}

/// RFC 1123 GMT (also accepts RFC 850 and asctime forms as RFC 9110 asks); `None` when not a date.
///
/// The name of the day must be one, but need not be the right one. A two-digit year below 70 is in this
/// century: without a clock there is no better rule.
pub fn parse_http(text: &str) -> Option<i64> {
    parse_rfc1123(text)
        .or_else(|| parse_rfc850(text))
        .or_else(|| parse_asctime(text))
}

fn parse_rfc1123(text: &str) -> Option<i64> {
    let mut fields = Fields(text.as_bytes());
    fields.short_day()?;
    fields.literal(", ")?;
    // One digit is enough for RFC 1123, and the Java SDK v2 writes no more in the first days of a month.
    let digits = match fields.0 {
        [_, second, ..] if second.is_ascii_digit() => 2,
        _ => 1,
    };
    let day = fields.number(digits)?;
    fields.literal(" ")?;
    let month = fields.month()?;
    fields.literal(" ")?;
    let year = fields.number(4)?;
    fields.literal(" ")?;
    let clock = fields.clock()?;
    fields.literal(" GMT")?;
    fields.end()?;
    civil(year, month, day, clock).unix(true)
}

fn parse_rfc850(text: &str) -> Option<i64> {
    let (day_name, rest) = text.split_once(", ")?;
    LONG_DAYS.contains(&day_name).then_some(())?;
    let mut fields = Fields(rest.as_bytes());
    let day = fields.number(2)?;
    fields.literal("-")?;
    let month = fields.month()?;
    fields.literal("-")?;
    let short_year = fields.number(2)?;
    fields.literal(" ")?;
    let clock = fields.clock()?;
    fields.literal(" GMT")?;
    fields.end()?;
    let year = if short_year < 70 {
        2000 + short_year
    } else {
        1900 + short_year
    };
    civil(year, month, day, clock).unix(true)
}

fn parse_asctime(text: &str) -> Option<i64> {
    let mut fields = Fields(text.as_bytes());
    fields.short_day()?;
    fields.literal(" ")?;
    let month = fields.month()?;
    fields.literal(" ")?;
    let day = match fields.literal(" ") {
        Some(()) => fields.number(1)?,
        None => fields.number(2)?,
    };
    fields.literal(" ")?;
    let clock = fields.clock()?;
    fields.literal(" ")?;
    let year = fields.number(4)?;
    fields.end()?;
    civil(year, month, day, clock).unix(true)
}

/// `20240115T083045Z`.
pub fn format_compact(unix: i64) -> String {
    compact_bytes(unix)
        .iter()
        .copied()
        .map(char::from)
        .collect()
}

/// Exactly `YYYYMMDDTHHMMSSZ`.
pub fn parse_compact(text: &str) -> Option<i64> {
    let mut fields = Fields(text.as_bytes());
    let (year, month, day) = (fields.number(4)?, fields.number(2)?, fields.number(2)?);
    fields.literal("T")?;
    let clock = (fields.number(2)?, fields.number(2)?, fields.number(2)?);
    fields.literal("Z")?;
    fields.end()?;
    civil(year, month, day, clock).unix(false)
}

/// `2026-10-21T07:28:00.000Z`: literal three zeros, as the SDKs parse it.
pub fn format_iso_millis(unix: i64) -> String {
    let at = Civil::at(unix);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    )
}

/// ISO 8601 UTC, with or without fraction, `Z` required; whole seconds.
///
/// `YYYY-MM-DDTHH:MM:SS[.f…]Z`; a fraction is cut off, not rounded, and has at most nine digits.
pub fn parse_iso(text: &str) -> Option<i64> {
    let mut fields = Fields(text.as_bytes());
    let year = fields.number(4)?;
    fields.literal("-")?;
    let month = fields.number(2)?;
    fields.literal("-")?;
    let day = fields.number(2)?;
    fields.literal("T")?;
    let clock = fields.clock()?;
    if fields.literal(".").is_some() {
        let mut digits = 0;
        while fields.number(1).is_some() {
            digits += 1;
        }
        (1..=9).contains(&digits).then_some(())?;
    }
    fields.literal("Z")?;
    fields.end()?;
    civil(year, month, day, clock).unix(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known moments, checked with another calendar.
    const KNOWN: [(i64, &str, &str, &str); 9] = [
        (
            0,
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "19700101T000000Z",
            "1970-01-01T00:00:00.000Z",
        ),
        (
            -1,
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "19691231T235959Z",
            "1969-12-31T23:59:59.000Z",
        ),
        (
            951_782_400,
            "Tue, 29 Feb 2000 00:00:00 GMT",
            "20000229T000000Z",
            "2000-02-29T00:00:00.000Z",
        ),
        (
            1_705_307_445,
            "Mon, 15 Jan 2024 08:30:45 GMT",
            "20240115T083045Z",
            "2024-01-15T08:30:45.000Z",
        ),
        (
            1_709_164_800,
            "Thu, 29 Feb 2024 00:00:00 GMT",
            "20240229T000000Z",
            "2024-02-29T00:00:00.000Z",
        ),
        (
            784_111_777,
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "19941106T084937Z",
            "1994-11-06T08:49:37.000Z",
        ),
        (
            4_107_542_399,
            "Sun, 28 Feb 2100 23:59:59 GMT",
            "21000228T235959Z",
            "2100-02-28T23:59:59.000Z",
        ),
        (
            4_107_542_400,
            "Mon, 01 Mar 2100 00:00:00 GMT",
            "21000301T000000Z",
            "2100-03-01T00:00:00.000Z",
        ),
        (
            LATEST,
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "99991231T235959Z",
            "9999-12-31T23:59:59.000Z",
        ),
    ];

    #[test]
    fn known_dates_both_ways() {
        for (unix, http, compact, iso) in KNOWN {
            assert_eq!(format_http(unix), http);
            assert_eq!(format_compact(unix), compact);
            assert_eq!(format_iso_millis(unix), iso);
            assert_eq!(parse_http(http), Some(unix), "{http}");
            assert_eq!(parse_compact(compact), Some(unix), "{compact}");
            assert_eq!(parse_iso(iso), Some(unix), "{iso}");
            assert_eq!(parse_iso(&iso.replace(".000", "")), Some(unix), "{iso}");
        }
    }

    #[test]
    fn the_three_http_forms_are_one_moment() {
        let unix = Some(784_111_777);
        assert_eq!(parse_http("Sun, 06 Nov 1994 08:49:37 GMT"), unix);
        assert_eq!(parse_http("Sun, 6 Nov 1994 08:49:37 GMT"), unix);
        assert_eq!(parse_http("Sunday, 06-Nov-94 08:49:37 GMT"), unix);
        assert_eq!(parse_http("Sun Nov  6 08:49:37 1994"), unix);
        assert_eq!(
            parse_http("Tue Nov 16 08:49:37 1994"),
            unix.map(|unix| unix + 10 * DAY)
        );
        assert_eq!(
            parse_http("Tuesday, 16-Nov-69 08:49:37 GMT"),
            parse_iso("2069-11-16T08:49:37Z")
        );
    }

    #[test]
    fn a_leap_second_is_the_next_minute_in_http_only() {
        assert_eq!(
            parse_http("Sat, 31 Dec 2016 23:59:60 GMT"),
            parse_http("Sun, 01 Jan 2017 00:00:00 GMT")
        );
        assert_eq!(parse_compact("20161231T235960Z"), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "Mon",
            "Mon, 15 Jan 2024 08:30:45",
            "Mon, 15 Jan 2024 08:30:45 UTC",
            "Mon, 15 Jan 2024 08:30:45 GMT ",
            "Mun, 15 Jan 2024 08:30:45 GMT",
            "Mon, 15 jan 2024 08:30:45 GMT",
            "Mon, 32 Jan 2024 08:30:45 GMT",
            "Mon, 00 Jan 2024 08:30:45 GMT",
            "Thu, 29 Feb 2023 08:30:45 GMT",
            "Thu, 29 Feb 2100 08:30:45 GMT",
            "Mon, 15 Jan 2024 24:30:45 GMT",
            "Mon, 15 Jan 2024 08:60:45 GMT",
            "Mon, 15 Jan 2024 08:30:61 GMT",
            "Mon, +5 Jan 2024 08:30:45 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(parse_http(text), None, "{text:?}");
        }
        for text in [
            "20240115T083045",
            "20240115t083045Z",
            "20241315T083045Z",
            "20240115T083045Z ",
            "2024-01-15T08:30:45Z",
            "20240231T000000Z",
        ] {
            assert_eq!(parse_compact(text), None, "{text:?}");
        }
        for text in [
            "2024-01-15",
            "2024-01-15T08:30:45",
            "2024-01-15T08:30:45.Z",
            "2024-01-15T08:30:45.1234567890Z",
            "2024-01-15T08:30:45+00:00",
            "2024-01-15 08:30:45Z",
            "2024-1-15T08:30:45Z",
            "2024-01-15T08:30Z",
        ] {
            assert_eq!(parse_iso(text), None, "{text:?}");
        }
    }

    #[test]
    fn fractions_are_cut() {
        assert_eq!(
            parse_iso("2024-01-15T08:30:45.999999999Z"),
            Some(1_705_307_445)
        );
    }

    #[test]
    fn formatting_clamps_to_four_digit_years() {
        assert_eq!(format_compact(i64::MAX), "99991231T235959Z");
        assert_eq!(format_compact(i64::MIN), "00000101T000000Z");
        assert_eq!(format_http(i64::MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
        assert_eq!(parse_compact("00000101T000000Z"), Some(EARLIEST));
    }
}
