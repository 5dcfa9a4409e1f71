//! Load of one kind on a server that runs already: to profile it, or to see latencies at a given rate.

use crate::content::Content;
use crate::load::{self, Outcome, Plan, SharedSource};
use crate::shots::{Proof, Ring, Signer, Uploads};
use crate::{compare, cpu};
use anyhow::{Context, ensure};
use fosse_oss::sign::{Credentials, Scheme};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What to send where.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Downloads by presigned V4 or V1 URL or without signature (of objects made public-read before),
    /// or uploads by presigned V4 URL.
    #[arg(value_enum)]
    kind: Kind,
    /// Address of the server, plain HTTP.
    #[arg(long, default_value = "127.0.0.1:9000")]
    address: SocketAddr,
    /// Bucket; made when it does not exist.
    #[arg(long, default_value = "bench")]
    bucket: String,
    /// Region id of the V4 signature.
    #[arg(long, default_value = "cn-hangzhou")]
    region: String,
    /// AccessKey ID.
    #[arg(long, env = "OSS_ACCESS_KEY_ID")]
    access_key_id: String,
    /// AccessKey secret. Give it by the variable: arguments are visible to other users.
    #[arg(long, env = "OSS_ACCESS_KEY_SECRET", hide_env_values = true)]
    access_key_secret: String,
    /// Bytes of an object.
    #[arg(long, default_value_t = 4096)]
    size: usize,
    /// Objects to download in turn.
    #[arg(long, default_value_t = 1024)]
    objects: usize,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds to measure, after one quarter of it (at most a second) to warm up.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Requests a second; latencies then count from the intended start of each. Default: as many as
    /// the server answers.
    #[arg(long)]
    rate: Option<f64>,
    /// Compare every byte of one body in this many.
    #[arg(long, default_value_t = 1)]
    verify_every: u64,
    /// CPUs of this program, as taskset(1) lists them.
    #[arg(long)]
    cpus: Option<String>,
    /// Process id of the server, to show its CPU time and memory.
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Get,
    GetV1,
    GetAnonymous,
    Put,
}

/// Runs the load and prints what was measured.
pub fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.objects > 0, "at least one object is needed");
    if let Some(cpus) = &options.cpus {
        cpu::pin_self(cpus)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(measure(options))?;
    print(options, &outcome);
    Ok(())
}

async fn measure(options: &Options) -> anyhow::Result<Outcome> {
    let credentials = Credentials {
        access_key_id: options.access_key_id.clone(),
        access_key_secret: options.access_key_secret.clone(),
        security_token: None,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let signer = Rc::new(Signer::new(
        options.address,
        &options.bucket,
        credentials,
        &options.region,
        now,
    ));
    compare::make_bucket(&signer).await?;
    let proof = match options.kind {
        Kind::Get => Some(Proof::Presigned(Scheme::V4)),
        Kind::GetV1 => Some(Proof::Presigned(Scheme::V1)),
        Kind::GetAnonymous => Some(Proof::Anonymous),
        Kind::Put => None,
    };
    let source: SharedSource = match proof {
        Some(proof) => {
            let mut objects = Vec::with_capacity(options.objects);
            for n in 0..options.objects {
                let content = Rc::new(Content::generate(n as u64, options.size));
                let key = format!("load{}/{n:06}", options.size);
                compare::put(&signer, &key, &content, proof == Proof::Anonymous).await?;
                objects.push((key, content));
            }
            let ring = Ring::new(&signer, &objects, options.objects.max(8192), proof)?;
            Rc::new(RefCell::new(ring))
        }
        None => {
            let contents = (0..64)
                .map(|n| Rc::new(Content::generate(n, options.size)))
                .collect::<Vec<_>>();
            let prefix = format!("load{now}");
            Rc::new(RefCell::new(Uploads::new(
                Rc::clone(&signer),
                prefix,
                contents,
                true,
            )))
        }
    };
    let measure = Duration::try_from_secs_f64(options.seconds)?;
    let plan = Plan {
        address: options.address,
        connections: options.connections,
        warm_up: measure.mul_f64(0.25).min(Duration::from_secs(1)),
        measure,
        rate: options.rate,
        verify_every: options.verify_every,
        read_buffer: if options.size > 64 << 10 {
            256 << 10
        } else {
            16 << 10
        },
        server: options.pid,
    };
    load::run(&plan, source)
        .await
        .context("the load ended early")
}

fn print(options: &Options, outcome: &Outcome) {
    let seconds = outcome.elapsed.as_secs_f64();
    println!("requests/s        {:.0}", outcome.rate());
    println!(
        "MB/s received     {:.1}",
        outcome.bytes as f64 / seconds / 1e6
    );
    for (name, histogram) in [
        ("latency", &outcome.latency),
        ("of it, service", &outcome.service),
    ] {
        let at = |q| histogram.value_at_quantile(q) as f64 / 1e3;
        println!(
            "{name:<17} p50 {:.0}  p90 {:.0}  p99 {:.0}  p99.9 {:.0}  max {:.0} µs",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            histogram.max() as f64 / 1e3
        );
        if options.rate.is_none() {
            break;
        }
    }
    println!(
        "generator load    {:.0} % of a core",
        outcome.own_load() * 100.0
    );
    println!("reconnects        {}", outcome.reconnects);
    if let (Some(pid), Some(cpu)) = (options.pid, outcome.cpu_per_request()) {
        println!("server CPU        {cpu:.2} µs a request");
        println!(
            "server memory     {:.1} MiB",
            cpu::resident(pid) as f64 / f64::from(1 << 20)
        );
    }
}
