//! The load generator: N keep-alive connections in a closed loop on one thread, each sending the next
//! request of a shared source when its last answer is complete and checked.

use crate::content::Content;
use crate::cpu;
use crate::pace::Pace;
use crate::response::{Expected, Response};
use anyhow::{Context, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinSet, LocalSet};

/// One request and what its answer must be.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The whole request.
    pub wire: Bytes,
    /// Status of the answer.
    pub status: u16,
    /// What the answer carries (download), or what the request sent (upload).
    pub content: Rc<Content>,
    /// Whether the answer's body is the content; otherwise only its ETag is.
    pub download: bool,
    /// Number of the request, given back to [`Source::done`].
    pub id: u64,
}

/// Where requests come from. Called on the generator's thread: what it costs lowers the rate.
pub trait Source {
    /// The next request.
    fn next(&mut self) -> anyhow::Result<Shot>;
    /// The request `id` was answered as expected.
    fn done(&mut self, id: u64) {
        let _ = id;
    }
}

/// A source that all connections take from.
pub type SharedSource = Rc<RefCell<dyn Source>>;

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// Connections, each with at most one request under way.
    pub connections: usize,
    /// Load before anything is recorded.
    pub warm_up: Duration,
    /// How long is recorded.
    pub measure: Duration,
    /// Intended requests a second over all connections; `None`: as fast as answers come.
    pub rate: Option<f64>,
    /// Compare every byte of one body in this many (1: of all). Status, length and ETag are always
    /// checked.
    pub verify_every: u64,
    /// Bytes of one read.
    pub read_buffer: usize,
    /// Process whose CPU time is charged to the requests.
    pub server: Option<u32>,
}

/// What one run measured, without the warm-up.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Answered requests.
    pub requests: u64,
    /// Bytes of body received.
    pub bytes: u64,
    /// Wall time.
    pub elapsed: Duration,
    /// Nanoseconds from the intended start (from the sending, without a rate) to the last byte.
    pub latency: Histogram<u64>,
    /// Nanoseconds from the sending to the last byte.
    pub service: Histogram<u64>,
    /// CPU time of the server.
    pub server_cpu: Option<Duration>,
    /// CPU time of this process.
    pub own_cpu: Duration,
    /// Connections that the server closed after an answer, opened anew.
    pub reconnects: u64,
}

