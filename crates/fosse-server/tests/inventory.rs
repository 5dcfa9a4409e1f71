//! Inventory reports over HTTP, with the clock of the test.

mod support;

use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::*;

const DAY_MS: i64 = 86_400_000;

fn inventory(source: &str, id: &str, target: &str, rest: &str) -> Request {
    let body = format!(
        "<InventoryConfiguration><Id>{id}</Id><IsEnabled>true</IsEnabled>\
         <Destination><OSSBucketDestination><Format>CSV</Format><AccountId>{OWNER}</AccountId>\
         <RoleArn>acs:ram::{OWNER}:role/AliyunOSSRole</RoleArn><Bucket>acs:oss:::{target}</Bucket>\
         <Prefix>reports</Prefix><Encryption><SSE-OSS></SSE-OSS></Encryption></OSSBucketDestination></Destination>{rest}\
         </InventoryConfiguration>"
    );
    Request::new("PUT", source, "")
        .query("inventory", "")
        .query("inventoryId", id)
        .body(body.as_bytes())
}

fn put_inventory(server: &Server, source: &str, id: &str, target: &str, rest: &str) {
    let reply = server.send(&inventory(source, id, target, rest));
    assert_eq!(reply.status, 200, "{reply:?}");
    // The first report comes when nothing has changed for a minute.
    std::thread::sleep(Duration::from_millis(50));
    server.offset_ms.fetch_add(61_000, Ordering::Relaxed);
}

