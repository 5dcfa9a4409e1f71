//! Rows, filters and manifests.

use super::*;
use fosse_store::{Acl, Redundancy, StorageClass};

fn config(versions: &str, filter: &str, fields: &str) -> InventoryConfiguration {
    let text = format!(
        "<InventoryConfiguration><Id>report1</Id><IsEnabled>true</IsEnabled>{filter}\
         <Destination><OSSBucketDestination><Format>CSV</Format><AccountId>1000000000000000</AccountId>\
         <RoleArn>acs:ram::1000000000000000:role/AliyunOSSRole</RoleArn><Bucket>acs:oss:::dest</Bucket>\
         <Prefix>prefix1/</Prefix></OSSBucketDestination></Destination>\
         <Schedule><Frequency>Daily</Frequency></Schedule>\
         <IncludedObjectVersions>{versions}</IncludedObjectVersions>\
         <OptionalFields>{fields}</OptionalFields></InventoryConfiguration>"
    );
    InventoryConfiguration::from_xml(text.as_bytes()).unwrap()
}

const ALL_FIELDS: &str = "<Field>Size</Field><Field>StorageClass</Field><Field>LastModifiedDate</Field>\
    <Field>ETag</Field><Field>IsMultipartUploaded</Field><Field>EncryptionStatus</Field>\
    <Field>ObjectAcl</Field><Field>TaggingCount</Field><Field>ObjectType</Field><Field>Crc64</Field>\
    <Field>TransitionTime</Field>";

fn bucket(versioning: Versioning) -> Bucket {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let store = fosse_store::Store::memory();
    runtime.block_on(async {
        let new = fosse_store::NewBucket {
            name: "source".into(),
            owner: "1".into(),
            acl: Acl::Private,
            storage_class: StorageClass::Standard,
            redundancy: Redundancy::Lrs,
            now_ms: 0,
        };
        store.create_bucket(new, 9).await.unwrap();
        let bucket = store
            .update_bucket("source", move |bucket| bucket.versioning = versioning)
            .await
            .unwrap();
        Bucket::clone(&bucket)
    })
}

/// An object of five bytes, written at the second 1,600,000,000.
fn object() -> Object {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let store = fosse_store::Store::memory();
    runtime.block_on(async {
        let new = fosse_store::NewBucket {
            name: "source".into(),
            owner: "1".into(),
            acl: Acl::Private,
            storage_class: StorageClass::Standard,
            redundancy: Redundancy::Lrs,
            now_ms: 0,
        };
        let bucket = store.create_bucket(new, 9).await.unwrap();
        let mut writer = store.begin_blob(Some(5));
        writer
            .write(bytes::Bytes::from_static(b"hello"))
            .await
            .unwrap();
        let blob = writer.seal().await.unwrap();
        let attrs = fosse_store::ObjectAttrs {
            tags: vec![("a".into(), "1".into())],
            storage_class: StorageClass::IA,
            class_changed_ms: Some(1_700_000_000_000),
            ..fosse_store::ObjectAttrs::of("1")
        };
        let condition = fosse_store::WriteCondition::default();
        let written = store
            .put_object(&bucket, "k", blob, attrs, condition, 1_600_000_000_000)
            .await
            .unwrap();
        Object::clone(&written.object)
    })
}

fn entry<'a>(key: &'a str, object: Option<&'a Object>) -> Entry<'a> {
    Entry {
        key,
        version: VersionId::Null,
        is_latest: true,
        modified_ms: 1_600_000_000_000,
        object,
    }
}

