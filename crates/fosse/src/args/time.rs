//! Points in time: `2024-06-01`, `2024-06-01T12:00:00`, with or without a zone; UTC when there is none (cli.md §1.1).

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

/// A point in time, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Self(timestamp.as_second()));
        }
        let civil = match text.parse::<civil::DateTime>() {
            Ok(civil) => civil,
            Err(_) => {
                return Err(format!(
                    "`{text}` is not a time: write 2024-06-01, 2024-06-01T12:00:00 or 2024-06-01T12:00:00Z (UTC when there is no zone)"
                ));
            }
        };
        civil
            .to_zoned(TimeZone::UTC)
            .map(|zoned| Self(zoned.timestamp().as_second()))
            .map_err(|error| error.to_string())
    }
}

/// `2024-06-01T12:00:00Z`.
pub(crate) fn iso(unix: i64) -> String {
    match Timestamp::from_second(unix) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => unix.to_string(),
    }
}

/// `2024-11-26 14:35:29 +0800 CST`: in the zone of this machine, as `ls` prints it.
pub(crate) fn local(unix: i64) -> String {
    in_zone(unix, TimeZone::system())
}

fn in_zone(unix: i64, zone: TimeZone) -> String {
    match Timestamp::from_second(unix) {
        Ok(timestamp) => timestamp
            .to_zoned(zone)
            .strftime("%Y-%m-%d %H:%M:%S %z %Z")
            .to_string(),
        Err(_) => unix.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, in_zone, iso};

    #[test]
    fn forms_of_the_documents() {
        for (text, unix) in [
            ("2024-06-01", 1_717_200_000),
            ("2024-06-01T12:00:00", 1_717_243_200),
            ("2024-06-01 12:00:00", 1_717_243_200),
            ("2024-06-01T12:00:00Z", 1_717_243_200),
            ("2024-06-01T12:00:00.000Z", 1_717_243_200),
            ("2024-06-01T20:00:00+08:00", 1_717_243_200),
        ] {
            assert_eq!(text.parse::<Moment>(), Ok(Moment(unix)), "{text}");
        }
        for text in [
            "",
            "now",
            "2024-13-01",
            "2024-06-01T25:00:00",
            "06/01/2024",
            "1717243200",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn prints() {
        assert_eq!(iso(1_717_243_200), "2024-06-01T12:00:00Z");
        assert_eq!(
            in_zone(1_717_243_200, jiff::tz::TimeZone::UTC),
            "2024-06-01 12:00:00 +0000 UTC"
        );
    }
}
