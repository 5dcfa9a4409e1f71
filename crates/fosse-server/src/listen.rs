//! Sockets: everything is bound, and the certificate read, before anything is served, so that ports are known and
//! a wrong setting is one clear error at start.

use crate::config::Config;
use crate::domain::tls::Tls;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

/// Why the service could not start or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// HTTPS listeners without certificate, or the other way round.
    #[error("{0}")]
    Setting(String),
    /// The certificate or key could not be used.
    #[error("cannot use {path}: {reason}")]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A bound socket could not be handed to the runtime.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What the settings say about one listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door {
    /// Connections begin with a PROXY protocol header.
    pub(crate) proxy_protocol: bool,
    /// Place of its VPC in `Network::listener_vpcs`.
    pub(crate) vpc: Option<u16>,
}

/// Bound sockets, not yet accepting.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) plain: Vec<(TcpListener, Door)>,
    pub(crate) tls: Vec<(TcpListener, Door)>,
    pub(crate) identity: Option<Tls>,
    pub(crate) admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds every address of `config` and reads the certificate.
    ///
    /// # Errors
    /// The first address that cannot be bound, or a certificate or key that cannot be used.
    pub fn bind(config: &Config) -> Result<Self, ServeError> {
        let identity = match &config.tls {
            Some(files) => Some(Tls::read(files)?),
            None if config.listen_tls.is_empty() => None,
            None => {
                return Err(ServeError::Setting(
                    "an HTTPS listener needs a certificate and a key".to_owned(),
                ));
            }
        };
        if config.listen.is_empty() && config.listen_tls.is_empty() {
            return Err(ServeError::Setting(
                "no listener: give at least one address".to_owned(),
            ));
        }
        check_network(config)?;
        let open = |address: &SocketAddr| {
            let network = &config.network;
            let vpc = network.listener_vpcs.iter().position(|(a, _)| a == address);
            let door = Door {
                proxy_protocol: network.proxy_protocol.contains(address),
                vpc: vpc.and_then(|place| u16::try_from(place).ok()),
            };
            bind_one(*address).map(|listener| (listener, door))
        };
        Ok(Self {
            plain: config.listen.iter().map(open).collect::<Result<_, _>>()?,
            tls: config
                .listen_tls
                .iter()
                .map(open)
                .collect::<Result<_, _>>()?,
            identity,
            admin: config.admin.map(bind_one).transpose()?,
        })
    }

    /// Addresses of the HTTP listeners, with the real ports.
    pub fn http_addresses(&self) -> Vec<SocketAddr> {
        addresses(&self.plain)
    }

    /// Addresses of the HTTPS listeners, with the real ports.
    pub fn https_addresses(&self) -> Vec<SocketAddr> {
        addresses(&self.tls)
    }

    /// Address of the admin listener, if it is on.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().and_then(|l| l.local_addr().ok())
    }
}

/// Settings about listeners must name listeners.
fn check_network(config: &Config) -> Result<(), ServeError> {
    let network = &config.network;
    let tagged = network.listener_vpcs.iter().map(|(address, _)| address);
    for address in network.proxy_protocol.iter().chain(tagged) {
        if !config.listen.contains(address) && !config.listen_tls.contains(address) {
            return Err(ServeError::Setting(format!(
                "{address} is no listener: a setting about a listener names its address as the listener's own setting does"
            )));
        }
    }
    if !network.proxy_protocol.is_empty() && network.trusted_proxies.is_empty() {
        return Err(ServeError::Setting(
            "a PROXY protocol listener believes trusted proxies only: name them".to_owned(),
        ));
    }
    Ok(())
}

fn addresses(listeners: &[(TcpListener, Door)]) -> Vec<SocketAddr> {
    listeners
        .iter()
        .filter_map(|(l, _)| l.local_addr().ok())
        .collect()
}

fn bind_one(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bind = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        if address.is_ipv6() {
            // `[::]` must not take the port of a separate IPv4 listener.
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(4096)?;
        Ok(TcpListener::from(socket))
    };
    bind().map_err(|source| ServeError::Bind { address, source })
}
