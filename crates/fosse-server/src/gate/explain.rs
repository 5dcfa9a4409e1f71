//! The way through the gate, told instead of gone: for people who want to know why a request would be refused.

use super::ask::{Asked, Known, Subject, ask};
use super::place::Place;
use super::{bucket_rules, verdict_word, version_named, version_of};
use crate::request::Call;
use fosse_oss::OssError;
use fosse_oss::name::{BucketName, ObjectKey};
use fosse_oss::op::Operation;
use fosse_policy::{Rule, Step};

/// Why a request would be let in or refused. Tells more than the client may know: for those who run the server.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The refusal, as the client would get it.
    pub(crate) outcome: Result<(), OssError>,
    /// The RAM action that is asked for.
    pub(crate) action: &'static str,
    /// The rules that were asked, in order, with what they said.
    pub(crate) steps: Vec<String>,
    /// Every statement of every policy that has a say, and whether it applies.
    pub(crate) statements: Vec<String>,
}

/// What [`super::authorize`] would say to the request, and why. Nothing of the operation is done; `call` has its target,
/// query and caller.
///
/// Errors: faults of the server only.
pub(crate) async fn explain(call: &Call, operation: Operation) -> Result<Explanation, OssError> {
    let asked = Asked::of(operation, version_named(call));
    let mut told = Explanation {
        outcome: Ok(()),
        action: asked.action,
        steps: Vec::new(),
        statements: Vec::new(),
    };
    let name = match call.target.bucket.as_deref().map(BucketName::parse) {
        None => None,
        Some(Ok(name)) => Some(name),
        Some(Err(error)) => return Ok(told.refused("the bucket's name", error)),
    };
    let place = match &name {
        None => None,
        Some(name) => match Place::find(call, name.as_str()).await {
            Ok(place) => Some(place),
            Err(error) if error.status() >= 500 => return Err(error),
            Err(_) if operation == Operation::PutBucket => None,
            Err(error) => return Ok(told.refused("the bucket", error)),
        },
    };
    if let Some(place) = &place
        && let Err(error) = bucket_rules::check(call, operation, place)
    {
        return Ok(told.refused("a rule of the bucket (Referer, requester pays)", error));
    }
    let key = ObjectKey::parse(&call.target.key);
    let version = version_of(call);
    let subject = match (&place, &name) {
        (None, None) => Subject::Service,
        (None, Some(name)) => Subject::NewBucket(name.as_str()),
        (Some(place), _) if call.target.key.is_empty() => Subject::Bucket(place),
        (Some(place), _) => Subject::Object {
            place,
            key: key.as_ref().map(ObjectKey::as_str).unwrap_or_default(),
            version: version.as_ref().ok().copied().flatten(),
            legal: key.is_ok() && version.is_ok(),
        },
    };
    let known = Known {
        explain: true,
        ..Known::default()
    };
    let answered = Box::pin(ask(call, asked, subject, known)).await?;
    told.steps
        .extend(answered.decision.trace.steps().map(|step| tell(call, step)));
    told.statements
        .extend(answered.reports.iter().map(ToString::to_string));
    told.outcome = answered.granted(call).map(|_| ());
    Ok(told)
}

impl Explanation {
    fn refused(mut self, by: &str, error: OssError) -> Self {
        self.steps.push(format!("{by}: denied"));
        self.outcome = Err(error);
        self
    }
}

fn tell(call: &Call, step: Step) -> String {
    let rule = match step.rule {
        Rule::Preflight => "CORS preflight",
        Rule::SessionPolicy => "session policy",
        Rule::RamPolicy => "policies of the identity",
        Rule::BucketPolicy => "bucket policy",
        Rule::LockOutGuard => "the owner keeps control of the bucket policy",
        Rule::Owner => "ownership",
        Rule::Management => "management operations are the owner's",
        Rule::ObjectAcl => "object ACL",
        Rule::BucketAcl => "bucket ACL",
        Rule::PublicAccessBlock => "block public access",
        Rule::OwnerOnly => "no ACL opens this operation",
    };
    let mut text = format!("{rule}: {}", verdict_word(step.verdict));
    if let Some(source) = step.source {
        let policies = call.caller.asker().policies();
        match (step.rule, policies.get(usize::from(source.policy))) {
            (Rule::RamPolicy, Some(attached)) => {
                text.push_str(&format!(
                    " by {}, statement {}",
                    attached.name, source.statement
                ));
            }
            _ => text.push_str(&format!(" by statement {}", source.statement)),
        }
    }
    text
}
