//! GetCallerIdentity (sts.md §7): always allowed, as it tells a caller only who it is.

use crate::rpc::Fields;
use fosse_policy::Principal;

pub(super) fn fields(principal: &Principal) -> Fields {
    match principal {
        Principal::Root { account } => vec![
            ("IdentityType", "Account".into()),
            ("AccountId", (**account).into()),
            ("UserId", (**account).into()),
            ("PrincipalId", (**account).into()),
            ("Arn", format!("acs:ram::{account}:root").into()),
        ],
        Principal::User {
            account, id, name, ..
        } => vec![
            ("IdentityType", "RAMUser".into()),
            ("AccountId", (**account).into()),
            ("UserId", (**id).into()),
            ("PrincipalId", (**id).into()),
            ("Arn", format!("acs:ram::{account}:user/{name}").into()),
        ],
        Principal::Session {
            account,
            role_id,
            role,
            session,
            ..
        } => vec![
            ("IdentityType", "AssumedRoleUser".into()),
            ("AccountId", (**account).into()),
            ("RoleId", (**role_id).into()),
            ("PrincipalId", format!("{role_id}:{session}").into()),
            (
                "Arn",
                format!("acs:ram::{account}:assumed-role/{role}/{session}").into(),
            ),
        ],
    }
}
