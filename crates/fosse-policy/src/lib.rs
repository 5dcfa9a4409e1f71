//! Access decisions of Fosse, pure: who may do what, and why not.
//!
//! The input is a flat context of texts and enumerations; HTTP and the protocol crate are unknown here, so that every
//! rule can be tested by table. What a configuration allows is computed by [`decide`] for requests and by [`cors`] for
//! scripts of other origins.

pub mod acl;
pub mod cors;
pub mod decide;

pub use acl::{Acl, ObjectAcl};
pub use decide::{
    Access, BucketFacts, Caller, Decision, Denial, Facts, Outcome, Reason, Rule, Scope, Step,
    Trace, Verdict, decide,
};
