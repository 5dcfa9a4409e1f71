//! The load generator of Fosse and its comparisons. A library only so that the parts can be tested and
//! reused; the program is `fosse-bench`.

pub mod compare;
pub mod content;
pub mod cpu;
pub mod disk;
pub mod listing;
pub mod load;
pub mod pace;
pub mod peer;
pub mod response;
pub mod shots;
pub mod single;
pub mod table;
