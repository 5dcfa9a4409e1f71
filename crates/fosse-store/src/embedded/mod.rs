//! stub
use crate::store::state::Health;
use crate::*;
use std::sync::Arc;
pub(crate) struct Engine {
    pub(crate) meta: Arc<dyn Meta>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) health: Health,
    pub(crate) boot: u64,
    pub(crate) recovered: Recovered,
}
#[derive(Default)]
pub(crate) struct Recovered {
    pub(crate) access_keys: Vec<crate::meta::Entry>,
    pub(crate) garbage: Vec<crate::meta::Entry>,
}
pub(crate) fn open(_o: &OpenOptions) -> Result<Engine> {
    todo!()
}
