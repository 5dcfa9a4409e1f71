//! What must be in the store, by what the writer said before it died.

use fosse_store::{
    BodyReader, Bucket, ListQuery, ListedVersion, OpenOptions, Store, StoreError, UploadQuery,
    VersionQuery,
};
use std::collections::{HashMap, HashSet};
use std::path::Path;

pub(crate) const CLIENTS: u64 = 16;
pub(crate) const KEYS: u64 = 5;
pub(crate) const BUCKET: &str = "crash";
pub(crate) const VERSIONED: &str = "crash-versions";

/// A small generator, so that a seed gives the same choices everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The bytes of a body, by its seed and size.
pub(crate) fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        out.extend_from_slice(&random.next().to_le_bytes()[..7]);
    }
    out.truncate(len);
    out
}

/// A body as a list of pieces (parts of an upload, or one): seed and length each.
pub(crate) type Content = Vec<(u64, usize)>;

pub(crate) fn write_content(content: &Content) -> String {
    let pieces: Vec<_> = content
        .iter()
        .map(|(seed, len)| format!("{seed}:{len}"))
        .collect();
    if pieces.is_empty() {
        "-".into()
    } else {
        pieces.join(",")
    }
}

fn read_content(text: &str) -> Content {
    let piece = |piece: &str| {
        let (seed, len) = piece.split_once(':').expect("seed and length");
        (seed.parse().expect("seed"), len.parse().expect("length"))
    };
    if text == "-" {
        Content::new()
    } else {
        text.split(',').map(piece).collect()
    }
}

fn whole(content: &Content) -> Vec<u8> {
    content
        .iter()
        .flat_map(|(seed, len)| bytes(*seed, *len))
        .collect()
}

#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) acknowledged: u64,
    pub(crate) in_flight: u64,
    pub(crate) read: u64,
}

/// State of one key: what was acknowledged, and what was begun after that.
#[derive(Default)]
struct Key {
    sure: Option<Content>,
    begun: Option<Option<Content>>,
}

#[derive(Default)]
pub(crate) struct Model {
    keys: HashMap<String, Key>,
    /// Versions and markers that must be there.
    versions: HashSet<(String, String)>,
    /// Settings of the bucket: what was acknowledged, and what was begun after that.
    settings: HashMap<String, (Option<String>, Option<Option<String>>)>,
    acknowledged: u64,
    created: bool,
}

