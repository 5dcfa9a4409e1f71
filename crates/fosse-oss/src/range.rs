//! `Range` with OSS semantics (api-objects.md §0.12).

/// What a Range header selects of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Selected { Whole, Part(std::ops::Range<u64>), NotSatisfiable }

/// `standard`: `x-oss-range-behavior: standard` was sent.
pub fn select(header: &str, size: u64, standard: bool) -> Selected { let _ = (header, size, standard); todo!() }
