//! Text in lower case without an allocation for what is short.

use smallvec::SmallVec;

/// `text` in ASCII lower case.
pub(crate) struct Lower(SmallVec<[u8; 128]>);

impl Lower {
    pub(crate) fn of(text: &str) -> Self {
        let mut bytes = SmallVec::from_slice(text.as_bytes());
        bytes.make_ascii_lowercase();
        Self(bytes)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Lower case of UTF-8 is UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}
