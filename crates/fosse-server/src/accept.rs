//! The running service: accept loops, background sweeps, and the order of a shutdown.

use crate::access_log;
use crate::access_monitor;
use crate::admin;
use crate::clock::Clock;
use crate::config::Config;
use crate::conn::Connections;
use crate::domain::expiry;
use crate::domain::tls::Tls;
use crate::identity;
use crate::inventory;
use crate::lifecycle;
use crate::limits::{Seats, turn_away};
use crate::listen::{Door, Listeners, ServeError};
use crate::scrub;
use crate::service::Service;
use crate::shutdown::{self, Phase, Signal};
use fosse_store::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpListener;

/// See [`crate::serve`].
pub(crate) async fn run(
    listeners: Listeners,
    config: Config,
    store: Store,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let first = listeners
        .http_addresses()
        .into_iter()
        .chain(listeners.https_addresses())
        .next();
    let seats = Seats::new(config.limits.max_connections);
    let deadline = config.shutdown_deadline;
    let (switch, signal) = shutdown::switch();
    let https = listeners.https_addresses().first().copied();
    let service = Arc::new(Service::new(
        config,
        store,
        clock,
        first,
        https,
        signal.clone(),
    ));
    let connections = Arc::new(Connections::new(service.clone()));

    access_log::look(&service).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (listener, door) in listeners.plain {
        let listener = TcpListener::from_std(listener)?;
        tasks.spawn(accept(
            listener,
            None,
            door,
            connections.clone(),
            seats.clone(),
        ));
    }
    let identity = listeners.identity.map(Arc::new);
    for (listener, door) in listeners.tls {
        let listener = TcpListener::from_std(listener)?;
        tasks.spawn(accept(
            listener,
            identity.clone(),
            door,
            connections.clone(),
            seats.clone(),
        ));
    }
    if let Some(listener) = listeners.admin {
        tasks.spawn(admin::serve(
            service.clone(),
            TcpListener::from_std(listener)?,
            signal.clone(),
        ));
    }
    tasks.spawn(sweep(service.clone(), signal.clone()));
    tasks.spawn(scrub::run(service.clone(), signal.clone()));
    tasks.spawn(lifecycle::run(service.clone(), signal.clone()));
    tasks.spawn(inventory::run(service.clone(), signal.clone()));
    tasks.spawn(access_log::run(service.clone(), signal.clone()));
    tasks.spawn(access_monitor::run(service.clone(), signal.clone()));
    let last_uses = tokio::spawn(identity::keep_last_uses(service.clone(), signal.clone()));
    tasks.spawn(expiry::watch(service.clone(), identity, signal.clone()));

    shutdown.await;
    tracing::info!("shutting down: no new connections, finishing what is in flight");
    switch.set(Phase::Drain);
    let finished = seats.empty(deadline).await;
    if !finished {
        tracing::warn!(
            ?deadline,
            "the shutdown deadline has passed: cutting what is left"
        );
        switch.set(Phase::Cut);
        seats.empty(Duration::from_secs(1)).await;
    }
    tasks.shutdown().await;
    access_log::finish(&service).await;
    service.accesses.flush(&service.store).await;
    let _ = last_uses.await;
    Ok(())
}

/// Accepts until the shutdown begins.
async fn accept(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    door: Door,
    connections: Arc<Connections>,
    seats: Seats,
) {
    let mut drain = pin!(connections.service.signal.reached(Phase::Drain));
    loop {
        let accepted = tokio::select! {
            biased;
            () = drain.as_mut() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: others must end before one can begin.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(seat) = seats.take(&connections.service) else {
            if tls.is_none() {
                turn_away(&connections.service, &stream);
            }
            continue;
        };
        let connections = connections.clone();
        let tls = tls.clone();
        tokio::spawn(async move { connections.serve(stream, peer, tls, door, seat).await });
    }
}

/// Lets the store give dead space back, from time to time.
async fn sweep(service: Arc<Service>, signal: Signal) {
    let pause = service.config.sweep_interval;
    let mut drain = pin!(signal.reached(Phase::Drain));
    if pause.is_zero() {
        return;
    }
    loop {
        tokio::select! {
            () = drain.as_mut() => return,
            () = tokio::time::sleep(pause) => {}
        }
        match service.store.sweep().await {
            Ok(0) => {}
            Ok(bytes) => {
                service.metrics.swept_bytes.fetch_add(bytes, Relaxed);
                tracing::info!(bytes, "swept the store");
            }
            Err(error) => tracing::warn!(%error, "sweeping the store failed"),
        }
    }
}
