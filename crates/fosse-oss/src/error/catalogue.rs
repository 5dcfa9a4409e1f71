//! The catalogue of errors.md §4: one row per code with its wire text, HTTP status, usual message and EC.

/// Builds [`ErrorCode`] and its look-ups from one table, so that a code cannot miss a column.
macro_rules! catalogue {
    ($($variant:ident = $wire:literal, $status:literal, $message:literal $(, $ec:literal)?;)+) => {
        /// A stable OSS error code (errors.md §4).
        ///
        /// [`as_str`](Self::as_str) gives the wire text, [`status`](Self::status) the HTTP status,
        /// [`message`](Self::message) the usual text and [`ec`](Self::ec) the EC where there is a general one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        #[non_exhaustive]
        pub enum ErrorCode { $($variant,)+ }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)+];

            /// The text in `<Code>`.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $wire,)+ }
            }

            /// The HTTP status that the code always comes with.
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)+ }
            }

            /// The usual message; operations replace it where the specification gives a more exact text.
            pub const fn message(self) -> &'static str {
                match self { $(ErrorCode::$variant => $message,)+ }
            }

            /// The EC that holds for the code in general. `None`: no EC is known, or it depends on the case
            /// and is given with [`OssError::with_ec`](crate::OssError::with_ec).
            pub const fn ec(self) -> Option<&'static str> {
                match self { $(ErrorCode::$variant => catalogue!(@ec $($ec)?),)+ }
            }

            /// The code of a wire text; `None` when Fosse does not know it.
            #[allow(unreachable_patterns, reason = "one text stands for two errors of different status; the first counts")]
            pub fn from_wire(text: &str) -> Option<Self> {
                match text { $($wire => Some(ErrorCode::$variant),)+ _ => None }
            }
        }
    };
    (@ec) => { None };
    (@ec $ec:literal) => { Some($ec) };
}

