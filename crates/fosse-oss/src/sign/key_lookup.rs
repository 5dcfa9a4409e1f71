//! From an AccessKey ID and a token to a secret (§9).

use super::{KeyState, Keys, Rule};
use std::sync::Arc;

/// Looks a key up and applies §9: ids of STS need their token, others must not have one.
pub(super) fn find_secret(
    keys: &dyn Keys,
    access_key_id: &str,
    token: Option<&str>,
    now: i64,
) -> Result<(Arc<str>, Option<i64>), Rule> {
    match (access_key_id.starts_with("STS."), token) {
        (true, None) => return Err(Rule::TokenMissing),
        (false, Some(_)) => return Err(Rule::TokenUnexpected),
        _ => {}
    }
    match keys.lookup(access_key_id, token) {
        KeyState::Active {
            expires_at: Some(end),
            ..
        } if now > end => Err(Rule::TokenExpired),
        KeyState::Active { secret, expires_at } => Ok((secret, expires_at)),
        KeyState::Unknown => Err(Rule::KeyUnknown),
        KeyState::Disabled => Err(Rule::KeyDisabled),
        KeyState::TokenInvalid => Err(Rule::TokenInvalid),
        KeyState::TokenMismatch => Err(Rule::TokenMismatch),
        KeyState::TokenExpired => Err(Rule::TokenExpired),
        KeyState::TokenUnexpected => Err(Rule::TokenUnexpected),
    }
}
