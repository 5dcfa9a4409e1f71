//! Replays the seeds of the signing fuzz targets on the stable toolchain, through the functions that the targets call.

#[allow(unreachable_pub)]
#[path = "../../../../fuzz/src/sign.rs"]
mod targets;

use crate::replay;

replay::replayed!(targets: authorization, presented_url, credential_scope, form_policy, verify, sts);
