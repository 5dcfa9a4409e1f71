//! Values of expressions, and how they compare, convert and are written.

use crate::decimal::Decimal;
use crate::json::{Json, write_text};
use jiff::civil::{Date, DateTime};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value. Absent columns and keys are `Null`.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
    /// A moment, without zone.
    Time(DateTime),
    /// An array or object.
    Json(&'a Json),
}

/// Types of CAST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Double,
    Decimal,
    Text,
    Bool,
    Time,
}

/// A number of one of the three kinds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Double(f64),
    Decimal(Decimal),
}

impl Number {
    /// An integer if it is one, else a double.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(int) = text.parse() {
            return Some(Self::Int(int));
        }
        // Rust also reads "inf" and "nan", which no CSV means.
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse()
            .ok()
            .filter(|f: &f64| f.is_finite())
            .map(Self::Double)
    }

    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Double(double) => double,
            Self::Decimal(decimal) => decimal.to_f64(),
        }
    }

    fn to_decimal(self) -> Option<Decimal> {
        match self {
            Self::Int(int) => Some(Decimal::from_int(int)),
            Self::Decimal(decimal) => Some(decimal),
            Self::Double(_) => None,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(two)) => Some(one.cmp(&two)),
            (one, two) => match (one.to_decimal(), two.to_decimal()) {
                (Some(one), Some(two)) => one.compare(two),
                _ => one.to_f64().partial_cmp(&two.to_f64()),
            },
        }
    }

    /// `+`, exact for integers and decimals while it fits.
    pub(crate) fn add(self, other: Self) -> Self {
        if let (Self::Int(one), Self::Int(two)) = (self, other)
            && let Some(sum) = one.checked_add(two)
        {
            return Self::Int(sum);
        }
        match (self.to_decimal(), other.to_decimal()) {
            (Some(one), Some(two)) if !matches!((self, other), (Self::Int(_), Self::Int(_))) => {
                one.add(two).map_or_else(
                    || Self::Double(self.to_f64() + other.to_f64()),
                    Self::Decimal,
                )
            }
            _ => Self::Double(self.to_f64() + other.to_f64()),
        }
    }

    /// `*`, as [`Number::add`].
    pub(crate) fn multiply(self, other: Self) -> Self {
        if let (Self::Int(one), Self::Int(two)) = (self, other)
            && let Some(product) = one.checked_mul(two)
        {
            return Self::Int(product);
        }
        match (self.to_decimal(), other.to_decimal()) {
            (Some(one), Some(two)) if !matches!((self, other), (Self::Int(_), Self::Int(_))) => {
                one.multiply(two).map_or_else(
                    || Self::Double(self.to_f64() * other.to_f64()),
                    Self::Decimal,
                )
            }
            _ => Self::Double(self.to_f64() * other.to_f64()),
        }
    }

    /// The sign turned.
    pub(crate) fn negate(self) -> Self {
        match self {
            Self::Int(int) => int
                .checked_neg()
                .map_or(Self::Double(-(int as f64)), Self::Int),
            Self::Double(double) => Self::Double(-double),
            Self::Decimal(decimal) => Self::Decimal(decimal.negate()),
        }
    }

    /// `/`; between integers an integer. `None`: by zero.
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        if other.to_f64() == 0.0 {
            return None;
        }
        if let (Self::Int(one), Self::Int(two)) = (self, other)
            && let Some(quotient) = one.checked_div(two)
        {
            return Some(Self::Int(quotient));
        }
        Some(Self::Double(self.to_f64() / other.to_f64()))
    }

    /// `%`. `None`: by zero.
    pub(crate) fn remainder(self, other: Self) -> Option<Self> {
        if other.to_f64() == 0.0 {
            return None;
        }
        if let (Self::Int(one), Self::Int(two)) = (self, other)
            && let Some(rest) = one.checked_rem(two)
        {
            return Some(Self::Int(rest));
        }
        Some(Self::Double(self.to_f64() % other.to_f64()))
    }
}

impl From<Number> for Value<'_> {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(int) => Self::Int(int),
            Number::Double(double) => Self::Double(double),
            Number::Decimal(decimal) => Self::Decimal(decimal),
        }
    }
}

/// ISO 8601 date, with or without a time; a zone is taken for the same as none.
fn parse_time(text: &str) -> Option<DateTime> {
    let text = text.trim().trim_end_matches(['Z', 'z']);
    match text.parse::<DateTime>() {
        Ok(time) => Some(time),
        Err(_) => text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)),
    }
}

