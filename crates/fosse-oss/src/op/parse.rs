//! Method and query to one [`Operation`] (api-buckets.md §0.1): the first known sub-resource in the query decides,
//! then the method; other parameters are plain.

use super::Operation::{self, *};
use super::{Query, Scope, Target};
use crate::{ErrorCode, OssError};

/// Sub-resource, method, operation. Where a second parameter refines the choice, the row holds the base form and
/// [`refine`] finishes it.
type Row = (&'static str, &'static str, Operation);

const SERVICE: &[Row] = &[
    ("publicAccessBlock", "GET", GetPublicAccessBlock),
    ("publicAccessBlock", "PUT", PutPublicAccessBlock),
    ("publicAccessBlock", "DELETE", DeletePublicAccessBlock),
    ("regions", "GET", DescribeRegions),
    (
        "redundancyTransition",
        "GET",
        ListUserDataRedundancyTransition,
    ),
    ("accessPoint", "GET", ListAccessPoints),
    ("qosInfo", "GET", GetUserQosInfo),
    ("cloudboxes", "GET", ListCloudBoxes),
];

const BUCKET: &[Row] = &[
    ("acl", "GET", GetBucketAcl),
    ("acl", "PUT", PutBucketAcl),
    ("bucketInfo", "GET", GetBucketInfo),
    ("location", "GET", GetBucketLocation),
    ("stat", "GET", GetBucketStat),
    ("uploads", "GET", ListMultipartUploads),
    ("versions", "GET", ListObjectVersions),
    ("delete", "POST", DeleteMultipleObjects),
    ("cors", "GET", GetBucketCors),
    ("cors", "PUT", PutBucketCors),
    ("cors", "DELETE", DeleteBucketCors),
    ("versioning", "GET", GetBucketVersioning),
    ("versioning", "PUT", PutBucketVersioning),
    ("lifecycle", "GET", GetBucketLifecycle),
    ("lifecycle", "PUT", PutBucketLifecycle),
    ("lifecycle", "DELETE", DeleteBucketLifecycle),
    ("referer", "GET", GetBucketReferer),
    ("referer", "PUT", PutBucketReferer),
    ("policy", "GET", GetBucketPolicy),
    ("policy", "PUT", PutBucketPolicy),
    ("policy", "DELETE", DeleteBucketPolicy),
    ("policyStatus", "GET", GetBucketPolicyStatus),
    ("publicAccessBlock", "GET", GetBucketPublicAccessBlock),
    ("publicAccessBlock", "PUT", PutBucketPublicAccessBlock),
    ("publicAccessBlock", "DELETE", DeleteBucketPublicAccessBlock),
    ("website", "GET", GetBucketWebsite),
    ("website", "PUT", PutBucketWebsite),
    ("website", "DELETE", DeleteBucketWebsite),
    ("tagging", "GET", GetBucketTags),
    ("tagging", "PUT", PutBucketTags),
    ("tagging", "DELETE", DeleteBucketTags),
    ("encryption", "GET", GetBucketEncryption),
    ("encryption", "PUT", PutBucketEncryption),
    ("encryption", "DELETE", DeleteBucketEncryption),
    ("cname", "GET", ListCname),
    ("cname", "POST", PutCname),
    ("logging", "GET", GetBucketLogging),
    ("logging", "PUT", PutBucketLogging),
    ("logging", "DELETE", DeleteBucketLogging),
    ("style", "GET", GetStyle),
    ("style", "PUT", PutStyle),
    ("style", "DELETE", DeleteStyle),
    (
        "userDefinedLogFieldsConfig",
        "GET",
        GetUserDefinedLogFieldsConfig,
    ),
    (
        "userDefinedLogFieldsConfig",
        "PUT",
        PutUserDefinedLogFieldsConfig,
    ),
    (
        "userDefinedLogFieldsConfig",
        "DELETE",
        DeleteUserDefinedLogFieldsConfig,
    ),
    ("worm", "GET", GetBucketWorm),
    ("worm", "POST", InitiateBucketWorm),
    ("worm", "DELETE", AbortBucketWorm),
    ("wormExtend", "POST", ExtendBucketWorm),
    ("wormId", "POST", CompleteBucketWorm),
    ("objectWorm", "GET", GetBucketObjectWormConfiguration),
    ("objectWorm", "PUT", PutBucketObjectWormConfiguration),
    ("inventory", "GET", GetBucketInventory),
    ("inventory", "PUT", PutBucketInventory),
    ("inventory", "DELETE", DeleteBucketInventory),
    ("requestPayment", "GET", GetBucketRequestPayment),
    ("requestPayment", "PUT", PutBucketRequestPayment),
    ("transferAcceleration", "GET", GetBucketTransferAcceleration),
    ("transferAcceleration", "PUT", PutBucketTransferAcceleration),
    (
        "transferAcceleration",
        "DELETE",
        DeleteBucketTransferAcceleration,
    ),
    ("accessmonitor", "GET", GetBucketAccessMonitor),
    ("accessmonitor", "PUT", PutBucketAccessMonitor),
    ("httpsConfig", "GET", GetBucketHttpsConfig),
    ("httpsConfig", "PUT", PutBucketHttpsConfig),
    ("bucketArchiveDirectRead", "GET", GetBucketArchiveDirectRead),
    ("bucketArchiveDirectRead", "PUT", PutBucketArchiveDirectRead),
    ("resourceGroup", "GET", GetBucketResourceGroup),
    ("resourceGroup", "PUT", PutBucketResourceGroup),
    ("overwriteConfig", "GET", GetBucketOverwriteConfig),
    ("overwriteConfig", "PUT", PutBucketOverwriteConfig),
    ("overwriteConfig", "DELETE", DeleteBucketOverwriteConfig),
    ("replication", "GET", GetBucketReplication),
    ("replication", "POST", PutBucketReplication),
    ("replicationLocation", "GET", GetBucketReplicationLocation),
    ("replicationProgress", "GET", GetBucketReplicationProgress),
    ("rtc", "PUT", PutBucketRtc),
    ("metaQuery", "GET", GetMetaQueryStatus),
    ("metaQuery", "POST", OpenMetaQuery),
    (
        "redundancyTransition",
        "GET",
        ListBucketDataRedundancyTransition,
    ),
    (
        "redundancyTransition",
        "POST",
        CreateBucketDataRedundancyTransition,
    ),
    (
        "redundancyTransition",
        "DELETE",
        DeleteBucketDataRedundancyTransition,
    ),
    ("accessPoint", "GET", GetAccessPoint),
    ("accessPoint", "PUT", CreateAccessPoint),
    ("accessPoint", "DELETE", DeleteAccessPoint),
    ("accessPointPolicy", "GET", GetAccessPointPolicy),
    ("accessPointPolicy", "PUT", PutAccessPointPolicy),
    ("accessPointPolicy", "DELETE", DeleteAccessPointPolicy),
    ("qos", "GET", GetBucketStorageCapacity),
    ("qos", "PUT", SetBucketStorageCapacity),
    ("qosInfo", "GET", GetBucketQosInfo),
    ("qosInfo", "PUT", PutBucketQosInfo),
    ("qosInfo", "DELETE", DeleteBucketQosInfo),
    ("requesterQosInfo", "GET", GetBucketRequesterQosInfo),
    ("requesterQosInfo", "PUT", PutBucketRequesterQosInfo),
    ("requesterQosInfo", "DELETE", DeleteBucketRequesterQosInfo),
    ("asyncFetch", "GET", GetAsyncFetchTask),
    ("asyncFetch", "POST", PutAsyncFetchTask),
    ("live", "GET", ListLiveChannel),
];

