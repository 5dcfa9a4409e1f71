//! The servers under load: the real `fosse serve`, and nginx with a configuration of our own.

use crate::cpu::pinned;
use anyhow::{Context, bail, ensure};
use fosse_oss::sign::Credentials;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// A running server, ended when dropped.
pub struct Peer {
    child: Child,
    /// Asks the server to end before it is killed: nginx would leave its worker behind.
    stop: Option<Command>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Peer {
    /// The process, for CPU accounting; its descendants belong to it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let asked = self
            .stop
            .as_mut()
            .is_some_and(|stop| stop.status().is_ok_and(|s| s.success()));
        if !asked {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A command under `strace` that delays the return of every sync by `delay`: a disk that takes longer,
/// where the real one is too fast to show what waiting for it costs. Only syncs are traced (by a
/// seccomp filter), so nothing else is slowed.
pub fn with_sync_delay(inner: &Command, delay: Duration) -> Command {
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fsync,fdatasync",
    ]);
    command.arg("-e").arg(format!(
        "inject=fsync,fdatasync:delay_exit={}",
        delay.as_micros()
    ));
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

/// Whether `strace` can delay syncs here; it may be missing or forbidden.
pub fn can_delay_syncs() -> bool {
    let mut probe = with_sync_delay(&Command::new("true"), Duration::from_micros(1));
    probe
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Starts `fosse serve` with the data directory `data`, root key and plain HTTP on loopback, without
/// the access log (nginx writes none either). `sync_delay`: see [`with_sync_delay`].
pub fn fosse(
    binary: &Path,
    data: &Path,
    credentials: &Credentials,
    cpus: Option<&str>,
    sync_delay: Option<Duration>,
) -> anyhow::Result<Peer> {
    let mut command = pinned(cpus, binary);
    if let Some(delay) = sync_delay {
        command = with_sync_delay(&command, delay);
    }
    let mut child = command
        .arg("serve")
        .arg("--data-dir")
        .arg(data)
        .args(["--listen", "127.0.0.1:0", "--console", "off"])
        .env("FOSSE_ROOT_ACCESS_KEY_ID", &credentials.access_key_id)
        .env(
            "FOSSE_ROOT_ACCESS_KEY_SECRET",
            &credentials.access_key_secret,
        )
        .env("FOSSE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let stderr = child.stderr.take().context("no stderr")?;
    let (found, ready) = mpsc::channel();
    // Reads to the end, so that the server never blocks on a full pipe.
    std::thread::spawn(move || {
        let mut last = String::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("listening on http://")
                && let Ok(address) = address.trim().parse::<SocketAddr>()
            {
                let _ = found.send(Ok(address));
            }
            last = line;
        }
        let _ = found.send(Err(last));
    });
    let mut peer = Peer {
        child,
        stop: None,
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    match ready.recv_timeout(START) {
        Ok(Ok(address)) => peer.address = address,
        Ok(Err(last)) => bail!("{} ended at once: {last}", binary.display()),
        Err(_) => bail!(
            "{} did not say that it listens within {START:?}",
            binary.display()
        ),
    }
    Ok(peer)
}

/// How nginx sends a file. Always with `open_file_cache`: files stay open from request to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NginxMode {
    /// The kernel copies from file to socket, and header and body share segments (`tcp_nopush`):
    /// Debian's settings.
    SendfileNopush,
    /// `sendfile` alone: on loopback faster for large files, slower for small ones.
    Sendfile,
    /// Read into memory, then written.
    Copy,
}

impl NginxMode {
    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendfileNopush => "nginx, sendfile + tcp_nopush",
            Self::Sendfile => "nginx, sendfile",
            Self::Copy => "nginx, no sendfile",
        }
    }

    fn directives(self) -> &'static str {
        match self {
            Self::SendfileNopush => "sendfile on; tcp_nopush on;",
            Self::Sendfile => "sendfile on; tcp_nopush off;",
            // The default of two 32 KiB buffers would need many reads for one large body.
            Self::Copy => "sendfile off; output_buffers 2 256k;",
        }
    }
}

/// Where nginx is, or how to get it.
pub fn find_nginx() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|dir| dir.join("nginx"))
        .find(|file| file.is_file())
        .context(
            "nginx is not installed; the comparison needs it: apt-get install --no-install-recommends nginx-light\n\
             (or measure Fosse alone: --without-nginx)",
        )
}

