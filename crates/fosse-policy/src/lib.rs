//! Access decisions of Fosse, pure: who may do what, and why not.
//!
//! The input is a flat context of texts and enumerations; HTTP and the protocol crate are unknown here, so that every
//! rule can be tested by table. What a configuration allows is computed by [`decide()`] for requests, by [`decide_call`]
//! for calls of the RAM and STS services, by [`RefererRules`] for pages that link here, and by [`cors`] for scripts of
//! other origins.
//!
//! Policies are read once ([`Policy`], [`TrustPolicy`]) and evaluated without allocating; no pattern in them can make
//! that slow.

pub mod acl;
mod address;
pub mod caller;
mod condition;
pub mod context;
pub mod cors;
pub mod decide;
pub mod denial;
pub mod document;
pub mod explain;
mod glob;
mod json;
mod lower;
pub mod policy;
mod principal;
pub mod public_access;
pub mod referer;
pub mod requester;
pub mod resource;
mod time;
pub mod trace;
pub mod trust;

pub use acl::{Acl, ObjectAcl};
pub use caller::{Attached, Caller, Principal};
pub use condition::MAX_TEXT_BYTES;
pub use context::{Context, Needs};
pub use decide::{
    Access, BucketFacts, Decision, Facts, Outcome, Pending, Scope, Stage, decide, decide_call,
    policies,
};
pub use denial::{AccessDeniedDetail, Denial, Reason};
pub use document::PolicyError;
pub use explain::{Fit, StatementReport, explain};
pub use policy::{Effect, Policy, Verdict};
pub use public_access::{refused_bucket_acl, refused_object_acl, refused_policy};
pub use referer::{RefererFault, RefererRules};
pub use requester::refused_requester;
pub use resource::{Place, Resource};
pub use trace::{Rule, Source, Step, Trace};
pub use trust::TrustPolicy;
