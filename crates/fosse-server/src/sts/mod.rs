//! STS: temporary credentials of roles (sts.md).

mod assume_role;
mod caller_identity;
pub mod parameters;
mod throttle;

pub(crate) use throttle::Throttle;

use crate::identity::Known;
use crate::ram::Reply;
use crate::request::Call;
use crate::rpc;
use fosse_oss::sign::sts::StsVerified;
use std::sync::Arc;

/// Runs an action.
pub(crate) async fn run(call: &Call, verified: &StsVerified, known: &Arc<Known>) -> Reply {
    match verified.action.as_str() {
        "AssumeRole" => assume_role::run(call, verified, known),
        "GetCallerIdentity" => Ok(caller_identity::fields(&known.principal)),
        _ => Err(rpc::not_found()),
    }
}
