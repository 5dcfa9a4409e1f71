use super::*;
use crate::op::{Access, OperationClass, Style, Tier};
use proptest::prelude::*;
use std::collections::HashSet;

fn target(address: &str) -> Target {
    let (bucket, key) = match address {
        "/" => (None, ""),
        "/b/" => (Some("b".to_owned()), ""),
        _ => (Some("b".to_owned()), address.strip_prefix("/b/").unwrap()),
    };
    Target {
        bucket,
        key: key.as_bytes().to_vec(),
        style: Style::Path,
    }
}

/// `METHOD /b/key?query [header]`
fn identify(line: &str) -> Result<Operation, OssError> {
    let mut words = line.split(' ');
    let (method, url) = (words.next().unwrap(), words.next().unwrap());
    let sent = words.next();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let query = Query::parse(query).unwrap();
    Operation::identify(method, &target(path), &query, &|name| sent == Some(name))
}

/// One request for every operation.
const REQUESTS: &[(&str, Operation)] = &[
    ("GET /", ListBuckets),
    ("GET /?prefix=a&tagging=k:v", ListBuckets),
    ("GET /?regions", DescribeRegions),
    ("GET /?regions=oss-cn-hangzhou", DescribeRegions),
    ("GET /?publicAccessBlock", GetPublicAccessBlock),
    ("PUT /?publicAccessBlock", PutPublicAccessBlock),
    ("DELETE /?publicAccessBlock", DeletePublicAccessBlock),
    (
        "GET /?redundancyTransition",
        ListUserDataRedundancyTransition,
    ),
    ("GET /?accessPoint", ListAccessPoints),
    ("GET /?qosInfo", GetUserQosInfo),
    ("GET /?cloudboxes", ListCloudBoxes),
    ("PUT /b/", PutBucket),
    (
        "PUT /b/?x-oss-date=1&OSSAccessKeyId=a&Expires=1&Signature=s",
        PutBucket,
    ),
    ("DELETE /b/", DeleteBucket),
    ("HEAD /b/", HeadBucket),
    ("GET /b/?bucketInfo", GetBucketInfo),
    ("GET /b/?location=", GetBucketLocation),
    ("GET /b/?stat", GetBucketStat),
    ("GET /b/", ListObjects),
    ("GET /b/?prefix=acl&max-keys=3&_=123", ListObjects),
    ("GET /b/?list-type=2", ListObjectsV2),
    ("GET /b/?versions&prefix=a", ListObjectVersions),
    ("GET /b/?prefix=a&uploads", ListMultipartUploads),
    ("GET /b/?acl", GetBucketAcl),
    ("GET /b/?acl=", GetBucketAcl),
    ("GET /b/?acl&cors", GetBucketAcl),
    ("GET /b/?cors&acl", GetBucketCors),
    ("PUT /b/?acl", PutBucketAcl),
    ("PUT /b/?cors", PutBucketCors),
    ("DELETE /b/?cors", DeleteBucketCors),
    ("GET /b/?versioning", GetBucketVersioning),
    ("PUT /b/?versioning", PutBucketVersioning),
    ("GET /b/?lifecycle", GetBucketLifecycle),
    ("PUT /b/?lifecycle", PutBucketLifecycle),
    ("DELETE /b/?lifecycle", DeleteBucketLifecycle),
    ("GET /b/?referer", GetBucketReferer),
    ("PUT /b/?referer", PutBucketReferer),
    ("GET /b/?policy", GetBucketPolicy),
    ("PUT /b/?policy", PutBucketPolicy),
    ("DELETE /b/?policy", DeleteBucketPolicy),
    ("GET /b/?policyStatus", GetBucketPolicyStatus),
    ("GET /b/?publicAccessBlock", GetBucketPublicAccessBlock),
    ("PUT /b/?publicAccessBlock", PutBucketPublicAccessBlock),
    (
        "DELETE /b/?publicAccessBlock",
        DeleteBucketPublicAccessBlock,
    ),
    ("GET /b/?website", GetBucketWebsite),
    ("PUT /b/?website", PutBucketWebsite),
    ("DELETE /b/?website", DeleteBucketWebsite),
    ("GET /b/?tagging", GetBucketTags),
    ("PUT /b/?tagging", PutBucketTags),
    ("DELETE /b/?tagging=k1,k2", DeleteBucketTags),
    ("GET /b/?encryption", GetBucketEncryption),
    ("PUT /b/?encryption", PutBucketEncryption),
    ("DELETE /b/?encryption", DeleteBucketEncryption),
    ("POST /b/?cname&comp=token", CreateCnameToken),
    ("GET /b/?cname=d.example&comp=token", GetCnameToken),
    ("GET /b/?comp=token&cname=d.example", GetCnameToken),
    ("POST /b/?cname&comp=add", PutCname),
    ("POST /b/?comp=delete&cname", DeleteCname),
    ("GET /b/?cname", ListCname),
    ("GET /b/?logging", GetBucketLogging),
    ("PUT /b/?logging", PutBucketLogging),
    ("DELETE /b/?logging", DeleteBucketLogging),
    ("GET /b/?style&styleName=s", GetStyle),
    ("GET /b/?style", ListStyle),
    ("PUT /b/?style&styleName=s&category=image", PutStyle),
    ("DELETE /b/?style&styleName=s", DeleteStyle),
    (
        "GET /b/?userDefinedLogFieldsConfig",
        GetUserDefinedLogFieldsConfig,
    ),
    (
        "PUT /b/?userDefinedLogFieldsConfig",
        PutUserDefinedLogFieldsConfig,
    ),
    (
        "DELETE /b/?userDefinedLogFieldsConfig",
        DeleteUserDefinedLogFieldsConfig,
    ),
    ("POST /b/?worm", InitiateBucketWorm),
    ("DELETE /b/?worm", AbortBucketWorm),
    ("POST /b/?wormId=1", CompleteBucketWorm),
    ("POST /b/?wormExtend&wormId=1", ExtendBucketWorm),
    ("POST /b/?wormId=1&wormExtend", ExtendBucketWorm),
    ("GET /b/?worm", GetBucketWorm),
    ("GET /b/?objectWorm", GetBucketObjectWormConfiguration),
    ("PUT /b/?objectWorm", PutBucketObjectWormConfiguration),
    ("GET /b/?inventory&inventoryId=i", GetBucketInventory),
    (
        "GET /b/?inventory&continuation-token=t",
        ListBucketInventory,
    ),
    ("PUT /b/?inventory&inventoryId=i", PutBucketInventory),
    ("DELETE /b/?inventory&inventoryId=i", DeleteBucketInventory),
    ("GET /b/?requestPayment", GetBucketRequestPayment),
    ("PUT /b/?requestPayment", PutBucketRequestPayment),
    (
        "GET /b/?transferAcceleration",
        GetBucketTransferAcceleration,
    ),
    (
        "PUT /b/?transferAcceleration",
        PutBucketTransferAcceleration,
    ),
    (
        "DELETE /b/?transferAcceleration",
        DeleteBucketTransferAcceleration,
    ),
    ("GET /b/?accessmonitor", GetBucketAccessMonitor),
    ("PUT /b/?accessmonitor", PutBucketAccessMonitor),
    ("GET /b/?httpsConfig", GetBucketHttpsConfig),
    ("PUT /b/?httpsConfig", PutBucketHttpsConfig),
    (
        "GET /b/?bucketArchiveDirectRead",
        GetBucketArchiveDirectRead,
    ),
    (
        "PUT /b/?bucketArchiveDirectRead",
        PutBucketArchiveDirectRead,
    ),
    ("GET /b/?resourceGroup", GetBucketResourceGroup),
    ("PUT /b/?resourceGroup", PutBucketResourceGroup),
    ("GET /b/?overwriteConfig", GetBucketOverwriteConfig),
    ("PUT /b/?overwriteConfig", PutBucketOverwriteConfig),
    ("DELETE /b/?overwriteConfig", DeleteBucketOverwriteConfig),
    ("GET /b/?replication", GetBucketReplication),
    ("POST /b/?replication&comp=add", PutBucketReplication),
    ("POST /b/?replication&comp=delete", DeleteBucketReplication),
    ("GET /b/?replicationLocation", GetBucketReplicationLocation),
    (
        "GET /b/?replicationProgress&rule-id=r",
        GetBucketReplicationProgress,
    ),
    ("PUT /b/?rtc", PutBucketRtc),
    ("POST /b/?metaQuery&comp=add", OpenMetaQuery),
    ("POST /b/?metaQuery&comp=query", DoMetaQuery),
    ("POST /b/?metaQuery&comp=delete", CloseMetaQuery),
    ("GET /b/?metaQuery", GetMetaQueryStatus),
    (
        "POST /b/?redundancyTransition",
        CreateBucketDataRedundancyTransition,
    ),
    (
        "GET /b/?redundancyTransition",
        ListBucketDataRedundancyTransition,
    ),
    (
        "GET /b/?redundancyTransition&x-oss-redundancy-transition-taskid=1",
        GetBucketDataRedundancyTransition,
    ),
    (
        "DELETE /b/?redundancyTransition",
        DeleteBucketDataRedundancyTransition,
    ),
    ("PUT /b/?accessPoint", CreateAccessPoint),
    ("GET /b/?accessPoint", GetAccessPoint),
    ("DELETE /b/?accessPoint", DeleteAccessPoint),
    ("PUT /b/?accessPointPolicy", PutAccessPointPolicy),
    ("GET /b/?accessPointPolicy", GetAccessPointPolicy),
    ("DELETE /b/?accessPointPolicy", DeleteAccessPointPolicy),
    (
        "PUT /b/?publicAccessBlock&x-oss-access-point-name=a",
        PutAccessPointPublicAccessBlock,
    ),
    (
        "GET /b/?publicAccessBlock&x-oss-access-point-name=a",
        GetAccessPointPublicAccessBlock,
    ),
    (
        "DELETE /b/?publicAccessBlock&x-oss-access-point-name=a",
        DeleteAccessPointPublicAccessBlock,
    ),
    ("PUT /b/?policy&comp=callback", PutBucketCallbackPolicy),
    ("GET /b/?policy&comp=callback", GetBucketCallbackPolicy),
    (
        "DELETE /b/?policy&comp=callback",
        DeleteBucketCallbackPolicy,
    ),
    ("PUT /b/?qos", SetBucketStorageCapacity),
    ("GET /b/?qos", GetBucketStorageCapacity),
    ("PUT /b/?qosInfo", PutBucketQosInfo),
    ("GET /b/?qosInfo", GetBucketQosInfo),
    ("DELETE /b/?qosInfo", DeleteBucketQosInfo),
    (
        "PUT /b/?requesterQosInfo&qosRequester=1",
        PutBucketRequesterQosInfo,
    ),
    (
        "GET /b/?requesterQosInfo&qosRequester=1",
        GetBucketRequesterQosInfo,
    ),
    ("GET /b/?requesterQosInfo", ListBucketRequesterQosInfos),
    (
        "DELETE /b/?requesterQosInfo&qosRequester=1",
        DeleteBucketRequesterQosInfo,
    ),
    ("POST /b/?asyncFetch", PutAsyncFetchTask),
    ("GET /b/?asyncFetch", GetAsyncFetchTask),
    ("GET /b/?live", ListLiveChannel),
    ("POST /b/?delete", DeleteMultipleObjects),
    ("POST /b/?delete&encoding-type=url", DeleteMultipleObjects),
    ("POST /b/", PostObject),
    ("PUT /b/k", PutObject),
    ("PUT /b/k?lang=en", PutObject),
    ("PUT /b/k?callback=e30%3D", PutObject),
    ("PUT /b/k x-oss-copy-source", CopyObject),
    ("GET /b/k", GetObject),
    ("GET /b/k?20240101", GetObject),
    (
        "GET /b/k?versionId=v&response-content-type=text%2Fplain",
        GetObject,
    ),
    ("GET /b/k?x-oss-process=image%2Finfo", GetObject),
    ("GET /b/k x-oss-copy-source", GetObject),
    ("HEAD /b/k", HeadObject),
    ("HEAD /b/k?versionId=v", HeadObject),
    ("HEAD /b/k?objectMeta", GetObjectMeta),
    ("GET /b/k?objectMeta", GetObjectMeta),
    ("DELETE /b/k", DeleteObject),
    ("DELETE /b/k?versionId=v", DeleteObject),
    ("POST /b/k?uploads", InitiateMultipartUpload),
    ("POST /b/k?uploads&sequential", InitiateMultipartUpload),
    ("PUT /b/k?partNumber=1&uploadId=u", UploadPart),
    ("PUT /b/k?uploadId=u&partNumber=10000", UploadPart),
    (
        "PUT /b/k?partNumber=1&uploadId=u x-oss-copy-source",
        UploadPartCopy,
    ),
    ("POST /b/k?uploadId=u", CompleteMultipartUpload),
    ("DELETE /b/k?uploadId=u", AbortMultipartUpload),
    ("GET /b/k?uploadId=u&max-parts=1", ListParts),
    ("OPTIONS /b/k", OptionObject),
    ("OPTIONS /b/", OptionObject),
    ("POST /b/k?append&position=0", AppendObject),
    ("POST /b/k?position=0&append", AppendObject),
    ("POST /b/k?seal&position=0", SealAppendObject),
    ("GET /b/k?acl", GetObjectAcl),
    ("PUT /b/k?acl&versionId=v", PutObjectAcl),
    ("PUT /b/k?symlink", PutSymlink),
    ("GET /b/k?symlink", GetSymlink),
    ("PUT /b/k?tagging", PutObjectTagging),
    ("GET /b/k?tagging", GetObjectTagging),
    ("DELETE /b/k?tagging", DeleteObjectTagging),
    ("POST /b/k?restore", RestoreObject),
    ("POST /b/k?cleanRestoredObject", CleanRestoredObject),
    ("PUT /b/k?retention", PutObjectRetention),
    ("GET /b/k?retention", GetObjectRetention),
    ("PUT /b/k?legalHold", PutObjectLegalHold),
    ("GET /b/k?legalHold", GetObjectLegalHold),
    ("POST /b/k?x-oss-process", ProcessObject),
    ("POST /b/k?x-oss-process=csv%2Fselect", SelectObject),
    (
        "POST /b/k?x-oss-process=json%2Fmeta",
        CreateSelectObjectMeta,
    ),
    ("POST /b/k?x-oss-async-process", AsyncProcessObject),
    (
        "POST /b/k?x-oss-write-get-object-response",
        WriteGetObjectResponse,
    ),
    ("POST /b/k?x-oss-dir", CreateDirectory),
    ("POST /b/k?x-oss-delete", DeleteDirectory),
    ("POST /b/k?x-oss-rename", RenameObject),
    ("PUT /b/k?live", PutLiveChannel),
    ("PUT /b/k?live&status=enabled", PutLiveChannelStatus),
    ("GET /b/k?live", GetLiveChannelInfo),
    ("GET /b/k?live&comp=stat", GetLiveChannelStat),
    ("GET /b/k?live&comp=history", GetLiveChannelHistory),
    ("DELETE /b/k?live", DeleteLiveChannel),
    ("POST /b/k?vod&startTime=1&endTime=2", PostVodPlaylist),
    ("GET /b/k?vod&startTime=1&endTime=2", GetVodPlaylist),
];

