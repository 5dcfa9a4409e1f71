//! What time tells (docs/security.md, "What time tells"): how much of a signature is right and how near a key id is to another one, it
//! does not; how many buckets were tried in vain neither.
//!
//! Two kinds of input are run in turns, in random order, and the lower quartiles of their times are compared: what disturbs a
//! measurement makes it longer, and both alike. A disturbance can still feign a difference, once; a leak is there in every round. So
//! time tells something only if each round finds a difference. That the measurement would find one is tested with comparisons and
//! look-ups that do leak.

mod support;

use fosse_oss::sign::{
    self, Credentials, KeyState, Keys, RequestParts, Rule, Scheme, SignOptions, SignRequest,
    SigningKey, VerifyContext,
};
use fosse_store::AccessKey;
use parking_lot::Mutex;
use std::hint::black_box;
use std::time::{Duration, Instant};
use support::*;

/// Measurements disturb each other.
static ALONE: Mutex<()> = Mutex::new(());

const ROUNDS: usize = 8;

/// Relative difference of the lower quartiles of the times of `run(false)` and `run(true)`, which measure themselves.
fn difference(samples: usize, seed: u64, run: &mut dyn FnMut(bool) -> Duration) -> f64 {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64 ^ seed;
    let mut times = [Vec::new(), Vec::new()];
    while times.iter().any(|times| times.len() < samples) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let which = random & 1 == 1;
        times[usize::from(which)].push(run(which));
    }
    let [a, b] = times.map(|mut times| {
        times.sort();
        times[times.len() / 4].as_nanos() as f64
    });
    (a - b).abs() / a.min(b)
}

/// Whether the times of two kinds of input differ by more than `bound` in every round.
fn tells(bound: f64, samples: usize, run: &mut dyn FnMut(bool) -> Duration) -> bool {
    let mut found = Vec::new();
    for round in 0..ROUNDS {
        found.push(difference(samples, round as u64, run));
        println!("{found:.4?}");
        if found[round] <= bound {
            return false;
        }
    }
    true
}

fn timed(calls: usize, mut call: impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..calls {
        call();
    }
    started.elapsed()
}

/// A signature that is wrong only at its end, and one that is wrong from its beginning on, with the same length.
fn wrong(right: &[u8], all: bool) -> Vec<u8> {
    let mut wrong = right.to_vec();
    let from = if all { 0 } else { right.len() - 1 };
    for byte in &mut wrong[from..] {
        *byte = if *byte == b'0' { b'1' } else { b'0' };
    }
    wrong
}

#[test]
fn comparing_does_not_tell_how_much_of_a_signature_is_right() {
    let _alone = ALONE.lock();
    const BOUND: f64 = 0.05;
    let right = SigningKey::derive("secret", "20240115", "cn-hangzhou", "oss").sign(b"text");
    let kinds = [false, true].map(|all| wrong(right.as_bytes(), all));
    // One place in memory for both kinds.
    let mut sent = kinds[0].clone();
    let mut measure = |matches: &dyn Fn(&[u8]) -> bool, which: bool| {
        sent.copy_from_slice(&kinds[usize::from(which)]);
        timed(200, || {
            assert!(!black_box(matches(black_box(&sent))));
        })
    };
    let ours = |sent: &[u8]| right.matches(sent);
    assert!(!tells(BOUND, 400, &mut |which| measure(&ours, which)));
    // As one would write it without a thought.
    let leaking = |sent: &[u8]| right.as_bytes().iter().zip(sent).all(|(a, b)| a == b);
    assert!(tells(BOUND, 400, &mut |which| measure(&leaking, which)));
}

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, access_key_id: &str, _token: Option<&str>) -> KeyState {
        if access_key_id != ID {
            return KeyState::Unknown;
        }
        KeyState::Active {
            secret: SECRET.into(),
            expires_at: None,
        }
    }
}

