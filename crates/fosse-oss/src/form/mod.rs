//! The body of a PostObject request: `multipart/form-data` (RFC 7578) as a bounded stream, and what its fields say
//! (api-objects.md §10).

mod disposition;
mod fields;
mod reader;

pub use fields::{FormFields, FormHeader, Success};
pub use reader::{
    FormField, FormFile, FormPart, FormReader, MAX_BEFORE_FILE, MAX_FIELD_NAME, MAX_FIELD_VALUE,
    boundary,
};
