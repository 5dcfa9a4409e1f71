//! What is in an inventory report: which objects, which columns, and the manifest, as the public service lays them out
//! (api-buckets.md §6.7). Pure.

use crate::handle::object_headers::{acl_word, class_word, kind_word};
use fosse_oss::encode::encode_component;
use fosse_oss::time;
use fosse_oss::xml::{InventoryConfiguration, InventoryField, InventoryFilter};
use fosse_store::{Bucket, Object, ObjectKind, VersionId, Versioning};
use serde::Serialize;
use std::fmt::Write as _;

/// The version of the layout, as the service names it.
const LAYOUT: &str = "2019-09-01";

/// One version or delete marker of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) version: VersionId,
    pub(super) is_latest: bool,
    pub(super) modified_ms: i64,
    /// `None`: a delete marker.
    pub(super) object: Option<&'a Object>,
}

/// Whether a report contains an entry. A delete marker has neither size nor class, and is left out where one of them is
/// asked for.
pub(super) fn contains(filter: Option<&InventoryFilter>, entry: &Entry<'_>) -> bool {
    let Some(filter) = filter else {
        return true;
    };
    let modified = u64::try_from(entry.modified_ms.div_euclid(1000)).unwrap_or(0);
    let size = entry.object.map(|object| object.size);
    let class = entry
        .object
        .map(|object| class_word(object.attrs.storage_class));
    entry
        .key
        .starts_with(filter.prefix.as_deref().unwrap_or_default())
        && filter.modified_from.is_none_or(|from| modified >= from)
        && filter.modified_to.is_none_or(|to| modified <= to)
        && filter
            .size_from
            .is_none_or(|from| size.is_some_and(|size| size >= from))
        && filter
            .size_to
            .is_none_or(|to| size.is_some_and(|size| size <= to))
        && (filter.storage_classes.is_empty()
            || filter
                .storage_classes
                .iter()
                .any(|wanted| class == Some(wanted.as_str())))
}

/// Name of a column. The manifest of the service writes this one in capitals.
fn column(field: InventoryField) -> &'static str {
    match field {
        InventoryField::Crc64 => "CRC64",
        other => other.as_str(),
    }
}

/// `fileSchema`: the columns.
pub(super) fn schema(config: &InventoryConfiguration) -> String {
    let mut columns = vec!["Bucket", "Key"];
    if config.all_versions {
        columns.extend(["VersionId", "IsLatest", "IsDeleteMarker"]);
    }
    columns.extend(config.fields.iter().map(|field| column(*field)));
    columns.join(", ")
}

/// Adds the line of an entry. Keys are percent-encoded, so no value holds a quote.
pub(super) fn add_row(
    out: &mut String,
    config: &InventoryConfiguration,
    bucket: &Bucket,
    entry: &Entry<'_>,
) {
    let mut cell = |value: &str| {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push(',');
        }
        let _ = write!(out, "\"{value}\"");
    };
    cell(&bucket.name);
    let mut key = String::new();
    encode_component(entry.key.as_bytes(), &mut key);
    cell(&key);
    if config.all_versions {
        match bucket.versioning {
            Versioning::Never => cell(""),
            _ => cell(&entry.version.to_string()),
        }
        cell(word(entry.is_latest));
        cell(word(entry.object.is_none()));
    }
    for field in &config.fields {
        cell(&value(*field, entry));
    }
    out.push('\n');
}

fn word(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn iso(ms: i64) -> String {
    time::format_iso_millis(ms.div_euclid(1000))
}

/// The value of a column; empty where there is none.
fn value(field: InventoryField, entry: &Entry<'_>) -> String {
    use InventoryField as Field;
    if field == Field::LastModifiedDate {
        return iso(entry.modified_ms);
    }
    let Some(object) = entry.object else {
        return String::new();
    };
    let attrs = &object.attrs;
    match field {
        Field::Size => object.size.to_string(),
        Field::LastModifiedDate => iso(entry.modified_ms),
        Field::ETag => object.etag.clone(),
        Field::StorageClass => class_word(attrs.storage_class).to_owned(),
        Field::IsMultipartUploaded => word(object.kind == ObjectKind::Multipart).to_owned(),
        Field::EncryptionStatus => word(attrs.encryption.is_some()).to_owned(),
        Field::TransitionTime => attrs.class_changed_ms.map(iso).unwrap_or_default(),
        Field::ObjectAcl => acl_word(attrs.acl).to_owned(),
        Field::TaggingCount => attrs.tags.len().to_string(),
        Field::ObjectType => kind_word(object.kind).to_owned(),
        Field::Crc64 => object.crc64.to_string(),
    }
}

/// A data file as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DataFile {
    /// MD5 of the file as it is stored, in capitals.
    #[serde(rename = "MD5checksum")]
    pub(super) md5: String,
    pub(super) key: String,
    pub(super) size: u64,
}

/// `manifest.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest<'a> {
    creation_timestamp: String,
    destination_bucket: &'a str,
    file_format: &'static str,
    file_schema: String,
    files: &'a [DataFile],
    source_bucket: &'a str,
    version: &'static str,
}

impl<'a> Manifest<'a> {
    /// `began`: when the scan began, Unix seconds.
    pub(super) fn new(
        config: &'a InventoryConfiguration,
        source: &'a Bucket,
        files: &'a [DataFile],
        began: i64,
    ) -> Self {
        Self {
            creation_timestamp: began.to_string(),
            destination_bucket: &config.destination.bucket,
            file_format: "CSV",
            file_schema: schema(config),
            files,
            source_bucket: &source.name,
            version: LAYOUT,
        }
    }
}

/// What the names of a report's objects begin with: `PREFIX/SOURCE/ID/`.
pub(super) fn folder(config: &InventoryConfiguration, source: &Bucket) -> String {
    let prefix = config.destination.prefix.as_deref().unwrap_or_default();
    let prefix = prefix.trim_end_matches('/');
    let slash = if prefix.is_empty() { "" } else { "/" };
    format!("{prefix}{slash}{}/{}/", source.name, config.id)
}

/// `YYYY-MM-DDTHH-MMZ`.
pub(super) fn folder_time(unix: i64) -> String {
    // `2020-05-17T16:00:00.000Z`.
    let date = time::format_iso_millis(unix);
    let minutes = date.get(..16).unwrap_or_default().replace(':', "-");
    format!("{minutes}Z")
}

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
