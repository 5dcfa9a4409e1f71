//! One operation, one function: parse, call the store, render. A handler takes the [`crate::gate::Authorized`] of its
//! request and decides nothing about rights.

pub(crate) mod acl;
pub(crate) mod append;
pub(crate) mod bucket;
pub(crate) mod bucket_list;
pub(crate) mod capacity;
pub(crate) mod cname;
pub(crate) mod conditions;
pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod cors;
pub(crate) mod delete;
pub(crate) mod delete_multiple;
pub(crate) mod encryption;
pub(crate) mod fault;
pub(crate) mod get;
mod gzip;
pub(crate) mod list;
pub(crate) mod list_multipart;
pub(crate) mod list_versions;
pub(crate) mod live_channel;
pub(crate) mod multipart;
pub(crate) mod object_headers;
pub(crate) mod object_tagging;
pub(crate) mod part_copy;
pub(crate) mod post_form;
pub(crate) mod put;
pub(crate) mod regions;
pub(crate) mod restore;
pub(crate) mod retention;
#[cfg(feature = "select")]
pub(crate) mod select;
#[cfg(feature = "select")]
mod select_frames;
pub(crate) mod symlink;
pub(crate) mod versioning;
