//! Buckets: PutBucket, DeleteBucket and what a bucket says about itself (api-buckets.md §1, §2).

use crate::bucket_config::name;
use crate::gate::{Authorized, no_such_bucket};
use crate::handle::acl::bucket_acl;
use crate::handle::object_headers::{self, acl_word, class_of, class_word};
use crate::handle::{encryption, fault};
use crate::request::Call;
use crate::respond::{Answer, empty, set, xml};
use crate::upload::RequestBody;
use fosse_oss::header::DataRedundancy;
use fosse_oss::op::Query;
use fosse_oss::xml::{
    BucketInfo, BucketResourceGroupConfiguration, BucketStat, BucketTagging,
    CreateBucketConfiguration, LocationConstraint, Owner, PublicAccessBlockConfiguration,
    ServerSideEncryptionRule,
};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::{
    Acl, Bucket, ClassStat, NewBucket, Redundancy, StorageClass, StoreError, Versioning,
};
use http::StatusCode;
use http::header::LOCATION;

/// What a PutBucket asks for; `None`: not said.
struct Wish {
    acl: Option<Acl>,
    class: Option<StorageClass>,
    redundancy: Option<Redundancy>,
    tagging: Option<BucketTagging>,
    resource_group: Option<BucketResourceGroupConfiguration>,
    encryption: Option<ServerSideEncryptionRule>,
}

/// `PUT /`. Repeated by the owner it changes the ACL, tags, resource group and default encryption if they are given, and nothing else.
pub(crate) async fn put_bucket(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    if call
        .header("x-oss-hns-status")
        .is_some_and(|word| word.eq_ignore_ascii_case("enabled"))
    {
        return Err(object_headers::not_implemented("x-oss-hns-status"));
    }
    let name = granted.name()?.as_str();
    let document = body
        .document(&call.headers, call.service.config.limits.max_xml_bytes)
        .await?;
    let wish = parse_wish(call, &document)?;
    let account = call.caller.account().unwrap_or_default();
    let new = NewBucket {
        name: name.to_owned(),
        owner: account.to_owned(),
        acl: wish.acl.unwrap_or(Acl::Private),
        storage_class: wish.class.unwrap_or(StorageClass::Standard),
        redundancy: wish.redundancy.unwrap_or(Redundancy::Lrs),
        now_ms: call.now_ms,
    };
    let store = &call.service.store;
    match store
        .create_bucket(new, call.service.config.max_buckets)
        .await
    {
        Ok(bucket) => {
            let block = call.service.config.new_bucket_block_public_access;
            label(call, &bucket, &wish, block).await?;
        }
        Err(StoreError::BucketExists(present)) if present.owner == account => {
            repeat(call, &present, &wish).await?;
        }
        Err(StoreError::BucketExists(_)) => {
            return Err(OssError::new(ErrorCode::BucketAlreadyExists).with("BucketName", name));
        }
        Err(error) => return Err(fault::of(error)),
    }
    let mut response = empty(StatusCode::OK);
    set(response.headers_mut(), LOCATION, &format!("/{name}"));
    Ok(response)
}

/// PutBucket on one's own bucket.
async fn repeat(call: &Call, present: &Bucket, wish: &Wish) -> Result<(), OssError> {
    let fixed = |message: &'static str| {
        Err(OssError::new(ErrorCode::BucketAlreadyExists)
            .without_ec()
            .with_message(message)
            .with("BucketName", present.name.as_str()))
    };
    if wish
        .class
        .is_some_and(|class| class != present.storage_class)
    {
        return fixed("Cannot modify existing bucket's storage class.");
    }
    if wish
        .redundancy
        .is_some_and(|redundancy| redundancy != present.redundancy)
    {
        return fixed("Bucket already exists CAN'T modify data redundancy type.");
    }
    if let Some(acl) = wish.acl.filter(|acl| *acl != present.acl) {
        call.service
            .store
            .update_bucket(&present.name, move |bucket| bucket.acl = acl)
            .await
            .map_err(fault::of)?;
    }
    label(call, present, wish, false).await
}

/// Gives a bucket the tags, the resource group and the default encryption that were asked for with it, and with `block` what keeps it from being
/// public.
async fn label(call: &Call, bucket: &Bucket, wish: &Wish, block: bool) -> Result<(), OssError> {
    let tagging = wish.tagging.as_ref().map(BucketTagging::to_xml);
    let group = &wish.resource_group;
    let group = group.as_ref().map(BucketResourceGroupConfiguration::to_xml);
    let block = PublicAccessBlockConfiguration {
        block_public_access: block,
    };
    let block = block.block_public_access.then(|| block.to_xml());
    let encryption = wish.encryption.as_ref();
    let encryption = encryption.map(ServerSideEncryptionRule::to_xml);
    let labels = [
        (name::TAGGING, tagging),
        (name::RESOURCE_GROUP, group),
        (name::PUBLIC_ACCESS_BLOCK, block),
        (name::ENCRYPTION, encryption),
    ];
    if labels.iter().all(|(_, text)| text.is_none()) {
        return Ok(());
    }
    let (id, name) = (bucket.id, bucket.name.clone());
    let apply = move |bucket: &mut Bucket| {
        if bucket.id != id {
            return Err(no_such_bucket(&name));
        }
        for (name, text) in &labels {
            if let Some(text) = text {
                bucket
                    .configs
                    .insert((*name).to_owned(), text.clone().into_bytes());
            }
        }
        Ok(())
    };
    let store = &call.service.store;
    let labelled = store.try_update_bucket(&bucket.name, apply).await;
    labelled.map_err(fault::of)?.map(|_| ())
}

