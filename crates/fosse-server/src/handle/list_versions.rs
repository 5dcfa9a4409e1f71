//! ListObjectVersions (api-buckets.md §3.4).

use crate::gate::Authorized;
use crate::handle::{fault, list, object_headers, restore};
use crate::request::Call;
use crate::respond::{Answer, xml};
use fosse_oss::OssError;
use fosse_oss::xml::{ListVersionsResult, Owner, VersionEntry, VersionFacts};
use fosse_store::{Bucket, ListedVersion, VersionId, VersionQuery};

/// Default size of a page (api-buckets.md §0.3).
const PAGE: usize = 100;
const VERSION_MARKER: &str = "version-id-marker";

/// `GET /?versions`.
pub(crate) async fn list_object_versions(call: &Call, granted: &Authorized) -> Answer {
    let encoding = list::encoding(call)?;
    let key_marker = call.query.listing_text("key-marker")?;
    let version_marker = version_marker(call, key_marker)?;
    let query = VersionQuery {
        prefix: call.query.listing_text("prefix")?.to_owned(),
        delimiter: call.query.listing_text("delimiter")?.to_owned(),
        key_marker: key_marker.to_owned(),
        version_marker,
        max_keys: call.query.page_size("max-keys", PAGE)?,
    };
    let bucket = granted.bucket()?;
    let page = call
        .service
        .store
        .list_versions(bucket, query.clone())
        .await
        .map_err(fault::of)?;
    let next_version = page.next_version.map(|version| version.to_string());
    let document = ListVersionsResult {
        name: bucket.name.clone(),
        prefix: query.prefix,
        key_marker: query.key_marker,
        version_id_marker: query
            .version_marker
            .map(|version| version.to_string())
            .unwrap_or_default(),
        max_keys: query.max_keys as u64,
        delimiter: query.delimiter,
        encoding,
        next_key_marker: page.next_key.filter(|_| page.truncated),
        next_version_id_marker: next_version.unwrap_or_default(),
        entries: page
            .versions
            .into_iter()
            .map(|version| entry(version, bucket, call.now_ms))
            .collect(),
        common_prefixes: page.common_prefixes,
    };
    Ok(xml(document.to_xml()))
}

/// `version-id-marker`. An empty one is none: `oss2` sends it with every listing, and OSS itself answers a page that
/// ends with a common prefix with an empty marker for the next.
fn version_marker(call: &Call, key_marker: &str) -> Result<Option<VersionId>, OssError> {
    let text = call.query.get(VERSION_MARKER).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |message: &'static str| OssError::invalid_argument(VERSION_MARKER, text, message);
    if key_marker.is_empty() {
        return Err(refuse(
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    VersionId::parse(text)
        .map(Some)
        .ok_or_else(|| refuse("Invalid version id specified."))
}

fn entry(listed: ListedVersion, bucket: &Bucket, now_ms: i64) -> VersionEntry {
    let owner = match &listed.object {
        Some(object) => &object.attrs.owner,
        None => &bucket.owner,
    };
    VersionEntry {
        version_id: listed.version.to_string(),
        is_latest: listed.is_latest,
        last_modified: listed.modified_ms.div_euclid(1000),
        owner: Owner::of(owner),
        object: listed.object.as_ref().map(|object| VersionFacts {
            etag: object.etag.clone(),
            kind: object_headers::kind_word(object.kind).into(),
            size: object.size,
            storage_class: object_headers::class_word(object.attrs.storage_class).into(),
            restore_info: restore::state(object, now_ms),
        }),
        key: listed.key,
    }
}
