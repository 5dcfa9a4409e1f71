//! The one decision (access-control.md §2): [`Facts`] in, [`Decision`] with its trace out.
//!
//! What is not known counts against the caller. Policies come first; an ACL is looked at only when they say nothing, and
//! [`policies`] tells whether that is so before anybody has to look the object up.

use crate::acl::{Acl, ObjectAcl};
use crate::caller::{Attached, Caller};
use crate::context::Context;
use crate::denial::{Denial, Reason};
use crate::lower::Lower;
use crate::policy::{Policy, Question, Said, Verdict};
use crate::resource::{Place, Resource};
use crate::trace::{Rule, Source, Step, Trace};

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
#[derive(Debug, Clone, Copy)]
pub struct BucketFacts<'a> {
    /// Name.
    pub name: &'a str,
    /// Account id of the owner.
    pub owner: &'a str,
    /// Bucket ACL.
    pub acl: Acl,
    /// Bucket policy.
    pub policy: Option<&'a Policy>,
    /// Public access is blocked, for the bucket or for its owner's account: public ACLs count as private, and public
    /// grants of the policy not at all.
    pub block_public: bool,
}

impl<'a> BucketFacts<'a> {
    /// A bucket without policy and block.
    pub fn new(name: &'a str, owner: &'a str, acl: Acl) -> Self {
        Self {
            name,
            owner,
            acl,
            policy: None,
            block_public: false,
        }
    }
}

/// Everything that a decision may depend on.
#[derive(Debug, Clone, Copy)]
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
    /// Name of a bucket that is about to be created.
    pub new_bucket: Option<&'a str>,
    /// The object's key.
    pub key: Option<&'a str>,
    /// The object's ACL; [`ObjectAcl::Default`] where there is no object.
    pub object_acl: ObjectAcl,
    /// Region id of the bucket.
    pub region: &'a str,
    /// What conditions may ask about.
    pub context: &'a Context<'a>,
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
            new_bucket: None,
            key: None,
            object_acl: ObjectAcl::Default,
            region: "",
            context: &Context::UNKNOWN,
        }
    }

    /// Region and context of the request.
    pub fn within(mut self, region: &'a str, context: &'a Context<'a>) -> Self {
        self.region = region;
        self.context = context;
        self
    }

    /// A bucket is addressed.
    pub fn in_bucket(mut self, bucket: BucketFacts<'a>) -> Self {
        self.scope = Scope::Bucket;
        self.bucket = Some(bucket);
        self
    }

    /// A bucket is addressed that does not exist: it is to be created, and will be the caller's account's.
    pub fn new_bucket(mut self, name: &'a str) -> Self {
        self.scope = Scope::Bucket;
        self.bucket = None;
        self.new_bucket = Some(name);
        self
    }

    /// An object of a bucket is addressed; `acl` is its own, [`ObjectAcl::Default`] when there is no object yet or it is
    /// not known yet (see [`policies`]).
    pub fn on_object(mut self, bucket: BucketFacts<'a>, key: &'a str, acl: ObjectAcl) -> Self {
        self.scope = Scope::Object;
        self.bucket = Some(bucket);
        self.key = Some(key);
        self.object_acl = acl;
        self
    }

    /// Account that owns what is addressed: the bucket's owner, else the caller's account. `None` for what nobody owns:
    /// the service as seen by an anonymous caller.
    pub fn owner(&self) -> Option<&'a str> {
        match (self.scope, self.bucket) {
            (_, Some(bucket)) => Some(bucket.owner),
            (Scope::Object, None) => None,
            (Scope::Service | Scope::Bucket, None) => self.caller.account(),
        }
    }

    /// Whether the caller is the account itself that owns what is addressed.
    pub fn by_owner(&self) -> bool {
        self.owner()
            .is_some_and(|owner| self.caller.is_root_of(owner))
    }

    fn blocks_public(&self) -> bool {
        self.bucket.is_some_and(|bucket| bucket.block_public)
    }

    pub(crate) fn question(&self) -> Question<'a> {
        let bucket = self.bucket.map(|bucket| bucket.name).or(self.new_bucket);
        let resource = match (self.scope, bucket, self.key) {
            (Scope::Object, Some(bucket), Some(key)) => Resource::Object(bucket, key),
            (Scope::Bucket | Scope::Object, Some(bucket), _) => Resource::Bucket(bucket),
            _ => Resource::Service,
        };
        Question {
            caller: self.caller,
            action: Lower::of(self.action),
            resource,
            place: Place {
                region: self.region,
                account: self.owner().unwrap_or_default(),
            },
            context: self.context,
            owner: self.by_owner(),
            no_public: self.blocks_public(),
        }
    }

    /// Attached policies that have a say: those of the owner's account (access-control.md §2.2, step 3).
    pub(crate) fn attached(&self) -> &'a [Attached] {
        if self.caller.account().is_some() && self.caller.account() == self.owner() {
            self.caller.policies()
        } else {
            &[]
        }
    }

    /// What the conditions of all policies that have a say ask for.
    pub fn needs(&self) -> crate::Needs {
        let session = self.caller.session_policy();
        let bucket = self.bucket.and_then(|bucket| bucket.policy);
        session
            .into_iter()
            .chain(bucket)
            .chain(self.attached().iter().map(|attached| &*attached.policy))
            .fold(crate::Needs::default(), |needs, policy| {
                needs.and(policy.needs())
            })
    }
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

