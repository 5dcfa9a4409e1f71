//! Accounts, users, groups, roles and policies. All are in memory, so that a request never waits for the disk to learn who
//! asks; AccessKeys are beside them (`access_key.rs`).
//!
//! A change reads and writes within one account. Its batch expects the account's record as it was read and writes a new
//! revision of it, so changes of one account cannot cross: what a change found (that a name is free, that nothing is
//! attached) still holds when it applies.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Entry, Expect, Outcome, Space, Tally};
use crate::record::{
    AccessKey, Account, Group, Policy, Record, Role, StoredAccessKey, User, decode, encode,
};
use crate::store::Store;
use crate::store::state::State;
use crate::store::transaction::{After, Transaction};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// First byte of a key in [`Space::Identities`].
const ACCOUNT: u8 = b'a';
const USER: u8 = b'u';
const GROUP: u8 = b'g';
const ROLE: u8 = b'r';
const POLICY: u8 = b'p';
const LAST_USED: u8 = b'l';

/// A record with a number that stays and a name that is unique in its account.
pub trait Named {
    /// The number.
    fn id(&self) -> &str;
    /// The name.
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($record:ty),*) => {$(
        impl Named for $record {
            fn id(&self) -> &str {
                &self.id
            }
            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}
named!(User, Group, Role, Policy);

/// Records of one kind in an account. Names are compared without regard to ASCII case.
#[derive(Debug, Clone)]
pub struct ByName<T> {
    records: BTreeMap<String, Arc<T>>,
    names: HashMap<String, String>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        ByName {
            records: BTreeMap::new(),
            names: HashMap::new(),
        }
    }
}

impl<T: Named> ByName<T> {
    /// The record of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<T>> {
        self.records.get(&name.to_ascii_lowercase())
    }

    /// The record of this number.
    pub fn by_id(&self, id: &str) -> Option<&Arc<T>> {
        self.records.get(self.names.get(id)?)
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.records.values()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn put(&mut self, record: Arc<T>) {
        self.remove(record.id());
        let name = record.name().to_ascii_lowercase();
        self.names.insert(record.id().to_owned(), name.clone());
        self.records.insert(name, record);
    }

    fn remove(&mut self, id: &str) {
        if let Some(name) = self.names.remove(id) {
            self.records.remove(&name);
        }
    }
}

/// Everything of one account.
#[derive(Debug, Clone)]
pub struct AccountRecords {
    /// The account.
    pub account: Arc<Account>,
    /// Its users.
    pub users: ByName<User>,
    /// Its groups.
    pub groups: ByName<Group>,
    /// Its roles.
    pub roles: ByName<Role>,
    /// Its policies.
    pub policies: ByName<Policy>,
    keys: BTreeMap<String, Arc<AccessKey>>,
}

impl AccountRecords {
    fn new(account: Account) -> Self {
        AccountRecords {
            account: Arc::new(account),
            users: ByName::default(),
            groups: ByName::default(),
            roles: ByName::default(),
            policies: ByName::default(),
            keys: BTreeMap::new(),
        }
    }

    /// AccessKeys of a user, or of the account itself (`None`), oldest first.
    pub fn keys_of(&self, user: Option<&str>) -> Vec<&Arc<AccessKey>> {
        let mut keys: Vec<_> = self
            .keys
            .values()
            .filter(|key| key.user.as_deref() == user)
            .collect();
        keys.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
        keys
    }

    /// The AccessKey with this id, if it belongs to the account.
    pub fn key(&self, id: &str) -> Option<&Arc<AccessKey>> {
        self.keys.get(id)
    }

    fn apply(&mut self, change: AccountChange) {
        let AccountChange {
            account,
            users,
            groups,
            roles,
            policies,
            keys,
        } = change;
        if let Some(account) = account {
            self.account = Arc::new(account);
        }
        users.apply(&mut self.users);
        groups.apply(&mut self.groups);
        roles.apply(&mut self.roles);
        policies.apply(&mut self.policies);
        for (id, key) in keys {
            match key {
                Some(key) => _ = self.keys.insert(id, key),
                None => _ = self.keys.remove(&id),
            }
        }
    }
}

/// Puts and removals of one kind of record, by number.
#[derive(Debug, Clone)]
struct Edits<T>(Vec<(String, Option<Arc<T>>)>);

impl<T> Default for Edits<T> {
    fn default() -> Self {
        Edits(Vec::new())
    }
}

impl<T: Named + Record> Edits<T> {
    fn put(&mut self, record: T) {
        self.0
            .push((record.id().to_owned(), Some(Arc::new(record))));
    }

    fn remove(&mut self, id: &str) {
        self.0.push((id.to_owned(), None));
    }

    fn apply(self, records: &mut ByName<T>) {
        for (id, record) in self.0 {
            match record {
                Some(record) => records.put(record),
                None => records.remove(&id),
            }
        }
    }

    fn stage(&self, transaction: &mut Transaction, kind: u8, account: &str) -> Result<()> {
        for (id, record) in &self.0 {
            let key = record_key(kind, account, id);
            match record {
                Some(record) => {
                    transaction.put(Space::Identities, key, Expect::Any, encode(&**record)?);
                }
                None => transaction.remove(Space::Identities, key, Expect::Any),
            }
        }
        Ok(())
    }
}

/// What a change does to an account. A put replaces the record of the same number.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    account: Option<Account>,
    users: Edits<User>,
    groups: Edits<Group>,
    roles: Edits<Role>,
    policies: Edits<Policy>,
    keys: Vec<(String, Option<Arc<AccessKey>>)>,
}

