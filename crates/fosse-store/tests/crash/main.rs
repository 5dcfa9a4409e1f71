//! Kills a writing process with SIGKILL at random moments and checks what is there afterwards: every
//! acknowledged object byte for byte, nothing of unacknowledged ones but whole, no counter or record astray, and no
//! orphan after a sweep.
//!
//! `FOSSE_CRASH_CYCLES=10000 cargo test -p fosse-store --test crash` for the long run,
//! `FOSSE_CRASH_SEED=n` to repeat the choices of one.

mod child;
mod model;

use model::Model;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Cycles after which a fresh directory is begun: long enough for compaction, short enough to stay small.
const CYCLES_PER_DIRECTORY: u64 = 50;

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}

fn main() {
    if let Ok(dir) = std::env::var("FOSSE_CRASH_CHILD") {
        child::write_until_killed(Path::new(&dir), number("FOSSE_CRASH_CHILD_SEED", 0));
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("crash: test");
        return;
    }
    // The filter of `cargo test NAME`, as the usual harness understands it.
    let filters: Vec<_> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if !filters.is_empty()
        && !filters
            .iter()
            .any(|filter| "crash".contains(filter.as_str()))
    {
        return;
    }
    run();
}

fn run() {
    let cycles = number("FOSSE_CRASH_CYCLES", 100);
    let seed = number("FOSSE_CRASH_SEED", u64::from(std::process::id()));
    println!("crash test: {cycles} cycles, FOSSE_CRASH_SEED={seed}");
    let began = Instant::now();
    let mut random = model::Random::new(seed);
    let mut totals = model::Totals::default();
    let mut directory: Option<(tempfile::TempDir, Model)> = None;
    for cycle in 0..cycles {
        if cycle % CYCLES_PER_DIRECTORY == 0 {
            directory = Some((
                tempfile::tempdir().expect("a temporary directory"),
                Model::default(),
            ));
        }
        let Some((dir, model)) = &mut directory else {
            unreachable!()
        };
        let data = dir.path().join("data");
        // Now and then while the store is being opened, mostly while it is busy.
        let open_first = cycle % 10 != 5;
        let life = Duration::from_millis(random.below(if open_first { 250 } else { 100 }));
        live_and_die(&data, random.next(), open_first, life, model);
        model.check(&data, cycle, &mut totals);
    }
    println!(
        "crash test: {cycles} cycles in {:.0?}: {} acknowledged, {} in flight when killed, {} objects read back",
        began.elapsed(),
        totals.acknowledged,
        totals.in_flight,
        totals.read
    );
    // A test that kills before anything happens would prove nothing.
    assert!(
        cycles < 20 || totals.acknowledged > cycles * 5,
        "too little happened"
    );
    assert!(
        cycles < 20 || totals.in_flight > cycles * 2,
        "too little was under way"
    );
}

/// Starts the writer, lets it live, kills it, and takes down everything it said.
fn live_and_die(data: &Path, seed: u64, open_first: bool, life: Duration, model: &mut Model) {
    let mut child = Command::new(std::env::current_exe().expect("own path"))
        .env("FOSSE_CRASH_CHILD", data)
        .env("FOSSE_CRASH_CHILD_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writing process");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (opened, wait) = mpsc::channel();
    if !open_first {
        opened.send(()).expect("the killer");
    }
    let killer = std::thread::spawn(move || {
        wait.recv().expect("the writer opens its store");
        std::thread::sleep(life);
        child.kill().expect("kill");
        child.wait().expect("wait")
    });
    for line in output.lines() {
        let line = line.expect("a line of the writer");
        model.hear(&line);
        if line == "bucket" {
            let _ = opened.send(());
        }
    }
    drop(opened);
    let status = killer.join().expect("the killer");
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(9), "the writer ended by itself: {status}");
}
