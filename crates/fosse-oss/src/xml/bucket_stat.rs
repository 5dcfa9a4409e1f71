//! `BucketStat`: the answer of GetBucketStat. Every element is always sent: SDKs read each as a number.

use super::{Element, Writer};
use crate::OssError;

macro_rules! stat {
    ($($(#[$doc:meta])* $field:ident = $element:literal;)+) => {
        /// Counters of a bucket; sizes in bytes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct BucketStat { $($(#[$doc])* pub $field: u64,)+ }

        impl BucketStat {
            /// Writes the document.
            pub fn to_xml(&self) -> String {
                Writer::document("BucketStat", |w| { $(w.number($element, self.$field);)+ })
            }

            /// Reads the document; a counter that is missing is 0. Errors: 400 `MalformedXML`.
            pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
                let root = Element::parse(bytes, "BucketStat")?;
                Ok(Self { $($field: root.number_or_zero($element)?,)+ })
            }
        }
    };
}

stat! {
    /// All bytes.
    storage = "Storage";
    /// All objects.
    object_count = "ObjectCount";
    /// Multipart uploads in progress.
    multipart_upload_count = "MultipartUploadCount";
    /// Live channels.
    live_channel_count = "LiveChannelCount";
    /// When these counters were taken, Unix seconds.
    last_modified_time = "LastModifiedTime";
    /// Bytes of Standard objects.
    standard_storage = "StandardStorage";
    /// Standard objects.
    standard_object_count = "StandardObjectCount";
    /// Billed bytes of IA objects.
    infrequent_access_storage = "InfrequentAccessStorage";
    /// Bytes of IA objects.
    infrequent_access_real_storage = "InfrequentAccessRealStorage";
    /// IA objects.
    infrequent_access_object_count = "InfrequentAccessObjectCount";
    /// Billed bytes of Archive objects.
    archive_storage = "ArchiveStorage";
    /// Bytes of Archive objects.
    archive_real_storage = "ArchiveRealStorage";
    /// Archive objects.
    archive_object_count = "ArchiveObjectCount";
    /// Billed bytes of ColdArchive objects.
    cold_archive_storage = "ColdArchiveStorage";
    /// Bytes of ColdArchive objects.
    cold_archive_real_storage = "ColdArchiveRealStorage";
    /// ColdArchive objects.
    cold_archive_object_count = "ColdArchiveObjectCount";
    /// Billed bytes of DeepColdArchive objects.
    deep_cold_archive_storage = "DeepColdArchiveStorage";
    /// Bytes of DeepColdArchive objects.
    deep_cold_archive_real_storage = "DeepColdArchiveRealStorage";
    /// DeepColdArchive objects.
    deep_cold_archive_object_count = "DeepColdArchiveObjectCount";
    /// Parts of uploads in progress.
    multipart_part_count = "MultipartPartCount";
    /// Delete markers.
    delete_marker_count = "DeleteMarkerCount";
}
