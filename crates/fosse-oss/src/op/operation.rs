//! Every operation that Fosse knows by name: one row each with tier, what it addresses, what kind of access it is,
//! and its RAM action (api-objects.md, api-buckets.md, access-control.md §6).

use crate::{ErrorCode, OssError};

/// How far an operation matters (the tier tables of api-objects.md §18 and api-buckets.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Upload, share, download.
    T1,
    /// Expected by any OSS user.
    T2,
    /// Rare.
    T3,
    /// Out of scope: named, and answered with a documented refusal.
    T4,
}

/// What the address of an operation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The endpoint itself.
    Service,
    /// A bucket.
    Bucket,
    /// An object, or the key where one will be.
    Object,
}

/// Management (service and bucket) or data (object) operation: access-control.md §2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum OperationClass {
    Management,
    Data,
}

/// What an operation does to what it addresses, as ACLs see it (access-control.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads an object's bytes or headers: a public-read ACL opens it.
    Read,
    /// Creates, changes or removes an object: a public-read-write ACL opens it.
    Write,
    /// Reads an object's ACL.
    ReadAcl,
    /// Changes an object's ACL.
    WriteAcl,
    /// Anything else done to an object (tags, restore, processing): no ACL opens it.
    Other,
    /// Lists keys, versions or uploads of a bucket. A management operation.
    List,
    /// Anything else done to a bucket or the service. A management operation.
    Manage,
    /// Never authorized: CORS preflight.
    Preflight,
}

macro_rules! operations {
    ($($variant:ident $tier:ident $scope:ident $access:ident $action:literal $($versioned:literal)?;)+) => {
        /// Every operation that Fosse knows, named as in OSS.
        ///
        /// Which of them a server answers is the server's to say; [`Operation::parse`] never returns one of
        /// [`Tier::T4`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        #[non_exhaustive]
        pub enum Operation { $($variant,)+ }

        impl Operation {
            /// Every operation, by tier and family.
            pub const ALL: &'static [Operation] = &[$(Operation::$variant,)+];

            /// The OSS name, e.g. `GetObject`.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$variant => stringify!($variant),)+ }
            }

            /// The tier.
            pub const fn tier(self) -> Tier {
                match self { $(Operation::$variant => Tier::$tier,)+ }
            }

            /// What the operation addresses.
            pub const fn scope(self) -> Scope {
                match self { $(Operation::$variant => Scope::$scope,)+ }
            }

            /// What kind of access it is. For a copy: to the destination; its source is a [`Access::Read`].
            pub const fn access(self) -> Access {
                match self { $(Operation::$variant => Access::$access,)+ }
            }

            /// The RAM action, e.g. `oss:GetObject` (`versioned`: a `versionId` was given; the `...Version` form where
            /// one exists). Empty for the CORS preflight, which is never authorized.
            ///
            /// A copy needs this on its destination and the action of [`Operation::GetObject`] on its source.
            pub const fn action(self, versioned: bool) -> &'static str {
                match self { $(Operation::$variant => operations!(@action versioned $action $($versioned)?),)+ }
            }
        }
    };
    (@action $flag:ident $action:literal) => { $action };
    (@action $flag:ident $action:literal $versioned:literal) => { if $flag { $versioned } else { $action } };
}

