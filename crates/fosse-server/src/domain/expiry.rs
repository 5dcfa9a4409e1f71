//! When the certificates of domains and listeners end: for the metrics, and as warnings in the log.

use crate::domain::{tls::Tls, validity};
use crate::service::Service;
use crate::shutdown::{Phase, Signal};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(10);
/// Looks between two readings of all domains: a scan of the index.
const LOOKS: u32 = 6;
/// A certificate that ends within this many seconds is warned about, once a day.
const WARN_WITHIN: i64 = 14 * 86_400;

/// A certificate in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InUse {
    /// The domain; empty for the listeners' own certificate.
    pub(crate) domain: String,
    /// Last second of its validity, Unix seconds.
    pub(crate) valid_until: i64,
}

/// Reads changed certificate files and watches over ends of validity until the shutdown begins.
pub(crate) async fn watch(service: Arc<Service>, tls: Option<Arc<Tls>>, signal: Signal) {
    let mut drain = pin!(signal.reached(Phase::Drain));
    let mut warned = None;
    let mut looks = 0u32;
    loop {
        if looks.is_multiple_of(LOOKS) {
            let now = service.clock.now();
            let list = certificates(&service, tls.as_deref()).await;
            if warned.is_none_or(|last| now - last >= 86_400) {
                warned = Some(now);
                warn(&list, now);
            }
            *service.certificates.write() = list;
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = drain.as_mut() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Some(tls) = tls.clone() {
            let _ = tokio::task::spawn_blocking(move || tls.refresh()).await;
        }
    }
}

/// The certificates of all domains and of the listeners.
async fn certificates(service: &Service, tls: Option<&Tls>) -> Vec<InUse> {
    let mut list = Vec::new();
    let own = tls.and_then(Tls::own_leaf);
    if let Some(validity) = own.as_deref().and_then(validity::of_certificate) {
        list.push(InUse {
            domain: String::new(),
            valid_until: validity.until,
        });
    }
    match service.store.domains().await {
        Ok(domains) => list.extend(domains.iter().filter_map(|domain| {
            Some(InUse {
                domain: domain.name.clone(),
                valid_until: domain.certificate.as_ref()?.valid_until,
            })
        })),
        Err(error) => tracing::warn!(%error, "the domains cannot be listed"),
    }
    list
}

fn warn(list: &[InUse], now: i64) {
    for certificate in list {
        let left = certificate.valid_until - now;
        let domain = match certificate.domain.as_str() {
            "" => "(the listeners' own)",
            name => name,
        };
        if left < 0 {
            tracing::error!(domain, "the certificate has expired");
        } else if left < WARN_WITHIN {
            tracing::warn!(domain, days = left / 86_400, "the certificate expires soon");
        }
    }
}

/// The lines of `/metrics`.
pub(crate) fn render(list: &[InUse], out: &mut String) {
    use std::fmt::Write as _;
    out.push_str(
        "# HELP fosse_certificate_expiry_timestamp_seconds Last second of a certificate; no domain: the listeners' own.\n\
         # TYPE fosse_certificate_expiry_timestamp_seconds gauge\n",
    );
    for certificate in list {
        let _ = writeln!(
            out,
            "fosse_certificate_expiry_timestamp_seconds{{domain=\"{}\"}} {}",
            certificate.domain, certificate.valid_until
        );
    }
}
