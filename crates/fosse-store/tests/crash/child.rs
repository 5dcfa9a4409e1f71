//! The process that is killed: sixteen clients that write as fast as they can and say what they do.

use crate::model::{BUCKET, CLIENTS, Content, KEYS, Random, VERSIONED, bytes, write_content};
use bytes::Bytes;
use fosse_store::{
    Acl, Bucket, NewBucket, ObjectAttrs, OpenOptions, Redundancy, SealedBlob, StorageClass, Store,
    StoreError, VersionQuery, Versioning, WriteCondition,
};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// One write call a line, so that lines of several clients do not mix and none is lost in a buffer.
fn say(line: String) {
    let mut line = line.into_bytes();
    line.push(b'\n');
    std::io::stdout()
        .lock()
        .write_all(&line)
        .and_then(|()| std::io::stdout().flush())
        .expect("the pipe");
}

pub(crate) fn write_until_killed(dir: &Path, seed: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let store = Store::open(OpenOptions::new(dir)).expect("the store opens");
        let bucket = open_bucket(&store, BUCKET).await;
        open_bucket(&store, VERSIONED).await;
        let versioned = store
            .update_bucket(VERSIONED, |bucket| bucket.versioning = Versioning::Enabled)
            .await
            .expect("versioning");
        say("bucket".into());
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..CLIENTS {
            let (store, bucket, versioned) = (store.clone(), bucket.clone(), versioned.clone());
            let random = Random::new(seed ^ ((client + 1) << 32));
            clients.spawn(
                Client {
                    store,
                    bucket,
                    versioned,
                    client,
                    random,
                    log: None,
                }
                .work(),
            );
        }
        // The sweep runs beside the writers, as it does in a server.
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            store.sweep().await.expect("the sweep runs");
        }
    });
}

async fn open_bucket(store: &Store, name: &str) -> Arc<Bucket> {
    let new = NewBucket {
        name: name.into(),
        owner: "1".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: 1,
    };
    match store.create_bucket(new, 10).await {
        Ok(bucket) | Err(StoreError::BucketExists(bucket)) => bucket,
        Err(error) => panic!("{error}"),
    }
}

const CLASSES: [StorageClass; 5] = [
    StorageClass::Standard,
    StorageClass::IA,
    StorageClass::Archive,
    StorageClass::ColdArchive,
    StorageClass::DeepColdArchive,
];

struct Client {
    store: Store,
    bucket: Arc<Bucket>,
    /// A bucket with versioning; see [`Client::versions`].
    versioned: Arc<Bucket>,
    client: u64,
    random: Random,
    /// What this process appended to [`Client::append`]'s object so far, once it knows.
    log: Option<Content>,
}

impl Client {
    fn size(&mut self) -> usize {
        let most = match self.random.below(20) {
            0..=13 => 9_000,
            14..=17 => 200_000,
            _ => 2_500_000,
        };
        self.random.below(most) as usize
    }

    /// Of any class: the counters by class are to be right as well.
    fn attrs(&mut self) -> ObjectAttrs {
        ObjectAttrs {
            storage_class: self.class(),
            ..ObjectAttrs::of("1")
        }
    }

    fn class(&mut self) -> StorageClass {
        CLASSES[self.random.below(5) as usize]
    }

    fn piece(&mut self) -> (u64, usize) {
        (self.random.next(), self.size())
    }

    async fn seal(&self, (seed, len): (u64, usize)) -> SealedBlob {
        let body = Bytes::from(bytes(seed, len));
        let mut writer = self.store.begin_blob(Some(len as u64));
        for chunk in body.chunks(70_000) {
            writer.write(body.slice_ref(chunk)).await.expect("a chunk");
        }
        writer.seal().await.expect("sealed")
    }

    async fn work(mut self) {
        loop {
            let key = format!("{}/{}", self.client, self.random.below(KEYS));
            match self.random.below(13) {
                0..=3 => self.put(&key).await,
                4 | 5 => self.append().await,
                6 | 7 => self.delete(&key).await,
                8 => self.multipart(&key).await,
                9 => self.copy(&key).await,
                10 => self.reclass(&key).await,
                11 => self.configure().await,
                _ => self.versions().await,
            }
        }
    }

    async fn put(&mut self, key: &str) {
        let piece = self.piece();
        let content: Content = vec![piece];
        say(format!("begin {key} put {}", write_content(&content)));
        let blob = self.seal(piece).await;
        let (attrs, no) = (self.attrs(), WriteCondition::default());
        self.store
            .put_object(&self.bucket, key, blob, attrs, no, 1)
            .await
            .expect("put");
        say(format!("done {key}"));
    }

    /// Puts two settings of the bucket in one step, or takes both away.
    async fn configure(&mut self) {
        let value = match self.random.below(4) {
            0 => None,
            _ => Some(self.random.next().to_string()),
        };
        let name = format!("setting-{}", self.client);
        let shown = value.as_deref().unwrap_or("-");
        say(format!("set {name} {shown}"));
        let twin = format!("{name}-twin");
        let key = name.clone();
        let change = move |bucket: &mut Bucket| {
            for key in [&key, &twin] {
                match &value {
                    Some(value) => _ = bucket.configs.insert(key.clone(), value.clone().into()),
                    None => _ = bucket.configs.remove(key),
                }
            }
        };
        self.store
            .update_bucket(BUCKET, change)
            .await
            .expect("update");
        say(format!("is {name}"));
    }