operations! {
    // Service
    ListBuckets T1 Service List "oss:ListBuckets";
    PutPublicAccessBlock T2 Service Manage "oss:PutPublicAccessBlock";
    GetPublicAccessBlock T2 Service Manage "oss:GetPublicAccessBlock";
    DeletePublicAccessBlock T2 Service Manage "oss:DeletePublicAccessBlock";
    DescribeRegions T3 Service Manage "oss:DescribeRegions";
    ListUserDataRedundancyTransition T4 Service List "oss:ListUserDataRedundancyTransition";
    ListAccessPoints T4 Service List "oss:ListAccessPoints";
    GetUserQosInfo T3 Service Manage "oss:GetUserQosInfo";
    ListCloudBoxes T4 Service List "oss:ListCloudBoxes";
    // Bucket life and facts
    PutBucket T1 Bucket Manage "oss:PutBucket";
    DeleteBucket T1 Bucket Manage "oss:DeleteBucket";
    HeadBucket T2 Bucket Manage "oss:GetBucketInfo";
    GetBucketInfo T1 Bucket Manage "oss:GetBucketInfo";
    GetBucketLocation T1 Bucket Manage "oss:GetBucketLocation";
    GetBucketStat T2 Bucket Manage "oss:GetBucketStat";
    // Listing
    ListObjects T1 Bucket List "oss:ListObjects";
    ListObjectsV2 T1 Bucket List "oss:ListObjects";
    ListObjectVersions T2 Bucket List "oss:ListObjectVersions";
    ListMultipartUploads T1 Bucket List "oss:ListMultipartUploads";
    // Bucket settings
    PutBucketAcl T1 Bucket Manage "oss:PutBucketAcl";
    GetBucketAcl T1 Bucket Manage "oss:GetBucketAcl";
    PutBucketCors T1 Bucket Manage "oss:PutBucketCors";
    GetBucketCors T1 Bucket Manage "oss:GetBucketCors";
    DeleteBucketCors T1 Bucket Manage "oss:DeleteBucketCors";
    PutBucketVersioning T2 Bucket Manage "oss:PutBucketVersioning";
    GetBucketVersioning T2 Bucket Manage "oss:GetBucketVersioning";
    PutBucketLifecycle T2 Bucket Manage "oss:PutBucketLifecycle";
    GetBucketLifecycle T2 Bucket Manage "oss:GetBucketLifecycle";
    DeleteBucketLifecycle T2 Bucket Manage "oss:DeleteBucketLifecycle";
    PutBucketReferer T2 Bucket Manage "oss:PutBucketReferer";
    GetBucketReferer T2 Bucket Manage "oss:GetBucketReferer";
    PutBucketPolicy T2 Bucket Manage "oss:PutBucketPolicy";
    GetBucketPolicy T2 Bucket Manage "oss:GetBucketPolicy";
    DeleteBucketPolicy T2 Bucket Manage "oss:DeleteBucketPolicy";
    GetBucketPolicyStatus T2 Bucket Manage "oss:GetBucketPolicyStatus";
    PutBucketPublicAccessBlock T2 Bucket Manage "oss:PutBucketPublicAccessBlock";
    GetBucketPublicAccessBlock T2 Bucket Manage "oss:GetBucketPublicAccessBlock";
    DeleteBucketPublicAccessBlock T2 Bucket Manage "oss:DeleteBucketPublicAccessBlock";
    PutBucketWebsite T2 Bucket Manage "oss:PutBucketWebsite";
    GetBucketWebsite T2 Bucket Manage "oss:GetBucketWebsite";
    DeleteBucketWebsite T2 Bucket Manage "oss:DeleteBucketWebsite";
    PutBucketTags T2 Bucket Manage "oss:PutBucketTagging";
    GetBucketTags T2 Bucket Manage "oss:GetBucketTagging";
    DeleteBucketTags T2 Bucket Manage "oss:DeleteBucketTagging";
    PutBucketEncryption T2 Bucket Manage "oss:PutBucketEncryption";
    GetBucketEncryption T2 Bucket Manage "oss:GetBucketEncryption";
    DeleteBucketEncryption T2 Bucket Manage "oss:DeleteBucketEncryption";
    CreateCnameToken T2 Bucket Manage "oss:CreateCnameToken";
    GetCnameToken T2 Bucket Manage "oss:GetCnameToken";
    PutCname T2 Bucket Manage "oss:PutCname";
    ListCname T2 Bucket Manage "oss:ListCname";
    DeleteCname T2 Bucket Manage "oss:DeleteCname";
    PutBucketLogging T2 Bucket Manage "oss:PutBucketLogging";
    GetBucketLogging T2 Bucket Manage "oss:GetBucketLogging";
    DeleteBucketLogging T2 Bucket Manage "oss:DeleteBucketLogging";
    PutStyle T2 Bucket Manage "oss:PutStyle";
    GetStyle T2 Bucket Manage "oss:GetStyle";
    ListStyle T2 Bucket Manage "oss:ListStyle";
    DeleteStyle T2 Bucket Manage "oss:DeleteStyle";
    PutUserDefinedLogFieldsConfig T3 Bucket Manage "oss:PutUserDefinedLogFieldsConfig";
    GetUserDefinedLogFieldsConfig T3 Bucket Manage "oss:GetUserDefinedLogFieldsConfig";
    DeleteUserDefinedLogFieldsConfig T3 Bucket Manage "oss:DeleteUserDefinedLogFieldsConfig";
    InitiateBucketWorm T3 Bucket Manage "oss:InitiateBucketWorm";
    AbortBucketWorm T3 Bucket Manage "oss:AbortBucketWorm";
    CompleteBucketWorm T3 Bucket Manage "oss:CompleteBucketWorm";
    ExtendBucketWorm T3 Bucket Manage "oss:ExtendBucketWorm";
    GetBucketWorm T3 Bucket Manage "oss:GetBucketWorm";
    PutBucketObjectWormConfiguration T3 Bucket Manage "oss:PutBucketObjectWormConfiguration";
    GetBucketObjectWormConfiguration T3 Bucket Manage "oss:GetBucketObjectWormConfiguration";
    PutBucketInventory T3 Bucket Manage "oss:PutBucketInventory";
    GetBucketInventory T3 Bucket Manage "oss:GetBucketInventory";
    ListBucketInventory T3 Bucket Manage "oss:GetBucketInventory";
    DeleteBucketInventory T3 Bucket Manage "oss:DeleteBucketInventory";
    PutBucketRequestPayment T3 Bucket Manage "oss:PutBucketRequestPayment";
    GetBucketRequestPayment T3 Bucket Manage "oss:GetBucketRequestPayment";
    PutBucketTransferAcceleration T3 Bucket Manage "oss:PutBucketTransferAcceleration";
    GetBucketTransferAcceleration T3 Bucket Manage "oss:GetBucketTransferAcceleration";
    DeleteBucketTransferAcceleration T3 Bucket Manage "oss:PutBucketTransferAcceleration";
    PutBucketAccessMonitor T3 Bucket Manage "oss:PutBucketAccessMonitor";
    GetBucketAccessMonitor T3 Bucket Manage "oss:GetBucketAccessMonitor";
    PutBucketHttpsConfig T3 Bucket Manage "oss:PutBucketHttpsConfig";
    GetBucketHttpsConfig T3 Bucket Manage "oss:GetBucketHttpsConfig";
    PutBucketArchiveDirectRead T3 Bucket Manage "oss:PutBucketArchiveDirectRead";
    GetBucketArchiveDirectRead T3 Bucket Manage "oss:GetBucketArchiveDirectRead";
    PutBucketResourceGroup T3 Bucket Manage "oss:PutBucketResourceGroup";
    GetBucketResourceGroup T3 Bucket Manage "oss:GetBucketResourceGroup";
    PutBucketOverwriteConfig T3 Bucket Manage "oss:PutBucketOverwriteConfig";
    GetBucketOverwriteConfig T3 Bucket Manage "oss:GetBucketOverwriteConfig";
    DeleteBucketOverwriteConfig T3 Bucket Manage "oss:DeleteBucketOverwriteConfig";
    PutBucketReplication T4 Bucket Manage "oss:PutBucketReplication";
    GetBucketReplication T4 Bucket Manage "oss:GetBucketReplication";
    DeleteBucketReplication T4 Bucket Manage "oss:DeleteBucketReplication";
    GetBucketReplicationLocation T4 Bucket Manage "oss:GetBucketReplicationLocation";
    GetBucketReplicationProgress T4 Bucket Manage "oss:GetBucketReplicationProgress";
    PutBucketRtc T4 Bucket Manage "oss:PutBucketRTC";
    OpenMetaQuery T4 Bucket Manage "oss:OpenMetaQuery";
    GetMetaQueryStatus T4 Bucket Manage "oss:GetMetaQueryStatus";
    DoMetaQuery T4 Bucket Manage "oss:DoMetaQuery";
    CloseMetaQuery T4 Bucket Manage "oss:CloseMetaQuery";
    CreateBucketDataRedundancyTransition T4 Bucket Manage "oss:CreateBucketDataRedundancyTransition";
    GetBucketDataRedundancyTransition T4 Bucket Manage "oss:GetBucketDataRedundancyTransition";
    ListBucketDataRedundancyTransition T4 Bucket Manage "oss:ListBucketDataRedundancyTransition";
    DeleteBucketDataRedundancyTransition T4 Bucket Manage "oss:DeleteBucketDataRedundancyTransition";
    CreateAccessPoint T4 Bucket Manage "oss:CreateAccessPoint";
    GetAccessPoint T4 Bucket Manage "oss:GetAccessPoint";
    DeleteAccessPoint T4 Bucket Manage "oss:DeleteAccessPoint";
    PutAccessPointPolicy T4 Bucket Manage "oss:PutAccessPointPolicy";
    GetAccessPointPolicy T4 Bucket Manage "oss:GetAccessPointPolicy";
    DeleteAccessPointPolicy T4 Bucket Manage "oss:DeleteAccessPointPolicy";
    PutAccessPointPublicAccessBlock T4 Bucket Manage "oss:PutAccessPointPublicAccessBlock";
    GetAccessPointPublicAccessBlock T4 Bucket Manage "oss:GetAccessPointPublicAccessBlock";
    DeleteAccessPointPublicAccessBlock T4 Bucket Manage "oss:DeleteAccessPointPublicAccessBlock";
    PutBucketCallbackPolicy T3 Bucket Manage "oss:PutBucketCallbackPolicy";
    GetBucketCallbackPolicy T3 Bucket Manage "oss:GetBucketCallbackPolicy";
    DeleteBucketCallbackPolicy T3 Bucket Manage "oss:DeleteBucketCallbackPolicy";
    SetBucketStorageCapacity T3 Bucket Manage "oss:PutBucketQos";
    GetBucketStorageCapacity T3 Bucket Manage "oss:GetBucketQos";
    PutBucketQosInfo T3 Bucket Manage "oss:PutBucketQosInfo";
    GetBucketQosInfo T3 Bucket Manage "oss:GetBucketQosInfo";
    DeleteBucketQosInfo T3 Bucket Manage "oss:DeleteBucketQosInfo";
    PutBucketRequesterQosInfo T3 Bucket Manage "oss:PutBucketRequesterQosInfo";
    GetBucketRequesterQosInfo T3 Bucket Manage "oss:GetBucketRequesterQosInfo";
    ListBucketRequesterQosInfos T3 Bucket Manage "oss:ListBucketRequesterQosInfos";
    DeleteBucketRequesterQosInfo T3 Bucket Manage "oss:DeleteBucketRequesterQosInfo";
    PutAsyncFetchTask T4 Bucket Manage "oss:PutAsyncFetchTask";
    GetAsyncFetchTask T4 Bucket Manage "oss:GetAsyncFetchTask";
    ListLiveChannel T3 Bucket Manage "oss:ListLiveChannel";
    // Objects
    PutObject T1 Object Write "oss:PutObject";
    CopyObject T1 Object Write "oss:PutObject";
    GetObject T1 Object Read "oss:GetObject" "oss:GetObjectVersion";
    HeadObject T1 Object Read "oss:GetObject" "oss:GetObjectVersion";
    GetObjectMeta T1 Object Read "oss:GetObject" "oss:GetObjectVersion";
    DeleteObject T1 Object Write "oss:DeleteObject" "oss:DeleteObjectVersion";
    DeleteMultipleObjects T1 Bucket Write "oss:DeleteObject" "oss:DeleteObjectVersion";
    InitiateMultipartUpload T1 Object Write "oss:PutObject";
    UploadPart T1 Object Write "oss:PutObject";
    UploadPartCopy T2 Object Write "oss:PutObject";
    CompleteMultipartUpload T1 Object Write "oss:PutObject";
    AbortMultipartUpload T1 Object Write "oss:AbortMultipartUpload";
    ListParts T1 Object Other "oss:ListParts";
    OptionObject T1 Object Preflight "";
    PostObject T2 Bucket Write "oss:PutObject";
    AppendObject T2 Object Write "oss:PutObject";
    GetObjectAcl T2 Object ReadAcl "oss:GetObjectAcl" "oss:GetObjectVersionAcl";
    PutObjectAcl T2 Object WriteAcl "oss:PutObjectAcl" "oss:PutObjectVersionAcl";
    PutSymlink T2 Object Write "oss:PutObject";
    GetSymlink T2 Object Read "oss:GetObject" "oss:GetObjectVersion";
    PutObjectTagging T2 Object Other "oss:PutObjectTagging" "oss:PutObjectVersionTagging";
    GetObjectTagging T2 Object Other "oss:GetObjectTagging" "oss:GetObjectVersionTagging";
    DeleteObjectTagging T2 Object Other "oss:DeleteObjectTagging" "oss:DeleteObjectVersionTagging";
    RestoreObject T2 Object Other "oss:RestoreObject" "oss:RestoreObjectVersion";
    ProcessObject T2 Object Other "oss:PostProcessTask";
    CleanRestoredObject T3 Object Other "oss:CleanRestoredObject";
    SealAppendObject T3 Object Other "oss:SealAppendObject";
    PutObjectRetention T3 Object Other "oss:PutObjectRetention";
    GetObjectRetention T3 Object Other "oss:GetObjectRetention";
    PutObjectLegalHold T3 Object Other "oss:PutObjectLegalHold";
    GetObjectLegalHold T3 Object Other "oss:GetObjectLegalHold";
    SelectObject T3 Object Read "oss:GetObject" "oss:GetObjectVersion";
    CreateSelectObjectMeta T3 Object Read "oss:GetObject" "oss:GetObjectVersion";
    AsyncProcessObject T4 Object Other "oss:ProcessImm";
    WriteGetObjectResponse T4 Object Other "oss:WriteGetObjectResponse";
    CreateDirectory T4 Object Write "oss:PutObject";
    DeleteDirectory T4 Object Write "oss:DeleteObject";
    RenameObject T4 Object Write "oss:PutObject";
    PutLiveChannel T4 Object Manage "oss:PutLiveChannel";
    PutLiveChannelStatus T4 Object Manage "oss:PutLiveChannelStatus";
    GetLiveChannelInfo T4 Object Manage "oss:GetLiveChannel";
    GetLiveChannelStat T4 Object Manage "oss:GetLiveChannelStat";
    GetLiveChannelHistory T4 Object Manage "oss:GetLiveChannelHistory";
    DeleteLiveChannel T4 Object Manage "oss:DeleteLiveChannel";
    PostVodPlaylist T4 Object Manage "oss:PostVodPlaylist";
    GetVodPlaylist T4 Object Manage "oss:GetVodPlaylist";
}

