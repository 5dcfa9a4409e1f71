//! Decimal numbers of up to 38 digits, exact where they fit.

use std::cmp::Ordering;
use std::fmt;

/// `digits / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    digits: i128,
    scale: u32,
}

/// Most digits behind the point.
const MAX_SCALE: u32 = 38;

impl Decimal {
    /// Plain or scientific notation. `None` for what is no number or has too many digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            digits = digits
                .checked_mul(10)?
                .checked_add(i128::from(byte - b'0'))?;
        }
        if negative {
            digits = -digits;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale >= 0 {
            let scale = u32::try_from(scale)
                .ok()
                .filter(|scale| *scale <= MAX_SCALE)?;
            return Some(Self { digits, scale });
        }
        let factor = 10i128.checked_pow(scale.unsigned_abs())?;
        Some(Self {
            digits: digits.checked_mul(factor)?,
            scale: 0,
        })
    }

    pub(crate) fn from_int(value: i64) -> Self {
        Self {
            digits: i128::from(value),
            scale: 0,
        }
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.digits as f64 / 10f64.powi(i32::try_from(self.scale).unwrap_or(0))
    }

    /// Both at the larger scale of the two.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let at = |number: Self| {
            number
                .digits
                .checked_mul(10i128.checked_pow(scale - number.scale)?)
        };
        Some((at(self)?, at(other)?, scale))
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match self.aligned(other) {
            Some((one, two, _)) => Some(one.cmp(&two)),
            None => self.to_f64().partial_cmp(&other.to_f64()),
        }
    }

    /// `None` when the result has too many digits.
    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (one, two, scale) = self.aligned(other)?;
        Some(Self {
            digits: one.checked_add(two)?,
            scale,
        })
    }

    /// As [`Decimal::add`].
    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        Some(Self {
            digits: self.digits.checked_mul(other.digits)?,
            scale: Some(self.scale + other.scale).filter(|scale| *scale <= MAX_SCALE)?,
        })
    }

    pub(crate) fn negate(self) -> Self {
        Self {
            digits: self.digits.checked_neg().unwrap_or(i128::MAX),
            scale: self.scale,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        if self.digits < 0 {
            f.write_str("-")?;
        }
        f.write_str(whole)?;
        if scale > 0 {
            write!(f, ".{fraction}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.50", "-0.50"),
            (
                "12345678901234567890.123456789",
                "12345678901234567890.123456789",
            ),
            ("1e3", "1000"),
            ("1.5e-3", "0.0015"),
            ("+.5", "0.5"),
            ("5.", "5"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for bad in ["", ".", "-", "a", "1.2.3", "1e", "1e99", "0x1", "1 2"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
        let (a, b) = (
            Decimal::parse("0.1").unwrap(),
            Decimal::parse("0.20").unwrap(),
        );
        assert_eq!(a.add(b).unwrap().to_string(), "0.30");
        assert_eq!(a.multiply(b).unwrap().to_string(), "0.020");
        assert_eq!(a.compare(b), Some(Ordering::Less));
        assert_eq!(a.negate().to_string(), "-0.1");
    }
}
