//! Fosse against nginx and against the disk, in interleaved rounds of one run: what slows the machine
//! for a moment slows all of them, and the ratios of a round stay comparable.

use crate::content::Content;
use crate::load::{self, Outcome, Plan, Shot};
use crate::peer::{self, NginxMode, Peer};
use crate::response::Expected;
use crate::shots::{Proof, Ring, Signer, Uploads};
use crate::table::{Goal, Row, Table};
use crate::{cpu, disk};
use anyhow::{Context, ensure};
use fosse_oss::sign::{Credentials, Scheme};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What to compare and for how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Short rounds: a look, not a figure to publish.
    #[arg(long)]
    quick: bool,
    /// Rounds; the median counts. Default 5, with --quick 3.
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds measured of each contender in each round. Default 5, with --quick 2.
    #[arg(long)]
    seconds: Option<f64>,
    /// CPUs of the servers, as taskset(1) lists them.
    #[arg(long, default_value = "0")]
    server_cpus: String,
    /// CPUs of the load generator.
    #[arg(long, default_value = "1")]
    generator_cpus: String,
    /// Pin nothing: for a machine with one CPU, or to use all of them.
    #[arg(long)]
    no_pin: bool,
    /// The server binary. Default: the one beside this program.
    #[arg(long)]
    fosse: Option<PathBuf>,
    /// Directory for data, made and removed; it decides which disk is measured. Default: beside this
    /// program, below the build directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Only Fosse and the disk.
    #[arg(long)]
    without_nginx: bool,
    /// Only the cases whose name contains this text.
    #[arg(long)]
    only: Option<String>,
    /// Compare every byte of every body, also of large ones (the generator may become the limit).
    #[arg(long)]
    verify_all: bool,
    /// Also measure uploads with every sync delayed by this many microseconds; 0: not. Needs strace, whose
    /// own work on the server's core keeps the rate down, so no goal is judged by it.
    #[arg(long, default_value_t = 900)]
    sync_delay: u64,
}

/// One download case.
struct Download {
    name: &'static str,
    size: usize,
    objects: usize,
    connections: usize,
    /// Presigned URLs made beforehand.
    ring: usize,
    verify_every: u64,
    read_buffer: usize,
    /// Times the fastest nginx.
    goal: Option<f64>,
}

const DOWNLOADS: [Download; 3] = [
    Download {
        name: "GET 4 KiB",
        size: 4 << 10,
        objects: 1024,
        connections: 64,
        ring: 16_384,
        verify_every: 1,
        read_buffer: 16 << 10,
        goal: Some(0.7),
    },
    Download {
        name: "GET 1 MiB",
        size: 1 << 20,
        // Few enough for the default cache of bodies; what does not fit is the next case.
        objects: 8,
        connections: 16,
        ring: 4096,
        // The body is larger than the CPU's caches: comparing all would measure the comparison.
        verify_every: 16,
        read_buffer: 256 << 10,
        goal: Some(1.0),
    },
    Download {
        name: "GET 1 MiB, more than the cache",
        size: (1 << 20) - 1,
        objects: 256,
        connections: 16,
        ring: 4096,
        verify_every: 16,
        read_buffer: 256 << 10,
        goal: None,
    },
];

const UPLOAD_CONNECTIONS: usize = 64;
const UPLOAD_SIZE: usize = 4 << 10;
/// Uploads read back and compared after each round.
const READ_BACK: usize = 200;

const NGINX_MODES: [NginxMode; 3] = [
    NginxMode::SendfileNopush,
    NginxMode::Sendfile,
    NginxMode::Copy,
];

const BUCKET: &str = "bench";
const REGION: &str = "cn-hangzhou";

/// The servers of a run, and the objects that all of them hold.
struct Bench<'o> {
    options: &'o Options,
    dir: PathBuf,
    fosse: Peer,
    signer: Rc<Signer>,
    slow: Option<(Peer, Rc<Signer>)>,
    nginx: Vec<(NginxMode, Peer, Rc<Signer>)>,
    rounds: usize,
    measure: Duration,
    warm_up: Duration,
}

