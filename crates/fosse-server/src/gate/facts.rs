//! What conditions of policies may ask about a request. Read only when some condition asks.

use super::place::Place;
use crate::request::Call;
use fosse_oss::OssError;
use fosse_oss::header::parse_tagging;
use fosse_oss::op::Operation;
use fosse_policy::{Context, Needs};
use std::borrow::Cow;

/// The texts of a request that a [`Context`] borrows.
#[derive(Default)]
pub(super) struct RequestFacts<'c> {
    asked: bool,
    user_agent: Option<Cow<'c, str>>,
    acl: Option<Cow<'c, str>>,
    object_acl: Option<Cow<'c, str>>,
    prefix: Option<&'c str>,
    delimiter: Option<&'c str>,
    request_tags: Vec<(String, String)>,
    bucket_tags: &'c [(String, String)],
}

impl<'c> RequestFacts<'c> {
    /// Reads what is needed. `body_tags`: the tags of a body, which are not in the headers.
    pub(super) fn read(
        call: &'c Call,
        needs: Needs,
        place: Option<&'c Place>,
        body_tags: Option<&[(String, String)]>,
    ) -> Result<Self, OssError> {
        let mut facts = Self::default();
        if needs.request {
            facts.asked = true;
            facts.user_agent = call.known_header(http::header::USER_AGENT);
            facts.acl = call.header("x-oss-acl");
            facts.object_acl = call.header("x-oss-object-acl");
            if lists(call) {
                facts.prefix = Some(call.query.get("prefix").unwrap_or_default());
                facts.delimiter = Some(call.query.get("delimiter").unwrap_or_default());
            }
        }
        if needs.request_tags {
            facts.request_tags = match (body_tags, call.header("x-oss-tagging")) {
                (Some(tags), _) => tags.to_vec(),
                // Tags that cannot be read are none; whoever stores them refuses the request.
                (None, Some(header)) => parse_tagging(&header).unwrap_or_default(),
                (None, None) => Vec::new(),
            };
        }
        if let Some(place) = place.filter(|_| needs.bucket_tags) {
            facts.bucket_tags = place.configs.tags()?;
        }
        Ok(facts)
    }

    /// The context of a decision about an object with these tags.
    pub(super) fn context<'a>(
        &'a self,
        call: &'a Call,
        existing_tags: &'a [(String, String)],
    ) -> Context<'a> {
        if !self.asked {
            return Context {
                existing_tags,
                bucket_tags: self.bucket_tags,
                request_tags: &self.request_tags,
                ..Context::UNKNOWN
            };
        }
        Context {
            source_ip: Some(call.client.ip),
            vpc: call.client.vpc.as_deref(),
            user_agent: self.user_agent.as_deref(),
            now: Some(call.now()),
            secure: Some(call.client.secure),
            access_id: call.caller.access_key_id(),
            prefix: self.prefix,
            delimiter: self.delimiter,
            acl: self.acl.as_deref(),
            object_acl: self.object_acl.as_deref(),
            bucket_tags: self.bucket_tags,
            existing_tags,
            request_tags: &self.request_tags,
            external_id: None,
        }
    }
}

/// Whether the request is a listing that has a prefix.
fn lists(call: &Call) -> bool {
    matches!(
        call.operation,
        Some(Operation::ListObjects | Operation::ListObjectsV2 | Operation::ListObjectVersions)
    )
}
