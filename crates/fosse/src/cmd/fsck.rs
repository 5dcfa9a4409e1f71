//! `fosse fsck`: checks that what is stored is what was written, in the data directory of a stopped server or, through its
//! admin listener, in one that runs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fosse_store::Scrubbed;

use crate::cmd::serve::open_store;
use crate::failure::{Failure, Result};
use crate::out::Out;

/// `fsck`
#[derive(Args, Debug)]
pub(crate) struct FsckArgs {
    /// Data directory of a stopped server
    #[arg(
        long,
        value_name = "DIR",
        env = "FOSSE_DATA_DIR",
        hide_env_values = true,
        default_value = "./fosse-data"
    )]
    data_dir: PathBuf,
    /// The file of master keys, when it is not in the data directory
    #[arg(
        long,
        value_name = "FILE",
        env = "FOSSE_MASTER_KEYS_FILE",
        hide_env_values = true
    )]
    master_keys_file: Option<PathBuf>,
    /// Check a running server instead, by the address of its admin listener
    #[arg(long, value_name = "URL", conflicts_with = "records_only")]
    admin: Option<String>,
    /// Compare records and counters only, without reading the objects
    #[arg(long)]
    records_only: bool,
}

/// What was found.
#[derive(Default)]
struct Found {
    objects: u64,
    bytes: u64,
    broken: u64,
}

impl Found {
    /// Says the sums; an error when something is broken.
    fn conclude(&self, out: &Out) -> Result<()> {
        let Found {
            objects,
            bytes,
            broken,
        } = self;
        out.line(&format!(
            "{objects} object versions and parts, {bytes} bytes, {broken} problems"
        ))?;
        match broken {
            0 => Ok(()),
            _ => Err(Failure::local(format_args!("{broken} problems were found"))),
        }
    }
}

/// Runs `fsck`.
pub(crate) fn run(args: &FsckArgs) -> Result<()> {
    let out = Out::new(false);
    match &args.admin {
        Some(url) => online(url, &out),
        None => offline(args, &out),
    }
}

fn offline(args: &FsckArgs, out: &Out) -> Result<()> {
    if !args.data_dir.is_dir() {
        return Err(Failure::local(format_args!(
            "there is no data directory {}; name it with --data-dir",
            args.data_dir.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::local(format_args!("cannot start the runtime: {error}")))?;
    let failed = |error: fosse_store::StoreError| Failure::Local(error.into());
    runtime.block_on(async {
        let store = open_store(&args.data_dir, args.master_keys_file.as_deref())?;
        let mut found = Found::default();
        let report = store.verify(false).await.map_err(failed)?;
        for problem in &report.problems {
            out.line(problem)?;
        }
        found.broken += report.problems.len() as u64;
        if !args.records_only {
            let mut scrub = store.scrub();
            while let Some(one) = scrub.next().await.map_err(failed)? {
                found.objects += 1;
                found.bytes += one.bytes;
                if one.problem.is_some() {
                    found.broken += 1;
                    out.line(&line(&one))?;
                }
            }
        }
        store.close().await.map_err(failed)?;
        found.conclude(out)
    })
}

fn line(one: &Scrubbed) -> String {
    let version = one.version.map(|version| version.to_string());
    told(
        &one.bucket,
        &one.key,
        version.as_deref(),
        one.problem.as_deref().unwrap_or_default(),
    )
}

/// A line that names one thing. `null` is the version that needs no name.
fn told(bucket: &str, key: &str, version: Option<&str>, problem: &str) -> String {
    let version = version.filter(|version| *version != "null");
    let version = version.map_or(String::new(), |version| format!(" version {version}"));
    format!("oss://{bucket}/{key}{version}: {problem}")
}

fn online(url: &str, out: &Out) -> Result<()> {
    let authority = url
        .strip_prefix("http://")
        .unwrap_or(url)
        .trim_end_matches('/');
    match ask(authority, "POST")?.0 {
        202 => {}
        409 => out.line("a scrub is under way already: waiting for it")?,
        status => return Err(no_admin(authority, status)),
    }
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let (status, body) = ask(authority, "GET")?;
        let state: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let Some(state) = state.filter(|_| status == 200) else {
            return Err(no_admin(authority, status));
        };
        if state["running"].as_bool() == Some(true) {
            continue;
        }
        if let Some(failure) = state["failure"].as_str() {
            return Err(Failure::local(format_args!(
                "the scrub broke off: {failure}"
            )));
        }
        for one in state["named"].as_array().into_iter().flatten() {
            let text = |name: &str| one[name].as_str();
            out.line(&told(
                text("bucket").unwrap_or_default(),
                text("key").unwrap_or_default(),
                text("version"),
                text("problem").unwrap_or_default(),
            ))?;
        }
        let number = |name: &str| state[name].as_u64().unwrap_or(0);
        return Found {
            objects: number("objects"),
            bytes: number("bytes"),
            broken: number("broken"),
        }
        .conclude(out);
    }
}

fn no_admin(authority: &str, status: u16) -> Failure {
    Failure::local(format_args!(
        "http://{authority}/fsck answers {status}: is it the admin listener?"
    ))
}

/// One request to the admin listener: status and body.
fn ask(authority: &str, method: &str) -> Result<(u16, Vec<u8>)> {
    let failed = |error: std::io::Error| {
        Failure::local(format_args!(
            "cannot reach the admin listener http://{authority}: {error}"
        ))
    };
    let mut stream = TcpStream::connect(authority).map_err(failed)?;
    let wait = Some(Duration::from_secs(30));
    stream.set_read_timeout(wait).map_err(failed)?;
    let head = format!(
        "{method} /fsck HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream
        .take(16 << 20)
        .read_to_end(&mut answer)
        .map_err(failed)?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
    let head = String::from_utf8_lossy(head);
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok((status.unwrap_or(0), body.to_vec()))
}
