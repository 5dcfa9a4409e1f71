//! Domain names bound to buckets.

use super::*;

over_engines!(
    names_lead_to_one_bucket,
    names_move_and_are_refused,
    buckets_have_so_many_names,
    deleted_buckets_leave_no_name,
    certificates_are_found_by_id,
    tokens_last_and_end,
);

fn certificate(id: &str) -> Certificate {
    Certificate {
        id: id.into(),
        uploaded: true,
        chain: "chain".into(),
        private_key: "the private key".into(),
        created_ms: 1,
        valid_from: 2,
        valid_until: 3,
        fingerprint: [7; 20],
    }
}

async fn bind(
    store: &Store,
    bucket: &str,
    name: &str,
    with: Option<&str>,
) -> std::result::Result<Arc<Domain>, BindError<()>> {
    let with = with.map(certificate);
    store
        .bind_domain(bucket, name, 5, 3, |_| Ok(with.clone()))
        .await
        .unwrap()
}

fn names(domains: &[Arc<Domain>]) -> Vec<&str> {
    domains.iter().map(|domain| domain.name.as_str()).collect()
}

async fn names_lead_to_one_bucket(store: Store) {
    let one = bucket(&store, "one").await;
    assert_eq!(store.domain("a.example").await.unwrap(), None);
    let bound = bind(&store, "one", "a.example", None).await.unwrap();
    assert_eq!((bound.bucket.as_str(), bound.bucket_id), ("one", one.id));
    assert_eq!(
        store.domain("a.example").await.unwrap(),
        Some(bound.clone())
    );
    bind(&store, "one", "b.example", Some("c-1")).await.unwrap();
    let listed = store.bucket_domains(&one).await.unwrap();
    assert_eq!(names(&listed), ["a.example", "b.example"]);
    assert_eq!(listed[1].certificate, Some(certificate("c-1")));
    assert_eq!(
        names(&store.domains().await.unwrap()),
        ["a.example", "b.example"]
    );
    assert!(store.unbind_domain(&one, "a.example").await.unwrap());
    assert!(!store.unbind_domain(&one, "a.example").await.unwrap());
    assert_eq!(store.domain("a.example").await.unwrap(), None);
    assert_eq!(
        names(&store.bucket_domains(&one).await.unwrap()),
        ["b.example"]
    );
    let gone = store
        .bind_domain("none", "x.example", 1, 3, |_| Ok::<_, ()>(None))
        .await;
    assert!(matches!(gone, Err(StoreError::NoSuchBucket)));
}

