//! Presigned URLs, changed at random: whatever is still accepted means what was signed, and what only writes the same in another
//! way is accepted.
//!
//! `FOSSE_MUTATIONS=1000000 cargo test --release -p fosse-oss --test signing million -- --nocapture` is the full run.

use fosse_oss::op::{Addressing, Query, Target};
use fosse_oss::sign::{
    Credentials, KeyState, Keys, RequestParts, Scheme, SignOptions, SignRequest, SigningKey,
    Verified, VerifyContext, is_signed_subresource, presign_query, verify,
};
use std::collections::BTreeMap;

const NOW: i64 = 1_705_307_445;
/// What carries the signature itself: the life of the URL and the signer are compared apart.
const OWN: [&str; 9] = [
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature",
    "x-oss-additional-headers",
];
/// Without the variable.
const USUAL: u64 = 30_000;

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, id: &str, token: Option<&str>) -> KeyState {
        match (id, token) {
            ("LTAIkey", None) | ("STS.key", Some("CAIS+t/o=k en")) => KeyState::Active {
                secret: "SECRET".into(),
                expires_at: None,
            },
            _ => KeyState::Unknown,
        }
    }

    fn v4_signing_key(
        &self,
        _id: &str,
        secret: &str,
        date: &str,
        region: &str,
        product: &str,
    ) -> SigningKey {
        SigningKey::derive(secret, date, region, product)
    }
}

/// A number generator whose every run is the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

type Headers = Vec<(String, Vec<u8>)>;

#[derive(Clone, Debug)]
struct Wire {
    method: String,
    host: String,
    path: String,
    query: String,
    headers: Headers,
}

/// What a request asks for, as handlers read it.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Meaning {
    method: String,
    bucket: Option<String>,
    key: Vec<u8>,
    /// Last good second.
    until: Option<i64>,
    signer: String,
    parameters: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Wire {
    /// As a server takes it; `None`: refused, or nobody is proven.
    fn meaning(&self, scheme: Scheme) -> Option<Meaning> {
        let addressing = Addressing::for_region("cn-hangzhou", []);
        let target = Target::resolve(&addressing, &self.host, &self.path, &|_| None).ok()?;
        let query = Query::parse(&self.query).ok()?;
        let mut headers: Vec<(&str, &[u8])> = vec![("host", self.host.as_bytes())];
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_slice())),
        );
        let parts = RequestParts {
            method: &self.method,
            bucket: target.bucket.as_deref(),
            key: &target.key,
            query: &self.query,
            headers: &headers,
        };
        let regions = ["cn-hangzhou".to_owned()];
        let context = VerifyContext {
            now: NOW + 60,
            regions: &regions,
            product: "oss",
        };
        let Ok(Verified::Signed(identity)) = verify(&parts, &context, &OneKey) else {
            return None;
        };
        assert_eq!(
            identity.scheme, scheme,
            "the scheme is part of what was signed"
        );
        let mut parameters: Vec<(String, String)> = query
            .0
            .iter()
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .filter(|(name, _)| !OWN.contains(&name.as_str()))
            .filter(|(name, _)| scheme == Scheme::V4 || is_signed_subresource(name.as_bytes()))
            .cloned()
            .collect();
        parameters.sort();
        let mut signed: Vec<(String, Vec<u8>)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_ascii().to_vec()))
            .filter(|(name, _)| {
                name.starts_with("x-oss-") || name == "content-type" || name == "content-md5"
            })
            .collect();
        signed.sort();
        Some(Meaning {
            method: self.method.clone(),
            bucket: target.bucket.clone(),
            key: target.key.clone(),
            until: identity.valid_until,
            signer: identity.access_key_id,
            parameters,
            headers: signed,
        })
    }
}

