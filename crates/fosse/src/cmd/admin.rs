//! `fosse admin`: AccessKeys of the root account and master keys, in a data directory whose server is stopped.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fosse_store::{AccessKey, Store};

use crate::args::time;
use crate::cmd::serve::open_store;
use crate::failure::{Failure, Result};
use crate::out::Out;
use crate::serve::root_key;

/// `admin`
#[derive(Args, Debug)]
pub(crate) struct AdminArgs {
    /// What to manage.
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand, Debug)]
enum Subject {
    /// AccessKeys of the root account
    #[command(
        after_help = "The server that uses the directory must be stopped.\n\nExamples:\n  \
            fosse admin access-key create --comment backup\n  \
            fosse admin access-key list --data-dir /srv/fosse\n  \
            fosse admin access-key disable FOSSEABCDEF0123456789ABC"
    )]
    AccessKey {
        /// Where.
        #[command(flatten)]
        place: StoppedServer,
        /// What to do.
        #[command(subcommand)]
        action: Action,
    },
    /// Master keys, which seal secrets and encrypted objects
    #[command(
        after_help = "The server that uses the directory must be stopped.\n\nExamples:\n  \
            fosse admin master-key list\n  \
            fosse admin master-key rotate --data-dir /srv/fosse"
    )]
    MasterKey {
        /// Where.
        #[command(flatten)]
        place: StoppedServer,
        /// What to do.
        #[command(subcommand)]
        action: MasterKeyAction,
    },
}

/// The files of a server that is stopped.
#[derive(Args, Debug)]
struct StoppedServer {
    /// Data directory of the server
    #[arg(
        long,
        value_name = "DIR",
        env = "FOSSE_DATA_DIR",
        hide_env_values = true,
        default_value = "./fosse-data",
        global = true
    )]
    data_dir: PathBuf,
    /// The file of master keys, when it is not in the data directory
    #[arg(
        long,
        value_name = "FILE",
        env = "FOSSE_MASTER_KEYS_FILE",
        hide_env_values = true,
        global = true
    )]
    master_keys_file: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum MasterKeyAction {
    /// List the ids of the keys, the current one first
    List,
    /// Make a new key that seals from now on; the former ones stay, to open what they sealed
    Rotate,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Make an AccessKey and print it; the secret is shown only this once
    Create {
        /// What the key is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
    },
    /// List the AccessKeys, without their secrets
    List,
    /// Refuse an AccessKey from now on, without forgetting it
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
}

/// Runs `admin`.
pub(crate) fn run(args: &AdminArgs) -> Result<()> {
    let place = match &args.subject {
        Subject::AccessKey { place, .. } | Subject::MasterKey { place, .. } => place,
    };
    if !place.data_dir.is_dir() {
        return Err(Failure::local(format_args!(
            "there is no data directory {}; name it with --data-dir, or make it by starting `fosse serve` once",
            place.data_dir.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let store = open_store(&place.data_dir, place.master_keys_file.as_deref())?;
        let out = Out::new(false);
        let done = match &args.subject {
            Subject::AccessKey { action, .. } => act(&store, action, &out).await,
            Subject::MasterKey { action, .. } => act_on_master_keys(&store, action, &out),
        };
        store
            .close()
            .await
            .map_err(|error| Failure::Local(error.into()))?;
        done
    })
}

async fn act(store: &Store, action: &Action, out: &Out) -> Result<()> {
    match action {
        Action::Create { comment } => {
            let root = store.access_keys().into_iter().find(|key| key.root);
            let Some(root) = root else {
                return Err(Failure::local(
                    "the data directory has no root account yet; start `fosse serve` once",
                ));
            };
            let key = AccessKey {
                id: root_key::new_id()?,
                secret: root_key::new_secret()?,
                owner: root.owner.clone(),
                user: None,
                enabled: true,
                root: false,
                created_ms: now_ms(),
                comment: comment.clone(),
            };
            store
                .put_access_key(key.clone())
                .await
                .map_err(|error| Failure::Local(error.into()))?;
            out.line(&format!("export OSS_ACCESS_KEY_ID={}", key.id))?;
            out.line(&format!("export OSS_ACCESS_KEY_SECRET={}", key.secret))
        }
        Action::List => {
            let mut keys = store.access_keys();
            keys.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
            out.line(&format!(
                "{:<24}  {:<7}  {:<8}  {:<20}  {}",
                "AccessKeyID", "Kind", "State", "Created", "Comment"
            ))?;
            for key in keys {
                let line = format!(
                    "{:<24}  {:<7}  {:<8}  {:<20}  {}",
                    key.id,
                    if key.root { "root" } else { "added" },
                    if key.enabled { "enabled" } else { "disabled" },
                    time::iso(key.created_ms.div_euclid(1000)),
                    key.comment,
                );
                out.line(line.trim_end())?;
            }
            Ok(())
        }
        Action::Disable { id } => switch(store, id, false).await,
        Action::Enable { id } => switch(store, id, true).await,
        Action::Delete { id } => {
            changeable(store, id)?;
            store
                .delete_access_key(id)
                .await
                .map_err(|error| Failure::Local(error.into()))?;
            Ok(())
        }
    }
}

fn act_on_master_keys(store: &Store, action: &MasterKeyAction, out: &Out) -> Result<()> {
    let keys = store.master_keys();
    match action {
        MasterKeyAction::List => {
            for (at, id) in keys.ids().iter().enumerate() {
                let note = if at == 0 { "  current" } else { "" };
                out.line(&format!("{id}{note}"))?;
            }
            Ok(())
        }
        MasterKeyAction::Rotate => {
            let id = keys
                .rotate()
                .map_err(|error| Failure::Local(error.into()))?;
            out.line(&format!(
                "master key {id} is current; keep a copy of the file"
            ))
        }
    }
}

async fn switch(store: &Store, id: &str, enabled: bool) -> Result<()> {
    let mut key = changeable(store, id)?;
    key.enabled = enabled;
    store
        .put_access_key(key)
        .await
        .map_err(|error| Failure::Local(error.into()))
}

/// The key, if it exists and is not the root key: without a root key nobody could get in any more.
fn changeable(store: &Store, id: &str) -> Result<AccessKey> {
    match store.access_key(id) {
        None => Err(Failure::local(format_args!(
            "there is no AccessKey {id}; `fosse admin access-key list` shows them"
        ))),
        Some(key) if key.root => Err(Failure::local(
            "this is the root AccessKey; replace it by starting the server with FOSSE_ROOT_ACCESS_KEY_ID and FOSSE_ROOT_ACCESS_KEY_SECRET",
        )),
        Some(key) => Ok(AccessKey::clone(&key)),
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
