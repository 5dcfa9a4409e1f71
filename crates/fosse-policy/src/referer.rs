//! Hotlink protection (hotlink.md): which Referers a bucket lets in.

use crate::denial::{Denial, Reason};
use crate::glob::Glob;
use crate::lower::Lower;

/// Longest Referer that is compared, in bytes; a longer one matches no pattern.
pub const MAX_REFERER_BYTES: usize = 8 * 1024;
/// Longest pattern that is compared, in bytes; a longer one matches no Referer.
pub const MAX_PATTERN_BYTES: usize = 4095;

/// The rules of a bucket, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct RefererRules {
    allow_empty: bool,
    truncate_query: bool,
    truncate_path: bool,
    allowed: Box<[Glob]>,
    blocked: Box<[Glob]>,
    /// A whitelist of patterns that are all too long is a whitelist nevertheless.
    has_allowed: bool,
}

/// Why a Referer is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefererFault {
    /// There is none, and there has to be.
    Empty,
    /// It is on the blacklist.
    Blacklisted,
    /// It is not on the whitelist.
    NotListed,
}

impl RefererFault {
    /// EC.
    pub fn ec(self) -> &'static str {
        match self {
            Self::Empty => "0003-00000501",
            Self::Blacklisted => "0003-00000502",
            Self::NotListed => "0003-00000503",
        }
    }
}

impl RefererRules {
    /// Compiles a configuration: `AllowEmptyReferer`, `AllowTruncateQueryString`, `TruncatePath`, whitelist, blacklist.
    pub fn new<'p>(
        allow_empty: bool,
        truncate_query: bool,
        truncate_path: bool,
        allowed: impl IntoIterator<Item = &'p str>,
        blocked: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        let mut has_allowed = false;
        let allowed = allowed.into_iter().inspect(|_| has_allowed = true);
        let allowed = compile(allowed);
        Self {
            allow_empty,
            truncate_query,
            truncate_path,
            allowed,
            blocked: compile(blocked),
            has_allowed,
        }
    }

    /// Whether a request with this Referer may go on (hotlink.md §3). Which requests are checked at all is the caller's
    /// to know.
    ///
    /// Errors: the fault; 403 `AccessDenied` on the wire ([`RefererFault::denial`]).
    pub fn check(&self, referer: Option<&str>) -> Result<(), RefererFault> {
        let referer = referer.map_or("", str::trim);
        if referer.is_empty() {
            return if self.allow_empty || !self.has_allowed {
                Ok(())
            } else {
                Err(RefererFault::Empty)
            };
        }
        if referer.len() > MAX_REFERER_BYTES {
            return if self.has_allowed {
                Err(RefererFault::NotListed)
            } else {
                Ok(())
            };
        }
        let lower = Lower::of(self.cut(referer));
        let listed = |patterns: &[Glob]| patterns.iter().any(|glob| glob.matches(lower.as_str()));
        if listed(&self.blocked) {
            return Err(RefererFault::Blacklisted);
        }
        if !self.has_allowed || listed(&self.allowed) {
            return Ok(());
        }
        Err(RefererFault::NotListed)
    }

    /// What is compared (hotlink.md §4).
    fn cut<'t>(&self, referer: &'t str) -> &'t str {
        let end = if self.truncate_path {
            let authority = referer.find("://").map_or(0, |at| at + 3);
            referer
                .get(authority..)
                .and_then(|rest| rest.find(['/', '?', '#']))
                .map(|at| authority + at)
        } else if self.truncate_query {
            referer.find('?')
        } else {
            None
        };
        end.and_then(|end| referer.get(..end)).unwrap_or(referer)
    }
}

impl RefererFault {
    /// The refusal.
    pub fn denial(self) -> Denial {
        Reason::Referer(self).fixed()
    }
}

/// A pattern is open at its end.
fn compile<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Box<[Glob]> {
    patterns
        .into_iter()
        .filter(|pattern| pattern.len() <= MAX_PATTERN_BYTES)
        .map(|pattern| Glob::stars_and_marks(&format!("{}*", pattern.to_ascii_lowercase())))
        .collect()
}

#[cfg(test)]
mod tests;