fn keys(server: &Server, bucket: &str) -> Vec<String> {
    let text = server.send(&Request::get(bucket, "")).text();
    text.split("<Key>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

fn manifests(server: &Server, bucket: &str, count: usize) -> Vec<String> {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let mut found = keys(server, bucket);
        found.retain(|key| key.ends_with("/manifest.json"));
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < limit, "{found:?} {}", server.metrics());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The manifest and the lines of its files.
fn report(server: &Server, bucket: &str, manifest: &str) -> (serde_json::Value, Vec<String>) {
    let reply = server.send(&Request::get(bucket, manifest));
    let checksum = manifest.replace("manifest.json", "manifest.checksum");
    let checksum = server.send(&Request::get(bucket, &checksum)).text();
    let etag = reply.header("etag").unwrap().trim_matches('"').to_owned();
    assert_eq!(checksum, etag, "the MD5 of the manifest");
    let manifest: serde_json::Value = serde_json::from_str(&reply.text()).unwrap();
    let mut lines = Vec::new();
    for file in manifest["files"].as_array().unwrap() {
        let reply = server.send(&Request::get(bucket, file["key"].as_str().unwrap()));
        assert_eq!(reply.header("x-oss-server-side-encryption"), Some("AES256"));
        let etag = reply.header("etag").unwrap().trim_matches('"');
        assert_eq!(file["MD5checksum"], etag);
        assert_eq!(file["size"], reply.body.len());
        let mut text = String::new();
        GzDecoder::new(&reply.body[..])
            .read_to_string(&mut text)
            .unwrap();
        lines.extend(text.lines().map(str::to_owned));
    }
    (manifest, lines)
}

#[test]
fn a_report_a_day() {
    let mut server = Server::start();
    for bucket in ["source-bucket", "report-bucket"] {
        server.bucket(bucket);
    }
    for n in 0..3 {
        server.put("source-bucket", &format!("in/{n} ü"), &vec![b'x'; n]);
    }
    server.put("source-bucket", "out", b"left out");
    put_inventory(
        &server,
        "source-bucket",
        "daily1",
        "report-bucket",
        "<Filter><Prefix>in/</Prefix><LowerSizeBound>1</LowerSizeBound></Filter>\
         <Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>Current</IncludedObjectVersions>\
         <OptionalFields><Field>Size</Field><Field>ETag</Field></OptionalFields>",
    );
    let first = manifests(&server, "report-bucket", 1);
    assert!(
        first[0].starts_with("reports/source-bucket/daily1/20"),
        "{first:?}"
    );
    assert!(first[0].ends_with("Z/manifest.json"));
    let (manifest, lines) = report(&server, "report-bucket", &first[0]);
    assert_eq!(manifest["fileSchema"], "Bucket, Key, Size, ETag");
    assert_eq!(manifest["sourceBucket"], "source-bucket");
    assert_eq!(manifest["destinationBucket"], "report-bucket");
    let file = manifest["files"][0]["key"].as_str().unwrap();
    assert!(file.starts_with("reports/source-bucket/daily1/data/") && file.ends_with(".csv.gz"));
    assert_eq!(
        lines,
        [
            "\"source-bucket\",\"in%2F1%20%C3%BC\",\"1\",\"9DD4E461268C8034F5C8564E155C67A6\"",
            "\"source-bucket\",\"in%2F2%20%C3%BC\",\"2\",\"9336EBF25087D91C818EE6E9EC29F8C1\"",
        ]
    );
    // A restart on the same day repeats nothing; the next day brings the next report.
    let (store, offset) = (
        server.store.clone(),
        server.offset_ms.load(Ordering::Relaxed),
    );
    server.stop();
    let mut server = Server::over(store, |_| {});
    server.offset_ms.store(offset, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(manifests(&server, "report-bucket", 1).len(), 1);
    server.offset_ms.fetch_add(DAY_MS, Ordering::Relaxed);
    assert_eq!(manifests(&server, "report-bucket", 2).len(), 2);
    // Deleted, it is over.
    let delete = Request::new("DELETE", "source-bucket", "")
        .query("inventory", "")
        .query("inventoryId", "daily1");
    assert_eq!(server.send(&delete).status, 204);
    server.offset_ms.fetch_add(DAY_MS, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(manifests(&server, "report-bucket", 2).len(), 2);
    server.stop();
}

#[test]
fn all_versions_once_a_week() {
    let mut server = Server::start();
    for bucket in ["source-bucket", "report-bucket"] {
        server.bucket(bucket);
    }
    let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let request = Request::new("PUT", "source-bucket", "").query("versioning", "");
    assert_eq!(server.send(&request.body(on)).status, 200);
    let old = server.put("source-bucket", "k", b"old");
    let new = server.put("source-bucket", "k", b"newer");
    let delete = Request::new("DELETE", "source-bucket", "gone");
    let marker = server.send(&delete);
    put_inventory(
        &server,
        "source-bucket",
        "weekly",
        "report-bucket",
        "<Schedule><Frequency>Weekly</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions>\
         <OptionalFields><Field>Size</Field></OptionalFields>",
    );
    let (manifest, lines) = {
        let found = manifests(&server, "report-bucket", 1);
        report(&server, "report-bucket", &found[0])
    };
    assert_eq!(
        manifest["fileSchema"],
        "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size"
    );
    let id = |reply: &Reply| reply.header("x-oss-version-id").unwrap().to_owned();
    let row = |key: &str, id: &str, latest: bool, marker: bool, size: &str| {
        format!("\"source-bucket\",\"{key}\",\"{id}\",\"{latest}\",\"{marker}\",\"{size}\"")
    };
    assert_eq!(
        lines,
        [
            row("gone", &id(&marker), true, true, ""),
            row("k", &id(&new), true, false, "5"),
            row("k", &id(&old), false, false, "3"),
        ]
    );
    server.offset_ms.fetch_add(6 * DAY_MS, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(manifests(&server, "report-bucket", 1).len(), 1);
    server.offset_ms.fetch_add(DAY_MS, Ordering::Relaxed);
    assert_eq!(manifests(&server, "report-bucket", 2).len(), 2);
    server.stop();
}

const DAILY: &str = "<Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions>";

#[test]
fn a_destination_is_a_bucket_of_the_owner() {
    let server = Server::start();
    server.bucket("source-bucket");
    let other = Request::new("PUT", "others-bucket", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&other).status, 200);
    // Open to everybody: no permission to write makes it a destination.
    let open = Request::new("PUT", "others-bucket", "")
        .query("acl", "")
        .header("x-oss-acl", "public-read-write")
        .by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&open).status, 200);
    let mut told = Vec::new();
    for target in ["nobodys-bucket", "others-bucket"] {
        let reply = server.send(&inventory("source-bucket", "i", target, DAILY));
        assert_eq!(reply.error(), (400, "InvalidArgument".to_owned()));
        assert_eq!(reply.header("x-oss-ec"), Some("0020-00000033"));
        let value = reply.element("ArgumentValue");
        assert_eq!(value, Some(format!("acs:oss:::{target}")));
        told.push((reply.element("Message"), reply.element("ArgumentName")));
        let get = Request::get("source-bucket", "")
            .query("inventory", "")
            .query("inventoryId", "i");
        let missing = (404, "NoSuchInventory".to_owned());
        assert_eq!(server.send(&get).error(), missing);
    }
    // Whether somebody else has a bucket of that name is not told.
    assert_eq!(told[0], told[1]);
    // Its own bucket is one of the owner's, too.
    let own = inventory("source-bucket", "i", "source-bucket", DAILY);
    assert_eq!(server.send(&own).status, 200);
}

#[test]
fn a_thousand_inventories_and_no_more() {
    let server = Server::start();
    server.bucket("source-bucket");
    let full = server.store.update_bucket("source-bucket", |bucket| {
        for n in 0..999 {
            let text = inventory("source-bucket", &format!("i{n}"), "source-bucket", DAILY).body;
            bucket.configs.insert(format!("inventory/i{n}"), text);
        }
    });
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(full)
        .unwrap();
    let put = |id: &str| {
        let reply = server.send(&inventory("source-bucket", id, "source-bucket", DAILY));
        reply.error()
    };
    assert_eq!(put("i999"), (200, String::new()));
    assert_eq!(put("i1000"), (400, "InventoryExceedLimit".to_owned()));
    let exists = (409, "InventoryConfigurationAlreadyExists".to_owned());
    assert_eq!(put("i999"), exists);
    let delete = Request::new("DELETE", "source-bucket", "")
        .query("inventory", "")
        .query("inventoryId", "i7");
    assert_eq!(server.send(&delete).status, 204);
    assert_eq!(put("i1000"), (200, String::new()));
}

/// A destination that was right when the inventory was put, and whose name has another owner when the report is due.
#[test]
fn what_became_somebody_elses_is_not_written() {
    let mut server = Server::start();
    for bucket in ["source-bucket", "others-bucket"] {
        server.bucket(bucket);
    }
    let put = inventory("source-bucket", "lost", "others-bucket", DAILY);
    assert_eq!(server.send(&put).status, 200);
    let delete = Request::new("DELETE", "others-bucket", "");
    assert_eq!(server.send(&delete).status, 204);
    let other = Request::new("PUT", "others-bucket", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&other).status, 200);
    server.offset_ms.fetch_add(61_000, Ordering::Relaxed);
    let limit = Instant::now() + Duration::from_secs(20);
    let failed = "fosse_inventory_failures_total 1";
    while !server.metrics().lines().any(|line| line == failed) {
        assert!(Instant::now() < limit, "{}", server.metrics());
        std::thread::sleep(Duration::from_millis(100));
    }
    let list = Request::get("others-bucket", "").by(OTHER_ID, OTHER_SECRET);
    assert!(!server.send(&list).text().contains("<Key>"));
    server.stop();
}
