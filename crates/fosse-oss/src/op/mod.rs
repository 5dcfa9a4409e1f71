//! Addresses and operations: host and raw path to bucket and key, then method and query to one [`Operation`].

mod address;
mod operation;
mod parse;
mod query;

pub use address::{Addressing, Style, Target};
pub use operation::{Access, Operation, OperationClass, Scope, Tier};
pub use query::Query;
