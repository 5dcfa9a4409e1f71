//! One object through each engine, by the public surface alone.

use bytes::Bytes;
use fosse_store::*;

fn attrs() -> ObjectAttrs {
    ObjectAttrs::of("1")
}

#[tokio::test]
async fn put_get_list_delete_in_memory() {
    put_get_list_delete(Store::memory()).await;
}

#[tokio::test]
async fn put_get_list_delete_in_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let store = Store::open(OpenOptions::new(dir.path().join("data"))).unwrap();
        put_get_list_delete(store.clone()).await;
        store.close().await.unwrap();
        assert!(matches!(store.bucket("b").await, Err(StoreError::Closed)));
    }
}

async fn put_get_list_delete(store: Store) {
    let new = NewBucket {
        name: "b".into(),
        owner: "1".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        now_ms: 1,
    };
    let bucket = store.create_bucket(new, 10).await.unwrap();
    let mut writer = store.begin_blob(Some(9));
    writer
        .write(Bytes::from_static(b"123456789"))
        .await
        .unwrap();
    let sealed = writer.seal().await.unwrap();
    assert_eq!(sealed.crc64(), 0x995D_C9BB_DF19_39FA);
    let condition = WriteCondition::default();
    let written = store
        .put_object(&bucket, "k", sealed, attrs(), condition, 2)
        .await
        .unwrap();
    assert_eq!(written.object.etag, "25F9E794323B453885F5181F1B624D0B");
    let object = store.object(&bucket, "k", None).await.unwrap();
    let BodyReader::Whole(bytes) = store.read(&object, 2..5).await.unwrap() else {
        panic!()
    };
    assert_eq!(bytes, "345");
    let query = ListQuery {
        max_keys: 10,
        ..Default::default()
    };
    let page = store.list_objects(&bucket, query).await.unwrap();
    assert_eq!(page.objects.len(), 1);
    assert!(matches!(
        store.delete_bucket("b").await,
        Err(StoreError::BucketNotEmpty)
    ));
    assert!(
        store
            .delete_object(&bucket, "k", None, 3)
            .await
            .unwrap()
            .existed
    );
    let gone = store.object(&bucket, "k", None).await;
    assert!(matches!(gone, Err(StoreError::NoSuchKey)));
    store.delete_bucket("b").await.unwrap();
}
