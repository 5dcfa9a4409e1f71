//! `fosse admin`: accounts, users, AccessKeys, groups, roles, policies and buckets of a server, running or stopped; and master keys of a
//! stopped one.

mod action;
mod master_key;
mod place;
mod show;

use clap::{Args, Subcommand};
use fosse_server::AdminCall;
use serde_json::Value;

use crate::cmd::serve::open_store;
use crate::failure::{Failure, Result};
use crate::out::Out;
use action::{
    AccessKeyAction, AccountAction, BucketAction, Format, GroupAction, PolicyAction, RoleAction,
    UserAction, call, document,
};
use master_key::MasterKeyAction;
use place::{Place, PlaceArgs, check_dir};

/// `admin`
#[derive(Args, Debug)]
pub(crate) struct AdminArgs {
    /// Where.
    #[command(flatten)]
    place: PlaceArgs,
    /// Account to work in, when it is not that of the root AccessKey
    #[arg(long, value_name = "ID", global = true)]
    account: Option<String>,
    /// Output
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        global = true
    )]
    output: Format,
    /// What to manage.
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand, Debug)]
enum Subject {
    /// Accounts, which own buckets
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin account create partner\n  \
            fosse admin access-key create --account 1234567890123456"
    )]
    Account(AccountAction),
    /// Users of an account, with AccessKeys and permissions of their own
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin user create photo-app\n  \
            fosse admin policy attach AliyunOSSReadOnlyAccess --user photo-app\n  \
            fosse admin access-key create --user photo-app"
    )]
    User(UserAction),
    /// AccessKeys of users, and of the account itself
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin access-key create --user photo-app\n  \
            fosse admin access-key list --data-dir /srv/fosse\n  \
            fosse admin access-key disable FOSSEABCDEF0123456789ABC"
    )]
    AccessKey(AccessKeyAction),
    /// Groups of users
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin group create editors\n  \
            fosse admin group add editors alice\n  \
            fosse admin policy attach AliyunOSSFullAccess --group editors"
    )]
    Group(GroupAction),
    /// Roles, which users take on for a while (AssumeRole)
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin role create reader --max-session 7200\n  \
            fosse admin policy attach AliyunOSSReadOnlyAccess --role reader\n  \
            fosse admin policy attach AliyunSTSAssumeRoleAccess --user alice"
    )]
    Role(RoleAction),
    /// Policies: what users, groups and roles may do
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin policy create photos-read @photos-read.json\n  \
            fosse admin policy attach photos-read --user photo-app\n  \
            fosse admin policy get photos-read\n\n\
            A policy:\n  \
            {\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"oss:GetObject\"],\n   \
            \"Resource\":[\"acs:oss:*:*:photos/*\"]}]}"
    )]
    Policy(PolicyAction),
    /// Buckets: what OSS has no call for
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            fosse admin bucket list\n  \
            fosse admin bucket set photos --force-download off\n  \
            fosse admin bucket set photos --force-download server"
    )]
    Bucket(BucketAction),
    /// Master keys, which seal secrets and encrypted objects
    #[command(
        subcommand,
        after_help = "The server that uses the directory must be stopped.\n\nExamples:\n  \
            fosse admin master-key list\n  \
            fosse admin master-key rotate --data-dir /srv/fosse"
    )]
    MasterKey(MasterKeyAction),
}

/// Runs `admin`.
pub(crate) fn run(args: &AdminArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let out = Out::new(false);
        if let Subject::MasterKey(action) = &args.subject {
            check_dir(&args.place.data_dir)?;
            let store = open_store(&args.place.data_dir, args.place.master_keys_file.as_deref())?;
            let done = master_key::act(&store, action, &out);
            store
                .close()
                .await
                .map_err(|error| Failure::Local(error.into()))?;
            return done;
        }
        let session = Session {
            place: args.place.open()?,
            account: args.account.as_deref(),
            format: args.output,
            out,
        };
        let done = session.act(&args.subject).await;
        session.place.close().await?;
        done
    })
}

/// A place, and how to speak with it.
struct Session<'a> {
    place: Place,
    account: Option<&'a str>,
    format: Format,
    out: Out,
}