#[test]
fn requests_name_their_operation() {
    for (line, operation) in REQUESTS {
        match identify(line) {
            Ok(found) => assert_eq!(found, *operation, "{line}"),
            Err(error) => panic!("{line}: {error}"),
        }
    }
}

#[test]
fn every_operation_has_a_request() {
    let named: HashSet<_> = REQUESTS.iter().map(|(_, operation)| *operation).collect();
    let missing: Vec<_> = Operation::ALL
        .iter()
        .filter(|op| !named.contains(op))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_out_of_scope_is_refused_as_documented() {
    let nothing = |_: &str| false;
    for (line, operation) in REQUESTS.iter().filter(|(_, op)| op.tier() == Tier::T4) {
        let (method, url) = line.split_once(' ').unwrap();
        let (path, query) = url.split_once('?').unwrap();
        let query = Query::parse(query).unwrap();
        let error = Operation::parse(method, &target(path), &query, &nothing).unwrap_err();
        let expected = match operation {
            GetBucketReplication => (404, ErrorCode::NoSuchReplicationConfiguration),
            GetAccessPoint
            | DeleteAccessPoint
            | PutAccessPointPolicy
            | GetAccessPointPolicy
            | DeleteAccessPointPolicy
            | PutAccessPointPublicAccessBlock
            | GetAccessPointPublicAccessBlock
            | DeleteAccessPointPublicAccessBlock => (404, ErrorCode::NoSuchAccessPoint),
            ListCloudBoxes => (403, ErrorCode::AccessDenied),
            _ => (400, ErrorCode::NotImplemented),
        };
        assert_eq!((error.status(), error.code()), expected, "{line}");
    }
}

#[test]
fn methods_that_do_not_fit_are_refused_with_what_would() {
    let cases = [
        ("DELETE /b/?acl", "GET, PUT", "Bucket"),
        ("POST /b/?cors", "GET, PUT, DELETE", "Bucket"),
        ("HEAD /b/k?acl", "GET, PUT", "Object"),
        ("PUT /b/k?uploads", "POST", "Object"),
        ("GET /b/k?append", "POST", "Object"),
        ("POST /b/k", "GET, HEAD, PUT, DELETE", "Object"),
        ("POST /b/k?versionId=1", "GET, HEAD, PUT, DELETE", "Object"),
        ("PUT /", "GET", "Service"),
        ("HEAD /", "GET", "Service"),
        ("PATCH /b/k", "GET, HEAD, PUT, POST, DELETE", "Object"),
        ("get /b/k", "GET, HEAD, PUT, POST, DELETE", "Object"),
        ("TRACE /b/", "GET, HEAD, PUT, POST, DELETE", "Bucket"),
        ("CONNECT /", "GET, HEAD, PUT, POST, DELETE", "Service"),
    ];
    for (line, allow, resource) in cases {
        let error = identify(line).unwrap_err();
        assert_eq!(
            (error.status(), error.code()),
            (405, ErrorCode::MethodNotAllowed),
            "{line}"
        );
        assert_eq!(error.headers(), [("allow", allow.to_owned())], "{line}");
        let method = line.split(' ').next().unwrap().to_owned();
        assert_eq!(
            error.extra(),
            [("Method", method), ("ResourceType", resource.into())]
        );
    }
}

#[test]
fn a_sub_resource_that_is_not_known_never_turns_into_something_destructive() {
    let cases = [
        ("DELETE /b/?newSetting", "newSetting"),
        ("DELETE /b/?newSetting=1", "newSetting"),
        ("PUT /b/?newSetting", "newSetting"),
        ("POST /b/?newSetting", "newSetting"),
        // Names are case-sensitive.
        ("DELETE /b/?ACL", "ACL"),
        ("PUT /b/?Cors", "Cors"),
        ("PUT /b/k?newSetting", "newSetting"),
        ("PUT /b/k?cors", "cors"),
        ("DELETE /b/k?newSetting=", "newSetting"),
        ("PUT /b/k?partNumber=1", "uploadId"),
        ("PUT /b/k?uploadId=1", "partNumber"),
        ("PUT /b/k?uploadId=1&partNumber=0", "partNumber"),
        ("PUT /b/k?uploadId=1&partNumber=10001", "partNumber"),
        ("GET /b/?list-type=1", "list-type"),
        ("POST /b/?cname", "comp"),
        ("POST /b/?cname&comp=else", "comp"),
        ("POST /b/?replication", "comp"),
    ];
    for (line, argument) in cases {
        let error = identify(line).unwrap_err();
        assert_eq!(
            (error.status(), error.code()),
            (400, ErrorCode::InvalidArgument),
            "{line}"
        );
        assert_eq!(
            error.extra()[0],
            ("ArgumentName", argument.to_owned()),
            "{line}"
        );
    }
}

#[test]
fn a_preflight_of_the_service_is_forbidden() {
    let error = identify("OPTIONS /").unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (403, ErrorCode::AccessForbidden)
    );
}