const OBJECT: &[Row] = &[
    ("uploads", "POST", InitiateMultipartUpload),
    ("uploadId", "GET", ListParts),
    ("uploadId", "PUT", UploadPart),
    ("uploadId", "POST", CompleteMultipartUpload),
    ("uploadId", "DELETE", AbortMultipartUpload),
    ("objectMeta", "HEAD", GetObjectMeta),
    ("objectMeta", "GET", GetObjectMeta),
    ("acl", "GET", GetObjectAcl),
    ("acl", "PUT", PutObjectAcl),
    ("append", "POST", AppendObject),
    ("seal", "POST", SealAppendObject),
    ("symlink", "GET", GetSymlink),
    ("symlink", "PUT", PutSymlink),
    // oss2 leaves the parameter in what it was given for GetSymlink, and its suite deletes with it.
    ("symlink", "DELETE", DeleteObject),
    ("tagging", "GET", GetObjectTagging),
    ("tagging", "PUT", PutObjectTagging),
    ("tagging", "DELETE", DeleteObjectTagging),
    ("restore", "POST", RestoreObject),
    ("cleanRestoredObject", "POST", CleanRestoredObject),
    ("retention", "GET", GetObjectRetention),
    ("retention", "PUT", PutObjectRetention),
    ("legalHold", "GET", GetObjectLegalHold),
    ("legalHold", "PUT", PutObjectLegalHold),
    ("live", "GET", GetLiveChannelInfo),
    ("live", "PUT", PutLiveChannel),
    ("live", "DELETE", DeleteLiveChannel),
    ("vod", "GET", GetVodPlaylist),
    ("vod", "POST", PostVodPlaylist),
];

