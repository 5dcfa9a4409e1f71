//! The one decision (access-control.md §2): [`Facts`] in, [`Decision`] with its trace out.
//!
//! Policies are no part of it yet; the places where their results enter are marked by [`Rule`] and the order of the
//! steps. What is not known counts against the caller.

use crate::acl::{Acl, ObjectAcl};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller<'a> {
    /// No signature.
    Anonymous,
    /// A key of the account itself.
    Root {
        /// Account id.
        account: &'a str,
    },
    /// A key of a user of an account. Not the bucket owner, also when the account is: users have only what policies and
    /// ACLs give them.
    User {
        /// Account id.
        account: &'a str,
        /// User id.
        user: &'a str,
    },
}

/// What the operation addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The service.
    Service,
    /// A bucket.
    Bucket,
    /// An object, or the key where one will be.
    Object,
}

/// What the operation does. [`Read`](Access::Read) to [`Other`](Access::Other) are data operations, decided per object;
/// [`List`](Access::List) and [`Manage`](Access::Manage) are management operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads an object. Also the source of a copy.
    Read,
    /// Creates, changes or removes an object.
    Write,
    /// Reads an object's ACL.
    ReadAcl,
    /// Changes an object's ACL.
    WriteAcl,
    /// Anything else done to an object: no ACL opens it.
    Other,
    /// Lists what is in a bucket, or the buckets: no ACL opens it.
    List,
    /// Anything else done to a bucket or the service.
    Manage,
    /// CORS preflight: never authorized.
    Preflight,
}

/// The bucket that a request addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketFacts<'a> {
    /// Name.
    pub name: &'a str,
    /// Account id of the owner.
    pub owner: &'a str,
    /// Bucket ACL.
    pub acl: Acl,
}

/// Everything that a decision may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Facts<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// RAM action, `oss:...`.
    pub action: &'a str,
    /// What the operation addresses.
    pub scope: Scope,
    /// What it does.
    pub access: Access,
    /// The bucket; `None` for the service, and for a bucket that is about to be created.
    pub bucket: Option<BucketFacts<'a>>,
    /// The object's key.
    pub key: Option<&'a str>,
    /// The object's ACL; [`ObjectAcl::Default`] where there is no object.
    pub object_acl: ObjectAcl,
}

impl<'a> Facts<'a> {
    /// Facts of a service operation; the methods add what is addressed.
    pub fn new(caller: Caller<'a>, action: &'a str, access: Access) -> Self {
        Self {
            caller,
            action,
            scope: Scope::Service,
            access,
            bucket: None,
            key: None,
            object_acl: ObjectAcl::Default,
        }
    }

    /// A bucket is addressed.
    pub fn in_bucket(mut self, bucket: BucketFacts<'a>) -> Self {
        self.scope = Scope::Bucket;
        self.bucket = Some(bucket);
        self
    }

    /// A bucket is addressed that does not exist: it is to be created.
    pub fn new_bucket(mut self) -> Self {
        self.scope = Scope::Bucket;
        self.bucket = None;
        self
    }

    /// An object of a bucket is addressed; `acl` is its own, [`ObjectAcl::Default`] when there is no object yet.
    pub fn on_object(mut self, bucket: BucketFacts<'a>, key: &'a str, acl: ObjectAcl) -> Self {
        self.scope = Scope::Object;
        self.bucket = Some(bucket);
        self.key = Some(key);
        self.object_acl = acl;
        self
    }
}

/// A rule that was asked, in the order of access-control.md §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Preflight is never authorized.
    Preflight,
    /// The account itself may do everything to its own.
    Owner,
    /// Management operations are the owner's alone.
    Management,
    /// The object's own ACL.
    ObjectAcl,
    /// The bucket's ACL.
    BucketAcl,
    /// Operations on an object that no ACL opens.
    OwnerOnly,
}

/// What a rule said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Allowed; nothing else is asked.
    Allow,
    /// Refused; nothing else is asked.
    Deny,
    /// No opinion: the next rule decides.
    Ignore,
}

/// A rule and what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// What it said.
    pub verdict: Verdict,
}

/// The rules that were asked, in order; the last one decided. For logs and explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    steps: [Option<Step>; Trace::CAPACITY],
}

impl Trace {
    /// More than the longest chain of rules.
    const CAPACITY: usize = 8;

    fn push(&mut self, rule: Rule, verdict: Verdict) {
        if let Some(free) = self.steps.iter_mut().find(|step| step.is_none()) {
            *free = Some(Step { rule, verdict });
        }
    }

    /// The steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps.iter().flatten().copied()
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An anonymous caller asked for a management operation.
    AnonymousManagement,
    /// An anonymous caller asked for a listing.
    AnonymousListing,
    /// A service operation that nothing allows.
    NoRight,
    /// A bucket operation by somebody who is not the owner.
    NotBucketOwner,
    /// The bucket's ACL does not open the object.
    BucketAcl,
    /// The object's own ACL does not open it.
    ObjectAcl,
    /// Only the owner reads this ACL.
    ReadAcl,
    /// Only the owner changes this ACL.
    WriteAcl,
    /// Only the owner does this to an object.
    OwnerOnly,
}