/// Starts nginx, one worker, serving `root` from loopback; it takes WebDAV PUT as well. Its own files
/// go to `dir`.
pub fn nginx(
    binary: &Path,
    dir: &Path,
    root: &Path,
    mode: NginxMode,
    cpus: Option<&str>,
) -> anyhow::Result<Peer> {
    std::fs::create_dir_all(dir)?;
    // nginx cannot tell which port it was given, so one is chosen here and freed for it.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = dir.join("nginx.conf");
    let log = dir.join("error.log");
    std::fs::write(&config, configuration(dir, root, mode, address, is_root())?)?;
    let command = |pin: Option<&str>| {
        let mut command = pinned(pin, binary);
        command
            .arg("-p")
            .arg(dir)
            .arg("-e")
            .arg(&log)
            .arg("-c")
            .arg(&config);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let child = command(cpus)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let mut stop = command(None);
    stop.args(["-s", "stop"]);
    let mut peer = Peer {
        child,
        stop: Some(stop),
        address,
    };
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = peer.child.try_wait()? {
            peer.stop = None;
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("nginx ended at once ({status}): {}", said.trim());
        }
        ensure!(
            begin.elapsed() < START,
            "nginx did not listen within {START:?}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(peer)
}

fn configuration(
    dir: &Path,
    root: &Path,
    mode: NginxMode,
    address: SocketAddr,
    as_root: bool,
) -> anyhow::Result<String> {
    let quoted = |path: &Path| -> anyhow::Result<String> {
        let text = path.to_str().context("a path that is not UTF-8")?;
        ensure!(
            !text.contains(['"', '\\', '$']),
            "a path that nginx cannot quote: {text}"
        );
        Ok(format!("\"{text}\""))
    };
    let mut text = String::from("worker_processes 1;\ndaemon off;\n");
    // Started by root, the worker would become another user, who cannot read a private directory.
    if as_root {
        text.push_str("user root;\n");
    }
    writeln!(text, "pid {};", quoted(&dir.join("pid"))?)?;
    text.push_str("events { worker_connections 4096; }\nhttp {\n  access_log off;\n");
    writeln!(
        text,
        "  client_body_temp_path {};",
        quoted(&dir.join("client_body"))?
    )?;
    text.push_str("  default_type application/octet-stream;\n");
    text.push_str("  keepalive_requests 1000000000;\n  keepalive_timeout 1h;\n  tcp_nodelay on;\n");
    writeln!(text, "  {}", mode.directives())?;
    text.push_str("  open_file_cache max=100000 inactive=1h;\n  open_file_cache_valid 1h;\n");
    text.push_str("  client_max_body_size 64m;\n");
    writeln!(
        text,
        "  server {{\n    listen {address};\n    root {};",
        quoted(root)?
    )?;
    text.push_str("    location /dav/ { dav_methods PUT; create_full_put_path on; }\n  }\n}\n");
    Ok(text)
}

/// Whether this process runs as root: the owner of its own entry in `/proc`.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_follows_the_mode() {
        let text = |mode| {
            let address = "127.0.0.1:80".parse().unwrap();
            configuration(Path::new("/d"), Path::new("/r"), mode, address, false).unwrap()
        };
        for mode in [
            NginxMode::SendfileNopush,
            NginxMode::Sendfile,
            NginxMode::Copy,
        ] {
            let text = text(mode);
            assert!(text.contains(mode.directives()), "{text}");
            assert!(!text.contains("user root"), "{text}");
            assert_eq!(
                text.matches('{').count(),
                text.matches('}').count(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_path_that_cannot_be_quoted_is_refused() {
        let mode = NginxMode::Copy;
        let address = "127.0.0.1:80".parse().unwrap();
        assert!(configuration(Path::new("/d\""), Path::new("/r"), mode, address, false).is_err());
    }

    #[test]
    fn a_binary_that_ends_at_once_is_reported() {
        let credentials = Credentials {
            access_key_id: "i".into(),
            access_key_secret: "s".into(),
            security_token: None,
        };
        let error = fosse(
            Path::new("/bin/false"),
            Path::new("/nowhere"),
            &credentials,
            None,
            None,
        );
        assert!(error.is_err_and(|e| e.to_string().contains("ended at once")));
    }
}