/// `x-oss-*` parameters that make an operation of a POST and are plain with any other method.
const OBJECT_POST: &[Row] = &[
    ("x-oss-process", "POST", ProcessObject),
    ("x-oss-async-process", "POST", AsyncProcessObject),
    (
        "x-oss-write-get-object-response",
        "POST",
        WriteGetObjectResponse,
    ),
    ("x-oss-dir", "POST", CreateDirectory),
    ("x-oss-delete", "POST", DeleteDirectory),
    ("x-oss-rename", "POST", RenameObject),
];

/// Parameters that are never a sub-resource by themselves, beside everything that starts with `x-`.
const PLAIN: &[&str] = &[
    "OSSAccessKeyId",
    "Expires",
    "Signature",
    "security-token",
    "callback",
    "callback-var",
    "versionId",
    "position",
    "sequential",
    "withHashContext",
    "encoding-type",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "list-type",
    "start-after",
    "continuation-token",
    "fetch-owner",
    "tag-key",
    "tag-value",
    "comp",
    "category",
    "status",
    "startTime",
    "endTime",
];

const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "POST", "DELETE"];

impl Operation {
    /// Names the operation of a request. Total: what is unknown gets its documented refusal
    /// (400 `InvalidArgument`, 405 `MethodNotAllowed`, 400 `NotImplemented` or the "not configured" answer for T4).
    /// `header` tells whether a request header is present, by lower-case name (`x-oss-copy-source` decides CopyObject).
    ///
    /// A parameter that is neither known nor starts with `x-` is ignored on reads, where pages append all kinds of
    /// things to a link. On anything else it is refused when it addresses a bucket, or is a bare name on an object:
    /// a sub-resource that Fosse does not know must never turn `DELETE /?new-setting` into DeleteBucket, or
    /// `PUT /key?new-setting` into an overwrite.
    pub fn parse(
        method: &str,
        target: &Target,
        query: &Query,
        header: &dyn Fn(&str) -> bool,
    ) -> Result<Self, OssError> {
        let operation = Self::identify(method, target, query, header)?;
        match operation.refusal() {
            Some(refusal) => Err(refusal),
            None => Ok(operation),
        }
    }

