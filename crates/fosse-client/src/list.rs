//! Listings: objects (v1 and v2) and unfinished uploads (api-buckets.md §3).

use fosse_oss::encode::decode_query;
use fosse_oss::xml::Element;

use crate::bucket::text;
use crate::client::{Answer, Call, Client};
use crate::error::Result;

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub kind: String,
    /// Such as `Standard`.
    pub storage_class: String,
    /// Unix seconds.
    pub modified: i64,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// Keys begin with it.
    pub prefix: String,
    /// Keys with it behind the prefix collapse; empty for a flat list.
    pub delimiter: String,
    /// Start behind this key.
    pub start_after: String,
    /// 1 to 1000; 0 for 1000.
    pub page_size: u32,
    /// Use ListObjects rather than ListObjectsV2.
    pub v1: bool,
    /// `requester` or nothing.
    pub request_payer: Option<String>,
    /// Where the former page ended.
    pub from: Option<String>,
}

/// One page of objects.
#[derive(Debug, Clone, Default)]
pub struct ObjectPage {
    /// In key order.
    pub objects: Vec<ObjectEntry>,
    /// Collapsed prefixes, in order.
    pub common_prefixes: Vec<String>,
    /// [`ListRequest::from`] of the next page, when there is one.
    pub next: Option<String>,
}

/// An unfinished multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    /// Key.
    pub key: String,
    /// Upload id.
    pub id: String,
    /// Unix seconds.
    pub initiated: i64,
}

/// One page of unfinished uploads.
#[derive(Debug, Clone, Default)]
pub struct UploadPage {
    /// In key order, then by age.
    pub uploads: Vec<UploadEntry>,
    /// Key marker and upload id marker of the next page, when there is one.
    pub next: Option<(String, String)>,
}

impl Client {
    /// ListObjectsV2, or ListObjects when [`ListRequest::v1`] says so: one page.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn list_objects(&self, bucket: &str, request: &ListRequest) -> Result<ObjectPage> {
        let operation = if request.v1 {
            "ListObjects"
        } else {
            "ListObjectsV2"
        };
        let max_keys = if request.page_size == 0 {
            1000
        } else {
            request.page_size
        };
        let mut call = Call::new(operation, "GET", Some(bucket), b"")
            .query("encoding-type", "url")
            .query("max-keys", max_keys.to_string());
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                call.query.push((name.to_owned(), value.to_owned()));
            }
        };
        add("prefix", &request.prefix);
        add("delimiter", &request.delimiter);
        if request.v1 {
            add(
                "marker",
                request.from.as_deref().unwrap_or(&request.start_after),
            );
        } else {
            add("list-type", "2");
            match &request.from {
                Some(token) => add("continuation-token", token),
                None => add("start-after", &request.start_after),
            }
        }
        if let Some(payer) = &request.request_payer {
            call = call.header("x-oss-request-payer", payer.as_bytes());
        }
        let answer = self.send(call).await?;
        let root = answer.xml("ListBucketResult")?;
        let decode = Decoder::of(&root, &answer);
        let mut page = ObjectPage::default();
        for child in &root.children {
            match child.name.as_str() {
                "Contents" => page.objects.push(ObjectEntry {
                    key: decode.text(text(child, "Key"))?,
                    size: decode.number(text(child, "Size"))?,
                    etag: text(child, "ETag").trim_matches('"').to_owned(),
                    kind: text(child, "Type").to_owned(),
                    storage_class: text(child, "StorageClass").to_owned(),
                    modified: fosse_oss::time::parse_iso(text(child, "LastModified"))
                        .unwrap_or_default(),
                }),
                "CommonPrefixes" => {
                    for prefix in child
                        .children
                        .iter()
                        .filter(|prefix| prefix.name == "Prefix")
                    {
                        page.common_prefixes.push(decode.text(&prefix.text)?);
                    }
                }
                _ => {}
            }
        }
        if text(&root, "IsTruncated") == "true" {
            let name = if request.v1 {
                "NextMarker"
            } else {
                "NextContinuationToken"
            };
            let next = decode.text(text(&root, name))?;
            if next.is_empty() || Some(&next) == request.from.as_ref() {
                return Err(answer.malformed("it says that more follows, but not where".to_owned()));
            }
            page.next = Some(next);
        }
        Ok(page)
    }

    /// ListMultipartUploads: one page after `from` (key marker and upload id marker).
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn list_uploads(
        &self,
        bucket: &str,
        prefix: &str,
        from: Option<&(String, String)>,
    ) -> Result<UploadPage> {
        let mut call = Call::new("ListMultipartUploads", "GET", Some(bucket), b"")
            .query("uploads", "")
            .query("encoding-type", "url")
            .query("max-uploads", "1000");
        if !prefix.is_empty() {
            call = call.query("prefix", prefix);
        }
        if let Some((key, id)) = from {
            call = call.query("key-marker", key.as_str());
            if !id.is_empty() {
                call = call.query("upload-id-marker", id.as_str());
            }
        }
        let answer = self.send(call).await?;
        let root = answer.xml("ListMultipartUploadsResult")?;
        let decode = Decoder::of(&root, &answer);
        let mut page = UploadPage::default();
        for upload in root.children.iter().filter(|child| child.name == "Upload") {
            page.uploads.push(UploadEntry {
                key: decode.text(text(upload, "Key"))?,
                id: text(upload, "UploadId").to_owned(),
                initiated: fosse_oss::time::parse_iso(text(upload, "Initiated"))
                    .unwrap_or_default(),
            });
        }
        if text(&root, "IsTruncated") == "true" {
            page.next = Some((
                decode.text(text(&root, "NextKeyMarker"))?,
                text(&root, "NextUploadIdMarker").to_owned(),
            ));
        }
        Ok(page)
    }
}

/// Undoes `encoding-type=url` where the answer says that it was applied.
struct Decoder<'a> {
    encoded: bool,
    answer: &'a Answer,
}

impl<'a> Decoder<'a> {
    fn of(root: &Element, answer: &'a Answer) -> Self {
        Self {
            encoded: text(root, "EncodingType").eq_ignore_ascii_case("url"),
            answer,
        }
    }

    fn text(&self, raw: &str) -> Result<String> {
        if !self.encoded {
            return Ok(raw.to_owned());
        }
        let bytes = decode_query(raw).map_err(|error| self.answer.malformed(error.to_string()))?;
        String::from_utf8(bytes.into_owned())
            .map_err(|_| self.answer.malformed("a key in it is not UTF-8".to_owned()))
    }

    fn number(&self, raw: &str) -> Result<u64> {
        raw.parse()
            .map_err(|_| self.answer.malformed(format!("`{raw}` is no number")))
    }
}
