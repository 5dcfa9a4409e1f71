//! DeleteMultipleObjects (api-objects.md §8).

use crate::gate::{self, Authorized};
use crate::handle::{fault, list, retention};
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::{RequestBody, malformed_as};
use fosse_oss::xml::{Delete, DeleteResult, Deleted as Gone};
use fosse_store::{Deleted, Governance, StoreError, Versioning};
use futures_util::{StreamExt, stream};
use http::StatusCode;

/// Deletes under way at once: enough to share one group commit, few enough to leave room for others.
const AT_ONCE: usize = 64;

/// `POST /?delete`. All or nothing: with a key among them that the caller may not delete nothing is deleted, as the
/// documents know no error for a single key.
pub(crate) async fn delete_multiple_objects(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let encoding = list::encoding(call)?;
    let bucket = granted.bucket()?;
    let document = body
        .document(&call.headers, call.service.config.limits.max_xml_bytes)
        .await
        .map_err(|error| malformed_as(error, "0016-00000608"))?;
    let request = Delete::from_xml(&document)?;
    let mut doomed = Vec::with_capacity(request.objects.len());
    for entry in &request.objects {
        let version = entry
            .version_id
            .as_deref()
            .map(gate::parse_version)
            .transpose()?;
        doomed.push((entry.key.as_str(), version));
    }
    gate::authorize_deletes(call, granted, &doomed).await?;
    // Asked for each key, and for none as a rule: it takes a header.
    let mut governance = Governance::Respected;
    for (key, _) in &doomed {
        governance = retention::governance(call, bucket, key).await?;
        if governance == Governance::Respected {
            break;
        }
    }
    let store = &call.service.store;
    let deletes: Vec<_> = doomed
        .into_iter()
        .map(|(key, version)| store.delete_retained(bucket, key, version, governance, call.now_ms))
        .collect();
    let outcomes: Vec<Result<Deleted, StoreError>> =
        stream::iter(deletes).buffered(AT_ONCE).collect().await;
    let versioned = bucket.versioning != Versioning::Never;
    let mut result = DeleteResult {
        encoding,
        deleted: Vec::with_capacity(outcomes.len()),
    };
    for (entry, outcome) in request.objects.into_iter().zip(outcomes) {
        let deleted = outcome.map_err(fault::of)?;
        let marker = deleted
            .version
            .filter(|_| versioned && deleted.delete_marker);
        result.deleted.push(Gone {
            key: entry.key.as_str().to_owned(),
            version_id: entry.version_id,
            delete_marker_version_id: marker.map(|version| version.to_string()),
        });
    }
    Ok(if request.quiet {
        empty(StatusCode::OK)
    } else {
        xml(result.to_xml())
    })
}
