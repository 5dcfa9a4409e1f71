//! Header values that several operations share: what they may say, and the documented refusal when they do not
//! (api-objects.md §0.6–0.9, §5; access-control.md §8.2).

mod copy_source;
mod digest;
mod label;
mod meta;
mod persistent;
mod response_override;
mod sse;
mod tagging;
mod traffic_limit;

pub use copy_source::CopySource;
pub use digest::{encode_md5, parse_content_md5, parse_crc64};
pub use label::{
    BucketAcl, DataRedundancy, Directive, ObjectAcl, ServerSideEncryption, StorageClass,
    parse_flag, parse_tagging_directive,
};
pub use meta::{META_LIMIT, META_PREFIX, user_meta};
pub use persistent::{PERSISTENT_HEADERS, parse_persistent};
pub use response_override::{ResponseOverride, response_overrides};
pub use sse::{SSE, SSE_DATA, SSE_KEY_ID, SseRequest};
pub use tagging::{check_object_tags, encode_tagging, parse_tagging};
pub use traffic_limit::traffic_limit;
