//! Who an AccessKey stands for, at this moment: from the store's records to the principal that decisions take.
//!
//! A request costs one look into a cache. What is there is good as long as nothing in the store changed; after any
//! change it is made anew at its next use, so a key that is disabled, a policy that is detached or a role that is gone
//! counts from the next request on, also for URLs that were signed before.

mod last_use;
mod principals;
pub(crate) mod session;

pub(crate) use last_use::keep as keep_last_uses;
pub(crate) use principals::{Known, Look, Principals};
