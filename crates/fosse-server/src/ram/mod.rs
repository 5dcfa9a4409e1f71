//! RAM: the administration of users, groups, roles, policies and AccessKeys, as the RAM service (2015-05-01) has it.
//!
//! One table names the actions; a file per kind of record has their functions. They know nothing of HTTP, so that the same
//! functions serve signed requests, the admin listener and a data directory whose server is stopped.

mod access_key;
mod account;
mod attachment;
mod bucket;
mod group;
mod inline;
mod params;
mod policy;
mod role;
pub(crate) mod system_policy;
mod table;
mod user;

pub(crate) use params::Params;
pub(crate) use role::arn as role_arn;
pub(crate) use table::find;

use crate::rpc::{Fields, Node, RpcError};
use fosse_store::identity::{AccountChange, AccountRecords, ChangeError};
use fosse_store::{Store, StoreError};

/// What an action answers, without `RequestId`.
pub(crate) type Reply = Result<Fields, RpcError>;

/// One request to RAM, its sender already allowed.
pub(crate) struct Ram<'a> {
    pub(crate) store: &'a Store,
    pub(crate) now_ms: i64,
    /// Account that is administered.
    pub(crate) account: &'a str,
    /// Number of the user who asks: the default of some actions. `None`: the account itself, or an operator.
    pub(crate) user: Option<&'a str>,
    /// An operator asks, who has every key and action at hand.
    pub(crate) operator: bool,
    pub(crate) params: Params<'a>,
    /// When a key was last used, as far as it is not written down yet.
    pub(crate) last_used: &'a (dyn Fn(&str) -> Option<i64> + Send + Sync),
}

impl Ram<'_> {
    /// Changes the account, all or nothing.
    async fn change<T>(
        &self,
        plan: impl FnOnce(&AccountRecords, &mut AccountChange) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        self.store
            .change_account(self.account, plan)
            .await
            .map_err(|error| match error {
                ChangeError::Refused(error) => error,
                ChangeError::NoSuchAccount => not_exist("Account", self.account),
                ChangeError::Store(error) => fault(error),
            })
    }

    /// Looks at the account.
    fn read<T>(
        &self,
        read: impl FnOnce(&AccountRecords) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        self.store
            .read_account(self.account, read)
            .unwrap_or_else(|| Err(not_exist("Account", self.account)))
    }
}

/// A failure of the store.
fn fault(error: StoreError) -> RpcError {
    match error {
        StoreError::Conflict => RpcError::new(
            409,
            "OperationConflict",
            "The account was changed by another request at the same time. Try again.",
        ),
        error => RpcError::internal(error),
    }
}

/// 404 `EntityNotExist.KIND`.
fn not_exist(kind: &str, name: &str) -> RpcError {
    let thing = kind.rsplit('.').next().unwrap_or(kind).to_ascii_lowercase();
    RpcError::new(
        404,
        format!("EntityNotExist.{kind}"),
        format!("The {thing} does not exist : {name}."),
    )
}

/// 409 `EntityAlreadyExists.KIND`.
fn already_exists(kind: &str, name: &str) -> RpcError {
    let thing = kind.rsplit('.').next().unwrap_or(kind).to_ascii_lowercase();
    RpcError::new(
        409,
        format!("EntityAlreadyExists.{kind}"),
        format!("The {thing} does already exist : {name}."),
    )
}

/// 409 `DeleteConflict.KIND.WHAT`: something is still attached.
fn delete_conflict(kind: &str, what: &str, message: impl Into<String>) -> RpcError {
    RpcError::new(409, format!("DeleteConflict.{kind}.{what}"), message.into())
}

/// 409 `LimitExceeded.WHAT`.
fn limit(what: &str, most: usize) -> RpcError {
    RpcError::new(
        409,
        format!("LimitExceeded.{what}"),
        format!("The count of {what} beyond the current limits : {most}."),
    )
}

/// A time as RAM writes it.
fn date(ms: i64) -> Node {
    Node::Text(format_seconds(ms.div_euclid(1000)))
}

/// `2015-01-23T12:33:18Z`.
pub(crate) fn format_seconds(seconds: i64) -> String {
    fosse_oss::time::format_iso_millis(seconds).replace(".000Z", "Z")
}

/// A listing: the items of one page, whether there are more, and where they begin.
fn listing(
    list: &'static str,
    item: &'static str,
    items: Vec<Node>,
    next: Option<String>,
) -> Fields {
    let mut fields: Fields = vec![("IsTruncated", next.is_some().into())];
    if let Some(next) = next {
        fields.push(("Marker", next.into()));
    }
    fields.push((list, Node::List(item, items)));
    fields
}

/// A number of `length` digits that nobody guesses and that begins with no zero.
pub(crate) fn random_digits(length: usize) -> Result<String, RpcError> {
    let mut digits = random_text(length, b"0123456789")?;
    if digits.starts_with('0') {
        digits.replace_range(..1, "2");
    }
    Ok(digits)
}

/// `length` characters of an alphabet of at most 64, each as likely as the others.
pub(crate) fn random_text(length: usize, alphabet: &[u8]) -> Result<String, RpcError> {
    let fair = 256 - 256 % alphabet.len().max(1);
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).map_err(|error| RpcError::internal(error.to_string()))?;
        for byte in bytes.map(usize::from) {
            if text.len() < length
                && byte < fair
                && let Some(&letter) = alphabet.get(byte % alphabet.len())
            {
                text.push(char::from(letter));
            }
        }
    }
    Ok(text)
}

/// Letters and digits.
pub(crate) const ALPHANUMERIC: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