#[test]
fn rows_follow_the_schema() {
    let current = config("Current", "", ALL_FIELDS);
    assert_eq!(
        schema(&current),
        "Bucket, Key, Size, StorageClass, LastModifiedDate, ETag, IsMultipartUploaded, EncryptionStatus, \
         ObjectAcl, TaggingCount, ObjectType, CRC64, TransitionTime"
    );
    let object = object();
    let mut rows = String::new();
    let plain = bucket(Versioning::Never);
    add_row(
        &mut rows,
        &current,
        &plain,
        &entry("a/b \"ü", Some(&object)),
    );
    add_row(&mut rows, &current, &plain, &entry("c", Some(&object)));
    let (first, second) = rows.split_once('\n').unwrap();
    assert_eq!(
        first,
        "\"source\",\"a%2Fb%20%22%C3%BC\",\"5\",\"IA\",\"2020-09-13T12:26:40.000Z\",\
         \"5D41402ABC4B2A76B9719D911017C592\",\"false\",\"false\",\"default\",\"1\",\"Normal\",\
         \"13334283205840225785\",\"2023-11-14T22:13:20.000Z\""
            .replace("13334283205840225785", &object.crc64.to_string())
    );
    assert!(second.starts_with("\"source\",\"c\",") && second.ends_with('\n'));

    let all = config(
        "All",
        "",
        "<Field>Size</Field><Field>LastModifiedDate</Field>",
    );
    assert_eq!(
        schema(&all),
        "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate"
    );
    let mut rows = String::new();
    add_row(&mut rows, &all, &plain, &entry("k", Some(&object)));
    let versioned = bucket(Versioning::Enabled);
    let marker = Entry {
        version: VersionId::Null,
        is_latest: false,
        ..entry("k", None)
    };
    add_row(&mut rows, &all, &versioned, &marker);
    assert_eq!(
        rows,
        "\"source\",\"k\",\"\",\"true\",\"false\",\"5\",\"2020-09-13T12:26:40.000Z\"\n\
         \"source\",\"k\",\"null\",\"false\",\"true\",\"\",\"2020-09-13T12:26:40.000Z\"\n"
    );
}

#[test]
fn filters_choose() {
    let object = object();
    let (this, marker) = (entry("a/k", Some(&object)), entry("a/k", None));
    for (filter, holds, of_marker) in [
        ("", true, true),
        ("<Prefix>a/</Prefix>", true, true),
        ("<Prefix>b/</Prefix>", false, false),
        (
            "<LastModifyBeginTimeStamp>1600000000</LastModifyBeginTimeStamp>",
            true,
            true,
        ),
        (
            "<LastModifyBeginTimeStamp>1600000001</LastModifyBeginTimeStamp>",
            false,
            false,
        ),
        (
            "<LastModifyEndTimeStamp>1600000000</LastModifyEndTimeStamp>",
            true,
            true,
        ),
        (
            "<LastModifyEndTimeStamp>1599999999</LastModifyEndTimeStamp>",
            false,
            false,
        ),
        (
            "<LowerSizeBound>5</LowerSizeBound><UpperSizeBound>5</UpperSizeBound>",
            true,
            false,
        ),
        ("<LowerSizeBound>6</LowerSizeBound>", false, false),
        ("<UpperSizeBound>4</UpperSizeBound>", false, false),
        ("<StorageClass>IA</StorageClass>", true, false),
        (
            "<StorageClass>Standard,Archive</StorageClass>",
            false,
            false,
        ),
    ] {
        let config = config("All", &format!("<Filter>{filter}</Filter>"), "");
        let filter = config.filter.as_ref();
        assert_eq!(contains(filter, &this), holds, "{filter:?}");
        assert_eq!(contains(filter, &marker), of_marker, "{filter:?}");
    }
    assert!(contains(None, &this));
}

#[test]
fn names_and_manifests() {
    let mut config = config("Current", "", "<Field>Size</Field>");
    let source = bucket(Versioning::Never);
    assert_eq!(folder(&config, &source), "prefix1/source/report1/");
    config.destination.prefix = None;
    assert_eq!(folder(&config, &source), "source/report1/");
    assert_eq!(folder_time(1_600_000_000), "2020-09-13T12-26Z");
    let files = [DataFile {
        md5: "F77449179760C3B13F1E76110F07C592".into(),
        key: "source/report1/data/a.csv.gz".into(),
        size: 2046,
    }];
    let manifest = Manifest::new(&config, &source, &files, 1_642_994_594);
    assert_eq!(
        serde_json::to_string(&manifest).unwrap(),
        "{\"creationTimestamp\":\"1642994594\",\"destinationBucket\":\"dest\",\"fileFormat\":\"CSV\",\
         \"fileSchema\":\"Bucket, Key, Size\",\"files\":[{\"MD5checksum\":\"F77449179760C3B13F1E76110F07C592\",\
         \"key\":\"source/report1/data/a.csv.gz\",\"size\":2046}],\"sourceBucket\":\"source\",\
         \"version\":\"2019-09-01\"}"
    );
}