impl Outcome {
    fn empty() -> anyhow::Result<Self> {
        // 1 ns to 10 minutes, three digits.
        let histogram = Histogram::new_with_bounds(1, 600_000_000_000, 3)?;
        Ok(Self {
            requests: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
            latency: histogram.clone(),
            service: histogram,
            server_cpu: None,
            own_cpu: Duration::ZERO,
            reconnects: 0,
        })
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of server CPU a request.
    pub fn cpu_per_request(&self) -> Option<f64> {
        let cpu = self.server_cpu?.as_secs_f64();
        (self.requests > 0).then(|| cpu * 1e6 / self.requests as f64)
    }

    /// Share of the run that this process was computing, 1 is one whole core. Near 1 the generator
    /// and not the server set the rate.
    pub fn own_load(&self) -> f64 {
        self.own_cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

/// What the connections share. One thread, so no lock.
struct Shared {
    plan: Plan,
    source: SharedSource,
    /// Starts that are due, for whichever connection is free; `None`: as soon as one is free.
    due: Option<Mutex<UnboundedReceiver<Instant>>>,
    recording: Cell<bool>,
    stop: Cell<bool>,
    sent: Cell<u64>,
    outcome: RefCell<Outcome>,
}

/// Runs `plan` to its end. Must be awaited on a current-thread runtime.
///
/// # Errors
/// The first answer that is not as expected ends the run: a figure with failures in it is no figure.
pub async fn run(plan: &Plan, source: SharedSource) -> anyhow::Result<Outcome> {
    ensure!(plan.connections > 0, "at least one connection is needed");
    ensure!(plan.verify_every > 0, "verify_every starts at 1");
    let shared = Rc::new(Shared {
        plan: plan.clone(),
        source,
        due: tick(Pace::new(plan.rate))?.map(Mutex::new),
        recording: Cell::new(false),
        stop: Cell::new(false),
        sent: Cell::new(0),
        outcome: RefCell::new(Outcome::empty()?),
    });
    LocalSet::new()
        .run_until(async {
            let mut connections = JoinSet::new();
            for _ in 0..plan.connections {
                connections.spawn_local(connection(Rc::clone(&shared)));
            }
            tokio::select! {
                // The source of a run never ends, so a connection that ends has failed.
                Some(ended) = connections.join_next() => return ended?,
                () = tokio::time::sleep(plan.warm_up) => {}
            }
            let server = plan.server.map(cpu::used);
            let own = cpu::used_here();
            let begin = Instant::now();
            shared.recording.set(true);
            tokio::select! {
                Some(ended) = connections.join_next() => return ended?,
                () = tokio::time::sleep(plan.measure) => {}
            }
            shared.recording.set(false);
            {
                let mut outcome = shared.outcome.borrow_mut();
                outcome.elapsed = begin.elapsed();
                outcome.server_cpu = plan
                    .server
                    .map(|pid| cpu::used(pid).saturating_sub(server.unwrap_or_default()));
                outcome.own_cpu = cpu::used_here().saturating_sub(own);
            }
            // What is under way still has to be answered correctly.
            shared.stop.set(true);
            while let Some(ended) = connections.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
        .await?;
    let outcome = shared.outcome.borrow().clone();
    ensure!(
        outcome.requests > 0,
        "no request was answered within {:?}",
        plan.measure
    );
    Ok(outcome)
}

async fn connection(shared: Rc<Shared>) -> anyhow::Result<()> {
    let plan = &shared.plan;
    let mut response = Response::new(plan.read_buffer);
    'connect: loop {
        let mut stream = TcpStream::connect(plan.address)
            .await
            .with_context(|| format!("cannot connect to {}", plan.address))?;
        stream.set_nodelay(true)?;
        loop {
            let intended = match &shared.due {
                Some(due) => next_due(due, &shared.stop).await,
                None => None,
            };
            if shared.stop.get() {
                return Ok(());
            }
            let shot = shared.source.borrow_mut().next()?;
            let number = shared.sent.replace(shared.sent.get() + 1);
            let expected = shot.expected(number.is_multiple_of(plan.verify_every));
            let sent = Instant::now();
            stream.write_all(&shot.wire).await?;
            let done = loop {
                let n = stream.read(response.space()).await?;
                if n == 0 {
                    return Err(response.closed().into());
                }
                if let Some(done) = response.advance(n, &expected)? {
                    break done;
                }
            };
            let now = Instant::now();
            shared.source.borrow_mut().done(shot.id);
            if shared.recording.get() {
                let mut outcome = shared.outcome.borrow_mut();
                let outcome = &mut *outcome;
                outcome.requests += 1;
                outcome.bytes += done.body;
                let nanos = |from: Instant| now.duration_since(from).as_nanos() as u64;
                outcome
                    .latency
                    .saturating_record(nanos(intended.unwrap_or(sent)).max(1));
                outcome.service.saturating_record(nanos(sent).max(1));
                outcome.reconnects += u64::from(done.close);
            }
            if done.close {
                continue 'connect;
            }
        }
    }
}

/// Sends one request on a connection of its own and gives back up to `keep` bytes of the answer's body.
///
/// # Errors
/// When the answer is not `expected`.
pub async fn once(
    address: SocketAddr,
    wire: &[u8],
    expected: &Expected<'_>,
    keep: usize,
) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(wire).await?;
    let mut response = Response::new(64 << 10).keep(keep);
    loop {
        let n = stream.read(response.space()).await?;
        if n == 0 {
            return Err(response.closed().into());
        }
        if response.advance(n, expected)?.is_some() {
            return Ok(response.kept().to_vec());
        }
    }
}

impl Shot {
    /// What the answer must be; `full`: down to the last byte.
    pub fn expected(&self, full: bool) -> Expected<'_> {
        if self.download {
            Expected {
                status: self.status,
                length: Some(self.content.bytes.len() as u64),
                body: full.then_some(&self.content.bytes[..]),
                etag: None,
            }
        } else {
            Expected {
                status: self.status,
                length: None,
                body: None,
                etag: (!self.content.etag.is_empty()).then_some(&*self.content.etag),
            }
        }
    }
}

/// Tells each start when it is due, from a thread of its own: the runtime's timer is coarse (a millisecond), and a generator that
/// starts late would charge its own lateness to the server. Counting the time down here would take a core from the server. Ends
/// when nobody listens any more; `None` without a schedule.
fn tick(mut pace: Pace) -> std::io::Result<Option<UnboundedReceiver<Instant>>> {
    let Some(first) = pace.next_start() else {
        return Ok(None);
    };
    let (sender, due) = unbounded_channel();
    let begin = Instant::now();
    std::thread::Builder::new()
        .name("pace".into())
        .spawn(move || {
            let mut next = Some(first);
            while let Some(at) = next {
                let at = begin + at;
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                if sender.send(at).is_err() {
                    return;
                }
                next = pace.next_start();
            }
        })?;
    Ok(Some(due))
}

/// The next start that is due; in slices, so that the end of the run is noticed.
async fn next_due(due: &Mutex<UnboundedReceiver<Instant>>, stop: &Cell<bool>) -> Option<Instant> {
    const SLICE: Duration = Duration::from_millis(100);
    while !stop.get() {
        let next = async { due.lock().await.recv().await };
        if let Ok(next) = tokio::time::timeout(SLICE, next).await {
            return next;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::BadResponse;
    use std::io::{Read, Write};

    /// A server on loopback that answers each request with `answer(number)`.
    fn serve(answer: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = std::sync::Arc::new(answer);
        let count = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let (answer, count) = (answer.clone(), count.clone());
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    // Requests of these tests arrive whole: they are short and alone.
                    while stream.read(&mut buffer).is_ok_and(|n| n > 0) {
                        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        if stream.write_all(&answer(n)).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    fn ok(body: &[u8]) -> Vec<u8> {
        let mut wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        wire.push_str("");
        let mut wire = wire.into_bytes();
        wire.extend_from_slice(body);
        wire
    }

    struct Same {
        shot: Shot,
        done: u64,
    }

    impl Source for Same {
        fn next(&mut self) -> anyhow::Result<Shot> {
            Ok(self.shot.clone())
        }
        fn done(&mut self, _id: u64) {
            self.done += 1;
        }
    }

    fn same(content: Content) -> Rc<RefCell<Same>> {
        let shot = Shot {
            wire: Bytes::from_static(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            status: 200,
            content: Rc::new(content),
            download: true,
            id: 0,
        };
        Rc::new(RefCell::new(Same { shot, done: 0 }))
    }

    fn plan(address: SocketAddr) -> Plan {
        Plan {
            address,
            connections: 2,
            warm_up: Duration::from_millis(20),
            measure: Duration::from_millis(200),
            rate: None,
            verify_every: 1,
            read_buffer: 4096,
            server: None,
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn counts_what_was_answered() {
        let address = serve(|_| ok(&Content::generate(1, 100).bytes));
        let source = same(Content::generate(1, 100));
        let outcome = block_on(run(&plan(address), source.clone())).unwrap();
        assert!(outcome.requests > 0 && outcome.requests <= source.borrow().done);
        assert_eq!(outcome.bytes, outcome.requests * 100);
        assert_eq!(outcome.latency.len(), outcome.requests);
        assert!(outcome.elapsed >= Duration::from_millis(200));
        assert!(outcome.own_cpu > Duration::ZERO);
    }

    #[test]
    fn one_flipped_bit_in_one_answer_fails_the_run() {
        let address = serve(|n| {
            let mut body = Content::generate(1, 100).bytes.to_vec();
            if n >= 2 {
                body[77] ^= 0x10;
            }
            ok(&body)
        });
        let error = block_on(run(&plan(address), same(Content::generate(1, 100)))).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&BadResponse::Body(0, 100)));
    }

    #[test]
    fn a_refusal_fails_the_run() {
        let address = serve(|n| match n {
            2.. => b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy".to_vec(),
            _ => ok(&Content::generate(1, 100).bytes),
        });
        let error = block_on(run(&plan(address), same(Content::generate(1, 100)))).unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        assert!(error.to_string().contains("busy"), "{error}");
    }

    #[test]
    fn a_server_that_closes_after_an_answer_is_called_again() {
        let address = serve(|_| {
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec()
        });
        let outcome = block_on(run(&plan(address), same(Content::generate(1, 0)))).unwrap();
        assert_eq!(outcome.reconnects, outcome.requests);
    }

    /// A stall of 400 ms in one answer of many. Sent one by one, only that answer is slow. Against a
    /// schedule, every request that should have started meanwhile is late: about 190 at 500 a second. The
    /// bounds are wide, as a busy machine adds stalls of its own.
    #[test]
    fn a_stall_counts_for_every_request_that_it_delayed() {
        let stalling = |n| {
            if n == 50 {
                std::thread::sleep(Duration::from_millis(400));
            }
            ok(&[])
        };
        let paced = Plan {
            connections: 1,
            warm_up: Duration::ZERO,
            measure: Duration::from_millis(1500),
            rate: Some(500.0),
            ..plan(serve(stalling))
        };
        let outcome = block_on(run(&paced, same(Content::generate(1, 0)))).unwrap();
        let slow = |h: &Histogram<u64>| h.len() - h.count_between(0, 20_000_000);
        assert!(outcome.service.max() >= 399_000_000);
        let (late, slow) = (slow(&outcome.latency), slow(&outcome.service));
        assert!(
            slow >= 1 && late > slow + 100,
            "{late} late, {slow} slow themselves"
        );
    }

    #[test]
    fn a_rate_is_never_exceeded() {
        let paced = Plan {
            rate: Some(200.0),
            ..plan(serve(|_| ok(&[])))
        };
        let source = same(Content::generate(1, 0));
        let begin = Instant::now();
        block_on(run(&paced, source.clone())).unwrap();
        let most = begin.elapsed().as_secs_f64() * 200.0 + 1.0;
        let done = source.borrow().done;
        assert!(
            done > 0 && done as f64 <= most,
            "{done} requests, at most {most}"
        );
    }

    #[test]
    fn an_answer_cut_short_is_an_error() {
        let address = serve(|_| {
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabc".to_vec()
        });
        let expected = Expected {
            status: 200,
            length: Some(5),
            body: None,
            etag: None,
        };
        // The server keeps the connection open, so the client must not take three bytes for five.
        let cut = async {
            tokio::time::timeout(
                Duration::from_millis(100),
                once(address, b"GET / HTTP/1.1\r\n\r\n", &expected, 0),
            )
            .await
        };
        assert!(block_on(cut).is_err());
    }
}