fn parse_wish(call: &Call, document: &[u8]) -> Result<Wish, OssError> {
    let asked = CreateBucketConfiguration::from_xml(document)?;
    Ok(Wish {
        acl: bucket_acl(call)?,
        class: asked.storage_class.map(class_of),
        redundancy: asked.data_redundancy.map(|redundancy| match redundancy {
            DataRedundancy::Lrs => Redundancy::Lrs,
            DataRedundancy::Zrs => Redundancy::Zrs,
        }),
        tagging: bucket_tagging(call)?,
        resource_group: call
            .header("x-oss-resource-group-id")
            .map(|id| BucketResourceGroupConfiguration::of(&id))
            .transpose()?,
        encryption: encryption::asked(call)?.map(|default| ServerSideEncryptionRule { default }),
    })
}

/// `x-oss-bucket-tagging`: `k1=v1&k2=v2`, URL-encoded.
fn bucket_tagging(call: &Call) -> Result<Option<BucketTagging>, OssError> {
    const NAME: &str = "x-oss-bucket-tagging";
    let Some(value) = call.header(NAME).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let tags = Query::parse(&value).map_err(|_| {
        OssError::invalid_argument(
            NAME,
            &value,
            "The header 'x-oss-bucket-tagging' is not valid.",
        )
    })?;
    let tagging = BucketTagging { tags: tags.0 };
    tagging.check()?;
    Ok(Some(tagging))
}

/// `DELETE /`.
pub(crate) async fn delete_bucket(call: &Call, granted: &Authorized) -> Answer {
    let name = granted.bucket()?.name.as_str();
    call.service
        .store
        .delete_bucket(name)
        .await
        .map_err(|error| match error {
            StoreError::BucketNotEmpty => {
                OssError::new(ErrorCode::BucketNotEmpty).with("BucketName", name)
            }
            StoreError::NoSuchBucket => no_such_bucket(name),
            other => fault::of(other),
        })?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `GET /?bucketInfo`.
pub(crate) async fn get_bucket_info(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let service = &*call.service;
    let configs = service.configs.of(bucket);
    let log = configs.logging()?;
    let encryption = configs.encryption()?.map(|rule| &rule.default);
    let document = BucketInfo {
        name: bucket.name.clone(),
        creation_date: bucket.created_ms.div_euclid(1000),
        extranet_endpoint: service.extranet_endpoint.clone(),
        intranet_endpoint: service.intranet_endpoint.clone(),
        location: service.location.clone(),
        storage_class: class_word(bucket.storage_class).into(),
        data_redundancy: match bucket.redundancy {
            Redundancy::Lrs => "LRS".into(),
            Redundancy::Zrs => "ZRS".into(),
        },
        versioning: match bucket.versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some("Enabled".into()),
            Versioning::Suspended => Some("Suspended".into()),
        },
        owner: Owner::of(&bucket.owner),
        grant: acl_word(bucket.acl).into(),
        sse_algorithm: encryption.map(|sse| sse.algorithm.as_str().to_owned()),
        kms_master_key_id: encryption.and_then(|sse| sse.key_id.clone()),
        kms_data_encryption: encryption
            .filter(|sse| sse.data_sm4)
            .map(|_| "SM4".to_owned()),
        block_public_access: configs.blocks_public_access()?
            || service
                .store
                .read_account(&bucket.owner, |records| records.account.block_public_access)
                .unwrap_or(false),
        access_monitor: configs.monitors_access()?,
        transfer_acceleration: configs.transfer_acceleration()? == Some(true),
        resource_group_id: Some(configs.resource_group()?.to_owned()),
        log_bucket: log.map(|target| target.bucket.clone()).unwrap_or_default(),
        log_prefix: log.map(|target| target.prefix.clone()).unwrap_or_default(),
        ..BucketInfo::default()
    };
    Ok(xml(document.to_xml()))
}

/// `GET /?location`.
pub(crate) fn get_bucket_location(call: &Call) -> Answer {
    Ok(xml(
        LocationConstraint(call.service.location.clone()).to_xml()
    ))
}

/// `GET /?stat`. Exact and of this moment. Sizes are what is stored: no class counts small objects as larger ones.
pub(crate) async fn get_bucket_stat(call: &Call, granted: &Authorized) -> Answer {
    let (stat, by_class) = call
        .service
        .store
        .bucket_stat_by_class(granted.bucket()?)
        .await
        .map_err(fault::of)?;
    // A bucket that holds nothing has no such time, as the suite of the Go SDK expects of a new one.
    let holds = stat.objects + stat.uploads + stat.delete_markers > 0;
    let mut document = BucketStat {
        storage: stat.storage,
        object_count: stat.objects,
        multipart_upload_count: stat.uploads,
        multipart_part_count: stat.parts,
        delete_marker_count: stat.delete_markers,
        last_modified_time: u64::try_from(call.now()).unwrap_or(0) * u64::from(holds),
        ..BucketStat::default()
    };
    for (class, ClassStat { storage, objects }) in by_class {
        match class {
            StorageClass::Standard => {
                document.standard_storage = storage;
                document.standard_object_count = objects;
            }
            StorageClass::IA => {
                document.infrequent_access_storage = storage;
                document.infrequent_access_real_storage = storage;
                document.infrequent_access_object_count = objects;
            }
            StorageClass::Archive => {
                document.archive_storage = storage;
                document.archive_real_storage = storage;
                document.archive_object_count = objects;
            }
            StorageClass::ColdArchive => {
                document.cold_archive_storage = storage;
                document.cold_archive_real_storage = storage;
                document.cold_archive_object_count = objects;
            }
            StorageClass::DeepColdArchive => {
                document.deep_cold_archive_storage = storage;
                document.deep_cold_archive_real_storage = storage;
                document.deep_cold_archive_object_count = objects;
            }
        }
    }
    Ok(xml(document.to_xml()))
}