impl AccountChange {
    /// Replaces the account's own record; its id and revision are the store's.
    pub fn put_account(&mut self, account: Account) {
        self.account = Some(account);
    }

    /// Adds or replaces a user.
    pub fn put_user(&mut self, user: User) {
        self.users.put(user);
    }

    /// Removes a user.
    pub fn remove_user(&mut self, id: &str) {
        self.users.remove(id);
    }

    /// Adds or replaces a group.
    pub fn put_group(&mut self, group: Group) {
        self.groups.put(group);
    }

    /// Removes a group.
    pub fn remove_group(&mut self, id: &str) {
        self.groups.remove(id);
    }

    /// Adds or replaces a role.
    pub fn put_role(&mut self, role: Role) {
        self.roles.put(role);
    }

    /// Removes a role.
    pub fn remove_role(&mut self, id: &str) {
        self.roles.remove(id);
    }

    /// Adds or replaces a policy.
    pub fn put_policy(&mut self, policy: Policy) {
        self.policies.put(policy);
    }

    /// Removes a policy.
    pub fn remove_policy(&mut self, id: &str) {
        self.policies.remove(id);
    }

    /// Adds or replaces an AccessKey of the account.
    pub fn put_key(&mut self, key: AccessKey) {
        self.keys.push((key.id.clone(), Some(Arc::new(key))));
    }

    /// Removes an AccessKey of the account.
    pub fn remove_key(&mut self, id: &str) {
        self.keys.push((id.to_owned(), None));
    }

    fn is_empty(&self) -> bool {
        self.account.is_none()
            && self.users.0.is_empty()
            && self.groups.0.is_empty()
            && self.roles.0.is_empty()
            && self.policies.0.is_empty()
            && self.keys.is_empty()
    }
}

/// All accounts, and when keys were last used.
#[derive(Default)]
pub(crate) struct Identities {
    accounts: BTreeMap<String, AccountRecords>,
    last_used: HashMap<String, i64>,
}

impl Identities {
    fn account(&mut self, id: &str) -> &mut AccountRecords {
        self.accounts
            .entry(id.to_owned())
            .or_insert_with(|| AccountRecords::new(Account::unrecorded(id)))
    }

    /// A key that was written by itself.
    pub(crate) fn wrote_key(&mut self, id: &str, key: Option<&Arc<AccessKey>>) {
        for records in self.accounts.values_mut() {
            records.keys.remove(id);
        }
        match key {
            Some(key) => {
                _ = self
                    .account(&key.owner)
                    .keys
                    .insert(id.to_owned(), key.clone())
            }
            None => _ = self.last_used.remove(id),
        }
    }

    pub(crate) fn apply(&mut self, account: &str, change: AccountChange) {
        for (id, key) in &change.keys {
            if key.is_none() {
                self.last_used.remove(id);
            }
        }
        self.account(account).apply(change);
    }

    pub(crate) fn remove_account(&mut self, id: &str) {
        self.accounts.remove(id);
    }

    pub(crate) fn used(&mut self, uses: Vec<(String, i64)>) {
        self.last_used.extend(uses);
    }
}

fn record_key(kind: u8, account: &str, id: &str) -> Bytes {
    let mut key = Vec::with_capacity(2 + account.len() + id.len());
    key.push(kind);
    key.extend_from_slice(account.as_bytes());
    key.push(0);
    key.extend_from_slice(id.as_bytes());
    Bytes::from(key)
}