#[test]
fn actions_follow_the_table() {
    let cases = [
        (GetObject, "oss:GetObject", "oss:GetObjectVersion"),
        (HeadObject, "oss:GetObject", "oss:GetObjectVersion"),
        (GetSymlink, "oss:GetObject", "oss:GetObjectVersion"),
        (PutObject, "oss:PutObject", "oss:PutObject"),
        (CopyObject, "oss:PutObject", "oss:PutObject"),
        (PostObject, "oss:PutObject", "oss:PutObject"),
        (
            DeleteMultipleObjects,
            "oss:DeleteObject",
            "oss:DeleteObjectVersion",
        ),
        (
            AbortMultipartUpload,
            "oss:AbortMultipartUpload",
            "oss:AbortMultipartUpload",
        ),
        (PutObjectAcl, "oss:PutObjectAcl", "oss:PutObjectVersionAcl"),
        (
            PutObjectTagging,
            "oss:PutObjectTagging",
            "oss:PutObjectVersionTagging",
        ),
        (ListObjectsV2, "oss:ListObjects", "oss:ListObjects"),
        (
            ListBucketInventory,
            "oss:GetBucketInventory",
            "oss:GetBucketInventory",
        ),
        (
            PutBucketTags,
            "oss:PutBucketTagging",
            "oss:PutBucketTagging",
        ),
        (
            GetLiveChannelInfo,
            "oss:GetLiveChannel",
            "oss:GetLiveChannel",
        ),
        (AsyncProcessObject, "oss:ProcessImm", "oss:ProcessImm"),
    ];
    for (operation, action, versioned) in cases {
        assert_eq!(operation.action(false), action, "{}", operation.name());
        assert_eq!(operation.action(true), versioned, "{}", operation.name());
    }
    for operation in Operation::ALL {
        let action = operation.action(false);
        assert_eq!(
            action.starts_with("oss:"),
            *operation != OptionObject,
            "{}",
            operation.name()
        );
    }
}

