//! One real `fosse serve` for the tests of one language.

use super::certificate;
use crate::process;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The invented root key of the tests; it opens nothing.
const ACCESS_KEY_ID: &str = "fosseE2eRootKey0";
const ACCESS_KEY_SECRET: &str = "fosseE2eRootSecretForTests0000";
const REGION: &str = "cn-hangzhou";
/// A base domain beside the built-in ones.
const DOMAIN: &str = "fosse.test";
/// How long the server may take to listen, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server, its directory and its addresses.
pub(super) struct Server {
    child: Child,
    directory: TempDir,
    name: String,
    /// `http://127.0.0.1:PORT`.
    v4: String,
    /// `http://[::1]:PORT`.
    v6: String,
    /// `https://127.0.0.1:PORT`.
    tls: String,
    admin: String,
    binary: PathBuf,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts the server and waits until all its listeners are ready.
    pub(super) fn start(binary: &Path, name: &str) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("fosse-e2e-").tempdir()?;
        let certificate = directory.path().join("certificate.pem");
        let key = directory.path().join("key.pem");
        certificate::write(&certificate, &key, DOMAIN)?;
        std::fs::write(directory.path().join("clock"), "0\n")?;
        let mut child = Command::new(binary)
            .arg("serve")
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .args(["--listen", "127.0.0.1:0", "--listen", "[::1]:0"])
            .args(["--listen-tls", "127.0.0.1:0"])
            .arg("--tls-cert")
            .arg(&certificate)
            .arg("--tls-key")
            .arg(&key)
            .args([
                "--console",
                "127.0.0.1:0",
                "--domain",
                DOMAIN,
                "--region",
                REGION,
                // Tests play the application on any port.
                "--callback-allow",
                "127.0.0.1:*",
            ])
            .env("FOSSE_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("FOSSE_ROOT_ACCESS_KEY_SECRET", ACCESS_KEY_SECRET)
            .env("FOSSE_TEST_CLOCK", directory.path().join("clock"))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;

        let stderr = child
            .stderr
            .take()
            .context("standard error of the server")?;
        let mut log = File::create(log_path(name)?)?;
        let (sender, lines) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut reader = BufReader::new(stderr);
            let mut bytes = Vec::new();
            // Goes on to the end of the pipe even if the log cannot be written: a full pipe would stop the server.
            while reader
                .read_until(b'\n', &mut bytes)
                .is_ok_and(|read| read > 0)
            {
                let _ = log.write_all(&bytes);
                let _ = sender.send(String::from_utf8_lossy(&bytes).trim_end().to_owned());
                bytes.clear();
            }
        });
        let mut server = Self {
            child,
            directory,
            name: name.to_owned(),
            v4: String::new(),
            v6: String::new(),
            tls: String::new(),
            admin: String::new(),
            binary: binary.to_path_buf(),
            reader: Some(reader),
        };
        server.await_listeners(&lines)?;
        Ok(server)
    }

    fn await_listeners(&mut self, lines: &Receiver<String>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while [&self.v4, &self.v6, &self.tls, &self.admin]
            .iter()
            .any(|url| url.is_empty())
        {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = lines.recv_timeout(left) else {
                print_log(&self.name)?;
                bail!(
                    "the server did not announce its listeners (have {:?} {:?} {:?} {:?})",
                    self.v4,
                    self.v6,
                    self.tls,
                    self.admin
                );
            };
            if let Some(url) = after(&line, "listening on ") {
                if url.starts_with("https://") {
                    self.tls = url;
                } else if url.contains('[') {
                    self.v6 = url;
                } else {
                    self.v4 = url;
                }
            } else if let Some(url) = after(&line, "admin on ") {
                self.admin = url;
            }
        }
        Ok(())
    }

    /// The variables of `e2e/README.md`.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let port = |url: &str| url.rsplit(':').next().unwrap_or_default().to_owned();
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        vec![
            ("FOSSE_E2E_ENDPOINT", self.v4.clone()),
            ("FOSSE_E2E_ENDPOINT_V6", self.v6.clone()),
            (
                "FOSSE_E2E_LOCALHOST",
                format!("http://localhost:{}", port(&self.v4)),
            ),
            ("FOSSE_E2E_PORT", port(&self.v4)),
            ("FOSSE_E2E_TLS", self.tls.replace("127.0.0.1", "localhost")),
            ("FOSSE_E2E_CA", path("certificate.pem")),
            ("FOSSE_E2E_ADMIN", self.admin.clone()),
            ("FOSSE_E2E_DOMAIN", DOMAIN.to_owned()),
            ("FOSSE_E2E_REGION", REGION.to_owned()),
            ("FOSSE_E2E_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("FOSSE_E2E_ACCESS_KEY_SECRET", ACCESS_KEY_SECRET.to_owned()),
            ("FOSSE_E2E_CLOCK", path("clock")),
            (
                "FOSSE_E2E_CASES",
                process::root()
                    .join("e2e")
                    .join("cases")
                    .display()
                    .to_string(),
            ),
            ("FOSSE_E2E_BIN", self.binary.display().to_string()),
        ]
    }

    /// Asks the server to end, as an operator would, and looks for what should never be in its log.
    pub(super) fn stop(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("ended by itself with {status}");
        }
        process::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let Some(status) = process::wait_for(&mut self.child, PATIENCE)? else {
            bail!("still runs {} s after SIGTERM", PATIENCE.as_secs());
        };
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if !status.success() {
            bail!("ended with {status} after SIGTERM");
        }
        let log = std::fs::read_to_string(log_path(&self.name)?)?;
        if log.contains("panicked at") {
            bail!("panicked");
        }
        if log.contains(ACCESS_KEY_SECRET) {
            bail!("wrote a secret to its log");
        }
        if log.contains("x-oss-signature=") || log.contains("&Signature=") {
            bail!("wrote a signature to its log");
        }
        if let Some(line) = log.lines().find(|line| line.contains(" status=5")) {
            bail!("answered with a fault of its own: {line}");
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What follows `mark` up to the next blank.
fn after(line: &str, mark: &str) -> Option<String> {
    let rest = &line[line.find(mark)? + mark.len()..];
    rest.split_whitespace()
        .next()
        .map(|url| url.trim_end_matches('/').to_owned())
}

fn log_path(name: &str) -> Result<PathBuf> {
    let directory = process::target_dir().join("e2e");
    std::fs::create_dir_all(&directory)?;
    Ok(directory.join(format!("server-{name}.log")))
}

/// Shows the server's log, its last part if it is long.
pub(super) fn print_log(name: &str) -> Result<()> {
    const LAST: usize = 200;
    let path = log_path(name)?;
    let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    println!(
        "---- {} (last {LAST} of {} lines)",
        path.display(),
        lines.len()
    );
    for line in &lines[lines.len().saturating_sub(LAST)..] {
        println!("{line}");
    }
    println!("----");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn addresses_are_read_from_plain_and_structured_lines() {
        assert_eq!(
            after("listening on http://127.0.0.1:41", "listening on ").as_deref(),
            Some("http://127.0.0.1:41")
        );
        assert_eq!(
            after("INFO x: listening on http://[::1]:9/ now", "listening on ").as_deref(),
            Some("http://[::1]:9")
        );
        assert_eq!(after("admin on http://127.0.0.1:41", "listening on "), None);
    }
}
