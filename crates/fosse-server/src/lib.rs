//! The Fosse HTTP service: connections, addressing, the gate, and one file per operation.
//!
//! [`serve`] is the whole surface: bind [`Listeners`] from a [`Config`], then hand them over with a store, a clock
//! and a future that resolves when the service shall stop.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod accept;
mod access_log;
mod access_monitor;
mod addressing;
mod admin;
mod administration;
mod bucket_config;
mod bucket_recovery;
mod callback;
mod cidr;
mod client_address;
mod clock;
mod config;
mod conn;
mod delivery;
mod deposit;
mod dispatch;
pub mod domain;
mod gate;
mod handle;
mod identity;
mod inspect;
mod inventory;
mod key_ring;
mod lifecycle;
mod limits;
mod listen;
mod metrics;
mod object_pieces;
mod observe;
mod pace;
pub mod proxy_header;
mod ram;
mod request;
mod request_id;
mod respond;
mod rpc;
mod scrub;
mod service;
mod shutdown;
mod stall;
pub mod sts;
mod upload;
mod website;

pub use administration::{AdminCall, AdminRefusal, AdminToken, administer};
pub use callback::{BadCallbackTarget, CallbackTarget};
pub use cidr::{BadCidr, Cidr};
pub use clock::Clock;
pub use config::{
    Callbacks, Config, ForceDownload, HttpsRedirect, Limits, Network, RegionEndpoints, TlsFiles,
};
pub use listen::{Listeners, ServeError};

use fosse_store::Store;
use std::future::Future;

/// Serves until `shutdown` resolves, then stops accepting, finishes what is in flight (at most
/// [`Config::shutdown_deadline`]) and returns. The store stays open; closing it is the caller's.
///
/// # Errors
/// A socket that cannot be handed to the runtime. Faults of single connections are logged, never returned.
pub async fn serve(
    listeners: Listeners,
    config: Config,
    store: Store,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    accept::run(listeners, config, store, clock, shutdown).await
}
