//! What `fosse admin` can do: the subjects and actions of the command line, and the calls that they are.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use fosse_server::AdminCall;

use crate::failure::{Failure, Result};

/// Accounts.
#[derive(Subcommand, Debug)]
pub(crate) enum AccountAction {
    /// Make an account: it has buckets, users and AccessKeys of its own
    Create {
        /// What it is called
        name: String,
        /// Its id, 16 digits, when it must be this one
        #[arg(long, value_name = "DIGITS")]
        id: Option<String>,
    },
    /// List the accounts
    List,
    /// Show an account, and how much is in it
    Get {
        /// Account id
        id: String,
    },
    /// Refuse all keys and sessions of an account from now on
    Disable {
        /// Account id
        id: String,
    },
    /// Accept them again
    Enable {
        /// Account id
        id: String,
    },
    /// Delete an account that has nothing any more
    Delete {
        /// Account id
        id: String,
    },
}

/// Users.
#[derive(Subcommand, Debug)]
pub(crate) enum UserAction {
    /// Make a user; it may do nothing before policies allow it
    Create {
        /// Name: letters, digits and . @ - _
        name: String,
        /// Name to show
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// List the users
    List,
    /// Show a user with its groups, policies and AccessKeys
    Get {
        /// Name
        name: String,
    },
    /// Give a user another name; its AccessKeys and policies stay
    Rename {
        /// Name
        name: String,
        /// New name
        new_name: String,
    },
    /// Delete a user that has no AccessKeys, policies and groups any more
    Delete {
        /// Name
        name: String,
    },
}

/// AccessKeys.
#[derive(Subcommand, Debug)]
pub(crate) enum AccessKeyAction {
    /// Make an AccessKey and print it; the secret is shown only this once
    Create {
        /// User whose key it is; without it the key is the account's own and may do everything
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// What the key is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
    },
    /// List the AccessKeys of the account itself or of a user, without their secrets
    List {
        /// User whose keys are meant
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Refuse an AccessKey from now on, without forgetting it; URLs that it signed end at once
    Disable {
        /// AccessKey ID
        id: String,
    },
    /// Accept a disabled AccessKey again
    Enable {
        /// AccessKey ID
        id: String,
    },
    /// Forget an AccessKey for good
    Delete {
        /// AccessKey ID
        id: String,
    },
    /// Show when an AccessKey was last used
    LastUsed {
        /// AccessKey ID
        id: String,
    },
}

/// Groups.
#[derive(Subcommand, Debug)]
pub(crate) enum GroupAction {
    /// Make a group: its policies count for all users in it
    Create {
        /// Name
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// List the groups
    List,
    /// Show a group with its users and policies
    Get {
        /// Name
        name: String,
    },
    /// Put a user into a group
    Add {
        /// Group
        name: String,
        /// User
        user: String,
    },
    /// Take a user out of a group
    Remove {
        /// Group
        name: String,
        /// User
        user: String,
    },
    /// Delete a group that has no users and policies any more
    Delete {
        /// Name
        name: String,
    },
}

/// Roles.
#[derive(Subcommand, Debug)]
pub(crate) enum RoleAction {
    /// Make a role that users take on with AssumeRole
    Create {
        /// Name
        name: String,
        /// Trust policy: JSON, or @FILE; without it every user of the account whose policies allow it may take the role on
        #[arg(long, value_name = "JSON|@FILE")]
        trust: Option<String>,
        /// Longest session in seconds, 3600 to 43200
        #[arg(long, value_name = "SECONDS")]
        max_session: Option<u32>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the roles
    List,
    /// Show a role with its trust policy and policies
    Get {
        /// Name
        name: String,
    },
    /// Change a role; sessions that began stay as long as they were to
    Update {
        /// Name
        name: String,
        /// New trust policy: JSON, or @FILE
        #[arg(long, value_name = "JSON|@FILE")]
        trust: Option<String>,
        /// New longest session in seconds
        #[arg(long, value_name = "SECONDS")]
        max_session: Option<u32>,
        /// New description
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Delete a role that has no policies any more; its sessions end at once
    Delete {
        /// Name
        name: String,
    },
}

/// Policies.
#[derive(Subcommand, Debug)]
pub(crate) enum PolicyAction {
    /// Make a policy
    Create {
        /// Name: letters, digits and - _
        name: String,
        /// The policy: JSON, or @FILE
        #[arg(value_name = "JSON|@FILE")]
        document: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the policies: your own and those that come with Fosse
    List,
    /// Show a policy, and to whom it is attached
    Get {
        /// Name
        name: String,
    },
    /// Put a new version of a policy into force; the oldest of five goes
    Update {
        /// Name
        name: String,
        /// The policy: JSON, or @FILE
        #[arg(value_name = "JSON|@FILE")]
        document: String,
    },
    /// Attach a policy to a user, group or role
    Attach {
        /// Name
        name: String,
        /// To whom.
        #[command(flatten)]
        holder: Holder,
    },
    /// Detach it again
    Detach {
        /// Name
        name: String,
        /// From whom.
        #[command(flatten)]
        holder: Holder,
    },
    /// Give a user, group or role a policy that belongs to it alone
    PutInline {
        /// Name
        name: String,
        /// The policy: JSON, or @FILE
        #[arg(value_name = "JSON|@FILE")]
        document: String,
        /// To whom.
        #[command(flatten)]
        holder: Holder,
    },
    /// Show such a policy; without a name: which there are
    GetInline {
        /// Name
        name: Option<String>,
        /// Of whom.
        #[command(flatten)]
        holder: Holder,
    },
    /// Delete such a policy
    DeleteInline {
        /// Name
        name: String,
        /// Of whom.
        #[command(flatten)]
        holder: Holder,
    },
    /// Delete a policy that is attached to nobody, with all its versions
    Delete {
        /// Name
        name: String,
    },
}

/// Buckets.
#[derive(Subcommand, Debug)]
pub(crate) enum BucketAction {
    /// List the buckets of the account, and what is set for them here
    List,
    /// Show a bucket
    Get {
        /// Name
        name: String,
    },
    /// Set what OSS has no call for
    Set {
        /// Name
        name: String,
        /// What links to the bucket under the server's own names download: a mode as `fosse serve` takes it, or `server` for the
        /// server's own
        #[arg(
            long,
            value_name = "MODE",
            value_parser = ["service", "active-content", "off", "server"]
        )]
        force_download: String,
    },
}

/// A user, group or role.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Holder {
    /// A user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// A role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

impl Holder {
    /// `User`, `Group` or `Role`, and its name.
    pub(crate) fn named(&self) -> (&'static str, &str) {
        match (&self.user, &self.group, &self.role) {
            (Some(name), ..) => ("User", name),
            (_, Some(name), _) => ("Group", name),
            (.., name) => ("Role", name.as_deref().unwrap_or_default()),
        }
    }
}

/// How answers are printed.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// As the server answers.
    Json,
}

/// A call with its parameters; those that are `None` are left out.
pub(crate) fn call(action: &str, params: &[(&str, Option<&str>)]) -> AdminCall {
    let given = params.iter().filter_map(|(name, value)| {
        let value = (*value)?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    AdminCall {
        action: action.to_owned(),
        account: None,
        params: given.collect(),
    }
}

/// A document on the command line: the text itself, `@FILE`, or `@-` for standard input.
pub(crate) fn document(given: &str) -> Result<String> {
    let Some(path) = given.strip_prefix('@') else {
        return Ok(given.to_owned());
    };
    if path == "-" {
        return std::io::read_to_string(std::io::stdin())
            .map_err(|error| Failure::local(format_args!("cannot read standard input: {error}")));
    }
    let path = PathBuf::from(path);
    std::fs::read_to_string(&path)
        .map_err(|error| Failure::file("read the policy", Path::new(&path), error))
}
