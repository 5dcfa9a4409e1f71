//! One connection: TLS if the listener has it, HTTP/1.1 or HTTP/2, a watchdog, and an orderly end.

use crate::dispatch;
use crate::domain::tls::Tls;
use crate::limits::Seat;
use crate::listen::Door;
use crate::proxy_header;
use crate::service::Service;
use crate::shutdown::Phase;
use crate::stall::{Activity, Verdict, Watched};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::server::Acceptor;
use socket2::SockRef;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// Bytes that wait for a client on the same machine, such as a reverse proxy: few enough to stay in the processor's
/// cache until they are read. Others have a distance to fill, for which the kernel must tune the buffer itself.
const LOCAL_SEND_BUFFER: usize = 512 * 1024;

/// What the requests of a connection have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// The other end: the client, or an HTTP proxy before it. A proxy that speaks the PROXY protocol counts for nothing.
    pub(crate) peer: SocketAddr,
    /// The request came over TLS.
    pub(crate) tls: bool,
    /// VPC of the listener: its place in `Network::listener_vpcs`.
    pub(crate) vpc: Option<u16>,
}

/// Everything that the connections of one service share.
pub(crate) struct Connections {
    pub(crate) service: Arc<Service>,
    builder: Builder<TokioExecutor>,
}

impl Connections {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        let limits = &service.config.limits;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            // Heads and idleness are timed by the watchdog, one timer a connection instead of one a request.
            .header_read_timeout(None)
            .auto_date_header(false)
            // Otherwise hyper reads ahead for the end of the stream during every answer, into a new buffer, as the
            // head of the request is still in the old one. A client that only shut down its sending side is served.
            .half_close(true)
            .max_headers(limits.max_headers)
            // hyper refuses less than 8 KiB.
            .max_buf_size(limits.max_header_bytes.max(8192))
            .writev(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .max_concurrent_streams(limits.max_http2_streams)
            .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .max_frame_size(64 * 1024)
            .max_pending_accept_reset_streams(20)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Self { service, builder }
    }

    /// Serves `stream` until it ends. Never fails: what goes wrong is the client's, and is logged.
    pub(crate) async fn serve(
        &self,
        mut stream: TcpStream,
        mut peer: SocketAddr,
        tls: Option<Arc<Tls>>,
        door: Door,
        seat: Seat,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "set_nodelay");
        }
        if peer.ip().to_canonical().is_loopback()
            && let Err(error) = SockRef::from(&stream).set_send_buffer_size(LOCAL_SEND_BUFFER)
        {
            tracing::debug!(%error, %peer, "set_send_buffer_size");
        }
        let mut secure = tls.is_some();
        if door.proxy_protocol {
            let Some(header) = self.proxy_header(&mut stream, peer).await else {
                return;
            };
            peer = header.client.unwrap_or(peer);
            secure |= header.tls;
        }
        let origin = Origin {
            peer,
            tls: secure,
            vpc: door.vpc,
        };
        match tls {
            None => self.speak(stream, origin).await,
            Some(tls) => {
                let limit = self.service.config.limits.tls_handshake_timeout;
                match tokio::time::timeout(limit, self.shake_hands(stream, &tls)).await {
                    Ok(Ok(stream)) => self.speak(stream, origin).await,
                    Ok(Err(error)) => tracing::debug!(%error, %peer, "TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                }
            }
        }
        drop(seat);
    }

    /// TLS with the settings for the name that the client asks for.
    async fn shake_hands(
        &self,
        stream: TcpStream,
        tls: &Tls,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let config = tls.config(&self.service, &start.client_hello()).await;
        let nothing = || std::io::Error::other("the bucket leaves no cipher suite to negotiate");
        start.into_stream(config.ok_or_else(nothing)?).await
    }

    /// What the proxy before this connection says; `None` when it is none that may, or says nothing that can be
    /// understood in time.
    async fn proxy_header(
        &self,
        stream: &mut TcpStream,
        peer: SocketAddr,
    ) -> Option<proxy_header::ProxyHeader> {
        if !self.service.clients.trusts(peer.ip()) {
            tracing::warn!(%peer, "a connection to a PROXY protocol listener came from no trusted proxy");
            return None;
        }
        let limit = self.service.config.limits.tls_handshake_timeout;
        match tokio::time::timeout(limit, proxy_header::read(stream)).await {
            Ok(Ok(header)) => Some(header),
            Ok(Err(error)) => {
                tracing::debug!(%error, %peer, "no PROXY protocol header");
                None
            }
            Err(_) => {
                tracing::debug!(%peer, "the PROXY protocol header took too long");
                None
            }
        }
    }

    async fn speak<S>(&self, stream: S, origin: Origin)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.service.config.limits;
        let activity = Activity::new();
        let io = TokioIo::new(Watched::new(
            stream,
            activity.clone(),
            limits.write_idle_timeout,
        ));
        let service = {
            let service = self.service.clone();
            let activity = activity.clone();
            hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let in_flight = activity.begin(request.version() == http::Version::HTTP_2);
                dispatch::handle(service.clone(), origin, in_flight, request)
            })
        };
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut drain = pin!(self.service.signal.reached(Phase::Drain));
        let mut cut = pin!(self.service.signal.reached(Phase::Cut));
        let step = tick(limits.header_timeout.min(limits.keep_alive_timeout));
        let mut watchdog = tokio::time::interval_at(tokio::time::Instant::now() + step, step);
        let mut draining = self.service.signal.phase() > Phase::Run;
        let mut closing = false;
        if draining {
            connection.as_mut().graceful_shutdown();
        }
        loop {
            tokio::select! {
                biased;
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(error = %Causes(&*error), peer = %origin.peer, "connection ended");
                    }
                    return;
                }
                () = drain.as_mut(), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = cut.as_mut() => {
                    tracing::warn!(peer = %origin.peer, "connection cut: the shutdown deadline has passed");
                    return;
                }
                _ = watchdog.tick() => match activity.judge(limits.header_timeout, limits.keep_alive_timeout) {
                    Verdict::Fine => {}
                    Verdict::Idle if !closing => {
                        closing = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    verdict => {
                        tracing::debug!(?verdict, peer = %origin.peer, "connection closed by the watchdog");
                        return;
                    }
                },
            }
        }
    }
}

/// How often the watchdog looks: four times within its shortest limit, at least 20 ms apart.
fn tick(shortest: Duration) -> Duration {
    (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(5))
}

/// An error with the errors behind it, on one line.
struct Causes<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