fn single_key(kind: u8, id: &str) -> Bytes {
    let mut key = Vec::with_capacity(1 + id.len());
    key.push(kind);
    key.extend_from_slice(id.as_bytes());
    Bytes::from(key)
}

/// Takes over what an engine found when it opened. After the AccessKeys.
pub(crate) fn load(state: &State, entries: &[Entry]) -> Result<()> {
    let mut identities = state.identities.write();
    for key in state.access_keys.read().values() {
        identities.wrote_key(&key.id, Some(key));
    }
    for (name, stored) in entries {
        let unknown = || StoreError::Corrupt("an identity of unknown kind".into());
        let (&kind, rest) = name.split_first().ok_or_else(unknown)?;
        match kind {
            ACCOUNT => {
                let account: Account = decode("account", stored)?;
                let id = account.id.clone();
                identities.account(&id).account = Arc::new(account);
            }
            USER => {
                let user: User = decode("user", stored)?;
                let records = identities.account(&user.account);
                records.users.put(Arc::new(user));
            }
            GROUP => {
                let group: Group = decode("group", stored)?;
                let records = identities.account(&group.account);
                records.groups.put(Arc::new(group));
            }
            ROLE => {
                let role: Role = decode("role", stored)?;
                let records = identities.account(&role.account);
                records.roles.put(Arc::new(role));
            }
            POLICY => {
                let policy: Policy = decode("policy", stored)?;
                let records = identities.account(&policy.account);
                records.policies.put(Arc::new(policy));
            }
            LAST_USED => {
                let id = String::from_utf8_lossy(rest).into_owned();
                // A use that was recorded while its key was deleted.
                if state.access_keys.read().contains_key(&id) {
                    identities.last_used.insert(id, decode("last use", stored)?);
                }
            }
            _ => return Err(unknown()),
        }
    }
    Ok(())
}

/// How a change of an account ended.
#[derive(Debug)]
pub enum ChangeError<E> {
    /// There is no such account.
    NoSuchAccount,
    /// The change itself refused, nothing was written.
    Refused(E),
    /// The store failed.
    Store(StoreError),
}

impl<E> From<StoreError> for ChangeError<E> {
    fn from(error: StoreError) -> Self {
        ChangeError::Store(error)
    }
}

impl Store {
    /// Grows with every change of an account, an AccessKey, or anything else that belongs to an account: what was derived
    /// from them is good as long as this stays.
    pub fn identity_revision(&self) -> u64 {
        self.0.state.identity_revision.load(Ordering::Acquire)
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        let identities = self.0.state.identities.read();
        identities
            .accounts
            .values()
            .map(|records| records.account.clone())
            .collect()
    }

    /// Looks at an account, from memory; `None` when there is none. `read` should be quick: changes wait for it.
    pub fn read_account<T>(&self, id: &str, read: impl FnOnce(&AccountRecords) -> T) -> Option<T> {
        self.0.state.identities.read().accounts.get(id).map(read)
    }

