//! Wildcard patterns (access-control.md §3.2, hotlink.md §5). A pattern is cut at its stars when it is read; matching
//! then looks for the pieces from left to right and never goes back, so that the time is linear in pattern plus text
//! (for pieces with `?`: text times a sixty-fourth of the piece) whatever the pattern.

use memchr::memmem;
use smallvec::{SmallVec, smallvec};

/// A compiled pattern. `*` stands for any text, also none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// Before the first star; the text begins with it.
    head: Piece,
    /// Between two stars, none empty; the text has them in this order.
    middle: Box<[Piece]>,
    /// After the last star; the text ends with it. `None`: no star, the head is everything.
    tail: Option<Piece>,
}

impl Glob {
    /// A pattern in which `?` stands for itself: actions and resources.
    pub(crate) fn stars(pattern: &str) -> Self {
        Self::cut(pattern, |piece| Piece::Text(piece.into()))
    }

    /// A pattern in which `?` stands for one character: values of `StringLike`, Referers.
    pub(crate) fn stars_and_marks(pattern: &str) -> Self {
        Self::cut(pattern, |piece| {
            if piece.contains('?') {
                Piece::Marked(Marked::new(piece))
            } else {
                Piece::Text(piece.into())
            }
        })
    }

    fn cut(pattern: &str, piece: impl Fn(&str) -> Piece) -> Self {
        let Some((head, rest)) = pattern.split_once('*') else {
            return Self {
                head: piece(pattern),
                middle: Box::default(),
                tail: None,
            };
        };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        Self {
            head: piece(head),
            middle: middle
                .split('*')
                .filter(|text| !text.is_empty())
                .map(&piece)
                .collect(),
            tail: Some(piece(tail)),
        }
    }

    /// Whether the whole text matches. Case-sensitive.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(rest) = self.head.cut_from_start(text) else {
            return false;
        };
        let Some(tail) = &self.tail else {
            return rest.is_empty();
        };
        let Some(mut rest) = tail.cut_from_end(rest) else {
            return false;
        };
        for piece in &self.middle {
            match piece.skip_past(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        true
    }

    /// Whether there is a `*`, so that more than one text matches.
    pub(crate) fn has_stars(&self) -> bool {
        self.tail.is_some()
    }

    /// Whether a text that begins with `start` may match. Looks at what stands before the first star only.
    pub(crate) fn may_begin_with(&self, start: &str) -> bool {
        match &self.head {
            Piece::Text(head) if self.tail.is_some() => {
                head.starts_with(start) || start.starts_with(&**head)
            }
            Piece::Text(head) => head.starts_with(start),
            Piece::Marked(_) => true,
        }
    }

    /// Whether a text that ends with `end` may match. Looks at what stands behind the last star only.
    pub(crate) fn may_end_with(&self, end: &str) -> bool {
        match &self.tail {
            Some(Piece::Text(tail)) => end.ends_with(&**tail) || tail.ends_with(end),
            _ => true,
        }
    }

    /// Whether every text matches.
    pub(crate) fn is_any(&self) -> bool {
        self.head.is_empty()
            && self.middle.is_empty()
            && self.tail.as_ref().is_some_and(Piece::is_empty)
    }
}

/// A run of a pattern without stars.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Marked(Marked),
}

impl Piece {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    fn cut_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(piece) => text.strip_prefix(&**piece),
            Self::Marked(piece) => {
                let mut chars = text.chars();
                for &want in &piece.chars {
                    let found = chars.next()?;
                    if want != ANY_ONE && want != found {
                        return None;
                    }
                }
                Some(chars.as_str())
            }
        }
    }

    fn cut_from_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(piece) => text.strip_suffix(&**piece),
            Self::Marked(piece) => {
                let mut chars = text.chars();
                for &want in piece.chars.iter().rev() {
                    let found = chars.next_back()?;
                    if want != ANY_ONE && want != found {
                        return None;
                    }
                }
                Some(chars.as_str())
            }
        }
    }

    /// What follows the first occurrence.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(piece) => {
                let at = memmem::find(text.as_bytes(), piece.as_bytes())?;
                text.get(at + piece.len()..)
            }
            Self::Marked(piece) => piece.skip_past(text),
        }
    }
}

/// `?` in [`Marked::chars`]. Not a character that texts hold by chance: where a text has it, it matches itself.
const ANY_ONE: char = '?';

/// A run with question marks, searched with one bit per place of the run (the "shift-and" method).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marked {
    chars: Box<[char]>,
    /// The characters of the run except `?`, sorted, without twins.
    symbols: Box<[char]>,
    /// Row 0: the places of `?`. Row `n + 1`: those and the places of `symbols[n]`.
    rows: Box<[u64]>,
    /// Words of a row.
    words: usize,
}