    /// Like [`parse`](Self::parse), but names the operations of T4 too.
    pub fn identify(
        method: &str,
        target: &Target,
        query: &Query,
        header: &dyn Fn(&str) -> bool,
    ) -> Result<Self, OssError> {
        let scope = match (&target.bucket, target.key.is_empty()) {
            (None, _) => Scope::Service,
            (Some(_), true) => Scope::Bucket,
            (Some(_), false) => Scope::Object,
        };
        if method == "OPTIONS" {
            return match scope {
                Scope::Service => Err(ErrorCode::AccessForbidden.into()),
                Scope::Bucket | Scope::Object => Ok(OptionObject),
            };
        }
        if !METHODS.contains(&method) {
            return Err(not_allowed(method, scope, &METHODS));
        }
        if let Some((name, operation)) = sub_resource(method, scope, query) {
            let Some(operation) = operation else {
                let allowed: Vec<&str> = rows(scope)
                    .iter()
                    .filter(|r| r.0 == name)
                    .map(|r| r.1)
                    .collect();
                return Err(not_allowed(method, scope, &allowed));
            };
            return refine(operation, query, header);
        }
        refuse_unknown(method, scope, query)?;
        plain(method, scope, query, header)
    }
}

fn rows(scope: Scope) -> &'static [Row] {
    match scope {
        Scope::Service => SERVICE,
        Scope::Bucket => BUCKET,
        Scope::Object => OBJECT,
    }
}

/// The first known sub-resource of the query, and what it means with this method.
fn sub_resource<'q>(
    method: &str,
    scope: Scope,
    query: &'q Query,
) -> Option<(&'q str, Option<Operation>)> {
    let rows = rows(scope);
    for (name, _) in &query.0 {
        // Most parameters of a presigned URL.
        if name.starts_with("x-") && method != "POST" {
            continue;
        }
        if scope == Scope::Object
            && let Some(row) = OBJECT_POST
                .iter()
                .find(|row| row.0 == name && row.1 == method)
        {
            return Some((name, Some(row.2)));
        }
        let mut known = rows.iter().filter(|row| row.0 == name).peekable();
        if known.peek().is_some() {
            return Some((name, known.find(|row| row.1 == method).map(|row| row.2)));
        }
    }
    None
}

/// Finishes the choice where a second parameter or a header takes part.
fn refine(
    operation: Operation,
    query: &Query,
    header: &dyn Fn(&str) -> bool,
) -> Result<Operation, OssError> {
    let comp = query.get("comp");
    Ok(match operation {
        UploadPart => {
            if query.part_number("partNumber")?.is_none() {
                return Err(OssError::invalid_argument(
                    "partNumber",
                    "",
                    "Part number must be an integer between 1 and 10000, inclusive.",
                ));
            }
            if header("x-oss-copy-source") {
                UploadPartCopy
            } else {
                UploadPart
            }
        }
        CompleteBucketWorm | InitiateBucketWorm if query.has("wormExtend") => ExtendBucketWorm,
        GetStyle if !query.has("styleName") => ListStyle,
        GetBucketInventory if !query.has("inventoryId") => ListBucketInventory,
        ListCname if comp == Some("token") => GetCnameToken,
        PutCname => match comp {
            Some("add") => PutCname,
            Some("token") => CreateCnameToken,
            Some("delete") => DeleteCname,
            _ => return Err(bad_comp(comp)),
        },
        PutBucketReplication => match comp {
            Some("add") => PutBucketReplication,
            Some("delete") => DeleteBucketReplication,
            _ => return Err(bad_comp(comp)),
        },
        OpenMetaQuery => match comp {
            Some("add") => OpenMetaQuery,
            Some("query") => DoMetaQuery,
            Some("delete") => CloseMetaQuery,
            _ => return Err(bad_comp(comp)),
        },
        GetBucketPolicy if comp == Some("callback") => GetBucketCallbackPolicy,
        PutBucketPolicy if comp == Some("callback") => PutBucketCallbackPolicy,
        DeleteBucketPolicy if comp == Some("callback") => DeleteBucketCallbackPolicy,
        GetBucketPublicAccessBlock if query.has("x-oss-access-point-name") => {
            GetAccessPointPublicAccessBlock
        }
        PutBucketPublicAccessBlock if query.has("x-oss-access-point-name") => {
            PutAccessPointPublicAccessBlock
        }
        DeleteBucketPublicAccessBlock if query.has("x-oss-access-point-name") => {
            DeleteAccessPointPublicAccessBlock
        }
        ListBucketDataRedundancyTransition if query.has("x-oss-redundancy-transition-taskid") => {
            GetBucketDataRedundancyTransition
        }
        GetBucketRequesterQosInfo if !query.has("qosRequester") => ListBucketRequesterQosInfos,
        GetLiveChannelInfo if comp == Some("stat") => GetLiveChannelStat,
        GetLiveChannelInfo if comp == Some("history") => GetLiveChannelHistory,
        PutLiveChannel if query.has("status") => PutLiveChannelStatus,
        ProcessObject => match query.get("x-oss-process") {
            Some("csv/select" | "json/select") => SelectObject,
            Some("csv/meta" | "json/meta") => CreateSelectObjectMeta,
            _ => ProcessObject,
        },
        other => other,
    })
}