/// Signed URLs of every kind.
fn bases() -> Vec<(Scheme, Wire, Meaning)> {
    let mut bases = Vec::new();
    let queries: [&[(&str, &str)]; 5] = [
        &[],
        &[
            ("response-content-type", "text/plain; a=b"),
            ("versionId", "null"),
        ],
        &[("x-oss-process", "image/resize,w_100/format,png")],
        &[
            ("x-oss-traffic-limit", "819200"),
            (
                "response-content-disposition",
                "attachment; filename=\"a+b c.txt\"",
            ),
        ],
        &[("uploadId", "0004B9895DBBB6EC98E36"), ("partNumber", "7")],
    ];
    let headers: [&[(&str, &[u8])]; 3] = [
        &[],
        &[("content-type", b"image/png"), ("x-oss-meta-a", b"b c")],
        &[
            ("content-md5", b"eB5eJF1ptWaXm4bijSPyxw=="),
            ("x-oss-storage-class", b"IA"),
        ],
    ];
    for scheme in [Scheme::V1, Scheme::V4] {
        for (n, key) in [
            "k",
            "dir/a b+c.txt",
            "中文/ü~'()*!.jpg",
            "a//b/../c/",
            "%41&=?#%",
        ]
        .into_iter()
        .enumerate()
        {
            for (m, query) in queries.iter().enumerate() {
                let temporary = (n + m) % 3 == 0;
                let method = ["GET", "PUT", "HEAD", "DELETE"][(n + m) % 4];
                let headers = headers[(n * 2 + m) % 3];
                let request = SignRequest {
                    method,
                    bucket: Some("examplebucket"),
                    key: key.as_bytes(),
                    query,
                    headers,
                    additional_headers: &[],
                };
                let credentials = Credentials {
                    access_key_id: if temporary { "STS.key" } else { "LTAIkey" }.into(),
                    access_key_secret: "SECRET".into(),
                    security_token: temporary.then(|| "CAIS+t/o=k en".into()),
                };
                let options = SignOptions {
                    scheme,
                    now: NOW,
                    region: "cn-hangzhou",
                    product: "oss",
                };
                let mut path = "/".to_owned();
                fosse_oss::encode::encode_path(key.as_bytes(), &mut path);
                let wire = Wire {
                    method: method.to_owned(),
                    host: "examplebucket.oss-cn-hangzhou.aliyuncs.com".to_owned(),
                    path,
                    query: presign_query(&request, &credentials, &options, 3600, None).unwrap(),
                    headers: headers
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                        .collect(),
                };
                let meaning = wire.meaning(scheme).expect("what was signed is accepted");
                bases.push((scheme, wire, meaning));
            }
        }
    }
    bases
}