/// Runs the comparison, prints the table, and tells whether every goal that was measured is met.
///
/// # Errors
/// When a server does not start, or any answer is not exactly what it must be.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    let own = std::env::current_exe()?;
    let built = own.parent().context("this program has no directory")?;
    let binary = match &options.fosse {
        Some(path) => path.clone(),
        None => built_server(built)?,
    };
    let base = match &options.dir {
        Some(dir) => dir.clone(),
        None => built.join("bench-data"),
    };
    std::fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    let dir = tempfile::Builder::new().prefix("run-").tempdir_in(&base)?;
    if !options.no_pin {
        cpu::pin_self(&options.generator_cpus)?;
    }
    // After pinning, so that the runtime's only thread is on the generator's CPU.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bench = Bench::start(options, &binary, dir.path()).await?;
        bench.measure(&own).await
    })
}

/// The release binary beside this program, built first when cargo started us: figures of a stale
/// binary mislead.
fn built_server(built: &Path) -> anyhow::Result<PathBuf> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--release", "--package", "fosse"]);
        ensure!(build.status()?.success(), "building fosse failed");
    }
    let binary = built.join("fosse");
    ensure!(
        binary.is_file(),
        "{} is missing: cargo build --release -p fosse",
        binary.display()
    );
    Ok(binary)
}