catalogue! {
    // §4.1 Authentication and tokens
    SignatureDoesNotMatch = "SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    InvalidAccessKeyId = "InvalidAccessKeyId", 403, "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902";
    AccessKeyIdAndSecurityTokenNotMatch = "AccessKeyIdAndSecurityTokenNotMatch", 403, "The OSS access key id and security token you provided does not match.", "0002-00000004";
    InvalidSecurityToken = "InvalidSecurityToken", 403, "The security token you provided is invalid.", "0002-00000006";
    SecurityTokenExpired = "SecurityTokenExpired", 403, "The security token you provided has expired.", "0002-00000007";
    SecurityTokenNotSupported = "SecurityTokenNotSupported", 403, "This interface does not support security token.";
    InvalidRequest = "InvalidRequest", 400, "The request is invalid.";
    InvalidArgument = "InvalidArgument", 400, "The argument you provided is invalid.";
    RequestTimeTooSkewed = "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large.", "0002-00000504";
    // §4.2 Authorization
    AccessDenied = "AccessDenied", 403, "AccessDenied";
    MethodNotAllowed = "MethodNotAllowed", 405, "The specified method is not allowed against this resource.", "0003-00000016";
    UserDisable = "UserDisable", 403, "UserDisable", "0003-00000801";
    BucketDisable = "BucketDisable", 403, "BucketDisable.";
    BucketNotBelongTo = "BucketNotBelongTo", 403, "The bucket you access does not belong to you.", "0003-00000001";
    AbnormalBucketOwnerStatus = "AbnormalBucketOwnerStatus", 403, "The status of the bucket owner is abnormal.";
    InDebt = "InDebt", 403, "Current user is indebted.";
    InDebtOverdue = "InDebtOverdue", 403, "Current user is indebted Overdue.";
    // §4.3 Addressing and host
    PermanentRedirect = "PermanentRedirect", 301, "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
    SecondLevelDomainForbidden = "SecondLevelDomainForbidden", 403, "The bucket you are attempting to access must be addressed using OSS third level domain.";
    NonStandardHostForbidden = "NonStandardHostForbidden", 403, "Your host is invalid. Please use Open Storage Service standard host.";
    InvalidHostPutBucket = "InvalidHostPutBucket", 400, "Your host is invalid. Please put bucket use Open Storage Service standard host.";
    TransferAccelerationDisabled = "TransferAccelerationDisabled", 403, "Transfer acceleration is disabled.";
    CnameDenied = "CnameDenied", 403, "The cname belongs to another user.";
    NeedVerifyDomainOwnership = "NeedVerifyDomainOwnership", 403, "The ownership of the domain has not been verified.", "0018-00000115";
    TooManyCname = "TooManyCname", 400, "You have attempted to create more buckets than allowed.";
    ApkDownloadForbidden = "ApkDownloadForbidden", 400, "The APK/IPA file is not allowed to be distributed in a public network using OSS default domain, please use custom domain instead.";
    CertIdNotMatch = "CertIdNotMatch", 409, "The certificate in force is not the one that PreviousCertId names.";
    CnameTokenNotFound = "CnameTokenNotFound", 404, "The specified cname token does not exist.";
    InvalidUri = "InvalidURI", 400, "Couldn't parse the specified URI.";
    // §4.4 Buckets
    InvalidBucketName = "InvalidBucketName", 400, "The specified bucket is not valid.";
    NoSuchBucket = "NoSuchBucket", 404, "The specified bucket does not exist.", "0015-00000101";
    BucketAlreadyExists = "BucketAlreadyExists", 409, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.", "0015-00000104";
    BucketNotEmpty = "BucketNotEmpty", 409, "The bucket has objects. Please delete them first.", "0015-00000301";
    TooManyBuckets = "TooManyBuckets", 400, "You have attempted to create more buckets than allowed.";
    InvalidLocationConstraint = "InvalidLocationConstraint", 400, "The specified location constraint is not valid.";
    MalformedXml = "MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema.", "0031-00000001";
    InvalidXmlFormat = "InvalidXMLFormat", 400, "The XML you provided was not well-formed.";
    InlineDataTooLarge = "InlineDataTooLarge", 400, "Inline data exceeds the maximum allowed size.";
    InvalidPolicyDocument = "InvalidPolicyDocument", 400, "The policy document is invalid.";
    CorsRuleBeyondLimit = "CORSRuleBeyondLimit", 400, "The CORS Rules num is beyond limit.";
    TooManyTags = "TooManyTags", 400, "The bucket tags num is beyond limit.";
    InvalidTag = "InvalidTag", 400, "The TagKey you have provided is invalid.";
    RepeatedTags = "RepeatedTags", 400, "Tag keys must be unique.";
    InvalidTargetBucketForLogging = "InvalidTargetBucketForLogging", 400, "Put bucket log requester is not target bucket owner.";
    NoSuchBucketPolicy = "NoSuchBucketPolicy", 404, "The specified bucket policy does not exist.";
    NoSuchCorsConfiguration = "NoSuchCORSConfiguration", 404, "The CORS Configuration does not exist.";
    NoSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration.";
    NoSuchLifecycle = "NoSuchLifecycle", 404, "No Row found in Lifecycle Table.";
    NoSuchInventory = "NoSuchInventory", 404, "No Row found in Inventory Table.";
    NoSuchServerSideEncryptionRule = "NoSuchServerSideEncryptionRule", 404, "The server side encryption configuration was not found.";
    NoSuchObjectWormConfiguration = "NoSuchObjectWormConfiguration", 404, "The object WORM configuration does not exist.";
    NoSuchWormConfiguration = "NoSuchWORMConfiguration", 404, "The WORM Configuration does not exist.";
    NoSuchReplicationConfiguration = "NoSuchReplicationConfiguration", 404, "The bucket you specified does not have replication configuration.";
    NoSuchReplicationRule = "NoSuchReplicationRule", 404, "The BucketReplicationRule you specified does not exist.";
    NoSuchTransferAccelerationConfiguration = "NoSuchTransferAccelerationConfiguration", 404, "The bucket you specified does not have transfer acceleration configuration.";
    NoSuchArchiveDirectReadConfiguration = "NoSuchArchiveDirectReadConfiguration", 404, "The bucket you specified does not have archive direct read configuration.";
    NoSuchStyle = "NoSuchStyle", 404, "No Such Image Style.";
    NoSuchLiveChannel = "NoSuchLiveChannel", 404, "The specified live channel does not exist.";
    NoSuchUser = "NoSuchUser", 404, "User not found.";
    NoSuchRegion = "NoSuchRegion", 404, "NoSuchRegion";
    WormConfigurationLocked = "WORMConfigurationLocked", 403, "The WORM Configuration is locked.";
    WormConfigurationAlreadyExists = "WORMConfigurationAlreadyExists", 409, "The WORM Configuration already exists.";
    InventoryConfigurationAlreadyExists = "InventoryConfigurationAlreadyExists", 409, "The Inventory Configuration already exists.";
    InvalidWormConfiguration = "InvalidWORMConfiguration", 400, "Invalid WORM Configuration.";
    ResourceGroupIdPreCheckError = "ResourceGroupIdPreCheckError", 400, "The resource group id precheck error", "0039-00000003";
    InventoryExceedLimit = "InventoryExceedLimit", 400, "You are not allowed to create more inventory than limit.";
    DailyInventoryExceedLimit = "DailyInventoryExceedLimit", 400, "You are not allowed to create more daily inventory than limit.";
    WeeklyInventoryExceedLimit = "WeeklyInventoryExceedLimit", 400, "You are not allowed to create more weekly inventory than limit.";
    AccessMonitorDisableNotAllowed = "AccessMonitorDisableNotAllowed", 409, "Access monitor is used by a lifecycle rule.";
    NoSuchAccessPoint = "NoSuchAccessPoint", 404, "Accesspoint not found";
    NoSuchUserDefinedLogFieldsConfig = "NoSuchUserDefinedLogFieldsConfig", 404, "The specified bucket does not have user defined log fields.";
    NoSuchBucketOverwriteConfig = "NoSuchBucketOverwriteConfig", 404, "The specified bucket does not have an overwrite configuration.";
    NoSuchQosInfo = "NoSuchQosInfo", 404, "The specified bucket does not have a QoS configuration.";
    BucketCallbackPolicyNotExist = "BucketCallbackPolicyNotExist", 404, "The specified bucket does not have a callback policy.";
    QuotaExceeded = "QuotaExceeded", 403, "The storage capacity of the bucket is exceeded.";
    // §4.5 Objects
    NoSuchKey = "NoSuchKey", 404, "The specified key does not exist.", "0026-00000001";
    NoSuchVersion = "NoSuchVersion", 404, "The specified version does not exist.";
    SymlinkTargetNotExist = "SymlinkTargetNotExist", 404, "The symlink target object does not exist.";
    NotSymlink = "NotSymlink", 400, "The object is not symlink.";
    InvalidTargetType = "InvalidTargetType", 400, "The symbolic's target file type is invalid", "0026-00000011";
    InvalidObjectName = "InvalidObjectName", 400, "The specified object is not valid.";
    FileAlreadyExists = "FileAlreadyExists", 409, "The object you specified already exists and can not be overwritten.";
    FileImmutable = "FileImmutable", 409, "The object you specified is immutable.";
    PositionNotEqualToLength = "PositionNotEqualToLength", 409, "Position is not equal to file length", "0026-00000016";
    ObjectNotAppendable = "ObjectNotAppendable", 409, "The object is not appendable";
    OperationNotSupported = "OperationNotSupported", 400, "The operation is not supported for this resource";
    InvalidObjectState = "InvalidObjectState", 403, "The operation is not valid for the object's state.";
    RestoreAlreadyInProgress = "RestoreAlreadyInProgress", 409, "The restore operation is in progress.", "0016-00000701";
    ArchiveRestoreNotFinished = "ArchiveRestoreNotFinished", 409, "The archive file's restore is not finished.", "0016-00000719";
    ArchiveRestoreFileStale = "ArchiveRestoreFileStale", 409, "The archive file or restore info stale";
    MissingArgument = "MissingArgument", 400, "Missing Some Required Arguments.", "0016-00000502";
    MetaTooLarge = "MetaTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size.";
    InvalidDigest = "InvalidDigest", 400, "The Content-MD5 you specified was invalid.";
    InvalidCrc64 = "InvalidCRC64", 400, "The x-oss-hash-crc64ecma you specified does not match what we calculated.";
    IncompleteBody = "IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    RequestTimeout = "RequestTimeout", 400, "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.";
    MissingContentLength = "MissingContentLength", 411, "You must provide the Content-Length HTTP header.";
    EntityTooLarge = "EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size.";
    EntityTooSmall = "EntityTooSmall", 400, "Your proposed upload smaller than the minimum allowed size.";
    NotModified = "NotModified", 304, "Not Modified";
    PreconditionFailed = "PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold.";
    InvalidRange = "InvalidRange", 416, "The requested range cannot be satisfied.";
    NotImplemented = "NotImplemented", 400, "A header you provided implies functionality that is not implemented.";
    NoSuchBucketObjectTagging = "NoSuchBucketObjectTagging", 404, "The specified bucket does not have a object tagging.";
    InvalidTaggingKey = "InvalidTaggingKey", 400, "The tagging key you provided is invalid.";
    InvalidEncryptionAlgorithmError = "InvalidEncryptionAlgorithmError", 400, "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS.";
    InvalidDataEncryptionAlgorithmError = "InvalidDataEncryptionAlgorithmError", 400, "The KMS Data Encryption request you specified is not valid. Supported value:SM4";
    InvalidEncryptionRequest = "InvalidEncryptionRequest", 400, "The encryption request you specified is not valid.";
    KmsServiceNotEnabled = "KmsServiceNotEnabled", 403, "This user does not turn on KMS service.";
    UserKeyMustBeSpecified = "UserKeyMustBeSpecified", 400, "User key must be specified.";
    InvalidParameter = "InvalidParameter", 400, "The specified parameter KMS keyId is not valid.";
    KeyNotFound = "KeyNotFound", 404, "The specified parameter KMS keyId is not found.";
    AliasNotFound = "AliasNotFound", 404, "The specified Alias is not found.";
    KeyDisabled = "KeyDisabled", 409, "The request was rejected because the key state is Disabled.";
    KeyPendingDeletion = "KeyPendingDeletion", 409, "The request was rejected because the key state is PendingDeletion.";
    KeyPendingImport = "KeyPendingImport", 409, "The request was rejected because the key state is PendingImport.";
    // §4.6 Multipart
    NoSuchUpload = "NoSuchUpload", 404, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "0042-00000002";
    InvalidPart = "InvalidPart", 400, "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.";
    InvalidPartOrder = "InvalidPartOrder", 400, "The list of parts was not in ascending order. Parts list must specified in order by part number.";
    PartNotSequential = "PartNotSequential", 400, "For sequential multipart upload, you must upload or complete parts with sequential part number.";
    PartAlreadyExist = "PartAlreadyExist", 409, "For sequential multipart upload, you can't overwrite uploaded parts.";
    FilePartNotExist = "FilePartNotExist", 400, "The Part you read had been deleted.";
    // §4.7 PostObject
    MalformedPostRequest = "MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data.";
    RequestIsNotMultiPartContent = "RequestIsNotMultiPartContent", 400, "Bucket POST must be of the enclosure-type multipart/form-data.";
    IncorrectNumberOfFilesInPostRequest = "IncorrectNumberOfFilesInPOSTRequest", 400, "POST requires exactly one file upload per request.";
    MaxPostPreDataLengthExceededError = "MaxPOSTPreDataLengthExceededError", 400, "Your POST request fields preceding the upload file were too large.";
    FieldItemTooLong = "FieldItemTooLong", 400, "Your name of form field is too long.";
    // §4.10 SelectObject
    InvalidSqlParameter = "InvalidSqlParameter", 400, "The SQL expression is not valid.";
    InvalidInputRecordDelimiter = "InvalidInputRecordDelimiter", 400, "The record delimiter of the input is not valid.", "0016-00000829";
    InvalidInputFieldDelimiter = "InvalidInputFieldDelimiter", 400, "The field delimiter of the input is not valid.";
    InvalidInputQuote = "InvalidInputQuote", 400, "The quote character of the input is not valid.";
    InvalidCommentCharacter = "InvalidCommentCharacter", 400, "The comment character of the input is not valid.";
    InvalidOutputRecordDelimiter = "InvalidOutputRecordDelimiter", 400, "The record delimiter of the output is not valid.";
    InvalidOutputFieldDelimiter = "InvalidOutputFieldDelimiter", 400, "The field delimiter of the output is not valid.", "0016-00000828";
    InvalidSplitRange = "InvalidRange", 400, "The range of lines or splits is not valid.", "0016-00000817";
    InvalidCsvLine = "InvalidCsvLine", 400, "The line is invalid.";
    DecompressFailure = "DecompressFailure", 400, "The object cannot be decompressed.";
    PartialDataRecord = "PartialDataRecord", 400, "More records lack a column than may be skipped.";
    UnsupportedCompressionFormat = "UnsupportedCompressionFormat", 400, "The compression format is not supported.";
    // §4.8 Callback
    CallbackFailed = "CallbackFailed", 203, "Error status : 301.";
    // §4.9 CORS and website
    AccessForbidden = "AccessForbidden", 403, "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec.";
    BadRequest = "BadRequest", 400, "Insufficient information. Origin request header needed.";
    MirrorFailed = "MirrorFailed", 424, "Mirroring failed, please check your mirror configuration.";
    // §4.10 Select, image, live channels
    InvalidJsonData = "InvalidJsonData", 400, "The JSON data is invalid.", "0016-00000801";
    ImageDamage = "ImageDamage", 403, "The image file may be damaged.";
    BadWebPImage = "BadWebPImage", 400, "The webp image file may be damaged.";
    ImageTooLarge = "ImageTooLarge", 400, "Maximal size of image supported is 20971520.", "0040-00000001";
    MemLimitExceeded = "MemLimitExceeded", 400, "The image exceeds the pixel limit.";
    CutEdgeExceedRange = "CutEdgeExceedRange", 400, "Advance cut's position is out of image.";
    WatermarkError = "WatermarkError", 400, "The watermark image is unavailable.";
    TooManyPipes = "TooManyPipes", 400, "Maximal number of pipes supported is 20.";
    InvalidChannelName = "InvalidChannelName", 400, "The channel name is invalid.";
    NoSuchChannel = "NoSuchChannel", 404, "The specified channel does not exist.";
    LiveChannelDisabled = "LiveChannelDisabled", 409, "The live channel is disabled.";
    ChannelStillLive = "ChannelStillLive", 409, "The live channel is still live.";
    // §4.11 Server side and throttling
    InternalError = "InternalError", 500, "The server met an internal error. Please contact the server administrator.";
    ServiceUnavailable = "ServiceUnavailable", 503, "Thread pool is almost full, please retry later.";
    DownloadTrafficRateLimitExceeded = "DownloadTrafficRateLimitExceeded", 503, "Please reduce your download request traffic.";
    UploadTrafficRateLimitExceeded = "UploadTrafficRateLimitExceeded", 503, "Please reduce your upload request traffic.";
    TotalQpsLimitExceeded = "TotalQpsLimitExceeded", 503, "Max total qps limit is exceeded.";
    MetaOperationQpsLimitExceeded = "MetaOperationQpsLimitExceeded", 503, "Qps limit for the meta operation is exceeded.";
    ActiveRequestLimitExceeded = "ActiveRequestLimitExceeded", 503, "Max active request limit is exceeded.";
    CpuLimitExceeded = "CpuLimitExceeded", 503, "Please reduce your request rate.";
    // Replication and inventory family (not built; named so that clients of other servers can be read)
    BucketReplicationAlreadyExist = "BucketReplicationAlreadyExist", 400, "The bucket replication already exists.";
    InvalidTargetBucket = "InvalidTargetBucket", 400, "The target bucket is invalid.";
    InvalidTargetLocation = "InvalidTargetLocation", 400, "The target location is invalid.";
    NoReplicationLocation = "NoReplicationLocation", 400, "The replication location does not exist.";
    NoReplicationRule = "NoReplicationRule", 400, "The replication configuration has no rule.";
    TooManyReplicationRules = "TooManyReplicationRules", 400, "The replication configuration has too many rules.";
    InvalidBucketStatus = "InvalidBucketStatus", 400, "The status of the bucket is invalid.";
    BadReplicationLocation = "BadReplicationLocation", 400, "The replication location is invalid.";
    TooManyIncomingReplication = "TooManyIncomingReplication", 400, "The bucket has too many incoming replications.";
    TooManyOutgoingReplication = "TooManyOutgoingReplication", 400, "The bucket has too many outgoing replications.";
    TooManyPrefixes = "TooManyPrefixes", 400, "The replication rule has too many prefixes.";
    TooManyFilterObjectTags = "TooManyFilterObjectTags", 400, "The replication rule has too many object tags.";
}
