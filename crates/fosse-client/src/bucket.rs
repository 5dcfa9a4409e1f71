//! Bucket operations (api-buckets.md §1, §2).

use fosse_oss::xml::{Element, Writer};

use crate::client::{Call, Client};
use crate::error::{Error, Result};
use crate::payload::Payload;

/// A bucket in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEntry {
    /// Name.
    pub name: String,
    /// `oss-REGION`.
    pub location: String,
    /// Storage class, such as `Standard`.
    pub storage_class: String,
    /// Unix seconds.
    pub created: i64,
}

/// One page of buckets.
#[derive(Debug, Clone, Default)]
pub struct BucketPage {
    /// In name order.
    pub buckets: Vec<BucketEntry>,
    /// Marker of the next page, when there is one.
    pub next: Option<String>,
}

/// What a new bucket is made with. Empty: the server's default.
#[derive(Debug, Clone, Default)]
pub struct NewBucket {
    /// `private`, `public-read` or `public-read-write`.
    pub acl: Option<String>,
    /// `Standard`, `IA`, ...
    pub storage_class: Option<String>,
    /// `LRS` or `ZRS`.
    pub redundancy: Option<String>,
}

impl Client {
    /// ListBuckets: a page of the caller's buckets whose names begin with `prefix`, after `marker`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list_buckets(
        &self,
        prefix: &str,
        marker: &str,
        max_keys: u32,
    ) -> Result<BucketPage> {
        let mut call =
            Call::new("ListBuckets", "GET", None, b"").query("max-keys", max_keys.to_string());
        if !prefix.is_empty() {
            call = call.query("prefix", prefix);
        }
        if !marker.is_empty() {
            call = call.query("marker", marker);
        }
        let answer = self.send(call).await?;
        let root = answer.xml("ListAllMyBucketsResult")?;
        let mut page = BucketPage::default();
        for bucket in root
            .child("Buckets")
            .map(|list| list.children.as_slice())
            .unwrap_or_default()
        {
            page.buckets.push(BucketEntry {
                name: text(bucket, "Name").to_owned(),
                location: text(bucket, "Location").to_owned(),
                storage_class: text(bucket, "StorageClass").to_owned(),
                created: fosse_oss::time::parse_iso(text(bucket, "CreationDate"))
                    .unwrap_or_default(),
            });
        }
        if text(&root, "IsTruncated") == "true" {
            page.next = Some(text(&root, "NextMarker").to_owned());
        }
        Ok(page)
    }

    /// PutBucket.
    ///
    /// # Errors
    /// 409 `BucketAlreadyExists` and others; see [`Error`].
    pub async fn create_bucket(&self, bucket: &str, new: &NewBucket) -> Result<()> {
        let mut call = Call::new("PutBucket", "PUT", Some(bucket), b"");
        if let Some(acl) = &new.acl {
            call = call.header("x-oss-acl", acl.as_bytes());
        }
        if new.storage_class.is_some() || new.redundancy.is_some() {
            let body = Writer::document("CreateBucketConfiguration", |w| {
                if let Some(class) = &new.storage_class {
                    w.text("StorageClass", class);
                }
                if let Some(redundancy) = &new.redundancy {
                    w.text("DataRedundancyType", redundancy);
                }
            });
            call = call.header("content-type", *b"application/xml");
            call.payload = Payload::Bytes(body.into());
        }
        self.send(call).await.map(drop)
    }

    /// DeleteBucket.
    ///
    /// # Errors
    /// 409 `BucketNotEmpty` and others; see [`Error`].
    pub async fn delete_bucket(&self, bucket: &str) -> Result<()> {
        self.send(Call::new("DeleteBucket", "DELETE", Some(bucket), b""))
            .await
            .map(drop)
    }

    /// GetBucketInfo: the `Bucket` element.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bucket_info(&self, bucket: &str) -> Result<Element> {
        let answer = self
            .send(Call::new("GetBucketInfo", "GET", Some(bucket), b"").query("bucketInfo", ""))
            .await?;
        let root = answer.xml("BucketInfo")?;
        root.child("Bucket")
            .cloned()
            .ok_or_else(|| answer.malformed("there is no Bucket in it".to_owned()))
    }

    /// GetBucketStat: the `BucketStat` element, whose children are numbers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bucket_stat(&self, bucket: &str) -> Result<Element> {
        let answer = self
            .send(Call::new("GetBucketStat", "GET", Some(bucket), b"").query("stat", ""))
            .await?;
        answer.xml("BucketStat")
    }

    /// GetBucketAcl: `private`, `public-read` or `public-read-write`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bucket_acl(&self, bucket: &str) -> Result<String> {
        let answer = self
            .send(Call::new("GetBucketAcl", "GET", Some(bucket), b"").query("acl", ""))
            .await?;
        grant(&answer.xml("AccessControlPolicy")?)
    }

    /// PutBucketAcl.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_bucket_acl(&self, bucket: &str, acl: &str) -> Result<()> {
        let call = Call::new("PutBucketAcl", "PUT", Some(bucket), b"")
            .query("acl", "")
            .header("x-oss-acl", acl);
        self.send(call).await.map(drop)
    }
}

/// The grant of an `AccessControlPolicy`.
pub(crate) fn grant(policy: &Element) -> Result<String, Error> {
    Ok(policy
        .child("AccessControlList")
        .map(|list| text(list, "Grant"))
        .unwrap_or_default()
        .to_owned())
}

/// Text of a child; empty when there is none.
pub(crate) fn text<'a>(element: &'a Element, name: &str) -> &'a str {
    element
        .child(name)
        .map(|child| child.text.as_str())
        .unwrap_or_default()
}
