//! How many connections at once, and what one too many is told.

use crate::service::Service;
use fosse_oss::{ErrorCode, OssError};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Seats for connections over all listeners.
#[derive(Clone)]
pub(crate) struct Seats {
    semaphore: Arc<Semaphore>,
    count: u32,
}

/// A taken seat; dropping it frees the seat.
pub(crate) struct Seat {
    _permit: OwnedSemaphorePermit,
    service: Arc<Service>,
}

impl Seats {
    pub(crate) fn new(count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX).clamp(1, 1 << 24);
        Self {
            semaphore: Arc::new(Semaphore::new(count as usize)),
            count,
        }
    }

    /// A seat, or `None` when all are taken.
    pub(crate) fn take(&self, service: &Arc<Service>) -> Option<Seat> {
        let permit = self.semaphore.clone().try_acquire_owned().ok()?;
        service.metrics.connections.fetch_add(1, Relaxed);
        service.metrics.connections_total.fetch_add(1, Relaxed);
        Some(Seat {
            _permit: permit,
            service: service.clone(),
        })
    }

    /// Waits until every seat is free; `false` when `deadline` passed first.
    pub(crate) async fn empty(&self, deadline: Duration) -> bool {
        matches!(
            tokio::time::timeout(deadline, self.semaphore.acquire_many(self.count)).await,
            Ok(Ok(_))
        )
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.service.metrics.connections.fetch_sub(1, Relaxed);
    }
}

/// Answers 503 without waiting for a request, and closes. One write into the empty send buffer of a fresh socket:
/// a flood of connections costs no task and no memory.
pub(crate) fn turn_away(service: &Service, stream: &TcpStream) {
    service.metrics.connections_refused.fetch_add(1, Relaxed);
    let now = service.clock.now();
    let id = service.ids.next(now);
    let error = OssError::new(ErrorCode::ServiceUnavailable)
        .with_message("Too many connections, please retry later.");
    let body = error.to_xml(id.as_str(), "");
    let reply = format!(
        "HTTP/1.1 503 Service Unavailable\r\nserver: {}\r\ndate: {}\r\nx-oss-request-id: {}\r\n\
         content-type: application/xml\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        service.config.server_header,
        fosse_oss::time::format_http(now),
        id.as_str(),
        body.len()
    );
    if let Err(error) = stream.try_write(reply.as_bytes()) {
        tracing::debug!(%error, "could not tell a client that all connections are in use");
    }
}
