//! The configuration file of the client, and where each value comes from (cli.md §2).

pub(crate) mod file;
pub(crate) mod ini;
pub(crate) mod sources;