async fn names_move_and_are_refused(store: Store) {
    let (one, two) = (bucket(&store, "one").await, bucket(&store, "two").await);
    bind(&store, "one", "a.example", Some("c-1")).await.unwrap();
    let refused = store
        .bind_domain("two", "a.example", 6, 3, |present| {
            Err::<Option<Certificate>, _>(present.unwrap().bucket.clone())
        })
        .await
        .unwrap();
    assert!(matches!(refused, Err(BindError::Refused(owner)) if owner == "one"));
    assert!(!store.unbind_domain(&two, "a.example").await.unwrap());
    let kept = store
        .bind_domain("two", "a.example", 6, 3, |present| {
            Ok::<_, ()>(present.unwrap().certificate.clone())
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.bucket, "two");
    assert_eq!(kept.certificate, Some(certificate("c-1")));
    assert_eq!(store.bucket_domains(&one).await.unwrap(), []);
    assert_eq!(
        names(&store.bucket_domains(&two).await.unwrap()),
        ["a.example"]
    );
}

async fn buckets_have_so_many_names(store: Store) {
    let one = bucket(&store, "one").await;
    for name in ["a.example", "b.example", "c.example"] {
        bind(&store, "one", name, None).await.unwrap();
    }
    let more = bind(&store, "one", "d.example", None).await;
    assert!(matches!(more, Err(BindError::TooMany)));
    // One that it has already can be changed.
    bind(&store, "one", "a.example", Some("c-1")).await.unwrap();
    store.unbind_domain(&one, "b.example").await.unwrap();
    bind(&store, "one", "d.example", None).await.unwrap();
}

async fn deleted_buckets_leave_no_name(store: Store) {
    let one = bucket(&store, "one").await;
    bind(&store, "one", "a.example", Some("c-1")).await.unwrap();
    let fresh = DomainToken {
        token: "t".into(),
        expires_ms: 100,
    };
    store
        .make_domain_token(&one, "b.example", 1, fresh)
        .await
        .unwrap();
    store.delete_bucket("one").await.unwrap();
    assert_eq!(store.domain("a.example").await.unwrap(), None);
    assert_eq!(store.domains().await.unwrap(), []);
    assert_eq!(store.certificate("c-1").await.unwrap(), None);
    let again = bucket(&store, "one").await;
    assert_eq!(store.bucket_domains(&again).await.unwrap(), []);
    assert_eq!(
        store.domain_token(&again, "b.example", 2).await.unwrap(),
        None
    );
    bind(&store, "one", "a.example", None).await.unwrap();

    // Binding and deleting at once: the name never outlives the bucket.
    for round in 0..20 {
        let name = format!("race-{round}");
        bucket(&store, &name).await;
        let domain = format!("{name}.example");
        let (bound, deleted) = tokio::join!(
            store.bind_domain(&name, &domain, 1, 3, |_| Ok::<_, ()>(None)),
            store.delete_bucket(&name)
        );
        deleted.unwrap();
        assert!(matches!(bound, Ok(Ok(_)) | Err(StoreError::NoSuchBucket)));
        assert_eq!(store.domain(&domain).await.unwrap(), None, "{round}");
    }
}

async fn certificates_are_found_by_id(store: Store) {
    let one = bucket(&store, "one").await;
    bind(&store, "one", "a.example", Some("c-1")).await.unwrap();
    let found = store.certificate("c-1").await.unwrap().unwrap();
    assert_eq!(found.name, "a.example");
    bind(&store, "one", "a.example", Some("c-2")).await.unwrap();
    assert_eq!(store.certificate("c-1").await.unwrap(), None);
    assert!(store.certificate("c-2").await.unwrap().is_some());
    bind(&store, "one", "a.example", None).await.unwrap();
    assert_eq!(store.certificate("c-2").await.unwrap(), None);
    bind(&store, "one", "a.example", Some("c-3")).await.unwrap();
    store.unbind_domain(&one, "a.example").await.unwrap();
    assert_eq!(store.certificate("c-3").await.unwrap(), None);
}

async fn tokens_last_and_end(store: Store) {
    let one = bucket(&store, "one").await;
    let fresh = |token: &str, expires_ms| DomainToken {
        token: token.into(),
        expires_ms,
    };
    let make = async |name: &str, now, token: DomainToken| {
        store
            .make_domain_token(&one, name, now, token)
            .await
            .unwrap()
    };
    assert_eq!(
        store.domain_token(&one, "a.example", 1).await.unwrap(),
        None
    );
    let first = make("a.example", 1, fresh("first", 100)).await.unwrap();
    assert_eq!(
        make("a.example", 99, fresh("second", 200)).await,
        Some(first.clone())
    );
    assert_eq!(
        store.domain_token(&one, "a.example", 99).await.unwrap(),
        Some(first)
    );
    assert_eq!(
        store.domain_token(&one, "a.example", 100).await.unwrap(),
        None
    );
    let second = make("a.example", 100, fresh("second", 200)).await.unwrap();
    assert_eq!(second.token, "second");
    bind(&store, "one", "a.example", None).await.unwrap();
    assert_eq!(
        store.domain_token(&one, "a.example", 101).await.unwrap(),
        None
    );
    for n in 0..200 {
        assert!(
            make(&format!("n{n}.example"), 1, fresh("t", 50))
                .await
                .is_some()
        );
    }
    assert_eq!(make("more.example", 49, fresh("t", 500)).await, None);
    assert!(make("more.example", 50, fresh("t", 500)).await.is_some());
}
