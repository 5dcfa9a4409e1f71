//! From when until when a certificate counts (RFC 5280 §4.1). The TLS library checks everything else of a certificate but keeps
//! these two times to itself, so they are read here: a walk over the first fields of the DER form.

/// First and last second, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// `notBefore`.
    pub from: i64,
    /// `notAfter`.
    pub until: i64,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version.
const VERSION: u8 = 0xA0;

/// The validity of a certificate in DER form; `None` when the bytes are none.
pub fn of_certificate(der: &[u8]) -> Option<Validity> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (fields, _) = value(certificate, SEQUENCE)?;
    let fields = match value(fields, VERSION) {
        Some((_, rest)) => rest,
        None => fields,
    };
    let (_serial, fields) = value(fields, INTEGER)?;
    let (_algorithm, fields) = value(fields, SEQUENCE)?;
    let (_issuer, fields) = value(fields, SEQUENCE)?;
    let (validity, _) = value(fields, SEQUENCE)?;
    let (from, rest) = time(validity)?;
    let (until, _) = time(rest)?;
    Some(Validity { from, until })
}

/// The content of the first element, which must have this tag, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let digits = usize::from(first - 0x80);
            let (length, rest) = rest.split_at_checked(digits)?;
            let length = length
                .iter()
                .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if let Some((text, rest)) = value(bytes, UTC_TIME) {
        // Two digits of a year between 1950 and 2049.
        let year = number(text.get(..2)?)?;
        let century = if year < 50 { 2000 } else { 1900 };
        return Some((moment(century + year, text.get(2..)?)?, rest));
    }
    let (text, rest) = value(bytes, GENERALIZED_TIME)?;
    Some((moment(number(text.get(..4)?)?, text.get(4..)?)?, rest))
}

/// `MMDDHHMMSSZ` of a year.
fn moment(year: i64, text: &[u8]) -> Option<i64> {
    if text.len() != 11 || text.last() != Some(&b'Z') {
        return None;
    }
    let part = |at: usize| number(text.get(at..at + 2)?);
    let compact = format!(
        "{year:04}{:02}{:02}T{:02}{:02}{:02}Z",
        part(0)?,
        part(2)?,
        part(4)?,
        part(6)?,
        part(8)?
    );
    fosse_oss::time::parse_compact(&compact)
}

fn number(digits: &[u8]) -> Option<i64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn times_of_both_forms() {
        // Until 2049 a year has two digits, from 2050 on four.
        let der = certificate((2024, 2, 29), (2049, 12, 31));
        let expected = Validity {
            from: 1_709_164_800,
            until: 2_524_521_600,
        };
        assert_eq!(of_certificate(&der), Some(expected));
        let der = certificate((1975, 1, 1), (2975, 1, 1));
        let read = of_certificate(&der).unwrap();
        assert_eq!(read.from, 157_766_400);
        assert_eq!(read.until, 31_714_761_600);
        assert!(of_certificate(&certificate((1975, 1, 1), (4096, 1, 1))).is_some());
        assert!(of_certificate(&certificate((1949, 1, 1), (2050, 1, 1))).is_some());
    }

    #[test]
    fn damaged_certificates_do_not_panic() {
        let der = certificate((2024, 2, 29), (2049, 12, 31));
        for cut in 0..der.len() {
            assert_eq!(of_certificate(&der[..cut]), None, "{cut}");
        }
        for at in 0..der.len().min(300) {
            for byte in [0, 1, 0x30, 0x7F, 0x80, 0x84, 0xFF, der[at] ^ 1] {
                let mut changed = der.clone();
                changed[at] = byte;
                let _ = of_certificate(&changed);
            }
        }
    }
}
