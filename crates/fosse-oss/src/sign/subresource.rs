//! The query parameters that a V1 signature covers (§2.1).

/// The union over the SDKs, in byte order, without `regions`, which one signs and another does not. `x-oss-*` is covered by prefix and not listed.
const LISTED: [&str; 98] = [
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cleanRestoredObject",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "legalHold",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "objectWorm",
    "overwriteConfig",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "processConfiguration",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "quota",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "responseHeader",
    "restore",
    "retention",
    "rtc",
    "seal",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfId",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "userDefinedLogFieldsConfig",
    "versionId",
    "versioning",
    "versions",
    "vip",
    "vod",
    "vpcip",
    "website",
    "withHashContext",
    "worm",
    "wormExtend",
    "wormId",
];

/// Whether a query parameter of this (decoded) name takes part in a V1 signature: it is in the list of
/// signing.md §2.1 or begins with `x-oss-`. Case-sensitive.
pub fn is_signed_subresource(name: &[u8]) -> bool {
    name.starts_with(b"x-oss-")
        || LISTED
            .binary_search_by(|listed| listed.as_bytes().cmp(name))
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_without_repeats() {
        assert!(LISTED.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn membership() {
        for name in LISTED {
            assert!(is_signed_subresource(name.as_bytes()), "{name}");
        }
        for name in [
            "x-oss-process",
            "x-oss-",
            "continuation-token",
            "callback-var",
            "withHashContext",
        ] {
            assert!(is_signed_subresource(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "prefix",
            "ACL",
            "Acl",
            "x-os",
            "X-Oss-Process",
            "max-keys",
            "Expires",
            "Signature",
            "OSSAccessKeyId",
        ] {
            assert!(!is_signed_subresource(name.as_bytes()), "{name}");
        }
    }
}