/// A change: its name, and whether the request means the same afterwards and must be accepted.
type Change = (&'static str, bool);

fn change(wire: &mut Wire, dice: &mut Dice) -> Option<Change> {
    let in_path = dice.below(3) == 0;
    let text = if in_path {
        wire.path.clone()
    } else {
        wire.query.clone()
    };
    let put = |wire: &mut Wire, text: String| {
        if in_path {
            wire.path = text;
        } else {
            wire.query = text;
        }
    };
    let at = dice.below(text.len());
    let escapes: Vec<usize> = text.match_indices('%').map(|(at, _)| at).collect();
    let mut pieces: Vec<String> = wire.query.split('&').map(str::to_owned).collect();
    let piece = dice.below(pieces.len());
    let name = match dice.below(22) {
        0..=3 => {
            let mut bytes = text.into_bytes();
            bytes[at] ^= 1 << dice.below(7);
            put(wire, String::from_utf8(bytes).ok()?);
            ("bit flip", false)
        }
        4 => {
            pieces.remove(piece);
            wire.query = pieces.join("&");
            ("parameter dropped", false)
        }
        5 => {
            let again = pieces[piece].clone();
            let place = dice.below(pieces.len() + 1);
            pieces.insert(place, again);
            wire.query = pieces.join("&");
            ("parameter doubled", false)
        }
        6 => {
            let name = pieces[piece].split('=').next()?.to_owned();
            let value = dice.one(&["", "1", "x", "null", "9999999999", "text%2Fhtml"]);
            let place = dice.below(pieces.len() + 1);
            pieces.insert(place, format!("{name}={value}"));
            wire.query = pieces.join("&");
            ("parameter contradicted", false)
        }
        7 => {
            for at in (1..pieces.len()).rev() {
                let other = dice.below(at + 1);
                pieces.swap(at, other);
            }
            wire.query = pieces.join("&");
            ("reordered", true)
        }
        8 => {
            let mut bytes = text.into_bytes();
            let letters: Vec<usize> = (0..bytes.len())
                .filter(|at| bytes[*at].is_ascii_alphabetic())
                .collect();
            let at = *letters.get(dice.below(letters.len()))?;
            bytes[at] ^= 0x20;
            put(wire, String::from_utf8(bytes).ok()?);
            ("letter in another case", false)
        }
        9 => {
            let at = *escapes.get(dice.below(escapes.len()))?;
            let (low, high) = (
                text[at..at + 3].to_ascii_lowercase(),
                text[at + 3..].to_owned(),
            );
            put(wire, format!("{}{low}{high}", &text[..at]));
            ("escape in small letters", true)
        }
        10 => {
            let bytes = text.as_bytes();
            // The first slash of a path is not part of the key, and an escape is no character of its own.
            let plain: Vec<usize> = (usize::from(in_path)..bytes.len())
                .filter(|at| bytes[*at].is_ascii_alphanumeric())
                .filter(|at| {
                    !escapes
                        .iter()
                        .any(|escape| (*escape..escape + 3).contains(at))
                })
                .collect();
            let at = *plain.get(dice.below(plain.len()))?;
            put(
                wire,
                format!("{}%{:02X}{}", &text[..at], bytes[at], &text[at + 1..]),
            );
            ("escaped without need", true)
        }
        11 => {
            let at = *escapes.get(dice.below(escapes.len()))?;
            put(wire, format!("{}%25{}", &text[..at], &text[at + 1..]));
            ("escaped twice", false)
        }
        12 => {
            let at = *escapes.get(dice.below(escapes.len()))?;
            let byte = u8::from_str_radix(&text[at + 1..at + 3], 16).ok()?;
            if !byte.is_ascii_graphic() {
                return None;
            }
            put(
                wire,
                format!("{}{}{}", &text[..at], char::from(byte), &text[at + 3..]),
            );
            ("unescaped", false)
        }
        13 => {
            let headers: [(&str, &[u8]); 12] = [
                ("content-type", b"text/html"),
                ("Content-MD5", b"AAAAAAAAAAAAAAAAAAAAAA=="),
                ("x-oss-object-acl", b"public-read-write"),
                ("X-Oss-Copy-Source", b"/examplebucket/secret"),
                ("x-oss-meta-new", b"1"),
                ("x-oss-forbid-overwrite", b"false"),
                ("x-oss-security-token", b"other"),
                ("x-oss-traffic-limit", b"838860800"),
                ("authorization", b"OSS LTAIkey:AAAA"),
                ("x-oss-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("x-oss-date", b"20240115T083045Z"),
                ("x-oss-range-behavior", b"standard"),
            ];
            let (name, value) = dice.one(&headers);
            wire.headers.push(((*name).to_owned(), value.to_vec()));
            ("header added", false)
        }
        14 => {
            let headers: [(&str, &[u8]); 6] = [
                ("range", b"bytes=0-1"),
                ("if-none-match", b"\"x\""),
                ("user-agent", b"x"),
                ("cookie", b"a=b"),
                ("date", b"Mon, 15 Jan 2024 08:30:45 GMT"),
                ("referer", b"http://x/"),
            ];
            let (name, value) = dice.one(&headers);
            wire.headers.push(((*name).to_owned(), value.to_vec()));
            ("free header added", true)
        }
        15 => {
            wire.headers.pop()?;
            ("header dropped", false)
        }
        16 => {
            wire.method =
                (*dice.one(&["GET", "PUT", "HEAD", "DELETE", "POST", "get", "PATCH"])).to_owned();
            ("another method", false)
        }
        17 => {
            let (from, to) = *dice.one(&[
                ("%20", "+"),
                ("%2B", "+"),
                ("%2F", "/"),
                ("/", "%2F"),
                ("=", "%3D"),
                ("&", ";"),
                ("&", "%26"),
                ("?", "%3F"),
            ]);
            put(wire, text.replacen(from, to, 1));
            ("characters exchanged", false)
        }
        18 => {
            let byte = *dice.one(b"/.%&=?#+;a0 ~\\\x00");
            let mut bytes = text.into_bytes();
            bytes.insert(at, byte);
            put(wire, String::from_utf8(bytes).ok()?);
            ("character inserted", false)
        }
        19 => {
            let mut bytes = text.into_bytes();
            bytes.remove(at);
            put(wire, String::from_utf8(bytes).ok()?);
            ("character removed", false)
        }
        20 => {
            let (name, delta) = *dice.one(&[
                ("Expires=", 1i64),
                ("Expires=", 86_400),
                ("x-oss-expires=", 1),
                ("x-oss-expires=", 600_000),
                ("Expires=", -7),
            ]);
            let start = wire.query.find(name)? + name.len();
            let end = wire.query[start..]
                .find('&')
                .map_or(wire.query.len(), |at| start + at);
            let value: i64 = wire.query[start..end].parse().ok()?;
            wire.query
                .replace_range(start..end, &(value + delta).to_string());
            ("another end", false)
        }
        _ => {
            wire.host = (*dice.one(&[
                "otherbucket.oss-cn-hangzhou.aliyuncs.com",
                "oss-cn-hangzhou.aliyuncs.com",
                "127.0.0.1",
                "examplebucket.localhost",
            ]))
            .to_owned();
            // Another name of the same bucket is as good.
            ("another host", wire.host == "examplebucket.localhost")
        }
    };
    Some(name)
}

#[test]
fn a_million_variants() {
    let count: u64 = std::env::var("FOSSE_MUTATIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(USUAL);
    let bases = bases();
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4);
    let mut figures: BTreeMap<&'static str, [u64; 2]> = BTreeMap::new();
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let bases = &bases;
                scope.spawn(move || run(bases, thread as u64, count.div_ceil(threads as u64)))
            })
            .collect();
        for worker in workers {
            for (name, [tried, accepted]) in worker.join().unwrap() {
                let figure = figures.entry(name).or_default();
                figure[0] += tried;
                figure[1] += accepted;
            }
        }
    });
    let total: u64 = figures.values().map(|[tried, _]| tried).sum();
    let accepted: u64 = figures.values().map(|[_, accepted]| accepted).sum();
    println!(
        "{total} variants in {:.1} s, {accepted} accepted, each of them meaning what was signed",
        started.elapsed().as_secs_f64()
    );
    for (name, [tried, accepted]) in &figures {
        println!("{name:<26} {tried:>8} tried {accepted:>8} accepted");
    }
    assert!(total >= count);
    assert!(
        figures.len() >= 19,
        "every kind of change occurred: {figures:?}"
    );
}

fn run(
    bases: &[(Scheme, Wire, Meaning)],
    thread: u64,
    count: u64,
) -> BTreeMap<&'static str, [u64; 2]> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (thread + 1).wrapping_mul(0xD134_2543_DE82_EF95));
    let mut figures: BTreeMap<&'static str, [u64; 2]> = BTreeMap::new();
    let mut done = 0;
    while done < count {
        let (scheme, base, meaning) = dice.one(bases);
        let mut wire = base.clone();
        let Some((name, equivalent)) = change(&mut wire, &mut dice) else {
            continue;
        };
        done += 1;
        let found = wire.meaning(*scheme);
        let figure = figures.entry(name).or_default();
        figure[0] += 1;
        match found {
            Some(found) => {
                figure[1] += 1;
                assert_eq!(found, *meaning, "{name} of {base:?} gave {wire:?}");
            }
            None => assert!(
                !equivalent,
                "{name}: refused though it means the same: {base:?} as {wire:?}"
            ),
        }
    }
    figures
}