/// How far policies and ownership come.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "short-lived")]
pub enum Stage {
    /// All the way.
    Decided(Decision),
    /// The ACLs decide; the object's is needed.
    Acl(Pending),
}

/// A decision that waits for the ACL of the object.
#[derive(Debug, Clone, Copy)]
pub struct Pending(Trace);

impl Pending {
    /// Decides; of the object's ACL only [`Facts::object_acl`] is read, of the rest what [`policies`] read.
    pub fn decide(self, facts: &Facts<'_>) -> Decision {
        let mut trace = self.0;
        let outcome = by_acl(facts, &mut trace);
        finish(facts, outcome, trace)
    }
}

/// Decides a request. One decision is about one object and one action: an operation on several, with a source, or with
/// a second action besides, needs one for each.
pub fn decide(facts: &Facts<'_>) -> Decision {
    match policies(facts) {
        Stage::Decided(decision) => decision,
        Stage::Acl(pending) => pending.decide(facts),
    }
}

/// Decides as far as it goes without the object's ACL ([`Facts::object_acl`] is not read).
pub fn policies(facts: &Facts<'_>) -> Stage {
    let mut trace = Trace::default();
    match rules(facts, &mut trace) {
        Some(outcome) => Stage::Decided(finish(facts, outcome, trace)),
        None => Stage::Acl(Pending(trace)),
    }
}

fn finish(facts: &Facts<'_>, outcome: Result<(), Reason>, trace: Trace) -> Decision {
    let outcome = match outcome {
        Ok(()) => Outcome::Allow,
        Err(reason) => Outcome::Deny(reason.denial(facts)),
    };
    Decision { outcome, trace }
}

/// access-control.md §2.2 to §2.4. `None`: the ACLs decide.
fn rules(facts: &Facts<'_>, trace: &mut Trace) -> Option<Result<(), Reason>> {
    if facts.access == Access::Preflight {
        trace.push(Rule::Preflight, Verdict::Allow);
        return Some(Ok(()));
    }
    if let Some(outcome) = by_policies(facts, trace) {
        return Some(outcome);
    }
    if facts.by_owner() {
        trace.push(Rule::Owner, Verdict::Allow);
        return Some(Ok(()));
    }
    trace.push(Rule::Owner, Verdict::Ignore);
    let (rule, reason) = match facts.access {
        Access::Read | Access::Write => return None,
        Access::List | Access::Manage => {
            let reason = match (facts.caller, facts.scope, facts.access) {
                (Caller::Anonymous, Scope::Bucket, Access::List) => Reason::AnonymousListing,
                (Caller::Anonymous, ..) => Reason::AnonymousManagement,
                (_, Scope::Service, _) => Reason::NoRight,
                _ => Reason::NotBucketOwner,
            };
            (Rule::Management, reason)
        }
        Access::ReadAcl => (Rule::OwnerOnly, Reason::ReadAcl),
        Access::WriteAcl => (Rule::OwnerOnly, Reason::WriteAcl),
        Access::Other | Access::Preflight => (Rule::OwnerOnly, Reason::OwnerOnly),
    };
    trace.push(rule, Verdict::Deny);
    Some(Err(reason))
}

/// Steps 2 to 5 of §2.2. `None`: no policy has anything to say.
fn by_policies(facts: &Facts<'_>, trace: &mut Trace) -> Option<Result<(), Reason>> {
    let session = facts.caller.session_policy();
    let attached = facts.attached();
    let bucket = facts.bucket.and_then(|bucket| bucket.policy);
    if session.is_none() && attached.is_empty() && bucket.is_none() {
        return None;
    }
    let question = facts.question();
    if let Some(policy) = session {
        let said = policy.ask(&question);
        trace.said(Rule::SessionPolicy, said, 0);
        if said.verdict != Verdict::Allow {
            let explicit = said.verdict == Verdict::Deny;
            return Some(Err(Reason::SessionPolicy { explicit }));
        }
    }
    let ram = by_attached(attached, &question, trace);
    let mut own = Verdict::Ignore;
    if let Some(policy) = bucket {
        let said = policy.ask(&question);
        trace.said(Rule::BucketPolicy, said, 0);
        own = said.verdict;
        if own == Verdict::Deny && question.owner && keeps_the_key(facts.action) {
            trace.push(Rule::LockOutGuard, Verdict::Allow);
            own = Verdict::Ignore;
        }
    }
    match (ram, own) {
        (Verdict::Deny, Verdict::Deny) => Some(Err(Reason::BothPolicies)),
        (Verdict::Deny, _) => Some(Err(Reason::RamPolicy)),
        (_, Verdict::Deny) => Some(Err(Reason::BucketPolicy)),
        (Verdict::Allow, _) | (_, Verdict::Allow) => Some(Ok(())),
        (Verdict::Ignore, Verdict::Ignore) => None,
    }
}

