//! The commands, one file each: its arguments, and what it does.

pub(crate) mod admin;
pub(crate) mod cat;
pub(crate) mod config;
pub(crate) mod cp;
pub(crate) mod fsck;
pub(crate) mod hash;
pub(crate) mod inspect;
pub(crate) mod ls;
pub(crate) mod mb;
pub(crate) mod presign;
pub(crate) mod rb;
pub(crate) mod rm;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod stat;
pub(crate) mod version;