impl<'o> Bench<'o> {
    async fn start(options: &'o Options, binary: &Path, dir: &Path) -> anyhow::Result<Self> {
        let (rounds, seconds) = if options.quick { (3, 2.0) } else { (5, 5.0) };
        let measure = Duration::try_from_secs_f64(options.seconds.unwrap_or(seconds))?;
        let rounds = options.rounds.unwrap_or(rounds);
        ensure!(rounds > 0 && !measure.is_zero(), "nothing to measure");
        let cpus = (!options.no_pin).then_some(options.server_cpus.as_str());
        let credentials = Credentials {
            access_key_id: "LTAIfosseBenchmark000".to_owned(),
            access_key_secret: "fosse-benchmark-secret-000000".to_owned(),
            security_token: None,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
        let signer = |peer: &Peer| {
            Rc::new(Signer::new(
                peer.address,
                BUCKET,
                credentials.clone(),
                REGION,
                now,
            ))
        };

        let fosse = peer::fosse(binary, &dir.join("fosse"), &credentials, cpus, None)?;
        let own = signer(&fosse);
        make_bucket(&own).await?;

        let mut slow = None;
        if options.sync_delay > 0 && options.wants(SLOW_UPLOAD) {
            if peer::can_delay_syncs() {
                let delay = Duration::from_micros(options.sync_delay);
                let data = dir.join("fosse-slow");
                let server = peer::fosse(binary, &data, &credentials, cpus, Some(delay))?;
                let signer = signer(&server);
                make_bucket(&signer).await?;
                slow = Some((server, signer));
            } else {
                eprintln!("strace cannot delay syncs here: uploads with a slow disk are left out");
            }
        }

        let mut nginx = Vec::new();
        if !options.without_nginx {
            let program = peer::find_nginx()?;
            let root = dir.join("www");
            std::fs::create_dir_all(root.join(BUCKET))?;
            for (n, mode) in NGINX_MODES.into_iter().enumerate() {
                let own_dir = dir.join(format!("nginx-{n}"));
                let server = peer::nginx(&program, &own_dir, &root, mode, cpus)?;
                let signer = signer(&server);
                nginx.push((mode, server, signer));
            }
        }
        let warm_up = measure.mul_f64(0.25).min(Duration::from_secs(1));
        Ok(Self {
            options,
            dir: dir.to_owned(),
            fosse,
            signer: own,
            slow,
            nginx,
            rounds,
            measure,
            warm_up,
        })
    }

    async fn measure(&self, own_program: &Path) -> anyhow::Result<bool> {
        let mut met = true;
        for case in &DOWNLOADS {
            if self.options.wants(case.name) {
                let table = self.downloads(case).await?;
                print!("{table}");
                met &= table.met();
            }
        }
        if self.options.wants(UPLOAD) {
            let table = self.uploads().await?;
            print!("{table}");
            met &= table.met();
        }
        if let Some((server, signer)) = &self.slow {
            let table = self.slow_uploads(server, signer, own_program).await?;
            print!("{table}");
            met &= table.met();
        }
        Ok(met)
    }

    fn plan(&self, peer: &Peer, connections: usize) -> Plan {
        Plan {
            address: peer.address,
            connections,
            warm_up: self.warm_up,
            measure: self.measure,
            rate: None,
            verify_every: 1,
            read_buffer: 16 << 10,
            server: Some(peer.pid()),
        }
    }

    async fn downloads(&self, case: &Download) -> anyhow::Result<Table> {
        let objects: Vec<_> = (0..case.objects)
            .map(|n| {
                let seed = (case.size + n) as u64;
                (
                    format!("d{}/{n:05}", case.size),
                    Rc::new(Content::generate(seed, case.size)),
                )
            })
            .collect();
        for (key, content) in &objects {
            put(&self.signer, key, content, false).await?;
            if !self.nginx.is_empty() {
                let path = self.dir.join("www").join(BUCKET).join(key);
                std::fs::create_dir_all(path.parent().context("no parent")?)?;
                std::fs::write(path, &content.bytes)?;
            }
        }
        let ring = |signer| Ring::new(signer, &objects, case.ring, Proof::Presigned(Scheme::V4));
        // Every contender gets the very same request: nginx pays for parsing the query, too.
        let mut contenders = vec![("fosse, presigned V4", &self.fosse, ring(&self.signer)?)];
        for (mode, peer, signer) in &self.nginx {
            contenders.push((mode.name(), peer, ring(signer)?));
        }
        let mut outcomes = vec![Vec::new(); contenders.len()];
        for round in 0..self.rounds {
            for at in rotated(contenders.len(), round) {
                let (name, peer, ring) = &contenders[at];
                let plan = Plan {
                    verify_every: if self.options.verify_all {
                        1
                    } else {
                        case.verify_every
                    },
                    read_buffer: case.read_buffer,
                    ..self.plan(peer, case.connections)
                };
                let source = Rc::new(RefCell::new(ring.restart()));
                let outcome = load::run(&plan, source).await;
                outcomes[at].push(outcome.with_context(|| format!("{}: {name}", case.name))?);
            }
        }
        let rows: Vec<_> = contenders
            .iter()
            .zip(outcomes)
            .map(|((name, ..), outcomes)| Row::new(*name, outcomes))
            .collect();
        let goal = case.goal.filter(|_| rows.len() > 1).map(Goal::TimesBest);
        let title = format!("{}, {} connections", case.name, case.connections);
        Ok(Table::new(title, rows, goal))
    }

    async fn uploads(&self) -> anyhow::Result<Table> {
        let contents = upload_contents();
        let mut fosse = Vec::new();
        let mut dav = Vec::new();
        let mut syncs = Vec::new();
        for round in 0..self.rounds {
            syncs.push(disk::syncs_per_second(&self.dir, self.measure / 2)?);
            fosse.push(
                self.upload(&self.fosse, &self.signer, "up", round, &contents, true)
                    .await?,
            );
            if let Some((_, peer, signer)) = self.nginx.first() {
                dav.push(
                    self.upload(peer, signer, "dav", round, &contents, false)
                        .await?,
                );
            }
        }
        let mut rows = vec![Row::new("fosse, presigned V4, durable", fosse)];
        if !dav.is_empty() {
            rows.push(Row::new("nginx, WebDAV PUT, not durable", dav));
        }
        rows.push(Row::plain(
            "disk: 4 KiB append + fdatasync, 1 thread",
            syncs,
        ));
        let title = format!("{UPLOAD}, {UPLOAD_CONNECTIONS} connections");
        Ok(Table::new(title, rows, Some(UPLOAD_GOAL)))
    }

    async fn slow_uploads(
        &self,
        server: &Peer,
        signer: &Rc<Signer>,
        own_program: &Path,
    ) -> anyhow::Result<Table> {
        let contents = upload_contents();
        let delay = Duration::from_micros(self.options.sync_delay);
        let mut outcomes = Vec::new();
        let mut syncs = Vec::new();
        for round in 0..self.rounds {
            let mut measure = Command::new(own_program);
            let seconds = format!("{}", self.measure.as_secs_f64() / 2.0);
            measure
                .args(["disk", "--seconds", &seconds, "--dir"])
                .arg(&self.dir);
            let said = peer::with_sync_delay(&measure, delay).output()?;
            ensure!(said.status.success(), "measuring the delayed disk failed");
            syncs.push(
                String::from_utf8_lossy(&said.stdout)
                    .trim()
                    .parse::<f64>()?,
            );
            outcomes.push(
                self.upload(server, signer, "up", round, &contents, true)
                    .await?,
            );
        }
        let rows = vec![
            Row::new("fosse, presigned V4, durable", outcomes),
            Row::plain("disk: 4 KiB append + fdatasync, 1 thread", syncs),
        ];
        let title = format!(
            "{SLOW_UPLOAD}, {UPLOAD_CONNECTIONS} connections, each sync delayed by {} µs",
            delay.as_micros()
        );
        Ok(Table::new(title, rows, None))
    }

    async fn upload(
        &self,
        peer: &Peer,
        signer: &Rc<Signer>,
        prefix: &str,
        round: usize,
        contents: &[Rc<Content>],
        signed: bool,
    ) -> anyhow::Result<Outcome> {
        let signer = if signed {
            Rc::clone(signer)
        } else {
            Rc::new(signer.with_bucket("dav"))
        };
        let prefix = format!("{prefix}{round}");
        let uploads = Rc::new(RefCell::new(Uploads::new(
            signer,
            prefix,
            contents.to_vec(),
            signed,
        )));
        let outcome = load::run(&self.plan(peer, UPLOAD_CONNECTIONS), uploads.clone()).await?;
        ensure!(uploads.borrow().acknowledged() as u64 >= outcome.requests);
        let sample = uploads.borrow().read_back(READ_BACK)?;
        for shot in sample {
            fetch(peer, &shot)
                .await
                .context("reading back what was acknowledged")?;
        }
        Ok(outcome)
    }
}

/// 10,000 a second where the disk gives 1,000 syncs a second.
const UPLOAD_GOAL: Goal = Goal::PerSync {
    times: 10.0,
    enough: 10_000.0,
};
const UPLOAD: &str = "PUT 4 KiB";
const SLOW_UPLOAD: &str = "PUT 4 KiB, slow disk";

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name.contains(only))
    }
}