/// All attached policies together; deny wins.
fn by_attached(attached: &[Attached], question: &Question<'_>, trace: &mut Trace) -> Verdict {
    let mut found = Said {
        verdict: Verdict::Ignore,
        statement: None,
    };
    let mut policy = 0;
    for (at, one) in attached.iter().enumerate() {
        // Public grants are a notion of bucket policies; statements without principals are never narrowed.
        let said = one.policy.ask(question);
        let counts = match said.verdict {
            Verdict::Ignore => false,
            Verdict::Allow => found.verdict == Verdict::Ignore,
            Verdict::Deny => true,
        };
        if counts {
            (found, policy) = (said, at);
        }
        if said.verdict == Verdict::Deny {
            break;
        }
    }
    if !attached.is_empty() {
        trace.said(Rule::RamPolicy, found, policy);
    }
    found.verdict
}

/// The lock-out guard (access-control.md §4.3): what the owner may do under any policy, so that no policy is for ever.
fn keeps_the_key(action: &str) -> bool {
    matches!(
        action,
        "oss:GetBucketPolicy" | "oss:PutBucketPolicy" | "oss:DeleteBucketPolicy"
    )
}

/// Object ACL first, and the bucket's where the object leaves it open (access-control.md §5).
fn by_acl(facts: &Facts<'_>, trace: &mut Trace) -> Result<(), Reason> {
    let opens = match facts.access {
        Access::Read => Acl::opens_read,
        _ => Acl::opens_write,
    };
    let bucket_acl = facts.bucket.map_or(Acl::Private, |bucket| bucket.acl);
    let (rule, acl, reason) = match facts.object_acl {
        ObjectAcl::Own(acl) => (Rule::ObjectAcl, acl, Reason::ObjectAcl),
        ObjectAcl::Default => {
            trace.push(Rule::ObjectAcl, Verdict::Ignore);
            (Rule::BucketAcl, bucket_acl, Reason::BucketAcl)
        }
    };
    if opens(acl) {
        if !facts.blocks_public() {
            trace.push(rule, Verdict::Allow);
            return Ok(());
        }
        trace.push(Rule::PublicAccessBlock, Verdict::Deny);
        return Err(reason);
    }
    trace.push(rule, Verdict::Deny);
    Err(reason)
}

/// Decides a call of the RAM or STS service by the caller's own policies: `action` (`ram:...`, `sts:...`) on a resource
/// of `account`. The account itself may do everything to what is its own; everybody else needs an allowing policy, and the
/// policy of a session has to allow it as well.
pub fn decide_call(
    caller: &Caller<'_>,
    action: &str,
    resource: Resource<'_>,
    account: &str,
    context: &Context<'_>,
) -> Decision {
    let question = Question {
        caller: *caller,
        action: Lower::of(action),
        resource,
        place: Place {
            region: "",
            account,
        },
        context,
        owner: caller.is_root_of(account),
        no_public: false,
    };
    let mut trace = Trace::default();
    let outcome = (|| {
        if caller.is_root_of(account) {
            trace.push(Rule::Owner, Verdict::Allow);
            return Ok(());
        }
        if let Some(policy) = caller.session_policy() {
            let said = policy.ask(&question);
            trace.said(Rule::SessionPolicy, said, 0);
            if said.verdict != Verdict::Allow {
                let explicit = said.verdict == Verdict::Deny;
                return Err(Reason::SessionPolicy { explicit });
            }
        }
        match by_attached(caller.policies(), &question, &mut trace) {
            Verdict::Allow => Ok(()),
            Verdict::Deny => Err(Reason::RamPolicy),
            Verdict::Ignore => Err(Reason::NoRight),
        }
    })();
    let facts = Facts::new(*caller, action, Access::Manage);
    finish(&facts, outcome, trace)
}

impl Trace {
    fn push(&mut self, rule: Rule, verdict: Verdict) {
        self.add(Step {
            rule,
            verdict,
            source: None,
        });
    }

    fn said(&mut self, rule: Rule, said: Said, policy: usize) {
        self.add(Step {
            rule,
            verdict: said.verdict,
            source: said.statement.map(|statement| Source {
                policy: u16::try_from(policy).unwrap_or(u16::MAX),
                statement: u16::try_from(statement).unwrap_or(u16::MAX),
            }),
        });
    }
}

#[cfg(test)]
mod tests;
