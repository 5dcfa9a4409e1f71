//! Buckets of an account, and what an operator decides about them: what links download (docs/security.md). Neither OSS nor RAM
//! has a call for that.

use super::params::invalid;
use super::{Ram, Reply, date, fault, listing, not_exist};
use crate::bucket_config::name::FORCE_DOWNLOAD;
use crate::config::ForceDownload;
use crate::rpc::{Node, RpcError};
use fosse_store::{Bucket, StoreError};
use std::sync::Arc;

/// The mode of a bucket that leaves it to the server.
const SERVER: &str = "server";
/// Buckets read at once.
const BATCH: usize = 1000;

fn shown(bucket: &Bucket) -> Node {
    let mode = bucket.configs.get(FORCE_DOWNLOAD);
    let mode = mode.map_or(SERVER.into(), |text| String::from_utf8_lossy(text));
    let fields = vec![
        ("BucketName", Node::from(bucket.name.as_str())),
        ("CreateDate", date(bucket.created_ms)),
        ("ForceDownload", mode.as_ref().into()),
    ];
    fields.into()
}

/// Buckets are found in the account of their owner only.
fn no_such_bucket(name: &str) -> RpcError {
    not_exist("Bucket", name)
}

pub(super) async fn list(ram: &Ram<'_>) -> Reply {
    let page = ram.params.page()?;
    let mut all: Vec<Arc<Bucket>> = Vec::new();
    loop {
        let after = all.last().map(|bucket| bucket.name.clone());
        let after = after.unwrap_or_default();
        let listed = ram.store.list_buckets(ram.account, "", &after, BATCH);
        let (buckets, more) = listed.await.map_err(fault)?;
        all.extend(buckets);
        if !more {
            break;
        }
    }
    let (buckets, next) = page.cut(all.iter(), |bucket| bucket.name.clone());
    let buckets = buckets.into_iter().map(|bucket| shown(bucket)).collect();
    Ok(listing("Buckets", "Bucket", buckets, next))
}

pub(super) async fn get(ram: &Ram<'_>) -> Reply {
    let name = ram.params.required("BucketName")?;
    match ram.store.bucket(name).await {
        Ok(bucket) if bucket.owner == ram.account => Ok(vec![("Bucket", shown(&bucket))]),
        Ok(_) | Err(StoreError::NoSuchBucket) => Err(no_such_bucket(name)),
        Err(error) => Err(fault(error)),
    }
}

/// `ForceDownload`: a mode, or `server` to leave it to the server again.
pub(super) async fn update(ram: &Ram<'_>) -> Reply {
    let name = ram.params.required("BucketName")?;
    let mode = ram.params.required("ForceDownload")?;
    if mode != SERVER && ForceDownload::from_name(mode).is_none() {
        let message = "The parameter ForceDownload must be service, active-content, off or server.";
        return Err(invalid("ForceDownload", "", message.into()));
    }
    let (owner, mode) = (ram.account.to_owned(), mode.to_owned());
    let changed = ram.store.try_update_bucket(name, move |bucket| {
        if bucket.owner != owner {
            return Err(());
        }
        if mode == SERVER {
            bucket.configs.remove(FORCE_DOWNLOAD);
        } else {
            let text = mode.clone().into_bytes();
            bucket.configs.insert(FORCE_DOWNLOAD.to_owned(), text);
        }
        Ok(())
    });
    match changed.await {
        Ok(Ok(bucket)) => Ok(vec![("Bucket", shown(&bucket))]),
        Ok(Err(())) | Err(StoreError::NoSuchBucket) => Err(no_such_bucket(name)),
        Err(error) => Err(fault(error)),
    }
}
