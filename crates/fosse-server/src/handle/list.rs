//! ListObjects and ListObjectsV2 (api-buckets.md §3).

use crate::gate::Authorized;
use crate::handle::{fault, object_headers, restore};
use crate::request::Call;
use crate::respond::{Answer, xml};
use fosse_oss::OssError;
use fosse_oss::xml::{
    Encoding, ListBucketResult, ListBucketResultV2, ListedObject, Owner, decode_token, encode_token,
};
use fosse_store::{ListPage, ListQuery};

/// Default size of a page (api-buckets.md §0.3).
const PAGE: usize = 100;

/// `encoding-type`.
pub(crate) fn encoding(call: &Call) -> Result<Encoding, OssError> {
    Encoding::parse(call.query.get("encoding-type"))
}

/// `GET /`.
pub(crate) async fn list_objects(call: &Call, granted: &Authorized) -> Answer {
    let encoding = encoding(call)?;
    let query = ListQuery {
        prefix: call.query.listing_text("prefix")?.to_owned(),
        delimiter: call.query.listing_text("delimiter")?.to_owned(),
        start_after: call.query.listing_text("marker")?.to_owned(),
        max_keys: call.query.page_size("max-keys", PAGE)?,
    };
    let bucket = granted.bucket()?;
    let page = call
        .service
        .store
        .list_objects(bucket, query.clone())
        .await
        .map_err(fault::of)?;
    let contents = listed(call, &page, true);
    let document = ListBucketResult {
        name: bucket.name.clone(),
        prefix: query.prefix,
        marker: query.start_after,
        max_keys: query.max_keys as u64,
        delimiter: query.delimiter,
        encoding,
        is_truncated: page.truncated,
        next_marker: page.next.filter(|_| page.truncated),
        contents,
        common_prefixes: page.common_prefixes,
    };
    Ok(xml(document.to_xml()))
}

/// `GET /?list-type=2`.
pub(crate) async fn list_objects_v2(call: &Call, granted: &Authorized) -> Answer {
    let encoding = encoding(call)?;
    let start_after = call.query.listing_text("start-after")?;
    let token = call
        .query
        .get("continuation-token")
        .filter(|token| !token.is_empty());
    let query = ListQuery {
        prefix: call.query.listing_text("prefix")?.to_owned(),
        delimiter: call.query.listing_text("delimiter")?.to_owned(),
        start_after: match token {
            Some(token) => decode_token(token)?,
            None => start_after.to_owned(),
        },
        max_keys: call.query.page_size("max-keys", PAGE)?,
    };
    let with_owner = call
        .query
        .get("fetch-owner")
        .is_some_and(|w| w.eq_ignore_ascii_case("true"));
    let bucket = granted.bucket()?;
    let page = call
        .service
        .store
        .list_objects(bucket, query.clone())
        .await
        .map_err(fault::of)?;
    let contents = listed(call, &page, with_owner);
    let document = ListBucketResultV2 {
        name: bucket.name.clone(),
        prefix: query.prefix,
        start_after: call.query.get("start-after").map(str::to_owned),
        continuation_token: token.map(str::to_owned),
        max_keys: query.max_keys as u64,
        delimiter: query.delimiter,
        encoding,
        is_truncated: page.truncated,
        next_continuation_token: page
            .next
            .filter(|_| page.truncated)
            .map(|next| encode_token(&next)),
        contents,
        common_prefixes: page.common_prefixes,
    };
    Ok(xml(document.to_xml()))
}

fn listed(call: &Call, page: &ListPage, with_owner: bool) -> Vec<ListedObject> {
    page.objects
        .iter()
        .map(|(key, object)| ListedObject {
            key: key.clone(),
            last_modified: object.modified_ms.div_euclid(1000),
            etag: object.etag.clone(),
            kind: object_headers::kind_word(object.kind).into(),
            size: object.size,
            storage_class: object_headers::class_word(object.attrs.storage_class).into(),
            owner: with_owner.then(|| Owner::of(&object.attrs.owner)),
            restore_info: restore::state(object, call.now_ms),
        })
        .collect()
}
