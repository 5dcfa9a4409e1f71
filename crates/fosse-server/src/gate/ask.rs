//! One question to the policy engine: facts are gathered, but only those that the decision turns on. The object in
//! particular is looked up only when a policy asks for its tags, or when the policies say nothing and its ACL decides.

use super::facts::RequestFacts;
use super::missing::seen;
use super::place::{Place, acl_of};
use super::refusal::denied_by_policy;
use crate::request::Call;
use fosse_oss::OssError;
use fosse_oss::op::{self, Operation};
use fosse_policy::{
    self as policy, Access, AccessDeniedDetail, Decision, Facts, Needs, ObjectAcl, Stage,
    StatementReport,
};
use fosse_store::{Object, VersionId};
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) action: &'static str,
    pub(super) access: Access,
}

impl Asked {
    /// `versioned`: a version is named.
    pub(super) fn of(operation: Operation, versioned: bool) -> Self {
        Self {
            action: operation.action(versioned),
            access: match operation.access() {
                op::Access::Read => Access::Read,
                op::Access::Write => Access::Write,
                op::Access::ReadAcl => Access::ReadAcl,
                op::Access::WriteAcl => Access::WriteAcl,
                op::Access::Other => Access::Other,
                op::Access::List => Access::List,
                op::Access::Manage => Access::Manage,
                op::Access::Preflight => Access::Preflight,
            },
        }
    }

    /// An action on an object beside the operation's own: tags and the like, which no ACL opens.
    pub(super) fn besides(action: &'static str) -> Self {
        Self {
            action,
            access: Access::Other,
        }
    }
}

/// What is asked about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The service.
    Service,
    /// A bucket that is about to be made.
    NewBucket(&'a str),
    /// A bucket.
    Bucket(&'a Place),
    /// An object, or the key where one will be.
    Object {
        place: &'a Place,
        key: &'a str,
        version: Option<VersionId>,
        /// `false`: the key or the version is not one that could be looked up.
        legal: bool,
    },
}

impl<'a> Subject<'a> {
    fn place(self) -> Option<&'a Place> {
        match self {
            Self::Service | Self::NewBucket(_) => None,
            Self::Bucket(place) | Self::Object { place, .. } => Some(place),
        }
    }

    async fn object(self, call: &Call) -> Result<Option<Arc<Object>>, OssError> {
        match self {
            Self::Object {
                place,
                key,
                version,
                legal: true,
            } => seen(call.service.store.object(&place.bucket, key, version).await),
            _ => Ok(None),
        }
    }

    fn facts(self, call: &'a Call, asked: Asked) -> Result<Facts<'a>, OssError> {
        let facts = Facts::new(call.caller.asker(), asked.action, asked.access);
        Ok(match self {
            Self::Service => facts,
            Self::NewBucket(name) => facts.new_bucket(name),
            Self::Bucket(place) => facts.in_bucket(place.facts(call)?),
            Self::Object { place, key, .. } => {
                facts.on_object(place.facts(call)?, key, ObjectAcl::Default)
            }
        })
    }
}

/// What a decision is about beside the request's head.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// The object, where it was looked up already.
    pub(super) object: Option<Arc<Object>>,
    /// Tags of the body.
    pub(super) body_tags: Option<&'a [(String, String)]>,
    /// Every statement is to be explained.
    pub(super) explain: bool,
}

/// A decision with what was learnt on the way.
pub(super) struct Answered {
    pub(super) decision: Decision,
    pub(super) detail: Option<AccessDeniedDetail>,
    /// The object, if it had to be looked up and there is one.
    pub(super) object: Option<Arc<Object>>,
    pub(super) reports: Vec<StatementReport>,
}

impl Answered {
    /// The decision as an answer.
    pub(super) fn granted(self, call: &Call) -> Result<Option<Arc<Object>>, OssError> {
        match self.decision.denial() {
            None => Ok(self.object),
            Some(denial) => Err(denied_by_policy(call, denial, self.detail)),
        }
    }
}

/// What the policies that have a say ask for.
pub(super) fn needs(call: &Call, asked: Asked, subject: Subject<'_>) -> Result<Needs, OssError> {
    Ok(subject.facts(call, asked)?.needs())
}

/// Decides.
///
/// Errors: only faults of the server; a refusal is a decision.
pub(super) async fn ask(
    call: &Call,
    asked: Asked,
    subject: Subject<'_>,
    known: Known<'_>,
) -> Result<Answered, OssError> {
    let facts = subject.facts(call, asked)?;
    let needs = facts.needs();
    let mut object = known.object;
    if needs.existing_tags && object.is_none() {
        object = subject.object(call).await?;
    }
    let tagged = object.clone().filter(|_| needs.existing_tags);
    let tags = tagged.as_ref().map(|object| object.attrs.tags.as_slice());
    let request = RequestFacts::read(call, needs, subject.place(), known.body_tags)?;
    let context = request.context(call, tags.unwrap_or_default());
    let mut facts = facts.within(&call.service.config.region, &context);
    let decision = match policy::policies(&facts) {
        Stage::Decided(decision) => decision,
        Stage::Acl(pending) => {
            if object.is_none() {
                object = subject.object(call).await?;
            }
            let own = object.as_ref().and_then(|object| acl_of(object.attrs.acl));
            facts.object_acl = own.map_or(ObjectAcl::Default, ObjectAcl::Own);
            pending.decide(&facts)
        }
    };
    Ok(Answered {
        detail: decision.detail(&facts),
        reports: if known.explain {
            policy::explain(&facts)
        } else {
            Vec::new()
        },
        decision,
        object,
    })
}
