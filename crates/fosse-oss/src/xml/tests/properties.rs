//! What is written is read, and nothing that is read panics.

use super::*;
use crate::name::ObjectKey;
use proptest::prelude::*;

/// Text that XML can carry, not trimmed away and not empty.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&'\"中é/+% -]{0,12}[a-z0-9]"
}

fn time() -> impl Strategy<Value = i64> {
    0i64..4_102_444_800
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Plain), Just(Encoding::Url)]
}

/// Any key: with `Url` every character survives, else those that XML can carry.
fn keys() -> impl Strategy<Value = (Encoding, Vec<String>)> {
    (encoding(), prop::collection::vec(any::<String>(), 4..7)).prop_map(|(encoding, keys)| {
        let kept = keys.iter().map(|key| match encoding {
            Encoding::Plain => legal(key),
            Encoding::Url => key.clone(),
        });
        (encoding, kept.collect())
    })
}

proptest! {
    #[test]
    fn text_survives(value in any::<String>()) {
        let xml = Writer::document("R", |w| {
            w.text("T", &value);
            w.text_with_references("K", &value);
        });
        let root = Element::parse(xml.as_bytes(), "R").unwrap();
        prop_assert_eq!(root.text_of("T"), legal(&value));
        prop_assert_eq!(root.text_of("K"), value.replace('\0', ""));
    }

    #[test]
    fn object_listings_survive((encoding, keys) in keys(), modified in time(), size: u64, truncated: bool, owner in prop::option::of(word())) {
        let owner = owner.map(|id| Owner::of(&id));
        let contents: Vec<_> = keys.iter().skip(3).map(|key| ListedObject {
            key: key.clone(), last_modified: modified, size, owner: owner.clone(), ..object("")
        }).collect();
        let next = (truncated && !keys[2].is_empty()).then(|| keys[2].clone());
        let first = ListBucketResult {
            name: "b".into(), prefix: keys[0].clone(), marker: keys[1].clone(), max_keys: 7, delimiter: keys[2].clone(),
            encoding, is_truncated: truncated, next_marker: next.clone(), contents: contents.clone(),
            common_prefixes: keys.clone(),
        };
        round_trip(&first, ListBucketResult::to_xml, ListBucketResult::from_xml);
        let second = ListBucketResultV2 {
            name: "b".into(), prefix: keys[0].clone(), start_after: Some(keys[1].clone()),
            continuation_token: truncated.then(|| keys[3].clone()), max_keys: 7, delimiter: keys[2].clone(), encoding,
            is_truncated: truncated, next_continuation_token: next, contents, common_prefixes: keys,
        };
        round_trip(&second, ListBucketResultV2::to_xml, ListBucketResultV2::from_xml);
    }

    #[test]
    fn version_listings_survive((encoding, keys) in keys(), modified in time(), size: u64, truncated: bool, id in word(), restore in prop::option::of("[a-z]{1,9}")) {
        let entries = keys.iter().enumerate().map(|(at, key)| VersionEntry {
            key: key.clone(), version_id: id.clone(), is_latest: at % 2 == 0, last_modified: modified,
            owner: Owner::of(&id),
            object: (at % 3 != 0).then(|| VersionFacts {
                etag: "5B3C1A2E053D763E1B002CC607C5A0FE".into(), kind: "Symlink".into(), size,
                storage_class: "IA".into(), restore_info: restore.clone(),
            }),
        }).collect();
        let list = ListVersionsResult {
            name: "b".into(), prefix: keys[0].clone(), key_marker: keys[1].clone(), version_id_marker: id.clone(),
            max_keys: 7, delimiter: keys[2].clone(), encoding, next_key_marker: truncated.then(|| keys[3].clone()),
            next_version_id_marker: if truncated { id } else { String::new() }, entries, common_prefixes: keys,
        };
        round_trip(&list, ListVersionsResult::to_xml, ListVersionsResult::from_xml);
    }

    #[test]
    fn tags_survive(tags in prop::collection::btree_map("[a-zA-Z0-9 +=._:/中-]{1,20}", "[a-z +=é]{0,20}", 0..10)) {
        let tagging = Tagging { tags: tags.into_iter().collect() };
        round_trip(&tagging, Tagging::to_xml, Tagging::from_xml);
    }

    #[test]
    fn upload_documents_survive((encoding, keys) in keys(), id in word(), at in time(), number in 1u32..10_000, crc in prop::option::of(any::<u64>())) {
        let initiated = InitiateMultipartUploadResult { encoding, bucket: "b".into(), key: keys[0].clone(), upload_id: id.clone() };
        round_trip(&initiated, InitiateMultipartUploadResult::to_xml, InitiateMultipartUploadResult::from_xml);
        let complete = CompleteMultipartUploadResult {
            encoding, location: legal(&keys[1]), bucket: "b".into(), key: keys[0].clone(), etag: "AB-2".into(),
        };
        round_trip(&complete, CompleteMultipartUploadResult::to_xml, CompleteMultipartUploadResult::from_xml);
        let parts = ListPartsResult {
            encoding, bucket: "b".into(), key: keys[0].clone(), upload_id: id.clone(), storage_class: "IA".into(),
            part_number_marker: 0, next_part_number_marker: number, max_parts: 1000, is_truncated: true,
            client_encryption: vec![(CLIENT_ENCRYPTION[0].1, id.clone())],
            parts: vec![ListedPart { number, last_modified: at, etag: "AB".into(), size: at as u64, crc64: crc }],
        };
        round_trip(&parts, ListPartsResult::to_xml, ListPartsResult::from_xml);
        let uploads = ListMultipartUploadsResult {
            encoding, bucket: "b".into(), key_marker: keys[0].clone(), upload_id_marker: id.clone(),
            next_key_marker: keys[1].clone(), next_upload_id_marker: id.clone(), delimiter: keys[2].clone(),
            prefix: keys[3].clone(), max_uploads: 1, is_truncated: false, common_prefixes: keys.clone(),
            uploads: keys.iter().map(|key| ListedUpload {
                key: key.clone(), upload_id: id.clone(), storage_class: "Standard".into(), initiated: at,
            }).collect(),
        };
        round_trip(&uploads, ListMultipartUploadsResult::to_xml, ListMultipartUploadsResult::from_xml);
    }

    #[test]
    fn deletes_survive((encoding, keys) in keys(), version in prop::option::of("[A-Za-z0-9]{1,8}"), quiet: bool) {
        // Every key goes out as it is, whatever it holds.
        let objects: Vec<_> = keys.iter().filter_map(|key| ObjectKey::parse(key.replace('\0', "").as_bytes()).ok())
            .map(|key| DeleteEntry { key, version_id: version.clone() }).collect();
        prop_assume!(!objects.is_empty());
        round_trip(&Delete { quiet, objects }, Delete::to_xml, Delete::from_xml);
        let deleted = keys.iter().map(|key| Deleted {
            key: key.clone(), version_id: version.clone(), delete_marker_version_id: quiet.then(|| "M".to_owned()),
        }).collect();
        round_trip(&DeleteResult { encoding, deleted }, DeleteResult::to_xml, DeleteResult::from_xml);
    }

    #[test]
    fn bucket_documents_survive(words in prop::collection::vec(word(), 8), at in time(), flags: [bool; 4], extra: bool) {
        let text = |i: usize| words[i].clone();
        let option = |i: usize| extra.then(|| words[i].trim().to_owned());
        let entry = BucketEntry {
            name: text(0), creation_date: at, extranet_endpoint: text(1), intranet_endpoint: text(2), location: text(3),
            region: text(4), storage_class: text(5).into(), resource_group_id: option(6),
            tags: if extra { vec![(text(1), text(2))] } else { vec![] },
        };
        let list = ListAllMyBucketsResult {
            prefix: text(7), marker: text(6), max_keys: 3, is_truncated: flags[0], next_marker: option(1),
            owner: Owner::of(&words[2]), buckets: vec![entry.clone(), entry],
        };
        round_trip(&list, ListAllMyBucketsResult::to_xml, ListAllMyBucketsResult::from_xml);
        let info = BucketInfo {
            name: text(0), creation_date: at, extranet_endpoint: text(1), intranet_endpoint: text(2), location: text(3),
            storage_class: text(4).into(), data_redundancy: text(5).into(), versioning: option(6).map(Label::from),
            owner: Owner::of(&words[7]), grant: text(0).into(), sse_algorithm: option(1), kms_master_key_id: option(2),
            kms_data_encryption: option(3), block_public_access: flags[0], access_monitor: flags[1],
            transfer_acceleration: flags[2], cross_region_replication: flags[3], resource_group_id: option(4),
            log_bucket: text(5), log_prefix: text(6),
        };
        round_trip(&info, BucketInfo::to_xml, BucketInfo::from_xml);
    }

    #[test]
    fn readers_are_total(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/&;#x!?\\[\\]CDATARa-c'= -]{0,80}") {
        for input in [bytes.as_slice(), text.as_bytes(), format!("<Delete>{text}</Delete>").as_bytes()] {
            read_everything(input);
        }
    }
}