impl Session<'_> {
    async fn act(&self, subject: &Subject) -> Result<()> {
        match subject {
            Subject::Account(action) => self.account(action).await,
            Subject::User(action) => self.user(action).await,
            Subject::AccessKey(action) => self.access_key(action).await,
            Subject::Group(action) => self.group(action).await,
            Subject::Role(action) => self.role(action).await,
            Subject::Policy(action) => self.policy(action).await,
            Subject::Bucket(action) => self.bucket(action).await,
            Subject::MasterKey(_) => Ok(()),
        }
    }

    /// One call in the account that was chosen.
    async fn try_ask(&self, mut call: AdminCall) -> Result<Result<Value, place::Refused>> {
        if call.account.is_none() {
            call.account = self.account.map(str::to_owned);
        }
        self.place.call(&call).await
    }

    async fn ask(&self, action: &str, params: &[(&str, Option<&str>)]) -> Result<Value> {
        Ok(self.try_ask(call(action, params)).await??)
    }

    /// One call about another account.
    async fn ask_about(
        &self,
        account: &str,
        action: &str,
        params: &[(&str, Option<&str>)],
    ) -> Result<Value> {
        let mut call = call(action, params);
        call.account = Some(account.to_owned());
        Ok(self.try_ask(call).await??)
    }

    /// Every page of a listing, as one.
    async fn ask_all(&self, action: &str, list: &str, item: &str) -> Result<Value> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let params = [("MaxItems", Some("1000")), ("Marker", marker.as_deref())];
            let mut page = self.ask(action, &params).await?;
            if let Value::Array(items) = page[list][item].take() {
                all.extend(items);
            }
            match page["Marker"].as_str() {
                Some(next) if page["IsTruncated"] == true => marker = Some(next.to_owned()),
                _ => return Ok(serde_json::json!({list: {item: all}})),
            }
        }
    }

    /// Prints an answer: as it is, or by `text`.
    fn print(&self, answer: &Value, text: impl FnOnce(&Value) -> String) -> Result<()> {
        match self.format {
            Format::Json => self.out.line(&format!("{answer:#}")),
            Format::Text => self.out.bytes(text(answer).as_bytes()),
        }
    }

    async fn account(&self, action: &AccountAction) -> Result<()> {
        match action {
            AccountAction::Create { name, id } => {
                // No account is meant but the new one.
                let params = [
                    ("AccountName", Some(name.as_str())),
                    ("AccountId", id.as_deref()),
                ];
                let mut call = call("CreateAccount", &params);
                call.account = Some(String::new());
                let answer = self.place.call(&call).await??;
                self.print(&answer, show::account)
            }
            AccountAction::List => {
                let mut call = call("ListAccounts", &[]);
                call.account = Some(String::new());
                let answer = self.place.call(&call).await??;
                self.print(&answer, show::accounts)
            }
            AccountAction::Get { id } => {
                let answer = self.ask_about(id, "GetAccount", &[]).await?;
                self.print(&answer, show::account)
            }
            AccountAction::Disable { id } => {
                let params = [("Status", Some("Inactive"))];
                self.ask_about(id, "UpdateAccount", &params)
                    .await
                    .map(|_| ())
            }
            AccountAction::Enable { id } => {
                let params = [("Status", Some("Active"))];
                self.ask_about(id, "UpdateAccount", &params)
                    .await
                    .map(|_| ())
            }
            AccountAction::Delete { id } => {
                self.ask_about(id, "DeleteAccount", &[]).await.map(|_| ())
            }
        }
    }

    async fn user(&self, action: &UserAction) -> Result<()> {
        match action {
            UserAction::Create {
                name,
                display_name,
                comment,
            } => {
                let params = [
                    ("UserName", Some(name.as_str())),
                    ("DisplayName", display_name.as_deref()),
                    ("Comments", comment.as_deref()),
                ];
                let answer = self.ask("CreateUser", &params).await?;
                self.print(&answer, |answer| show::record(&answer["User"]))
            }
            UserAction::List => {
                let answer = self.ask_all("ListUsers", "Users", "User").await?;
                self.print(&answer, show::users)
            }
            UserAction::Get { name } => {
                let params = [("UserName", Some(name.as_str()))];
                let mut answer = self.ask("GetUser", &params).await?;
                let more = [
                    ("Groups", "ListGroupsForUser"),
                    ("Policies", "ListPoliciesForUser"),
                    ("InlinePolicies", "ListInlinePolicies"),
                    ("AccessKeys", "ListAccessKeys"),
                ];
                for (list, action) in more {
                    answer[list] = self.ask(action, &params).await?[list].take();
                }
                self.print(&answer, |answer| show::with_lists(answer, "User"))
            }
            UserAction::Rename { name, new_name } => {
                let params = [
                    ("UserName", Some(name.as_str())),
                    ("NewUserName", Some(new_name)),
                ];
                self.ask("UpdateUser", &params).await.map(|_| ())
            }
            UserAction::Delete { name } => {
                let params = [("UserName", Some(name.as_str()))];
                self.ask("DeleteUser", &params).await.map(|_| ())
            }
        }
    }

    async fn access_key(&self, action: &AccessKeyAction) -> Result<()> {
        let switch = async |id: &str, status: &str| {
            let params = [("UserAccessKeyId", Some(id)), ("Status", Some(status))];
            self.ask("UpdateAccessKey", &params).await.map(|_| ())
        };
        match action {
            AccessKeyAction::Create { user, comment } => {
                let params = [
                    ("UserName", user.as_deref()),
                    ("Comments", Some(comment.as_str())),
                ];
                let answer = self.ask("CreateAccessKey", &params).await?;
                self.print(&answer, show::new_key)
            }
            AccessKeyAction::List { user } => {
                let params = [("UserName", user.as_deref())];
                let answer = self.ask("ListAccessKeys", &params).await?;
                self.print(&answer, show::keys)
            }
            AccessKeyAction::Disable { id } => switch(id, "Inactive").await,
            AccessKeyAction::Enable { id } => switch(id, "Active").await,
            AccessKeyAction::Delete { id } => {
                let params = [("UserAccessKeyId", Some(id.as_str()))];
                self.ask("DeleteAccessKey", &params).await.map(|_| ())
            }
            AccessKeyAction::LastUsed { id } => {
                let params = [("UserAccessKeyId", Some(id.as_str()))];
                let answer = self.ask("GetAccessKeyLastUsed", &params).await?;
                self.print(&answer, |answer| {
                    let used = answer["AccessKeyLastUsed"]["LastUsedDate"].as_str();
                    format!("{}\n", used.unwrap_or("never"))
                })
            }
        }
    }

    async fn group(&self, action: &GroupAction) -> Result<()> {
        match action {
            GroupAction::Create { name, comment } => {
                let params = [
                    ("GroupName", Some(name.as_str())),
                    ("Comments", comment.as_deref()),
                ];
                let answer = self.ask("CreateGroup", &params).await?;
                self.print(&answer, |answer| show::record(&answer["Group"]))
            }
            GroupAction::List => {
                let answer = self.ask_all("ListGroups", "Groups", "Group").await?;
                self.print(&answer, show::groups)
            }
            GroupAction::Get { name } => {
                let params = [("GroupName", Some(name.as_str()))];
                let mut answer = self.ask("GetGroup", &params).await?;
                for (list, action) in [
                    ("Policies", "ListPoliciesForGroup"),
                    ("InlinePolicies", "ListInlinePolicies"),
                ] {
                    answer[list] = self.ask(action, &params).await?[list].take();
                }
                let all = [params[0], ("MaxItems", Some("1000"))];
                answer["Users"] = self.ask("ListUsersForGroup", &all).await?["Users"].take();
                self.print(&answer, |answer| show::with_lists(answer, "Group"))
            }
            GroupAction::Add { name, user } => {
                let params = [("GroupName", Some(name.as_str())), ("UserName", Some(user))];
                self.ask("AddUserToGroup", &params).await.map(|_| ())
            }
            GroupAction::Remove { name, user } => {
                let params = [("GroupName", Some(name.as_str())), ("UserName", Some(user))];
                self.ask("RemoveUserFromGroup", &params).await.map(|_| ())
            }
            GroupAction::Delete { name } => {
                let params = [("GroupName", Some(name.as_str()))];
                self.ask("DeleteGroup", &params).await.map(|_| ())
            }
        }
    }

    async fn role(&self, action: &RoleAction) -> Result<()> {
        match action {
            RoleAction::Create {
                name,
                trust,
                max_session,
                description,
            } => {
                let trust = trust.as_deref().map(document).transpose()?;
                let seconds = max_session.map(|seconds| seconds.to_string());
                let params = [
                    ("RoleName", Some(name.as_str())),
                    ("AssumeRolePolicyDocument", trust.as_deref()),
                    ("MaxSessionDuration", seconds.as_deref()),
                    ("Description", description.as_deref()),
                ];
                let answer = self.ask("CreateRole", &params).await?;
                self.print(&answer, |answer| show::record(&answer["Role"]))
            }
            RoleAction::List => {
                let answer = self.ask_all("ListRoles", "Roles", "Role").await?;
                self.print(&answer, show::roles)
            }
            RoleAction::Get { name } => {
                let params = [("RoleName", Some(name.as_str()))];
                let mut answer = self.ask("GetRole", &params).await?;
                for (list, action) in [
                    ("Policies", "ListPoliciesForRole"),
                    ("InlinePolicies", "ListInlinePolicies"),
                ] {
                    answer[list] = self.ask(action, &params).await?[list].take();
                }
                self.print(&answer, |answer| show::with_lists(answer, "Role"))
            }
            RoleAction::Update {
                name,
                trust,
                max_session,
                description,
            } => {
                let trust = trust.as_deref().map(document).transpose()?;
                let seconds = max_session.map(|seconds| seconds.to_string());
                let params = [
                    ("RoleName", Some(name.as_str())),
                    ("NewAssumeRolePolicyDocument", trust.as_deref()),
                    ("NewMaxSessionDuration", seconds.as_deref()),
                    ("NewDescription", description.as_deref()),
                ];
                self.ask("UpdateRole", &params).await.map(|_| ())
            }
            RoleAction::Delete { name } => {
                let params = [("RoleName", Some(name.as_str()))];
                self.ask("DeleteRole", &params).await.map(|_| ())
            }
        }
    }

    async fn policy(&self, action: &PolicyAction) -> Result<()> {
        match action {
            PolicyAction::Create {
                name,
                document: given,
                description,
            } => {
                let text = document(given)?;
                let params = [
                    ("PolicyName", Some(name.as_str())),
                    ("PolicyDocument", Some(&*text)),
                    ("Description", description.as_deref()),
                ];
                let answer = self.ask("CreatePolicy", &params).await?;
                self.print(&answer, |answer| show::record(&answer["Policy"]))
            }
            PolicyAction::List => {
                let answer = self.ask_all("ListPolicies", "Policies", "Policy").await?;
                self.print(&answer, show::policies)
            }
            PolicyAction::Get { name } => {
                let mut answer = self.either_type("GetPolicy", name, &[]).await?;
                let holders = self.either_type("ListEntitiesForPolicy", name, &[]).await?;
                for list in ["Users", "Groups", "Roles"] {
                    answer[list] = holders[list].clone();
                }
                self.print(&answer, show::policy)
            }
            PolicyAction::Update {
                name,
                document: given,
            } => {
                let text = document(given)?;
                let params = [
                    ("PolicyName", Some(name.as_str())),
                    ("PolicyDocument", Some(&*text)),
                    ("SetAsDefault", Some("true")),
                    (
                        "RotateStrategy",
                        Some("DeleteOldestNonDefaultVersionWhenLimitExceeded"),
                    ),
                ];
                let answer = self.ask("CreatePolicyVersion", &params).await?;
                self.print(&answer, |answer| {
                    let version = answer["PolicyVersion"]["VersionId"].as_str();
                    format!("{}\n", version.unwrap_or_default())
                })
            }
            PolicyAction::Attach { name, holder } => {
                let (kind, holder) = holder.named();
                let parameter = format!("{kind}Name");
                let params = [(parameter.as_str(), Some(holder))];
                let action = format!("AttachPolicyTo{kind}");
                self.either_type(&action, name, &params).await.map(|_| ())
            }
            PolicyAction::Detach { name, holder } => {
                let (kind, holder) = holder.named();
                let parameter = format!("{kind}Name");
                let params = [(parameter.as_str(), Some(holder))];
                let action = format!("DetachPolicyFrom{kind}");
                self.either_type(&action, name, &params).await.map(|_| ())
            }
            PolicyAction::PutInline {
                name,
                document: given,
                holder,
            } => {
                let text = document(given)?;
                let (kind, holder) = holder.named();
                let parameter = format!("{kind}Name");
                let params = [
                    (parameter.as_str(), Some(holder)),
                    ("PolicyName", Some(name)),
                    ("PolicyDocument", Some(&*text)),
                ];
                self.ask("PutInlinePolicy", &params).await.map(|_| ())
            }
            PolicyAction::GetInline { name, holder } => {
                let (kind, holder) = holder.named();
                let parameter = format!("{kind}Name");
                let params = [
                    (parameter.as_str(), Some(holder)),
                    ("PolicyName", name.as_deref()),
                ];
                if name.is_none() {
                    let answer = self.ask("ListInlinePolicies", &params).await?;
                    return self.print(&answer, show::inline_policies);
                }
                let answer = self.ask("GetInlinePolicy", &params).await?;
                self.print(&answer, |answer| {
                    show::json_text(&answer["InlinePolicy"]["PolicyDocument"])
                })
            }
            PolicyAction::DeleteInline { name, holder } => {
                let (kind, holder) = holder.named();
                let parameter = format!("{kind}Name");
                let params = [
                    (parameter.as_str(), Some(holder)),
                    ("PolicyName", Some(name)),
                ];
                self.ask("DeleteInlinePolicy", &params).await.map(|_| ())
            }
            PolicyAction::Delete { name } => {
                let params = [
                    ("PolicyName", Some(name.as_str())),
                    ("CascadingDelete", Some("true")),
                ];
                self.ask("DeletePolicy", &params).await.map(|_| ())
            }
        }
    }

    async fn bucket(&self, action: &BucketAction) -> Result<()> {
        match action {
            BucketAction::List => {
                let answer = self.ask_all("ListBuckets", "Buckets", "Bucket").await?;
                self.print(&answer, show::buckets)
            }
            BucketAction::Get { name } => {
                let params = [("BucketName", Some(name.as_str()))];
                let answer = self.ask("GetBucket", &params).await?;
                self.print(&answer, |answer| show::record(&answer["Bucket"]))
            }
            BucketAction::Set {
                name,
                force_download,
            } => {
                let params = [
                    ("BucketName", Some(name.as_str())),
                    ("ForceDownload", Some(force_download)),
                ];
                self.ask("UpdateBucket", &params).await.map(|_| ())
            }
        }
    }

    /// A call about a policy of the account, or else about one that comes with Fosse.
    async fn either_type(
        &self,
        action: &str,
        name: &str,
        params: &[(&str, Option<&str>)],
    ) -> Result<Value> {
        let asked = |kind| {
            let mut all = vec![("PolicyName", Some(name)), ("PolicyType", Some(kind))];
            all.extend_from_slice(params);
            call(action, &all)
        };
        let own = self.try_ask(asked("Custom")).await?;
        match own {
            Ok(answer) => Ok(answer),
            Err(refused) if is_no_policy(&refused.code) => {
                match self.try_ask(asked("System")).await? {
                    Ok(answer) => Ok(answer),
                    // What was meant first, unless the policy is of the other type after all.
                    Err(second) if is_no_policy(&second.code) => Err(refused.into()),
                    Err(second) => Err(second.into()),
                }
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// The policy is not there, or not attached.
fn is_no_policy(code: &str) -> bool {
    code.starts_with("EntityNotExist.") && code.ends_with("Policy")
}
