use super::*;
use fosse_store::{Acl, Redundancy, StorageClass, Versioning};

fn bucket(id: u64, revision: u64, configs: &[(&str, &str)]) -> Bucket {
    Bucket {
        id,
        name: "bucket".into(),
        owner: "1".into(),
        acl: Acl::Private,
        storage_class: StorageClass::Standard,
        redundancy: Redundancy::Lrs,
        versioning: Versioning::Never,
        created_ms: 0,
        revision,
        configs: configs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect(),
        worm: None,
    }
}

fn paid_by(payer: &str) -> String {
    format!("<RequestPaymentConfiguration><Payer>{payer}</Payer></RequestPaymentConfiguration>")
}

#[test]
fn a_bucket_without_configurations_has_the_defaults() {
    let cache = ConfigCache::new();
    let configs = cache.of(&bucket(1, 7, &[]));
    assert!(configs.cors().unwrap().is_none());
    assert!(configs.referer_rules().unwrap().is_none());
    assert_eq!(configs.payer().unwrap(), Payer::BucketOwner);
    assert!(!configs.blocks_public_access().unwrap());
}

#[test]
fn a_change_is_seen_at_once_and_a_late_reader_does_not_undo_it() {
    let cache = ConfigCache::new();
    let name = name::REQUEST_PAYMENT;
    let old = bucket(1, 1, &[(name, &paid_by("BucketOwner"))]);
    let new = bucket(1, 2, &[(name, &paid_by("Requester"))]);
    let payer = |bucket| cache.of(bucket).payer().unwrap();
    assert_eq!(payer(&old), Payer::BucketOwner);
    assert_eq!(payer(&new), Payer::Requester);
    let kept = cache.of(&new);
    assert_eq!(payer(&old), Payer::BucketOwner);
    assert!(Arc::ptr_eq(&kept, &cache.of(&new)));
    // Another bucket of the same name.
    let again = bucket(2, 1, &[(name, &paid_by("BucketOwner"))]);
    assert_eq!(payer(&again), Payer::BucketOwner);
    assert!(Arc::ptr_eq(&kept, &cache.of(&new)));
}

#[test]
fn a_document_that_cannot_be_read_is_a_fault_and_no_missing_one() {
    let cache = ConfigCache::new();
    let configs = cache.of(&bucket(1, 1, &[(name::REFERER, "<RefererConfiguration/>")]));
    for _ in 0..2 {
        assert_eq!(configs.referer_rules().unwrap_err().status(), 500);
    }
    assert!(configs.cors().unwrap().is_none());
}
