//! ListBuckets (api-buckets.md §1.1).

use crate::handle::fault;
use crate::handle::object_headers::class_word;
use crate::request::Call;
use crate::respond::{Answer, xml};
use fosse_oss::OssError;
use fosse_oss::xml::{BucketEntry, ListAllMyBucketsResult, Owner};
use fosse_store::Bucket;
use std::sync::Arc;

/// `GET /` on the endpoint.
pub(crate) async fn list_buckets(call: &Call) -> Answer {
    let prefix = call.query.listing_text("prefix")?;
    let marker = call.query.listing_text("marker")?;
    let max = call.query.page_size("max-keys", 100)?;
    let filter = Filter::read(call)?;
    let account = call.caller.account().unwrap_or_default();
    let (buckets, truncated) = page(call, account, prefix, marker, max, &filter).await?;
    let entries: Result<_, OssError> = buckets
        .iter()
        .map(|bucket| entry(call, bucket, !filter.tags.is_empty()))
        .collect();
    let document = ListAllMyBucketsResult {
        prefix: prefix.to_owned(),
        marker: marker.to_owned(),
        max_keys: max as u64,
        is_truncated: truncated,
        next_marker: buckets
            .last()
            .filter(|_| truncated)
            .map(|last| last.name.clone()),
        owner: Owner::of(account),
        buckets: entries?,
    };
    Ok(xml(document.to_xml()))
}

/// At most `max` buckets that pass the filter, and whether more follow.
async fn page(
    call: &Call,
    account: &str,
    prefix: &str,
    marker: &str,
    max: usize,
    filter: &Filter,
) -> Result<(Vec<Arc<Bucket>>, bool), OssError> {
    let mut found: Vec<Arc<Bucket>> = Vec::new();
    let mut after = marker.to_owned();
    loop {
        let (buckets, more) = call
            .service
            .store
            .list_buckets(account, prefix, &after, max)
            .await
            .map_err(fault::of)?;
        if let Some(last) = buckets.last() {
            after.clone_from(&last.name);
        }
        let none = buckets.is_empty();
        for bucket in buckets {
            if !filter.admits(call, &bucket)? {
                continue;
            }
            if found.len() == max {
                return Ok((found, true));
            }
            found.push(bucket);
        }
        if !more || none {
            return Ok((found, false));
        }
        // Without a filter the page is full now, and more follow.
        if filter.is_empty() {
            return Ok((found, true));
        }
    }
}

/// `tagged`: with the tags, as ali-oss reads them when it asked for some.
fn entry(call: &Call, bucket: &Bucket, tagged: bool) -> Result<BucketEntry, OssError> {
    let service = &*call.service;
    let configs = service.configs.of(bucket);
    Ok(BucketEntry {
        name: bucket.name.clone(),
        creation_date: bucket.created_ms.div_euclid(1000),
        extranet_endpoint: service.extranet_endpoint.clone(),
        intranet_endpoint: service.intranet_endpoint.clone(),
        location: service.location.clone(),
        region: service.config.region.clone(),
        storage_class: class_word(bucket.storage_class).into(),
        resource_group_id: Some(configs.resource_group()?.to_owned()),
        tags: if tagged {
            configs.tags()?.to_vec()
        } else {
            Vec::new()
        },
    })
}

/// Which buckets are asked for beside their names.
struct Filter {
    /// Keys with values; a key without value matches any. All have to match.
    tags: Vec<(String, Option<String>)>,
    resource_group: Option<String>,
}

impl Filter {
    /// `tag-key` and `tag-value`, `tagging=KEY:VALUE,...`, and the header `x-oss-resource-group-id`.
    ///
    /// Errors: 400 `InvalidArgument` for a value without key.
    fn read(call: &Call) -> Result<Self, OssError> {
        let given = |name: &str| call.query.get(name).filter(|text| !text.is_empty());
        let mut tags = Vec::new();
        match (given("tag-key"), given("tag-value")) {
            (Some(key), value) => tags.push((key.to_owned(), value.map(str::to_owned))),
            (None, Some(value)) => {
                let message = "The tag-value needs a tag-key.";
                return Err(OssError::invalid_argument("tag-value", value, message));
            }
            (None, None) => {}
        }
        let pairs = given("tagging").unwrap_or_default();
        for pair in pairs.split(',').filter(|pair| !pair.is_empty()) {
            // The SDKs write both parts in double quotes.
            let bare = |text: &str| text.trim_matches('"').to_owned();
            tags.push(match pair.split_once(':') {
                Some((key, value)) => (bare(key), Some(bare(value))),
                None => (bare(pair), None),
            });
        }
        let group = call.header("x-oss-resource-group-id");
        Ok(Self {
            tags,
            resource_group: group
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty()),
        })
    }

    fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.resource_group.is_none()
    }

    fn admits(&self, call: &Call, bucket: &Bucket) -> Result<bool, OssError> {
        if self.is_empty() {
            return Ok(true);
        }
        let configs = call.service.configs.of(bucket);
        let tags = configs.tags()?;
        let tagged = self.tags.iter().all(|(key, value)| {
            tags.iter()
                .any(|tag| tag.0 == *key && value.as_ref().is_none_or(|value| tag.1 == *value))
        });
        let grouped = match &self.resource_group {
            Some(group) => configs.resource_group()? == group,
            None => true,
        };
        Ok(tagged && grouped)
    }
}
