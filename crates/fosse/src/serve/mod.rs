//! What `fosse serve` needs before the service starts: its settings, its root AccessKey, its log.

pub(crate) mod admin_token;
pub(crate) mod logging;
pub(crate) mod root_key;
pub(crate) mod settings;