#[test]
fn classes_follow_scope_and_kind() {
    for operation in Operation::ALL {
        let managed = operation.class() == OperationClass::Management;
        match operation.scope() {
            Scope::Service => assert!(managed, "{}", operation.name()),
            Scope::Bucket => {
                assert_eq!(
                    !managed,
                    matches!(operation, DeleteMultipleObjects | PostObject)
                );
            }
            Scope::Object => {
                let live = operation.name().contains("Live") || operation.name().contains("Vod");
                assert_eq!(managed, live, "{}", operation.name());
            }
        }
    }
    assert_eq!(GetObject.access(), Access::Read);
    assert_eq!(ListObjects.access(), Access::List);
    assert_eq!(DeleteObject.access(), Access::Write);
    assert_eq!(PutObjectAcl.access(), Access::WriteAcl);
    assert_eq!(GetObjectTagging.access(), Access::Other);
}

proptest! {
    #[test]
    fn parsing_is_total(
        method in prop_oneof![
            prop::sample::select(vec!["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]).prop_map(str::to_owned),
            any::<String>(),
        ],
        address in prop::sample::select(vec!["/", "/b/", "/b/k"]),
        names in prop::collection::vec(
            (
                prop_oneof![
                    (0..BUCKET.len()).prop_map(|i| BUCKET[i].0.to_owned()),
                    (0..OBJECT.len()).prop_map(|i| OBJECT[i].0.to_owned()),
                    (0..OBJECT_POST.len()).prop_map(|i| OBJECT_POST[i].0.to_owned()),
                    any::<String>(),
                ],
                prop_oneof![Just(String::new()), Just("add".to_owned()), any::<String>()],
            ),
            0..5,
        ),
        copy in any::<bool>(),
    ) {
        let query = Query(names);
        let target = target(address);
        let scope = match address { "/" => Scope::Service, "/b/" => Scope::Bucket, _ => Scope::Object };
        match Operation::parse(&method, &target, &query, &|_| copy) {
            Ok(OptionObject) => prop_assert_eq!(method, "OPTIONS"),
            Ok(operation) => {
                prop_assert_eq!(operation.scope(), scope);
                prop_assert!(operation.tier() < Tier::T4);
            }
            Err(error) => prop_assert!((400..=405).contains(&error.status())),
        }
    }
}
