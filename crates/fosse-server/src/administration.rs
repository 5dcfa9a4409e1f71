//! Administration by an operator: the actions of RAM on any account, and those that RAM does not have (accounts, inline
//! policies, settings of buckets that OSS does not have). The same call serves the admin listener and a data directory whose server is stopped.

use crate::ram::{self, Params, Ram};
use crate::rpc::{RpcError, fields_to_json};
use fosse_store::Store;
use serde_json::Value;
use std::fmt;

/// A secret that lets its holder administer over the admin listener: made anew at each start, and kept where only the
/// operator reads it. `Debug` prints nothing of it.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    /// A token that nobody guesses.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn random() -> std::io::Result<Self> {
        ram::random_text(43, ram::ALPHANUMERIC)
            .map(Self)
            .map_err(|_| std::io::Error::other("the operating system gives no randomness"))
    }

    /// The text that is sent as `Authorization: Bearer TEXT`.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `sent` is it; takes as long whatever was sent.
    pub(crate) fn is(&self, sent: &[u8]) -> bool {
        let hash = |text: &[u8]| ring::digest::digest(&ring::digest::SHA256, text);
        let (own, other) = (hash(self.0.as_bytes()), hash(sent));
        let differ = own
            .as_ref()
            .iter()
            .zip(other.as_ref())
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        differ == 0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(<redacted>)")
    }
}

/// One action of an operator.
#[derive(Debug, Clone)]
pub struct AdminCall {
    /// Name of the action: one of RAM (2015-05-01), or `CreateAccount`, `GetAccount`, `UpdateAccount`, `DeleteAccount`,
    /// `ListAccounts`, `PutInlinePolicy`, `GetInlinePolicy`, `DeleteInlinePolicy`, `ListInlinePolicies`, `ListBuckets`,
    /// `GetBucket`, `UpdateBucket`.
    pub action: String,
    /// Account that is administered; `None`: that of the server's root AccessKey.
    pub account: Option<String>,
    /// Parameters, as RAM names them.
    pub params: Vec<(String, String)>,
}

impl AdminCall {
    /// Reads the body of `POST /admin/v1`: `{"Action": ..., "Account": ..., parameters}`, where values are texts, numbers or
    /// flags. An empty account is none.
    ///
    /// # Errors
    /// 400 `InvalidParameter.Body` for everything else.
    pub fn from_json(body: &[u8]) -> Result<Self, AdminRefusal> {
        let bad = || {
            refuse(
                400,
                "InvalidParameter.Body",
                "The body is no JSON object of texts.",
            )
        };
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return Err(bad());
        };
        let mut params = Vec::with_capacity(members.len());
        for (name, value) in members {
            params.push(match value {
                Value::String(text) => (name, text),
                Value::Number(number) => (name, number.to_string()),
                Value::Bool(flag) => (name, flag.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => return Err(bad()),
            });
        }
        Ok(Self::of(params))
    }

    /// The call that parameters are, of which `Action` and `Account` are two.
    pub(crate) fn of(mut params: Vec<(String, String)>) -> Self {
        let mut take = |wanted: &str| {
            let at = params.iter().position(|(name, _)| name == wanted)?;
            Some(params.swap_remove(at).1)
        };
        Self {
            action: take("Action").unwrap_or_default(),
            account: take("Account").filter(|account| !account.is_empty()),
            params,
        }
    }
}

/// Why an action was refused, in the words of RAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminRefusal {
    /// HTTP status.
    pub status: u16,
    /// Such as `EntityNotExist.User`.
    pub code: String,
    /// A sentence.
    pub message: String,
}

pub(crate) fn refuse(status: u16, code: &str, message: &str) -> AdminRefusal {
    AdminRefusal {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

impl fmt::Display for AdminRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AdminRefusal {}

impl From<RpcError> for AdminRefusal {
    fn from(error: RpcError) -> Self {
        if let Some(cause) = &error.cause {
            tracing::error!(%cause, "an administrative action failed");
        }
        Self {
            status: error.status,
            code: error.code.into_owned(),
            message: error.message.into_owned(),
        }
    }
}

/// Carries an action out; `now_ms` is Unix milliseconds. Answers what RAM answers, without `RequestId`.
///
/// # Errors
/// What RAM refuses: unknown names, malformed parameters, conflicts, limits.
pub async fn administer(
    store: &Store,
    now_ms: i64,
    call: &AdminCall,
) -> Result<Value, AdminRefusal> {
    carry_out(store, now_ms, call, &|_| None).await
}

/// As [`administer`], knowing what `last_used` knows.
pub(crate) async fn carry_out(
    store: &Store,
    now_ms: i64,
    call: &AdminCall,
    last_used: &(dyn Fn(&str) -> Option<i64> + Send + Sync),
) -> Result<Value, AdminRefusal> {
    let action = ram::find(&call.action).ok_or_else(crate::rpc::not_found)?;
    let account = match &call.account {
        Some(account) => account.clone(),
        None => root_account(store).ok_or_else(|| {
            RpcError::new(
                404,
                "EntityNotExist.Account",
                "There is no root account yet: start the server once.",
            )
        })?,
    };
    let ram = Ram {
        store,
        now_ms,
        account: &account,
        user: None,
        operator: true,
        params: Params(&call.params),
        last_used,
    };
    let fields = action.run(&ram).await?;
    tracing::info!(action = action.name, account, "administered");
    Ok(fields_to_json(&fields))
}

/// The account of the server's root AccessKey.
fn root_account(store: &Store) -> Option<String> {
    let keys = store.access_keys();
    keys.iter()
        .find(|key| key.root)
        .map(|key| key.owner.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_compared_whole_and_not_printed() {
        let token = AdminToken::random().unwrap();
        assert!(token.is(token.secret().as_bytes()));
        for other in [&b""[..], b"x", &token.secret().as_bytes()[..42]] {
            assert!(!token.is(other));
        }
        assert!(!token.is(AdminToken::random().unwrap().secret().as_bytes()));
        assert!(!format!("{token:?}").contains(token.secret()));
    }
}