/// The operation of a method by itself.
fn plain(
    method: &str,
    scope: Scope,
    query: &Query,
    header: &dyn Fn(&str) -> bool,
) -> Result<Operation, OssError> {
    Ok(match (scope, method) {
        (Scope::Service, "GET") => ListBuckets,
        (Scope::Service, _) => return Err(not_allowed(method, scope, &["GET"])),
        (Scope::Bucket, "GET") => match query.get("list-type") {
            None => ListObjects,
            Some("2") => ListObjectsV2,
            Some(other) => {
                return Err(OssError::invalid_argument(
                    "list-type",
                    other,
                    "The list-type must be 2.",
                ));
            }
        },
        (Scope::Bucket, "HEAD") => HeadBucket,
        (Scope::Bucket, "PUT") => PutBucket,
        (Scope::Bucket, "DELETE") => DeleteBucket,
        (Scope::Bucket, _) => PostObject,
        (Scope::Object, "GET") => GetObject,
        (Scope::Object, "HEAD") => HeadObject,
        (Scope::Object, "PUT") if query.has("partNumber") => {
            return Err(OssError::invalid_argument(
                "uploadId",
                "",
                "The uploadId is missing.",
            ));
        }
        (Scope::Object, "PUT") if header("x-oss-copy-source") => CopyObject,
        (Scope::Object, "PUT") => PutObject,
        (Scope::Object, "DELETE") => DeleteObject,
        (Scope::Object, _) => {
            return Err(not_allowed(
                method,
                scope,
                &["GET", "HEAD", "PUT", "DELETE"],
            ));
        }
    })
}

fn refuse_unknown(method: &str, scope: Scope, query: &Query) -> Result<(), OssError> {
    if matches!(method, "GET" | "HEAD") {
        return Ok(());
    }
    for (name, value) in &query.0 {
        let plain = name.starts_with("x-")
            || name.starts_with("response-")
            || name == "partNumber"
            || PLAIN.contains(&name.as_str());
        if !plain && (scope != Scope::Object || value.is_empty()) {
            return Err(OssError::invalid_argument(
                name,
                value,
                "The sub-resource is not known.",
            ));
        }
    }
    Ok(())
}

fn bad_comp(comp: Option<&str>) -> OssError {
    OssError::invalid_argument(
        "comp",
        comp.unwrap_or_default(),
        "The comp parameter is invalid.",
    )
}

fn not_allowed(method: &str, scope: Scope, allowed: &[&str]) -> OssError {
    let resource = match scope {
        Scope::Service => "Service",
        Scope::Bucket => "Bucket",
        Scope::Object => "Object",
    };
    OssError::new(ErrorCode::MethodNotAllowed)
        .with("Method", method)
        .with("ResourceType", resource)
        .with_header("allow", allowed.join(", "))
}

#[cfg(test)]
mod tests;
