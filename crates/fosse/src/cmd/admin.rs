//! `fosse admin access-key`: AccessKeys of the root account, in a data directory whose server is stopped.

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
        /// What to do.
        #[command(subcommand)]
        action: Action,
    },
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
    let Subject::AccessKey { data_dir, action } = &args.subject;
    if !data_dir.is_dir() {
        return Err(Failure::local(format_args!(
            "there is no data directory {}; name it with --data-dir, or make it by starting `fosse serve` once",
            data_dir.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let store = open_store(data_dir)?;
        let done = act(&store, action, &Out::new(false)).await;
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