impl<'a> Value<'a> {
    /// What a JSON value means; `numbers_as_text` leaves its digits alone.
    pub(crate) fn of_json(json: &'a Json, numbers_as_text: bool) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Text(text) => Self::Text(Cow::Borrowed(text)),
            Json::Number(digits) if numbers_as_text => Self::Text(Cow::Borrowed(digits)),
            Json::Number(digits) => match Number::parse(digits) {
                Some(number) => number.into(),
                None => Self::Text(Cow::Borrowed(digits)),
            },
            Json::Array(_) | Json::Object(_) => Self::Json(json),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As a number, also a text that is one.
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Self::Int(int) => Some(Number::Int(*int)),
            Self::Double(double) => Some(Number::Double(*double)),
            Self::Decimal(decimal) => Some(Number::Decimal(*decimal)),
            Self::Text(text) => Number::parse(text),
            _ => None,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Double(_) | Self::Decimal(_))
    }

    fn time(&self) -> Option<DateTime> {
        match self {
            Self::Time(time) => Some(*time),
            Self::Text(text) => parse_time(text),
            _ => None,
        }
    }

    /// As a truth; `None` is unknown.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Self::Int(int) => Some(*int != 0),
            _ => None,
        }
    }

    /// The order of two values: as numbers if one is a number, as moments if one is a moment, else as texts.
    /// `None`: unknown, as with null.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::Text(one), Self::Text(two)) => Some(one.cmp(two)),
            (Self::Bool(_), _) | (_, Self::Bool(_)) => Some(self.truth()?.cmp(&other.truth()?)),
            (Self::Time(_), _) | (_, Self::Time(_)) => Some(self.time()?.cmp(&other.time()?)),
            _ if self.is_number() || other.is_number() => self.number()?.compare(other.number()?),
            _ => None,
        }
    }

    /// CAST; what cannot be converted is null.
    pub(crate) fn cast(self, to: Type) -> Value<'a> {
        let cast = match to {
            Type::Int => match self.number() {
                Some(Number::Int(int)) => Some(Self::Int(int)),
                Some(other) => {
                    let whole = other.to_f64().trunc();
                    (whole.abs() < 9.2e18).then_some(Self::Int(whole as i64))
                }
                None => match &self {
                    Self::Bool(flag) => Some(Self::Int(i64::from(*flag))),
                    _ => None,
                },
            },
            Type::Double => self.number().map(|number| Self::Double(number.to_f64())),
            Type::Decimal => match &self {
                Self::Text(text) => Decimal::parse(text).map(Self::Decimal),
                Self::Decimal(decimal) => Some(Self::Decimal(*decimal)),
                Self::Int(int) => Some(Self::Decimal(Decimal::from_int(*int))),
                Self::Double(double) => Decimal::parse(&double.to_string()).map(Self::Decimal),
                _ => None,
            },
            Type::Text if self.is_null() => None,
            Type::Text => {
                let mut out = String::new();
                self.write_plain(&mut out);
                Some(Self::Text(Cow::Owned(out)))
            }
            Type::Bool => self.truth().map(Self::Bool),
            Type::Time => self.time().map(Self::Time),
        };
        cast.unwrap_or(Self::Null)
    }

    /// As in CSV, and as `||` joins it; null is empty.
    pub(crate) fn write_plain(&self, out: &mut String) {
        match self {
            Self::Null => {}
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(int) => out.push_str(&int.to_string()),
            // As few digits as read back as the same number, and never an exponent.
            Self::Double(double) => out.push_str(&double.to_string()),
            Self::Decimal(decimal) => out.push_str(&decimal.to_string()),
            Self::Text(text) => out.push_str(text),
            Self::Time(time) => out.push_str(&time.to_string()),
            Self::Json(json) => json.write(out),
        }
    }

    /// As in JSON.
    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(text) => write_text(text, out),
            Self::Time(time) => write_text(&time.to_string(), out),
            other => other.write_plain(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They were rounded to six significant digits once, so that an average was another number than clients calculate.
    #[test]
    fn doubles_read_back_as_they_were() {
        for (double, text) in [
            (23.677700348432065, "23.677700348432065"),
            (81.8, "81.8"),
            (6795.500000000003, "6795.500000000003"),
            (2015.0, "2015"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1234567.8, "1234567.8"),
            (-0.00012345678, "-0.00012345678"),
            (0.0, "0"),
            (1e21, "1000000000000000000000"),
        ] {
            let (mut plain, mut json) = (String::new(), String::new());
            Value::Double(double).write_plain(&mut plain);
            Value::Double(double).write_json(&mut json);
            assert_eq!((plain.as_str(), json.as_str()), (text, text));
            assert_eq!(plain.parse::<f64>().unwrap(), double);
        }
    }

    #[test]
    fn comparisons_convert() {
        let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
        for (one, two, order) in [
            (text("10"), text("9"), Some(Ordering::Less)),
            (text("10"), Value::Int(9), Some(Ordering::Greater)),
            (text("2.50"), Value::Double(2.5), Some(Ordering::Equal)),
            (text("x"), Value::Int(9), None),
            (text(""), Value::Int(0), None),
            (text("nan"), Value::Int(0), None),
            (Value::Null, Value::Int(9), None),
            (Value::Bool(true), text("TRUE"), Some(Ordering::Equal)),
            (
                text("2020-01-02").cast(Type::Time),
                text("2020-01-01T23:59:59Z"),
                Some(Ordering::Greater),
            ),
            (
                text("0.1").cast(Type::Decimal),
                Value::Int(1),
                Some(Ordering::Less),
            ),
        ] {
            assert_eq!(one.compare(&two), order, "{one:?} {two:?}");
        }
    }

    #[test]
    fn casts() {
        let shown = |text: &'static str, to: Type| {
            let mut out = String::new();
            Value::Text(Cow::Borrowed(text))
                .cast(to)
                .write_json(&mut out);
            out
        };
        assert_eq!(shown(" 42 ", Type::Int), "42");
        assert_eq!(shown("4.9", Type::Int), "4");
        assert_eq!(shown("1e300", Type::Int), "null");
        assert_eq!(shown("", Type::Double), "null");
        assert_eq!(shown("1.10", Type::Decimal), "1.10");
        assert_eq!(shown("yes", Type::Bool), "null");
        assert_eq!(shown("2020-02-30", Type::Time), "null");
        assert_eq!(
            shown("2020-02-03 04:05:06", Type::Time),
            "\"2020-02-03T04:05:06\""
        );
    }
}
