//! The actions: name, who may ask for them, what they are about, and their function.

use super::{
    Ram, Reply, access_key, account, attachment, bucket, group, inline, policy, role, user,
};
use std::future::Future;
use std::pin::Pin;

/// A future that an action returns.
type Run<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// What an action is about, for the resource that a policy has to name: `KIND/NAME` of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Everything of a kind, `KIND/*`.
    All(&'static str),
    /// One of a kind, named by the parameter; without it, the caller.
    One(&'static str, &'static str),
    /// A policy and what it is attached to: both have to be allowed.
    Policy(&'static str, &'static str),
    /// The account.
    Account,
}

/// An action.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) on: On,
    /// Only an operator has it: it is no action of RAM.
    pub(crate) operator: bool,
    run: for<'a> fn(&'a Ram<'a>) -> Run<'a>,
}

impl Action {
    /// Runs it. Whether it is allowed was decided before.
    pub(crate) async fn run(&self, ram: &Ram<'_>) -> Reply {
        (self.run)(ram).await
    }

    /// The resources that a policy has to allow.
    pub(crate) fn resources(&self, ram: &Ram<'_>) -> Vec<String> {
        let name = |parameter: &str| ram.params.get(parameter).unwrap_or("*").to_owned();
        let of = |kind: &str, name: &str| format!("{kind}/{name}");
        match self.on {
            On::All(kind) => vec![of(kind, "*")],
            On::One(kind, parameter) => vec![of(kind, &name(parameter))],
            On::Policy(kind, parameter) => vec![
                of(kind, &name(parameter)),
                of("policy", &name("PolicyName")),
            ],
            On::Account => vec!["*".to_owned()],
        }
    }
}

/// The action of this name.
pub(crate) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

const USER: On = On::One("user", "UserName");
const GROUP: On = On::One("group", "GroupName");
const ROLE: On = On::One("role", "RoleName");
const POLICY: On = On::One("policy", "PolicyName");

macro_rules! actions {
    ($($name:ident $on:expr => $($path:ident)::+ $(, $operator:ident)?;)*) => {
        static ACTIONS: &[Action] = &[$(Action {
            name: stringify!($name),
            on: $on,
            operator: actions!(@ $($operator)?),
            run: |ram| Box::pin($($path)::+(ram)),
        }),*];
    };
    (@) => { false };
    (@ operator) => { true };
}

actions! {
    CreateUser On::All("user") => user::create;
    GetUser USER => user::get;
    UpdateUser USER => user::update;
    DeleteUser USER => user::delete;
    ListUsers On::All("user") => user::list;
    GetLoginProfile USER => user::no_login_profile;
    DeleteLoginProfile USER => user::no_login_profile;
    GetUserMFAInfo USER => user::no_mfa_device;
    UnbindMFADevice USER => user::no_mfa_device;
    CreateAccessKey USER => access_key::create;
    UpdateAccessKey USER => access_key::update;
    DeleteAccessKey USER => access_key::delete;
    ListAccessKeys USER => access_key::list;
    GetAccessKeyLastUsed USER => access_key::last_used;
    CreateGroup On::All("group") => group::create;
    GetGroup GROUP => group::get;
    UpdateGroup GROUP => group::update;
    DeleteGroup GROUP => group::delete;
    ListGroups On::All("group") => group::list;
    AddUserToGroup GROUP => group::add_user;
    RemoveUserFromGroup GROUP => group::remove_user;
    ListUsersForGroup GROUP => group::users;
    ListGroupsForUser USER => group::of_user;
    CreateRole On::All("role") => role::create;
    GetRole ROLE => role::get;
    UpdateRole ROLE => role::update;
    DeleteRole ROLE => role::delete;
    ListRoles On::All("role") => role::list;
    CreatePolicy On::All("policy") => policy::create;
    GetPolicy POLICY => policy::get;
    UpdatePolicyDescription POLICY => policy::update_description;
    DeletePolicy POLICY => policy::delete;
    ListPolicies On::All("policy") => policy::list;
    CreatePolicyVersion POLICY => policy::create_version;
    GetPolicyVersion POLICY => policy::get_version;
    ListPolicyVersions POLICY => policy::list_versions;
    SetDefaultPolicyVersion POLICY => policy::set_default_version;
    DeletePolicyVersion POLICY => policy::delete_version;
    AttachPolicyToUser On::Policy("user", "UserName") => attachment::attach_to_user;
    DetachPolicyFromUser On::Policy("user", "UserName") => attachment::detach_from_user;
    AttachPolicyToGroup On::Policy("group", "GroupName") => attachment::attach_to_group;
    DetachPolicyFromGroup On::Policy("group", "GroupName") => attachment::detach_from_group;
    AttachPolicyToRole On::Policy("role", "RoleName") => attachment::attach_to_role;
    DetachPolicyFromRole On::Policy("role", "RoleName") => attachment::detach_from_role;
    ListPoliciesForUser USER => attachment::of_user;
    ListPoliciesForGroup GROUP => attachment::of_group;
    ListPoliciesForRole ROLE => attachment::of_role;
    ListEntitiesForPolicy POLICY => attachment::holders;
    GetAccountAlias On::Account => account::get_alias;
    SetAccountAlias On::Account => account::set_alias;
    ClearAccountAlias On::Account => account::clear_alias;
    PutInlinePolicy On::Account => inline::put, operator;
    GetInlinePolicy On::Account => inline::get, operator;
    DeleteInlinePolicy On::Account => inline::delete, operator;
    ListInlinePolicies On::Account => inline::list, operator;
    CreateAccount On::Account => account::create, operator;
    GetAccount On::Account => account::get, operator;
    UpdateAccount On::Account => account::update, operator;
    DeleteAccount On::Account => account::delete, operator;
    ListAccounts On::Account => account::list, operator;
    ListBuckets On::Account => bucket::list, operator;
    GetBucket On::Account => bucket::get, operator;
    UpdateBucket On::Account => bucket::update, operator;
}