fn upload_contents() -> Vec<Rc<Content>> {
    (0..64)
        .map(|n| Rc::new(Content::generate(n, UPLOAD_SIZE)))
        .collect()
}

/// `0..len`, beginning elsewhere in each round, so that none is always first.
fn rotated(len: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..len).map(move |n| (n + round) % len)
}

/// Creates the signer's bucket.
pub async fn make_bucket(signer: &Signer) -> anyhow::Result<()> {
    let url = signer.url("PUT", "", Scheme::V4, 600)?;
    let expected = Expected {
        status: 200,
        length: None,
        body: None,
        etag: None,
    };
    let wire = signer.wire("PUT", &url, &[]);
    load::once(signer.address(), &wire, &expected, 0)
        .await
        .context("creating the bucket")?;
    Ok(())
}

/// Uploads one object; `public`: readable by everyone.
pub async fn put(
    signer: &Signer,
    key: &str,
    content: &Content,
    public: bool,
) -> anyhow::Result<()> {
    let wire = signer.upload(key, &content.bytes, public)?;
    let expected = Expected {
        status: 200,
        length: None,
        body: None,
        etag: Some(&content.etag),
    };
    load::once(signer.address(), &wire, &expected, 0)
        .await
        .with_context(|| format!("uploading {key}"))?;
    Ok(())
}

async fn fetch(peer: &Peer, shot: &Shot) -> anyhow::Result<()> {
    load::once(peer.address, &shot.wire, &shot.expected(true), 0).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_begins_with_another_contender() {
        assert_eq!(rotated(3, 0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(rotated(3, 2).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(rotated(3, 7).collect::<Vec<_>>(), [1, 2, 0]);
    }
}
