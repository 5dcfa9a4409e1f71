//! ListParts and ListMultipartUploads (api-objects.md §9.6, §9.7).

use crate::gate::Authorized;
use crate::handle::{fault, list, multipart, object_headers};
use crate::request::Call;
use crate::respond::{Answer, xml};
use fosse_oss::xml::{
    CLIENT_ENCRYPTION, ListMultipartUploadsResult, ListPartsResult, ListedPart, ListedUpload,
};
use fosse_store::{Upload, UploadQuery};

/// Default size of a page of parts or uploads.
const PAGE: usize = 1000;

/// `GET /KEY?uploadId=ID`.
pub(crate) async fn list_parts(call: &Call, granted: &Authorized) -> Answer {
    let encoding = list::encoding(call)?;
    let max = call.query.page_size("max-parts", PAGE)?;
    let marker = call.query.part_number_marker()?;
    let (bucket, key, id) = (
        granted.bucket()?,
        granted.key()?.as_str(),
        multipart::upload_id(call),
    );
    let store = &call.service.store;
    let unknown = |error| multipart::no_such_upload(call, error, None);
    let upload = store.upload(bucket, key, id).await.map_err(unknown)?;
    let (parts, is_truncated) = store
        .list_parts(bucket, key, id, marker, max)
        .await
        .map_err(unknown)?;
    let document = ListPartsResult {
        encoding,
        bucket: bucket.name.clone(),
        key: key.to_owned(),
        upload_id: id.to_owned(),
        storage_class: object_headers::class_word(upload.attrs.storage_class).into(),
        part_number_marker: marker,
        next_part_number_marker: parts.last().map_or(0, |part| part.number),
        max_parts: max as u64,
        is_truncated,
        client_encryption: client_encryption(&upload),
        parts: parts
            .iter()
            .map(|part| ListedPart {
                number: part.number,
                last_modified: part.modified_ms.div_euclid(1000),
                etag: multipart::hex(&part.md5),
                size: part.size,
                crc64: Some(part.crc64),
            })
            .collect(),
    };
    Ok(xml(document.to_xml()))
}

/// What a client that encrypts by itself has to know to go on with an upload.
fn client_encryption(upload: &Upload) -> Vec<(&'static str, String)> {
    let value = |meta: &str| {
        let kept = upload.attrs.meta.iter().find(|(name, _)| name == meta)?;
        String::from_utf8(kept.1.clone()).ok()
    };
    CLIENT_ENCRYPTION
        .iter()
        .filter_map(|(meta, element)| Some((*element, value(meta)?)))
        // SDKs read the sizes as numbers.
        .filter(|(element, text)| !element.ends_with("Size") || text.parse::<u64>().is_ok())
        .collect()
}

/// `GET /?uploads`.
pub(crate) async fn list_uploads(call: &Call, granted: &Authorized) -> Answer {
    let encoding = list::encoding(call)?;
    let key_marker = call.query.listing_text("key-marker")?;
    let id_marker = call.query.listing_text("upload-id-marker")?;
    let query = UploadQuery {
        prefix: call.query.listing_text("prefix")?.to_owned(),
        delimiter: call.query.listing_text("delimiter")?.to_owned(),
        key_marker: key_marker.to_owned(),
        // Without a key it means nothing (§9.7).
        upload_id_marker: if key_marker.is_empty() {
            String::new()
        } else {
            id_marker.to_owned()
        },
        max_uploads: call.query.page_size("max-uploads", PAGE)?,
    };
    let bucket = granted.bucket()?;
    let page = call
        .service
        .store
        .list_uploads(bucket, query.clone())
        .await
        .map_err(fault::of)?;
    let document = ListMultipartUploadsResult {
        encoding,
        bucket: bucket.name.clone(),
        key_marker: query.key_marker,
        upload_id_marker: id_marker.to_owned(),
        next_key_marker: page.next_key,
        next_upload_id_marker: page.next_upload_id,
        delimiter: query.delimiter,
        prefix: query.prefix,
        max_uploads: query.max_uploads as u64,
        is_truncated: page.truncated,
        uploads: page
            .uploads
            .into_iter()
            .map(|upload| ListedUpload {
                storage_class: object_headers::class_word(upload.attrs.storage_class).into(),
                key: upload.key,
                upload_id: upload.id,
                initiated: upload.initiated_ms.div_euclid(1000),
            })
            .collect(),
        common_prefixes: page.common_prefixes,
    };
    Ok(xml(document.to_xml()))
}
