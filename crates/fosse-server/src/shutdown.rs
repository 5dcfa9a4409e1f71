//! Stopping in order: no new connections, then what is in flight ends, then what is left is cut.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// How far the shutdown is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Serving.
    Run,
    /// No new work; what is in flight may end.
    Drain,
    /// The deadline has passed: drop everything.
    Cut,
}

/// The side that decides.
pub(crate) struct Switch(watch::Sender<Phase>);

/// The side that obeys. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Signal(watch::Receiver<Phase>);

/// A pair in [`Phase::Run`].
pub(crate) fn switch() -> (Switch, Signal) {
    let (sender, receiver) = watch::channel(Phase::Run);
    (Switch(sender), Signal(receiver))
}

impl Switch {
    /// Moves to `phase` and wakes everyone.
    pub(crate) fn set(&self, phase: Phase) {
        self.0.send_replace(phase);
    }
}

impl Signal {
    /// The phase now.
    pub(crate) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Resolves when the phase is `phase` or later. A dropped switch counts as [`Phase::Cut`].
    pub(crate) fn reached(&self, phase: Phase) -> Reached {
        let mut receiver = self.0.clone();
        Reached(Box::pin(async move {
            let _ = receiver.wait_for(|now| *now >= phase).await;
        }))
    }
}

/// See [`Signal::reached`].
pub(crate) struct Reached(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Future for Reached {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