/// The whole verification: no step before or after the comparison looks at the signature.
#[test]
fn verifying_takes_as_long_for_every_wrong_signature() {
    let _alone = ALONE.lock();
    const NOW: i64 = 1_705_307_445;
    let credentials = Credentials {
        access_key_id: ID.into(),
        access_key_secret: SECRET.into(),
        security_token: None,
    };
    let context = VerifyContext {
        now: NOW,
        regions: &[],
        product: "oss",
    };
    for scheme in [Scheme::V1, Scheme::V4] {
        let request = SignRequest {
            method: "GET",
            bucket: Some("bucket"),
            key: b"key",
            query: &[],
            headers: &[],
            additional_headers: &[],
        };
        let options = SignOptions {
            scheme,
            now: NOW,
            region: "cn-hangzhou",
            product: "oss",
        };
        // Letters and digits that need no escape, so that every kind has the same length.
        let url = sign::presign_query(&request, &credentials, &options, 600, None).unwrap();
        let name = match scheme {
            Scheme::V1 => "Signature=",
            Scheme::V4 => "x-oss-signature=",
        };
        let start = url.find(name).unwrap() + name.len();
        let end = start + url[start..].find('&').unwrap_or(url.len() - start);
        let kinds = [false, true].map(|all| {
            let text = &url[start..end];
            let changed = if all {
                let change = |c: char| match c {
                    'A' => 'B',
                    c if c.is_ascii_alphanumeric() => 'A',
                    c => c,
                };
                let mut escaped = 0;
                text.chars()
                    .map(|c| {
                        escaped = if c == '%' { 3_usize } else { escaped };
                        escaped = escaped.saturating_sub(1);
                        if c == '%' || escaped > 0 {
                            c
                        } else {
                            change(c)
                        }
                    })
                    .collect()
            } else {
                let at = text.find('%').unwrap_or(text.len()) - 1;
                let other = if &text[at..=at] == "1" { "2" } else { "1" };
                format!("{}{other}{}", &text[..at], &text[at + 1..])
            };
            assert_eq!(changed.len(), text.len());
            format!("{}{changed}{}", &url[..start], &url[end..])
        });
        let mut query = kinds[0].clone();
        let mut measure = |which: bool| {
            query.clone_from(&kinds[usize::from(which)]);
            let parts = RequestParts {
                method: "GET",
                bucket: Some("bucket"),
                key: b"key",
                query: &query,
                headers: &[],
            };
            timed(5, || {
                let refusal = sign::verify(&parts, &context, &OneKey).unwrap_err();
                assert_eq!(refusal.rule(), Rule::Signature);
            })
        };
        assert!(!tells(0.01, 400, &mut measure), "{scheme:?}");
    }
}

/// Ids are looked up by their hash. That an id is not there is told by the answer, as OSS tells it; whether it begins like one that is
/// there is not.
#[test]
fn looking_a_key_up_does_not_tell_how_near_it_is_to_another() {
    let _alone = ALONE.lock();
    const BOUND: f64 = 0.05;
    let store = fosse_store::Store::memory();
    let known = "LTAI5tQ8vN3mZ1xK7cR2bW9y";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ids: Vec<String> = (0..500)
        .map(|n| format!("LTAI{n:020}"))
        .chain([known.to_owned()])
        .collect();
    for id in &ids {
        let key = AccessKey {
            id: id.clone(),
            secret: SECRET.into(),
            owner: OWNER.into(),
            user: None,
            enabled: true,
            root: false,
            created_ms: 0,
            comment: String::new(),
        };
        runtime.block_on(store.put_access_key(key)).unwrap();
    }
    let kinds = [false, true].map(|all| String::from_utf8(wrong(known.as_bytes(), all)).unwrap());
    let mut asked = kinds[0].clone();
    let mut measure = |found: &dyn Fn(&str) -> bool, which: bool| {
        asked.clone_from(&kinds[usize::from(which)]);
        timed(200, || {
            assert!(!black_box(found(black_box(&asked))));
        })
    };
    let ours = |id: &str| store.access_key(id).is_some();
    assert!(!tells(BOUND, 300, &mut |which| measure(&ours, which)));
    // The only id there, compared byte by byte.
    let leaking = |id: &str| known.bytes().zip(id.bytes()).all(|(a, b)| a == b);
    assert!(tells(BOUND, 300, &mut |which| measure(&leaking, which)));
}

/// Under a foreign host name the buckets of the signer's account are tried. Whoever knows a key id, which every link shows, can ask for
/// that with any signature.
#[test]
fn the_buckets_that_were_tried_in_vain_cannot_be_counted() {
    let _alone = ALONE.lock();
    const TICK: Duration = Duration::from_millis(100);
    let server = Server::start();
    for n in 0..90 {
        server.bucket(&format!("bucket-{n}"));
    }
    server.put("bucket-89", "key", b"body");
    let get = |id: &str, secret: &str| {
        Request::get("bucket-89", "key")
            .host("fosse:9000")
            .by(id, secret)
    };
    let mut connection = server.connect();
    let mut time = |request: &Request, status: u16| {
        let started = Instant::now();
        let reply = connection.send(request, &server);
        assert_eq!(reply.status, status, "{}", reply.text());
        started.elapsed()
    };
    // The account of the other key has no bucket at all.
    let (mut many, mut none) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        many.push(time(&get(ID, "wrong"), 403));
        none.push(time(&get(OTHER_ID, "wrong"), 403));
    }
    for times in [&mut many, &mut none] {
        times.sort();
        // Not before its time; and not long after it, as the time is the same for both.
        assert!(times[0] >= TICK, "{times:?}");
        assert!(times[4] < TICK + TICK / 2, "{times:?}");
    }
    // Who signs rightly does not wait, nor does who names a key that is not there.
    let right = (0..5).map(|_| time(&get(ID, SECRET), 200)).min();
    let unknown = (0..5).map(|_| time(&get("LTAInobody", "wrong"), 404)).min();
    assert!(right.unwrap() < TICK && unknown.unwrap() < TICK);
}
