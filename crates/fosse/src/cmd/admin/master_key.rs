//! `fosse admin master-key`: the keys that seal secrets and encrypted objects, in a data directory whose server is stopped.

use clap::Subcommand;
use fosse_store::Store;

use crate::failure::{Failure, Result};
use crate::out::Out;

/// What to do with the master keys.
#[derive(Subcommand, Debug)]
pub(crate) enum MasterKeyAction {
    /// List the ids of the keys, the current one first
    List,
    /// Make a new key that seals from now on; the former ones stay, to open what they sealed
    Rotate,
}

/// Does it.
pub(crate) fn act(store: &Store, action: &MasterKeyAction, out: &Out) -> Result<()> {
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