    /// Changes the storage class of what may be there: the bytes stay, the counters move.
    async fn reclass(&mut self, key: &str) {
        let class = self.class();
        let change = |_: &_, attrs: &mut ObjectAttrs| {
            attrs.storage_class = class;
            Ok::<(), ()>(())
        };
        match self
            .store
            .change_object(&self.bucket, key, None, change)
            .await
        {
            Ok(_) | Err(StoreError::NoSuchKey) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds a version or a marker to one of its keys of the versioned bucket, or removes one of many.
    async fn versions(&mut self) {
        let key = format!("{}/{}", self.client, self.random.below(2));
        let bucket = self.versioned.clone();
        let query = VersionQuery {
            prefix: key.clone(),
            max_keys: 20,
            ..Default::default()
        };
        let page = self
            .store
            .list_versions(&bucket, query)
            .await
            .expect("a listing");
        let known = page.versions.len() as u64;
        if known > 6 {
            let doomed = page.versions[self.random.below(known) as usize].version;
            say(format!("drop {key} {doomed}"));
            let removed = self
                .store
                .delete_object(&bucket, &key, Some(doomed), 1)
                .await;
            assert!(removed.expect("remove").existed);
            return;
        }
        let version = if self.random.below(3) == 0 {
            let marked = self.store.delete_object(&bucket, &key, None, 1).await;
            marked.expect("delete").version
        } else {
            let piece = (self.random.next(), self.random.below(3_000) as usize);
            let blob = self.seal(piece).await;
            let (attrs, no) = (self.attrs(), WriteCondition::default());
            let put = self
                .store
                .put_object(&bucket, &key, blob, attrs, no, 1)
                .await;
            put.expect("put").version
        };
        say(format!("keep {key} {}", version.expect("a version")));
    }

    /// Appends to an object of its own, with small pieces mostly, so that they are merged now and then.
    async fn append(&mut self) {
        let key = format!("{}/log", self.client);
        let mut content = match self.log.take() {
            Some(content) if content.len() < 120 => content,
            _ => {
                // Of another process, or long enough.
                self.delete(&key).await;
                Content::new()
            }
        };
        for _ in 0..8 {
            let position: usize = content.iter().map(|(_, len)| len).sum();
            let most = if self.random.below(10) == 0 {
                100_000
            } else {
                600
            };
            let piece = (self.random.next(), 1 + self.random.below(most) as usize);
            content.push(piece);
            say(format!("begin {key} put {}", write_content(&content)));
            let blob = self.seal(piece).await;
            let attrs = self.attrs();
            self.store
                .append_object(&self.bucket, &key, position as u64, blob, attrs, 1)
                .await
                .expect("append");
            say(format!("done {key}"));
        }
        self.log = Some(content);
    }

    async fn delete(&mut self, key: &str) {
        say(format!("begin {key} delete"));
        self.store
            .delete_object(&self.bucket, key, None, 1)
            .await
            .expect("delete");
        say(format!("done {key}"));
    }

    async fn multipart(&mut self, key: &str) {
        let (store, bucket, no) = (
            self.store.clone(),
            self.bucket.clone(),
            WriteCondition::default(),
        );
        let upload = store
            .create_upload(&bucket, key, self.attrs(), no, 1)
            .await
            .expect("upload")
            .id;
        let mut content = Content::new();
        let parts = 1 + self.random.below(4) as u32;
        for number in 1..=parts {
            // One is stored twice, so that a part is replaced.
            if self.random.below(4) == 0 {
                let replaced = self.piece();
                let blob = self.seal(replaced).await;
                store
                    .put_part(&bucket, key, &upload, number, blob, 1)
                    .await
                    .expect("part");
            }
            let piece = self.piece();
            let blob = self.seal(piece).await;
            store
                .put_part(&bucket, key, &upload, number, blob, 1)
                .await
                .expect("part");
            content.push(piece);
        }
        match self.random.below(5) {
            0 => store
                .abort_upload(&bucket, key, &upload)
                .await
                .expect("abort"),
            // Left open: its parts must stay, and go when it is aborted after the crash.
            1 => {}
            _ => {
                say(format!("begin {key} put {}", write_content(&content)));
                let done = store
                    .complete_upload(&bucket, key, &upload, None, None, no, 0, 1)
                    .await;
                done.expect("complete");
                say(format!("done {key}"));
            }
        }
    }

    /// Copies its own key onto another of its keys: both share bytes from then on.
    async fn copy(&mut self, key: &str) {
        let piece = self.piece();
        say(format!("begin {key} put {}", write_content(&vec![piece])));
        let blob = self.seal(piece).await;
        let (attrs, no) = (self.attrs(), WriteCondition::default());
        let put = self
            .store
            .put_object(&self.bucket, key, blob, attrs, no, 1)
            .await;
        let source = put.expect("put").object;
        say(format!("done {key}"));
        let target = format!("{}/copy", self.client);
        say(format!(
            "begin {target} put {}",
            write_content(&vec![piece])
        ));
        let attrs = self.attrs();
        self.store
            .copy_object(&source, &self.bucket, &target, attrs, no, 1)
            .await
            .expect("copy");
        say(format!("done {target}"));
    }
}