/// Every reader once; nothing may panic.
fn read_everything(bytes: &[u8]) {
    let _ = AccessControlPolicy::from_xml(bytes);
    let _ = BucketInfo::from_xml(bytes);
    let _ = BucketStat::from_xml(bytes);
    let _ = CompleteMultipartUpload::from_xml(bytes);
    let _ = CompleteMultipartUploadResult::from_xml(bytes);
    let _ = CopyObjectResult::from_xml(bytes);
    let _ = CorsConfiguration::from_xml(bytes);
    let _ = CreateBucketConfiguration::from_xml(bytes);
    let _ = Delete::from_xml(bytes);
    let _ = DeleteResult::from_xml(bytes);
    let _ = ErrorDocument::from_xml(bytes);
    let _ = InitiateMultipartUploadResult::from_xml(bytes);
    let _ = ListAllMyBucketsResult::from_xml(bytes);
    let _ = ListBucketResult::from_xml(bytes);
    let _ = ListBucketResultV2::from_xml(bytes);
    let _ = ListMultipartUploadsResult::from_xml(bytes);
    let _ = ListPartsResult::from_xml(bytes);
    let _ = LocationConstraint::from_xml(bytes);
    let _ = ListVersionsResult::from_xml(bytes);
    let _ = Tagging::from_xml(bytes);
    let _ = VersioningConfiguration::from_xml(bytes);
}