    /// Adds an account.
    ///
    /// Errors: [`StoreError::Conflict`] when the id is taken.
    pub async fn create_account(&self, account: Account) -> Result<Arc<Account>> {
        let _turn = self.0.state.queue(("account", &account.id)).await;
        if self.read_account(&account.id, |_| ()).is_some() {
            return Err(StoreError::Conflict);
        }
        let account = Account {
            revision: 1,
            ..account
        };
        let id = account.id.clone();
        let mut transaction = Transaction::default();
        transaction.put(
            Space::Identities,
            single_key(ACCOUNT, &id),
            Expect::Absent,
            encode(&account)?,
        );
        let change = AccountChange {
            account: Some(account.clone()),
            ..AccountChange::default()
        };
        transaction.after(After::Account(id, Box::new(change)));
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(Arc::new(account)),
            Outcome::Conflict => Err(StoreError::Conflict),
        }
    }

    /// Removes an account that has nothing any more: no users, groups, roles, policies, AccessKeys and buckets.
    ///
    /// Errors: [`ChangeError::Refused`] when it has something.
    pub async fn delete_account(&self, id: &str) -> std::result::Result<(), ChangeError<()>> {
        let _turn = self.0.state.queue(("account", id)).await;
        let empty = self.read_account(id, |records| {
            records.users.is_empty()
                && records.groups.is_empty()
                && records.roles.is_empty()
                && records.policies.is_empty()
                && records.keys.is_empty()
        });
        let own = single_key(ACCOUNT, id);
        let stored = self.0.meta.get(Space::Identities, &own).await?;
        let counter = key::owner_counter(id);
        let buckets = self.0.meta.get(Space::Counters, &counter).await?;
        match empty {
            None => return Err(ChangeError::NoSuchAccount),
            Some(true) if Tally::decode(buckets.as_deref())?.is_zero() => {}
            Some(_) => return Err(ChangeError::Refused(())),
        }
        let mut transaction = Transaction::default();
        transaction.expect(Space::Counters, counter, Expect::same(&buckets));
        transaction.remove(Space::Identities, own, Expect::same(&stored));
        transaction.after(After::AccountGone(id.to_owned()));
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(()),
            Outcome::Conflict => Err(StoreError::Conflict.into()),
        }
    }

    /// Changes an account: `plan` looks at it as it is and says what to do; all of that applies, or nothing. `plan`
    /// may refuse. What it returns comes back when the change is durable.
    pub async fn change_account<T, E>(
        &self,
        id: &str,
        plan: impl FnOnce(&AccountRecords, &mut AccountChange) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, ChangeError<E>> {
        let _turn = self.0.state.queue(("account", id)).await;
        let mut change = AccountChange::default();
        let planned = self.read_account(id, |records| {
            plan(records, &mut change).map(|done| (done, records.account.clone()))
        });
        let (done, account) = planned
            .ok_or(ChangeError::NoSuchAccount)?
            .map_err(ChangeError::Refused)?;
        if change.is_empty() {
            return Ok(done);
        }
        let own = single_key(ACCOUNT, id);
        let stored = self.0.meta.get(Space::Identities, &own).await?;
        let present: Option<Account> = match &stored {
            Some(stored) => Some(decode("account", stored)?),
            None => None,
        };
        if present.map_or(0, |account| account.revision) != account.revision {
            return Err(StoreError::Conflict.into());
        }
        let mut next = change.account.take().unwrap_or_else(|| (*account).clone());
        next.id = account.id.clone();
        next.revision = account.revision + 1;
        let mut transaction = Transaction::default();
        transaction.put(
            Space::Identities,
            own,
            Expect::same(&stored),
            encode(&next)?,
        );
        change.account = Some(next);
        change.users.stage(&mut transaction, USER, id)?;
        change.groups.stage(&mut transaction, GROUP, id)?;
        change.roles.stage(&mut transaction, ROLE, id)?;
        change.policies.stage(&mut transaction, POLICY, id)?;
        for (key_id, key) in &change.keys {
            let at = Bytes::copy_from_slice(key_id.as_bytes());
            match key {
                Some(key) => {
                    let stored = StoredAccessKey::seal(key, self.master_keys())?;
                    transaction.put(Space::AccessKeys, at, Expect::Any, encode(&stored)?);
                }
                None => {
                    transaction.remove(Space::AccessKeys, at, Expect::Any);
                    let used = single_key(LAST_USED, key_id);
                    transaction.remove(Space::Identities, used, Expect::Any);
                }
            }
            transaction.after(After::AccessKey(key_id.clone(), key.clone()));
        }
        transaction.after(After::Account(id.to_owned(), Box::new(change)));
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(done),
            Outcome::Conflict => Err(StoreError::Conflict.into()),
        }
    }

    /// When an AccessKey was last used, as far as it was recorded, Unix milliseconds.
    pub fn last_used(&self, access_key_id: &str) -> Option<i64> {
        let identities = self.0.state.identities.read();
        identities.last_used.get(access_key_id).copied()
    }

    /// Records when AccessKeys were last used (id, Unix milliseconds): many in one batch, as this is asked for seldom.
    /// Ids of keys that are gone are left out.
    pub async fn record_last_used(&self, uses: Vec<(String, i64)>) -> Result<()> {
        let uses: Vec<_> = uses
            .into_iter()
            .filter(|(id, _)| self.access_key(id).is_some())
            .collect();
        if uses.is_empty() {
            return Ok(());
        }
        let mut transaction = Transaction::default();
        for (id, ms) in &uses {
            transaction.put(
                Space::Identities,
                single_key(LAST_USED, id),
                Expect::Any,
                encode(ms)?,
            );
        }
        transaction.after(After::Used(uses));
        match self.0.commit(transaction).await? {
            Outcome::Applied => Ok(()),
            Outcome::Conflict => Err(StoreError::Conflict),
        }
    }
}
