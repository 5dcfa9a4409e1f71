//! `Range` with OSS semantics (api-objects.md §0.12).

use std::ops::Range;

/// What a Range header selects of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// The whole object: 200 without `Content-Range`.
    Whole,
    /// Bytes `start..end`, never empty, within the object: 206.
    Part(Range<u64>),
    /// 416 `InvalidRange`.
    NotSatisfiable,
}

/// One range as written.
enum Asked {
    From(u64),
    FromTo(u64, u64),
    Last(u64),
}

/// What `header` selects of an object of `size` bytes. `standard`: `x-oss-range-behavior: standard` was sent.
///
/// By default a range which does not lie within the object selects all of it; with `standard` it is clipped, or refused
/// when nothing of it exists. Of several ranges the first counts. What cannot be read selects the whole object.
pub fn select(header: &str, size: u64, standard: bool) -> Selected {
    let outside = if standard {
        Selected::NotSatisfiable
    } else {
        Selected::Whole
    };
    match parse(header) {
        None => Selected::Whole,
        Some(Asked::Last(0)) => Selected::NotSatisfiable,
        Some(Asked::Last(_)) if size == 0 => outside,
        Some(Asked::Last(count)) if count > size => {
            if standard {
                Selected::Part(0..size)
            } else {
                Selected::Whole
            }
        }
        Some(Asked::Last(count)) => Selected::Part(size - count..size),
        Some(Asked::From(first) | Asked::FromTo(first, _)) if first >= size => outside,
        Some(Asked::From(first)) => Selected::Part(first..size),
        Some(Asked::FromTo(first, last)) if last >= size => {
            if standard {
                Selected::Part(first..size)
            } else {
                Selected::Whole
            }
        }
        Some(Asked::FromTo(first, last)) => Selected::Part(first..last.saturating_add(1)),
    }
}

/// The bytes that `x-oss-copy-source-range` names of a source of `size` bytes: `None` for all of it, also when the
/// header is bad or reaches out of the source (api-objects.md §9.3).
pub fn select_copy(header: &str, size: u64) -> Option<Range<u64>> {
    match select(header, size, false) {
        Selected::Part(part) => Some(part),
        Selected::Whole | Selected::NotSatisfiable => None,
    }
}

/// The one range `bytes=FIRST-LAST` or `bytes=FIRST-` of SelectObject, which knows no range from the end. `None` for anything
/// else.
pub fn first_and_last(header: &str) -> Option<(u64, Option<u64>)> {
    match parse(header) {
        _ if header.contains(',') => None,
        Some(Asked::From(first)) => Some((first, None)),
        Some(Asked::FromTo(first, last)) => Some((first, Some(last))),
        Some(Asked::Last(_)) | None => None,
    }
}

fn parse(header: &str) -> Option<Asked> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.split(',').next()?.trim().split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => Some(Asked::Last(number(last)?)),
        (first, "") => Some(Asked::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::FromTo(first, last))
        }
    }
}

/// Digits only; what does not fit counts as the largest number, which is past the end of every object.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_of_select_object() {
        for (header, wanted) in [
            ("bytes=0-1", Some((0, Some(1)))),
            ("bytes=7-7", Some((7, Some(7)))),
            ("bytes=7-", Some((7, None))),
            ("bytes=-7", None),
            ("bytes=-", None),
            ("bytes=7-6", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-1", None),
            ("0-1", None),
            ("", None),
        ] {
            assert_eq!(first_and_last(header), wanted, "{header}");
        }
    }

    #[test]
    fn the_table_of_an_object_of_1000_bytes() {
        use Selected::{NotSatisfiable, Part, Whole};
        let cases = [
            ("bytes=0-499", Part(0..500), Part(0..500)),
            ("bytes=500-", Part(500..1000), Part(500..1000)),
            ("bytes=-500", Part(500..1000), Part(500..1000)),
            ("bytes=-1000", Part(0..1000), Part(0..1000)),
            ("bytes=0-999", Part(0..1000), Part(0..1000)),
            ("bytes=999-999", Part(999..1000), Part(999..1000)),
            ("bytes=0-1000", Whole, Part(0..1000)),
            ("bytes=500-2000", Whole, Part(500..1000)),
            ("bytes=1000-2000", Whole, NotSatisfiable),
            ("bytes=1000-", Whole, NotSatisfiable),
            ("bytes=-2000", Whole, Part(0..1000)),
            ("bytes=-0", NotSatisfiable, NotSatisfiable),
            ("bytes=5-3", Whole, Whole),
            ("lines=0-1", Whole, Whole),
            ("bytes 0-1", Whole, Whole),
            ("bytes=", Whole, Whole),
            ("bytes=-", Whole, Whole),
            ("bytes=a-b", Whole, Whole),
            ("bytes=+1-2", Whole, Whole),
            ("", Whole, Whole),
            ("bytes=0-1,5-6", Part(0..2), Part(0..2)),
            ("bytes=,0-1", Whole, Whole),
            (" Bytes = 0 - 1 ", Part(0..2), Part(0..2)),
            ("bytes=0-99999999999999999999999", Whole, Part(0..1000)),
            ("bytes=99999999999999999999999-", Whole, NotSatisfiable),
        ];
        for (header, plain, standard) in cases {
            assert_eq!(select(header, 1000, false), plain, "{header}");
            assert_eq!(select(header, 1000, true), standard, "{header} (standard)");
        }
    }

    #[test]
    fn nothing_can_be_taken_from_an_empty_object() {
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(select(header, 0, false), Selected::Whole, "{header}");
            assert_eq!(
                select(header, 0, true),
                Selected::NotSatisfiable,
                "{header}"
            );
        }
    }

    #[test]
    fn a_copy_takes_all_of_the_source_when_the_range_is_no_good() {
        assert_eq!(select_copy("bytes=0-9", 44), Some(0..10));
        for header in ["bytes=0-44", "bytes=44-", "bytes=-0", "junk"] {
            assert_eq!(select_copy(header, 44), None, "{header}");
        }
    }

    proptest! {
        /// The model: mark every byte that the range names, then look at what is marked.
        #[test]
        fn ranges_agree_with_a_model(first in 0u64..40, last in 0u64..40, form in 0..3, size in 0u64..30, standard: bool) {
            let (header, named): (String, Vec<u64>) = match form {
                0 => (format!("bytes={first}-{last}"), (first..=last).collect()),
                1 => (format!("bytes={first}-"), (first..size.max(first + 1)).collect()),
                _ => (
                    format!("bytes=-{last}"),
                    (0..last).map(|back| size.wrapping_sub(back + 1)).rev().collect(),
                ),
            };
            let inside: Vec<u64> = named.iter().copied().filter(|byte| *byte < size).collect();
            let all_inside = inside.len() == named.len();
            let expected = match (form, inside.first(), inside.last()) {
                (0, ..) if first > last => Selected::Whole,
                (2, ..) if last == 0 => Selected::NotSatisfiable,
                (_, Some(&from), Some(&to)) if all_inside || standard => Selected::Part(from..to + 1),
                (_, None, _) if standard => Selected::NotSatisfiable,
                _ => Selected::Whole,
            };
            prop_assert_eq!(select(&header, size, standard), expected);
        }

        #[test]
        fn a_part_lies_within_the_object(header in "(bytes=)?[-0-9, ]{0,30}", size: u64, standard: bool) {
            if let Selected::Part(part) = select(&header, size, standard) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
