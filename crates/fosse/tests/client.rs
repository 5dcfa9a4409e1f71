//! The client library against a real server, and against connections that misbehave.

mod harness;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use fosse_client::{
    Addressing, Client, ClientConfig, Credentials, Endpoint, Error, GetRequest, ListRequest,
    NewBucket, Payload, UploadPlan,
};
use fosse_oss::sign::Scheme;
use harness::{ID, SECRET, Server, noise};

fn config(endpoint: &str) -> ClientConfig {
    let endpoint = Endpoint::parse(endpoint, Addressing::Virtual).unwrap();
    ClientConfig::new(endpoint, "cn-hangzhou", Credentials::key(ID, SECRET, None))
}

fn client(endpoint: &str) -> Client {
    Client::new(config(endpoint)).unwrap()
}

/// A proxy that lets `change` alter what the server sends, piece by piece; `None` breaks the connection off.
fn proxy(
    endpoint: &str,
    change: impl Fn(Vec<u8>) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> String {
    let target = endpoint.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let change = Arc::new(change);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let Ok(mut server) = TcpStream::connect(&target) else {
                return;
            };
            let (mut requests, mut answers) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut requests, &mut server);
                let _ = server.shutdown(Shutdown::Write);
            });
            let change = change.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(length @ 1..) = answers.read(&mut buffer) {
                    let Some(bytes) = change(buffer[..length].to_vec()) else {
                        break;
                    };
                    if client.write_all(&bytes).is_err() {
                        break;
                    }
                }
                let _ = client.shutdown(Shutdown::Both);
                let _ = answers.shutdown(Shutdown::Both);
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn every_scheme_and_address_form() {
    let server = Server::memory();
    let port = server.endpoint.rsplit(':').next().unwrap();
    for (index, (host, scheme)) in [
        (format!("http://127.0.0.1:{port}"), Scheme::V4),
        (format!("http://127.0.0.1:{port}"), Scheme::V1),
        (format!("http://localhost:{port}"), Scheme::V4),
        (
            format!("http://oss-cn-hangzhou.localhost:{port}"),
            Scheme::V4,
        ),
        (
            format!("http://oss-cn-hangzhou.localhost:{port}"),
            Scheme::V1,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut config = config(&host);
        config.scheme = scheme;
        let client = Client::new(config).unwrap();
        let bucket = format!("forms-{index}");
        client
            .create_bucket(&bucket, &NewBucket::default())
            .await
            .unwrap();
        for key in [
            "a b",
            "a+b",
            "中文/文件",
            "a//b",
            "./a",
            "../b",
            "x/../y",
            "a?b#c&d=e",
            "%2F",
            "~'()*!",
        ] {
            let body = format!("{host} {key}");
            client
                .put_object(
                    &bucket,
                    key.as_bytes(),
                    Vec::new(),
                    Payload::Bytes(body.clone().into()),
                )
                .await
                .unwrap();
            let got = client
                .get_object(&bucket, key.as_bytes(), &GetRequest::default())
                .await
                .unwrap();
            assert_eq!(got.bytes().await.unwrap(), body.as_bytes(), "{host} {key}");
        }
        let page = client
            .list_objects(
                &bucket,
                &ListRequest {
                    v1: index % 2 == 1,
                    ..ListRequest::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(page.objects.len(), 10);
        assert!(page.objects.iter().any(|object| object.key == "x/../y"));
        let keys: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
        assert_eq!(
            client.delete_objects(&bucket, &keys).await.unwrap().len(),
            10
        );
        client.delete_bucket(&bucket).await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_xml_cannot_carry() {
    let server = Server::memory();
    let client = client(&server.endpoint);
    client
        .create_bucket("odd-keys", &NewBucket::default())
        .await
        .unwrap();
    let keys: Vec<String> = ["bell\u{7}", "line\nfeed", "return\r", "plain"]
        .map(str::to_owned)
        .into();
    for key in &keys {
        client
            .put_object(
                "odd-keys",
                key.as_bytes(),
                Vec::new(),
                Payload::Bytes("x".into()),
            )
            .await
            .unwrap();
    }
    let page = client
        .list_objects("odd-keys", &ListRequest::default())
        .await
        .unwrap();
    let mut listed: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
    let mut expected = keys.clone();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
    client.delete_objects("odd-keys", &keys).await.unwrap();
    assert!(
        client
            .list_objects("odd-keys", &ListRequest::default())
            .await
            .unwrap()
            .objects
            .is_empty()
    );
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    let server = Server::memory();
    for (offset, scheme) in [
        (-3600, Scheme::V4),
        (7 * 86_400, Scheme::V4),
        (3600, Scheme::V1),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let mut config = config(&server.endpoint);
        let right = config.clock.clone();
        config.clock = Arc::new(move || right() + offset);
        config.scheme = scheme;
        config.trace = Some(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        let client = Client::new(config).unwrap();
        client.list_buckets("", "", 10).await.unwrap();
        assert_eq!(
            asked.load(Ordering::Relaxed),
            2,
            "one refusal, one corrected request"
        );
        client.list_buckets("", "", 10).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3, "the correction stays");
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke() {
    let server = Server::memory();
    let content = noise(3_000_000, 21);
    let direct = client(&server.endpoint);
    direct
        .create_bucket("resume", &NewBucket::default())
        .await
        .unwrap();
    direct
        .put_object(
            "resume",
            b"k",
            Vec::new(),
            Payload::Bytes(content.clone().into()),
        )
        .await
        .unwrap();

    // Breaks off after every megabyte or so.
    let left = AtomicI64::new(1_000_000);
    let flaky = proxy(&server.endpoint, move |bytes| {
        if left.fetch_sub(bytes.len() as i64, Ordering::Relaxed) < 0 {
            left.store(1_000_000, Ordering::Relaxed);
            return None;
        }
        Some(bytes)
    });
    let through = client(&flaky);
    let whole = through
        .get_object("resume", b"k", &GetRequest::default())
        .await
        .unwrap();
    assert!(whole.bytes().await.unwrap() == content);
    let part = GetRequest {
        range: Some((100, Some(2_500_000))),
        ..GetRequest::default()
    };
    let part = through.get_object("resume", b"k", &part).await.unwrap();
    assert_eq!(part.remaining(), Some(2_499_901));
    assert!(part.bytes().await.unwrap() == content[100..=2_500_000]);

    let mut impatient = config(&flaky);
    impatient.retries = 0;
    let broken = Client::new(impatient)
        .unwrap()
        .get_object("resume", b"k", &GetRequest::default())
        .await
        .unwrap()
        .bytes()
        .await;
    assert!(matches!(broken, Err(Error::Broken { .. })), "{broken:?}");
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_resumed_is_no_mixture() {
    let server = Server::memory();
    let direct = client(&server.endpoint);
    direct
        .create_bucket("change", &NewBucket::default())
        .await
        .unwrap();
    direct
        .put_object(
            "change",
            b"k",
            Vec::new(),
            Payload::Bytes(noise(2_000_000, 1).into()),
        )
        .await
        .unwrap();
    let left = AtomicI64::new(1_000_000);
    // Breaks off once.
    let flaky = proxy(&server.endpoint, move |bytes| {
        if left.fetch_sub(bytes.len() as i64, Ordering::Relaxed) < 0 {
            left.store(i64::MAX, Ordering::Relaxed);
            return None;
        }
        Some(bytes)
    });
    let mut download = client(&flaky)
        .get_object("change", b"k", &GetRequest::default())
        .await
        .unwrap();
    download.next().await.unwrap();
    direct
        .put_object(
            "change",
            b"k",
            Vec::new(),
            Payload::Bytes(noise(2_000_000, 2).into()),
        )
        .await
        .unwrap();
    let ended = loop {
        match download.next().await {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    let refusal = ended.expect_err("the bytes of two objects passed for one");
    assert_eq!(
        refusal.service().map(|refusal| refusal.status),
        Some(412),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn bytes_altered_on_the_way_are_noticed() {
    let server = Server::memory();
    let direct = client(&server.endpoint);
    direct
        .create_bucket("altered", &NewBucket::default())
        .await
        .unwrap();
    direct
        .put_object(
            "altered",
            b"k",
            Vec::new(),
            Payload::Bytes(vec![b'a'; 50_000].into()),
        )
        .await
        .unwrap();
    let lying = proxy(&server.endpoint, |bytes| {
        let text: Vec<u8> = bytes
            .windows(8)
            .position(|window| window == b"aaaaaaaa")
            .map_or(bytes.clone(), |at| {
                let mut changed = bytes.clone();
                changed[at] = b'b';
                changed
            });
        Some(text)
    });
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    let download = client(&lying)
        .get_object("altered", b"k", &GetRequest::default())
        .await
        .unwrap();
    let saved = fosse_client::save(download, &target).await;
    assert!(matches!(saved, Err(Error::Integrity { .. })), "{saved:?}");
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing of it is kept"
    );
}

#[tokio::test]
async fn a_refusal_reaches_an_upload_that_is_still_running() {
    let server = Server::memory();
    let mut config = config(&server.endpoint);
    config.credentials = Credentials::key(ID, "wrong", None);
    let client = Client::new(config).unwrap();
    let put = client
        .put_object(
            "any-bucket",
            b"k",
            Vec::new(),
            Payload::Bytes(vec![0; 32 << 20].into()),
        )
        .await;
    let refusal = put.unwrap_err();
    assert_eq!(
        refusal.service().map(|refusal| refusal.code.as_str()),
        Some("SignatureDoesNotMatch"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn failures_of_the_server_are_tried_again() {
    // The first two answers are 503; then the connection goes through.
    let server = Server::memory();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let busy = proxy(&server.endpoint, move |bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.starts_with("HTTP/1.1 200") && seen.fetch_add(1, Ordering::Relaxed) < 2 {
            return Some(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
        }
        Some(bytes)
    });
    client(&busy).list_buckets("", "", 10).await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 3);
    // What is not repeatable is not repeated.
    count.store(0, Ordering::Relaxed);
    client(&server.endpoint)
        .create_bucket("busy", &NewBucket::default())
        .await
        .unwrap();
    let begun = client(&busy)
        .initiate_upload("busy", b"k", Vec::new())
        .await;
    assert_eq!(
        begun.unwrap_err().service().map(|refusal| refusal.status),
        Some(503)
    );
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn silence_ends_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&format!("http://{}", listener.local_addr().unwrap()));
    config.read_timeout = std::time::Duration::from_millis(200);
    config.connect_timeout = std::time::Duration::from_millis(200);
    config.retries = 0;
    let started = std::time::Instant::now();
    let ended = Client::new(config).unwrap().list_buckets("", "", 10).await;
    assert!(matches!(ended, Err(Error::Timeout { .. })), "{ended:?}");
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[tokio::test]
async fn a_failed_upload_in_parts_leaves_nothing_behind() {
    let server = Server::memory();
    let client = client(&server.endpoint);
    client
        .create_bucket("clean", &NewBucket::default())
        .await
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, noise(500_000, 9)).unwrap();
    let plan = UploadPlan {
        threshold: 100_000,
        part_size: Some(200_000),
        ..UploadPlan::default()
    };
    let whole = client
        .upload_file(&path, "clean", b"whole", &plan, None)
        .await
        .unwrap();
    assert!(whole.etag.ends_with("-3"), "{}", whole.etag);

    struct Failing(u64);
    impl tokio::io::AsyncRead for Failing {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            if self.0 == 0 {
                return std::task::Poll::Ready(Err(std::io::Error::other("the disk is gone")));
            }
            let length = buffer.remaining().min(self.0 as usize);
            buffer.put_slice(&vec![1; length]);
            self.0 -= length as u64;
            std::task::Poll::Ready(Ok(()))
        }
    }
    let failed = client
        .upload_reader(Failing(450_000), "clean", b"half", &plan)
        .await;
    assert!(matches!(failed, Err(Error::Input(_))), "{failed:?}");
    assert!(
        client
            .list_uploads("clean", "", None)
            .await
            .unwrap()
            .uploads
            .is_empty()
    );
    assert_eq!(
        client
            .list_objects("clean", &ListRequest::default())
            .await
            .unwrap()
            .objects
            .len(),
        1
    );
}
