//! Refusals of the gate as the client is told them.

use crate::request::Call;
use base64::Engine;
use fosse_oss::{ErrorCode, OssError};
use fosse_policy::{AccessDeniedDetail, Denial};

/// 403 `AccessDenied` of a denial, without what a policy adds.
pub(crate) fn denied(denial: &Denial) -> OssError {
    let error = OssError::new(ErrorCode::AccessDenied).with_message(denial.message);
    match denial.ec {
        Some(ec) => error.with_ec(ec),
        None => error.without_ec(),
    }
}

/// 403 `AccessDenied` with the detail of a refusal by policy (access-control.md §10).
pub(super) fn denied_by_policy(
    call: &Call,
    denial: &Denial,
    detail: Option<AccessDeniedDetail>,
) -> OssError {
    let error = denied(denial);
    let Some(detail) = detail else {
        return error;
    };
    let user = detail.display_name.clone();
    let mut elements = vec![("PolicyType", detail.policy_type.to_owned())];
    elements.extend(detail.owner_id.map(|id| ("AuthPrincipalOwnerId", id)));
    elements.extend(
        detail
            .principal_type
            .map(|kind| ("AuthPrincipalType", kind.to_owned())),
    );
    elements.extend(
        detail
            .display_name
            .map(|name| ("AuthPrincipalDisplayName", name)),
    );
    elements.push(("NoPermissionType", detail.no_permission_type.to_owned()));
    elements.push(("AuthAction", detail.action));
    // Opaque to clients, and with it the operator finds the request in the log.
    let diagnostic = base64::engine::general_purpose::STANDARD.encode(call.id.as_str());
    elements.push(("EncodedDiagnosticMessage", diagnostic));
    let mut error = error.with_group("AccessDeniedDetail", elements);
    if let Some(bucket) = &call.target.bucket {
        error = error.with("Bucket", bucket.as_str());
    }
    match user {
        Some(user) => error.with("User", user),
        None => error,
    }
}