impl Operation {
    /// Management or data.
    pub const fn class(self) -> OperationClass {
        match self.access() {
            Access::List | Access::Manage => OperationClass::Management,
            Access::Read
            | Access::Write
            | Access::ReadAcl
            | Access::WriteAcl
            | Access::Other
            | Access::Preflight => OperationClass::Data,
        }
    }

    /// Whether a copy source has to be read and authorized besides.
    pub const fn copies(self) -> bool {
        matches!(self, Operation::CopyObject | Operation::UploadPartCopy)
    }

    /// The documented answer for an operation that is out of scope (api-buckets.md §7): the "not configured" answer for
    /// reading a setting which has one, else 400 `NotImplemented`. `None` below [`Tier::T4`].
    pub fn refusal(self) -> Option<OssError> {
        if self.tier() != Tier::T4 {
            return None;
        }
        Some(match self {
            Operation::GetBucketReplication => ErrorCode::NoSuchReplicationConfiguration.into(),
            Operation::GetAccessPoint
            | Operation::DeleteAccessPoint
            | Operation::PutAccessPointPolicy
            | Operation::GetAccessPointPolicy
            | Operation::DeleteAccessPointPolicy
            | Operation::PutAccessPointPublicAccessBlock
            | Operation::GetAccessPointPublicAccessBlock
            | Operation::DeleteAccessPointPublicAccessBlock => ErrorCode::NoSuchAccessPoint.into(),
            Operation::ListCloudBoxes => OssError::new(ErrorCode::AccessDenied)
                .with_message("You are forbidden to oss-cloudbox:ListCloudBoxes"),
            _ => Self::not_implemented(),
        })
    }

    /// 400 `NotImplemented` as it is answered for operations. 400 and not 501: SDKs retry every status from 500 up.
    pub fn not_implemented() -> OssError {
        ErrorCode::NotImplemented.into()
    }
}