impl Model {
    /// One line of the writer: `bucket`, `begin KEY put CONTENT`, `begin KEY delete`, `done KEY`; of versions
    /// `keep KEY VERSION` once it is there and `drop KEY VERSION` before it goes; of settings `set NAME VALUE` and `is NAME`.
    pub(crate) fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            ["bucket"] => self.created = true,
            ["begin", key, "put", content] => {
                self.key(key).begun = Some(Some(read_content(content)));
            }
            ["begin", key, "delete"] => self.key(key).begun = Some(None),
            ["keep", key, version] => {
                self.versions
                    .insert(((*key).to_owned(), (*version).to_owned()));
                self.acknowledged += 1;
            }
            ["drop", key, version] => {
                self.versions
                    .remove(&((*key).to_owned(), (*version).to_owned()));
            }
            ["set", name, value] => {
                let value = (*value != "-").then(|| (*value).to_owned());
                self.settings.entry((*name).to_owned()).or_default().1 = Some(value);
            }
            ["is", name] => {
                let setting = self.settings.get_mut(*name).expect("a setting");
                setting.0 = setting.1.take().expect("set what was begun");
                self.acknowledged += 1;
            }
            ["done", key] => {
                let key = self.key(key);
                key.sure = key.begun.take().expect("done what was begun");
                self.acknowledged += 1;
            }
            _ => panic!("what the writer said is not understood: {line}"),
        }
    }

    fn key(&mut self, key: &str) -> &mut Key {
        self.keys.entry(key.to_owned()).or_default()
    }

    /// Opens what the writer left and compares.
    pub(crate) fn check(&mut self, data: &Path, cycle: u64, totals: &mut Totals) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("runtime");
        totals.acknowledged += std::mem::take(&mut self.acknowledged);
        runtime.block_on(self.check_store(data, cycle, totals));
    }

    async fn check_store(&mut self, data: &Path, cycle: u64, totals: &mut Totals) {
        let store = Store::open(OpenOptions::new(data)).expect("the store opens after a crash");
        // First as it is, then after the sweep: the sweep must neither be needed nor do harm.
        let report = store.verify(false).await.expect("the check runs");
        assert_eq!(
            report.problems,
            Vec::<String>::new(),
            "cycle {cycle}, as found"
        );
        store.sweep().await.expect("the sweep runs");
        let report = store.verify(true).await.expect("the check runs");
        assert_eq!(
            report.problems,
            Vec::<String>::new(),
            "cycle {cycle}, swept"
        );
        assert_eq!(
            (report.orphans, report.garbage),
            (0, 0),
            "cycle {cycle}: something is left behind"
        );
        let unfinished = std::fs::read_dir(data.join("tmp")).expect("tmp").count();
        assert_eq!(unfinished, 0, "cycle {cycle}: unfinished files");

        match store.bucket(BUCKET).await {
            Ok(bucket) => {
                self.check_settings(&bucket, cycle);
                self.check_objects(&store, &bucket, cycle, totals).await;
                self.check_versions(&store, cycle).await;
            }
            Err(StoreError::NoSuchBucket) => {
                assert!(!self.created, "cycle {cycle}: the bucket is gone")
            }
            Err(error) => panic!("cycle {cycle}: {error}"),
        }
        store.close().await.expect("the store closes");
    }

    /// Every version that was acknowledged and not removed is listed. (What was being removed may be there or not.)
    async fn check_versions(&self, store: &Store, cycle: u64) {
        let bucket = match store.bucket(VERSIONED).await {
            Ok(bucket) => bucket,
            Err(StoreError::NoSuchBucket) => return assert!(self.versions.is_empty()),
            Err(error) => panic!("cycle {cycle}: {error}"),
        };
        let mut query = VersionQuery {
            max_keys: 9,
            ..Default::default()
        };
        let mut listed = HashSet::new();
        loop {
            let page = store
                .list_versions(&bucket, query.clone())
                .await
                .expect("a listing");
            let name = |entry: ListedVersion| (entry.key, entry.version.to_string());
            listed.extend(page.versions.into_iter().map(name));
            let Some(next) = page.next_key else { break };
            (query.key_marker, query.version_marker) = (next, page.next_version);
        }
        let lost: Vec<_> = self.versions.difference(&listed).collect();
        assert!(
            lost.is_empty(),
            "cycle {cycle}: versions are lost: {lost:?}"
        );
    }

    /// Each setting is what was acknowledged or what was begun, and both names of it are the same.
    fn check_settings(&mut self, bucket: &Bucket, cycle: u64) {
        for (name, (sure, begun)) in &mut self.settings {
            let kept = |name: &str| {
                let value = bucket.configs.get(name)?;
                Some(String::from_utf8(value.clone()).expect("text"))
            };
            let found = kept(name);
            assert_eq!(
                found,
                kept(&format!("{name}-twin")),
                "cycle {cycle}: half of {name}"
            );
            let begun = begun.take();
            if found != *sure {
                assert_eq!(
                    Some(&found),
                    begun.as_ref(),
                    "cycle {cycle}: {name}, acknowledged {sure:?}"
                );
                *sure = found;
            }
        }
    }

    async fn check_objects(
        &mut self,
        store: &Store,
        bucket: &Bucket,
        cycle: u64,
        totals: &mut Totals,
    ) {
        let mut listed = Vec::new();
        let mut query = ListQuery {
            max_keys: 7,
            ..Default::default()
        };
        loop {
            let page = store
                .list_objects(bucket, query.clone())
                .await
                .expect("a listing");
            listed.extend(page.objects.into_iter().map(|(key, _)| key));
            match page.next {
                Some(next) => query.start_after = next,
                None => break,
            }
        }
        for name in &listed {
            assert!(
                self.keys.contains_key(name),
                "cycle {cycle}: {name} was never written"
            );
        }
        for (name, key) in &mut self.keys {
            let found = match store.object(bucket, name, None).await {
                Ok(object) => Some(object),
                Err(StoreError::NoSuchKey) => None,
                Err(error) => panic!("cycle {cycle}: {name}: {error}"),
            };
            assert_eq!(
                found.is_some(),
                listed.contains(name),
                "cycle {cycle}: {name} and the listing"
            );
            let body = match &found {
                Some(object) => {
                    totals.read += 1;
                    Some(read(store, object).await)
                }
                None => None,
            };
            let matches = |content: &Option<Content>| content.as_ref().map(whole) == body;
            totals.in_flight += u64::from(key.begun.is_some());
            let unsure = key.begun.take();
            if !matches(&key.sure) {
                let len = body.as_ref().map(Vec::len);
                let sure = key.sure.as_ref().map(write_content);
                match unsure {
                    Some(begun) if matches(&begun) => key.sure = begun,
                    _ => panic!(
                        "cycle {cycle}: {name} has {len:?} bytes, acknowledged {sure:?}, begun {unsure:?}"
                    ),
                }
            }
        }
        // Uploads that were left open are whole or nothing as well; dropped here so that they do not pile up.
        let query = UploadQuery {
            max_uploads: 1000,
            ..Default::default()
        };
        for upload in store
            .list_uploads(bucket, query)
            .await
            .expect("uploads")
            .uploads
        {
            store
                .list_parts(bucket, &upload.key, &upload.id, 0, 1000)
                .await
                .expect("parts");
            store
                .abort_upload(bucket, &upload.key, &upload.id)
                .await
                .expect("abort");
        }
    }
}

async fn read(store: &Store, object: &fosse_store::Object) -> Vec<u8> {
    match store.read(object, 0..object.size).await.expect("a body") {
        BodyReader::Whole(bytes) => bytes.to_vec(),
        BodyReader::Chunks(mut chunks) => {
            let mut out = Vec::new();
            while let Some(chunk) = chunks.next().await {
                out.extend_from_slice(&chunk.expect("a chunk"));
            }
            out
        }
    }
}
