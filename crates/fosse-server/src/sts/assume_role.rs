//! AssumeRole (sts.md §3, §4, §5).

use crate::identity::Known;
use crate::identity::session::Session;
use crate::ram::{ALPHANUMERIC, Reply, format_seconds, random_text, role_arn};
use crate::request::Call;
use crate::rpc::{self, Fields, Node, RpcError};
use crate::sts::parameters::{AssumeRole, BadParameter};
use fosse_oss::sign::sts::StsVerified;
use fosse_policy::{Principal, Resource, TrustPolicy, Verdict, decide_call};
use fosse_store::identity::Role;

/// Shortest session in seconds.
const SHORTEST: u64 = 900;
/// Length of a session that does not ask, and longest of one that a session begins, in seconds.
const USUAL: u64 = 3600;

pub(super) fn run(call: &Call, verified: &StsVerified, known: &Known) -> Reply {
    let wanted = AssumeRole::read(&verified.params)?;
    let asker = known.principal.account();
    let limit = call.service.config.assume_role_per_second;
    if !call.service.throttle.take(asker, limit, call.now_ms) {
        return Err(RpcError::new(
            400,
            "Throttling.User",
            "Request was denied due to user flow control.",
        ));
    }
    if let Principal::Root { .. } = known.principal {
        return Err(RpcError::new(
            403,
            "NoPermission",
            "Roles may not be assumed by root accounts.",
        ));
    }
    let role = call
        .service
        .store
        .read_account(wanted.account, |records| {
            records.roles.get(wanted.role).cloned()
        })
        .flatten();
    let role = match role {
        Some(role) => role,
        None if wanted.account == asker => {
            return Err(RpcError::new(
                404,
                "EntityNotExist.Role",
                "The specified Role not exists .",
            ));
        }
        // Whether another account has a role is told only to those whom the role trusts.
        None => return Err(not_trusted()),
    };
    let seconds = wanted.seconds(&role, &known.principal)?;
    permitted(call, known, &role, &wanted)?;
    let now = call.now();
    let session = Session {
        access_key_id: format!("STS.{}", random_text(25, ALPHANUMERIC)?),
        secret: random_text(42, ALPHANUMERIC)?.into(),
        account: role.account.clone(),
        role_id: role.id.clone(),
        name: wanted.session.into(),
        issued_at: now,
        expires_at: now.saturating_add(i64::try_from(seconds).unwrap_or(0)),
        taken_by: taken_by(&known.principal),
        source_identity: source_identity(&wanted, known),
        policy_text: wanted.policy.as_ref().map(|(text, _)| (*text).to_owned()),
        policy: wanted.policy.as_ref().map(|(_, policy)| policy.clone()),
    };
    let token = session
        .seal(call.service.store.master_keys())
        .map_err(RpcError::internal)?;
    tracing::info!(
        role = role.name,
        session = wanted.session,
        access_key_id = session.access_key_id,
        taken_by = session.taken_by,
        seconds,
        "a role was assumed"
    );
    Ok(reply(&role, &session, token))
}

impl From<BadParameter> for RpcError {
    fn from(bad: BadParameter) -> Self {
        RpcError::new(400, bad.code(), bad.to_string())
    }
}

impl AssumeRole<'_> {
    /// How long the session lasts.
    fn seconds(&self, role: &Role, caller: &Principal) -> Result<u64, RpcError> {
        let mut most = u64::from(role.max_session_seconds);
        if let Principal::Session { .. } = caller {
            most = most.min(USUAL);
        }
        match self.seconds {
            None => Ok(most.min(USUAL)),
            Some(seconds) if (SHORTEST..=most).contains(&seconds) => Ok(seconds),
            Some(_) => Err(BadParameter::Duration.into()),
        }
    }
}

fn not_trusted() -> RpcError {
    RpcError::new(
        403,
        "NoPermission",
        "No permission perform sts:AssumeRole on this Role. Maybe you are not authorized to perform sts:AssumeRole or the specified role does not trust you",
    )
}

/// Both sides have to say so: the caller's own policies, and the role.
fn permitted(
    call: &Call,
    known: &Known,
    role: &Role,
    wanted: &AssumeRole<'_>,
) -> Result<(), RpcError> {
    const ACTION: &str = "sts:AssumeRole";
    let context = fosse_policy::Context {
        external_id: wanted.external_id,
        ..rpc::context(call, &known.access_key_id)
    };
    let caller = known.principal.caller();
    let resource = format!("role/{}", role.name.to_ascii_lowercase());
    let decision = decide_call(
        &caller,
        ACTION,
        Resource::Ram(&resource),
        &role.account,
        &context,
    );
    if !decision.is_allowed() {
        return Err(rpc::no_permission());
    }
    let trust = TrustPolicy::parse(role.trust.as_bytes()).map_err(RpcError::internal)?;
    match trust.ask(&caller, ACTION, &context) {
        Verdict::Allow => Ok(()),
        Verdict::Deny | Verdict::Ignore => Err(not_trusted()),
    }
}

fn taken_by(principal: &Principal) -> String {
    match principal {
        Principal::Root { account } => account.to_string(),
        Principal::User { account, id, .. } => format!("{account}:{id}"),
        Principal::Session {
            account,
            role_id,
            session,
            ..
        } => format!("{account}:{role_id}:{session}"),
    }
}

/// A chain of sessions keeps the identity that began it.
fn source_identity(wanted: &AssumeRole<'_>, known: &Known) -> Option<String> {
    let before = known
        .session
        .as_ref()
        .and_then(|session| session.source_identity.clone());
    before.or_else(|| wanted.source_identity.map(str::to_owned))
}

fn reply(role: &Role, session: &Session, token: String) -> Fields {
    let user = vec![
        (
            "AssumedRoleId",
            Node::from(format!("{}:{}", role.id, session.name)),
        ),
        ("Arn", format!("{}/{}", role_arn(role), session.name).into()),
    ];
    let credentials = vec![
        ("AccessKeyId", Node::from(session.access_key_id.as_str())),
        ("AccessKeySecret", (*session.secret).into()),
        ("SecurityToken", token.into()),
        ("Expiration", format_seconds(session.expires_at).into()),
    ];
    let mut fields = vec![
        ("AssumedRoleUser", user.into()),
        ("Credentials", credentials.into()),
    ];
    if let Some(identity) = &session.source_identity {
        fields.push(("SourceIdentity", identity.as_str().into()));
    }
    fields
}