impl Marked {
    fn new(piece: &str) -> Self {
        let chars: Box<[char]> = piece.chars().collect();
        let mut symbols: Vec<char> = chars.iter().copied().filter(|c| *c != ANY_ONE).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let words = chars.len().div_ceil(64);
        let mut rows = vec![0; words * (symbols.len() + 1)];
        for (row, bits) in rows.chunks_exact_mut(words).enumerate() {
            let own = row.checked_sub(1).and_then(|at| symbols.get(at)).copied();
            for (place, &c) in chars.iter().enumerate() {
                if (c == ANY_ONE || Some(c) == own)
                    && let Some(word) = bits.get_mut(place / 64)
                {
                    *word |= 1 << (place % 64);
                }
            }
        }
        Self {
            chars,
            symbols: symbols.into(),
            rows: rows.into(),
            words,
        }
    }

    fn row(&self, c: char) -> &[u64] {
        let row = self.symbols.binary_search(&c).map_or(0, |at| at + 1);
        self.rows
            .get(row * self.words..(row + 1) * self.words)
            .unwrap_or_default()
    }

    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        let last = self.chars.len().checked_sub(1)?;
        let mut state: SmallVec<[u64; 8]> = smallvec![0; self.words];
        for (at, c) in text.char_indices() {
            // The run may begin anywhere, so a one enters at its first place with each character.
            let mut carry = 1;
            for (word, allowed) in state.iter_mut().zip(self.row(c)) {
                let out = *word >> 63;
                *word = ((*word << 1) | carry) & allowed;
                carry = out;
            }
            let done = state
                .get(last / 64)
                .is_some_and(|word| word >> (last % 64) & 1 == 1);
            if done {
                return text.get(at + c.len_utf8()..);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Straight from the definition, and exponential.
    fn slow(pattern: &[char], text: &[char], marks: bool) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|n| slow(rest, &text[n..], marks)),
            Some((c, rest)) => match text.split_first() {
                Some((t, after)) => (c == t || (marks && *c == '?')) && slow(rest, after, marks),
                None => false,
            },
        }
    }

    #[test]
    fn patterns_by_hand() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*a*b*", "xxbxa", false),
            ("*a*b*", "xxaxbx", true),
            ("b/*", "b", false),
            ("b/*", "b/", true),
            ("b/*/c", "b/x/y/c", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "aab", false),
        ];
        for (pattern, text, matches) in cases {
            assert_eq!(
                Glob::stars(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
        assert!(Glob::stars("a?c").matches("a?c"));
        assert!(!Glob::stars("a?c").matches("abc"));
        assert!(Glob::stars_and_marks("a?c").matches("abc"));
        assert!(Glob::stars_and_marks("a?c").matches("a中c"));
        assert!(!Glob::stars_and_marks("a?c").matches("ac"));
        assert!(Glob::stars_and_marks("*?中?*").matches("x中中"));
        assert!(!Glob::stars_and_marks("*?中?*").matches("中中"));
        assert!(Glob::stars("*").is_any());
        assert!(!Glob::stars("a*").is_any());
        assert!(!Glob::stars("").is_any());
    }

    #[test]
    fn runs_longer_than_a_word() {
        let pattern = format!("*{}?b*", "a".repeat(200));
        let glob = Glob::stars_and_marks(&pattern);
        assert!(glob.matches(&format!("x{}cbx", "a".repeat(300))));
        assert!(!glob.matches(&format!("x{}cbx", "a".repeat(199))));
    }

    /// A pattern made to be slow takes no time: backtracking over it would outlast the sun.
    #[test]
    fn no_pattern_is_a_bomb() {
        let text = "a".repeat(8192);
        for bomb in [
            "*a".repeat(2000) + "b",
            "a*".repeat(2000) + "b",
            format!("*{}b*", "a?".repeat(2000)),
            format!("*{}b", "?*a".repeat(1300)),
        ] {
            let glob = Glob::stars_and_marks(&bomb);
            let started = std::time::Instant::now();
            assert!(!glob.matches(&text));
            assert!(
                started.elapsed().as_millis() < 500,
                "{:?}",
                started.elapsed()
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn as_the_definition(pattern in "[ab中?*]{0,9}", text in "[ab中?]{0,9}", marks: bool) {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            let glob = if marks { Glob::stars_and_marks(&pattern) } else { Glob::stars(&pattern) };
            prop_assert_eq!(glob.matches(&text), slow(&p, &t, marks));
        }
    }
}