/// A refusal as OSS words it: 403 `AccessDenied` (access-control.md §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Denial {
    /// Message for the caller.
    pub message: &'static str,
    /// EC.
    pub ec: &'static str,
    /// Reason, for logs and tests.
    pub reason: Reason,
}

/// Whether the request goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It does.
    Allow,
    /// It does not.
    Deny(Denial),
}

/// The outcome and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Allow or deny.
    pub outcome: Outcome,
    /// The rules that were asked.
    pub trace: Trace,
}

impl Decision {
    /// Whether the request goes on.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }

    /// The refusal, if any.
    pub fn denial(&self) -> Option<&Denial> {
        match &self.outcome {
            Outcome::Allow => None,
            Outcome::Deny(denial) => Some(denial),
        }
    }
}

/// Decides a request. One decision is about one object: an operation on several, or with a source besides, needs one
/// for each.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let mut trace = Trace::default();
    let outcome = match rules(facts, &mut trace) {
        Ok(()) => Outcome::Allow,
        Err(reason) => Outcome::Deny(reason.denial(facts)),
    };
    Decision { outcome, trace }
}

fn rules(facts: &Facts<'_>, trace: &mut Trace) -> Result<(), Reason> {
    if facts.access == Access::Preflight {
        trace.push(Rule::Preflight, Verdict::Allow);
        return Ok(());
    }
    if is_owner(facts) {
        trace.push(Rule::Owner, Verdict::Allow);
        return Ok(());
    }
    trace.push(Rule::Owner, Verdict::Ignore);
    match facts.access {
        Access::List | Access::Manage => {
            trace.push(Rule::Management, Verdict::Deny);
            Err(match (facts.caller, facts.scope, facts.access) {
                (Caller::Anonymous, Scope::Bucket, Access::List) => Reason::AnonymousListing,
                (Caller::Anonymous, ..) => Reason::AnonymousManagement,
                (_, Scope::Service, _) => Reason::NoRight,
                _ => Reason::NotBucketOwner,
            })
        }
        Access::ReadAcl => refuse(trace, Reason::ReadAcl),
        Access::WriteAcl => refuse(trace, Reason::WriteAcl),
        Access::Other | Access::Preflight => refuse(trace, Reason::OwnerOnly),
        Access::Read => by_acl(facts, trace, Acl::opens_read),
        Access::Write => by_acl(facts, trace, Acl::opens_write),
    }
}

fn refuse(trace: &mut Trace, reason: Reason) -> Result<(), Reason> {
    trace.push(Rule::OwnerOnly, Verdict::Deny);
    Err(reason)
}

/// The account itself: on the service, on its own buckets and what is in them, and for a bucket to be created.
fn is_owner(facts: &Facts<'_>) -> bool {
    let Caller::Root { account } = facts.caller else {
        return false;
    };
    match (facts.scope, facts.bucket) {
        (Scope::Service, _) | (Scope::Bucket, None) => true,
        (Scope::Bucket | Scope::Object, Some(bucket)) => bucket.owner == account,
        (Scope::Object, None) => false,
    }
}

/// Object ACL first, and the bucket's where the object leaves it open.
fn by_acl(facts: &Facts<'_>, trace: &mut Trace, opens: fn(Acl) -> bool) -> Result<(), Reason> {
    let bucket_acl = facts.bucket.map_or(Acl::Private, |bucket| bucket.acl);
    let (rule, acl, reason) = match facts.object_acl {
        ObjectAcl::Own(acl) => (Rule::ObjectAcl, acl, Reason::ObjectAcl),
        ObjectAcl::Default => {
            trace.push(Rule::ObjectAcl, Verdict::Ignore);
            (Rule::BucketAcl, bucket_acl, Reason::BucketAcl)
        }
    };
    if opens(acl) {
        trace.push(rule, Verdict::Allow);
        return Ok(());
    }
    trace.push(rule, Verdict::Deny);
    Err(reason)
}

impl Reason {
    fn denial(self, facts: &Facts<'_>) -> Denial {
        let general = "0003-00000001";
        let (message, ec) = match self {
            Reason::AnonymousManagement => {
                ("Anonymous access is forbidden for this operation.", general)
            }
            Reason::AnonymousListing => (
                "Anonymous user has no right to access this bucket.",
                general,
            ),
            Reason::NoRight => ("AccessDenied", general),
            Reason::NotBucketOwner => ("The bucket you access does not belong to you.", general),
            Reason::BucketAcl => (
                "You have no right to access this object because of bucket acl.",
                general,
            ),
            Reason::ObjectAcl if facts.object_acl == ObjectAcl::Own(Acl::Private) => {
                ("You have no right to access this object.", general)
            }
            Reason::ObjectAcl => ("You do not have write permission on this object.", general),
            Reason::ReadAcl => (
                "You do not have read acl permission on this object.",
                "0003-00000007",
            ),
            Reason::WriteAcl => (
                "You do not have write acl permission on this object.",
                "0003-00000008",
            ),
            Reason::OwnerOnly if facts.caller == Caller::Anonymous => (
                "Anonymous user has no right to access this object.",
                general,
            ),
            Reason::OwnerOnly => ("You have no right to access this object.", general),
        };
        Denial {
            message,
            ec,
            reason: self,
        }
    }
}

#[cfg(test)]
mod tests;
