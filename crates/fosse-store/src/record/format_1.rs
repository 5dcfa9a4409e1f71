//! Records as format 1 wrote them, for reading only.

use super::{Acl, Body, Marker, ObjectKind, Redundancy, StorageClass, Versioning};
use crate::version::{Order, VersionId};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(super) struct Bucket {
    id: u64,
    name: String,
    owner: String,
    acl: Acl,
    storage_class: StorageClass,
    redundancy: Redundancy,
    versioning: Versioning,
    created_ms: i64,
    revision: u64,
    configs: BTreeMap<String, Vec<u8>>,
}

#[derive(Deserialize)]
pub(super) struct ObjectAttrs {
    headers: Vec<(String, String)>,
    meta: Vec<(String, Vec<u8>)>,
    acl: Acl,
    storage_class: StorageClass,
    tags: Vec<(String, String)>,
    owner: String,
}

#[derive(Deserialize)]
pub(super) struct Object {
    kind: ObjectKind,
    version: VersionId,
    size: u64,
    etag: String,
    md5: Option<[u8; 16]>,
    crc64: u64,
    modified_ms: i64,
    attrs: ObjectAttrs,
    body: Body,
    order: Order,
}

#[derive(Deserialize)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and mostly objects")]
pub(super) enum VersionRecord {
    Object(Object),
    Marker(Marker),
}

#[derive(Deserialize)]
pub(super) struct Upload {
    key: String,
    id: String,
    initiated_ms: i64,
    attrs: ObjectAttrs,
    must_not_exist: bool,
}

impl From<Bucket> for super::Bucket {
    fn from(old: Bucket) -> Self {
        super::Bucket {
            id: old.id,
            name: old.name,
            owner: old.owner,
            acl: old.acl,
            storage_class: old.storage_class,
            redundancy: old.redundancy,
            versioning: old.versioning,
            created_ms: old.created_ms,
            revision: old.revision,
            configs: old.configs,
            worm: None,
        }
    }
}

impl From<ObjectAttrs> for super::ObjectAttrs {
    fn from(old: ObjectAttrs) -> Self {
        super::ObjectAttrs {
            headers: old.headers,
            meta: old.meta,
            acl: old.acl,
            storage_class: old.storage_class,
            tags: old.tags,
            ..super::ObjectAttrs::of(old.owner)
        }
    }
}

impl From<Object> for super::Object {
    fn from(old: Object) -> Self {
        super::Object {
            kind: old.kind,
            version: old.version,
            size: old.size,
            etag: old.etag,
            md5: old.md5,
            crc64: old.crc64,
            modified_ms: old.modified_ms,
            attrs: old.attrs.into(),
            body: old.body,
            accessed_ms: None,
            order: old.order,
        }
    }
}

impl From<VersionRecord> for super::VersionRecord {
    fn from(old: VersionRecord) -> Self {
        match old {
            VersionRecord::Object(object) => Self::Object(object.into()),
            VersionRecord::Marker(marker) => Self::Marker(marker),
        }
    }
}

impl From<Upload> for super::Upload {
    fn from(old: Upload) -> Self {
        super::Upload {
            key: old.key,
            id: old.id,
            initiated_ms: old.initiated_ms,
            attrs: old.attrs.into(),
            must_not_exist: old.must_not_exist,
            sequence: None,
        }
    }
}
