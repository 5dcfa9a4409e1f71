//! What the tests of the program share: the real binary in a directory of its own, a server, and a plain HTTP client
//! that sends what it is told and nothing else.
#![allow(dead_code)] // each test file uses its own part

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// AccessKey of the servers that tests start.
pub(crate) const ID: &str = "TestAccessKeyId";
/// Its secret.
pub(crate) const SECRET: &str = "TestAccessKeySecret0123456789";

/// The program, with no variable of the surroundings that it reads.
pub(crate) fn fosse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fosse"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("OSS") || name.starts_with("FOSSE") || name == "HOME" {
            command.env_remove(name);
        }
    }
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// A server that dies with the test.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(crate) endpoint: String,
    log: Arc<Mutex<String>>,
    /// Home and working directory of the commands.
    pub(crate) dir: TempDir,
}

impl Server {
    /// Everything in memory, with [`ID`] and [`SECRET`].
    pub(crate) fn memory() -> Self {
        Self::start(&["--memory"], true)
    }

    /// With these flags besides the listener's. `key`: give it the root AccessKey of the tests.
    pub(crate) fn start(flags: &[&str], key: bool) -> Self {
        let dir = TempDir::new().unwrap();
        Self::start_in(dir, flags, key)
    }

    /// As [`Self::start`], in a directory that is there already.
    pub(crate) fn start_in(dir: TempDir, flags: &[&str], key: bool) -> Self {
        let mut command = fosse();
        command.args(["serve", "--console", "off"]).args(flags);
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if key {
            command
                .env("FOSSE_ROOT_ACCESS_KEY_ID", ID)
                .env("FOSSE_ROOT_ACCESS_KEY_SECRET", SECRET);
        }
        command
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, ready) = std::sync::mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(endpoint) = line.strip_prefix("listening on ") {
                    let _ = sender.send(endpoint.to_owned());
                }
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let endpoint = ready
            .recv_timeout(Duration::from_secs(30))
            .unwrap_or_else(|_| panic!("no listener: {}", log.lock().unwrap()));
        Self {
            child,
            endpoint,
            log,
            dir,
        }
    }

    /// What the server wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A command against this server.
    pub(crate) fn command(&self) -> Command {
        let mut command = fosse();
        command
            .current_dir(self.dir.path())
            .env("HOME", self.dir.path())
            .env("OSS_ACCESS_KEY_ID", ID)
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ENDPOINT", &self.endpoint);
        command
    }

    /// Runs a command against this server.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments))
    }

    /// Runs a command that must end with exit code 0; its standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    /// A presigned URL: the first line of what the command prints.
    pub(crate) fn link(&self, arguments: &[&str]) -> String {
        let text = self.ok(arguments);
        text.lines().next().unwrap_or_default().to_owned()
    }

    /// Asks the server to stop and waits: its standard output, and the directory.
    pub(crate) fn stop(mut self) -> (String, TempDir) {
        let killed = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(killed.success());
        let deadline = Instant::now() + Duration::from_secs(40);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}: {}", self.log());
        let mut stdout = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        let dir = std::mem::replace(&mut self.dir, TempDir::new().unwrap());
        (stdout, dir)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Runs a command with `input` on its standard input.
    pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Self::from(output)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// One request on a connection of its own, with the URL's path and query as they are: status and body.
pub(crate) fn http(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, Vec<u8>) {
    let rest = url
        .strip_prefix("http://")
        .unwrap_or_else(|| panic!("not http: {url}"));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let split = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer with a head");
    let head = String::from_utf8_lossy(&answer[..split]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    (status, answer[split + 4..].to_vec())
}

/// Whether the last lines are the blank one and the `elapsed` one.
pub(crate) fn ends_with_elapsed(text: &str) -> bool {
    let mut lines = text.lines().rev();
    let last = lines.next().unwrap_or_default();
    let seconds = last
        .strip_suffix("(s) elapsed")
        .and_then(|seconds| seconds.parse::<f64>().ok());
    seconds.is_some() && lines.next() == Some("")
}

/// Bytes that no compression and no constant would give.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Writes a file for a test.
pub(crate) fn write(dir: &Path, name: &str, content: &[u8]) {
    std::fs::write(dir.join(name), content).unwrap();
}

/// `export NAME=value` lines.
pub(crate) fn exported<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        line.strip_prefix("export ")?
            .strip_prefix(name)?
            .strip_prefix('=')
    })
}
