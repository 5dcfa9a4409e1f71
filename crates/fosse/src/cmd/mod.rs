//! The commands, one file each: its arguments, and what it does.

pub(crate) mod admin;
pub(crate) mod serve;
